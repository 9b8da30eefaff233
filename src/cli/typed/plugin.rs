//! `postcase plugin …`

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

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

/// How a component is to run here.
#[derive(Clone, Debug, Default, PartialEq, Args)]
pub struct How {
    /// What the plugin is called here, unless it is to be called as it calls itself
    #[arg(long)]
    name: Option<String>,
    /// A setting of the plugin
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = pair)]
    settings: Vec<(String, String)>,
    /// Memory of one call, 32 unless said
    #[arg(long, value_name = "MIB")]
    memory: Option<u32>,
    /// Whose mail it is asked about: all, or only that of addresses that name it (address set --plugin)
    #[arg(long, value_name = "WHOSE", value_parser = word::<Scope>(ABOUT))]
    about: Option<Scope>,
}

impl How {
    /// Reads the component. Fails when that fails.
    pub fn request(self, file: &Path) -> Result<PluginRequest, Failure> {
        let component = base64(file, limits::PLUGIN_FILE_BYTES_MAX)?;
        Ok(self.over(PluginRequest { component, ..PluginRequest::default() }))
    }

    /// What is said here instead of what was said before.
    pub fn over(self, mut request: PluginRequest) -> PluginRequest {
        let Self { name, settings, memory, about } = self;
        request.settings.extend(settings);
        let (name, about) = (name.or(request.name), about.or(request.about));
        PluginRequest { name, about, memory_mib: memory.or(request.memory_mib), ..request }
    }
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

/// The content of a file, as a command carries it.
fn base64(file: &Path, most: usize) -> Result<String, Failure> {
    let told = |error| Failure::refused(format!("{} can't be read: {error}; name another file", file.display()));
    let mut bytes = Vec::new();
    File::open(file).map_err(told)?.take(most as u64 + 1).read_to_end(&mut bytes).map_err(told)?;
    if bytes.len() > most {
        return Err(Failure::refused(format!("{} has more than {} MiB", file.display(), most >> 20)));
    }
    Ok(data_encoding::BASE64.encode(&bytes))
}
