//! The one task that gives cases to agents.

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use std::sync::Arc;

use super::rows::Board;
use crate::base::time::later;
use crate::base::{Mailbox, Time, limits};
use crate::case::{DISPATCH, Happening, Status};
use crate::net::Stop;
use crate::routing::{
    Accept, Choice, MAIN_QUEUE, Overdue, Overflow, Place, Presence, Ration, Waits, Withdrawn, Work, WorkItem,
};
use crate::store::{Batch, CaseChange, CommitError, Site, StoreError, Table, tables};

/// See the module. Runs once.
pub struct Worker {
    site: Arc<Site>,
    /// What commits have written.
    written: UnboundedReceiver<(Table, Vec<u8>)>,
    asked: UnboundedReceiver<Ask>,
}

enum Ask {
    /// Whether anything is left to do.
    Settled(oneshot::Sender<()>),
    /// Why this case waits.
    Waits(Work, oneshot::Sender<Option<Waits>>),
    /// What this agent's work takes, of how many units.
    Load(Mailbox, oneshot::Sender<Option<(u32, u32)>>),
}

/// Asks the worker whether it has anything to do, and why not. Clones ask the same one.
#[derive(Clone)]
pub struct Dispatch(UnboundedSender<Ask>);

impl Dispatch {
    /// Returns when everything written before has come to whom it could, or the worker has ended.
    pub async fn settled(&self) {
        let (answer, answered) = oneshot::channel();
        if self.0.send(Ask::Settled(answer)).is_ok() {
            // Dropped without an answer when the worker ends.
            let _ = answered.await;
        }
    }

    /// Why this case waits; none when it doesn't, or the worker has ended.
    pub async fn waits(&self, work: Work) -> Option<Waits> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Ask::Waits(work, answer)).ok()?;
        answered.await.ok().flatten()
    }

    /// The units that this agent's work takes now, of how many; none without a limit, or when the worker has ended.
    pub async fn load_of(&self, agent: &Mailbox) -> Option<(u32, u32)> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Ask::Load(agent.clone(), answer)).ok()?;
        answered.await.ok().flatten()
    }
}

impl Worker {
    /// What is written from now on is seen.
    pub fn new(site: Arc<Site>) -> (Self, Dispatch) {
        let written = site.engine.watch(vec![
            tables::WORK.table(),
            tables::QUEUES.table(),
            tables::AGENTS.table(),
            tables::PROFILES.table(),
            tables::ADDRESSES.table(),
            tables::RATIONS.table(),
        ]);
        let (ask, asked) = unbounded_channel();
        (Self { site, written, asked }, Dispatch(ask))
    }

    /// Runs until `stop`. Ends early when the store can't be read or written.
    pub async fn run(mut self, stop: Stop) {
        if let Err(error) = self.work(&stop).await {
            tracing::error!(%error, "no case comes to an agent until the next start");
        }
    }

    async fn work(&mut self, stop: &Stop) -> Result<(), StoreError> {
        let mut board = Board::load(&self.site).await?;
        // They may have changed while no server ran.
        self.redate(&mut board, self.site.now()).await?;
        loop {
            self.give(&mut board, stop).await?;
            self.keep_rules().await?;
            let now = self.site.now();
            let looks = self.site.timetable.next_look(now).into_iter().chain(self.site.rules.next_look(now));
            let due = looks.chain(board.switchboard.due()).min().unwrap_or(Time::MAX);
            tokio::select! {
                biased;
                () = stop.requested() => return Ok(()),
                written = self.written.recv() => match written {
                    Some((table, key)) => board.refresh(&*self.site.engine, table, &key).await?,
                    None => return Ok(()),
                },
                () = self.site.clock.sleep_until(due) => {}
                Some(ask) = self.asked.recv() => match ask {
                    Ask::Settled(asking) => drop(asking.send(())),
                    Ask::Waits(work, asking) => drop(asking.send(board.switchboard.waits(work))),
                    Ask::Load(agent, asking) => drop(asking.send(board.switchboard.load_of(&agent))),
                },
            }
        }
    }

