//! The one thread that writes: it takes everything that waits, writes it in one piece, syncs once, then answers.
//!
//! Invariants: nobody gets a receipt and nothing is announced before the sync; after a failed write the file is taken
//! back to its last durable length, durably, before anything else is written; after a failed truncate or sync nothing is
//! written ever again (the latch). An index that was tried is not used again.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::sync::{Arc, mpsc};

use tokio::sync::{mpsc::UnboundedSender, oneshot};

use crate::base::{Chance, MailId, limits};
use crate::store::Medium;
use crate::store::latch::{self, Latch};

use super::catalogue::Catalogue;
use super::format::{FRAMES_AT, FrameHeader, HEADER_BYTES};
use super::payload::Payload;
use super::segment::{CreateError, Segment, SegmentId};
use super::{AppendError, Kind};

/// Zeros that are written ahead of small groups.
const ROOM_BYTES: u64 = 512 * 1024;
/// From here on a group is large.
const ROOM_GROUP_BYTES_MAX: usize = 64 * 1024;
/// Messages from here on are written from where they are.
const DIRECT_BYTES_MIN: usize = 128 * 1024;
/// Memory that the buffer of a group keeps between groups.
const BUFFER_BYTES_KEPT: usize = 1024 * 1024;

pub(super) type Receipt = Result<MailId, AppendError>;

#[derive(Debug)]
pub(super) enum Request {
    Append(Append),
    /// From the answer on the present segment gets no more entries.
    Roll(oneshot::Sender<Result<(), AppendError>>),
    /// Answered when everything asked for earlier is done and the files are let go.
    Close(oneshot::Sender<()>),
}

#[derive(Debug)]
pub(super) struct Append {
    pub kind: Kind,
    pub payload: Payload,
    pub receipt: oneshot::Sender<Receipt>,
}

impl Append {
    fn frame_len(&self) -> usize {
        HEADER_BYTES + self.payload.len()
    }

    fn header(&self, index: u32, starts_group: bool) -> FrameHeader {
        let Self { kind, payload, .. } = self;
        FrameHeader {
            kind: *kind,
            compressed: payload.compressed,
            starts_group,
            index,
            envelope_len: length(payload.envelope.len()),
            stored_len: length(payload.stored.len()),
            raw_len: payload.raw_len,
            payload_hash: payload.hash,
        }
    }
}

pub(super) struct Writer {
    pub medium: Arc<dyn Medium>,
    pub catalogue: Arc<Catalogue>,
    pub latch: Latch,
    pub inbound: UnboundedSender<MailId>,
    pub chance: Chance,
    pub segment_bytes_max: u64,
    /// Entries of the last group.
    pub grouped: Arc<AtomicUsize>,
    pub live: Option<Live>,
    pub buffer: Vec<u8>,
}

/// The segment being written.
pub(super) struct Live {
    segment: Arc<Segment>,
    /// Durable bytes; the next group goes here.
    offset: u64,
    /// Up to here the file has durable zeros to write over.
    room_end: u64,
    next_index: u32,
}

impl Writer {
    /// Runs until it is told to close or nobody can ask any more.
    pub fn run(mut self, requests: &Receiver<Request>) {
        let _guard = self.latch.guard("the journal's writer");
        let mut waiting = None;
        loop {
            let first = match waiting.take().map_or_else(|| requests.recv().ok(), Some) {
                Some(Request::Append(append)) => append,
                Some(Request::Roll(rolled)) => {
                    // Whoever asked may have gone.
                    let _ = rolled.send(self.roll());
                    continue;
                }
                Some(Request::Close(closed)) => {
                    self.leave_no_room();
                    drop(self);
                    // Whoever asked may have gone.
                    let _ = closed.send(());
                    return;
                }
                None => return self.leave_no_room(),
            };
            let group;
            (group, waiting) = take_group(first, requests);
            self.answer(group);
        }
    }

    fn answer(&mut self, group: Vec<Append>) {
        self.grouped.store(group.len(), Ordering::Relaxed);
        let written = self.write(&group);
        for (n, append) in group.into_iter().enumerate() {
            let receipt = match &written {
                Ok(ids) => Ok(ids[n]),
                Err(error) => Err(error.clone()),
            };
            if let (Ok(id), Kind::Inbound) = (&receipt, append.kind) {
                // Without an inbox the entry is found at the next start.
                let _ = self.inbound.send(*id);
            }
            // A session may have gone while it waited; the entry is there all the same.
            let _ = append.receipt.send(receipt);
        }
    }

    /// Makes a group durable; all of it or nothing.
    fn write(&mut self, group: &[Append]) -> Result<Vec<MailId>, AppendError> {
        if let Some(reason) = self.latch.reason() {
            return Err(AppendError::Failed(reason));
        }
        let len: usize = group.iter().map(Append::frame_len).sum();
        let mut live = self.live_for(len as u64)?;
        let written = self.write_group(&mut live, group, len);
        self.buffer.clear();
        self.buffer.shrink_to(BUFFER_BYTES_KEPT);
        let id = live.segment.id;
        self.live = Some(live);
        written.map(|places| places.iter().map(|(index, _)| id.mail_id(*index)).collect())
    }

