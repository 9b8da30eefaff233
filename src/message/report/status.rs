//! The fields of a delivery report about each recipient (RFC 3464 §2.3), wherever they stand: in a part of their own or
//! in the middle of a text.
//!
//! A missing Status is taken from the diagnostic text (RFC 3463 §2 codes stand there, too). At most
//! [`REPORTED_RECIPIENTS_MAX`] recipients are read.

use super::folded;
use crate::base::limits::REPORTED_RECIPIENTS_MAX;
use crate::message::facts::ReportedRecipient;
use crate::message::fields::Section;

/// The per-recipient groups: those that name a recipient.
pub fn recipients(fields: &[u8]) -> Vec<ReportedRecipient> {
    let mut found: Vec<ReportedRecipient> = Vec::new();
    let mut rest = fields;
    while !rest.is_empty() && found.len() < REPORTED_RECIPIENTS_MAX {
        let group = Section::group(rest);
        found.extend(recipient(&group));
        rest = group.body;
    }
    found
}

fn recipient(group: &Section<'_>) -> Option<ReportedRecipient> {
    let value = |name| group.first(name).map(|field| field.text());
    let named = |name| value(name).map(|text| address(typed(&text))).filter(|address| !address.is_empty());
    let address = named("Final-Recipient").or_else(|| named("Original-Recipient"))?;
    let diagnostic = value("Diagnostic-Code").map(|text| typed(&text).to_owned()).filter(|text| !text.is_empty());
    let status = value("Status").and_then(|status| at_start(&status).map(str::to_owned));
    // RFC 3463 §3.1: X.0.0 says nothing, and then the server's own words often do.
    let said = diagnostic.as_deref().and_then(code_in).filter(|said| agrees(status.as_deref(), said));
    let status = said.map(str::to_owned).or(status);
    let action = value("Action").map(|action| first_word(&action).to_ascii_lowercase()).unwrap_or_default();
    let action = if action.is_empty() { action_of(status.as_deref()).to_owned() } else { action };
    Some(ReportedRecipient { address, action, status, diagnostic })
}

/// `rfc822; a@b` (RFC 3464 §2.1.2) without its type, which is optional in practice.
fn typed(text: &str) -> &str {
    match text.split_once(';') {
        Some((kind, value)) if !kind.trim().contains([' ', '@']) => value.trim(),
        _ => text.trim(),
    }
}

fn address(text: &str) -> String {
    let inside = text.rsplit_once('<').map_or(text, |(_, inside)| inside);
    inside.trim_matches(['<', '>', ' ', '"', '\'']).to_owned()
}

fn first_word(text: &str) -> &str {
    text.split(|c: char| c.is_whitespace() || matches!(c, ';' | '(')).next().unwrap_or("")
}

/// True when nothing better than this code is known.
fn agrees(status: Option<&str>, said: &str) -> bool {
    status.is_none_or(|status| status.ends_with(".0.0") && status[..1] == said[..1])
}

/// What a code means for the message when the report doesn't say.
pub fn action_of(status: Option<&str>) -> &'static str {
    match status.and_then(|status| status.chars().next()) {
        Some('2') => "delivered",
        Some('4') => "delayed",
        _ => "failed",
    }
}

/// `5.1.1` at the start of a value (RFC 3463 §2).
fn at_start(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let code = &text[..end];
    let mut numbers = code.split('.');
    let class = numbers.next()?;
    let is_code = matches!(class, "2" | "4" | "5")
        && numbers.by_ref().take(2).filter(|number| (1..=3).contains(&number.len())).count() == 2
        && numbers.next().is_none();
    is_code.then_some(code)
}

/// The enhanced code in what a server said: one behind a reply code (`550 5.1.1`, `550-5.7.26`) or in qmail's form
/// (`#5.1.1`) counts before any other. An IP address or a version number is none.
pub fn code_in(text: &str) -> Option<&str> {
    code_of(text, "245")
}

/// The same among the codes that aren't of success.
pub fn failure_in(text: &str) -> Option<&str> {
    code_of(text, "45")
}

fn code_of<'a>(text: &'a str, classes: &str) -> Option<&'a str> {
    let bytes = text.as_bytes();
    let mut first = None;
    for at in (0..bytes.len()).filter(|at| classes.as_bytes().contains(&bytes[*at])) {
        let before = &bytes[..at];
        let is_word_start = before.last().is_none_or(|byte| b" \t\n-#([<:;\",'".contains(byte));
        let Some(code) = is_word_start.then(|| at_start(&text[at..])).flatten() else { continue };
        if bytes.get(at + code.len()).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
            continue;
        }
        let is_behind_reply_code = matches!(before, [.., a, b, c, b' ' | b'-' | b':'] if *a == bytes[at] && b.is_ascii_digit() && c.is_ascii_digit());
        if is_behind_reply_code || before.last() == Some(&b'#') {
            return Some(code);
        }
        first = first.or(Some(code));
    }
    first
}

/// True when a text has recipient groups in it.
pub fn is_in(text: &str) -> bool {
    text.split('\n').any(|line| {
        let line = folded(line);
        ["final-recipient:", "original-recipient:"].iter().any(|name| line.starts_with(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_in_text() {
        for (text, expected) in [
            ("550 5.1.1 unknown", Some("5.1.1")),
            ("550-5.7.26 x\n550 5.7.26 y", Some("5.7.26")),
            ("host 5.9.1.2 said 4.4.1 then 550 5.7.1", Some("5.7.1")),
            ("no connection. (#4.4.1)", Some("4.4.1")),
            ("5.2.2 <a@b>... full", Some("5.2.2")),
            ("Exim 4.72.1a, v5.1.1, 5.5.2657.72", None),
            ("1.5.1.1", None),
            ("501: 5.1.8 Sender", Some("5.1.8")),
            ("", None),
        ] {
            assert_eq!(code_in(text), expected, "{text:?}");
        }
        assert_eq!(failure_in("250 2.1.5 ok\n451 4.3.0 no"), Some("4.3.0"));
        for (text, expected) in
            [("4.2.2", Some("4.2.2")), ("5.1", None), ("5.1.1.1", None), ("6.1.1", None), ("5.1.1 x", Some("5.1.1"))]
        {
            assert_eq!(at_start(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_a_group_leaves_out_is_taken_from_the_rest_of_it() {
        for (status, diagnostic, expected) in
            [("5.0.0", "550 5.7.26 x", "5.7.26"), ("5.0.0", "452 4.2.2 x", "5.0.0"), ("5.1.1", "550 5.7.26 x", "5.1.1")]
        {
            let group = format!("Final-Recipient: a@b\nStatus: {status}\nDiagnostic-Code: smtp; {diagnostic}\n");
            assert_eq!(recipients(group.as_bytes())[0].status.as_deref(), Some(expected));
        }
        let found = recipients(b"Original-Recipient: <a@b>\nDiagnostic-Code: smtp; 452 4.2.2 full\n");
        let [only] = &found[..] else { panic!("{found:?}") };
        assert_eq!((only.address.as_str(), only.action.as_str()), ("a@b", "delayed"));
        assert_eq!((only.status.as_deref(), only.diagnostic.as_deref()), (Some("4.2.2"), Some("452 4.2.2 full")));
    }
}
