//! Trying a plugin on the messages that it brings along, before it is let near the mail.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Description, Guest, Question, Stage, Vector, settings};
use crate::base::{Time, limits};
use crate::case::{Brief, Draft};

/// A vector that didn't come out as the plugin itself says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its own vector {vector} fails: {why}")]
pub struct Mismatch {
    pub vector: String,
    pub why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    stage: Stage,
    #[serde(default)]
    settings: BTreeMap<String, String>,
    advice: Value,
}

/// Runs all vectors of a plugin; `read` says what advisers are told of a raw message.
///
/// # Errors
/// The first that fails.
pub fn check_vectors(guest: &Guest, description: &Description, read: impl Fn(&[u8]) -> Brief) -> Result<(), Mismatch> {
    for vector in &description.vectors {
        let brief = read(&vector.message);
        check(guest, description, vector, &brief).map_err(|why| Mismatch { vector: vector.name.clone(), why })?;
    }
    Ok(())
}

fn check(guest: &Guest, description: &Description, vector: &Vector, brief: &Brief) -> Result<(), String> {
    let wanted: Wanted = serde_json::from_str(&vector.expected).map_err(|error| format!("its JSON: {error}"))?;
    let settings = settings(description, &wanted.settings)?;
    let (draft, at, seed) = (Draft::default(), Time::UNIX_EPOCH, vector.name.as_bytes());
    let patience = limits::PLUGIN_TIME_MAX;
    let question = Question { brief, draft: &draft, settings: &settings, state: &[], at, seed, patience };
    let advice = json!(guest.advise(wanted.stage, &question).answer.map_err(|failure| failure.to_string())?);
    if advice == wanted.advice {
        return Ok(());
    }
    Err(format!("expected {}, got {advice}", wanted.advice))
}
