//! Compares a server at rest with the model.

use std::collections::{BTreeMap, BTreeSet};

use postcase::case::{Case, Event};
use postcase::desk::Command;
use postcase::desk::command::CaseFilter;
use serde_json::Value;

use super::life::Life;
use super::model::{Belongs, letter_of};

/// What the peers say for good, that a name isn't there, and that five days are over.
const FINAL: [&str; 6] = ["5.7.1", "5.6.0", "5.1.1", "5.5.1", "5.1.2", "5.4.7"];

/// What is listed, in a form that is easy to ask.
struct Seen {
    messages: Vec<Value>,
    cases: BTreeMap<u64, Value>,
}

/// Everything that isn't as it must be.
pub async fn judge(life: &Life) -> Result<(), String> {
    let messages = life.messages().await?;
    let list = life.site.show(Command::CaseList(CaseFilter::default())).await?;
    let mut cases = BTreeMap::new();
    for number in list.as_array().into_iter().flatten().filter_map(|case| case["number"].as_u64()) {
        cases.insert(number, life.site.show(Command::CaseShow { number }).await?);
    }
    let seen = Seen { messages, cases };
    let mut wrong = Vec::new();
    each_letter_is_there_once(life, &seen, &mut wrong);
    letters_are_where_they_belong(life, &seen, &mut wrong);
    each_reply_has_its_end(life, &seen, &mut wrong);
    heads_are_folds(&seen, &mut wrong);
    messages_are_as_sent(life, &mut wrong).await?;
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// Its process ended three times while it was being read: decided by the envelope alone, and marked.
fn is_unread(row: &Value) -> bool {
    row["reason"] == "unreadable" || row["subject"] == "(a message that could not be read)"
}

fn inbound(seen: &Seen) -> impl Iterator<Item = &Value> {
    seen.messages.iter().filter(|row| row["direction"] == "inbound")
}

fn each_letter_is_there_once(life: &Life, seen: &Seen, wrong: &mut Vec<String>) {
    let mut copies: BTreeMap<usize, Vec<&Value>> = BTreeMap::new();
    for row in inbound(seen).filter(|row| !is_unread(row)) {
        match row["subject"].as_str().and_then(letter_of).filter(|n| *n < life.model.letters.len()) {
            Some(n) => copies.entry(n).or_default().push(row),
            None => wrong.push(format!("nobody sent {row}")),
        }
        if !row["disposition"].is_string() {
            wrong.push(format!("without a disposition: {row}"));
        }
    }
    let listed: BTreeMap<&str, &Value> = inbound(seen).filter_map(|row| Some((row["id"].as_str()?, row))).collect();
    for (n, letter) in life.model.letters.iter().enumerate() {
        let rows = copies.get(&n).map(Vec::as_slice).unwrap_or_default();
        for (id, recipients) in &letter.taken {
            let Some(row) = listed.get(id.as_str()) else {
                wrong.push(format!("letter {n} was taken as {id} and is lost"));
                continue;
            };
            let deliveries = row["deliveries"].as_array().map_or(0, Vec::len);
            if deliveries != recipients.len() || (!is_unread(row) && !rows.iter().any(|other| other["id"] == row["id"]))
            {
                wrong.push(format!("letter {n} for {recipients:?} is listed as {row}"));
            }
        }
        if rows.len() > letter.tries {
            wrong.push(format!("letter {n} was sent {} times and is there {} times", letter.tries, rows.len()));
        }
        let unread = letter.taken.iter().filter_map(|(id, _)| listed.get(id.as_str())).any(|row| is_unread(row));
        let first = rows.iter().filter(|row| row["disposition"] != "duplicate").count();
        let reports = matches!(letter.belongs, Belongs::Report(_));
        if !reports && !unread && (first > 1 || (first == 0 && !letter.taken.is_empty())) {
            wrong.push(format!("letter {n} counts {first} times: {rows:?}"));
        }
    }
}

fn letters_are_where_they_belong(life: &Life, seen: &Seen, wrong: &mut Vec<String>) {
    let mut of_conversation: BTreeMap<usize, u64> = BTreeMap::new();
    let mut of_case: BTreeMap<u64, usize> = BTreeMap::new();
    let unread: BTreeSet<&str> =
        inbound(seen).filter(|row| is_unread(row)).filter_map(|row| row["id"].as_str()).collect();
    let is_torn = |conversation: usize| {
        let letters = life.model.letters.iter().filter(|letter| letter.conversation == conversation);
        letters.flat_map(|letter| &letter.taken).any(|(id, _)| unread.contains(id.as_str()))
    };
    for row in inbound(seen).filter(|row| row["disposition"] != "duplicate" && !is_unread(row)) {
        let Some(n) = row["subject"].as_str().and_then(letter_of) else { continue };
        let Some(letter) = life.model.letters.get(n) else { continue };
        let case = row["case"].as_u64();
        match letter.belongs {
            Belongs::Report(about) => {
                let reply = &life.model.replies[about];
                if row["disposition"] != "delivery_report" || case != Some(reply.case) {
                    wrong.push(format!("a report about a reply of case {} became {row}", reply.case));
                }
            }
            Belongs::Either => {}
            Belongs::Conversation => {
                let Some(case) = case else {
                    wrong.push(format!("letter {n} is on no case: {row}"));
                    continue;
                };
                let expected = *of_conversation.entry(letter.conversation).or_insert(case);
                let other = *of_case.entry(case).or_insert(letter.conversation);
                if (case != expected && !is_torn(letter.conversation)) || other != letter.conversation {
                    wrong.push(format!(
                        "letter {n} of conversation {} is on case {case}; its conversation is on {expected}, and that \
                         case has conversation {other}:{}",
                        letter.conversation,
                        history(life, seen, letter.conversation)
                    ));
                }
            }
        }
    }
}

/// What became of each letter of a conversation.
fn history(life: &Life, seen: &Seen, conversation: usize) -> String {
    let of = |row: &&Value| {
        let n = row["subject"].as_str().and_then(letter_of);
        n.and_then(|n| life.model.letters.get(n)).is_some_and(|letter| letter.conversation == conversation)
    };
    let word = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let row = |row: &Value| {
        let names = ["id", "subject", "received_at", "disposition", "reason", "in_reply_to"];
        let words = names.map(|name| if row[name].is_string() { word(row, name) } else { row[name].to_string() });
        format!("\n    {} case {}", words.join(" "), row["case"])
    };
    inbound(seen).filter(of).map(row).collect()
}

fn each_reply_has_its_end(life: &Life, seen: &Seen, wrong: &mut Vec<String>) {
    let got = life.peers.got();
    let mut unknown = 0;
    for (number, case) in &seen.cases {
        let events: Vec<&Value> = case["events"].as_array().into_iter().flatten().collect();
        for submitted in events.iter().filter(|event| event["kind"] == "reply_submitted") {
            let (mail, message_id) = (&submitted["mail"], submitted["message_id"].as_str().unwrap_or_default());
            let known = life.model.replies.iter().find(|reply| reply.message_id == message_id);
            unknown += usize::from(known.is_none());
            let people = |name: &str| submitted[name].as_array().cloned().unwrap_or_default();
            for recipient in people("to").into_iter().chain(people("cc")) {
                let ends: Vec<&Value> = events
                    .iter()
                    .filter(|event| event["kind"] == "reply_delivered" || event["kind"] == "reply_failed")
                    .filter(|event| event["mail"] == *mail && event["recipient"] == recipient)
                    .copied()
                    .collect();
                let address = recipient.as_str().unwrap_or_default();
                let copies = got.iter().filter(|got| {
                    got.message_id() == message_id && got.to.iter().any(|to| to.eq_ignore_ascii_case(address))
                });
                let heard: Vec<Option<u32>> = copies.map(|got| got.answered).collect();
                if let Some(what) = is_wrong_end(&ends, &heard) {
                    wrong
                        .push(format!("reply {message_id} of case {number} to {address}: {what}: {ends:?}, {heard:?}"));
                }
            }
        }
    }
    if unknown > life.model.unsure {
        wrong.push(format!("{unknown} replies are on cases that nobody submitted"));
    }
    for reply in &life.model.replies {
        let events = seen.cases.get(&reply.case).and_then(|case| case["events"].as_array());
        let submitted = events.into_iter().flatten().filter(|event| event["message_id"] == reply.message_id.as_str());
        let submitted = submitted.filter(|event| event["kind"] == "reply_submitted").count();
        if submitted != 1 || !seen.messages.iter().any(|row| row["id"] == reply.id.as_str()) {
            wrong.push(format!("{reply:?} is {submitted} times on its case"));
        }
    }
}

/// `heard`: for each copy that a peer took, in which life of the server its 250 was heard, if it was.
fn is_wrong_end(ends: &[&Value], heard: &[Option<u32>]) -> Option<&'static str> {
    let [end] = ends else { return Some("not one end") };
    let lives: Vec<u32> = heard.iter().flatten().copied().collect();
    if lives.iter().collect::<BTreeSet<_>>().len() != lives.len() {
        return Some("sent again after its 250 was heard, without any reason");
    }
    let failed = end["kind"] == "reply_failed";
    if !failed && lives.is_empty() {
        return Some("delivered, but nobody said so");
    }
    let status = end["status"].as_str().unwrap_or_default();
    (failed && !FINAL.contains(&status)).then_some("given up for no reason that lasts")
}

