//! The whole server in one process, on a medium in memory and a clock that stands: what must hold when things go wrong
//! inside, where no peer and no command can reach.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::*;
use crate::base::{Chance, Envelope, MailId, Mailbox, Reply, ReversePath, Time};
use crate::config::Settings;
use crate::desk::Outcome;
use crate::desk::command::{AddressSettings, MessageFilter};
use crate::net::zone::Zone;
use crate::smtp::server::Host;
use crate::store::{Batch, JournalKind, Medium, SimulatedMedium, Table, tables};

const SUPPORT: &str = "support@company.example";

struct Place {
    running: Running,
    medium: SimulatedMedium,
    clock: Clock,
    settings: Settings,
    folder: tempfile::TempDir,
}

impl Place {
    /// A server whose mail leaves over `smarthost`, with one address that takes everything directly.
    async fn new(smarthost: Option<SocketAddr>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings { data_dir: folder.path().to_owned(), ..Settings::default() };
        settings.hostname = "mail.example.net".into();
        settings.service_domain = "in.example.net".into();
        settings.smtp.listen = vec!["127.0.0.1:0".parse().unwrap()];
        settings.http.listen = None;
        settings.dns.servers = vec![Zone::parse("").serve().await];
        // Where nothing listens, mail stays in the spool.
        let smarthost = smarthost.unwrap_or_else(|| "127.0.0.1:9".parse().unwrap());
        settings.outbound.smarthost = Some((smarthost.ip().to_string(), smarthost.port()));
        let (medium, clock) = (SimulatedMedium::new(), Clock::manual(Time::from_second(1_800_000_000).unwrap()));
        let running = begin(&settings, &medium, &clock).await;
        let place = Self { running, medium, clock, settings, folder };
        place.add(AddressSettings::default()).await;
        place
    }

    async fn add(&self, settings: AddressSettings) {
        let settings = AddressSettings { mode: Some(crate::address::Mode::Direct), ..settings };
        let address = mailbox(SUPPORT);
        if tables::ADDRESSES.get(&*self.running.site.engine, &address).await.unwrap().is_some() {
            self.run(Command::AddressSet { address, settings: settings.into() }).await;
        } else {
            self.run(Command::AddressAdd { address, settings: settings.into() }).await;
        }
    }

    /// The address is verified, as if its probe had come back.
    async fn verify(&self) {
        let engine = &*self.running.site.engine;
        let kept = tables::ADDRESSES.get(engine, &mailbox(SUPPORT)).await.unwrap().unwrap();
        let code = kept.value.verification.probe.unwrap().code.as_str().to_owned();
        self.run(Command::AddressConfirm { address: mailbox(SUPPORT), code }).await;
    }

    /// After a kill of the process.
    async fn killed(mut self) -> Self {
        // The former local socket is closed some time later.
        self.folder = tempfile::tempdir().unwrap();
        self.settings.data_dir = self.folder.path().to_owned();
        let medium = self.medium.kill();
        self.running.abandon().await;
        let running = begin(&self.settings, &medium, &self.clock).await;
        Self { running, medium, ..self }
    }

    async fn try_run(&self, command: Command) -> Result<Value, String> {
        match self.running.answer(command).await {
            Ok(Outcome::Json(value)) => Ok(value),
            Ok(Outcome::Bytes(bytes)) => Ok(String::from_utf8(bytes).unwrap().into()),
            Err(refusal) => Err(refusal.message),
        }
    }

    async fn run(&self, command: Command) -> Value {
        self.try_run(command).await.unwrap()
    }

    /// Puts a message into the journal, as a session does before it says 250.
    async fn accept(&self, text: &str) -> MailId {
        let site = &self.running.site;
        let envelope = Envelope::local(
            ReversePath::Mailbox(mailbox("anna@customer.example")),
            vec![mailbox(SUPPORT)],
            "ESMTP",
            site.now(),
        );
        let message = Bytes::from(text.replace('\n', "\r\n"));
        let id = site.journal.append(JournalKind::Inbound, &envelope, message).await.unwrap();
        self.running.inbox.accepted(id);
        id
    }

    async fn deliver(&self, text: &str) -> MailId {
        let id = self.accept(text).await;
        self.running.settle().await;
        id
    }

    /// `disposition reason case` of a message.
    async fn became(&self, id: MailId) -> String {
        let shown = self.run(Command::MessageShow { id: id.to_string() }).await;
        let reason = shown["reason"].as_str().unwrap_or("null");
        format!("{} {reason} {}", shown["disposition"].as_str().unwrap_or("null"), shown["case"])
    }

