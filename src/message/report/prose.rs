//! Delivery reports without a machine-readable part: what Exim, qmail, old Sendmail and Exchange, gateways and hosters
//! write for people to read.
//!
//! It needs both, a sender that is a mail system and the words of a report; a person who writes about a bounce, or
//! forwards one, has the words but not the sender. Only the notice is read, not the copy of the message below it.

use super::phrases::{
    DELAYS, LEADS, SENTENCES, SUBJECTS, SUCCESSES, SYSTEM_LOCAL_PARTS, SYSTEM_NAMES, SYSTEM_SUFFIXES,
};
use super::{DELIVERY_STATUS, Report, delivery, folded, reasons, returned, status};
use crate::base::limits::{NOTICE_BYTES_MAX, REPORTED_RECIPIENTS_MAX};
use crate::message::facts::{Facts, Kind, ReportedRecipient};
use crate::message::parts::Parts;
use crate::message::{mentions, person, subject};

/// What is kept of the words about one recipient.
const DIAGNOSTIC_CHARS_MAX: usize = 1000;

/// Reads a message as a report in prose, when it is one.
pub fn read(parts: &Parts<'_>, facts: &Facts) -> Option<Report> {
    if !is_from_system(parts, facts) {
        return None;
    }
    let notice = notice(facts);
    let told = folded(notice);
    let has_status = status_part(parts).is_some() || status::is_in(notice);
    let speaks = SENTENCES.iter().chain(DELAYS).any(|sentence| told.contains(sentence));
    let names_recipients = has_field(parts, "X-Failed-Recipients");
    if !(has_status || names_recipients || speaks || is_titled(facts)) {
        return None;
    }
    let recipients = recipients(parts, facts);
    let is_proven = has_status || names_recipients || (speaks && is_titled(facts));
    if !is_proven && recipients.is_empty() && !returned::is_in(parts, &facts.text) {
        return None;
    }
    Some(delivery(parts, facts, recipients))
}

fn is_from_system(parts: &Parts<'_>, facts: &Facts) -> bool {
    let field = |name| parts.list.first().and_then(|root| root.section.first(name)).map(|field| field.text());
    let path = field("Return-Path").map(|text| text.trim().trim_matches(['<', '>']).to_lowercase());
    let is_system = |address: &str| {
        let local = address.split('@').next().unwrap_or("").to_lowercase();
        SYSTEM_LOCAL_PARTS.contains(&local.as_str()) || SYSTEM_SUFFIXES.iter().any(|end| local.ends_with(end))
    };
    if path.as_deref().is_some_and(|path| path.is_empty() || is_system(path)) || field("X-Failed-Recipients").is_some()
    {
        return true;
    }
    // A postmaster is a person, too: one who answers or forwards.
    if facts.kind == Kind::List || subject::is_forward(&facts.subject) {
        return false;
    }
    let Some(from) = &facts.from else { return path.is_none() && field("From").is_some() };
    let name = from.name.as_deref().map(folded).unwrap_or_default();
    is_system(&from.address) || SYSTEM_NAMES.iter().any(|known| name.starts_with(known))
}

fn has_field(parts: &Parts<'_>, name: &str) -> bool {
    parts.list.first().is_some_and(|root| root.section.has(name))
}

fn is_titled(facts: &Facts) -> bool {
    let subject = folded(&facts.subject);
    let behind = subject.split_once("] ").map_or("", |(_, rest)| rest);
    SUBJECTS.iter().any(|known| subject.starts_with(known) || behind.starts_with(known))
}

fn status_part<'p>(parts: &'p Parts<'_>) -> Option<&'p super::Part<'p>> {
    parts.list.iter().find(|part| DELIVERY_STATUS.contains(&part.content.kind.as_str()))
}

/// The text above the copy of the returned message.
fn notice(facts: &Facts) -> &str {
    let end = returned::copy_in(&facts.text).map_or(facts.text.len(), |(end, _)| end);
    &facts.text[..facts.text.floor_char_boundary(end.min(NOTICE_BYTES_MAX))]
}

