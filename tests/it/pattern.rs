//! Expected text with placeholders: how a story's lines are compared with what really came.
//!
//! A line is text in which `<kind>` stands for any text of that kind, `<kind:name>` also keeps it under a name, and
//! `{name}` stands for what was kept. A trailing `…` takes the rest of the line; a line `…` takes any number of lines.
//! Angle brackets around anything but a known kind are text. Holes take as little as
//! they can, the last one of a line as much.

use std::collections::BTreeMap;

use crate::unit::{Unit, unit};

/// What was kept under a name.
pub type Names = BTreeMap<String, String>;

/// Takes the rest of a line, or any number of lines.
const REST: &str = "…";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Any,
    Word,
    Number,
    Id,
    Time,
    Token,
    MessageId,
}

impl Kind {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "any" => Self::Any,
            "word" => Self::Word,
            "n" => Self::Number,
            "id" => Self::Id,
            "time" => Self::Time,
            "token" => Self::Token,
            "msgid" => Self::MessageId,
            _ => return None,
        })
    }

    fn holds(self, text: &str) -> bool {
        match self {
            Self::Any => !text.is_empty(),
            Self::Word => !text.is_empty() && !text.contains(char::is_whitespace),
            Self::Number => !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()),
            Self::Id => {
                let lower_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
                let parts: Vec<_> = text.split('-').collect();
                parts.len() == 3
                    && parts[0].len() == 8
                    && parts.iter().all(|p| !p.is_empty() && p.bytes().all(lower_hex))
            }
            Self::Time => text.len() >= 20 && text.ends_with('Z') && text.parse::<postcase::base::Time>().is_ok(),
            Self::Token => text.len() >= 20 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()),
            Self::MessageId => {
                let inner = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
                inner.is_some_and(|inner| inner.contains('@') && !inner.contains(['<', '>', ' ']))
            }
        }
    }
}

#[derive(Debug)]
enum Piece {
    Text(String),
    Hole(Kind, Option<String>),
    Rest,
}

/// True when `got` is the line that `pattern` describes; keeps what its named holes took.
pub fn matches(pattern: &str, got: &str, names: &mut Names) -> bool {
    let mut taken = Vec::new();
    let matched = fits(&pieces(pattern, names), got, &mut taken);
    if matched {
        names.extend(taken);
    }
    matched
}

/// Finds `pattern` somewhere in `line`; keeps what its named holes took.
pub fn found(pattern: &str, line: &str, names: &mut Names) -> bool {
    let mut wanted = pieces(pattern, names);
    wanted.push(Piece::Rest);
    let mut taken = Vec::new();
    let matched = ends(line).any(|start| fits(&wanted, &line[start..], &mut taken));
    names.extend(taken);
    matched
}

/// True when the lines match in order, where a line `…` takes any number of lines.
pub fn lines_match(patterns: &[String], got: &[String], names: &mut Names) -> bool {
    let Some((first, patterns)) = patterns.split_first() else { return got.is_empty() };
    if first == REST {
        return (0..=got.len()).any(|skipped| lines_match(patterns, &got[skipped..], names));
    }
    let Some((line, got)) = got.split_first() else { return false };
    let mut tried = names.clone();
    let matched = matches(first, line, &mut tried) && lines_match(patterns, got, &mut tried);
    if matched {
        *names = tried;
    }
    matched
}

/// Puts in what was kept: `{name}`, and `{x*300}` for a repeated text.
pub fn filled(text: &str, names: &Names) -> Result<String, String> {
    let mut done = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        done.push_str(before);
        let Some((word, behind)) = from[1..].split_once('}') else {
            rest = from;
            break;
        };
        match word.rsplit_once('*').and_then(|(what, times)| Some((what, times.parse::<usize>().ok()?))) {
            Some((what, times)) => done.push_str(&what.repeat(times)),
            None if is_name(word) => {
                done.push_str(names.get(word).ok_or_else(|| format!("nothing is kept under {{{word}}}"))?);
            }
            None => {
                done.push('{');
                rest = &from[1..];
                continue;
            }
        }
        rest = behind;
    }
    done.push_str(rest);
    Ok(done)
}

/// The line as a story should expect it: what changes from run to run replaced by placeholders.
pub fn masked(line: &str, names: &Names) -> String {
    let mut kept: Vec<_> = names.iter().filter(|(_, value)| value.len() >= 6).collect();
    kept.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
    let line = kept.iter().fold(line.to_owned(), |line, (name, value)| line.replace(*value, &format!("{{{name}}}")));
    let mut done = String::new();
    let in_run = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '-');
    let mut rest = line.as_str();
    while let Some(c) = rest.chars().next() {
        let end = rest.find(|c| !in_run(c)).unwrap_or(rest.len());
        if end == 0 {
            done.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        }
        let (run, behind) = rest.split_at(end);
        rest = behind;
        if Kind::Time.holds(run) {
            done.push_str("<time>");
        } else if Kind::Id.holds(run) {
            done.push_str("<id>");
        } else {
            let parts: Vec<_> =
                run.split('.').map(|part| if Kind::Token.holds(part) { "<token>" } else { part }).collect();
            done.push_str(&parts.join("."));
        }
    }
    done
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_lowercase())
        && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

