//! Erasure: a segment is written once more without some of its entries, and takes the place of the file it was made from.
//!
//! The other entries keep their ids, and their order. Damage goes along as it is, so that it is still told of. The segment
//! that is being written gets no more entries first. A crash leaves the former file or the new one, each whole; which entries
//! are to be erased is remembered by the caller, who asks again after a start: what is erased already costs a look.
//!
//! What it does not do: overwrite the former file's blocks on the disk. They are free, and hold the old bytes until the file
//! system uses them again.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Range;

use tokio::sync::oneshot;

use super::format::{FRAMES_AT, FrameHeader, FrameKey, HEADER_BYTES};
use super::segment::{self, LoadError, SegmentId};
use super::walk::{self, Verify, Walk};
use super::writer::Request;
use super::{AppendError, Journal};
use crate::base::{Chance, MailId};
use crate::store::{Medium, MediumFile};

/// The name of a file that isn't a segment yet. There is one at a time.
const PART: &str = "rewritten-segment.part";
/// Damage is copied in such pieces.
const COPY_BYTES: u64 = 1024 * 1024;

/// Why entries are not erased, or not all of them.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    #[error("{file} is damaged, and {id} may lie in the damaged part: take the file from a backup and erase again")]
    Damaged { file: String, id: MailId },
    #[error("{file} can't be rewritten: {source}")]
    Io { file: String, source: io::Error },
    #[error(transparent)]
    Append(#[from] AppendError),
}

impl Journal {
    /// Erases entries; their bytes are in no file on return. Those that aren't there are erased already.
    pub async fn erase(&self, ids: &[MailId]) -> Result<(), EraseError> {
        let mut segments: BTreeMap<SegmentId, BTreeSet<u32>> = BTreeMap::new();
        for id in ids {
            segments.entry((*id).into()).or_default().insert(id.index);
        }
        if segments.contains_key(&self.catalogue.open_segment()) {
            let (rolled, answer) = oneshot::channel();
            // A send fails when the writer has ended; the answer channel then says so.
            let _ = self.requests.send(Request::Roll(rolled));
            answer.await.unwrap_or_else(|_| Err(AppendError::Failed(self.ended())))?;
        }
        let journal = self.clone();
        let rewritten = tokio::task::spawn_blocking(move || journal.rewrite(&segments)).await;
        rewritten.unwrap_or_else(|_| Err(AppendError::Failed("the rewriting of a segment broke".into()).into()))
    }

    fn rewrite(&self, segments: &BTreeMap<SegmentId, BTreeSet<u32>>) -> Result<(), EraseError> {
        let _alone = self.unchanged.write().expect("no holder panics");
        let medium = self.catalogue.medium();
        let known: BTreeSet<SegmentId> = self.catalogue.durable().into_iter().map(|(id, _)| id).collect();
        for (id, gone) in segments.iter().filter(|(id, _)| known.contains(id)) {
            let io = |source| EraseError::Io { file: id.file_name(), source };
            if make(medium.as_ref(), *id, gone)? {
                let put = || medium.rename(PART, &id.file_name()).and_then(|()| medium.sync_folder());
                self.catalogue.replace(*id, put).map_err(io)?;
            }
        }
        Ok(())
    }
}

/// Makes the file that is to take the segment's place, durably; false when nothing is left to erase.
fn make(medium: &dyn Medium, id: SegmentId, gone: &BTreeSet<u32>) -> Result<bool, EraseError> {
    let io = |source| EraseError::Io { file: id.file_name(), source };
    let damaged = |index: u32| EraseError::Damaged { file: id.file_name(), id: id.mail_id(index) };
    let first = *gone.first().expect("a segment is named with its entries");
    if medium.list().map_err(io)?.iter().any(|name| name == PART) {
        // From before a crash.
        medium.remove(PART).and_then(|()| medium.sync_folder()).map_err(io)?;
    }
    let old = match segment::open(medium, id) {
        Ok(old) => old,
        Err(LoadError::Unmade) => return Ok(false),
        Err(LoadError::Damaged | LoadError::Version(_)) => return Err(damaged(first)),
        Err(LoadError::Io(error)) => return Err(io(error)),
    };
    let walk = walk::walk(old.file.as_ref(), &old.header.frame_key(), old.len, Verify::Payloads).map_err(io)?;
    let present: BTreeSet<u32> = walk.frames.iter().map(|found| found.header.index).collect();
    if let Some(lost) = gone.difference(&present).next()
        && (!walk.bad.is_empty() || walk.end < old.len)
    {
        return Err(damaged(*lost));
    }
    if gone.is_disjoint(&present) {
        return Ok(false);
    }
    write(medium, id, &old, &walk, gone).map_err(io)?;
    Ok(true)
}

fn write(
    medium: &dyn Medium,
    id: SegmentId,
    old: &segment::OpenFile,
    walk: &Walk,
    gone: &BTreeSet<u32>,
) -> io::Result<()> {
    let header = segment::header(id, old.header.generation + 1, &Chance::system());
    let file = segment::write_header(medium, PART, &header)?;
    let mut copy = Copy { old: old.file.as_ref(), new: file.as_ref(), key: header.frame_key(), end: FRAMES_AT };
    let mut at = FRAMES_AT;
    for found in &walk.frames {
        copy.bytes(at..found.offset)?;
        at = found.offset + found.header.frame_len();
        if !gone.contains(&found.header.index) {
            copy.frame(&found.header, found.offset)?;
        }
    }
    copy.bytes(at..old.len)?;
    file.sync_data()
}

struct Copy<'a> {
    old: &'a dyn MediumFile,
    new: &'a dyn MediumFile,
    key: FrameKey,
    /// Of the new file.
    end: u64,
}

impl Copy<'_> {
    fn frame(&mut self, header: &FrameHeader, offset: u64) -> io::Result<()> {
        // All in front of it was durable, and is before the file has its name.
        let head = FrameHeader { starts_group: true, ..header.clone() }.encode(&self.key);
        let mut bytes = vec![0; HEADER_BYTES + header.payload_len()];
        bytes[..HEADER_BYTES].copy_from_slice(&head);
        self.old.read_at(offset + HEADER_BYTES as u64, &mut bytes[HEADER_BYTES..])?;
        self.add(&bytes)
    }

    fn bytes(&mut self, mut range: Range<u64>) -> io::Result<()> {
        while range.start < range.end {
            let len = COPY_BYTES.min(range.end - range.start);
            let mut bytes = vec![0; usize::try_from(len).expect("at most COPY_BYTES")];
            self.old.read_at(range.start, &mut bytes)?;
            self.add(&bytes)?;
            range.start += len;
        }
        Ok(())
    }

    fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.new.write_at(self.end, bytes)?;
        self.end += bytes.len() as u64;
        Ok(())
    }
}
