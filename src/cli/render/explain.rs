//! Why a message went where it did.

use serde_json::Value;

use super::items;
use super::table::cell;

pub fn steps(value: &Value) -> String {
    let mut out = format!("{}  {}: {}\n", cell(&value["id"]), cell(&value["disposition"]), cell(&value["reason"]));
    for (number, step) in value["steps"].as_array().into_iter().flatten().enumerate() {
        out += &format!("{:>3}. {} by {}: {}", number + 1, cell(&step["stage"]), by(step), cell(&step["outcome"]));
        if let Some(took) = step["took_us"].as_u64().filter(|took| *took > 0) {
            out += &format!("  ({took} µs)");
        }
        out += "\n";
        if step["why"].as_str().is_some_and(|why| !why.is_empty()) {
            out += &format!("     {}\n", cell(&step["why"]));
        }
        out.extend(others(step).map(|line| format!("     {line}\n")));
    }
    if !value["item"].is_null() {
        out += &format!("item  {}\n", items::place(&value["item"]));
    }
    out
}

fn by(step: &Value) -> String {
    match &step["version"] {
        Value::Null => cell(&step["by"]),
        version => format!("{} {}", cell(&step["by"]), cell(version)),
    }
}

/// Agents beside the one who was chosen, who comes first.
fn others(step: &Value) -> impl Iterator<Item = String> {
    let all = step["considered"].as_array().map_or(&[][..], Vec::as_slice);
    let chosen = all.first().is_some_and(|first| first["why"] == step["why"]);
    let others = all.iter().skip(usize::from(chosen));
    others.map(|other| format!("{} {}", cell(&other["agent"]), cell(&other["why"])))
}
