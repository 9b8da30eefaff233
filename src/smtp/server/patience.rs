//! How long a session is waited for, and how fast a message has to come.
//!
//! Time is counted for a whole line, so that a peer that sends it byte by byte gains nothing, and for a message by its
//! bytes a second. What is allowed is looked at again while waiting: when the server comes under stress, sessions that
//! have been silent for long end within seconds, not after the time they began with.

use std::time::Duration;

use super::{End, Shared};
use crate::base::time::later;
use crate::base::{Time, limits};

impl Shared {
    /// Until when to go on waiting for a peer that has been waited for since then, before asking again.
    pub(super) fn patience(&self, since: Time) -> Result<Time, End> {
        let idle = self.settings.idle;
        let allowed = if self.is_stressed() { idle.min(limits::STRESS_IDLE) } else { idle };
        let (now, end) = (self.clock.now(), later(since, allowed));
        if now < end { Ok(end.min(later(now, limits::STRESS_SILENCE))) } else { Err(End::Idle) }
    }

    /// Returns when a session that has been waited for since then has to make way for a new peer.
    pub(super) async fn displaced(&self, since: Time) {
        if self.is_stressed() && passed(since, self.clock.now()) >= limits::STRESS_SILENCE {
            self.room.wanted().await;
        } else {
            std::future::pending().await
        }
    }

    /// Refused commands after which a session ends.
    pub(super) fn errors_max(&self) -> u32 {
        if self.is_stressed() { limits::STRESS_ERRORS_MAX } else { limits::ERRORS_MAX }
    }
}

/// How long a refusal waits that makes it so many.
pub fn delay(errors: u32) -> Duration {
    Duration::from_secs((errors + 1).saturating_sub(limits::ERRORS_SLOW).into())
}

/// The rate at which one message comes.
#[derive(Debug)]
pub struct Pace {
    since: Time,
    bytes: u64,
}

/// What a message has to keep up.
#[derive(Clone, Copy, Debug)]
pub struct Floor {
    /// Bytes a second.
    rate: u64,
    window: Duration,
}

impl Floor {
    pub const USUAL: Self = Self { rate: limits::DATA_RATE_MIN, window: limits::DATA_RATE_WINDOW };
    /// For a message that holds much memory while there is little.
    pub const LARGE: Self = Self { rate: limits::DATA_RATE_LARGE_MIN, window: limits::DATA_RATE_LARGE_WINDOW };
}

impl Pace {
    pub fn new(now: Time) -> Self {
        Self { since: now, bytes: 0 }
    }

    pub fn came(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    /// Until when the window is open; a new one begins when it was filled.
    pub fn end(&mut self, floor: Floor, now: Time) -> Result<Time, End> {
        let end = later(self.since, floor.window);
        if now < end {
            return Ok(end);
        }
        if self.bytes < floor.rate.saturating_mul(passed(self.since, now).as_secs()) {
            return Err(End::Slow);
        }
        *self = Self::new(now);
        Ok(later(now, floor.window))
    }
}

/// None when the clock was set back.
fn passed(since: Time, now: Time) -> Duration {
    now.duration_since(since).try_into().unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_keeps_up_its_rate() {
        // Seconds and bytes that came by then; whether it is still waited for.
        let check = |floor: Floor, came: &[(i64, usize)], expected: bool| {
            let mut pace = Pace::new(Time::UNIX_EPOCH);
            let goes_on = came.iter().all(|(second, bytes)| {
                pace.came(*bytes);
                pace.end(floor, Time::from_second(*second).unwrap()).is_ok()
            });
            assert_eq!(goes_on, expected, "{came:?}");
        };
        check(Floor::USUAL, &[(59, 0)], true);
        check(Floor::USUAL, &[(60, 29_999)], false);
        check(Floor::USUAL, &[(60, 30_000)], true);
        check(Floor::USUAL, &[(1, 1_000_000), (60, 0), (119, 0), (120, 29_999)], false);
        check(Floor::USUAL, &[(90, 40_000)], false);
        check(Floor::USUAL, &[(90, 45_000), (-10, 0)], true);
        check(Floor::LARGE, &[(9, 0), (10, 655_359)], false);
        check(Floor::LARGE, &[(10, 655_360)], true);
    }

    #[test]
    fn refusals_wait_from_the_fifth_on() {
        assert_eq!([0, 1, 4, 5, 6, 9].map(|errors| delay(errors).as_secs()), [0, 0, 0, 1, 2, 5]);
    }
}
