//! Seeded simulation of a desk: a thousand agents coming and going, a hundred thousand cases, declines, offers that nobody
//! answers, crashes. The real worker gives out over a database in memory; plain lists say what must be true: no case is
//! lost, none is with two agents at once, nobody gets more than they have room for, and all room comes back.
//!
//! The same lives, larger, are part of `cargo bench --bench assignment`. What waiting times come of each method is shown
//! beside the result; they depend on the seed, and nothing is promised about them.

mod books;
mod life;
mod memory;

use std::fmt::Write;

use postcase::routing::Assign;

use books::Counts;
use life::Life;

/// All ways to hand out.
pub const METHODS: [Assign; 4] = [Assign::RoundRobin, Assign::MostCapacity, Assign::LeastActive, Assign::Skills];
const BAR: usize = 40;

/// How a life is lived.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub seed: u64,
    pub agents: usize,
    pub cases: usize,
    pub method: Assign,
}

/// Lives one life; the report on it, or what is wrong.
pub fn live(plan: Plan) -> Result<String, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(books::said)?;
    let lived = runtime.block_on(async { Life::begin(plan).await?.live().await });
    let (counts, crashes) = lived.map_err(|what| format!("{plan:?}: {what}"))?;
    Ok(report(&plan, counts, crashes))
}

fn report(plan: &Plan, mut counts: Counts, crashes: usize) -> String {
    let waited = &mut counts.waited;
    waited.sort_unstable();
    let minutes = |part: f64| waited[((waited.len() - 1) as f64 * part) as usize] as f64 / 60.0;
    let mut text = format!(
        "{:?}: {} agents, {} cases, seed {}: {} offers, {} declined, {} unanswered, {} overflowed, {} taken back from who \
         left, {crashes} crashes; minutes until somebody had it: p50 {:.0}, p90 {:.0}, p99 {:.0}, most {:.0}\n",
        plan.method,
        plan.agents,
        plan.cases,
        plan.seed,
        counts.offered,
        counts.declined,
        counts.unanswered,
        counts.overflowed,
        counts.taken_back,
        minutes(0.5),
        minutes(0.9),
        minutes(0.99),
        minutes(1.0),
    );
    let edges = [0, 1, 2, 5, 10, 20, 40, 80, 160, 320, u64::MAX];
    for edge in edges.windows(2) {
        let within = waited.iter().filter(|seconds| (edge[0]..edge[1]).contains(&(*seconds / 60))).count();
        let bar = "#".repeat((within * BAR).div_ceil(waited.len()));
        if within > 0 {
            writeln!(text, "  from {:>3} min {within:>6} {bar}", edge[0]).expect("a text takes everything");
        }
    }
    text
}
