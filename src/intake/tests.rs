//! What happens in here when the store misbehaves or somebody else is faster: things that no message can bring about.

mod order;
mod overtaken;
mod plugins;
mod senders;
mod states;

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::advice::Counsel;
use super::evidence::{Gathered, gather};
use super::plan::Plan;
use super::*;
use crate::address::{Mode, RoutingAddress, Settings};
use crate::auth::Authenticator;
use crate::base::{Chance, Clock, Envelope, MailId, Mailbox, ReversePath, Time};
use crate::case::{Decision, Disposition, Happening, ManyAddresses, Reason, Status, decide};
use crate::net::zone::Zone;
use crate::net::{Dns, MxCheck, Stop, dns, listen};
use crate::plugin::Catalogue;
use crate::routing::Queue;
use crate::rules::{Book, Rules, Timetable};
use crate::smtp::server::{Protocol, Settings as SmtpSettings, Shared, serve};
use crate::store::engine::{Answer, Answers, Direction, EachRow, Engine, ExportError, Keys, Row};
use crate::store::site::Parts;
use crate::store::{
    Batch, CaseChange, CommitError, Entry, Floor, JournalKind, ReadError, SEGMENT_FINISHED, SimulatedMedium, Site,
    Store, Table, segment_key, tables,
};

/// What reading a table does instead of reading it.
#[derive(Clone, Copy, PartialEq)]
enum Misbehaviour {
    Fails,
    Panics,
}

/// An engine that misbehaves a few times when one table is read.
struct Faulty {
    engine: Arc<dyn Engine>,
    table: Mutex<(Table, Misbehaviour)>,
    times: AtomicU32,
}

impl Faulty {
    fn misbehave(&self, table: Table, how: Misbehaviour, times: u32) {
        *self.table.lock().unwrap() = (table, how);
        self.times.store(times, Ordering::SeqCst);
    }

    fn touch(&self, table: Table) -> Result<(), ReadError> {
        let (bad, how) = *self.table.lock().unwrap();
        let left = |times: u32| times.checked_sub(1);
        if table != bad || self.times.fetch_update(Ordering::SeqCst, Ordering::SeqCst, left).is_err() {
            return Ok(());
        }
        assert!(how == Misbehaviour::Fails, "on purpose");
        Err(ReadError("on purpose".into()))
    }
}

impl Engine for Faulty {
    fn get_many(&self, keys: Vec<(Table, Vec<u8>)>) -> Answer<'_, Vec<Option<Row>>, ReadError> {
        Box::pin(async move {
            keys.iter().try_for_each(|(table, _)| self.touch(*table))?;
            self.engine.get_many(keys).await
        })
    }

    fn scan(&self, table: Table, range: Keys, limit: usize, direction: Direction) -> Answer<'_, Vec<Row>, ReadError> {
        Box::pin(async move {
            self.touch(table)?;
            self.engine.scan(table, range, limit, direction).await
        })
    }

    fn commit(&self, batch: Batch) -> Answer<'_, (), CommitError> {
        self.engine.commit(batch)
    }

    fn commit_all(&self, batches: Vec<Batch>) -> Answers<'_> {
        self.engine.commit_all(batches)
    }

    fn export(&self, each: &mut EachRow<'_>) -> Result<(), ExportError> {
        self.engine.export(each)
    }

    fn reserve(&self, sequence: &'static str, count: u64) -> Answer<'_, Range<u64>, CommitError> {
        self.engine.reserve(sequence, count)
    }

    fn watch(&self, tables: Vec<Table>) -> tokio::sync::mpsc::UnboundedReceiver<(Table, Vec<u8>)> {
        self.engine.watch(tables)
    }

    fn purge(&self) -> Answer<'_, (), CommitError> {
        self.engine.purge()
    }

    fn counter(&self, counter: Vec<u8>) -> Answer<'_, i64, ReadError> {
        self.engine.counter(counter)
    }
}

struct Place {
    site: Arc<Site>,
    faulty: Arc<Faulty>,
    inbox: Arc<Inbox>,
    authenticator: Arc<Authenticator>,
    mx: MxCheck,
    /// The journal's announcements; the tests announce themselves.
    _inbound: tokio::sync::mpsc::UnboundedReceiver<MailId>,
}

impl Place {
    async fn new() -> Self {
        Self::in_world(Zone::parse(""), Clock::manual(Time::from_second(1_800_000_000).unwrap())).await
    }

    async fn in_world(zone: Zone, clock: Clock) -> Self {
        Self::asking(zone.serve().await, clock).await
    }

