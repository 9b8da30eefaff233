//! Text as it leaves: paragraphs cut into short lines that a program joins again (RFC 3676), so that they fit every
//! window, and quotation marks stand before each line.
//!
//! A space at the end of a line marks such a cut, so others are left out there. A word too long for a line stays whole.

/// RFC 3676 §4.2 asks for less than 79 and recommends 72.
const LINE_CHARS: usize = 72;
/// RFC 3676 §4.3: the line above a signature, which ends with a space and is no cut.
const SEPARATOR: &str = "-- ";

/// The text in flowed form; lines end with `\n`, the last one too.
pub fn flowed(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    for line in text.lines() {
        let (depth, content) = quotation(line);
        let content = if line == SEPARATOR { SEPARATOR } else { content.trim_end_matches(' ') };
        paragraph(&mut out, depth, content);
    }
    if out.is_empty() {
        out.push('\n');
    }
    out
}

/// How deep a line is quoted, and what it says: `>> x`, `> > x`.
pub fn quotation(line: &str) -> (usize, &str) {
    let (mut depth, mut rest) = (0, line);
    while let Some(behind) = rest.strip_prefix('>').or_else(|| rest.strip_prefix(" >").filter(|_| depth > 0)) {
        (depth, rest) = (depth + 1, behind);
    }
    let content = if depth > 0 { rest.strip_prefix(' ').unwrap_or(rest) } else { rest };
    (depth, content)
}

fn paragraph(out: &mut String, depth: usize, content: &str) {
    let mut line = String::new();
    let mut chars = depth + 1;
    for word in content.split_inclusive(' ') {
        let length = word.trim_end_matches(' ').chars().count();
        if chars + length > LINE_CHARS && !line.is_empty() && line != SEPARATOR {
            write_line(out, depth, &line);
            line.clear();
            chars = depth + 1;
        }
        line.push_str(word);
        chars += word.chars().count();
    }
    write_line(out, depth, &line);
}

/// RFC 3676 §4.4: one space in front of what would be read as something else.
fn write_line(out: &mut String, depth: usize, line: &str) {
    out.extend(std::iter::repeat_n('>', depth));
    let is_stuffed = depth > 0 && !line.is_empty() || line.starts_with([' ', '>']) || line.starts_with("From ");
    if is_stuffed {
        out.push(' ');
    }
    out.push_str(line);
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::flowed::joined;

    /// What leaves, and that it is read as it was.
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let out = flowed(text);
        assert_eq!(out, expected);
        assert_eq!(joined(&out, false).trim_end(), text.trim_end(), "read back");
    }

    #[test]
    fn lines_and_paragraphs() {
        check("", "\n");
        check("Hello.", "Hello.\n");
        check("a\n\nb\n", "a\n\nb\n");
        check(" indented\nFrom here\n", "  indented\n From here\n");
        check("-- \nMia", "-- \nMia\n");
        check("> old\n>> older\n>\nnew", "> old\n>> older\n>\nnew\n");
        let word = "x".repeat(100);
        check(&word, &format!("{word}\n"));
        check(&format!("-- {word}"), &format!("-- {word}\n"));
        check(&format!("a {word} b"), &format!("a \n{word} \nb\n"));
        let long = "word ".repeat(20);
        let cut = format!("{}\n{}\n", "word ".repeat(14), "word ".repeat(6).trim_end());
        check(long.trim_end(), &cut);
        check(&format!("> {}", long.trim_end()), &cut.lines().map(|line| format!("> {line}\n")).collect::<String>());
        assert_eq!(flowed("a  \n> > b\n"), "a\n>> b\n", "other spaces at the end go; marks are written in one way");
        let early = format!("{} > b", "a".repeat(70));
        check(&early, &format!("{} \n > b\n", "a".repeat(70)));
    }
}
