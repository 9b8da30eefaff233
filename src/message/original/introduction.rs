//! The line that introduces a quotation: `On Monday, Anna <anna@example.com> wrote:` in many languages, folded over a
//! few lines, with or without a verb.

use super::words::{BEGINNINGS, PRONOUNS, VERBS};
use super::{Lines, folded, unquoted};

/// An introduction is folded over no more lines than this.
const LINES_MAX: usize = 5;
const BYTES_MAX: usize = 400;

/// Lines that introduce a quotation, from `start` to before `end`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Introduction {
    pub start: usize,
    pub end: usize,
    /// Its words in one line.
    pub text: String,
    /// It proves by itself that what follows is quoted: it has an address or a time of day, and a verb or both.
    pub is_strong: bool,
}

/// The introduction that begins at a line.
pub fn at(lines: &Lines<'_>, start: usize) -> Option<Introduction> {
    let first = unquoted(lines.line(start));
    if first.is_empty() {
        return None;
    }
    let (mut text, mut has_gap) = (String::new(), false);
    for index in start..lines.len().min(start + LINES_MAX) {
        let line = unquoted(lines.line(index));
        if line.is_empty() {
            // Programs that make text of HTML put an empty line between date and address.
            if has_mailbox(&text) || !(has_time(&text) && begins_with_date(&folded(&text))) {
                return None;
            }
            has_gap = true;
            continue;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(line);
        if text.len() > BYTES_MAX {
            return None;
        }
        if is_end(line) || is_ruled(&text) {
            let is_strong = judged(&text, index == start).filter(|_| !has_gap || has_mailbox(&text))?;
            // What stands above a whole introduction is somebody's words.
            let is_longer = !begins_with_date(&folded(&text))
                && (start + 1..=index).any(|later| is_strong_between(lines, later, index));
            let found = Introduction { start, end: index + 1, text, is_strong };
            return (!is_longer).then_some(found);
        }
    }
    None
}

fn is_strong_between(lines: &Lines<'_>, first: usize, last: usize) -> bool {
    if unquoted(lines.line(first)).starts_with(['<', '(', '[']) {
        return false;
    }
    let text: Vec<&str> = (first..=last).map(|index| unquoted(lines.line(index))).collect();
    judged(&text.join(" "), first == last) == Some(true)
}

/// The introduction that ends right above a line, with nothing but empty lines between.
pub fn above(lines: &Lines<'_>, below: usize) -> Option<Introduction> {
    let last = lines.word_above(below)?;
    let first = (last + 1).saturating_sub(LINES_MAX);
    let found = (first..=last).filter_map(|start| at(lines, start)).filter(|found| found.end == last + 1);
    let found: Vec<Introduction> = found.collect();
    // The longest one with a beginning of its own, else the shortest: the lines above it may be new.
    let is_begun = |found: &&Introduction| begins(&found.text);
    found.iter().find(is_begun).or(found.last()).cloned()
}

/// A weak sign that only counts right above quotation marks: a line that ends with a verb, or names an author.
pub fn is_weak(line: &str) -> bool {
    is_end(line) && (has_verb(line) || has_mailbox(line)) || has_mailbox(line) && (has_time(line) || has_year(line))
}

fn is_end(line: &str) -> bool {
    let line = line.trim_end();
    line.ends_with([':', '：']) || is_ruled(line) || line.contains('@') && has_verb_at_end(line)
}

fn has_verb_at_end(line: &str) -> bool {
    let line = folded(line);
    VERBS.iter().any(|verb| line.ends_with(verb))
}

/// `---- Anna Berg wrote ----`
fn is_ruled(text: &str) -> bool {
    text.starts_with("--") && text.ends_with("--") && has_verb(text)
}

/// Whether it is an introduction, and then whether it is a strong one.
fn judged(text: &str, is_one_line: bool) -> Option<bool> {
    let is_ruled = is_ruled(text);
    let begins = begins(text);
    let (mailbox, time) = (has_mailbox(text), has_time(text));
    let is_introduction = match (has_verb(text), begins) {
        (true, true) => has_digits(text) || mailbox || is_one_line,
        (true, false) => (mailbox && has_digits(text)) || time && is_one_line || is_ruled,
        (false, _) => mailbox && (time || has_year(text)) && !is_prose(text),
    };
    is_introduction.then(|| is_ruled || is_strong(text, begins))
}

/// Date, author and verb stand as programs put them; people who tell what somebody wrote name no mailbox in brackets.
fn is_strong(text: &str, begins: bool) -> bool {
    const AUTHOR_WORDS_MAX: usize = 5;
    const DATE_WORDS_MAX: usize = 12;
    let text = folded(text.trim_end_matches(|c: char| matches!(c, ':' | '：' | '-' | '*') || c.is_whitespace()));
    let is_dated = has_time(&text) || has_year(&text);
    let words = |text: &str| text.split_whitespace().count();
    if let Some(before) = before_verb(&text) {
        let is_author = before.split_whitespace().next_back().is_some_and(|word| !PRONOUNS.contains(&word));
        return is_author && (has_bracketed(before) && has_number(before) || begins && has_time(before));
    }
    // German and Dutch put the verb in front of the author: `Am 1.2.2024 schrieb Anna <a@b>:`
    let verb =
        VERBS.iter().filter_map(|verb| text.split_once(&format!(" {verb} "))).max_by_key(|(before, _)| before.len());
    let Some((before, behind)) = verb else {
        return begins && is_dated && text.ends_with(['>', ')', ']']) && has_bracketed(&text);
    };
    let is_author = behind.split_whitespace().next().is_some_and(|word| !PRONOUNS.contains(&word));
    let is_name = begins && has_time(before) && !has_digits(behind) && words(behind) <= AUTHOR_WORDS_MAX;
    is_author && (has_bracketed(&text) && is_dated && words(behind) <= DATE_WORDS_MAX || is_name)
}

/// What stands in front of a verb at the end.
fn before_verb(text: &str) -> Option<&str> {
    let fronts = VERBS.iter().filter_map(|verb| {
        text.strip_suffix(verb).filter(|front| !verb.is_ascii() || front.ends_with(|c: char| !c.is_alphanumeric()))
    });
    fronts.min_by_key(|front| front.len()).map(str::trim_end)
}

/// Without a verb, the words in front of the address must be a date and a name.
fn is_prose(text: &str) -> bool {
    let head = text.split(['<', '@']).next().unwrap_or("");
    head.split_whitespace().count() > 16 || head.contains(". ") && !has_digits(head)
}

/// It begins with a date, as it is, behind a word for "on", or behind the day of the week.
fn begins(text: &str) -> bool {
    let text = folded(text);
    let is_day = || {
        let second = text.split_whitespace().nth(1).unwrap_or("");
        second.starts_with(|c: char| c.is_ascii_digit()) && (has_time(&text) || has_year(&text))
    };
    begins_with_date(&text) || is_day()
}

fn begins_with_date(text: &str) -> bool {
    let text = text.trim_start_matches(['-', ' ']);
    text.starts_with(|c: char| c.is_ascii_digit()) || BEGINNINGS.iter().any(|begin| text.starts_with(begin))
}

fn has_verb(text: &str) -> bool {
    let text = folded(text.trim_end_matches(|c: char| matches!(c, ':' | '：' | '-' | '*') || c.is_whitespace()));
    before_verb(&text).is_some() || VERBS.iter().any(|verb| has_word(&text, verb))
}

/// With a blank on both sides.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| text[..at].ends_with(' ') && text[at + word.len()..].starts_with(' '))
}

