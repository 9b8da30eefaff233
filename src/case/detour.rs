//! Where a case goes instead of the queue that a rule chose: to another while that is out of hours, is full or lets wait too
//! long, and to a fallback queue when it is gone. Pure; how queues are is told by the caller.
//!
//! Decided once, when the message is: what overflows later, while it waits, is the queue's own business
//! ([`routing::Queue`](crate::routing::Queue)).

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::time::later;
use crate::base::{Span, Time};

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Detour {
    pub overflow: Option<Overflow>,
    /// For when the queue, or the one that it overflows to, is gone.
    pub fallback: Option<String>,
}

/// When a queue is passed by: one of these is enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overflow {
    /// The other queue.
    pub queue: String,
    /// Outside of the business hours of the first.
    pub out_of_hours: bool,
    /// With so many cases waiting there.
    pub full: Option<u32>,
    /// With one that has waited there for so long.
    pub waiting: Option<Span>,
}

/// How a queue was when a decision looked at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueState {
    pub at: Time,
    pub open: bool,
    /// Cases that waited there, counted as far as anybody asks.
    pub waiting: usize,
    /// When the first of them came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
}

/// Queues that a decision looked at; nothing for one that wasn't there.
pub type QueuesSeen = BTreeMap<String, Option<QueueState>>;

impl Detour {
    pub fn is_empty(&self) -> bool {
        self.overflow.is_none() && self.fallback.is_none()
    }

    /// The queues to try in this order, with why it isn't the one that was chosen. One that is gone is among them, so that it
    /// is missed.
    pub fn ways(&self, chosen: &str, known: &QueuesSeen) -> Vec<(String, Option<String>)> {
        let state = |queue: &str| known.get(queue).and_then(Option::as_ref);
        let passed = self.overflow.as_ref().and_then(|over| Some((&over.queue, over.reason(chosen, state(chosen)?)?)));
        let (first, why) = passed.map_or((chosen, None), |(queue, why)| (queue.as_str(), Some(why)));
        let mut ways = vec![(first.to_owned(), why)];
        if state(first).is_none() {
            let last = self.fallback.as_deref().or(state(chosen).map(|_| chosen)).filter(|last| *last != first);
            ways.extend(last.map(|last| (last.to_owned(), Some(format!("there is no queue {first}")))));
        }
        ways
    }
}

impl Overflow {
    /// True when it matters what waits in the queue.
    pub fn counts(&self) -> bool {
        self.full.is_some() || self.waiting.is_some()
    }

    fn reason(&self, queue: &str, state: &QueueState) -> Option<String> {
        if self.out_of_hours && !state.open {
            return Some(format!("{queue} is out of hours"));
        }
        if self.full.is_some_and(|most| state.waiting >= most as usize) {
            return Some(format!("{queue} is full: {} cases wait there", state.waiting));
        }
        let (most, since) = (self.waiting?, state.since?);
        (later(since, most.0) <= state.at).then(|| format!("in {queue} one has waited for {most} or longer"))
    }
}

/// `open, 2 wait, the first since …`
impl fmt::Display for QueueState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.open { "open, " } else { "out of hours, " })?;
        match (self.waiting, self.since) {
            (0, _) => f.write_str("nothing waits"),
            (waiting, Some(since)) => write!(f, "{waiting} wait, the first since {since}"),
            (waiting, None) => write!(f, "{waiting} wait"),
        }
    }
}

/// `, when …` behind the name of a queue; nothing for an empty one.
impl fmt::Display for Detour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Overflow { queue, out_of_hours, full, waiting }) = &self.overflow {
            let when = [
                out_of_hours.then(|| "it is out of hours".to_owned()),
                full.map(|most| format!("{most} wait there")),
                waiting.map(|most| format!("one has waited {most}")),
            ];
            let when: Vec<String> = when.into_iter().flatten().collect();
            write!(f, ", {queue} when {}", when.join(" or "))?;
        }
        self.fallback.iter().try_for_each(|fallback| write!(f, ", {fallback} when it is gone"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_goes_where_it_can() {
        let now = Time::from_second(10_000).unwrap();
        let busy = QueueState { at: now, open: true, waiting: 20, since: Time::from_second(8_200).ok() };
        let idle = QueueState { at: now, open: false, waiting: 0, since: None };
        let detour = |queue: &str, out_of_hours, full, waiting: Option<&str>, fallback: Option<&str>| {
            let waiting = waiting.map(|text| text.parse().unwrap());
            let overflow = Overflow { queue: queue.into(), out_of_hours, full, waiting };
            Detour { overflow: Some(overflow), fallback: fallback.map(str::to_owned) }
        };
        let check = |detour: &Detour, chosen: &str, expected: &[(&str, &str)]| {
            let known = [("busy", busy), ("idle", idle), ("last", idle)];
            let known = known.map(|(name, state)| (name.to_owned(), Some(state)));
            let known = known.into_iter().chain([("gone".to_owned(), None)]).collect();
            let ways = detour.ways(chosen, &known);
            let ways: Vec<_> = ways.iter().map(|(queue, why)| (&**queue, why.as_deref().unwrap_or(""))).collect();
            assert_eq!(ways, expected, "{chosen}{detour}");
        };
        let closed = detour("last", true, None, None, Some("last"));
        check(&closed, "busy", &[("busy", "")]);
        check(&closed, "idle", &[("last", "idle is out of hours")]);
        check(&closed, "gone", &[("gone", ""), ("last", "there is no queue gone")]);
        check(&Detour::default(), "gone", &[("gone", "")]);
        check(&Detour::default(), "idle", &[("idle", "")]);
        check(&detour("idle", true, Some(20), None, None), "busy", &[("idle", "busy is full: 20 cases wait there")]);
        check(&detour("idle", true, Some(21), Some("31m"), None), "busy", &[("busy", "")]);
        let waits = "in busy one has waited for 30m or longer";
        check(&detour("idle", true, Some(21), Some("30m"), None), "busy", &[("idle", waits)]);
        let lost = "there is no queue gone";
        check(
            &detour("gone", false, Some(1), None, Some("last")),
            "busy",
            &[("gone", "busy is full: 20 cases wait there"), ("last", lost)],
        );
        check(&detour("gone", true, None, None, None), "idle", &[("gone", "idle is out of hours"), ("idle", lost)]);
        let told = detour("idle", true, Some(5), Some("1h"), Some("last")).to_string();
        assert_eq!(told, ", idle when it is out of hours or 5 wait there or one has waited 1h, last when it is gone");
    }
}
