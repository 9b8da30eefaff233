//! The database in one file, by redb: the engine of a single server.
//!
//! Writes go through one thread (`writer`); reads run in the calling task, from a snapshot, and are short: microseconds
//! from the cache, a few disk reads without. It locks nothing: [`crate::store::lock`] keeps a second process out.
//!
//! A row is stored as its version (8 bytes, big-endian) followed by its value; the version is the number of the write
//! transaction, which survives restarts. Numbers of sequences are handed out from memory, and each transaction writes
//! how far that has gone: whoever finds a number in the database finds it taken. The tables `engine.*` are the engine's
//! own. Tables whose keys come in no order are kept in parts (`runs`), which nobody sees from outside.
//!
//! After any failed read or write the engine stays closed ([`RedbEngine::failure`]); each commit keeps what redb
//! needs to start after a crash without walking the file.

mod backend;
mod copy;
mod rewrite;
mod runs;
mod snapshot;
#[cfg(test)]
mod tests;
mod writer;

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, RwLock, mpsc};

use redb::{Database, ReadableDatabase, TableDefinition};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use super::engine::{Answer, Answers, EachRow, ExportError, Keys};
use super::latch::{self, Latch};
use super::waiting::Waiting;
use super::{Batch, CommitError, Direction, Engine, Medium, ReadError, Row, Table, priority};

pub use copy::{Import, exported_value};
use rewrite::Place;
use runs::Runs;
use snapshot::Snapshot;
use writer::{Request, Writer};

const STATE: TableDefinition<&str, u64> = TableDefinition::new("engine.state");
/// The next number of each sequence that isn't taken.
const SEQUENCES: TableDefinition<&str, u64> = TableDefinition::new("engine.sequences");
const COUNTERS: TableDefinition<&[u8], i64> = TableDefinition::new("engine.counters");
const VERSION_BYTES: usize = 8;

/// The next number of each sequence that was asked for.
type Sequences = HashMap<&'static str, u64>;

/// Why a database can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{file} in the data folder can't be used: {}", latch::reason(source))]
    Io { file: String, source: io::Error },
    #[error("{file} can't be opened as a database; take it from a backup: {reason}")]
    Unusable { file: String, reason: String },
    #[error("the database's writer can't be started: {0}")]
    Thread(io::Error),
}

/// An open redb database. When it is dropped the writer finishes what waits and ends.
#[derive(Debug)]
pub struct RedbEngine {
    shared: Arc<Shared>,
    requests: mpsc::Sender<Request>,
    /// Batches between their request and its answer.
    pub(super) waiting: Waiting,
}

#[derive(Debug)]
struct Shared {
    /// `None` when closed.
    database: RwLock<Option<Arc<Database>>>,
    latest: RwLock<Latest>,
    sequences: Mutex<Sequences>,
    watchers: Mutex<Vec<Watcher>>,
    latch: Latch,
}

/// The tables that somebody watches, and where they hear of them.
type Watcher = (Vec<Table>, UnboundedSender<(Table, Vec<u8>)>);

/// What the last commit left.
#[derive(Debug, Default)]
struct Latest {
    runs: Arc<Runs>,
    /// Once somebody has read it.
    snapshot: Option<Arc<Snapshot>>,
}

impl RedbEngine {
    /// Opens the file, making it when it is absent; its name is durable on return.
    pub fn open(medium: Arc<dyn Medium>, file_name: &str) -> Result<Self, OpenError> {
        Self::open_with(medium, file_name, runs::RUN_ROWS)
    }

    fn open_with(medium: Arc<dyn Medium>, file_name: &str, run_rows: u64) -> Result<Self, OpenError> {
        let (engine, writer, queue) = Self::prepare(medium, file_name, run_rows)?;
        let thread = std::thread::Builder::new().name("database".into());
        let work = move || {
            priority::lower();
            writer.run(&queue);
        };
        thread.spawn(work).map_err(OpenError::Thread)?;
        Ok(engine)
    }

