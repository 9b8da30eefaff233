//! Contacts and accounts.

use serde_json::Value;

use super::{cases, sheet, table};
use crate::desk::Command;

/// The answer to a command about them; none to any other.
pub fn answer(command: &Command, value: &Value) -> Option<String> {
    Some(match command {
        Command::ContactList { .. } => table::rows(
            value,
            &["address", "name", "account", "aliases", "active", "first_seen_at"],
            "no such contacts; each new sender becomes one",
        ),
        Command::ContactShow { .. } => contact(value) + "\n" + &cases::rows(&value["cases"], "no cases yet"),
        Command::AccountList { .. } => table::rows(
            value,
            &["name", "domains", "created_at"],
            "no accounts yet; add one: postcase account add NAME --domain customer.example",
        ),
        Command::AccountAdd { .. } | Command::AccountSet { .. } => {
            sheet::of(value, &["name", "domains", "created_at"], &[])
        }
        Command::ContactAdd { .. } | Command::ContactSet { .. } => contact(value),
        _ => return None,
    })
}

/// Without cases.
fn contact(value: &Value) -> String {
    sheet::of(value, &["address", "name", "account", "aliases", "active"], &["cases"])
}
