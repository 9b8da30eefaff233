//! What postcase bears: `cargo bench --bench pressure`, with `-- --quick` in about two minutes. It fails when a promise isn't
//! kept.
//!
//! - *hostile*: every hostile input, each many times at once, while all other connections are taken; memory is watched
//!   throughout, and normal mail flows after each.
//! - *slow*: all connections are held by peers that send a byte now and then, and a normal client sends mail.
//! - *timing*: unknown, disabled and foreign recipients can't be told apart by how long their refusal takes.
//! - *kills*: kill -9 under load in a store that has many cases already, again and again.
//!
//! Arguments: `--quick`, `--only NAME,…`, `--cases N` (in the store before the kills), `--kills N`, `--seconds N` (of slow
//! peers), `--samples N` (of each kind of recipient), `--folder PATH`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark is there to print")]

#[path = "../intake/client.rs"]
#[allow(dead_code, reason = "not every load is needed here")]
mod client;
mod crowd;
mod hostile;
mod kills;
#[path = "../intake/load.rs"]
#[allow(dead_code, reason = "not every load is needed here")]
mod load;
#[path = "../machine.rs"]
#[allow(dead_code, reason = "not every figure is needed here")]
mod machine;
#[path = "../postcase.rs"]
#[allow(dead_code, reason = "not everything is asked here")]
mod postcase;
mod slow;
#[path = "../../it/promises.rs"]
mod promises;
#[path = "../../it/smtp.rs"]
#[allow(dead_code, reason = "not everything is sent here")]
mod smtp;
mod timing;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use postcase::Postcase;

/// Peers that come from loopback are strangers here; there is TLS to be misused.
const SETTINGS: &str = "trusted_networks = []\n[smtp.tls]\n";
const CERTIFICATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios/certificate.pem");
const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios/key.pem");
const PARTS: [&str; 4] = ["hostile", "slow", "timing", "kills"];

struct Arguments {
    parts: Vec<String>,
    cases: u64,
    kills: usize,
    slow: Duration,
    samples: usize,
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
            parts: PARTS.map(str::to_owned).to_vec(),
            cases: if quick { 2000 } else { 100_000 },
            kills: if quick { 5 } else { 50 },
            slow: Duration::from_secs(if quick { 20 } else { 90 }),
            samples: if quick { 1000 } else { 10_000 },
            folder: std::env::temp_dir(),
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            let number = |text: String| text.parse::<u32>().map_err(|_| format!("{text} is no number"));
            match argument.as_str() {
                // Cargo says what we are.
                "--quick" | "--bench" => {}
                "--only" => read.parts = value()?.split(',').map(str::to_owned).collect(),
                "--cases" => read.cases = number(value()?)?.into(),
                "--kills" => read.kills = number(value()?)? as usize,
                "--seconds" => read.slow = Duration::from_secs(number(value()?)?.into()),
                "--samples" => read.samples = number(value()?)? as usize,
                "--folder" => read.folder = value()?.into(),
                other => return Err(format!("{other} is no argument of this benchmark")),
            }
        }
        match read.parts.iter().find(|part| !PARTS.contains(&part.as_str())) {
            Some(part) => Err(format!("{part} is no part of this benchmark; they are {}", PARTS.join(", "))),
            None => Ok(read),
        }
    }
}

fn measure(arguments: &Arguments) -> Result<(), String> {
    let folder = tempfile::tempdir_in(&arguments.folder).map_err(|error| error.to_string())?;
    println!("{}", machine::describe(folder.path()));
    for part in &arguments.parts {
        let folder = folder.path().join(part);
        let said = match part.as_str() {
            "hostile" => hostile::measure(&start(&folder)?),
            "slow" => slow::measure(&start(&folder)?, arguments.slow),
            "timing" => timing::measure(&start(&folder)?, arguments.samples),
            _ => kills::measure(&folder, arguments.cases, arguments.kills),
        };
        println!("\n{part}: {}", said.map_err(|error| format!("{part}: {error}"))?);
    }
    Ok(())
}

fn start(folder: &Path) -> Result<Postcase, String> {
    Postcase::make_with(folder, &format!("{SETTINGS}certificate = {CERTIFICATE:?}\nkey = {KEY:?}\n"))?;
    Postcase::start(folder)
}

/// Runs the peers of a part on one thread, so that the server has the others.
fn run<T>(peers: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    tokio::task::LocalSet::new().block_on(&runtime, peers)
}

/// The value below which this share of the sorted values lies.
fn quantile(sorted: &[Duration], share: f64) -> Duration {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * share) as usize).copied().unwrap_or_default()
}