    fn prepare(
        medium: Arc<dyn Medium>,
        file_name: &str,
        run_rows: u64,
    ) -> Result<(Self, Writer, mpsc::Receiver<Request>), OpenError> {
        let io_error = |source| OpenError::Io { file: file_name.to_owned(), source };
        let place = Place { medium: Arc::clone(&medium), file_name: file_name.to_owned() };
        place.remove_part().map_err(io_error)?;
        let file = medium.open(file_name).map_err(io_error)?;
        backend::forget_unmade(file.as_ref()).map_err(io_error)?;
        let open = || {
            let database = backend::database(file)?;
            let runs = Runs::load(&database)?;
            Ok::<_, redb::Error>((database, runs))
        };
        let unusable = |reason| OpenError::Unusable { file: file_name.to_owned(), reason };
        // redb panics on pages that no database can have.
        let opened = catch_unwind(AssertUnwindSafe(open)).map_err(|_| unusable("its pages are damaged".into()))?;
        let (database, runs) = opened.map_err(|error| match error {
            // Invalid data is how redb says that the file is none of its own.
            redb::Error::Io(source) if source.kind() != io::ErrorKind::InvalidData => io_error(source),
            error => unusable(error.to_string()),
        })?;
        medium.sync_folder().map_err(io_error)?;
        let database = RwLock::new(Some(Arc::new(database)));
        let latest = RwLock::new(Latest { runs: Arc::new(runs), snapshot: None });
        let (sequences, watchers, latch) = Default::default();
        let shared = Arc::new(Shared { database, latest, sequences, watchers, latch });
        let writer = Writer { shared: Arc::clone(&shared), run_rows, place };
        let (requests, queue) = mpsc::channel();
        Ok((Self { shared, requests, waiting: Waiting::default() }, writer, queue))
    }

    /// Resolves with the reason when the database can't be read or written any more; never otherwise.
    pub fn failure(&self) -> impl Future<Output = String> + Send + use<> {
        self.shared.latch.failure()
    }

    /// Returns when everything that waits is durable and the file is closed. Later calls fail.
    pub async fn close(&self) {
        let _waiting = self.waiting.one_more();
        let (closed, done) = oneshot::channel();
        // Both fail only when the writer has ended already.
        let _ = self.requests.send(Request::Close(closed));
        let _ = done.await;
    }

    fn take_numbers(&self, sequence: &'static str, count: u64) -> Result<Range<u64>, CommitError> {
        if let Some(reason) = self.shared.latch.reason() {
            return Err(CommitError::Failed(reason));
        }
        let kept = || self.read(|snapshot| snapshot.kept_number(sequence));
        let mut sequences = self.shared.sequences();
        let next = match sequences.get(sequence) {
            Some(next) if self.shared.database().is_some() => *next,
            _ => kept().map_err(|ReadError(reason)| CommitError::Failed(reason))?,
        };
        let end = next.checked_add(count).ok_or_else(|| CommitError::Failed("a sequence is used up".into()))?;
        sequences.insert(sequence, end);
        Ok(next..end)
    }

    fn read<T>(&self, read: impl FnOnce(&Snapshot) -> Result<T, redb::Error>) -> Result<T, ReadError> {
        if self.shared.database().is_none() {
            return Err(ReadError("it is closed".into()));
        }
        let found = self.shared.snapshot().and_then(|snapshot| read(&snapshot));
        found.map_err(|error| {
            // redb reads nothing more after an I/O error: without the latch nobody would end the process.
            self.shared.latch.set(error.to_string());
            ReadError(error.to_string())
        })
    }
}

impl Shared {
    fn database(&self) -> Option<Arc<Database>> {
        self.database.read().expect("no holder panics").clone()
    }

    fn close(&self) {
        *self.database.write().expect("no holder panics") = None;
        self.latest.write().expect("no holder panics").snapshot = None;
    }

    /// What the last commit left.
    fn snapshot(&self) -> Result<Arc<Snapshot>, redb::Error> {
        if let Some(snapshot) = &self.latest.read().expect("no holder panics").snapshot {
            return Ok(Arc::clone(snapshot));
        }
        // Taken under the lock: one that is older than the next commit, or of a file that is replaced, is forgotten with it.
        // The runs may be those of the commit before: it sealed none that has rows behind it.
        let mut latest = self.latest.write().expect("no holder panics");
        let database = self.database().ok_or(redb::Error::DatabaseClosed)?;
        let snapshot = Arc::new(Snapshot::new(database.begin_read()?, Arc::clone(&latest.runs)));
        Ok(Arc::clone(latest.snapshot.insert(snapshot)))
    }

