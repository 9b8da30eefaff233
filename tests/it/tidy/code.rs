//! Rules about one Rust file: its head, its size, the size of its functions, words that mean "unfinished".

use super::{File, wrong_lines};
use crate::unit::{Unit, unit};

const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;
/// Put together here so that this file doesn't break its own rule.
const UNFINISHED: [&str; 5] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
    concat!("unimple", "mented!"),
    concat!("to", "do!"),
];

pub fn has_head(file: &File) -> Vec<String> {
    let head = file.text.lines().next().is_some_and(|line| line.starts_with("//! ") && line.len() > 8);
    if head { vec![] } else { vec![format!("{}:1: starts without \"//! what it is for\"", file.path)] }
}

pub fn is_short(file: &File) -> Vec<String> {
    let lines = without_tests(file).lines().count();
    let wrong = format!("{}:{lines}: {lines} lines without tests, more than {FILE_LINES_MAX}", file.path);
    if lines > FILE_LINES_MAX { vec![wrong] } else { vec![] }
}

pub fn is_finished(file: &File) -> Vec<String> {
    let mut wrong = Vec::new();
    for (n, line) in file.text.lines().enumerate() {
        let words = UNFINISHED.iter().filter(|word| line.contains(**word));
        wrong.extend(words.map(|word| format!("{}:{}: {word}", file.path, n + 1)));
    }
    wrong
}

pub fn functions_are_short(file: &File) -> Vec<String> {
    let code = only_code(&file.text);
    let lines: Vec<&str> = code.lines().collect();
    let mut wrong = Vec::new();
    for (n, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        let length = function_length(&lines[n..]);
        if length > FUNCTION_LINES_MAX {
            wrong.push(format!(
                "{}:{}: fn {name} has {length} lines, more than {FUNCTION_LINES_MAX}",
                file.path,
                n + 1
            ));
        }
    }
    wrong
}

/// The text up to its module of tests; nothing of a file that holds only tests.
pub fn without_tests(file: &File) -> &str {
    let all = file.path.starts_with("src/") && (file.path.ends_with("/tests.rs") || file.path.contains("/tests/"));
    let end = file.text.find("\n#[cfg(test)]\nmod tests").map_or(file.text.len(), |at| at + 1);
    if all { "" } else { &file.text[..end] }
}

fn function_name(line: &str) -> Option<&str> {
    let (before, after) = line.trim_start().split_once("fn ")?;
    let modifier = |word: &str| {
        word.starts_with("pub") || matches!(word, "async" | "const" | "unsafe" | "in") || word.ends_with(')')
    };
    let end = after.find(|c: char| !c.is_alphanumeric() && c != '_')?;
    (end > 0 && before.split_whitespace().all(modifier)).then_some(&after[..end])
}

/// Lines from the signature to the brace that closes the body; a declaration without one has a single line.
fn function_length(lines: &[&str]) -> usize {
    let mut depth = 0_usize;
    for (n, line) in lines.iter().enumerate() {
        for byte in line.bytes() {
            match byte {
                b';' if depth == 0 && !line.contains('[') => return 1,
                b'{' => depth += 1,
                b'}' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return n + 1;
                    }
                }
                _ => {}
            }
        }
    }
    lines.len()
}

/// The text with comments and the insides of strings and characters blanked; lines stay where they are.
pub fn only_code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let literal = literal_length(rest, code.chars().next_back());
        let length = literal.unwrap_or(c.len_utf8());
        let (taken, left) = rest.split_at(length);
        match literal {
            Some(_) => code.extend(taken.chars().map(|c| if c == '\n' { '\n' } else { ' ' })),
            None => code.push(c),
        }
        rest = left;
    }
    code
}

/// How long the comment, string or character is that starts here.
fn literal_length(text: &str, before: Option<char>) -> Option<usize> {
    let within = |open: usize, close: &str| text[open..].find(close).map_or(text.len(), |at| open + at + close.len());
    let in_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return Some(within(2, "*/"));
    }
    if let Some(raw) = text.strip_prefix("br").or(text.strip_prefix('r')).filter(|_| !in_word) {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let open = text.len() - raw.len() + hashes + 1;
            return Some(within(open, &format!("\"{}", "#".repeat(hashes))));
        }
    }
    if text.starts_with('"') {
        return Some(quoted_length(text, '"'));
    }
    let mut chars = text.chars();
    if chars.next() != Some('\'') {
        return None;
    }
    // A lifetime has no closing quote behind its first character.
    match (chars.next()?, chars.next()?) {
        ('\\', _) => Some(quoted_length(text, '\'')),
        (c, '\'') => Some(2 + c.len_utf8()),
        _ => None,
    }
}

fn quoted_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if !escaped && c == quote {
            return at + 1;
        }
        escaped = !escaped && c == '\\';
    }
    text.len()
}

pub fn units() -> Vec<Unit> {
    vec![
        unit("a file without head is found", a_file_without_head_is_found),
        unit("a long file is found, its tests don't count", a_long_file_is_found),
        unit("an unfinished line is found", an_unfinished_line_is_found),
        unit("a long function is found", a_long_function_is_found),
        unit("comments and strings are no code", comments_and_strings_are_no_code),
    ]
}

/// No lines are wrong.
const FINE: [usize; 0] = [];

fn a_file_without_head_is_found() {
    assert_eq!(wrong_lines(has_head, "a.rs", "//! What it is for.\n"), FINE);
    assert_eq!(wrong_lines(has_head, "a.rs", "// What it is for.\n"), [1]);
    assert_eq!(wrong_lines(has_head, "a.rs", "//! a\n"), [1]);
}

fn a_long_file_is_found() {
    let lines = |n: usize| "x\n".repeat(n);
    assert_eq!(wrong_lines(is_short, "a.rs", &lines(600)), FINE);
    assert_eq!(wrong_lines(is_short, "a.rs", &lines(601)), [601]);
    assert_eq!(wrong_lines(is_short, "src/store/tests.rs", &lines(601)), FINE);
    assert_eq!(
        wrong_lines(is_short, "a.rs", &format!("{}#[cfg(test)]\nmod tests {{\n{}", lines(600), lines(99))),
        FINE
    );
}

fn an_unfinished_line_is_found() {
    for word in UNFINISHED {
        assert_eq!(wrong_lines(is_finished, "a.rs", &format!("fine\n// {word} later\n")), [2], "{word}");
    }
    assert_eq!(wrong_lines(is_finished, "a.rs", "let toad = 1;\n"), FINE);
}

fn a_long_function_is_found() {
    let function = |lines: usize| {
        format!("\npub async fn long() {{\n{}}}\n\nfn next();\n", "    let brace = '{';\n".repeat(lines))
    };
    assert_eq!(wrong_lines(functions_are_short, "a.rs", &function(68)), FINE);
    assert_eq!(wrong_lines(functions_are_short, "a.rs", &function(69)), [2]);
    let trait_with_body = format!("trait T {{\n    fn a(&self);\n    fn b(&self) {{}}\n}}\n{}", "x\n".repeat(99));
    assert_eq!(wrong_lines(functions_are_short, "a.rs", &trait_with_body), FINE);
}

fn comments_and_strings_are_no_code() {
    let check =
        |text: &str, expected: &str| assert_eq!(only_code(text).split_whitespace().collect::<String>(), expected);
    check("a // b\nc", "ac");
    check("a /* b\n*/ c", "ac");
    check(r#"f("b \" {", '"', '\'', 'x', b"y")"#, "f(,,,,b)");
    check("r#\"a \"b\" {\"# c 'a: for<'a> d", "c'a:for<'a>d");
    check("bar\"x\"", "bar");
}