    async fn case(&self, number: u64) -> Value {
        self.run(Command::CaseShow { number }).await
    }

    /// Answers a case; the rest of the request as JSON.
    async fn reply(&self, number: u64, more: Value) -> Result<Value, String> {
        let mut request = json!({"number": number, "body": "Coming"});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.try_run(Command::CaseReply(serde_json::from_value(request).unwrap())).await
    }

    /// The kinds of a case's events.
    async fn events(&self, number: u64) -> Vec<String> {
        let case = self.case(number).await;
        case["events"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
    }

    /// Spoils the last bytes of the newest journal segment.
    fn spoil_last_entry(&self) {
        let names = self.medium.list().unwrap();
        let newest = names.into_iter().filter(|name| name.starts_with("journal")).max().unwrap();
        let file = self.medium.open(&newest).unwrap();
        let mut bytes = vec![0; usize::try_from(file.len().unwrap()).unwrap()];
        file.read_at(0, &mut bytes).unwrap();
        // Behind it there may be room for the next one.
        let end = bytes.iter().rposition(|&byte| byte != 0).unwrap();
        file.write_at(end as u64 - 8, b"spoiled!").unwrap();
    }
}

async fn begin(settings: &Settings, medium: &SimulatedMedium, clock: &Clock) -> Running {
    let world = World {
        settings: settings.clone(),
        clock: clock.clone(),
        chance: Chance::seeded(1),
        medium: Arc::new(medium.clone()),
        internet: Arc::new(crate::net::internet::Tcp),
    };
    start(world).await.unwrap()
}

fn mailbox(text: &str) -> Mailbox {
    text.parse().unwrap()
}

fn mail(from: &str, id: &str, more: &str, text: &str) -> String {
    format!("From: {from}\nTo: {SUPPORT}\nSubject: Fire\nMessage-ID: {id}\n{more}\n{text}\n")
}

/// A mail host that keeps what it is sent.
#[derive(Default)]
struct Peer {
    taken: Mutex<Vec<(Vec<Mailbox>, Bytes)>>,
}

impl Host for Peer {
    fn recipient<'a>(
        &'a self,
        _from: &'a ReversePath,
        _recipient: &'a Mailbox,
    ) -> smtp::server::host::Answer<'a, Result<(), Reply>> {
        Box::pin(async { Ok(()) })
    }

    fn take<'a>(&'a self, envelope: Envelope, message: Bytes) -> smtp::server::host::Answer<'a, Result<Reply, Reply>> {
        self.taken.lock().unwrap().push((envelope.to, message));
        Box::pin(async { Ok(Reply::success(50, 0, 0, "taken")) })
    }
}

impl Peer {
    /// How many messages one recipient was sent.
    fn copies(&self, recipient: &str) -> usize {
        self.taken.lock().unwrap().iter().filter(|(to, _)| to.contains(&mailbox(recipient))).count()
    }
}

async fn peer() -> (Arc<Peer>, SocketAddr, Stop) {
    let listener = crate::net::listen::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let (at, stop) = (listener.local_addr().unwrap(), Stop::new());
    let peer = Arc::new(Peer::default());
    let settings = smtp::server::Settings::default();
    let shared = smtp::server::Shared::new(peer.clone(), settings, None, Clock::system(), stop.clone());
    tokio::spawn(smtp::server::serve(vec![(Protocol::Smtp, listener.into())], shared));
    (peer, at, stop)
}

/// Waits for what other tasks do.
async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !done().await {
            Clock::system().sleep(Duration::from_millis(5)).await;
        }
    };
    Clock::system().within(Duration::from_secs(120), waiting).await.unwrap_or_else(|_| panic!("{what} never came"));
}

#[tokio::test]
async fn a_recipient_under_two_spellings_gets_one_copy() {
    let (peer, at, _stop) = peer().await;
    let place = Place::new(Some(at)).await;
    place.verify().await;
    place.deliver(&mail("anna@customer.example", "<a@customer.example>", "", "Help")).await;
    let to = ["anna@customer.example", "ANNA@customer.example"];
    place.reply(1, json!({"to": to, "cc": ["\"anna\"@customer.example"]})).await.unwrap();
    for _ in 0..3 {
        place.running.settle().await;
        place.clock.advance(Duration::from_secs(3600));
    }
    place.running.settle().await;
    assert_eq!(peer.copies("anna@customer.example"), 1);
}

