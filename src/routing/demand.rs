//! What an item asks of the agent who gets it. Items that ask for the same wait in one line.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::Mailbox;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Demand {
    pub skills: BTreeMap<String, u8>,
    /// One of these permission sets.
    pub asked: BTreeSet<String>,
    /// What they take of an agent depends on it.
    pub record_type: Option<String>,
    /// None of these, who declined them too often.
    pub without: BTreeSet<Mailbox>,
    /// They have waited so long that skills don't count any more.
    pub relaxed: bool,
}
