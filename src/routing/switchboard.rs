//! All agents and all items that queues hand out, in memory: what to assign next.
//!
//! Built from rows and kept up with them ([`Switchboard::set_item`] and its like may be told the same thing any number of times).
//! It knows nothing that the rows don't, but for when an agent was last given something.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::lane::Lane;
use super::seat::{Seat, Tally};
use super::{Accept, Agent, Choice, MAIN_QUEUE, Place, Presence, Profile, Queue, Ration, Work, WorkItem};
use crate::base::{Hours, Mailbox, Time};

/// See the module.
#[derive(Debug, Default)]
pub struct Switchboard {
    /// By the names under which queues know them.
    pub(super) hours: Arc<BTreeMap<String, Hours>>,
    pub(super) lanes: BTreeMap<String, Lane>,
    /// All queues that there are.
    queues: HashSet<String>,
    /// The permission sets that addresses ask for.
    asked: HashMap<Mailbox, BTreeSet<String>>,
    pub(super) profiles: HashMap<String, Profile>,
    pub(super) seats: HashMap<Mailbox, Seat>,
    /// What those have who are no agents, or aren't any more.
    strangers: HashMap<Mailbox, Tally>,
    pub(super) items: HashMap<Work, WorkItem>,
    /// The last time that it was told.
    now: Time,
    /// How often somebody came or was given something.
    given: u64,
    /// When what work takes of an agent comes back because a day has ended.
    pub(super) days: BTreeSet<(Time, Mailbox, Work)>,
    /// Work whose agents' units come back at the end of the day, which isn't written down yet.
    pub(super) owing: BTreeSet<(Mailbox, Work)>,
    /// When something happens by itself: an offer runs out, a lease ends, a queue overflows, skills count no more.
    times: BTreeSet<(Time, Work)>,
}

/// What has to be done about an item because its time has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overdue {
    /// The agent hasn't answered.
    Offer { work: Work, agent: Mailbox },
    /// The agent isn't there to answer.
    Withdrawn { work: Work, agent: Mailbox, why: Withdrawn },
    /// The agent who has it is none any more.
    Left { work: Work, agent: Mailbox },
    /// It waits where there is no queue any more.
    Gone { work: Work, from: String },
    /// Another queue takes it.
    Overflows { work: Work, from: String, to: String, why: Overflow },
    /// What it took of the agent comes back, or is taken for another day.
    DayEnds { work: Work, agent: Mailbox, again: Option<Ration> },
}

/// Why an offer ends before its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Withdrawn {
    /// The agent has gone away or offline.
    NotThere(Presence),
    /// They don't work there any more.
    Left { queue: String },
}

/// Why an item goes to another queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// Too long.
    Waited,
    /// Its queue is out of hours.
    Closed,
    /// It came when as many waited as may.
    Full,
}

impl Switchboard {
    /// With these business hours.
    pub fn new(hours: Arc<BTreeMap<String, Hours>>) -> Self {
        Self { hours, ..Self::default() }
    }

    /// Other business hours: what depends on those that changed is reckoned anew. True when they are others.
    pub fn set_hours(&mut self, hours: Arc<BTreeMap<String, Hours>>) -> bool {
        if Arc::ptr_eq(&self.hours, &hours) {
            return false;
        }
        let former = std::mem::replace(&mut self.hours, hours);
        let changed = |name: &String| former.get(name) != self.hours.get(name);
        let queues = self.lanes.values().map(|lane| &lane.queue);
        let queues: Vec<Queue> = queues.filter(|queue| queue.hours.as_ref().is_some_and(changed)).cloned().collect();
        queues.into_iter().for_each(|queue| self.set_queue(&queue.name.clone(), Some(queue)));
        true
    }

    /// The units that this agent's work takes now, of how many; none without a limit.
    pub fn load_of(&self, agent: &Mailbox) -> Option<(u32, u32)> {
        self.seats.get(agent).and_then(Seat::load)
    }

    /// The queues that are closed because there are no business hours of the name that they have, with that name.
    pub fn without_hours(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lanes.values().filter_map(|lane| Some((lane.queue.name.as_str(), lane.lacks_hours()?)))
    }

