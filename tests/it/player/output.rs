//! How a command's output and a received mail are shown to a story: as lines.

use serde_json::Value;

use crate::internet::Mail;
use crate::subject::Ran;
use crate::unit::{Unit, unit};

/// What stands for no line at all, so that a story can expect it.
pub const NOTHING: &str = "(nothing)";

/// A command's output: JSON on many lines, or of each element only the `fields`; then, if it failed, what it said on
/// standard error and its exit code.
pub fn ran(ran: &Ran, fields: &[String]) -> Result<Vec<String>, String> {
    let text = String::from_utf8_lossy(&ran.out);
    let mut lines = Vec::new();
    for line in text.lines() {
        match serde_json::from_str::<Value>(line) {
            Ok(value @ (Value::Array(_) | Value::Object(_))) if fields.is_empty() => {
                lines.extend(format!("{value:#}").lines().map(str::to_owned));
            }
            Ok(Value::Array(elements)) if !fields.is_empty() => {
                lines.extend(elements.iter().map(|element| chosen(element, fields)));
            }
            Ok(value @ Value::Object(_)) => lines.push(chosen(&value, fields)),
            _ if !fields.is_empty() && ran.code == 0 => return Err(format!("not JSON, so it has no fields: {line}")),
            _ => lines.push(line.to_owned()),
        }
    }
    if ran.code != 0 {
        lines.extend(ran.err.lines().map(str::to_owned));
        lines.push(format!("exit {}", ran.code));
    }
    if lines.is_empty() {
        lines.push(NOTHING.to_owned());
    }
    Ok(lines)
}

fn chosen(value: &Value, fields: &[String]) -> String {
    let field = |path: &String| match at(value, path) {
        Some(Value::String(text)) => text.replace('\n', "\\n"),
        Some(value) => value.to_string(),
        None => "(absent)".to_owned(),
    };
    fields.iter().map(field).collect::<Vec<_>>().join(" ")
}

/// What a path leads to: names and numbers, and `*` for what the rest leads to in each element, between commas.
fn at(value: &Value, path: &str) -> Option<Value> {
    let (word, rest) = path.split_once('.').map_or((path, None), |(word, rest)| (word, Some(rest)));
    if word == "*" {
        let fields: Vec<String> = rest.into_iter().map(str::to_owned).collect();
        let each: Vec<String> = value.as_array()?.iter().map(|element| chosen(element, &fields)).collect();
        return Some(each.join(",").into());
    }
    let inner = match word.parse::<usize>() {
        Ok(index) => value.get(index),
        Err(_) => value.get(word),
    }?;
    rest.map_or_else(|| Some(inner.clone()), |rest| at(inner, rest))
}

/// A mail as envelope, header fields (only those named, unfolded; all when none is named), empty line, body.
pub fn mail(mail: &Mail, fields: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = mail.note.clone().into_iter().collect();
    lines.push(format!("MAIL FROM:{}", mail.from));
    lines.extend(mail.to.iter().map(|to| format!("RCPT TO:{to}")));
    let text = String::from_utf8_lossy(&mail.raw);
    let (header, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let header = header.replace("\r\n ", " ").replace("\r\n\t", " ");
    let all: Vec<&str> = header.split("\r\n").collect();
    let is = |line: &str, name: &str| line.split(':').next().is_some_and(|found| found.eq_ignore_ascii_case(name));
    if fields.is_empty() {
        lines.extend(all.iter().map(|line| (*line).to_owned()));
    }
    for name in fields {
        let found: Vec<_> = all.iter().filter(|line| is(line, name)).map(|line| (*line).to_owned()).collect();
        lines.extend(if found.is_empty() { vec![format!("{name}: (absent)")] } else { found });
    }
    lines.push(String::new());
    lines.extend(body.lines().map(str::to_owned));
    lines
}

pub fn units() -> Vec<Unit> {
    vec![unit("output is shown as lines", output_is_shown), unit("mail is shown as lines", mail_is_shown)]
}

fn output_is_shown() {
    let check = |code: u8, out: &str, fields: &str, expected: &str| {
        let shown = Ran { code, out: out.into(), err: if code == 0 { "a note".into() } else { "no such case".into() } };
        let fields: Vec<_> = fields.split_whitespace().map(str::to_owned).collect();
        assert_eq!(ran(&shown, &fields).unwrap().join("|"), expected, "{out} {fields:?}");
    };
    check(0, "a table\nof two", "", "a table|of two");
    check(0, r#"[{"a":1,"b":{"c":"x\ny"}},{"a":null}]"#, "a b.c", r"1 x\ny|null (absent)");
    check(0, r#"{"a":[{"b":true}]}"#, "a.0.b", "true");
    check(0, r#"{"a":[{"b":"x"},{"b":2},{}],"c":[]}"#, "a.*.b c.*.b", "x,2,(absent) ");
    check(0, r#"{"a":1}"#, "", "{|  \"a\": 1|}");
    check(0, "[]", "a", "(nothing)");
    check(0, "", "", "(nothing)");
    check(3, "", "a", "no such case|exit 3");
}

fn mail_is_shown() {
    let raw = b"From: a@b\r\nSubject: one\r\n two\r\n\r\nhi\r\n\r\nyou\r\n".to_vec();
    let sample = Mail { from: "<a@b>".into(), to: vec!["<c@d>".into()], raw, ..Mail::default() };
    let check = |fields: &[&str], expected: &str| {
        let fields: Vec<_> = fields.iter().map(|field| (*field).to_owned()).collect();
        assert_eq!(mail(&sample, &fields).join("|"), expected);
    };
    check(&[], "MAIL FROM:<a@b>|RCPT TO:<c@d>|From: a@b|Subject: one two||hi||you");
    check(&["subject", "Date"], "MAIL FROM:<a@b>|RCPT TO:<c@d>|Subject: one two|Date: (absent)||hi||you");
}
