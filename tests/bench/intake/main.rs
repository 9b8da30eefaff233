//! How fast postcase takes mail and makes cases of it, beside a sink that stores nothing and beside Postfix:
//! `cargo bench --bench intake`, with `-- --quick` in less than a minute.
//!
//! All are driven by the same client, one after the other in short slices, round after round, with the bare rate of
//! `append + fdatasync` measured before each slice; what is printed are medians of ratios. Every slice ends when its
//! server has nothing left to do. Then a journal full of undecided mail is given to a new postcase, which shows what
//! conversion alone takes, and what memory and starts cost.
//!
//! Arguments: `--quick`, `--rounds N`, `--bytes N` (of a message), `--messages N` (in the full journal), `--only-postcase`,
//! `--folder PATH` (on the disk to be measured). Progress, with rates that mean little by themselves, goes to standard
//! error.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark is there to print")]

mod client;
#[path = "../machine.rs"]
mod machine;
#[path = "../postcase.rs"]
mod postcase;
mod servers;
mod table;

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use client::{Mailbag, Until};
use postcase::Postcase;
use servers::{Postfix, Server, Sink};
use table::Figure;

const RAW_SLICE: Duration = Duration::from_millis(300);

struct Arguments {
    rounds: usize,
    slice: Duration,
    bytes: usize,
    messages: u64,
    others: bool,
    loads: Vec<usize>,
    folder: std::path::PathBuf,
}

