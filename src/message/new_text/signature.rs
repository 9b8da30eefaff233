//! What stands below the last word that the sender meant: signatures, phones' own lines, disclaimers, and the line that
//! separated a quotation.
//!
//! A person's own closing words stay, unless they stand above nothing but that person's name and data.

use super::words::{
    CLOSINGS, DEVICE_ENDS, DEVICE_LINE_CHARS_MAX, DEVICE_LINES, DEVICES, DISCLAIMER_CHARS_MIN, DISCLAIMERS, EXCUSES,
    OWN_DEVICE_LINES, POSTSCRIPTS, PROGRAM_LINES,
};
use crate::message::original::{Lines, folded};

/// Real signatures are short; a longer tail is text.
const SIGNATURE_LINES_MAX: usize = 12;
/// Some have several languages.
const DISCLAIMER_LINES_MAX: usize = 150;
/// Lines of a signature without separator.
const NAMED_LINES_MAX: usize = 8;
const NAMED_LINE_CHARS_MAX: usize = 60;

/// The text above the signature. `sender` is the name in From.
pub fn above<'a>(text: &'a str, sender: Option<&str>) -> &'a str {
    let mut text = text.trim_end();
    // Each may stand below another one.
    for _ in 0..3 {
        let shorter = without_rule(without_disclaimer(without_device_line(without_separated(text))));
        if shorter.len() == text.len() {
            break;
        }
        text = shorter;
    }
    sender.and_then(|name| without_ruled(text, name).or_else(|| without_named(text, name))).unwrap_or(text)
}

/// Cuts at the separator of RFC 3676 §4.3 when a short tail follows.
fn without_separated(text: &str) -> &str {
    let mut at = text.len();
    for (count, line) in text.split_inclusive('\n').rev().enumerate() {
        at -= line.len();
        if matches!(line.trim_end_matches(['\r', '\n']), "-- " | "--" | "-- \u{a0}") {
            return text[..at].trim_end();
        }
        if count >= SIGNATURE_LINES_MAX {
            break;
        }
    }
    text
}

/// The line that a phone adds, when nothing stands below it.
fn without_device_line(text: &str) -> &str {
    let last = text.rfind('\n').map_or(0, |end| end + 1);
    if is_device_line(&text[last..]) { text[..last].trim_end() } else { text }
}

/// A line by itself that a phone or a mail program adds.
pub fn is_device_line(line: &str) -> bool {
    let line = without_link(line.trim().trim_start_matches(['*', '_', '<', '[', '(', '-', '—', ' ']));
    if line.is_empty() || line.chars().count() > DEVICE_LINE_CHARS_MAX {
        return false;
    }
    let lowered = folded(line);
    let begins = |known: &[&str]| known.iter().any(|known| lowered.starts_with(known));
    let is_named = || names_device(&lowered);
    let ends = || DEVICE_ENDS.iter().any(|end| lowered.trim_end_matches(['.', '。']).ends_with(end));
    let is_about_device =
        begins(OWN_DEVICE_LINES) || begins(PROGRAM_LINES) || (begins(DEVICE_LINES) || ends()) && is_named();
    // Words that go on as a sentence are a person's, but for an excuse.
    let is_sentence = lowered.contains(". ") || lowered.ends_with(['?', ':', ',']);
    is_about_device && (!is_sentence || is_named() && EXCUSES.iter().any(|excuse| lowered.contains(excuse)))
}

/// `PS: The window, too.`
pub fn is_postscript(line: &str) -> bool {
    let line = folded(line);
    let first: String = line.chars().take_while(|c| c.is_alphabetic() || *c == '.').filter(|c| *c != '.').collect();
    POSTSCRIPTS.contains(&first.as_str())
}

/// The line without the address of the program's page behind it: `Sent from Spark <https://…>`.
fn without_link(line: &str) -> &str {
    let link = line.find("http").filter(|at| *at > 0);
    link.map_or(line, |at| line[..at].trim_end_matches(['<', '(', '[', ' ']))
}

fn names_device(lowered: &str) -> bool {
    // Longer names are known also with an ending, as some languages have them.
    const WHOLE_WORD_CHARS_MAX: usize = 5;
    let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    DEVICES.iter().any(|name| {
        lowered.match_indices(name).any(|(at, _)| {
            let is_open = name.chars().count() > WHOLE_WORD_CHARS_MAX || !name.is_ascii();
            is_open
                || !is_part(lowered[..at].chars().next_back()) && !is_part(lowered[at + name.len()..].chars().next())
        })
    })
}

fn without_disclaimer(text: &str) -> &str {
    let lines = Lines::of(text);
    let begins = |index: &usize| {
        let is_paragraph = *index > 0 && (lines.is_empty(index - 1) || is_rule(lines.line(index - 1)));
        is_paragraph && {
            let line = folded(lines.line(*index).trim_start_matches(['*', '_', '-', '#', ' ']));
            DISCLAIMERS.iter().any(|known| line.starts_with(known))
        }
    };
    let Some(start) = (lines.len().saturating_sub(DISCLAIMER_LINES_MAX)..lines.len()).find(begins) else { return text };
    // A short remark about "this email" is a person's; so is a disclaimer with an answer below it.
    let tail = lines.from(start).trim();
    let is_disclaimer = tail.chars().count() >= DISCLAIMER_CHARS_MIN && !tail.contains("\n>");
    let above = lines.before(start).trim_end();
    if is_disclaimer && !above.is_empty() { above } else { text }
}

