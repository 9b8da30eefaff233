//! What a company may call fields, tags and skills of its own, and how many of them a case has.
//!
//! Whoever sets one asks here: rules when their file is read, plugins when their answer is, persons when they do it. The fold of a
//! case doesn't ask: what was recorded stays.

use super::fold::{Case, PREFERRED, SKILL, TAG, WORKSTREAM};
use crate::base::limits;

/// Names of properties that are postcase's own.
const RESERVED: [&str; 13] = [
    "number",
    "status",
    "priority",
    "subject",
    "record_type",
    WORKSTREAM,
    PREFERRED,
    "queue",
    "owner",
    "contact",
    "address",
    "origin",
    "tags",
];

/// True for what a tag, a skill or the like may be called.
pub fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && name.len() <= limits::CASE_NAME_BYTES_MAX && !name.contains(char::is_control)
}

/// True for what a field may be called that means nothing to postcase.
pub fn is_own_field(name: &str) -> bool {
    is_name(name) && !RESERVED.contains(&name) && ![SKILL, TAG].iter().any(|prefix| name.starts_with(prefix))
}

/// Why a case that has so many of a kind takes no other one.
pub(super) fn no_room(kind: &str, kept: usize) -> Option<String> {
    (kept >= limits::CASE_ENTRIES_MAX).then(|| format!("the case has {kept} {kind}, and no more are kept"))
}

impl Case {
    /// Why it can't have a property of this name beside those that it has; none when it can.
    pub fn no_room_for(&self, name: &str) -> Option<String> {
        match name {
            _ if name.starts_with(TAG) => no_room("tags", self.tags.len()),
            _ if name.starts_with(SKILL) => no_room("skills", self.skills.len()),
            _ if is_own_field(name) => no_room("fields", self.fields.len()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_postcases_own_is_no_name_for_a_field() {
        for own in ["model", "Kundennummer", "skills", "tag", "a b"] {
            assert!(is_own_field(own), "{own}");
        }
        let long = "x".repeat(limits::CASE_NAME_BYTES_MAX + 1);
        for other in RESERVED.into_iter().chain(["tag.vip", "skill.german", "", " ", "a\nb", &long]) {
            assert!(!is_own_field(other), "{other}");
        }
        assert!(is_name("address") && !is_name("\u{1b}[2J"));
    }
}
