//! `postcase item …`

use clap::{Args, Subcommand};

use super::Rows;
use super::words::{ITEM_STATUSES, word};
use crate::base::Mailbox;
use crate::cli::meaning::Meaning;
use crate::desk::Command;
use crate::desk::command::{ItemCommand, ItemFilter, ItemStatus};

#[derive(Debug, Subcommand)]
pub enum Typed {
    /// Lists items, the newest first
    List(List),
    /// Shows an item with its message and all that happened to it
    Show {
        /// A mail id or a Message-ID
        id: String,
    },
    /// Begins to work on an item that nobody has
    Take {
        /// A mail id or a Message-ID
        id: String,
        /// The agent who takes it
        #[arg(long = "as", value_name = "AGENT")]
        by: Mailbox,
    },
    /// Says no to an item that is offered
    Decline {
        /// A mail id or a Message-ID
        id: String,
        /// The agent who was asked
        #[arg(long = "as", value_name = "AGENT")]
        by: Mailbox,
    },
    /// Gives an item to an agent or a queue
    #[command(group = clap::ArgGroup::new("to").required(true).args(["agent", "queue"]))]
    Assign {
        /// A mail id or a Message-ID
        id: String,
        agent: Option<Mailbox>,
        #[arg(long)]
        queue: Option<String>,
    },
    /// Ends an item: nothing is left to do
    Done {
        /// A mail id or a Message-ID
        id: String,
        /// The agent who has done it
        #[arg(long = "as", value_name = "AGENT")]
        by: Option<Mailbox>,
    },
    /// Makes a case of an item, in its queue and with its owner
    Open {
        /// A mail id or a Message-ID
        id: String,
        /// The agent who wants it
        #[arg(long = "as", value_name = "AGENT")]
        by: Option<Mailbox>,
    },
}

#[derive(Debug, Args)]
pub struct List {
    #[arg(long, value_parser = word::<ItemStatus>(ITEM_STATUSES))]
    status: Option<ItemStatus>,
    #[arg(long)]
    queue: Option<String>,
    /// The agent who has it
    #[arg(long, value_name = "AGENT")]
    owner: Option<Mailbox>,
    /// Those that this agent is asked to take
    #[arg(long, value_name = "AGENT")]
    offered_to: Option<Mailbox>,
    #[command(flatten)]
    rows: Rows,
}

impl Typed {
    pub fn meaning(self) -> Meaning {
        Meaning::Ask(Command::Item(match self {
            Self::List(List { status, queue, owner, offered_to, rows }) => {
                ItemCommand::List(ItemFilter { status, queue, owner, offered_to, limit: rows.limit() })
            }
            Self::Show { id } => ItemCommand::Show { id },
            Self::Take { id, by } => ItemCommand::Take { id, by },
            Self::Decline { id, by } => ItemCommand::Decline { id, by },
            Self::Assign { id, agent, queue } => ItemCommand::Assign { id, agent, queue },
            Self::Done { id, by } => ItemCommand::Done { id, by },
            Self::Open { id, by } => ItemCommand::Open { id, by },
        }))
    }
}
