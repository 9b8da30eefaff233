//! The floor under the free disk space: below it no mail transaction is begun, so that the journal meets a full disk
//! seldom and the database, which can't go on after one, hardly ever.
//!
//! A transaction reserves what it announces (RFC 1870) until it ends. All reservations together count for no more than
//! all sessions may hold in memory, since no more can be on its way to the disk: a peer can't use up a disk by promises.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::{Medium, Room};
use crate::base::limits;

/// Cheap to clone; clones share their reservations.
#[derive(Clone, Debug)]
pub struct Floor(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    medium: Arc<dyn Medium>,
    /// None: there is no floor.
    bytes_min: Option<u64>,
    reserved: AtomicU64,
    /// The log has it already.
    told: AtomicBool,
}

/// Bytes kept for one mail transaction while this lives.
#[derive(Debug)]
pub struct Reserved {
    floor: Floor,
    bytes: u64,
}

/// The disk is too full for more mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRoom;

impl Floor {
    /// `free_bytes_min` 0 means no floor at all, for disks too small for any.
    pub fn new(medium: Arc<dyn Medium>, free_bytes_min: u64, message_bytes_max: u64) -> Self {
        let least = free_bytes_min.max(limits::FREE_MESSAGES_MIN.saturating_mul(message_bytes_max));
        let bytes_min = (free_bytes_min > 0).then_some(least);
        Self(Arc::new(Inner { medium, bytes_min, reserved: AtomicU64::new(0), told: AtomicBool::new(false) }))
    }

    /// Bytes that are kept for mail transactions.
    pub fn reserved(&self) -> u64 {
        self.0.reserved.load(Ordering::Relaxed)
    }

    /// Room for one more message of so many bytes.
    pub fn reserve(&self, bytes: u64) -> Result<Reserved, NoRoom> {
        let Self(inner) = self;
        let before = inner.reserved.fetch_add(bytes, Ordering::Relaxed);
        // From here on dropping it gives the bytes back.
        let reserved = Reserved { floor: self.clone(), bytes };
        let room = match (inner.bytes_min, inner.medium.room()) {
            (Some(bytes_min), Ok(room)) => {
                let promised = before.min(limits::BUFFERED_BYTES_MAX as u64).saturating_add(bytes);
                has_room(&room, bytes_min, promised)
            }
            // Who can't be asked is found out by writing.
            (None, _) | (_, Err(_)) => true,
        };
        if inner.told.swap(!room, Ordering::Relaxed) == room {
            match room {
                true => tracing::info!("there is room on the disk again; mail is taken"),
                false => tracing::warn!("the disk is almost full and no mail is taken: free some space"),
            }
        }
        if room { Ok(reserved) } else { Err(NoRoom) }
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.floor.0.reserved.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

fn has_room(room: &Room, bytes_min: u64, promised: u64) -> bool {
    let part = |whole: u64| (whole as f64 * limits::FREE_PART_MIN) as u64;
    let bytes = room.bytes_free.saturating_sub(promised) >= bytes_min.max(part(room.bytes));
    bytes && room.files_free >= part(room.files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::SimulatedMedium;

    const MIB: u64 = 1 << 20;
    const GIB: u64 = 1 << 30;

    #[test]
    fn the_floor_is_the_largest_of_its_parts() {
        let check = |free: u64, bytes: u64, files: (u64, u64), promised: u64, expected: bool| {
            let room = Room { bytes_free: free, bytes, files_free: files.0, files: files.1 };
            assert_eq!(has_room(&room, GIB, promised), expected, "{room:?}, {promised} promised");
        };
        check(GIB, 10 * GIB, (100, 100), 0, true);
        check(GIB - 1, 10 * GIB, (100, 100), 0, false);
        check(GIB, 10 * GIB, (100, 100), 1, false);
        check(5 * GIB, 100 * GIB, (100, 100), 0, true);
        check(5 * GIB - 1, 100 * GIB, (100, 100), 0, false);
        check(GIB, 10 * GIB, (5, 100), 0, true);
        check(GIB, 10 * GIB, (4, 100), 0, false);
        check(GIB, 10 * GIB, (0, 0), 0, true);
        check(GIB, 10 * GIB, (100, 100), u64::MAX, false);
    }

    #[test]
    fn announced_bytes_are_kept_until_the_transaction_ends() {
        let medium = SimulatedMedium::new();
        let set = |free| medium.set_room(Room { bytes_free: free, bytes: 10 * GIB, files_free: 1, files: 1 });
        let floor = |min, message| Floor::new(Arc::new(medium.clone()), min, message);
        set(GIB + 20 * MIB);
        let one = floor(GIB, 20 * MIB);
        let first = one.reserve(15 * MIB).unwrap();
        assert_eq!(one.clone().reserve(6 * MIB).unwrap_err(), NoRoom);
        drop(one.reserve(5 * MIB).unwrap());
        drop(first);
        drop(one.reserve(20 * MIB).unwrap());
        assert_eq!(one.0.reserved.load(Ordering::Relaxed), 0, "also what was refused is given back");

        // Three of the largest messages can be more than the bytes.
        assert_eq!(floor(GIB, 500 * MIB).reserve(0).unwrap_err(), NoRoom);
        // No floor.
        set(0);
        assert_eq!(one.reserve(0).unwrap_err(), NoRoom);
        assert!(floor(0, 500 * MIB).reserve(GIB).is_ok());
    }

    #[test]
    fn promises_alone_use_up_no_disk() {
        let medium = SimulatedMedium::new();
        medium.set_room(Room { bytes_free: 2 * GIB, bytes: 10 * GIB, files_free: 1, files: 1 });
        let floor = Floor::new(Arc::new(medium), GIB, 25 * MIB);
        let promises: Vec<_> = (0..1000).map(|_| floor.reserve(25 * MIB).unwrap()).collect();
        assert!(floor.reserve(25 * MIB).is_ok());
        assert_eq!(promises.len(), 1000);
    }
}
