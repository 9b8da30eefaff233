//! Commands that erase: a message, or a contact with all their messages; and the audit of what was erased.
//!
//! One commit takes what was said out of all records and says where bytes are left; then the journal's segments and the
//! database's file are written once more without them. What is not erased: what others wrote (notes, other messages that
//! quote it), and what has left the server: replies, exports, backups, and free blocks of the disk.
//!
//! What a message is called stays as a digest, with digests of its author and content: a copy that comes later is still a
//! duplicate, and answers find their case.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::command::{self, Erasing};
use super::{Answer, Desk, Outcome, Refusal};
use crate::base::{CaseNumber, MailId, Mailbox};
use crate::case::{
    Case, Contact, Direction, Erased, ErasedKind, Erasure, Event, Happening, Mail, blank_addresses, blank_events,
    erased_mail,
};
use crate::outbound::SPOOL;
use crate::routing::Work;
use crate::store::{Batch, Kept, Page, case_change, erase, people, tables};

/// Records read at a time.
const PAGE: usize = 256;
/// Stays when a message is erased, and is said so.
const REMAINS: &str = "what others wrote about it (notes, other messages that quote it), and what has left this server \
                       (replies, exports, backups)";

enum Target {
    Message(MailId),
    Contact(Mailbox),
}

/// What is to be erased.
struct Doomed {
    kind: ErasedKind,
    mails: Vec<Kept<Mail>>,
    cases: BTreeSet<CaseNumber>,
    /// Messages with items that name the contact.
    items: Vec<MailId>,
    /// Of a contact, all their addresses.
    addresses: Vec<Mailbox>,
    contact: Option<Kept<Contact>>,
}

