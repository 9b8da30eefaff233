//! Reports: delivery (RFC 3462, RFC 3464), disposition (RFC 8098) and feedback (RFC 5965).
//!
//! First by structure: the root of a message says what it is, and its parts have the fields. Then what has no such
//! structure but can't be anything else: [`prose`] for the texts of mail systems, [`notification`] for JSON. A report
//! that a person forwards stays what a person sent. Fields that are missing or broken are left out.

mod notification;
mod phrases;
mod prose;
mod reasons;
mod returned;
mod status;

use super::automatic;
use super::facts::{Bounce, Facts, Kind, ReportedRecipient};
use super::parts::{Part, Parts};

/// What a report says. The kind `AutoReply` stands for a challenge that took the structure of a report.
#[derive(Debug)]
pub struct Report {
    pub kind: Kind,
    pub bounce: Option<Bounce>,
}

/// The machine-readable part of each sort of report, the report-type that announces it, and what it makes the message.
const REPORTS: &[(&[&str], &str, Kind)] = &[
    (DELIVERY_STATUS, "delivery-status", Kind::Bounce),
    (
        &["message/disposition-notification", "message/global-disposition-notification"],
        "disposition-notification",
        Kind::Receipt,
    ),
    (&["message/feedback-report"], "feedback-report", Kind::FeedbackReport),
];
const DELIVERY_STATUS: &[&str] = &["message/delivery-status", "message/global-delivery-status"];

/// Reads a message as a report, when it is one. `facts` has what the header fields and the text say.
pub fn read(parts: &Parts<'_>, facts: &Facts) -> Option<Report> {
    structured(parts, facts)
        .or_else(|| notification::read(&facts.text))
        .or_else(|| complaint(parts, facts))
        .or_else(|| prose::read(parts, facts))
}

fn structured(parts: &Parts<'_>, facts: &Facts) -> Option<Report> {
    let root = parts.list.first()?;
    if root.content.kind != "multipart/report" {
        return None;
    }
    let (kind, status) = REPORTS.iter().find_map(|(kinds, report_type, kind)| {
        let status = children(parts).find(|part| kinds.contains(&part.content.kind.as_str()));
        let is_announced =
            root.content.parameter("report-type").is_some_and(|found| found.eq_ignore_ascii_case(report_type));
        (status.is_some() || is_announced).then_some((*kind, status))
    })?;
    if kind != Kind::Bounce {
        return Some(Report { kind, bounce: None });
    }
    let recipients = status.map(|part| status::recipients(&part.encoding.decode(part.body))).unwrap_or_default();
    if recipients.is_empty() && automatic::wording::is_titled(&facts.subject) {
        // A responder that took the structure for its note.
        return None;
    }
    if is_challenge(&recipients, facts) {
        return Some(Report { kind: Kind::AutoReply, bounce: None });
    }
    // Some reports have the structure and leave it empty: then their text counts.
    let recipients = if recipients.is_empty() { prose::recipients(parts, facts) } else { recipients };
    Some(delivery(parts, facts, recipients))
}

/// A filter that holds the message until its sender does something: no server has refused it.
fn is_challenge(recipients: &[ReportedRecipient], facts: &Facts) -> bool {
    let is_refused = recipients.iter().any(|each| each.diagnostic.as_deref().is_some_and(reasons::has_reply_code));
    !recipients.is_empty() && !is_refused && automatic::wording::is_challenge(&facts.text)
}

/// A complaint of a mailbox provider that predates the standard.
fn complaint(parts: &Parts<'_>, facts: &Facts) -> Option<Report> {
    let attached = children(parts).find(|part| part.is_attached_message())?;
    let subject = folded(&facts.subject);
    let is_complaint = phrases::COMPLAINT_SUBJECTS.iter().any(|phrase| subject.starts_with(phrase))
        || returned::has_field(attached, phrases::COMPLAINT_FIELDS);
    is_complaint.then_some(Report { kind: Kind::FeedbackReport, bounce: None })
}

fn delivery(parts: &Parts<'_>, facts: &Facts, recipients: Vec<ReportedRecipient>) -> Report {
    let reason = match recipients.first() {
        Some(first) => reasons::of(first.status.as_deref(), first.diagnostic.as_deref().unwrap_or("")),
        None => "other",
    };
    let original_message_id = returned::message_id(parts, &facts.text).or_else(|| facts.in_reply_to.last().cloned());
    Report { kind: Kind::Bounce, bounce: Some(Bounce { recipients, original_message_id, reason: reason.to_owned() }) }
}

fn children<'p, 'a>(parts: &'p Parts<'a>) -> impl Iterator<Item = &'p Part<'a>> {
    parts.list.iter().filter(|part| part.parent == Some(0))
}

/// In lower case, with single spaces.
fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().flat_map(char::to_lowercase));
    }
    folded
}

#[cfg(test)]
mod tests;
