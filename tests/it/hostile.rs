//! Hostile plugins in the real binary: mail that makes a plugin misbehave becomes a case in the fallback queue that says what
//! happened, mail beside it goes on, and the server neither ends nor grows. How each call is stopped is shown in `plugins.rs`,
//! on this process.

use std::net::SocketAddr;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use postcase::base::Clock;

use crate::child::{Home, Server};
use crate::guests;
use crate::smtp::{self, Connection, Outgoing};
use crate::unit::wait;

const ADDRESS: &str = "support@company.example";
/// What all of it may cost the server, in KiB.
const GROWTH_KIB_MAX: u64 = 64 << 10;
/// So many waits of this for the last message to be decided.
const PATIENCE: (u32, Duration) = (300, Duration::from_millis(100));

/// Senders of a burst, and what each sends on its connection.
const BURST: (usize, usize) = (8, 12);

/// What the subject commands, and what the case may say of it. The last one breaks all calls after it: what it keeps makes
/// instances trap before they are asked.
const COMMANDS: [(&str, &[&str]); 12] = [
    ("loop forever", &["million instructions", "longer than"]),
    ("grow", &["MiB of memory"]),
    ("recurse", &["its stack grew beyond", "out of bounds", "unreachable"]),
    ("panic", &["as the subject says"]),
    ("error", &["it says: as the subject says"]),
    ("one gigabyte", &["MiB of memory"]),
    ("flood", &["its advice has"]),
    ("not utf-8", &["utf-8", "UTF-8"]),
    ("log", &["called the host more than", "longer than"]),
    ("call the host", &["called the host more than", "longer than"]),
    ("keep too much", &["wanted to keep"]),
    ("break all that come", &[]),
];

pub fn trials(ready: bool) -> Vec<Trial> {
    let trial = |name: &str, run: fn() -> Result<(), Failed>| match guests::missing() {
        None => Trial::test(format!("hostile: {name}"), run).with_ignored_flag(!ready),
        Some(why) => Trial::test(format!("hostile: {name} ({why})"), || Ok(())).with_ignored_flag(true),
    };
    vec![
        trial("a server with hostile plugins takes mail and keeps its size", || wait(misbehave())),
        trial("a burst of mail suspends no plugin that takes its time", || wait(bursts())),
        trial("a server that has to compile them greets peers first", || wait(starts())),
        trial("a command that has nothing to do with plugins loads none", loads_none),
    ]
}

/// Without a server each command opens the store by itself. What is loaded leaves its machine code in the folder.
fn loads_none() -> Result<(), Failed> {
    let home = Home::new("refuse")?;
    let file = guests::folder()?.join("vip_domains.wasm").display().to_string();
    home.json(&["plugin", "install", &file])?;
    let folder = home.data().join("plugins");
    let codes = || std::fs::read_dir(&folder).map(|entries| entries.flatten().count());
    let code = std::fs::read_dir(&folder)?.flatten().next().ok_or("nothing was compiled")?.path();
    std::fs::remove_file(code)?;
    home.json(&["case", "list"])?;
    home.json(&["address", "list"])?;
    assert_eq!(codes()?, 0, "a plugin was loaded for nothing");
    let rows = home.json(&["plugin", "list"])?;
    assert_eq!((&rows[0]["state"], codes()?), (&"active".into(), 1));
    Ok(())
}

async fn misbehave() -> Result<(), Failed> {
    let home = Home::new("refuse")?;
    let mut server = home.start()?;
    home.json(&["address", "add", ADDRESS, "--mode", "direct"])?;
    let file = |name: &str| Ok::<_, String>(guests::folder()?.join(name).with_extension("wasm").display().to_string());
    home.json(&["plugin", "install", &file("fixture")?])?;
    home.json(&[
        "plugin",
        "install",
        &file("vip_domains")?,
        "--set",
        "domains=customer.example",
        "--set",
        "unproven=yes",
    ])?;
    send(&server, "warm", "hello").await?;
    decided(&home).await?;
    let before = server.memory_kib_max();
    for (n, (subject, _)) in COMMANDS.iter().enumerate() {
        send(&server, &format!("bad{n}"), subject).await?;
        send(&server, &format!("good{n}"), "hello").await?;
        // Five failures in a minute suspend it.
        if n % 3 == 2 {
            decided(&home).await?;
            home.json(&["plugin", "enable", "fixture"])?;
        }
    }
    send(&server, "broken", "hello").await?;
    decided(&home).await?;
    refuses_files(&home)?;
    server.still_runs()?;
    for (n, (subject, expected)) in COMMANDS.iter().enumerate() {
        let failed = outcome(&home, &format!("bad{n}"))?;
        if !expected.iter().any(|part| failed.contains(part)) && !expected.is_empty() {
            return Err(format!("{subject}: {failed}").into());
        }
        outcome(&home, &format!("good{n}"))?;
    }
    let broken = outcome(&home, "broken")?;
    if !broken.contains("it broke") {
        return Err(format!("an instance that traps at its start: {broken:?}").into());
    }
    match (before, server.memory_kib_max()) {
        (Some(before), Some(after)) if after - before > GROWTH_KIB_MAX => {
            Err(format!("the server grew by {} KiB", after - before).into())
        }
        _ => Ok(()),
    }
}