fn main() -> ExitCode {
    match Arguments::read().and_then(|arguments| measure(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

impl Arguments {
    fn read() -> Result<Self, String> {
        let quick = std::env::args().any(|argument| argument == "--quick");
        let mut read = Self {
            rounds: if quick { 1 } else { 5 },
            slice: Duration::from_millis(if quick { 700 } else { 2000 }),
            bytes: 4096,
            messages: if quick { 4000 } else { 20_000 },
            others: true,
            loads: vec![1, 10, 100],
            folder: std::env::temp_dir(),
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            let number = |text: String| text.parse().map_err(|_| format!("{text} is no number"));
            match argument.as_str() {
                // Cargo says what we are.
                "--quick" | "--bench" => {}
                "--rounds" => read.rounds = number(value()?)?,
                "--bytes" => read.bytes = number(value()?)?,
                "--messages" => read.messages = number(value()?)? as u64,
                "--only-postcase" => read.others = false,
                "--loads" => {
                    read.loads = value()?.split(',').map(|load| number(load.into())).collect::<Result<_, _>>()?
                }
                "--slice" => read.slice = Duration::from_millis(number(value()?)? as u64),
                "--folder" => read.folder = value()?.into(),
                other => return Err(format!("{other} is no argument of this benchmark")),
            }
        }
        Ok(read)
    }
}

fn measure(arguments: &Arguments) -> Result<(), String> {
    let folder = tempfile::tempdir_in(&arguments.folder).map_err(|error| error.to_string())?;
    // Postfix's own users go through it.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).map_err(|error| error.to_string())?;
    let bag = Mailbag::new(arguments.bytes);
    println!("{}; {} bytes a message", machine::describe(folder.path()), arguments.bytes);
    let figures = rounds(arguments, folder.path(), &bag)?;
    println!("\n{}", table::table(&figures, &arguments.loads));
    println!("{}", full_journal(arguments, &folder.path().join("full"), &bag)?);
    Ok(())
}

fn rounds(arguments: &Arguments, folder: &Path, bag: &Mailbag) -> Result<Vec<Figure>, String> {
    let mut servers: Vec<Box<dyn Server>> = vec![Box::new(start(&folder.join("postcase"))?)];
    if arguments.others {
        let sink = Sink::start().map(|sink| Box::new(sink) as Box<dyn Server>);
        let postfix = Postfix::start(&folder.join("postfix")).map(|postfix| Box::new(postfix) as Box<dyn Server>);
        for (name, other) in [("smtp-sink", sink), ("Postfix", postfix)] {
            match other {
                Ok(server) => servers.push(server),
                Err(error) => println!("!!! SKIPPED: nothing is compared with {name}: {error}"),
            }
        }
    }
    let mut figures = Vec::new();
    for round in 0..arguments.rounds {
        for &connections in &arguments.loads {
            for server in &servers {
                let raw = machine::raw_syncs(folder, RAW_SLICE).map_err(|error| error.to_string())?;
                let figure = slice(&**server, bag, connections, arguments.slice)?;
                let figure = Figure { round, raw, ..figure };
                let Figure { server, accepted, settled, p50, p99, cpu, .. } = figure;
                eprintln!(
                    "{round} {connections:3} {server:9} raw {raw:5.0} accepted {accepted:5.0} settled {settled:5.0} a \
                     second, p50 {:.2} ms, p99 {:.2} ms, {cpu:.3} CPU s per 1,000",
                    p50 * 1e3,
                    p99 * 1e3
                );
                figures.push(figure);
            }
        }
    }
    Ok(figures)
}

fn start(folder: &Path) -> Result<Postcase, String> {
    Postcase::make(folder)?;
    Postcase::start(folder)
}

fn slice(server: &dyn Server, bag: &Mailbag, connections: usize, time: Duration) -> Result<Figure, String> {
    let cpu = machine::cpu_seconds(server.pid());
    let begun = Instant::now();
    let seen = bag.load(server.address(), connections, Until::After(time))?;
    server.settle()?;
    let settled = seen.messages as f64 / begun.elapsed().as_secs_f64();
    let cpu = (machine::cpu_seconds(server.pid()) - cpu) * 1000.0 / seen.messages as f64;
    let (p50, p99) = (seen.latency(0.5).as_secs_f64(), seen.latency(0.99).as_secs_f64());
    let accepted = seen.rate();
    Ok(Figure { server: server.name(), connections, round: 0, raw: 0.0, accepted, settled, p50, p99, cpu })
}

/// What conversion alone takes; memory and starts.
fn full_journal(arguments: &Arguments, folder: &Path, bag: &Mailbag) -> Result<String, String> {
    Postcase::make(folder)?;
    let begun = Instant::now();
    let server = Postcase::start(folder)?;
    let fresh = begun.elapsed();
    let pss = |server: &Postcase| machine::mebibytes(server.pid(), "smaps_rollup", "Pss:").unwrap_or(f64::NAN);
    let at_rest = pss(&server);
    bag.load(server.address(), 100, Until::Messages(arguments.messages))?;
    server.settle()?;
    let peak = machine::mebibytes(server.pid(), "status", "VmHWM:").unwrap_or(f64::NAN);
    let after = pss(&server);

    let folder = server.kill_and_forget()?;
    let raw = machine::raw_syncs(&folder, RAW_SLICE).map_err(|error| error.to_string())?;
    let begun = Instant::now();
    let server = Postcase::start(&folder)?;
    let start = begun.elapsed();
    let begun = Instant::now();
    let cpu = machine::cpu_seconds(server.pid());
    server.settle()?;
    let rate = arguments.messages as f64 / begun.elapsed().as_secs_f64();
    let cpu = (machine::cpu_seconds(server.pid()) - cpu) * 1000.0 / arguments.messages as f64;
    eprintln!("raw {raw:.0}, {rate:.0} cases a second from a full journal");
    Ok(format!(
        "From a journal with {} undecided messages: {:.2} cases for each raw sync, {cpu:.2} CPU s per 1,000.\n\
         PSS at rest {at_rest:.0} MiB, after {} messages over 100 connections {after:.0} MiB, peak (VmHWM) {peak:.0} MiB.\n\
         Start: {:.0} ms; with that journal to be verified: {:.0} ms.",
        arguments.messages,
        rate / raw,
        arguments.messages,
        fresh.as_secs_f64() * 1e3,
        start.as_secs_f64() * 1e3,
    ))
}