#[tokio::test]
async fn what_one_domain_took_is_recorded_while_the_next_one_is_still_silent() {
    let (peer, at, _stop) = peer().await;
    // The second domain's host says nothing.
    let silent = tokio::net::TcpListener::bind((std::net::Ipv4Addr::new(127, 0, 0, 2), at.port())).await.unwrap();
    let mut place = Place::new(None).await;
    place.settings.outbound.smarthost = None;
    place.settings.outbound.port = at.port();
    place.settings.outbound.private_networks = outbound::PrivateNetworks::Allow;
    place.verify().await;
    let mut place = place.killed().await;
    place.deliver(&mail("anna@[127.0.0.1]", "<a@customer.example>", "", "Help")).await;
    place.reply(1, json!({"cc": ["ben@[127.0.0.2]"]})).await.unwrap();
    until("the first outcome", async || place.events(1).await.contains(&"reply_delivered".to_owned())).await;
    let spool = place.run(Command::SpoolList { limit: None }).await;
    let reply = spool.as_array().unwrap().iter().find(|item| item["for"] == json!({"case": 1})).unwrap();
    assert_eq!(reply["recipients"][1]["state"], "pending");
    for _ in 0..2 {
        place = place.killed().await;
        place.clock.advance(Duration::from_secs(600));
        until("another attempt", async || silent.accept().await.is_ok()).await;
    }
    assert_eq!(peer.copies("anna@[127.0.0.1]"), 1);
}

#[tokio::test]
async fn a_message_that_cannot_be_read_back_fails_visibly() {
    let place = Place::new(None).await;
    place.verify().await;
    let id = place.deliver(&mail("anna@customer.example", "<a@customer.example>", "", "Help")).await;
    place.reply(1, json!({})).await.unwrap();
    place.running.settle().await;
    assert!(place.events(1).await.contains(&"reply_delayed".to_owned()));
    place.spoil_last_entry();
    place.clock.advance(Duration::from_secs(3600));
    place.running.settle().await;
    let events = place.case(1).await["events"].clone();
    let failed = events.as_array().unwrap().iter().find(|event| event["kind"] == "reply_failed").unwrap();
    assert!(failed["words"].as_str().unwrap().contains("damaged on disk"), "{failed}");
    // And the case can still be shown, with the other message whole.
    let messages = place.case(1).await["messages"].clone();
    assert_eq!((messages[0]["id"].clone(), messages[0]["text"].clone()), (json!(id), json!("Help")));
    assert!(messages[1]["unread"].as_str().unwrap().contains("damaged"), "{messages}");
}

#[tokio::test]
async fn everything_put_off_is_taken_up_however_much_it_is() {
    let place = Place::new(None).await;
    place.add(AddressSettings { rate_limit: Some(1), ..AddressSettings::default() }).await;
    for n in 0..300 {
        place.accept(&mail("anna@customer.example", &format!("<{n}@customer.example>"), "", "Help")).await;
    }
    place.running.settle().await;
    assert_eq!(place.running.inbox.undecided().len(), 299);
    let last = place.running.inbox.undecided()[0];
    assert!(place.became(last).await.contains("over the daily limit"), "{}", place.became(last).await);
    place.add(AddressSettings { rate_limit: Some(0), ..AddressSettings::default() }).await;
    place.clock.advance(Duration::from_secs(24 * 3600));
    until("the last decision", async || place.running.inbox.undecided().is_empty()).await;
}

#[tokio::test]
async fn what_waits_for_another_day_is_not_suspected_of_the_kills_meanwhile() {
    let mut place = Place::new(None).await;
    place.add(AddressSettings { rate_limit: Some(1), ..AddressSettings::default() }).await;
    place.deliver(&mail("anna@customer.example", "<1@customer.example>", "", "Help")).await;
    let waits = place.deliver(&mail("anna@customer.example", "<2@customer.example>", "", "Help")).await;
    for _ in 0..limits::READ_STARTS_MAX + 1 {
        place = place.killed().await;
        place.running.settle().await;
        assert!(place.became(waits).await.starts_with("null "));
        let engine = place.running.site.engine.clone();
        until("the end of suspicion", async || tables::STARTS.get(&*engine, &waits).await.unwrap().is_none()).await;
    }
    place.clock.advance(Duration::from_secs(24 * 3600));
    let place = place.killed().await;
    place.running.settle().await;
    assert!(place.became(waits).await.starts_with("case_opened "), "{}", place.became(waits).await);
}

