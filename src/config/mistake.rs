//! What is wrong in a configuration file, said so that the person who wrote it can mend it: the place, what was found,
//! what was expected.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::keys::KEYS;

/// One mistake. Shown as `file:line:column: what`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Mistake {
    pub file: PathBuf,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What was found and what was expected; one line.
    pub what: String,
}

impl Mistake {
    /// At the first byte of `span` of the file's `text`.
    pub fn at(file: &Path, text: &str, span: &Range<usize>, what: String) -> Self {
        let before = &text[..text.floor_char_boundary(span.start)];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            file: file.to_owned(),
            line: line_number(text, span.start),
            column: before[line_start..].chars().count() + 1,
            what: what.replace('\n', "; "),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file.display(), self.line, self.column, self.what)
    }
}

/// The line of a byte, from 1.
pub fn line_number(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// The message for a key that doesn't exist: it names the nearest one, be it in another table.
pub fn unknown_key(path: &str) -> String {
    let names = KEYS.iter().map(|key| key.path);
    let tables = KEYS.iter().filter_map(|key| key.path.split_once('.')).map(|(table, _)| table);
    let nearest = nearest(path, names.chain(tables));
    format!("found the unknown key {path:?}, expected a known one; the nearest is {nearest:?}")
}

/// Of the known names the one that was most likely meant.
pub fn nearest<'n>(typed: &str, known: impl Iterator<Item = &'n str>) -> &'n str {
    known.min_by_key(|known| distance(typed, known)).unwrap_or_default()
}

/// Letters to change; a key under its right name in the wrong table is one letter away.
fn distance(typed: &str, known: &str) -> usize {
    let name = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let moved = 1 + strsim::damerau_levenshtein(&name(typed), &name(known));
    moved.min(strsim::damerau_levenshtein(typed, known))
}