/// The recipients of a report that has none in a part of its own.
pub fn recipients(parts: &Parts<'_>, facts: &Facts) -> Vec<ReportedRecipient> {
    let fields = status_part(parts).map(|part| status::recipients(&part.encoding.decode(part.body)));
    if let Some(found) = fields.filter(|found| !found.is_empty()) {
        return found;
    }
    if status::is_in(&facts.text) {
        let found = status::recipients(facts.text.as_bytes());
        if !found.is_empty() {
            return found;
        }
    }
    let notice = Notice::of(facts);
    let mut found = notice.recipients();
    if let Some(named) = parts.list.first().and_then(|root| root.section.first("X-Failed-Recipients")) {
        found = notice.named(&named.text());
    }
    if found.is_empty() {
        found = returned::reported(parts);
    }
    if found.is_empty()
        && let Some(to) = returned::field(parts, &facts.text, "To")
    {
        found = person::parse(&to)
            .into_iter()
            .take(REPORTED_RECIPIENTS_MAX)
            .map(|to| notice.report(to.address, notice.text))
            .collect();
    }
    found.truncate(REPORTED_RECIPIENTS_MAX);
    found
}

/// An address in the notice.
#[derive(Clone, Copy)]
struct Mention<'a> {
    address: &'a str,
    start: usize,
    how: How,
}

/// How an address stands in its line, best proof of a failed recipient first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum How {
    /// At the start of a line, in a list.
    Listed,
    /// Behind a reply code: `550 <a@b>... User unknown`.
    Coded,
    /// Behind words that lead to a recipient.
    Led,
    /// In a line that gives a reason.
    Reasoned,
    Mentioned,
}

struct Notice<'a> {
    text: &'a str,
    /// The code in it, for recipients about whom nothing more is said.
    code: Option<&'a str>,
    /// Who sent the returned message, and who reports: not the recipient, unless nobody else is named.
    others: Vec<String>,
    is_delay: bool,
    is_success: bool,
}

impl<'a> Notice<'a> {
    fn of(facts: &'a Facts) -> Self {
        let text = notice(facts);
        let told = folded(text);
        let subject = folded(&facts.subject);
        let says = |phrases: &[&str]| phrases.iter().any(|phrase| told.contains(phrase));
        let others = facts.from.iter().chain(&facts.to).map(|person| person.address.to_lowercase()).collect();
        let is_delay = says(DELAYS) || subject.contains("delay") || subject.contains("still being retried");
        let is_success = says(SUCCESSES);
        let code = if is_success { status::code_in(text) } else { status::failure_in(text) };
        Self { text, code, others, is_delay, is_success }
    }

    fn recipients(&self) -> Vec<ReportedRecipient> {
        let mentions = self.mentions();
        let is_other = |mention: &Mention<'_>| self.others.contains(&mention.address.to_lowercase());
        let best = mentions.iter().filter(|mention| !is_other(mention)).map(|mention| mention.how).min();
        let best = best.or_else(|| mentions.iter().filter(|mention| mention.how < How::Reasoned).map(|m| m.how).min());
        let Some(best) = best else { return Vec::new() };
        let mut chosen: Vec<Mention<'_>> = Vec::new();
        for mention in mentions.iter().filter(|mention| mention.how == best) {
            let is_known = chosen.iter().any(|known| known.address.eq_ignore_ascii_case(mention.address));
            let is_aside = is_other(mention) && mentions.iter().any(|m| m.how == best && !is_other(m));
            if !is_known && !is_aside && chosen.len() < REPORTED_RECIPIENTS_MAX {
                chosen.push(*mention);
            }
        }
        // Several addresses that are only mentioned prove nothing about any of them.
        if best == How::Mentioned && chosen.len() > 1 {
            return Vec::new();
        }
        let ends = chosen.iter().skip(1).map(|next| next.start).chain([self.text.len()]);
        let blocks = chosen.iter().zip(ends).map(|(mention, end)| (mention, &self.text[mention.start..end]));
        blocks.map(|(mention, block)| self.report(mention.address.to_owned(), block)).collect()
    }

    /// The recipients that a header field names, with what the text says about each.
    fn named(&self, list: &str) -> Vec<ReportedRecipient> {
        let mut people = person::parse(list);
        people.truncate(REPORTED_RECIPIENTS_MAX);
        let starts: Vec<Option<usize>> = people.iter().map(|person| self.text.find(person.address.as_str())).collect();
        let block = |start: &Option<usize>| match *start {
            Some(start) => {
                let end = starts.iter().flatten().filter(|next| **next > start).min();
                &self.text[start..end.copied().unwrap_or(self.text.len())]
            }
            None => self.text,
        };
        people.iter().zip(&starts).map(|(person, start)| self.report(person.address.clone(), block(start))).collect()
    }