#[tokio::test]
async fn what_ends_the_process_each_time_is_decided_from_its_envelope() {
    let place = Place::new(None).await;
    let engine = place.running.site.engine.clone();
    // As if three processes had died over it.
    let id =
        MailId { segment: place.running.site.journal.open_segment(), ..place.accept("From: a@b.example\n\nx").await };
    place.running.settle().await;
    let mut batch = Batch::default();
    tables::MAILS.delete(&mut batch, &id);
    tables::CLAIMS.put(&mut batch, "inbox", &id);
    tables::STARTS.put(&mut batch, &id, &limits::READ_STARTS_MAX);
    engine.commit(batch).await.unwrap();
    let place = place.killed().await;
    place.running.settle().await;
    assert!(place.became(id).await.starts_with("case_opened unreadable "), "{}", place.became(id).await);
    assert!(tables::STARTS.get(&*place.running.site.engine, &id).await.unwrap().is_none());
}

#[tokio::test]
async fn a_part_that_ends_ends_the_server() {
    let place = Place::new(None).await;
    let failure = place.running.failure();
    let mut batch = Batch::default();
    batch.put(Table("due"), [0; 8], "what a newer version might write");
    place.running.site.engine.commit(batch).await.unwrap();
    place.running.site.alarm.ring();
    assert_eq!(failure.await, "sending mail has ended unexpectedly; the log says why");
}

#[tokio::test]
async fn the_same_id_with_another_content_is_seen() {
    let place = Place::new(None).await;
    let send = async |from: &str, text: &str| {
        let id = place.deliver(&mail(from, "<always-the-same@device.example>", "", text)).await;
        place.became(id).await
    };
    assert_eq!(send("device@customer.example", "toner low").await, "case_opened new_conversation 1");
    assert_eq!(send("device@customer.example", "toner low").await, "duplicate received_before 1");
    assert_eq!(send("device@customer.example", "on fire").await, "case_appended other_version 1");
    assert_eq!(send("device@customer.example", "on fire").await, "duplicate received_before 1");
    assert_eq!(send("stranger@elsewhere.example", "on fire").await, "case_opened new_conversation 2");
    let messages = place.case(1).await["messages"].clone();
    assert_eq!(messages.as_array().unwrap().len(), 2);
    // A closed case takes nothing more, and nothing is lost over it.
    let changes = [("status".to_owned(), "closed".to_owned())].into();
    place.run(Command::CaseSet { number: 1, changes, by: None }).await;
    assert_eq!(send("device@customer.example", "on fire").await, "duplicate received_before 1");
    assert_eq!(send("device@customer.example", "burnt down").await, "case_opened case_closed 3");
}

#[tokio::test]
async fn nobody_gets_into_a_case_by_knowing_or_taking_a_message_id() {
    let (_peer, at, _stop) = peer().await;
    let place = Place::new(Some(at)).await;
    place.verify().await;
    let send = async |from: &str, id: &str, more: &str| {
        let id = place.deliver(&mail(from, id, more, "Text")).await;
        place.became(id).await
    };
    assert_eq!(send("anna@customer.example", "<1@customer.example>", "").await, "case_opened new_conversation 1");
    let ours = place.reply(1, json!({})).await.unwrap()["message_id"].as_str().unwrap().to_owned();
    let answers = format!("In-Reply-To: {ours}\n");
    // A stranger names a message of the case, takes its Message-ID, takes ours.
    let refers = "References: <1@customer.example>\n";
    assert_eq!(send("eve@elsewhere.example", "<e1@elsewhere.example>", refers).await, "case_opened no_proof 2");
    let victim = "Cc: anna@customer.example\n";
    assert_eq!(send("eve@elsewhere.example", "<1@customer.example>", victim).await, "case_opened resembles 3");
    assert_eq!(send("eve@elsewhere.example", &ours, victim).await, "case_opened resembles 4");
    // A token with one letter changed.
    let forged = ours.replacen("<1.", "<2.", 1);
    assert_eq!(
        send("eve@elsewhere.example", "<e2@elsewhere.example>", &format!("In-Reply-To: {forged}\n")).await,
        "case_opened resembles 5"
    );
    // The customer's mail still finds the right case, by our id and by her own.
    assert_eq!(send("anna@customer.example", "<2@customer.example>", &answers).await, "case_appended keyed_token 1");
    assert_eq!(send("anna@customer.example", "<3@customer.example>", refers).await, "case_appended known_message_id 1");
    // The right token in the wrong hands is seen for what it is, and gains nothing.
    assert_eq!(send("ben@elsewhere.example", "<b1@elsewhere.example>", &answers).await, "case_appended third_party 1");
    assert_eq!(send("ben@elsewhere.example", "<b2@elsewhere.example>", refers).await, "case_opened no_proof 6");
    // Somebody who writes in our name can't be answered, so nothing can go round.
    assert_eq!(send(SUPPORT, "<s1@elsewhere.example>", "").await, "case_opened from_ourselves 7");
    assert!(
        place.reply(7, json!({})).await.unwrap_err().contains("nobody") || place.reply(7, json!({})).await.is_err()
    );
}

