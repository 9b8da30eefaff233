//! The journal: the truth about mail. Envelope and message are appended to segment files; whoever holds a mail id holds
//! a receipt that both are durable.
//!
//! It does not know what became of an entry: the database does, and tells [`Journal::open`] which segments are finished.
//! The format is described in [`crate::manual::journal`].
//!
//! Invariants
//! - An id is given once. The number of a new segment is above every segment file present and at least `first_segment`,
//!   which the caller derives from what outlives the files (the rows of finished segments).
//! - Each start writes to a segment of its own, made before the first append; a start without mail makes none.
//! - An entry reaches the inbox, or is recovered, only when it is durable; once per process.
//!
//! A full disk refuses an append and goes on. After a failed sync or truncate every append fails until the next start,
//! and [`Journal::failure`] says why.

mod catalogue;
mod check;
mod copy;
mod format;
mod payload;
mod recovery;
mod rewrite;
mod segment;
#[cfg(test)]
mod tests;
mod walk;
mod writer;

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock, RwLockReadGuard, mpsc};

use bytes::Bytes;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;

use super::Medium;
use super::latch::{self, Latch};
use super::waiting::Waiting;
use crate::base::{Chance, Envelope, MailId, limits};

use catalogue::Catalogue;
pub use check::Checked;
pub use copy::{SegmentCopy, is_segment};
use payload::Payload;
pub use rewrite::EraseError;
use segment::SegmentId;
use writer::{Append, Request, Requests, Writer};

/// The open journal. Cheap to clone. When the last clone is dropped the writer finishes what waits and ends.
#[derive(Clone, Debug)]
pub struct Journal {
    requests: Requests,
    catalogue: Arc<Catalogue>,
    latch: Latch,
    /// Entries between their append and its answer.
    pub(super) waiting: Waiting,
    /// Entries of the last group.
    grouped: Arc<AtomicUsize>,
    /// Held for reading while files are copied or checked, and for writing while one is rewritten.
    unchanged: Arc<RwLock<()>>,
}

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Inbound,
    Outbound,
}

/// What was appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub kind: Kind,
    pub envelope: Envelope,
    pub message: Vec<u8>,
}

/// A journal just opened.
#[derive(Debug)]
pub struct Opened {
    pub journal: Journal,
    /// Every inbound entry appended from now on, in order, durable.
    pub inbound: UnboundedReceiver<MailId>,
    /// All entries of segments that aren't finished, in order, durable.
    pub recovered: Vec<(MailId, Kind)>,
    /// What can't be read in those segments; it stays where it is.
    pub damage: Vec<Damage>,
}

/// Bytes of a segment file that hold no valid frame; the entries around them are intact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    pub file: String,
    pub offset: u64,
    /// 0 when it is the whole file.
    pub bytes: u64,
    /// Nothing shows that these bytes were ever durable: after a power cut most likely mail whose sender got no 250.
    pub unconfirmed: bool,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, offset, bytes, unconfirmed } = self;
        match bytes {
            0 => write!(f, "{file} has no intact header: none of its entries can be read")?,
            _ => write!(f, "{file} is damaged: {bytes} bytes from offset {offset}")?,
        }
        f.write_str(if *unconfirmed { ", most likely never confirmed to a sender" } else { "; take it from a backup" })
    }
}

/// Why the journal can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{file} in the data folder can't be used: {}", latch::reason(source))]
    Io { file: String, source: io::Error },
    #[error("{file} has journal format version {version}, which this postcase doesn't know: run a newer one")]
    Version { file: String, version: u32 },
    #[error("{file} is named like a journal segment of a newer postcase: run that, or move the file elsewhere")]
    Unknown { file: String },
    #[error("the journal's writer can't be started: {0}")]
    Thread(io::Error),
}

impl OpenError {
    pub(super) fn folder(source: io::Error) -> Self {
        Self::Io { file: ".".into(), source }
    }
}

/// Why an entry was not appended. Nothing of it is kept after `NoRoom`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The disk is full, or the entry is larger than [`limits::ENTRY_BYTES_MAX`]: another one may succeed.
    #[error("there is no room in the journal: free some disk space")]
    NoRoom,
    /// The journal is closed until the next start; whether the entry is kept is not known.
    #[error("the journal can't be written: {0}")]
    Failed(String),
}

/// Why an entry can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("the journal has no such entry")]
    Absent,
    #[error("the entry is damaged on disk: take it from a backup")]
    Damaged,
    #[error("the journal can't be read: {0}")]
    Io(#[from] io::Error),
}

/// Where a new process begins.
struct Start {
    incarnation: u32,
    first_segment: u32,
    segment_bytes_max: u64,
    chance: Chance,
}

