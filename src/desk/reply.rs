//! Answering a case: from the configured default From address, in the same thread, recorded before it leaves.

use serde_json::json;

use super::case::absent;
use super::command::{Attached, ReplyRequest};
use super::{Answer, Desk, Outcome, Refusal};
use crate::address::{AddressState, MessageToken, Redaction};
use crate::base::{Mailbox, ReversePath, limits};
use crate::case::{Case, Happening, Mail, ReplyPlan, Status, plan_reply};
use crate::message::compose::{AttachedFile, Draft, compose, quotation_of};
use crate::message::facts::Person;
use crate::message::{read, references, subject};
use crate::outbound::{Outgoing, Purpose, Submitted};
use crate::store::{Batch, CaseChange, Page, tables};

impl Desk {
    pub(super) async fn case_reply(&self, request: ReplyRequest) -> Answer {
        let site = &*self.site;
        let engine = &*site.engine;
        let number = request.number;
        let by = self.actor(request.by.as_ref()).await?;
        let attachments = attachments(&request)?;
        let case = tables::CASES.get(engine, &number).await?.ok_or_else(|| absent(number))?.value;
        if let Some(into) = case.merged_into {
            return Err(Refusal::refused(format!("case {number} was merged into case {into}: answer that one")));
        }
        let from = self.sender(&case, request.from.as_ref()).await?;
        let last = match case.last_proven {
            Some(mail) => tables::MAILS.get(engine, &mail).await?.map(|kept| kept.value),
            None => None,
        };
        let plan = self.plan(&case, last.as_ref(), &request).await?;
        let quotation = last.as_ref().filter(|_| !request.no_quote).and_then(|last| self.quotation(last));
        let message_id = site.keys.message_id(number, &case.key, &site.hostname, &site.chance);
        let (to, cc) = (mailboxes(&plan.to)?, mailboxes(&plan.cc)?);
        let recipients = recipients(to.iter().chain(&cc))?;
        let draft = Draft {
            from: from.clone(),
            to: plan.to,
            cc: plan.cc,
            subject: subject::of_reply(&case.subject, number),
            date: site.now(),
            message_id: message_id.clone(),
            in_reply_to: last.as_ref().and_then(|mail| mail.facts.message_id.clone()),
            references: last.as_ref().map(|mail| references::of_reply(&mail.facts)).unwrap_or_default(),
            text: request.body.clone(),
            quotation,
            with_page: true,
            attachments,
            extra_fields: Vec::new(),
        };
        let message = compose(&self.without_secrets(draft).await?);
        let bounce = MessageToken::of_message_id(&message_id, &site.hostname)
            .and_then(|token| site.keys.bounce_address(&token, &case.key, &recipients, &site.service_domain));
        let from: Mailbox = mailbox(&from)?;
        let outgoing = Outgoing {
            from: ReversePath::Mailbox(bounce.unwrap_or_else(|| from.clone())),
            to: recipients,
            message,
            purpose: Purpose::Case(number),
        };
        let submitted = Submitted::store(site, outgoing).await?;
        let status = request.status.unwrap_or(Status::Pending);
        let mut tries = site.tries();
        loop {
            let mut change = CaseChange::of(engine, number).await?.ok_or_else(|| absent(number))?;
            let (now, message_id) = (site.now(), message_id.clone());
            let (from, to, cc) = (from.clone(), to.clone(), cc.clone());
            change.add(now, &by, Happening::ReplySubmitted { mail: submitted.id, message_id, from, to, cc });
            let former = change.case().status;
            if former != status && former != Status::Closed {
                let why = "answered".to_owned();
                change.add(now, &by, Happening::StatusChanged { from: former, to: status, why });
            }
            let mut batch = Batch::default();
            change.write(&mut batch);
            submitted.enter(&mut batch, now);
            if tries.commit(batch).await? {
                break;
            }
        }
        site.alarm.ring();
        Ok(Outcome::Json(json!({
            "spool_id": submitted.id, "message_id": message_id, "from": from, "to": to, "cc": cc,
        })))
    }

    /// The message that is answered, for quoting. An answer goes without it when it can't be read.
    fn quotation(&self, answered: &Mail) -> Option<String> {
        match self.site.journal.read(answered.id) {
            Ok(entry) => quotation_of(&read(&entry.message), entry.envelope.received_at),
            Err(error) => {
                tracing::error!(id = %answered.id, %error, "the answered message can't be read, and so can't be quoted");
                None
            }
        }
    }

    /// The draft with no secret address of ours in it.
    async fn without_secrets(&self, draft: Draft) -> Result<Draft, Refusal> {
        let site = &*self.site;
        let rows = tables::ADDRESSES.scan(&*site.engine, Page::first(&[], usize::MAX)).await?;
        let own = mailbox(&draft.from)?;
        let redaction = Redaction::new(rows.iter().map(|(_, kept)| &kept.value), &site.service_domain, &own);
        let clean = |text: &String| redaction.clean(text).into_owned();
        let people = |people: &[Person]| -> Vec<Person> {
            people.iter().map(|one| Person { name: one.name.as_ref().map(clean), ..one.clone() }).collect()
        };
        let is_clean = |id: &String| *id == redaction.clean(id);
        Ok(Draft {
            to: people(&draft.to),
            cc: people(&draft.cc),
            subject: clean(&draft.subject),
            in_reply_to: draft.in_reply_to.filter(is_clean),
            references: draft.references.into_iter().filter(is_clean).collect(),
            text: clean(&draft.text),
            quotation: draft.quotation.as_ref().map(clean),
            ..draft
        })
    }

