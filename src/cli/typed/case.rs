//! `postcase case …`

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::words::{STATUSES, case_number, pair, word};
use super::{Rows, attach};
use crate::base::{CaseNumber, Mailbox};
use crate::case::Status;
use crate::cli::failure::Failure;
use crate::cli::meaning::Meaning;
use crate::desk::Command;
use crate::desk::command::{CaseFilter, ReplyRequest};

#[derive(Debug, Subcommand)]
pub enum Typed {
    /// Lists cases, the newest first
    List(List),
    /// Shows a case with its messages and events
    Show {
        #[arg(value_parser = case_number)]
        number: CaseNumber,
    },
    /// Answers the customer
    Reply(Box<Reply>),
    /// Adds a note that the customer doesn't see
    Note {
        #[arg(value_parser = case_number)]
        number: CaseNumber,
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
        body: String,
        /// The agent who writes it
        #[arg(long = "as", value_name = "AGENT")]
        by: Option<Mailbox>,
    },
    /// Changes status, priority, subject or fields of your own
    Set {
        #[arg(value_parser = case_number)]
        number: CaseNumber,
        #[arg(required = true, value_name = "KEY=VALUE", value_parser = pair)]
        changes: Vec<(String, String)>,
        /// The agent who changes it
        #[arg(long = "as", value_name = "AGENT")]
        by: Option<Mailbox>,
    },
    /// Says no to an offer
    Decline {
        #[arg(value_parser = case_number)]
        number: CaseNumber,
        /// The agent who was asked
        #[arg(long = "as", value_name = "AGENT")]
        by: Mailbox,
    },
    /// Changes a task of a case; done ends it
    Task {
        #[arg(value_parser = case_number)]
        number: CaseNumber,
        /// As case show numbers it
        task: u32,
        #[arg(long)]
        status: String,
        /// The agent who does it
        #[arg(long = "as", value_name = "AGENT")]
        by: Option<Mailbox>,
    },
    /// Moves all messages of a case into another one, which later answers join, too
    Merge {
        #[arg(value_parser = case_number)]
        number: CaseNumber,
        #[arg(value_parser = case_number)]
        into: CaseNumber,
        /// The agent who does it
        #[arg(long = "as", value_name = "AGENT")]
        by: Option<Mailbox>,
    },
    /// Gives a message a case of its own, which later answers to it join
    Split {
        #[arg(value_parser = case_number)]
        number: CaseNumber,
        /// A mail id or a Message-ID
        message: String,
        /// The agent who does it
        #[arg(long = "as", value_name = "AGENT")]
        by: Option<Mailbox>,
    },
    /// Accepts a hint: moves a message from its case into this one
    Link {
        #[arg(value_parser = case_number)]
        number: CaseNumber,
        /// A mail id or a Message-ID
        message: String,
        /// The agent who does it
        #[arg(long = "as", value_name = "AGENT")]
        by: Option<Mailbox>,
    },
    /// Begins to work on a case that nobody has
    Take {
        #[arg(value_parser = case_number)]
        number: CaseNumber,
        /// The agent who takes it
        #[arg(long = "as", value_name = "AGENT")]
        by: Mailbox,
    },
    /// Gives a case to an agent or a queue
    #[command(group = clap::ArgGroup::new("to").required(true).args(["agent", "queue"]))]
    Assign {
        #[arg(value_parser = case_number)]
        number: CaseNumber,
        agent: Option<Mailbox>,
        #[arg(long)]
        queue: Option<String>,
    },
}

#[derive(Debug, Args)]
pub struct List {
    #[arg(long, value_parser = word::<Status>(STATUSES))]
    status: Option<Status>,
    #[arg(long)]
    queue: Option<String>,
    /// As the rules chose it; main is that of all others
    #[arg(long, value_name = "NAME")]
    workstream: Option<String>,
    /// The agent who has it
    #[arg(long, value_name = "AGENT")]
    owner: Option<Mailbox>,
    /// Those that this agent is asked to take
    #[arg(long, value_name = "AGENT")]
    offered_to: Option<Mailbox>,
    /// The customer
    #[arg(long, value_name = "ADDRESS")]
    contact: Option<Mailbox>,
    /// The status of one of its open tasks
    #[arg(long, value_name = "STATUS")]
    task: Option<String>,
    /// All of these words, in subject, contact, notes and the texts of the newest messages
    #[arg(long, value_name = "WORDS", allow_hyphen_values = true)]
    text: Option<String>,
    #[command(flatten)]
    rows: Rows,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("text").required(true).args(["body", "body_file"]))]
