//! Messages that move from one case to another: whole cases that are one, and single messages.
//!
//! What moves is told on both cases, in the record of each message and under its name. Tokens keep the number of the case
//! that they were made for: whoever follows one to a merged case goes on from there ([`living`]).

use crate::base::{CaseNumber, MailId, Time};
use crate::case::{Case, Event, Happening, Mail, Task};
use crate::store::{Batch, CaseChange, Kept, ReadError, Site, case_change, tables};

/// Merged cases on the way to the one that has the messages now: each merge of a person can add one.
const MERGES_FOLLOWED_MAX: usize = 32;

/// The case that has the messages of this number now; none where there is no such case.
pub async fn living(site: &Site, number: CaseNumber) -> Result<Option<Kept<Case>>, ReadError> {
    let mut found = tables::CASES.get(&*site.engine, &number).await?;
    for _ in 0..MERGES_FOLLOWED_MAX {
        let Some(into) = found.as_ref().and_then(|case| case.value.merged_into) else { break };
        found = tables::CASES.get(&*site.engine, &into).await?;
    }
    Ok(found)
}

/// Who moves messages, when and why.
#[derive(Clone, Copy, Debug)]
pub struct Move<'a> {
    pub by: &'a str,
    pub why: &'a str,
    pub now: Time,
}

impl Move<'_> {
    /// All messages of a case to another one, which is left to be written by the caller; the former is closed.
    pub async fn whole_case(
        self,
        site: &Site,
        batch: &mut Batch,
        mut from: CaseChange,
        into: &mut CaseChange,
    ) -> Result<(), ReadError> {
        let (old, new) = (from.case().number, into.case().number);
        let tasks = from.case().tasks.clone();
        for event in case_change::events_of(&*site.engine, old).await? {
            let Some(mail) = mail_of(&event) else { continue };
            // A message of two siblings is there already.
            let moved = self.record(site, batch, mail, old, new).await?;
            if moved.is_some_and(|before| !before.is_on(new)) {
                into.add(self.now, &event.by, event.what);
            }
        }
        self.tasks(&tasks, into);
        let merged = Happening::Merged { from: old, into: new, why: self.why.to_owned() };
        from.add(self.now, self.by, merged.clone());
        into.add(self.now, self.by, merged);
        from.write(batch);
        Ok(())
    }

    /// One message to another case; both cases are left to be written by the caller. False when it isn't on the first.
    pub async fn one_message(
        self,
        site: &Site,
        batch: &mut Batch,
        mail: MailId,
        from: &mut CaseChange,
        into: &mut CaseChange,
    ) -> Result<bool, ReadError> {
        let (old, new) = (from.case().number, into.case().number);
        let events = case_change::events_of(&*site.engine, old).await?;
        let Some(event) = events.into_iter().rfind(|event| mail_of(event) == Some(mail)) else { return Ok(false) };
        let Some(before) = self.record(site, batch, mail, old, new).await? else { return Ok(false) };
        let tasks: Vec<Task> = from.case().tasks.iter().filter(|task| task.mail == mail).cloned().collect();
        let split = Happening::Split { mail, from: old, into: new, why: self.why.to_owned() };
        from.add(self.now, self.by, split.clone());
        // A person has said that it belongs there, whoever its author is.
        let added = match event.what {
            Happening::MessageAdded { mail, message_id, author, participants, .. } => Happening::MessageAdded {
                mail,
                message_id,
                why: self.why.to_owned(),
                proven: true,
                author,
                participants,
            },
            other => other,
        };
        if !before.is_on(new) {
            into.add(self.now, &event.by, added);
        }
        self.tasks(&tasks, into);
        into.add(self.now, self.by, split);
        Ok(true)
    }

    /// What is to be done about a message goes with it.
    fn tasks(self, tasks: &[Task], into: &mut CaseChange) {
        for task in tasks {
            if let Some(what) = into.case().new_task(task.mail, &task.status) {
                into.add(self.now, self.by, what);
            }
        }
    }

    /// Writes down where a message is now, and gives the former record; none when it isn't on the former case any more.
    async fn record(
        self,
        site: &Site,
        batch: &mut Batch,
        mail: MailId,
        old: CaseNumber,
        new: CaseNumber,
    ) -> Result<Option<Mail>, ReadError> {
        let Some(kept) = tables::MAILS.get(&*site.engine, &mail).await? else { return Ok(None) };
        if !kept.value.is_on(old) {
            return Ok(None);
        }
        let mut record = kept.value.clone();
        let is_known_by = record.case == Some(old);
        if is_known_by {
            record.case = Some(new);
        }
        let deliveries = record.deliveries.iter_mut().filter(|delivery| delivery.case == Some(old));
        deliveries.for_each(|delivery| delivery.case = Some(new));
        tables::MAILS.replace(batch, &mail, &kept, &record);
        if is_known_by {
            self.rename(site, batch, &record, new).await?;
        }
        Ok(Some(kept.value))
    }

    /// Later answers to the message find the case that it is on.
    async fn rename(self, site: &Site, batch: &mut Batch, record: &Mail, new: CaseNumber) -> Result<(), ReadError> {
        let Some(message_id) = &record.facts.message_id else { return Ok(()) };
        let name = tables::name_of(message_id);
        if let Some(kept) = tables::NAMES.get(&*site.engine, &name).await? {
            let mut names = kept.value.clone();
            if names.moved(record.id, new) {
                tables::NAMES.replace(batch, &name, &kept, &names);
            }
        }
        Ok(())
    }
}

/// The message that an event brings to its case.
fn mail_of(event: &Event) -> Option<MailId> {
    match &event.what {
        Happening::MessageAdded { mail, .. }
        | Happening::ReplySubmitted { mail, .. }
        | Happening::Acknowledged { mail, .. } => Some(*mail),
        _ => None,
    }
}
