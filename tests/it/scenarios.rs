//! The stories in `tests/scenarios/`: one trial for each folder.
//!
//! `UPDATE_EXPECT=1` writes differences into the dialogue instead of failing; the next run shows what is left.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};
use postcase::base::Time;
use tempfile::TempDir;

use crate::guests;
use crate::internet::{Internet, Zone};
use crate::player::Player;
use crate::subject::{Setup, Start};
use crate::unit::{Unit, unit, wait};

/// When every story begins.
const NOW: &str = "2026-11-20T10:00:00Z";

/// What a story differs from; its port numbers and addresses are filled in for each.
const CONFIGURATION: &str = r#"
hostname = "mail.example.net"
service_domain = "in.example.net"
[smtp]
listen = ["127.0.0.1:0"]
[http]
listen = "127.0.0.1:0"
[outbound]
port = {mx_port}
private_networks = "allow"
[rules]
file = "{rules}"
[dns]
servers = ["{dns}"]
"#;

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

/// A trial for each story folder. Without a server they are listed as ignored.
pub fn trials(start: Option<Start>) -> Vec<Trial> {
    let entries = std::fs::read_dir(folder()).expect("tests/scenarios is there").flatten().map(|entry| entry.path());
    let mut folders: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    let trial = |path: PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let needs_guests =
            std::fs::read_to_string(path.join("dialogue.txt")).is_ok_and(|text| text.contains("{guests}"));
        match (start, guests::missing().filter(|_| needs_guests)) {
            (Some(_), Some(why)) => Trial::test(format!("scenario {name} ({why})"), || Ok(())).with_ignored_flag(true),
            (Some(start), None) => Trial::test(format!("scenario {name}"), move || {
                let update = std::env::var_os("UPDATE_EXPECT").is_some();
                wait(story(&path, start, update))
            }),
            (None, _) => Trial::test(format!("scenario {name} (no server)"), || Ok(())).with_ignored_flag(true),
        }
    };
    folders.into_iter().map(trial).collect()
}

async fn story(folder_of_story: &Path, start: Start, update: bool) -> Result<(), Failed> {
    let read = |name: &str| match std::fs::read_to_string(folder_of_story.join(name)) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(format!("{name}: {error}")),
    };
    let mut zone = Zone::default();
    zone.add(&std::fs::read_to_string(folder().join("zone")).map_err(|error| format!("zone: {error}"))?)?;
    zone.add(&read("zone")?)?;
    let internet = Internet::start(zone).await?;
    let (secret, place) = secret(&read("secret")?)?;
    let rules = place.path().join("rules.toml").display().to_string();
    std::fs::write(&rules, read("rules.toml")?).map_err(|error| format!("rules.toml: {error}"))?;
    let (port, dns, scenarios) = (internet.port.to_string(), internet.dns.to_string(), folder().display().to_string());
    let fill = |text: &str| {
        text.replace("{mx_port}", &port)
            .replace("{dns}", &dns)
            .replace("{scenarios}", &scenarios)
            .replace("{secret}", &secret)
            .replace("{rules}", &rules)
    };
    let configuration = merged(&fill(CONFIGURATION), &fill(&read("config.toml")?))?;
    let now: Time = NOW.parse().map_err(|_| "NOW is a time")?;
    let subject = start(Setup { configuration, now }).await?;
    let path = folder_of_story.join("dialogue.txt");
    let shown = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(&path).display().to_string();
    let dialogue = read("dialogue.txt")?;
    let player = Player::new(subject, internet, now, update);
    let mut player = player.knowing("secret", &secret).knowing("scenarios", &scenarios).knowing("rules", &rules);
    if dialogue.contains("{guests}") {
        player = player.knowing("guests", &guests::folder()?.display().to_string());
    }
    let new = player.play(&shown, &dialogue).await?;
    match new {
        Some(new) => Ok(std::fs::write(&path, new).map_err(|error| format!("{shown}: {error}"))?),
        None => Ok(()),
    }
}

/// A file with this text that nobody else can read, and the folder with which it vanishes. Git doesn't keep such a mode.
fn secret(text: &str) -> Result<(String, TempDir), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let file = folder.path().join("secret");
    let written =
        std::fs::write(&file, text).and_then(|()| std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)));
    written.map_err(|error| format!("secret: {error}"))?;
    Ok((file.display().to_string(), folder))
}

/// A configuration with some keys replaced.
fn merged(base: &str, differences: &str) -> Result<String, String> {
    let table = |text: &str| text.parse::<toml::Table>().map_err(|error| format!("config.toml: {error}"));
    let mut merged = table(base)?;
    merge(&mut merged, table(differences)?);
    Ok(merged.to_string())
}

fn merge(into: &mut toml::Table, from: toml::Table) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(toml::Value::Table(into)), toml::Value::Table(from)) => merge(into, from),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

pub fn units() -> Vec<Unit> {
    vec![
        unit("a story's configuration is the common one with differences", differences_are_merged),
        unit("a story folder is played, and updated when asked", a_story_folder_is_played),
    ]
}

fn differences_are_merged() {
    let text = merged("a = 1\n[b]\nc = 2\nd = 3", "[b]\nc = 4\n[e]\nf = 5").unwrap();
    let expected = "a = 1\n[b]\nc = 4\nd = 3\n[e]\nf = 5".parse::<toml::Table>().unwrap();
    assert_eq!(text.parse::<toml::Table>().unwrap(), expected);
    assert!(merged("a = 1", "b = ").is_err());
}

fn a_story_folder_is_played() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let dialogue = || std::fs::read_to_string(folder.path().join("dialogue.txt")).unwrap();
    let play = |update: bool| wait(story(folder.path(), crate::puppet::start, update));
    write("zone", "mx.extra.example A 127.0.0.13\n");
    write("dialogue.txt", "S: 220 mx.company.example ESMTP\n@peer mx.extra.example accept\n@run x | passed\n> 1\n");
    let error = play(false).unwrap_err();
    assert!(error.message().is_some_and(|text| text.contains("dialogue.txt:3: expected:\n  1\ngot:\n  1795168800")));
    play(true).unwrap();
    assert!(dialogue().ends_with("> 1795168800\n"), "{}", dialogue());
    play(false).unwrap();
    write("config.toml", "[outbound]\nport = 1\n");
    assert!(play(false).is_err(), "nobody listens there");
    write("config.toml", "[outbound\n");
    assert!(play(false).is_err());
}
