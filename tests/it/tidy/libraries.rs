//! Rules about outside libraries, read off `cargo tree`: licences that let everybody use and pass on what is built, and
//! libraries that stay out. Only what is built on this kind of machine is looked at.

use std::path::Path;
use std::process::Command;

use crate::unit::{Unit, unit};

/// None asks for more than a notice.
const PERMISSIVE: [&str; 12] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];
/// A second library for what one does already, and those that need one from the system.
const BANNED: [&str; 4] = ["ring", "openssl-sys", "native-tls", "libsqlite3-sys"];

pub fn are_welcome(root: &Path) -> Vec<String> {
    let mut tree = Command::new(env!("CARGO"));
    tree.args(["tree", "--offline", "--locked", "--prefix", "none", "--format", "{p}|{l}"]).current_dir(root);
    match tree.output() {
        Ok(told) if told.status.success() => unwelcome(&String::from_utf8_lossy(&told.stdout)),
        Ok(told) => vec![format!("Cargo.lock:1: cargo tree: {}", String::from_utf8_lossy(&told.stderr))],
        Err(error) => vec![format!("Cargo.lock:1: cargo tree: {error}")],
    }
}

/// Of lines `name version …|licence`.
fn unwelcome(tree: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for line in tree.lines().map(|line| line.trim_end_matches(" (*)")) {
        let (library, licence) = line.split_once('|').unwrap_or((line, ""));
        if !is_permissive(licence) {
            wrong.push(format!("Cargo.lock:1: {library} has the licence {licence:?}"));
        }
        if BANNED.iter().any(|banned| library.split(' ').next() == Some(banned)) {
            wrong.push(format!("Cargo.lock:1: {library} is in the tree"));
        }
    }
    wrong.sort();
    wrong.dedup();
    if tree.is_empty() { vec!["Cargo.lock:1: no library is found".into()] } else { wrong }
}

/// `A AND (B OR C)`; older ones write `/` for OR.
fn is_permissive(licence: &str) -> bool {
    let licence = licence.replace('/', " OR ");
    let is_known = |one: &str| PERMISSIVE.contains(&one.trim_matches(['(', ')', ' ']));
    licence.split(" AND ").all(|part| part.split(" OR ").any(is_known))
}

/// The fuzz targets are a workspace with a lock file of its own, which has to follow.
pub fn are_fuzzed(root: &Path) -> Vec<String> {
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap_or_default();
    differing(&read("Cargo.lock"), &read("tests/fuzz/Cargo.lock"))
}

fn differing(lock: &str, fuzz: &str) -> Vec<String> {
    let (ours, theirs) = (packages(lock), packages(fuzz));
    let own =
        |packages: &[Package]| packages.iter().find(|package| package.name == "postcase").map(|own| own.text.clone());
    let known = |theirs: &&Package| {
        let mut named = ours.iter().filter(|package| package.name == theirs.name).peekable();
        named.peek().is_none() || named.any(|package| package.version == theirs.version)
    };
    let other = theirs.iter().filter(|package| !known(package));
    let mut wrong: Vec<String> =
        other.map(|other| format!("{} {} is another version", other.name, other.version)).collect();
    // What only tests need is missing there, and the engine of plugins.
    let dependencies = |text: Option<String>| -> Vec<String> {
        let lines = text.unwrap_or_default();
        // A version stands behind a name that is there twice.
        let named = lines.lines().filter_map(|line| line.strip_prefix(" \"")?.split(['"', ' ']).next());
        named.filter(|name| !["libtest-mimic", "tempfile", "wasmtime"].contains(name)).map(str::to_owned).collect()
    };
    if dependencies(own(&ours)) != dependencies(own(&theirs)) {
        wrong.push("postcase needs other libraries".into());
    }
    let cure = "copy Cargo.lock over it and run cargo metadata in tests/fuzz";
    wrong.iter().map(|wrong| format!("tests/fuzz/Cargo.lock:1: {wrong} than in Cargo.lock: {cure}")).collect()
}

struct Package {
    name: String,
    version: String,
    text: String,
}

fn packages(lock: &str) -> Vec<Package> {
    let value = |text: &str, key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key));
        line.unwrap_or_default().trim_matches(['"', ' ']).to_owned()
    };
    let blocks = lock.split("[[package]]").skip(1);
    blocks
        .map(|text| Package { name: value(text, "name ="), version: value(text, "version ="), text: text.into() })
        .collect()
}

pub fn units() -> Vec<Unit> {
    vec![
        unit("an unwelcome library is found", an_unwelcome_library_is_found),
        unit("a lock file that was left behind is found", a_lock_file_that_was_left_behind_is_found),
    ]
}

fn a_lock_file_that_was_left_behind_is_found() {
    let lock = |version: &str, needs: &str| {
        format!(
            "[[package]]\nname = \"a\"\nversion = \"{version}\"\n\n[[package]]\nname = \"postcase\"\nversion = \"0\"\n\
             dependencies = [\n{needs}]\n"
        )
    };
    let count = |fuzz: &str| differing(&lock("1", " \"a\",\n \"tempfile\",\n"), fuzz).len();
    assert_eq!(count(&lock("1", " \"a\",\n \"tempfile\",\n")), 0);
    assert_eq!(count(&lock("1", " \"a\",\n")), 0);
    assert_eq!(count(&lock("2", " \"a\",\n")), 1);
    assert_eq!(count(&lock("1", "")), 1);
    assert_eq!(count(""), 1);
}

fn an_unwelcome_library_is_found() {
    let check = |tree: &str, expected: &[&str]| {
        let expected: Vec<String> = expected.iter().map(|wrong| format!("Cargo.lock:1: {wrong}")).collect();
        assert_eq!(unwelcome(tree), expected, "{tree}");
    };
    check(
        "a v1.0.0|MIT/Apache-2.0\na v1.0.1|Apache-2.0 / MIT\nb v1 (proc-macro)|(GPL-3.0 OR ISC) AND Unicode-3.0 (*)\n",
        &[],
    );
    check(
        "a v1|GPL-3.0\nb v2|\na v1|GPL-3.0 (*)\n",
        &["a v1 has the licence \"GPL-3.0\"", "b v2 has the licence \"\""],
    );
    check("a v1|MIT AND (GPL-3.0 OR AGPL-3.0)\n", &["a v1 has the licence \"MIT AND (GPL-3.0 OR AGPL-3.0)\""]);
    check("ring v0.17.14|Apache-2.0 AND ISC\nstring v1|MIT\n", &["ring v0.17.14 is in the tree"]);
    check("", &["no library is found"]);
}
