//! The worker: from the inbox to recorded decisions, a round of many at a time, in the order that matters.
//!
//! The messages of a round are read in parallel, their senders are looked up in parallel, and they are decided in parallel,
//! but a message waits for an earlier one that it refers to or that is the same: a customer's second mail, sent a moment
//! after the first, must find the first one's case.
//! What ends unexpectedly ends alone: a message whose reading or deciding panics is decided from its envelope, and one that
//! can't be decided now is put off and tried again.
//!
//! While mail comes in there is a short pause between rounds: a message that is safe can wait, and its senders can't.

use std::collections::HashMap;
use std::mem::take;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::task::{JoinError, JoinHandle, JoinSet};

use super::acknowledge;
use super::advice::{InTurn, decide_advised};
use super::evidence::{Gathered, gather};
use super::explain::steps;
use super::plan::Plan;
use super::plugins::{FailedPlugins, count_failures};
use super::rate::Counted;
use super::reading::imported;
use super::round::{Earlier, Ready, Unchecked, Underway};
use super::turn::{Order, Turn};
use super::{Advisers, Inbox, Left, Reading, Tally};
use crate::address::{Day, MxReport, OverLimit, RoutingAddress};
use crate::auth::{Authenticator, Claims, Transaction};
use crate::base::time::later;
use crate::base::{AuthResults, CaseNumber, MailId, Time, limits};
use crate::case::{Decision, Recipient};
use crate::net::{MxCheck, Stop};
use crate::store::due::{self, Due};
use crate::store::{Batch, CommitError, ReadError, Site, journal, tables};

/// Decides what is in the inbox until asked to stop.
pub struct Worker {
    site: Arc<Site>,
    inbox: Arc<Inbox>,
    authenticator: Arc<Authenticator>,
    mx: MxCheck,
    /// Shared with the sessions.
    accepted: Arc<Tally>,
    converted: Tally,
    /// Case numbers of messages that aren't recorded yet: who is planned again keeps its number.
    numbers: Mutex<HashMap<MailId, Vec<CaseNumber>>>,
}

/// Why a message is not decided now.
#[derive(Debug, thiserror::Error)]
enum Undecided {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// What a message is to the daily limit of its address, or why it is not decided now.
type Admitted = Result<Counted, Undecided>;

impl Ready<Counted> {
    fn admitted(self) -> Ready<Admitted> {
        Ready { reading: self.reading, counted: Ok(self.counted), done: self.done }
    }
}

/// A message as it was read, and what it claims about its sender; none for one that is unread, or from an archive: keys and
/// records of its time may be gone.
type Read = (Reading, Option<Claims>);

/// What follows from a decision beyond its batch.
#[derive(Clone, Default)]
struct Effect {
    /// The message is on a case now.
    converts: bool,
    /// Something is due that the scheduler doesn't know of.
    rings: bool,
    /// Plugins that failed on it.
    failed: FailedPlugins,
}

/// What planning and recording a message came to: done; why not; or a panic.
type Attempt = Result<Result<Effect, Undecided>, JoinError>;

type Reader = JoinHandle<Result<Read, journal::ReadError>>;

/// What a message does after those before it.
struct Turns {
    /// Its case is numbered: who came first gets the lower number, however quickly others are read.
    numbered: Turn,
    /// Plugins that keep something are asked.
    asked: Option<InTurn>,
}

impl Worker {
    pub fn new(
        site: Arc<Site>,
        inbox: Arc<Inbox>,
        authenticator: Arc<Authenticator>,
        mx: MxCheck,
        accepted: Arc<Tally>,
    ) -> Self {
        Self { site, inbox, authenticator, mx, accepted, converted: Tally::default(), numbers: Mutex::default() }
    }

    /// Works until `stop`; what was started is finished, and then nothing is claimed any more.
    pub async fn run(self: Arc<Self>, stop: Stop) {
        if let Err(error) = self.clone().work(&stop).await {
            tracing::error!(%error, "messages stay in the inbox until the next start");
        }
        if let Err(error) = self.site.engine.commit(self.inbox.release()).await {
            tracing::warn!(%error, "the next start will take this one for a crash");
        }
    }

