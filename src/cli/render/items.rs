//! Items: messages that are done without a case.

use serde_json::Value;

use super::table::{self, cell};
use super::{cases, sheet};
use crate::desk::command::ItemCommand;

/// Where an item is, in one line.
pub fn place(item: &Value) -> String {
    let named = ["queue", "owner", "offer"].into_iter().filter(|name| !item[*name].is_null());
    let named: String = named.map(|name| format!(", {name} {}", cell(&item[name]))).collect();
    format!("{}{named}", cell(&item["status"]))
}

pub fn answer(command: &ItemCommand, value: &Value) -> String {
    match command {
        ItemCommand::List(_) => table::rows(
            value,
            &["id", "status", "priority", "contact", "subject", "queue", "owner", "offer", "since"],
            "no such items; postcase address set ADDRESS --opens item makes some of what comes",
        ),
        ItemCommand::Open { .. } => cases::sheet(value),
        _ => {
            let title = format!("item {}  {}\n\n", cell(&value["id"]), cell(&value["subject"]));
            let first = ["status", "priority", "contact", "address", "queue", "owner", "offer", "since"];
            let hidden = ["id", "subject", "hints", "messages", "events"];
            title + &sheet::of(value, &first, &hidden) + &cases::below(value)
        }
    }
}
