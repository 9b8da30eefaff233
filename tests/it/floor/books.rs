//! What must be true of a desk whatever happens, kept by plain lists from the events alone, in the order in which they were
//! committed: who has or is offered what, who is there, what was declined how often.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use postcase::base::time::later;
use postcase::base::{CaseNumber, MailId, Mailbox, Time, limits};
use postcase::case::{DISPATCH, Event, Happening, INTAKE, Status};
use postcase::routing::{Agent, Assign, Place, Presence, Profile, Queue, Reset, Work, WorkItem};
use postcase::store::{Engine, Page, Table, tables};
use tokio::sync::mpsc::UnboundedReceiver;

/// Of what waits in a queue, so many are looked at each time: more than stand in each other's way for any one reason.
const LOOKED_AT_MAX: usize = 100;

/// A case or item as its events say.
pub struct Known {
    pub status: Status,
    pub queue: String,
    pub owner: Option<Mailbox>,
    pub offer: Option<(Mailbox, Time)>,
    declined: HashMap<Mailbox, Declines>,
    skill: Option<u8>,
    record_type: Option<String>,
    opened_at: Time,
    placed_at: Time,
    /// When a person did something about it.
    worked_at: Time,
    /// Somebody has had it.
    was_given: bool,
}

/// How often an agent declined a case, or didn't answer, the last time then.
#[derive(Clone, Copy)]
struct Declines {
    meant: u32,
    silent: u32,
    last: Time,
}

/// See the module.
pub struct Books {
    written: UnboundedReceiver<(Table, Vec<u8>)>,
    queues: HashMap<String, (Queue, HashSet<Mailbox>)>,
    profiles: HashMap<String, Profile>,
    /// What each agent's profile is, whether they are one now or not.
    profile_of: HashMap<Mailbox, String>,
    /// Units of cases that agents have had and that come back at the end of the day: case, units, until.
    spent: HashMap<Mailbox, BTreeMap<Work, (u32, Time)>>,
    /// Everywhere the same time.
    day_ends: fn(Time) -> Time,
    pub agents: BTreeMap<Mailbox, Agent>,
    /// What somebody has or is offered.
    held: HashMap<Mailbox, BTreeSet<Work>>,
    /// Cases that came back to who had them since all was settled: whoever gives out may not have seen them yet.
    returned: HashMap<Mailbox, usize>,
    pub cases: BTreeMap<Work, Known>,
    /// Those that wait in queues.
    waiting: HashMap<String, BTreeSet<(Time, Work)>>,
    /// Cases that haven't ended.
    pub active: BTreeSet<Work>,
    pub count: Counts,
}

/// What happened how often.
#[derive(Default)]
pub struct Counts {
    pub offered: usize,
    pub declined: usize,
    pub unanswered: usize,
    pub overflowed: usize,
    pub taken_back: usize,
    /// Seconds until somebody had it, for each case.
    pub waited: Vec<u64>,
}

/// What is wrong, in words.
pub type Wrong = String;

impl Known {
    fn holder(&self) -> Option<&Mailbox> {
        let works = matches!(self.status, Status::New | Status::Open);
        self.owner.as_ref().or(self.offer.as_ref().map(|(agent, _)| agent)).filter(|_| works)
    }

    /// Who forgets it has its units back.
    fn lapses_at(&self) -> Time {
        later(self.placed_at.max(self.worked_at), limits::CAPACITY_LEASE)
    }

    pub fn waits(&self) -> bool {
        matches!(self.status, Status::New | Status::Open) && self.holder().is_none()
    }
}

impl Declines {
    /// True while it isn't offered to this agent any more. Silence counts until they say that they are there, and not for ever.
    fn count(&self, agent: &Agent, now: Time) -> bool {
        let doubled = self.silent.saturating_sub(limits::DECLINES_MAX).min(10);
        let pause = limits::SILENCE_PAUSE.saturating_mul(1 << doubled).min(limits::SILENCE_PAUSE_MAX);
        let is_new = agent.presence_at.is_none_or(|at| at < self.last) && agent.created_at < self.last;
        let counted = if is_new && now < later(self.last, pause) { self.silent } else { 0 };
        self.meant + counted >= limits::DECLINES_MAX
    }
}

impl Books {
    /// Everything that is committed from now on is read.
    pub fn new(
        engine: &dyn Engine,
        queues: impl IntoIterator<Item = Queue>,
        profiles: impl IntoIterator<Item = Profile>,
        day_ends: fn(Time) -> Time,
    ) -> Self {
        Self {
            profiles: profiles.into_iter().map(|profile| (profile.name.clone(), profile)).collect(),
            profile_of: HashMap::new(),
            spent: HashMap::new(),
            day_ends,
            written: engine.watch(vec![tables::CASE_EVENTS.table(), item_events(), tables::AGENTS.table()]),
            queues: queues.into_iter().map(|queue| (queue.name.clone(), members(queue))).collect(),
            agents: BTreeMap::new(),
            held: HashMap::new(),
            returned: HashMap::new(),
            cases: BTreeMap::new(),
            waiting: HashMap::new(),
            active: BTreeSet::new(),
            count: Counts::default(),
        }
    }

