//! `postcase message …`, `rules …`, `spool …`, `dkim …`, `config …`

use std::convert::Infallible;
use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Rows;
use super::words::{DIRECTIONS, DISPOSITIONS, case_number, word};
use crate::auth::Transaction;
use crate::base::{CaseNumber, Mailbox, ReversePath, Time};
use crate::cli::meaning::Meaning;
use crate::desk::Command;
use crate::desk::command::{DkimCommand, Erasing, MessageFilter};

#[derive(Debug, Subcommand)]
pub enum Message {
    /// Lists messages, the newest first
    List(Messages),
    /// Shows what a message says and where it went
    Show {
        /// A mail id or a Message-ID
        id: String,
    },
    /// The exact bytes received
    Raw {
        /// A mail id or a Message-ID
        id: String,
        /// With Return-Path and Received in front, as a mail program would have got it
        #[arg(long)]
        trace: bool,
    },
    /// The bytes of an attachment, by its number in `message show`
    Attachment {
        /// A mail id or a Message-ID
        id: String,
        /// Counted from 1
        number: usize,
        /// Into this new file, instead of standard output
        #[arg(short = 'o', long = "output", value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Says step by step why a message went where it did
    Explain {
        /// A mail id or a Message-ID
        id: String,
    },
    /// Lists messages that are held, the newest first
    Held(Held),
    /// Decides a held or ignored message again, whoever its author is and however many came before
    Release {
        /// A mail id or a Message-ID
        id: String,
    },
    /// Reads a message again with the present reader and settings
    Reprocess {
        /// A mail id or a Message-ID
        id: String,
    },
    /// Erases a message, and our answers to it, for ever; shows first what that is
    Erase {
        /// A mail id or a Message-ID
        id: String,
        #[command(flatten)]
        erase: Grounds,
    },
    /// Shows what postcase reads in message files, and with a peer who sent them; needs no server and no store
    Inspect {
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        #[command(flatten)]
        sender: Sender,
    },
}

#[derive(Debug, Args)]
pub struct Messages {
    /// One of our routing addresses
    #[arg(long)]
    address: Option<Mailbox>,
    #[arg(long, value_name = "NUMBER", value_parser = case_number)]
    case: Option<CaseNumber>,
    #[arg(long, value_parser = word::<String>(DISPOSITIONS))]
    disposition: Option<String>,
    #[arg(long, value_parser = word::<String>(DIRECTIONS), default_value = "inbound")]
    direction: String,
    /// Received at or after, such as 2026-11-20T10:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<Time>,
    #[command(flatten)]
    rows: Rows,
}

/// What a session would have known: all of it, or nothing.
#[derive(Debug, Args)]
pub struct Sender {
    /// The host that sent it; SPF, DKIM, DMARC and ARC are verified over the configured DNS
    #[arg(long, value_name = "IP", requires_all = ["helo", "mail_from"])]
    peer: Option<IpAddr>,
    /// What that host called itself
    #[arg(long, value_name = "NAME", requires = "peer")]
    helo: Option<String>,
    /// The reverse-path; empty or <> for none
    #[arg(long, value_name = "ADDRESS", requires = "peer", value_parser = reverse_path)]
    mail_from: Option<ReversePath>,
}

impl Sender {
    fn transaction(self) -> Option<Transaction> {
        Some(Transaction { peer: Some(self.peer?), helo: self.helo?, from: self.mail_from? })
    }
}

/// As headers and logs have it, which is not always as a session would take it: without quotes, without a local part (then
/// it is the postmaster's, RFC 7208 §4.3). One without a domain that could be asked counts as none.
fn reverse_path(typed: &str) -> Result<ReversePath, Infallible> {
    let inside = typed.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(typed);
    let mailbox = inside.parse().or_else(|_| match inside.rsplit_once('@') {
        Some(("", domain)) => Mailbox::new("postmaster", domain),
        Some((local, domain)) => Mailbox::new(local, domain),
        None => inside.parse(),
    });
    Ok(mailbox.map_or(ReversePath::Null, ReversePath::Mailbox))
}

/// Who erases, and why.
#[derive(Debug, Args)]
pub struct Grounds {
    /// Why, for the audit; without personal data
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// The agent who erases
    #[arg(long = "as", value_name = "AGENT")]
    pub by: Option<Mailbox>,
    /// Without asking
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Lists erasures, the newest first
    List {
        #[command(flatten)]
        rows: Rows,
    },
}

impl Audit {
    pub fn meaning(self) -> Meaning {
        let Self::List { rows } = self;
        Meaning::Ask(Command::AuditList { limit: rows.limit() })
    }
}

#[derive(Debug, Args)]
pub struct Held {
    /// One of our routing addresses
    #[arg(long)]
    address: Option<Mailbox>,
    #[command(flatten)]
    rows: Rows,
}

impl Message {
    pub fn meaning(self) -> Meaning {
        Meaning::Ask(match self {
            Self::List(list) => Command::MessageList(MessageFilter {
                limit: list.rows.limit(),
                address: list.address,
                case: list.case,
                disposition: list.disposition,
                direction: Some(list.direction),
                since: list.since,
            }),
            Self::Show { id } => Command::MessageShow { id },
            Self::Raw { id, trace } => Command::MessageRaw { id, trace },
            Self::Attachment { id, number, file: Some(file) } => return Meaning::Attachment { id, number, file },
            Self::Attachment { id, number, file: None } => Command::MessageAttachment { id, number },
            Self::Explain { id } => Command::MessageExplain { id },
            Self::Held(list) => Command::MessageList(MessageFilter {
                limit: list.rows.limit(),
                address: list.address,
                disposition: Some("held".into()),
                ..MessageFilter::default()
            }),
            Self::Release { id } => Command::MessageRelease { id },
            Self::Reprocess { id } => Command::MessageReprocess { id },
            Self::Erase { id, erase: Grounds { reason, by, yes } } => {
                return Meaning::Erase(Command::MessageErase { id, asked: Erasing { reason, by, yes } });
            }
            Self::Inspect { files, sender } => return Meaning::Inspect { files, sender: sender.transaction() },
        })
    }
}

#[derive(Debug, Subcommand)]
pub enum Rules {
    /// Shows the rules in force, with warnings
    Show {
        /// Everybody who has a say, in the order in which they are asked
        #[arg(long)]
        order: bool,
    },
    /// Shows what each rule makes of a message file; needs no server and no store
    Test {
        file: PathBuf,
        /// The routing address that it came to
        #[arg(long)]
        address: Option<Mailbox>,
    },
}

impl Rules {
    pub fn meaning(self) -> Meaning {
        match self {
            Self::Show { order } => Meaning::Ask(Command::RulesShow { order }),
            Self::Test { file, address } => Meaning::RulesTest { file, address },
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum Spool {
    /// Lists mail that waits to leave
    List {
        #[command(flatten)]
        rows: Rows,
    },
    /// Begins no more deliveries, until `spool resume`
    Hold,
    /// Delivers again
    Resume,
    /// Tries to deliver now
    Retry {
        /// As `spool list` shows it
        id: String,
    },
}

impl Spool {
    pub fn meaning(self) -> Meaning {
        Meaning::Ask(match self {
            Self::List { rows } => Command::SpoolList { limit: rows.limit() },
            Self::Hold => Command::SpoolHold,
            Self::Resume => Command::SpoolResume,
            Self::Retry { id } => Command::SpoolRetry { id },
        })
    }
}

#[derive(Debug, Subcommand)]
pub enum Dkim {
    /// Makes a key for a domain, whose mail it signs from now on, and prints the record to publish
    New {
        domain: String,
        /// Also a short key, for those who can verify it
        #[arg(long)]
        ed25519: bool,
    },
    /// Lists keys with their records
    List,
    /// Takes a key away; its record stays published for some days
    Remove { domain: String, selector: String },
}

impl Dkim {
    pub fn meaning(self) -> Meaning {
        Meaning::Ask(Command::Dkim(match self {
            Self::New { domain, ed25519 } => DkimCommand::New { domain, ed25519 },
            Self::List => DkimCommand::List,
            Self::Remove { domain, selector } => DkimCommand::Remove { domain, selector },
        }))
    }
}

#[derive(Debug, Subcommand)]
pub enum Config {
    /// Shows what is in force and where each value came from
    Show,
}
