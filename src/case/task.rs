//! A task: that somebody has to do something about a message of a case.
//!
//! Addresses ask for them; each message that people wrote adds one. The case keeps those that are to be done, its events all.

use serde::{Deserialize, Serialize};

use crate::base::MailId;

/// The status that ends a task.
const DONE: &str = "done";
/// Open tasks of one case: with so many, one more tells nobody anything.
pub const TASKS_MAX: usize = 100;

/// One task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Counted from 1 in its case.
    pub task: u32,
    /// The message that it is about.
    pub mail: MailId,
    /// In the company's own words.
    pub status: String,
}

impl Task {
    /// True for the status of a task that needs nobody any more. Case doesn't count.
    pub fn is_done(status: &str) -> bool {
        status.trim().eq_ignore_ascii_case(DONE)
    }
}
