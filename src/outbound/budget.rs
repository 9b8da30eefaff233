//! How many notices an agent is sent: so many an hour. What is beyond isn't sent; how many that were is told in one notice when the
//! next hour begins, and then they are sent notices again.

use serde::{Deserialize, Serialize};

use crate::base::{Mailbox, Time, limits};
use crate::store::Documents;

/// By agent; none for whoever was never sent one.
pub const TOLD: Documents<Mailbox, Told> = Documents::named("notice");

const HOUR_SECONDS: i64 = 3600;

/// What an agent was sent lately.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Since 1970.
    hour: i64,
    /// In that hour.
    sent: u32,
    /// Those of which nothing was said yet.
    withheld: u32,
}

/// What becomes of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    Sent,
    Withheld,
    /// It is the first of those of which something has to be said then.
    WithheldUntil(Time),
}

impl Told {
    /// One more, that was due then.
    pub fn admit(&mut self, at: Time) -> Admission {
        let hour = at.as_second().div_euclid(HOUR_SECONDS);
        if hour > self.hour {
            (self.hour, self.sent) = (hour, 0);
        }
        if self.sent < limits::NOTICES_HOUR_MAX {
            self.sent += 1;
            return Admission::Sent;
        }
        self.withheld += 1;
        match self.withheld {
            1 => Admission::WithheldUntil(Time::from_second((self.hour + 1) * HOUR_SECONDS).unwrap_or(Time::MAX)),
            _ => Admission::Withheld,
        }
    }

    /// How many weren't sent since this was asked last.
    pub fn withheld(&mut self) -> u32 {
        std::mem::take(&mut self.withheld)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_holds_so_many_and_the_next_begins_afresh() {
        let at = |text: &str| format!("2026-11-20T{text}Z").parse::<Time>().unwrap();
        let mut told = Told::default();
        let mut admitted = |time: &str, count: u32| (0..count).map(|_| told.admit(at(time))).collect::<Vec<_>>();
        let most = limits::NOTICES_HOUR_MAX;
        assert_eq!(admitted("10:00:00", most - 1), vec![Admission::Sent; most as usize - 1]);
        let then = Admission::WithheldUntil(at("11:00:00"));
        assert_eq!(admitted("10:59:59", 3), [Admission::Sent, then, Admission::Withheld]);
        // What was due earlier and comes late has no hour of its own.
        assert_eq!(admitted("09:59:59", 1), [Admission::Withheld]);
        assert_eq!(admitted("11:00:00", 1), [Admission::Sent]);
        assert_eq!((told.withheld(), told.withheld()), (3, 0));
        assert!((1..most).all(|_| told.admit(at("11:30:00")) == Admission::Sent));
        assert_eq!(told.admit(at("11:30:00")), Admission::WithheldUntil(at("12:00:00")));
    }
}