    async fn work(self: Arc<Self>, stop: &Stop) -> Result<(), CommitError> {
        for id in self.inbox.take_suspects() {
            self.decide_suspect(id).await?;
        }
        let mut arrivals = Arrivals::since(self.site.now());
        let mut underway = Underway::default();
        loop {
            let ids = tokio::select! {
                biased;
                () = stop.requested() => break,
                ids = self.inbox.next(limits::ROUND_MESSAGES_MAX), if underway.has_room() => ids,
                late = underway.moved() => {
                    self.decide_late(late, &mut underway).await;
                    continue;
                }
            };
            let (newest, waiting) = self.inbox.newest_and_waiting();
            let is_burst = arrivals.are_a_burst(ids.len(), waiting, self.site.now());
            if let Some(claim) = ids.iter().max().and_then(|last| self.inbox.claim(*last)) {
                self.site.engine.commit(claim).await?;
            }
            self.decide_round(ids, &mut underway).await;
            if self.inbox.newest_and_waiting().0 != newest {
                self.give_way(if is_burst { limits::BURST_PAUSES } else { 1 }).await;
            }
        }
        while !underway.is_empty() {
            let late = underway.moved().await;
            self.decide_late(late, &mut underway).await;
        }
        Ok(())
    }

    /// Leaves processor and disk to the sessions for so many pauses, or until they bring nothing more, or too much.
    async fn give_way(&self, pauses: u32) {
        for _ in 0..pauses {
            let (newest, _) = self.inbox.newest_and_waiting();
            if self.inbox.is_long() {
                return;
            }
            self.site.clock.give_way(limits::ROUND_PAUSE).await;
            if self.inbox.newest_and_waiting().0 == newest {
                return;
            }
        }
    }

    /// Reads and decides these messages; each enters the round in order of receipt. Those that wait for no other one are
    /// recorded together, as far as their senders are looked up in a moment.
    async fn decide_round(self: &Arc<Self>, ids: Vec<MailId>, underway: &mut Underway) {
        underway.tidy();
        let readers: Vec<(MailId, Reader)> = ids.into_iter().map(|id| (id, self.read(id))).collect();
        for (id, reader) in readers {
            let Some((reading, claims)) = self.received(id, reader).await else { continue };
            let check = claims.map(|claims| self.check(&reading, claims));
            let (mut earlier, done) = underway.enter(&reading);
            // Here, in order of receipt, so that who came first is converted first.
            let counted = self.within_rate(&reading).await;
            match &counted {
                Ok(Counted::For(address)) => underway.has_place(&address.address, &done),
                Ok(Counted::Beyond(address)) => earlier.extend(underway.wants_place(&address.address, &done)),
                Ok(Counted::Not) | Err(_) => {}
            }
            match counted {
                Ok(counted) if earlier.is_empty() && !counted.is_put_off() => {
                    underway.check(Unchecked { reading, check, counted, done })
                }
                counted => {
                    let message = Unchecked { reading, check, counted, done };
                    underway.deciding.spawn(self.clone().decide_after(earlier, message));
                }
            }
        }
        let together = underway.checked(&self.site.clock).await;
        self.decide_together(together, &mut underway.deciding).await;
    }

    /// What became known after its round, or while none comes.
    async fn decide_late(self: &Arc<Self>, late: Option<Ready<Counted>>, underway: &mut Underway) {
        if let Some(late) = late {
            self.decide_together(vec![late], &mut underway.deciding).await;
        }
        underway.tidy();
    }

    async fn decide_after(self: Arc<Self>, earlier: Earlier, message: Unchecked<Admitted>) {
        let message = message.checked().await;
        for mut other in earlier {
            // Ends with an error when the other one's sender is dropped: it is decided, or put off.
            while other.changed().await.is_ok() {}
        }
        // Those before it may have given their places back.
        let message = match message.counted {
            Ok(Counted::Beyond(_)) => Ready { counted: self.within_rate(&message.reading).await, ..message },
            _ => message,
        };
        self.decide_alone(message).await;
    }

