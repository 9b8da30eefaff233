//! What is left of a message, and of the events that speak of it, when it is erased: ids, times and what was decided. Pure.
//!
//! It doesn't touch what others wrote about it: notes, a subject that an agent chose, other messages that quote it. When a
//! contact is erased their addresses are blanked there, too ([`blank_addresses`]).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Delivery, Event, Happening, Hint, Mail, PLUGIN, RULE, Step};
use crate::base::{CaseNumber, Envelope, MailId, Mailbox, ReversePath, Time};
use crate::message::Facts;

/// Stands where an erased person's address stood.
pub const ERASED: &str = "erased@erased.invalid";
/// Stands where an erased subject stood.
const SUBJECT: &str = "(erased)";

/// Who erased, when and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// Of the audit record.
    pub audit: u64,
    pub at: Time,
    pub by: String,
    pub reason: String,
}

/// What was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErasedKind {
    Message,
    Contact,
}

/// The audit record of an erasure. It names nobody who was erased, unless the reason does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    #[serde(flatten)]
    pub erased: Erased,
    pub what: ErasedKind,
    pub messages: Vec<MailId>,
    pub cases: Vec<CaseNumber>,
}

/// The record of a message without anything that it said.
pub fn erased_mail(mail: &Mail, erased: &Erased) -> Mail {
    let step = Step {
        stage: "erase".into(),
        by: erased.by.clone(),
        version: env!("CARGO_PKG_VERSION").into(),
        outcome: "erased".into(),
        why: erased.reason.clone(),
        took_us: 0,
    };
    Mail {
        envelope: Envelope {
            from: ReversePath::Null,
            // Ours.
            to: mail.deliveries.iter().map(|delivery: &Delivery| delivery.address.clone()).collect(),
            peer: None,
            helo: None,
            tls: None,
            ..mail.envelope.clone()
        },
        facts: Facts { kind: mail.facts.kind, ..Facts::default() },
        auth: None,
        inactive_contact: false,
        steps: vec![step],
        queues_seen: Default::default(),
        saved_fields: None,
        erased: Some(erased.clone()),
        ..mail.clone()
    }
}

/// Takes what erased messages said out of the events of a case.
pub fn blank_events(events: &mut [Event], mails: &[&Mail]) {
    let ids: BTreeSet<MailId> = mails.iter().map(|mail| mail.id).collect();
    let subjects: BTreeSet<&str> = mails.iter().map(|mail| mail.facts.subject.trim()).collect();
    let said: BTreeSet<&str> = mails.iter().filter_map(|mail| mail.facts.message_id.as_deref()).collect();
    let first = events.iter().find_map(|event| match &event.what {
        Happening::MessageAdded { mail, .. } => Some(*mail),
        _ => None,
    });
    let is_opened_by = first.is_some_and(|first| ids.contains(&first));
    for event in events {
        if !ids.is_empty() && [RULE, PLUGIN].iter().any(|kind| event.by.starts_with(kind)) {
            forget_why(&mut event.what);
        }
        match &mut event.what {
            Happening::CaseOpened { subject, contact, .. } | Happening::ItemOpened { subject, contact, .. }
                if is_opened_by || subjects.contains(subject.trim()) =>
            {
                SUBJECT.clone_into(subject);
                *contact = None;
            }
            Happening::FieldChanged { name, from: Some(from), .. }
                if name == "subject" && subjects.contains(from.as_str()) =>
            {
                SUBJECT.clone_into(from);
            }
            Happening::HintAdded(hint) if hint.message_id.as_deref().is_some_and(|id| said.contains(id)) => {
                hint.message_id = None;
            }
            what => blank(what, &ids),
        }
    }
}

/// Takes out of an event of an adviser what it said why, which may be what a message said.
fn forget_why(what: &mut Happening) {
    let (Happening::FieldChanged { why: Some(why), .. }
    | Happening::NoteAdded { why: Some(why), .. }
    | Happening::Assigned { why: Some(why), .. }
    | Happening::Queued { why, .. }
    | Happening::HintAdded(Hint { why, .. })) = what
    else {
        return;
    };
    "erased".clone_into(why);
}

