//! How fast messages are read as they are filed, with their language, read and decided, and recorded with that: all of the
//! corpus on one core, as messages a second and as a ratio to mail-parser's parse alone. `cargo bench --bench reading [SECONDS]`; without
//! the corpus it says so and measures nothing.
//!
//! Files of mailboxes and bundles are left out; each single message counts once a round.

#![allow(clippy::print_stdout, reason = "a benchmark's result is what it prints")]

mod deciding;
#[allow(dead_code, reason = "other benchmarks ask for more")]
mod machine;

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mail_parser::MessageParser;

const PURPOSES: &[&str] = &["parse", "bounces", "autoreplies", "hostile", "i18n", "replies", "forwards"];
const HEAD: &str =
    "From: a@example.com\nTo: b@example.com\nSubject: A question\nContent-Type: text/plain; charset=utf-8\n\n";
/// Messages named when asked for: the slowest of all.
const SLOWEST: usize = 5;

fn main() {
    let seconds = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(3.0);
    let messages = messages();
    if messages.is_empty() {
        println!("no corpus: set POSTCASE_CORPUS");
        return;
    }
    let bytes: usize = messages.iter().map(|(_, raw)| raw.len()).sum();
    println!("{} messages, {} KiB on average", messages.len(), bytes / messages.len() / 1024);
    let whole = rate(&messages, seconds, |raw| drop(black_box(postcase::message::read_without_language(raw))));
    let told = rate(&messages, seconds, |raw| drop(black_box(postcase::message::read(raw))));
    let alone = rate(&messages, seconds, |raw| drop(black_box(MessageParser::default().parse(raw))));
    println!("parse   {alone:>9.0} messages/s (mail-parser alone)");
    println!("read    {whole:>9.0} messages/s, {:.2} of parse", whole / alone);
    println!("  with their language {told:>9.0} messages/s, {:.2} of parse", told / alone);
    let raw: Vec<&[u8]> = messages.iter().map(|(_, raw)| raw.as_slice()).collect();
    match deciding::rounds(&raw, seconds) {
        Ok(decided) => {
            let rate = |seconds: f64| decided.messages as f64 / seconds;
            let on_cases = 100 * decided.cases / decided.messages;
            let unrecorded = rate(decided.cpu_seconds - decided.recording_seconds);
            println!("decide  {unrecorded:>9.0} messages/s, {:.2} of parse; read and planned", unrecorded / alone);
            let recorded = rate(decided.cpu_seconds);
            println!(
                "record  {recorded:>9.0} messages/s, {:.2} of parse; all of it, {on_cases} % on cases",
                recorded / alone
            );
        }
        Err(error) => println!("decide  failed: {error}"),
    }
    for (time, path) in slowest(&messages) {
        println!("{:>9.1} ms  {}", time.as_secs_f64() * 1e3, path.display());
    }
}

fn rate(messages: &[(PathBuf, Vec<u8>)], seconds: f64, work: impl Fn(&[u8])) -> f64 {
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed().as_secs_f64() < seconds {
        messages.iter().for_each(|(_, raw)| work(raw));
        count += messages.len();
    }
    count as f64 / start.elapsed().as_secs_f64()
}

fn slowest(messages: &[(PathBuf, Vec<u8>)]) -> Vec<(Duration, &Path)> {
    let mut times: Vec<(Duration, &Path)> = Vec::new();
    for (path, raw) in messages {
        let start = Instant::now();
        drop(black_box(postcase::message::read_without_language(raw)));
        times.push((start.elapsed(), path));
    }
    times.sort_by(|a, b| b.cmp(a));
    times.truncate(SLOWEST);
    times
}

/// The corpus: `$POSTCASE_CORPUS`, else beside the repository.
fn messages() -> Vec<(PathBuf, Vec<u8>)> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let corpus = std::env::var_os("POSTCASE_CORPUS").map_or_else(beside, PathBuf::from);
    let mut found = Vec::new();
    for purpose in PURPOSES {
        add(&corpus.join(purpose), &mut found);
    }
    found.sort();
    found
}

fn add(folder: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            add(&path, found);
            continue;
        }
        let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or("");
        let head = match kind {
            "eml" | "msg" => "",
            "txt" => HEAD,
            _ => continue,
        };
        if let Ok(raw) = std::fs::read(&path) {
            found.push((path, [head.as_bytes(), &raw].concat()));
        }
    }
}
