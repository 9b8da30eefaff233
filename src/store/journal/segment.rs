//! One segment file: its name, its making, where its entries lie, and reading one.
//!
//! Invariants: no frame is written to a file whose header and name aren't durable; an entry is returned only when its
//! payload hash holds.

use std::io;
use std::sync::RwLock;

use crate::base::{Chance, Envelope, MailId};
use crate::store::{Medium, MediumFile};

use super::format::{self, COPY_AT, FRAMES_AT, FileHeader, FrameHeader, FrameKey, HEADER_BYTES, HeaderError};
use super::walk::{self, Bad, Verify, Walk};
use super::{Entry, ReadError};

const PREFIX: &str = "journal-";

/// Names a segment; sorts as they were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SegmentId {
    pub incarnation: u32,
    pub segment: u32,
}

impl SegmentId {
    pub fn file_name(self) -> String {
        format!("{PREFIX}{:08x}-{:08x}.seg", self.incarnation, self.segment)
    }

    /// `None` for files of others, `Some(Err)` for a file that looks like a segment's and isn't named like one: a
    /// newer postcase may have made it, and to pass over it would hide mail.
    pub fn parse(file_name: &str) -> Option<Result<Self, ()>> {
        let numbers = file_name.strip_prefix(PREFIX)?;
        let parsed = numbers.strip_suffix(".seg").and_then(|numbers| numbers.split_once('-'));
        let number = |text: &str| u32::from_str_radix(text, 16).ok();
        let id = parsed.and_then(|(incarnation, segment)| {
            Some(Self { incarnation: number(incarnation)?, segment: number(segment)? })
        });
        Some(id.filter(|id| id.file_name() == file_name).ok_or(()))
    }

    pub fn mail_id(self, index: u32) -> MailId {
        MailId { incarnation: self.incarnation, segment: self.segment, index }
    }
}

impl From<MailId> for SegmentId {
    fn from(id: MailId) -> Self {
        Self { incarnation: id.incarnation, segment: id.segment }
    }
}

/// An open segment file.
#[derive(Debug)]
pub(super) struct Segment {
    pub id: SegmentId,
    pub file: Box<dyn MediumFile>,
    pub key: FrameKey,
    places: RwLock<Places>,
}

#[derive(Debug, Default)]
struct Places {
    /// Index and offset of each entry, by index.
    offsets: Vec<(u32, u64)>,
    /// Behind the last of them.
    end: u64,
    /// Some frames couldn't be found: an absent entry may be a damaged one.
    damaged: bool,
}

/// Why a segment couldn't be made.
#[derive(Debug)]
pub(super) enum CreateError {
    /// Nothing of it counts; the same file may be tried again.
    NoRoom(io::Error),
    /// A sync failed.
    Failed(io::Error),
}

/// Why a segment couldn't be loaded.
#[derive(Debug)]
pub(super) enum LoadError {
    Io(io::Error),
    /// The power went while it was made: it never held an entry.
    Unmade,
    /// Neither copy of its header is intact.
    Damaged,
    Version(u32),
}

impl From<io::Error> for LoadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Segment {
    /// Makes the file; header and name are durable on return.
    pub fn create(medium: &dyn Medium, id: SegmentId, chance: &Chance) -> Result<Self, CreateError> {
        let header = header(id, 0, chance);
        let file = write_header(medium, &id.file_name(), &header).map_err(CreateError::NoRoom)?;
        file.sync_data().map_err(CreateError::Failed)?;
        medium.sync_folder().map_err(CreateError::Failed)?;
        Ok(Self {
            id,
            file,
            key: header.frame_key(),
            places: RwLock::new(Places { end: FRAMES_AT, ..Places::default() }),
        })
    }

    /// Opens a file that exists and finds its entries by their frame headers.
    pub fn load(medium: &dyn Medium, id: SegmentId) -> Result<Self, LoadError> {
        let OpenFile { file, header, len } = open(medium, id)?;
        let key = header.frame_key();
        let walk = walk::walk(file.as_ref(), &key, len, Verify::Headers)?;
        let damaged = !walk.bad.is_empty() || walk.end < len;
        Ok(Self::with(id, file, key, &walk, damaged))
    }

    /// Opens a file of an earlier process, verifies it to the last byte and makes durable what is readable: after a
    /// kill it may not be. Of the `newest` segment a torn tail is cut; in older ones it counts as bad.
    pub fn recover(medium: &dyn Medium, id: SegmentId, newest: bool) -> Result<(Self, Walk), LoadError> {
        let OpenFile { file, header, len } = open(medium, id)?;
        let key = header.frame_key();
        let mut walk = walk::walk(file.as_ref(), &key, len, Verify::Payloads)?;
        if !newest {
            // The next segment was made only after all of this one was durable.
            walk.bad.iter_mut().for_each(|bad| bad.unconfirmed = false);
        }
        if walk.end < len && newest {
            file.set_len(walk.end)?;
        } else if walk.end < len {
            walk.bad.push(Bad { range: walk.end..len, unconfirmed: false });
        }
        if newest {
            rewrite_last_group(file.as_ref(), &walk)?;
        }
        file.sync_data()?;
        let damaged = !walk.bad.is_empty();
        Ok((Self::with(id, file, key, &walk, damaged), walk))
    }

    /// Reads the first `end` bytes of a file that exists, and verifies them all.
    pub fn verify(medium: &dyn Medium, id: SegmentId, end: u64) -> Result<Walk, LoadError> {
        let OpenFile { file, header, .. } = open(medium, id)?;
        Ok(walk::walk(file.as_ref(), &header.frame_key(), end, Verify::Payloads)?)
    }

