//! The rules that hold the project's structure, as tests: each is a function over a path and its text, with a test of its
//! own that shows it can fail. What a rule finds is listed as `path:line: what is wrong`.
//!
//! The order of the modules and the owners of the libraries are read and checked by name, not by the compiler's eyes:
//! a rule can be fooled by a macro, but not by accident.

mod code;
mod layout;
mod libraries;
mod order;
mod readme;
mod standards;

use std::path::{Path, PathBuf};

use libtest_mimic::Trial;

use crate::unit::Unit;

/// One file: path relative to the repository with `/`, and its text.
#[derive(Clone)]
pub struct File {
    pub path: String,
    pub text: String,
}

/// What is wrong with one file, empty when nothing is.
type Rule = fn(&File) -> Vec<String>;

/// Rules over each Rust file of the host, its tests and the guests.
const RULES: [(&str, Rule); 4] = [
    ("every file says what it is for", code::has_head),
    ("no file is longer than 600 lines", code::is_short),
    ("no function is longer than 70 lines", code::functions_are_short),
    ("nothing is left for later", code::is_finished),
];

pub fn trials() -> Vec<Trial> {
    let mut trials: Vec<_> =
        RULES.into_iter().map(|(name, rule)| trial(name, move |files| found(files, rule))).collect();
    trials.push(trial("a module uses only modules above it", |files| {
        let order = order::listed(&files.iter().find(|file| file.path == "src/lib.rs").expect("src/lib.rs").text);
        files.iter().flat_map(|file| order::uses_only_above(file, &order)).collect()
    }));
    trials.push(trial("an outside library has one owner", |files| found(files, order::libraries_have_one_owner)));
    trials.push(trial("every library may be used and passed on by anybody", |_| libraries::are_welcome(&root())));
    trials.push(trial("the fuzz targets are built with the same libraries", |_| libraries::are_fuzzed(&root())));
    trials.push(trial("every scenario has a story of two lines", |_| layout::stories(&crate::scenarios::folder())));
    trials.push(trial("the top level is clear", |_| layout::top_level(&names(&root()))));
    trials.push(trial("every command of the README exists", |_| readme::commands_exist(&root().join("README.md"))));
    trials.push(trial("every rule of a standard that a receiver must keep has its test", |files| {
        let (table, others): (Vec<_>, Vec<_>) =
            files.iter().cloned().partition(|file| file.path == "src/manual/standards.rs");
        standards::ids_are_tested(&table[0], &[others, dialogues()].concat())
    }));
    trials
}

fn trial(name: &str, rule: impl FnOnce(&[File]) -> Vec<String> + Send + 'static) -> Trial {
    Trial::test(format!("tidy: {name}"), move || {
        let wrong = rule(&files());
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
    })
}

fn found(files: &[File], rule: Rule) -> Vec<String> {
    files.iter().flat_map(rule).collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files under `src`, `tests` and `plugins`.
fn files() -> Vec<File> {
    let mut files = Vec::new();
    for folder in ["src", "tests", "plugins"] {
        collect(&root().join(folder), &mut files);
    }
    assert!(files.len() > 20, "the sources are found");
    files
}

/// The dialogues of all stories.
fn dialogues() -> Vec<File> {
    let folder = crate::scenarios::folder();
    let read = |name: &String| {
        let text = std::fs::read_to_string(folder.join(name).join("dialogue.txt")).ok()?;
        Some(File { path: format!("tests/scenarios/{name}/dialogue.txt"), text })
    };
    names(&folder).iter().filter_map(read).collect()
}

fn collect(folder: &Path, files: &mut Vec<File>) {
    for name in names(folder) {
        let path = folder.join(&name);
        if path.is_dir() && name != "target" {
            collect(&path, files);
        } else if name.ends_with(".rs") {
            let text = std::fs::read_to_string(&path).expect("sources are readable text");
            let relative = path.strip_prefix(root()).expect("under the root");
            let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
            files.push(File { path: parts.join("/"), text });
        }
    }
}

/// Names in a folder, sorted; none when there is no such folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

pub fn units() -> Vec<Unit> {
    [code::units(), order::units(), layout::units(), libraries::units(), readme::units(), standards::units()]
        .into_iter()
        .flatten()
        .collect()
}

/// The lines that a rule finds wrong in a text.
fn wrong_lines(rule: Rule, path: &str, text: &str) -> Vec<usize> {
    let file = File { path: path.into(), text: text.into() };
    let line = |found: String| found.split(':').nth(1).and_then(|line| line.parse().ok()).unwrap_or(0);
    rule(&file).into_iter().map(line).collect()
}
