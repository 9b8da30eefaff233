//! What an administrator chooses for a routing address.

use serde::{Deserialize, Serialize};

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
    /// Taken, and converted when the next day begins.
    #[default]
    Requeue,
}

/// All settings of one address, as stored and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The name that stands before the address in replies.
    pub name: Option<String>,
    pub mode: Mode,
    /// Where its cases wait; none: `main`.
    pub queue: Option<String>,
    /// What its cases show as their origin.
    pub origin: String,
    pub priority: Priority,
    /// Another registered address that replies leave from.
    pub reply_from: Option<Mailbox>,
    /// Messages a day that become cases; none: no limit.
    pub rate_limit: Option<u32>,
    pub over_limit: OverLimit,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: None,
            mode: Mode::default(),
            queue: None,
            origin: "email".into(),
            priority: Priority::default(),
            reply_from: None,
            rate_limit: None,
            over_limit: OverLimit::default(),
        }
    }
}
