//! A story's dialogue as steps. The language is described in `tests/scenarios/README.md`.
//!
//! Reading checks what can be known without playing: line marks, directive names, closed quotes and here-documents. A
//! mistake names its line. Every step remembers the lines of its expected block, so that they can be written anew.

use std::ops::Range;

use crate::unit::{Unit, unit};

/// One thing to do and what must come of it.
#[derive(Debug)]
pub struct Step {
    /// Counted from 1.
    pub line: usize,
    pub act: Act,
    /// Lines after their mark.
    pub expected: Vec<String>,
    /// Where these lines stand (indexes from 0); empty, and behind the step, when there are none.
    pub block: Range<usize>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Act {
    /// One write of these pieces.
    Send(Vec<Piece>),
    /// Replies are read and compared with `expected`.
    Replies,
    /// A directive, its words, its here-document.
    Directive { name: String, words: Vec<String>, document: Option<Vec<String>> },
}

#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// `C:`: the line, then CRLF.
    Line(String),
    /// `C!`: bytes written with escapes, nothing added.
    Raw(String),
}

/// A mistake in the dialogue.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistake {
    pub line: usize,
    pub what: String,
}

const DIRECTIVES: [&str; 19] = [
    "abort",
    "clock",
    "close",
    "configuration",
    "connect",
    "crash",
    "fault",
    "forward",
    "heard",
    "let",
    "mail",
    "peer",
    "received",
    "restart",
    "rules",
    "run",
    "secret",
    "settle",
    "starttls",
];

/// All steps of a dialogue.
pub fn read(text: &str) -> Result<Vec<Step>, Mistake> {
    let lines: Vec<&str> = text.lines().collect();
    let mut steps = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let start = at;
        let mistake = |what: String| Mistake { line: start + 1, what };
        let line = lines[at];
        if line.trim().is_empty() || line.starts_with('#') {
            at += 1;
            continue;
        }
        let act = if sent(line).is_some() {
            let pieces: Vec<_> = lines[at..].iter().map_while(|line| sent(line)).collect();
            at += pieces.len();
            Act::Send(pieces)
        } else if marked(line, "S:").is_some() {
            Act::Replies
        } else if let Some(directive) = line.strip_prefix('@') {
            at += 1;
            let document = document(directive, &lines[at..]).map_err(mistake)?;
            at += document.as_ref().map_or(0, |lines| lines.len() + 1);
            read_directive(directive, document).map_err(mistake)?
        } else {
            return Err(mistake(format!("expected C:, C!, S:, @directive or #comment, got {line:?}")));
        };
        let block = at..at + lines[at..].iter().take_while(|line| expected(&act, line).is_some()).count();
        at = block.end;
        let expected = lines[block.clone()].iter().filter_map(|line| expected(&act, line)).collect();
        steps.push(Step { line: start + 1, act, expected, block });
    }
    Ok(steps)
}

/// The dialogue with other expected blocks: each replacement is a step's block and its new lines without marks.
pub fn rewritten(text: &str, replacements: &[(&Step, Vec<String>)]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (step, new) in replacements.iter().rev() {
        let mark = if step.act == Act::Replies { "S: " } else { "> " };
        lines.splice(step.block.clone(), new.iter().map(|line| format!("{mark}{line}").trim_end().to_owned()));
    }
    lines.join("\n") + "\n"
}

/// Splits a directive into words; quotes hold a word together, `\n` in double quotes is a line end.
pub fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None, ' ') => words.extend(word.take()),
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (Some(open), c) if c == open => quote = None,
            (Some('"'), '\\') => word.get_or_insert_default().push(match chars.next() {
                Some('n') => '\n',
                Some(c) => c,
                None => return Err("a line can't end with \\".into()),
            }),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.map_or(Ok(words), |open| Err(format!("{open} is never closed")))
}

/// The bytes that `\r`, `\n`, `\t`, `\0`, `\\` and `\xNN` stand for.
pub fn unescaped(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        let mut chars = escape.chars();
        bytes.push(match chars.next() {
            Some('r') => b'\r',
            Some('n') => b'\n',
            Some('t') => b'\t',
            Some('0') => 0,
            Some('\\') => b'\\',
            Some('x') => {
                let code = escape.get(1..3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
                chars = escape.get(3..).unwrap_or("").chars();
                code.ok_or("\\x needs two hexadecimal digits")?
            }
            _ => return Err("escapes are \\r \\n \\t \\0 \\\\ \\xNN".into()),
        });
        rest = chars.as_str();
    }
    bytes.extend_from_slice(rest.as_bytes());
    Ok(bytes)
}