    /// With this name server.
    async fn asking(server: SocketAddr, clock: Clock) -> Self {
        let opened = Store::open(Arc::new(SimulatedMedium::new()), clock.now()).await.unwrap();
        let faulty = Arc::new(Faulty {
            engine: opened.store.engine.clone(),
            table: Mutex::new((Table("none"), Misbehaviour::Fails)),
            times: AtomicU32::new(0),
        });
        let parts = Parts {
            hostname: "mail.example.net".into(),
            service_domain: "in.example.net".into(),
            postmaster_queue: "main".into(),
            many_addresses: ManyAddresses::OneCase,
            rules: Book::closed(Rules::default()),
            timetable: Book::closed(Timetable::default()),
            plugins: Arc::new(Catalogue::new("nowhere".into())),
            clock,
            chance: Chance::seeded(1),
            engine: faulty.clone(),
            journal: opened.store.journal.clone(),
        };
        let site = Arc::new(Site::open(parts).await.unwrap());
        let support = address(None);
        let mut batch = Batch::default();
        tables::ADDRESSES.insert(&mut batch, &support.address, &support);
        site.engine.commit(batch).await.unwrap();
        let servers = vec![server];
        let dns = Dns::new(&dns::Settings { servers }, Chance::seeded(1)).unwrap();
        let authenticator = Arc::new(Authenticator::new(&dns, "mail.example.net", site.clock.clone()));
        let mx = MxCheck::new(dns, "mail.example.net", site.clock.clone());
        Self { site, faulty, inbox: Arc::default(), authenticator, mx, _inbound: opened.inbound }
    }

    async fn accept(&self, text: &str) -> MailId {
        let entry = entry(text);
        let message = entry.message.into();
        self.site.journal.append(JournalKind::Inbound, &entry.envelope, message).await.unwrap()
    }

    /// Works until everything is decided or put off.
    async fn work(&self) {
        let stop = Stop::new();
        let worker = Arc::new(Worker::new(
            self.site.clone(),
            self.inbox.clone(),
            self.authenticator.clone(),
            self.mx.clone(),
            Arc::default(),
        ));
        let running = tokio::spawn(worker.run(stop.clone()));
        self.inbox.settled().await;
        stop.request();
        running.await.unwrap();
    }

    /// Gives the address other settings.
    async fn set(&self, settings: Settings) {
        let address = RoutingAddress { settings, ..address(None) };
        let mut batch = Batch::default();
        tables::ADDRESSES.put(&mut batch, &address.address, &address);
        self.site.engine.commit(batch).await.unwrap();
    }

    /// Queue, owner and the last words of the events of a case.
    async fn place_of(&self, number: u64) -> (Option<String>, Option<Mailbox>, String) {
        let case = tables::CASES.get(&*self.site.engine, &number).await.unwrap().unwrap().value;
        let events = crate::store::case_change::events_of(&*self.site.engine, number).await.unwrap();
        let why = events.into_iter().rev().find_map(|event| match event.what {
            Happening::Queued { why, .. } | Happening::StatusChanged { why, .. } => Some(why),
            _ => None,
        });
        (case.queue, case.owner, why.unwrap_or_default())
    }

    async fn reason(&self, id: MailId) -> Option<Reason> {
        let kept = tables::MAILS.get(&*self.site.engine, &id).await.unwrap();
        kept.map(|kept| kept.value.deliveries[0].reason)
    }
}

/// Says lines to a server and gives the first line of its answer to each.
async fn said(peer: &mut BufReader<TcpStream>, lines: &[&str]) -> Vec<String> {
    let mut answers = Vec::new();
    for line in lines {
        peer.write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        peer.read_line(&mut answer).await.unwrap();
        answers.push(answer.trim_end().to_owned());
    }
    answers
}

fn address(rate_limit: Option<u32>) -> RoutingAddress {
    RoutingAddress::new(
        mailbox("support@company.example"),
        1,
        Settings { mode: Mode::Direct, rate_limit, ..Settings::default() },
        Time::UNIX_EPOCH,
    )
}

fn mailbox(text: &str) -> Mailbox {
    text.parse().unwrap()
}

fn entry(text: &str) -> Entry {
    let envelope = Envelope::local(
        ReversePath::Mailbox(mailbox("anna@customer.example")),
        vec![mailbox("support@company.example")],
        "ESMTP",
        Time::UNIX_EPOCH,
    );
    let head = "From: anna@customer.example\nTo: support@company.example\nSubject: Fire\n";
    let message = format!("{head}{text}").replace('\n', "\r\n").into_bytes();
    Entry { kind: JournalKind::Inbound, envelope, message }
}

