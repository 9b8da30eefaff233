//! 250 means durable, shown on the real binary: it is killed at random moments under load, and every message that got its
//! 250 is there exactly once, with exactly one disposition and a case of its own.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use postcase::base::{Chance, Clock};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::child::Home;
use crate::promises::{self, Promise};
use crate::unit::wait;

const ROUNDS: usize = 10;
const CONNECTIONS: usize = 6;
/// After this no new round begins, so that a slow machine still ends in time.
const ROUNDS_TIME_MAX: Duration = Duration::from_secs(45);
/// A kill comes at random within this.
const LOAD_MAX: Duration = Duration::from_millis(400);
/// Within this at least one more message must have been decided.
const PROGRESS: Duration = Duration::from_secs(20);
const ADDRESS: &str = "support@company.example";

/// Of each message.
const LINES_MAX: usize = 40;

pub fn trials(ready: bool) -> Vec<Trial> {
    let trial = Trial::test("kill: what got its 250 survives a kill exactly once", || wait(rounds()));
    vec![trial.with_ignored_flag(!ready)]
}

async fn rounds() -> Result<(), Failed> {
    let home = Home::new("refuse")?;
    let mut promises: Vec<Promise> = Vec::new();
    let begun = Instant::now();
    for round in 0..ROUNDS {
        if begun.elapsed() > ROUNDS_TIME_MAX {
            break;
        }
        let server = home.start()?;
        if round == 0 {
            home.json(&["address", "add", ADDRESS, "--mode", "direct"])?;
        } else {
            listed_once(&home, &promises)?;
        }
        let smtp = server.smtp;
        let mut senders = JoinSet::new();
        for sender in 0..CONNECTIONS {
            senders.spawn(async move {
                promises::collect(smtp, ADDRESS, &format!("{round}.{sender}"), usize::MAX, LINES_MAX).await
            });
        }
        Clock::system().sleep(LOAD_MAX.mul_f64(Chance::system().fraction())).await;
        server.kill()?;
        let kept = senders.join_all().await;
        promises.extend(kept.into_iter().flatten());
    }
    if promises.is_empty() {
        return Err(format!("no message got a 250, so nothing was shown; it said:\n{}", home.said()).into());
    }
    let mut server = home.start()?;
    decided(&home).await?;
    server.still_runs()?;
    let messages = listed_once(&home, &promises)?;
    cases_are_their_own(&messages)
}

/// Every promised message is listed once, under its id; and no message twice.
fn listed_once(home: &Home, promises: &[Promise]) -> Result<Vec<Value>, Failed> {
    let list = home.json(&["message", "list", "--all"])?;
    let messages = list.as_array().ok_or("a list is an array")?;
    let mut listed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for message in messages {
        let word = |name: &str| message[name].as_str().ok_or_else(|| format!("{name} is no text in {message}"));
        listed.entry(word("message_id")?).or_default().push(word("id")?);
    }
    let twice = listed.iter().find(|(_, ids)| ids.len() > 1);
    if let Some((message_id, ids)) = twice {
        return Err(format!("{message_id} was sent once and is there as {ids:?}").into());
    }
    let wrong = promises.iter().find(|(message_id, id)| listed.get(message_id.as_str()) != Some(&vec![id.as_str()]));
    match wrong {
        Some((message_id, id)) => {
            let found = listed.get(message_id.as_str());
            Err(format!("{message_id} got 250 with the id {id} and is listed as {found:?}:\n{}", home.said()).into())
        }
        None => Ok(messages.clone()),
    }
}

/// Waits until no message waits in the inbox.
pub async fn decided(home: &Home) -> Result<(), Failed> {
    let (mut fewest, mut since) = (usize::MAX, Instant::now());
    loop {
        let list = home.json(&["message", "list", "--all"])?;
        let waiting =
            list.as_array().ok_or("a list is an array")?.iter().filter(|m| m["disposition"].is_null()).count();
        if waiting == 0 {
            return Ok(());
        }
        if waiting < fewest {
            (fewest, since) = (waiting, Instant::now());
        }
        if since.elapsed() > PROGRESS {
            return Err(format!("{waiting} messages are still undecided:\n{}", home.said()).into());
        }
        Clock::system().sleep(Duration::from_millis(100)).await;
    }
}

/// Each message has opened one case, and no case has two of them.
fn cases_are_their_own(messages: &[Value]) -> Result<(), Failed> {
    let mut cases = BTreeMap::new();
    for message in messages {
        let deliveries = message["deliveries"].as_array().map_or(0, Vec::len);
        let case = message["case"].as_u64().filter(|_| message["disposition"] == "case_opened" && deliveries == 1);
        let case = case.ok_or_else(|| format!("not one case opened by {message}"))?;
        if let Some(other) = cases.insert(case, message["id"].clone()) {
            return Err(format!("case {case} was opened by {other} and by {}", message["id"]).into());
        }
    }
    Ok(())
}