    fn runs(&self) -> Arc<Runs> {
        Arc::clone(&self.latest.read().expect("no holder panics").runs)
    }

    /// Called between a commit and the answers to it, so that whoever was answered reads what was written.
    fn committed(&self, runs: Arc<Runs>) {
        *self.latest.write().expect("no holder panics") = Latest { runs, snapshot: None };
    }

    /// Tells whoever watches what a group of batches has written.
    fn tell(&self, group: &[Batch], applied: &[bool]) {
        let mut watchers = self.watchers.lock().expect("no holder panics");
        watchers.retain(|(tables, hears)| {
            let written =
                group.iter().zip(applied).filter(|(_, applied)| **applied).flat_map(|(batch, _)| &batch.writes);
            let mut watched = written.filter(|(table, _, _)| tables.contains(table));
            watched.all(|(table, key, _)| hears.send((*table, key.clone())).is_ok())
        });
    }

    fn sequences(&self) -> MutexGuard<'_, Sequences> {
        self.sequences.lock().expect("no holder panics")
    }
}

fn version_of(stored: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(stored.get(..VERSION_BYTES)?.try_into().ok()?))
}

impl From<redb::Error> for ExportError {
    fn from(error: redb::Error) -> Self {
        Self::Read(ReadError(error.to_string()))
    }
}

impl Engine for RedbEngine {
    fn export(&self, each: &mut EachRow<'_>) -> Result<(), ExportError> {
        let database = self.shared.database().ok_or_else(|| ReadError("it is closed".into()))?;
        let transaction = database.begin_read().map_err(|error| ReadError(error.to_string()))?;
        copy::export(&transaction, each)
    }

    fn get_many(&self, keys: Vec<(Table, Vec<u8>)>) -> Answer<'_, Vec<Option<Row>>, ReadError> {
        Box::pin(async move { self.read(|snapshot| snapshot.get_many(keys)) })
    }

    fn scan(&self, table: Table, range: Keys, limit: usize, direction: Direction) -> Answer<'_, Vec<Row>, ReadError> {
        Box::pin(async move { self.read(|snapshot| snapshot.scan(table, &range, limit, direction)) })
    }

    fn commit(&self, batch: Batch) -> Answer<'_, (), CommitError> {
        let answers = self.commit_all(vec![batch]);
        Box::pin(async move { answers.await.pop().expect("an answer for each batch") })
    }

    fn commit_all(&self, batches: Vec<Batch>) -> Answers<'_> {
        let (waiting, (sender, answer)) = (self.waiting.one_more(), oneshot::channel());
        let count = batches.len();
        // A send fails when the writer has ended; the answer channel then says so.
        let _ = self.requests.send(Request::Commit(batches, sender));
        Box::pin(async move {
            let _waiting = waiting;
            answer.await.unwrap_or_else(|_| {
                let reason = self.shared.latch.reason().unwrap_or_else(|| "it is closed".into());
                vec![Err(CommitError::Failed(reason)); count]
            })
        })
    }

    fn reserve(&self, sequence: &'static str, count: u64) -> Answer<'_, Range<u64>, CommitError> {
        Box::pin(async move { self.take_numbers(sequence, count) })
    }

    fn watch(&self, tables: Vec<Table>) -> UnboundedReceiver<(Table, Vec<u8>)> {
        let (hears, written) = unbounded_channel();
        self.shared.watchers.lock().expect("no holder panics").push((tables, hears));
        written
    }

    fn counter(&self, counter: Vec<u8>) -> Answer<'_, i64, ReadError> {
        Box::pin(async move { self.read(|snapshot| snapshot.counter(&counter)) })
    }

    fn purge(&self) -> Answer<'_, (), CommitError> {
        let (waiting, (sender, answer)) = (self.waiting.one_more(), oneshot::channel());
        // A send fails when the writer has ended; the answer channel then says so.
        let _ = self.requests.send(Request::Purge(sender));
        Box::pin(async move {
            let _waiting = waiting;
            answer.await.unwrap_or_else(|_| Err("it is closed".into())).map_err(CommitError::Failed)
        })
    }
}
