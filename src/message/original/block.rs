//! Copied header fields above a quoted or forwarded message, as Outlook, Thunderbird, Gmail, Apple Mail, Yahoo and the
//! like write them: `Von: …`, `*From:* …`, `De : …`, also quoted with `>` and also all of them in one line.

use super::words::{FORWARD_BANNERS, Field, LABELS, ORIGINAL_BANNERS};
use super::{Lines, folded, unquoted};

/// Copied header fields: their first line, and the line behind them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Block {
    pub start: usize,
    pub end: usize,
    pub from: String,
    pub to: String,
    pub date: String,
    pub subject: String,
}

/// What a banner says about the text below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Banner {
    Forward,
    Original,
}

const LABEL_BYTES_MAX: usize = 40;
/// A header field of a copy is folded over no more lines than this.
const FOLDS_MAX: usize = 6;
const BLOCK_LINES_MAX: usize = 20;
/// Between two fields of one copy.
const EMPTY_LINES_MAX: usize = 2;
/// All fields in one line: names of some dozen recipients.
const LINE_BYTES_MAX: usize = 4096;
const BANNER_BYTES_MAX: usize = 100;

/// The banner in a line, and what stands behind it in the same line.
pub fn banner(line: &str) -> Option<(Banner, &str)> {
    let text = unquoted(line);
    let is_rule = |c: char| matches!(c, '-' | '_' | '=' | '*' | '–' | '—' | '+' | '#') || c.is_whitespace();
    let inner = text.trim_start_matches(is_rule);
    let is_ruled = text.len() - inner.len() >= 2;
    let has_colon = line.trim_end().ends_with([':', '：']);
    if !is_ruled && !has_colon {
        return None;
    }
    let end =
        if is_ruled { inner.find(['-', '_', '=', '—', '–']).map(|dash| ruled_end(inner, dash)) } else { None };
    let (title, behind) = match end {
        Some((title, behind)) => (title, behind.trim_start_matches(is_rule)),
        None => (inner, ""),
    };
    if title.is_empty() || title.len() > BANNER_BYTES_MAX {
        return None;
    }
    let title = folded(title.trim_matches(|c: char| is_rule(c) || matches!(c, ':' | '：' | '.' | '[' | ']' | '"')));
    // Apple's needs no dashes, but a colon; anything else needs its dashes.
    if FORWARD_BANNERS.contains(&title.as_str()) && (is_ruled || has_colon) {
        return Some((Banner::Forward, behind));
    }
    // Lotus Notes: `----- Forwarded by Anna Berg/Example on 01.02.2003 -----`.
    if is_ruled && title.starts_with("forwarded by ") {
        return Some((Banner::Forward, behind));
    }
    (is_ruled && ORIGINAL_BANNERS.contains(&title.as_str())).then_some((Banner::Original, behind))
}

/// A title ends where a rule of two or more begins; a single hyphen belongs to it.
fn ruled_end(inner: &str, first: usize) -> (&str, &str) {
    let rule = inner[first..].match_indices(['-', '_', '=', '—', '–']).map(|(at, sign)| (first + at, sign));
    let end = rule
        .into_iter()
        .find(|(at, sign)| inner[at + sign.len()..].starts_with(sign))
        .map_or(inner.len(), |(at, _)| at);
    inner.split_at(end)
}

/// The header fields that begin at a line, when they are proven to be some. Below a banner less proof will do.
pub fn at(lines: &Lines<'_>, start: usize, is_below_banner: bool) -> Option<Block> {
    label(unquoted(lines.line(start)))?;
    let mut block = Block { start, end: start, ..Block::default() };
    let mut count = 0;
    let mut has_mailbox = false;
    let mut index = start;
    while index < lines.len().min(start + BLOCK_LINES_MAX) {
        let Some((field, value)) = label(unquoted(lines.line(index))) else { break };
        let next = field_end(lines, index + 1, &block);
        let folds = (index + 1..next).map(|fold| unquoted(lines.line(fold)));
        let value = std::iter::once(value).chain(folds).collect::<Vec<_>>().join(" ");
        has_mailbox |= matches!(field, Field::From | Field::To) && value.contains('@');
        count += 1;
        block.set(field, value.trim());
        block.end = next;
        index = next;
    }
    let has_all = !block.from.is_empty() && !block.subject.is_empty() && (count >= 3 || !block.date.is_empty());
    let is_proven = count >= 2 && (has_mailbox || has_all) || is_below_banner && !block.from.is_empty();
    is_proven.then_some(block)
}

