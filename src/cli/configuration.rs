//! `postcase check`, with and without the store, and `postcase config show`.

use std::path::Path;

use serde_json::json;

use super::failure::Failure;
use super::{reach, render, rules, say, text};
use crate::config::{LoadError, Settings, load};
use crate::desk::{Command, Outcome};
use crate::rules::{Rules, Warning, warnings};

/// Says every mistake, or that there is none.
pub fn check(file: Option<&Path>, json: bool) -> Result<(), Failure> {
    let examined = |settings: Settings| match settings.examine() {
        Ok(()) => Ok(settings),
        Err(mistake) => Err(LoadError::Mistakes(vec![mistake])),
    };
    let with_rules = |settings: Settings| rules::of(&settings).map(|rules| (settings, rules));
    match load(file).and_then(examined).and_then(with_rules) {
        Ok((settings, rules)) => {
            let warned = rules.as_ref().map(|rules| warnings(rules, None)).unwrap_or_default();
            Ok(say(&clean(&settings, rules.as_ref(), &warned, json))?)
        }
        Err(LoadError::Mistakes(mistakes)) if json => {
            let said = json!({ "file": mistakes.first().map(|one| &one.file), "mistakes": mistakes });
            say(&(text::json(&said) + "\n"))?;
            Err(Failure::refused(""))
        }
        Err(error) => Err(error.into()),
    }
}

/// The configuration is clean; is the store whole?
pub async fn check_store(settings: &Settings, json: bool) -> Result<(), Failure> {
    settings.examine().map_err(|mistake| LoadError::Mistakes(vec![mistake]))?;
    let rules = rules::of(settings)?;
    let Outcome::Json(mut found) = reach::ask(settings, &Command::StoreCheck).await? else {
        return Err(Failure::refused("the server's answer is not understood: run the same postcase as the server"));
    };
    let Outcome::Json(shown) = reach::ask(settings, &Command::RulesShow { order: false }).await? else {
        return Err(Failure::refused("the server's answer is not understood: run the same postcase as the server"));
    };
    found["warnings"] = shown["warnings"].clone();
    let warned: Vec<Warning> = serde_json::from_value(found["warnings"].clone()).unwrap_or_default();
    let damage: Vec<String> = found["damage"].as_array().into_iter().flatten().map(text_of).collect();
    if json {
        found["file"] = json!(settings.origins.file);
        found["mistakes"] = json!([]);
        say(&(text::json(&found) + "\n"))?;
        return if damage.is_empty() { Ok(()) } else { Err(Failure::refused("")) };
    }
    say(&clean(settings, rules.as_ref(), &warned, false))?;
    if !damage.is_empty() {
        return Err(Failure::refused(damage.join("\n")));
    }
    let (entries, rows) = (&found["entries"], &found["rows"]);
    Ok(say(&format!("store is whole: {entries} messages and {rows} rows can be read\n"))?)
}

fn text_of(value: &serde_json::Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn clean(settings: &Settings, rules: Option<&Rules>, warnings: &[Warning], json: bool) -> String {
    let file = settings.origins.file.as_deref();
    if json {
        return text::json(&json!({ "file": file, "mistakes": [], "warnings": warnings })) + "\n";
    }
    let configuration = match file {
        Some(file) => {
            let (set, all) = (settings.set_in_file(), settings.in_force().len());
            format!("configuration is clean: {} sets {set} of {all} keys\n", text::line(&file.to_string_lossy()))
        }
        None => "configuration is clean: there is no file, the built-in default is in force\n".to_owned(),
    };
    let Some(rules) = rules else { return configuration };
    let (file, count) = (settings.rules_file(), rules.len());
    let said = format!("rules are clean: {} has {count} rules\n", text::line(&file.to_string_lossy()));
    configuration + &said + &rules::warned(&file, warnings)
}

pub fn show(settings: &Settings, json: bool) -> Result<(), Failure> {
    let rows = settings.in_force();
    if json {
        return Ok(say(&(text::json(&rows) + "\n"))?);
    }
    let rows = rows.iter().map(|row| json!({ "key": row.key, "value": row.value.to_string(), "from": row.from }));
    Ok(say(&render::configuration(&rows.collect()))?)
}
