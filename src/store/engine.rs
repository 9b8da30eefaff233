//! The one interface to the database: small enough that every engine can keep it, strict enough that all logic above is
//! written once.
//!
//! Rows are documents under a key in a named table; each row has a version that changes with every write. A [`Batch`] is
//! applied whole or refused as a [`CommitError::Conflict`]; whoever is refused plans again from fresh reads. That is the
//! transaction model of etcd and FoundationDB: serialisable for every row named in an expectation, also for rows that
//! must be absent.
//!
//! Two things are not rows, so that they never conflict: sequences ([`Engine::reserve`], gaps allowed) and counters
//! ([`Batch::add`], commutative).

use std::future::Future;
use std::io;
use std::ops::{Bound, Range};
use std::pin::Pin;

use tokio::sync::mpsc::UnboundedReceiver;

/// What every engine call returns.
pub type Answer<'a, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'a>>;

/// What [`Engine::commit_all`] returns.
pub type Answers<'a> = Pin<Box<dyn Future<Output = Vec<Result<(), CommitError>>> + Send + 'a>>;

/// A table, by the name under which it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Table(pub &'static str);

/// One stored document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub key: Vec<u8>,
    /// Different after every write of the row; meaningless otherwise.
    pub version: u64,
    pub value: Vec<u8>,
}

/// A range of keys in bytewise order.
pub type Keys = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// From the first key up or from the last key down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Forward,
    Backward,
}

/// What must be true of a row when the batch is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    Absent,
    Version(u64),
    /// It holds exactly this, as its BLAKE3: for what an earlier batch writes that isn't committed yet.
    Value([u8; 32]),
}

/// Writes that happen together or not at all. Within one batch a key is written once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    pub expectations: Vec<(Table, Vec<u8>, Expected)>,
    /// `None` deletes; deleting an absent row is fine.
    pub writes: Vec<(Table, Vec<u8>, Option<Vec<u8>>)>,
    /// Counter and what to add to it; a counter that was never added to is 0.
    pub additions: Vec<(Vec<u8>, i64)>,
}

impl Batch {
    pub fn expect(&mut self, table: Table, key: impl Into<Vec<u8>>, expected: Expected) {
        self.expectations.push((table, key.into(), expected));
    }

    pub fn put(&mut self, table: Table, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.writes.push((table, key.into(), Some(value.into())));
    }

    pub fn delete(&mut self, table: Table, key: impl Into<Vec<u8>>) {
        self.writes.push((table, key.into(), None));
    }

    pub fn add(&mut self, counter: impl Into<Vec<u8>>, amount: i64) {
        self.additions.push((counter.into(), amount));
    }
}

/// The database can't be read.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the database can't be read: {0}")]
pub struct ReadError(pub String);

/// Why a batch was not applied.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CommitError {
    /// An expectation doesn't hold any more: read again, plan again.
    #[error("somebody else changed the same rows")]
    Conflict,
    /// The database has failed and stays closed until the next start: after a failed sync nobody knows what is on disk,
    /// and trying again would only hide it.
    #[error("the database can't be written: {0}")]
    Failed(String),
}

/// What is done with each row of an export: its table, its key, what is stored.
pub type EachRow<'a> = dyn FnMut(&str, &[u8], &[u8]) -> io::Result<()> + 'a;

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Whoever takes the rows can't.
    #[error(transparent)]
    Write(io::Error),
}

/// A database. All methods may be called from any task.
pub trait Engine: Send + Sync {
    /// The rows under these keys, in this order, from one snapshot.
    fn get_many(&self, keys: Vec<(Table, Vec<u8>)>) -> Answer<'_, Vec<Option<Row>>, ReadError>;

    /// At most `limit` rows of a range of keys in bytewise order, from one snapshot.
    fn scan(&self, table: Table, range: Keys, limit: usize, direction: Direction) -> Answer<'_, Vec<Row>, ReadError>;

    /// Applies a batch; durable on return.
    fn commit(&self, batch: Batch) -> Answer<'_, (), CommitError>;

    /// Applies batches one after the other, each whole or not at all, and makes all durable together: the answer to each.
    fn commit_all(&self, batches: Vec<Batch>) -> Answers<'_>;

    /// `count` numbers of a sequence that nobody else gets. The first is 1; gaps happen. A number is kept for good by any
    /// commit made after it was reserved; after a crash before that nobody has seen it, and it is given again.
    fn reserve(&self, sequence: &'static str, count: u64) -> Answer<'_, Range<u64>, CommitError>;

    /// Every row, from one snapshot, in a form that only the same kind of engine reads back. Blocks its thread.
    fn export(&self, each: &mut EachRow<'_>) -> Result<(), ExportError>;

    /// The keys that commits write into these tables from now on, in their order, each once it is durable and can be read.
    /// What nobody takes out stays in memory: for whoever always does.
    fn watch(&self, tables: Vec<Table>) -> UnboundedReceiver<(Table, Vec<u8>)>;

    /// What was deleted or replaced before is in no file on return. May take as long as writing every row once more, and
    /// batches wait meanwhile. After an error it is as it was, and may be tried again.
    fn purge(&self) -> Answer<'_, (), CommitError>;

    /// The value of a counter.
    fn counter(&self, counter: Vec<u8>) -> Answer<'_, i64, ReadError>;
}