    pub fn set_queue(&mut self, name: &str, queue: Option<Queue>) {
        match &queue {
            Some(_) => self.queues.insert(name.to_owned()),
            None => self.queues.remove(name),
        };
        let waiting: Vec<Work> = match self.lanes.remove(name) {
            Some(former) => {
                let seats = former.queue.members.iter().filter_map(|member| self.seats.get(member));
                self.times.extend(seats.flat_map(|seat| seat.tally.all()).map(|work| (Time::MIN, work)));
                former.items().collect()
            }
            None => self.items.values().filter(|item| item.waits_in(name)).map(|item| item.work).collect(),
        };
        if self.is_gone(name) {
            self.times.extend(waiting.into_iter().map(|work| (Time::MIN, work)));
            return;
        }
        let Some(queue) = queue.filter(Queue::moves_items) else {
            waiting.iter().for_each(|work| drop(self.items.remove(work)));
            return;
        };
        let hours = queue.hours.as_ref().and_then(|hours| self.hours.get(hours)).cloned();
        let mut lane = Lane::new(queue, hours);
        for member in lane.queue.members.clone() {
            lane.seat(&member, self.seats.get(&member), true);
        }
        self.lanes.insert(name.to_owned(), lane);
        for work in waiting {
            self.line_up(work);
            // Those of the former settings do nothing.
            let times: Vec<Time> = self.items.get(&work).map(|item| self.times_of(item).collect()).unwrap_or_default();
            self.times.extend(times.into_iter().map(|at| (at, work)));
        }
    }

    /// True for a queue whose items must be told to this board.
    pub fn has_queue(&self, queue: &str) -> bool {
        self.lanes.contains_key(queue) || self.is_gone(queue)
    }

    /// True for no queue, in which nobody looks for anything.
    pub fn is_gone(&self, queue: &str) -> bool {
        queue != MAIN_QUEUE && !self.queues.contains(queue)
    }

    /// Whether this queue asks its agents.
    pub fn accept(&self, queue: &str) -> Accept {
        self.lanes.get(queue).map(|lane| lane.queue.accept).unwrap_or_default()
    }

    /// True for an agent who is told by mail what comes to them.
    pub fn wants_notices(&self, agent: &Mailbox) -> bool {
        self.seats.get(agent).is_some_and(|seat| seat.agent.notices)
    }

    pub fn set_agent(&mut self, address: &Mailbox, agent: Option<Agent>) {
        let former = self.seats.remove(address);
        let last = former.as_ref().map_or(self.given + 1, |seat| seat.last);
        self.given = self.given.max(last);
        let heard_of_at = former.as_ref().map(|seat| seat.agent.heard_of_at());
        let is_back = agent.as_ref().is_some_and(|agent| Some(agent.heard_of_at()) != heard_of_at);
        let tally = former.map(|seat| seat.tally).or_else(|| self.strangers.remove(address)).unwrap_or_default();
        match agent {
            Some(agent) => {
                let profile = agent.profile.as_ref().and_then(|name| self.profiles.get(name)).cloned();
                let tally = tally.under(profile.as_ref());
                self.seats.insert(address.clone(), Seat { agent, profile, tally, last });
                if !self.is_there(address) {
                    self.times.extend(self.seats[address].tally.all().map(|work| (Time::MIN, work)));
                }
                self.note_owing(address);
                if is_back {
                    let declined: Vec<Work> = self.lanes.values().flat_map(|lane| lane.declined_by(address)).collect();
                    declined.into_iter().for_each(|work| self.line_up(work));
                }
            }
            None => {
                self.times.extend(tally.all().map(|work| (Time::MIN, work)));
                if !tally.is_empty() {
                    self.strangers.insert(address.clone(), tally);
                }
            }
        }
        self.reseat(address, true);
    }

