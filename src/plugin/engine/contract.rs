//! The contract in Rust, generated from `plugins/wit/routing.wit`, and the way from its words to ours.
//!
//! An answer is read in full or not at all: one word that isn't known fails the whole answer, so that no advice is half taken.

// The generated code implements traits of wasmtime that promise a memory layout, which is what it is generated for.
#![allow(unsafe_code)]

use crate::base::limits::{self, SKILL_LEVEL_MAX};
use crate::case::{Advised, is_name, is_own_field};
use crate::plugin::{Advice, Description, Setting, Stage, Vector};

mod generated {
    wasmtime::component::bindgen!({ world: "plugin", path: "plugins/wit", imports: { default: trappable } });
}

pub(super) use generated::postcase::routing::{host, types};
pub(super) use generated::{Plugin, PluginPre};

/// In front of all interfaces of this version.
pub(super) const PACKAGE: &str = "postcase:routing";
pub(super) const VERSION: &str = "0.1.0";

impl From<Stage> for types::Stage {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Intake => Self::Intake,
            Stage::Classify => Self::Classify,
            Stage::Route => Self::Route,
            Stage::Assign => Self::Assign,
            Stage::FollowUp => Self::FollowUp,
        }
    }
}

impl From<types::Stage> for Stage {
    fn from(stage: types::Stage) -> Self {
        match stage {
            types::Stage::Intake => Self::Intake,
            types::Stage::Classify => Self::Classify,
            types::Stage::Route => Self::Route,
            types::Stage::Assign => Self::Assign,
            types::Stage::FollowUp => Self::FollowUp,
        }
    }
}

impl From<types::Description> for Description {
    fn from(own: types::Description) -> Self {
        let setting = |types::Setting { name, default, .. }| Setting { name, default };
        let vector = |types::Vector { name, message, expected }| Vector { name, message, expected };
        Self {
            name: own.name,
            version: own.version,
            summary: own.summary,
            stages: own.stages.into_iter().map(Stage::from).collect(),
            settings: own.settings.into_iter().map(setting).collect(),
            vectors: own.vectors.into_iter().map(vector).collect(),
        }
    }
}

/// The whole answer, or what is wrong with it.
pub(super) fn read(answer: Vec<types::Advice>) -> Result<Vec<Advice>, String> {
    if answer.len() > limits::PLUGIN_ADVICE_MAX {
        return Err(format!("it gave {} pieces of advice; {} are taken", answer.len(), limits::PLUGIN_ADVICE_MAX));
    }
    let bytes: usize = answer.iter().map(|advice| advice.explanation.len() + text_bytes(&advice.suggestion)).sum();
    if bytes > limits::PLUGIN_OUTPUT_BYTES_MAX {
        return Err(format!("its advice has {bytes} bytes; {} are taken", limits::PLUGIN_OUTPUT_BYTES_MAX));
    }
    answer.into_iter().map(read_one).collect()
}

fn read_one(advice: types::Advice) -> Result<Advice, String> {
    let types::Advice { suggestion, confidence, explanation } = advice;
    if confidence > 100 {
        return Err(format!("it is {confidence} % sure; 0 to 100 is possible"));
    }
    let what = match suggestion {
        types::Suggestion::Workstream(name) => Advised::Workstream(named("workstream", name)?),
        types::Suggestion::Queue(name) => Advised::Queue(named("queue", name)?),
        types::Suggestion::Agent(address) => {
            Advised::Agent(address.parse().map_err(|error| format!("the agent {address:?}: {error}"))?)
        }
        types::Suggestion::Priority(word) => Advised::Priority(
            serde_json::from_value(word.clone().into())
                .map_err(|_| format!("{word:?} is no priority: low, normal, high or urgent"))?,
        ),
        types::Suggestion::Skill(types::Skill { name, level: level @ 1..=SKILL_LEVEL_MAX }) => {
            Advised::Skill { name: named("skill", name)?, level }
        }
        types::Suggestion::Skill(types::Skill { name, level }) => {
            return Err(format!("the skill {name:?} at level {level}; levels are 1 to {SKILL_LEVEL_MAX}"));
        }
        types::Suggestion::Tag(name) => Advised::Tag(named("tag", name)?),
        types::Suggestion::Field(types::Field { name, value }) => own_field(name, value)?,
        types::Suggestion::RecordType(name) => Advised::RecordType(named("record type", name)?),
        types::Suggestion::Hold(why) => Advised::Hold(told("reason to hold", why)?),
        types::Suggestion::Note(text) => Advised::Note(told("note", text)?),
        types::Suggestion::SuggestedCase(number) => Advised::SuggestedCase(number),
    };
    Ok(Advice { what, confidence, explanation })
}

