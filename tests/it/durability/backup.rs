//! A backup that is taken while mail comes in, and the store that is made from it.

use std::path::Path;
use std::sync::Arc;

use libtest_mimic::{Failed, Trial};
use postcase::base::{Chance, Time};
use postcase::desk::Command;
use postcase::desk::command::{Answers, MessageFilter};
use postcase::server::Running;
use postcase::store::backup::{RestoreError, restore};
use postcase::store::{Medium, OpenError, Page, SimulatedMedium, Store, tables};
use serde_json::Value;

use super::RETRY;
use super::books;
use super::life::{CUSTOMER_HOST, Place, Told, json, reply, send, settle, work};
use crate::child::Home;
use crate::internet::{Answer, Rule, Stage};
use crate::smtp::{self, Outgoing};
use crate::unit::wait;

pub fn trials() -> Vec<Trial> {
    vec![
        Trial::test("durability: a backup under load is a store of its own", || wait(under_load())),
        Trial::test("durability: a restore that is cut short is no store", || wait(cut_short())),
        Trial::test("durability: what can't be restored says why", || wait(refusals())),
        Trial::test("durability: backup and restore as commands", || wait(commands())),
    ]
}

async fn under_load() -> Result<(), Failed> {
    let (place, medium, mut told) = (Place::new().await?, SimulatedMedium::new(), Told::default());
    let running = place.start(&medium).await?;
    work(&running, &mut told).await;
    // A second reply waits in the spool when the backup is taken, and leaves after it.
    let busy = Answer::Say("450 4.2.1 busy".into());
    let rule = Rule { stage: Stage::Rcpt, recipient: None, answer: busy, left: None };
    place.internet.host(CUSTOMER_HOST, |state| state.rules.push(rule))?;
    let waiting = reply(&running, &mut told).await.ok_or("the second reply was not taken")?;
    settle(&running).await;

    let file = place.folder().join("backup.tar");
    let (saved, later) = tokio::join!(backup(&running, &file), load(&running));
    let saved = saved?;
    if later.accepted.is_empty() {
        return Err("no mail came while the backup was taken".into());
    }
    if backup(&running, &file).await.is_ok() {
        return Err("a backup was written over".into());
    }
    place.internet.host(CUSTOMER_HOST, |state| state.rules.clear())?;
    place.advance(RETRY);
    settle(&running).await;
    let first_cases = cases(&running).await?;
    running.stop().await;

    // What came during the backup may be in it or not; what came before it is.
    told.sent.extend(later.sent);
    let copy = SimulatedMedium::new();
    let restored = restore(Arc::new(copy.clone()), &file, place.now(), &Chance::seeded(1))
        .await
        .map_err(|error| error.to_string())?;
    if restored.rows != saved["rows"].as_u64().unwrap_or(0)
        || restored.segments != saved["segments"].as_u64().unwrap_or(0)
    {
        return Err(format!("saved {saved}, restored {restored:?}").into());
    }
    // The power goes once more: what was restored is durable.
    let copy = copy.crash_dropping_all();
    let running = place.start(&copy).await?;
    settle(&running).await;
    held_back(&place, &running, &waiting).await?;
    if !send(&running, &mut told, "restored", None).await {
        return Err("the restored server takes no mail".into());
    }
    settle(&running).await;
    let newest = cases(&running).await?.into_iter().max().unwrap_or(0);
    let oldest = first_cases.into_iter().max().unwrap_or(0);
    if newest < oldest + 9_000 {
        return Err(format!("case {newest} may meet one that the first server gave after {oldest}").into());
    }
    running.stop().await;
    books::check(&copy.kill(), place.now(), &told).await?;
    Ok(())
}

/// Nothing leaves the restored spool before somebody says so.
async fn held_back(place: &Place, running: &Running, waiting: &str) -> Result<(), String> {
    let before = place.delivered(waiting);
    place.advance(RETRY);
    settle(running).await;
    let list = json(running, Command::SpoolList { limit: None }).await.map_err(|refusal| refusal.message)?;
    let is_held = list.as_array().is_some_and(|rows| rows.len() == 1 && rows[0]["held"].is_string());
    if before != 1 || place.delivered(waiting) != 1 || !is_held {
        return Err(format!("delivered {before} and {} times; the spool has {list}", place.delivered(waiting)));
    }
    json(running, Command::SpoolResume).await.map_err(|refusal| refusal.message)?;
    settle(running).await;
    if place.delivered(waiting) != 2 {
        return Err("after spool resume nothing leaves".into());
    }
    json(running, Command::SpoolHold).await.map_err(|refusal| refusal.message)?;
    Ok(())
}

async fn backup(running: &Running, file: &Path) -> Result<Value, String> {
    json(running, Command::Backup { file: file.to_owned() }).await.map_err(|refusal| refusal.message)
}

/// Mail beside the backup.
async fn load(running: &Running) -> Told {
    let mut told = Told::default();
    for n in 0..20 {
        send(running, &mut told, &format!("meanwhile{n}"), None).await;
    }
    told
}

async fn cases(running: &Running) -> Result<Vec<u64>, String> {
    let messages = running.answer(Command::MessageList(MessageFilter::default())).await;
    let Ok(postcase::desk::Outcome::Json(Value::Array(messages))) = messages else {
        return Err("no list".into());
    };
    Ok(messages.iter().filter_map(|message| message["case"].as_u64()).collect())
}

