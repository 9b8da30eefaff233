//! The life of a desk: cases and items come in waves, agents come and go, take what they are offered or don't, answer, are removed
//! and come again; the process dies. The real worker gives out, in virtual time.

use std::sync::Arc;
use std::time::Duration;

use postcase::base::{CaseNumber, Chance, Clock, Hours, MailId, Mailbox, Priority, Span, Time, limits};
use postcase::case::{Case, Happening, INTAKE, ManyAddresses, SKILL, Status};
use postcase::dispatch::{Dispatch, Worker};
use postcase::net::Stop;
use postcase::plugin::Catalogue;
use postcase::routing::{Accept, Agent, Presence, Profile, Queue, Reset, Work};
use postcase::rules::{Book, Rules, Timetable};
use postcase::store::site::Parts;
use postcase::store::{Batch, CaseChange, CommitError, SimulatedMedium, Site, Store, tables};
use tokio::task::JoinHandle;

use super::Plan;
use super::books::{Books, Counts, Wrong, said};
use super::memory::Memory;

const STEP: Duration = Duration::from_secs(60);
const START: i64 = 1_800_000_000;
/// How many steps the last cases may take once everybody is there.
const REST_STEPS: usize = 5_000;
/// Thirteen hours before UTC, all year.
const ZONE: &str = "Pacific/Tongatapu";
const SKILLED: &str = "german";
/// The one member of a queue, who is at lunch now and then, and doesn't say so.
const ALONE: usize = 2;
/// Cases that she gets.
const ALONE_MAX: usize = 100;

/// See the module.
pub struct Life {
    plan: Plan,
    site: Arc<Site>,
    chance: Chance,
    books: Books,
    running: Running,
    opened: usize,
    opened_alone: usize,
    pub crashes: usize,
}

/// What a case asks for.
#[derive(Clone, Copy, Default)]
struct Asks {
    level: Option<usize>,
    record_type: Option<&'static str>,
}

struct Running {
    worker: JoinHandle<()>,
    dispatch: Dispatch,
}

impl Life {
    pub async fn begin(plan: Plan) -> Result<Self, Wrong> {
        let chance = Chance::seeded(plan.seed);
        let clock = Clock::manual(Time::from_second(START).map_err(said)?);
        let engine = Memory::new(chance.clone());
        let site = Arc::new(site(engine, clock, chance.clone()).await?);
        let staff = staff(&plan, &chance);
        let queues = queues(&plan, &staff, site.now());
        let books = Books::new(&*site.engine, queues.clone(), profiles(), day_ends);
        let mut batch = Batch::default();
        profiles().iter().for_each(|profile| tables::PROFILES.put(&mut batch, &profile.name, profile));
        queues.iter().for_each(|queue| tables::QUEUES.put(&mut batch, &queue.name, queue));
        staff.iter().for_each(|agent| tables::AGENTS.put(&mut batch, &agent.address, agent));
        site.engine.commit(batch).await.map_err(said)?;
        let running = start(&site);
        Ok(Self { plan, site, chance, books, running, opened: 0, opened_alone: 0, crashes: 0 })
    }

    /// Until all cases have ended; what happened how often.
    pub async fn live(mut self) -> Result<(Counts, usize), Wrong> {
        let mut step = 0;
        while self.opened < self.plan.cases {
            self.arrivals(step).await?;
            self.staff_moves().await?;
            self.step().await?;
            step += 1;
        }
        self.everybody_comes().await?;
        let last = step + REST_STEPS;
        while !self.books.active.is_empty() {
            self.step().await?;
            step += 1;
            if step > last {
                return Err(format!("{} cases never end", self.books.active.len()));
            }
        }
        self.everybody_fills_up().await?;
        self.everybody_leaves().await?;
        self.books.check_rows(&*self.site.engine).await?;
        Ok((self.books.count, self.crashes))
    }

    /// What everybody does in a minute, and what comes of it.
    async fn step(&mut self) -> Result<(), Wrong> {
        self.answer_offers().await?;
        self.work_on_cases().await?;
        if self.below(60) == 0 {
            self.crash().await?;
        }
        self.site.clock.advance(STEP);
        self.settle().await
    }

    async fn settle(&mut self) -> Result<(), Wrong> {
        self.running.dispatch.settled().await;
        if self.running.worker.is_finished() {
            return Err("the worker has ended".into());
        }
        self.books.read(&*self.site.engine).await?;
        self.books.check_settled(self.site.now())
    }