#[tokio::test]
async fn what_fails_is_put_off_with_its_reason_and_tried_again() {
    let place = Place::new().await;
    let id = place.accept("Message-ID: <1@customer.example>\n\nHelp\n").await;
    place.inbox.announce(id);
    // An attempt plans it once.
    place.faulty.misbehave(Table("name"), Misbehaviour::Fails, 1);
    place.work().await;
    assert_eq!(place.reason(id).await, None);
    let why = place.inbox.why_undecided(id);
    assert!(why.contains("on purpose") && why.contains("tried again at 2027-"), "{why}");
    place.inbox.resume(id);
    place.work().await;
    assert_eq!(place.reason(id).await, Some(Reason::NewConversation));
    assert!(!place.inbox.is_undecided(id));
}

#[tokio::test]
async fn a_decision_that_panics_is_made_from_the_envelope() {
    let place = Place::new().await;
    let ids = [place.accept("Message-ID: <1@customer.example>\n\nHelp\n").await, place.accept("\nHelp\n").await];
    place.inbox.announce(ids[0]);
    place.faulty.misbehave(Table("name"), Misbehaviour::Panics, 1);
    place.work().await;
    assert_eq!(place.reason(ids[0]).await, Some(Reason::Unreadable));
    // And when that panics too, it is put off, and the next one is decided all the same.
    let broken = place.accept("\nHelp again\n").await;
    place.inbox.announce(broken);
    place.faulty.misbehave(Table("name"), Misbehaviour::Panics, 2);
    place.work().await;
    assert!(place.inbox.why_undecided(broken).contains("panicked"), "{}", place.inbox.why_undecided(broken));
    place.inbox.announce(ids[1]);
    place.work().await;
    assert_eq!(place.reason(ids[1]).await, Some(Reason::NewConversation));
}

#[tokio::test]
async fn a_case_goes_to_the_fallback_when_its_own_place_is_gone() {
    let place = Place::new().await;
    let mut batch = Batch::default();
    let queue = |name: &str| Queue::new(name, Time::UNIX_EPOCH);
    tables::QUEUES.insert(&mut batch, "own", &queue("own"));
    tables::QUEUES.insert(&mut batch, "other", &queue("other"));
    place.site.engine.commit(batch).await.unwrap();
    let bob = mailbox("bob@company.example");
    let settings = |queue: Option<&str>, owner: Option<&Mailbox>, fallback: Option<&str>| Settings {
        queue: queue.map(str::to_owned),
        owner: owner.cloned(),
        fallback_queue: fallback.map(str::to_owned),
        ..Settings::default()
    };
    let mut number = 0;
    let mut check = async |settings: Settings, broken: u32, queue: &str, why: &str| {
        place.set(settings).await;
        number += 1;
        let id = place.accept(&format!("Message-ID: <{number}@customer.example>\n\nHelp\n")).await;
        place.inbox.announce(id);
        place.faulty.misbehave(Table("name"), Misbehaviour::Panics, broken);
        place.work().await;
        let (in_queue, owner, said) = place.place_of(number).await;
        assert_eq!((in_queue.as_deref(), owner), (Some(queue), None), "case {number}");
        assert!(said.contains(why), "{said}");
    };
    check(settings(Some("own"), None, Some("other")), 0, "own", "the queue of support@company.example").await;
    check(settings(Some("gone"), None, Some("other")), 0, "other", "gone, the queue of").await;
    check(settings(Some("gone"), None, None), 0, "main", "gone, the queue of").await;
    check(settings(Some("gone"), None, Some("lost")), 0, "main", "there is no queue lost").await;
    check(settings(None, Some(&bob), Some("other")), 0, "other", "bob@company.example, who owns").await;
    check(settings(Some("own"), None, Some("other")), 1, "other", "could not be read").await;
    check(settings(Some("own"), None, None), 1, "own", "the queue of").await;
    check(settings(None, None, Some("other")), 0, "main", "no other queue is named").await;
}

#[tokio::test]
async fn a_message_is_released_once() {
    let place = Place::new().await;
    place.set(Settings { accept_from: "b.example".parse().unwrap(), ..Settings::default() }).await;
    let id = place.accept("Message-ID: <1@customer.example>\n\nHelp\n").await;
    let site = &*place.site;
    let early = decide_again(site, id, Again::Release).await;
    assert!(matches!(early, Err(NotAgain::Undecided)));
    place.inbox.announce(id);
    place.work().await;
    assert_eq!(place.reason(id).await, Some(Reason::AuthorNotAccepted));
    // Two ask at the same time: it is on one case, and one of them hears that there is nothing to release.
    let (one, two) = tokio::join!(decide_again(site, id, Again::Release), decide_again(site, id, Again::Release));
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    assert!(matches!(one.and(two), Err(NotAgain::NotSetAside)));
    let mail = tables::MAILS.get(&*site.engine, &id).await.unwrap().unwrap().value;
    let [delivery] = &mail.deliveries[..] else { panic!("{mail:?}") };
    assert_eq!((delivery.disposition, mail.case), (Disposition::CaseOpened, Some(1)));
    assert_eq!(delivery.earlier.iter().map(|former| former.disposition).collect::<Vec<_>>(), [Disposition::Held]);
    assert_eq!(mail.envelope.to, [mailbox("support@company.example")]);
    let others = tables::CASES.get(&*site.engine, &2).await.unwrap();
    assert!(others.is_none());
}

