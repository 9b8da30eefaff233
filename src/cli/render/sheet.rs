//! One thing as lines of name and value.

use serde_json::Value;

use super::table::cell;
use crate::cli::text;

/// The fields of an object: `first` in that order, then the others by name, without `hidden`. What is null is left out.
/// Objects and lists of objects come last, indented below their name.
pub fn of(value: &Value, first: &[&str], hidden: &[&str]) -> String {
    let Some(fields) = value.as_object() else { return format!("{}\n", cell(value)) };
    let named = first.iter().filter_map(|name| fields.get_key_value(*name));
    let others = fields.iter().filter(|(name, _)| !first.contains(&name.as_str()));
    let mut shown: Vec<_> = named.chain(others).filter(|(name, _)| !hidden.contains(&name.as_str())).collect();
    shown.sort_by_key(|(_, value)| is_block(value));
    let mut lines = Vec::new();
    for (name, value) in shown {
        add(&mut lines, 0, name, value);
    }
    let width =
        lines.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let line = |(name, value): &(String, Option<String>)| match value {
        Some(value) => format!("{name:width$}  {value}\n"),
        None => format!("{name}\n"),
    };
    lines.iter().map(line).collect()
}

fn add(lines: &mut Vec<(String, Option<String>)>, depth: usize, name: &str, value: &Value) {
    let label = format!("{:indent$}{}", "", text::line(name).replace('_', " "), indent = 2 * depth);
    match value {
        Value::Null => {}
        Value::Array(list) if list.is_empty() => {}
        Value::Object(fields) if fields.is_empty() => {}
        Value::Array(list) if is_block(value) => {
            for one in list {
                add(lines, depth, name, one);
            }
        }
        Value::Object(fields) if is_block(value) => {
            lines.push((label, None));
            for (name, value) in fields {
                add(lines, depth + 1, name, value);
            }
        }
        _ => lines.push((label, Some(cell(value)))),
    }
}

/// True for what needs lines of its own. A person fits in one.
fn is_block(value: &Value) -> bool {
    match value {
        Value::Array(list) => list.iter().any(is_block),
        Value::Object(fields) => !(fields.contains_key("address") && fields.contains_key("name") && fields.len() <= 4),
        _ => false,
    }
}
