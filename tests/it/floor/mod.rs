//! Seeded simulation of a desk: a thousand agents coming and going, a hundred thousand cases, of which one in four is an item
//! without a case, declines, offers that nobody answers, crashes. The real worker gives out over a database in memory; plain lists say what must be true: no case is
//! lost, none is with two agents at once, nobody gets more than they have room for, and all room comes back.
//!
//! The same lives, larger, are part of `cargo bench --bench assignment`. What waiting times come of each method is shown
//! beside the result; they depend on the seed, and nothing is promised about them.

mod books;
mod life;
mod memory;

use std::fmt;

use postcase::routing::Assign;

use books::Counts;
use life::Life;

/// All ways to hand out.
pub const METHODS: [Assign; 4] = [Assign::RoundRobin, Assign::MostCapacity, Assign::LeastActive, Assign::Skills];
/// Characters of the longest bar, if it is of all cases.
const BAR: usize = 60;
/// Of the bars, in minutes.
const EDGES: [u64; 11] = [0, 1, 2, 5, 10, 20, 40, 80, 160, 320, u64::MAX];

/// How a life is lived.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub seed: u64,
    pub agents: usize,
    pub cases: usize,
    pub method: Assign,
}

/// What came of a life. Shown with its waiting times as bars.
pub struct Lived {
    pub plan: Plan,
    counts: Counts,
    crashes: usize,
}

/// Lives one life, or says what is wrong.
pub fn live(plan: Plan) -> Result<Lived, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(books::said)?;
    let lived = runtime.block_on(async { Life::begin(plan).await?.live().await });
    let (mut counts, crashes) = lived.map_err(|what| format!("{plan:?}: {what}"))?;
    counts.waited.sort_unstable();
    Ok(Lived { plan, counts, crashes })
}

impl Lived {
    /// Minutes until somebody had a case: of the half, of nine in ten, of 99 in 100 and of all at most.
    pub fn minutes(&self) -> [f64; 4] {
        let waited = &self.counts.waited;
        [0.5, 0.9, 0.99, 1.0].map(|part| waited[((waited.len() - 1) as f64 * part) as usize] as f64 / 60.0)
    }
}

impl fmt::Display for Lived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plan, counts, crashes } = self;
        let Counts { offered, declined, unanswered, overflowed, taken_back, waited } = counts;
        let Plan { seed, agents, cases, method } = plan;
        writeln!(f, "{method:?}: {agents} agents, {cases} cases, {crashes} crashes, seed {seed}")?;
        writeln!(
            f,
            "  {offered} offers, {declined} declined, {unanswered} unanswered, {overflowed} overflowed, {taken_back} taken back \
             from who left"
        )?;
        let [p50, p90, p99, max] = self.minutes();
        writeln!(f, "  minutes until somebody had it: p50 {p50:.0}, p90 {p90:.0}, p99 {p99:.0}, max {max:.0}")?;
        let within = |from: u64, to: u64| waited.iter().filter(|seconds| (from..to).contains(&(*seconds / 60))).count();
        for edge in EDGES.windows(2).filter(|edge| within(edge[0], u64::MAX) > 0) {
            let count = within(edge[0], edge[1]);
            let bar = "#".repeat((count * BAR).div_ceil(waited.len()));
            let to = if edge[1] == u64::MAX { String::new() } else { edge[1].to_string() };
            writeln!(f, "  {:>4} to {to:>4} min {count:>7} {bar}", edge[0])?;
        }
        Ok(())
    }
}
