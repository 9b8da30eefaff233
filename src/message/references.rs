//! The References field of a reply (RFC 5322 §3.6.4), kept to a length that every client takes.

use super::Facts;
use crate::base::limits::REFERENCES_MAX;

/// The parent's References, or its In-Reply-To when that names exactly one message, and the parent itself. Of too many
/// the first (the root of the thread) and the newest are kept.
pub fn of_reply(parent: &Facts) -> Vec<String> {
    let ancestors: &[String] = match (&parent.references[..], &parent.in_reply_to[..]) {
        ([], [only]) => std::slice::from_ref(only),
        ([], _) => &[],
        (references, _) => references,
    };
    let own = parent.message_id.as_ref();
    let mut ids: Vec<String> = ancestors.iter().filter(|id| Some(*id) != own).chain(own).cloned().collect();
    if ids.len() > REFERENCES_MAX {
        ids.drain(1..=ids.len() - REFERENCES_MAX);
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(own: Option<&str>, in_reply_to: &[&str], references: &[&str], expected: &[&str]) {
        let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        let parent = Facts {
            message_id: own.map(str::to_owned),
            in_reply_to: owned(in_reply_to),
            references: owned(references),
            ..Facts::default()
        };
        assert_eq!(of_reply(&parent), expected);
    }

    #[test]
    fn ancestors_and_parent() {
        check(Some("<p>"), &[], &[], &["<p>"]);
        check(Some("<p>"), &["<a>"], &["<a>", "<b>"], &["<a>", "<b>", "<p>"]);
        check(Some("<p>"), &["<a>"], &[], &["<a>", "<p>"]);
        check(Some("<p>"), &["<a>", "<b>"], &[], &["<p>"]);
        check(Some("<p>"), &[], &["<p>", "<a>"], &["<a>", "<p>"]);
        check(None, &[], &["<a>"], &["<a>"]);
        let many: Vec<String> = (0..50).map(|n| format!("<{n}>")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let mut expected = vec!["<0>"];
        expected.extend(&many[50 - (REFERENCES_MAX - 2)..]);
        expected.push("<p>");
        check(Some("<p>"), &[], &many, &expected);
    }
}
