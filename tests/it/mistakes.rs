//! Mistakes that people make, on the real binary: each ends with its exit code, nothing on standard output, and one line
//! on standard error that says what to do.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use crate::child::{BINARY, Home};

const NOBODY: u32 = 65_534;
const DATABASE: &str = "postcase.redb";
const SUPPORT: &str = "support@company.example";

pub fn trials() -> Vec<Trial> {
    let root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    let needs_root = |name: &str, run: fn() -> Result<(), Failed>| {
        let reason = if root { "" } else { " (skipped: needs root)" };
        Trial::test(format!("mistakes: {name}{reason}"), run).with_ignored_flag(!root)
    };
    vec![
        Trial::test("mistakes: in the configuration", configuration),
        Trial::test("mistakes: in the rules", rules),
        Trial::test("mistakes: on the command line", command_line),
        Trial::test("mistakes: what is taken", taken),
        Trial::test("mistakes: a damaged store", damaged),
        Trial::test("mistakes: with --json there is one JSON value", json),
        needs_root("of somebody who isn't root", unprivileged),
        needs_root("a full disk", full_disk),
    ]
}

/// The command ends with this code, and its only line contains `said`.
#[track_caller]
fn check(output: &Output, code: i32, said: &str) {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let lines = err.lines().count();
    assert_eq!((output.status.code(), lines, &*out), (Some(code), 1, ""), "{err}");
    assert!(err.contains(said), "expected {said:?} in {err}");
}

fn run(home: &Home, typed: &str) -> Result<Output, Failed> {
    Ok(home.command().args(typed.split(' ')).output()?)
}

/// `serve` with this configuration.
fn serve(folder: &Path, text: &str) -> Result<Output, Failed> {
    let file = folder.join("mistaken.toml");
    fs::write(&file, text)?;
    Ok(Command::new(BINARY).arg("--config").arg(file).arg("serve").current_dir(folder).output()?)
}

/// A configuration that is right but for these values.
fn settings(data_dir: &Path, smtp: &str, http: &str) -> String {
    format!("data_dir = {data_dir:?}\n[smtp]\nlisten = [{smtp:?}]\n[http]\nlisten = {http:?}\n")
}

