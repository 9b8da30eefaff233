//! Seeded simulation: whole lives of a server in virtual time, among peers, customers and disks that fail.
//!
//! One seed decides everything that happens: who writes, answers, sends again or breaks off; how the peers misbehave; when
//! the server is stopped, killed, loses its power or a disk operation; what the clock does. The server is the whole
//! program in this process; the disk, the clock and chance are simulated, the network is loopback. A model of plain
//! lists says what must be true once everything has come to rest. The order in which threads run isn't the seed's: a
//! seed that failed once may need a few runs to fail again.
//!
//! `POSTCASE_SEEDS=17` runs one seed and tells its story when it fails, `POSTCASE_SEEDS=0..1000` a range.

mod customer;
mod draw;
mod judge;
mod life;
mod model;
mod peers;
mod site;

use std::ops::Range;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use postcase::base::Clock;

use life::Life;

/// Seeds of every run.
const SEEDS: Range<u64> = 0..12;
/// Seeds that found something once; each with what it was.
const FOUND: [(u64, &str); 2] = [
    (365, "mail that was decided twice at midnight counted as waiting for ever"),
    (47, "a failed sync of the database, two starts, then a power cut"),
];
/// Real time of one life.
const WALL: Duration = Duration::from_secs(120);

pub fn trials(ready: bool) -> Vec<Trial> {
    let chosen = std::env::var("POSTCASE_SEEDS").ok();
    let seeds = match chosen.as_deref().map(range) {
        Some(Some(seeds)) => seeds,
        Some(None) => {
            return vec![Trial::test("simulation: POSTCASE_SEEDS is 17 or 0..1000", || Err("it isn't".into()))];
        }
        None => SEEDS,
    };
    let name = format!("simulation: seeds {} to {}", seeds.start, seeds.end.saturating_sub(1));
    let mut trials = vec![Trial::test(name, move || all(seeds))];
    trials
        .extend(FOUND.map(|(seed, what)| Trial::test(format!("simulation: {what} (seed {seed})"), move || one(seed))));
    trials.into_iter().map(|trial| trial.with_ignored_flag(!ready)).collect()
}

fn range(text: &str) -> Option<Range<u64>> {
    match text.split_once("..") {
        Some((start, end)) => Some(start.parse().ok()?..end.parse().ok()?),
        None => text.parse().ok().map(|seed| seed..seed + 1),
    }
}

/// All that fail are told of.
fn all(seeds: Range<u64>) -> Result<(), Failed> {
    let failed: Vec<String> = seeds.filter_map(|seed| one(seed).err()?.message().map(str::to_owned)).collect();
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n\n").into()) }
}

fn one(seed: u64) -> Result<(), Failed> {
    // One thread for all tasks, so that as much as possible is the seed's.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut life = None;
    let lived = runtime.block_on(async {
        let living = live(seed, &mut life);
        Clock::system().within(WALL, living).await.unwrap_or_else(|_| Err("hangs".into()))
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    lived.map_err(|what| {
        let story = life.map(|life: Life| life.story.join("\n  ")).unwrap_or_default();
        let again = format!("POSTCASE_SEEDS={seed} cargo test --test it simulation");
        format!("seed {seed}: {what}\nagain: {again}\n  {story}").into()
    })
}

async fn live(seed: u64, kept: &mut Option<Life>) -> Result<(), String> {
    let life = kept.insert(Life::begin(seed).await?);
    for _ in 0..20 + life.draw.below(30) {
        life.step().await?;
    }
    life.come_to_rest().await?;
    judge::judge(life).await
}
