//! `postcase address …`

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::Rows;
use super::words::{
    MODES, OPENS, OVER_LIMIT, PRIORITIES, REPLY_TO, UNAUTHORISED, UNKNOWN_SENDER, name_or_none, names, rate_limit, word,
};
use crate::address::{
    AcceptFrom, Acknowledge, Mode, OnResolved, Opens, OverLimit, ReplyTo, Unauthorised, UnknownSender,
};
use crate::base::{Mailbox, Span};
use crate::case::Priority;
use crate::cli::failure::Failure;
use crate::cli::meaning::Meaning;
use crate::config;
use crate::desk::Command;
use crate::desk::command::{AddressSettings, WantedAddress};

#[derive(Debug, Subcommand)]
pub enum Typed {
    /// Registers a routing address
    Add {
        address: Mailbox,
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// Lists routing addresses
    List {
        #[command(flatten)]
        rows: Rows,
    },
    /// Shows an address with its service addresses and verification
    Show { address: Mailbox },
    /// Changes settings; what isn't named stays
    Set {
        address: Mailbox,
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// Writes all addresses with their settings as TOML, for `address apply`
    Export,
    /// Shows what would change to make the addresses as a file has them, and with --yes changes it; removes nothing
    Apply {
        file: PathBuf,
        /// Changes it
        #[arg(long)]
        yes: bool,
    },
    /// Sends a probe to the address, which verifies it when it comes back
    Verify { address: Mailbox },
    /// Verifies with the code of a probe that arrived elsewhere
    Confirm { address: Mailbox, code: String },
    /// Generates another service address; the present one goes on for a while
    Rotate {
        address: Mailbox,
        /// How long the present one goes on, such as 7d; 0s: not at all
        #[arg(long, value_name = "DURATION", default_value = "7d")]
        overlap: Span,
    },
    /// Stops taking mail for the address
    Disable { address: Mailbox },
    /// Takes mail again
    Enable { address: Mailbox },
    /// Forgets the address; its cases stay
    Remove { address: Mailbox },
}

#[derive(Debug, Args)]
pub struct Settings {
    /// Shown as the name of the sender in replies
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// How mail comes here: forwarded to the service address, or direct by MX
    #[arg(long, value_parser = word::<Mode>(MODES))]
    mode: Option<Mode>,
    /// Queue of its cases, instead of an owner; main is the one that is always there
    #[arg(long, value_name = "QUEUE", conflicts_with = "owner")]
    queue: Option<String>,
    /// Agent who gets its cases, instead of a queue
    #[arg(long, value_name = "AGENT")]
    owner: Option<Mailbox>,
    /// Queue of its cases when theirs is gone or their message can't be read
    #[arg(long, value_name = "QUEUE")]
    fallback_queue: Option<String>,
    /// What its mail becomes that joins no case: a case, or an item without one
    #[arg(long, value_parser = word::<Opens>(OPENS))]
    opens: Option<Opens>,
    /// Origin of its cases
    #[arg(long, value_name = "TEXT")]
    origin: Option<String>,
    /// Priority of its cases
    #[arg(long, value_parser = word::<Priority>(PRIORITIES))]
    priority: Option<Priority>,
    /// Record type of its cases; an empty text takes it away
    #[arg(long, value_name = "TEXT")]
    record_type: Option<String>,
    /// Another registered address to send replies from
    #[arg(long, value_name = "ADDRESS")]
    reply_from: Option<Mailbox>,
    /// Who may write: addresses, domains and *.domains with commas between, or anyone
    #[arg(long, value_name = "LIST")]
    accept_from: Option<AcceptFrom>,
    /// What happens to the mail of others
    #[arg(long, value_parser = word::<Unauthorised>(UNAUTHORISED))]
    unauthorised: Option<Unauthorised>,
    /// What a Reply-To means: nothing, an address for answers, or who the contact is
    #[arg(long, value_parser = word::<ReplyTo>(REPLY_TO))]
    reply_to: Option<ReplyTo>,
    /// What happens to mail from somebody who is no contact: they become one, or it is held
    #[arg(long, value_parser = word::<UnknownSender>(UNKNOWN_SENDER))]
    unknown_sender: Option<UnknownSender>,
    /// Messages a day; 0/day takes the limit away
    #[arg(long, value_name = "N/day", value_parser = rate_limit)]
    rate_limit: Option<u32>,
    /// What happens to mail beyond the rate limit
    #[arg(long, value_parser = word::<OverLimit>(OVER_LIMIT))]
    over_limit: Option<OverLimit>,
    /// What an answer to a resolved case does: reopen, reopen-within DURATION, or new
    #[arg(long, value_name = "POLICY", num_args = 1..=2)]
    on_resolved: Option<Vec<String>>,
    /// Keeps the header fields of its mail in the record; =false stops that
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    save_headers: Option<bool>,
    /// Status of the task that each of its messages adds to its case; an empty text: no more tasks
    #[arg(long, value_name = "STATUS")]
    task: Option<String>,
    /// Text that the authors of new cases get, with {case}, {address} and {name} in it; off: none
    #[arg(long, value_name = "TEXT", conflicts_with = "acknowledge_file")]
    acknowledge: Option<Acknowledge>,
    /// File with that text
    #[arg(long, value_name = "FILE")]
    acknowledge_file: Option<PathBuf>,
    /// Only agents who have one of these may take or answer its cases; an empty text: none
    #[arg(long, value_name = "NAME", value_parser = name_or_none)]
    permission_set: Vec<String>,
    /// A plugin that is asked about its mail beside those that are asked about all mail; an empty text: none
    #[arg(long, value_name = "NAME", value_parser = name_or_none)]
    plugin: Vec<String>,
}

impl Settings {
    fn meaning(self) -> Result<AddressSettings, Failure> {
        let acknowledge = match &self.acknowledge_file {
            Some(file) => Some(template(file)?),
            None => self.acknowledge,
        };
        let on_resolved = self.on_resolved.map(|words| words.join(" ").parse::<OnResolved>()).transpose();
        Ok(AddressSettings {
            name: self.name,
            mode: self.mode,
            queue: self.queue,
            owner: self.owner,
            fallback_queue: self.fallback_queue,
            opens: self.opens,
            origin: self.origin,
            priority: self.priority,
            record_type: self.record_type,
            reply_from: self.reply_from,
            accept_from: self.accept_from,
            unauthorised: self.unauthorised,
            reply_to: self.reply_to,
            unknown_sender: self.unknown_sender,
            rate_limit: self.rate_limit,
            over_limit: self.over_limit,
            on_resolved: on_resolved.map_err(|error| Failure::usage(format!("--on-resolved: {error}")))?,
            save_headers: self.save_headers,
            task: self.task,
            acknowledge,
            permission_sets: names(self.permission_set),
            plugins: names(self.plugin),
        })
    }
}

impl Typed {
    pub fn meaning(self) -> Result<Meaning, Failure> {
        Ok(Meaning::Ask(match self {
            Self::Add { address, settings } => Command::AddressAdd { address, settings: settings.meaning()?.into() },
            Self::List { rows } => Command::AddressList { limit: rows.limit() },
            Self::Show { address } => Command::AddressShow { address },
            Self::Set { address, settings } => {
                Command::AddressSet { address, settings: named(settings.meaning()?)?.into() }
            }
            Self::Export => Command::AddressExport,
            Self::Apply { file, yes } => Command::AddressApply { addresses: wanted(&file)?, yes },
            Self::Verify { address } => Command::AddressVerify { address },
            Self::Confirm { address, code } => Command::AddressConfirm { address, code },
            Self::Rotate { address, overlap } => Command::AddressRotate { address, overlap: Some(overlap) },
            Self::Disable { address } => Command::AddressDisable { address },
            Self::Enable { address } => Command::AddressEnable { address },
            Self::Remove { address } => Command::AddressRemove { address },
        }))
    }
}

fn template(file: &Path) -> Result<Acknowledge, Failure> {
    let text = std::fs::read_to_string(file);
    let text = text.map_err(|error| Failure::refused(format!("{} can't be read: {error}", file.display())))?;
    text.parse().map_err(|error| Failure::refused(format!("{}: {error}", file.display())))
}

fn wanted(file: &Path) -> Result<Vec<WantedAddress>, Failure> {
    let unreadable = |error| Failure::refused(format!("{} can't be read: {error}", file.display()));
    let text = std::fs::read_to_string(file).map_err(unreadable)?;
    config::addresses::read(file, &text).map_err(|mistakes| Failure::refused(config::lines(&mistakes)))
}

fn named(settings: AddressSettings) -> Result<AddressSettings, Failure> {
    if settings == AddressSettings::default() {
        return Err(Failure::usage(
            "nothing to set: name a setting, such as --queue QUEUE; see postcase address set --help",
        ));
    }
    Ok(settings)
}
