//! What a standard asks of a receiver has an id in `manual::standards`, and a test or story that names the id.

use super::File;
use crate::unit::{Unit, unit};

/// Ids of the table that nothing tests, and ids that stories name and the table doesn't have. `tests` are all texts in
/// which an id may be named.
pub fn ids_are_tested(table: &File, tests: &[File]) -> Vec<String> {
    let rows: Vec<(usize, &str)> =
        table.text.lines().enumerate().filter_map(|(n, line)| Some((n + 1, id_of_row(line)?))).collect();
    let untested = rows.iter().filter(|(_, id)| !tests.iter().any(|file| names(&file.text, id)));
    let mut wrong: Vec<String> =
        untested.map(|(line, id)| format!("{}:{line}: no test or story names {id}", table.path)).collect();
    for file in tests.iter().filter(|file| file.path.ends_with("dialogue.txt")) {
        for (n, line) in file.text.lines().enumerate().filter(|(_, line)| line.starts_with('#')) {
            let unknown = line.split_whitespace().filter(|word| is_id(word) && !rows.iter().any(|(_, id)| id == word));
            wrong.extend(unknown.map(|id| format!("{}:{}: {id} is not in {}", file.path, n + 1, table.path)));
        }
    }
    wrong
}

/// The id in the first cell: ``//! | `5321-3.2-helo` | …``.
fn id_of_row(line: &str) -> Option<&str> {
    let id = line.strip_prefix("//! | `")?.split('`').next()?;
    is_id(id).then_some(id)
}

/// Number of the RFC, section, and a word for the rule.
fn is_id(word: &str) -> bool {
    let mut parts = word.splitn(3, '-');
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let numbered =
        parts.next().is_some_and(|rfc| rfc.len() == 4 && is_number(rfc)) && parts.next().is_some_and(is_number);
    let is_word = |part: &str| part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    numbered && parts.next().is_some_and(|rule| is_word(rule) && rule.bytes().any(|b| b.is_ascii_lowercase()))
}

/// The id stands there as a whole word.
fn names(text: &str, id: &str) -> bool {
    text.match_indices(id).any(|(at, _)| {
        let behind = text[at + id.len()..].chars().next();
        behind.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '-')
    })
}

pub fn units() -> Vec<Unit> {
    vec![unit("an untested rule of a standard is found", an_untested_rule_is_found)]
}

fn an_untested_rule_is_found() {
    let file = |path: &str, text: &str| File { path: path.into(), text: text.into() };
    let table =
        file("t.rs", "//! | id | rule |\n//! |---|---|\n//! | `5321-3.2-helo` | a |\n//! | `5321-3.2-he` | b |\n");
    let stories = |text: &str| [file("001-a/dialogue.txt", text), file("a.rs", "// 2026-11-20 5321-3.2-he1")];
    let check = |text: &str, expected: &[&str]| assert_eq!(ids_are_tested(&table, &stories(text)), expected, "{text}");
    check("# 5321-3.2-helo 5321-3.2-he\n", &[]);
    check("# 5321-3.2-helo\n", &["t.rs:4: no test or story names 5321-3.2-he"]);
    check(
        "# 5321-3.2-he 5321-3.2-helo\n# 5321-3.2-no\nC: 5321-3.2-no\n",
        &["001-a/dialogue.txt:2: 5321-3.2-no is not in t.rs"],
    );
}
