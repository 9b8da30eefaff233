//! Notices: what tells an agent by mail that a case is offered to them or theirs, or that its customer has answered.
//!
//! One way: they come from an address of this host that takes no mail, so that whoever answers is told by their own mail
//! system, with a null reverse-path and all marks of automatic mail (RFC 3834 §3), so that no machine answers. They say nothing
//! in a stranger's words. No notice tells of what a machine wrote, so that one that comes back ends there; none goes to an address
//! of ours; and an agent gets so many an hour. Whatever doesn't hold any more when it is due isn't told.

use super::acknowledge::AcknowledgeError;
use super::{Outgoing, Purpose, Submitted, Worker};
use crate::address::random_label;
use crate::base::{CaseNumber, Mailbox, ReversePath, Time, limits};
use crate::case::{Case, Event, Happening};
use crate::message::automatic;
use crate::message::compose::{Draft, compose};
use crate::message::facts::Person;
use crate::store::due::{self, Due};
use crate::store::{Batch, CommitError, ReadError, Site, StoreError, tables};

/// The local part that notices come from.
const SENDER: &str = "notices";

/// Whom to tell what.
struct Occasion {
    agent: Mailbox,
    subject: String,
    text: String,
}

impl Worker {
    /// Writes the notice of this event, which was due at `at`, and puts it into the spool; once, however often it is asked for.
    pub async fn notify(&self, case: CaseNumber, event: u32, at: Time) -> Result<(), AcknowledgeError> {
        let site = self.site();
        let mut batch = Batch::default();
        if !due::take(&*site.engine, &mut batch, at, Due::Notice(case, event)).await? {
            return Ok(());
        }
        if let Some(occasion) = occasion(site, case, event).await? {
            let counter = counter(&occasion.agent, at);
            if site.engine.counter(counter.clone()).await? < limits::NOTICES_HOUR_MAX {
                batch.add(counter, 1);
                Submitted::store(site, written(site, case, &occasion)).await?.enter(&mut batch, site.now());
            } else {
                tracing::warn!(agent = %occasion.agent, %case, "no notice: they had as many as may be in an hour");
            }
        }
        match site.engine.commit(batch).await {
            // Somebody else has written it.
            Ok(()) | Err(CommitError::Conflict) => site.alarm.ring(),
            Err(error) => return Err(StoreError::from(error).into()),
        }
        Ok(())
    }
}

/// None when there is nothing to tell any more, or nobody who wants to know.
async fn occasion(site: &Site, number: CaseNumber, index: u32) -> Result<Option<Occasion>, ReadError> {
    let engine = &*site.engine;
    let Some(case) = tables::CASES.get(engine, &number).await?.map(|kept| kept.value) else { return Ok(None) };
    let Some(event) = tables::CASE_EVENTS.get(engine, &(number, index)).await? else { return Ok(None) };
    let Some((agent, what)) = told(&case, &event.value) else { return Ok(None) };
    let wanted = tables::AGENTS.get(engine, &agent).await?.is_some_and(|kept| kept.value.notices);
    if !wanted || site.is_ours(&agent).await? || is_by_machine(site, &case).await? {
        return Ok(None);
    }
    let place = case.queue.as_ref().map(|queue| format!(", its queue {queue}")).unwrap_or_default();
    let text = format!(
        "{what}\n\nIts priority is {}{place}.\n\nTo read it:\npostcase case show {number}\n\nNobody reads answers to this message.\n",
        format!("{:?}", case.priority).to_lowercase(),
    );
    Ok(Some(Occasion { agent, subject: format!("[#{number}] {what}"), text }))
}

/// Whom the event is for and what it says to them, if that is still so.
fn told(case: &Case, event: &Event) -> Option<(Mailbox, String)> {
    let number = case.number;
    let owner = case.owner.as_ref();
    match &event.what {
        Happening::Offered { agent, until, .. } => {
            let still = case.offer.as_ref().is_some_and(|offer| offer.agent == *agent);
            let what = format!("Case {number} is offered to you until {until:.0}");
            still.then(|| (agent.clone(), what))
        }
        Happening::Assigned { agent, .. } => {
            let theirs = owner == Some(agent) && event.by != agent.to_string();
            theirs.then(|| (agent.clone(), format!("Case {number} is yours")))
        }
        Happening::MessageAdded { .. } => {
            owner.map(|owner| (owner.clone(), format!("The customer has answered in case {number}")))
        }
        _ => None,
    }
}

/// True for a case whose last message a machine wrote, which may be one of our own.
async fn is_by_machine(site: &Site, case: &Case) -> Result<bool, ReadError> {
    let Some(last) = &case.last_proven else { return Ok(false) };
    let mail = tables::MAILS.get(&*site.engine, last).await?;
    Ok(mail.is_some_and(|kept| kept.value.facts.automatic.is_some()))
}

/// Notices of an agent in an hour.
fn counter(agent: &Mailbox, at: Time) -> Vec<u8> {
    format!("notice/{}/{}", agent.key(), at.as_second().div_euclid(3600)).into_bytes()
}

fn written(site: &Site, case: CaseNumber, occasion: &Occasion) -> Outgoing {
    let agent = &occasion.agent;
    let message = compose(&Draft {
        from: Person { name: Some("postcase".into()), address: format!("{SENDER}@{}", site.hostname) },
        to: vec![Person { name: None, address: agent.to_string() }],
        cc: Vec::new(),
        subject: occasion.subject.clone(),
        date: site.now(),
        message_id: format!("<notice.{}@{}>", random_label(&site.chance), site.hostname),
        in_reply_to: None,
        references: Vec::new(),
        text: occasion.text.clone(),
        quotation: None,
        with_page: false,
        attachments: Vec::new(),
        extra_fields: automatic::marks("notice", "auto-generated", &site.keys.installation()),
    });
    Outgoing { from: ReversePath::Null, to: vec![agent.clone()], message, purpose: Purpose::Notice(case) }
}
