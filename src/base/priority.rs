//! How urgent something is: a word that addresses, cases and advice share.

use serde::{Deserialize, Serialize};

use super::shown_as_stored;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    Low,
    #[default]
    Normal,
    High,
    Urgent,
}

shown_as_stored!(Priority);
