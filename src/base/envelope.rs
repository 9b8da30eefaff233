//! The SMTP envelope: what was said in MAIL and RCPT, and by whom (RFC 5321 §2.3.1). It is stored beside the message
//! and is the only source of who the message was for.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{Mailbox, Time};

/// Where reports about a message go; null (`<>`) on reports themselves (RFC 5321 §4.5.5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Option<Mailbox>", into = "Option<Mailbox>")]
pub enum ReversePath {
    Null,
    Mailbox(Mailbox),
}

impl ReversePath {
    pub fn mailbox(&self) -> Option<&Mailbox> {
        match self {
            Self::Null => None,
            Self::Mailbox(mailbox) => Some(mailbox),
        }
    }
}

impl From<Option<Mailbox>> for ReversePath {
    fn from(mailbox: Option<Mailbox>) -> Self {
        mailbox.map_or(Self::Null, Self::Mailbox)
    }
}

impl From<ReversePath> for Option<Mailbox> {
    fn from(path: ReversePath) -> Self {
        match path {
            ReversePath::Null => None,
            ReversePath::Mailbox(mailbox) => Some(mailbox),
        }
    }
}

/// One mail transaction as it was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    pub from: ReversePath,
    /// Forward-paths that were accepted, in the order given, at least one.
    pub to: Vec<Mailbox>,
    /// The sending host; null for mail that this server made.
    pub peer: Option<IpAddr>,
    /// What it called itself in EHLO or HELO.
    pub helo: Option<String>,
    /// TLS version and cipher suite, null without TLS.
    pub tls: Option<String>,
    /// RFC 3848 protocol word for the Received field: `SMTP`, `ESMTP`, `UTF8SMTP`, …
    pub with: String,
    pub received_at: Time,
}
