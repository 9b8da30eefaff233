//! A message as the desk keeps it: facts, envelope, and what became of it at each of our addresses.
//!
//! Every accepted message has one such record from the moment it is decided; the record is also the mark that says that
//! its journal entry is done. Its text stays in the journal and is read from there when shown.

use serde::{Deserialize, Serialize};

use super::{Erased, QueuesSeen, Reason};
use crate::base::{AuthResults, CaseNumber, Envelope, MailId, Mailbox, Time};
use crate::message::Facts;

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    Inbound,
    Outbound,
}

/// What became of an accepted message. There is no other end than these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    CaseOpened,
    CaseAppended,
    Duplicate,
    DeliveryReport,
    Verification,
    ForwardingConfirmation,
    /// No case was made of it: it is an item by itself.
    Routed,
    /// No case was made of it; a person decides.
    Held,
    /// No case was made of it, and nobody is asked.
    Ignored,
}

impl Disposition {
    /// True when the message is work by this: it is on a case, or is an item.
    pub fn is_converted(self) -> bool {
        matches!(self, Self::CaseOpened | Self::CaseAppended | Self::Routed)
    }

    /// True when a person can have it decided again without the address's policies.
    pub fn is_set_aside(self) -> bool {
        matches!(self, Self::Held | Self::Ignored)
    }
}

/// What became of a message at one of our addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The routing address; for reports and the postmaster the recipient itself.
    pub address: Mailbox,
    pub disposition: Disposition,
    pub reason: Reason,
    pub case: Option<CaseNumber>,
    /// What it was before, oldest first.
    #[serde(default)]
    pub earlier: Vec<Former>,
}

/// What a delivery was before it was decided again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Former {
    pub disposition: Disposition,
    pub reason: Reason,
    /// When that was decided.
    pub at: Time,
}

/// A header field as it is shown: unfolded, without control characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedField {
    pub name: String,
    pub value: String,
}

/// One step on the way to the decision, for `message explain`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub stage: String,
    pub by: String,
    pub version: String,
    pub outcome: String,
    pub why: String,
    pub took_us: u64,
}

/// The record of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mail {
    pub id: MailId,
    pub direction: Direction,
    pub envelope: Envelope,
    /// Without the texts, which stay in the journal.
    pub facts: Facts,
    pub reader_version: u32,
    /// Who sent it, as it was known when the message was decided. Left out for what this server made, and for what was
    /// decided unread or by itself after an unclean end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<AuthResults>,
    /// True when its author was an inactive contact when it was decided.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inactive_contact: bool,
    pub deliveries: Vec<Delivery>,
    /// The case it is on.
    pub case: Option<CaseNumber>,
    pub duplicate_of: Option<MailId>,
    pub steps: Vec<Step>,
    /// Queues that the decision looked at, as they were then.
    #[serde(default, skip_serializing_if = "QueuesSeen::is_empty")]
    pub queues_seen: QueuesSeen,
    /// Its header fields, where an address asks for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved_fields: Option<Vec<SavedField>>,
    pub decided_at: Time,
    /// Its text is gone, and so is what it said from this record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased: Option<Erased>,
}

impl Mail {
    /// True for the message that a case began with.
    pub fn opened_case(&self) -> bool {
        self.deliveries.iter().any(|delivery| delivery.disposition == Disposition::CaseOpened)
    }

    /// True for one that is, or was, an item without a case.
    pub fn is_routed(&self) -> bool {
        let former = |delivery: &Delivery| delivery.earlier.iter().any(|one| one.disposition == Disposition::Routed);
        self.deliveries.iter().any(|delivery| delivery.disposition == Disposition::Routed || former(delivery))
    }

    /// The author's address when it can be answered.
    pub fn author(&self) -> Option<Mailbox> {
        self.facts.author()
    }
}
