//! Rules about folders: the top level of the repository, and the story of each scenario.

use std::path::Path;

use super::names;
use crate::unit::{Unit, unit};

/// What the top level may hold besides names with a leading dot; `target` and `data` are never committed.
const TOP_LEVEL: [&str; 10] = [
    "Cargo.lock",
    "Cargo.toml",
    "README.md",
    "config",
    "data",
    "plugins",
    "rust-toolchain.toml",
    "src",
    "target",
    "tests",
];

pub fn top_level(names: &[String]) -> Vec<String> {
    let extra = names.iter().filter(|name| !name.starts_with('.') && !TOP_LEVEL.contains(&name.as_str()));
    extra.map(|name| format!("{name}:1: doesn't belong on the top level")).collect()
}

/// A folder per scenario: `NNN-name` with a dialogue and a story of two lines.
pub fn stories(folder: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    for name in names(folder).into_iter().filter(|name| folder.join(name).is_dir()) {
        let number = name.split('-').next().unwrap_or("");
        if number.len() != 3 || !number.bytes().all(|b| b.is_ascii_digit()) {
            wrong.push(format!("{name}:1: a scenario is called NNN-name"));
        }
        if !folder.join(&name).join("dialogue.txt").is_file() {
            wrong.push(format!("{name}:1: has no dialogue.txt"));
        }
        let story = std::fs::read_to_string(folder.join(&name).join("story.md")).unwrap_or_default();
        if !is_story(&story) {
            wrong.push(format!("{name}/story.md:1: a story has two lines: what happens, and why it matters"));
        }
    }
    wrong
}

fn is_story(text: &str) -> bool {
    text.lines().count() == 2 && text.lines().all(|line| line.split_whitespace().count() > 2)
}

pub fn units() -> Vec<Unit> {
    vec![
        unit("a stray file on top is found", a_stray_file_is_found),
        unit("a scenario without story is found", a_scenario_without_story_is_found),
    ]
}

fn a_stray_file_is_found() {
    let list = |names: &[&str]| top_level(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    assert!(list(&["Cargo.toml", "src", ".ci", ".gitignore"]).is_empty());
    assert_eq!(list(&["notes.txt", "src"]).len(), 1);
}

fn a_scenario_without_story_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let story = folder.path().join("001-a-mail");
    std::fs::create_dir_all(&story).unwrap();
    assert_eq!(stories(folder.path()).len(), 2);
    std::fs::write(story.join("dialogue.txt"), "").unwrap();
    std::fs::write(story.join("story.md"), "A mail comes in.\nOtherwise nothing would work.\n").unwrap();
    assert_eq!(stories(folder.path()), Vec::<String>::new());
    std::fs::create_dir(folder.path().join("2-two")).unwrap();
    assert_eq!(stories(folder.path()).len(), 3);
    assert!(!is_story("One line only.\n") && !is_story("A first line.\nno\n"));
}