impl Journal {
    /// Recovers what earlier processes left and starts the writer. `finished` knows the segments (incarnation, segment)
    /// in which nothing waits; only the others are read, each to its last byte.
    ///
    /// New ids have `incarnation` and a segment of `first_segment` or above.
    pub fn open(
        medium: Arc<dyn Medium>,
        incarnation: u32,
        first_segment: u32,
        finished: &dyn Fn(u32, u32) -> bool,
    ) -> Result<Opened, OpenError> {
        let segment_bytes_max = limits::SEGMENT_BYTES_MAX;
        Self::start(medium, Start { incarnation, first_segment, segment_bytes_max, chance: Chance::system() }, finished)
    }

    fn start(medium: Arc<dyn Medium>, start: Start, finished: &dyn Fn(u32, u32) -> bool) -> Result<Opened, OpenError> {
        let (opened, writer, queue) = Self::prepare(medium, start, finished)?;
        let thread = std::thread::Builder::new().name("journal".into());
        thread.spawn(move || writer.run(&queue)).map_err(OpenError::Thread)?;
        Ok(opened)
    }

    /// A journal whose writer doesn't run yet.
    fn prepare(
        medium: Arc<dyn Medium>,
        start: Start,
        finished: &dyn Fn(u32, u32) -> bool,
    ) -> Result<(Opened, Writer, mpsc::Receiver<Request>), OpenError> {
        let Start { incarnation, first_segment, segment_bytes_max, chance } = start;
        let recovery = recovery::recover(medium.as_ref(), finished)?;
        let used = recovery.ids.iter().filter(|id| id.incarnation == incarnation).map(|id| id.segment).max();
        let segment = first_segment.max(used.map_or(1, |used| used + 1));
        let open = SegmentId { incarnation, segment };
        let catalogue = Arc::new(Catalogue::new(Arc::clone(&medium), recovery.ids, open));
        recovery.segments.into_iter().for_each(|segment| catalogue.keep(segment));

        let (announce, inbound) = unbounded_channel();
        let (requests, queue) = mpsc::channel();
        let latch = Latch::default();
        let grouped = Arc::new(AtomicUsize::new(0));
        let writer = Writer {
            medium,
            catalogue: Arc::clone(&catalogue),
            latch: latch.clone(),
            inbound: announce,
            chance,
            segment_bytes_max,
            grouped: grouped.clone(),
            live: None,
            buffer: Vec::new(),
        };
        let journal =
            Self { requests, catalogue, latch, waiting: Waiting::default(), grouped, unchanged: Arc::default() };
        let opened = Opened { journal, inbound, recovered: recovery.entries, damage: recovery.damage };
        Ok((opened, writer, queue))
    }

    /// Appends an entry; it is durable on return. Dropping the future doesn't take the entry back.
    pub async fn append(&self, kind: Kind, envelope: &Envelope, message: Bytes) -> Result<MailId, AppendError> {
        let waiting = self.waiting.one_more();
        // In a burst the processor is what is short, not the disk. Between two groups nobody waits in a burst either.
        let busy = waiting.others.max(self.grouped.load(Ordering::Relaxed));
        let compress = busy <= limits::COMPRESS_WAITING_MAX;
        let payload = Payload::new(envelope, message, compress).await.ok_or(AppendError::NoRoom)?;
        let (receipt, answer) = oneshot::channel();
        // A send fails when the writer has ended; the answer channel then says so.
        let _ = self.requests.send(Request::Append(Append { kind, payload, receipt }));
        answer.await.unwrap_or_else(|_| Err(AppendError::Failed(self.ended())))
    }

    /// The entry under an id. Reads in the calling thread: one or two positional reads, after the first of a segment.
    pub fn read(&self, id: MailId) -> Result<Entry, ReadError> {
        self.catalogue.segment(id.into())?.read(id.index)
    }

    /// While it is held no segment is rewritten; entries are appended as ever.
    pub fn unchanged(&self) -> RwLockReadGuard<'_, ()> {
        self.unchanged.read().expect("no holder panics")
    }

    /// The segment that new entries go to. Segments of this incarnation in front of it get no more entries.
    pub fn open_segment(&self) -> u32 {
        self.catalogue.open_segment().segment
    }

    /// Resolves with the reason when the journal can't be written any more; never otherwise.
    pub fn failure(&self) -> impl Future<Output = String> + Send + use<> {
        self.latch.failure()
    }

    /// Returns when everything that waits is durable and the writer has let go of its files. Later appends fail.
    pub async fn close(self) {
        let _waiting = self.waiting.one_more();
        let (closed, done) = oneshot::channel();
        // Both fail only when the writer has ended already.
        let _ = self.requests.send(Request::Close(closed));
        let _ = done.await;
    }

    fn ended(&self) -> String {
        self.latch.reason().unwrap_or_else(|| "it is closed".into())
    }
}

/// The highest incarnation of any segment file, so that a new store takes a higher one.
pub fn newest_incarnation(medium: &dyn Medium) -> Result<Option<u32>, OpenError> {
    Ok(recovery::segment_ids(medium)?.last().map(|id| id.incarnation))
}