#[tokio::test]
async fn a_hint_is_given_once() {
    let place = Place::new(None).await;
    place.deliver(&mail("anna@customer.example", "<1@customer.example>", "", "Text")).await;
    let other = |n: u32| {
        mail(
            "ben@customer.example",
            &format!("<b{n}@customer.example>"),
            "References: <b0@customer.example> <1@customer.example>\n",
            &format!("{n}"),
        )
    };
    for n in 0..4 {
        place.deliver(&other(n)).await;
    }
    let case = place.case(2).await;
    assert_eq!(case["messages"].as_array().unwrap().len(), 4);
    assert_eq!(case["hints"].as_array().unwrap().len(), 1);
    assert_eq!(place.events(2).await.iter().filter(|kind| *kind == "hint_added").count(), 1);
}

#[tokio::test]
async fn a_crowd_of_recipients_stays_within_bounds() {
    let place = Place::new(None).await;
    let crowd: Vec<String> = (0..10_000).map(|n| format!("p{n}@crowd.example")).collect();
    let more = format!("Cc: {}\n", crowd.join(",\n "));
    let references: Vec<String> = (0..10_000).map(|n| format!("<{n}@crowd.example>")).collect();
    let more = format!("{more}References: {}\n", references.join("\n "));
    let id = place.deliver(&mail("eve@elsewhere.example", "<1@elsewhere.example>", &more, "Text")).await;
    assert!(place.became(id).await.starts_with("case_opened"));
    let case = place.case(1).await;
    assert!(case["participants"].as_array().unwrap().len() <= crate::case::PARTICIPANTS_MAX);
    let added = case["events"].as_array().unwrap().iter().find(|event| event["kind"] == "message_added").unwrap();
    assert!(added["participants"].as_array().unwrap().len() <= crate::case::PARTICIPANTS_MAX);
}

#[tokio::test]
async fn an_address_registered_again_has_nothing_of_the_former_one() {
    let place = Place::new(None).await;
    let shown = async || place.run(Command::AddressShow { address: mailbox(SUPPORT) }).await;
    let former = shown().await;
    let service = mailbox(former["service_address"].as_str().unwrap());
    let probe = tables::ADDRESSES.get(&*place.running.site.engine, &mailbox(SUPPORT)).await.unwrap().unwrap().value;
    let probe = probe.verification.probe.unwrap();
    place.run(Command::AddressRemove { address: mailbox(SUPPORT) }).await;
    place.add(AddressSettings::default()).await;
    let site = &place.running.site;
    for gone in [&service, &probe.from] {
        assert!(crate::intake::resolve(site, gone).await.unwrap().is_none(), "{gone}");
    }
    // The former probe's row still waits in the spool and is delayed: that says nothing about the new one.
    let before = shown().await["verification"].clone();
    place.clock.advance(Duration::from_secs(6 * 24 * 3600));
    place.running.settle().await;
    assert_eq!(shown().await["verification"]["state"], "failed");
    assert_eq!(before["state"], "sent");
    let confirm = Command::AddressConfirm { address: mailbox(SUPPORT), code: probe.code.as_str().into() };
    assert!(place.try_run(confirm).await.is_err());
}

#[tokio::test]
async fn a_store_that_fails_ends_the_server_and_the_stop_does_not_hang() {
    use crate::store::simulated::{Fault, Operation};
    let place = Place::new(None).await;
    let failure = place.running.failure();
    place.medium.fail(Operation::Sync, 1, Fault::Io);
    let site = place.running.site.clone();
    let mut batch = Batch::default();
    batch.put(Table("contact"), "x", "{}");
    assert!(site.engine.commit(batch).await.is_err());
    assert!(failure.await.contains("the database"));
    place.running.stop().await;
}