/// `<a@b>`, `(a@b)`, `[mailto:a@b]`.
fn has_bracketed(text: &str) -> bool {
    text.match_indices(['<', '(', '[']).any(|(open, _)| {
        let inner = &text[open + 1..];
        let end = inner.find(['>', ')', ']']).unwrap_or(inner.len());
        has_mailbox(&inner[..end])
    })
}

fn has_mailbox(text: &str) -> bool {
    text.match_indices('@').any(|(at, _)| {
        text[..at].ends_with(|c: char| c.is_alphanumeric() || "._-+".contains(c))
            && text[at + 1..].starts_with(|c: char| c.is_alphanumeric())
    })
}

/// A word that begins with a digit; one in an address proves nothing.
fn has_number(text: &str) -> bool {
    text.split([' ', '(', '"', ',']).any(|word| word.starts_with(|c: char| c.is_ascii_digit()))
}

fn has_digits(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit())
}

fn has_year(text: &str) -> bool {
    text.as_bytes()
        .windows(4)
        .any(|four| matches!(four, [b'1' | b'2', b'9' | b'0', c, d] if c.is_ascii_digit() && d.is_ascii_digit()))
}

/// `10:42`, `10.42` behind a space.
fn has_time(text: &str) -> bool {
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let bytes = text.as_bytes();
    (1..bytes.len()).any(|at| {
        matches!(bytes[at], b':' | b'.' | b'h')
            && is_digit(bytes.get(at - 1))
            && is_digit(bytes.get(at + 1))
            && is_digit(bytes.get(at + 2))
            && !is_digit(bytes.get(at + 3))
            && (bytes[at] == b':' || has_year(text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(usize, bool)>) {
        let found = at(&Lines::of(text), 0);
        assert_eq!(found.map(|found| (found.end, found.is_strong)), expected, "{text:?}");
    }

    #[test]
    fn introductions() {
        check("On Mon, 1 Jan 2024 at 10:00, Anna <a@b.c> wrote:", Some((1, true)));
        check("On Mon, 1 Jan 2024, Anna Berg\n<a@b.c>\nwrote:", Some((3, true)));
        check("On Monday Anna wrote:", Some((1, false)));
        check("On 1 Jan 2024 at 10:00 Anna\n\n<\nmailto:Anna <a@b.c>\n> wrote:", Some((5, true)));
        check("On 1 Jan 2024 at 10:00 we met.\n\nAnna wrote:", None);
        check("2024-01-01 16:32 GMT+01:00 Anna <a@b.c>:", Some((1, true)));
        check("2024年1月1日(月) 10:00 Anna <a@b.c>:", Some((1, true)));
        check("在 2024年1月1日,10:00,Anna <a@b.c> 写道：", Some((1, true)));
        check("Am 13.12.2017 21:11 schrieb \"Anna <a@b.c>:", Some((1, true)));
        check("---- Anna Berg wrote ----", Some((1, true)));
        check("tir. 18. apr. 2017 kl. 13:09 skrev Anna <a@b.c>:", Some((1, true)));
        check("Please note:", None);
        check("My address is a@b.c:", None);
        check("On Monday\n\nAnna wrote:", None);
        check("As he wrote:", None);
    }

    #[test]
    fn every_verb_is_known() {
        for verb in VERBS {
            let lines = format!("1.2.2024 10:00 Anna <a@b.c> {verb}:\n> x");
            assert!(at(&Lines::of(&lines), 0).is_some_and(|found| found.is_strong), "{verb}");
            assert!(is_weak(&format!("Anna {verb}:")), "{verb}");
        }
        assert!(is_weak("Quoting Anna <a@b.c>:") && is_weak("2024-01-01 10:00 Anna <a@b.c>") && !is_weak("Note:"));
        for begin in BEGINNINGS {
            assert!(begins(&begin.to_uppercase()), "{begin}");
        }
    }
}
