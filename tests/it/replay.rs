//! `postcase replay` over stored mail through the real binary: what changes is exactly what a candidate made by hand
//! changes, and the same question gets the same bytes, whoever computes them with however many threads.

use std::collections::{BTreeMap, BTreeSet};

use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use crate::child::Home;
use crate::corpus;
use crate::guests;
use crate::unit::wait;

const ADDRESS: &str = "support@company.example";
const MESSAGES: usize = 300;
/// In force: half of the mail in each of two queues, and what is too much in a third.
const RULES: &str =
    "[[route]]\nname = \"halves\"\nqueues = { main = 50, other = 50 }\noverflow = { queue = \"third\", full = 20 }\n";
/// Each tenth order goes elsewhere, and a seventh of the customers is urgent.
const CANDIDATE: &str = "\
[[classify]]\nname = \"urgent\"\nwhen = 'sender.domain == \"customer3.example\"'\npriority = \"high\"\n\
[[route]]\nname = \"tens\"\nwhen = 'subject.matches(\"^Order [0-9]*0$\")'\nqueue = \"tens\"\n\
[[route]]\nname = \"halves\"\nqueues = { main = 50, other = 50 }\noverflow = { queue = \"third\", full = 20 }\n";

/// The fixture counts each of these twice, at two stages.
const COUNTED: usize = 300;

pub fn trials(ready: bool) -> Vec<Trial> {
    let exact = Trial::test("replay: a candidate changes what it says, the same each time", exact);
    let counted = match guests::missing() {
        None => Trial::test("replay: what a plugin counts is exact, whoever comes at once", counted),
        Some(why) => Trial::test(format!("replay: what a plugin counts is exact ({why})"), || Ok(())),
    };
    let is_ignored = !ready || guests::missing().is_some();
    vec![exact.with_ignored_flag(!ready), counted.with_ignored_flag(is_ignored)]
}

fn exact() -> Result<(), Failed> {
    let home = Home::new("refuse")?;
    std::fs::write(home.folder().join("rules.toml"), RULES)?;
    std::fs::write(home.folder().join("new.toml"), CANDIDATE)?;
    // Messages of one round don't see each other in a queue.
    let archives = [("old.mbox", 0..MESSAGES / 3), ("new.mbox", MESSAGES / 3..MESSAGES)];
    let server = home.start()?;
    home.json(&["queue", "add", "other"])?;
    home.json(&["queue", "add", "tens"])?;
    home.json(&["queue", "add", "third"])?;
    home.json(&["address", "add", ADDRESS, "--mode", "direct"])?;
    for (file, numbers) in archives {
        std::fs::write(home.folder().join(file), numbers.map(order).collect::<String>())?;
        home.json(&["import", file, "--address", ADDRESS])?;
        wait(corpus::decided(&home))?;
    }

    let first = replay(&home, "4")?;
    let again = replay(&home, "4")?;
    let cases = home.json(&["case", "list", "--all"])?;
    server.kill()?;
    // Without a server the command line computes it, here with one thread.
    let elsewhere = replay(&home, "1")?;
    if first != again || first != elsewhere {
        return Err("the same rules over the same mail give other bytes".into());
    }
    let told = serde_json::from_slice(&first)?;
    changed_are_as_expected(&told)?;
    they_were_where_their_cases_are(&told, &cases)
}

/// Also those that a full queue had passed on.
fn they_were_where_their_cases_are(told: &Value, cases: &Value) -> Result<(), Failed> {
    let queue =
        |case: &Value| Some((case["subject"].as_str()?.strip_prefix("Order ")?.to_owned(), case["queue"].clone()));
    let queues: BTreeMap<String, Value> = cases.as_array().ok_or("no cases")?.iter().filter_map(queue).collect();
    let changed = told["changed"].as_array().ok_or("no list of changes")?;
    let number = |one: &Value| {
        let id = one["message_id"].as_str().unwrap_or_default().trim_start_matches('<');
        id.split('@').next().unwrap_or_default().to_owned()
    };
    let overflowed = changed.iter().filter(|one| one["before"]["queue"] == "third").count();
    match changed.iter().find(|one| queues.get(&number(one)) != Some(&one["before"]["queue"])) {
        Some(other) => Err(format!("its case is in {:?}: {other}", queues.get(&number(other))).into()),
        None if overflowed == 0 => Err("no queue was full".into()),
        None => Ok(()),
    }
}

