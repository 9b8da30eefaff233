//! Rate limits count messages of an address by day in UTC.

use std::time::Duration;

use crate::base::{Mailbox, Time, time::later};

const SECONDS: i64 = 24 * 60 * 60;

/// A day in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i64);

impl Day {
    pub fn of(at: Time) -> Self {
        Self(at.as_second().div_euclid(SECONDS))
    }

    /// Days from an earlier one to this; 0 when it isn't earlier.
    pub fn since(self, earlier: Self) -> u64 {
        u64::try_from(self.0 - earlier.0).unwrap_or(0)
    }

    /// The first moment of the day after.
    pub fn end(self) -> Time {
        let start = u64::try_from(self.0 * SECONDS).unwrap_or(0);
        later(Time::UNIX_EPOCH, Duration::from_secs(start + SECONDS as u64))
    }
}

/// The name of the counter of an address on a day.
pub fn rate_counter(address: &Mailbox, day: Day) -> Vec<u8> {
    format!("rate/{}/{}", address.key(), day.0).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight_in_utc() {
        let at: Time = "2026-11-20T23:59:59Z".parse().unwrap();
        assert_eq!(Day::of(at).end(), "2026-11-21T00:00:00Z".parse().unwrap());
        let next = Day::of(Day::of(at).end());
        assert_ne!(Day::of(at), next);
        assert_eq!((next.since(Day::of(at)), Day::of(at).since(next)), (1, 0));
    }
}
