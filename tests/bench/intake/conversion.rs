//! A journal full of undecided mail, given to a new process: what conversion alone takes, how much more in a store that
//! has many cases, and what memory and starts cost.

use std::path::Path;
use std::time::{Duration, Instant};

use super::client::{Mailbag, Until};
use super::load::Load;
use super::postcase::Postcase;
use super::{RAW_SLICE, machine};

const LOAD: Load = Load { bytes: 4096, connections: 100, single: false };
/// Memory that is only kept for the next burst is given back by then.
const REST: Duration = Duration::from_secs(10);

/// Fills a store with `cases`, then a journal with `messages`.
pub fn measure(cases: u64, messages: u64, folder: &Path, bag: &Mailbag) -> Result<String, String> {
    Postcase::make(folder)?;
    let begun = Instant::now();
    let server = Postcase::start(folder)?;
    let fresh = begun.elapsed();
    let at_rest = pss(&server);
    bag.load(server.smtp, LOAD, Until::Messages(cases))?;
    server.settle(cases)?;
    let folder = server.stop_and_keep()?;

    let server = Postcase::start(&folder)?;
    bag.load(server.smtp, LOAD, Until::Messages(messages))?;
    server.settle(messages)?;
    let peak = machine::mebibytes(server.pid(), "status", "VmHWM:").unwrap_or(f64::NAN);
    rest();
    let after = pss(&server);

    let folder = server.kill_and_forget()?;
    let raw = machine::raw_syncs(&folder, RAW_SLICE).map_err(|error| error.to_string())?;
    let begun = Instant::now();
    let server = Postcase::start(&folder)?;
    let start = begun.elapsed();
    let (begun, cpu) = (Instant::now(), machine::cpu_seconds(server.pid()));
    let before = machine::reads_and_writes(server.pid()).unwrap_or_default();
    server.settle(messages)?;
    let rate = messages as f64 / begun.elapsed().as_secs_f64();
    let each = |total: f64| total / messages as f64;
    let cpu = each((machine::cpu_seconds(server.pid()) - cpu) * 1000.0);
    let now = machine::reads_and_writes(server.pid()).unwrap_or_default();
    let (reads, writes) = (each((now.0 - before.0) as f64), each((now.1 - before.1) as f64));
    eprintln!("{cases} cases: raw {raw:.0}, {rate:.0} cases a second from a full journal");
    Ok(format!(
        "{cases} cases in the store, {messages} undecided messages in the journal: {:.2} cases for each raw sync, {cpu:.2} \
         CPU s per 1,000, {reads:.2} reads and {writes:.2} writes each.\n\
         PSS at rest {at_rest:.0} MiB, {} s after {messages} more messages over 100 connections {after:.0} MiB, peak \
         (VmHWM) {peak:.0} MiB.\n\
         Start of a new store {:.0} ms, of this one after a kill, with its journal to be verified, {:.0} ms.",
        rate / raw,
        REST.as_secs(),
        fresh.as_secs_f64() * 1e3,
        start.as_secs_f64() * 1e3,
    ))
}

fn pss(server: &Postcase) -> f64 {
    machine::mebibytes(server.pid(), "smaps_rollup", "Pss:").unwrap_or(f64::NAN)
}

#[allow(clippy::disallowed_methods, reason = "memory is given back in real time")]
fn rest() {
    std::thread::sleep(REST);
}
