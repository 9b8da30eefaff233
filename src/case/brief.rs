//! What advisers are told of a message: plain texts and numbers, so that rules and plugins see the same and a replay can
//! show it to them again.
//!
//! What isn't there is empty, never absent, so that a condition about it is false instead of an error. Sizes are bounded:
//! texts by [`BRIEF_TEXT_BYTES_MAX`], lists by [`BRIEF_ENTRIES_MAX`].

use std::collections::BTreeMap;

use serde::Serialize;

use super::SavedField;
use crate::base::limits::{BRIEF_ENTRIES_MAX, BRIEF_TEXT_BYTES_MAX};
use crate::base::{AuthResults, Mailbox};
use crate::message::Facts;
use crate::message::facts::{AutomaticKind, Kind};

/// See the module.
#[derive(Clone, Debug, Serialize)]
pub struct Brief {
    pub sender: Sender,
    pub contact: Known,
    /// The name of the sender's account; empty for none.
    pub account: String,
    /// The routing address.
    pub address: String,
    /// To and Cc.
    pub recipients: Vec<String>,
    pub subject: String,
    /// What the sender wrote this time.
    pub text: String,
    pub whole_text: String,
    /// Of the text, by ISO 639-1; empty when it is unsure.
    pub language: String,
    /// By name in lower case, in the order of the message; of more names than a list has the first ones.
    pub headers: BTreeMap<String, Vec<String>>,
    pub attachments: Vec<Attached>,
    pub kind: Kind,
    /// The sort of automatic message, or empty.
    pub automatic: String,
    /// By name, whether these business hours were open when it came.
    pub hours: BTreeMap<String, bool>,
    /// All four are `none` for mail whose sender wasn't looked up.
    pub auth: AuthResults,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Sender {
    pub address: String,
    pub name: String,
    /// In lower case.
    pub domain: String,
}

/// What was known of the sender before this message.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Known {
    pub known: bool,
    pub name: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct Attached {
    pub name: String,
    pub content_type: String,
    pub size: usize,
}

impl Brief {
    /// Of a message as it is read with its texts.
    pub fn of(facts: Facts, fields: Vec<SavedField>, auth: Option<AuthResults>, address: Option<&Mailbox>) -> Self {
        let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for field in fields {
            let name = field.name.to_ascii_lowercase();
            if headers.len() == BRIEF_ENTRIES_MAX && !headers.contains_key(&name) {
                continue;
            }
            let values = headers.entry(name).or_default();
            if values.len() < BRIEF_ENTRIES_MAX {
                values.push(field.value);
            }
        }
        let recipients = facts.to.iter().chain(&facts.cc).map(|person| person.address.clone());
        let attachments = facts.attachments.into_iter().map(|attachment| Attached {
            name: attachment.name.unwrap_or_default(),
            content_type: attachment.content_type,
            size: attachment.size,
        });
        Self {
            contact: Known::default(),
            account: String::new(),
            address: address.map(ToString::to_string).unwrap_or_default(),
            recipients: recipients.take(BRIEF_ENTRIES_MAX).collect(),
            subject: bounded(facts.subject),
            text: bounded(facts.new_text),
            whole_text: bounded(facts.text),
            language: facts.language.unwrap_or_default(),
            headers,
            attachments: attachments.take(BRIEF_ENTRIES_MAX).collect(),
            kind: facts.kind,
            automatic: facts.automatic.map(|automatic| word(automatic.kind).to_owned()).unwrap_or_default(),
            hours: BTreeMap::new(),
            auth: auth.unwrap_or_default(),
            sender: facts.from.map(Sender::of).unwrap_or_default(),
        }
    }
}

impl Sender {
    fn of(person: crate::message::facts::Person) -> Self {
        let domain = person.address.rsplit_once('@').map(|(_, domain)| domain.to_lowercase()).unwrap_or_default();
        Self { domain, name: person.name.unwrap_or_default(), address: person.address }
    }
}

fn bounded(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(BRIEF_TEXT_BYTES_MAX));
    text
}

fn word(kind: AutomaticKind) -> &'static str {
    match kind {
        AutomaticKind::OutOfOffice => "out_of_office",
        AutomaticKind::Acknowledgement => "acknowledgement",
        AutomaticKind::Bulk => "bulk",
        AutomaticKind::Challenge => "challenge",
        AutomaticKind::Other => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message;

    #[test]
    fn what_a_message_says_is_told_in_plain_words() {
        let raw = "From: Anna <anna@Example.COM>\r\nTo: a@x.example, b@x.example\r\nX-Flag: one\r\nx-flag: two\r\n\
                   Subject: Hello\r\n\r\nNew words\r\n";
        let fields = ["X-Flag one", "x-flag two"].map(|field| {
            let (name, value) = field.split_once(' ').unwrap();
            SavedField { name: name.into(), value: value.into() }
        });
        let brief = Brief::of(message::read(raw.as_bytes()), fields.into(), None, None);
        let told = serde_json::to_value(&brief).unwrap();
        assert_eq!(
            told["sender"],
            serde_json::json!({"address": "anna@Example.COM", "name": "Anna", "domain": "example.com"})
        );
        assert_eq!(
            (&told["text"], &told["kind"], &told["auth"]["dkim"]),
            (&"New words".into(), &"message".into(), &"none".into())
        );
        assert_eq!((&told["headers"]["x-flag"], &told["automatic"]), (&serde_json::json!(["one", "two"]), &"".into()));
        assert_eq!(told["recipients"], serde_json::json!(["a@x.example", "b@x.example"]));
        assert_eq!(bounded("é".repeat(BRIEF_TEXT_BYTES_MAX)).len(), BRIEF_TEXT_BYTES_MAX);
    }

    #[test]
    fn of_many_header_fields_the_first_names_are_told() {
        let field = |n: usize| SavedField { name: format!("X-{n}"), value: "1".into() };
        let again = SavedField { name: "x-0".into(), value: "2".into() };
        let fields = (0..=BRIEF_ENTRIES_MAX).map(field).chain([again]).collect();
        let brief = Brief::of(message::read(b"Subject: a\r\n\r\n"), fields, None, None);
        assert_eq!((brief.headers.len(), brief.headers["x-0"].len()), (BRIEF_ENTRIES_MAX, 2));
        assert!(!brief.headers.contains_key(&format!("x-{BRIEF_ENTRIES_MAX}")));
    }
}