    pub fn set_profile(&mut self, name: &str, profile: Option<Profile>) {
        match profile {
            Some(profile) => drop(self.profiles.insert(name.to_owned(), profile)),
            None => drop(self.profiles.remove(name)),
        }
        let theirs = self.seats.values().filter(|seat| seat.agent.profile.as_deref() == Some(name));
        let theirs: Vec<Agent> = theirs.map(|seat| seat.agent.clone()).collect();
        theirs.into_iter().for_each(|agent| self.set_agent(&agent.address.clone(), Some(agent)));
    }

    /// Only agents with one of these permission sets get the cases of this address; all do when there are none.
    pub fn set_asked(&mut self, address: &Mailbox, sets: BTreeSet<String>) {
        if asked_of(&self.asked, Some(address)) == &sets {
            return;
        }
        let waits = |item: &&WorkItem| item.address.as_ref() == Some(address) && item.holder().is_none();
        let items = self.items.values().filter(waits);
        let items: Vec<WorkItem> = items.cloned().collect();
        items.iter().for_each(|item| self.set_item(item.work, None));
        self.asked.insert(address.clone(), sets);
        items.into_iter().for_each(|item| self.set_item(item.work, Some(item)));
    }

    /// This item as it is now.
    pub fn set_item(&mut self, work: impl Into<Work>, item: Option<WorkItem>) {
        let work = work.into();
        if self.items.get(&work) == item.as_ref() {
            return;
        }
        let former = self.items.remove(&work);
        former.iter().for_each(|former| self.take_out(former));
        let Some(item) = item.filter(|item| self.concerns(item)) else { return };
        if let Some(holder) = item.holder().cloned() {
            if former.as_ref().and_then(WorkItem::holder) != Some(&holder) {
                self.given += 1;
                if let Some(seat) = self.seats.get_mut(&holder) {
                    seat.last = self.given;
                }
            }
            self.hold(&holder, work, Some(item.record_type.clone()));
        }
        let holder = item.holder().cloned();
        self.items.insert(work, item);
        self.line_up(work);
        let times: Vec<Time> = self.items.get(&work).into_iter().flat_map(|item| self.times_of(item)).collect();
        self.times.extend(times.into_iter().map(|at| (at, work)));
        if let Some(holder) = holder.filter(|holder| self.owes(holder, work)) {
            self.owing.insert((holder, work));
        }
    }

    /// Into the line where it waits as things are now, unless somebody has it.
    fn line_up(&mut self, work: Work) {
        let Some(item) = self.items.get(&work).filter(|item| item.holder().is_none()) else { return };
        let heard_of_at = |agent: &Mailbox| self.seats.get(agent).map_or(Time::MIN, |seat| seat.agent.heard_of_at());
        let unwanted = |agent: &&Mailbox| item.is_unwanted_by(agent, heard_of_at(agent), self.now);
        let without = item.declined.keys().filter(unwanted).cloned().collect();
        if let Place::Queue(queue) = &item.place
            && let Some(lane) = self.lanes.get_mut(queue)
        {
            lane.add(item, asked(&self.asked, item), without, self.now);
        }
    }

    pub fn item(&self, work: impl Into<Work>) -> Option<&WorkItem> {
        self.items.get(&work.into())
    }

    /// The next item that somebody can have: of all queues the urgent before others, then what waits longest.
    pub fn next(&mut self, now: Time) -> Option<Choice> {
        self.follow_hours(now);
        let Self { lanes, seats, items, .. } = self;
        loop {
            let heads = lanes.values_mut().filter_map(|lane| Some((lane.head()?, lane)));
            let (_, lane) = heads.min_by_key(|(head, _)| *head)?;
            let choice = lane.give_head(items, seats);
            if choice.is_some() {
                return choice;
            }
        }
    }

    /// When [`Switchboard::overdue`] has something next, or a queue opens or closes.
    pub fn due(&self) -> Option<Time> {
        let turns = self.lanes.values().filter_map(Lane::turns_at);
        let days = self.days.first().map(|(at, ..)| *at);
        self.times.first().map(|(at, _)| *at).into_iter().chain(turns).chain(days).min()
    }

