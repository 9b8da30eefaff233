//! Lists as aligned columns without borders.

use comfy_table::{Table, presets};
use serde_json::Value;

use crate::cli::text;

/// Characters of one cell, so that a long subject leaves room for the rest.
const CELL_CHARS_MAX: usize = 60;
/// An id or a service address is for copying: cut, it would be worthless.
const WHOLE: &[&str] = &["id", "service_address", "address", "key", "from", "recipient", "last_words", "value"];

/// The rows of a JSON array, or `empty` when there are none. Columns are fields, by the order given.
pub fn rows(list: &Value, columns: &[&str], empty: &str) -> String {
    let rows = list.as_array().map(Vec::as_slice).unwrap_or_default();
    if rows.is_empty() {
        return format!("{empty}\n");
    }
    let shown = |column: &&&str| rows.iter().any(|row| !row[**column].is_null());
    let columns: Vec<&str> = columns.iter().filter(shown).copied().collect();
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(columns.iter().map(|name| title(name)));
    table.add_rows(rows.iter().map(|row| columns.iter().map(|name| bounded(name, &row[*name]))));
    table.column_iter_mut().for_each(|column| {
        column.set_padding((0, 2));
    });
    table.trim_fmt() + "\n"
}

fn title(name: &str) -> String {
    name.strip_suffix("_at").unwrap_or(name).replace('_', " ").to_uppercase()
}

fn bounded(name: &str, value: &Value) -> String {
    let cell = cell(value);
    if WHOLE.contains(&name) && value.is_string() { cell } else { text::short(&cell, CELL_CHARS_MAX) }
}

/// A value in one line.
pub fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.is_empty() => "-".to_owned(),
        Value::String(text) => without_fraction(&text::line(text)),
        Value::Array(list) if list.is_empty() => "-".to_owned(),
        Value::Array(list) => list.iter().map(cell).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => match (value["address"].as_str(), value["name"].as_str()) {
            (Some(address), Some(name)) if !name.is_empty() => {
                format!("{} <{}>{}", text::line(name), text::line(address), more(value))
            }
            (Some(address), _) => text::line(address) + &more(value),
            _ => fields
                .iter()
                .map(|(key, value)| format!("{} {}", text::line(key), cell(value)))
                .collect::<Vec<_>>()
                .join(", "),
        },
    }
}

/// What is known of a person beyond name and address.
fn more(person: &Value) -> String {
    let account = person["account"].as_str().map(|account| format!(" of {}", text::line(account)));
    account.unwrap_or_default() + if person["inactive"] == true { " (inactive)" } else { "" }
}

/// A time to the second; any other text as it is.
fn without_fraction(text: &str) -> String {
    match text.split_once('.') {
        Some((seconds, rest)) if rest.ends_with('Z') && text.parse::<crate::base::Time>().is_ok() => {
            format!("{seconds}Z")
        }
        _ => text.to_owned(),
    }
}
