//! What happened to a case, in order, for ever. Events are only added.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Considered, Hint, Participant, Status, Task};
use crate::base::{CaseNumber, MailId, Mailbox, Priority, Time};

/// One entry of a case's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub at: Time,
    /// Who did it: an address, or the part of postcase that did.
    pub by: String,
    #[serde(flatten)]
    pub what: Happening,
}

/// The kinds of events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Happening {
    CaseOpened {
        subject: String,
        /// The case's random key, from which its tokens are made.
        #[serde(rename = "case_key")]
        key: String,
        origin: String,
        priority: Priority,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        record_type: Option<String>,
        /// The routing address; none for mail to the postmaster.
        address: Option<Mailbox>,
        contact: Option<Participant>,
    },
    /// A message that is done without a case.
    ItemOpened {
        subject: String,
        origin: String,
        priority: Priority,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        record_type: Option<String>,
        address: Option<Mailbox>,
        contact: Option<Participant>,
    },
    MessageAdded {
        mail: MailId,
        message_id: Option<String>,
        /// In words: why it is on this case.
        why: String,
        /// False for a valid token in the hands of somebody who had no part in the conversation.
        proven: bool,
        author: Option<Participant>,
        /// Who else took part in this message; empty for a third party's.
        participants: Vec<Participant>,
    },
    ReplySubmitted {
        mail: MailId,
        message_id: String,
        from: Mailbox,
        to: Vec<Mailbox>,
        cc: Vec<Mailbox>,
    },
    /// The author of the message that opened the case was told so.
    Acknowledged {
        mail: MailId,
        message_id: String,
        to: Mailbox,
    },
    /// They weren't, because enough were: nobody is answered any more for a while, and mail is taken as before.
    AcknowledgementWithheld {
        why: String,
    },
    ReplyDelivered {
        mail: MailId,
        recipient: Mailbox,
        status: String,
        words: String,
    },
    ReplyDelayed {
        mail: MailId,
        recipient: Mailbox,
        status: String,
        words: String,
    },
    ReplyFailed {
        mail: MailId,
        recipient: Mailbox,
        status: String,
        words: String,
    },
    DeliveryReported {
        mail: MailId,
        why: String,
    },
    NoteAdded {
        text: String,
        /// In the words of the adviser whose note it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// Something to do about a message.
    TaskAdded(Task),
    TaskChanged {
        task: u32,
        from: String,
        to: String,
    },
    FieldChanged {
        name: String,
        from: Option<String>,
        to: Option<String>,
        /// In the words of the adviser who says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    StatusChanged {
        from: Status,
        to: Status,
        why: String,
    },
    Queued {
        queue: String,
        why: String,
    },
    /// What a rule or a plugin suggested can't be followed.
    AdviserFailed {
        adviser: String,
        why: String,
    },
    /// An agent is asked to take it.
    Offered {
        agent: Mailbox,
        until: Time,
        why: String,
        considered: Vec<Considered>,
    },
    Declined {
        agent: Mailbox,
        why: String,
    },
    /// Whoever was asked isn't there to answer. They haven't said no.
    OfferWithdrawn {
        agent: Mailbox,
        why: String,
    },
    Assigned {
        agent: Mailbox,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        considered: Vec<Considered>,
    },
    /// On both cases.
    Merged {
        from: CaseNumber,
        into: CaseNumber,
        why: String,
    },
    /// A message went to another case; on both.
    Split {
        mail: MailId,
        from: CaseNumber,
        into: CaseNumber,
        why: String,
    },
    Linked {
        case: CaseNumber,
        why: String,
        /// Opened by the same mail at another of our addresses.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        sibling: bool,
    },
    HintAdded(Hint),
}

/// A company's own fields of a case.
pub type Fields = BTreeMap<String, String>;
