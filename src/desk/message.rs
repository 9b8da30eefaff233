//! Commands about messages.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::command::{self, MessageFilter};
use super::{Answer, Desk, Outcome, Refusal, erase, explain, failed, view};
use crate::base::{MailId, Mailbox};
use crate::case::{Direction, Disposition, Mail};
use crate::intake::{Again, NotAgain, decide_again, messages_named, resolve_accepted};
use crate::message::{Facts, attachment, read};
use crate::routing::Work;
use crate::smtp;
use crate::store::{CaseChange, Entry, Kept, Page, case_change, tables};

/// Records read at a time while a filter is looked for.
const PAGE: usize = 256;

impl Desk {
    /// Newest first; what still waits comes before what is decided.
    pub(super) async fn message_list(&self, filter: MessageFilter) -> Answer {
        let direction = direction(filter.direction.as_deref())?;
        let limit = filter.limit.unwrap_or(usize::MAX);
        let mut rows = Vec::new();
        if direction != Some(Direction::Outbound) && filter.case.is_none() && filter.disposition.is_none() {
            self.list_waiting(&filter, limit, &mut rows).await?;
        }
        // One that is decided in the meantime has a record now; it is listed once.
        let listed: HashSet<Value> = rows.iter().map(|row| row["id"].clone()).collect();
        let mut page = Page::last(&[], PAGE);
        while rows.len() < limit
            && let Some(mails) = tables::MAILS.next(&*self.site.engine, &mut page).await?
        {
            let found = mails.iter().map(|kept| &kept.value);
            let found = found.filter(|mail| direction.is_none_or(|wanted| mail.direction == wanted));
            let found = found.filter(|mail| !listed.contains(&json!(mail.id)));
            rows.extend(found.filter(|mail| matches(&filter, mail)).map(view::message_row).take(limit - rows.len()));
        }
        Ok(Outcome::Json(rows.into()))
    }

    async fn list_waiting(&self, filter: &MessageFilter, limit: usize, rows: &mut Vec<Value>) -> Result<(), Refusal> {
        for id in self.inbox.undecided() {
            if rows.len() >= limit {
                break;
            }
            let entry = match self.site.journal.read(id) {
                Ok(entry) => entry,
                Err(error) => {
                    tracing::error!(%id, %error, "a message that waits can't be read, and so can't be listed");
                    continue;
                }
            };
            let wanted = match &filter.address {
                Some(address) => self.is_for(&entry.envelope.to, address).await?,
                None => true,
            };
            let recent = filter.since.is_none_or(|since| entry.envelope.received_at >= since);
            if wanted && recent {
                let mut row =
                    view::waiting_message(id, &entry.envelope, &read(&entry.message), &self.inbox.why_undecided(id));
                if let Some(row) = row.as_object_mut() {
                    row.retain(|name, _| !view::TEXTS.contains(&name.as_str()));
                }
                rows.push(row);
            }
        }
        Ok(())
    }

    /// True when one of the recipients is this address, or leads to it.
    async fn is_for(&self, recipients: &[Mailbox], address: &Mailbox) -> Result<bool, Refusal> {
        for recipient in recipients {
            let found = resolve_accepted(&self.site, recipient).await?;
            if recipient == address || found.is_some_and(|found| found.address() == address) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) async fn message_show(&self, id: &str) -> Answer {
        let id = self.mail_id(id).await?;
        Ok(Outcome::Json(self.message(id).await?))
    }

    /// One message with its texts, which are read from the journal; without them when only the record is left, so that one
    /// damaged message doesn't hide a whole case.
    pub(super) async fn message(&self, id: MailId) -> Result<Value, Refusal> {
        let kept = tables::MAILS.get(&*self.site.engine, &id).await?;
        let mut shown = self.read(id, kept.as_ref())?;
        if kept.is_some_and(|kept| kept.value.is_routed())
            && let Some(item) = self.item_of(id).await?
        {
            shown["item"] = item;
        }
        Ok(shown)
    }

    fn read(&self, id: MailId, kept: Option<&Kept<Mail>>) -> Result<Value, Refusal> {
        if let Some(Kept { value: mail, .. }) = kept
            && let Some(erased) = &mail.erased
        {
            return Ok(view::message(mail, &Facts { text: erase::words(erased), ..mail.facts.clone() }));
        }
        let entry = match (self.site.journal.read(id), kept) {
            (Ok(entry), _) => entry,
            (Err(error), None) => return Err(failed(&error)),
            (Err(error), Some(kept)) => {
                tracing::error!(%id, %error, "the text of a message can't be read");
                let unread = Some(format!("the stored message can't be read: {error}"));
                return Ok(view::message(&kept.value, &Facts { unread, ..kept.value.facts.clone() }));
            }
        };
        let facts = read(&entry.message);
        Ok(match kept {
            Some(kept) => view::message(&kept.value, &facts),
            None => view::waiting_message(id, &entry.envelope, &facts, &self.inbox.why_undecided(id)),
        })
    }

    /// What the journal has of a message.
    async fn entry(&self, id: MailId) -> Result<Entry, Refusal> {
        let kept = tables::MAILS.get(&*self.site.engine, &id).await?;
        match kept.and_then(|kept| kept.value.erased) {
            Some(erased) => Err(erase::gone(id, &erased)),
            None => self.site.journal.read(id).map_err(|error| failed(&error)),
        }
    }

    /// The exact bytes, dots unstuffed, nothing added; or with our trace fields in front.
    pub(super) async fn message_raw(&self, id: &str, trace: bool) -> Answer {
        let id = self.mail_id(id).await?;
        let entry = self.entry(id).await?;
        if !trace {
            return Ok(Outcome::Bytes(entry.message));
        }
        let mut bytes = smtp::server::trace(&entry.envelope, id, &self.site.hostname).into_bytes();
        bytes.extend_from_slice(&entry.message);
        Ok(Outcome::Bytes(bytes))
    }

    pub(super) async fn message_attachment(&self, id: &str, number: usize) -> Answer {
        let id = self.mail_id(id).await?;
        let entry = self.entry(id).await?;
        let found = number.checked_sub(1).and_then(|index| attachment(&entry.message, index));
        let absent =
            || Refusal::not_found(format!("message {id} has no attachment {number}; see: postcase message show {id}"));
        found.map(|(_, bytes)| Outcome::Bytes(bytes)).ok_or_else(absent)
    }

    pub(super) async fn message_explain(&self, id: &str) -> Answer {
        let id = self.mail_id(id).await?;
        let engine = &*self.site.engine;
        Ok(Outcome::Json(match tables::MAILS.get(engine, &id).await? {
            Some(Kept { value: mail, .. }) => {
                let mut opened: Vec<Work> = Vec::new();
                opened.extend(mail.is_routed().then_some(Work::Mail(id)));
                let deliveries = mail.deliveries.iter().filter(|one| one.disposition == Disposition::CaseOpened);
                opened.extend(deliveries.filter_map(|delivery| delivery.case.map(Work::Case)));
                let mut told = Vec::new();
                for work in opened {
                    let waits = match CaseChange::of(engine, work).await? {
                        Some(change) => self.waits(work, change.case()).await?,
                        None => None,
                    };
                    told.push((work, case_change::events_of(engine, work).await?, waits));
                }
                let mut shown = explain::explanation(&mail, &told);
                if let Some(item) = self.item_of(id).await? {
                    shown["item"] = item;
                }
                shown
            }
            None => json!({"id": id, "disposition": null, "reason": self.inbox.why_undecided(id), "steps": []}),
        }))
    }

    /// Decides again, and shows what came of it. Boxed, because it is much larger than what most commands need of a stack.
    pub(super) fn message_again(&self, id: String, again: Again) -> command::Answer<'_> {
        Box::pin(async move { self.decide_again(&id, again).await })
    }

