//! What an answer says: the agent's text, the answered message quoted below it, the files; without secret addresses.

use super::{Planned, recipients};
use crate::address::Redaction;
use crate::base::limits;
use crate::case::{Addressee, Mail};
use crate::desk::command::{Attached, ReplyRequest};
use crate::desk::{Desk, Refusal};
use crate::message::compose::{AttachedFile, Draft, quotation_of};
use crate::message::facts::Person;
use crate::message::{read, references, subject};
use crate::store::{Page, tables};

impl Desk {
    pub(super) async fn draft(&self, planned: &Planned, request: &ReplyRequest) -> Result<Draft, Refusal> {
        let site = &*self.site;
        let Planned { case, last, plan, .. } = planned;
        let last = last.as_ref();
        let people = |all: &[Addressee]| all.iter().map(|one| one.person.clone()).collect();
        let draft = Draft {
            from: planned.from.clone(),
            to: people(&plan.to),
            cc: people(&plan.cc),
            subject: subject::of_reply(&case.subject, case.number),
            date: site.now(),
            message_id: site.keys.message_id(case.number, &case.key, &site.hostname, &site.chance),
            in_reply_to: last.and_then(|mail| mail.facts.message_id.clone()),
            references: last.map(|mail| references::of_reply(&mail.facts)).unwrap_or_default(),
            text: request.body.clone(),
            quotation: last
                .filter(|last| !request.no_quote && last.erased.is_none())
                .and_then(|last| self.quotation(last)),
            with_page: true,
            attachments: attachments(request)?,
            extra_fields: Vec::new(),
        };
        self.without_secrets(draft).await
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
        let all = tables::ADDRESSES.values(&*site.engine, Page::all()).await?;
        let own = recipients::mailbox(&draft.from)?;
        let redaction = Redaction::new(&all, &site.service_domain, &own);
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
