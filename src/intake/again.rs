//! Deciding again: what a person does with a message that has its record.
//!
//! A message that was set aside is decided anew, with the address's policies or, when it is *released*, without them. A case is
//! made of an item in one commit with the end of that. What is on a case, and what was never meant for one, is only read again. The record is replaced as it was read, so that of
//! two who ask at the same time one is refused, or sees what the other one did. What is decided here counts for no limit.

use std::mem::take;
use std::sync::Arc;

use super::advice::decide_advised;
use super::evidence::{Gathered, gather};
use super::explain::steps;
use super::item;
use super::plan::Plan;
use super::plugins::{FailedPlugins, count_failures};
use super::rate::Tally;
use super::reading::{Reading, saved_fields};
use crate::address::{OverLimit, RoutingAddress};
use crate::base::{CaseNumber, MailId};
use crate::case::{Direction, Disposition, Evidence, Mail, Recipient, Step};
use crate::message::facts::{Kind, READER_VERSION};
use crate::store::{Batch, CaseChange, CommitError, Entry, Kept, ReadError, Site, journal, tables};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Again {
    /// Decide it, whoever its author is and however many came before.
    Release,
    /// Read it with the present reader, and decide it if it was set aside.
    Reprocess,
    /// Make a case of an item, in its place.
    Open { by: String },
}

