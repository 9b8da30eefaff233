//! All agents and all items that queues hand out, in memory: what to assign next.
//!
//! Built from rows and kept up with them ([`Switchboard::set_item`] and its like may be told the same thing any number of times).
//! It knows nothing that the rows don't, but for when an agent was last given something. Items that ask for the same
//! wait in one line, so that a choice looks at the first of each line only: it costs as many agents as the queue has,
//! whatever waits.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::choice::{Seat, choose};
use super::{Agent, Assign, Choice, Place, Queue, WorkItem};
use crate::base::time::later;
use crate::base::{CaseNumber, Mailbox, Priority, Time, limits};

/// The urgent before others, then who waits longest.
type Turn = (Reverse<Priority>, Time, CaseNumber);
/// What an item asks for.
type Demand = BTreeMap<String, u8>;

/// What waits in one queue.
#[derive(Debug)]
struct Lane {
    queue: Queue,
    members: HashSet<Mailbox>,
    waiting: BTreeMap<Demand, BTreeSet<Turn>>,
    /// Something has changed since nobody was found.
    moved: bool,
}

impl Lane {
    /// Of items that ask for the same. Where the first finds nobody, the second may when that one was declined, or has not
    /// waited long enough yet.
    fn first_that_fits<'a>(
        &self,
        line: impl Iterator<Item = &'a WorkItem>,
        members: impl Iterator<Item = &'a Seat> + Clone,
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

/// See the module.
#[derive(Debug, Default)]
pub struct Switchboard {
    lanes: BTreeMap<String, Lane>,
    seats: HashMap<Mailbox, Seat>,
    items: HashMap<CaseNumber, WorkItem>,
    /// How often somebody was given something.
    given: u64,
    /// Units taken of each agent, registered or not.
    load: HashMap<Mailbox, u32>,
    /// When something happens by itself: an offer runs out, a lease ends, a queue overflows, skills count no more.
    times: BTreeSet<(Time, CaseNumber)>,
}

/// What has to be done about an item because its time has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overdue {
    /// The agent hasn't answered.
    Offer { case: CaseNumber, agent: Mailbox },
    /// The agent who has it is none any more.
    Left { case: CaseNumber, agent: Mailbox },
    /// It has waited too long.
    Overflows { case: CaseNumber, from: String, to: String },
}

impl Switchboard {
    pub fn set_queue(&mut self, name: &str, queue: Option<Queue>) {
        let former = self.lanes.remove(name);
        let Some(queue) = queue.filter(|queue| queue.assign != Assign::Pick) else { return };
        let waiting = former.map(|lane| lane.waiting).unwrap_or_default();
        let cases: Vec<CaseNumber> = waiting.values().flatten().map(|(_, _, case)| *case).collect();
        let members = queue.members.iter().cloned().collect();
        self.lanes.insert(name.to_owned(), Lane { queue, members, waiting, moved: true });
        for case in cases {
            // Those of the former settings do nothing.
            let times: Vec<Time> = self.items.get(&case).map(|item| self.times_of(item).collect()).unwrap_or_default();
            self.times.extend(times.into_iter().map(|at| (at, case)));
        }
    }

    /// True for a queue whose items must be told to this board.
    pub fn hands_out(&self, queue: &str) -> bool {
        self.lanes.contains_key(queue)
    }

    /// The queues that hand their items out.
    pub fn queues(&self) -> impl Iterator<Item = &str> {
        self.lanes.keys().map(String::as_str)
    }

    pub fn set_agent(&mut self, address: &Mailbox, agent: Option<Agent>) {
        match agent {
            Some(agent) => {
                let load = self.load.get(address).copied().unwrap_or_default();
                let last = self.seats.get(address).map_or(0, |seat| seat.last);
                self.seats.insert(address.clone(), Seat { agent, load, last });
            }
            None => {
                self.seats.remove(address);
                let theirs = self.items.values().filter(|item| item.holder() == Some(address));
                self.times.extend(theirs.map(|item| (Time::MIN, item.case)));
            }
        }
        self.freed(address);
    }

    /// The item of this case as it is now.
    pub fn set_item(&mut self, case: CaseNumber, item: Option<WorkItem>) {
        if self.items.get(&case) == item.as_ref() {
            return;
        }
        let former = self.items.remove(&case);
        former.iter().for_each(|former| self.take_out(former));
        let Some(item) = item.filter(|item| self.concerns(item)) else { return };
        if let Some(holder) = item.holder().cloned() {
            self.add_load(&holder, 1);
            if former.as_ref().and_then(WorkItem::holder) != Some(&holder) {
                self.given += 1;
                if let Some(seat) = self.seats.get_mut(&holder) {
                    seat.last = self.given;
                }
            }
        } else if let Place::Queue(queue) = &item.place
            && let Some(lane) = self.lanes.get_mut(queue)
        {
            lane.waiting.entry(item.skills.clone()).or_default().insert(turn(&item));
            lane.moved = true;
        }
        let times: Vec<Time> = self.times_of(&item).collect();
        self.times.extend(times.into_iter().map(|at| (at, case)));
        self.items.insert(case, item);
    }

    pub fn item(&self, case: CaseNumber) -> Option<&WorkItem> {
        self.items.get(&case)
    }

