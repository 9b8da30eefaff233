//! What an administrator chooses for a routing address.
//!
//! Rows of older versions lack the newer settings; they read as their defaults.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{AcceptFrom, Acknowledge, OnResolved, Opens, ReplyTo, Unauthorised, UnknownSender};
use crate::base::{Mailbox, Priority};

/// How mail for the address reaches us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// The company's mail system forwards it to the service address.
    #[default]
    Forwarded,
    /// The MX record of its domain points here.
    Direct,
}

/// What happens to mail beyond the rate limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverLimit {
    /// Refused in the session, so that the sender's server tells the sender.
    Bounce,
    /// Taken, and no case is made of it.
    Discard,
    /// Taken, and converted when the next day begins.
    #[default]
    Requeue,
    /// Taken, and kept until a person releases it.
    Hold,
}

/// All settings of one address, as stored and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The name that stands before the address in replies.
    pub name: Option<String>,
    pub mode: Mode,
    /// Where its cases wait; none: `main`.
    pub queue: Option<String>,
    /// Who gets its cases, instead of a queue.
    pub owner: Option<Mailbox>,
    /// Where its cases wait when their queue or owner is gone, or their message could not be read; none: `main`.
    pub fallback_queue: Option<String>,
    /// What its mail becomes that joins no case.
    pub opens: Opens,
    /// What its cases show as their origin.
    pub origin: String,
    pub priority: Priority,
    /// What its cases show as their record type.
    pub record_type: Option<String>,
    /// Another registered address that replies leave from.
    pub reply_from: Option<Mailbox>,
    /// Who may write to it.
    pub accept_from: AcceptFrom,
    /// What happens to the mail of others.
    pub unauthorised: Unauthorised,
    /// What a Reply-To means.
    pub reply_to: ReplyTo,
    /// What becomes of mail from somebody who is no contact.
    pub unknown_sender: UnknownSender,
    /// Messages a day that become cases; none: no limit.
    pub rate_limit: Option<u32>,
    pub over_limit: OverLimit,
    /// What a proven answer to a resolved case does.
    pub on_resolved: OnResolved,
    /// True when the header fields of its mail are kept in the record.
    pub save_headers: bool,
    /// The status of the task that each message to it adds to its case; none: no tasks.
    pub task: Option<String>,
    /// What the authors of new cases are told.
    pub acknowledge: Acknowledge,
    /// Only agents who have one of these may take or answer its cases; none: all agents.
    pub permission_sets: BTreeSet<String>,
    /// Plugins that are asked about its mail beside those that are asked about all mail.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub plugins: BTreeSet<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: None,
            mode: Mode::default(),
            queue: None,
            owner: None,
            fallback_queue: None,
            opens: Opens::default(),
            origin: "email".into(),
            priority: Priority::default(),
            record_type: None,
            reply_from: None,
            accept_from: AcceptFrom::default(),
            unauthorised: Unauthorised::default(),
            reply_to: ReplyTo::default(),
            unknown_sender: UnknownSender::default(),
            rate_limit: None,
            over_limit: OverLimit::default(),
            on_resolved: OnResolved::default(),
            save_headers: false,
            task: None,
            acknowledge: Acknowledge::default(),
            permission_sets: BTreeSet::new(),
            plugins: BTreeSet::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_an_older_version_reads_with_the_defaults() {
        let row = r#"{"name":"Support","mode":"direct","queue":"q","origin":"web","priority":"high",
            "reply_from":null,"rate_limit":3,"over_limit":"bounce"}"#;
        let read: Settings = serde_json::from_str(row).unwrap();
        let expected = Settings {
            name: Some("Support".into()),
            mode: Mode::Direct,
            queue: Some("q".into()),
            origin: "web".into(),
            priority: Priority::High,
            rate_limit: Some(3),
            over_limit: OverLimit::Bounce,
            ..Settings::default()
        };
        assert_eq!(read, expected);
    }
}