/// Why a message isn't decided again.
#[derive(Debug, thiserror::Error)]
pub enum NotAgain {
    #[error("it was not received, but sent")]
    Sent,
    #[error("it is erased")]
    Erased,
    #[error("it is not decided yet")]
    Undecided,
    #[error("it is neither held nor ignored")]
    NotSetAside,
    #[error("it is no item")]
    NotAnItem,
    #[error("it becomes no case, but is {0}")]
    NoCase(String),
    #[error("reading it fails; it stays as it was")]
    Broken,
    #[error(transparent)]
    Journal(#[from] journal::ReadError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// Decides or reads a message again; its record then says what came of it.
pub async fn decide_again(site: &Site, id: MailId, again: Again) -> Result<(), NotAgain> {
    let (mut tries, mut numbers) = (site.tries(), Vec::new());
    loop {
        let kept = tables::MAILS.get(&*site.engine, &id).await?.ok_or(NotAgain::Undecided)?;
        let mail = &kept.value;
        if mail.direction == Direction::Outbound {
            return Err(NotAgain::Sent);
        }
        if mail.erased.is_some() {
            return Err(NotAgain::Erased);
        }
        let is_now = |wanted: fn(Disposition) -> bool| mail.deliveries.iter().any(|one| wanted(one.disposition));
        let entry = site.journal.read(id)?;
        let (batch, failed) = match again {
            Again::Open { .. } if is_now(|one| one == Disposition::Routed) => {
                decided(site, &kept, entry, &again, &mut numbers).await?
            }
            Again::Open { .. } => return Err(NotAgain::NotAnItem),
            _ if is_now(Disposition::is_set_aside) => decided(site, &kept, entry, &again, &mut numbers).await?,
            Again::Reprocess => (read_only(site, &kept, entry).await?, FailedPlugins::new()),
            Again::Release => return Err(NotAgain::NotSetAside),
        };
        if tries.commit(batch).await? {
            count_failures(site, id, &failed).await;
            return Ok(());
        }
    }
}

/// Reads apart from everything else; `None` when the reader breaks.
async fn read(id: MailId, entry: Entry) -> Option<Reading> {
    let reading = tokio::spawn(async move { Reading::of(id, entry.envelope, &entry.message) }).await;
    reading.inspect_err(|panic| tracing::error!(%id, %panic, "the reader failed")).ok()
}

async fn decided(
    site: &Site,
    kept: &Kept<Mail>,
    entry: Entry,
    again: &Again,
    numbers: &mut Vec<CaseNumber>,
) -> Result<(Batch, FailedPlugins), NotAgain> {
    let (id, began) = (kept.value.id, site.now());
    let envelope = entry.envelope.clone();
    let mut reading = read(id, entry).await.unwrap_or_else(|| Reading::of_envelope(id, envelope));
    // Its service address may have been replaced since; where it came to is known.
    reading.envelope.to = kept.value.deliveries.iter().map(|delivery| delivery.address.clone()).collect();
    // Who sent it was looked up when it came; keys and records of then may be gone.
    reading.auth = kept.value.auth;
    let Gathered { mut evidence, cases, first, identity, names, awaited } = gather(site, &reading).await?;
    evidence.asked_for_case = matches!(again, Again::Open { .. });
    evidence.released = *again != Again::Reprocess;
    if !evidence.released {
        evidence.over_limit = beyond_limit(site, &evidence).await?;
    }
    let item = match again {
        Again::Open { .. } => CaseChange::of(&*site.engine, id).await?,
        Again::Release | Again::Reprocess => None,
    };
    let now = site.now();
    let (decision, mut counsel) = decide_advised(site, &reading, (&evidence, &cases), None).await?;
    let steps =
        [vec![asked(again)], steps(&reading, &evidence, &decision, take(&mut counsel.steps), (began, now))].concat();
    let missing = decision.opens().saturating_sub(numbers.len());
    if missing > 0 {
        numbers.extend(site.engine.reserve(tables::CASE_NUMBERS, missing as u64).await?);
    }
    let plan = Plan {
        site,
        reading: &reading,
        evidence: &evidence,
        cases: &cases,
        first: first.as_ref(),
        identity: &identity,
        names: names.as_ref(),
        awaited: &awaited,
        mx: None,
        told: None,
        steps,
        counsel: &counsel,
        former: Some(kept),
        item: item.as_ref().map(CaseChange::case),
        now,
    };
    let mut batch = plan.write(&decision, &numbers[..decision.opens()]).await?;
    if let (Again::Open { by }, Some(item)) = (again, item)
        && !item::end(item, &mut batch, (&decision, numbers), (by, now))
    {
        return Err(NotAgain::NoCase(decision.words().0));
    }
    Ok((batch, counsel.failed_plugins()))
}

/// What was asked for, for the explanation.
fn asked(again: &Again) -> Step {
    let (stage, by, why) = match again {
        Again::Release => ("release", "admin", "whom the address accepts and how many a day is set aside"),
        Again::Reprocess => ("reprocess", "admin", "read again with the present reader and settings"),
        Again::Open { by } => ("open", by.as_str(), "a case was wanted of the item"),
    };
    Step {
        stage: stage.into(),
        by: by.into(),
        version: env!("CARGO_PKG_VERSION").into(),
        outcome: "decided again".into(),
        why: why.into(),
        took_us: 0,
    }
}

/// The first routing address, when it has converted today what it does in a day.
async fn beyond_limit(site: &Site, evidence: &Evidence) -> Result<Option<Arc<RoutingAddress>>, ReadError> {
    let routing = evidence.recipients.iter().filter_map(|recipient| match recipient {
        Recipient::Routing { address, .. } => Some(address),
        _ => None,
    });
    let Some(first) = routing.min_by_key(|address| address.number) else { return Ok(None) };
    let sets_aside = matches!(first.settings.over_limit, OverLimit::Hold | OverLimit::Discard);
    let is_full = sets_aside && Tally::default().is_full(site, first).await?;
    Ok(is_full.then(|| Arc::clone(first)))
}

/// The record with what the present reader finds; everything that was decided stays.
async fn read_only(site: &Site, kept: &Kept<Mail>, entry: Entry) -> Result<Batch, NotAgain> {
    let mail = &kept.value;
    let mut asks = false;
    for delivery in &mail.deliveries {
        let address = site.routing_address(&delivery.address).await?;
        asks |= address.is_some_and(|address| address.settings.save_headers);
    }
    let saved_fields = asks.then(|| saved_fields(&entry.message));
    let mut facts = read(mail.id, entry).await.ok_or(NotAgain::Broken)?.facts;
    if mail.deliveries.iter().any(|delivery| delivery.disposition == Disposition::Verification) {
        facts.kind = Kind::Verification;
    }
    let changed = Mail { facts, saved_fields, reader_version: READER_VERSION, ..mail.clone() };
    let mut batch = Batch::default();
    tables::MAILS.replace(&mut batch, &mail.id, kept, &changed);
    Ok(batch)
}
