//! What waits in one queue, and whether the queue has its hours. Of the agents it knows only whose turn it can be.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::choice::{Seat, choose};
use super::{Assign, Choice, Queue, WorkItem};
use crate::base::hours::{Hours, Phase};
use crate::base::time::later;
use crate::base::{CaseNumber, Mailbox, Priority, Time, limits};

/// The urgent before others, then who waits longest.
type Turn = (Reverse<Priority>, Time, CaseNumber);
/// What an item asks for: skills, and one of these permission sets.
type Demand = (BTreeMap<String, u8>, BTreeSet<String>);

/// See the module.
#[derive(Debug)]
pub(super) struct Lane {
    pub queue: Queue,
    members: HashSet<Mailbox>,
    waiting: BTreeMap<Demand, BTreeSet<Turn>>,
    /// The same in the order in which they came.
    arrivals: BTreeSet<(Time, CaseNumber)>,
    hours: Option<Hours>,
    phase: Phase,
    /// Something has changed since nobody was found.
    pub moved: bool,
}

impl Lane {
    /// With what waits in its former self.
    pub fn new(queue: Queue, hours: Option<Hours>, former: Option<Self>) -> Self {
        let members = queue.members.iter().cloned().collect();
        let (waiting, arrivals) = former.map(|lane| (lane.waiting, lane.arrivals)).unwrap_or_default();
        // Whether it is open is looked up before anything else is.
        let phase = Phase { open: true, until: hours.as_ref().map(|_| Time::MIN) };
        Self { queue, members, waiting, arrivals, hours, phase, moved: true }
    }

    /// With the permission sets that it asks for.
    pub fn add(&mut self, item: &WorkItem, asked: &BTreeSet<String>) {
        self.waiting.entry((item.skills.clone(), asked.clone())).or_default().insert(turn(item));
        self.arrivals.insert((item.since, item.case));
        self.moved = true;
    }

    /// With those with which it was added.
    pub fn remove(&mut self, item: &WorkItem, asked: &BTreeSet<String>) {
        self.arrivals.remove(&(item.since, item.case));
        let demand = (item.skills.clone(), asked.clone());
        if let Some(line) = self.waiting.get_mut(&demand) {
            line.remove(&turn(item));
            if line.is_empty() {
                self.waiting.remove(&demand);
            }
        }
        self.moved = true;
    }

    pub fn cases(&self) -> impl Iterator<Item = CaseNumber> {
        self.arrivals.iter().map(|(_, case)| *case)
    }

    pub fn has_member(&self, agent: &Mailbox) -> bool {
        self.members.contains(agent)
    }

    pub fn is_open(&self) -> bool {
        self.phase.open
    }

    /// When it opens or closes next.
    pub fn turns_at(&self) -> Option<Time> {
        self.phase.until
    }

    /// True when it has opened or closed meanwhile.
    pub fn follow_hours(&mut self, now: Time) -> bool {
        let Some(hours) = self.hours.as_ref().filter(|_| self.phase.until.is_some_and(|until| until <= now)) else {
            return false;
        };
        self.phase = hours.at(now);
        self.moved = true;
        true
    }

    /// True when the next one would overflow at once.
    pub fn is_full(&self) -> bool {
        self.queue.overflow_at.is_some_and(|most| self.arrivals.len() >= most as usize)
    }

    /// True for an item that came when it was full.
    pub fn is_beyond(&self, item: &WorkItem) -> bool {
        let most = self.queue.overflow_at.map_or(usize::MAX, |most| most as usize);
        let full = self.arrivals.len() > most;
        full && self.arrivals.iter().nth(most).is_some_and(|first| *first <= (item.since, item.case))
    }

    /// When an item goes elsewhere, and when its skills don't count any more.
    pub fn times_of(&self, item: &WorkItem) -> [Option<Time>; 2] {
        let at_once = !self.is_open() || self.is_beyond(item);
        let overflows = if at_once { item.since } else { self.overflows_at(item) };
        let relaxes = self.queue.relax_after.map(|span| later(item.since, span.0));
        [self.queue.overflow.is_some().then_some(overflows), relaxes]
    }

    /// When it has waited too long.
    pub fn overflows_at(&self, item: &WorkItem) -> Time {
        later(item.since, self.queue.overflow_after.map_or(limits::OVERFLOW_AFTER, |span| span.0))
    }

    /// When an item that can't go elsewhere now tries to again.
    pub fn looks_again(&self, item: &WorkItem, now: Time) -> Option<Time> {
        let first = self.overflows_at(item);
        let at = if first > now { first } else { later(now, limits::OVERFLOW_AFTER) };
        self.queue.overflow.as_ref().map(|_| at)
    }

    /// The next item that somebody can have.
    pub fn next(
        &self,
        items: &HashMap<CaseNumber, WorkItem>,
        seats: &HashMap<Mailbox, Seat>,
        now: Time,
    ) -> Option<Choice> {
        if self.queue.assign == Assign::Pick || !self.is_open() {
            return None;
        }
        let members = self.queue.members.iter().filter_map(|member| seats.get(member));
        let mut lines: Vec<_> =
            self.waiting.iter().filter_map(|(asked, line)| Some((line.first()?, asked, line))).collect();
        lines.sort_unstable_by_key(|(first, ..)| *first);
        lines.into_iter().find_map(|(_, (_, asked), line)| {
            let line = line.iter().map(|(_, _, case)| &items[case]);
            let permitted = members.clone().map(|seat| (seat, seat.agent.may(asked)));
            self.first_that_fits(line, permitted, now)
        })
    }

    /// Of items that ask for the same. Where the first finds nobody, the second may when that one was declined, or has not
    /// waited long enough yet.
    fn first_that_fits<'a>(
        &self,
        line: impl Iterator<Item = &'a WorkItem>,
        members: impl Iterator<Item = (&'a Seat, bool)> + Clone,
        now: Time,
    ) -> Option<Choice> {
        for item in line.take(limits::LINE_TRIED_MAX) {
            let chosen = choose(&self.queue, item, members.clone(), now);
            let same_for_all = item.declined.is_empty() && self.queue.relax_after.is_none();
            if chosen.is_some() || same_for_all {
                return chosen;
            }
        }
        None
    }
}

fn turn(item: &WorkItem) -> Turn {
    (Reverse(item.priority), item.since, item.case)
}
