//! What 1,000 rules add to the decision of one message, on one core: the message read again, its brief, and all rules.
//! `cargo bench --bench rules [RULES]`.

#![allow(clippy::print_stdout, reason = "a benchmark's result is what it prints")]

use std::fmt::Write;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use postcase::case::{Brief, Draft, Stage};
use postcase::intake::saved_fields;
use postcase::rules::{MAIN_WORKSTREAM, Rules, Subject};
use postcase::{config, message};

const ROUNDS: usize = 1000;

fn main() {
    let count = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(1000);
    let rules = config::rules::read(Path::new("rules.toml"), &written(count)).expect("the rules are well written");
    let raw = raw();
    let mut times: Vec<Duration> = (0..ROUNDS).map(|round| time(&rules, &raw, round)).collect();
    times.sort();
    let alone = time(&Rules::default(), &raw, 0);
    let (p50, p99) = (times[ROUNDS / 2], times[ROUNDS * 99 / 100]);
    println!(
        "{count} rules over a message of {} KiB: p50 {p50:?}, p99 {p99:?}; without rules {alone:?}",
        raw.len() / 1024
    );
}

/// As intake asks them.
fn time(rules: &Rules, raw: &[u8], round: usize) -> Duration {
    let start = Instant::now();
    let brief = Brief::of(message::read(raw), saved_fields(raw), None, None);
    let mut subject = Subject::of(&brief);
    let mut draft = Draft { workstream: MAIN_WORKSTREAM.into(), ..Draft::default() };
    for stage in [Stage::Intake, Stage::Classify, Stage::Route] {
        black_box(rules.advise(stage, &mut subject, &mut draft, &round.to_le_bytes(), |_| ()));
    }
    start.elapsed()
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

fn raw() -> Vec<u8> {
    let head = "From: Anna <anna@customer5.example>\r\nTo: support@example.com\r\nSubject: Invoice 7, bill 17\r\n\
                Message-ID: <1@customer5.example>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n";
    let line = "The device with number 9 doesn't start any more since the day before yesterday, what now?\r\n";
    (head.to_owned() + &line.repeat(20)).into_bytes()
}