    /// In the middle of whatever it does; a new one knows what is stored.
    async fn crash(&mut self) -> Result<(), Wrong> {
        self.site.clock.advance(STEP);
        for _ in 0..self.below(60) {
            tokio::task::yield_now().await;
        }
        self.running.worker.abort();
        // Aborted is what it is meant to be.
        let _ = (&mut self.running.worker).await;
        self.books.read(&*self.site.engine).await?;
        self.books.check_rows(&*self.site.engine).await?;
        self.running = start(&self.site);
        self.crashes += 1;
        Ok(())
    }

    /// More than can be done for some hours, then less.
    async fn arrivals(&mut self, step: usize) -> Result<(), Wrong> {
        let busy = if (step / 120).is_multiple_of(2) { 140 } else { 60 };
        let mean = self.plan.agents * busy / 1_250;
        let most = (2 * mean + 2).min(self.plan.cases - self.opened + 1);
        for _ in 0..self.below(most) {
            self.opened += 1;
            let level = (self.below(3) == 0).then(|| 1 + self.below(3));
            let record_type = [None, None, None, Some("claim"), Some("call")][self.below(5)];
            let asks = Asks { level, record_type };
            if self.is_lunch() && self.opened_alone < ALONE_MAX {
                self.opened_alone += 1;
                self.open(self.opened, "alone", Asks::default()).await?;
                continue;
            }
            let queue = if self.below(10) < 7 { "first" } else { "second" };
            self.open(self.opened, queue, asks).await?;
        }
        Ok(())
    }

    /// An hour of four.
    fn is_lunch(&self) -> bool {
        let minute = (self.site.now().as_second() - START) / 60;
        (30..90).contains(&(minute % 240))
    }

    async fn open(&self, number: usize, queue: &str, asks: Asks) -> Result<(), Wrong> {
        let (now, work) = (self.site.now(), work(number));
        let mut change = CaseChange::open(work, now);
        let (subject, origin, priority) = ("Hello".to_owned(), "email".to_owned(), Priority::Normal);
        let (record_type, key, address, contact) = (asks.record_type.map(str::to_owned), String::new(), None, None);
        let opened = match work {
            Work::Case(_) => Happening::CaseOpened { subject, key, origin, priority, record_type, address, contact },
            Work::Mail(_) => Happening::ItemOpened { subject, origin, priority, record_type, address, contact },
        };
        change.add(now, INTAKE, opened);
        if let Some(level) = asks.level {
            let (name, to) = (format!("{SKILL}{SKILLED}"), Some(level.to_string()));
            change.add(now, INTAKE, Happening::FieldChanged { name, from: None, to, why: None });
        }
        change.add(now, INTAKE, Happening::Queued { queue: queue.into(), why: "it came".into() });
        let mut batch = Batch::default();
        change.write(&mut batch);
        self.site.engine.commit(batch).await.map_err(said)
    }

    /// One in a hundred comes or goes; now and then one is removed, or is back.
    async fn staff_moves(&mut self) -> Result<(), Wrong> {
        let mut batch = Batch::default();
        for number in 0..self.plan.agents {
            if self.below(100) > 0 {
                continue;
            }
            let address = address(number);
            match self.books.agents.get(&address) {
                Some(_) if self.below(20) == 0 => tables::AGENTS.delete(&mut batch, &address),
                Some(agent) => {
                    let there = agent.presence == Presence::Available;
                    // Away is a third of the time.
                    let presence = if there && self.below(2) == 0 { Presence::Away } else { Presence::Available };
                    tables::AGENTS.put(
                        &mut batch,
                        &address,
                        &Agent { presence, presence_at: Some(self.site.now()), ..agent.clone() },
                    );
                }
                None => tables::AGENTS.put(&mut batch, &address, &agent(number, &self.chance)),
            }
        }
        self.site.engine.commit(batch).await.map_err(said)
    }

    async fn everybody_comes(&mut self) -> Result<(), Wrong> {
        let mut batch = Batch::default();
        for number in 0..self.plan.agents {
            let address = address(number);
            let stored = self.books.agents.get(&address).cloned().unwrap_or_else(|| agent(number, &self.chance));
            let agent = Agent { presence: Presence::Available, ..stored };
            tables::AGENTS.put(&mut batch, &address, &agent);
        }
        self.site.engine.commit(batch).await.map_err(said)?;
        self.settle().await
    }

