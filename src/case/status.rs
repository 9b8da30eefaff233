//! Where a case stands.

use serde::{Deserialize, Serialize};

/// The states of a case, as people say them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nobody has looked at it.
    #[default]
    New,
    /// Somebody has it, or the customer has answered.
    Open,
    /// Waits for the customer.
    Pending,
    Resolved,
    /// Ended for good: an answer opens a new, linked case.
    Closed,
}
