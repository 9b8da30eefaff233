//! Text of strangers on a terminal: nothing that mail says may move the cursor, change a title, reverse the reading
//! order or hide a line.

use std::borrow::Cow;

/// The text with each character that a terminal would obey shown as `�`. Line ends and tabs stay.
pub fn terminal_safe(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace(is_obeyed, "\u{fffd}"))
}

/// Control characters (C0, DEL, C1), separators that break lines, and those that turn the direction of text.
fn is_obeyed(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}' => true,
        c => c.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_obeyed() {
        for (text, expected) in [
            ("plain\tand\nlines", "plain\tand\nlines"),
            ("\x1b]0;title\x07", "\u{fffd}]0;title\u{fffd}"),
            ("a\rb\x08c\x7fd\u{9b}31m", "a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}31m"),
            ("exe\u{202e}fdp", "exe\u{fffd}fdp"),
            ("用户", "用户"),
        ] {
            assert_eq!(terminal_safe(text), expected, "{text:?}");
        }
    }
}