#[tokio::test]
async fn a_full_inbox_begins_no_message_until_it_has_drained() {
    let mut place = Place::new().await;
    place.inbox = Arc::new(Inbox::bounded(Backlog { slow: 1, max: 2 }));
    let floor = Floor::new(Arc::new(SimulatedMedium::new()), 0, 1000);
    let reception = Arc::new(Reception::new(place.site.clone(), place.inbox.clone(), floor, Arc::default()));
    let listener = listen::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let (at, stop) = (listener.local_addr().unwrap(), Stop::new());
    let shared = Shared::new(reception, SmtpSettings::default(), None, place.site.clock.clone(), stop);
    tokio::spawn(serve(vec![(Protocol::Smtp, listener.into())], shared));
    let mut peer = BufReader::new(TcpStream::connect(at).await.unwrap());
    peer.read_line(&mut String::new()).await.unwrap();
    let rcpt = "RCPT TO:<support@company.example>";
    let message = ["MAIL FROM:<>", rcpt, "DATA", "From: a@b.example\r\n\r\nHelp\r\n."];
    let heard = said(&mut peer, &["HELO b.example"]).await;
    assert!(heard[0].starts_with("250 "), "{heard:?}");

    for _ in 0..2 {
        let heard = said(&mut peer, &message).await;
        assert!(heard[3].starts_with("250 2.0.0 "), "{heard:?}");
        place.inbox.announce(heard[3]["250 2.0.0 ".len()..].parse().unwrap());
    }
    assert!(place.inbox.is_long());
    let heard = said(&mut peer, &["MAIL FROM:<>"]).await;
    assert!(heard[0].starts_with("452 4.3.1 "), "{heard:?}");
    place.work().await;
    let heard = said(&mut peer, &message).await;
    assert!(heard[3].starts_with("250 2.0.0 "), "{heard:?}");
    // What is put off waits for its time and keeps nobody out.
    for index in 0..2 {
        place.inbox.announce(id(9, index));
    }
    assert!(place.inbox.is_full());
    for id in place.inbox.next(2).await {
        place.inbox.defer(id, "tomorrow".into());
    }
    assert!(!place.inbox.is_full() && !place.inbox.is_long());
}

#[tokio::test]
async fn a_case_that_changes_while_a_message_is_decided_makes_it_be_decided_again() {
    let place = Place::new().await;
    let site = &*place.site;
    let first = place.accept("Message-ID: <1@customer.example>\n\nHelp\n").await;
    place.inbox.announce(first);
    place.work().await;
    let second = place.accept("Message-ID: <2@customer.example>\nReferences: <1@customer.example>\n\nMore\n").await;
    let reading = {
        let entry = site.journal.read(second).unwrap();
        Reading::of(second, entry.envelope, &entry.message)
    };
    let Gathered { evidence, cases, first: none, identity, names, awaited } = gather(site, &reading).await.unwrap();
    let decision = decide(&evidence);
    assert!(matches!(decision, Decision::Append { case: 1, .. }));

    let mut change = CaseChange::of(&*site.engine, 1).await.unwrap().unwrap();
    let closed = Happening::StatusChanged { from: Status::New, to: Status::Closed, why: String::new() };
    change.add(site.now(), "admin", closed);
    let mut batch = Batch::default();
    change.write(&mut batch);
    site.engine.commit(batch).await.unwrap();

    let plan = Plan {
        site,
        reading: &reading,
        evidence: &evidence,
        cases: &cases,
        first: none.as_ref(),
        identity: &identity,
        names: names.as_ref(),
        awaited: &awaited,
        mx: None,
        told: None,
        steps: Vec::new(),
        counsel: &Counsel::default(),
        former: None,
        item: None,
        now: site.now(),
    };
    let batch = plan.write(&decision, &[]).await.unwrap();
    assert!(matches!(site.engine.commit(batch).await, Err(CommitError::Conflict)));
    place.inbox.announce(second);
    place.work().await;
    assert_eq!(place.reason(second).await, Some(Reason::CaseClosed));
}

