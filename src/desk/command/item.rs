//! Commands about items, which are messages that are done without a case.

use serde::{Deserialize, Serialize};

use crate::base::Mailbox;

/// A command about items; `id` is a mail id or a Message-ID.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "item", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ItemCommand {
    List(ItemFilter),
    Show {
        id: String,
    },
    /// An agent begins to work on it.
    Take {
        id: String,
        by: Mailbox,
    },
    /// An offer isn't wanted.
    Decline {
        id: String,
        by: Mailbox,
    },
    Assign {
        id: String,
        agent: Option<Mailbox>,
        queue: Option<String>,
    },
    /// Nothing is left to do.
    Done {
        id: String,
        by: Option<Mailbox>,
    },
    /// A case is made of it, in its place.
    Open {
        id: String,
        by: Option<Mailbox>,
    },
}

/// Which items to list, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ItemFilter {
    pub status: Option<ItemStatus>,
    pub queue: Option<String>,
    pub owner: Option<Mailbox>,
    /// Who is asked to take it.
    pub offered_to: Option<Mailbox>,
    /// `None`: all of them.
    pub limit: Option<usize>,
}

/// Whether somebody has to do something about an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemStatus {
    Open,
    Done,
}
