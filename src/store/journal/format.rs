//! The bytes of the journal, as described in [`crate::manual::journal`]: file headers, frame headers and their checks.
//!
//! Pure: no files, no allocation. Decoding takes hostile bytes; whatever doesn't verify is refused as a whole.

use crate::base::limits;

use super::Kind;

/// Of a file header and of a frame header.
pub(super) const HEADER_BYTES: usize = 48;
/// Where the second copy of the file header lies: in another block than the first.
pub(super) const COPY_AT: u64 = 4096;
/// Where frames begin.
pub(super) const FRAMES_AT: u64 = COPY_AT + HEADER_BYTES as u64;
/// The first bytes of a frame; no UTF-8 text has them.
pub(super) const FRAME_MAGIC: [u8; 4] = [0xF5, 0x9C, 0xA5, 0xE1];

const FILE_MAGIC: [u8; 8] = *b"postcase";
const VERSION: u32 = 1;
/// Bytes of a header in front of its check.
const CHECKED_BYTES: usize = 40;
const COMPRESSED: u8 = 1;
const STARTS_GROUP: u8 = 2;

pub(super) type HeaderBytes = [u8; HEADER_BYTES];

/// What a segment file says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FileHeader {
    pub incarnation: u32,
    pub segment: u32,
    /// How often the segment was rewritten.
    pub generation: u32,
    /// Random, so that nobody who sends mail can write a frame that verifies.
    pub salt: [u8; 16],
}

/// Why a file header can't be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HeaderError {
    Damaged,
    /// Intact, and of a format version that this program doesn't know.
    Version(u32),
}

impl FileHeader {
    pub fn encode(&self) -> HeaderBytes {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(&FILE_MAGIC);
        put_u32(&mut bytes, 8, VERSION);
        put_u32(&mut bytes, 12, self.incarnation);
        put_u32(&mut bytes, 16, self.segment);
        put_u32(&mut bytes, 20, self.generation);
        bytes[24..CHECKED_BYTES].copy_from_slice(&self.salt);
        let check = blake3::hash(&bytes[..CHECKED_BYTES]);
        bytes[CHECKED_BYTES..].copy_from_slice(&check.as_bytes()[..8]);
        bytes
    }

    pub fn decode(bytes: &HeaderBytes) -> Result<Self, HeaderError> {
        let check = blake3::hash(&bytes[..CHECKED_BYTES]);
        if bytes[..8] != FILE_MAGIC || bytes[CHECKED_BYTES..] != check.as_bytes()[..8] {
            return Err(HeaderError::Damaged);
        }
        let version = get_u32(bytes, 8);
        if version != VERSION {
            return Err(HeaderError::Version(version));
        }
        let mut salt = [0; 16];
        salt.copy_from_slice(&bytes[24..CHECKED_BYTES]);
        Ok(Self { incarnation: get_u32(bytes, 12), segment: get_u32(bytes, 16), generation: get_u32(bytes, 20), salt })
    }

    /// The key of all frame checks of this file.
    pub fn frame_key(&self) -> FrameKey {
        FrameKey(blake3::derive_key("postcase journal frame v1", &self.encode()[..CHECKED_BYTES]))
    }
}

#[derive(Clone, Debug)]
pub(super) struct FrameKey([u8; 32]);

impl FrameKey {
    fn check(&self, header: &HeaderBytes) -> [u8; 8] {
        let hash = blake3::keyed_hash(&self.0, &header[..CHECKED_BYTES]);
        hash.as_bytes()[..8].try_into().expect("8 of 32 bytes")
    }
}

/// What stands in front of each entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FrameHeader {
    pub kind: Kind,
    pub compressed: bool,
    /// All frames in front of this one were durable before it was written.
    pub starts_group: bool,
    pub index: u32,
    pub envelope_len: u32,
    pub stored_len: u32,
    pub raw_len: u32,
    pub payload_hash: [u8; 16],
}

impl FrameHeader {
    pub fn encode(&self, key: &FrameKey) -> HeaderBytes {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..4].copy_from_slice(&FRAME_MAGIC);
        bytes[4] = match self.kind {
            Kind::Inbound => 1,
            Kind::Outbound => 2,
        };
        bytes[5] = if self.compressed { COMPRESSED } else { 0 } | if self.starts_group { STARTS_GROUP } else { 0 };
        put_u32(&mut bytes, 8, self.index);
        put_u32(&mut bytes, 12, self.envelope_len);
        put_u32(&mut bytes, 16, self.stored_len);
        put_u32(&mut bytes, 20, self.raw_len);
        bytes[24..CHECKED_BYTES].copy_from_slice(&self.payload_hash);
        let check = key.check(&bytes);
        bytes[CHECKED_BYTES..].copy_from_slice(&check);
        bytes
    }

    /// `None` for everything that this file's writer hasn't written.
    pub fn decode(bytes: &HeaderBytes, key: &FrameKey) -> Option<Self> {
        let kind = match bytes[4] {
            1 => Kind::Inbound,
            2 => Kind::Outbound,
            _ => return None,
        };
        let flags = bytes[5];
        let known = bytes[..4] == FRAME_MAGIC && flags & !(COMPRESSED | STARTS_GROUP) == 0 && bytes[6..8] == [0, 0];
        if !known || bytes[CHECKED_BYTES..] != key.check(bytes) {
            return None;
        }
        let header = Self {
            kind,
            compressed: flags & COMPRESSED != 0,
            starts_group: flags & STARTS_GROUP != 0,
            index: get_u32(bytes, 8),
            envelope_len: get_u32(bytes, 12),
            stored_len: get_u32(bytes, 16),
            raw_len: get_u32(bytes, 20),
            payload_hash: bytes[24..CHECKED_BYTES].try_into().expect("16 bytes"),
        };
        let bounded =
            header.payload_len() <= limits::ENTRY_BYTES_MAX && header.raw_len as usize <= limits::ENTRY_BYTES_MAX;
        bounded.then_some(header)
    }

    /// Envelope and stored message.
    pub fn payload_len(&self) -> usize {
        self.envelope_len as usize + self.stored_len as usize
    }

    pub fn frame_len(&self) -> u64 {
        (HEADER_BYTES + self.payload_len()) as u64
    }
}