    /// Whatever can be given or has its time, until nothing is left or `stop`.
    async fn give(&mut self, board: &mut Board, stop: &Stop) -> Result<(), StoreError> {
        while !stop.is_requested() {
            self.catch_up(board).await?;
            let now = self.site.now();
            if board.set_hours(self.site.hours()) {
                self.redate(board, now).await?;
            }
            let work = if let Some(overdue) = board.switchboard.overdue(now) {
                self.end(&overdue, board, now).await?
            } else if let Some((agent, work, ration)) = board.switchboard.next_owing(now) {
                self.ration(board, agent, work, Some(ration)).await?
            } else if let Some(choice) = board.switchboard.next(now) {
                self.assign(choice, board, now).await?
            } else {
                return Ok(());
            };
            board.refresh_item(&*self.site.engine, work).await?;
        }
        Ok(())
    }

    /// Looks at the file of rules, also while no mail comes, and keeps it while it is right: a start that finds it wrong goes by it.
    async fn keep_rules(&self) -> Result<(), StoreError> {
        self.site.rules.look(self.site.now());
        let Some(news) = self.site.rules.news() else { return Ok(()) };
        let kept = tables::LAST_RULES.get(&*self.site.engine, tables::IN_FORCE).await?;
        if kept.is_some_and(|kept| kept.value == news) {
            return Ok(());
        }
        let mut batch = Batch::default();
        tables::LAST_RULES.put(&mut batch, tables::IN_FORCE, &news);
        self.commit(batch).await.map(drop)
    }

    /// What was written until now, so that each choice rests on it.
    async fn catch_up(&mut self, board: &mut Board) -> Result<(), StoreError> {
        while let Ok((table, key)) = self.written.try_recv() {
            board.refresh(&*self.site.engine, table, &key).await?;
        }
        Ok(())
    }

    /// Days end by the business hours as they are now.
    async fn redate(&self, board: &mut Board, now: Time) -> Result<(), StoreError> {
        for (agent, work, ration) in board.switchboard.misdated(now) {
            self.ration(board, agent, work, Some(ration)).await?;
        }
        Ok(())
    }

    /// Does nothing when something the choice rests on has changed.
    async fn assign(&self, choice: Choice, board: &mut Board, now: Time) -> Result<Work, StoreError> {
        let (work, engine) = (choice.work, &*self.site.engine);
        let item = board.switchboard.item(work);
        let Some(Place::Queue(queue)) = item.map(|item| item.place.clone()) else { return Ok(work) };
        let Some(mut change) = CaseChange::of(engine, work).await? else { return Ok(work) };
        if change.item().as_ref() != item {
            return Ok(work);
        }
        let mut batch = Batch::default();
        board.expect(&mut batch, &queue, &choice.agent);
        let (agent, accept) = (choice.agent.clone(), board.switchboard.accept(&queue));
        let record_type = change.case().record_type.as_deref();
        let ration = board.switchboard.ration(&agent, record_type, now).filter(|_| accept == Accept::Auto);
        if let Some(ration) = &ration {
            tables::RATIONS.put(&mut batch, &(Place::Agent(agent.clone()), work), ration);
        }
        let told = board.switchboard.wants_notices(&agent);
        for what in given(choice, accept, change.case().status, now) {
            let is_theirs = matches!(&what, Happening::Offered { .. } | Happening::Assigned { .. });
            change.add(now, DISPATCH, what);
            if is_theirs && told {
                change.tell();
            }
        }
        change.write(&mut batch);
        if !self.commit(batch).await? {
            board.refresh_queue(engine, &queue).await?;
            board.refresh_agent(engine, &agent).await?;
            return Ok(work);
        }
        if ration.is_some() {
            board.switchboard.set_ration(&agent, work, ration);
        }
        if told {
            self.site.alarm.ring();
        }
        Ok(work)
    }

