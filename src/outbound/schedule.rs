//! When mail is tried again, and when it is given up (RFC 5321 §4.5.4.1). Pure: no clock, no store.
//!
//! Invariants: mail that was never tried is never given up, however long the server was down; the last attempt happens
//! when the time is over, not at some step before it; two attempts are at least [`limits::RETRY_WAIT_MIN`] apart.

use std::time::Duration;

use super::Settings;
use crate::base::time::later;
use crate::base::{Chance, Time, limits};

/// What to do with mail that still waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    At(Time),
    GiveUp,
}

/// When mail is tried next that was submitted at `submitted` and has been tried `attempts` times, counted from `now`: the
/// end of the last attempt, or the submission.
pub fn next(settings: &Settings, submitted: Time, attempts: u32, now: Time, chance: &Chance) -> Next {
    let end = later(submitted, settings.give_up_after);
    if attempts > 0 && now >= end {
        return Next::GiveUp;
    }
    let step = usize::try_from(attempts).unwrap_or(usize::MAX);
    let listed = settings.retry.get(step).or(settings.retry.last()).copied().unwrap_or_default();
    let wait = jittered(listed, chance);
    if attempts == 0 {
        return Next::At(later(now, wait));
    }
    Next::At(later(now, wait.max(limits::RETRY_WAIT_MIN)).min(end))
}

fn jittered(wait: Duration, chance: &Chance) -> Duration {
    wait.mul_f64(1.0 + limits::RETRY_JITTER * (2.0 * chance.fraction() - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;

    fn at(seconds: i64) -> Time {
        Time::from_second(seconds).unwrap()
    }

    /// The wait in seconds after `now` seconds, over many draws: the least and the most.
    #[track_caller]
    fn check(settings: &Settings, attempts: u32, now: i64, expected: Option<(i64, i64)>) {
        let chance = Chance::seeded(1);
        let waits: Option<Vec<i64>> = (0..500)
            .map(|_| match next(settings, at(0), attempts, at(now), &chance) {
                Next::At(time) => Some(time.as_second() - now),
                Next::GiveUp => None,
            })
            .collect();
        let span = waits.map(|waits| (*waits.iter().min().unwrap(), *waits.iter().max().unwrap()));
        assert_eq!(span, expected, "after {attempts} attempts at {now}");
    }

    #[test]
    fn the_retry_list() {
        let settings = Settings::default();
        check(&settings, 0, 0, Some((0, 0)));
        check(&settings, 1, 1, Some((54, 65)));
        check(&settings, 2, MINUTE, Some((270, 329)));
        check(&settings, 8, DAY, Some((19474, 23759)));
        check(&settings, 9, DAY, Some((19474, 23759)));
        check(&settings, 1000, DAY, Some((19474, 23759)));
    }

    #[test]
    fn the_end() {
        let settings = Settings::default();
        // The last attempt is at the end itself.
        check(&settings, 20, 5 * DAY - HOUR, Some((HOUR, HOUR)));
        check(&settings, 20, 5 * DAY - 1, Some((1, 1)));
        check(&settings, 20, 5 * DAY, None);
        check(&settings, 1, 6 * DAY, None);
        // Never tried: the server was down.
        check(&settings, 0, 6 * DAY, Some((0, 0)));
    }

    #[test]
    fn odd_lists() {
        check(&Settings { retry: vec![Duration::ZERO], ..Settings::default() }, 3, 0, Some((1, 1)));
        check(&Settings { retry: vec![], ..Settings::default() }, 1, 0, Some((1, 1)));
        check(&Settings { give_up_after: Duration::ZERO, ..Settings::default() }, 0, 0, Some((0, 0)));
        check(&Settings { give_up_after: Duration::ZERO, ..Settings::default() }, 1, 0, None);
    }
}
