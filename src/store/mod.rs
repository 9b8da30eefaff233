//! What is kept: the journal (the truth about mail) and the database (the truth about cases).
//!
//! [`Store::open`] opens both in a folder that the caller has locked ([`FolderLock`]). The store's incarnation is made
//! once and is part of every mail id.
//!
//! A segment is *finished* when nothing in it waits; whoever finds that out puts a row into [`SEGMENT_FINISHED`] under
//! [`segment_key`]. These rows outlive the segment files: the next segment's number is above all of them, so a segment
//! file may be removed only after its row is committed, and no row is ever deleted.

pub mod backup;
pub mod case_change;
#[cfg(test)]
mod conformance;
pub mod disk;
pub mod documents;
pub mod due;
pub mod engine;
pub mod erase;
pub mod journal;
pub mod latch;
pub mod lock;
pub mod medium;
pub mod people;
pub mod priority;
mod rations;
pub mod redb;
pub mod room;
pub mod simulated;
pub mod site;
pub mod tables;
pub mod traces;
mod waiting;

use std::collections::HashSet;
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::base::{MailId, Time};

pub use self::redb::RedbEngine;
pub use case_change::CaseChange;
pub use disk::DiskMedium;
pub use documents::{Documents, Kept, Key, Page};
pub use engine::{Batch, CommitError, Direction, Engine, Expected, ReadError, Row, Table};
pub use journal::{AppendError, Entry, Journal, Kind as JournalKind, ReadError as JournalReadError};
pub use lock::{FolderLock, LockError};
pub use medium::{Medium, MediumFile, Room};
pub use room::Floor;
pub use simulated::SimulatedMedium;
pub use site::{Site, StoreError};
pub use waiting::Waiting;

/// Segments in which nothing waits, by [`segment_key`]; the value is for whoever writes it.
pub const SEGMENT_FINISHED: Table = Table("segment_finished");

const META: Table = Table("meta");
const META_KEY: &[u8] = b"store";
const DATABASE_FILE: &str = "postcase.redb";
/// Of the tables and documents in the database.
const FORMAT: u32 = 3;
const ROWS_AT_A_TIME: usize = 1000;

/// What an administrator may set about the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// See [`Floor::new`].
    pub free_bytes_min: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { free_bytes_min: crate::base::limits::FREE_BYTES_MIN }
    }
}

/// The open store.
pub struct Store {
    pub engine: Arc<dyn Engine>,
    pub journal: Journal,
    /// See [`base::ids`](crate::base::ids).
    pub incarnation: u32,
    database: Arc<RedbEngine>,
}

/// A store just opened; the fields beside it are those of [`journal::Opened`].
pub struct StoreOpened {
    pub store: Store,
    pub inbound: UnboundedReceiver<MailId>,
    pub recovered: Vec<(MailId, journal::Kind)>,
    pub damage: Vec<journal::Damage>,
}

/// Why a store can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("a restore into the data folder was cut short: empty the folder and restore again")]
    Unfinished,
    #[error(transparent)]
    Database(#[from] redb::OpenError),
    #[error(transparent)]
    Journal(#[from] journal::OpenError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(
        "the store has format version {0}, and this postcase reads version {FORMAT}: run the postcase that made it, or \
         name another data_dir"
    )]
    Version(u32),
    #[error("the store's description can't be read: take the database from a backup")]
    Meta,
    #[error(
        "{DATABASE_FILE} is lost beside its journal: take it from a backup, or, to begin without addresses and cases, move \
         the journal files elsewhere"
    )]
    Lost,
    #[error("the clock stands before 1970 or behind 2106: set it")]
    Clock,
}

/// The row that describes the store.
#[derive(Debug, Serialize, Deserialize)]
struct Meta {
    format: u32,
    incarnation: u32,
}

/// The key of a segment in [`SEGMENT_FINISHED`]; sorts as segments do.
pub fn segment_key(incarnation: u32, segment: u32) -> [u8; 8] {
    (u64::from(incarnation) << 32 | u64::from(segment)).to_be_bytes()
}

impl Store {
    /// True for a folder in which there is one already.
    pub fn is_in(folder: &Path) -> bool {
        folder.join(DATABASE_FILE).exists()
    }

