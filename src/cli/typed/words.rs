//! Values that have a form of their own.

use std::collections::BTreeSet;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde::de::DeserializeOwned;

use crate::base::CaseNumber;
use crate::base::limits::SKILL_LEVEL_MAX;
use crate::routing::is_queue_name;

pub const STATUSES: &[&str] = &["new", "open", "pending", "resolved", "closed"];
pub const PRIORITIES: &[&str] = &["low", "normal", "high", "urgent"];
pub const MODES: &[&str] = &["forwarded", "direct"];
pub const OVER_LIMIT: &[&str] = &["bounce", "discard", "requeue", "hold"];
pub const UNAUTHORISED: &[&str] = &["bounce", "discard", "hold"];
pub const REPLY_TO: &[&str] = &["ignore", "address", "replace"];
pub const UNKNOWN_SENDER: &[&str] = &["contact", "hold"];
pub const OPENS: &[&str] = &["case", "item"];
pub const ITEM_STATUSES: &[&str] = &["open", "done"];
pub const DIRECTIONS: &[&str] = &["inbound", "outbound", "any"];
#[rustfmt::skip]
pub const DISPOSITIONS: &[&str] = &[
    "case_opened", "case_appended", "duplicate", "delivery_report", "verification", "forwarding_confirmation",
    "probe", "routed", "held", "ignored",
];

pub const ABOUT: &[&str] = &["all", "named"];
pub const ASSIGN: &[&str] = &["round-robin", "most-capacity", "least-active", "skills", "pick"];
pub const ACCEPT: &[&str] = &["auto", "ask"];
pub const RESET: &[&str] = &["at-once", "end-of-day"];
pub const PRESENCE: &[&str] = &["available", "busy", "away", "offline"];

/// One of `words`, as the value that it stands for.
pub fn word<T>(words: &'static [&'static str]) -> impl TypedValueParser<Value = T>
where
    T: DeserializeOwned + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(words).try_map(|word| serde_json::from_value::<T>(word.into()))
}

/// Rows of a list.
pub fn rows(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|rows| *rows > 0).ok_or_else(|| "expected 1 or more rows; --all shows all".to_owned())
}

/// As `case list` shows it.
pub fn case_number(text: &str) -> Result<CaseNumber, String> {
    text.parse().map_err(|_| "expected a case's number such as 17".to_owned())
}

/// `N/day`.
pub fn rate_limit(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix("/day").filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
    number.and_then(|number| number.parse().ok()).ok_or_else(|| "expected a rate such as 100/day".to_owned())
}

/// `NAME=LEVEL`.
pub fn skill(text: &str) -> Result<(String, u8), String> {
    let (name, level) = text.split_once('=').unwrap_or_default();
    match level.parse() {
        Ok(level @ 0..=SKILL_LEVEL_MAX) if !name.trim().is_empty() => Ok((name.trim().into(), level)),
        _ => Err(format!(
            "expected a skill and its level from 1 to {SKILL_LEVEL_MAX}, such as german=3; 0 takes the skill away"
        )),
    }
}

/// `on` or `off`.
pub fn switch() -> impl TypedValueParser<Value = bool> {
    PossibleValuesParser::new(["on", "off"]).map(|word| word == "on")
}

/// `TYPE=N`.
pub fn units(text: &str) -> Result<(String, u32), String> {
    let (name, units) = text.split_once('=').unwrap_or_default();
    match units.parse() {
        Ok(units) if !name.trim().is_empty() => Ok((name.trim().into(), units)),
        _ => Err("expected a record type and its units, such as claim=3".into()),
    }
}

/// A name, or nothing.
pub fn name_or_none(text: &str) -> Result<String, String> {
    let fits = text.is_empty() || is_queue_name(text);
    fits.then(|| text.to_owned()).ok_or("expected a name of letters, digits, '-', '_' and '.', at most 64".into())
}

/// None when none is named.
pub fn names(typed: Vec<String>) -> Option<BTreeSet<String>> {
    (!typed.is_empty()).then(|| typed.into_iter().collect())
}

/// `key=value`.
pub fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected key=value, such as priority=high")?;
    if key.trim().is_empty() {
        Err("expected a key before the =".into())
    } else {
        Ok((key.trim().into(), value.into()))
    }
}