    async fn decide_alone(self: Arc<Self>, message: Ready<Admitted>) {
        self.finish(message.reading, message.counted).await;
        drop(message.done);
    }

    /// Plans these messages side by side and records them in one commit. Who was overtaken is planned again, first with
    /// all others, then by itself.
    async fn decide_together(self: &Arc<Self>, messages: Vec<Ready<Counted>>, deciding: &mut JoinSet<()>) {
        let overtaken = self.decide_once(messages, deciding).await;
        if !overtaken.is_empty() {
            for message in self.decide_once(overtaken, deciding).await {
                drop(deciding.spawn(self.clone().decide_alone(message.admitted())));
            }
        }
    }

    /// The same once; returns those that were overtaken. Whose plan failed is put off, or decided from its envelope, and not planned
    /// a second time.
    async fn decide_once(
        self: &Arc<Self>,
        messages: Vec<Ready<Counted>>,
        deciding: &mut JoinSet<()>,
    ) -> Vec<Ready<Counted>> {
        let left = is_kept(&self.site).await.then(Arc::<Left>::default);
        let (mut numbered, mut asked) = (Order::default(), Order::default());
        let plan = |message: Ready<Counted>| {
            let (worker, reading, counted) = (self.clone(), Arc::clone(&message.reading), message.counted.clone());
            let asked = left.clone().map(|left| InTurn { turn: asked.turn(), left });
            let turns = Turns { numbered: numbered.turn(), asked };
            (message, tokio::spawn(async move { worker.plan(&reading, &counted, Some(turns)).await }))
        };
        let plans: Vec<_> = messages.into_iter().map(plan).collect();
        let (mut planned, mut batches) = (Vec::with_capacity(plans.len()), Vec::with_capacity(plans.len()));
        for (message, plan) in plans {
            match plan.await {
                Ok(Ok((batch, effect))) => {
                    planned.push((message, effect));
                    batches.push(batch);
                }
                failed => {
                    let attempt = failed.map(|plan| plan.map(|(_, effect)| effect));
                    drop(deciding.spawn(self.clone().settle(message, attempt)));
                }
            }
        }
        let mut overtaken = Vec::new();
        for ((message, effect), recorded) in planned.into_iter().zip(self.site.engine.commit_all(batches).await) {
            match recorded {
                Ok(()) => self.decided(&message.reading, &message.counted, effect).await,
                Err(CommitError::Conflict) => overtaken.push(message),
                Err(error) => drop(deciding.spawn(self.clone().settle(message, Ok(Err(error.into()))))),
            }
        }
        overtaken
    }

    /// Ends the attempt at a message of which this much came.
    async fn settle(self: Arc<Self>, message: Ready<Counted>, attempt: Attempt) {
        self.end(&message.reading, message.counted, attempt).await;
        drop(message.done);
    }

    /// Reads a message apart from everything else.
    fn read(&self, id: MailId) -> Reader {
        let (site, authenticator) = (self.site.clone(), self.authenticator.clone());
        tokio::spawn(async move {
            let entry = site.journal.read(id)?;
            let reading = Reading::of(id, entry.envelope, &entry.message);
            let is_sent = !reading.envelope.is_imported();
            let claims = is_sent.then(|| authenticator.claims(&entry.message, reading.facts.author()));
            Ok((reading, claims))
        })
    }

    fn read_envelope(&self, id: MailId) -> Result<Read, journal::ReadError> {
        let entry = self.site.journal.read(id)?;
        let imported = imported(&entry.envelope, &entry.message);
        Ok((Reading { imported, ..Reading::of_envelope(id, entry.envelope) }, None))
    }

