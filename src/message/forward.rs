//! A message that somebody passed on: the original inside it.
//!
//! An original that is attached as a whole counts first, when the subject says that this is a forward; an attached mail
//! may as well be evidence. Else the text is searched: a forward has a line that says so, or copied header fields in a
//! mail that answers nothing. What an answer quotes is no forward.

use std::borrow::Cow;

use super::facts::{Facts, Forwarded, Person};
use super::original::block::{self, Banner, Block};
use super::original::introduction::{self, Introduction};
use super::original::{Lines, unquoted};
use super::parts::Parts;
use super::{mentions, person, subject};
use crate::base::limits::SEARCHED_LINES_MAX;

/// The attached original of a forward.
pub fn attached<'p>(parts: &'p Parts<'_>, facts: &Facts) -> Option<Cow<'p, [u8]>> {
    if !subject::is_forward(&facts.subject) {
        return None;
    }
    let mut attached = parts.list.iter().filter(|part| part.is_attached_message());
    match (attached.next(), attached.next()) {
        (Some(part), None) => Some(part.encoding.decode(part.body)),
        _ => None,
    }
}

/// An original in the text, and the text that the forwarder wrote above it.
pub fn inline(facts: &Facts) -> Option<(Forwarded, &str)> {
    let lines = Lines::of(&facts.text);
    let says_forward = subject::is_forward(&facts.subject);
    let is_answer = subject::is_reply(&facts.subject) || (!says_forward && !facts.in_reply_to.is_empty());
    for index in 0..lines.len().min(SEARCHED_LINES_MAX) {
        let found = match block::banner(lines.line(index)) {
            Some((Banner::Forward, behind)) => below_banner(&lines, index, behind),
            Some((Banner::Original, behind)) if !is_answer => below_banner(&lines, index, behind),
            // The answer quotes from here on.
            Some((Banner::Original, _)) => return None,
            None => match block::at(&lines, index, false) {
                Some(block) if !is_answer => Some(block),
                Some(_) => return None,
                None => match introduction::at(&lines, index).filter(|found| found.is_strong) {
                    Some(found) if says_forward => {
                        return Some((introduced(&lines, &found, facts), lines.before(index)));
                    }
                    Some(_) => return None,
                    None => None,
                },
            },
        };
        if let Some(block) = found {
            return Some((copied(&lines, &block), lines.before(index)));
        }
    }
    None
}

/// The header fields below a banner; without any the text is all there is.
fn below_banner(lines: &Lines<'_>, banner: usize, behind: &str) -> Option<Block> {
    if let Some(block) = block::in_line(behind, banner) {
        return Some(block);
    }
    let next = (banner + 1..lines.len()).find(|index| !unquoted(lines.line(*index)).is_empty())?;
    let nothing = || Block { start: banner, end: banner + 1, ..Block::default() };
    Some(block::at(lines, next, true).unwrap_or_else(nothing))
}

fn copied(lines: &Lines<'_>, block: &Block) -> Forwarded {
    // `Anna <a@b> on behalf of Desk <d@b>`: Anna wrote it.
    let from = with_angles(&block.from);
    let from = from.split_inclusive('>').next().unwrap_or("");
    let name = Some(block.from.trim_matches('"').to_owned()).filter(|name| !name.is_empty());
    let from = person::parse(from).into_iter().find(|from| from.address.contains('@'));
    Forwarded {
        from: from.unwrap_or(Person { name, address: String::new() }),
        to: person::parse(&with_angles(&block.to)),
        subject: block.subject.clone(),
        date: Some(block.date.clone()).filter(|date| !date.is_empty()),
        text: body(lines, block.end, lines.is_quoted(block.start) || lines.is_quoted(block.end - 1)),
    }
}

/// Outlook's `Anna [mailto:anna@example.com]` in the form of the standard.
fn with_angles(people: &str) -> String {
    people.replace("[mailto:", "<").replace("<mailto:", "<").replace(['['], "<").replace(']', ">")
}

