//! Queues and agents: where cases wait and who answers them. Pure.

use serde::{Deserialize, Serialize};

use crate::base::{Mailbox, Time};

/// The queue that exists from the first start and takes what no other queue is named for.
pub const MAIN_QUEUE: &str = "main";

/// Where cases wait for agents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    pub name: String,
    pub created_at: Time,
}

/// Somebody who answers cases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    pub address: Mailbox,
    pub name: Option<String>,
    pub created_at: Time,
}

/// True for a queue's name: letters, digits, `-`, `_` and `.`, at most 64, so that it can be typed and put in a path.
pub fn is_queue_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
        && !name.starts_with('-')
}