/// What a list shows of a case is what its history makes of it.
fn heads_are_folds(seen: &Seen, wrong: &mut Vec<String>) {
    for (number, shown) in &seen.cases {
        let events = shown["events"].as_array().into_iter().flatten().map(|event| {
            let mut event = event.clone();
            if event["kind"] == "case_opened" {
                // The key is not shown.
                event["case_key"] = "".into();
            }
            serde_json::from_value::<Event>(event).map_err(|error| error.to_string())
        });
        let folded = events.collect::<Result<Vec<Event>, String>>().map(|events| Case::of_events(*number, &events));
        let folded = match folded {
            Ok(Some(case)) => serde_json::to_value(case).unwrap_or_default(),
            other => {
                wrong.push(format!("case {number} has no readable history: {other:?}"));
                continue;
            }
        };
        let names = ["subject", "status", "priority", "origin", "address", "queue", "owner", "participants", "hints"];
        for name in names.into_iter().chain(["opened_at", "updated_at", "fields"]) {
            if folded[name] != shown[name] {
                wrong.push(format!("case {number}: {name} is {}, its events say {}", shown[name], folded[name]));
            }
        }
        let mut added: Vec<&Value> = shown["events"].as_array().into_iter().flatten().collect();
        added.retain(|event| event["kind"] == "message_added");
        let once: BTreeSet<&str> = added.iter().filter_map(|event| event["mail"].as_str()).collect();
        let rows = inbound(seen).filter(|row| row["case"] == *number);
        let rows = rows.filter(|row| row["disposition"] == "case_opened" || row["disposition"] == "case_appended");
        let rows: BTreeSet<&str> = rows.filter_map(|row| row["id"].as_str()).collect();
        if once.len() != added.len() || once != rows {
            wrong.push(format!("case {number} has the messages {once:?}, the list has {rows:?}"));
        }
    }
}

async fn messages_are_as_sent(life: &Life, wrong: &mut Vec<String>) -> Result<(), String> {
    for (n, letter) in life.model.letters.iter().enumerate() {
        for (id, _) in &letter.taken {
            let raw = life.site.ask(Command::MessageRaw { id: id.clone(), trace: false }).await?;
            if raw != Ok(letter.raw.escape_ascii().to_string().into()) {
                wrong.push(format!("letter {n} is kept with other bytes as {id}"));
            }
        }
    }
    Ok(())
}