fn rules() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let (file, rules) = (folder.path().join("postcase.toml"), folder.path().join("rules.toml"));
    let message = folder.path().join("a.eml");
    fs::write(&file, "data_dir = \"data\"\n")?;
    fs::write(&message, "From: a@b.example\nSubject: An invoice\n\nText\n")?;
    let run =
        |words: &[&str]| Command::new(BINARY).arg("--config").arg(&file).args(words).current_dir(&folder).output();
    let test = ["rules", "test", "a.eml"];
    check(&run(&test)?, 1, "/rules.toml; begin with rules.toml.example");
    fs::write(&rules, "[[route]]\nname = \"a\"\nwhen = 'subject.contains(\"x\" )) '\nqueue = \"q\"\n")?;
    check(&run(&["check"])?, 1, "rules.toml:3:31: found \")\", expected the end of the condition");
    check(&run(&test)?, 1, "rules.toml:3:31: found \")\", expected the end of the condition");
    fs::write(&rules, "[[route]]\nname = \"a\"\nqueue = \"q\"\n[[route]]\nname = \"b\"\nqueue = \"r\"\n")?;
    let clean = String::from_utf8(run(&["check"])?.stdout)?;
    assert!(clean.contains("rules.toml has 2 rules\nwarning: "), "{clean}");
    let left = "queues, agents and addresses were not looked at: there is no store in data yet\n";
    assert!(clean.ends_with(left), "{clean}");
    assert!(clean.contains("rules.toml:4: rule b never matters: rule a on line 1 comes first, always"), "{clean}");
    let tried: Value = serde_json::from_slice(&run(&["--json", "rules", "test", "a.eml"])?.stdout)?;
    assert_eq!((&tried["file"], &tried["result"]["queue"]), (&"a.eml".into(), &"q".into()));
    fs::write(folder.path().join("new.toml"), "[[route]]\nname = \"c\"\nhold = \"no\"\n")?;
    let replay = String::from_utf8(run(&["replay", "--rules", "new.toml", "a.eml"])?.stdout)?;
    let rows: Vec<Vec<&str>> = replay.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[1][..4], ["a.eml", "hold", "none", "no"], "{replay}");
    assert_eq!(rows[2][..4], ["a.eml", "queue", "q", "none"], "{replay}");
    assert!(!folder.path().join("data").exists(), "none of them needs a store");
    let with_store = String::from_utf8(run(&["check", "--store"])?.stdout)?;
    let missing = "rules.toml:1: rule a: there is no queue q; add it: postcase queue add q\n";
    assert!(with_store.contains(missing) && with_store.contains("store is whole"), "{with_store}");
    // From now on there is a store, and no server.
    let without_server = run(&["check"])?;
    let said = String::from_utf8(without_server.stdout)?;
    assert!(said.contains(missing) && !said.contains("not looked at") && without_server.status.success(), "{said}");
    fs::write(&rules, "[[route]]\nnam = \"a\"\n")?;
    // No rules were ever in force here, so that there are none to go by.
    let served = serve(folder.path(), &settings(&folder.path().join("data"), "127.0.0.1:0", "127.0.0.1:0"))?;
    let said = String::from_utf8(served.stderr)?;
    assert_eq!(served.status.code(), Some(1), "{said}");
    assert!(said.contains("rules.toml:2:1: found the unknown key \"nam\""), "{said}");
    fs::remove_file(&rules)?;
    rustix::fs::mknodat(rustix::fs::CWD, &rules, rustix::fs::FileType::Fifo, 0o600.into(), 0)?;
    check(&run(&["check"])?, 1, "rules.toml: is not a file, expected one with text");
    Ok(())
}

fn configuration() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    for (text, said) in [
        (
            "hostnam = \"a.example\"",
            ":1:1: found the unknown key \"hostnam\", expected a known one; the nearest is \"hostname\"",
        ),
        ("\n[smpt]\nlisten = []", ":2:2: found the unknown key \"smpt\""),
        ("[smtp]\nlisten = [\"127.0.0.1\"]", ":2:11: found \"127.0.0.1\", expected an IP address with a port such as"),
        ("[smtp]\nidle = \"5 minutes\"", "expected a duration such as \"30s\""),
        ("hostname = 7", ":1:12: found 7, expected a domain name"),
        (
            "[outbound]\nsmarthost = \"127.0.0.1:1\"\nsmarthost_user = \"tim\"",
            "`[outbound] smarthost_user` and `smarthost_password_file` go together",
        ),
        (
            "[outbound]\nsmarthost = \"127.0.0.1:1\"\nsmarthost_user = \"tim\"\nsmarthost_password_file = \"none\"",
            "/none can't be read: No such file",
        ),
        ("[outbound]\nsmarthost_tls = \"tls\"", "`[outbound] smarthost_tls` is set, but no `smarthost`"),
        ("hostname = \"a", ":1:14: found text that is not TOML"),
    ] {
        check(&serve(folder.path(), text)?, 1, said);
    }
    let missing = Command::new(BINARY).args(["--config", "/none.toml", "check"]).output()?;
    check(
        &missing,
        1,
        "/none.toml can't be read: No such file or directory (os error 2); name another one with --config",
    );
    Ok(())
}

