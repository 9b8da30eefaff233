//! Mail at a steady rate: does the backlog stay flat, and how long is it from a 250 to the recorded disposition?

use std::cell::Cell;
use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::client::{Mailbag, Until};
use super::load::Load;
use super::postcase::{Postcase, wait};

const LOAD: Load = Load { bytes: 4096, connections: 10, single: false };
const SLICE: Duration = Duration::from_secs(4);
const SLICES: usize = 3;
/// The messages whose way to a case is watched are numbered from here on.
const WATCHED: u64 = 9_000_000_000;

/// One server, a few slices without a pause between them.
pub fn measure(rate: u32, folder: &Path, bag: &Mailbag) -> Result<String, String> {
    Postcase::make(folder)?;
    let server = Postcase::start(folder)?;
    let (mut messages, mut backlogs, mut p99) = (0, Vec::new(), Duration::ZERO);
    let over = AtomicBool::new(false);
    let waits = std::thread::scope(|scope| {
        let watching = scope.spawn(|| watch(&server, &over));
        for _ in 0..SLICES {
            let seen = bag.load(server.smtp, LOAD, Until::Paced(rate, SLICE))?;
            messages += seen.messages;
            p99 = p99.max(seen.latency(0.99));
            backlogs.push(messages.saturating_sub(server.cases()?));
        }
        over.store(true, Ordering::Relaxed);
        watching.join().map_err(|_| "the watch panicked".to_owned())?
    })?;
    server.settle(messages)?;
    let share = |share: usize| waits.get(waits.len() * share / 100).map_or(f64::NAN, |wait| wait.as_secs_f64() * 1e3);
    Ok(format!(
        "{rate} a second over {} s: backlog {backlogs:?} after each third, p99 {:.2} ms; from the 250 to the recorded \
         disposition {:.0} ms (p50), {:.0} ms (p95).",
        SLICE.as_secs() * SLICES as u64,
        p99.as_secs_f64() * 1e3,
        share(50),
        share(95),
    ))
}

/// Sends a message now and then and asks for it until it is decided; how long each took, sorted.
fn watch(server: &Postcase, over: &AtomicBool) -> Result<Vec<Duration>, String> {
    let bag = Mailbag::new(4096, Rc::new(Cell::new(WATCHED)));
    let mut waits = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let id = format!("<{}.4711@example.com>", WATCHED + waits.len() as u64);
        bag.load(server.smtp, Load { connections: 1, ..LOAD }, Until::Messages(1))?;
        let taken = Instant::now();
        wait("a message is undecided", || Ok(server.is_decided(&id)))?;
        waits.push(taken.elapsed());
    }
    waits.sort_unstable();
    Ok(waits)
}