/// A rule at the end: it separated something that is gone.
fn without_rule(text: &str) -> &str {
    let last = text.rfind('\n').map_or(0, |end| end + 1);
    if last > 0 && is_rule(&text[last..]) { text[..last].trim_end() } else { text }
}

fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.len() >= 3 && line.chars().all(|c| matches!(c, '-' | '_' | '=' | '*' | '—' | '–' | ' '))
}

/// The last paragraph when it begins with the sender's own name, with the closing words above it.
fn without_named<'a>(text: &'a str, sender: &str) -> Option<&'a str> {
    let lines = Lines::of(text);
    let first_possible = lines.len().saturating_sub(NAMED_LINES_MAX);
    let named = (first_possible.max(1)..lines.len()).find(|index| is_name(lines.line(*index), sender))?;
    let is_short = |index: usize| lines.line(index).chars().count() <= NAMED_LINE_CHARS_MAX;
    let above = lines.word_above(named)?;
    let closes = CLOSINGS.contains(&folded(lines.line(above).trim_end_matches([',', '.', '!', ' '])).as_str());
    let begins = lines.is_empty(named - 1) || closes;
    if !begins || !(named..lines.len()).all(is_short) {
        return None;
    }
    let cut = if closes { above } else { named };
    Some(lines.before(cut).trim_end()).filter(|kept| !kept.is_empty())
}

/// What stands below the last rule when it is short lines only, and one is the sender's name.
fn without_ruled<'a>(text: &'a str, sender: &str) -> Option<&'a str> {
    let lines = Lines::of(text);
    let rule = (1..lines.len()).rev().find(|index| is_rule(lines.line(*index)))?;
    let tail: Vec<&str> =
        (rule + 1..lines.len()).map(|index| lines.line(index)).filter(|line| !line.is_empty()).collect();
    let are_short = tail.iter().all(|line| line.chars().count() <= NAMED_LINE_CHARS_MAX);
    let is_signature = tail.len() <= SIGNATURE_LINES_MAX && are_short && tail.iter().any(|line| is_name(line, sender));
    Some(lines.before(rule).trim_end()).filter(|kept| is_signature && !kept.is_empty())
}

/// The whole name, or one word of it alone; not a sentence that begins with it.
fn is_name(line: &str, sender: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let text = text.replace("#sig#", " ");
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() > 1);
        words.map(str::to_lowercase).collect()
    };
    let (name, sender) = (words(line), words(sender));
    let known = name.iter().filter(|word| sender.contains(word)).count();
    !name.is_empty()
        && known > 0
        && name.len() - known <= 2
        && (known == name.len() || known >= 2)
        && !line.ends_with(['?', '!'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(tail: &str, sender: Option<&str>, is_cut: bool) {
        let text = format!("The door is broken.\n{tail}");
        let expected = if is_cut { "The door is broken." } else { text.as_str() };
        assert_eq!(above(&text, sender), expected, "{tail:?}");
    }

    #[test]
    fn every_device_line_and_disclaimer_is_known() {
        for line in OWN_DEVICE_LINES.iter().chain(PROGRAM_LINES) {
            check(&format!("\n{line} x"), None, true);
        }
        for line in DEVICE_LINES {
            check(&format!("\n{line} Android"), None, true);
            check(&format!("\n{line} Berlin"), None, false);
        }
        for end in DEVICE_ENDS {
            check(&format!("\nAndroid x {end}"), None, true);
            check(&format!("\nBerlin x {end}"), None, false);
        }
        for word in POSTSCRIPTS {
            assert!(is_postscript(&format!("{}: the window", word.to_uppercase())), "{word}");
        }
        assert!(is_postscript("P.S. The window") && !is_postscript("Psychology"));
        for device in DEVICES {
            check(&format!("\nSent with {device}"), None, true);
        }
        for excuse in EXCUSES {
            check(&format!("\nSent from my iPad. {excuse}"), None, true);
        }
        for line in DISCLAIMERS {
            check(&format!("\n{} {}", line.to_uppercase(), "x".repeat(DISCLAIMER_CHARS_MIN)), None, true);
            check(&format!("\n{line}"), None, false);
        }
        for closing in CLOSINGS {
            check(&format!("\n{closing},\nAnna Berg"), Some("Anna Berg"), true);
            check(&format!("\n{closing},\nAnna Berg"), None, false);
        }
    }

    #[test]
    fn signatures() {
        check("-- \nAnna\nExample Ltd", None, true);
        check("\n_____________", None, true);
        check("\nAnna Berg\nExample Ltd\n+49 1234", Some("Berg, Anna"), true);
        check("\nSent from my phone\n\n-- \nAnna", None, true);
        check("\nSent from Spark<https://example.com>", None, true);
        check("\nSent via DHL on Monday.", None, false);
        check("\nSent from Berlin", None, false);
        check("\nSent from my office, it took a week. Why?", None, false);
        check("\nAnna Berg said that it is open.", Some("Anna Berg"), false);
        check(
            "\nAnna\n\nAnd the window, of which I wrote you a long letter last week already, is too.",
            Some("Anna"),
            false,
        );
        check("A -- B\n--- C ---\nD", None, false);
        let ruled = "\n--------\n\nLogo\n\nAnna Berg\n\nt. 555 123\n\nhttps://a.example";
        check(ruled, Some("Anna Berg"), true);
        check(ruled, Some("Ben"), false);
        check(ruled, None, false);
        check(&format!("{ruled}\n{}", "words".repeat(20)), Some("Anna Berg"), false);
    }
}