    /// Writes down what a case takes of an agent from now on.
    async fn ration(
        &self,
        board: &mut Board,
        agent: Mailbox,
        work: Work,
        ration: Option<Ration>,
    ) -> Result<Work, StoreError> {
        let (mut batch, key) = (Batch::default(), (Place::Agent(agent.clone()), work));
        match &ration {
            Some(ration) => tables::RATIONS.put(&mut batch, &key, ration),
            None => tables::RATIONS.delete(&mut batch, &key),
        }
        self.site.engine.commit(batch).await?;
        board.switchboard.set_ration(&agent, work, ration);
        Ok(work)
    }

    async fn end(&self, overdue: &Overdue, board: &mut Board, now: Time) -> Result<Work, StoreError> {
        let engine = &*self.site.engine;
        let (work, what) = match overdue {
            Overdue::DayEnds { work, agent, again } => {
                return self.ration(board, agent.clone(), *work, again.clone()).await;
            }
            Overdue::Offer { work, agent } => {
                let there = tables::AGENTS.get(engine, agent).await?.is_some();
                let why = if there { "no answer in time" } else { "is no agent any more" };
                (*work, Happening::Declined { agent: agent.clone(), why: why.into() })
            }
            Overdue::Withdrawn { work, agent, why } => {
                let why = match why {
                    Withdrawn::NotThere(Presence::Away) => "is away".to_owned(),
                    Withdrawn::NotThere(_) => "is offline".to_owned(),
                    Withdrawn::Left { queue } => format!("is no member of {queue} any more"),
                };
                (*work, Happening::OfferWithdrawn { agent: agent.clone(), why })
            }
            Overdue::Left { work, agent } => {
                let kept = CaseChange::of(engine, *work).await?;
                let queue = kept.and_then(|kept| kept.case().queue.clone());
                let queue = queue.filter(|queue| !board.switchboard.is_gone(queue));
                let queue = queue.unwrap_or_else(|| MAIN_QUEUE.to_owned());
                (*work, Happening::Queued { queue, why: format!("{agent}, who had it, is no agent any more") })
            }
            Overdue::Gone { work, from } => (
                *work,
                Happening::Queued { queue: MAIN_QUEUE.into(), why: format!("there is no queue {from} any more") },
            ),
            Overdue::Overflows { work, from, to, why } => {
                let why = match why {
                    Overflow::Waited => format!("it waited too long in {from}"),
                    Overflow::Closed => format!("{from} is out of hours"),
                    Overflow::Full => format!("{from} is full"),
                };
                (*work, Happening::Queued { queue: to.clone(), why })
            }
        };
        // Whoever overtook this may have changed nothing that it is about.
        loop {
            let Some(mut change) = CaseChange::of(engine, work).await? else { return Ok(work) };
            let item = change.item();
            if !item.is_some_and(|item| is_still(&item, overdue)) {
                return Ok(work);
            }
            change.add(now, DISPATCH, what.clone());
            let mut batch = Batch::default();
            change.write(&mut batch);
            if self.commit(batch).await? {
                return Ok(work);
            }
        }
    }

    async fn commit(&self, batch: Batch) -> Result<bool, StoreError> {
        match self.site.engine.commit(batch).await {
            Ok(()) => Ok(true),
            Err(CommitError::Conflict) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

fn is_still(item: &WorkItem, overdue: &Overdue) -> bool {
    match overdue {
        Overdue::Offer { agent, .. } | Overdue::Withdrawn { agent, .. } => {
            item.offer.as_ref().is_some_and(|offer| offer.agent == *agent)
        }
        Overdue::Left { agent, .. } => item.place == Place::Agent(agent.clone()),
        Overdue::Overflows { from, .. } | Overdue::Gone { from, .. } => item.waits_in(from),
        Overdue::DayEnds { .. } => false,
    }
}

fn given(choice: Choice, accept: Accept, status: Status, now: Time) -> Vec<Happening> {
    let Choice { agent, why, considered, .. } = choice;
    if accept == Accept::Ask {
        return vec![Happening::Offered { agent, until: later(now, limits::OFFER_TIME), why, considered }];
    }
    let opened = Happening::StatusChanged { from: status, to: Status::Open, why: "somebody has it".into() };
    let assigned = Happening::Assigned { agent, why: Some(why), considered };
    [Some(assigned), (status == Status::New).then_some(opened)].into_iter().flatten().collect()
}
