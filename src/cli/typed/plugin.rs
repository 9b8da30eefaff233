//! `postcase plugin …`

use std::path::PathBuf;

use clap::Subcommand;

use super::how::{How, base64};
use super::words::{ABOUT, pair, word};
use crate::base::limits;
use crate::cli::failure::Failure;
use crate::cli::meaning::{Meaning, Unread};
use crate::desk::Command;
use crate::desk::command::{PluginChange, PluginCommand, PluginRequest};
use crate::routing::Scope;

#[derive(Debug, Subcommand)]
pub enum Typed {
    /// Installs a plugin, or a new version of one, when its own vectors come out
    Install {
        /// A WebAssembly component
        file: PathBuf,
        /// It isn't asked until it is enabled
        #[arg(long)]
        disabled: bool,
        #[command(flatten)]
        how: How,
    },
    /// Lists plugins in the order in which they are asked
    List,
    /// Shows a plugin, with why it failed and the addresses that name it
    Show { name: String },
    /// Lets a plugin be asked, also one that was suspended
    Enable { name: String },
    /// Takes a plugin out until it is enabled
    Disable { name: String },
    /// Goes back to the version before; done again, to the one before that
    Rollback { name: String },
    /// Removes a plugin with all its versions
    Remove { name: String },
    /// Changes settings of a plugin; what isn't named stays
    Set {
        name: String,
        #[arg(value_name = "KEY=VALUE", value_parser = pair)]
        settings: Vec<(String, String)>,
        /// Lower ones are asked first
        #[arg(long, value_name = "N")]
        order: Option<u32>,
        /// Whose mail it is asked about: all, or only that of addresses that name it (address set --plugin)
        #[arg(long, value_name = "WHOSE", value_parser = word::<Scope>(ABOUT))]
        about: Option<Scope>,
    },
    /// Shows what a plugin advises on messages; changes nothing
    Test {
        name: String,
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

impl Typed {
    pub fn meaning(self) -> Result<Meaning, Failure> {
        Ok(Meaning::Ask(Command::Plugin(match self {
            Self::Install { file, disabled, how } => {
                PluginCommand::Install(Box::new(PluginRequest { disabled, ..how.request(&file)? }))
            }
            Self::List => PluginCommand::List,
            Self::Show { name } => PluginCommand::Show { name },
            Self::Enable { name } => PluginCommand::Change { name, change: PluginChange::Enable },
            Self::Disable { name } => PluginCommand::Change { name, change: PluginChange::Disable },
            Self::Rollback { name } => PluginCommand::Change { name, change: PluginChange::Rollback },
            Self::Remove { name } => PluginCommand::Change { name, change: PluginChange::Remove },
            Self::Set { name, settings, order, about } => {
                let settings = settings.into_iter().collect();
                PluginCommand::Change { name, change: PluginChange::Set { settings, order, about } }
            }
            Self::Test { name, files } => {
                let (mut commands, mut unread) = (Vec::new(), Vec::new());
                for path in files {
                    let (name, file) = (name.clone(), path.display().to_string());
                    match base64(&path, limits::REPLY_BYTES_MAX) {
                        Ok(message) => commands.push(Command::Plugin(PluginCommand::Test { name, file, message })),
                        Err(failure) => unread.push(Unread { file, error: failure.message }),
                    }
                }
                return Ok(Meaning::AskEach { commands, unread });
            }
        })))
    }
}