pub struct Reply {
    #[arg(value_parser = case_number)]
    number: CaseNumber,
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    body: Option<String>,
    /// A file with the text; - is standard input
    #[arg(long, value_name = "FILE")]
    body_file: Option<PathBuf>,
    /// The agent who answers
    #[arg(long = "as", value_name = "AGENT")]
    by: Option<Mailbox>,
    /// Another registered and verified address to send from
    #[arg(long, value_name = "ADDRESS")]
    from: Option<Mailbox>,
    /// Instead of the author of the customer's last message
    #[arg(long, value_name = "ADDRESS")]
    to: Vec<Mailbox>,
    #[arg(long, value_name = "ADDRESS")]
    cc: Vec<Mailbox>,
    /// Also to the others of the conversation
    #[arg(long)]
    all: bool,
    /// A file that goes with it
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
    /// The newest message that you have read: nothing is sent when there is a newer one
    #[arg(long, value_name = "MESSAGE")]
    seen: Option<String>,
    /// Shows what would leave, and sends nothing
    #[arg(long, conflicts_with = "yes")]
    preview: bool,
    /// Sends without showing it and asking first, as without a terminal
    #[arg(long)]
    yes: bool,
    /// Without the answered message below it
    #[arg(long)]
    no_quote: bool,
    /// The case's status afterwards, instead of pending
    #[arg(long, value_parser = word::<Status>(STATUSES))]
    status: Option<Status>,
}

impl Typed {
    pub fn meaning(self) -> Result<Meaning, Failure> {
        let command = match self {
            Self::Reply(reply) if !reply.yes && !reply.preview => {
                return Ok(Meaning::Reply(Box::new(reply.request()?)));
            }
            Self::List(list) => Command::CaseList(CaseFilter {
                limit: list.rows.limit(),
                status: list.status,
                queue: list.queue,
                workstream: list.workstream,
                owner: list.owner,
                offered_to: list.offered_to,
                contact: list.contact,
                task: list.task,
                text: list.text,
            }),
            Self::Show { number } => Command::CaseShow { number },
            Self::Reply(reply) => Command::CaseReply(reply.request()?),
            Self::Note { number, body, by } => Command::CaseNote { number, text: body, by },
            Self::Set { number, changes, by } => {
                Command::CaseSet { number, changes: changes.into_iter().collect(), by }
            }
            Self::Decline { number, by } => Command::CaseDecline { number, by },
            Self::Task { number, task, status, by } => Command::CaseTask { number, task, status, by },
            Self::Merge { number, into, by } => Command::CaseMerge { number, into, by },
            Self::Split { number, message, by } => Command::CaseSplit { number, message, by },
            Self::Link { number, message, by } => Command::CaseLink { number, message, by },
            Self::Take { number, by } => Command::CaseTake { number, by },
            Self::Assign { number, agent, queue } => Command::CaseAssign { number, agent, queue },
        };
        Ok(Meaning::Ask(command))
    }
}

impl Reply {
    fn request(self) -> Result<ReplyRequest, Failure> {
        let mut room = attach::Room::default();
        let body = match (self.body, self.body_file) {
            (Some(body), _) => body,
            (None, file) => room.text(&file.unwrap_or_else(|| "-".into()))?,
        };
        let attachments = self.attach.iter().map(|file| room.attachment(file)).collect::<Result<_, _>>()?;
        Ok(ReplyRequest {
            number: self.number,
            body,
            by: self.by,
            from: self.from,
            to: self.to,
            cc: self.cc,
            all: self.all,
            attachments,
            seen: self.seen,
            preview: self.preview,
            no_quote: self.no_quote,
            status: self.status,
        })
    }
}