    /// All that was committed since. An agent's row changes at most once in between.
    pub async fn read(&mut self, engine: &dyn Engine) -> Result<(), Wrong> {
        while let Ok((table, key)) = self.written.try_recv() {
            if table == tables::AGENTS.table() {
                let text = String::from_utf8(key).map_err(said)?;
                let address: Mailbox = text.parse().map_err(said)?;
                match tables::AGENTS.get(engine, &address).await.map_err(said)? {
                    Some(kept) => {
                        let profile = kept.value.profile.clone();
                        profile.map(|profile| self.profile_of.insert(address.clone(), profile));
                        self.agents.insert(address, kept.value);
                    }
                    None => drop(self.agents.remove(&address)),
                }
            } else if let Some((work, index)) = key.split_last_chunk() {
                let work = match work.try_into() {
                    Ok(number) if table == tables::CASE_EVENTS.table() => Work::Case(CaseNumber::from_be_bytes(number)),
                    _ => Work::Mail(MailId::from_key(work).ok_or("an event of nothing")?),
                };
                let key = (work, u32::from_be_bytes(*index));
                let event = tables::events(work).get(engine, &key).await.map_err(said)?.ok_or("an event is gone")?;
                self.apply(work, &event.value).map_err(|what| format!("{work}: {what}"))?;
            }
        }
        Ok(())
    }

    fn apply(&mut self, work: Work, event: &Event) -> Result<(), Wrong> {
        if let Happening::CaseOpened { record_type, .. } | Happening::ItemOpened { record_type, .. } = &event.what {
            let known = Known {
                status: Status::New,
                queue: String::new(),
                owner: None,
                offer: None,
                declined: HashMap::new(),
                skill: None,
                record_type: record_type.clone(),
                opened_at: event.at,
                placed_at: event.at,
                worked_at: event.at,
                was_given: false,
            };
            self.active.insert(work);
            return self.cases.insert(work, known).map_or(Ok(()), |_| Err("it is opened twice".into()));
        }
        let mut known = self.cases.remove(&work).ok_or("it was never opened")?;
        self.take_out(work, &known);
        let former = known.owner.clone().filter(|_| known.holder().is_some());
        let checked = self.follow(&mut known, event);
        let owner = known.owner.clone().filter(|_| known.holder().is_some());
        if let Some(owner) = owner.filter(|owner| former.as_ref() != Some(owner)) {
            // Whoever isn't there any more is charged for nothing that still comes to them.
            if self.agents.contains_key(&owner) {
                self.spend(owner, work, &known, event.at);
            } else if let Some(spent) = self.spent.get_mut(&owner) {
                spent.retain(|case, (_, until)| *case != work || *until > event.at);
            }
        }
        if let Some(former) = former.filter(|former| known.holder() != Some(former)) {
            let was_charged = self.spent.get(&former).is_some_and(|spent| spent.contains_key(&work));
            if was_charged {
                self.spend(former, work, &known, event.at);
            }
        }
        self.put_in(work, &known);
        self.cases.insert(work, known);
        checked
    }