/// Mail that is there at once, and what is counted about it then.
fn counted() -> Result<(), Failed> {
    let home = Home::new("refuse")?;
    let fixture = guests::folder()?.join("fixture.wasm").display().to_string();
    std::fs::write(home.folder().join("new.toml"), "[[classify]]\nname = \"all\"\ntags = [\"all\"]\n")?;
    std::fs::write(home.folder().join("old.mbox"), (0..COUNTED).map(|n| mail(n, "count")).collect::<String>())?;
    let server = home.start()?;
    home.json(&["address", "add", ADDRESS, "--mode", "direct"])?;
    home.json(&["plugin", "install", &fixture])?;
    home.json(&["import", "old.mbox", "--address", ADDRESS])?;
    wait(corpus::decided(&home))?;
    let export = home.command().arg("export").output()?.stdout;
    let (first, again) = (replay(&home, "4")?, replay(&home, "1")?);
    server.kill()?;

    let lines = String::from_utf8(export)?;
    let events = lines.lines().map(serde_json::from_str::<Value>).collect::<Result<Vec<_>, _>>()?;
    let notes = events.iter().filter_map(|line| line["event"]["text"].as_str().map(str::to_owned));
    let notes: BTreeSet<String> = notes.collect();
    let expected: BTreeSet<String> = (0..2 * COUNTED).map(|n| format!("counted {n}")).collect();
    if notes != expected {
        return Err(format!("{} counts instead of {}", notes.len(), expected.len()).into());
    }
    let told: Value = serde_json::from_slice(&first)?;
    let changed = told["changed"].as_array().ok_or("no list of changes")?;
    let texts = |one: &Value| one["after"]["notes"].as_array().cloned().unwrap_or_default();
    let replayed = changed.iter().flat_map(texts).filter_map(|note| note.as_str().map(str::to_owned));
    let replayed: Vec<String> = replayed.collect();
    let told_once = replayed.len() == expected.len() && BTreeSet::from_iter(replayed) == expected;
    match changed.len() == COUNTED && told_once && first == again {
        true => Ok(()),
        false => Err(format!("{} of {COUNTED} change, each count once: {told_once}", changed.len()).into()),
    }
}

fn order(number: usize) -> String {
    mail(number, &format!("Order {number}"))
}

fn mail(number: usize, subject: &str) -> String {
    let customer = number % 7;
    format!(
        "From a@b Tue Nov 18 09:00:00 2025\nFrom: Anna <anna{number}@customer{customer}.example>\nTo: {ADDRESS}\n\
         Subject: {subject}\nMessage-ID: <{number}@customer{customer}.example>\n\nWhere is order {number}?\n\n"
    )
}

fn replay(home: &Home, threads: &str) -> Result<Vec<u8>, Failed> {
    let mut command = home.command();
    command.args(["--json", "replay", "--rules", "new.toml"]).env("TOKIO_WORKER_THREADS", threads);
    let output = command.output()?;
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(format!("replay: {}", String::from_utf8_lossy(&output.stderr)).into()),
    }
}

fn changed_are_as_expected(told: &Value) -> Result<(), Failed> {
    if told["messages"] != MESSAGES {
        return Err(format!("{} of {MESSAGES} messages were replayed", told["messages"]).into());
    }
    let changed = told["changed"].as_array().ok_or("no list of changes")?;
    let queue_and_priority = |one: &Value| {
        let [queue, priority] = ["queue", "priority"].map(|name| one["after"][name].as_str().unwrap_or_default());
        (queue == "tens", priority == "high")
    };
    let found: BTreeMap<String, (bool, bool)> = changed
        .iter()
        .map(|one| (one["message_id"].as_str().unwrap_or_default().to_owned(), queue_and_priority(one)))
        .collect();
    let expected: BTreeMap<String, (bool, bool)> = (0..MESSAGES)
        .filter(|number| number % 10 == 0 || number % 7 == 3)
        .map(|number| (format!("<{number}@customer{}.example>", number % 7), (number % 10 == 0, number % 7 == 3)))
        .collect();
    if found != expected || changed.len() != expected.len() {
        return Err(format!("{} changes, expected {}: {told}", changed.len(), expected.len()).into());
    }
    Ok(())
}
