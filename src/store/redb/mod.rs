//! The database in one file, by redb: the engine of a single server.
//!
//! Writes go through one thread (`writer`); reads run in the calling task, from a snapshot, and are short: microseconds
//! from the cache, a few disk reads without. It locks nothing: [`crate::store::lock`] keeps a second process out.
//!
//! A row is stored as its version (8 bytes, big-endian) followed by its value; the version is the number of the write
//! transaction, which survives restarts. Numbers of sequences are handed out from memory, and each transaction writes
//! how far that has gone: whoever finds a number in the database finds it taken. The tables `engine.*` are the engine's
//! own.
//!
//! After any failed read or write the engine stays closed ([`RedbEngine::failure`]); each commit keeps what redb
//! needs to start after a crash without walking the file.

mod backend;
mod copy;
#[cfg(test)]
mod tests;
mod writer;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::future::Future;
use std::io;
use std::ops::{Bound, Range};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, RwLock, mpsc};

use redb::{Database, DatabaseError, ReadTransaction, ReadableDatabase, StorageError, TableDefinition, TableError};
use tokio::sync::oneshot;

use super::engine::{Answer, EachRow, ExportError};
use super::latch::{self, Latch};
use super::{Batch, CommitError, Direction, Engine, Medium, ReadError, Row, Table};
use crate::base::limits;

use backend::Backend;
pub use copy::Import;
use writer::{Request, Writer};

const STATE: TableDefinition<&str, u64> = TableDefinition::new("engine.state");
/// The next number of each sequence that isn't taken.
const SEQUENCES: TableDefinition<&str, u64> = TableDefinition::new("engine.sequences");
const COUNTERS: TableDefinition<&[u8], i64> = TableDefinition::new("engine.counters");
const VERSION_BYTES: usize = 8;

type Rows = redb::ReadOnlyTable<&'static [u8], &'static [u8]>;
type Guard<'a> = redb::AccessGuard<'a, &'static [u8]>;
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
}

#[derive(Debug)]
struct Shared {
    /// `None` when closed.
    database: RwLock<Option<Arc<Database>>>,
    sequences: Mutex<Sequences>,
    latch: Latch,
}

impl RedbEngine {
    /// Opens the file, making it when it is absent; its name is durable on return.
    pub fn open(medium: Arc<dyn Medium>, file_name: &str) -> Result<Self, OpenError> {
        let (engine, writer, queue) = Self::prepare(medium.as_ref(), file_name)?;
        let thread = std::thread::Builder::new().name("database".into());
        thread.spawn(move || writer.run(&queue)).map_err(OpenError::Thread)?;
        Ok(engine)
    }

    fn prepare(medium: &dyn Medium, file_name: &str) -> Result<(Self, Writer, mpsc::Receiver<Request>), OpenError> {
        let io_error = |source| OpenError::Io { file: file_name.to_owned(), source };
        let file = medium.open(file_name).map_err(io_error)?;
        backend::forget_unmade(file.as_ref()).map_err(io_error)?;
        let open =
            || Database::builder().set_cache_size(limits::DATABASE_CACHE_BYTES).create_with_backend(Backend(file));
        let unusable = |reason| OpenError::Unusable { file: file_name.to_owned(), reason };
        // redb panics on pages that no database can have.
        let opened = catch_unwind(AssertUnwindSafe(open)).map_err(|_| unusable("its pages are damaged".into()))?;
        let database = opened.map_err(|error| match error {
            // Invalid data is how redb says that the file is none of its own.
            DatabaseError::Storage(StorageError::Io(source)) if source.kind() != io::ErrorKind::InvalidData => {
                io_error(source)
            }
            error => unusable(error.to_string()),
        })?;
        medium.sync_folder().map_err(io_error)?;
        let database = RwLock::new(Some(Arc::new(database)));
        let shared = Arc::new(Shared { database, sequences: Mutex::default(), latch: Latch::default() });
        let (requests, queue) = mpsc::channel();
        Ok((Self { shared: Arc::clone(&shared), requests }, Writer(shared), queue))
    }

    /// Resolves with the reason when the database can't be read or written any more; never otherwise.
    pub fn failure(&self) -> impl Future<Output = String> + Send + use<> {
        self.shared.latch.failure()
    }

    /// Returns when everything that waits is durable and the file is closed. Later calls fail.
    pub async fn close(&self) {
        let (closed, done) = oneshot::channel();
        // Both fail only when the writer has ended already.
        let _ = self.requests.send(Request::Close(closed));
        let _ = done.await;
    }

    fn take_numbers(&self, sequence: &'static str, count: u64) -> Result<Range<u64>, CommitError> {
        if let Some(reason) = self.shared.latch.reason() {
            return Err(CommitError::Failed(reason));
        }
        let kept = || self.read(|transaction| kept_number(transaction, sequence));
        let mut sequences = self.shared.sequences();
        let next = match sequences.get(sequence) {
            Some(next) if self.shared.database().is_some() => *next,
            _ => kept().map_err(|ReadError(reason)| CommitError::Failed(reason))?,
        };
        let end = next.checked_add(count).ok_or_else(|| CommitError::Failed("a sequence is used up".into()))?;
        sequences.insert(sequence, end);
        Ok(next..end)
    }

