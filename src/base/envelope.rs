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

/// The protocol word of mail that came from an archive.
pub const IMPORTED: &str = "import";

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
    /// RFC 8689 §4.1: its sender asked that it never travels in the clear. Whatever is sent on because of it has to honour
    /// that. Left out of records when it isn't so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub require_tls: bool,
    /// RFC 3848 protocol word for the Received field: `SMTP`, `ESMTP`, `UTF8SMTP`, …; or [`IMPORTED`].
    pub with: String,
    pub received_at: Time,
}

impl Envelope {
    /// Of a message that no peer brought.
    pub fn local(from: ReversePath, to: Vec<Mailbox>, with: &str, received_at: Time) -> Self {
        Self { from, to, peer: None, helo: None, tls: None, require_tls: false, with: with.into(), received_at }
    }

    /// True for mail from an archive: nobody sent it here, and its times are those of long ago.
    pub fn is_imported(&self) -> bool {
        self.with == IMPORTED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 8689-4.1-tagged
    #[test]
    fn require_tls_is_kept_and_old_records_have_none() {
        let old = r#"{"from":null,"to":["anna@example.com"],"peer":null,"helo":null,"tls":null,"with":"ESMTPS","received_at":"2026-11-20T10:00:00Z"}"#;
        let envelope: Envelope = serde_json::from_str(old).unwrap();
        assert!(!envelope.require_tls);
        assert_eq!(serde_json::to_string(&envelope).unwrap(), old);
        let tagged = Envelope { require_tls: true, ..envelope };
        let kept = serde_json::to_string(&tagged).unwrap();
        assert_eq!(serde_json::from_str::<Envelope>(&kept).unwrap(), tagged);
    }
}
