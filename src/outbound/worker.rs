//! One attempt to deliver what is in the spool, and what follows from it.
//!
//! The next attempt is written before dialling: when the process dies in between, the message is tried again, under the
//! same Message-ID. Recipients of several destinations are several mail transactions, none of which waits for another.
//! What became of the recipients of one is written before we take leave of the peer, with the case event or the
//! verification that tells of it, in one commit. A recipient is final when a peer took or refused the message for good,
//! or when its time is over; a final recipient is never tried again.
//!
//! A message all of whose destinations are full is put off, which is no attempt. When only some are full their recipients
//! stay pending and are tried with the message's next attempt.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::destinations::Destinations;
use super::outcome::{RecipientState, State, fold};
use super::schedule::{self, Next};
use super::{Purpose, SPOOL, Settings, SpoolItem};
use crate::address::VerificationState;
use crate::base::time::later;
use crate::base::{MailId, Mailbox, Time, limits};
use crate::case::{Happening, INTAKE};
use crate::intake::merge;
use crate::net::Place;
use crate::smtp::client::{Client, Fate, Outcome, Outgoing, RecipientOutcome};
use crate::store::due::{self, Due};
use crate::store::{Batch, CaseChange, CommitError, JournalReadError, Kept, ReadError, Site, StoreError, tables};

/// The name under which deliveries appear in events.
const BY: &str = "delivery";

/// Whether an attempt has transactions left: as long as it has, nobody is given up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Round {
    GoesOn,
    Over,
}

/// Delivers.
pub struct Worker {
    site: Arc<Site>,
    client: Client,
    settings: Settings,
    slots: Arc<Semaphore>,
    destinations: Destinations,
}

/// A message whose attempt has begun.
struct Claimed {
    item: SpoolItem,
    parts: Vec<Part>,
    /// Nobody who waits for the message is left out, and all are in one transaction.
    is_whole: bool,
}

/// Recipients of one transaction, with their place at the destination.
struct Part {
    recipients: Vec<Mailbox>,
    _place: Place<String>,
}

impl Worker {
    pub fn new(site: Arc<Site>, client: Client, settings: Settings) -> Self {
        let slots = Arc::new(Semaphore::new(limits::ATTEMPTS_MAX));
        Self { site, client, settings, slots, destinations: Destinations::new() }
    }

    pub(super) fn site(&self) -> &Site {
        &self.site
    }

    /// Attempts the message that was due at `at`. An error means that the store can't say or keep what became of it.
    pub async fn attempt(self: &Arc<Self>, id: MailId, at: Time) -> Result<(), StoreError> {
        let mut slot = Some(self.slot().await);
        let Some(Claimed { item, parts, is_whole }) = self.claim(id, at).await? else { return Ok(()) };
        let message = match self.site.journal.read(id) {
            Ok(entry) => entry.message,
            Err(error) => {
                tracing::error!(%id, %error, "a message of the spool can't be read");
                return self.record(id, &unreadable(&pending(&item), &error), Round::Over).await;
            }
        };
        let round = if is_whole { Round::Over } else { Round::GoesOn };
        let mail = Arc::new((item, message));
        let mut transactions = JoinSet::new();
        for part in parts {
            transactions.spawn(self.clone().transact(mail.clone(), part, slot.take(), round));
        }
        // All of them end, whatever becomes of one.
        let begun: Result<Vec<bool>, StoreError> = transactions.join_all().await.into_iter().collect();
        if !begun?.contains(&true) {
            return self.give_back(id).await;
        }
        if is_whole { Ok(()) } else { self.record(id, &[], Round::Over).await }
    }

    async fn slot(&self) -> OwnedSemaphorePermit {
        self.slots.clone().acquire_owned().await.expect("the semaphore is never closed")
    }

    /// False when it wasn't begun, because the host is full.
    async fn transact(
        self: Arc<Self>,
        mail: Arc<(SpoolItem, Vec<u8>)>,
        part: Part,
        slot: Option<OwnedSemaphorePermit>,
        round: Round,
    ) -> Result<bool, StoreError> {
        let (item, message) = &*mail;
        let _slot = match slot {
            Some(slot) => slot,
            None => self.slot().await,
        };
        let outgoing = Outgoing { from: &item.from, recipients: &part.recipients, message };
        let delivery = self.client.transact(&outgoing).await;
        let begun = delivery.outcomes.iter().any(|found| found.outcome.fate != Fate::NotBegun);
        if begun {
            self.record(item.id, &delivery.outcomes, round).await?;
        }
        delivery.take_leave().await;
        Ok(begun)
    }

