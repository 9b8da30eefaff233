//! What the sender wrote this time: the text without the mail it answers and without the signature.
//!
//! A reader must never miss what a customer wrote, so a cut needs proof and everything else stays: an answer between
//! the lines of a quotation is given whole. What is known of quoting programs is in the tables of
//! [`original`](super::original), what is known of signatures in those here.

mod signature;
mod words;

use super::original::block;
use super::original::introduction::{self, Introduction};
use super::original::{Lines, unquoted};
use crate::base::limits::SEARCHED_LINES_MAX;

/// The line above which our own mails ask for the answer; the text of the original follows it.
pub const MARKER: &str = "--- Please answer above this line ---";

/// The new part of a text whose lines end with `\n`. `sender` is the name in From, `original_at` the place where markup
/// says that the original begins.
pub fn of(text: &str, sender: Option<&str>, original_at: Option<usize>) -> String {
    let lines = Lines::of(text);
    let marked = original_at.and_then(|place| marked(&lines, place));
    let kept = match cut(&lines).into_iter().chain(marked).min() {
        Some(cut) => lines.before(cut),
        None => text,
    };
    let new = without_quotation(&Lines::of(kept));
    let new = signature::above(new.trim(), sender).trim();
    // Nothing left means that a rule misread the text.
    if new.is_empty() { text.to_owned() } else { new.to_owned() }
}

/// The line from which everything is the original.
fn cut(lines: &Lines<'_>) -> Option<usize> {
    if let Some(marker) = marker(lines) {
        return Some(marker);
    }
    let first_word = (0..lines.len()).find(|index| !lines.is_empty(*index))?;
    (first_word + 1..lines.len().min(SEARCHED_LINES_MAX))
        .filter(|index| !lines.is_empty(*index) && !lines.is_quoted(*index))
        .find(|index| {
            block::banner(lines.line(*index)).is_some()
                || block::at(lines, *index, false).is_some()
                || is_unmarked_quotation(lines, *index)
                || is_device_paragraph(lines, *index)
        })
}

/// The line at which the element of the original begins, unless somebody answers inside or below it.
fn marked(lines: &Lines<'_>, place: usize) -> Option<usize> {
    let start = (0..lines.len()).find(|index| lines.before(*index).len() >= place && !lines.is_empty(*index))?;
    let first_quoted = (start..lines.len()).find(|index| lines.is_quoted(*index)).unwrap_or(lines.len());
    let is_answered = (first_quoted..lines.len()).any(|index| !lines.is_quoted(index) && !lines.is_empty(index));
    (!is_answered && !lines.before(start).trim().is_empty()).then_some(start)
}

/// Our own marker, quoted or not, with the introduction above it.
fn marker(lines: &Lines<'_>) -> Option<usize> {
    let at = (0..lines.len()).find(|index| unquoted(lines.line(*index)).starts_with(MARKER))?;
    Some(introduction::above(lines, at).map_or(at, |introduction| introduction.start))
}

/// A quotation without marks, as it is left of HTML, below a strong introduction.
fn is_unmarked_quotation(lines: &Lines<'_>, index: usize) -> bool {
    introduction::at(lines, index).is_some_and(|found| {
        let next = (found.end..lines.len()).find(|below| !lines.is_empty(*below));
        found.is_strong && next.is_none_or(|next| !lines.is_quoted(next))
    })
}

/// The line of a phone as a paragraph of its own: what stands below it is the original or what a gateway added, because
/// phones put it there; a postscript is a person's.
fn is_device_paragraph(lines: &Lines<'_>, index: usize) -> bool {
    if !lines.is_empty(index - 1) || !signature::is_device_line(lines.line(index)) {
        return false;
    }
    let Some(below) = (index + 1..lines.len()).find(|below| !lines.is_empty(*below)) else { return true };
    let line = lines.line(below);
    let is_original =
        line.starts_with(['_', '-', '>']) || block::label(line).is_some() || introduction::at(lines, below).is_some();
    is_original || lines.is_empty(index + 1) && !signature::is_postscript(line)
}

/// Without one block of quoted lines, when what is new stands on one side, or on both sides of an introduced one.
fn without_quotation(lines: &Lines<'_>) -> String {
    let whole = || lines.text.to_owned();
    let Some(first) = (0..lines.len()).find(|index| lines.is_quoted(*index)) else { return whole() };
    let last = (first..lines.len()).rev().find(|index| lines.is_quoted(*index)).unwrap_or(first);
    let is_quotation = |index| lines.is_quoted(index) || lines.is_empty(index) || is_rest_of_link(lines, index);
    if !(first..=last).all(is_quotation) {
        return introduced_end(lines).map_or_else(whole, |start| lines.before(start).to_owned());
    }
    let introduced = introduction_above(lines, first);
    let start = introduced.as_ref().map_or(first, |found| found.start);
    let (mut above, below) = (lines.before(start).trim_end().to_owned(), lines.from(last + 1));
    let in_front = introduced.as_ref().map_or("", |found| words_in_front(lines, found));
    if !in_front.is_empty() && !above.is_empty() {
        above.push('\n');
    }
    above.push_str(in_front);
    let is_signed = signature::above(&format!("x\n{below}"), None).trim() == "x";
    match (above.trim().is_empty(), is_signed) {
        (false, true) => above,
        (true, false) => below.to_owned(),
        (false, false) if introduced.is_some() => format!("{above}\n\n{}", below.trim()),
        _ => whole(),
    }
}

/// Where the original begins that stands at the end, behind a strong introduction, whatever else is quoted above it.
fn introduced_end(lines: &Lines<'_>) -> Option<usize> {
    let above = (0..lines.len()).rev().find(|index| !lines.is_quoted(*index) && !lines.is_empty(*index))?;
    let quoted = (above + 1..lines.len()).find(|index| lines.is_quoted(*index))?;
    introduction::above(lines, quoted).filter(|found| found.is_strong).map(|found| found.start)
}

/// The end of a link that was too long for its quoted line.
fn is_rest_of_link(lines: &Lines<'_>, index: usize) -> bool {
    let is_within = index > 0 && lines.is_quoted(index - 1) && lines.is_quoted(index + 1);
    let line = lines.line(index);
    is_within
        && lines.line(index - 1).contains("http")
        && !line.contains(char::is_whitespace)
        && line.contains(['=', '/', '&', '%', '_'])
}

/// The introduction right above a quoted line, a weak one too.
fn introduction_above(lines: &Lines<'_>, quoted: usize) -> Option<Introduction> {
    introduction::above(lines, quoted).or_else(|| {
        let last = lines.word_above(quoted)?;
        let text = lines.line(last).to_owned();
        introduction::is_weak(&text).then_some(Introduction { start: last, end: last + 1, text, is_strong: false })
    })
}

/// `Yes, I will. On Monday Anna wrote:`: what was written in front of the introduction in its line.
fn words_in_front<'a>(lines: &Lines<'a>, found: &Introduction) -> &'a str {
    let line = lines.line(found.start);
    let inner = line.match_indices(" On ").map(|(at, _)| at).last().filter(|at| *at > 0);
    match inner {
        Some(at) if !line.starts_with("On ") && line[at..].contains(|c: char| c.is_ascii_digit()) => {
            // `Yes, I will.--- On Monday Anna wrote:`
            let words = &line[..at];
            if words.ends_with("--") { words.trim_end_matches('-') } else { words }
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests;
