//! Whether what lies on a disk agrees with itself and with what was told to those outside: read from journal and
//! database themselves, below the server.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use postcase::base::{MailId, Time};
use postcase::case::{Case, Direction, Disposition, Happening, Mail};
use postcase::outbound::SPOOL;
use postcase::store::{Engine, Journal, JournalKind, Page, SimulatedMedium, Store, case_change, tables};

use super::life::Told;

/// Everything that is in the store.
pub struct Books {
    engine: Arc<dyn Engine>,
    mails: BTreeMap<MailId, Mail>,
    cases: Vec<Case>,
    spool: BTreeSet<MailId>,
    journal: BTreeMap<MailId, JournalKind>,
}

/// Reads it all; nothing else may have the store open.
pub async fn check(medium: &SimulatedMedium, now: Time, told: &Told) -> Result<(), String> {
    let entries = entries(medium)?;
    let opened = Store::open(Arc::new(medium.clone()), now).await.map_err(|error| error.to_string())?;
    let engine = opened.store.engine.clone();
    let books = Books::read(engine, entries).await?;
    for (id, kind) in &books.journal {
        let entry = opened.store.journal.read(*id).map_err(|error| format!("{id} is not readable: {error}"))?;
        if entry.kind != *kind {
            return Err(format!("{id} changed its kind"));
        }
    }
    books.agree().await?;
    books.keep_promises(told)?;
    opened.store.close().await;
    Ok(())
}

/// Every entry of the journal, also of finished segments. No damage is tolerated.
fn entries(medium: &SimulatedMedium) -> Result<BTreeMap<MailId, JournalKind>, String> {
    let opened = Journal::open(Arc::new(medium.clone()), 1, 1, &|_, _| false).map_err(|error| error.to_string())?;
    let confirmed: Vec<String> =
        opened.damage.iter().filter(|damage| !damage.unconfirmed).map(ToString::to_string).collect();
    if !confirmed.is_empty() {
        return Err(format!("the journal is damaged: {confirmed:?}"));
    }
    Ok(opened.recovered.into_iter().collect())
}

impl Books {
    async fn read(engine: Arc<dyn Engine>, journal: BTreeMap<MailId, JournalKind>) -> Result<Self, String> {
        let all = Page::first(&[], usize::MAX);
        let wrong = |error: postcase::store::ReadError| error.to_string();
        let mails = tables::MAILS.scan(&*engine, all.clone()).await.map_err(wrong)?;
        let cases = tables::CASES.scan(&*engine, all.clone()).await.map_err(wrong)?;
        let spool = SPOOL.scan(&*engine, all).await.map_err(wrong)?;
        Ok(Self {
            engine,
            mails: mails.into_iter().map(|(_, kept)| (kept.value.id, kept.value)).collect(),
            cases: cases.into_iter().map(|(_, kept)| kept.value).collect(),
            spool: spool.into_iter().map(|(_, kept)| kept.value.id).collect(),
            journal,
        })
    }

    /// Journal and database say the same.
    async fn agree(&self) -> Result<(), String> {
        for (id, kind) in &self.journal {
            // An outbound entry without a record is a reply that nobody was told of.
            if *kind == JournalKind::Inbound && !self.mails.contains_key(id) {
                return Err(format!("{id} is in the journal and has no disposition"));
            }
        }
        for (id, mail) in &self.mails {
            let kind = if mail.direction == Direction::Inbound { JournalKind::Inbound } else { JournalKind::Outbound };
            if self.journal.get(id) != Some(&kind) {
                return Err(format!("{id} has a record and no entry"));
            }
            if mail.direction == Direction::Inbound && mail.deliveries.len() != 1 {
                return Err(format!("{id} has {} dispositions", mail.deliveries.len()));
            }
        }
        let mut on_cases = BTreeMap::new();
        for case in &self.cases {
            let events = case_change::events_of(&*self.engine, case.number).await.map_err(|error| error.to_string())?;
            if Case::of_events(case.number, &events).as_ref() != Some(case) {
                return Err(format!("case {} is not the fold of its events", case.number));
            }
            for event in &events {
                if let Happening::MessageAdded { mail, .. }
                | Happening::ReplySubmitted { mail, .. }
                | Happening::Acknowledged { mail, .. } = &event.what
                    && let Some(other) = on_cases.insert(*mail, case.number)
                {
                    return Err(format!("{mail} is on case {other} and on case {}", case.number));
                }
            }
        }
        let expected = self.mails.values().filter(|mail| mail.duplicate_of.is_none());
        let expected: BTreeMap<_, _> = expected.filter_map(|mail| Some((mail.id, mail.case?))).collect();
        if on_cases != expected {
            return Err(format!("cases have {on_cases:?}, mails say {expected:?}"));
        }
        match self.spool.iter().find(|id| !self.mails.contains_key(id)) {
            Some(id) => Err(format!("{id} is in the spool and has no record")),
            None => Ok(()),
        }
    }

    /// What was told is so.
    fn keep_promises(&self, told: &Told) -> Result<(), String> {
        let mut kept: BTreeMap<&str, Vec<&Mail>> = BTreeMap::new();
        for mail in self.mails.values().filter(|mail| mail.direction == Direction::Inbound) {
            kept.entry(mail.facts.message_id.as_deref().unwrap_or_default()).or_default().push(mail);
        }
        for (message_id, id) in &told.accepted {
            let found = kept.get(message_id.as_str()).into_iter().flatten().filter(|mail| mail.id.to_string() == *id);
            if found.count() != 1 {
                return Err(format!("{message_id} got its 250 as {id} and is not there"));
            }
        }
        // A probe of ours that came back is of nobody outside.
        for (message_id, mails) in kept.iter().filter(|(message_id, _)| message_id.ends_with("@customer.example>")) {
            let sent = told.sent.get(*message_id).copied().unwrap_or(0);
            let firsts = mails.iter().filter(|mail| mail.deliveries[0].disposition != Disposition::Duplicate).count();
            if mails.len() > sent || firsts != 1 {
                let count = mails.len();
                return Err(format!("{message_id} was sent {sent} times, is there {count} times, {firsts} as itself"));
            }
        }
        let ids: BTreeSet<String> = self.mails.keys().map(ToString::to_string).collect();
        match told.replies.iter().find(|(id, _)| !ids.contains(id)) {
            Some((id, _)) => Err(format!("the agent was told of reply {id}, which is not there")),
            None => Ok(()),
        }
    }
}
