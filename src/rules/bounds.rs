//! How deep a condition may be: looked at before it is parsed, because parser and evaluation go as deep as the text does,
//! and a stack that ends takes the server with it.

/// Steps of the parser into each other: operators, dots and brackets of one operand of `&&`, `||` or a comma, with those of
/// the brackets around it. A debug build takes some 35 KiB of the stack for each.
const DEPTH_MAX: usize = 24;
/// Steps that a pair of brackets is worth.
const BRACKET: usize = 4;
/// Operators, dots and brackets of all of it.
const JOINTS_MAX: usize = 400;

/// The place and the words of what is too much, if anything is.
pub fn excess(text: &str) -> Option<(usize, String)> {
    // Steps of the operand at each level of brackets.
    let (mut levels, mut joints) = (vec![0], 0);
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if c == '\'' || c == '"' {
            let Some(length) = quoted(rest, is_raw(&text[..at])) else {
                return Some((at, "found a text without an end, expected a closing quote".into()));
            };
            at += length;
            continue;
        }
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        }
        joints += usize::from(c.is_ascii_punctuation() && !matches!(c, '_' | ','));
        let inside = levels.len() > 1;
        let operand = levels.last_mut().expect("the outermost level stays");
        match c {
            '(' | '[' | '{' => {
                *operand += 1;
                levels.push(BRACKET);
            }
            ')' | ']' | '}' if inside => drop(levels.pop()),
            '&' | '|' | ',' => *operand = if inside { BRACKET } else { 0 },
            '_' => {}
            _ => *operand += usize::from(c.is_ascii_punctuation()),
        }
        if levels.iter().sum::<usize>() > DEPTH_MAX || joints > JOINTS_MAX {
            let what = "found a condition that is too deep or too long, expected fewer brackets inside each other and \
                        shorter chains: divide it, or list values, as in sender.domain in [\"a.example\", \"b.example\"]";
            return Some((at, what.into()));
        }
        at += c.len_utf8();
    }
    None
}

/// In raw texts a backslash is one.
pub(super) fn is_raw(before: &str) -> bool {
    before.trim_end_matches(['b', 'B']).ends_with(['r', 'R'])
}

/// Bytes of the text that begins with its quote; none when it doesn't end, as texts in single quotes do at a line's end.
pub(super) fn quoted(text: &str, raw: bool) -> Option<usize> {
    let quote = &text[..1];
    let threefold = quote.repeat(3);
    let end = if text.starts_with(&threefold) { &threefold } else { quote };
    let mut at = end.len();
    loop {
        let rest = text.get(at..)?;
        let c = rest.chars().next()?;
        if rest.starts_with(end) {
            return Some(at + end.len());
        }
        if end.len() == 1 && matches!(c, '\n' | '\r') {
            return None;
        }
        at += c.len_utf8();
        if c == '\\' && !raw {
            at += text.get(at..)?.chars().next()?.len_utf8();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_outside_of_texts_counts() {
        #[track_caller]
        fn check(text: &str, expected: Option<usize>) {
            assert_eq!(excess(text).map(|(at, _)| at), expected, "{text}");
        }
        let (deep, long) = ("(".repeat(13), "+1".repeat(201));
        check("subject.matches('((((((((((((((((')", None);
        check(&deep, Some(4));
        check(&long, Some(48));
        check(
            "headers['list-id'][0].contains('a') && !(attachments.exists(a, a.size > 3 || a.name.matches('b')))",
            None,
        );
        for text in ["r'\\' || ", "'\\'' || ", "'''a'b''' || ", "// '\n", "\"'\" || "] {
            check(&format!("{text}{deep}"), Some(text.len() + 4));
        }
        check("subject == 'a", Some(11));
        check("subject == 'a\n'", Some(11));
        check(&"a.b == 'c' && ".repeat(60), None);
        assert!(excess(&"a.b == 'c' && ".repeat(81)).is_some());
    }
}
