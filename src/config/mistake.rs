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
    /// At the first byte of `span` of the file's text.
    pub fn at(file: &Path, lines: &Lines<'_>, span: &Range<usize>, what: String) -> Self {
        let line = lines.number(span.start);
        let before = &lines.text[lines.starts[line - 1]..lines.text.floor_char_boundary(span.start)];
        Self { file: file.to_owned(), line, column: before.chars().count() + 1, what: what.replace('\n', "; ") }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file.display(), self.line, self.column, self.what)
    }
}

/// Where the lines of a text begin: files of rules have thousands, and each is asked for.
pub struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub fn of(text: &'t str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// The line of a byte, from 1.
    pub fn number(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at)
    }

    /// True when the line is, or was meant to be, the header of a table.
    pub fn is_header(&self, line: usize) -> bool {
        self.text[self.starts[line - 1]..].trim_start_matches([' ', '\t']).starts_with('[')
    }
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
