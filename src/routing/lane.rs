//! What waits in one queue, who of its members has room, and whether the queue has its hours.
//!
//! Items that ask for the same wait in one line. A line for which nobody was found is looked at again only when it changes,
//! or when somebody who fits it gets room; members with room are kept in the order of their turns. So a choice costs the
//! logarithm of both, but for skills: several at once are looked for among all members with room who have the rarest of them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::demand::Demand;
use super::seat::Seat;
use super::{Assign, Choice, Queue, Work, WorkItem};
use crate::base::hours::{Hours, Phase};
use crate::base::time::later;
use crate::base::{Mailbox, Priority, Time, limits};

/// The urgent before others, then who waits longest.
pub(super) type Turn = (Reverse<Priority>, Time, Work);
/// The queue's method first, then who has waited longest. No two are equal but for the agent.
type Rank = (u64, u64, Mailbox);

/// Of each skill, in the lane's order; 0 is none.
type Levels = [u8];
/// Who has one skill, the best first, with all their levels.
type Skilled = BTreeMap<(Reverse<u8>, Rank), Arc<Levels>>;

#[derive(Debug, Default)]
struct Line {
    items: BTreeSet<Turn>,
    /// Nobody can have any of them as things are.
    is_stuck: bool,
    /// As it stands in [`Lane::heads`].
    head: Option<Turn>,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Lane {
    pub queue: Queue,
    members: HashSet<Mailbox>,
    lines: BTreeMap<Arc<Demand>, Line>,
    /// The first item of each line that isn't stuck.
    heads: BTreeSet<(Turn, Arc<Demand>)>,
    /// In the order in which they came, no more than may wait.
    arrivals: BTreeSet<(Time, Work)>,
    /// Those that came when it was full: each came later than those.
    beyond: BTreeSet<(Time, Work)>,
    /// The line of each.
    demands: HashMap<Work, Arc<Demand>>,
    /// Members who have room.
    room: BTreeSet<Rank>,
    /// The same by skill where skills count, the best first.
    skilled: Vec<Skilled>,
    /// Each skill's place there and in all levels.
    skills: HashMap<String, usize>,
    /// As they stand in both.
    ranks: HashMap<Mailbox, (Rank, Arc<Levels>)>,
    hours: Option<Hours>,
    phase: Phase,
}

impl Lane {
    /// One whose business hours aren't known is closed: that it is open at night is found out too late.
    pub fn new(queue: Queue, hours: Option<Hours>) -> Self {
        let is_known = queue.hours.is_none() || hours.is_some();
        Self {
            members: queue.members.iter().cloned().collect(),
            queue,
            lines: BTreeMap::new(),
            heads: BTreeSet::new(),
            arrivals: BTreeSet::new(),
            beyond: BTreeSet::new(),
            demands: HashMap::new(),
            room: BTreeSet::new(),
            skilled: Vec::new(),
            skills: HashMap::new(),
            ranks: HashMap::new(),
            // Whether it is open is looked up before anything else is.
            phase: Phase { open: is_known, until: hours.as_ref().map(|_| Time::MIN) },
            hours,
        }
    }

    /// The name of its business hours, when there are none of that name.
    pub fn lacks_hours(&self) -> Option<&str> {
        self.queue.hours.as_deref().filter(|_| self.hours.is_none())
    }

    fn counts_skills(&self) -> bool {
        self.queue.assign == Assign::Skills
    }

    /// Into the line where it belongs now: for one of these permission sets, and none of those agents.
    pub fn add(&mut self, item: &WorkItem, asked: &BTreeSet<String>, without: BTreeSet<Mailbox>, now: Time) {
        let relaxed = self.relaxes_at(item).is_some_and(|at| at <= now);
        let skills = if self.counts_skills() && !relaxed { item.skills.clone() } else { BTreeMap::new() };
        let (asked, record_type) = (asked.clone(), item.record_type.clone());
        let demand = Arc::new(Demand { skills, asked, record_type, without, relaxed });
        if self.demands.get(&item.work) != Some(&demand) {
            self.remove(item);
            self.change(&demand, |line| line.insert(turn(item)));
            self.arrive((item.since, item.work));
            self.demands.insert(item.work, demand);
        }
    }

    /// What an item that waits here asks for.
    pub fn demand(&self, item: &WorkItem) -> Option<&Demand> {
        self.demands.get(&item.work).map(Arc::as_ref)
    }

    /// As it was added.
    pub fn remove(&mut self, item: &WorkItem) {
        if let Some(demand) = self.demands.remove(&item.work) {
            self.change(&demand, |line| line.remove(&turn(item)));
            self.depart(&(item.since, item.work));
        }
    }

