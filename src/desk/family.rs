//! Commands about cases and messages that belong together: merging, splitting, accepting a hint.

use super::work::absent;
use super::{Answer, Desk, Outcome, Refusal, view};
use crate::address::random_label;
use crate::base::{CaseNumber, MailId, Mailbox};
use crate::case::{Direction, Happening, Mail, WORKSTREAM};
use crate::intake::merge::{self, Move};
use crate::intake::sender;
use crate::routing::MAIN_QUEUE;
use crate::store::{Batch, CaseChange, tables};

impl Desk {
    /// All messages of a case go to another one, and so do later answers; the first case is closed.
    pub(super) async fn case_merge(&self, number: CaseNumber, into: CaseNumber, by: Option<Mailbox>) -> Answer {
        let site = &*self.site;
        self.actor_on(into, by.as_ref()).await?;
        let by = self.actor_on(number, by.as_ref()).await?;
        let mut tries = site.tries();
        loop {
            let (from, mut target) = (self.own_case(number).await?, self.own_case(into).await?);
            if number == into {
                return Err(Refusal::refused("a case can't be merged into itself"));
            }
            let mut batch = Batch::default();
            let merge = Move { by: &by, why: "merged by hand", now: site.now() };
            merge.whole_case(site, &mut batch, from, &mut target).await?;
            let shown = view::case_row(target.case());
            target.write(&mut batch);
            if tries.commit(batch).await? {
                return Ok(Outcome::Json(self.with_contact(shown).await?));
            }
        }
    }

    /// A message gets a case of its own, and so do later answers to it.
    pub(super) async fn case_split(&self, number: CaseNumber, message: &str, by: Option<Mailbox>) -> Answer {
        let site = &*self.site;
        let by = self.actor_on(number, by.as_ref()).await?;
        let id = self.mail_id(message).await?;
        let (mut tries, mut new) = (site.tries(), None);
        loop {
            let mut from = self.own_case(number).await?;
            let mail = self.inbound(id, number).await?;
            if from.case().messages <= 1 {
                return Err(Refusal::refused(format!("it is the only message of case {number}")));
            }
            let now = site.now();
            let new = match new {
                Some(new) => new,
                None => *new.insert(site.engine.reserve(tables::CASE_NUMBERS, 1).await?.start),
            };
            let mut into = CaseChange::open(new, now);
            let sender = sender(site, &mail.facts, self.reply_to_policy(from.case()).await?).await?;
            let opened = Happening::CaseOpened {
                subject: mail.facts.subject.clone(),
                key: random_label(&site.chance),
                origin: from.case().origin.clone(),
                priority: from.case().priority,
                record_type: from.case().record_type.clone(),
                address: from.case().address.clone(),
                contact: sender.case_contact(),
            };
            into.add(now, &by, opened);
            if let Some(to) = from.case().workstream.clone() {
                into.add(
                    now,
                    &by,
                    Happening::FieldChanged { name: WORKSTREAM.into(), from: None, to: Some(to), why: None },
                );
            }
            let mut batch = Batch::default();
            let split = Move { by: &by, why: "split by hand", now };
            if !split.one_message(site, &mut batch, id, &mut from, &mut into).await? {
                return Err(not_on(message, number));
            }
            let queue = from.case().queue.clone().unwrap_or_else(|| MAIN_QUEUE.to_owned());
            into.add(now, &by, Happening::Queued { queue, why: format!("split from case {number}") });
            let shown = view::case_row(into.case());
            from.write(&mut batch);
            into.write(&mut batch);
            if tries.commit(batch).await? {
                return Ok(Outcome::Json(self.with_contact(shown).await?));
            }
        }
    }

    /// A message goes to a case that it was found to belong to; a case that it alone made is merged.
    pub(super) async fn case_link(&self, number: CaseNumber, message: &str, by: Option<Mailbox>) -> Answer {
        let site = &*self.site;
        let agent = by;
        let by = self.actor_on(number, agent.as_ref()).await?;
        let id = self.mail_id(message).await?;
        let mut tries = site.tries();
        loop {
            let mut into = self.own_case(number).await?;
            let kept = tables::MAILS.get(&*site.engine, &id).await?;
            let Some(present) = kept.and_then(|kept| kept.value.case) else {
                return Err(Refusal::refused(format!(
                    "{message} is on no case; see: postcase message explain {message}"
                )));
            };
            if present == number {
                return Err(Refusal::refused(format!("{message} is on case {number} already")));
            }
            self.actor_on(present, agent.as_ref()).await?;
            self.inbound(id, present).await?;
            let mut from = self.own_case(present).await?;
            let linking = Move { by: &by, why: "linked by hand", now: site.now() };
            let mut batch = Batch::default();
            if from.case().messages <= 1 {
                linking.whole_case(site, &mut batch, from, &mut into).await?;
            } else {
                if !linking.one_message(site, &mut batch, id, &mut from, &mut into).await? {
                    return Err(not_on(message, present));
                }
                from.write(&mut batch);
            }
            let shown = view::case_row(into.case());
            into.write(&mut batch);
            if tries.commit(batch).await? {
                return Ok(Outcome::Json(self.with_contact(shown).await?));
            }
        }
    }

    /// A case that has its messages itself.
    async fn own_case(&self, number: CaseNumber) -> Result<CaseChange, Refusal> {
        let change = CaseChange::of(&*self.site.engine, number).await?.ok_or_else(|| absent(number))?;
        match change.case().merged_into {
            None => Ok(change),
            Some(_) => {
                let living = merge::living(&self.site, number).await?.map_or(number, |kept| kept.value.number);
                Err(Refusal::refused(format!("case {number} was merged into case {living}: name that one")))
            }
        }
    }

    /// A received message of a case; replies of ours stay where they were written.
    async fn inbound(&self, id: MailId, number: CaseNumber) -> Result<Mail, Refusal> {
        let kept = tables::MAILS.get(&*self.site.engine, &id).await?;
        let mail = kept.map(|kept| kept.value).filter(|mail| mail.is_on(number));
        let mail = mail.ok_or_else(|| not_on(&id.to_string(), number))?;
        match mail.direction {
            Direction::Inbound => Ok(mail),
            Direction::Outbound => Err(Refusal::refused("a reply of ours stays on the case that it answers")),
        }
    }
}

fn not_on(message: &str, number: CaseNumber) -> Refusal {
    Refusal::not_found(format!("{message} is not on case {number}; see: postcase case show {number}"))
}