    fn read<T>(&self, read: impl FnOnce(&ReadTransaction) -> Result<T, redb::Error>) -> Result<T, ReadError> {
        let database = self.shared.database().ok_or_else(|| ReadError("it is closed".into()))?;
        let found = database.begin_read().map_err(redb::Error::from).and_then(|transaction| read(&transaction));
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
    }

    fn sequences(&self) -> MutexGuard<'_, Sequences> {
        self.sequences.lock().expect("no holder panics")
    }
}

/// The next number of a sequence as it is durable.
fn kept_number(transaction: &ReadTransaction, sequence: &str) -> Result<u64, redb::Error> {
    match transaction.open_table(SEQUENCES) {
        Ok(sequences) => Ok(sequences.get(sequence)?.map_or(1, |next| next.value())),
        Err(TableError::TableDoesNotExist(_)) => Ok(1),
        Err(error) => Err(error.into()),
    }
}

fn version_of(stored: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(stored.get(..VERSION_BYTES)?.try_into().ok()?))
}

fn row(key: Vec<u8>, stored: &[u8]) -> Result<Row, redb::Error> {
    let version = version_of(stored).ok_or_else(|| redb::Error::Corrupted("a row without a version".into()))?;
    Ok(Row { key, version, value: stored[VERSION_BYTES..].to_vec() })
}

/// A table that was never written to is empty.
fn open_rows(transaction: &ReadTransaction, table: Table) -> Result<Option<Rows>, redb::Error> {
    match transaction.open_table(TableDefinition::new(table.0)) {
        Ok(rows) => Ok(Some(rows)),
        Err(TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn get_many(transaction: &ReadTransaction, keys: Vec<(Table, Vec<u8>)>) -> Result<Vec<Option<Row>>, redb::Error> {
    let mut open: HashMap<Table, Option<Rows>> = HashMap::new();
    let mut found = Vec::with_capacity(keys.len());
    for (table, key) in keys {
        let rows = match open.entry(table) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(place) => place.insert(open_rows(transaction, table)?),
        };
        let stored = match rows {
            Some(rows) => rows.get(key.as_slice())?,
            None => None,
        };
        found.push(stored.map(|stored| row(key, stored.value())).transpose()?);
    }
    Ok(found)
}

fn scan(
    rows: &Rows,
    (low, high): &(Bound<Vec<u8>>, Bound<Vec<u8>>),
    limit: usize,
    direction: Direction,
) -> Result<Vec<Row>, redb::Error> {
    let range = (low.as_ref().map(Vec::as_slice), high.as_ref().map(Vec::as_slice));
    let found = rows.range::<&[u8]>(range)?;
    let decode = |(key, stored): (Guard<'_>, Guard<'_>)| row(key.value().to_vec(), stored.value());
    match direction {
        Direction::Forward => found.take(limit).map(|entry| decode(entry?)).collect(),
        Direction::Backward => found.rev().take(limit).map(|entry| decode(entry?)).collect(),
    }
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
        Box::pin(async move { self.read(|transaction| get_many(transaction, keys)) })
    }

    fn scan(
        &self,
        table: Table,
        range: (Bound<Vec<u8>>, Bound<Vec<u8>>),
        limit: usize,
        direction: Direction,
    ) -> Answer<'_, Vec<Row>, ReadError> {
        Box::pin(async move {
            self.read(|transaction| match open_rows(transaction, table)? {
                Some(rows) => scan(&rows, &range, limit, direction),
                None => Ok(Vec::new()),
            })
        })
    }

    fn commit(&self, batch: Batch) -> Answer<'_, (), CommitError> {
        let (sender, answer) = oneshot::channel();
        // A send fails when the writer has ended; the answer channel then says so.
        let _ = self.requests.send(Request::Commit(batch, sender));
        Box::pin(async move {
            answer.await.unwrap_or_else(|_| {
                Err(CommitError::Failed(self.shared.latch.reason().unwrap_or_else(|| "it is closed".into())))
            })
        })
    }

    fn reserve(&self, sequence: &'static str, count: u64) -> Answer<'_, Range<u64>, CommitError> {
        Box::pin(async move { self.take_numbers(sequence, count) })
    }

    fn counter(&self, counter: Vec<u8>) -> Answer<'_, i64, ReadError> {
        Box::pin(async move {
            self.read(|transaction| match transaction.open_table(COUNTERS) {
                Ok(counters) => Ok(counters.get(counter.as_slice())?.map_or(0, |value| value.value())),
                Err(TableError::TableDoesNotExist(_)) => Ok(0),
                Err(error) => Err(error.into()),
            })
        })
    }
}
