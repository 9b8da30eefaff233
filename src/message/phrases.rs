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

fn number(words: &[String]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for word in words {
        hasher.update(word.as_bytes()).update(b" ");
    }
    let digest = hasher.finalize();
    u64::from_le_bytes(*digest.as_bytes().first_chunk().expect("a digest has 32 bytes"))
}

/// Letters and digits in a row; each sign of Chinese and Japanese, which is written without blanks.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for c in text.chars() {
        let is_sign = matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}');
        if !word.is_empty() && (is_sign || !c.is_alphanumeric()) {
            words.push(std::mem::take(&mut word));
        }
        if is_sign {
            words.push(c.into());
        } else if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        if words.len() >= TEXT_WORDS_MAX {
            return words;
        }
    }
    words.extend((!word.is_empty()).then_some(word));
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
        assert_eq!(words("Ab-cd プリンタ, 火"), ["ab", "cd", "プ", "リ", "ン", "タ", "火"]);
        assert!(!of("月曜日からプリンタが動きません").is_empty());
    }

    #[test]
    fn a_long_text_has_few_phrases() {
        let long: String = (0..3 * TEXT_WORDS_MAX).map(|n| format!("> {n}\n")).collect();
        assert_eq!((of(&long).len(), quoted(&long, "").len()), (PHRASES_KEPT, QUOTED_PHRASES_MAX));
    }
}
