//! The choice of an agent for one item, with what spoke for and against each.

use std::cmp::Reverse;
use std::fmt;
use std::time::Duration;

use super::{Agent, Assign, Presence, Queue, WorkItem};
use crate::base::time::later;
use crate::base::{CaseNumber, Mailbox, Time, limits};
use crate::case::Considered;

/// An item and who gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub case: CaseNumber,
    pub agent: Mailbox,
    pub why: String,
    /// At most [`limits::CONSIDERED_MAX`], the chosen one first.
    pub considered: Vec<Considered>,
}

/// Whether an agent can have an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Fits,
    NotThere(Presence),
    Full {
        load: u32,
    },
    LacksSkill,
    Declined,
    /// Has none of the permission sets that its address asks for.
    NotPermitted,
}

/// An agent as the choice sees them.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    pub agent: Agent,
    /// Units taken.
    pub load: u32,
    /// Larger when they were given something later.
    pub last: u64,
}

impl Seat {
    fn free(&self) -> u32 {
        self.agent.capacity.map_or(u32::MAX, |capacity| capacity.saturating_sub(self.load))
    }

    pub fn verdict(&self, item: &WorkItem, relaxed: bool) -> Verdict {
        let agent = &self.agent;
        let lacks = |(skill, level): (&String, &u8)| agent.skills.get(skill).is_none_or(|own| own < level);
        if agent.presence != Presence::Available {
            Verdict::NotThere(agent.presence)
        } else if item.declined.get(&agent.address).is_some_and(|times| *times >= limits::DECLINES_MAX) {
            Verdict::Declined
        } else if self.free() == 0 {
            Verdict::Full { load: self.load }
        } else if !relaxed && item.skills.iter().any(lacks) {
            Verdict::LacksSkill
        } else {
            Verdict::Fits
        }
    }

    /// How good they are at what the item asks for.
    fn level(&self, item: &WorkItem) -> u32 {
        item.skills.keys().filter_map(|skill| self.agent.skills.get(skill)).map(|level| u32::from(*level)).sum()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fits => f.write_str("could have it, too"),
            Self::NotThere(Presence::Busy) => f.write_str("is busy"),
            Self::NotThere(Presence::Away) => f.write_str("is away"),
            Self::NotThere(_) => f.write_str("is offline"),
            Self::Full { load } => write!(f, "is full with {load}"),
            Self::LacksSkill => f.write_str("lacks a skill that it asks for"),
            Self::NotPermitted => f.write_str("may not work on cases of this address"),
            Self::Declined => f.write_str("has declined it too often"),
        }
    }
}

/// True when the item has waited so long that skills don't count any more.
pub(super) fn is_relaxed(queue: &Queue, item: &WorkItem, now: Time) -> bool {
    let after = |span: Duration| later(item.since, span) <= now;
    queue.assign != Assign::Skills || queue.relax_after.is_some_and(|span| after(span.0))
}

/// The best of `seats`, each with whether they may have it at all; or what speaks against each of them.
pub(super) fn choose<'a>(
    queue: &Queue,
    item: &WorkItem,
    seats: impl Iterator<Item = (&'a Seat, bool)> + Clone,
    now: Time,
) -> Option<Choice> {
    let relaxed = is_relaxed(queue, item, now);
    let verdict = |(seat, may): (&Seat, bool)| if may { seat.verdict(item, relaxed) } else { Verdict::NotPermitted };
    let fitting = seats.clone().filter(|one| verdict(*one) == Verdict::Fits).map(|(seat, _)| seat);
    let previous = item.previous.as_ref();
    let had_it = previous.and_then(|previous| fitting.clone().find(|seat| seat.agent.address == *previous));
    let (chosen, why) = match had_it {
        Some(seat) => (seat, "had it before".to_owned()),
        None if relaxed && queue.assign == Assign::Skills && !item.skills.is_empty() => {
            let (seat, _) = best(Assign::RoundRobin, item, fitting)?;
            (seat, "has waited longest; the skills that it asks for took too long".to_owned())
        }
        None => best(queue.assign, item, fitting)?,
    };
    let mut considered = vec![Considered { agent: chosen.agent.address.clone(), why: why.clone() }];
    let others = seats.filter(|(seat, _)| seat.agent.address != chosen.agent.address);
    let told = |one: (&Seat, bool)| Considered { agent: one.0.agent.address.clone(), why: verdict(one).to_string() };
    considered.extend(others.take(limits::CONSIDERED_MAX - 1).map(told));
    Some(Choice { case: item.case, agent: chosen.agent.address.clone(), why, considered })
}

/// Ties go to whoever waited longest, then by address, so that the same board always chooses the same.
fn best<'a>(assign: Assign, item: &WorkItem, fitting: impl Iterator<Item = &'a Seat>) -> Option<(&'a Seat, String)> {
    let tie = |seat: &&'a Seat| {
        let seat: &'a Seat = seat;
        (seat.last, &seat.agent.address)
    };
    Some(match assign {
        Assign::Pick => return None,
        Assign::RoundRobin => (fitting.min_by_key(tie)?, "has waited longest".to_owned()),
        Assign::MostCapacity => {
            let seat = fitting.min_by_key(|seat| (Reverse(seat.free()), tie(seat)))?;
            let free = seat.agent.capacity.map_or("any number".to_owned(), |_| seat.free().to_string());
            (seat, format!("has the most capacity free ({free})"))
        }
        Assign::LeastActive => {
            let seat = fitting.min_by_key(|seat| (seat.load, tie(seat)))?;
            (seat, format!("has the fewest cases ({})", seat.load))
        }
        Assign::Skills => {
            let seat = fitting.min_by_key(|seat| (Reverse(seat.level(item)), tie(seat)))?;
            (seat, "has the skills that it asks for, at the highest level".to_owned())
        }
    })
}