fn id(segment: u32, index: u32) -> MailId {
    MailId { incarnation: 7, segment, index }
}

#[tokio::test]
async fn an_entry_waits_until_it_is_decided() {
    let inbox = Inbox::default();
    // Listed from its 250 on, announced or not, and never again once it is decided.
    inbox.accepted(id(1, 0));
    assert_eq!(inbox.undecided(), [id(1, 0)]);
    inbox.announce(id(1, 0));
    inbox.announce(id(1, 1));
    inbox.announce(id(1, 2));
    assert_eq!([inbox.next(1).await[0], inbox.next(1).await[0]], [id(1, 0), id(1, 1)]);
    inbox.decided(id(1, 0));
    inbox.accepted(id(1, 0));
    assert_eq!(inbox.undecided(), [id(1, 2), id(1, 1)]);

    // Only what is put off is resumed: what is ready or under way isn't started twice.
    inbox.resume(id(1, 1));
    inbox.resume(id(1, 2));
    inbox.defer(id(1, 1), "until tomorrow".into());
    assert_eq!(inbox.why_undecided(id(1, 1)), "until tomorrow");
    assert_eq!(inbox.next(1).await[0], id(1, 2));
    inbox.decided(id(1, 2));
    assert!(!inbox.is_settled(), "its time isn't written down");
    inbox.scheduled(id(1, 1));
    assert!(inbox.is_settled() && inbox.is_undecided(id(1, 1)));
    inbox.resume(id(1, 1));
    inbox.resume(id(1, 1));
    assert!(!inbox.is_settled());
    assert_eq!(inbox.next(1).await[0], id(1, 1));
    inbox.decided(id(1, 1));
    // What is decided can't be put off.
    inbox.defer(id(1, 1), String::new());
    inbox.settled().await;
    assert_eq!(inbox.undecided(), []);
}

#[test]
fn a_claim_covers_many_and_finishes_segments() {
    let inbox = Inbox::default();
    let finished = |batch: Option<Batch>, segment| {
        let rows = batch.unwrap_or_default().writes;
        rows.iter().any(|(table, key, _)| *table == SEGMENT_FINISHED && *key == segment_key(7, segment))
    };
    for segment in 1..=3 {
        inbox.announce(id(segment, 0));
    }
    assert!(inbox.claim(id(1, 0)).is_some());
    assert!(inbox.claim(id(1, 1)).is_none());
    inbox.decided(id(1, 0));
    let claim = inbox.claim(id(2, 0));
    assert!(finished(claim, 1));
    // An entry that is put off keeps its segment, and all behind it.
    inbox.defer(id(2, 0), String::new());
    inbox.decided(id(3, 0));
    inbox.announce(id(4, 0));
    let claim = inbox.claim(id(4, 0)).unwrap();
    assert!(!finished(Some(claim), 2));
    inbox.decided(id(2, 0));
    inbox.decided(id(4, 0));
    let release = inbox.release();
    assert!(finished(Some(release), 3));
    assert!(!finished(Some(inbox.release()), 4), "the journal still writes to it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_more_are_counted_than_the_limit() {
    let place = Place::new().await;
    let tally = Arc::new(Tally::default());
    let limited = address(Some(500));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..1000 {
        let (tally, site, limited) = (tally.clone(), place.site.clone(), limited.clone());
        tasks.spawn(async move { tally.take(&site, &limited).await.unwrap() });
    }
    let taken = tasks.join_all().await.into_iter().filter(|taken| *taken).count();
    assert_eq!(taken, 500);
    assert!(tally.is_full(&place.site, &limited).await.unwrap());
    tally.give_back(&place.site, &limited.address);
    assert!(!tally.is_full(&place.site, &limited).await.unwrap());
    assert!(tally.take(&place.site, &limited).await.unwrap());
    // A limit that isn't there is never reached, and another day begins at nothing.
    assert!(!tally.is_full(&place.site, &address(None)).await.unwrap());
    place.site.clock.advance(std::time::Duration::from_secs(24 * 3600));
    assert!(tally.take(&place.site, &limited).await.unwrap());
    // What the store has counted is taken up.
    let mut batch = Batch::default();
    let today = crate::address::Day::of(place.site.now());
    batch.add(crate::address::rate_counter(&limited.address, today), 499);
    place.site.engine.commit(batch).await.unwrap();
    let after_a_start = Tally::default();
    assert!(after_a_start.take(&place.site, &limited).await.unwrap());
    assert!(!after_a_start.take(&place.site, &limited).await.unwrap());
}
