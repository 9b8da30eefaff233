//! Facts as a sheet for people: one aligned line per fact, then the text. Everything that mail says goes through
//! [`terminal_safe`].

use std::fmt::Write;

use super::facts::{Attachment, Facts, Person};
use crate::base::terminal_safe;

/// The sheet; ends with a line end.
pub fn of(facts: &Facts) -> String {
    let mut sheet = String::new();
    for (label, value) in rows(facts) {
        let value = terminal_safe(&value).replace(['\n', '\t'], " ");
        // Writing to a String can't fail.
        let _ = writeln!(sheet, "{:<15}{value}", format!("{label}:"));
    }
    if !facts.text.is_empty() {
        let _ = write!(sheet, "\n{}\n", terminal_safe(&facts.text));
    }
    sheet
}

fn rows(facts: &Facts) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    let mut row = |label, value: Option<String>| rows.extend(value.filter(|v| !v.is_empty()).map(|v| (label, v)));
    row("From", facts.from.as_ref().map(shown));
    row("Reply-To", Some(all(&facts.reply_to)));
    row("To", Some(all(&facts.to)));
    row("Cc", Some(all(&facts.cc)));
    row("Subject", Some(facts.subject.clone()));
    row("Date", facts.date.map(|date| date.to_string()));
    row("Message-ID", facts.message_id.clone());
    row("In-Reply-To", Some(facts.in_reply_to.join(" ")));
    row("References", Some(facts.references.join(" ")));
    row("Kind", Some(word(&facts.kind)));
    row("Automatic", facts.automatic.as_ref().map(|found| format!("{}: {}", word(&found.kind), found.why)));
    if let Some(bounce) = &facts.bounce {
        row("Reason", Some(bounce.reason.clone()));
        row("Reported", bounce.original_message_id.clone());
        for recipient in &bounce.recipients {
            let parts = [
                Some(&recipient.address),
                Some(&recipient.action),
                recipient.status.as_ref(),
                recipient.diagnostic.as_ref(),
            ];
            let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
            row("Recipient", Some(parts.join(" ")));
        }
    }
    if let Some(original) = &facts.forwarded {
        row("Forwarded", Some(format!("{} from {}", original.subject, shown(&original.from))));
    }
    for attachment in &facts.attachments {
        row("Attachment", Some(file(attachment)));
    }
    row("Not read", facts.unread.clone());
    rows
}

/// The word that JSON uses.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn all(people: &[Person]) -> String {
    people.iter().map(shown).collect::<Vec<_>>().join(", ")
}

fn shown(person: &Person) -> String {
    match &person.name {
        Some(name) => format!("{name} <{}>", person.address),
        None => person.address.clone(),
    }
}

fn file(attachment: &Attachment) -> String {
    let name = attachment.name.as_deref().unwrap_or("(no name)");
    let place = if attachment.inline { ", inline" } else { "" };
    format!("{name} ({}, {} bytes{place})", attachment.content_type, attachment.size)
}

#[cfg(test)]
mod tests {
    use crate::message::read;

    #[test]
    fn a_sheet_is_aligned_and_harmless() {
        let raw = b"From: \"A\x1b[31m\" <a@example.com>\r\nSubject: =?utf-8?q?x=1B]0;t=07?=\r\nAuto-Submitted: auto-replied\r\n\r\nhi\x1b[2J\r\n";
        assert_eq!(
            super::of(&read(raw)),
            "From:          A[31m <a@example.com>\nSubject:       x ]0;t\nKind:          auto_reply\n\
             Automatic:     other: the field Auto-Submitted says so\n\nhi\u{fffd}[2J\n"
        );
    }
}