/// A backup of the whole work.
async fn saved(place: &Place) -> Result<std::path::PathBuf, String> {
    let (medium, mut told) = (SimulatedMedium::new(), Told::default());
    let running = place.start(&medium).await?;
    work(&running, &mut told).await;
    let file = place.folder().join("backup.tar");
    backup(&running, &file).await?;
    running.stop().await;
    Ok(file)
}

async fn cut_short() -> Result<(), Failed> {
    let place = Place::new().await?;
    let file = saved(&place).await?;
    let whole = SimulatedMedium::new();
    restore(Arc::new(whole.clone()), &file, place.now(), &Chance::seeded(1))
        .await
        .map_err(|error| error.to_string())?;
    let (all, mails) =
        (whole.changes(), mails_in(&whole.kill(), place.now()).await.map_err(|error| error.to_string())?);
    let (mut refused, mut empty) = (0, 0);
    for cut in 1..=all {
        for seed in 0..2 {
            let medium = SimulatedMedium::new();
            medium.cut_at(cut);
            let done = restore(Arc::new(medium.clone()), &file, place.now(), &Chance::seeded(1)).await;
            let after = match seed {
                0 => medium.crash_dropping_all(),
                _ => medium.crash(&Chance::seeded(cut)),
            };
            let names = after.list().map_err(|error| error.to_string())?;
            match mails_in(&after, place.now()).await {
                Err(OpenError::Unfinished) => refused += 1,
                Ok(found) if found == mails => {}
                Ok(0) if names.is_empty() => empty += 1,
                other => return Err(format!("cut {cut} of {all}: {done:?} leaves {other:?} and {names:?}").into()),
            }
        }
    }
    if refused == 0 || empty == 0 { Err(format!("{refused} refused, {empty} empty").into()) } else { Ok(()) }
}

async fn mails_in(medium: &SimulatedMedium, now: Time) -> Result<usize, OpenError> {
    let opened = Store::open(Arc::new(medium.clone()), now).await?;
    let rows = tables::MAILS.scan(&*opened.store.engine, Page::first(&[], usize::MAX)).await?;
    opened.store.close().await;
    Ok(rows.len())
}

async fn refusals() -> Result<(), Failed> {
    let place = Place::new().await?;
    let file = saved(&place).await?;
    let bytes = std::fs::read(&file).map_err(|error| error.to_string())?;
    let check = async |bytes: &[u8], expected: &str| {
        let damaged = place.folder().join("other.tar");
        std::fs::write(&damaged, bytes).map_err(|error| error.to_string())?;
        let medium = SimulatedMedium::new();
        match restore(Arc::new(medium.clone()), &damaged, place.now(), &Chance::seeded(1)).await {
            Err(error) if error.to_string().contains(expected) && medium.changes() == 0 => Ok(()),
            other => Err(format!("expected {expected:?} and an untouched folder, got {other:?}")),
        }
    };
    let mut changed = bytes.clone();
    changed[bytes.len() / 2] ^= 1;
    check(&changed, "it is damaged").await?;
    check(&bytes[..bytes.len() / 2], "it is cut off").await?;
    check(b"Once upon a time", "it is cut off").await?;
    check(&[b'a'; 2048], "it is damaged, or no backup").await?;

    let used = SimulatedMedium::new();
    used.open("postcase.redb").map_err(|error| error.to_string())?;
    match restore(Arc::new(used), &file, place.now(), &Chance::seeded(1)).await {
        Err(RestoreError::NotEmpty(name)) if name == "postcase.redb" => Ok(()),
        other => Err(format!("a used folder was taken: {other:?}").into()),
    }
}

async fn commands() -> Result<(), Failed> {
    let (one, two) = (Home::new("refuse")?, Home::new("refuse")?);
    let file = one.folder().join("backup.tar").display().to_string();
    let server = one.start()?;
    one.json(&["address", "add", "support@company.example", "--mode", "direct"])?;
    let mail = Outgoing {
        helo: "b.example".into(),
        from: "a@b.example".into(),
        to: vec!["support@company.example".into()],
        message: b"From: a@b.example\r\nMessage-ID: <one@b.example>\r\nSubject: one\r\n\r\nOne.\r\n".to_vec(),
    };
    smtp::send(server.smtp, &mail).await?;
    one.json(&["backup", &file])?;
    server.kill()?;
    // Without a server, too.
    one.json(&["backup", &format!("{file}.2")])?;
    for file in [file.clone(), format!("{file}.2")] {
        let restored = two.json(&["restore", &file])?;
        if restored["spool"] != "held" || restored["segments"] != 1 {
            return Err(format!("restored {restored}").into());
        }
        let again = two.json(&["restore", &file]);
        if !again.as_ref().is_err_and(|error| error.contains("needs an empty one")) {
            return Err(format!("restored over a store: {again:?}").into());
        }
        let list = two.json(&["message", "list"])?;
        if list[0]["message_id"] != "<one@b.example>" || list.as_array().map(Vec::len) != Some(1) {
            return Err(format!("restored {list}").into());
        }
        std::fs::remove_dir_all(two.folder().join("data")).map_err(|error| error.to_string())?;
    }
    Ok(())
}
