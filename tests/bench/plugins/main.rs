//! What plugins cost: `cargo bench --bench plugins`, in under three minutes; `-- --only NAME,…` for some parts. It fails when a
//! promise isn't kept.
//!
//! - *advice*: what a plugin adds to the decision of one message. With files behind the arguments these, otherwise `vip-domains`
//!   in Rust, and its twins where the tests have built them.
//! - *swap*: mail flows while plugins are installed, replaced and rolled back; none waits over a second.
//! - *hostile*: mail flows beside mail on which a plugin does its worst; it doesn't wait longer than plugins may take.
//! - *state*: a plugin that counts messages in what it keeps, against the same that keeps nothing.

#![allow(clippy::print_stdout, reason = "a benchmark's result is what it prints")]

mod advice;
#[path = "../intake/client.rs"]
#[allow(dead_code, reason = "only the recipient is needed here")]
mod client;
mod flow;
#[path = "../../it/guests.rs"]
#[allow(dead_code, reason = "components are read from their folder")]
mod guests;
mod hostile;
#[path = "../intake/load.rs"]
#[allow(dead_code, reason = "not every load is needed here")]
mod load;
#[path = "../postcase.rs"]
#[allow(dead_code, reason = "not everything is asked here")]
mod postcase_server;
#[path = "../../it/smtp.rs"]
#[allow(dead_code, reason = "not everything is sent here")]
mod smtp;
mod state;
mod swap;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use postcase::plugin;

const PARTS: [&str; 4] = ["advice", "swap", "hostile", "state"];

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    if let Some(compiled) = plugin::child() {
        return compiled;
    }
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<(), Failure> {
    let (mut parts, mut files) = (PARTS.map(str::to_owned).to_vec(), Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // Cargo says what we are.
            "--bench" => {}
            "--only" => parts = arguments.next().unwrap_or_default().split(',').map(str::to_owned).collect(),
            file => files.push(PathBuf::from(file)),
        }
    }
    if files.is_empty() {
        let twins = ["vip-domains-javascript.wasm", "vip-domains-python.wasm"];
        let twins = twins.map(|name| Path::new(env!("CARGO_TARGET_TMPDIR")).join(name));
        files = [guests::folder()?.join("vip_domains.wasm")]
            .into_iter()
            .chain(twins)
            .filter(|file| file.is_file())
            .collect();
    }
    let folder = tempfile::tempdir()?;
    for part in parts {
        let folder = folder.path().join(&part);
        println!("{part}");
        match part.as_str() {
            "advice" => files.iter().try_for_each(|file| advice::measure(file).map(|said| println!("  {said}")))?,
            "swap" => println!("  {}", swap::measure(&folder, &files)?),
            "hostile" => println!("  {}", hostile::measure(&folder)?),
            "state" => println!("  {}", state::measure(&folder)?),
            other => return Err(format!("{other} is no part; they are {}", PARTS.join(", ")).into()),
        }
    }
    Ok(())
}

/// The value below which this share of the sorted values lies.
fn quantile(sorted: &[Duration], share: f64) -> Duration {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * share) as usize).copied().unwrap_or_default()
}
