//! One message, read once: what the decision needs of it beyond the journal entry.

use crate::address::Claim;
use crate::base::{AuthResults, Envelope, MailId, limits};
use crate::case::SavedField;
use crate::intake::likeness::Likeness;
use crate::message::{self, Facts, fields};
use crate::store::tables;

/// See the module.
#[derive(Clone, Debug)]
pub struct Reading {
    pub id: MailId,
    pub envelope: Envelope,
    pub facts: Facts,
    /// The `Postcase-Verification` field.
    pub code_field: Option<String>,
    /// What it says when it claims to come from a mail provider that asks whether it may forward.
    pub confirmation: Option<Claim>,
    pub likeness: Likeness,
    /// Received fields.
    pub hops: usize,
    /// What it is known by when it is from an archive and is imported again.
    pub imported: Option<[u8; 16]>,
    /// Digest of what a person would see: tells messages without Message-ID apart, and versions of one with.
    pub content_digest: [u8; 16],
    /// True when the message itself was not looked at.
    pub unread: bool,
    /// Who sent it, as far as that can be known; absent for one that is unread, or may have ended the
    /// process.
    pub auth: Option<AuthResults>,
}

impl Reading {
    /// Reads an entry of the journal. Texts stay in the journal: nothing below needs them, and there are many readings at a time.
    pub fn of(id: MailId, envelope: Envelope, message: &[u8]) -> Self {
        let mut facts = message::read_without_language(message);
        let content_digest = content_digest(&facts);
        let confirmation = facts.author().filter(|_| facts.unread.is_none()).and_then(|author| {
            Claim::of(&author, [&facts.subject, &facts.text], || message::links(message, limits::LINKS_MAX + 1))
        });
        let imported = imported(&envelope, message);
        let section = fields::Section::of(message);
        let likeness = Likeness::of(&envelope, &facts, &section);
        facts.text = String::new();
        facts.new_text = String::new();
        if let Some(forwarded) = &mut facts.forwarded {
            forwarded.text = String::new();
        }
        Self {
            id,
            content_digest,
            confirmation,
            likeness,
            code_field: section.first("Postcase-Verification").map(|field| field.text().into_owned()),
            hops: section.count("Received"),
            imported,
            facts,
            envelope,
            unread: false,
            auth: None,
        }
    }

    /// True for a mail provider's proven question whether it may forward.
    pub fn is_confirmation(&self) -> bool {
        self.confirmation.as_ref().is_some_and(|claim| claim.judged(self.auth, &self.envelope).is_ok())
    }

    /// What the envelope alone says, for a message that ended the process each time it was read.
    pub fn of_envelope(id: MailId, envelope: Envelope) -> Self {
        let from = envelope
            .from
            .mailbox()
            .map(|mailbox| crate::message::facts::Person { name: None, address: mailbox.to_string() });
        let facts = Facts { from, subject: "(a message that could not be read)".into(), ..Facts::default() };
        Self {
            id,
            envelope,
            facts,
            code_field: None,
            confirmation: None,
            likeness: Likeness::default(),
            hops: 0,
            imported: None,
            content_digest: [0; 16],
            unread: true,
            auth: None,
        }
    }
}

/// The name of a message from an archive.
pub fn imported(envelope: &Envelope, message: &[u8]) -> Option<[u8; 16]> {
    let address = envelope.to.first().filter(|_| envelope.is_imported())?;
    Some(tables::imported_name(address, message))
}

/// The header fields as they are shown, those of the first 64 KiB.
pub fn saved_fields(message: &[u8]) -> Vec<SavedField> {
    let mut room = limits::SAVED_FIELDS_BYTES_MAX;
    let mut saved = Vec::new();
    for field in fields::Section::of(message).iter() {
        let value = field.text();
        let Some(left) = room.checked_sub(field.name.len() + value.len()) else { break };
        room = left;
        saved.push(SavedField { name: field.name.to_owned(), value: value.into_owned() });
    }
    saved
}

/// Text and attachments; the subject only where there is no text, because forwarders and lists put their own words there.
fn content_digest(facts: &Facts) -> [u8; 16] {
    let text = facts.text.trim();
    let mut fields = vec![if text.is_empty() { facts.subject.trim() } else { text }.as_bytes()];
    fields.extend(facts.attachments.iter().map(|attachment| attachment.sha256.as_bytes()));
    tables::digest(&fields)
}
