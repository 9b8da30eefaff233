//! Message-IDs in Message-ID, In-Reply-To and References (RFC 5322 §3.6.4), as they come: folded, without brackets,
//! between prose. Each is given with its angle brackets and without the space that folding put into it.

use crate::base::limits::{MESSAGE_ID_BYTES_MAX, MESSAGE_IDS_MAX};

/// The ids of an unfolded field in order, each once; of too many the newest, which stand last.
pub fn parse(text: &str) -> Vec<String> {
    let mut found = bracketed(text);
    if found.is_empty() {
        let text = without_comments(text);
        let words: Vec<&str> = text.split([' ', '\t', ',', ';']).filter(|word| !word.is_empty()).collect();
        // An address in a sentence is no id.
        if words.iter().all(|word| looks_like_an_id(word)) {
            found = words.into_iter().map(wrap).collect();
        }
    }
    newest_once(found)
}

/// The id of the message itself.
pub fn own(text: &str) -> Option<String> {
    let ids = parse(text);
    if let Some(first) = ids.into_iter().next() {
        return Some(first);
    }
    let word = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '<' | '>'));
    (!word.is_empty() && word.len() <= MESSAGE_ID_BYTES_MAX && !word.contains(char::is_whitespace)).then(|| wrap(word))
}

/// Each id once, where it stands last, and no more than the limit.
pub fn newest_once(ids: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    let mut newest: Vec<String> = ids.into_iter().rev().filter(|id| seen.insert(id.clone())).collect();
    newest.truncate(MESSAGE_IDS_MAX);
    newest.reverse();
    newest
}

fn bracketed(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let inner = &rest[start + 1..];
        let Some(end) = inner.find(['<', '>']) else { break };
        if inner.as_bytes()[end] == b'>' {
            let id: String = inner[..end].split_whitespace().collect();
            if !id.is_empty() && id.len() <= MESSAGE_ID_BYTES_MAX {
                found.push(wrap(&id));
            }
            rest = &inner[end + 1..];
        } else {
            rest = &inner[end..];
        }
    }
    found
}

/// Without what stands in parentheses (RFC 5322 §3.2.2).
fn without_comments(text: &str) -> String {
    let mut depth = 0_usize;
    let outside = |c: &char| {
        depth += usize::from(*c == '(');
        let is_outside = depth == 0;
        depth = depth.saturating_sub(usize::from(*c == ')'));
        is_outside
    };
    text.chars().filter(outside).collect()
}

fn looks_like_an_id(word: &str) -> bool {
    let inside = word.split_once('@').is_some_and(|(left, right)| !left.is_empty() && !right.is_empty());
    inside && word.len() <= MESSAGE_ID_BYTES_MAX && !word.contains(['"', '(', ')', '<', '>'])
}

fn wrap(id: &str) -> String {
    format!("<{id}>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(parse(text), expected, "{text:?}");
    }

    #[test]
    fn ids_as_they_are_written() {
        check("", &[]);
        check("<a@b>", &["<a@b>"]);
        check("<a@b><c@d>  <e@f>", &["<a@b>", "<c@d>", "<e@f>"]);
        check("<a @b>", &["<a@b>"]);
        check("a@b, c@d", &["<a@b>", "<c@d>"]);
        check("Your message of \"Mon, 1 Jan\" <a@b>", &["<a@b>"]);
        check("Message from anna of Monday", &[]);
        check("Message from anna@b of Monday", &[]);
        check("a@b (Anna's (a@c) message)", &["<a@b>"]);
        check("<a@b> <c@d> <a@b>", &["<c@d>", "<a@b>"]);
        check("<open <a@b>", &["<a@b>"]);
        check("<>", &[]);
        assert_eq!(own("  <a@b> "), Some("<a@b>".into()));
        assert_eq!(own("abc"), Some("<abc>".into()));
        assert_eq!(own("<>"), None);
        assert_eq!(own("two words"), None);
    }

    #[test]
    fn the_newest_are_kept() {
        let many: String = (0..MESSAGE_IDS_MAX + 5).map(|n| format!("<{n}@b>")).collect();
        let found = parse(&many);
        assert_eq!(found.len(), MESSAGE_IDS_MAX);
        assert_eq!(found[0], "<5@b>");
    }
}
