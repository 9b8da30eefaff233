//! What 1,000 rules add to the decision of one message, on one core: the message read again, its brief, and all rules; and
//! how long a replay of 10,000 stored messages takes with 100 rules in force and as many in the candidate.
//! `cargo bench --bench rules [RULES]`.

#![allow(clippy::print_stdout, reason = "a benchmark's result is what it prints")]

#[allow(dead_code, reason = "other benchmarks ask for more")]
mod deciding;
#[allow(dead_code, reason = "other benchmarks ask for more")]
mod machine;

use std::fmt::Write;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use postcase::base::Clock;
use postcase::case::{Brief, Draft};
use postcase::desk::{Command, Desk, Outcome};
use postcase::intake::saved_fields;
use postcase::rules::{Book, MAIN_WORKSTREAM, Rules};
use postcase::store::{Floor, SimulatedMedium};
use postcase::{config, message};

const ROUNDS: usize = 1000;
const REPLAYED: usize = 10_000;

fn main() {
    let count = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(1000);
    let rules = config::rules::read(Path::new("rules.toml"), &written(count)).expect("the rules are well written");
    let raw = raw(7);
    let with: Vec<[Duration; 2]> = (0..ROUNDS).map(|round| time(&rules, &raw, round)).collect();
    let without: Vec<[Duration; 2]> = (0..ROUNDS).map(|round| time(&Rules::default(), &raw, round)).collect();
    println!("{count} rules over a message of {} KiB:", raw.len() / 1024);
    shown("all rules", with.iter().map(|[_, rules]| *rules));
    shown("read, told and all rules", with.iter().map(|[read, rules]| *read + *rules));
    shown("the same without rules", without.iter().map(|[read, rules]| *read + *rules));
    match replay(100) {
        Ok((messages, took, changed)) => println!("replay of {messages} messages: {took:?}, {changed} change"),
        Err(error) => println!("replay failed: {error}"),
    }
}

fn shown(what: &str, times: impl Iterator<Item = Duration>) {
    let mut times: Vec<Duration> = times.collect();
    times.sort();
    println!("{what}: p50 {:?}, p99 {:?}, most {:?}", times[ROUNDS / 2], times[ROUNDS * 99 / 100], times[ROUNDS - 1]);
}

/// As intake asks them: until the brief is there, and the rules.
fn time(rules: &Rules, raw: &[u8], round: usize) -> [Duration; 2] {
    let start = Instant::now();
    let brief = Brief::of(message::read(raw), saved_fields(raw), None, None);
    let read = start.elapsed();
    let mut draft = Draft { workstream: MAIN_WORKSTREAM.into(), ..Draft::default() };
    black_box(rules.advise_all(&brief, &mut draft, &round.to_le_bytes(), |_| ()));
    [read, start.elapsed() - read]
}

/// How long it takes over messages in a store in memory, and how many change.
fn replay(count: usize) -> Result<(u64, Duration, usize), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("rules.toml");
    std::fs::write(&file, written(count))?;
    let book = Book::open(file, Box::new(config::rules::reader), Rules::default(), Clock::system().now());
    let messages: Vec<Vec<u8>> = (0..REPLAYED).map(raw).collect();
    let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (site, _) = runtime.block_on(deciding::stored(&messages, book))?;
    let floor = Floor::new(Arc::new(SimulatedMedium::new()), 0, 0);
    let desk = Desk::new(site, Arc::default(), floor, None);
    let rules =
        written(count) + "[[classify]]\nname = \"tens\"\nwhen = 'subject.endsWith(\"0\")'\npriority = \"high\"\n";
    let (file, rules) = (Some("new.toml".into()), Some(rules));
    let command = Command::Replay { file, rules, plugins: Vec::new(), since: None };
    let start = Instant::now();
    let answer = runtime.block_on(desk.do_command(command)).map_err(|refusal| format!("{refusal:?}"))?;
    let took = start.elapsed();
    let Outcome::Json(told) = answer else { return Err("no JSON".into()) };
    Ok((told["messages"].as_u64().unwrap_or(0), took, told["changed"].as_array().map_or(0, Vec::len)))
}

/// Rules of the sorts that people write, in equal parts; some hold.
fn written(count: usize) -> String {
    let mut text = String::new();
    for n in 0..count {
        let when = match n % 5 {
            0 => format!(r#"sender.domain == "customer{n}.example""#),
            1 => format!(r#"subject.contains("order {n}") || subject.contains("bill {n}")"#),
            2 => format!(r#"subject.matches("(?i)\\b(invoice|bill) {n}\\b")"#),
            3 => format!(r#""tag{n}" in case.tags && auth.dmarc == "pass""#),
            _ => format!(r#"text.contains("number {n} ")"#),
        };
        write!(text, "[[classify]]\nname = \"{n}\"\nwhen = '{when}'\ntags = [\"tag{n}\"]\n").ok();
    }
    text
}

fn raw(number: usize) -> Vec<u8> {
    let head = format!(
        "From: Anna <anna{number}@customer5.example>\r\nTo: support@example.com\r\nSubject: Bill 17, invoice {number}\r\n\
         Message-ID: <{number}@customer5.example>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    );
    let line = "The device with number 9 doesn't start any more since the day before yesterday, what now?\r\n";
    (head + &line.repeat(20)).into_bytes()
}