    /// The address to send from: the one named, else what the case's address says, and only when it is verified.
    async fn sender(&self, case: &Case, named: Option<&Mailbox>) -> Result<Person, Refusal> {
        let routing = match (named, &case.address) {
            (Some(named), _) => self.address(named).await?.value,
            (None, Some(address)) => {
                let own = self.address(address).await?.value;
                match own.settings.reply_from.clone() {
                    Some(other) => self.address(&other).await?.value,
                    None => own,
                }
            }
            (None, None) => {
                let why =
                    format!("case {} came to no routing address: name the one to send from with --from", case.number);
                return Err(Refusal::refused(why));
            }
        };
        let address = &routing.address;
        match routing.state() {
            AddressState::Verified => {
                Ok(Person { name: routing.settings.name.clone(), address: routing.address.to_string() })
            }
            AddressState::Unverified => Err(Refusal::refused(format!(
                "{address} is not verified, so nothing is sent from it; see: postcase address show {address}"
            ))),
            AddressState::Disabled => Err(Refusal::refused(format!(
                "{address} is disabled, so nothing is sent from it; first: postcase address enable {address}"
            ))),
        }
    }

    async fn plan(&self, case: &Case, last: Option<&Mail>, request: &ReplyRequest) -> Result<ReplyPlan, Refusal> {
        let mut ours = Vec::new();
        if let Some(mail) = last {
            let facts = &mail.facts;
            let people = facts.from.iter().chain(&facts.reply_to).chain(&facts.to).chain(&facts.cc);
            for mailbox in people.filter_map(|person| person.address.parse::<Mailbox>().ok()) {
                if self.site.is_ours(&mailbox).await? {
                    ours.push(mailbox);
                }
            }
        }
        let person = |mailbox: &Mailbox| Person { name: None, address: mailbox.to_string() };
        for named in request.to.iter().chain(&request.cc) {
            if self.site.is_ours(named).await? {
                return Err(Refusal::refused(format!("{named} is our own address: a reply would come back as a case")));
            }
        }
        let planned = plan_reply(case, last, request.all, &|mailbox| ours.contains(mailbox));
        let mut plan = match planned {
            Ok(plan) => plan,
            Err(_) if !request.to.is_empty() => ReplyPlan { to: Vec::new(), cc: Vec::new() },
            Err(nobody) => return Err(Refusal::refused(nobody.to_string())),
        };
        if !request.to.is_empty() {
            plan.to = request.to.iter().map(person).collect();
        }
        plan.cc.extend(request.cc.iter().map(person));
        let to = plan.to.clone();
        plan.cc.retain(|other| !to.iter().any(|known| known.address.eq_ignore_ascii_case(&other.address)));
        Ok(plan)
    }
}

/// Each mailbox once: two spellings (another case, quotes) are one recipient.
fn recipients<'a>(addressed: impl Iterator<Item = &'a Mailbox>) -> Result<Vec<Mailbox>, Refusal> {
    let mut recipients: Vec<Mailbox> = Vec::new();
    for recipient in addressed {
        if !recipients.contains(recipient) {
            recipients.push(recipient.clone());
        }
    }
    if recipients.len() > limits::RECIPIENTS_MAX {
        let why = format!("a reply goes to at most {} recipients", limits::RECIPIENTS_MAX);
        return Err(Refusal::refused(why));
    }
    Ok(recipients)
}

fn attachments(request: &ReplyRequest) -> Result<Vec<AttachedFile>, Refusal> {
    if request.body.trim().is_empty() && request.attachments.is_empty() {
        return Err(Refusal::refused("the reply is empty; write it with --body or --body-file"));
    }
    let decoded: Vec<AttachedFile> = request.attachments.iter().map(attachment).collect::<Result<_, _>>()?;
    let bytes: usize = decoded.iter().map(|attached| attached.bytes.len()).sum();
    if bytes + request.body.len() > limits::REPLY_BYTES_MAX {
        let mib = limits::REPLY_BYTES_MAX / (1024 * 1024);
        return Err(Refusal::refused(format!("text and attachments of a reply may be {mib} MiB together")));
    }
    Ok(decoded)
}

fn attachment(attached: &Attached) -> Result<AttachedFile, Refusal> {
    let bytes = data_encoding::BASE64.decode(attached.content.as_bytes());
    let bytes = bytes.map_err(|_| Refusal::refused(format!("the content of {} is not base64", attached.name)))?;
    Ok(AttachedFile { name: attached.name.clone(), content_type: attached.content_type.clone(), bytes })
}

fn mailboxes(people: &[Person]) -> Result<Vec<Mailbox>, Refusal> {
    people.iter().map(mailbox).collect()
}

fn mailbox(person: &Person) -> Result<Mailbox, Refusal> {
    person.address.parse().map_err(|error| Refusal::refused(format!("{}: {error}", person.address)))
}
