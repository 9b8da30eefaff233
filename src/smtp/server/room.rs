//! Room for a new peer when all connections are taken: the session that has been silent for longest makes way.
//!
//! Without that, as many silent peers as there are connections would keep everybody else out until their time is over.
//! Only sessions under stress that have kept the server waiting for a while are asked, and nobody who is in time loses a
//! connection. A new peer waits for its place a moment, and only so many wait at a time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::Shared;
use crate::base::limits;

/// The silent sessions, longest first, and the seats of those who wait outside.
#[derive(Debug)]
pub struct Room {
    silent: Mutex<VecDeque<oneshot::Sender<()>>>,
    seats: Arc<Semaphore>,
}

impl Default for Room {
    fn default() -> Self {
        Self { silent: Mutex::default(), seats: Arc::new(Semaphore::new(limits::WAITING_PEERS_MAX)) }
    }
}

impl Room {
    /// Returns when the session that calls this has to make way. It counts as silent until it drops the future.
    pub async fn wanted(&self) {
        let (sender, receiver) = oneshot::channel();
        {
            let mut silent = self.silent.lock().expect("no holder panics");
            // Sessions that spoke again leave their entry behind.
            if silent.len() >= 2 * limits::SILENT_SESSIONS_KEPT {
                silent.retain(|sender| !sender.is_closed());
            }
            silent.push_back(sender);
        }
        if receiver.await.is_err() {
            std::future::pending().await
        }
    }

    /// The seats, of which there are [`limits::WAITING_PEERS_MAX`].
    pub fn seats(&self) -> Arc<Semaphore> {
        Arc::clone(&self.seats)
    }

    /// Asks the session that has been silent for longest; false when there is none.
    fn ask(&self) -> bool {
        let mut silent = self.silent.lock().expect("no holder panics");
        std::iter::from_fn(|| silent.pop_front()).any(|session| session.send(()).is_ok())
    }
}

impl Shared {
    /// A seat outside for a peer that came when all connections were taken, if somebody makes way for it.
    pub(super) fn seat(&self) -> Option<OwnedSemaphorePermit> {
        let seat = Arc::clone(&self.room.seats).try_acquire_owned().ok()?;
        self.room.ask().then_some(seat)
    }

    /// Waits a moment for a connection to become free.
    pub(super) async fn permit(&self) -> Option<OwnedSemaphorePermit> {
        let permit = Arc::clone(&self.permits).acquire_owned();
        self.clock.within(limits::SEAT_TIME_MAX, permit).await.ok()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    #[test]
    fn the_longest_silent_session_is_asked_first() {
        let room = Room::default();
        assert!(!room.ask());
        let mut context = Context::from_waker(Waker::noop());
        let (mut second, mut third) = (pin!(room.wanted()), pin!(room.wanted()));
        {
            let mut first = pin!(room.wanted());
            assert!(first.as_mut().poll(&mut context).is_pending());
            assert!(second.as_mut().poll(&mut context).is_pending());
            assert!(third.as_mut().poll(&mut context).is_pending());
        }
        // The first has spoken again.
        assert!(room.ask());
        assert!(second.as_mut().poll(&mut context).is_ready());
        assert!(third.as_mut().poll(&mut context).is_pending());
        assert!(room.ask());
        assert!(third.as_mut().poll(&mut context).is_ready());
        assert!(!room.ask());
    }

    #[test]
    fn what_spoken_sessions_leave_behind_is_bounded() {
        let room = Room::default();
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..5 * limits::SILENT_SESSIONS_KEPT {
            assert!(pin!(room.wanted()).poll(&mut context).is_pending());
        }
        assert!(room.silent.lock().unwrap().len() <= 2 * limits::SILENT_SESSIONS_KEPT);
    }
}