    fn most(&self) -> usize {
        self.queue.overflow_at.map_or(usize::MAX, |most| most as usize)
    }

    fn arrive(&mut self, arrival: (Time, Work)) {
        if self.beyond.first().is_some_and(|first| *first < arrival) {
            self.beyond.insert(arrival);
            return;
        }
        self.arrivals.insert(arrival);
        if self.arrivals.len() > self.most() {
            self.beyond.extend(self.arrivals.pop_last());
        }
    }

    fn depart(&mut self, arrival: &(Time, Work)) {
        if !self.beyond.remove(arrival) && self.arrivals.remove(arrival) {
            self.arrivals.extend(self.beyond.pop_first());
        }
    }

    /// What doesn't come to this agent.
    pub fn declined_by(&self, agent: &Mailbox) -> impl Iterator<Item = Work> {
        let lines = self.lines.iter().filter(|(demand, _)| demand.without.contains(agent));
        lines.flat_map(|(_, line)| line.items.iter().map(|(.., work)| *work))
    }

    fn relaxes_at(&self, item: &WorkItem) -> Option<Time> {
        let counts = self.counts_skills() && !item.skills.is_empty();
        self.queue.relax_after.filter(|_| counts).map(|span| later(item.since, span.0))
    }

    fn change(&mut self, demand: &Arc<Demand>, change: impl FnOnce(&mut BTreeSet<Turn>) -> bool) {
        let line = self.lines.entry(Arc::clone(demand)).or_default();
        change(&mut line.items);
        self.set_stuck(demand, false);
    }

    fn set_stuck(&mut self, demand: &Arc<Demand>, is_stuck: bool) {
        let Some(line) = self.lines.get_mut(demand) else { return };
        line.is_stuck = is_stuck;
        let head = line.items.first().filter(|_| !is_stuck).copied();
        let former = std::mem::replace(&mut line.head, head);
        if line.items.is_empty() {
            self.lines.remove(demand);
        }
        if former != head {
            former.map(|former| self.heads.remove(&(former, Arc::clone(demand))));
            head.map(|head| self.heads.insert((head, Arc::clone(demand))));
        }
    }

    /// A member as they are now; `has_more` when they may fit what they didn't before.
    pub fn seat(&mut self, address: &Mailbox, seat: Option<&Seat>, has_more: bool) {
        if let Some((rank, levels)) = self.ranks.remove(address) {
            for (skill, level) in levels.iter().enumerate().filter(|(_, level)| **level > 0) {
                self.skilled[skill].remove(&(Reverse(*level), rank.clone()));
            }
            self.room.remove(&rank);
        }
        let Some(seat) = seat.filter(|seat| seat.has_room()) else { return };
        let rank = (self.method_rank(seat), seat.last, address.clone());
        let levels = self.levels(seat);
        for (skill, level) in levels.iter().enumerate().filter(|(_, level)| **level > 0) {
            self.skilled[skill].insert((Reverse(*level), rank.clone()), Arc::clone(&levels));
        }
        self.room.insert(rank.clone());
        self.ranks.insert(address.clone(), (rank, levels));
        if has_more {
            let stuck = self.lines.iter().filter(|(demand, line)| line.is_stuck && seat.fits(demand));
            let stuck: Vec<_> = stuck.map(|(demand, _)| Arc::clone(demand)).collect();
            stuck.iter().for_each(|demand| self.set_stuck(demand, false));
        }
    }

    /// None where skills don't count.
    fn levels(&mut self, seat: &Seat) -> Arc<Levels> {
        let mut levels = Vec::new();
        for (skill, level) in seat.agent.skills.iter().filter(|_| self.queue.assign == Assign::Skills) {
            let next = self.skilled.len();
            let place = *self.skills.entry(skill.clone()).or_insert(next);
            if place == next {
                self.skilled.push(BTreeMap::new());
            }
            levels.resize(levels.len().max(place + 1), 0);
            levels[place] = *level;
        }
        levels.into()
    }

    fn method_rank(&self, seat: &Seat) -> u64 {
        match self.queue.assign {
            Assign::MostCapacity => u64::from(u32::MAX) - u64::from(seat.free().unwrap_or(u32::MAX)),
            Assign::LeastActive => seat.tally.cases() as u64,
            Assign::Pick | Assign::RoundRobin | Assign::Skills => 0,
        }
    }

    pub fn items(&self) -> impl Iterator<Item = Work> {
        self.arrivals.iter().chain(&self.beyond).map(|(_, work)| *work)
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
        true
    }

    /// True when the next one would overflow at once.
    pub fn is_full(&self) -> bool {
        self.arrivals.len() >= self.most()
    }

    /// True for an item that came when it was full.
    pub fn is_beyond(&self, item: &WorkItem) -> bool {
        self.beyond.first().is_some_and(|first| *first <= (item.since, item.work))
    }

