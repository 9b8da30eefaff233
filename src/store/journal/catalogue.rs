//! Which segments there are, and the few whose entries are known by place.
//!
//! The segment being written is always known by place; of the others the most recently read are. The writer alone adds
//! segments.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, RwLock};

use crate::base::limits;
use crate::store::Medium;

use super::ReadError;
use super::segment::{LoadError, Segment, SegmentId};

/// Shared by the writer and all readers.
#[derive(Debug)]
pub(super) struct Catalogue {
    medium: Arc<dyn Medium>,
    made: RwLock<Made>,
    /// From the most recently used; [`limits::SEGMENT_INDEXES_MAX`].
    recent: Mutex<VecDeque<Arc<Segment>>>,
    /// Held for writing while a file takes another's place, so that nobody keeps the former one.
    loading: RwLock<()>,
}

#[derive(Debug)]
struct Made {
    ids: BTreeSet<SegmentId>,
    live: Option<Arc<Segment>>,
    /// The segment that new entries go to, made or not.
    open: SegmentId,
}

impl Catalogue {
    pub fn new(medium: Arc<dyn Medium>, ids: BTreeSet<SegmentId>, open: SegmentId) -> Self {
        Self {
            medium,
            made: RwLock::new(Made { ids, live: None, open }),
            recent: Mutex::default(),
            loading: RwLock::default(),
        }
    }

    /// The segment that new entries go to; those in front of it get none.
    pub fn open_segment(&self) -> SegmentId {
        self.made.read().expect("no holder panics").open
    }

    pub fn medium(&self) -> Arc<dyn Medium> {
        Arc::clone(&self.medium)
    }

    /// All segments, oldest first; with its durable bytes the one that is being written.
    pub fn durable(&self) -> Vec<(SegmentId, Option<u64>)> {
        let made = self.made.read().expect("no holder panics");
        let end = |id: &SegmentId| made.live.as_ref().filter(|live| live.id == *id).map(|live| live.durable_bytes());
        made.ids.iter().map(|id| (*id, end(id))).collect()
    }

    /// From here on new entries go to a segment that isn't made yet.
    pub fn roll(&self, open: SegmentId) {
        let mut made = self.made.write().expect("no holder panics");
        made.open = open;
        if let Some(full) = made.live.take() {
            self.keep(full);
        }
    }

    pub fn add_live(&self, segment: Arc<Segment>) {
        let mut made = self.made.write().expect("no holder panics");
        made.ids.insert(segment.id);
        made.live = Some(segment);
    }

    /// Remembers a segment as the most recently used.
    pub fn keep(&self, segment: Arc<Segment>) {
        let mut recent = self.recent.lock().expect("no holder panics");
        recent.retain(|kept| kept.id != segment.id);
        recent.push_front(segment);
        recent.truncate(limits::SEGMENT_INDEXES_MAX);
    }

    pub fn segment(&self, id: SegmentId) -> Result<Arc<Segment>, ReadError> {
        {
            let made = self.made.read().expect("no holder panics");
            if let Some(live) = made.live.as_ref().filter(|live| live.id == id) {
                return Ok(Arc::clone(live));
            }
            if !made.ids.contains(&id) {
                return Err(ReadError::Absent);
            }
        }
        let _loading = self.loading.read().expect("no holder panics");
        let segment = match self.recent(id) {
            Some(segment) => segment,
            // Two readers may load the same segment, and one of the two is dropped.
            None => Arc::new(Segment::load(self.medium.as_ref(), id)?),
        };
        self.keep(Arc::clone(&segment));
        Ok(segment)
    }

    /// Puts another file into the place of a segment's.
    pub fn replace(&self, id: SegmentId, put: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let _loading = self.loading.write().expect("no holder panics");
        let put = put();
        // Also after a failure: whichever file has the name is read.
        self.recent.lock().expect("no holder panics").retain(|kept| kept.id != id);
        put
    }

    fn recent(&self, id: SegmentId) -> Option<Arc<Segment>> {
        let recent = self.recent.lock().expect("no holder panics");
        recent.iter().find(|kept| kept.id == id).map(Arc::clone)
    }
}

impl From<LoadError> for ReadError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Io(error) => error.into(),
            LoadError::Unmade => Self::Absent,
            LoadError::Damaged | LoadError::Version(_) => Self::Damaged,
        }
    }
}
