//! A case: what it is, what was written, what happened.

use serde_json::Value;

use super::sheet;
use super::table::{self, cell};
use crate::cli::text;

/// The fields of an event that its line begins with.
const EVENT: [&str; 3] = ["at", "kind", "by"];

/// A row for each.
pub fn rows(cases: &Value, none: &str) -> String {
    let columns = ["number", "status", "priority", "contact", "subject", "queue", "owner", "updated_at"];
    table::rows(cases, &columns, none)
}

/// The whole case.
pub fn sheet(case: &Value) -> String {
    head(case) + &conversation(case)
}

/// What an item may belong to, its message, and what happened to it.
pub fn below(item: &Value) -> String {
    hints(item) + &conversation(item)
}

fn conversation(case: &Value) -> String {
    let mut out = String::new();
    for message in case["messages"].as_array().into_iter().flatten() {
        out += &one_message(message);
    }
    let events = case["events"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !events.is_empty() {
        out += "\nevents\n";
        out.extend(events.iter().map(event));
    }
    out
}

/// An answer that hasn't left.
pub fn preview(answer: &Value) -> String {
    let mut out = format!("From     {}\n", cell(&answer["from"]));
    for one in answer["recipients"].as_array().into_iter().flatten() {
        let field = if one["field"] == "cc" { "Cc" } else { "To" };
        out += &format!("{field}       {}  ({})\n", cell(&one["address"]), cell(&one["why"]));
    }
    out += &format!("Subject  {}\n", cell(&answer["subject"]));
    let newest = &answer["newest"];
    if !newest.is_null() {
        out += &format!("Newest   {}, {}\n", cell(&newest["from"]), cell(&newest["at"]));
    }
    out
}

/// Without messages and events.
pub fn head(case: &Value) -> String {
    let title = match (&case["number"], &case["subject"]) {
        (Value::Null, _) => String::new(),
        (number, subject) => format!("case {}  {}\n\n", cell(number), cell(subject)),
    };
    let first = ["status", "priority", "contact", "address", "queue", "owner", "opened_at", "updated_at"];
    let mut out =
        title + &sheet::of(case, &first, &["number", "subject", "tasks", "hints", "messages", "events", "waits"]);
    if let Some(why) = case["waits"]["why"].as_str() {
        out += &format!("\nwaits: {}\n", text::line(why));
    }
    for one in case["waits"]["considered"].as_array().into_iter().flatten() {
        out += &format!("  {}  {}\n", cell(&one["agent"]), cell(&one["why"]));
    }
    for task in case["tasks"].as_array().into_iter().flatten() {
        out += &format!("task {} {}: message {}\n", cell(&task["task"]), cell(&task["status"]), cell(&task["mail"]));
    }
    out + &hints(case)
}

fn hints(case: &Value) -> String {
    let hint = |hint: &Value| format!("may belong to case {}: {}\n", cell(&hint["case"]), cell(&hint["why"]));
    case["hints"].as_array().into_iter().flatten().map(hint).collect()
}

fn one_message(message: &Value) -> String {
    let direction = match message["direction"].as_str() {
        Some("outbound") => "sent",
        _ => "received",
    };
    let when = [&message["received_at"], &message["date"]].into_iter().find(|time| !time.is_null());
    let when = when.map_or(String::new(), |when| format!("  {}", cell(when)));
    let mut out = format!("\n── {} {direction}{when}  {}\n", cell(&message["from"]), cell(&message["id"]));
    let new = text::block(message["new_text"].as_str().unwrap_or_default());
    let new = if new.trim().is_empty() { "(no text)" } else { new.trim_end() };
    // Indented, so that no customer can write what looks like the next message or an event.
    out.extend(new.lines().map(|line| format!("  {line}").trim_end().to_owned() + "\n"));
    out.extend(attachments(message).into_iter().map(|line| format!("  [{line}]\n")));
    out
}

/// A line for each, with the number that `message attachment` takes.
pub fn attachments(message: &Value) -> Vec<String> {
    let line = |(place, attachment): (usize, &Value)| {
        let (name, kind) = (cell(&attachment["name"]), cell(&attachment["content_type"]));
        format!("{}  {name}  {kind}  {} bytes", place + 1, cell(&attachment["size"]))
    };
    message["attachments"].as_array().into_iter().flatten().enumerate().map(line).collect()
}

fn event(event: &Value) -> String {
    let by = if event["by"].is_null() { String::new() } else { format!("  by {}", cell(&event["by"])) };
    let rest = event.as_object().into_iter().flatten();
    let rest = rest.filter(|(name, value)| !EVENT.contains(&name.as_str()) && !value.is_null());
    let rest: String =
        rest.map(|(name, value)| format!("  {}={}", text::line(name), text::short(&cell(value), 120))).collect();
    format!("  {}  {}{by}{rest}\n", cell(&event["at"]), cell(&event["kind"]))
}
