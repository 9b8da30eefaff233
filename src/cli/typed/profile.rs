//! `postcase profile …`

use clap::{Args, Subcommand};

use super::words::{RESET, units, word};
use crate::cli::meaning::Meaning;
use crate::desk::Command;
use crate::desk::command::{ProfileCommand, ProfileSettings};
use crate::routing::Reset;

#[derive(Debug, Subcommand)]
pub enum Profile {
    /// Adds a capacity profile; give it to agents with: agent set ADDRESS --profile NAME
    Add {
        name: String,
        #[command(flatten)]
        settings: ProfileOptions,
    },
    /// Lists capacity profiles
    List,
    /// Shows a capacity profile
    Show { name: String },
    /// Changes a capacity profile; what isn't named stays
    Set {
        name: String,
        #[command(flatten)]
        settings: ProfileOptions,
    },
    /// Removes a capacity profile that no agent has
    Remove { name: String },
}

#[derive(Debug, Args)]
pub struct ProfileOptions {
    /// Units of work at a time, where an agent has no capacity of their own; 0: any number
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// What a case of a record type takes, such as claim=3; others take 1, and 0 takes a type away
    #[arg(long, value_name = "TYPE=N", value_parser = units)]
    units: Vec<(String, u32)>,
    /// When units come back: as soon as the agent has answered, or at the end of that day
    #[arg(long, value_parser = word::<Reset>(RESET))]
    reset: Option<Reset>,
    /// Business hours from the configuration by whose clocks the day ends; an empty text: UTC
    #[arg(long, value_name = "NAME")]
    hours: Option<String>,
    /// A record type beside which an agent is given nothing else; an empty text: none
    #[arg(long, value_name = "TYPE")]
    blocking: Vec<String>,
}

impl From<ProfileOptions> for ProfileSettings {
    fn from(typed: ProfileOptions) -> Self {
        Self {
            limit: typed.limit,
            units: typed.units.into_iter().collect(),
            reset: typed.reset,
            hours: typed.hours,
            blocking: (!typed.blocking.is_empty()).then(|| typed.blocking.into_iter().collect()),
        }
    }
}

impl Profile {
    pub fn meaning(self) -> Meaning {
        Meaning::Ask(Command::Profile(match self {
            Self::Add { name, settings } => ProfileCommand::Add { name, settings: settings.into() },
            Self::List => ProfileCommand::List,
            Self::Show { name } => ProfileCommand::Show { name },
            Self::Set { name, settings } => ProfileCommand::Set { name, settings: settings.into() },
            Self::Remove { name } => ProfileCommand::Remove { name },
        }))
    }
}
