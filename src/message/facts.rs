//! What one message says, read once from its raw bytes: the document on which everything later decides.
//!
//! The shape is that of the messages in JSON; fields that only the server knows (envelope, disposition, case) are not
//! here. Message-IDs keep their angle brackets. Addresses are bare.

use serde::{Deserialize, Serialize};

use crate::base::{Mailbox, Time};

/// Counts up when the reading changes, so that stored facts say which reader made them.
pub const READER_VERSION: u32 = 5;

/// Everything read from a message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    pub message_id: Option<String>,
    pub from: Option<Person>,
    /// The author, where a group mailer has put its own address into From.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_from: Option<Person>,
    pub reply_to: Vec<Person>,
    pub to: Vec<Person>,
    pub cc: Vec<Person>,
    pub subject: String,
    pub date: Option<Time>,
    pub in_reply_to: Vec<String>,
    pub references: Vec<String>,
    pub kind: Kind,
    /// The whole text, from HTML where there is no plain part. Lines end with `\n`.
    pub text: String,
    /// What the sender wrote this time.
    pub new_text: String,
    /// In which language that is, by ISO 639-1; none when it is unsure. Like the texts it isn't kept in records.
    #[serde(default)]
    pub language: Option<String>,
    /// True when the message has an HTML body.
    pub html: bool,
    pub attachments: Vec<Attachment>,
    pub automatic: Option<Automatic>,
    pub bounce: Option<Bounce>,
    pub forwarded: Option<Forwarded>,
    /// How it is signed or encrypted. Nobody has verified that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protection: Option<Protection>,
    /// Why not all of the message was read; the raw message has it whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<String>,
}

/// A name and an address of a header field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub name: Option<String>,
    pub address: String,
}

/// What sort of message it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    #[default]
    Message,
    AutoReply,
    Bounce,
    FeedbackReport,
    Receipt,
    List,
    Verification,
    ForwardingConfirmation,
    Probe,
}

/// One attachment or inline part; its bytes stay in the raw message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    pub name: Option<String>,
    pub content_type: String,
    /// Decoded bytes.
    pub size: usize,
    /// Lower-case hexadecimal, of the decoded bytes.
    pub sha256: String,
    pub inline: bool,
    pub content_id: Option<String>,
}

/// Why a message counts as made by a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Automatic {
    pub kind: AutomaticKind,
    pub why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AutomaticKind {
    OutOfOffice,
    Acknowledgement,
    Bulk,
    Challenge,
    Other,
}

/// A delivery report (RFC 3464).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounce {
    pub recipients: Vec<ReportedRecipient>,
    pub original_message_id: Option<String>,
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedRecipient {
    pub address: String,
    pub action: String,
    pub status: Option<String>,
    pub diagnostic: Option<String>,
}

/// By what a message is signed or encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    SmimeSigned,
    SmimeEncrypted,
    PgpSigned,
    PgpEncrypted,
}

impl Protection {
    pub fn is_encrypted(self) -> bool {
        matches!(self, Self::SmimeEncrypted | Self::PgpEncrypted)
    }
}

/// A message inside the message that somebody passed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forwarded {
    /// Its address is empty where the copy doesn't say it.
    pub from: Person,
    pub to: Vec<Person>,
    pub subject: String,
    pub date: Option<String>,
    pub text: String,
}

impl Facts {
    /// The author's mailbox, when From has one that can be written to.
    pub fn author(&self) -> Option<Mailbox> {
        self.from.as_ref()?.address.parse().ok()
    }
}
