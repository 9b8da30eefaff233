//! Contacts.

use serde_json::Value;

use super::{cases, sheet};

/// A contact with their newest cases.
pub fn contact(value: &Value) -> String {
    head(value) + "\n" + &cases::rows(&value["cases"], "no cases yet")
}

/// Without them.
pub fn head(value: &Value) -> String {
    sheet::of(value, &["address", "name", "account", "aliases", "active"], &["cases"])
}
