//! How a component is to run as a plugin: the options that installing one and trying one share.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use clap::Args;

use super::words::{ABOUT, pair, word};
use crate::base::limits;
use crate::cli::failure::Failure;
use crate::desk::command::PluginRequest;
use crate::routing::Scope;

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

/// The content of a file, as a command carries it.
pub fn base64(file: &Path, most: usize) -> Result<String, Failure> {
    let told = |error| Failure::refused(format!("{} can't be read: {error}; name another file", file.display()));
    let mut bytes = Vec::new();
    File::open(file).map_err(told)?.take(most as u64 + 1).read_to_end(&mut bytes).map_err(told)?;
    if bytes.len() > most {
        return Err(Failure::refused(format!("{} has more than {} MiB", file.display(), most >> 20)));
    }
    Ok(data_encoding::BASE64.encode(&bytes))
}
