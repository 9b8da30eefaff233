//! `postcase rules test FILE.eml`: what each rule makes of a message. It needs neither a server nor a store.
//!
//! Which queues and agents there are isn't known here, nor the settings of an address: a case begins with the priority
//! `normal`. Shares are dealt by the file's bytes, so the same file shows the same queue each time.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::failure::Failure;
use super::{inspect, render, say, text};
use crate::base::{Hours, Mailbox};
use crate::case::{Brief, Counselled, Draft, Lost, Weighed, weigh};
use crate::config::rules::read;
use crate::config::{LoadError, Mistake, Settings};
use crate::intake::saved_fields;
use crate::message::{self, Facts};
use crate::rules::{self, MAIN_WORKSTREAM, Rules, Told};

/// The rules of the configuration; none without a file.
pub fn of(settings: &Settings) -> Result<Option<Rules>, LoadError> {
    let file = settings.rules_file();
    let unreadable = |what: String| LoadError::Mistakes(vec![Mistake { file: file.clone(), line: 1, column: 1, what }]);
    let Some(text) = rules::text(&file).map_err(unreadable)? else { return Ok(None) };
    read(&file, &text).map(Some).map_err(LoadError::Mistakes)
}

pub fn test(settings: &Settings, file: &Path, address: Option<&Mailbox>, json: bool) -> Result<(), Failure> {
    let name = text::line(&file.to_string_lossy());
    let raw = inspect::bytes(file).map_err(|error| Failure::refused(format!("{name}: {error}")))?;
    let rules = of(settings)?.ok_or_else(|| no_rules(settings.rules_file()))?;
    let tried = tried(&rules, &brief(settings, message::read(&raw), &raw, address), &raw);
    let value = json!({ "file": file.to_string_lossy(), "steps": tried.0, "result": tried.1 });
    Ok(say(&if json { text::json(&value) } else { render::tried(&value) })?)
}

fn no_rules(file: PathBuf) -> Failure {
    Failure::refused(format!("there is no file {}; begin with rules.toml.example", file.display()))
}

/// Each rule that was tried, and what they come to.
fn tried(rules: &Rules, brief: &Brief, raw: &[u8]) -> (Vec<Value>, Value) {
    let mut draft = draft();
    let mut steps: Vec<(Value, usize)> = Vec::new();
    let advice = rules.advise_all(brief, &mut draft, raw, |told| steps.push((step(&told), told.3.len())));
    let weighed = weigh(Draft::default(), advice, |_| None);
    let mut rest = &weighed[..];
    let told = steps.into_iter().map(|(mut step, count)| {
        let (own, others) = rest.split_at(count);
        rest = others;
        if count > 0 {
            step["outcome"] = own.iter().map(outcome).collect::<Vec<_>>().join("; ").into();
        }
        step
    });
    let told = told.collect();
    (told, json!(Counselled::of(draft, &weighed)))
}

/// A message as rules see it. Nobody received it, so that business hours are those of its Date field.
pub fn brief(settings: &Settings, facts: Facts, raw: &[u8], address: Option<&Mailbox>) -> Brief {
    let date = facts.date;
    let open = |hours: &Hours| date.is_some_and(|date| hours.at(date).open);
    let hours = settings.hours.iter().map(|(name, hours)| (name.clone(), open(hours))).collect();
    Brief { hours, ..Brief::of(facts, saved_fields(raw), None, address) }
}

/// A case of which nothing is known.
pub fn draft() -> Draft {
    Draft { workstream: MAIN_WORKSTREAM.into(), ..Draft::default() }
}

fn step((rule, stage, holds, _): &Told<'_>) -> Value {
    let outcome = match holds {
        Ok(_) => String::new(),
        Err(why) => format!("can't be told: {why}"),
    };
    let when = rule.when.as_ref().map_or("true", |when| &when.text);
    json!({ "stage": stage, "rule": rule.name, "line": rule.line, "when": when, "value": *holds == Ok(true),
        "outcome": outcome })
}

fn outcome(weighed: &Weighed) -> String {
    match &weighed.lost {
        None => weighed.advice.what.to_string(),
        Some(Lost::Overruled(why) | Lost::Wrong(why)) => format!("{}, not taken: {why}", weighed.advice.what),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_that_was_tried_is_told() {
        let text = "[[intake]]\nname = 'a'\nwhen = 'headers[\"x\"][0] == \"y\"'\nworkstream = 'w'\n\
                    [[classify]]\nname = 'b'\ntags = ['t']\npriority = 'high'\n[[classify]]\nname = 'c'\nworkstream = 'w'\nnote = 'n'\n\
                    [[route]]\nname = 'd'\nwhen = 'case.priority == \"high\"'\nqueue = 'q'\n[[route]]\nname = 'e'\nhold = 'no'\n";
        let rules = read(Path::new("f"), text).unwrap();
        let raw = b"From: a@b.example\r\nSubject: s\r\n\r\nt\r\n";
        let (steps, result) = tried(&rules, &Brief::of(message::read(raw), Vec::new(), None, None), raw);
        let told: Vec<String> = steps
            .iter()
            .map(|step| {
                format!(
                    "{} {} {} {}",
                    step["line"],
                    step["rule"].as_str().unwrap(),
                    step["value"],
                    step["outcome"].as_str().unwrap()
                )
            })
            .collect();
        let expected = [
            "1 a false can't be told: there is no x",
            "5 b true priority high; tag t",
            "13 d true queue q",
            "17 e true hold: no, not taken: rule d came first",
        ];
        assert_eq!(told, expected);
        assert_eq!(steps[2]["when"], "case.priority == \"high\"");
        assert_eq!(
            (&result["queue"], &result["workstream"], &result["tags"]),
            (&json!("q"), &json!("main"), &json!(["t"]))
        );
        assert!(result["hold"].is_null());
    }
}