fn command_line() -> Result<(), Failed> {
    let home = Home::new("refuse")?;
    for (typed, code, said) in [
        ("case show 99", 3, "there is no case 99; see: postcase case list"),
        ("case reply 99 --body x", 3, "there is no case 99"),
        ("message show x", 3, "there is no message x; see: postcase message list"),
        ("spool retry x", 3, "see: postcase spool list"),
        ("address verify a@b.example", 3, "register it with: postcase address add a@b.example"),
        ("address add a@in.example.net", 1, "use --mode direct"),
        ("address set a@b.example", 2, "nothing to set: name a setting"),
        ("--json demo", 2, "run it without --json"),
    ] {
        check(&run(&home, typed)?, code, said);
    }
    for (typed, said) in [
        ("frobnicate", "unrecognized subcommand 'frobnicate'"),
        ("cas list", "a similar subcommand exists: 'case'"),
        ("case show x", "expected a case's number such as 17"),
        ("address add nobody", "as in support@example.com"),
        ("address add a@b.example --mode both", "[possible values: forwarded, direct]"),
    ] {
        let output = run(&home, typed)?;
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{typed}");
        assert!(err.contains(said), "expected {said:?} in {err}");
    }
    Ok(())
}

/// A port, and a data folder, also under another name.
fn taken() -> Result<(), Failed> {
    let place = tempfile::tempdir()?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let (port, free, data) = (listener.local_addr()?.to_string(), "127.0.0.1:0", place.path().join("data"));
    let output = serve(place.path(), &settings(&data, &port, ""))?;
    check(&output, 1, "is in use: stop the program that listens there, or configure another port");
    let output = serve(place.path(), &settings(&data, free, &port))?;
    check(&output, 1, "is in use: stop the program that listens there, or configure another port");
    let output = serve(place.path(), &settings(&place.path().join("mistaken.toml"), free, ""))?;
    check(&output, 1, "set another data_dir");

    let home = Home::new("refuse")?;
    let _server = home.start()?;
    symlink(home.data(), place.path().join("alias"))?;
    let output = serve(place.path(), &settings(&place.path().join("alias"), free, ""))?;
    check(&output, 1, "the data folder is in use by postcase serve, process ");
    Ok(())
}

type Damage = fn(&Path) -> std::io::Result<()>;

/// Each way to damage a store, how many lines tell it at most, and how the last one ends.
fn damaged() -> Result<(), Failed> {
    let backup = "take it from a backup";
    let cases: [(Damage, usize, &str); 5] = [
        (|data| fs::write(data.join(DATABASE), vec![0x55; 100_000]), 1, backup),
        (|data| fs::OpenOptions::new().write(true).open(data.join(DATABASE))?.set_len(5000), 1, backup),
        // Where its library panics the log has the place, too.
        (garble_pages, 2, backup),
        (|data| fs::remove_file(data.join(DATABASE)), 1, "is lost beside its journal: take it from a backup"),
        (raise_journal_version, 1, "version 9"),
    ];
    for (damage, lines_max, said) in cases {
        let home = Home::new("refuse")?;
        home.json(&["address", "add", SUPPORT])?;
        damage(&home.data())?;
        for typed in ["serve", "case list"] {
            let output = run(&home, typed)?;
            let err = String::from_utf8_lossy(&output.stderr);
            let told = err.lines().count() <= lines_max && err.lines().last().is_some_and(|line| line.contains(said));
            assert!(output.status.code() == Some(1) && told, "expected {said:?} at the end of {err}");
            assert!(output.stdout.is_empty() && !err.contains("panicked"), "{err}");
        }
    }
    Ok(())
}

/// All pages behind the header.
fn garble_pages(data: &Path) -> std::io::Result<()> {
    let mut bytes = fs::read(data.join(DATABASE))?;
    bytes[4096..].iter_mut().for_each(|byte| *byte = byte.wrapping_mul(7).wrapping_add(13));
    fs::write(data.join(DATABASE), bytes)
}

/// As a later postcase would write it; see `manual::journal`.
fn raise_journal_version(data: &Path) -> std::io::Result<()> {
    let is_segment = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "seg");
    let mut paths = fs::read_dir(data)?.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let segment = paths.find(is_segment).ok_or(std::io::ErrorKind::NotFound)?;
    let mut bytes = fs::read(&segment)?;
    for header in [0, 4096] {
        bytes[header + 8] = 9;
        let check = blake3::hash(&bytes[header..header + 40]);
        bytes[header + 40..header + 48].copy_from_slice(&check.as_bytes()[..8]);
    }
    fs::write(segment, bytes)
}

