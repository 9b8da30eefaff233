//! What a plugin adds to the decision of one message: the same message, asked about with and without the plugin by turns, with
//! the way to the thread that plugins compute on.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Failure;
use postcase::base::limits::{PLUGIN_CHAIN_TIME_MAX, PLUGIN_MEMORY_MIB_MAX};
use postcase::base::{MailId, Time};
use postcase::case::{Brief, Draft, Stage};
use postcase::intake::{Advisers, Asking, States, saved_fields};
use postcase::plugin::{Active, Catalogue, settings};
use postcase::{message, rules};

const ROUNDS: usize = 5000;

pub fn measure(file: &Path) -> Result<String, Failure> {
    let component = std::fs::read(file)?;
    let hash = blake3::hash(&component).to_hex().to_string();
    let catalogue = Catalogue::new(PathBuf::new());
    let begun = Instant::now();
    let ready = catalogue.candidate(&hash, &component, PLUGIN_MEMORY_MIB_MAX)?;
    let compiled = begun.elapsed();
    let described = percentiles((0..100).map(|_| ready.guest.describe().took).collect());
    let settings = settings(&ready.description, &settings_given())?;
    let without = Advisers::rules(rules::Rules::default());
    let candidate = Active { name: "candidate".into(), hash, is_general: true, settings, ready: Arc::new(ready) };
    let with = without.with(vec![candidate])?;
    let raw = raw();
    let brief = Brief::of(message::read(&raw), saved_fields(&raw), None, None);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build()?;
    let (mut alone, mut asked) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        alone.push(runtime.block_on(time(&without, &brief, 0))?);
        asked.push(runtime.block_on(time(&with, &brief, 2))?);
    }
    let (alone, asked) = (percentiles(alone), percentiles(asked));
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    Ok(format!(
        "{name}: {} KiB, compiled in {compiled:.1?}; p50, p99:\n  describe {:?}, {:?}\n  a message without it {:?}, {:?}; \
         with it {:?}, {:?}",
        component.len() / 1024,
        described.0,
        described.1,
        alone.0,
        alone.1,
        asked.0,
        asked.1
    ))
}

/// Of one message, about which so much must be said.
async fn time(advisers: &Advisers, brief: &Brief, advice: usize) -> Result<Duration, Failure> {
    let id: MailId = "691f6a2c-1-2a".parse()?;
    let asking = Asking {
        stages: &Stage::OPENING,
        brief: brief.clone(),
        draft: Draft::default(),
        seed: id.to_key().to_vec(),
        at: Time::UNIX_EPOCH,
        states: States::default(),
        patience: PLUGIN_CHAIN_TIME_MAX,
    };
    let begun = Instant::now();
    let heard = advisers.ask(id, asking).await;
    let took = begun.elapsed();
    match heard.advice.len() == advice {
        true => Ok(took),
        false => Err(format!("expected {advice} pieces of advice, got {:?}, {:?}", heard.advice, heard.failed).into()),
    }
}

fn settings_given() -> std::collections::BTreeMap<String, String> {
    [("domains", "a.example, .customer.example"), ("unproven", "yes")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

fn percentiles(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort();
    (times[times.len() / 2], times[times.len() * 99 / 100])
}

/// Thirty fields and 2 KiB of text.
fn raw() -> Vec<u8> {
    let head = "From: Anna <anna@mail.customer.example>\r\nTo: support@example.com\r\nSubject: Invoice 7\r\n\
                Message-ID: <1@customer.example>\r\nContent-Type: text/plain; charset=utf-8\r\n";
    let fields: String = (0..25).map(|n| format!("X-Field-{n}: what a system says about it\r\n")).collect();
    let line = "The device with number 9 doesn't start any more since the day before yesterday, what now?\r\n";
    format!("{head}{fields}\r\n{}", line.repeat(20)).into_bytes()
}