    /// Opens what the folder holds, making a store when it holds none; `now` is then its birth.
    pub async fn open(medium: Arc<dyn Medium>, now: Time) -> Result<StoreOpened, OpenError> {
        if medium.list().map_err(journal::OpenError::folder)?.iter().any(|name| name == backup::UNFINISHED) {
            return Err(OpenError::Unfinished);
        }
        let database = Arc::new(RedbEngine::open(Arc::clone(&medium), DATABASE_FILE)?);
        let engine: Arc<dyn Engine> = Arc::clone(&database) as Arc<dyn Engine>;
        let incarnation = incarnation(engine.as_ref(), medium.as_ref(), now).await?;
        let finished = finished_segments(engine.as_ref()).await?;
        let highest = finished.iter().filter(|(of, _)| *of == incarnation).map(|(_, segment)| *segment).max();
        let is_finished = |incarnation, segment| finished.contains(&(incarnation, segment));
        let opened = Journal::open(medium, incarnation, highest.unwrap_or(0) + 1, &is_finished)?;
        if let Err(error) = erase::finish(&*engine, &opened.journal).await {
            tracing::error!(%error, "what was erased is not out of all files yet; the next start tries again");
        }
        let store = Self { engine, journal: opened.journal, incarnation, database };
        Ok(StoreOpened { store, inbound: opened.inbound, recovered: opened.recovered, damage: opened.damage })
    }

    /// Resolves with the reason when either part can't be written any more; never otherwise. The process should end.
    pub fn failure(&self) -> impl Future<Output = String> + Send + use<> {
        let (journal, database) = (self.journal.failure(), self.database.failure());
        async move {
            tokio::select! {
                reason = journal => format!("the journal can't be written: {reason}"),
                reason = database => format!("the database can't be used: {reason}"),
            }
        }
    }

    /// Who waits for the journal, and who for the database.
    pub fn waiting(&self) -> [Waiting; 2] {
        [self.journal.waiting.clone(), self.database.waiting.clone()]
    }

    /// Returns when all that waits is durable and the files are closed.
    pub async fn close(self) {
        self.journal.close().await;
        self.database.close().await;
    }
}

/// The store's incarnation, made and committed when the database is new.
async fn incarnation(engine: &dyn Engine, medium: &dyn Medium, now: Time) -> Result<u32, OpenError> {
    let row = engine.get_many(vec![(META, META_KEY.to_vec())]).await?.pop().flatten();
    if let Some(row) = row {
        let meta: Meta = serde_json::from_slice(&row.value).map_err(|_| OpenError::Meta)?;
        return if meta.format == FORMAT { Ok(meta.incarnation) } else { Err(OpenError::Version(meta.format)) };
    }
    let born = u32::try_from(now.as_second()).map_err(|_| OpenError::Clock)?;
    // The database is made before the first segment. To begin anew would be to forget every address and refuse its mail.
    if journal::newest_incarnation(medium)?.is_some() {
        return Err(OpenError::Lost);
    }
    let meta = Meta { format: FORMAT, incarnation: born };
    let mut batch = Batch::default();
    batch.expect(META, META_KEY, Expected::Absent);
    batch.put(META, META_KEY, serde_json::to_vec(&meta).expect("two numbers are JSON"));
    engine.commit(batch).await?;
    Ok(meta.incarnation)
}