    /// Writes the frames of a group and makes them durable; index and offset of each.
    ///
    /// A small group is followed by room for the next ones: a file whose length and extents stay as they are is synced about
    /// twice as fast. A large one is worth its sync anyway, and room for it would be written for nothing.
    fn write_group(&mut self, live: &mut Live, group: &[Append], len: usize) -> Result<Vec<(u32, u64)>, AppendError> {
        let end = live.offset + len as u64;
        let room = self.segment_bytes_max.saturating_sub(end).min(ROOM_BYTES);
        let mut zeros = if len < ROOM_GROUP_BYTES_MAX && end > live.room_end { room } else { 0 };
        let mut written = self.write_frames(live, group, zeros);
        if let (Err(error), true) = (&written, zeros > 0) {
            // Perhaps the room alone was too much.
            self.take_back(live, error)?;
            zeros = 0;
            written = self.write_frames(live, group, zeros);
        }
        let places = match written {
            Ok(places) => places,
            Err(error) => {
                self.take_back(live, &error)?;
                return Err(AppendError::NoRoom);
            }
        };
        live.segment.file.sync_data().map_err(|error| self.fail(&error))?;
        live.offset = end;
        live.room_end = live.room_end.max(end + zeros);
        live.segment.add(&places, live.offset);
        Ok(places)
    }

    /// Writes frames, and so many zeros behind them. Large messages are not copied once more for that.
    fn write_frames(&mut self, live: &mut Live, group: &[Append], zeros: u64) -> io::Result<Vec<(u32, u64)>> {
        let (file, buffer) = (&live.segment.file, &mut self.buffer);
        let (mut at, mut places) = (live.offset, Vec::with_capacity(group.len()));
        buffer.clear();
        for append in group {
            places.push((live.next_index, at + buffer.len() as u64));
            let header = append.header(live.next_index, places.len() == 1);
            live.next_index += 1;
            buffer.extend_from_slice(&header.encode(&live.segment.key));
            buffer.extend_from_slice(&append.payload.envelope);
            let stored = &append.payload.stored;
            if stored.len() < DIRECT_BYTES_MIN {
                buffer.extend_from_slice(stored);
            } else {
                file.write_at(at, buffer)?;
                file.write_at(at + buffer.len() as u64, stored)?;
                at += (buffer.len() + stored.len()) as u64;
                buffer.clear();
            }
        }
        buffer.resize(buffer.len() + usize::try_from(zeros).expect("at most ROOM_BYTES"), 0);
        file.write_at(at, buffer)?;
        Ok(places)
    }

    /// After a failed write: the file ends again where it ended before.
    fn take_back(&self, live: &mut Live, error: &io::Error) -> Result<(), AppendError> {
        tracing::warn!(%error, "the journal could not be written");
        let file = &live.segment.file;
        // Synced too, so that refused mail can't come back after a power cut.
        file.set_len(live.offset).and_then(|()| file.sync_data()).map_err(|error| self.fail(&error))?;
        live.room_end = live.offset;
        Ok(())
    }

    /// For whoever looks at the files; the next start would do the same.
    fn leave_no_room(&self) {
        if let (Some(live), None) = (&self.live, self.latch.reason()) {
            let _ = live.segment.file.set_len(live.offset);
        }
    }

    /// The segment that `len` more bytes go to: the present one unless it is full.
    fn live_for(&mut self, len: u64) -> Result<Live, AppendError> {
        if let Some(live) = self.live.take() {
            if live.segment.is_empty() || live.offset + len <= self.segment_bytes_max {
                return Ok(live);
            }
            self.end(&live)?;
        }
        let id = self.catalogue.open_segment();
        let segment = Segment::create(self.medium.as_ref(), id, &self.chance).map_err(|error| match error {
            CreateError::NoRoom(error) => {
                tracing::warn!(%error, "no journal segment can be made; mail is put off");
                AppendError::NoRoom
            }
            CreateError::Failed(error) => self.fail(&error),
        })?;
        let segment = Arc::new(segment);
        self.catalogue.add_live(Arc::clone(&segment));
        Ok(Live { segment, offset: FRAMES_AT, room_end: FRAMES_AT, next_index: 0 })
    }

    fn roll(&mut self) -> Result<(), AppendError> {
        if let Some(reason) = self.latch.reason() {
            return Err(AppendError::Failed(reason));
        }
        self.live.take().map_or(Ok(()), |live| self.end(&live))
    }

    /// A segment gets no more entries.
    fn end(&self, live: &Live) -> Result<(), AppendError> {
        // Only the newest segment may have room behind its last frame: elsewhere zeros are damage.
        let file = &live.segment.file;
        file.set_len(live.offset).and_then(|()| file.sync_data()).map_err(|error| self.fail(&error))?;
        let SegmentId { incarnation, segment } = live.segment.id;
        self.catalogue.roll(SegmentId { incarnation, segment: segment + 1 });
        Ok(())
    }

    fn fail(&self, error: &io::Error) -> AppendError {
        let reason = latch::reason(error);
        self.latch.set(reason.clone());
        AppendError::Failed(reason)
    }
}

fn length(len: usize) -> u32 {
    u32::try_from(len).expect("bounded by ENTRY_BYTES_MAX")
}

/// Everything that waits, within the bounds of a group, and the request that didn't fit or isn't an append.
fn take_group(first: Append, requests: &Receiver<Request>) -> (Vec<Append>, Option<Request>) {
    let mut bytes = first.frame_len();
    let mut group = vec![first];
    while group.len() < limits::SYNC_ENTRIES_MAX {
        match requests.try_recv() {
            Ok(Request::Append(next)) if bytes + next.frame_len() <= limits::SYNC_BYTES_MAX => {
                bytes += next.frame_len();
                group.push(next);
            }
            Ok(other) => return (group, Some(other)),
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
        }
    }
    (group, None)
}

/// The way to a writer.
pub(super) type Requests = mpsc::Sender<Request>;