    pub(super) async fn decide_again(&self, text: &str, again: Again) -> Answer {
        let id = self.mail_id(text).await?;
        match decide_again(&self.site, id, again).await {
            Ok(()) => Ok(Outcome::Json(self.message(id).await?)),
            Err(NotAgain::Undecided) => {
                let why = self.inbox.why_undecided(id);
                Err(Refusal::refused(format!("message {id} is not decided yet: {why}")))
            }
            Err(NotAgain::NotSetAside) => {
                let next = format!("see: postcase message explain {id}");
                Err(Refusal::refused(format!("message {id} is neither held nor ignored; {next}")))
            }
            Err(NotAgain::Commit(error)) => Err(error.into()),
            Err(NotAgain::NotAnItem) => {
                let next = format!("see: postcase message show {id}");
                Err(Refusal::refused(format!("message {id} is no item any more; {next}")))
            }
            Err(error @ (NotAgain::Sent | NotAgain::Erased | NotAgain::Broken | NotAgain::NoCase(_))) => {
                Err(Refusal::refused(format!("message {id} can't be decided again: {error}")))
            }
            Err(error @ (NotAgain::Journal(_) | NotAgain::Read(_))) => Err(failed(&error)),
        }
    }

    /// By mail id or by Message-ID; of several with one Message-ID the first.
    pub(super) async fn mail_id(&self, text: &str) -> Result<MailId, Refusal> {
        let absent = || Refusal::not_found(format!("there is no message {text}; see: postcase message list"));
        if let Ok(id) = text.parse::<MailId>() {
            let known = self.inbox.is_undecided(id)
                || tables::MAILS.get(&*self.site.engine, &id).await?.is_some()
                || self.site.journal.read(id).is_ok();
            return if known { Ok(id) } else { Err(absent()) };
        }
        let named = format!("<{}>", text.trim().trim_start_matches('<').trim_end_matches('>'));
        let found = messages_named(&self.site, &named).await?;
        found.first().map(|(id, _)| *id).ok_or_else(absent)
    }
}

/// `None` for any.
fn direction(typed: Option<&str>) -> Result<Option<Direction>, Refusal> {
    match typed {
        None | Some("inbound") => Ok(Some(Direction::Inbound)),
        Some("outbound") => Ok(Some(Direction::Outbound)),
        Some("any") => Ok(None),
        Some(other) => Err(Refusal::refused(format!("a direction is inbound, outbound or any, not {other}"))),
    }
}

fn matches(filter: &MessageFilter, mail: &Mail) -> bool {
    let at_address = filter.address.as_ref().is_none_or(|address| {
        mail.deliveries.iter().any(|delivery| delivery.address == *address) || mail.envelope.to.contains(address)
    });
    let disposed = filter
        .disposition
        .as_deref()
        .is_none_or(|wanted| mail.deliveries.iter().any(|delivery| json!(delivery.disposition) == wanted));
    at_address
        && disposed
        && filter.case.is_none_or(|case| mail.is_on(case))
        && filter.since.is_none_or(|since| mail.envelope.received_at >= since)
}
