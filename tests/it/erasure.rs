//! What was erased is gone from the disk, shown on the real binary: killed beforehand, so that its journal was recovered,
//! and killed afterwards; looked for in every file and in a backup.

use std::path::Path;

use libtest_mimic::{Failed, Trial};

use crate::child::{Home, Server};
use crate::corpus;
use crate::smtp::{self, Outgoing};
use crate::unit::wait;

const ADDRESS: &str = "support@company.example";
/// A word that nothing else says, long enough to be found in what isn't compressed.
const MARKER: &str = "Xylophagousness";
const MESSAGE_ID: &str = "diagnosis@customer.example";

pub fn trials(ready: bool) -> Vec<Trial> {
    let trial = Trial::test("erasure: what was erased is in no file and in no backup", || wait(erased()));
    vec![trial.with_ignored_flag(!ready)]
}

async fn erased() -> Result<(), Failed> {
    let home = Home::new("refuse")?;
    let server = home.start()?;
    home.json(&["address", "add", ADDRESS, "--mode", "direct"])?;
    deliver(&server, MESSAGE_ID, &format!("I suffer from {MARKER}.")).await?;
    deliver(&server, "hours@customer.example", "When are you open?").await?;
    server.kill()?;
    let server = home.start()?;
    if cases(&home).await? != 2 {
        return Err("a case got lost".into());
    }
    let before = home.folder().join("before");
    home.json(&["backup", &before.to_string_lossy()])?;
    // Or else finding nothing would show nothing.
    if !shows(&home)?.contains(MARKER) || file_with(&home.data())?.is_none() || file_with(&before)?.is_none() {
        return Err("it isn't there to be erased".into());
    }
    home.json(&["message", "erase", MESSAGE_ID, "--reason", "asked by letter", "--yes"])?;
    server.kill()?;

    let _server = home.start()?;
    if cases(&home).await? != 2 || shows(&home)?.contains(MARKER) {
        return Err("after the kill the cases aren't as they were, or show what was erased".into());
    }
    let backup = home.folder().join("backup");
    home.json(&["backup", &backup.to_string_lossy()])?;
    for place in [home.data(), backup] {
        if let Some(file) = file_with(&place)? {
            return Err(format!("{file} still says it").into());
        }
    }
    Ok(())
}

async fn deliver(server: &Server, message_id: &str, text: &str) -> Result<(), Failed> {
    let message = format!(
        "From: Anna <anna@customer.example>\r\nTo: {ADDRESS}\r\nSubject: {message_id}\r\nMessage-ID: <{message_id}>\r\n\
         Date: Fri, 20 Nov 2026 10:00:00 +0000\r\n\r\n{text}\r\n"
    );
    let mail = Outgoing {
        helo: "client.example".into(),
        from: "anna@customer.example".into(),
        to: vec![ADDRESS.into()],
        message: message.into_bytes(),
    };
    let reply = smtp::send(server.smtp, &mail).await?;
    if reply[0].starts_with("250 ") { Ok(()) } else { Err(format!("{reply:?}").into()) }
}

/// How many there are once every message has been decided.
async fn cases(home: &Home) -> Result<usize, Failed> {
    corpus::decided(home).await?;
    Ok(home.json(&["case", "list"])?.as_array().map_or(0, Vec::len))
}

/// All that the first case shows.
fn shows(home: &Home) -> Result<String, Failed> {
    Ok(home.json(&["case", "show", "1"])?.to_string())
}

/// The first file in a folder, or the file itself, that has the marker.
fn file_with(place: &Path) -> Result<Option<String>, Failed> {
    if place.is_dir() {
        for entry in std::fs::read_dir(place)? {
            if let Some(found) = file_with(&entry?.path())? {
                return Ok(Some(found));
            }
        }
        return Ok(None);
    }
    // A socket is no file with content.
    let content = if place.is_file() { std::fs::read(place)? } else { Vec::new() };
    let has_it = content.windows(MARKER.len()).any(|window| window == MARKER.as_bytes());
    Ok(has_it.then(|| place.display().to_string()))
}
