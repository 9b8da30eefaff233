//! What a server has in hand at a moment. At rest, and when its peers are gone, that is nothing: whatever was taken and never
//! given back would be missing one day. Simulations look at it; it also tells when only time can move a server.

use crate::net::Stop;
use crate::smtp::server::Taken;
use crate::store::{Floor, Waiting};

/// Tells of its server also while that ends, and after. Cheap to clone.
#[derive(Clone)]
pub struct InHand {
    pub(super) receiving: Stop,
    pub(super) workers: Stop,
    pub(super) taken: Taken,
    pub(super) floor: Floor,
    pub(super) store: [Waiting; 2],
}

impl InHand {
    /// Everything that isn't given back, each with its name.
    pub fn all(&self) -> Vec<(&'static str, usize)> {
        let reserved = usize::try_from(self.floor.reserved()).unwrap_or(usize::MAX);
        let mut all = vec![
            ("sessions", self.receiving.count()),
            ("deliveries", self.workers.count()),
            ("bytes reserved on the disk", reserved),
            ("requests to the store", self.requests()),
        ];
        all.extend(self.taken.all());
        all.retain(|(_, count)| *count > 0);
        all
    }

    /// Requests that a thread of the store hasn't answered.
    pub fn requests(&self) -> usize {
        self.store.iter().map(Waiting::count).sum()
    }
}
