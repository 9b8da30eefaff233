//! Patterns of conditions (regular expressions), each compiled once, however many conditions have it.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, RwLock, Weak};

use regex::{Regex, RegexBuilder};

use crate::base::limits;

fn compiled(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern).size_limit(limits::PATTERN_BYTES_MAX).build().map_err(|error| {
        let text = error.to_string();
        let words = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
        format!("found the pattern {pattern:?}, expected a regular expression: {words}")
    })
}

/// Every pattern of a condition that is there. Conditions own them, so that those of former rules go.
static PATTERNS: LazyLock<RwLock<HashMap<String, Weak<Regex>>>> = LazyLock::new(RwLock::default);

/// The pattern as all conditions with it share it, compiled when the first of them is read.
pub fn kept(pattern: &str) -> Result<Arc<Regex>, String> {
    if let Some(known) = known(pattern) {
        return Ok(known);
    }
    let new = Arc::new(compiled(pattern)?);
    let mut patterns = PATTERNS.write().expect("no holder panics");
    if let Some(faster) = patterns.get(pattern).and_then(Weak::upgrade) {
        return Ok(faster);
    }
    if patterns.len() == patterns.capacity() {
        patterns.retain(|_, known| known.strong_count() > 0);
    }
    patterns.insert(pattern.to_owned(), Arc::downgrade(&new));
    Ok(new)
}

/// One that some condition has.
pub fn known(pattern: &str) -> Option<Arc<Regex>> {
    PATTERNS.read().expect("no holder panics").get(pattern)?.upgrade()
}