    fn report(&self, address: String, block: &str) -> ReportedRecipient {
        let code = if self.is_success { status::code_in } else { status::failure_in };
        let status = code(block).or(self.code).map(str::to_owned);
        let action = match () {
            () if self.is_success => "delivered",
            () if self.is_delay => "delayed",
            // It says that it gave up, whatever the last code was.
            () => "failed",
        };
        let about =
            block.strip_prefix(address.as_str()).unwrap_or(block).trim_start_matches(['>', '"', ':', ' ', '\n']);
        let about = if about.trim().is_empty() || reasons::of(None, about) == "other" { self.text } else { about };
        let words: Vec<&str> = about.split_whitespace().collect();
        let diagnostic: String = words.join(" ").chars().take(DIAGNOSTIC_CHARS_MAX).collect();
        let diagnostic = Some(diagnostic).filter(|text| !text.is_empty());
        ReportedRecipient { address, action: action.to_owned(), status, diagnostic }
    }

    fn mentions(&self) -> Vec<Mention<'a>> {
        let mut found = Vec::new();
        let mut line_start = 0;
        for line in self.text.split_inclusive('\n') {
            let lowered = line.to_lowercase();
            let is_transcript = line.starts_with("<<<") || line.starts_with("In:") || lowered.contains("mail from:");
            let mut behind = 0;
            for (start, address) in mentions::addresses(line).take(REPORTED_RECIPIENTS_MAX) {
                let before = &line[behind..start];
                let how = self.how(before, behind == 0 && !is_transcript, &lowered);
                found.push(Mention { address, start: line_start + start, how });
                behind = start + address.len();
            }
            line_start += line.len();
        }
        found
    }

    fn how(&self, before: &str, is_first: bool, line: &str) -> How {
        let marks = |c: char| c.is_whitespace() || "<>\"'*|-:.(&;,•·[".contains(c);
        let bare = before.trim_matches(marks);
        if is_first && bare.is_empty() && !before.starts_with('>') {
            return How::Listed;
        }
        if is_first && bare.len() == 3 && bare.bytes().all(|byte| byte.is_ascii_digit()) {
            return How::Coded;
        }
        let lead = before.trim_end_matches(['<', ' ', '"', '\'', '\t']).to_lowercase();
        if LEADS.iter().any(|known| lead.ends_with(known)) {
            How::Led
        } else if is_first && reasons::of(None, line) != "other" {
            How::Reasoned
        } else {
            How::Mentioned
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::read;

    /// Each recipient as `address action status`, then the reason; nothing for mail that is no report.
    #[track_caller]
    fn check(raw: &str, expected: &[&str]) {
        for raw in [raw.to_owned(), raw.replace('\n', "\r\n")] {
            let facts = read(raw.as_bytes());
            let mut shown = Vec::new();
            if let Some(bounce) = &facts.bounce {
                shown.extend(
                    bounce.recipients.iter().map(|each| {
                        format!("{} {} {}", each.address, each.action, each.status.as_deref().unwrap_or("-"))
                    }),
                );
                shown.push(bounce.reason.clone());
            }
            assert_eq!(
                (facts.kind == Kind::Bounce, shown),
                (!expected.is_empty(), expected.iter().map(|e| (*e).to_owned()).collect()),
                "{raw}"
            );
        }
    }

    const SYSTEM: &str = "From: MAILER-DAEMON@mx.example\nTo: anna@example.com\n";

    #[test]
    fn reports_of_many_systems() {
        let exim = "A message that you sent could not be delivered to one or more of its recipients.\n\n  \
                    bert@example.net\n    host mx [192.0.2.5]: 550 5.1.1 user unknown\n  carl@example.net\n    \
                    SMTP error after RCPT TO:<carl@example.net>:\n    452 4.2.2 mailbox full\n\n\
                    ------ This is a copy of the message ------\n\nFrom: anna@example.com\nTo: dora@example.net\n\n5.5.5";
        let both = ["bert@example.net failed 5.1.1", "carl@example.net failed 4.2.2", "user_unknown"];
        check(&format!("{SYSTEM}Subject: Mail delivery failed\n\n{exim}"), &both);
        check(&format!("From: x@y\nX-Failed-Recipients: bert@example.net, carl@example.net\n\n{exim}"), &both);
        check(
            &format!("{SYSTEM}Subject: failure notice\n\nI'm afraid.\n\n<bert@example.net>:\nNo host. (#5.1.2)\n"),
            &["bert@example.net failed 5.1.2", "domain_error"],
        );
        check(
            &format!(
                "{SYSTEM}Subject: Returned mail: Host unknown\n\n   ----- Transcript of session follows -----\n\
                      550 example.net (smtp)... 550 Host unknown\n554 <bert@example.net>... 550 Host unknown\n"
            ),
            &["bert@example.net failed -", "domain_error"],
        );
        check(
            "From: <>\nTo: anna@example.com\nSubject: Undeliverable Mail\n\nUser mailbox exceeds allowed size: bert@example.net\n\nOriginal message follows.\n",
            &["bert@example.net failed -", "mailbox_full"],
        );
        check(
            "From: postmaster@example.net\nTo: anna@example.com\nSubject: Delivery status (Delay)\n\nDelivery to the following recipient has been delayed:\n\n     bert@example.net\n\nsocket error\n",
            &["bert@example.net delayed -", "temporary"],
        );
        check(
            &format!(
                "{SYSTEM}Subject: Delivery Status\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nOriginal-Recipient: <bert@example.net>\nDiagnostic-Code: smtp; 550 5.1.1 x\n\n--b--\n"
            ),
            &["bert@example.net failed 5.1.1", "user_unknown"],
        );
        check(
            &format!(
                "{SYSTEM}Subject: Undelivered Mail\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nno details\n--b\nContent-Type: message/rfc822\n\nTo: bert@example.net\n\nx\n--b--\n"
            ),
            &["bert@example.net failed -", "other"],
        );
    }

    #[test]
    fn people_write_about_bounces() {
        let text = "Delivery to the following recipient failed permanently:\n\n  bert@example.net\n\n550 5.1.1 unknown";
        for head in [
            "From: anna@example.com\nSubject: Undeliverable: my mail",
            "From: Anna <postmaster@example.com>\nSubject: Fwd: failure notice",
            "From: postmaster@example.com\nSubject: Our new filter",
        ] {
            let text = if head.ends_with("filter") { "We have a new filter. Write to bert@example.net." } else { text };
            check(&format!("{head}\n\n{text}\n"), &[]);
        }
    }

    #[test]
    fn every_sentence_and_subject_counts() {
        for sentence in SENTENCES.iter().chain(DELAYS) {
            let facts = read(format!("{SYSTEM}Subject: x\n\n{sentence}\n\n<bert@example.net>: 5.9.9\n").as_bytes());
            let bounce = facts.bounce.expect(sentence);
            let is_delay = DELAYS.iter().any(|delay| sentence.contains(delay));
            let action = if is_delay { "delayed" } else { "failed" };
            let first = &bounce.recipients[0];
            assert_eq!((first.address.as_str(), first.action.as_str()), ("bert@example.net", action), "{sentence}");
        }
        for sentence in SUCCESSES {
            let raw = format!("{SYSTEM}Subject: Delivery report\n\n{sentence}\n\n<bert@example.net>\n");
            assert_eq!(read(raw.as_bytes()).bounce.expect(sentence).recipients[0].action, "delivered", "{sentence}");
        }
        for lead in LEADS {
            let raw =
                format!("{SYSTEM}Subject: Mail failure\n\nWe tried ({lead} <bert@example.net>) for carl@example.net\n");
            let found = read(raw.as_bytes()).bounce.expect(lead).recipients;
            assert_eq!((found.len(), found[0].address.as_str()), (1, "bert@example.net"), "{lead}");
        }
        for subject in SUBJECTS {
            let facts = read(format!("{SYSTEM}Subject: {subject} x\n\n<bert@example.net>: sorry\n").as_bytes());
            assert_eq!(facts.kind, Kind::Bounce, "{subject}");
        }
    }
}
