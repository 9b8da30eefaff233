//! The message that a report returns: an attached part, or a copy at the end of the text.

use super::phrases::SEPARATORS;
use super::{DELIVERY_STATUS, children, folded, status};
use crate::message::facts::ReportedRecipient;
use crate::message::fields::{self, Section};
use crate::message::ids;
use crate::message::parts::{self, Part, Parts};

/// Parts in which the reported message comes back, whole or as its header section.
#[rustfmt::skip]
const RETURNED: &[&str] = &[
    "message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers",
    "text/rfc822", "message/partial",
];
/// Fields with which a copied message begins.
#[rustfmt::skip]
const FIRST_FIELDS: &[&str] = &[
    "Received", "Return-Path", "DKIM-Signature", "X-Received", "Message-ID", "Delivered-To", "Authentication-Results",
    "X-Originating-IP", "From", "Date", "MIME-Version",
];
/// A separator is a line by itself, not a sentence in a paragraph.
const SEPARATOR_CHARS_MAX: usize = 90;

/// Where the copy begins in a text, as the end of the notice and the start of the copy.
pub fn copy_in(text: &str) -> Option<(usize, usize)> {
    let mut at = 0;
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        if is_separator(line) {
            return Some((at, at + line.len()));
        }
        let next = lines.peek().copied().unwrap_or("");
        if begins_message(line) && (next.starts_with([' ', '\t']) || fields::field_name(next.as_bytes()).is_some()) {
            return Some((at, at));
        }
        at += line.len();
    }
    None
}

fn is_separator(line: &str) -> bool {
    let trimmed = line.trim();
    if trimmed.is_empty() || trimmed.len() > SEPARATOR_CHARS_MAX || trimmed.starts_with('>') {
        return false;
    }
    let is_ruled = trimmed.starts_with(['-', '=', '*', '_', '|', '#', '+']);
    let is_heading = trimmed.ends_with([':', '.', '-']);
    let text = folded(trimmed);
    (is_ruled || is_heading)
        && SEPARATORS.iter().any(|phrase| text.contains(phrase))
        // Text that only speaks of it.
        && !text.contains("was received at")
}

fn begins_message(line: &str) -> bool {
    fields::field_name(line.as_bytes())
        .is_some_and(|(name, _)| FIRST_FIELDS[..4].iter().any(|known| known.eq_ignore_ascii_case(name)))
}

/// The Message-ID of the returned message.
pub fn message_id(parts: &Parts<'_>, text: &str) -> Option<String> {
    let part = parts.list.iter().skip(1).find(|part| RETURNED.contains(&part.content.kind.as_str()));
    if let Some(part) = part {
        return ids::own(&fields::field(&part.encoding.decode(part.body), "Message-ID")?);
    }
    ids::own(&field_in_copy(text, "Message-ID")?)
}

/// A header field of the copy in the text.
pub fn field_in_copy(text: &str, name: &str) -> Option<String> {
    let (_, start) = copy_in(text)?;
    let copy = text[start..].trim_start_matches(['\n', '\r', '-', '=', '_', '*', '|', '#']);
    // Copies are indented as a whole or not at all.
    let indent = copy.len() - copy.trim_start_matches([' ', '\t']).len();
    let first = fields::field(copy.trim_start().as_bytes(), name).map(|value| value.into_owned());
    first.or_else(|| {
        let indent = &copy[..indent];
        let lines: Vec<&str> = copy.split('\n').map(|line| line.strip_prefix(indent).unwrap_or(line)).collect();
        fields::field(lines.join("\n").as_bytes(), name).map(|value| value.into_owned())
    })
}

/// A header field of the returned message, wherever it is.
pub fn field(parts: &Parts<'_>, text: &str, name: &str) -> Option<String> {
    let part = parts.list.iter().skip(1).find(|part| RETURNED.contains(&part.content.kind.as_str()));
    match part {
        Some(part) => fields::field(&part.encoding.decode(part.body), name).map(|value| value.into_owned()),
        None => field_in_copy(text, name),
    }
}

pub fn is_in(parts: &Parts<'_>, text: &str) -> bool {
    children(parts).any(|part| RETURNED.contains(&part.content.kind.as_str())) || copy_in(text).is_some()
}

/// What a returned report says: mail systems report reports, too.
pub fn reported(parts: &Parts<'_>) -> Vec<ReportedRecipient> {
    let Some(part) = parts.list.iter().find(|part| part.is_attached_message()) else { return Vec::new() };
    let bytes = part.encoding.decode(part.body);
    let inner = parts::split(&bytes);
    let status = inner.list.iter().find(|part| DELIVERY_STATUS.contains(&part.content.kind.as_str()));
    status.map(|part| status::recipients(&part.encoding.decode(part.body))).unwrap_or_default()
}

/// True when an attached message has one of these fields.
pub fn has_field(part: &Part<'_>, names: &[&str]) -> bool {
    let bytes = part.encoding.decode(part.body);
    let section = Section::of(&bytes);
    names.iter().any(|name| section.has(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let text = format!("Sorry.\n\n{text}");
        assert_eq!(field_in_copy(&text, "Message-ID").as_deref(), expected, "{text:?}");
    }

    #[test]
    fn copies_in_text() {
        for separator in SEPARATORS {
            check(&format!("--- {} ---\n\nTo: c\nMessage-ID: <1@a>\n\nx", separator.to_uppercase()), Some("<1@a>"));
            check(&format!("{separator}:\n\n  Received: x\n    y\n  Message-ID: <1@a>\n"), Some("<1@a>"));
            check(&format!("We speak of {separator} here\nMessage-ID: <1@a>\n"), None);
        }
        check("Received: from a\n\tby b\nMessage-ID: <1@a>\n\nx", Some("<1@a>"));
        check("Received: your mail\n\nMessage-ID: <1@a>", None);
        check("Included is a copy of the message header:\n-----\nMessage-Id: <1@a>\n", Some("<1@a>"));
    }
}
