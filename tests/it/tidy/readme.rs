//! The README's commands must exist: each `postcase …` of its code, in a line or in a block, is asked for its `--help`.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::unit::{Unit, unit};

pub fn commands_exist(readme: &Path) -> Vec<String> {
    let known = |words: &[String]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_postcase"));
        command.args(words).arg("--help").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    unknown(&std::fs::read_to_string(readme).unwrap_or_default(), known)
}

fn unknown(text: &str, known: impl Fn(&[String]) -> bool) -> Vec<String> {
    let commands = commands(text);
    if commands.is_empty() {
        return vec!["README.md:1: names no command".to_owned()];
    }
    let unknown = commands.into_iter().filter(|(_, words)| !known(words));
    unknown.map(|(line, words)| format!("README.md:{line}: there is no command {}", words.join(" "))).collect()
}

/// The words that name a command, of all code that runs postcase: fenced, indented, or between backticks.
fn commands(text: &str) -> Vec<(usize, Vec<String>)> {
    let mut commands = Vec::new();
    let mut in_block = false;
    for (n, line) in text.lines().enumerate() {
        let code: Vec<&str> = if line.trim_start().starts_with("```") {
            in_block = !in_block;
            vec![]
        } else if in_block || line.starts_with("    ") {
            vec![line]
        } else {
            line.split('`').skip(1).step_by(2).collect()
        };
        let named = code.into_iter().map(named).filter(|words| !words.is_empty());
        commands.extend(named.map(|words| (n + 1, words)));
    }
    commands
}

/// The words that name the command that a line of code runs; none when it runs something else.
fn named(code: &str) -> Vec<String> {
    let words: Vec<&str> = code.split_whitespace().skip_while(|word| *word == "$").collect();
    let words = match &words[..] {
        [first, rest @ ..] if *first == "postcase" || first.ends_with("/postcase") => rest,
        ["cargo", "run", rest @ ..] => rest.split(|word| *word == "--").nth(1).unwrap_or_default(),
        _ => &[],
    };
    let plain = |word: &&&str| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') && !word.starts_with('-');
    let named = words.iter().skip_while(|word| word.starts_with("--")).take_while(plain).take(2);
    named.map(|word| (*word).to_owned()).collect()
}

pub fn units() -> Vec<Unit> {
    vec![unit("the README's commands are found", the_commands_are_found)]
}

fn the_commands_are_found() {
    let text = "postcase not here, `postcase check` and `target/x/postcase\n```sh\n$ postcase address add support@example.com --mode direct\ncargo run -- demo\n\
                cargo build --release\n./target/release/postcase --json serve # runs\npostcase case reply 1 --body x\n```\n    postcase spool list # all\n";
    let found: Vec<_> = commands(text).into_iter().map(|(line, words)| format!("{line} {}", words.join(" "))).collect();
    assert_eq!(found, ["1 check", "3 address add", "4 demo", "6 serve", "7 case reply", "9 spool list"]);
    let told = unknown(text, |words| words[0] != "demo");
    assert_eq!(told, ["README.md:4: there is no command demo"]);
    assert_eq!(unknown("nothing", |_| true), ["README.md:1: names no command"]);
}
