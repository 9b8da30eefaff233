//! Answering a case: from the configured default From address, in the same thread, recorded before it leaves.
//!
//! Whoever answers can see before who gets what (`preview`), and can say what they have read (`seen`): then nothing is
//! sent when something newer is on the case, also when that comes while the answer is being recorded.

mod draft;
mod newer;
mod recipients;

use serde_json::json;

use super::command::ReplyRequest;
use super::work::absent;
use super::{Answer, Desk, Outcome, Refusal};
use crate::address::MessageToken;
use crate::base::{MailId, Mailbox, ReversePath};
use crate::case::{Addressee, Case, Happening, Mail, ReplyPlan, Status};
use crate::message::compose::{Draft, compose};
use crate::message::facts::Person;
use crate::outbound::{Outgoing, Purpose, Submitted};
use crate::store::{Batch, CaseChange, case_change, tables};

/// An answer before it is written.
struct Planned {
    case: Case,
    /// Who answers, as events name them.
    by: String,
    from: Person,
    /// The message that is answered.
    last: Option<Mail>,
    plan: ReplyPlan,
    /// The newest message that the agent has read.
    seen: Option<MailId>,
}

impl Desk {
    pub(super) async fn case_reply(&self, request: ReplyRequest) -> Answer {
        let planned = self.planned(&request).await?;
        let draft = self.draft(&planned, &request).await?;
        if request.preview {
            return self.preview(&planned, &draft).await;
        }
        if let Some(seen) = planned.seen {
            self.nothing_newer(&planned, seen).await?;
        }
        let message_id = draft.message_id.clone();
        let submitted = Submitted::store(&self.site, self.outgoing(&planned, draft)?).await?;
        let status = request.status.unwrap_or(Status::Pending);
        let happening = Happening::ReplySubmitted {
            mail: submitted.id,
            message_id: message_id.clone(),
            from: recipients::mailbox(&planned.from)?,
            to: recipients::mailboxes(&planned.plan.to)?,
            cc: recipients::mailboxes(&planned.plan.cc)?,
        };
        self.record(&planned, &submitted, &happening, status).await?;
        let Happening::ReplySubmitted { from, to, cc, .. } = happening else { unreachable!("made above") };
        Ok(Outcome::Json(json!({
            "spool_id": submitted.id, "message_id": message_id, "from": from, "to": to, "cc": cc,
        })))
    }

    async fn planned(&self, request: &ReplyRequest) -> Result<Planned, Refusal> {
        let engine = &*self.site.engine;
        let number = request.number;
        let by = self.actor(request.by.as_ref()).await?;
        let case = tables::CASES.get(engine, &number).await?.ok_or_else(|| absent(number))?.value;
        if let Some(into) = case.merged_into {
            return Err(Refusal::refused(format!("case {number} was merged into case {into}: answer that one")));
        }
        if let Some(agent) = &request.by {
            self.check_permission(number.into(), agent).await?;
        }
        let from = self.sender(&case, request.from.as_ref()).await?;
        let last = match case.last_proven {
            Some(mail) => tables::MAILS.get(engine, &mail).await?.map(|kept| kept.value),
            None => None,
        };
        let last = match last {
            Some(mail) => Some(self.as_answered(&case, mail).await?),
            None => None,
        };
        let seen = match &request.seen {
            Some(seen) => Some(self.mail_id(seen).await?),
            None => None,
        };
        let plan = self.plan(&case, last.as_ref(), request).await?;
        Ok(Planned { case, by, from, last, plan, seen })
    }

    /// What would leave, and what stands behind it.
    async fn preview(&self, planned: &Planned, draft: &Draft) -> Answer {
        let events = case_change::events_of(&*self.site.engine, planned.case.number).await?;
        let bare = |people: &[Addressee]| people.iter().map(|one| one.person.address.clone()).collect::<Vec<_>>();
        let ReplyPlan { to, cc } = &planned.plan;
        let why = |field: &'static str| move |one: &Addressee| json!({"address": one.person.address, "field": field, "why": one.why.to_string()});
        let recipients: Vec<_> = to.iter().map(why("to")).chain(cc.iter().map(why("cc"))).collect();
        Ok(Outcome::Json(json!({
            "case": planned.case.number, "from": planned.from.address, "to": bare(to), "cc": bare(cc),
            "subject": draft.subject, "recipients": recipients, "newest": newer::newest(&events),
            "text": draft.whole_text(),
        })))
    }

    /// The message with its envelope: the reverse-path is bound to message and recipients.
    fn outgoing(&self, planned: &Planned, draft: Draft) -> Result<Outgoing, Refusal> {
        let site = &*self.site;
        let (to, cc) = (recipients::mailboxes(&planned.plan.to)?, recipients::mailboxes(&planned.plan.cc)?);
        let to: Vec<Mailbox> = recipients::each_once(to.iter().chain(&cc))?;
        let bounce = MessageToken::of_message_id(&draft.message_id, &site.hostname)
            .and_then(|token| site.keys.bounce_address(&token, &planned.case.key, &to, &site.service_domain));
        let from = match bounce {
            Some(bounce) => bounce,
            None => recipients::mailbox(&planned.from)?,
        };
        let purpose = Purpose::Case(planned.case.number);
        Ok(Outgoing { from: ReversePath::Mailbox(from), to, message: compose(&draft), purpose })
    }

    async fn record(
        &self,
        planned: &Planned,
        submitted: &Submitted,
        happening: &Happening,
        status: Status,
    ) -> Result<(), Refusal> {
        let site = &*self.site;
        let number = planned.case.number;
        let mut tries = site.tries();
        loop {
            let mut change = CaseChange::of(&*site.engine, number).await?.ok_or_else(|| absent(number))?;
            if let Some(seen) = planned.seen {
                self.nothing_newer(planned, seen).await?;
            }
            let now = site.now();
            change.add(now, &planned.by, happening.clone());
            let former = change.case().status;
            if former != status && former != Status::Closed {
                let why = "answered".to_owned();
                change.add(now, &planned.by, Happening::StatusChanged { from: former, to: status, why });
            }
            change.take(site).await?;
            let mut batch = Batch::default();
            change.write(&mut batch);
            submitted.enter(&mut batch, now);
            if tries.commit(batch).await? {
                site.alarm.ring();
                return Ok(());
            }
        }
    }
}