    /// Looks up who sent a message, apart from everything else.
    fn check(&self, reading: &Reading, claims: Claims) -> JoinHandle<AuthResults> {
        let (authenticator, transaction) = (self.authenticator.clone(), Transaction::of(&reading.envelope));
        tokio::spawn(async move { authenticator.check(&transaction, &claims).await })
    }

    /// What the reader made of it, or what its envelope says. `None` when it can't be read back now: it is put off.
    async fn received(&self, id: MailId, reading: Reader) -> Option<Read> {
        let read = reading.await.unwrap_or_else(|panic| {
            tracing::error!(%id, %panic, "the reader failed; deciding from the envelope alone");
            self.read_envelope(id)
        });
        match read {
            Ok(read) => Some(read),
            Err(error) => {
                self.fail(id, &error.to_string()).await;
                None
            }
        }
    }

    /// Reads one that may have ended the process: alone, and after a few times not at all.
    async fn decide_suspect(self: &Arc<Self>, id: MailId) -> Result<(), CommitError> {
        let starts = match tables::STARTS.get(&*self.site.engine, &id).await {
            Ok(kept) => kept.map_or(1, |kept| kept.value),
            Err(error) => return Err(CommitError::Failed(error.to_string())),
        };
        let mut batch = Batch::default();
        tables::STARTS.put(&mut batch, &id, &(starts + 1));
        self.site.engine.commit(batch).await?;
        let reading = if starts >= limits::READ_STARTS_MAX {
            let read = self.read_envelope(id);
            tokio::spawn(async move { read })
        } else {
            self.read(id)
        };
        if let Some((reading, _)) = self.received(id, reading).await {
            // Nobody is looked up: one after the other, a thousand look-ups would stop the desk for minutes.
            let admitted = self.within_rate(&reading).await;
            self.finish(Arc::new(reading), admitted).await;
        }
        Ok(())
    }

    /// Decides and records one message, or puts it off.
    async fn finish(self: &Arc<Self>, reading: Arc<Reading>, admitted: Admitted) {
        let id = reading.id;
        let counted = match admitted {
            Ok(counted) if !counted.is_put_off() => counted,
            // It is known now who sent it.
            Ok(_) if reading.is_confirmation() => Counted::Not,
            Ok(_) => {
                let until = Day::of(self.site.now()).end();
                let why = format!("over the daily limit of its address; waits until {until}");
                return self.put_off(id, until, why).await;
            }
            Err(error) => return self.fail(id, &error.to_string()).await,
        };
        let attempt = self.attempt(Arc::clone(&reading), counted.clone()).await;
        self.end(&reading, counted, attempt).await;
    }

    /// It has its record. What isn't on a case counts for no limit.
    async fn decided(&self, reading: &Reading, counted: &Counted, effect: Effect) {
        if effect.rings {
            self.site.alarm.ring();
        }
        if !effect.converts {
            self.uncount(counted);
        }
        if !effect.converts && reading.is_confirmation() {
            for mailbox in &reading.envelope.to {
                match super::resolve_accepted(&self.site, mailbox).await {
                    Ok(Some(recipient)) => self.accepted.give_back(&self.site, recipient.address()),
                    Ok(None) => {}
                    Err(error) => tracing::warn!(%error, "a provider's question counts against a daily limit"),
                }
            }
        }
        count_failures(&self.site, reading.id, &effect.failed).await;
        self.numbers().remove(&reading.id);
        self.inbox.decided(reading.id);
    }

    fn uncount(&self, counted: &Counted) {
        if let Counted::For(address) = counted {
            self.converted.give_back(&self.site, &address.address);
        }
    }

    /// Plans and records, apart from everything else.
    async fn attempt(self: &Arc<Self>, reading: Arc<Reading>, counted: Counted) -> Attempt {
        let worker = self.clone();
        tokio::spawn(async move { worker.record(&reading, &counted).await }).await
    }