/// The line behind a field that began above `next`: its folds, and empty lines when more fields of `block` follow.
fn field_end(lines: &Lines<'_>, next: usize, block: &Block) -> usize {
    let is_label = |index: usize| label(unquoted(lines.line(index))).is_some();
    for index in next..(next + FOLDS_MAX).min(lines.len()) {
        if is_label(index) {
            return index;
        }
        if unquoted(lines.line(index)).is_empty() {
            break;
        }
    }
    // Fields with empty lines between them, as some programs make of HTML. The text may have such lines as well.
    let Some(below) =
        (next..lines.len().min(next + 1 + EMPTY_LINES_MAX)).find(|index| !unquoted(lines.line(*index)).is_empty())
    else {
        return next;
    };
    let is_wanted = |field| match field {
        Field::From => block.from.is_empty(),
        Field::To => block.to.is_empty(),
        Field::Date => block.date.is_empty(),
        Field::Subject => block.subject.is_empty(),
        Field::Cc | Field::Other => below == next + 1,
    };
    let more = label(unquoted(lines.line(below))).filter(|(field, _)| below > next && is_wanted(*field));
    if more.is_some() { below } else { next }
}

/// The header fields that stand in one line behind a banner.
pub fn in_line(line: &str, index: usize) -> Option<Block> {
    let line = &line[..line.floor_char_boundary(LINE_BYTES_MAX)];
    let mut block = Block { start: index, end: index + 1, ..Block::default() };
    let mut found: Vec<(usize, usize, Field)> = Vec::new();
    for (colon, _) in line.match_indices(':') {
        let behind = found.last().map_or(0, |(_, end, _)| *end);
        let known = LABELS.iter().flat_map(|(field, words)| words.iter().map(move |word| (*field, *word)));
        let labels = known.filter_map(|(field, word)| {
            let start = label_start(&line[behind..colon], word)? + behind;
            Some((start, colon + 1, field))
        });
        // The longest label that fits is the one that was written.
        found.extend(labels.min_by_key(|(start, ..)| *start));
    }
    for (at, (_, start, field)) in found.iter().enumerate() {
        let end = found.get(at + 1).map_or(line.len(), |(next, ..)| *next);
        block.set(*field, line[*start..end].trim());
    }
    (found.len() >= 2 && !block.from.is_empty()).then_some(block)
}

/// Where a capitalised label begins that ends the text and isn't the end of a longer word.
fn label_start(text: &str, word: &str) -> Option<usize> {
    let text = text.trim_end();
    let chars = word.chars().count();
    let start = text.char_indices().rev().nth(chars.checked_sub(1)?)?.0;
    let is_word = folded(&text[start..]) == word;
    // `GMT+1Subject`, `CETSubject`: values run into labels.
    let is_start = text[..start].chars().next_back().is_none_or(|c| !c.is_alphabetic() || c.is_uppercase());
    let is_capital = text[start..].chars().next().is_some_and(|c| !c.is_lowercase());
    (is_word && is_start && is_capital).then_some(start)
}

impl Block {
    /// The first value of each field counts.
    fn set(&mut self, field: Field, value: &str) {
        let place = match field {
            Field::From => &mut self.from,
            Field::To => &mut self.to,
            Field::Date => &mut self.date,
            Field::Subject => &mut self.subject,
            Field::Cc | Field::Other => return,
        };
        if place.is_empty() {
            value.clone_into(place);
        }
    }
}

