//! How fast postcase takes mail and makes cases of it, beside a sink that stores nothing and beside Postfix:
//! `cargo bench --bench intake`, with `-- --quick` in about a minute.
//!
//! All are driven by the same client, one after the other in short slices, round after round, with the bare rate of
//! `append + fdatasync` measured before each slice; what is printed are medians of ratios. Every slice ends when its
//! server has nothing left to do. Then mail comes at a steady rate, and a journal full of undecided mail is given to a new
//! postcase, with no cases in its store and with many, which shows what conversion alone takes, and what memory and
//! starts cost.
//!
//! Arguments: `--quick`, `--rounds N`, `--loads BYTESxCONNECTIONS[x1],…`, `--slice MS`, `--rates N,…` (steady messages a
//! second), `--messages N` (in the full journal), `--cases N,…` (in the store before it), `--only-postcase`, `--folder PATH`
//! (on the disk to be measured). Progress, with rates that mean little by themselves, goes to standard error.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark is there to print")]

mod client;
mod conversion;
mod load;
#[path = "../machine.rs"]
mod machine;
#[path = "../postcase.rs"]
#[allow(dead_code, reason = "not everything is asked here")]
mod postcase;
mod servers;
mod steady;
mod table;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;
use std::str::FromStr;
use std::time::{Duration, Instant};

use client::{Mailbag, Until};
use load::Load;
use postcase::Postcase;
use servers::{Postfix, Server, Sink};
use table::Figure;

const RAW_SLICE: Duration = Duration::from_millis(300);

struct Arguments {
    rounds: usize,
    slice: Duration,
    loads: Vec<Load>,
    rates: Vec<u32>,
    messages: u64,
    cases: Vec<u64>,
    others: bool,
    folder: PathBuf,
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
            loads: list(if quick { "4096x1,4096x10,4096x100" } else { load::USUAL })?,
            rates: vec![1500],
            messages: if quick { 4000 } else { 20_000 },
            cases: if quick { vec![0] } else { vec![0, 100_000] },
            others: true,
            folder: std::env::temp_dir(),
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                // Cargo says what we are.
                "--quick" | "--bench" => {}
                "--rounds" => read.rounds = one(&value()?)?,
                "--slice" => read.slice = Duration::from_millis(one(&value()?)?),
                "--loads" => read.loads = list(&value()?)?,
                "--rates" => read.rates = list(&value()?)?,
                "--messages" => read.messages = one(&value()?)?,
                "--cases" => read.cases = list(&value()?)?,
                "--only-postcase" => read.others = false,
                "--folder" => read.folder = value()?.into(),
                other => return Err(format!("{other} is no argument of this benchmark")),
            }
        }
        Ok(read)
    }
}

fn one<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text} is no value of this argument"))
}

/// Nothing for an empty list.
fn list<T: FromStr>(text: &str) -> Result<Vec<T>, String> {
    text.split(',').filter(|one| !one.is_empty()).map(one).collect()
}

fn measure(arguments: &Arguments) -> Result<(), String> {
    let folder = tempfile::tempdir_in(&arguments.folder).map_err(|error| error.to_string())?;
    // Postfix's own users go through it.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).map_err(|error| error.to_string())?;
    println!("{}", machine::describe(folder.path()));
    let next = Rc::new(Cell::new(0));
    let figures = rounds(arguments, folder.path(), &next)?;
    println!("\n{}", table::table(&figures, &arguments.loads));
    let bag = Mailbag::new(4096, next);
    for rate in &arguments.rates {
        println!("{}", steady::measure(*rate, &folder.path().join(format!("steady-{rate}")), &bag)?);
    }
    for cases in &arguments.cases {
        let folder = folder.path().join(format!("full-{cases}"));
        println!("\n{}", conversion::measure(*cases, arguments.messages, &folder, &bag)?);
    }
    Ok(())
}

fn rounds(arguments: &Arguments, folder: &Path, next: &Rc<Cell<u64>>) -> Result<Vec<Figure>, String> {
    let mut servers: Vec<Box<dyn Server>> = Vec::new();
    if !arguments.loads.is_empty() {
        servers.push(Box::new(start(&folder.join("postcase"))?));
    }
    if arguments.others && !arguments.loads.is_empty() {
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
        for &load in &arguments.loads {
            let bag = Mailbag::new(load.bytes, Rc::clone(next));
            for server in servers.iter().filter(|server| load.connections <= server.connections_max()) {
                let raw = machine::raw_syncs(folder, RAW_SLICE).map_err(|error| error.to_string())?;
                let figure = slice(&**server, &bag, load, arguments.slice)?;
                let figure = Figure { round, raw, ..figure };
                let Figure { server, accepted, drain, p50, p99, cpu, .. } = figure;
                eprintln!(
                    "{round} {load:16} {server:9} raw {raw:5.0} accepted {accepted:5.0} a second, p50 {:.2} ms, p99 {:.2} ms, \
                     drained in {drain:.1} s, {cpu:.3} CPU s per 1,000",
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

fn slice(server: &dyn Server, bag: &Mailbag, load: Load, time: Duration) -> Result<Figure, String> {
    let (cases, cpu, taking) = (server.cases(), machine::cpu_seconds(server.pid()), server.cpu_taking());
    let seen = bag.load(server.address(), load, Until::After(time))?;
    let ended = Instant::now();
    let taking = taking.zip(server.cpu_taking()).map(|(before, after)| after - before);
    let made = cases.zip(server.cases()).map(|(before, after)| after - before);
    server.settle()?;
    let drain = ended.elapsed().as_secs_f64();
    let cpu = machine::cpu_seconds(server.pid()) - cpu;
    let per_thousand = |seconds: f64| seconds * 1000.0 / seen.messages as f64;
    Ok(Figure {
        server: server.name(),
        load,
        round: 0,
        raw: 0.0,
        accepted: seen.rate(),
        drain,
        backlog: made.map(|made| seen.messages.saturating_sub(made) as f64),
        p50: seen.latency(0.5).as_secs_f64(),
        p99: seen.latency(0.99).as_secs_f64(),
        cpu_taking: taking.map(per_thousand),
        cpu: per_thousand(cpu),
    })
}