    /// Nothing was kept back: as many new cases as all have room for are given, and no more.
    async fn everybody_fills_up(&mut self) -> Result<(), Wrong> {
        let room = self.books.free(self.site.now()) as usize;
        for number in 1..=room + 10 {
            self.open(self.plan.cases + number, "first", Asks::default()).await?;
        }
        self.settle().await?;
        let given: usize = self.books.agents.keys().map(|address| self.books.held_by(address)).sum();
        if given == room { Ok(()) } else { Err(format!("{given} of {room} units are used")) }
    }

    /// What everybody has lies for so long that it takes nothing any more, and comes back all the same when they leave.
    async fn everybody_leaves(&mut self) -> Result<(), Wrong> {
        let counted = self.books.count.waited.len();
        self.answer_offers().await?;
        self.site.clock.advance(limits::CAPACITY_LEASE + Duration::from_secs(2 * 86_400));
        self.settle().await?;
        if self.below(2) == 0 {
            self.crash().await?;
        }
        let mut batch = Batch::default();
        (0..self.plan.agents).for_each(|number| tables::AGENTS.delete(&mut batch, &address(number)));
        self.site.engine.commit(batch).await.map_err(said)?;
        self.settle().await?;
        self.books.count.waited.truncate(counted);
        let waiting = self.books.cases.values().filter(|known| known.waits()).count();
        let left = self.books.active.len();
        if waiting == left { Ok(()) } else { Err(format!("{waiting} of {left} wait when nobody is there")) }
    }

    async fn answer_offers(&mut self) -> Result<(), Wrong> {
        let offers: Vec<(Work, Mailbox)> = self
            .books
            .active
            .iter()
            .filter_map(|number| Some((*number, self.books.cases[number].offer.as_ref()?.0.clone())))
            .collect();
        for (number, agent) in offers {
            let is_alone = agent == address(ALONE);
            let answer = self.below(if is_alone { 6 } else { 10 });
            // The desk hears nobody who was just removed.
            let is_gone = tables::AGENTS.get(&*self.site.engine, &agent).await.map_err(said)?.is_none();
            if is_gone || is_alone && self.is_lunch() {
                continue;
            }
            let by = agent.to_string();
            let answered = |case: &Case| {
                let theirs = case.offer.as_ref().is_some_and(|offer| offer.agent == agent);
                match answer {
                    _ if !theirs => vec![],
                    0..=5 => taken(case, &agent),
                    6 => vec![Happening::Declined { agent: agent.clone(), why: "declined".into() }],
                    _ => vec![],
                }
            };
            self.change(number, &by, answered).await?;
        }
        Ok(())
    }

    /// Agents answer one in twenty of their cases in a minute; customers write again or are content.
    async fn work_on_cases(&mut self) -> Result<(), Wrong> {
        let active: Vec<Work> = self.books.active.iter().copied().collect();
        for number in active {
            let known = &self.books.cases[&number];
            let (Some(owner), 0) = (known.owner.clone(), self.below(20)) else { continue };
            let (pending, ends) = (known.status == Status::Pending, self.below(10) < 7);
            let (by, to) = match (pending, ends) {
                (_, true) => (owner.to_string(), Status::Resolved),
                (true, false) => (INTAKE.to_owned(), Status::Open),
                (false, false) => (owner.to_string(), Status::Pending),
            };
            let changed = |case: &Case| {
                let still = case.owner.as_ref() == Some(&owner);
                let from = case.status;
                if still { vec![Happening::StatusChanged { from, to, why: "so it goes".into() }] } else { vec![] }
            };
            self.change(number, &by, changed).await?;
        }
        Ok(())
    }

    async fn change(&self, work: Work, by: &str, plan: impl Fn(&Case) -> Vec<Happening>) -> Result<(), Wrong> {
        loop {
            let mut change = CaseChange::of(&*self.site.engine, work).await.map_err(said)?.ok_or("a case is lost")?;
            for what in plan(change.case()) {
                change.add(self.site.now(), by, what);
            }
            change.take(&self.site).await.map_err(said)?;
            let mut batch = Batch::default();
            change.write(&mut batch);
            match self.site.engine.commit(batch).await {
                Err(CommitError::Conflict) => {}
                other => return other.map_err(said),
            }
        }
    }

    fn below(&self, end: usize) -> usize {
        below(&self.chance, end)
    }
}

