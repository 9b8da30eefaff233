//! Phrases of a text: what a quotation is recognised by when nothing else says what it quotes.
//!
//! A phrase is eight words in a row, as a number; words are compared without case, punctuation, line ends and marks of
//! quotation, so that a text that another program has wrapped again has the same phrases. Of a text those with the lowest
//! numbers stand for it: whoever quotes that part of it has them, too. Two texts may share a phrase by chance or because
//! a form was filled in, so it proves nothing.

use std::collections::HashSet;

use crate::base::limits::{PHRASES_KEPT, QUOTED_PHRASES_MAX, TEXT_WORDS_MAX};

/// Enough that people don't write them in a row by chance.
const WORDS: usize = 8;

/// What stands for a text.
pub fn of(text: &str) -> Vec<u64> {
    lowest(phrases(text), PHRASES_KEPT)
}

/// The phrases of a message that its author didn't write this time.
pub fn quoted(text: &str, new_text: &str) -> Vec<u64> {
    // Who answers between the lines of a quotation has it in the new text, too.
    let own: Vec<&str> = new_text.lines().filter(|line| !line.trim_start().starts_with('>')).collect();
    let own: HashSet<u64> = phrases(&own.join("\n")).into_iter().collect();
    lowest(phrases(text).into_iter().filter(|phrase| !own.contains(phrase)).collect(), QUOTED_PHRASES_MAX)
}

fn lowest(mut phrases: Vec<u64>, count: usize) -> Vec<u64> {
    phrases.sort_unstable();
    phrases.dedup();
    phrases.truncate(count);
    phrases
}

fn phrases(text: &str) -> Vec<u64> {
    words(text).windows(WORDS).map(number).collect()
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
fn words(text: &str) -> Vec<u64> {
    const EMPTY: u64 = 0xcbf2_9ce4_8422_2325;
    let with = |word: u64, c: char| (word ^ u64::from(c)).wrapping_mul(0x0100_0000_01b3);
    let mut words = Vec::new();
    let mut word = EMPTY;
    for c in text.chars() {
        let is_sign = matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}');
        if word != EMPTY && (is_sign || !c.is_alphanumeric()) {
            words.push(std::mem::replace(&mut word, EMPTY));
        }
        if is_sign {
            words.push(with(EMPTY, c));
        } else if c.is_alphanumeric() {
            word = c.to_lowercase().fold(word, with);
        }
        if words.len() >= TEXT_WORDS_MAX {
            return words;
        }
    }
    words.extend((word != EMPTY).then_some(word));
    words
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
