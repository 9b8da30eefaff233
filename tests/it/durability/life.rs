//! One life of a server on a disk that may fail, and the work that a client and an agent do in it.
//!
//! Nobody gives up: what fails is noted, and the next thing is tried, as peers do.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use postcase::base::{Chance, Clock, Mailbox, Time};
use postcase::config::{self, Settings};
use postcase::desk::command::{AddressSettings, Answers, CaseFilter, ReplyRequest};
use postcase::desk::{Command, Outcome, Refusal};
use postcase::net::internet::Tcp;
use postcase::server::{self, Running, World};
use postcase::store::SimulatedMedium;
use serde_json::Value;
use tempfile::TempDir;

use crate::internet::{Internet, Zone};
use crate::smtp::{self, Connection, Outgoing};

pub const ADDRESS: &str = "support@company.example";
pub const CUSTOMER_HOST: &str = "mx.customer.example";
const ZONE: &str = "customer.example MX 10 mx.customer.example\nmx.customer.example A 127.0.0.11\n\
                    company.example MX 10 mail.example.net\nmail.example.net A 127.0.0.1\n";
const NOW: &str = "2026-11-20T10:00:00Z";

/// What stays when a server ends: the settings, the clock, the peers.
pub struct Place {
    settings: Settings,
    clock: Clock,
    chance: Chance,
    pub internet: Internet,
    /// Where the local sockets lie, one folder for each life: a dying server lets go of its own when it gets round to it.
    folder: TempDir,
    lives: AtomicUsize,
}

/// What somebody outside was told, or has.
#[derive(Debug, Default)]
pub struct Told {
    /// Transactions that reached the final dot, by Message-ID.
    pub sent: BTreeMap<String, usize>,
    /// Message-ID and mail id of each 250.
    pub accepted: Vec<(String, String)>,
    /// Spool id and Message-ID of each reply that the agent was told of.
    pub replies: Vec<(String, String)>,
}

impl Place {
    pub async fn new() -> Result<Self, String> {
        let mut zone = Zone::default();
        zone.add(ZONE)?;
        let internet = Internet::start(zone).await?;
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let file = folder.path().join("postcase.toml");
        let text = format!(
            "hostname = \"mail.example.net\"\nservice_domain = \"in.example.net\"\ndata_dir = {:?}\n\
             [smtp]\nlisten = [\"127.0.0.1:0\"]\n[http]\nlisten = \"\"\n\
             [outbound]\nport = {}\nprivate_networks = \"allow\"\n[dns]\nservers = [\"{}\"]\n",
            folder.path().display().to_string(),
            internet.port,
            internet.dns
        );
        std::fs::write(&file, text).map_err(|error| error.to_string())?;
        let settings = config::load(Some(&file)).map_err(|error| error.to_string())?;
        let now: Time = NOW.parse().map_err(|_| "NOW is a time")?;
        let (clock, chance, lives) = (Clock::manual(now), Chance::seeded(1), AtomicUsize::new(0));
        Ok(Self { settings, clock, chance, internet, folder, lives })
    }

    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// Of this place alone.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// Starts a server; an error when the disk keeps it from starting.
    pub async fn start(&self, medium: &SimulatedMedium) -> Result<Running, String> {
        let life = self.lives.fetch_add(1, Ordering::Relaxed).to_string();
        let mut settings = self.settings.clone();
        settings.data_dir = self.folder.path().join(life);
        std::fs::create_dir(&settings.data_dir).map_err(|error| error.to_string())?;
        let world = World {
            settings,
            clock: self.clock.clone(),
            chance: self.chance.clone(),
            medium: Arc::new(medium.clone()),
            internet: Arc::new(Tcp),
        };
        let running = server::start(world).await.map_err(|error| error.to_string())?;
        self.internet.lead_home(running.smtp()[0]);
        Ok(running)
    }

    /// How often the customer's host has got the reply with this Message-ID.
    pub fn delivered(&self, message_id: &str) -> usize {
        let count = |mails: &std::collections::VecDeque<crate::internet::Mail>| {
            mails.iter().filter(|mail| String::from_utf8_lossy(&mail.raw).contains(message_id)).count()
        };
        self.internet.host(CUSTOMER_HOST, |state| count(&state.inbox)).expect("the zone has it")
    }
}

