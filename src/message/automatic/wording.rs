//! Automatic mail that its header fields don't give away, and what sort it is: from subject and text.
//!
//! A title that only programs write decides alone. Whatever people write, too, needs a second sign: a subject that
//! hints at absence needs a sentence about it, a sentence alone needs a header field that says "made by a machine".

use super::words::{ENDS, HINTS, SENTENCES, TITLES};
use crate::message::facts::{Automatic, AutomaticKind, Facts, Kind};
use crate::message::subject;

/// Sentences stand at the beginning; what follows may be a quotation.
const TEXT_BYTES_MAX: usize = 4096;

/// Completes what the header fields said.
pub fn read(facts: &mut Facts) {
    if !matches!(facts.kind, Kind::Message | Kind::AutoReply | Kind::List) {
        return;
    }
    let subject = folded(&facts.subject);
    let is_titled = has_title(&subject);
    let is_known = facts.automatic.as_ref().is_some_and(|known| known.kind == AutomaticKind::Other);
    let is_hint = HINTS.iter().any(|hint| subject.contains(hint));
    if !(is_titled || is_known || is_hint) {
        return;
    }
    let sentence = sentence_in(&facts.new_text);
    let is_absence = sentence == Some(AutomaticKind::OutOfOffice);
    // A list carries what people write; its absent members' programs have their titles.
    let is_new = is_titled || (is_hint && is_absence && facts.kind == Kind::Message && is_answer(facts));
    if is_known && let (Some(known), Some(kind)) = (&mut facts.automatic, sentence.or(title_kind(is_titled || is_hint)))
    {
        known.kind = kind;
    }
    if is_new {
        let kind = sentence.or(title_kind(true)).unwrap_or(AutomaticKind::Other);
        facts.kind = Kind::AutoReply;
        facts.automatic.get_or_insert(Automatic { kind, why: "the subject says so".to_owned() });
    }
}

fn title_kind(is_absent: bool) -> Option<AutomaticKind> {
    is_absent.then_some(AutomaticKind::OutOfOffice)
}

/// It answers something without the `Re:` that people's programs write, or a header field says more.
fn is_answer(facts: &Facts) -> bool {
    let refers = !facts.in_reply_to.is_empty() || !facts.references.is_empty();
    (refers && !subject::is_reply(&facts.subject)) || facts.automatic.is_some()
}

/// True when the subject is one that only responders write.
pub fn is_titled(subject: &str) -> bool {
    has_title(&folded(subject))
}

/// True when a text asks its reader to prove something before a message is let in.
pub fn is_challenge(text: &str) -> bool {
    sentence_in(text) == Some(AutomaticKind::Challenge)
}

fn has_title(subject: &str) -> bool {
    let subject = subject.trim_start_matches(['*', '[', '<', '"', ' ']);
    let begins = TITLES.iter().any(|title| {
        let title = title.trim_start_matches('[');
        subject.strip_prefix(title).is_some_and(|rest| {
            let rest = rest.trim_start_matches([' ', '\u{a0}', ']', '*', '>', '"', '!', '.']);
            rest.is_empty() || rest.starts_with([':', '：']) || title.ends_with(']')
        })
    });
    begins || ENDS.iter().any(|end| subject.ends_with(end))
}

fn sentence_in(text: &str) -> Option<AutomaticKind> {
    let text = folded(&text[..text.floor_char_boundary(TEXT_BYTES_MAX)]);
    let found = SENTENCES.iter().find(|(_, sentences)| sentences.iter().any(|sentence| text.contains(sentence)));
    found.map(|(kind, _)| *kind)
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::read;

    /// The kind of automatic mail, or nothing for a person's.
    #[track_caller]
    fn check(head: &str, text: &str, expected: Option<AutomaticKind>) {
        for raw in [format!("{head}\n\n{text}\n"), format!("{head}\n\n{text}\n").replace('\n', "\r\n")] {
            let facts = read(raw.as_bytes());
            assert_eq!(facts.automatic.map(|found| found.kind), expected, "{raw:?}");
        }
    }

    #[test]
    fn every_title_and_sentence_is_known() {
        for title in TITLES {
            check(&format!("Subject: {title}: Door"), "x", Some(AutomaticKind::OutOfOffice));
            check(&format!("Subject: Door {title} not"), "x", None);
        }
        for end in ENDS {
            check(&format!("Subject: Re: Door {end}"), "x", Some(AutomaticKind::OutOfOffice));
        }
        for (kind, sentences) in SENTENCES {
            for sentence in *sentences {
                check("Subject: Door\nAuto-Submitted: auto-replied", &format!("Hello, {sentence} x"), Some(*kind));
                check("Subject: Door", &format!("Hello, {sentence} x"), None);
            }
        }
        for hint in HINTS {
            check(
                &format!("Subject: Anna {hint} x\nIn-Reply-To: <1@a>"),
                "I will return on Monday.",
                Some(AutomaticKind::OutOfOffice),
            );
            check(&format!("Subject: Anna {hint} x\nIn-Reply-To: <1@a>"), "Can I come on Monday?", None);
        }
    }

    #[test]
    fn people_speak_of_absence() {
        check("Subject: On holiday", "I will look at this on Monday.", None);
        check("Subject: Out of office reply does not work", "It says out of office to everybody.", None);
        check("Subject: Re: Automatic reply: Door", "Thanks, I will wait.", None);
        check("Subject: vacation request", "I am on vacation from 1 May.", None);
        check("Subject: Re: Urlaub\nIn-Reply-To: <1@a>", "Ich bin im Urlaub.", None);
        check("Subject: Question: vacation", "I am on vacation from 1 May.", None);
    }
}
