//! The plugin `vip-domains` in three languages: all describe themselves alike, and say the same about the same mail.
//!
//! The tools for Python and JavaScript are fetched by the commands of `plugins/README.md`, never from here; without
//! them a twin is listed as ignored.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use libtest_mimic::{Failed, Trial};
use postcase::base::Time;
use postcase::base::limits::{PLUGIN_MEMORY_MIB_MAX, PLUGIN_TIME_MAX};
use postcase::case::Draft;
use postcase::plugin::{Question, Ready, Stage, check_vectors, settings};
use serde_json::json;

use crate::plugins::{Place, read};
use crate::{corpus, guests};

/// So many at most, from all over the corpus.
const MESSAGES: usize = 200;
/// Settings under which much of any mail gets advice.
const SETTINGS: [&[(&str, &str)]; 3] = [
    &[("domains", " .com, .ORG,.net, customer.example ,, .")],
    &[("domains", ".example,..com,.de"), ("unproven", "yes"), ("priority", "high")],
    &[],
];

struct Twin {
    language: &'static str,
    component: &'static str,
    /// Without the file that comes out; none: a tool is missing.
    build: fn(&Path) -> Option<Command>,
    missing: &'static str,
}

const TWINS: [Twin; 2] = [
    Twin {
        language: "Python",
        component: "vip-domains-python.wasm",
        build: python,
        missing: "componentize-py is not installed: plugins/README.md",
    },
    Twin {
        language: "JavaScript",
        component: "vip-domains-javascript.wasm",
        build: javascript,
        missing: "componentize-qjs is not installed: plugins/README.md",
    },
];

pub fn trials() -> Vec<Trial> {
    let trial = |twin: &'static Twin| {
        let name = format!("plugins: the twin in {} says the same", twin.language);
        let missing = guests::missing().or_else(|| (twin.build)(&plugins()).is_none().then_some(twin.missing));
        match missing {
            None => Trial::test(name, || says_the_same(twin)),
            Some(why) => Trial::test(format!("{name} ({why})"), || Ok(())).with_ignored_flag(true),
        }
    };
    TWINS.iter().map(trial).collect()
}

fn says_the_same(twin: &Twin) -> Result<(), Failed> {
    // Python takes a while.
    let place = Place::lasting(target().join("twins"));
    let first = place.prepare_with(&guests::component("vip_domains")?, PLUGIN_MEMORY_MIB_MAX)?;
    let other = place.prepare_with(&std::fs::read(built(twin)?)?, PLUGIN_MEMORY_MIB_MAX)?;
    assert_eq!(format!("{:?}", other.description), format!("{:?}", first.description));
    check_vectors(&other.guest, &other.description, read).map_err(|mismatch| mismatch.to_string())?;
    let mut advised = 0;
    for message in messages()? {
        for settings in SETTINGS {
            let told = advice(&first, &message, settings)?;
            advised += usize::from(told != "[]");
            assert_eq!(advice(&other, &message, settings)?, told, "{}", String::from_utf8_lossy(&message));
        }
    }
    if advised == 0 {
        return Err("no message got any advice".into());
    }
    Ok(())
}

/// As JSON.
fn advice(plugin: &Ready, message: &[u8], given: &[(&str, &str)]) -> Result<String, Failed> {
    let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let settings = settings(&plugin.description, &given)?;
    let (brief, draft) = (read(message), Draft::default());
    let question = Question {
        brief: &brief,
        draft: &draft,
        settings: &settings,
        state: &[],
        at: Time::UNIX_EPOCH,
        seed: b"twin",
        patience: PLUGIN_TIME_MAX,
    };
    let answer = plugin.guest.advise(Stage::Classify, &question).answer;
    Ok(json!(answer.map_err(|failure| failure.to_string())?).to_string())
}

/// Our own and, where it is, the corpus'.
fn messages() -> Result<Vec<Vec<u8>>, Failed> {
    let mut files = Vec::new();
    let own = [plugins(), Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")];
    for folder in own.into_iter().chain(corpus::folder()) {
        collect(&folder, &mut files)?;
    }
    let step = files.len().div_ceil(MESSAGES).max(1);
    files.iter().step_by(step).map(|file| Ok(std::fs::read(file)?)).collect()
}

/// All message files below a folder, in the order of their names.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failed> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    entries.sort();
    for entry in entries {
        let is = |names: &[&str]| entry.file_name().is_some_and(|name| names.iter().any(|own| name == *own));
        if entry.is_dir() && !is(&["target", "node_modules"]) {
            collect(&entry, files)?;
        } else if entry.extension().is_some_and(|extension| extension == "eml") {
            files.push(entry);
        }
    }
    Ok(())
}

/// The component, built unless it is newer than all that it is made of.
fn built(twin: &Twin) -> Result<PathBuf, Failed> {
    let (plugins, file) = (plugins(), target().join(twin.component));
    let mut command = (twin.build)(&plugins).ok_or(twin.missing)?;
    let sources = [plugins.join("vip-domains"), plugins.join("wit")];
    let newest = sources.iter().filter_map(|folder| changed(folder)).max();
    if changed(&file) > newest {
        return Ok(file);
    }
    let ended = command.arg(&file).current_dir(&plugins).output()?;
    if !ended.status.success() {
        return Err(format!("{command:?}:\n{}", String::from_utf8_lossy(&ended.stderr)).into());
    }
    Ok(file)
}

/// When a file or the newest in a folder was changed.
fn changed(path: &Path) -> Option<SystemTime> {
    if path.file_name().is_some_and(|name| name == "node_modules" || name == "__pycache__") {
        return None;
    }
    let Ok(entries) = std::fs::read_dir(path) else {
        return std::fs::metadata(path).and_then(|file| file.modified()).ok();
    };
    entries.flatten().filter_map(|entry| changed(&entry.path())).max()
}

fn python(plugins: &Path) -> Option<Command> {
    const TOOL: &str = "componentize-py";
    let own = plugins.join("target/python/bin").join(TOOL);
    let tool = if own.is_file() { own } else { on_path(TOOL)? };
    let mut command = Command::new(tool);
    command.args(["--wit-path", "wit", "--world", "plugin", "componentize", "--stub-wasi", "python.vip_domains"]);
    command.args(["--python-path", "vip-domains", "--output"]);
    Some(command)
}

fn javascript(plugins: &Path) -> Option<Command> {
    if !plugins.join("vip-domains/javascript/node_modules/componentize-qjs").is_dir() {
        return None;
    }
    let mut command = Command::new(on_path("node")?);
    command.arg("vip-domains/javascript/build.mjs");
    Some(command)
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

fn plugins() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins")
}
