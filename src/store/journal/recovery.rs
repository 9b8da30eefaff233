//! What an earlier process left behind: the entries of segments that aren't finished, made durable, and the damage.
//!
//! Only unfinished segments are read, and the newest one's header. A crash in here leaves what this finds next time:
//! a cut tail is cut again, a sync is done again.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::MailId;
use crate::store::Medium;

use super::segment::{LoadError, Segment, SegmentId};
use super::walk::Walk;
use super::{Damage, Kind, OpenError};

#[derive(Debug, Default)]
pub(super) struct Recovery {
    /// Of all segment files present.
    pub ids: BTreeSet<SegmentId>,
    pub entries: Vec<(MailId, Kind)>,
    pub damage: Vec<Damage>,
    /// The segments that were read, oldest first.
    pub segments: Vec<Arc<Segment>>,
}

pub(super) fn recover(medium: &dyn Medium, finished: &dyn Fn(u32, u32) -> bool) -> Result<Recovery, OpenError> {
    let mut recovery = Recovery { ids: segment_ids(medium)?, ..Recovery::default() };
    let newest = recovery.ids.last().copied();
    for id in recovery.ids.clone() {
        if !finished(id.incarnation, id.segment) {
            match Segment::recover(medium, id, Some(id) == newest) {
                Ok((segment, walk)) => recovery.add(segment, &walk),
                Err(error) => recovery.add_unread(id, error)?,
            }
        } else if Some(id) == newest
            && let Err(LoadError::Version(version)) = Segment::load(medium, id)
        {
            // A newer postcase has run here and finished its work: to go on beside its segments is not safe.
            return Err(OpenError::Version { file: id.file_name(), version });
        }
    }
    if !recovery.segments.is_empty() {
        // The files may have been copied here by hand.
        medium.sync_folder().map_err(OpenError::folder)?;
    }
    Ok(recovery)
}

/// The segment files in the folder, oldest first.
pub(super) fn segment_ids(medium: &dyn Medium) -> Result<BTreeSet<SegmentId>, OpenError> {
    let names = medium.list().map_err(OpenError::folder)?;
    let parse = |file: String| Some(SegmentId::parse(&file)?.map_err(|()| OpenError::Unknown { file }));
    names.into_iter().filter_map(parse).collect()
}

impl Recovery {
    fn add(&mut self, segment: Segment, walk: &Walk) {
        let file = segment.id.file_name();
        let entry = |found: &super::walk::Found| (segment.id.mail_id(found.header.index), found.header.kind);
        self.entries.extend(walk.frames.iter().map(entry));
        self.damage.extend(walk.bad.iter().map(|bad| Damage {
            file: file.clone(),
            offset: bad.range.start,
            bytes: bad.range.end - bad.range.start,
            unconfirmed: bad.unconfirmed,
        }));
        self.segments.push(Arc::new(segment));
    }

    fn add_unread(&mut self, id: SegmentId, error: LoadError) -> Result<(), OpenError> {
        let file = id.file_name();
        match error {
            LoadError::Unmade => {}
            LoadError::Damaged => self.damage.push(Damage { file, offset: 0, bytes: 0, unconfirmed: false }),
            LoadError::Version(version) => return Err(OpenError::Version { file, version }),
            LoadError::Io(source) => return Err(OpenError::Io { file, source }),
        }
        Ok(())
    }
}
