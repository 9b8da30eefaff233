//! Why an item waits: what speaks against each member of its queue, and when something happens by itself.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::lane::Lane;
use super::seat::{Seat, Verdict};
use super::{Place, Switchboard, Work, WorkItem};
use crate::base::{Mailbox, limits};
use crate::case::Considered;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waits {
    pub why: String,
    /// At most [`limits::CONSIDERED_MAX`] of the queue's members.
    pub considered: Vec<Considered>,
}

impl Switchboard {
    /// None for an item that is with somebody, or in a queue whose items don't move by themselves.
    pub fn waits(&self, work: Work) -> Option<Waits> {
        let item = self.items.get(&work).filter(|item| item.holder().is_none())?;
        let Place::Queue(queue) = &item.place else { return None };
        self.lanes.get(queue)?.waits(item, &self.seats)
    }
}

impl Lane {
    fn waits(&self, item: &WorkItem, seats: &HashMap<Mailbox, Seat>) -> Option<Waits> {
        let demand = self.demand(item)?;
        let members = || self.queue.members.iter();
        let verdict = |member| seats.get(member).map(|seat: &Seat| seat.verdict(demand));
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        members().for_each(|member| *counts.entry(kind(verdict(member))).or_default() += 1);
        let considered = members().take(limits::CONSIDERED_MAX).map(|member| {
            let why = verdict(member).map_or("is no agent".to_owned(), |verdict| verdict.to_string());
            Considered { agent: member.clone(), why }
        });
        let considered = considered.collect();
        let mut why = match () {
            () if !self.is_open() => match self.lacks_hours() {
                Some(hours) => format!("{} is closed: its hours {hours} are not in the configuration", self.queue.name),
                None => format!("{} is out of hours{}", self.queue.name, until(" until", self.turns_at())),
            },
            () if counts.is_empty() => format!("{} has no members", self.queue.name),
            () if counts.contains_key(NEXT) => "others come first, or it is about to be given out".to_owned(),
            () => format!("nobody in {} can have it: {}", self.queue.name, listed(&counts)),
        };
        if !demand.skills.is_empty() && counts.contains_key(LACKS_SKILL) {
            let skills = demand.skills.iter().map(|(skill, level)| format!("{skill} {level}"));
            why += &format!("; it asks for {}", skills.collect::<Vec<_>>().join(", "));
        }
        let [overflows, relaxes] = self.times_of(item);
        let relaxes = relaxes.filter(|_| !demand.relaxed);
        let overflow = self.queue.overflow.as_ref().zip(overflows.filter(|_| self.is_open()));
        if let Some(at) = relaxes {
            why += &format!("; from {at:.0} on skills don't count");
        }
        if let Some((queue, at)) = overflow {
            why += &format!("; at {at:.0} it goes to {queue}");
        }
        Some(Waits { why, considered })
    }
}

const NEXT: &str = "could have it";
const LACKS_SKILL: &str = "without a skill";

/// In a word, for counting.
fn kind(verdict: Option<Verdict>) -> &'static str {
    match verdict {
        None => "no agent any more",
        Some(Verdict::Fits) => NEXT,
        Some(Verdict::NotThere(_)) => "not there",
        Some(Verdict::Full { .. } | Verdict::Large { .. } | Verdict::Blocked) => "without room",
        Some(Verdict::LacksSkill { .. }) => LACKS_SKILL,
        Some(Verdict::Declined) => "declined it too often",
        Some(Verdict::NotPermitted) => "without the permission set of its address",
    }
}

fn listed(counts: &BTreeMap<&str, usize>) -> String {
    counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect::<Vec<_>>().join(", ")
}

fn until(word: &str, at: Option<crate::base::Time>) -> String {
    at.map_or_else(String::new, |at| format!("{word} {at:.0}"))
}
