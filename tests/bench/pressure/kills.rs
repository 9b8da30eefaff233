//! kill -9 under load, in a store that has many cases: what got its 250 is there exactly once, with a case of its own, and a
//! new process listens soon.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use ::postcase::base::{Chance, Clock};
use serde_json::json;
use tokio::task::JoinSet;

use super::client::{Mailbag, RECIPIENT, Until};
use super::load::Load;
use super::postcase::Postcase;
use super::promises::{self, Promise};
use super::run;

const LOAD: Load = Load { bytes: 4096, connections: 100, single: false };
const SENDERS: usize = 10;
/// A kill comes at random within this.
const LOAD_MAX: Duration = Duration::from_secs(1);
/// From the start of a process until it takes connections.
const START_MAX: Duration = Duration::from_secs(2);

/// Of each message.
const LINES_MAX: usize = 100;

pub fn measure(folder: &Path, cases: u64, kills: usize) -> Result<String, String> {
    Postcase::make(folder)?;
    let server = Postcase::start(folder)?;
    let bag = Mailbag::new(LOAD.bytes, Rc::default());
    bag.load(server.smtp, LOAD, Until::Messages(cases))?;
    server.settle(cases)?;
    drop(server);

    let since = Clock::system().now();
    let (mut promises, mut starts, mut firsts) = (Vec::new(), Vec::new(), Vec::new());
    for kill in 0..kills {
        let begun = Instant::now();
        let server = Postcase::start(folder)?;
        starts.push(begun.elapsed());
        let first =
            run(async { Ok(promises::collect(server.smtp, RECIPIENT, &format!("{kill}.first"), 1, LINES_MAX).await) })?;
        firsts.push(begun.elapsed());
        if first.is_empty() {
            return Err(format!("no mail was taken after kill {kill}"));
        }
        promises.extend(first);
        promises.extend(run(kill_under_load(server, kill))?);
    }
    let server = Postcase::start(folder)?;
    server.settle(cases)?;
    let kept = check(&server, &since.to_string(), &promises)?;
    starts.sort_unstable();
    firsts.sort_unstable();
    let longest = super::quantile(&starts, 1.0);
    let promised = promises.len();
    let said = format!(
        "{kills} kills under load in a store of at least {cases} cases: {promised} messages had their 250; all of them are \
         there once and in a case of their own, as are {} whose sender was cut off before. A new process listens after \
         {:.0?} (p50), {longest:.0?} (longest; asked {START_MAX:.0?}), and its first 250 comes after {:.0?}, {:.0?}",
        kept - promised,
        super::quantile(&starts, 0.5),
        super::quantile(&firsts, 0.5),
        super::quantile(&firsts, 1.0),
    );
    if longest <= START_MAX { Ok(said) } else { Err(said) }
}

/// Sends over several connections; the server is killed, by being dropped, while they do. What was promised.
async fn kill_under_load(server: Postcase, kill: usize) -> Result<Vec<Promise>, String> {
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        let smtp = server.smtp;
        senders.spawn_local(async move {
            promises::collect(smtp, RECIPIENT, &format!("{kill}.{sender}"), usize::MAX, LINES_MAX).await
        });
    }
    Clock::system().sleep(LOAD_MAX.mul_f64(Chance::system().fraction())).await;
    drop(server);
    Ok(senders.join_all().await.into_iter().flatten().collect())
}

/// All that came since then is there once and opened a case of its own, all promises among it; how many these are.
fn check(server: &Postcase, since: &str, promises: &[Promise]) -> Result<usize, String> {
    let listed = server.ask(&json!({ "command": "message-list", "limit": u32::MAX, "since": since }))?;
    let (mut ids, mut cases) = (HashMap::new(), HashSet::new());
    for message in listed.as_array().ok_or("a list is an array")? {
        let word = |name: &str| message[name].as_str().ok_or_else(|| format!("{name} is no text in {message}"));
        if let Some(other) = ids.insert(word("message_id")?, word("id")?) {
            return Err(format!("{message} is also there as {other}"));
        }
        let case = message["case"].as_u64().filter(|_| message["disposition"] == "case_opened");
        if !cases.insert(case.ok_or_else(|| format!("no case was opened by {message}"))?) {
            return Err(format!("another message opened the case of {message}"));
        }
    }
    match promises.iter().find(|(message_id, id)| ids.get(message_id.as_str()) != Some(&id.as_str())) {
        Some((message_id, id)) => Err(format!("{message_id} had its 250 as {id}: {:?}", ids.get(message_id.as_str()))),
        None => Ok(ids.len()),
    }
}