fn pieces(pattern: &str, names: &Names) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        let special = match c {
            '<' => bracketed(rest, '>').and_then(|(word, behind)| {
                let (kind, name) =
                    word.split_once(':').map_or((word, None), |(kind, name)| (kind, Some(name.to_owned())));
                Some((Piece::Hole(Kind::named(kind)?, name), behind))
            }),
            '{' => {
                bracketed(rest, '}').and_then(|(word, behind)| Some((Piece::Text(names.get(word)?.clone()), behind)))
            }
            '…' if rest == REST => Some((Piece::Rest, "")),
            _ => None,
        };
        match special {
            Some((piece, behind)) => {
                if !text.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                }
                pieces.push(piece);
                rest = behind;
            }
            None => {
                text.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    pieces
}

fn bracketed(text: &str, close: char) -> Option<(&str, &str)> {
    text[1..].split_once(close)
}

fn fits(pieces: &[Piece], got: &str, taken: &mut Vec<(String, String)>) -> bool {
    let Some((first, pieces)) = pieces.split_first() else { return got.is_empty() };
    match first {
        Piece::Rest => true,
        Piece::Text(text) => got.strip_prefix(text.as_str()).is_some_and(|got| fits(pieces, got, taken)),
        Piece::Hole(kind, name) => {
            let mut cut = |end: usize| {
                let before = taken.len();
                let matched = kind.holds(&got[..end]) && {
                    taken.extend(name.clone().map(|name| (name, got[..end].to_owned())));
                    fits(pieces, &got[end..], taken)
                };
                if !matched {
                    taken.truncate(before);
                }
                matched
            };
            match pieces {
                [] | [Piece::Rest] => ends(got).rev().any(&mut cut),
                _ => ends(got).any(&mut cut),
            }
        }
    }
}

/// Every place where the text may be cut, from the first to behind the last character.
fn ends(text: &str) -> impl DoubleEndedIterator<Item = usize> + '_ {
    text.char_indices().map(|(at, _)| at).chain(std::iter::once(text.len()))
}

pub fn units() -> Vec<Unit> {
    vec![
        unit("a line matches its pattern and nothing else", a_line_matches_its_pattern),
        unit("kept text can be found, filled in and masked", kept_text_is_found_filled_in_and_masked),
        unit("an ellipsis line takes any number of lines", an_ellipsis_takes_lines),
    ]
}

fn a_line_matches_its_pattern() {
    let check = |pattern: &str, got: &str, expected: bool| {
        assert_eq!(matches(pattern, got, &mut Names::new()), expected, "{pattern:?} on {got:?}");
    };
    check("250 2.0.0 <id>", "250 2.0.0 691f6a2c-1-2a", true);
    check("250 2.0.0 <id>", "250 2.0.0 691F6A2C-1-2a", false);
    check("250 2.0.0 <id>", "250 2.0.0 691f6a2c-1-2a now", false);
    check("at <time>, <n> times", "at 2026-11-20T10:00:00Z, 12 times", true);
    check("at <time>", "at noon", false);
    check("From: Anna <anna@customer.example>", "From: Anna <anna@customer.example>", true);
    check("From: Anna <anna@customer.example>", "From: Anna <ann@customer.example>", false);
    check("In-Reply-To: <msgid>", "In-Reply-To: <a.b@c>", true);
    check("550 5.1.1 …", "550 5.1.1 anything", true);
    check("550 5.1.1 …", "550 5.7.1 anything", false);
    check("<any>", "", false);
    check("support.<token>@in.example.net", "support.abcdefghijklmnopqrstuvwxyz@in.example.net", true);
}

fn kept_text_is_found_filled_in_and_masked() {
    let mut names = Names::new();
    assert!(matches("250 2.0.0 <id:first>", "250 2.0.0 691f6a2c-1-2a", &mut names));
    assert!(found("Code: <word:code>", "your Code: ABCD-EFGH  Thanks", &mut names));
    assert_eq!(names["code"], "ABCD-EFGH");
    assert!(found("\"name\":\"<any:who>\",", r#"{"name":"Anna","age":7}"#, &mut names));
    assert_eq!(names["who"], "Anna");
    assert!(!found("Code: <n:code>", "Code: ABCD", &mut names));
    assert!(matches("shown {first}", "shown 691f6a2c-1-2a", &mut names));
    assert!(!matches("shown {first}", "shown 691f6a2c-1-2b", &mut names));
    assert_eq!(filled("a {who} {x*3} { }", &names).as_deref(), Ok("a Anna xxx { }"));
    assert!(filled("{nobody}", &names).is_err());
    let line = "691f6a2c-1-2a 691f6a2c-1-2b 2026-11-20T10:00:00.5Z s.abcdefghijklmnopqrstuvwxyz@in.example.net";
    assert_eq!(masked(line, &names), "{first} <id> <time> s.<token>@in.example.net");
}

fn an_ellipsis_takes_lines() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let check = |patterns: &str, got: &str, expected: bool| {
        assert_eq!(lines_match(&lines(patterns), &lines(got), &mut Names::new()), expected, "{patterns:?} on {got:?}");
    };
    check("a\n…\nd", "a\nb\nc\nd", true);
    check("a\n…\nd", "a\nd", true);
    check("a\n…\nd", "a\nb\nc", false);
    check("a\nb", "a", false);
    check("a", "a\nb", false);
    check("", "", true);
}