    /// When an item goes elsewhere, and when its skills don't count any more.
    pub fn times_of(&self, item: &WorkItem) -> [Option<Time>; 2] {
        let at_once = !self.is_open() || self.is_beyond(item);
        let overflows = if at_once { item.since } else { self.overflows_at(item) };
        [self.queue.overflow.is_some().then_some(overflows), self.relaxes_at(item)]
    }

    /// When it has waited too long.
    pub fn overflows_at(&self, item: &WorkItem) -> Time {
        later(item.since, self.queue.overflow_after.map_or(limits::OVERFLOW_AFTER, |span| span.0))
    }

    /// When an item that can't go elsewhere now tries to again; the same whyever it was looked at.
    pub fn looks_again(&self, item: &WorkItem, now: Time) -> Option<Time> {
        let first = self.overflows_at(item);
        let late = now.duration_since(first);
        let missed = late.unsigned_abs().as_secs() / limits::OVERFLOW_AFTER.as_secs() + 1;
        let next = limits::OVERFLOW_AFTER.saturating_mul(u32::try_from(missed).unwrap_or(u32::MAX));
        let at = if late.is_negative() { first } else { later(first, next) };
        self.queue.overflow.as_ref().map(|_| at)
    }

    /// What comes first of all for which somebody may be found.
    pub fn head(&self) -> Option<Turn> {
        // Nobody has to be looked for while nobody has room.
        let gives = self.queue.assign != Assign::Pick && self.is_open() && !self.room.is_empty();
        self.heads.first().filter(|_| gives).map(|(turn, _)| *turn)
    }

    /// Who gets that; while nobody can have it, it is the head no more.
    pub fn give_head(&mut self, items: &HashMap<Work, WorkItem>, seats: &HashMap<Mailbox, Seat>) -> Option<Choice> {
        let ((.., work), demand) = self.heads.first().cloned()?;
        let chosen = self.choose(&demand, &items[&work], seats);
        if chosen.is_none() {
            self.set_stuck(&demand, true);
        }
        chosen
    }

    fn choose(&self, demand: &Demand, item: &WorkItem, seats: &HashMap<Mailbox, Seat>) -> Option<Choice> {
        let favoured = item.favoured().filter(|favoured| self.has_member(favoured));
        let favoured = favoured.and_then(|favoured| seats.get(favoured)).filter(|seat| seat.fits(demand));
        let seat = favoured.or_else(|| self.fitting(demand, seats).next())?;
        let members = self.queue.members.iter().filter_map(|member| seats.get(member));
        Some(Choice::of(seat, item, demand, self.queue.assign, members))
    }

    /// Everybody who can have what asks for this, whose turn comes first first.
    fn fitting<'a>(
        &'a self,
        demand: &'a Demand,
        seats: &'a HashMap<Mailbox, Seat>,
    ) -> Box<dyn Iterator<Item = &'a Seat> + 'a> {
        let fits = move |rank: &Rank| seats.get(&rank.2).filter(|seat| seat.fits(demand));
        if demand.skills.is_empty() {
            return Box::new(self.room.iter().filter_map(fits));
        }
        let place = |(skill, level): (&String, &u8)| Some((*self.skills.get(skill)?, (*level).max(1)));
        let asked: Vec<(usize, u8)> = demand.skills.iter().map_while(place).collect();
        let rarest = asked.iter().map(|(skill, _)| &self.skilled[*skill]).min_by_key(|ranks| ranks.len());
        // Nobody has all of them when nobody has one.
        let rarest = rarest.filter(|_| asked.len() == demand.skills.len()).into_iter().flatten();
        if asked.len() == 1 {
            return Box::new(rarest.filter_map(move |((_, rank), _)| fits(rank)));
        }
        let ranked = |((_, rank), levels): (&'a (_, Rank), &Arc<Levels>)| Some((level(levels, &asked)?, rank));
        let mut ranked: Vec<(u32, &Rank)> = rarest.filter_map(ranked).collect();
        ranked.sort_unstable_by_key(|(level, rank)| (Reverse(*level), rank.1));
        Box::new(ranked.into_iter().filter_map(move |(_, rank)| fits(rank)))
    }
}

/// How good somebody with these levels is at what is asked for; none for who lacks one.
fn level(levels: &Levels, asked: &[(usize, u8)]) -> Option<u32> {
    let own = |(skill, least): &(usize, u8)| levels.get(*skill).filter(|own| *own >= least).map(|own| u32::from(*own));
    asked.iter().map(own).sum()
}

fn turn(item: &WorkItem) -> Turn {
    (Reverse(item.priority), item.since, item.work)
}
