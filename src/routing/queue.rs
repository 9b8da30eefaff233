//! Queues, where cases wait for agents, and how each hands them out.
//!
//! Rows of older versions lack the newer settings; they read as their defaults.

use serde::{Deserialize, Serialize};

use crate::base::{Mailbox, Span, Time};

/// The queue that exists from the first start and takes what no other queue is named for.
pub const MAIN_QUEUE: &str = "main";

/// Where cases wait for agents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    pub name: String,
    pub created_at: Time,
    /// Who is given its cases. Any agent may take one, unless its address asks for a permission set that they lack.
    #[serde(default)]
    pub members: Vec<Mailbox>,
    #[serde(default)]
    pub assign: Assign,
    #[serde(default)]
    pub accept: Accept,
    /// Where a case goes that has waited too long.
    #[serde(default)]
    pub overflow: Option<String>,
    /// How long that is; none: [`OVERFLOW_AFTER`](crate::base::limits::OVERFLOW_AFTER).
    #[serde(default)]
    pub overflow_after: Option<Span>,
    /// Waiting items from which on the next ones overflow at once; none: any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overflow_at: Option<u32>,
    /// Outside of these business hours nothing is handed out, and everything overflows at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<String>,
    /// How long an item waits for the skills that it asks for; none: as long as it takes.
    #[serde(default)]
    pub relax_after: Option<Span>,
}

/// Which agent gets the next case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Assign {
    /// Nobody: agents take cases themselves.
    #[default]
    Pick,
    /// Who has waited longest for one.
    RoundRobin,
    /// Who has the most units free.
    MostCapacity,
    /// Who has the fewest cases and items.
    LeastActive,
    /// Who has the skills that it asks for, the best of them first.
    Skills,
}

/// Whether an agent is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Accept {
    /// The case is theirs at once.
    #[default]
    Auto,
    /// The case is offered for a while.
    Ask,
}

impl Queue {
    /// True when its items go anywhere without an agent who takes them.
    pub fn moves_items(&self) -> bool {
        self.assign != Assign::Pick || self.overflow.is_some()
    }

    /// As it is made.
    pub fn new(name: &str, created_at: Time) -> Self {
        Self {
            name: name.to_owned(),
            created_at,
            members: Vec::new(),
            assign: Assign::default(),
            accept: Accept::default(),
            overflow: None,
            overflow_after: None,
            overflow_at: None,
            hours: None,
            relax_after: None,
        }
    }
}

/// True for a queue's name: letters, digits, `-`, `_` and `.`, at most 64, so that it can be typed and put in a path.
pub fn is_queue_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
        && !name.starts_with('-')
}