/// Much mail at once, each message some work for a plugin: all of it is advised, and the plugin has failed on none.
async fn bursts() -> Result<(), Failed> {
    let home = Home::new("refuse")?;
    let server = home.start()?;
    home.json(&["address", "add", ADDRESS, "--mode", "direct"])?;
    home.json(&["plugin", "install", &guests::folder()?.join("fixture.wasm").display().to_string()])?;
    let smtp = server.smtp;
    let senders = (0..BURST.0).map(|sender| tokio::spawn(send_many(smtp, sender)));
    for sender in senders.collect::<Vec<_>>() {
        sender.await??;
    }
    decided(&home).await?;
    let plugins = home.json(&["plugin", "list"])?;
    assert_eq!((&plugins[0]["state"], &plugins[0]["failures"]), (&"active".into(), &0.into()));
    let cases = home.json(&["case", "list", "--all"])?;
    assert_eq!(cases.as_array().map(Vec::len), Some(BURST.0 * BURST.1));
    let last = home.json(&["case", "show", &(BURST.0 * BURST.1).to_string()])?;
    assert_eq!(last["tags"].as_array().map(Vec::len), Some(1), "{}", last["events"]);
    Ok(())
}

async fn send_many(smtp: SocketAddr, sender: usize) -> Result<(), String> {
    let mut connection = Connection::open(smtp, None).await?;
    connection.reply().await?;
    connection.command("EHLO customer.example").await?;
    for n in 0..BURST.1 {
        let from = format!("c{sender}.{n}@customer.example");
        let message = format!("From: {from}\r\nTo: {ADDRESS}\r\nSubject: work\r\n\r\nHelp, {sender}.{n}.\r\n");
        let (to, message) = (vec![ADDRESS.to_owned()], message.into());
        let reply = smtp::transaction(&mut connection, &Outgoing { from, to, message, ..Outgoing::default() }).await?;
        if !reply.last().is_some_and(|line| line.starts_with("250 ")) {
            return Err(format!("{sender}.{n}: {reply:?}"));
        }
    }
    Ok(())
}

/// The machine code is made when it is missing, as after an upgrade: peers are greeted meanwhile, and mail waits for its plugins.
async fn starts() -> Result<(), Failed> {
    let home = Home::new("refuse")?;
    home.json(&["address", "add", ADDRESS, "--mode", "direct"])?;
    home.json(&["plugin", "install", &guests::folder()?.join("fixture.wasm").display().to_string()])?;
    let folder = home.data().join("plugins");
    let code = std::fs::read_dir(&folder)?.flatten().next().ok_or("nothing was compiled")?.path();
    std::fs::remove_file(&code)?;
    let server = home.start()?;
    send_many(server.smtp, 1).await?;
    if code.exists() {
        return Err("peers were greeted after plugins were compiled".into());
    }
    decided(&home).await?;
    let case = home.json(&["case", "show", "1"])?;
    assert_eq!((code.exists(), case["tags"].as_array().map(Vec::len)), (true, Some(1)), "{}", case["events"]);
    Ok(())
}

/// Files that are no plugin, while the server runs.
fn refuses_files(home: &Home) -> Result<(), Failed> {
    let noise: Vec<u8> = (0..100_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let file = home.folder().join("noise.wasm");
    std::fs::write(&file, noise)?;
    match home.json(&["plugin", "install", &file.display().to_string()]) {
        Err(why) if why.contains("it is no WebAssembly, expected a component") => Ok(()),
        other => Err(format!("noise was taken: {other:?}").into()),
    }
}

async fn send(server: &Server, name: &str, subject: &str) -> Result<(), Failed> {
    let message = format!(
        "From: C <c@customer.example>\r\nTo: {ADDRESS}\r\nSubject: {subject}\r\nMessage-ID: <{name}@customer.example>\r\n\r\nHelp.\r\n"
    );
    let to = vec![ADDRESS.to_owned()];
    let mail =
        Outgoing { helo: "customer.example".into(), from: "c@customer.example".into(), to, message: message.into() };
    let reply = smtp::send(server.smtp, &mail).await?;
    match reply.last().filter(|line| line.starts_with("250 ")) {
        Some(_) => Ok(()),
        None => Err(format!("{subject}: {reply:?}").into()),
    }
}

/// Waits until no message waits in the inbox.
async fn decided(home: &Home) -> Result<(), Failed> {
    for _ in 0..PATIENCE.0 {
        let list = home.json(&["message", "list", "--all"])?;
        if list.as_array().ok_or("a list is an array")?.iter().all(|message| !message["disposition"].is_null()) {
            return Ok(());
        }
        Clock::system().sleep(PATIENCE.1).await;
    }
    Err(format!("messages are still undecided:\n{}", home.said()).into())
}

/// Why plugins failed on a message, which has a case in the fallback queue that the other plugin made urgent.
fn outcome(home: &Home, name: &str) -> Result<String, Failed> {
    let message = home.json(&["message", "show", &format!("<{name}@customer.example>")])?;
    let number = message["case"].as_u64().ok_or_else(|| format!("{name} has no case: {message}"))?;
    let case = home.json(&["case", "show", &number.to_string()])?;
    if (case["queue"].as_str(), case["priority"].as_str()) != (Some("main"), Some("urgent")) {
        return Err(format!("{name}: {case}").into());
    }
    let events = case["events"].as_array().ok_or("events are an array")?;
    let failed = events.iter().filter(|event| event["kind"] == "adviser_failed");
    Ok(failed.filter_map(|event| event["why"].as_str()).collect::<Vec<_>>().join("\n"))
}
