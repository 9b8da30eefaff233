//! Notices: what tells an agent by mail that a case, or an item without one, is offered to them or theirs, or that the customer
//! of a case has answered.
//!
//! One way: they come from an address of this host that takes no mail, so that whoever answers is told by their own mail
//! system, with a null reverse-path and all marks of automatic mail (RFC 3834 §3), so that no machine answers. They say nothing
//! in a stranger's words. No notice tells of what a machine wrote, so that one that comes back ends there; none goes to an address
//! of ours; and an agent gets so many an hour ([`budget`](super::budget)). Whatever doesn't hold any more when it is due isn't told.

use super::acknowledge::AcknowledgeError;
use super::budget::{Admission, TOLD, Told};
use super::{Outgoing, Purpose, Submitted, Worker};
use crate::address::random_label;
use crate::base::{Mailbox, ReversePath, Time, limits};
use crate::case::{Case, Event, Happening};
use crate::message::automatic;
use crate::message::compose::{Draft, compose};
use crate::message::facts::Person;
use crate::routing::Work;
use crate::store::due::{self, Due};
use crate::store::{Batch, Kept, ReadError, Site, StoreError, case_change, people, tables};

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
    pub async fn notify(&self, work: Work, event: u32, at: Time) -> Result<(), AcknowledgeError> {
        let site = self.site();
        let (mut tries, mut submitted) = (site.tries(), None);
        loop {
            let mut batch = Batch::default();
            if !due::take(&*site.engine, &mut batch, at, Due::Notice(work, event)).await? {
                return Ok(());
            }
            if let Some(occasion) = admitted(site, &mut batch, (work, event), at).await? {
                if submitted.is_none() {
                    submitted = Some(Submitted::store(site, written(site, work, &occasion)).await?);
                }
                submitted.as_ref().expect("it was written above").enter(&mut batch, site.now());
            }
            if tries.commit(batch).await.map_err(StoreError::from)? {
                site.alarm.ring();
                return Ok(());
            }
        }
    }
}

/// What is sent, with the agent's row as it is then; none when there is nothing to tell, or they are sent enough.
async fn admitted(
    site: &Site,
    batch: &mut Batch,
    (work, index): (Work, u32),
    at: Time,
) -> Result<Option<Occasion>, ReadError> {
    let Some(event) = tables::events(work).get(&*site.engine, &(work, index)).await? else { return Ok(None) };
    // It was put off to say how many weren't sent.
    if event.value.at != at {
        return summary(site, batch, work, index).await;
    }
    let Some(occasion) = occasion(site, work, &event.value).await? else { return Ok(None) };
    let (kept, mut told) = told_lately(site, &occasion.agent).await?;
    let admission = told.admit(at);
    write_told(batch, &occasion.agent, kept.as_ref(), &told);
    match admission {
        Admission::Sent => return Ok(Some(occasion)),
        Admission::WithheldUntil(then) => due::schedule(batch, then, Due::Notice(work, index)),
        Admission::Withheld => {}
    }
    tracing::warn!(agent = %occasion.agent, %work, "no notice: they had as many as may be in an hour");
    Ok(None)
}

/// How many notices an agent wasn't sent, this one among them.
async fn summary(site: &Site, batch: &mut Batch, work: Work, index: u32) -> Result<Option<Occasion>, ReadError> {
    let events = case_change::events_of(&*site.engine, work).await?;
    let until_then = events.iter().take(index as usize + 1).rev();
    let agent = until_then.filter_map(|event| match &event.what {
        Happening::Offered { agent, .. } | Happening::Assigned { agent, .. } => Some(agent.clone()),
        _ => None,
    });
    let Some(agent) = agent.into_iter().next() else { return Ok(None) };
    let (kept, mut told) = told_lately(site, &agent).await?;
    let count = told.withheld();
    write_told(batch, &agent, kept.as_ref(), &told);
    if count == 0 || !is_told(site, &agent).await? {
        return Ok(None);
    }
    let most = limits::NOTICES_HOUR_MAX;
    let text = format!(
        "More than {most} notices came within an hour: {count} were not sent to you.\n\nTo see what you have, and what is \
         offered to you:\npostcase case list --owner {agent}\npostcase case list --offered-to {agent}\n\nNobody reads answers \
         to this message.\n"
    );
    Ok(Some(Occasion { agent, subject: format!("{count} more notices were not sent"), text }))
}

