//! The durable bytes of the journal's files, to be read by whoever copies them.
//!
//! A segment is only appended to, so its durable bytes never change while they are copied; unless it is rewritten, which
//! [`Journal::unchanged`] keeps off.

use std::io::{self, Read};
use std::sync::Arc;

use crate::store::{Medium, MediumFile};

use super::Journal;
use super::segment::SegmentId;

/// One segment as it is at a moment.
#[derive(Debug)]
pub struct SegmentCopy {
    pub(super) medium: Arc<dyn Medium>,
    pub(super) id: SegmentId,
    pub name: String,
    /// Durable bytes.
    pub bytes: u64,
}

/// Reads the durable bytes of a segment.
#[derive(Debug)]
pub struct Content {
    file: Box<dyn MediumFile>,
    at: u64,
    end: u64,
}

/// True for the name of a segment file of this version.
pub fn is_segment(name: &str) -> bool {
    matches!(SegmentId::parse(name), Some(Ok(_)))
}

impl Journal {
    /// All segments, oldest first, with every entry that has its receipt by now.
    pub fn copies(&self) -> io::Result<Vec<SegmentCopy>> {
        let medium = self.catalogue.medium();
        let copy = |(id, end): (SegmentId, Option<u64>)| {
            let name = id.file_name();
            let bytes = end.map_or_else(|| medium.open(&name)?.len(), Ok)?;
            Ok(SegmentCopy { medium: Arc::clone(&medium), id, name, bytes })
        };
        self.catalogue.durable().into_iter().map(copy).collect()
    }
}

impl SegmentCopy {
    pub fn open(&self) -> io::Result<Content> {
        Ok(Content { file: self.medium.open(&self.name)?, at: 0, end: self.bytes })
    }
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(usize::try_from(self.end - self.at).unwrap_or(usize::MAX));
        self.file.read_at(self.at, &mut buffer[..most])?;
        self.at += most as u64;
        Ok(most)
    }
}
