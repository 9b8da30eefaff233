//! The one door to the clock.
//!
//! [`Clock::system`] is real time. [`Clock::manual`] stands still until somebody moves it: sleepers wake in the order of
//! their times when it passes them. Nothing else in the program names `SystemTime` or `tokio::time`, so every time-out,
//! retry and expiry can be tested without waiting for it.

use std::collections::BTreeMap;
use std::future::Future;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::watch;

/// A moment in UTC, printed as RFC 3339.
pub type Time = jiff::Timestamp;

/// What time it is, and waiting. Cheap to clone; clones of a manual clock move together.
#[derive(Clone, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    System,
    Manual(Arc<Manual>),
}

#[derive(Debug)]
struct Manual {
    now: watch::Sender<Time>,
    /// How many sleep until when.
    sleepers: Mutex<BTreeMap<Time, usize>>,
}

/// Somebody who sleeps.
struct Sleeper<'a> {
    clock: &'a Manual,
    until: Time,
}

/// The time given to a piece of work is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("took too long")]
pub struct Elapsed;

impl Clock {
    pub fn system() -> Self {
        Self(Kind::System)
    }

    /// A clock that stands at `start` until [`advance`](Self::advance).
    pub fn manual(start: Time) -> Self {
        Self(Kind::Manual(Arc::new(Manual { now: watch::Sender::new(start), sleepers: Mutex::default() })))
    }

    #[allow(clippy::disallowed_methods, reason = "this is the door")]
    pub fn now(&self) -> Time {
        match &self.0 {
            // Whole microseconds: what is stored and what is shown.
            Kind::System => Time::from_microsecond(Time::now().as_microsecond()).unwrap_or(Time::MAX),
            Kind::Manual(clock) => *clock.now.borrow(),
        }
    }

    /// Moves a manual clock forward; does nothing to the system's.
    pub fn advance(&self, by: Duration) {
        if let Kind::Manual(clock) = &self.0 {
            clock.now.send_modify(|at| *at = later(*at, by));
        }
    }

    /// When the first of those who sleep by a manual clock wakes; none when nobody sleeps, or only for ever.
    pub fn next_waking(&self) -> Option<Time> {
        match &self.0 {
            Kind::System => None,
            // Whoever was passed and isn't awake yet has nothing to wait for.
            Kind::Manual(clock) => {
                let later = (Bound::Excluded(self.now()), Bound::Excluded(Time::MAX));
                clock.sleepers().range(later).next().map(|(at, _)| *at)
            }
        }
    }

    /// Returns when `at` has come.
    #[allow(clippy::disallowed_methods, reason = "this is the door")]
    pub async fn sleep_until(&self, at: Time) {
        match &self.0 {
            Kind::System => {
                // In steps, because a wall clock can be set while we wait.
                while let Ok(left) = Duration::try_from(at.duration_since(self.now())) {
                    if left.is_zero() {
                        break;
                    }
                    tokio::time::sleep(left.min(Duration::from_secs(60))).await;
                }
            }
            Kind::Manual(clock) => {
                let mut moved = clock.now.subscribe();
                let _sleeper = Sleeper::new(clock, at);
                // An error means that the clock is gone; its time never comes.
                if moved.wait_for(|now| *now >= at).await.is_err() {
                    std::future::pending().await
                }
            }
        }
    }

    /// Returns after `span`.
    pub async fn sleep(&self, span: Duration) {
        self.sleep_until(later(self.now(), span)).await;
    }

    /// Waits until then, without anything that depends on it; not at all under a manual clock.
    pub async fn linger_until(&self, at: Time) {
        match &self.0 {
            Kind::System => self.sleep_until(at).await,
            Kind::Manual(_) => tokio::task::yield_now().await,
        }
    }

    /// Lets others go first for a while; nothing depends on it. Under a manual clock nobody is in the way.
    pub async fn give_way(&self, span: Duration) {
        match &self.0 {
            Kind::System => self.sleep(span).await,
            Kind::Manual(_) => tokio::task::yield_now().await,
        }
    }

    /// The work's result, or [`Elapsed`] when it isn't done after `span`; the work is dropped then.
    pub async fn within<F: Future>(&self, span: Duration, work: F) -> Result<F::Output, Elapsed> {
        self.before(later(self.now(), span), work).await
    }

    /// The same at a moment. What is counted from an earlier moment has to be waited for so: time may pass in between.
    pub async fn before<F: Future>(&self, at: Time, work: F) -> Result<F::Output, Elapsed> {
        tokio::select! {
            biased;
            output = work => Ok(output),
            () = self.sleep_until(at) => Err(Elapsed),
        }
    }

    /// The same, and [`Elapsed`] also after so much real time. For what waits on a peer or on the operating system, which
    /// don't know of a manual clock: while it stands they could be waited for for ever.
    pub async fn within_real<F: Future>(&self, span: Duration, work: F) -> Result<F::Output, Elapsed> {
        Self::system().within(span, self.within(span, work)).await?
    }
}

impl Manual {
    fn sleepers(&self) -> MutexGuard<'_, BTreeMap<Time, usize>> {
        self.sleepers.lock().expect("no holder panics")
    }
}

impl<'a> Sleeper<'a> {
    fn new(clock: &'a Manual, until: Time) -> Self {
        *clock.sleepers().entry(until).or_default() += 1;
        Self { clock, until }
    }
}

impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        let mut sleepers = self.clock.sleepers();
        if let Some(count) = sleepers.get_mut(&self.until) {
            *count -= 1;
            if *count == 0 {
                sleepers.remove(&self.until);
            }
        }
    }
}

/// `span` after `at`, or the end of time.
pub fn later(at: Time, span: Duration) -> Time {
    at.checked_add(span).unwrap_or(Time::MAX)
}

/// So much before; the beginning of time at worst.
pub fn earlier(at: Time, span: Duration) -> Time {
    at.checked_sub(span).unwrap_or(Time::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Poll;

    #[tokio::test]
    async fn a_manual_clock_wakes_sleepers_when_it_passes_them() {
        let clock = Clock::manual(Time::UNIX_EPOCH);
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.within(Duration::from_secs(60), std::future::pending::<()>()).await }
        });
        clock.advance(Duration::from_secs(59));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        // The sleeper may have started before or after the first step: 60 seconds more are enough for both.
        clock.advance(Duration::from_secs(60));
        assert_eq!(sleeper.await.unwrap(), Err(Elapsed));
        assert_eq!(clock.now(), Time::from_second(119).unwrap());
    }

    #[tokio::test]
    async fn a_manual_clock_knows_who_wakes_next() {
        let clock = Clock::manual(Time::UNIX_EPOCH);
        let at = |second| Time::from_second(second).unwrap();
        let (mut early, mut late) = (Box::pin(clock.sleep_until(at(5))), Box::pin(clock.sleep_until(at(9))));
        let mut never = Box::pin(clock.sleep_until(Time::MAX));
        assert_eq!(clock.next_waking(), None);
        for sleeping in [&mut never, &mut late, &mut early] {
            assert!(std::future::poll_fn(|context| Poll::Ready(sleeping.as_mut().poll(context))).await.is_pending());
        }
        assert_eq!(clock.next_waking(), Some(at(5)));
        drop(early);
        assert_eq!(clock.next_waking(), Some(at(9)));
        clock.advance(Duration::from_secs(9));
        assert_eq!(clock.next_waking(), None);
        late.await;
    }
}
