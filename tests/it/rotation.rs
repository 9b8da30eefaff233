//! Service addresses replaced while mail comes over them, on the real binary: nothing is refused or lost as long as they
//! overlap, and one without an overlap is nobody's at once.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use postcase::base::Clock;
use tokio::task::JoinSet;

use crate::child::Home;
use crate::smtp::{self, Outgoing};
use crate::unit::wait;

const ADDRESS: &str = "support@company.example";
const SENDERS: usize = 4;
const ROTATIONS: usize = 5;
/// Between two rotations.
const PAUSE: Duration = Duration::from_millis(100);
const DECIDED: Duration = Duration::from_secs(30);

pub fn trials(ready: bool) -> Vec<Trial> {
    let trial = Trial::test("rotation: service addresses are replaced under load", || wait(rotate()));
    vec![trial.with_ignored_flag(!ready)]
}

/// What the senders know.
#[derive(Debug, Default)]
struct Known {
    /// Where the company forwards to now.
    service: String,
    over: bool,
}

async fn rotate() -> Result<(), Failed> {
    let home = Home::new("refuse")?;
    let server = home.start()?;
    let added = home.json(&["address", "add", ADDRESS])?;
    let service = |shown: &serde_json::Value| shown["service_address"].as_str().unwrap_or_default().to_owned();
    let known = Arc::new(Mutex::new(Known { service: service(&added), over: false }));
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        senders.spawn(send(server.smtp, sender, Arc::clone(&known)));
    }
    for _ in 0..ROTATIONS {
        Clock::system().sleep(PAUSE).await;
        let rotated = home.json(&["address", "rotate", ADDRESS, "--overlap", "1h"])?;
        Clock::system().sleep(PAUSE).await;
        // The forward is changed later than the address.
        known.lock().expect("no holder panics").service = service(&rotated);
    }
    Clock::system().sleep(PAUSE).await;
    known.lock().expect("no holder panics").over = true;
    let mut promised = Vec::new();
    while let Some(sent) = senders.join_next().await {
        promised.extend(sent.map_err(|error| error.to_string())??);
    }
    if promised.len() < ROTATIONS * SENDERS {
        return Err(format!("only {} messages were sent, which shows nothing", promised.len()).into());
    }

    let last = known.lock().expect("no holder panics").service.clone();
    home.json(&["address", "rotate", ADDRESS, "--overlap", "0s"])?;
    let reply = smtp::send(server.smtp, &mail("late", &last)).await?;
    if reply != ["550 5.1.1 there is no such mailbox here"] {
        return Err(format!("a retired address is answered {reply:?}").into());
    }
    everything_is_a_case(&home, &promised).await
}

fn mail(name: &str, to: &str) -> Outgoing {
    let message = format!(
        "From: Anna <anna@customer.example>\r\nTo: {ADDRESS}\r\nSubject: {name}\r\nMessage-ID: <{name}@customer.example>\r\n\
         Date: Fri, 20 Nov 2026 10:00:00 +0000\r\n\r\nHello\r\n"
    );
    Outgoing {
        helo: "mail.company.example".into(),
        from: "anna@customer.example".into(),
        to: vec![to.into()],
        message: message.into_bytes(),
    }
}

/// Sends until it is over; the Message-IDs that were taken. An answer other than 250 is an error.
async fn send(server: SocketAddr, sender: usize, known: Arc<Mutex<Known>>) -> Result<Vec<String>, String> {
    let mut promised = Vec::new();
    for n in 0.. {
        let to = match &*known.lock().expect("no holder panics") {
            Known { over: true, .. } => break,
            Known { service, .. } => service.clone(),
        };
        let name = format!("{sender}.{n}");
        let reply = smtp::send(server, &mail(&name, &to)).await?;
        if !reply[0].starts_with("250 ") {
            return Err(format!("{name} to {to} is answered {reply:?}"));
        }
        promised.push(format!("<{name}@customer.example>"));
    }
    Ok(promised)
}

async fn everything_is_a_case(home: &Home, promised: &[String]) -> Result<(), Failed> {
    let mut left = DECIDED;
    loop {
        let list = home.json(&["message", "list", "--all", "--address", ADDRESS])?;
        let listed: BTreeMap<&str, &str> = list
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|row| Some((row["message_id"].as_str()?, row["disposition"].as_str()?)))
            .collect();
        let missing = promised.iter().find(|id| listed.get(id.as_str()) != Some(&"case_opened"));
        match missing {
            None => return Ok(()),
            Some(id) if left.is_zero() => {
                return Err(format!("{id} had its 250 and is {:?}", listed.get(id.as_str())).into());
            }
            Some(_) => Clock::system().sleep(PAUSE).await,
        }
        left = left.saturating_sub(PAUSE);
    }
}