    fn follow(&mut self, known: &mut Known, event: &Event) -> Result<(), Wrong> {
        let by_dispatch = event.by == DISPATCH;
        if ![DISPATCH, INTAKE].contains(&event.by.as_str()) {
            known.worked_at = event.at;
        }
        match &event.what {
            Happening::Offered { agent, until, .. } => {
                self.check_given(known, agent, event.at)?;
                self.count.offered += 1;
                known.offer = Some((agent.clone(), *until));
            }
            Happening::Assigned { agent, .. } if by_dispatch => {
                self.check_given(known, agent, event.at)?;
                self.assigned(known, agent, event.at);
            }
            Happening::Assigned { agent, .. } => {
                let is_theirs = known.offer.as_ref().is_some_and(|(offered, _)| offered == agent);
                if !is_theirs {
                    return Err(format!("{agent} takes what isn't offered to them"));
                }
                self.assigned(known, agent, event.at);
            }
            Happening::Declined { agent, .. } => {
                let (offered, until) = known.offer.take().ok_or("what isn't offered is declined")?;
                let too_early = by_dispatch && event.at < until && self.agents.contains_key(agent);
                if offered != *agent || too_early {
                    return Err(format!("{agent} is taken to have declined what {offered} may take until {until}"));
                }
                let last = event.at;
                let declines = known.declined.entry(offered).or_insert(Declines { meant: 0, silent: 0, last });
                if by_dispatch {
                    self.count.unanswered += 1;
                    (declines.silent, declines.last) = (declines.silent + 1, last);
                } else {
                    self.count.declined += 1;
                    declines.meant += 1;
                }
            }
            Happening::OfferWithdrawn { agent, .. } => {
                let (offered, _) = known.offer.take().ok_or("what isn't offered is withdrawn")?;
                let queue = self.queues.get(&known.queue);
                let is_member = queue.is_none_or(|(_, members)| members.contains(agent));
                let is_there = self.agents.get(agent).is_some_and(|row| row.presence == Presence::Available);
                if offered != *agent || is_member && is_there {
                    return Err(format!("what {offered} may take is withdrawn from {agent}, who is there"));
                }
            }
            Happening::Queued { queue, .. } => {
                let owner = known.owner.take();
                let taken_back = owner.is_some_and(|owner| by_dispatch && !self.agents.contains_key(&owner));
                self.count.taken_back += usize::from(taken_back);
                self.count.overflowed += usize::from(by_dispatch && !taken_back);
                known.queue.clone_from(queue);
                known.placed_at = event.at;
                known.declined.clear();
                known.offer = None;
            }
            Happening::StatusChanged { to, .. } => {
                if let (Status::Pending, Status::Open, Some(owner)) = (known.status, to, &known.owner) {
                    *self.returned.entry(owner.clone()).or_default() += 1;
                    known.placed_at = event.at;
                }
                known.status = *to;
            }
            Happening::FieldChanged { to, .. } => known.skill = to.as_ref().and_then(|level| level.parse().ok()),
            other => return Err(format!("nobody does this here: {other:?}")),
        }
        Ok(())
    }

    fn assigned(&mut self, known: &mut Known, agent: &Mailbox, at: Time) {
        if !std::mem::replace(&mut known.was_given, true) {
            self.count.waited.push(at.duration_since(known.opened_at).unsigned_abs().as_secs());
        }
        known.offer = None;
        known.owner = Some(agent.clone());
        known.placed_at = at;
    }

    fn check_given(&self, known: &Known, agent: &Mailbox, now: Time) -> Result<(), Wrong> {
        if !known.waits() {
            return Err(format!("{agent} gets what {:?} has or is offered, {:?}", known.holder(), known.status));
        }
        self.may_have(known, agent, now).map_err(|why| format!("{agent} gets it and {why}"))
    }

