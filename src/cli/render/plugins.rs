//! Plugins for people: which there are, and what one says about a message.

use serde_json::Value;

use super::{sheet, table};

pub fn list(value: &Value) -> String {
    table::rows(
        value,
        &["order", "name", "version", "state", "failures", "hash", "why"],
        "no plugins yet; install one: postcase plugin install FILE.wasm",
    )
}

/// One plugin.
pub fn sheet(value: &Value) -> String {
    let first = ["name", "version", "state", "why", "failures", "last_failure", "order", "about", "addresses", "hash"];
    sheet::of(value, &first, &[])
}

/// What a plugin says about one message.
pub fn advice(value: &Value) -> String {
    let mut out = sheet::of(value, &["file", "error", "fuel", "took_us"], &["advice", "log"]);
    for said in value["advice"].as_array().into_iter().flatten() {
        let what = said.as_object().into_iter().flatten();
        let what = what.filter(|(key, _)| !["stage", "confidence", "explanation"].contains(&key.as_str()));
        let what: String = what.map(|(key, value)| format!("{key} {}", table::cell(value))).collect();
        let (stage, why) = (table::cell(&said["stage"]), table::cell(&said["explanation"]));
        out += &format!("  {stage}: {what} ({} %): {why}\n", said["confidence"]);
    }
    let lines = value["log"].as_array().into_iter().flatten();
    out.extend(lines.map(|line| format!("  log {}: {}\n", table::cell(&line["level"]), table::cell(&line["text"]))));
    out
}
