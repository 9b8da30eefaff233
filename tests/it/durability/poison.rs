//! A mail that ends the process whenever it is read: after three starts it is a case made from its envelope, and the desk
//! goes on.
//!
//! The process ends by losing its disk at a change in the midst of the reading, which is found by trying one after the
//! other; every try has a disk of its own.

use std::sync::Arc;

use libtest_mimic::{Failed, Trial};
use postcase::base::MailId;
use postcase::desk::Command;
use postcase::desk::command::MessageFilter;
use postcase::store::{Medium, SimulatedMedium, Store, tables};

use super::life::{Place, Told, add_address, json, send, settle};
use crate::unit::wait;

/// Changes that are tried until one lies where the reading is.
const TRIES_MAX: u64 = 300;

pub fn trial() -> Trial {
    Trial::test("durability: a mail that ends the process three times is decided from its envelope", || wait(poison()))
}

/// What a process that has ended left of one mail.
#[derive(Debug, PartialEq, Eq)]
struct Left {
    claimed: bool,
    starts: Option<u32>,
    decided: bool,
}

async fn poison() -> Result<(), Failed> {
    let (place, empty) = (Place::new().await?, SimulatedMedium::new());
    let running = place.start(&empty).await?;
    add_address(&running).await;
    running.stop().await;
    let empty = empty.kill();
    let mut told = Told::default();

    // The first life ends while the mail is read: it is claimed and not decided.
    let started = Left { claimed: true, starts: None, decided: false };
    let (mut disk, id) = found(async |cut| {
        let (medium, mut tried) = (copy(&empty)?, Told::default());
        let running = place.start(&medium).await?;
        medium.cut_at(cut);
        send(&running, &mut tried, "poison", None).await;
        settle(&running).await;
        running.abandon().await;
        let Some((_, id)) = tried.accepted.first() else { return Ok(None) };
        let (id, after) = (id.parse().map_err(|_| "no mail id")?, medium.crash_dropping_all());
        if left(&place, &after, id).await? != started {
            return Ok(None);
        }
        told = tried;
        Ok(Some((after, id)))
    })
    .await?;

    // Once more it may be read, and would be; but two more lives end so.
    subject(&place, &copy(&disk)?, "poison").await?;
    for starts in [2, 3] {
        let expected = Left { claimed: true, starts: Some(starts), decided: false };
        let state = &disk;
        let next = found(async |cut| {
            let medium = copy(state)?;
            medium.cut_at(cut);
            if let Ok(running) = place.start(&medium).await {
                settle(&running).await;
                running.abandon().await;
            }
            let after = medium.crash_dropping_all();
            Ok((left(&place, &after, id).await? == expected).then_some((after, id)))
        })
        .await?;
        disk = next.0;
    }

    let running = subject(&place, &disk, "(a message that could not be read)").await?;
    if !send(&running, &mut told, "next", None).await {
        return Err("no mail is taken any more".into());
    }
    settle(&running).await;
    running.stop().await;
    let decided = left(&place, &disk.kill(), id).await?;
    if !decided.decided { Err(format!("it is left as {decided:?}").into()) } else { Ok(()) }
}

/// The first cut that leaves what is looked for.
async fn found<T>(mut at: impl AsyncFnMut(u64) -> Result<Option<T>, String>) -> Result<T, String> {
    for cut in 1..TRIES_MAX {
        if let Some(found) = at(cut).await? {
            return Ok(found);
        }
    }
    Err("no cut ends the process while it reads".into())
}

/// Starts a server, and sees that the mail has opened a case with this subject.
async fn subject(place: &Place, medium: &SimulatedMedium, expected: &str) -> Result<postcase::server::Running, String> {
    let running = place.start(medium).await?;
    settle(&running).await;
    let list = json(&running, Command::MessageList(MessageFilter::default())).await.map_err(|error| error.message)?;
    let is_there = |message: &serde_json::Value| message["disposition"] == "case_opened";
    let cases = json(&running, Command::CaseList(Default::default())).await.map_err(|error| error.message)?;
    if !list.as_array().is_some_and(|list| list.iter().any(is_there)) || cases[0]["subject"] != expected {
        return Err(format!("expected a case {expected:?}: {cases}"));
    }
    Ok(running)
}

async fn left(place: &Place, medium: &SimulatedMedium, id: MailId) -> Result<Left, String> {
    let opened = Store::open(Arc::new(copy(medium)?), place.now()).await.map_err(|error| error.to_string())?;
    let engine = &*opened.store.engine;
    let wrong = |error: postcase::store::ReadError| error.to_string();
    let claim = tables::CLAIMS.get(engine, "inbox").await.map_err(wrong)?.map(|kept| kept.value);
    let left = Left {
        claimed: claim.is_some_and(|claim| id <= claim),
        starts: tables::STARTS.get(engine, &id).await.map_err(wrong)?.map(|kept| kept.value),
        decided: tables::MAILS.get(engine, &id).await.map_err(wrong)?.is_some(),
    };
    opened.store.close().await;
    Ok(left)
}

/// A disk with the same files.
fn copy(medium: &SimulatedMedium) -> Result<SimulatedMedium, String> {
    let made = SimulatedMedium::new();
    let fill = || -> std::io::Result<()> {
        for name in medium.list()? {
            let file = medium.open(&name)?;
            let mut bytes = vec![0; usize::try_from(file.len()?).map_err(std::io::Error::other)?];
            file.read_at(0, &mut bytes)?;
            let to = made.open(&name)?;
            to.write_at(0, &bytes)?;
            to.sync_data()?;
        }
        made.sync_folder()
    };
    fill().map_err(|error| error.to_string())?;
    Ok(made)
}
