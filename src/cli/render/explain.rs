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
        if !step["why"].is_null() {
            out += &format!("     {}\n", cell(&step["why"]));
        }
        for other in step["considered"].as_array().into_iter().flatten().skip(1) {
            out += &format!("     {} {}\n", cell(&other["agent"]), cell(&other["why"]));
        }
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
