//! Phrases of a text: what a quotation is recognised by when nothing else says what it quotes.
//!
//! A phrase is eight words in a row, as a number; words are compared without case, punctuation, line ends and marks of
//! quotation, so that a text that another program has wrapped again has the same phrases. Of a text those with the lowest
//! numbers stand for it: whoever quotes that part of it has them, too. Two texts may share a phrase by chance or because
//! a form was filled in, so it proves nothing.

use crate::base::limits::{PHRASES_KEPT, QUOTED_PHRASES_MAX, TEXT_WORDS_MAX};

/// Enough that people don't write them in a row by chance.
const WORDS: usize = 8;

/// What stands for a text.
pub fn of(text: &str) -> Vec<u64> {
    let mut lowest = Lowest::default();
    each_phrase(text, |phrase| lowest.take(phrase, PHRASES_KEPT));
    lowest.0
}

/// The phrases of a message that its author didn't write this time.
pub fn quoted(text: &str, new_text: &str) -> Vec<u64> {
    let is_quotation = |line: &&str| line.trim_start().starts_with('>');
    // Nearly all messages that begin a conversation.
    if text.trim() == new_text.trim() && !text.lines().any(|line| is_quotation(&line)) {
        return Vec::new();
    }
    // Who answers between the lines of a quotation has it in the new text, too.
    let own: Vec<&str> = new_text.lines().filter(|line| !is_quotation(line)).collect();
    let (mut known, mut phrases) = (Vec::new(), Vec::new());
    each_phrase(&own.join("\n"), |phrase| known.push(phrase));
    each_phrase(text, |phrase| phrases.push(phrase));
    known.sort_unstable();
    phrases.sort_unstable();
    phrases.dedup();
    phrases.retain(|phrase| known.binary_search(phrase).is_err());
    phrases.truncate(QUOTED_PHRASES_MAX);
    phrases
}

/// The lowest numbers, in order.
#[derive(Default)]
struct Lowest(Vec<u64>);

impl Lowest {
    fn take(&mut self, number: u64, count: usize) {
        if self.0.len() == count && self.0.last().is_some_and(|last| *last <= number) {
            return;
        }
        if let Err(at) = self.0.binary_search(&number) {
            self.0.insert(at, number);
            self.0.truncate(count);
        }
    }
}

/// Nothing is kept of the text: each message is read so, and there are many at a time.
fn each_phrase(text: &str, mut found: impl FnMut(u64)) {
    let (mut last, mut count) = ([0; WORDS], 0);
    each_word(text, |word| {
        last.rotate_left(1);
        last[WORDS - 1] = word;
        count += 1;
        if count >= WORDS {
            found(number(&last));
        }
    });
}

/// Each bit of each word moves half of the bits (the finaliser of SplitMix64). Whoever makes two phrases meet on purpose
/// makes a hint.
fn number(words: &[u64]) -> u64 {
    words.iter().fold(0, |number, word| {
        let mixed = (number.rotate_left(7) ^ word).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 32)
    })
}

/// Letters and digits in a row, each word by its FNV-1a number; each sign of Chinese and Japanese, which is written without
/// blanks.
fn each_word(text: &str, mut found: impl FnMut(u64)) {
    const EMPTY: u64 = 0xcbf2_9ce4_8422_2325;
    let with = |word: u64, c: char| (word ^ u64::from(c)).wrapping_mul(0x0100_0000_01b3);
    let (mut word, mut count) = (EMPTY, 0);
    for c in text.chars() {
        let is_sign = matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}');
        if word != EMPTY && (is_sign || !c.is_alphanumeric()) {
            found(std::mem::replace(&mut word, EMPTY));
            count += 1;
        }
        if is_sign {
            found(with(EMPTY, c));
            count += 1;
        } else if c.is_alphanumeric() {
            word = c.to_lowercase().fold(word, with);
        }
        if count >= TEXT_WORDS_MAX {
            return;
        }
    }
    if word != EMPTY {
        found(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGINAL: &str =
        "Since Monday the printer on the second floor prints nothing but\nblack pages, whatever we send.\n";

    #[track_caller]
    fn check(text: &str, new_text: &str, expected: bool) {
        let (kept, quoted) = (of(ORIGINAL), quoted(text, new_text));
        assert_eq!(kept.iter().any(|phrase| quoted.contains(phrase)), expected, "{text}");
    }

    #[test]
    fn a_quotation_has_the_phrases_of_what_it_quotes() {
        let wrapped =
            "> Since Monday the printer on the second\n> floor prints nothing but black pages,\n> whatever we send.";
        check(&format!("Yes.\n{wrapped}\n"), "Yes.", true);
        check(&format!("Yes.\n{wrapped}\nAnd?\n"), &format!("Yes.\n{wrapped}\nAnd?\n"), true);
        check(&format!("Yes.\n\n-----\n{ORIGINAL}"), "Yes.", true);
        check(&format!("YES.\n\n{}", ORIGINAL.to_uppercase()), "YES.", true);
        check(ORIGINAL, ORIGINAL, false);
        check("Yes.\n> Since Monday the printer prints nothing.\n", "Yes.", false);
        check("> Since Monday the printer on the\n", "", false);
    }

    fn words(text: &str) -> Vec<u64> {
        let mut words = Vec::new();
        each_word(text, |word| words.push(word));
        words
    }

    #[test]
    fn signs_are_words() {
        assert_eq!(words("Ab-cd プリンタ, 火"), words("ab CD プ リ ン タ 火"));
        assert_eq!(words("Ab-cd プリンタ, 火").len(), 7);
        assert!(!of("月曜日からプリンタが動きません").is_empty());
    }

    #[test]
    fn a_long_text_has_few_phrases() {
        let long: String = (0..3 * TEXT_WORDS_MAX).map(|n| format!("> {n}\n")).collect();
        assert_eq!((of(&long).len(), quoted(&long, "").len()), (PHRASES_KEPT, QUOTED_PHRASES_MAX));
    }
}