    /// Why an agent can't have it.
    fn may_have(&self, known: &Known, agent: &Mailbox, now: Time) -> Result<(), &'static str> {
        let (queue, members) = self.queues.get(&known.queue).ok_or("it is in no queue")?;
        let row = self.agents.get(agent).ok_or("is no agent")?;
        let returned = self.returned.get(agent).copied().unwrap_or_default();
        let (units, blocked) = self.units_of(agent, now);
        // A case that came back takes one unit in the books; which one isn't known here.
        let used = units.saturating_sub(returned as u32 * self.most_units(agent));
        let costs = self.costs(agent, known);
        let relaxed = queue.relax_after.is_some_and(|span| later(known.placed_at, span.0) <= now);
        let asked = known.skill.filter(|_| queue.assign == Assign::Skills && !relaxed).unwrap_or_default();
        match () {
            () if row.presence != Presence::Available => Err("isn't there"),
            () if used + costs > self.limit(row) => Err("is full"),
            () if blocked && returned == 0 => Err("has something that lets nothing else come"),
            () if known.declined.get(agent).is_some_and(|declines| declines.count(row, now)) => {
                Err("has declined too often")
            }
            () if row.skills.values().max().copied().unwrap_or_default() < asked => Err("lacks the skill"),
            () if !members.contains(agent) => Err("isn't a member"),
            () => Ok(()),
        }
    }

    /// Once everything has settled: nobody who has left has anything, and nobody is idle whom anything waits for.
    pub fn check_settled(&mut self, now: Time) -> Result<(), Wrong> {
        self.returned.clear();
        if let Some((agent, _)) =
            self.held.iter().find(|(agent, has)| !has.is_empty() && !self.agents.contains_key(agent))
        {
            return Err(format!("{agent} has left and still has something"));
        }
        let has_room = |agent: &&Agent| {
            agent.presence == Presence::Available && self.units_of(&agent.address, now).0 < self.limit(agent)
        };
        let idle: Vec<&Agent> = self.agents.values().filter(has_room).collect();
        let waiting = self.waiting.values().flat_map(|line| line.iter().take(LOOKED_AT_MAX));
        for (work, known) in waiting.map(|(_, work)| (work, &self.cases[work])) {
            if let Some(idle) = idle.iter().find(|agent| self.may_have(known, &agent.address, now).is_ok()) {
                return Err(format!("{work} waits and {} could have it", idle.address));
            }
        }
        Ok(())
    }

    /// The stored work items say the same as the events.
    pub async fn check_rows(&self, engine: &dyn Engine) -> Result<(), Wrong> {
        let rows = tables::WORK.scan(engine, Page::first(&[], usize::MAX)).await.map_err(said)?;
        let items: BTreeMap<Work, WorkItem> = rows.into_iter().map(|(_, kept)| (kept.value.work, kept.value)).collect();
        for (work, known) in &self.cases {
            let place = match &known.owner {
                Some(owner) => Place::Agent(owner.clone()),
                None => Place::Queue(known.queue.clone()),
            };
            let expected = matches!(known.status, Status::New | Status::Open).then_some((Some(place), known.holder()));
            let found = items.get(work).map(|item| (Some(item.place.clone()), item.holder()));
            if expected != found {
                return Err(format!("{work} is stored as {found:?}, and its events say {expected:?}"));
            }
        }
        Ok(())
    }

    /// What comes back at the end of the day is taken until then; while they have it, it counts as that.
    fn spend(&mut self, agent: Mailbox, work: Work, known: &Known, at: Time) {
        let daily = self.profile(&agent).is_some_and(|profile| profile.reset == Reset::EndOfDay);
        if daily {
            let units = self.costs(&agent, known);
            self.spent.entry(agent).or_default().insert(work, (units, (self.day_ends)(at)));
        }
    }

    fn profile(&self, agent: &Mailbox) -> Option<&Profile> {
        self.profiles.get(self.profile_of.get(agent)?)
    }

    fn costs(&self, agent: &Mailbox, known: &Known) -> u32 {
        self.profile(agent).map_or(1, |profile| profile.units_of(known.record_type.as_deref()))
    }

    fn most_units(&self, agent: &Mailbox) -> u32 {
        self.profile(agent).and_then(|profile| profile.units.values().max()).copied().unwrap_or(1)
    }

    fn limit(&self, agent: &Agent) -> u32 {
        let profile = self.profile(&agent.address).and_then(|profile| profile.limit);
        agent.capacity.or(profile).unwrap_or(u32::MAX)
    }

    /// Units that are taken, and whether one of the cases blocks. Each case counts once.
    fn units_of(&self, agent: &Mailbox, now: Time) -> (u32, bool) {
        let held = self.held.get(agent).into_iter().flatten();
        let held: Vec<(&Work, &Known)> = held
            .filter_map(|work| Some((work, self.cases.get(work)?)))
            .filter(|(_, known)| known.owner.is_none() || now < known.lapses_at())
            .collect();
        let of_held: u32 = held.iter().map(|(_, known)| self.costs(agent, known)).sum();
        let blocks = |known: &Known| self.profile(agent).is_some_and(|it| it.blocks(known.record_type.as_deref()));
        let spent = self.spent.get(agent).into_iter().flatten();
        let over = spent.filter(|(work, (_, until))| *until > now && !held.iter().any(|(had, _)| had == work));
        (of_held + over.map(|(_, (units, _))| units).sum::<u32>(), held.iter().any(|(_, known)| blocks(known)))
    }

    /// Units that are free, of all agents together.
    pub fn free(&self, now: Time) -> u32 {
        let free = |agent: &Agent| self.limit(agent).saturating_sub(self.units_of(&agent.address, now).0);
        self.agents.values().map(free).sum()
    }

    pub fn held_by(&self, agent: &Mailbox) -> usize {
        self.held.get(agent).map_or(0, BTreeSet::len)
    }

    fn take_out(&mut self, work: Work, known: &Known) {
        if let Some(holder) = known.holder() {
            self.held.get_mut(holder).map(|has| has.remove(&work));
        }
        self.waiting.get_mut(&known.queue).map(|line| line.remove(&(known.placed_at, work)));
    }

    fn put_in(&mut self, work: Work, known: &Known) {
        if let Some(holder) = known.holder() {
            self.held.entry(holder.clone()).or_default().insert(work);
        } else if known.waits() {
            self.waiting.entry(known.queue.clone()).or_default().insert((known.placed_at, work));
        }
        if known.status == Status::Resolved {
            self.active.remove(&work);
        }
    }
}

/// Where events of items are.
fn item_events() -> Table {
    tables::events(MailId { incarnation: 0, segment: 0, index: 0 }.into()).table()
}

/// A queue with its members as a set.
fn members(queue: Queue) -> (Queue, HashSet<Mailbox>) {
    let members = queue.members.iter().cloned().collect();
    (queue, members)
}

/// An error in words.
pub fn said(error: impl std::fmt::Display) -> Wrong {
    error.to_string()
}
