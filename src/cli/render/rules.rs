//! Rules: those in force, what they make of a message, and what others would.

use serde_json::{Value, json};

use super::{sheet, table};
use crate::cli::text;

/// The rules in force, the mistakes of their file and the warnings.
pub fn shown(value: &Value) -> String {
    let Some(rules) = value.get("rules") else { return order(value) };
    let mut out = sheet::of(value, &["file", "version"], &["rules", "mistakes", "warnings"]);
    out += "\n";
    let lines = |name: &str| value[name].as_array().cloned().unwrap_or_default();
    let none = match lines("mistakes").is_empty() {
        true => "no rules are in force; begin with rules.toml.example",
        false => "no rules are in force",
    };
    out += &table::rows(&told(rules), &["stage", "line", "by", "workstream", "when", "then"], none);
    for mistake in lines("mistakes") {
        out += &format!("not in force: {}\n", text::line(mistake.as_str().unwrap_or_default()));
    }
    for warning in lines("warnings") {
        let what = warning["what"].as_str().unwrap_or_default();
        out += &format!("warning: line {}: {}\n", warning["line"], text::line(what));
    }
    out
}

/// What can't be meant, a line each.
pub fn checked(value: &Value) -> String {
    let all = |name: &str| value[name].as_array().cloned().unwrap_or_default();
    let said = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let file = said(&value["rules"]);
    let of_rules = all("warnings").into_iter().map(|one| format!("{file}:{}: {}", one["line"], said(&one["what"])));
    let of_others = all("concerns").into_iter().map(|one| format!("{}: {}", said(&one["about"]), said(&one["what"])));
    let keys: Vec<String> = all("restart").iter().map(said).collect();
    let restart = format!("changed since the server was started, and in force after a restart: {}", keys.join(", "));
    let restart = (!keys.is_empty()).then_some(restart);
    of_rules.chain(of_others).chain(restart).map(|line| format!("warning: {}\n", text::line(&line))).collect()
}

/// With what a plugin waits for where rules have their conditions.
fn told(rows: &Value) -> Value {
    let row = |row: &Value| {
        let mut row = row.clone();
        if row["about"] == "named" {
            row["when"] = "the address names it".into();
        }
        row
    };
    rows.as_array().into_iter().flatten().map(row).collect()
}

fn order(value: &Value) -> String {
    table::rows(&told(value), &["order", "stage", "by", "workstream", "when", "then"], "nobody advises")
}

/// Each rule that was tried, and the result.
pub fn tried(value: &Value) -> String {
    let row = |step: &Value| {
        let mut row = step.clone();
        row["holds"] = json!(if step["value"] == true { "yes" } else { "no" });
        row
    };
    let rows: Vec<Value> = value["steps"].as_array().into_iter().flatten().map(row).collect();
    let table = table::rows(&rows.into(), &["stage", "line", "rule", "when", "holds", "outcome"], "no rule was tried");
    let first = ["workstream", "priority", "record_type", "opens", "queue", "agent", "hold"];
    let mut result = value["result"].clone();
    let is_told = |name: &str| !value["result"][name].is_null();
    let is_named = is_told("queue") || is_told("agent");
    if !is_named && !is_told("hold") {
        result["queue"] = "that of the address; no rule chose one".into();
    }
    let named = "\nqueues and agents aren't looked up here; whether those of the rules are there: postcase check\n";
    format!("{table}\n{}{}", sheet::of(&result, &first, &[]), if is_named { named } else { "" })
}

/// The decisions that change.
pub fn replayed(value: &Value) -> String {
    let changed = value["changed"].as_array().map_or(&[][..], Vec::as_slice);
    let row = |(one, change): (&Value, &Value)| {
        let mut row = change.clone();
        row["id"] = one["id"].clone();
        row["message_id"] = one["message_id"].clone();
        row
    };
    let changes = |one: &'_ Value| one["changes"].as_array().cloned().unwrap_or_default();
    let rows = changed.iter().flat_map(|one| changes(one).into_iter().map(move |change| row((one, &change))));
    let rows: Vec<Value> = rows.collect();
    let assumed = value["assumed_empty"].as_array().map_or(String::new(), |queues| {
        let queues: Vec<String> = queues.iter().map(table::cell).collect();
        format!("taken as empty, because nobody looked at them then: {}\n", queues.join(", "))
    });
    let left_off = value["left_off"].as_u64().unwrap_or(0);
    let more = match left_off {
        0 => String::new(),
        more => format!("{more} more aren't shown; replay --since shows those of a shorter time\n"),
    };
    let total =
        format!("{more}{assumed}{} of {} messages change\n", changed.len() as u64 + left_off, value["messages"]);
    if rows.is_empty() {
        return total;
    }
    let columns = ["id", "message_id", "what", "before", "after", "why"];
    format!("{}\n{total}", table::rows(&rows.into(), &columns, ""))
}