    /// A message whose attempt panicked is decided from what the envelope alone says; one that isn't decided is put off.
    async fn end(self: &Arc<Self>, reading: &Reading, counted: Counted, mut attempt: Attempt) {
        let id = reading.id;
        if let Err(panic) = &attempt {
            tracing::error!(%id, %panic, "deciding failed unexpectedly; deciding from the envelope alone");
            let of_envelope = Reading::of_envelope(id, reading.envelope.clone());
            let reading = Arc::new(Reading { imported: reading.imported, ..of_envelope });
            attempt = self.attempt(reading, counted.clone()).await;
        }
        let error = match attempt {
            Ok(Ok(effect)) => return self.decided(reading, &counted, effect).await,
            Ok(Err(error)) => error.to_string(),
            Err(panic) => panic.to_string(),
        };
        self.uncount(&counted);
        self.fail(id, &error).await;
    }

    /// It can't be decided now and is tried again soon.
    async fn fail(&self, id: MailId, error: &str) {
        tracing::error!(%id, %error, "a message is not decided; it is tried again");
        let until = later(self.site.now(), limits::FAILURE_PAUSE);
        self.put_off(id, until, format!("could not be decided ({error}); tried again at {until}")).await;
    }

    /// What is put off did not end the process, so it isn't suspected of that any more.
    async fn put_off(&self, id: MailId, until: Time, why: String) {
        tracing::info!(%id, %why, "put off");
        self.numbers().remove(&id);
        self.inbox.defer(id, why);
        let mut batch = Batch::default();
        due::schedule(&mut batch, until, Due::Inbox(id));
        tables::STARTS.delete(&mut batch, &id);
        match self.site.engine.commit(batch).await {
            Ok(()) => self.site.alarm.ring(),
            Err(error) => tracing::error!(%id, %error, "it stays in the inbox until the next start"),
        }
        self.inbox.scheduled(id);
    }

    async fn record(&self, reading: &Reading, counted: &Counted) -> Result<Effect, Undecided> {
        let mut tries = self.site.tries();
        loop {
            let (batch, effect) = self.plan(reading, counted, None).await?;
            if tries.commit(batch).await? {
                return Ok(effect);
            }
        }
    }

    /// The batch that decides it, and what follows; an empty one when it is decided already. Cases are
    /// numbered in their turn.
    async fn plan(
        &self,
        reading: &Reading,
        counted: &Counted,
        turns: Option<Turns>,
    ) -> Result<(Batch, Effect), Undecided> {
        let site = &*self.site;
        let began = site.now();
        if tables::MAILS.get(&*site.engine, &reading.id).await?.is_some() {
            return Ok((Batch::default(), Effect::default()));
        }
        let Gathered { mut evidence, cases, first, identity, names, awaited } = gather(site, reading).await?;
        if let Counted::Beyond(address) = counted {
            evidence.over_limit = Some(Arc::clone(address));
        }
        let gathered = site.now();
        let (numbered, asked) = turns.map_or((None, None), |turns| (Some(turns.numbered), turns.asked));
        let (decision, mut counsel) = decide_advised(site, reading, (&evidence, &cases), asked).await?;
        let mut steps = steps(reading, &evidence, &decision, take(&mut counsel.steps), (began, gathered));
        let told = acknowledge::consider(site, reading, &evidence, &decision).await?;
        steps.extend(told.as_ref().map(acknowledge::step));
        let (converts, rings, failed) = (decision.converts(), matches!(told, Some(Ok(_))), counsel.failed_plugins());
        let effect = Effect { converts, rings, failed };
        let turn = match numbered {
            Some(turn) => Some(turn.come().await),
            None => None,
        };
        let numbers = self.numbers_for(reading.id, &decision).await?;
        drop(turn);
        let probed = evidence.probe_of.as_ref();
        let mx = match probed.and_then(|address| MxReport::domain_of(&address.address, &address.settings)) {
            Some(domain) => Some(self.mx.report(domain).await),
            None => None,
        };
        let (identity, names) = (&identity, names.as_ref());
        let (cases, awaited) = (&cases, &awaited);
        let (evidence, counsel, first, now) = (&evidence, &counsel, first.as_ref(), gathered);
        let plan = Plan {
            site,
            reading,
            evidence,
            cases,
            first,
            identity,
            names,
            awaited,
            mx,
            told,
            steps,
            counsel,
            former: None,
            item: None,
            now,
        };
        Ok((plan.write(&decision, &numbers).await?, effect))
    }

