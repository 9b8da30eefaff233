//! `postcase replay`: what other rules, or other plugins, would change.
//!
//! Stored mail is replayed where the store is. Message files are read here, and need neither a server nor a store, unless a version
//! of an installed plugin is tried. Which queues, agents and plugins there are isn't known about files, nor the settings of an
//! address; the clock of a plugin stands at 1970, and it has kept nothing.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::failure::Failure;
use super::meaning::{Tried, Version};
use super::reach::{self, Ask};
use super::rules::{brief, draft, of};
use super::{inspect, render, say, text};
use crate::base::{Time, limits};
use crate::case::{Brief, Stage};
use crate::config::rules::read;
use crate::config::{LoadError, Settings};
use crate::desk::command::{PluginCommand, PluginRequest};
use crate::desk::{Command, Outcome, candidate, difference};
use crate::intake::{Advisers, Asking, States};
use crate::message;
use crate::plugin::Catalogue;
use crate::rules;

/// Replays message files.
pub async fn files(
    settings: &Settings,
    (rules, tried): (Option<&Path>, Vec<Tried>),
    files: &[PathBuf],
    json: bool,
) -> Result<(), Failure> {
    let mut plugins = Vec::new();
    for tried in tried {
        plugins.push(match tried {
            Tried::File(request) => *request,
            Tried::Version(version) => {
                let mut reached = reach::reach(settings).await?;
                let request = request(version, &mut reached).await;
                reached.close().await;
                request?
            }
        });
    }
    replay_files(settings, (rules, plugins), files, json)
}

/// Replays stored mail.
pub async fn ask(
    settings: &Settings,
    candidates: (Option<&Path>, Vec<Tried>),
    since: Option<Time>,
) -> Result<(Command, Outcome), Failure> {
    let mut reached = reach::reach(settings).await?;
    let asked = async {
        let command = stored(candidates, since, &mut reached).await?;
        let outcome = reached.ask(command.clone()).await?;
        Ok((command, outcome))
    };
    let asked = asked.await;
    reached.close().await;
    asked
}

/// The command that replays stored mail.
pub async fn stored(
    (rules, tried): (Option<&Path>, Vec<Tried>),
    since: Option<Time>,
    ask: &mut impl Ask,
) -> Result<Command, Failure> {
    let file = rules.map(|file| file.to_string_lossy().into_owned());
    let rules = rules.map(candidate_text).transpose()?;
    let mut plugins = Vec::new();
    for tried in tried {
        plugins.push(match tried {
            Tried::File(request) => *request,
            Tried::Version(version) => request(version, ask).await?,
        });
    }
    Ok(Command::Replay { file, rules, plugins, since })
}

/// What is installed comes from whoever has it.
async fn request(version: Version, ask: &mut impl Ask) -> Result<PluginRequest, Failure> {
    let Version { name, version, how } = version;
    let unreadable = |why: &str| Failure::refused(format!("the server's answer can't be read: {why}"));
    match ask.ask(Command::Plugin(PluginCommand::Version { name, version })).await? {
        Outcome::Json(value) => {
            serde_json::from_value(value).map(|kept| how.over(kept)).map_err(|error| unreadable(&error.to_string()))
        }
        Outcome::Bytes(_) => Err(unreadable("it is no JSON")),
    }
}

/// What candidates change for message files, in the shape of the desk's answer for stored messages.
fn replay_files(
    settings: &Settings,
    (rules, plugins): (Option<&Path>, Vec<PluginRequest>),
    files: &[PathBuf],
    json: bool,
) -> Result<(), Failure> {
    let now = Advisers::rules(of(settings)?.unwrap_or_default());
    let mut candidates = now.clone();
    if let Some(file) = rules {
        candidates = Advisers::rules(read(file, &candidate_text(file)?).map_err(LoadError::Mistakes)?);
    }
    let catalogue = Catalogue::new(PathBuf::new());
    let plugins = plugins.into_iter().map(|request| candidate(&catalogue, request, &[]));
    candidates = candidates.with(plugins.collect::<Result<_, _>>()?).map_err(Failure::refused)?;
    let mut changed = Vec::new();
    for file in files {
        let name = file.to_string_lossy();
        let raw = inspect::bytes(file).map_err(|error| Failure::refused(format!("{}: {error}", text::line(&name))))?;
        let facts = message::read(&raw);
        let brief = brief(settings, facts.clone(), &raw, None);
        let come_to = |advisers: &Advisers| advisers.hear(asking(&brief, &raw)).come_to(|_| None);
        changed.extend(difference((&json!(name), &facts), (&come_to(&now), &come_to(&candidates))));
    }
    let value = json!({ "messages": files.len(), "changed": changed });
    Ok(say(&if json { text::json(&value) } else { render::replayed(&value) })?)
}

/// About a message that no store knows; plugins have kept nothing.
fn asking(brief: &Brief, raw: &[u8]) -> Asking {
    Asking {
        stages: &Stage::OPENING,
        brief: brief.clone(),
        draft: draft(),
        seed: raw.to_vec(),
        at: Time::UNIX_EPOCH,
        states: States::default(),
        patience: limits::PLUGIN_CHAIN_TIME_MAX,
    }
}

/// The text of a candidate file, which has to be there.
fn candidate_text(file: &Path) -> Result<String, Failure> {
    let text = rules::text(file).map_err(Failure::refused)?;
    text.ok_or_else(|| Failure::refused(format!("there is no file {}", text::line(&file.to_string_lossy()))))
}
