//! A plugin is installed, replaced and rolled back while mail flows, on the real binary: no message is lost or waits for
//! that, and each says which version advised on it.
//!
//! What is shown is an order of events, not a time: a change may take as long as it likes when mail that comes meanwhile
//! is decided before it ends. How long a message waits is what the benchmark `plugins` measures.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use postcase::base::limits::PLUGIN_TIME_MAX;
use postcase::base::{Clock, Time};
use postcase::case::Draft;
use postcase::plugin::{Active, Question, Stage, check_vectors, settings};
use serde_json::{Value, json};

use crate::child::Home;
use crate::guests;
use crate::kill::decided;
use crate::plugins::{Place, read};
use crate::smtp::{self, Connection, Outgoing};
use crate::unit::wait;

const ADDRESS: &str = "support@company.example";
/// Between two messages.
const PAUSE: Duration = Duration::from_millis(30);
/// Both plugins have something to say about it, each something else.
const TEXT: &str = "Guten Tag,\r\n\r\ndie Rechnung ist nicht richtig, und ich habe das Paket nicht bekommen.\r\n";

/// A message that got its 250.
struct Sent {
    id: String,
    /// How many changes had begun and how many had ended, together, when it was sent.
    before: usize,
}

pub fn trials(ready: bool) -> Vec<Trial> {
    let trial = |name: &str, run: fn() -> Result<(), Failed>| match guests::missing() {
        None => Trial::test(format!("plugins: {name}"), run).with_ignored_flag(!ready),
        Some(why) => Trial::test(format!("plugins: {name} ({why})"), || Ok(())).with_ignored_flag(true),
    };
    vec![
        trial("they change while mail flows", || wait(changes_while_mail_flows())),
        trial("a call ends on the version that it began with", a_call_ends_on_its_version),
        trial("one is tried on message files without a server", files_are_replayed).with_ignored_flag(!ready),
        trial("one of your own, by the steps of the README", one_of_your_own),
    ]
}