#[tokio::test]
async fn a_graceful_stop_leaves_no_suspects_and_loses_nothing() {
    let place = Place::new(None).await;
    let ids: Vec<MailId> = {
        let mut ids = Vec::new();
        for n in 0..100 {
            ids.push(
                place.accept(&mail("anna@customer.example", &format!("<{n}@customer.example>"), "", "Help")).await,
            );
        }
        ids
    };
    let Place { running, medium, clock, settings, folder: _folder } = place;
    running.stop().await;
    let running = begin(&settings, &medium, &clock).await;
    let engine = running.site.engine.clone();
    assert!(running.inbox.take_suspects().is_empty());
    running.settle().await;
    let records = tables::MAILS.get_many(&*engine, &ids).await.unwrap();
    assert!(records.iter().all(Option::is_some));
    assert_eq!(tables::CASES.scan(&*engine, crate::store::Page::first(&[], usize::MAX)).await.unwrap().len(), 100);
}

async fn connect(address: SocketAddr) -> BufReader<TcpStream> {
    let mut peer = BufReader::new(TcpStream::connect(address).await.unwrap());
    hears(&mut peer, "220 ").await;
    peer
}

/// Up to the 354 of a message.
async fn begin_message(address: SocketAddr) -> BufReader<TcpStream> {
    let mut peer = connect(address).await;
    let commands = format!("HELO a\r\nMAIL FROM:<anna@customer.example>\r\nRCPT TO:<{SUPPORT}>\r\nDATA\r\n");
    peer.write_all(commands.as_bytes()).await.unwrap();
    hears(&mut peer, "354 ").await;
    peer
}

/// The line that begins so, behind others.
async fn hears(peer: &mut BufReader<TcpStream>, start: &str) -> String {
    loop {
        let mut line = String::new();
        assert_ne!(peer.read_line(&mut line).await.unwrap(), 0, "the connection is open");
        if line.starts_with(start) {
            return line.trim_end().to_owned();
        }
    }
}

#[tokio::test]
async fn what_is_in_hand_is_given_back() {
    let place = Place::new(None).await;
    let in_hand = place.running.in_hand();
    // What a start asks of the store beside taking mail.
    while !in_hand.all().is_empty() {
        tokio::task::yield_now().await;
    }
    let mut peer = connect(place.running.smtp()[0]).await;
    let commands = format!("HELO a\r\nMAIL FROM:<> SIZE=9\r\nRCPT TO:<{SUPPORT}>\r\nDATA\r\n\r\n");
    peer.write_all(commands.as_bytes()).await.unwrap();
    hears(&mut peer, "354 ").await;
    peer.write_all(b"more\r\n").await.unwrap();
    let expected = [
        ("sessions", 1),
        ("bytes reserved on the disk", 9),
        ("connections", 1),
        ("bytes of messages", limits::MESSAGE_STEP_BYTES),
    ];
    while in_hand.all() != expected {
        tokio::task::yield_now().await;
    }
    drop(peer);
    while !in_hand.all().is_empty() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_stop_waits_for_the_messages_under_way_and_no_longer_than_the_grace() {
    let Place { running, medium, clock, settings, folder: _folder } = Place::new(None).await;
    let address = running.smtp()[0];
    let mut idle = connect(address).await;
    let (mut finishes, mut endless) = (begin_message(address).await, begin_message(address).await);
    let stopping = tokio::spawn(running.stop());
    hears(&mut idle, "421 4.3.2 ").await;
    assert!(TcpStream::connect(address).await.is_err(), "nobody new comes in");
    clock.advance(limits::STOP_GRACE / 2);
    finishes.write_all(b"Subject: the last one\r\n\r\n").await.unwrap();
    endless.write_all(b"Subject: no end\r\n\r\n").await.unwrap();
    finishes.write_all(b".\r\n").await.unwrap();
    let taken = hears(&mut finishes, "250 2.0.0 ").await;
    hears(&mut finishes, "421 4.3.2 ").await;
    drop((idle, finishes));
    assert!(!stopping.is_finished());
    clock.advance(limits::STOP_GRACE / 2);
    stopping.await.unwrap();

    let running = begin(&settings, &medium.kill(), &clock).await;
    running.settle().await;
    let listed = running.answer(Command::MessageList(MessageFilter::default())).await;
    let Ok(Outcome::Json(listed)) = listed else { panic!("{listed:?}") };
    let inbound: Vec<&Value> = listed.as_array().unwrap().iter().map(|message| &message["id"]).collect();
    assert_eq!(inbound, [taken.strip_prefix("250 2.0.0 ").unwrap()]);
}