    /// The numbers of the cases that a decision opens: those that an earlier try has taken, and the next.
    async fn numbers_for(&self, id: MailId, decision: &Decision) -> Result<Vec<CaseNumber>, CommitError> {
        let mut numbers = self.numbers().get(&id).cloned().unwrap_or_default();
        let missing = decision.opens().saturating_sub(numbers.len());
        if missing > 0 {
            numbers.extend(self.site.engine.reserve(tables::CASE_NUMBERS, missing as u64).await?);
            self.numbers().insert(id, numbers.clone());
        }
        numbers.truncate(decision.opens());
        Ok(numbers)
    }

    fn numbers(&self) -> MutexGuard<'_, HashMap<MailId, Vec<CaseNumber>>> {
        self.numbers.lock().expect("no holder panics")
    }

    /// What this message is to the limit of its address; it is counted when there is room.
    async fn within_rate(&self, reading: &Reading) -> Admitted {
        if reading.envelope.is_imported() {
            return Ok(Counted::Not);
        }
        let site = &*self.site;
        let mut first: Option<Arc<RoutingAddress>> = None;
        for mailbox in &reading.envelope.to {
            if let Some(Recipient::Routing { address, .. }) = super::resolve_accepted(site, mailbox).await?
                && first.as_ref().is_none_or(|first| address.number < first.number)
            {
                first = Some(address);
            }
        }
        // What has to be bounced was bounced in the session.
        let limits = |address: &RoutingAddress| {
            address.settings.rate_limit.is_some() && address.settings.over_limit != OverLimit::Bounce
        };
        let Some(address) = first.filter(|address| limits(address)) else { return Ok(Counted::Not) };
        let is_probe = address.verification.recognises(&reading.facts, reading.code_field.as_deref(), site.now());
        if is_probe {
            return Ok(Counted::Not);
        }
        Ok(match self.converted.take(site, &address).await? {
            true => Counted::For(address),
            false => Counted::Beyond(address),
        })
    }
}

/// True when a plugin has kept something. If that can't be read, no message can be planned either.
async fn is_kept(site: &Site) -> bool {
    let kept = async { Advisers::of(site).await?.states(site).await };
    kept.await.is_ok_and(|states| states.are_kept())
}

/// How fast messages come.
struct Arrivals {
    since: Time,
    /// Those that waited then and were not started.
    left: usize,
}

impl Arrivals {
    fn since(now: Time) -> Self {
        Self { since: now, left: 0 }
    }

    /// Now `taken` are started and `left` others wait: did more come in the meantime than can be decided in that time?
    fn are_a_burst(&mut self, taken: usize, left: usize, now: Time) -> bool {
        let came = (taken + left).saturating_sub(self.left);
        let seconds = now.duration_since(self.since).as_secs_f64();
        *self = Self { since: now, left };
        // A clock that stands, or was set back, tells nothing.
        seconds > 0.0 && came as f64 > seconds * f64::from(limits::BURST_RATE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_more_than_can_be_decided() {
        let at = |second| Time::from_second(second).unwrap();
        let mut arrivals = Arrivals::since(at(0));
        let many = limits::BURST_RATE as usize;
        assert!(!arrivals.are_a_burst(many, 0, at(1)));
        assert!(arrivals.are_a_burst(100, many, at(2)));
        assert!(!arrivals.are_a_burst(100, many, at(3)), "those that waited don't count twice");
        assert!(!arrivals.are_a_burst(many, many, at(5)));
        assert!(!arrivals.are_a_burst(many, 5 * many, at(5)), "no time has passed");
    }
}
