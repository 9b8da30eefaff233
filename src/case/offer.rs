//! How a case comes to an agent: offers, and what spoke for and against each when one was chosen.

use serde::{Deserialize, Serialize};

use crate::base::{Mailbox, Time};

/// An agent is asked to take a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub agent: Mailbox,
    /// Until then they may say yes.
    pub until: Time,
}

/// Offers of one case that an agent left unanswered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unanswered {
    pub times: u32,
    /// When the last one ran out.
    pub last: Time,
}

/// What became of an agent when one was chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Considered {
    pub agent: Mailbox,
    pub why: String,
}