fn json() -> Result<(), Failed> {
    let home = Home::new("refuse")?;
    home.json(&["address", "add", SUPPORT])?;
    let _server = home.start()?;
    for typed in [
        "address list",
        "address show support@company.example",
        "address verify support@company.example",
        "address set support@company.example --name x",
        "address disable support@company.example",
        "address enable support@company.example",
        "case list",
        "message list",
        "message list --direction outbound",
        "spool list",
        "queue add q",
        "queue list",
        "agent add a@b.example",
        "agent list",
        "config show",
        "check",
        "address remove support@company.example",
    ] {
        // It fails on anything but one value.
        let value = home.json(&typed.split(' ').collect::<Vec<_>>())?;
        if typed == "check" && (value["not_looked_at"] != Value::Null || value["concerns"] != serde_json::json!([])) {
            return Err(format!("the server wasn't asked: {value}").into());
        }
    }
    let mistakes = Command::new(BINARY).args(["--json", "--config", "/dev/null", "check"]).output()?;
    assert_eq!(serde_json::from_slice::<Value>(&mistakes.stdout)?["mistakes"], serde_json::json!([]));
    Ok(())
}

/// A privileged port, a folder and a running server of somebody else.
fn unprivileged() -> Result<(), Failed> {
    let place = tempfile::tempdir()?;
    fs::set_permissions(place.path(), PermissionsExt::from_mode(0o755))?;
    let binary = place.path().join("postcase");
    fs::copy(BINARY, &binary)?;
    let ours = place.path().join("ours");
    fs::create_dir(&ours)?;
    fs::set_permissions(&ours, PermissionsExt::from_mode(0o777))?;
    let theirs = place.path().join("theirs");
    fs::create_dir(&theirs)?;
    let run = |data: &Path, smtp: &str, typed: &str| -> Result<Output, Failed> {
        let file = place.path().join("mistaken.toml");
        fs::write(&file, settings(data, smtp, ""))?;
        let mut command = Command::new(&binary);
        command.arg("--config").arg(file).args(typed.split(' ')).current_dir(&ours);
        Ok(command.uid(NOBODY).gid(NOBODY).output()?)
    };
    let first = fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap_or_default();
    if first.trim().parse::<u16>().is_ok_and(|first| first > 25) {
        check(&run(&ours, "127.0.0.1:25", "serve")?, 1, "CAP_NET_BIND_SERVICE");
    }
    let free = "127.0.0.1:0";
    check(&run(&theirs.join("data"), free, "serve")?, 1, "mend its permissions, or set another data_dir");
    check(&run(&theirs, free, "serve")?, 1, "mend its permissions, or set another data_dir");

    let home = Home::new("refuse")?;
    let _server = home.start()?;
    check(&run(&home.data(), free, "case list")?, 4, "run this as the user who runs the server");
    Ok(())
}

/// A small file system that is gone at the end.
struct Small(tempfile::TempDir);

impl Drop for Small {
    fn drop(&mut self) {
        // An error shows as a folder that stays.
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

fn full_disk() -> Result<(), Failed> {
    let small = Small(tempfile::tempdir()?);
    let mut mount = Command::new("mount");
    if !mount.args(["-t", "tmpfs", "-o", "size=256k", "postcase"]).arg(small.0.path()).status()?.success() {
        return Err("nothing can be mounted here, although this is root".into());
    }
    let text = settings(&small.0.path().join("data"), "127.0.0.1:0", "");
    let file = small.0.path().join("mistaken.toml");
    fs::write(&file, &text)?;
    // Whatever fits.
    let _ = fs::write(small.0.path().join("ballast"), vec![1; 1 << 20]);
    let output = Command::new(BINARY).arg("--config").arg(&file).arg("serve").output()?;
    check(&output, 1, "No space left on device (os error 28)");
    Ok(())
}