/// One in four is an item without a case.
fn work(number: usize) -> Work {
    match number % 4 {
        0 => Work::Mail(MailId { incarnation: 1, segment: 1, index: number as u32 }),
        _ => Work::Case(number as CaseNumber),
    }
}

fn below(chance: &Chance, end: usize) -> usize {
    (u64::from_le_bytes(chance.bytes()) % end as u64) as usize
}

fn taken(case: &Case, agent: &Mailbox) -> Vec<Happening> {
    let opened = Happening::StatusChanged { from: case.status, to: Status::Open, why: "somebody has it".into() };
    vec![Happening::Assigned { agent: agent.clone(), why: None, considered: vec![] }, opened]
}

fn start(site: &Arc<Site>) -> Running {
    let (worker, dispatch) = Worker::new(Arc::clone(site));
    Running { worker: tokio::spawn(worker.run(Stop::new())), dispatch }
}

fn address(number: usize) -> Mailbox {
    Mailbox::new(&format!("agent{number:04}"), "company.example").expect("it is one")
}

fn agent(number: usize, chance: &Chance) -> Agent {
    let level = below(chance, 4) as u8;
    let skills = (level > 0).then(|| (SKILLED.to_owned(), level)).into_iter().collect();
    let units = Some(1 + below(chance, 5) as u32);
    let (capacity, profile) = match number % 5 {
        0 => (None, Some("day".to_owned())),
        1 => (None, Some("weighed".to_owned())),
        _ if number == ALONE => (Some(40), None),
        _ => (units, None),
    };
    Agent { skills, capacity, profile, ..Agent::new(address(number), None, Time::UNIX_EPOCH) }
}

/// One by the day, one that weighs cases and has such that let nothing else come.
fn profiles() -> [Profile; 2] {
    let profile = |name| Profile::new(name, Time::UNIX_EPOCH);
    let day = Profile { limit: Some(8), reset: Reset::EndOfDay, hours: Some("office".into()), ..profile("day") };
    let units = [("claim".to_owned(), 3), ("call".to_owned(), 2)].into();
    let weighed = Profile { limit: Some(6), units, blocking: ["call".to_owned()].into(), ..profile("weighed") };
    [day, weighed]
}

/// Midnight at [`ZONE`], three hours after the start and each day.
fn day_ends(now: Time) -> Time {
    let (day, shift) = (24 * 3600, 13 * 3600);
    let days = (now.as_second() + shift).div_euclid(day) + 1;
    Time::from_second(days * day - shift).expect("a time of this century")
}

fn staff(plan: &Plan, chance: &Chance) -> Vec<Agent> {
    (0..plan.agents).map(|number| agent(number, chance)).collect()
}

/// One that asks everybody and overflows, one that gives to every second agent, one that asks one agent.
fn queues(plan: &Plan, staff: &[Agent], now: Time) -> [Queue; 3] {
    let every = |nth: usize| staff.iter().step_by(nth).map(|agent| agent.address.clone()).collect();
    let minutes = |minutes: u64| Some(Span(Duration::from_secs(minutes * 60)));
    let (relax_after, overflow_after) = (minutes(10), minutes(5));
    let queue = |name| Queue { assign: plan.method, relax_after, overflow_after, ..Queue::new(name, now) };
    [
        Queue { members: every(1), accept: Accept::Ask, overflow: Some("second".into()), ..queue("first") },
        Queue { members: every(2), ..queue("second") },
        Queue { members: vec![address(ALONE)], accept: Accept::Ask, ..queue("alone") },
    ]
}

async fn site(engine: Arc<Memory>, clock: Clock, chance: Chance) -> Result<Site, Wrong> {
    let opened = Store::open(Arc::new(SimulatedMedium::new()), clock.now()).await.map_err(said)?;
    let hours = Hours { zone: ZONE.parse().map_err(|()| "no such zone")?, open: vec![], holidays: vec![] };
    let parts = Parts {
        hostname: "mail.example.net".into(),
        service_domain: "in.example.net".into(),
        postmaster_queue: "main".into(),
        many_addresses: ManyAddresses::OneCase,
        rules: Book::closed(Rules::default()),
        plugins: Arc::new(Catalogue::new("nowhere".into())),
        timetable: Book::closed(Timetable::new([("office".to_owned(), hours)].into())),
        clock,
        chance,
        engine,
        journal: opened.store.journal.clone(),
    };
    Site::open(parts).await.map_err(said)
}