    /// What has to be done because its time has come. What only makes room or lets go of skills is done here.
    pub fn overdue(&mut self, now: Time) -> Option<Overdue> {
        self.follow_hours(now);
        while let Some((at, work)) = self.times.first().copied().filter(|(at, _)| *at <= now) {
            self.times.remove(&(at, work));
            let Some(item) = self.items.get(&work).cloned() else { continue };
            match (&item.place, &item.offer) {
                (Place::Agent(agent), _) if !self.seats.contains_key(agent) => {
                    return Some(Overdue::Left { work, agent: agent.clone() });
                }
                (Place::Queue(_), Some(offer)) if !self.seats.contains_key(&offer.agent) => {
                    return Some(Overdue::Offer { work, agent: offer.agent.clone() });
                }
                (Place::Queue(queue), Some(offer)) if let Some(why) = self.withdrawn(queue, &offer.agent) => {
                    return Some(Overdue::Withdrawn { work, agent: offer.agent.clone(), why });
                }
                (Place::Queue(_), Some(offer)) if offer.until <= now => {
                    return Some(Overdue::Offer { work, agent: offer.agent.clone() });
                }
                (Place::Queue(from), None) if self.is_gone(from) => {
                    return Some(Overdue::Gone { work, from: from.clone() });
                }
                (Place::Queue(from), None) => {
                    self.line_up(work);
                    let Some(lane) = self.lanes.get(from) else { continue };
                    let again = lane.looks_again(&item, now);
                    if let Some((to, why)) = self.overflow(from, &item, now) {
                        return Some(Overdue::Overflows { work, from: from.clone(), to, why });
                    }
                    self.times.extend(again.map(|at| (at, work)));
                }
                (Place::Agent(agent), _) if item.lapses_at() <= now => {
                    self.tally(agent, |tally, profile| tally.lapse(profile, work));
                    self.reseat(agent, true);
                }
                _ => {}
            }
        }
        self.day_ends(now)
    }

    /// Why an agent who was asked in this queue isn't there to answer.
    fn withdrawn(&self, queue: &str, agent: &Mailbox) -> Option<Withdrawn> {
        let presence = self.seats.get(agent)?.agent.presence;
        match presence {
            Presence::Away | Presence::Offline => Some(Withdrawn::NotThere(presence)),
            Presence::Available | Presence::Busy => {
                let left = self.lanes.get(queue).is_some_and(|lane| !lane.has_member(agent));
                left.then(|| Withdrawn::Left { queue: queue.to_owned() })
            }
        }
    }

    /// False for who has gone away or offline.
    fn is_there(&self, agent: &Mailbox) -> bool {
        let presence = self.seats.get(agent).map(|seat| seat.agent.presence);
        matches!(presence, Some(Presence::Available | Presence::Busy))
    }

    /// Where an item goes instead of waiting here.
    fn overflow(&self, from: &str, item: &WorkItem, now: Time) -> Option<(String, Overflow)> {
        let lane = self.lanes.get(from)?;
        let why = match () {
            () if !lane.is_open() => Overflow::Closed,
            () if lane.is_beyond(item) => Overflow::Full,
            () if lane.overflows_at(item) <= now => Overflow::Waited,
            () => return None,
        };
        let passed = |to: &String| why == Overflow::Waited && item.passed.contains(to);
        self.taker(from, passed).map(|to| (to.clone(), why))
    }

    /// The first queue along the overflows that it hasn't passed, that is there, open and not full. In which agents pick takes anything.
    fn taker(&self, from: &str, passed: impl Fn(&String) -> bool) -> Option<&String> {
        let overflow = |name: &str| self.lanes.get(name)?.queue.overflow.as_ref();
        let takes = |name: &str| {
            !self.is_gone(name) && self.is_open(name) && self.lanes.get(name).is_none_or(|lane| !lane.is_full())
        };
        let chain = std::iter::successors(overflow(from), |name| overflow(name));
        // In a circle of queues each comes at most once.
        chain.take(self.lanes.len()).take_while(|name| *name != from).find(|name| takes(name) && !passed(name))
    }

    fn is_open(&self, queue: &str) -> bool {
        self.lanes.get(queue).is_none_or(Lane::is_open)
    }

