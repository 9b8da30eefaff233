//! A contact: somebody who writes to us, by address.

use serde::{Deserialize, Serialize};

use crate::base::{Mailbox, Time};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub address: Mailbox,
    /// The name of their first message that had one.
    pub name: Option<String>,
    pub first_seen_at: Time,
}