    /// The next item that somebody can have.
    pub fn next(&mut self, now: Time) -> Option<Choice> {
        let Self { lanes, seats, items, .. } = self;
        for lane in lanes.values_mut().filter(|lane| lane.moved) {
            let members = lane.queue.members.iter().filter_map(|member| seats.get(member));
            let mut heads: Vec<&Turn> = lane.waiting.values().filter_map(BTreeSet::first).collect();
            heads.sort_unstable();
            let chosen = heads.into_iter().find_map(|(_, _, case)| {
                let line = lane.waiting[&items[case].skills].iter().map(|(_, _, case)| &items[case]);
                lane.first_that_fits(line, members.clone(), now)
            });
            if chosen.is_some() {
                return chosen;
            }
            lane.moved = false;
        }
        None
    }

    /// When [`Switchboard::overdue`] has something next.
    pub fn due(&self) -> Option<Time> {
        self.times.first().map(|(at, _)| *at)
    }

    /// What has to be done because its time has come. What only makes room or lets go of skills is done here.
    pub fn overdue(&mut self, now: Time) -> Option<Overdue> {
        while let Some((at, case)) = self.times.first().copied().filter(|(at, _)| *at <= now) {
            self.times.remove(&(at, case));
            let Some(item) = self.items.get(&case).cloned() else { continue };
            match (&item.place, &item.offer) {
                (Place::Agent(agent), _) if !self.seats.contains_key(agent) => {
                    return Some(Overdue::Left { case, agent: agent.clone() });
                }
                (Place::Queue(_), Some(offer)) if !self.seats.contains_key(&offer.agent) => {
                    return Some(Overdue::Offer { case, agent: offer.agent.clone() });
                }
                (Place::Queue(_), Some(offer)) if offer.until <= now => {
                    return Some(Overdue::Offer { case, agent: offer.agent.clone() });
                }
                (Place::Queue(from), None) => {
                    let Some(lane) = self.lanes.get_mut(from) else { continue };
                    lane.moved = true;
                    if let Some(to) = lane.queue.overflow.clone().filter(|_| overflows_at(&lane.queue, &item) <= now) {
                        return Some(Overdue::Overflows { case, from: from.clone(), to });
                    }
                }
                (Place::Agent(agent), _) if later(item.since, limits::CAPACITY_LEASE) <= now => {
                    let agent = agent.clone();
                    self.items.remove(&case);
                    self.add_load(&agent, -1);
                    self.freed(&agent);
                }
                _ => {}
            }
        }
        None
    }

    /// Units taken of an agent.
    pub fn load(&self, agent: &Mailbox) -> u32 {
        self.load.get(agent).copied().unwrap_or_default()
    }

    fn concerns(&self, item: &WorkItem) -> bool {
        match &item.place {
            Place::Queue(queue) => item.offer.is_some() || self.hands_out(queue),
            Place::Agent(_) => true,
        }
    }

    fn take_out(&mut self, item: &WorkItem) {
        let times: Vec<Time> = self.times_of(item).collect();
        for at in times {
            self.times.remove(&(at, item.case));
        }
        if let Some(holder) = item.holder().cloned() {
            self.add_load(&holder, -1);
            self.freed(&holder);
        } else if let Place::Queue(queue) = &item.place
            && let Some(lane) = self.lanes.get_mut(queue)
            && let Some(line) = lane.waiting.get_mut(&item.skills)
        {
            line.remove(&turn(item));
            if line.is_empty() {
                lane.waiting.remove(&item.skills);
            }
            lane.moved = true;
        }
    }

    /// When something happens to an item by itself.
    fn times_of(&self, item: &WorkItem) -> impl Iterator<Item = Time> {
        let left = item.holder().is_some_and(|agent| !self.seats.contains_key(agent));
        let times = match (&item.place, &item.offer) {
            _ if left => [Some(Time::MIN), None],
            (Place::Agent(_), _) => [Some(later(item.since, limits::CAPACITY_LEASE)), None],
            (Place::Queue(_), Some(offer)) => [Some(offer.until), None],
            (Place::Queue(queue), None) => {
                let queue = self.lanes.get(queue).map(|lane| &lane.queue);
                let overflows = queue.filter(|queue| queue.overflow.is_some()).map(|queue| overflows_at(queue, item));
                let relaxes = queue.and_then(|queue| queue.relax_after).map(|span| later(item.since, span.0));
                [overflows, relaxes]
            }
        };
        times.into_iter().flatten()
    }

    fn add_load(&mut self, agent: &Mailbox, units: i32) {
        let load = self.load.entry(agent.clone()).or_default();
        *load = load.saturating_add_signed(units);
        let now = *load;
        if now == 0 {
            self.load.remove(agent);
        }
        if let Some(seat) = self.seats.get_mut(agent) {
            seat.load = now;
        }
    }

    /// Looks again wherever this agent works.
    fn freed(&mut self, agent: &Mailbox) {
        self.lanes.values_mut().filter(|lane| lane.members.contains(agent)).for_each(|lane| lane.moved = true);
    }
}

fn turn(item: &WorkItem) -> Turn {
    (Reverse(item.priority), item.since, item.case)
}

fn overflows_at(queue: &Queue, item: &WorkItem) -> Time {
    later(item.since, queue.overflow_after.map_or(limits::OVERFLOW_AFTER, |span| span.0))
}