    /// Records outcomes, however often somebody else is faster: what is not recorded is sent again.
    async fn record(&self, id: MailId, outcomes: &[RecipientOutcome], round: Round) -> Result<(), StoreError> {
        loop {
            let mut tries = self.site.tries();
            let conflict = loop {
                match tries.commit(self.conclude(id, outcomes, round).await?).await {
                    Ok(true) => return Ok(()),
                    Ok(false) => {}
                    Err(CommitError::Conflict) => break CommitError::Conflict,
                    Err(error) => return Err(error.into()),
                }
            };
            tracing::warn!(%id, error = %conflict, "the outcome of a delivery is not recorded yet");
            self.site.clock.sleep(limits::RETRY_WAIT_MIN).await;
        }
    }

    /// Writes the time of the next attempt and takes this one; `None` when there is nothing to do now: the message is
    /// final or put off, or somebody else has taken it.
    async fn claim(&self, id: MailId, at: Time) -> Result<Option<Claimed>, StoreError> {
        let site = &*self.site;
        let kept = SPOOL.get(&*site.engine, &id).await?;
        let mut batch = Batch::default();
        let Some(kept) = kept.filter(|kept| kept.value.next_at == at) else {
            due::unschedule(&mut batch, at, Due::Spool(id));
            site.engine.commit(batch).await?;
            return Ok(None);
        };
        let mut item = kept.value.clone();
        let groups = self.client.transactions(&pending(&item));
        let wanted = groups.len();
        let with_place = |recipients: Vec<Mailbox>| {
            let place = self.destinations.take(self.client.destination(&recipients[0]))?;
            Some(Part { recipients, _place: place })
        };
        let parts: Vec<Part> = groups.into_iter().filter_map(with_place).collect();
        if parts.is_empty() && wanted > 0 {
            self.put_off(&mut batch, &kept, item.attempts);
        } else {
            item.attempts += 1;
            item.next_at = match self.next(&item) {
                Next::At(next) => next,
                // This attempt is the last one; if it dies, one more is made.
                Next::GiveUp => later(site.now(), limits::RETRY_WAIT_MIN),
            };
            reschedule(&mut batch, &kept, &item);
        }
        let is_whole = wanted == 1;
        match site.engine.commit(batch).await {
            Ok(()) => Ok((!parts.is_empty()).then_some(Claimed { item, parts, is_whole })),
            Err(CommitError::Conflict) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Undoes the claim of a message for which nothing could be begun.
    async fn give_back(&self, id: MailId) -> Result<(), StoreError> {
        let mut tries = self.site.tries();
        loop {
            let Some(kept) = SPOOL.get(&*self.site.engine, &id).await? else { return Ok(()) };
            let mut batch = Batch::default();
            self.put_off(&mut batch, &kept, kept.value.attempts.saturating_sub(1));
            if tries.commit(batch).await? {
                return Ok(());
            }
        }
    }

    /// It comes again when its destination may have a place.
    fn put_off(&self, batch: &mut Batch, kept: &Kept<SpoolItem>, attempts: u32) {
        let mut item = SpoolItem { attempts, ..kept.value.clone() };
        if let Some(recipient) = item.recipients.iter().find(|state| state.is_pending()) {
            let destination = self.client.destination(&recipient.recipient);
            item.next_at = self.destinations.comes_again(destination, self.site.now());
        }
        reschedule(batch, kept, &item);
    }

    fn next(&self, item: &SpoolItem) -> Next {
        let site = &*self.site;
        schedule::next(&self.settings, item.submitted_at, item.attempts, site.now(), &site.chance)
    }

    /// Writes what became of each recipient, and where it matters.
    async fn conclude(&self, id: MailId, outcomes: &[RecipientOutcome], round: Round) -> Result<Batch, ReadError> {
        let site = &*self.site;
        let now = site.now();
        let Some(kept) = SPOOL.get(&*site.engine, &id).await? else { return Ok(Batch::default()) };
        let mut item = kept.value.clone();
        let before = item.recipients.clone();
        fold(&mut item.recipients, outcomes);
        if round == Round::Over && self.next(&item) == Next::GiveUp {
            item.recipients.iter_mut().for_each(RecipientState::give_up);
        }
        // A delay is told once, an end always.
        let told = before.iter().zip(&item.recipients).filter(|(before, after)| {
            before.is_pending() && (!after.is_pending() || (before.attempts == 0 && after.attempts > 0))
        });
        let told: Vec<RecipientState> = told.map(|(_, after)| after.clone()).collect();
        let mut batch = Batch::default();
        if !item.recipients.iter().any(RecipientState::is_pending) {
            SPOOL.expect_unchanged(&mut batch, &id, &kept);
            SPOOL.delete(&mut batch, &id);
            due::unschedule(&mut batch, item.next_at, Due::Spool(id));
        } else {
            SPOOL.replace(&mut batch, &id, &kept, &item);
        }
        self.tell(&mut batch, &item, &told, now).await?;
        Ok(batch)
    }

    async fn tell(
        &self,
        batch: &mut Batch,
        item: &SpoolItem,
        told: &[RecipientState],
        now: Time,
    ) -> Result<(), ReadError> {
        let engine = &*self.site.engine;
        match &item.purpose {
            Purpose::Case(number) | Purpose::Acknowledgement(number) => {
                // What is automatic doesn't make a case one that somebody has worked on.
                let by = if matches!(item.purpose, Purpose::Case(_)) { BY } else { INTAKE };
                // The case may have been merged since the reply was written.
                if let Some(mut change) = merge::living(&self.site, *number).await?.map(CaseChange::from_read) {
                    told.iter().for_each(|state| change.add(now, by, happening(item.id, state)));
                    change.write(batch);
                }
            }
            // The spool shows what became of it.
            Purpose::Notice(_) => {}
            Purpose::Probe(address) => {
                let Some(kept) = tables::ADDRESSES.get(engine, address).await? else { return Ok(()) };
                let mut changed = kept.value.clone();
                let verification = &mut changed.verification;
                let awaited = verification.probe.as_ref().is_some_and(|probe| probe.message_id == item.message_id);
                for state in told.iter().filter(|_| awaited && verification.confirmed_at.is_none()) {
                    match state.state {
                        State::Delivered => verification.delivered_at = Some(now),
                        State::Failed => verification.state = VerificationState::Failed,
                        State::Pending => {}
                    }
                    verification.reason = state.words.clone().filter(|_| state.state != State::Delivered);
                }
                if changed != kept.value {
                    tables::ADDRESSES.replace(batch, address, &kept, &changed);
                }
            }
        }
        Ok(())
    }
}

fn pending(item: &SpoolItem) -> Vec<Mailbox> {
    item.recipients.iter().filter(|state| state.is_pending()).map(|state| state.recipient.clone()).collect()
}

fn reschedule(batch: &mut Batch, kept: &Kept<SpoolItem>, item: &SpoolItem) {
    due::unschedule(batch, kept.value.next_at, Due::Spool(item.id));
    SPOOL.replace(batch, &item.id, kept, item);
    due::schedule(batch, item.next_at, Due::Spool(item.id));
}

/// What is lost stays lost; what can't be read now may be read later.
fn unreadable(waiting: &[Mailbox], error: &JournalReadError) -> Vec<RecipientOutcome> {
    let (fate, status) = match error {
        JournalReadError::Absent | JournalReadError::Damaged => (Fate::Permanent, "5.3.0"),
        JournalReadError::Io(_) => (Fate::Transient, "4.3.0"),
    };
    let words = format!("not sent, because the stored message can't be read: {error}");
    let outcome = Outcome { fate, status: status.into(), words, peer: None };
    let of_one = |recipient: &Mailbox| RecipientOutcome { recipient: recipient.clone(), outcome: outcome.clone() };
    waiting.iter().map(of_one).collect()
}

fn happening(mail: MailId, state: &RecipientState) -> Happening {
    let recipient = state.recipient.clone();
    let (status, words) = (state.status.clone().unwrap_or_default(), state.words.clone().unwrap_or_default());
    match state.state {
        State::Delivered => Happening::ReplyDelivered { mail, recipient, status, words },
        State::Failed => Happening::ReplyFailed { mail, recipient, status, words },
        State::Pending => Happening::ReplyDelayed { mail, recipient, status, words },
    }
}