async fn finished_segments(engine: &dyn Engine) -> Result<HashSet<(u32, u32)>, OpenError> {
    let mut finished = HashSet::new();
    let mut low = Bound::Unbounded;
    loop {
        let range = (low, Bound::Unbounded);
        let rows = engine.scan(SEGMENT_FINISHED, range, ROWS_AT_A_TIME, Direction::Forward).await?;
        let Some(last) = rows.last() else { return Ok(finished) };
        low = Bound::Excluded(last.key.clone());
        for row in &rows {
            let key = u64::from_be_bytes(row.key.as_slice().try_into().map_err(|_| OpenError::Meta)?);
            finished.insert(((key >> 32) as u32, key as u32));
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::base::{Envelope, ReversePath};
    use journal::Kind;

    fn envelope() -> Envelope {
        Envelope::local(ReversePath::Null, vec!["anna@example.com".parse().unwrap()], "ESMTP", Time::UNIX_EPOCH)
    }

    async fn open(medium: &SimulatedMedium, second: i64) -> StoreOpened {
        Store::open(Arc::new(medium.clone()), Time::from_second(second).unwrap()).await.unwrap()
    }

    async fn append(store: &Store) -> MailId {
        store.journal.append(Kind::Inbound, &envelope(), Bytes::from_static(b"hello")).await.unwrap()
    }

    async fn put(engine: &dyn Engine, table: Table, key: &[u8], value: &str) {
        let mut batch = Batch::default();
        batch.put(table, key, value);
        engine.commit(batch).await.unwrap();
    }

    #[tokio::test]
    async fn a_store_keeps_its_incarnation_and_recovers_what_is_not_finished() {
        let medium = SimulatedMedium::new();
        let mut opened = open(&medium, 1000).await;
        let first = append(&opened.store).await;
        assert_eq!((first.incarnation, first.segment, opened.inbound.recv().await), (1000, 1, Some(first)));
        put(opened.store.engine.as_ref(), SEGMENT_FINISHED, &segment_key(1000, 1), "").await;

        let medium = medium.crash_dropping_all();
        let opened = open(&medium, 2000).await;
        assert_eq!((opened.store.incarnation, opened.recovered.len()), (1000, 0));
        let second = append(&opened.store).await;
        opened.store.close().await;
        assert_eq!(open(&medium.crash_dropping_all(), 3000).await.recovered, [(second, Kind::Inbound)]);
    }

    #[tokio::test]
    async fn a_store_on_disk_is_there_again() {
        let folder = tempfile::tempdir().unwrap();
        let open = async || {
            let medium = Arc::new(DiskMedium::open(&folder.path().join("data")).unwrap());
            Store::open(medium, Time::from_second(1000).unwrap()).await.unwrap()
        };
        let opened = open().await;
        let id = append(&opened.store).await;
        opened.store.close().await;
        let opened = open().await;
        assert_eq!(opened.recovered, [(id, Kind::Inbound)]);
        assert_eq!(opened.store.journal.read(id).unwrap().message, b"hello");
    }

    #[tokio::test]
    async fn ids_stay_above_removed_files_and_a_lost_database_is_not_replaced() {
        let medium = SimulatedMedium::new();
        let opened = open(&medium, 1000).await;
        put(opened.store.engine.as_ref(), SEGMENT_FINISHED, &segment_key(1000, 7), "").await;
        put(opened.store.engine.as_ref(), SEGMENT_FINISHED, &segment_key(999, 9), "").await;
        opened.store.close().await;
        let opened = open(&medium, 1000).await;
        let kept = append(&opened.store).await;
        assert_eq!(kept.segment, 8);
        opened.store.close().await;

        medium.remove(DATABASE_FILE).unwrap();
        let lost = Store::open(Arc::new(medium), Time::from_second(2000).unwrap()).await;
        assert!(matches!(lost, Err(OpenError::Lost)));
    }

    #[tokio::test]
    async fn a_store_that_is_not_understood_is_not_opened() {
        let check = async |value: &str, expected: &str| {
            let medium = SimulatedMedium::new();
            let engine = RedbEngine::open(Arc::new(medium.clone()), DATABASE_FILE).unwrap();
            put(&engine, META, META_KEY, value).await;
            engine.close().await;
            let error = Store::open(Arc::new(medium), Time::UNIX_EPOCH).await.err().unwrap().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(r#"{"format":2,"incarnation":1}"#, "format version 2").await;
        check(r#"{"format":4,"incarnation":1}"#, "format version 4").await;
        check("?", "description").await;
        let before = Store::open(Arc::new(SimulatedMedium::new()), Time::from_second(-1).unwrap()).await;
        assert!(matches!(before, Err(OpenError::Clock)));
    }

    #[tokio::test]
    async fn a_failure_of_either_part_is_told() {
        for (file, part) in [("journal", "the journal"), ("database", "the database")] {
            let medium = SimulatedMedium::new();
            let opened = open(&medium, 1).await;
            append(&opened.store).await;
            let failure = opened.store.failure();
            medium.fail(simulated::Operation::Sync, 1, simulated::Fault::Io);
            match file {
                "journal" => {
                    opened.store.journal.append(Kind::Inbound, &envelope(), Bytes::new()).await.unwrap_err();
                }
                _ => {
                    let mut batch = Batch::default();
                    batch.put(META, "row", "");
                    opened.store.engine.commit(batch).await.unwrap_err();
                }
            }
            assert!(conformance::at_once(failure).await.unwrap().starts_with(part));
        }
    }
}
