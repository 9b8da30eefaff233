//! kill -9 under load, in a store that has many cases: what got its 250 is there exactly once, with a case of its own, and a
//! new process listens soon.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use ::postcase::base::{Chance, Clock};
use serde_json::json;

use super::client::{Mailbag, RECIPIENT, Until};
use super::load::Load;
use super::postcase::Postcase;
use super::run;
use super::smtp::{self, Connection, Outgoing};

const LOAD: Load = Load { bytes: 4096, connections: 100, single: false };
const SENDERS: usize = 10;
/// A kill comes at random within this.
const LOAD_MAX: Duration = Duration::from_secs(1);
/// From the start of a process until it takes connections.
const START_MAX: Duration = Duration::from_secs(2);

/// Author's Message-ID and our mail id, of each 250.
type Promises = Rc<RefCell<Vec<(String, String)>>>;

pub fn measure(folder: &Path, cases: u64, kills: usize) -> Result<String, String> {
    Postcase::make(folder)?;
    let server = Postcase::start(folder)?;
    let bag = Mailbag::new(LOAD.bytes, Rc::default());
    bag.load(server.smtp, LOAD, Until::Messages(cases))?;
    server.settle(cases)?;
    drop(server);

    let since = Clock::system().now();
    let promises = Promises::default();
    let (mut starts, mut firsts) = (Vec::new(), Vec::new());
    for kill in 0..kills {
        let begun = Instant::now();
        let server = Postcase::start(folder)?;
        starts.push(begun.elapsed());
        let before = promises.borrow().len();
        run(async {
            send(server.smtp, format!("{kill}.first"), 1, promises.clone()).await;
            Ok(())
        })?;
        firsts.push(begun.elapsed());
        if promises.borrow().len() == before {
            return Err(format!("no mail was taken after kill {kill}"));
        }
        run(kill_under_load(server, kill, &promises))?;
    }
    let server = Postcase::start(folder)?;
    server.settle(cases)?;
    let kept = check(&server, &since.to_string(), &promises.borrow())?;
    starts.sort_unstable();
    firsts.sort_unstable();
    let longest = super::quantile(&starts, 1.0);
    let promised = promises.borrow().len();
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

/// Sends over several connections; the server is killed, by being dropped, while they do.
async fn kill_under_load(server: Postcase, kill: usize, promises: &Promises) -> Result<(), String> {
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            tokio::task::spawn_local(send(server.smtp, format!("{kill}.{sender}"), usize::MAX, promises.clone()))
        })
        .collect();
    Clock::system().sleep(LOAD_MAX.mul_f64(Chance::system().fraction())).await;
    drop(server);
    for sender in senders {
        sender.await.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Sends so many messages, or until the connection breaks, and keeps what was promised.
async fn send(server: SocketAddr, name: String, count: usize, promises: Promises) {
    let Ok(mut connection) = Connection::open(server, None).await else { return };
    if connection.reply().await.is_err() || connection.command("EHLO client.example").await.is_err() {
        return;
    }
    for n in 0..count {
        let message_id = format!("<{name}.{n}@customer.example>");
        let text = "All work and no play makes a dull message.\r\n".repeat(1 + n % 100);
        let message = format!(
            "From: Anna <anna@customer.example>\r\nTo: {RECIPIENT}\r\nSubject: {name} {n}\r\n\
             Message-ID: {message_id}\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\n\r\n{text}"
        );
        let mail = Outgoing {
            from: "anna@customer.example".into(),
            to: vec![RECIPIENT.into()],
            message: message.into_bytes(),
            ..Outgoing::default()
        };
        let Ok(reply) = smtp::transaction(&mut connection, &mail).await else { return };
        if let Some(id) = reply[0].strip_prefix("250 2.0.0 ") {
            promises.borrow_mut().push((message_id, id.split(' ').next().unwrap_or(id).to_owned()));
        }
    }
}

/// All that came since then is there once and opened a case of its own, all promises among it; how many these are.
fn check(server: &Postcase, since: &str, promises: &[(String, String)]) -> Result<usize, String> {
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
