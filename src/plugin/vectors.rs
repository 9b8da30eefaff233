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
    let mut wanted: Wanted = serde_json::from_str(&vector.expected).map_err(|error| format!("its JSON: {error}"))?;
    without_stage(&mut wanted.advice, wanted.stage)?;
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

/// As `plugin test` shows it, with the stage in each piece of advice, and without it.
fn without_stage(advice: &mut Value, stage: Stage) -> Result<(), String> {
    for piece in advice.as_array_mut().into_iter().flatten() {
        let said = piece.as_object_mut().and_then(|piece| piece.remove("stage"));
        if let Some(other) = said.filter(|said| *said != json!(stage)) {
            return Err(format!("it expects advice of the stage {other}, and is about {}", json!(stage)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_test_shows_can_be_expected() {
        #[track_caller]
        fn check(mut advice: Value, expected: Result<Value, &str>) {
            let done = without_stage(&mut advice, Stage::Classify).map(|()| advice);
            assert_eq!(done, expected.map_err(str::to_owned));
        }
        let plain = json!([{"tag": "vip", "confidence": 100, "explanation": "x"}]);
        check(plain.clone(), Ok(plain.clone()));
        let mut shown = plain.clone();
        shown[0]["stage"] = json!("classify");
        check(shown.clone(), Ok(plain));
        shown[0]["stage"] = json!("route");
        check(shown, Err("it expects advice of the stage \"route\", and is about \"classify\""));
    }
}
