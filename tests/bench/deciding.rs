//! Messages read and decided as a server does it: taken from the journal, read, their evidence gathered, decided, planned,
//! and recorded with all that follows, in a store in memory. Not in it: SMTP, syncs of a disk, and the DNS, because the
//! messages count as imported.
//!
//! A fresh store each round: of what it knows already a message is only a copy. Counted is the processor time of all
//! threads, so that the rate is that of one core however many there are. Recording is what the database's thread does of
//! that: it checks the expectations of each batch, writes its rows and commits. Everything before it is deciding, with the
//! documents written out.

use std::sync::Arc;
use std::time::Instant;

use postcase::address::{Mode, RoutingAddress, Settings};
use postcase::auth::Authenticator;
use postcase::base::{Chance, Clock, Envelope, IMPORTED, ReversePath, Time};
use postcase::case::ManyAddresses;
use postcase::intake::{Inbox, Worker};
use postcase::net::{Dns, MxCheck, Stop, dns};
use postcase::rules::{Book, Rules, Timetable};
use postcase::store::site::Parts;
use postcase::store::{Batch, JournalKind, SimulatedMedium, Site, Store, tables};

use super::machine::{cpu_seconds, cpu_seconds_of};

const ADDRESS: &str = "support@company.example";
const HOST: &str = "mail.example.net";

/// What was decided, and in which time.
#[derive(Default)]
pub struct Decided {
    pub messages: usize,
    /// Messages that were put on a case.
    pub cases: usize,
    pub cpu_seconds: f64,
    /// Those of them that the database's thread took.
    pub recording_seconds: f64,
}

/// Processor seconds of all threads so far, and of the database's.
fn seconds_so_far() -> (f64, f64) {
    let pid = std::process::id();
    (cpu_seconds(pid), cpu_seconds_of(pid, &["database"]))
}

/// Round after round for at least so long.
pub fn rounds(messages: &[&[u8]], seconds: f64) -> Result<Decided, Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (begun, mut decided) = (Instant::now(), Decided::default());
    while begun.elapsed().as_secs_f64() < seconds {
        let (_, round) = runtime.block_on(stored(messages, Book::closed(Rules::default())))?;
        decided.messages += round.messages;
        decided.cases += round.cases;
        decided.cpu_seconds += round.cpu_seconds;
        decided.recording_seconds += round.recording_seconds;
    }
    Ok(decided)
}

/// A fresh store with these messages, decided by these rules.
pub async fn stored(messages: &[&[u8]], rules: Book) -> Result<(Arc<Site>, Decided), Box<dyn std::error::Error>> {
    let clock = Clock::system();
    let opened = Store::open(Arc::new(SimulatedMedium::new()), clock.now()).await?;
    let site = Arc::new(Site::open(parts(&opened.store, clock, rules)).await?);
    let mut batch = Batch::default();
    tables::ADDRESSES.insert(&mut batch, &ADDRESS.parse()?, &address()?);
    site.engine.commit(batch).await?;
    let inbox = Arc::new(Inbox::default());
    let mut ids = Vec::new();
    for message in messages {
        ids.push(site.journal.append(JournalKind::Inbound, &envelope(site.now())?, message.to_vec().into()).await?);
    }
    let before = seconds_so_far();
    ids.iter().for_each(|id| inbox.announce(*id));
    let stop = Stop::new();
    let running = tokio::spawn(worker(&site, &inbox)?.run(stop.clone()));
    inbox.settled().await;
    let after = seconds_so_far();
    stop.request();
    running.await?;
    let records = tables::MAILS.get_many(&*site.engine, &ids).await?;
    let cases = records.iter().flatten().filter(|record| record.value.case.is_some()).count();
    let (cpu_seconds, recording_seconds) = (after.0 - before.0, after.1 - before.1);
    Ok((site, Decided { messages: messages.len(), cases, cpu_seconds, recording_seconds }))
}

fn worker(site: &Arc<Site>, inbox: &Arc<Inbox>) -> Result<Arc<Worker>, Box<dyn std::error::Error>> {
    // Nobody is asked.
    let dns = Dns::new(&dns::Settings { servers: vec!["127.0.0.1:1".parse()?] }, Chance::seeded(1))?;
    let authenticator = Arc::new(Authenticator::new(&dns, HOST, site.clock.clone()));
    let mx = MxCheck::new(dns, HOST, site.clock.clone());
    Ok(Arc::new(Worker::new(site.clone(), inbox.clone(), authenticator, mx, Arc::default())))
}

fn parts(store: &Store, clock: Clock, rules: Book) -> Parts {
    Parts {
        rules,
        timetable: Book::closed(Timetable::default()),
        plugins: Arc::new(postcase::plugin::Catalogue::new("nowhere".into())),
        hostname: HOST.into(),
        service_domain: "in.example.net".into(),
        postmaster_queue: "main".into(),
        many_addresses: ManyAddresses::OneCase,
        clock,
        chance: Chance::seeded(1),
        engine: store.engine.clone(),
        journal: store.journal.clone(),
    }
}

fn address() -> Result<RoutingAddress, Box<dyn std::error::Error>> {
    Ok(RoutingAddress::new(
        ADDRESS.parse()?,
        1,
        Settings { mode: Mode::Direct, ..Settings::default() },
        Time::UNIX_EPOCH,
    ))
}

fn envelope(received_at: Time) -> Result<Envelope, Box<dyn std::error::Error>> {
    Ok(Envelope::local(
        ReversePath::Mailbox("anna@customer.example".parse()?),
        vec![ADDRESS.parse()?],
        IMPORTED,
        received_at,
    ))
}