/// A label and its value.
pub fn label(line: &str) -> Option<(Field, &str)> {
    let marks = ['*', '_', ' ', '\t', '\u{a0}', '\u{202f}', '\u{200b}', '|'];
    let line = line.trim_start_matches(marks);
    let (colon, sign) =
        line.char_indices().take_while(|(at, _)| *at < LABEL_BYTES_MAX).find(|(_, c)| matches!(c, ':' | '：'))?;
    let name = line[..colon].trim_end_matches(marks);
    let name = folded(name);
    let (field, _) = LABELS.iter().find(|(_, words)| words.contains(&name.as_str()))?;
    let value = line[colon + sign.len_utf8()..].trim_start_matches(marks).trim_end_matches(marks);
    Some((*field, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_and_banner_is_known() {
        for (field, words) in LABELS {
            for word in *words {
                let upper = word.to_uppercase();
                for line in [format!("{word}: x"), format!("*{word} :* x"), format!("{upper}：x")] {
                    // Greek doesn't come back from capitals.
                    if folded(&line).contains(word) {
                        assert_eq!(label(&line), Some((*field, "x")), "{line}");
                    }
                }
            }
        }
        for (banner_of, titles) in [(Banner::Forward, FORWARD_BANNERS), (Banner::Original, ORIGINAL_BANNERS)] {
            for title in titles {
                assert_eq!(banner(&format!("> ---------- {title} ---------")), Some((banner_of, "")), "{title}");
                assert_eq!(banner(&format!("---{title}--- From: a")), Some((banner_of, "From: a")), "{title}");
                assert_eq!(banner(&format!("{title}:")).is_some(), banner_of == Banner::Forward, "{title}");
                assert_eq!(banner(&format!("We saw the {title} here")), None);
            }
        }
    }

    #[track_caller]
    fn check(text: &str, is_below_banner: bool, expected: Option<(usize, &str, &str, &str)>) {
        let found = at(&Lines::of(text), 0, is_below_banner);
        let found =
            found.as_ref().map(|block| (block.end, block.from.as_str(), block.to.as_str(), block.subject.as_str()));
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn header_fields_as_they_are_copied() {
        check("From: A <a@b>\nSent: Monday\nTo: c@d\nSubject: S\n\nx", false, Some((4, "A <a@b>", "c@d", "S")));
        check("> Betreff: \tS\n> Datum: x\n> Von: a@b\n>\n> x", false, Some((3, "a@b", "", "S")));
        check("De : A\nEnvoyé : lundi\nÀ : B\nObjet : S\n\nx", false, Some((4, "A", "B", "S")));
        check("*From:* a@b [mailto:\n a@b]\n*To:* c@d\n", false, Some((3, "a@b [mailto: a@b]", "c@d", "")));
        check("From: a@b\n\nTo: c@d\n\nSubject: S\n\nx", false, Some((5, "a@b", "c@d", "S")));
        check("From: a@b\n\nTo: c@d\n\n\nSubject: S\n\n\nDate: x\n\nTo: y", false, Some((9, "a@b", "c@d", "S")));
        check("From: a@b\nSubject: S\nDate: x\n\nSubject: mine", false, Some((3, "a@b", "", "S")));
        check("From: Someone\n\nx", true, Some((1, "Someone", "", "")));
        check("From: Someone\n\nx", false, None);
        check("From: Berlin\nTo: Paris\nDate: 12 May\n\nA ticket, please", false, None);
        check("Subject: a@b\nDate: today", false, None);
    }

    #[test]
    fn header_fields_in_one_line() {
        let line = "From: A <a@b>To: \"c@d\" <c@d>Sent: Monday, 09:26:50 CETSubject: S: T";
        let found = in_line(line, 3).expect("a block");
        assert_eq!((found.from.as_str(), found.to.as_str()), ("A <a@b>", "\"c@d\" <c@d>"));
        assert_eq!((found.date.as_str(), found.subject.as_str(), found.end), ("Monday, 09:26:50 CET", "S: T", 4));
        assert_eq!(in_line("only: words: here", 0), None);
    }
}
