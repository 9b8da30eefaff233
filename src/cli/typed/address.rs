//! `postcase address …`

use clap::{Args, Subcommand};

use super::Rows;
use super::words::{MODES, OVER_LIMIT, PRIORITIES, rate_limit, word};
use crate::address::{Mode, OverLimit};
use crate::base::{Mailbox, Span};
use crate::case::Priority;
use crate::cli::failure::Failure;
use crate::cli::meaning::Meaning;
use crate::desk::Command;
use crate::desk::command::AddressSettings;

#[derive(Debug, Subcommand)]
pub enum Typed {
    /// Registers a routing address
    Add {
        address: Mailbox,
        #[command(flatten)]
        settings: Settings,
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
        settings: Settings,
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
    /// Queue of its cases
    #[arg(long, value_name = "QUEUE")]
    queue: Option<String>,
    /// Origin of its cases
    #[arg(long, value_name = "TEXT")]
    origin: Option<String>,
    /// Priority of its cases
    #[arg(long, value_parser = word::<Priority>(PRIORITIES))]
    priority: Option<Priority>,
    /// Another registered address to send replies from
    #[arg(long, value_name = "ADDRESS")]
    reply_from: Option<Mailbox>,
    /// Messages a day; 0/day takes the limit away
    #[arg(long, value_name = "N/day", value_parser = rate_limit)]
    rate_limit: Option<u32>,
    /// What happens to mail beyond the rate limit
    #[arg(long, value_parser = word::<OverLimit>(OVER_LIMIT))]
    over_limit: Option<OverLimit>,
}

impl From<Settings> for AddressSettings {
    fn from(typed: Settings) -> Self {
        Self {
            name: typed.name,
            mode: typed.mode,
            queue: typed.queue,
            origin: typed.origin,
            priority: typed.priority,
            reply_from: typed.reply_from,
            rate_limit: typed.rate_limit,
            over_limit: typed.over_limit,
        }
    }
}

impl Typed {
    pub fn meaning(self) -> Result<Meaning, Failure> {
        Ok(Meaning::Ask(match self {
            Self::Add { address, settings } => Command::AddressAdd { address, settings: settings.into() },
            Self::List { rows } => Command::AddressList { limit: rows.limit() },
            Self::Show { address } => Command::AddressShow { address },
            Self::Set { address, settings } => Command::AddressSet { address, settings: named(settings.into())? },
            Self::Verify { address } => Command::AddressVerify { address },
            Self::Confirm { address, code } => Command::AddressConfirm { address, code },
            Self::Rotate { address, overlap } => Command::AddressRotate { address, overlap: Some(overlap) },
            Self::Disable { address } => Command::AddressDisable { address },
            Self::Enable { address } => Command::AddressEnable { address },
            Self::Remove { address } => Command::AddressRemove { address },
        }))
    }
}

fn named(settings: AddressSettings) -> Result<AddressSettings, Failure> {
    if settings == AddressSettings::default() {
        return Err(Failure::usage(
            "nothing to set: name a setting, such as --queue QUEUE; see postcase address set --help",
        ));
    }
    Ok(settings)
}