impl Desk {
    /// Boxed, because it is much larger than what most commands need of a stack.
    pub(super) fn message_erase(&self, text: String, asked: Erasing) -> command::Answer<'_> {
        Box::pin(async move {
            let id = self.mail_id(&text).await?;
            if self.inbox.is_undecided(id) {
                let why = self.inbox.why_undecided(id);
                return Err(Refusal::refused(format!(
                    "message {id} is not decided yet, and can be erased then: {why}"
                )));
            }
            self.erase(asked, Target::Message(id)).await
        })
    }

    /// Boxed like [`Desk::message_erase`].
    pub(super) fn contact_erase(&self, address: Mailbox, asked: Erasing) -> command::Answer<'_> {
        Box::pin(async move { self.erase(asked, Target::Contact(address)).await })
    }

    /// The newest first.
    pub(super) async fn audit_list(&self, limit: Option<usize>) -> Answer {
        let page = Page::last(&[], limit.unwrap_or(usize::MAX));
        let rows = tables::AUDIT.values(&*self.site.engine, page).await?;
        Ok(Outcome::Json(rows.iter().map(|row| json!(row)).collect()))
    }

    async fn erase(&self, asked: Erasing, target: Target) -> Answer {
        let site = &*self.site;
        let by = self.actor(asked.by.as_ref()).await?;
        if asked.reason.trim().is_empty() {
            return Err(Refusal::refused("say why, for the audit: --reason TEXT"));
        }
        let (mut tries, mut number) = (site.tries(), None);
        let shown = loop {
            let doomed = match &target {
                Target::Message(id) => self.doomed_message(*id).await?,
                Target::Contact(address) => self.doomed_contact(address).await?,
            };
            self.check_sent(&doomed).await?;
            if !asked.yes {
                return Ok(Outcome::Json(doomed.shown(json!({"erased": false}))));
            }
            let audit = match number {
                Some(number) => number,
                None => *number.insert(site.engine.reserve(tables::AUDIT_NUMBERS, 1).await?.start),
            };
            let erased = Erased { audit, at: site.now(), by: by.clone(), reason: asked.reason.clone() };
            let batch = self.blanked(&doomed, &erased).await?;
            if tries.commit(batch).await? {
                break doomed.shown(json!({"erased": true, "audit": audit}));
            }
        };
        erase::finish(&*site.engine, &site.journal).await.map_err(|error| {
            tracing::error!(%error, "what was erased is not out of all files yet; the next start tries again");
            let next = "restart the server when that is mended, and it is finished";
            Refusal::failed(format!("it is erased from all records, and its bytes are not gone yet: {error}; {next}"))
        })?;
        Ok(Outcome::Json(shown))
    }

    async fn doomed_message(&self, id: MailId) -> Result<Doomed, Refusal> {
        let root = tables::MAILS.get(&*self.site.engine, &id).await?;
        let root = root.ok_or_else(|| Refusal::not_found(format!("there is no message {id}")))?;
        if let Some(erased) = &root.value.erased {
            return Err(gone(id, erased));
        }
        let mails = self.with_answers(vec![root]).await?;
        let cases = self.cases_of(&mails).await?;
        Ok(Doomed { kind: ErasedKind::Message, mails, cases, items: Vec::new(), addresses: Vec::new(), contact: None })
    }

    async fn doomed_contact(&self, address: &Mailbox) -> Result<Doomed, Refusal> {
        let contact = people::contact(&*self.site.engine, address).await?;
        let addresses: Vec<Mailbox> = match &contact {
            Some(contact) => contact.value.addresses().cloned().collect(),
            None => vec![address.clone()],
        };
        let is_theirs = |mail: &Mail| {
            let senders = [mail.author(), mail.envelope.from.mailbox().cloned()];
            mail.direction == Direction::Inbound && senders.iter().flatten().any(|sender| addresses.contains(sender))
        };
        let roots = self.mails_that(is_theirs).await?;
        if roots.is_empty() && contact.is_none() {
            return Err(Refusal::not_found(format!("{address} is no contact; see: postcase contact list")));
        }
        let mails = self.with_answers(roots).await?;
        let mut cases = self.cases_of(&mails).await?;
        cases.extend(self.cases_that_name(&addresses).await?);
        let items = self.items_that_name(&addresses).await?;
        Ok(Doomed { kind: ErasedKind::Contact, mails, cases, items, addresses, contact })
    }

    /// Mail that is still being sent can't be erased.
    async fn check_sent(&self, doomed: &Doomed) -> Result<(), Refusal> {
        for mail in &doomed.mails {
            let id = mail.value.id;
            if SPOOL.get(&*self.site.engine, &id).await?.is_some() {
                let next = "wait until it has left; see: postcase spool list";
                return Err(Refusal::refused(format!("message {id} is still being sent: {next}")));
            }
        }
        Ok(())
    }

    async fn mails_that(&self, wanted: impl Fn(&Mail) -> bool + Send) -> Result<Vec<Kept<Mail>>, Refusal> {
        let (mut found, mut page) = (Vec::new(), Page::first(&[], PAGE));
        while let Some(mails) = tables::MAILS.next(&*self.site.engine, &mut page).await? {
            let mails = mails.into_iter();
            found.extend(mails.filter(|mail| mail.value.erased.is_none() && wanted(&mail.value)));
        }
        Ok(found)
    }

    /// The messages with further receipts of them and what we sent in answer, which quotes them.
    async fn with_answers(&self, roots: Vec<Kept<Mail>>) -> Result<Vec<Kept<Mail>>, Refusal> {
        let ids: BTreeSet<MailId> = roots.iter().map(|mail| mail.value.id).collect();
        let said: BTreeSet<String> = roots.iter().filter_map(|mail| mail.value.facts.message_id.clone()).collect();
        let follows = |mail: &Mail| match mail.direction {
            Direction::Inbound => mail.duplicate_of.is_some_and(|first| ids.contains(&first)),
            Direction::Outbound => mail.facts.in_reply_to.iter().any(|id| said.contains(id)),
        };
        let others = self.mails_that(|mail| !ids.contains(&mail.id) && follows(mail)).await?;
        Ok(roots.into_iter().chain(others).collect())
    }

    /// Every case that has an event about one of the messages.
    async fn cases_of(&self, mails: &[Kept<Mail>]) -> Result<BTreeSet<CaseNumber>, Refusal> {
        let ids: BTreeSet<MailId> = mails.iter().map(|mail| mail.value.id).collect();
        let named = mails.iter().flat_map(|mail| {
            mail.value.case.into_iter().chain(mail.value.deliveries.iter().filter_map(|delivery| delivery.case))
        });
        let mut open: Vec<CaseNumber> = named.collect();
        let mut cases = BTreeSet::new();
        while let Some(case) = open.pop() {
            if cases.insert(case) {
                for event in case_change::events_of(&*self.site.engine, case).await? {
                    match event.what {
                        Happening::Merged { from, into, .. } => open.extend([from, into]),
                        Happening::Split { mail, from, into, .. } if ids.contains(&mail) => open.extend([from, into]),
                        Happening::Linked { case, .. } => open.push(case),
                        _ => {}
                    }
                }
            }
        }
        Ok(cases)
    }

    async fn cases_that_name(&self, addresses: &[Mailbox]) -> Result<Vec<CaseNumber>, Refusal> {
        let (mut found, mut page) = (Vec::new(), Page::first(&[], PAGE));
        while let Some(cases) = tables::CASES.next(&*self.site.engine, &mut page).await? {
            let theirs = cases.iter().map(|kept| &kept.value).filter(|case| names(case, addresses));
            found.extend(theirs.map(|case| case.number));
        }
        Ok(found)
    }

    async fn items_that_name(&self, addresses: &[Mailbox]) -> Result<Vec<MailId>, Refusal> {
        let (mut found, mut page) = (Vec::new(), Page::first(&[], PAGE));
        loop {
            let rows = tables::ITEMS.scan(&*self.site.engine, page.clone()).await?;
            let Some((last, _)) = rows.last() else { break };
            page.beyond = Some(last.clone());
            let theirs = rows.iter().filter(|(_, item)| names(&item.value, addresses));
            found.extend(theirs.filter_map(|(key, _)| MailId::from_key(key)));
        }
        Ok(found)
    }

    /// All that one commit changes.
    async fn blanked(&self, doomed: &Doomed, erased: &Erased) -> Result<Batch, Refusal> {
        let (engine, mut batch) = (&*self.site.engine, Batch::default());
        let mails: Vec<&Mail> = doomed.mails.iter().map(|mail| &mail.value).collect();
        let ids: Vec<MailId> = mails.iter().map(|mail| mail.id).collect();
        for kept in &doomed.mails {
            tables::MAILS.replace(&mut batch, &kept.value.id, kept, &erased_mail(&kept.value, erased));
            tables::PLUGIN_INPUTS.delete(&mut batch, &kept.value.id);
        }
        let items: BTreeSet<MailId> = ids.iter().chain(&doomed.items).copied().collect();
        let items = items.into_iter().map(Work::from);
        for work in doomed.cases.iter().copied().map(Work::from).chain(items) {
            case_change::rewrite(engine, &mut batch, work, |events| doomed.blank(events, &mails)).await?;
        }
        self.forget_awaiting(&mut batch, &mails).await?;
        self.site.traces.forget(&mut batch, &ids);
        if let Some(contact) = &doomed.contact {
            tables::CONTACTS.expect_unchanged(&mut batch, &contact.value.address, contact);
            tables::CONTACTS.delete(&mut batch, &contact.value.address);
            contact.value.aliases.iter().for_each(|alias| tables::CONTACT_ALIASES.delete(&mut batch, alias));
        }
        let cases = doomed.cases.iter().copied().collect();
        let record = Erasure { erased: erased.clone(), what: doomed.kind, messages: ids.clone(), cases };
        tables::AUDIT.insert(&mut batch, &erased.audit, &record);
        erase::begin(&mut batch, erased.audit, &ids);
        Ok(batch)
    }

    /// A message that refers to one that hasn't come waits for it under its author's address.
    async fn forget_awaiting(&self, batch: &mut Batch, mails: &[&Mail]) -> Result<(), Refusal> {
        let mut seen = BTreeSet::new();
        for mail in mails {
            let names: Vec<[u8; 16]> =
                mail.facts.references.iter().chain(&mail.facts.in_reply_to).map(|id| tables::name_of(id)).collect();
            let (Some(author), rows) = (mail.author(), tables::NAMES.get_many(&*self.site.engine, &names).await?)
            else {
                continue;
            };
            for (name, kept) in names.iter().zip(rows) {
                let Some(kept) = kept.filter(|_| seen.insert(*name)) else { continue };
                let mut changed = kept.value.clone();
                if changed.forget(&author) {
                    tables::NAMES.replace(batch, name, &kept, &changed);
                }
            }
        }
        Ok(())
    }
}

