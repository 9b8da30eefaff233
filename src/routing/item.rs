//! A work item: what the choice of an agent needs to know of a case, or of a message without one, that somebody has to do
//! something about.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Work;
use crate::base::time::later;
use crate::base::{Mailbox, Priority, Time, limits};
use crate::case::{Case, Offer, Status, Unanswered};

/// Where an item is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Waits there.
    Queue(String),
    /// Is with this agent.
    Agent(Mailbox),
}

/// See the module. A function of the row of what it is: it is written whenever that changes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkItem {
    /// `case` in rows of older versions.
    #[serde(alias = "case")]
    pub work: Work,
    pub place: Place,
    /// When it came there, or back to there.
    pub since: Time,
    /// When somebody last did something about it since then; none while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worked_at: Option<Time>,
    pub priority: Priority,
    /// Skills that it asks for, with the lowest level that will do.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub skills: BTreeMap<String, u8>,
    /// What it takes of an agent may depend on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_type: Option<String>,
    /// Whose mail it is of: the address may ask for permission sets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Mailbox>,
    /// Who had it before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Mailbox>,
    /// Who should have it before others, unless somebody had it before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred: Option<Mailbox>,
    /// Who is asked to take it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<Offer>,
    /// How often it was declined by whom.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub declined: BTreeMap<Mailbox, u32>,
    /// How many of those times they only didn't answer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unanswered: BTreeMap<Mailbox, Unanswered>,
    /// Where it doesn't wait again.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub passed: BTreeSet<String>,
}

impl Place {
    /// What the keys of all agents' items begin with.
    pub const AGENTS: &[u8] = b"a";
    pub const QUEUES: &[u8] = b"q";
}

impl WorkItem {
    /// None for what waits for the customer, has ended, or is nowhere.
    pub fn of(work: Work, case: &Case) -> Option<Self> {
        if !matches!(case.status, Status::New | Status::Open) || case.merged_into.is_some() {
            return None;
        }
        let place = match (&case.owner, &case.queue) {
            (Some(owner), _) => Place::Agent(owner.clone()),
            (None, Some(queue)) => Place::Queue(queue.clone()),
            (None, None) => return None,
        };
        let since = case.placed_at.unwrap_or(case.opened_at);
        Some(Self {
            work,
            since,
            worked_at: case.worked_at.filter(|at| *at > since && case.owner.is_some()),
            place,
            priority: case.priority,
            skills: case.skills.clone(),
            record_type: case.record_type.clone(),
            address: case.address.clone(),
            previous: case.previous_owner.clone(),
            preferred: case.preferred.clone(),
            offer: case.offer.clone(),
            declined: case.declined.clone(),
            unanswered: case.unanswered.clone(),
            passed: case.passed.clone(),
        })
    }

    /// When it takes nothing of its agent any more, because nobody does anything about it.
    pub fn lapses_at(&self) -> Time {
        later(self.worked_at.unwrap_or(self.since), limits::CAPACITY_LEASE)
    }

    /// Who gets it, whoever's turn it is, as long as they can have it.
    pub fn favoured(&self) -> Option<&Mailbox> {
        self.previous.as_ref().or(self.preferred.as_ref())
    }

    /// True while this agent, who was heard of last then, isn't asked. Unanswered doesn't count for ever: not everybody who
    /// is at lunch says so.
    pub fn is_unwanted_by(&self, agent: &Mailbox, heard_of_at: Time, now: Time) -> bool {
        let times = self.declined.get(agent).copied().unwrap_or_default();
        let meant = |unanswered: &Unanswered| times.saturating_sub(unanswered.times) >= limits::DECLINES_MAX;
        let counts = |unanswered: &Unanswered| unanswered.last > heard_of_at && now < asks_again(unanswered);
        let unanswered = self.unanswered.get(agent);
        times >= limits::DECLINES_MAX && unanswered.is_none_or(|own| meant(own) || counts(own))
    }

    /// When silence doesn't count any more.
    pub fn asks_again(&self) -> impl Iterator<Item = Time> {
        let counted = |agent: &Mailbox| self.declined.get(agent).is_some_and(|times| *times >= limits::DECLINES_MAX);
        self.unanswered.iter().filter(move |(agent, _)| counted(agent)).map(|(_, unanswered)| asks_again(unanswered))
    }

    /// True for what nobody has or is asked to take.
    pub fn waits_in(&self, queue: &str) -> bool {
        self.offer.is_none() && matches!(&self.place, Place::Queue(place) if place == queue)
    }

    /// Whose capacity it takes.
    pub fn holder(&self) -> Option<&Mailbox> {
        match &self.place {
            Place::Agent(agent) => Some(agent),
            Place::Queue(_) => self.offer.as_ref().map(|offer| &offer.agent),
        }
    }
}

/// Each time it takes twice as long, so that what nobody answers doesn't make events all day.
fn asks_again(unanswered: &Unanswered) -> Time {
    let doubled = unanswered.times.saturating_sub(limits::DECLINES_MAX).min(u32::BITS - 1);
    let pause = limits::SILENCE_PAUSE.saturating_mul(1 << doubled).min(limits::SILENCE_PAUSE_MAX);
    later(unanswered.last, pause)
}