    fn with(id: SegmentId, file: Box<dyn MediumFile>, key: FrameKey, walk: &Walk, damaged: bool) -> Self {
        let offsets = walk.frames.iter().map(|found| (found.header.index, found.offset)).collect();
        Self { id, file, key, places: RwLock::new(Places { offsets, end: walk.end, damaged }) }
    }

    /// Tells readers of entries that are durable now, and of the end behind them.
    pub fn add(&self, entries: &[(u32, u64)], end: u64) {
        let mut places = self.places.write().expect("no holder panics");
        places.offsets.extend_from_slice(entries);
        places.end = end;
    }

    /// Bytes that hold the header and all entries known.
    pub fn durable_bytes(&self) -> u64 {
        self.places.read().expect("no holder panics").end
    }

    pub fn is_empty(&self) -> bool {
        self.places.read().expect("no holder panics").offsets.is_empty()
    }

    pub fn read(&self, index: u32) -> Result<Entry, ReadError> {
        let offset = self.offset(index)?;
        let mut header = [0; HEADER_BYTES];
        self.file.read_at(offset, &mut header)?;
        let header = FrameHeader::decode(&header, &self.key).filter(|header| header.index == index);
        let header = header.ok_or(ReadError::Damaged)?;
        let mut payload = vec![0; header.payload_len()];
        self.file.read_at(offset + HEADER_BYTES as u64, &mut payload)?;
        if format::payload_hash(&[&payload]) != header.payload_hash {
            return Err(ReadError::Damaged);
        }
        decode_payload(&header, payload).ok_or(ReadError::Damaged)
    }

    fn offset(&self, index: u32) -> Result<u64, ReadError> {
        let places = self.places.read().expect("no holder panics");
        match places.offsets.binary_search_by_key(&index, |(index, _)| *index) {
            Ok(at) => Ok(places.offsets[at].1),
            Err(_) if places.damaged => Err(ReadError::Damaged),
            Err(_) => Err(ReadError::Absent),
        }
    }
}

/// A file whose header is intact.
pub(super) struct OpenFile {
    pub file: Box<dyn MediumFile>,
    pub header: FileHeader,
    pub len: u64,
}

pub(super) fn open(medium: &dyn Medium, id: SegmentId) -> Result<OpenFile, LoadError> {
    let file = medium.open(&id.file_name())?;
    let len = file.len()?;
    let header = read_header(file.as_ref(), id, len)?;
    Ok(OpenFile { file, header, len })
}

/// The header of a new file.
pub(super) fn header(id: SegmentId, generation: u32, chance: &Chance) -> FileHeader {
    FileHeader { incarnation: id.incarnation, segment: id.segment, generation, salt: chance.bytes() }
}

/// Writes the bytes that no later group confirms once more. If the earlier process ended because of a failed sync, the
/// system holds them for clean, and a sync alone would do nothing.
fn rewrite_last_group(file: &dyn MediumFile, walk: &Walk) -> io::Result<()> {
    let start = walk.frames.iter().rfind(|found| found.header.starts_group).map_or(FRAMES_AT, |found| found.offset);
    if start == walk.end {
        return Ok(());
    }
    let mut group = vec![0; usize::try_from(walk.end - start).expect("a group fits into memory")];
    file.read_at(start, &mut group)?;
    file.write_at(start, &group)
}

pub(super) fn write_header(medium: &dyn Medium, name: &str, header: &FileHeader) -> io::Result<Box<dyn MediumFile>> {
    let file = medium.open(name)?;
    let mut bytes = vec![0; FRAMES_AT as usize];
    bytes[..HEADER_BYTES].copy_from_slice(&header.encode());
    bytes[COPY_AT as usize..].copy_from_slice(&header.encode());
    file.write_at(0, &bytes)?;
    Ok(file)
}

fn read_header(file: &dyn MediumFile, id: SegmentId, len: u64) -> Result<FileHeader, LoadError> {
    for offset in [0, COPY_AT] {
        let mut bytes = [0; HEADER_BYTES];
        if offset + HEADER_BYTES as u64 > len {
            break;
        }
        file.read_at(offset, &mut bytes)?;
        match FileHeader::decode(&bytes) {
            Ok(header) if (header.incarnation, header.segment) == (id.incarnation, id.segment) => return Ok(header),
            Err(HeaderError::Version(version)) => return Err(LoadError::Version(version)),
            Ok(_) | Err(HeaderError::Damaged) => {}
        }
    }
    Err(if len <= FRAMES_AT { LoadError::Unmade } else { LoadError::Damaged })
}

fn decode_payload(header: &FrameHeader, mut payload: Vec<u8>) -> Option<Entry> {
    let (envelope, stored) = payload.split_at(header.envelope_len as usize);
    let envelope: Envelope = serde_json::from_slice(envelope).ok()?;
    let message = if header.compressed {
        super::payload::decompress(stored, header.raw_len as usize)?
    } else {
        payload.drain(..header.envelope_len as usize);
        payload
    };
    (message.len() == header.raw_len as usize).then_some(Entry { kind: header.kind, envelope, message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_has_one_name() {
        let id = SegmentId { incarnation: 0x691f_6a2c, segment: 0x1f };
        assert_eq!(id.file_name(), "journal-691f6a2c-0000001f.seg");
        let check = |name: &str, expected| assert_eq!(SegmentId::parse(name), expected, "{name}");
        check("journal-691f6a2c-0000001f.seg", Some(Ok(id)));
        check("postcase.redb", None);
        check("lock", None);
        for wrong in
            ["journal-691f6a2c-1f.seg", "journal-691f6a2c-0000001F.seg", "journal-691f6a2c-0000001f-00000001.seg"]
        {
            check(wrong, Some(Err(())));
        }
    }
}
