//! Mail flows beside mail on which a plugin does its worst: the first doesn't wait longer than plugins may take.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use postcase::base::limits::PLUGIN_CHAIN_TIME_MAX;

use super::flow::Flow;
use super::postcase_server::Postcase;
use super::{guests, quantile};

const PLAIN: Flow<'static> = Flow { name: "plain", subjects: &["The lift"], pause: Duration::from_millis(20) };
const HOSTILE: Flow<'static> = Flow { name: "hostile", subjects: KINDS, pause: Duration::from_millis(250) };
/// What the fixture does on command, but for what makes it fail on all mail that comes after.
const KINDS: &[&str] = &[
    "loop forever",
    "grow",
    "recurse",
    "panic",
    "error",
    "one gigabyte",
    "flood",
    "many",
    "not utf-8",
    "log",
    "call the host",
    "count and panic",
    "keep too much",
];
const TIME: Duration = Duration::from_secs(20);
/// Well before so many messages have failed that it is suspended.
const FORGIVEN: Duration = Duration::from_millis(500);

pub fn measure(folder: &Path) -> Result<String, String> {
    Postcase::make(folder)?;
    let server = Postcase::start(folder)?;
    let fixture = guests::folder()?.join("fixture.wasm").display().to_string();
    server.run(&["plugin", "install", &fixture])?;
    let (over, mut sent) = (AtomicBool::new(false), 0);
    let is_over = |_| over.load(Ordering::Relaxed);
    let waits = thread::scope(|scope| {
        let plain = scope.spawn(|| PLAIN.watched(&server, &over));
        let hostile = scope.spawn(|| {
            HOSTILE.send(server.smtp, is_over, |_| {
                sent += 1;
                Ok(())
            })
        });
        let begun = Instant::now();
        let mut forgiven = Ok(());
        while begun.elapsed() < TIME && forgiven.is_ok() {
            thread::sleep(FORGIVEN);
            forgiven = server.run(&["plugin", "enable", "fixture"]);
        }
        over.store(true, Ordering::Relaxed);
        let [plain, hostile] = [plain.join(), hostile.join().map(|sent| sent.map(|()| Vec::new()))];
        hostile.map_err(|_| "the hostile sender panicked".to_owned())??;
        forgiven?;
        plain.map_err(|_| "the sender panicked".to_owned())?
    })?;
    server.settle(waits.len() as u64)?;
    let p99 = quantile(&waits, 0.99);
    let said = format!(
        "{} messages beside {sent} hostile ones of {} kinds: from the 250 to the decision {:.1?} (p50), {p99:.1?} (p99)",
        waits.len(),
        KINDS.len(),
        quantile(&waits, 0.5),
    );
    if p99 > PLUGIN_CHAIN_TIME_MAX { Err(format!("{said}; that is over {PLUGIN_CHAIN_TIME_MAX:?}")) } else { Ok(said) }
}
