//! Seeded simulation: whole lives of a server in virtual time, among peers, customers, a network and a disk that fail.
//!
//! One seed decides everything that happens: who writes, answers, sends again or breaks off; how the peers misbehave; what
//! the network does to each connection; when the server is stopped, killed, loses its power or a disk operation; what the
//! clock does. The server is the whole program in this process; disk, network, names, clock and chance are simulated, and
//! only its local socket for commands, which nobody uses here, is a real file. A model of plain lists says what must be
//! true once everything has come to rest.
//!
//! The same seed makes the same decisions: the steps of the life in their order, and for each peer, connection and name
//! its own. When time passes is decided too: only when nothing else can happen. What isn't the seed's is the order of
//! tasks where threads come in (the journal's and the database's answer when they are done, and so does the iteration of
//! hash tables): a seed that failed once may need a few runs to fail again.
//!
//! - A usual run lives as many seeds as fit into [`BUDGET`], from 0 on, and the kept ones.
//! - `cargo test --locked --test it -- simulation/seed_17` lives one seed; it tells its story when it fails.
//! - `POSTCASE_SEEDS=0..1000 cargo test --locked --test it -- simulation` lives a range, `POSTCASE_SEEDS=17` one seed.
//!
//! A seed that found a fault is kept in [`FOUND`] with what it found, or what it finds when that is planted again.

mod customer;
mod draw;
mod hosts;
mod judge;
mod life;
mod model;
mod mover;
mod network;
mod peers;
mod site;

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use postcase::base::{Clock, Time};

use crate::unit::Unit;
use life::Life;
use mover::Mover;

/// Real time for the seeds of a usual run.
const BUDGET: Duration = Duration::from_secs(20);
/// Seeds of a usual run on any machine, however slow.
const SEEDS_MIN: u64 = 12;
/// Seeds that always run, each with what it has in it. A change of what a life draws gives all seeds other lives; then
/// these are to be chosen again, by planting the fault.
const FOUND: [(u64, &str); 4] = [
    (1, "strangers that vanish without a word, power cuts between 250 and the next sync"),
    (2, "a disk that is full or fails while mail is taken"),
    (3, "a 250 of a peer that is lost on its way back"),
    (21, "a 250 of a peer that is lost, and a stop in the middle of it"),
];
/// Real time of one life.
const WALL: Duration = Duration::from_secs(300);

/// `asked` is what the test binary was told to run.
pub fn trials(ready: bool, asked: Option<&str>) -> Vec<Trial> {
    let chosen = std::env::var("POSTCASE_SEEDS").ok();
    let mut trials = vec![match chosen.as_deref().map(range) {
        Some(Some(seeds)) => {
            let name = format!("simulation: seeds {} to {}", seeds.start, seeds.end.saturating_sub(1));
            Trial::test(name, move || all(seeds, None))
        }
        Some(None) => Trial::test("simulation: POSTCASE_SEEDS is 17 or 0..1000", || Err("it isn't".into())),
        None => Trial::test(format!("simulation: seeds from 0 on, for {BUDGET:?}"), || all(0..u64::MAX, Some(BUDGET))),
    }];
    let found = FOUND.iter().map(|(seed, what)| (*seed, format!(" ({what})")));
    let asked = asked.and_then(|asked| asked.strip_prefix("simulation/seed_")?.parse().ok());
    let more = asked.filter(|seed| !FOUND.iter().any(|(found, _)| found == seed)).map(|seed| (seed, String::new()));
    trials.extend(
        found.chain(more).map(|(seed, what)| Trial::test(format!("simulation/seed_{seed}{what}"), move || one(seed))),
    );
    trials.into_iter().map(|trial| trial.with_ignored_flag(!ready)).collect()
}

pub fn units() -> Vec<Unit> {
    network::units()
}

fn range(text: &str) -> Option<Range<u64>> {
    match text.split_once("..") {
        Some((start, end)) => Some(start.parse().ok()?..end.parse().ok()?),
        None => text.parse().ok().map(|seed| seed..seed + 1),
    }
}

/// Side by side; some of them wait for real time. All that fail are told of.
fn all(seeds: Range<u64>, budget: Option<Duration>) -> Result<(), Failed> {
    let (next, failed) = (AtomicU64::new(seeds.start), Mutex::new(Vec::new()));
    let (clock, begun) = (Clock::system(), Clock::system().now());
    let is_over = |seed: u64| {
        let spent = clock.now().duration_since(begun).unsigned_abs();
        seed >= seeds.end || (seed >= seeds.start + SEEDS_MIN && budget.is_some_and(|budget| spent >= budget))
    };
    let live = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if is_over(seed) {
                return;
            }
            if let Err(what) = one(seed) {
                failed.lock().expect("no holder panics").push(what.message().unwrap_or_default().to_owned());
            }
        }
    };
    std::thread::scope(|scope| {
        let others = 2 * std::thread::available_parallelism().map_or(1, std::num::NonZero::get) - 1;
        for _ in 0..others {
            scope.spawn(live);
        }
        live();
    });
    let failed = failed.into_inner().expect("no holder panics");
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n\n").into()) }
}

fn one(seed: u64) -> Result<(), Failed> {
    let clock = Clock::manual(Time::from_second(site::START).expect("a time of this century"));
    let mover = Mover::new(clock.clone());
    let moving = mover.clone();
    // One thread for all tasks, so that as much as possible is the seed's.
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().on_thread_park(move || moving.all_wait()).build()?;
    let mut life = None;
    let lived = runtime.block_on(async {
        // On the heap: unoptimised, a life is larger than the stack of a thread.
        let living = Box::pin(live(seed, clock, mover, &mut life));
        Clock::system().within(WALL, living).await.unwrap_or_else(|_| Err("hangs".into()))
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    lived.map_err(|what| {
        let story = life.map(|life: Life| life.story.join("\n  ")).unwrap_or_default();
        let again = format!("cargo test --locked --test it -- simulation/seed_{seed}");
        format!("seed {seed}: {what}\nagain: {again}\n  {story}").into()
    })
}

async fn live(seed: u64, clock: Clock, mover: Mover, kept: &mut Option<Life>) -> Result<(), String> {
    let life = kept.insert(Box::pin(Life::begin(seed, clock, mover)).await?);
    for _ in 0..20 + life.draw.below(30) {
        Box::pin(life.step()).await?;
    }
    life.come_to_rest().await?;
    judge::judge(life).await
}