    /// When a queue opens or closes, all that wait may have another place.
    fn follow_hours(&mut self, now: Time) {
        self.now = now;
        let mut turned = false;
        for lane in self.lanes.values_mut() {
            turned |= lane.follow_hours(now);
        }
        if turned {
            let overflowing = self.lanes.values().filter(|lane| lane.queue.overflow.is_some());
            self.times.extend(overflowing.flat_map(Lane::items).map(|work| (Time::MIN, work)));
        }
    }

    /// Units taken of an agent.
    pub fn load(&self, agent: &Mailbox) -> u32 {
        let tally = self.seats.get(agent).map(|seat| &seat.tally);
        tally.or_else(|| self.strangers.get(agent)).map_or(0, Tally::units)
    }

    /// True for what must be told to this board: it can move by itself, or somebody has it or is asked.
    pub fn concerns(&self, item: &WorkItem) -> bool {
        match &item.place {
            Place::Queue(queue) => item.offer.is_some() || self.has_queue(queue),
            Place::Agent(_) => true,
        }
    }

    fn take_out(&mut self, item: &WorkItem) {
        let times: Vec<Time> = self.times_of(item).collect();
        for at in times {
            self.times.remove(&(at, item.work));
        }
        if let Some(holder) = item.holder().cloned() {
            self.hold(&holder, item.work, None);
        } else if let Place::Queue(queue) = &item.place
            && let Some(lane) = self.lanes.get_mut(queue)
        {
            lane.remove(item);
        }
    }

    /// When something happens to an item by itself.
    fn times_of(&self, item: &WorkItem) -> impl Iterator<Item = Time> {
        let left = item.holder().is_some_and(|agent| !self.seats.contains_key(agent));
        let times = match (&item.place, &item.offer) {
            _ if left => [Some(Time::MIN), None],
            (Place::Agent(_), _) => [Some(item.lapses_at()), None],
            (Place::Queue(queue), Some(offer)) => {
                [Some(offer.until), self.withdrawn(queue, &offer.agent).map(|_| Time::MIN)]
            }
            (Place::Queue(queue), None) if self.is_gone(queue) => [Some(Time::MIN), None],
            (Place::Queue(queue), None) => self.lanes.get(queue).map(|lane| lane.times_of(item)).unwrap_or_default(),
        };
        let waits = item.holder().is_none().then(|| item.asks_again());
        times.into_iter().flatten().chain(waits.into_iter().flatten())
    }

    /// The agent has this, or has it no more.
    fn hold(&mut self, agent: &Mailbox, work: Work, record_type: Option<Option<String>>) {
        let has_more = record_type.is_none();
        self.tally(agent, |tally, profile| tally.hold(profile, work, record_type));
        self.reseat(agent, has_more);
    }

    pub(super) fn tally<T>(&mut self, agent: &Mailbox, change: impl FnOnce(&mut Tally, Option<&Profile>) -> T) -> T {
        if let Some(seat) = self.seats.get_mut(agent) {
            return change(&mut seat.tally, seat.profile.as_ref());
        }
        let tally = self.strangers.entry(agent.clone()).or_default();
        let changed = change(tally, None);
        if tally.is_empty() {
            self.strangers.remove(agent);
        }
        changed
    }

    /// Wherever this agent works, they have another place in the order.
    pub(super) fn reseat(&mut self, agent: &Mailbox, has_more: bool) {
        let seat = self.seats.get(agent);
        self.lanes.values_mut().filter(|lane| lane.has_member(agent)).for_each(|lane| lane.seat(agent, seat, has_more));
    }
}

pub(super) fn asked<'a>(all: &'a HashMap<Mailbox, BTreeSet<String>>, item: &WorkItem) -> &'a BTreeSet<String> {
    asked_of(all, item.address.as_ref())
}

fn asked_of<'a>(all: &'a HashMap<Mailbox, BTreeSet<String>>, address: Option<&Mailbox>) -> &'a BTreeSet<String> {
    const NONE: &BTreeSet<String> = &BTreeSet::new();
    address.and_then(|address| all.get(address)).unwrap_or(NONE)
}