fn own_field(name: String, value: String) -> Result<Advised, String> {
    let most = limits::PLUGIN_FIELD_BYTES_MAX;
    match () {
        () if value.len() > most => Err(format!("a field of {} bytes; {most} are taken", value.len())),
        () if is_name(&name) && !is_own_field(&name) => Err(format!("no field of a plugin is called {name}")),
        () => Ok(Advised::Field { name: named("field", name)?, value }),
    }
}

fn named(what: &str, name: String) -> Result<String, String> {
    let most = limits::CASE_NAME_BYTES_MAX;
    match told(what, name)? {
        name if is_name(&name) => Ok(name),
        name => Err(format!("a {what} of {} bytes; {most} are taken, without control characters", name.len())),
    }
}

fn told(what: &str, text: String) -> Result<String, String> {
    if text.trim().is_empty() { Err(format!("it gave an empty {what}")) } else { Ok(text) }
}

fn text_bytes(suggestion: &types::Suggestion) -> usize {
    match suggestion {
        types::Suggestion::Workstream(text)
        | types::Suggestion::Queue(text)
        | types::Suggestion::Agent(text)
        | types::Suggestion::Priority(text)
        | types::Suggestion::Tag(text)
        | types::Suggestion::RecordType(text)
        | types::Suggestion::Hold(text)
        | types::Suggestion::Note(text) => text.len(),
        types::Suggestion::Skill(skill) => skill.name.len(),
        types::Suggestion::Field(field) => field.name.len() + field.value.len(),
        types::Suggestion::SuggestedCase(_) => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(suggestion: types::Suggestion, expected: Result<&str, &str>) {
        let advice = types::Advice { suggestion, confidence: 70, explanation: "because".into() };
        let read = read(vec![advice]).map(|advice| serde_json::to_string(&advice[0]).unwrap());
        let rest = r#","confidence":70,"explanation":"because"}"#;
        let expected = expected.map(|start| format!("{start}{rest}")).map_err(str::to_owned);
        assert_eq!(read, expected);
    }

    #[test]
    fn what_is_suggested_is_checked() {
        check(types::Suggestion::Queue("lifts".into()), Ok(r#"{"queue":"lifts""#));
        check(types::Suggestion::Queue(" ".into()), Err("it gave an empty queue"));
        check(types::Suggestion::Agent("anna@company.example".into()), Ok(r#"{"agent":"anna@company.example""#));
        check(types::Suggestion::Priority("high".into()), Ok(r#"{"priority":"high""#));
        check(types::Suggestion::Priority("red".into()), Err(r#""red" is no priority: low, normal, high or urgent"#));
        let skill = |level| types::Suggestion::Skill(types::Skill { name: "german".into(), level });
        check(skill(3), Ok(r#"{"skill":{"name":"german","level":3}"#));
        check(skill(0), Err(r#"the skill "german" at level 0; levels are 1 to 10"#));
        let field = |name: &str, value: String| types::Suggestion::Field(types::Field { name: name.into(), value });
        check(field("model", "LX".into()), Ok(r#"{"field":{"name":"model","value":"LX"}"#));
        for own in ["address", "subject", "workstream", "preferred_agent", "skill.x", "tag.x"] {
            check(field(own, "x".into()), Err(&format!("no field of a plugin is called {own}")));
        }
        check(field("model", "x".repeat(4097)), Err("a field of 4097 bytes; 4096 are taken"));
        let why = "a tag of 101 bytes; 100 are taken, without control characters";
        check(types::Suggestion::Tag("x".repeat(101)), Err(why));
        check(types::Suggestion::SuggestedCase(17), Ok(r#"{"suggested_case":17"#));
    }

    #[test]
    fn too_much_is_taken_as_nothing() {
        let note = |bytes: usize| types::Advice {
            suggestion: types::Suggestion::Note("x".repeat(bytes)),
            confidence: 100,
            explanation: String::new(),
        };
        assert!(read(vec![note(limits::PLUGIN_OUTPUT_BYTES_MAX)]).is_ok());
        assert!(read(vec![note(limits::PLUGIN_OUTPUT_BYTES_MAX), note(1)]).is_err());
        assert!(read(vec![note(1); limits::PLUGIN_ADVICE_MAX + 1]).is_err());
        assert!(read(vec![types::Advice { confidence: 101, ..note(1) }]).is_err());
    }
}
