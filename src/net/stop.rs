//! Graceful stop: one word that everybody hears, and waiting for those who are still at work.
//!
//! Whoever accepts work listens to [`Stop::requested`]; whoever may not be cut off holds a [`Running`] for as long. A stop
//! can't be taken back. This file stops nothing by itself: who ignores the word is left behind when the grace is over.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::base::Clock;

/// The handle; clones speak of the same stop.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    requested: watch::Sender<bool>,
    running: watch::Sender<usize>,
}

/// Proof of running work; its end is the work's end, a panic's too.
#[derive(Debug)]
pub struct Running(Arc<Inner>);

/// The grace is over and work still runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} pieces of work didn't end in time")]
pub struct StillRunning(pub usize);

impl Stop {
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks everybody to stop; again does nothing.
    pub fn request(&self) {
        self.0.requested.send_replace(true);
    }

    pub fn is_requested(&self) -> bool {
        *self.0.requested.borrow()
    }

    /// Returns once a stop is requested. May be dropped and called again.
    pub async fn requested(&self) {
        // The sender lives as long as `self`, so the wait can't fail.
        let _ = self.0.requested.subscribe().wait_for(|requested| *requested).await;
    }

    /// Counts a piece of work until the guard is dropped.
    pub fn running(&self) -> Running {
        self.0.running.send_modify(|running| *running += 1);
        Running(Arc::clone(&self.0))
    }

    /// Pieces of work that run.
    pub fn count(&self) -> usize {
        *self.0.running.borrow()
    }

    /// Returns when nothing runs any more, or with the number of what does after `grace`, by `clock` or really: some of it
    /// may wait for a peer.
    pub async fn finished(&self, grace: Duration, clock: &Clock) -> Result<(), StillRunning> {
        let mut running = self.0.running.subscribe();
        match clock.within_real(grace, running.wait_for(|running| *running == 0)).await {
            Ok(_) => Ok(()),
            Err(_) => Err(StillRunning(self.count())),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.send_modify(|running| *running -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Time;

    #[tokio::test]
    async fn a_clock_that_stands_holds_up_no_stop() {
        let (clock, stop) = (Clock::manual(Time::UNIX_EPOCH), Stop::new());
        let _for_ever = stop.running();
        assert_eq!(stop.finished(Duration::from_millis(20), &clock).await, Err(StillRunning(1)));
    }

    #[tokio::test]
    async fn waits_for_running_work_and_no_longer_than_the_grace() {
        let clock = Clock::manual(Time::UNIX_EPOCH);
        let grace = Duration::from_secs(30);
        let stop = Stop::new();
        assert_eq!(stop.finished(grace, &clock).await, Ok(()));

        let (short, long) = (stop.running(), stop.running());
        let work = tokio::spawn({
            let stop = stop.clone();
            async move {
                let _short = short;
                stop.requested().await;
                panic!("dies at work");
            }
        });
        assert!(!stop.is_requested());
        stop.request();
        stop.request();
        stop.requested().await;
        assert!(work.await.is_err());

        let waiting = tokio::spawn({
            let (stop, clock) = (stop.clone(), clock.clone());
            async move { stop.finished(grace, &clock).await }
        });
        tokio::task::yield_now().await;
        clock.advance(grace);
        assert_eq!(waiting.await.unwrap(), Err(StillRunning(1)));
        drop(long);
        assert_eq!(stop.finished(grace, &clock).await, Ok(()));
    }
}
