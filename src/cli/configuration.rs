//! `postcase check`, with and without the whole store, and `postcase config show`.
//!
//! Queues, agents and addresses are registered in the store: they are looked at through the server or in the store, when there
//! is one; nothing is made for it. Warnings change no exit code.

use std::path::Path;

use serde_json::{Value, json};

use super::failure::Failure;
use super::{reach, render, rules, say, text};
use crate::base::Clock;
use crate::config::{LoadError, Settings, load};
use crate::desk::{Command, Outcome};
use crate::routing::never_open;
use crate::rules::{Rules, warnings};
use crate::store::Store;

/// Says every mistake, or that there is none.
pub async fn check(file: Option<&Path>, json: bool) -> Result<(), Failure> {
    let examined = |settings: Settings| match settings.examine() {
        Ok(()) => Ok(settings),
        Err(mistake) => Err(LoadError::Mistakes(vec![mistake])),
    };
    let with_rules = |settings: Settings| rules::of(&settings).map(|rules| (settings, rules));
    match load(file).and_then(examined).and_then(with_rules) {
        Ok((settings, rules)) => {
            let (mut found, why) = match registered(&settings).await {
                Ok(found) => (found, None),
                Err(why) => (unregistered(&settings, rules.as_ref()), Some(why)),
            };
            if json {
                found["not_looked_at"] = json!(why);
                return print(&settings, found);
            }
            let left =
                why.map(|why| format!("queues, agents and addresses were not looked at: {}\n", text::line(&why)));
            Ok(say(&(clean(&settings, rules.as_ref()) + &render::checked(&found) + &left.unwrap_or_default()))?)
        }
        Err(LoadError::Mistakes(mistakes)) if json => {
            let said = json!({ "file": mistakes.first().map(|one| &one.file), "mistakes": mistakes });
            say(&text::json(&said))?;
            Err(Failure::refused(""))
        }
        Err(error) => Err(error.into()),
    }
}

/// What the desk finds; or why it wasn't asked.
async fn registered(settings: &Settings) -> Result<Value, String> {
    if !Store::is_in(&settings.data_dir) {
        return Err(format!("there is no store in {} yet", settings.data_dir.display()));
    }
    asked(settings, &Command::Check).await.map_err(|failure| failure.message)
}

/// The same, as far as the files alone say it.
fn unregistered(settings: &Settings, rules: Option<&Rules>) -> Value {
    let warned = rules.map(|rules| warnings(rules, &settings.hours, None)).unwrap_or_default();
    let concerns = never_open(&settings.hours, Clock::system().now());
    json!({ "rules": settings.rules_file(), "warnings": warned, "concerns": concerns, "restart": [] })
}

async fn asked(settings: &Settings, command: &Command) -> Result<Value, Failure> {
    match reach::ask(settings, command).await? {
        Outcome::Json(value) => Ok(value),
        Outcome::Bytes(_) => {
            Err(Failure::refused("the server's answer is not understood: run the same postcase as the server"))
        }
    }
}

/// The configuration is clean; is the store whole?
pub async fn check_store(settings: &Settings, json: bool) -> Result<(), Failure> {
    settings.examine().map_err(|mistake| LoadError::Mistakes(vec![mistake]))?;
    let rules = rules::of(settings)?;
    let whole = asked(settings, &Command::StoreCheck).await?;
    let mut found = asked(settings, &Command::Check).await?;
    let damage: Vec<&str> = whole["damage"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if json {
        found
            .as_object_mut()
            .into_iter()
            .for_each(|found| found.extend(whole.as_object().cloned().unwrap_or_default()));
        print(settings, found)?;
        return if damage.is_empty() { Ok(()) } else { Err(Failure::refused("")) };
    }
    say(&(clean(settings, rules.as_ref()) + &render::checked(&found)))?;
    if !damage.is_empty() {
        return Err(Failure::refused(damage.join("\n")));
    }
    let (entries, rows) = (&whole["entries"], &whole["rows"]);
    Ok(say(&format!("store is whole: {entries} messages and {rows} rows can be read\n"))?)
}

fn print(settings: &Settings, mut found: Value) -> Result<(), Failure> {
    found["file"] = json!(settings.origins.file);
    found["mistakes"] = json!([]);
    Ok(say(&text::json(&found))?)
}

fn clean(settings: &Settings, rules: Option<&Rules>) -> String {
    let configuration = match &settings.origins.file {
        Some(file) => {
            let (set, all) = (settings.set_in_file(), settings.in_force().len());
            format!("configuration is clean: {} sets {set} of {all} keys\n", text::line(&file.to_string_lossy()))
        }
        None => "configuration is clean: there is no file, the built-in default is in force\n".to_owned(),
    };
    let Some(rules) = rules else { return configuration };
    let (file, count) = (settings.rules_file(), rules.len());
    configuration + &format!("rules are clean: {} has {count} rules\n", text::line(&file.to_string_lossy()))
}

pub fn show(settings: &Settings, json: bool) -> Result<(), Failure> {
    let rows = settings.in_force();
    if json {
        return Ok(say(&text::json(&rows))?);
    }
    let rows = rows.iter().map(|row| json!({ "key": row.key, "value": row.value.to_string(), "from": row.from }));
    Ok(say(&render::configuration(&rows.collect()))?)
}
