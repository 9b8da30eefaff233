//! Text on its way to a terminal.
//!
//! Mail is written by strangers: its text may carry escape sequences that a terminal obeys, or direction marks that make
//! one address look like another. Neither leaves this program except in JSON, escaped, and in `message raw` to a file or
//! a pipe.

/// One line: whatever breaks it becomes a space.
pub fn line(text: &str) -> String {
    text.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { harmless(c) }).collect()
}

/// Several lines; tabs stay.
pub fn block(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    text.chars().map(|c| if matches!(c, '\n' | '\t') { c } else { harmless(c) }).collect()
}

/// A line of at most `most` characters.
pub fn short(text: &str, most: usize) -> String {
    let text = line(text);
    match text.char_indices().nth(most) {
        None => text,
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
    }
}

/// A line of JSON, with its end. What JSON lets through and terminals obey (DEL and C1 controls, U+009B is CSI) can only
/// stand in strings, so it can be escaped in the text.
pub fn json(value: &impl serde::Serialize) -> String {
    let text = serde_json::to_string(value).expect("values made of strings, numbers and lists have a JSON form") + "\n";
    if !text.chars().any(is_late_control) {
        return text;
    }
    text.chars().map(|c| if is_late_control(c) { format!("\\u{:04x}", c as u32) } else { c.into() }).collect()
}

fn is_late_control(c: char) -> bool {
    ('\u{7f}'..='\u{9f}').contains(&c)
}

fn harmless(c: char) -> char {
    let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}') { '\u{fffd}' } else { c }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_comes_through() {
        assert_eq!(line("a\u{1b}[31mb\r\nc\td\u{202e}e"), "a\u{fffd}[31mb  c d\u{fffd}e");
        assert_eq!(block("a\r\nb\tc\u{9b}1m\rd\u{7f}"), "a\nb\tc\u{fffd}1m\u{fffd}d\u{fffd}");
        assert_eq!((short("Grüße", 5).as_str(), short("Grüße an", 5).as_str()), ("Grüße", "Grüß…"));
        let wild = serde_json::json!(["\u{1b}[0m\u{7f}\u{9b}1mä"]);
        assert_eq!(json(&wild), "[\"\\u001b[0m\\u007f\\u009b1mä\"]\n");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json(&wild)).unwrap(), wild);
    }
}
