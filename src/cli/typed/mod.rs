//! What can be typed, exactly: the words and options of the command line, and what each means.
//!
//! Help and usage errors (exit 2) are made from these definitions. An option is here from the day on which it has an
//! effect. The values are checked where they are typed, so that what comes out is a [`Meaning`] that can be done.

mod address;
mod attach;
mod case;
pub mod how;
mod item;
mod others;
mod people;
mod plugin;
mod profile;
mod replay;
mod roster;
mod words;

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use super::failure::Failure;
use super::meaning::Meaning;
use crate::base::{Mailbox, Time, limits};

/// An email-to-case mail server: mail comes in over SMTP, becomes a case, and is answered in one thread.
#[derive(Debug, Parser)]
#[command(name = "postcase", version, arg_required_else_help = true, disable_help_subcommand = true)]
pub struct Typed {
    /// The configuration [else $POSTCASE_CONFIG, else config/postcase.toml, else the built-in default]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// One JSON value on standard output; messages go to standard error
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Runs the server: SMTP, HTTP and all workers
    Serve,
    /// Shows the main job from end to end, in a temporary folder on free ports
    Demo {
        /// Leaves the server running at the end
        #[arg(long)]
        keep: bool,
    },
    /// Says every mistake of configuration and rules, and what of all that is registered can't be meant
    Check {
        /// Reads every stored message, too, and says what is damaged
        #[arg(long)]
        store: bool,
    },
    /// Routing addresses: the addresses that customers write to
    #[command(subcommand)]
    Address(address::Typed),
    /// Messages: what came in, what it says, and why it went where it did
    #[command(subcommand)]
    Message(others::Message),
    /// Cases: list, read, answer, change
    #[command(subcommand)]
    Case(case::Typed),
    /// Items: messages that are done without a case
    #[command(subcommand)]
    Item(item::Typed),
    /// Contacts, who write to us
    #[command(subcommand)]
    Contact(people::Contact),
    /// Accounts, the companies that contacts belong to
    #[command(subcommand)]
    Account(people::Account),
    /// Queues, where cases and items wait for agents
    #[command(subcommand)]
    Queue(roster::Queue),
    /// Agents, who answer cases
    #[command(subcommand)]
    Agent(roster::Agent),
    /// Capacity profiles, which say what cases take of agents
    #[command(subcommand)]
    Profile(profile::Profile),
    /// Rules, which say where cases go
    #[command(subcommand)]
    Rules(others::Rules),
    /// Shows what other rules would change, for stored mail or for message files; changes nothing
    Replay(replay::Typed),
    /// Plugins: the company's own logic, which advises where cases go
    #[command(subcommand)]
    Plugin(plugin::Typed),
    /// The spool: mail that waits to leave
    #[command(subcommand)]
    Spool(others::Spool),
    /// DKIM keys, which sign mail that leaves
    #[command(subcommand)]
    Dkim(others::Dkim),
    /// The audit: what was erased, by whom and why
    #[command(subcommand)]
    Audit(others::Audit),
    /// The configuration
    #[command(subcommand)]
    Config(others::Config),
    /// Saves everything into one new file, while the server runs or not
    Backup { file: PathBuf },
    /// Brings the mail of an archive to an address: an mbox file, or a Maildir folder. Again, it brings what is missing
    Import {
        #[arg(value_name = "MBOX|MAILDIR")]
        archive: PathBuf,
        /// The routing address that the mail was for
        #[arg(long)]
        address: Mailbox,
    },
    /// Prints messages, cases, events and items as lines of JSON
    Export {
        /// Those that changed at or after, such as 2026-11-20T10:00:00Z
        #[arg(long, value_name = "TIME")]
        since: Option<Time>,
        /// Goes on behind the line with this position
        #[arg(long, value_name = "POSITION")]
        after: Option<String>,
    },
    /// Fills an empty data folder from a backup; the spool stays held
    Restore { file: PathBuf },
    /// Prints a shell's completions; put this into its start file: source <(postcase completions bash)
    Completions {
        #[arg(value_parser = shell())]
        shell: Shell,
    },
    /// Prints the manual page, or writes a page for each command into a folder
    Man {
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
}

impl Typed {
    pub fn is_server(&self) -> bool {
        matches!(self.verb, Verb::Serve)
    }

    /// Reads the files that the command names. Fails when they can't be read.
    pub fn meaning(self) -> Result<Meaning, Failure> {
        Ok(match self.verb {
            Verb::Serve => Meaning::Serve,
            Verb::Demo { keep } => Meaning::Demo { keep },
            Verb::Check { store } => Meaning::Check { store },
            Verb::Address(typed) => typed.meaning()?,
            Verb::Message(typed) => typed.meaning(),
            Verb::Case(typed) => typed.meaning()?,
            Verb::Item(typed) => typed.meaning(),
            Verb::Contact(typed) => typed.meaning()?,
            Verb::Account(typed) => typed.meaning()?,
            Verb::Queue(typed) => typed.meaning()?,
            Verb::Agent(typed) => typed.meaning(),
            Verb::Profile(typed) => typed.meaning(),
            Verb::Rules(typed) => typed.meaning(),
            Verb::Replay(typed) => typed.meaning()?,
            Verb::Plugin(typed) => typed.meaning()?,
            Verb::Spool(typed) => typed.meaning(),
            Verb::Dkim(typed) => typed.meaning(),
            Verb::Audit(typed) => typed.meaning(),
            Verb::Config(others::Config::Show) => Meaning::ShowConfiguration,
            Verb::Backup { file } => Meaning::Backup { file: whole_path(file)? },
            Verb::Import { archive, address } => Meaning::Import { archive, address },
            Verb::Export { since, after } => Meaning::Export { since, after },
            Verb::Restore { file } => Meaning::Restore { file },
            Verb::Completions { shell } => Meaning::Completions { shell },
            Verb::Man { folder } => Meaning::Manual { folder },
        })
    }
}

/// Those whose scripts are tried.
fn shell() -> impl TypedValueParser<Value = Shell> {
    PossibleValuesParser::new(["bash", "zsh", "fish"]).try_map(|name| name.parse::<Shell>())
}

/// The server has a working folder of its own.
fn whole_path(file: PathBuf) -> Result<PathBuf, Failure> {
    std::path::absolute(file).map_err(|error| Failure::refused(format!("the backup's file can't be named so: {error}")))
}

/// How much of a list is wanted.
#[derive(Debug, Args)]
struct Rows {
    /// At most so many rows
    #[arg(long, value_name = "N", value_parser = words::rows, default_value_t = limits::LIST_ROWS)]
    limit: usize,
    /// All rows
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

impl Rows {
    fn limit(&self) -> Option<usize> {
        (!self.all).then_some(self.limit)
    }
}

#[cfg(test)]
mod tests;