impl Doomed {
    fn blank(&self, events: &mut [Event], mails: &[&Mail]) {
        blank_events(events, mails);
        if !self.addresses.is_empty() {
            events.iter_mut().for_each(|event| *event = blank_addresses(event, &self.addresses));
        }
    }

    fn shown(&self, mut shown: Value) -> Value {
        let ids = |direction| -> Vec<MailId> {
            let mails = self.mails.iter().map(|mail| &mail.value);
            mails.filter(|mail| mail.direction == direction).map(|mail| mail.id).collect()
        };
        shown["what"] = json!(self.kind);
        shown["messages"] = json!(ids(Direction::Inbound));
        shown["replies"] = json!(ids(Direction::Outbound));
        shown["cases"] = json!(self.cases);
        shown["remains"] = json!(REMAINS);
        shown
    }
}

/// True when one of these takes part.
fn names(case: &Case, addresses: &[Mailbox]) -> bool {
    case.participants.iter().chain(&case.contact).any(|person| addresses.contains(&person.address))
}

/// Why a message has no text any more.
pub(super) fn gone(id: MailId, erased: &Erased) -> Refusal {
    Refusal::refused(format!("message {id} was {}", words(erased)))
}

/// What stands where the text was.
pub(super) fn words(Erased { at, by, reason, .. }: &Erased) -> String {
    format!("erased at {at} by {by}: {reason}")
}