async fn told_lately(site: &Site, agent: &Mailbox) -> Result<(Option<Kept<Told>>, Told), ReadError> {
    let kept = TOLD.get(&*site.engine, agent).await?;
    let told = kept.as_ref().map(|kept| kept.value.clone()).unwrap_or_default();
    Ok((kept, told))
}

fn write_told(batch: &mut Batch, agent: &Mailbox, kept: Option<&Kept<Told>>, told: &Told) {
    match kept {
        Some(kept) => TOLD.replace(batch, agent, kept, told),
        None => TOLD.insert(batch, agent, told),
    }
}

/// True for an agent who wants notices and whose address isn't one of ours.
async fn is_told(site: &Site, agent: &Mailbox) -> Result<bool, ReadError> {
    Ok(people::wants_notices(&*site.engine, agent).await? && !site.is_ours(agent).await?)
}

/// None when there is nothing to tell any more, or nobody who wants to know.
async fn occasion(site: &Site, work: Work, event: &Event) -> Result<Option<Occasion>, ReadError> {
    let kept = tables::heads(work).get(&*site.engine, &work).await?;
    let Some(case) = kept.map(|kept| kept.value) else { return Ok(None) };
    let Some((agent, what)) = told(work, &case, event) else { return Ok(None) };
    if !is_told(site, &agent).await? || is_by_machine(site, &case).await? {
        return Ok(None);
    }
    let place = case.queue.as_ref().map(|queue| format!(", its queue {queue}")).unwrap_or_default();
    let text = format!(
        "{what}\n\nIts priority is {}{place}.\n\nTo read it:\npostcase {}\n\nNobody reads answers to this message.\n",
        format!("{:?}", case.priority).to_lowercase(),
        work.command("show"),
    );
    let subject = match work {
        Work::Case(number) => format!("[#{number}] {what}"),
        Work::Mail(_) => what,
    };
    Ok(Some(Occasion { agent, subject, text }))
}

/// Whom the event is for and what it says to them, if that is still so.
fn told(work: Work, case: &Case, event: &Event) -> Option<(Mailbox, String)> {
    let name = match work {
        Work::Case(number) => format!("Case {number}"),
        Work::Mail(mail) => format!("Item {mail}"),
    };
    let owner = case.owner.as_ref();
    match &event.what {
        Happening::Offered { agent, until, .. } => {
            let still = case.offer.as_ref().is_some_and(|offer| offer.agent == *agent);
            let what = format!("{name} is offered to you until {until:.0}");
            still.then(|| (agent.clone(), what))
        }
        Happening::Assigned { agent, .. } => {
            let theirs = owner == Some(agent) && event.by != agent.to_string();
            theirs.then(|| (agent.clone(), format!("{name} is yours")))
        }
        Happening::MessageAdded { .. } => {
            owner.map(|owner| (owner.clone(), format!("The customer has answered in {work}")))
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

fn written(site: &Site, work: Work, occasion: &Occasion) -> Outgoing {
    let agent = &occasion.agent;
    let message = compose(&Draft {
        from: Person { name: Some("postcase".into()), address: format!("{SENDER}@{}", site.hostname) },
        to: vec![Person { name: None, address: agent.to_string() }],
        subject: occasion.subject.clone(),
        date: site.now(),
        message_id: format!("<notice.{}@{}>", random_label(&site.chance), site.hostname),
        text: occasion.text.clone(),
        extra_fields: automatic::marks("notice", "auto-generated", &site.keys.installation()),
        ..Draft::default()
    });
    Outgoing { from: ReversePath::Null, to: vec![agent.clone()], message, purpose: Purpose::Notice(work) }
}