/// The text behind a mark and one space.
fn marked<'t>(line: &'t str, mark: &str) -> Option<&'t str> {
    let rest = line.strip_prefix(mark)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix(' ') }
}

fn sent(line: &str) -> Option<Piece> {
    let plain = marked(line, "C:").map(|text| Piece::Line(text.to_owned()));
    plain.or_else(|| marked(line, "C!").map(|text| Piece::Raw(text.to_owned())))
}

/// The line without its mark if it belongs to the expected block of this act.
fn expected(act: &Act, line: &str) -> Option<String> {
    match act {
        Act::Send(_) => None,
        Act::Replies => marked(line, "S:").map(str::to_owned),
        Act::Directive { .. } => marked(line, ">").map(str::to_owned),
    }
}

/// The lines of a here-document that the directive announces with `<<END`.
fn document(directive: &str, lines: &[&str]) -> Result<Option<Vec<String>>, String> {
    let Some((_, end)) = directive.rsplit_once("<<").filter(|(_, end)| !end.contains([' ', '>', '"'])) else {
        return Ok(None);
    };
    let length = lines.iter().position(|line| *line == end).ok_or_else(|| format!("no line {end:?} ends the text"))?;
    Ok(Some(lines[..length].iter().map(|line| (*line).to_owned()).collect()))
}

fn read_directive(text: &str, document: Option<Vec<String>>) -> Result<Act, String> {
    let (name, rest) = text.split_once(' ').unwrap_or((text, ""));
    if !DIRECTIVES.contains(&name) {
        return Err(format!("no directive @{name}; there are {}", DIRECTIVES.join(", ")));
    }
    // What a pattern says in quotes and blanks is part of it.
    let mut words = if name == "let" { vec![rest.trim().to_owned()] } else { words(rest)? };
    if document.is_some() {
        words.pop();
    }
    Ok(Act::Directive { name: name.to_owned(), words, document })
}

pub fn units() -> Vec<Unit> {
    vec![
        unit("a dialogue is read into steps", a_dialogue_is_read),
        unit("mistakes name their line", mistakes_name_their_line),
        unit("blocks are written anew", blocks_are_written_anew),
        unit("words and escapes", words_and_escapes),
    ]
}

const SAMPLE: &str = "# a comment\nC: EHLO a\nC! x\\r\\n\nS: 250-b\nS: 250 c\n\n@mail from=a to=b <<E\nSubject: x\n\nhi\nE\n\
                      @run case show 1\n> one\n>\n@crash\n";

fn a_dialogue_is_read() {
    let steps = read(SAMPLE).unwrap();
    assert_eq!(steps.len(), 5);
    assert_eq!(steps[0].act, Act::Send(vec![Piece::Line("EHLO a".into()), Piece::Raw("x\\r\\n".into())]));
    assert_eq!((steps[1].line, &steps[1].expected[..]), (4, &["250-b".to_owned(), "250 c".into()][..]));
    let Act::Directive { name, words, document } = &steps[2].act else { panic!("a directive") };
    assert_eq!((name.as_str(), words.join(" ").as_str()), ("mail", "from=a to=b"));
    assert_eq!(document.as_ref().unwrap().join("|"), "Subject: x||hi");
    assert_eq!(steps[3].expected, ["one", ""]);
    assert_eq!((steps[4].line, steps[4].block.clone()), (15, 15..15));
}

fn mistakes_name_their_line() {
    let check = |text: &str, line: usize| assert_eq!(read(text).unwrap_err().line, line, "{text:?}");
    check("\nX: hello", 2);
    check("@dance", 1);
    check("C: a\n@mail <<E\nSubject", 2);
    check("@run \"open", 1);
    check("> nothing asked", 1);
}

fn blocks_are_written_anew() {
    let steps = read(SAMPLE).unwrap();
    let new = rewritten(SAMPLE, &[(&steps[1], vec!["250 d".into()]), (&steps[3], vec!["".into(), "two".into()])]);
    assert_eq!(new, SAMPLE.replace("S: 250-b\nS: 250 c\n", "S: 250 d\n").replace("> one\n>\n", ">\n> two\n"));
}

fn words_and_escapes() {
    assert_eq!(words(r#"a "b c" 'd "e' "f\ng" ''"#).unwrap(), ["a", "b c", "d \"e", "f\ng", ""]);
    assert_eq!(unescaped(r"a\r\n\0\x80\\é").unwrap(), b"a\r\n\0\x80\\\xc3\xa9");
    assert!(unescaped(r"\q").is_err() && unescaped(r"\x8").is_err());
}