/// Takes the words out of an event about one of these messages.
fn blank(what: &mut Happening, ids: &BTreeSet<MailId>) {
    let nobody = || ERASED.parse::<Mailbox>().expect("it is an address");
    match what {
        Happening::MessageAdded { mail, message_id, why, author, participants, .. } if ids.contains(mail) => {
            (*message_id, *author) = (None, None);
            "erased".clone_into(why);
            participants.clear();
        }
        Happening::ReplySubmitted { mail, to, cc, .. } if ids.contains(mail) => {
            to.clear();
            cc.clear();
        }
        Happening::Acknowledged { mail, to, .. } if ids.contains(mail) => *to = nobody(),
        Happening::ReplyDelivered { mail, recipient, words, .. }
        | Happening::ReplyDelayed { mail, recipient, words, .. }
        | Happening::ReplyFailed { mail, recipient, words, .. }
            if ids.contains(mail) =>
        {
            *recipient = nobody();
            words.clear();
        }
        Happening::DeliveryReported { mail, why } if ids.contains(mail) => "erased".clone_into(why),
        _ => {}
    }
}

/// Takes addresses out of an event, wherever they stand in it, with the names beside them.
pub fn blank_addresses(event: &Event, addresses: &[Mailbox]) -> Event {
    let words: Vec<String> = addresses.iter().map(|address| address.to_string().to_ascii_lowercase()).collect();
    let mut value = serde_json::to_value(event).expect("an event is JSON");
    blank_value(&mut value, &words);
    // A text took the place of a text.
    serde_json::from_value(value).unwrap_or_else(|_| event.clone())
}

fn blank_value(value: &mut Value, words: &[String]) {
    match value {
        Value::String(text) => {
            words.iter().for_each(|word| blank_text(text, word));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| blank_value(value, words)),
        Value::Object(fields) => {
            let is_theirs =
                |address: &Value| address.as_str().is_some_and(|it| words.contains(&it.to_ascii_lowercase()));
            if fields.get("address").is_some_and(is_theirs) && fields.contains_key("name") {
                fields.insert("name".into(), Value::Null);
            }
            fields.values_mut().for_each(|value| blank_value(value, words));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// An address that is part of a longer one is somebody else's.
fn blank_text(text: &mut String, word: &str) {
    let goes_on = |c: char| c.is_alphanumeric() || ".-_+@".contains(c);
    let mut from = 0;
    while let Some(at) = text[from..].to_ascii_lowercase().find(word).map(|at| from + at) {
        let end = at + word.len();
        // A full stop may end a sentence.
        let behind = text[end..].trim_start_matches('.');
        let is_whole = !text[..at].ends_with(goes_on) && !behind.starts_with(goes_on);
        if is_whole {
            text.replace_range(at..end, ERASED);
        }
        from = at + if is_whole { ERASED.len() } else { word.len() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_go_wherever_they_stand_and_nothing_else() {
        let check = |what: &str, expected: &str| {
            let event = |what| -> Event { serde_json::from_str(what).unwrap() };
            let addresses = ["anna@customer.example".parse().unwrap(), "a@home.example".parse().unwrap()];
            assert_eq!(blank_addresses(&event(what), &addresses), event(expected), "{what}");
        };
        let at = r#""at":"2026-11-20T10:00:00Z","by":"intake""#;
        let note = |text: &str| format!(r#"{{{at},"kind":"note_added","text":"{text}"}}"#);
        check(&note("call Anna@Customer.example, not a@home.example"), &note(&format!("call {ERASED}, not {ERASED}")));
        check(&note("İ: anna@customer.example."), &note(&format!("İ: {ERASED}.")));
        for other in ["joanna@customer.example", "anna@customer.example.org", "a@home.example-b.org"] {
            check(&note(other), &note(other));
        }
        check(&note("ÄÖÜ ben@customer.example"), &note("ÄÖÜ ben@customer.example"));
        let added = |who: &str| {
            format!(
                r#"{{{at},"kind":"message_added","mail":"691f6a2c-1-0","message_id":null,"why":"","proven":true,"author":{who},"participants":[]}}"#
            )
        };
        check(
            &added(r#"{"address":"anna@customer.example","name":"Anna Marker","role":"author"}"#),
            &added(&format!(r#"{{"address":"{ERASED}","name":null,"role":"author"}}"#)),
        );
    }
}
