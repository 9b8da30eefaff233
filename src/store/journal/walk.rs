//! Finding the frames of a segment file, also behind damage.
//!
//! A walk goes from frame to frame. Where a frame doesn't verify it searches for the next one that does; since the
//! check of a frame header is keyed by the file's random salt, nothing inside a message can pass for a frame. A walk
//! changes nothing and fails only when the file can't be read.

use std::io;
use std::ops::Range;

use crate::store::MediumFile;

use super::format::{self, FRAME_MAGIC, FRAMES_AT, FrameHeader, FrameKey, HEADER_BYTES};

/// How much is searched at a time.
const SEARCH_BYTES: usize = 64 * 1024;

/// What a walk verifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verify {
    /// Frame headers: enough to know where entries lie.
    Headers,
    /// Payloads too.
    Payloads,
}

#[derive(Debug)]
pub(super) struct Found {
    pub header: FrameHeader,
    pub offset: u64,
}

/// Bytes that no valid frame covers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bad {
    pub range: Range<u64>,
    /// No valid frame behind shows that these bytes were ever durable.
    pub unconfirmed: bool,
}

#[derive(Debug)]
pub(super) struct Walk {
    pub frames: Vec<Found>,
    /// In front of the last valid frame.
    pub bad: Vec<Bad>,
    /// Behind the last valid frame.
    pub end: u64,
}

pub(super) fn walk(file: &dyn MediumFile, key: &FrameKey, len: u64, verify: Verify) -> io::Result<Walk> {
    let reader = Reader { file, key, len, verify };
    let mut walk = Walk { frames: Vec::new(), bad: Vec::new(), end: FRAMES_AT };
    let mut at = FRAMES_AT;
    while at < len {
        let Some(header) = reader.header(at)? else {
            at = reader.search(at + 1)?;
            continue;
        };
        let next = at + header.frame_len();
        // Indices only rise: a frame that says otherwise was taken back and has come up again.
        let rises = walk.frames.last().is_none_or(|last| last.header.index < header.index);
        if rises && reader.payload_is_good(at, &header)? {
            walk.add(Found { header, offset: at });
        }
        at = next;
    }
    Ok(walk)
}

impl Walk {
    fn add(&mut self, found: Found) {
        if self.end < found.offset {
            self.bad.push(Bad { range: self.end..found.offset, unconfirmed: true });
        }
        if found.header.starts_group {
            self.bad.iter_mut().for_each(|bad| bad.unconfirmed = false);
        }
        self.end = found.offset + found.header.frame_len();
        self.frames.push(found);
    }
}

struct Reader<'a> {
    file: &'a dyn MediumFile,
    key: &'a FrameKey,
    len: u64,
    verify: Verify,
}

