//! One message in memory, and its share of what all sessions may hold.
//!
//! Memory is taken from the common [`Budget`] before it is used, in steps as the message really grows: what a peer announces
//! costs nothing. Nobody waits for memory, so sessions can't wait for each other; who gets none refuses its message.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::base::limits::MESSAGE_STEP_BYTES;

/// Bytes that all messages being received may have together.
#[derive(Clone, Debug)]
pub struct Budget {
    left: Arc<Semaphore>,
    bytes: usize,
}

/// There is no more memory for messages now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRoom;

/// The message of one session. Appending to `bytes` is for its owner, within the room that was made.
#[derive(Debug)]
pub struct Buffer {
    pub bytes: Vec<u8>,
    share: OwnedSemaphorePermit,
}

impl Budget {
    pub fn new(bytes: usize) -> Self {
        Self { left: Arc::new(Semaphore::new(bytes)), bytes }
    }

    /// True when more than half is taken.
    pub fn is_short(&self) -> bool {
        self.left.available_permits() < self.bytes / 2
    }

    /// Bytes that messages have.
    pub fn taken(&self) -> usize {
        self.bytes - self.left.available_permits()
    }

    /// An empty buffer, for which nothing is taken yet.
    pub fn buffer(&self) -> Buffer {
        let nothing = Arc::clone(&self.left).try_acquire_many_owned(0);
        Buffer { bytes: Vec::new(), share: nothing.expect("the budget is never closed, and nothing is always there") }
    }
}

impl Buffer {
    /// Makes sure that `more` bytes can be appended without any further memory.
    pub fn make_room(&mut self, more: usize) -> Result<(), NoRoom> {
        let needed = self.bytes.len() + more;
        if needed <= self.share.num_permits() {
            return Ok(());
        }
        // Twice as much where that is to be had, so that a large message is moved seldom.
        let rooms = [needed.max(self.bytes.len() * 2), needed].map(|room| room.next_multiple_of(MESSAGE_STEP_BYTES));
        let budget = Arc::clone(self.share.semaphore());
        let take = |room: usize| {
            let missing = u32::try_from(room - self.share.num_permits()).ok()?;
            Some((room, Arc::clone(&budget).try_acquire_many_owned(missing).ok()?))
        };
        let (room, share) = rooms.into_iter().find_map(take).ok_or(NoRoom)?;
        self.share.merge(share);
        self.bytes.reserve_exact(room - self.bytes.len());
        Ok(())
    }

    /// Gives everything back.
    pub fn release(&mut self) {
        self.bytes = Vec::new();
        drop(self.share.split(self.share.num_permits()));
    }

    /// The message without copying it. The share must be kept until the message is no longer the session's.
    pub fn into_bytes(self) -> (Bytes, OwnedSemaphorePermit) {
        (self.bytes.into(), self.share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_in_steps_and_gives_everything_back() {
        let budget = Budget::new(4 * MESSAGE_STEP_BYTES);
        let left = || budget.left.available_permits() / MESSAGE_STEP_BYTES;
        let (mut one, mut two) = (budget.buffer(), budget.buffer());
        assert_eq!(one.make_room(1), Ok(()));
        assert_eq!((left(), budget.is_short()), (3, false));
        one.bytes.extend_from_slice(&[0; 100]);
        assert_eq!(one.make_room(MESSAGE_STEP_BYTES), Ok(()));
        assert_eq!(left(), 2);
        assert_eq!(two.make_room(2 * MESSAGE_STEP_BYTES + 1), Err(NoRoom));
        assert_eq!(two.make_room(2 * MESSAGE_STEP_BYTES), Ok(()));
        assert_eq!((one.make_room(2 * MESSAGE_STEP_BYTES), budget.is_short()), (Err(NoRoom), true));
        two.release();
        assert_eq!(left(), 2);
        let (message, share) = one.into_bytes();
        assert_eq!((message.len(), left()), (100, 2));
        drop(share);
        assert_eq!(left(), 4);
    }
}
