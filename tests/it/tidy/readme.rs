//! The README's commands must exist: each `postcase …` line of a code block is asked for its `--help`.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::unit::{Unit, unit};

pub fn commands_exist(readme: &Path) -> Vec<String> {
    let known = |words: &[String]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_postcase"));
        command.args(words).arg("--help").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    std::fs::read_to_string(readme).map_or_else(|_| vec![], |text| unknown(&text, known))
}

fn unknown(text: &str, known: impl Fn(&[String]) -> bool) -> Vec<String> {
    let unknown = commands(text).into_iter().filter(|(_, words)| !known(words));
    unknown.map(|(line, words)| format!("README.md:{line}: there is no command {}", words.join(" "))).collect()
}

/// The words that name a command, of each line in a code block that runs postcase.
fn commands(text: &str) -> Vec<(usize, Vec<String>)> {
    let mut commands = Vec::new();
    let mut in_block = false;
    for (n, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().skip_while(|word| *word == "$").collect();
        let behind_dashes =
            || words.iter().position(|word| *word == "--").filter(|_| words[0] == "cargo" && words[1] == "run");
        let words = match words.first() {
            Some(first) if in_block && (*first == "postcase" || first.ends_with("/postcase")) => &words[1..],
            Some(_) if in_block && words.len() > 2 => behind_dashes().map_or(&[][..], |at| &words[at + 1..]),
            _ => &[],
        };
        let plain = |word: &&&str| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') && !word.starts_with('-');
        let named: Vec<_> = words.iter().skip_while(|word| word.starts_with("--")).take_while(plain).take(2).collect();
        if !named.is_empty() {
            commands.push((n + 1, named.into_iter().map(|word| (*word).to_owned()).collect()));
        }
    }
    commands
}

pub fn units() -> Vec<Unit> {
    vec![unit("the README's commands are found", the_commands_are_found)]
}

fn the_commands_are_found() {
    let text = "postcase not here\n```sh\n$ postcase address add support@example.com --mode direct\ncargo run -- demo\n\
                cargo build --release\n./target/release/postcase --json serve # runs\npostcase case reply 1 --body x\n```\n";
    let found: Vec<_> = commands(text).into_iter().map(|(line, words)| format!("{line} {}", words.join(" "))).collect();
    assert_eq!(found, ["3 address add", "4 demo", "6 serve", "7 case reply"]);
    let told = unknown(text, |words| words[0] != "demo");
    assert_eq!(told, ["README.md:4: there is no command demo"]);
}
