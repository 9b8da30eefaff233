//! Ids that outlive a process.
//!
//! A [`MailId`] names one journal entry for ever: the incarnation of the store (seconds since 1970 when it was made, or,
//! so that a restored store never reuses an id, a number above that and above those of the store that was saved), the segment, and the index in that segment. It carries no file offset.

use std::fmt;
use std::str::FromStr;

use super::stored_as_shown;

/// A case's number as people say it. Counted from 1 with gaps allowed.
pub type CaseNumber = u64;

/// The id of one message in the journal, received or sent. Text form `691f6a2c-1-2a`, all parts hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailId {
    pub incarnation: u32,
    pub segment: u32,
    pub index: u32,
}

impl MailId {
    /// Sorts as the ids do: twelve bytes, big-endian.
    pub fn to_key(self) -> [u8; 12] {
        let mut key = [0; 12];
        key[..4].copy_from_slice(&self.incarnation.to_be_bytes());
        key[4..8].copy_from_slice(&self.segment.to_be_bytes());
        key[8..].copy_from_slice(&self.index.to_be_bytes());
        key
    }

    /// The inverse of [`to_key`](Self::to_key); `None` for any other length.
    pub fn from_key(key: &[u8]) -> Option<Self> {
        let word = |at: usize| Some(u32::from_be_bytes(key.get(at..at + 4)?.try_into().ok()?));
        (key.len() == 12).then_some(())?;
        Some(Self { incarnation: word(0)?, segment: word(4)?, index: word(8)? })
    }
}

stored_as_shown!(MailId);

impl fmt::Display for MailId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}-{:x}-{:x}", self.incarnation, self.segment, self.index)
    }
}

/// Not a mail id.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a mail id looks like 691f6a2c-1-2a")]
pub struct NotAMailId;

impl FromStr for MailId {
    type Err = NotAMailId;

    fn from_str(text: &str) -> Result<Self, NotAMailId> {
        let mut words = text.split('-').map(|word| u32::from_str_radix(word, 16).map_err(|_| NotAMailId));
        let mut next = || words.next().ok_or(NotAMailId)?;
        let id = Self { incarnation: next()?, segment: next()?, index: next()? };
        // One text per id: "0691…" or a sign would be a second name for the same mail.
        (id.to_string() == text).then_some(id).ok_or(NotAMailId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_key_round_trip_and_sort_alike() {
        let early = MailId { incarnation: 0x691f_6a2c, segment: 1, index: 0x2a };
        let late = MailId { segment: 2, index: 0, ..early };
        assert_eq!(early.to_string(), "691f6a2c-1-2a");
        assert_eq!("691f6a2c-1-2a".parse(), Ok(early));
        assert_eq!(MailId::from_key(&early.to_key()), Some(early));
        assert!(early < late && early.to_key() < late.to_key());
        for wrong in ["", "691f6a2c-1", "691f6a2c-1-2a-", "691F6A2C-1-2A", "691f6a2c-01-2a", "+91f6a2c-1-2a"] {
            assert_eq!(wrong.parse::<MailId>(), Err(NotAMailId), "{wrong}");
        }
    }
}
