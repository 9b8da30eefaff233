//! `postcase replay`

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};

use super::how::How;
use crate::base::Time;
use crate::cli::failure::Failure;
use crate::cli::meaning::{Meaning, Tried, Version};
use crate::routing::is_queue_name;

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("candidates").args(["rules", "plugins"]).required(true).multiple(true)))]
pub struct Typed {
    /// The rules to try, in place of those in force
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// A plugin to try, in place of the active one of that name or behind all others: a component, or a version that is installed
    /// or can be had back, by what it is called or by the beginning of its hash
    #[arg(long = "plugin", value_name = "FILE.wasm|NAME@VERSION")]
    plugins: Vec<PathBuf>,
    #[command(flatten)]
    how: How,
    /// Only what was received at or after, such as 2026-11-20T10:00:00Z
    #[arg(long, value_name = "TIME", conflicts_with = "files")]
    since: Option<Time>,
    /// Message files instead of stored mail; needs no server and no store, unless an installed plugin is named
    #[arg(value_name = "FILE.eml")]
    files: Vec<PathBuf>,
}

impl Typed {
    /// Reads components. Fails when that fails.
    pub fn meaning(self) -> Result<Meaning, Failure> {
        let Self { rules, plugins, how, since, files } = self;
        if plugins.len() != 1 && how != How::default() {
            let why = "--name, --set, --memory and --about are for one plugin: name it with --plugin, and no other";
            return Err(Failure::refused(why));
        }
        let plugins = plugins.iter().map(|named| tried(named, how.clone())).collect::<Result<_, Failure>>()?;
        Ok(Meaning::Replay { rules, plugins, since, files })
    }
}

/// A file if there is one.
fn tried(named: &Path, how: How) -> Result<Tried, Failure> {
    let is_file = named.exists() || named.extension().is_some_and(|end| end == "wasm");
    let version = named.to_str().and_then(|named| named.split_once('@')).filter(|(name, _)| is_queue_name(name));
    match version.filter(|_| !is_file) {
        Some((name, version)) => Ok(Tried::Version(Version { name: name.into(), version: version.into(), how })),
        None if !is_file && named.to_str().is_some_and(is_queue_name) => {
            let name = named.display();
            Err(Failure::refused(format!(
                "there is no file {name}; a plugin that is installed is tried as {name}@VERSION"
            )))
        }
        None => Ok(Tried::File(Box::new(how.request(named)?))),
    }
}
