//! A plugin that counts messages in what it keeps, against the same plugin on mail about which it says as much and keeps nothing:
//! a backlog that a new process finds, and mail at a steady rate.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::flow::Flow;
use super::postcase_server::Postcase;
use super::{guests, quantile};

/// What the fixture does by the subject: a note that comes from chance, and one that comes from a count.
const SUBJECTS: [&[&str]; 2] = [&["chance"], &["count"]];
const BACKLOG: u32 = 2000;
const ROUNDS: usize = 2;
const STEADY: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);
/// A backlog may take so many times as long.
const SLOWER_MAX: f64 = 3.0;

pub fn measure(folder: &Path) -> Result<String, String> {
    let (mut rates, mut waits) = ([0.0_f64; 2], [Vec::new(), Vec::new()]);
    for round in 0..ROUNDS {
        for (n, subjects) in SUBJECTS.into_iter().enumerate() {
            let folder = folder.join(format!("{round}-{n}"));
            rates[n] = rates[n].max(backlog(&folder, subjects)?);
            if round == 0 {
                waits[n] = steady(&folder, subjects)?;
            }
        }
    }
    let [without, with] = rates;
    let [(p50, p99), (p50_with, p99_with)] = waits.map(|waits| (quantile(&waits, 0.5), quantile(&waits, 0.99)));
    let slower = without / with;
    let said = format!(
        "a backlog of {BACKLOG}: {without:.0} a second without, {with:.0} with a count in its state, {slower:.1} times as long; at 50 \
         a second from the 250 to the decision {p50:.1?} (p50), {p99:.1?} (p99) without, {p50_with:.1?}, {p99_with:.1?} with"
    );
    if slower > SLOWER_MAX { Err(format!("{said}; more than {SLOWER_MAX} times is too long")) } else { Ok(said) }
}

/// Decisions a second when a new process finds mail of this kind.
fn backlog(folder: &Path, subjects: &[&str]) -> Result<f64, String> {
    Postcase::make(folder)?;
    let server = Postcase::start(folder)?;
    let fixture = guests::folder()?.join("fixture.wasm").display().to_string();
    server.run(&["plugin", "install", &fixture])?;
    let server = Postcase::start(&server.stop_and_keep()?)?;
    let mail = Flow { name: "backlog", subjects, pause: Duration::ZERO };
    mail.send(server.smtp, |number| number == BACKLOG, |_| Ok(()))?;
    let server = Postcase::start(&server.kill_and_forget()?)?;
    let begun = Instant::now();
    server.settle(BACKLOG.into())?;
    Ok(f64::from(BACKLOG) / begun.elapsed().as_secs_f64())
}

/// How long messages wait when a few come, sorted.
fn steady(folder: &Path, subjects: &[&str]) -> Result<Vec<Duration>, String> {
    let server = Postcase::start(folder)?;
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let mail = Flow { name: "steady", subjects, pause: PAUSE };
        let (server, over) = (&server, &over);
        let sending = scope.spawn(move || mail.watched(server, over));
        thread::sleep(STEADY);
        over.store(true, Ordering::Relaxed);
        sending.join().map_err(|_| "the sender panicked".to_owned())?
    })
}