impl Reader<'_> {
    /// The frame header at an offset, if it verifies and the file holds the whole frame.
    fn header(&self, at: u64) -> io::Result<Option<FrameHeader>> {
        if at + HEADER_BYTES as u64 > self.len {
            return Ok(None);
        }
        let mut bytes = [0; HEADER_BYTES];
        self.file.read_at(at, &mut bytes)?;
        Ok(FrameHeader::decode(&bytes, self.key).filter(|header| header.frame_len() <= self.len - at))
    }

    fn payload_is_good(&self, at: u64, header: &FrameHeader) -> io::Result<bool> {
        if self.verify == Verify::Headers {
            return Ok(true);
        }
        let mut payload = vec![0; header.payload_len()];
        self.file.read_at(at + HEADER_BYTES as u64, &mut payload)?;
        Ok(format::payload_hash(&[&payload]) == header.payload_hash)
    }

    /// Where the next frame header that verifies begins, at `from` or behind; the end of the file when there is none.
    fn search(&self, from: u64) -> io::Result<u64> {
        let mut chunk = Vec::new();
        let mut at = from;
        while at + HEADER_BYTES as u64 <= self.len {
            chunk.resize(SEARCH_BYTES.min(usize::try_from(self.len - at).unwrap_or(SEARCH_BYTES)), 0);
            self.file.read_at(at, &mut chunk)?;
            for (place, bytes) in chunk.windows(FRAME_MAGIC.len()).enumerate() {
                if bytes == FRAME_MAGIC && self.header(at + place as u64)?.is_some() {
                    return Ok(at + place as u64);
                }
            }
            // The next chunk begins with what may be the first bytes of a magic.
            at += (chunk.len() + 1 - FRAME_MAGIC.len()) as u64;
        }
        Ok(self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::journal::Kind;
    use crate::store::journal::format::FileHeader;
    use crate::store::{Medium, SimulatedMedium};

    const FILE: FileHeader = FileHeader { incarnation: 1, segment: 1, generation: 0, salt: [0; 16] };

    enum Piece {
        /// Index, and whether it starts a group.
        Frame(u32, bool),
        /// A frame whose payload has changed.
        Changed(u32),
        /// As many bytes of magic.
        Noise(usize),
    }
    use Piece::{Changed, Frame, Noise};

    fn bytes(piece: &Piece) -> Vec<u8> {
        let (index, starts_group, good) = match piece {
            Frame(index, starts_group) => (*index, *starts_group, true),
            Changed(index) => (*index, false, false),
            Noise(count) => return FRAME_MAGIC.repeat(count.div_ceil(4))[..*count].to_vec(),
        };
        let payload_hash = format::payload_hash(&[if good { b"{}hello" } else { b"{}other" }]);
        let (kind, compressed) = (Kind::Inbound, false);
        let (envelope_len, stored_len, raw_len) = (2, 5, 5);
        let header =
            FrameHeader { kind, compressed, starts_group, index, envelope_len, stored_len, raw_len, payload_hash };
        [&header.encode(&FILE.frame_key())[..], b"{}hello"].concat()
    }

    /// Indices found, the lengths of bad stretches and whether they are unconfirmed, and the length of the tail.
    #[track_caller]
    fn check(pieces: &[Piece], found: &[u32], bad: &[(u64, bool)], tail: u64) {
        let file = SimulatedMedium::new().open("segment").unwrap();
        file.set_len(FRAMES_AT).unwrap();
        file.write_at(FRAMES_AT, &pieces.iter().flat_map(bytes).collect::<Vec<u8>>()).unwrap();
        let len = file.len().unwrap();
        let walk = walk(file.as_ref(), &FILE.frame_key(), len, Verify::Payloads).unwrap();
        let indices: Vec<u32> = walk.frames.iter().map(|found| found.header.index).collect();
        let stretches: Vec<_> = walk.bad.iter().map(|bad| (bad.range.end - bad.range.start, bad.unconfirmed)).collect();
        assert_eq!((&indices[..], &stretches[..], len - walk.end), (found, bad, tail));
    }

    #[test]
    fn frames_are_found_around_what_is_bad() {
        const LEN: u64 = 55;
        check(&[], &[], &[], 0);
        check(&[Frame(0, true), Frame(1, false), Frame(5, true)], &[0, 1, 5], &[], 0);
        check(&[Frame(0, true), Noise(7), Frame(1, true)], &[0, 1], &[(7, false)], 0);
        check(&[Noise(5), Frame(0, true), Noise(7), Frame(1, false)], &[0, 1], &[(5, false), (7, true)], 0);
        check(&[Frame(0, true), Changed(1), Frame(2, false), Changed(3)], &[0, 2], &[(LEN, true)], LEN);
        check(&[Frame(0, true), Changed(1), Noise(9), Frame(2, true)], &[0, 2], &[(LEN + 9, false)], 0);
        check(&[Frame(0, true), Noise(47)], &[0], &[], 47);
    }

    #[test]
    fn frames_are_found_across_the_chunks_of_a_search() {
        for noise in SEARCH_BYTES - 4..SEARCH_BYTES + 4 {
            check(&[Noise(noise), Frame(0, true)], &[0], &[(noise as u64, false)], 0);
        }
    }

    #[test]
    fn an_index_that_comes_again_is_bad() {
        check(&[Frame(0, true), Frame(1, false), Frame(1, true), Frame(2, true)], &[0, 1, 2], &[(55, false)], 0);
    }
}