async fn changes_while_mail_flows() -> Result<(), Failed> {
    let home = Home::new("refuse")?;
    let server = home.start()?;
    home.json(&["address", "add", ADDRESS, "--mode", "direct"])?;
    let (changes, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let connection = Connection::open(server.smtp, None).await?;
    let mail = tokio::spawn(flow(connection, changes.clone(), ended.clone()));
    let guests = guests::folder()?;
    let component = |name: &str| guests.join(name).display().to_string();
    let (vip, skills) = (component("vip_domains.wasm"), component("skills_by_language.wasm"));
    let mut hashes = Vec::new();
    for change in [
        vec!["install", &vip, "--name", "routing", "--set", "domains=customer.example", "--set", "unproven=yes"],
        vec!["install", &skills, "--name", "routing"],
        vec!["rollback", "routing"],
    ] {
        let (home, change) = (&home, [vec!["plugin"], change].concat());
        changes.fetch_add(1, Ordering::SeqCst);
        let changed = tokio::task::block_in_place(|| home.json(&change))?;
        changes.fetch_add(1, Ordering::SeqCst);
        hashes.push(changed["hash"].as_str().and_then(|hash| hash.get(..12)).ok_or("no hash")?.to_owned());
        Clock::system().sleep(PAUSE * 10).await;
    }
    ended.store(true, Ordering::SeqCst);
    let sent = mail.await??;
    decided(&home).await?;
    tokio::task::block_in_place(|| every_one_is_advised(&home, &sent, &hashes))
}

/// Mail at a steady rate until it is enough.
async fn flow(
    mut connection: Connection,
    changes: Arc<AtomicUsize>,
    ended: Arc<AtomicBool>,
) -> Result<Vec<Sent>, String> {
    connection.reply().await?;
    connection.command("EHLO customer.example").await?;
    let mut sent = Vec::new();
    while !ended.load(Ordering::SeqCst) {
        let n = sent.len();
        let message = format!(
            "From: Anna <anna@customer.example>\r\nTo: {ADDRESS}\r\nSubject: Rechnung {n}\r\n\
             Message-ID: <{n}@customer.example>\r\n\r\n{TEXT}"
        );
        let (from, to) = ("anna@customer.example".into(), vec![ADDRESS.into()]);
        let mail = Outgoing { from, to, message: message.into_bytes(), ..Outgoing::default() };
        let before = changes.load(Ordering::SeqCst);
        let reply = smtp::transaction(&mut connection, &mail).await?;
        let id = reply[0].strip_prefix("250 2.0.0 ").ok_or_else(|| format!("message {n} got {}", reply[0]))?;
        let id = id.split(' ').next().unwrap_or(id).to_owned();
        sent.push(Sent { id, before });
        Clock::system().sleep(PAUSE).await;
    }
    Ok(sent)
}

/// Every message is a case of its own, advised by one version, and by one that may have been in force.
fn every_one_is_advised(home: &Home, sent: &[Sent], hashes: &[String]) -> Result<(), Failed> {
    let cases = home.json(&["case", "list", "--all"])?.as_array().map_or(0, Vec::len);
    if cases != sent.len() {
        return Err(format!("{} messages got 250, and there are {cases} cases", sent.len()).into());
    }
    for message in sent {
        let told = home.json(&["message", "explain", &message.id])?;
        let version = version(&told)?;
        // What had been replaced before the message was sent never advises on it.
        let ended = message.before / 2;
        let was_possible = match &version {
            None => ended == 0,
            Some(version) => hashes.iter().skip(ended.saturating_sub(1)).any(|hash| hash == version),
        };
        if !was_possible || told["disposition"] != "case_opened" {
            return Err(format!("message {} of changes {ended}: {version:?} of {hashes:?}: {told}", message.id).into());
        }
    }
    Ok(())
}

/// The version that all advice on a message names.
fn version(told: &Value) -> Result<Option<String>, Failed> {
    let steps = told["steps"].as_array().ok_or("no steps")?;
    let steps: Vec<&Value> = steps.iter().filter(|step| step["by"] == "plugin routing").collect();
    let Some(first) = steps.first() else { return Ok(None) };
    let says_what_it_says = |step: &&&Value| {
        let outcome = step["outcome"].as_str().unwrap_or_default();
        step["version"] == first["version"] && outcome.starts_with("skill") == (steps.len() == 1)
    };
    match steps.iter().find(|step| !says_what_it_says(step)) {
        Some(step) => Err(format!("two versions in one explanation: {step}").into()),
        None => Ok(first["version"].as_str().map(str::to_owned)),
    }
}

fn files_are_replayed() -> Result<(), Failed> {
    let home = Home::new("refuse")?;
    let component = guests::folder()?.join("skills_by_language.wasm").display().to_string();
    let vectors = concat!(env!("CARGO_MANIFEST_DIR"), "/plugins/skills-by-language/vectors");
    let files = ["german.eml", "english.eml"].map(|name| format!("{vectors}/{name}"));
    let replay = ["replay", "--plugin", &component, "--set", "level=5", &files[0], &files[1]];
    let told = home.json(&replay)?;
    assert_eq!(told["messages"], 2);
    assert_eq!(told["changed"].as_array().map(Vec::len), Some(1));
    let changed = &told["changed"][0];
    assert_eq!(changed["message_id"], "<german@customer.example>");
    assert_eq!((&changed["before"]["skills"], &changed["after"]["skills"]), (&json!({}), &json!({"german": 5})));
    let why = changed["why"].as_str().unwrap_or_default();
    assert!(why.contains("plugin skills-by-language ") && why.ends_with("words are frequent in german)"), "{why}");
    assert_eq!(home.json(&replay)?.to_string(), told.to_string(), "the same input gives the same answer");
    assert!(!home.data().exists(), "it needs no store");
    let installed = home.json(&["plugin", "install", &component, "--set", "level=5"])?;
    let version = format!("skills-by-language@{}", installed["version"].as_str().unwrap_or_default());
    assert_eq!(home.json(&["replay", "--plugin", &version, &files[0], &files[1]])?.to_string(), told.to_string());
    Ok(())
}

fn one_of_your_own() -> Result<(), Failed> {
    // The others first: both are built in one folder.
    guests::folder()?;
    let folder = tempfile::tempdir()?;
    let plugins = concat!(env!("CARGO_MANIFEST_DIR"), "/plugins");
    let copied = Command::new("cp").args(["-r", plugins]).arg(folder.path()).status()?;
    assert!(copied.success(), "plugins/ can't be copied");
    let component = Place::new()?.prepare(&std::fs::read(guests::own(folder.path())?)?)?;
    assert_eq!(component.description.name, "my-rules");
    Ok(check_vectors(&component.guest, &component.description, read).map_err(|mismatch| mismatch.to_string())?)
}

fn a_call_ends_on_its_version() -> Result<(), Failed> {
    let place = Place::new()?;
    let active = |name: &str| {
        let ready = Arc::new(place.prepare(&guests::component(name)?)?);
        let settings = settings(&ready.description, &Default::default())?;
        Ok::<_, Failed>(Active { name: "routing".into(), hash: name.into(), is_general: true, settings, ready })
    };
    let (first, second) = (active("skills_by_language")?, active("fixture")?);
    let brief = read(format!("From: a@b.example\r\nSubject: panic\r\n\r\n{TEXT}").as_bytes());
    let draft = Draft::default();
    let says = |active: &Active| {
        let question = Question {
            brief: &brief,
            draft: &draft,
            settings: &active.settings,
            state: &[],
            at: Time::UNIX_EPOCH,
            seed: b"1",
            patience: PLUGIN_TIME_MAX,
        };
        let answer = active.ready.guest.advise(Stage::Classify, &question).answer;
        answer.map_or_else(|failure| failure.to_string(), |advice| json!(advice).to_string())
    };
    place.catalogue.swap(vec![first], BTreeMap::new(), BTreeMap::new(), None);
    // A message takes the list once and asks again and again.
    let taken = place.catalogue.active();
    let before = says(&taken[0]);
    place.catalogue.swap(vec![second], BTreeMap::new(), BTreeMap::new(), None);
    let now = place.catalogue.active();
    assert_eq!((says(&taken[0]), taken[0].version()), (before.clone(), "skills_by_la"));
    assert!(before.contains("german"), "{before}");
    assert!(says(&now[0]).contains("as the subject says"), "{}", says(&now[0]));
    Ok(())
}
