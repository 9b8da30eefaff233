//! The fuzz targets without a fuzzer: each takes its seeds, and changes of them that a number chose.
//!
//! `POSTCASE_FUZZ=message:17..5000` takes the changes with these numbers at one target. What a fuzzer adds is that it sees
//! which bytes lead to new code; `tests/fuzz/run` lets it.

#[path = "../fuzz/targets/mod.rs"]
mod targets;

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};
use postcase::base::Chance;

use targets::{TARGETS, Target};

/// Changes that every run tries at each target; sessions cost more.
const CHANGES: u64 = 1500;
const SESSIONS: u64 = 250;
/// What means something to one of the targets.
const WORDS: [&[u8]; 22] = [
    b"\r\n",
    b"\r",
    b"\n",
    b"\0",
    b".\r\n",
    b"\r\n.\r\n",
    b"\"",
    b"\\",
    b"<",
    b">",
    b"@",
    b"[",
    b"\xff\xfe",
    b"=?utf-8?q?",
    b"Content-Type: multipart/mixed; boundary=x\r\n",
    b"--x\r\n",
    b"{}",
    b"null",
    b"99999999999999999999",
    b"-1",
    b"{token}",
    "\u{202e}é".as_bytes(),
];

pub fn trials() -> Vec<Trial> {
    let chosen = std::env::var("POSTCASE_FUZZ").unwrap_or_default();
    let trial = |(name, target): (&'static str, Target)| {
        let usual = 0..if name == "session" { SESSIONS } else { CHANGES };
        let range = match chosen.split_once(':') {
            Some((wanted, range)) if wanted == name => read_range(range),
            _ => Some(usual),
        };
        Trial::test(format!("fuzz: {name}"), move || run(name, target, range.ok_or("POSTCASE_FUZZ is TARGET:0..100")?))
    };
    TARGETS.into_iter().map(trial).collect()
}

fn read_range(text: &str) -> Option<Range<u64>> {
    let (start, end) = text.split_once("..")?;
    Some(start.parse().ok()?..end.parse().ok()?)
}

fn run(name: &str, target: Target, range: Range<u64>) -> Result<(), Failed> {
    let seeds = seeds(name)?;
    for (file, seed) in &seeds {
        attempt(target, seed).map_err(|what| format!("{}: {what}", file.display()))?;
    }
    for number in range {
        let input = changed(&seeds, number);
        attempt(target, &input).map_err(|what| {
            let again = format!("POSTCASE_FUZZ={name}:{number}..{} cargo test --test it fuzz", number + 1);
            format!("{what}\nwith {}\nagain: {again}", input[..input.len().min(2000)].escape_ascii())
        })?;
    }
    Ok(())
}

fn attempt(target: Target, input: &[u8]) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(|| target(input))).map_err(|panic| {
        let words = panic.downcast_ref::<String>().cloned();
        words.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned())).unwrap_or_default()
    })
}

/// The files in `tests/fuzz/seeds/NAME`, at least one.
fn seeds(name: &str) -> Result<Vec<(PathBuf, Vec<u8>)>, Failed> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds").join(name);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    files.sort();
    let read = |file: PathBuf| std::fs::read(&file).map(|bytes| (file, bytes));
    let seeds: Vec<_> = files.into_iter().map(read).collect::<std::io::Result<_>>()?;
    if seeds.is_empty() { Err(format!("{} has no seeds", folder.display()).into()) } else { Ok(seeds) }
}

/// A seed with a few changes.
fn changed(seeds: &[(PathBuf, Vec<u8>)], number: u64) -> Vec<u8> {
    let chance = Chance::seeded(number);
    let below = |end: usize| (u64::from_le_bytes(chance.bytes()) % end.max(1) as u64) as usize;
    let mut input = seeds[below(seeds.len())].1.clone();
    for _ in 0..1 + below(6) {
        let at = below(input.len() + 1);
        let end = (at + 1 + below(40)).min(input.len());
        match below(7) {
            0 if at < input.len() => input[at] ^= 1 << below(8),
            1 if at < input.len() => input[at] = chance.bytes::<1>()[0],
            2 => drop(input.drain(at..end)),
            3 => {
                let part = input[at..end].to_vec();
                let copies = part.repeat(1 + below(8) * below(8));
                input.splice(at..at, copies);
            }
            4 => {
                let other = &seeds[below(seeds.len())].1;
                input.truncate(at);
                input.extend_from_slice(&other[below(other.len())..]);
            }
            5 => input.truncate(at),
            _ => drop(input.splice(at..at, WORDS[below(WORDS.len())].iter().copied())),
        }
    }
    input
}
