//! Text that is no CEL, in words of ours: what stands where the parser stopped, and what it should be.
//!
//! The parser's own words list its tokens; what they come to is told from the few forms that they have. Words in none of
//! these forms are still a mistake, at the same place.

use cel::ParseErrors;

/// Why a text is no condition.
#[derive(Debug, PartialEq, Eq)]
pub struct Broken {
    /// The byte of the text at which it is seen, where that is known.
    pub at: usize,
    pub what: String,
}

/// The first thing that the parser has against it.
pub(super) fn unparsed(text: &str, errors: &ParseErrors) -> Broken {
    let Some(error) = errors.errors.first() else { return Broken { at: 0, what: "found text that is not CEL".into() } };
    let line = usize::try_from(error.pos.0 - 1).unwrap_or(0);
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let column = usize::try_from(error.pos.1 - 1).unwrap_or(0);
    let within = text[start..].char_indices().nth(column).map_or(text.len() - start, |(byte, _)| byte);
    let at = start + within;
    let found = match token(&text[at..]) {
        "" => "the end of the condition".to_owned(),
        token => format!("\"{token}\""),
    };
    Broken { at, what: format!("found {found}, expected {}", expected(token(&text[at..]), &error.msg)) }
}

/// A word, or a sign.
fn token(text: &str) -> &str {
    let text = text.trim_end();
    let word = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let length = match text.chars().next() {
        Some(_) if word > 0 => word,
        Some(_) if ["&&", "||", "==", "!=", "<=", ">="].iter().any(|sign| text.starts_with(sign)) => 2,
        Some(first) => first.len_utf8(),
        None => 0,
    };
    &text[..length]
}

fn expected(found: &str, words: &str) -> &'static str {
    // One that is missing stands before what was found; of several, all stand after this word.
    let wanted = words.split_once("expecting ").or_else(|| words.split_once("missing ")).map_or("", |(_, all)| all);
    match found {
        "=" => "== for a comparison",
        "&" => "&&",
        "|" => "||",
        "“" | "”" | "„" | "‘" | "’" => "a condition in CEL; texts stand in ' or \"",
        _ if wanted.contains("IDENTIFIER") => "a value, as a name or a text in quotes",
        _ if wanted.contains("'=='") => "an operator, as ==, && or ||, or the end of the condition",
        _ if ["')'", "']'", "'}'", "{']'", "{')'", "{'}'"].iter().any(|close| wanted.starts_with(close)) => {
            "a closing bracket"
        }
        _ if wanted == "<EOF>" => "the end of the condition",
        _ => "a condition in CEL",
    }
}
