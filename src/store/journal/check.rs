//! Reading every durable byte of the journal, to find damage before somebody needs the mail.

use std::io;

use serde::Serialize;

use super::copy::SegmentCopy;
use super::segment::{LoadError, Segment};
use super::{Damage, Journal};

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Checked {
    pub segments: u64,
    pub entries: u64,
    pub bytes: u64,
    #[serde(skip)]
    pub damage: Vec<Damage>,
}

impl Journal {
    /// Verifies header and payload of every entry that has its receipt by now. Blocks its thread and changes nothing.
    pub fn check(&self) -> io::Result<Checked> {
        let _unchanged = self.unchanged();
        let mut checked = Checked::default();
        for copy in self.copies()? {
            checked.segments += 1;
            checked.bytes += copy.bytes;
            checked.add(&copy)?;
        }
        Ok(checked)
    }
}

impl Checked {
    fn add(&mut self, copy: &SegmentCopy) -> io::Result<()> {
        let damage = |offset, bytes| Damage { file: copy.name.clone(), offset, bytes, unconfirmed: false };
        match Segment::verify(copy.medium.as_ref(), copy.id, copy.bytes) {
            Ok(walk) => {
                self.entries += walk.frames.len() as u64;
                let tail = (walk.end < copy.bytes).then_some(walk.end..copy.bytes);
                let bad = walk.bad.into_iter().map(|bad| bad.range).chain(tail);
                self.damage.extend(bad.map(|range| damage(range.start, range.end - range.start)));
            }
            Err(LoadError::Unmade) => {}
            Err(LoadError::Damaged | LoadError::Version(_)) => self.damage.push(damage(0, 0)),
            Err(LoadError::Io(error)) => return Err(error),
        }
        Ok(())
    }
}