/// Programs that write "On Monday, Anna wrote:" for forwards, too.
fn introduced(lines: &Lines<'_>, introduction: &Introduction, facts: &Facts) -> Forwarded {
    let text = &introduction.text;
    let (start, address) = mentions::addresses(text).next().unwrap_or((text.len(), ""));
    let quoted = text[..start].rsplit('"').nth(1).filter(|_| text[..start].contains('"'));
    let name = quoted.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
    Forwarded {
        from: Person { name, address: address.to_owned() },
        to: Vec::new(),
        subject: subject::base(&facts.subject).to_owned(),
        date: None,
        text: body(lines, introduction.end, lines.is_quoted(introduction.start)),
    }
}

/// The text of the original: all of it, or as much as is quoted, without one level of marks.
fn body(lines: &Lines<'_>, start: usize, is_quoted: bool) -> String {
    let first = (start..lines.len()).find(|index| !unquoted(lines.line(*index)).is_empty()).unwrap_or(lines.len());
    if !is_quoted {
        return lines.from(first).trim().to_owned();
    }
    let mut text = String::new();
    for index in first..lines.len() {
        let line = lines.range(index, index + 1).trim_start();
        let Some(unmarked) = line.strip_prefix('>') else {
            if line.is_empty() {
                text.push('\n');
                continue;
            }
            break;
        };
        text.push_str(unmarked.strip_prefix(' ').unwrap_or(unmarked));
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `address|to|subject|text` of the original, and the text above.
    #[track_caller]
    fn check(subject: &str, text: &str, expected: Option<(&str, &str)>) {
        let facts = Facts { subject: subject.into(), text: text.into(), ..Facts::default() };
        let found = inline(&facts).map(|(found, above)| {
            let to: Vec<&str> = found.to.iter().map(|to| to.address.as_str()).collect();
            (
                format!("{}|{}|{}|{}", found.from.address, to.join(","), found.subject, found.text),
                above.trim().to_owned(),
            )
        });
        let expected = expected.map(|(found, above)| (found.to_owned(), above.to_owned()));
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn originals_in_the_text() {
        let copy = "From: Anna <a@b.c>\nDate: Monday\nSubject: Door\nTo: <d@e.f>\n\nIt is broken.\n";
        let expected = "a@b.c|d@e.f|Door|It is broken.";
        check("x", &format!("Please\n\n---------- Forwarded message ---------\n{copy}"), Some((expected, "Please")));
        check("Re: x", &format!("-------- Weitergeleitete Nachricht --------\n\n{copy}"), Some((expected, "")));
        check("FW: x", &format!("Please\n\n{copy}"), Some((expected, "Please")));
        check("x", &format!("-----Original Message-----\n{copy}"), Some((expected, "")));
        check("Re: x", &format!("Thanks\n\n-----Original Message-----\n{copy}"), None);
        check("AW: x", &format!("Thanks\n\n{copy}"), None);
        check(
            "Re: x",
            &format!("Thanks\n\nOn Monday 10:00 Anna <a@b.c> wrote:\n> ---------- Forwarded message ---------\n{copy}"),
            None,
        );
        let quoted: String = copy.lines().map(|line| format!("> {line}\n")).collect();
        check("x", &format!("Please\n> Begin forwarded message:\n>\n{quoted}\nAnna"), Some((expected, "Please")));
        check("x", "Start på videresendt besked:\n\nno fields", Some(("|||no fields", "")));
        check(
            "Fwd: Door",
            "See below\n\nOn 1/1/2024 10:00, \"Anna\" <a@b.c> wrote:\n\n    It is broken.\n",
            Some(("a@b.c||Door|It is broken.", "See below")),
        );
        check(
            "x",
            "----- Forwarded Message ----- From: Anna <a@b.c>To: d@e.f\u{a0}Subject: Door\nBroken",
            Some(("a@b.c|d@e.f|Door|Broken", "")),
        );
        check(
            "FW: x",
            "From: A <a@b.c> on behalf of D <d@e.f>\nSubject: Door\nTo: x@y\n\nBroken",
            Some(("a@b.c|x@y|Door|Broken", "")),
        );
        check("x", "From: Berlin\nTo: Paris\nDate: Monday\n\nOne ticket, please.", None);
        check(
            "FW: x",
            "From: Anna Berg [mailto:a@b.c]\nSent: Monday\nSubject: Door\n\nBroken",
            Some(("a@b.c||Door|Broken", "")),
        );
    }
}