/// Of the envelope bytes followed by the stored message.
pub(super) fn payload_hash(parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().as_bytes()[..16].try_into().expect("16 of 32 bytes")
}

fn put_u32(bytes: &mut HeaderBytes, at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

fn get_u32(bytes: &HeaderBytes, at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("4 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: FileHeader = FileHeader { incarnation: 0x691f_6a2c, segment: 7, generation: 0, salt: [5; 16] };
    const FRAME: FrameHeader = FrameHeader {
        kind: Kind::Outbound,
        compressed: true,
        starts_group: true,
        index: 3,
        envelope_len: 10,
        stored_len: 20,
        raw_len: 30,
        payload_hash: [9; 16],
    };

    fn hex(bytes: &[u8]) -> String {
        data_encoding::HEXLOWER.encode(bytes)
    }

    /// Pins the bytes: a change here is a new format version.
    #[test]
    fn the_format_is_what_the_manual_says() {
        let salt = "05".repeat(16);
        let file = FILE.encode();
        assert_eq!(
            hex(&file[..CHECKED_BYTES]),
            format!("706f737463617365{}{}{}{}{salt}", "01000000", "2c6a1f69", "07000000", "00000000")
        );
        let key = FILE.frame_key();
        let frame = FRAME.encode(&key);
        assert_eq!(
            hex(&frame[..CHECKED_BYTES]),
            format!(
                "f59ca5e1{}{}{}{}{}{}{}",
                "02",
                "03",
                "0000",
                "03000000",
                "0a000000",
                "140000001e000000",
                "09".repeat(16)
            )
        );
        assert_eq!(hex(&file[CHECKED_BYTES..]), "f05dfad889eab983");
        assert_eq!(hex(&frame[CHECKED_BYTES..]), "ea91a83902c1ad4f");
        assert_eq!(FileHeader::decode(&file), Ok(FILE));
        assert_eq!(FrameHeader::decode(&frame, &key), Some(FRAME));
    }

    #[test]
    fn every_changed_bit_is_refused() {
        let (file, key) = (FILE.encode(), FILE.frame_key());
        let frame = FRAME.encode(&key);
        for bit in 0..HEADER_BYTES * 8 {
            let flip = |mut bytes: HeaderBytes| {
                bytes[bit / 8] ^= 1 << (bit % 8);
                bytes
            };
            assert_eq!(FileHeader::decode(&flip(file)), Err(HeaderError::Damaged), "bit {bit}");
            assert_eq!(FrameHeader::decode(&flip(frame), &key), None, "bit {bit}");
        }
    }

    #[test]
    fn a_frame_of_another_file_is_refused() {
        let frame = FRAME.encode(&FILE.frame_key());
        let others = [
            FileHeader { incarnation: 1, ..FILE },
            FileHeader { segment: 8, ..FILE },
            FileHeader { generation: 1, ..FILE },
            FileHeader { salt: [6; 16], ..FILE },
        ];
        for other in others {
            assert_eq!(FrameHeader::decode(&frame, &other.frame_key()), None, "{other:?}");
        }
    }

    #[test]
    fn a_frame_beyond_the_bounds_is_refused() {
        let key = FILE.frame_key();
        let huge = u32::try_from(limits::ENTRY_BYTES_MAX).unwrap() + 1;
        for frame in [FrameHeader { raw_len: huge, ..FRAME }, FrameHeader { stored_len: huge, ..FRAME }] {
            assert_eq!(FrameHeader::decode(&frame.encode(&key), &key), None);
        }
    }

    #[test]
    fn an_intact_header_of_another_version_is_told_from_damage() {
        let mut bytes = FILE.encode();
        bytes[8] = 2;
        let check = blake3::hash(&bytes[..CHECKED_BYTES]);
        bytes[CHECKED_BYTES..].copy_from_slice(&check.as_bytes()[..8]);
        assert_eq!(FileHeader::decode(&bytes), Err(HeaderError::Version(2)));
    }
}