/// All the work: an address is added, mail comes, some of it twice at once, a case is answered, and the answer is answered.
pub async fn work(running: &Running, told: &mut Told) {
    add_address(running).await;
    send(running, told, "first", None).await;
    settle(running).await;
    let mut others = [Told::default(), Told::default(), Told::default()];
    let [one, two, three] = &mut others;
    tokio::join!(
        send(running, one, "second", None),
        send(running, two, "first", None),
        send(running, three, "third", Some("<first@customer.example>")),
    );
    others.into_iter().for_each(|other| told.add(other));
    settle(running).await;
    let answer = reply(running, told).await;
    settle(running).await;
    send(running, told, "fourth", answer.as_deref()).await;
    settle(running).await;
}

/// Adds the address and lets its probe come back.
pub async fn add_address(running: &Running) {
    let address: Mailbox = ADDRESS.parse().expect("an address");
    let settings = AddressSettings { mode: Some(postcase::address::Mode::Direct), ..AddressSettings::default() };
    // Without the address all that follows is refused, which is a case, too.
    let _ = json(running, Command::AddressAdd { address, settings: settings.into() }).await;
    settle(running).await;
}

impl Told {
    pub fn add(&mut self, other: Self) {
        other.sent.into_iter().for_each(|(id, times)| *self.sent.entry(id).or_default() += times);
        self.accepted.extend(other.accepted);
        self.replies.extend(other.replies);
    }
}

/// Sends one mail; true when it got its 250.
pub async fn send(running: &Running, told: &mut Told, name: &str, in_reply_to: Option<&str>) -> bool {
    match try_send(running, told, name, in_reply_to).await {
        Ok(reply) => reply.starts_with("250 "),
        Err(_) => false,
    }
}

/// The reply to the final dot, or of what refused the mail before.
pub async fn try_send(
    running: &Running,
    told: &mut Told,
    name: &str,
    in_reply_to: Option<&str>,
) -> Result<String, String> {
    let message_id = format!("<{name}@customer.example>");
    let refers = in_reply_to.map(|id| format!("In-Reply-To: {id}\r\n")).unwrap_or_default();
    let message = format!(
        "From: Anna <anna@customer.example>\r\nTo: {ADDRESS}\r\nSubject: {name}\r\nMessage-ID: {message_id}\r\n{refers}\
         Date: Fri, 20 Nov 2026 09:59:00 +0000\r\n\r\n{}",
        "This is about the printer.\r\n".repeat(30)
    );
    let mail = Outgoing {
        from: "anna@customer.example".into(),
        to: vec![ADDRESS.into()],
        message: message.into_bytes(),
        ..Outgoing::default()
    };
    let mut connection = Connection::open(running.smtp()[0], None).await?;
    connection.reply().await?;
    connection.command("EHLO client.example").await?;
    *told.sent.entry(message_id.clone()).or_default() += 1;
    let reply = smtp::transaction(&mut connection, &mail).await?;
    if let Some(id) = reply[0].strip_prefix("250 2.0.0 ") {
        told.accepted.push((message_id, id.split(' ').next().unwrap_or(id).to_owned()));
    }
    Ok(reply[0].clone())
}

/// Answers the first mail's case; the reply's Message-ID when the agent was told that it is on its way.
pub async fn reply(running: &Running, told: &mut Told) -> Option<String> {
    let cases = json(running, Command::CaseList(CaseFilter::default())).await.ok()?;
    let number = &cases.as_array()?.iter().find(|case| case["subject"] == "first")?["number"];
    let request = serde_json::json!({ "number": number, "body": "Have you tried to turn it off?" });
    let request: ReplyRequest = serde_json::from_value(request).expect("a request");
    let answer = json(running, Command::CaseReply(request)).await.ok()?;
    let word = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    told.replies.push((word("spool_id"), word("message_id")));
    Some(word("message_id"))
}

/// A command's JSON.
pub async fn json(running: &Running, command: Command) -> Result<Value, Refusal> {
    match running.answer(command).await? {
        Outcome::Json(value) => Ok(value),
        Outcome::Bytes(_) => Err(Refusal::failed("bytes are no JSON")),
    }
}

/// Until nothing moves, or never will because the store has failed.
pub async fn settle(running: &Running) {
    tokio::select! {
        () = running.settle() => {}
        _ = running.failure() => {}
    }
}

/// The reason when the store has failed by now.
pub async fn failed(running: &Running) -> Option<String> {
    tokio::select! {
        biased;
        reason = running.failure() => Some(reason),
        () = std::future::ready(()) => None,
    }
}
