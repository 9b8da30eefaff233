//! Rules about who may use whom: modules only those above them, outside libraries only their owners.

use super::code::{only_code, without_tests};
use super::{File, wrong_lines};
use crate::unit::{Unit, unit};

/// A library that touches the world, and the folders that may name it.
const OWNERS: [(&str, &[&str]); 23] = [
    ("redb", &["store"]),
    ("zstd", &["store"]),
    ("mail_parser", &["message"]),
    ("mail_builder", &["message"]),
    ("mail_auth", &["auth"]),
    ("aws_lc_rs", &["auth", "net"]),
    ("smtp_proto", &["smtp/server", "smtp/client"]),
    ("mail_send", &["smtp/client"]),
    ("hickory_resolver", &["net"]),
    ("rustls", &["net"]),
    ("rustls_platform_verifier", &["net"]),
    ("tokio_rustls", &["net"]),
    ("axum", &["http"]),
    ("hyper", &["http"]),
    ("hyper_util", &["http"]),
    ("http_body_util", &["http"]),
    ("cel", &["rules"]),
    ("regex", &["rules"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("toml", &["config"]),
    ("wasmtime", &["plugin"]),
];

/// The modules of `src/lib.rs` in their order.
pub fn listed(lib: &str) -> Vec<String> {
    let names = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    names.map(str::to_owned).collect()
}

/// Each use of a module that isn't above the file's own.
pub fn uses_only_above(file: &File, order: &[String]) -> Vec<String> {
    let Some(own) = module_of(&file.path) else { return vec![] };
    let place = |name: &str| order.iter().position(|module| module == name);
    let Some(own_place) = place(own) else {
        return vec![format!("{}:1: module {own} is not in src/lib.rs", file.path)];
    };
    let code = only_code(without_tests(file));
    let mut wrong = Vec::new();
    for (line, used) in crate_paths(&code) {
        if place(&used).is_some_and(|place| place > own_place) {
            wrong.push(format!("{}:{line}: {own} uses {used}, which is below it in src/lib.rs", file.path));
        }
    }
    wrong
}

/// Each library named outside its folder.
pub fn libraries_have_one_owner(file: &File) -> Vec<String> {
    let Some(inside) = file.path.strip_prefix("src/") else { return vec![] };
    let code = only_code(without_tests(file));
    let mut wrong = Vec::new();
    for (library, folders) in OWNERS {
        let owned =
            folders.iter().any(|folder| inside.strip_prefix(folder).is_some_and(|rest| rest.starts_with(['/', '.'])));
        if owned {
            continue;
        }
        for (n, line) in code.lines().enumerate() {
            if names(line, library) {
                wrong.push(format!(
                    "{}:{}: names {library}, which belongs to {}",
                    file.path,
                    n + 1,
                    folders.join(", ")
                ));
            }
        }
    }
    wrong
}

/// `src/store/journal.rs` is of `store`; `src/lib.rs` and `src/main.rs` are of nobody.
fn module_of(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/")?;
    let (first, _) = inside.split_once('/').or_else(|| inside.split_once('.'))?;
    (!matches!(inside, "lib.rs" | "main.rs")).then_some(first)
}

/// The first word of each path into the crate, also in `use crate::{a, b::c}`, with its line.
fn crate_paths(code: &str) -> Vec<(usize, String)> {
    let mut paths = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let line = 1 + code[..at].matches('\n').count();
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => paths.extend(group_heads(group).into_iter().map(|head| (line, head))),
            None => paths.push((line, word(rest).to_owned())),
        }
    }
    paths
}

/// The first words of a group's members, up to its closing brace.
fn group_heads(group: &str) -> Vec<String> {
    let mut heads = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                heads.push(word(group[start..at].trim_start()).to_owned());
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    heads
}

fn word(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(text)
}

/// True when a line has `library::` or `use library`, not as a part of a longer path or word.
fn names(line: &str, library: &str) -> bool {
    line.match_indices(library).any(|(at, _)| {
        let (before, after) = (line[..at].trim_end(), &line[at + library.len()..]);
        let inner = line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') || before.ends_with("::");
        let import = before.ends_with("use") && after.starts_with([';', ' ']);
        // `::library::` is the library too; `crate::library::` is not.
        let rooted =
            before.ends_with("::") && !before[..before.len() - 2].ends_with(|c: char| c.is_alphanumeric() || c == '}');
        (after.starts_with("::") || import) && (!inner || rooted)
    })
}

pub fn units() -> Vec<Unit> {
    vec![
        unit("a use of a module below is found", a_use_below_is_found),
        unit("a library outside its folder is found", a_library_outside_is_found),
    ]
}

fn a_use_below_is_found() {
    let order = listed("//! x\npub mod base;\n\npub mod store;\npub mod smtp;\npub mod http;\n");
    assert_eq!(order, ["base", "store", "smtp", "http"]);
    let check = |path: &str, text: &str, expected: usize| {
        let file = File { path: path.into(), text: text.into() };
        assert_eq!(uses_only_above(&file, &order).len(), expected, "{path}: {text}");
    };
    check("src/store/mod.rs", "use crate::base::Time; use crate::store::x;", 0);
    check("src/store/mod.rs", "use crate::smtp::x;", 1);
    check("src/store/mod.rs", "use crate::{\n    base::{self, http},\n    http::{a, b}, smtp,\n};", 2);
    check("src/store/mod.rs", "/// See [`crate::http`].\nconst S: &str = \"crate::http\";", 0);
    check("src/store/mod.rs", "fn f() {}\n#[cfg(test)]\nmod tests { use crate::http; }", 0);
    check("src/store.rs", "use crate::http::x;", 1);
    check("src/new/mod.rs", "", 1);
    check("src/lib.rs", "use crate::http;", 0);
}

fn a_library_outside_is_found() {
    let check = |path: &str, text: &str, expected: &[usize]| {
        assert_eq!(wrong_lines(libraries_have_one_owner, path, text), expected, "{path}: {text}");
    };
    check("src/store/redb.rs", "use redb::Database;", &[]);
    check("src/desk/mod.rs", "//! x\nuse redb::Database;", &[2]);
    check("src/desk/mod.rs", "let x = crate::config::toml::read(); // redb::Database", &[]);
    check("src/desk/mod.rs", "fn f(x: ::toml::Value) {}", &[1]);
    check("src/storehouse/mod.rs", "use redb;", &[1]);
    check("src/net/tls.rs", "use tokio_rustls::rustls::x;", &[]);
    check("src/http/mod.rs", "use tokio_rustls::rustls::x;", &[1]);
    check("src/smtp/server/x.rs", "use smtp_proto::Request;", &[]);
    check("src/smtp/mod.rs", "use smtp_proto::Request;", &[1]);
    check("src/desk/tests.rs", "use redb::Database;", &[]);
}
