//! A journal that was damaged on disk, seen from outside: what is said of it, and what is still there.

use std::path::PathBuf;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use postcase::base::Clock;

use crate::child::Home;
use crate::smtp::{self, Outgoing};
use crate::unit::wait;

/// Where frames begin, and the length of a frame header (manual: journal).
const FRAMES_AT: usize = 4144;
const HEADER: usize = 48;

pub fn trials() -> Vec<Trial> {
    vec![
        Trial::test("durability: a damaged message is told of, and the others are there", || wait(middle())),
        Trial::test("durability: a torn tail is cut and the rest is there", || wait(tail())),
        Trial::test("durability: a journal of a newer version is refused by name", || wait(newer())),
    ]
}

/// A server's folder with five messages, each in a group of its own, and where their frames lie.
struct Five {
    home: Home,
    ids: Vec<String>,
    segment: PathBuf,
    frames: Vec<usize>,
    /// Behind the last of them; from here on the file has room of zeros.
    end: usize,
}

async fn five() -> Result<Five, String> {
    let home = Home::new("refuse")?;
    let server = home.start()?;
    home.json(&["address", "add", "support@company.example", "--mode", "direct"])?;
    let mut ids = Vec::new();
    for n in 0..5 {
        let mail = Outgoing {
            helo: "b.example".into(),
            from: "a@b.example".into(),
            to: vec!["support@company.example".into()],
            message: format!("From: a@b.example\r\nMessage-ID: <{n}@b.example>\r\nSubject: {n}\r\n\r\nText {n}.\r\n")
                .into(),
        };
        let reply = smtp::send(server.smtp, &mail).await?.remove(0);
        let id = reply.strip_prefix("250 2.0.0 ").ok_or_else(|| format!("not taken: {reply}"))?;
        ids.push(id.to_owned());
    }
    for again in 0.. {
        let list = home.json(&["message", "list"])?;
        let decided = list.as_array().into_iter().flatten().filter(|message| !message["disposition"].is_null()).count();
        if decided == ids.len() {
            break;
        }
        if again == 200 {
            return Err(format!("they are not decided: {list}"));
        }
        Clock::system().sleep(Duration::from_millis(50)).await;
    }
    server.kill()?;
    let names = std::fs::read_dir(home.folder().join("data")).map_err(|error| error.to_string())?;
    let mut segments: Vec<_> =
        names.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "seg")).collect();
    segments.sort();
    let segment = segments.into_iter().next().ok_or("no segment")?;
    let bytes = std::fs::read(&segment).map_err(|error| error.to_string())?;
    let mut frames = vec![];
    let mut at = FRAMES_AT;
    while bytes.get(at).is_some_and(|&first| first != 0) {
        frames.push(at);
        let word = |from: usize| u32::from_le_bytes(bytes[at + from..at + from + 4].try_into().expect("four bytes"));
        at += HEADER + (word(12) + word(16)) as usize;
    }
    Ok(Five { home, ids, segment, frames, end: at })
}

impl Five {
    fn change(&self, change: impl FnOnce(&mut Vec<u8>)) -> Result<(), String> {
        let mut bytes = std::fs::read(&self.segment).map_err(|error| error.to_string())?;
        change(&mut bytes);
        std::fs::write(&self.segment, bytes).map_err(|error| error.to_string())
    }

    fn name(&self) -> String {
        self.segment.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

async fn middle() -> Result<(), Failed> {
    let five = five().await?;
    // The probe's entry may lie in front; the last five are the mails.
    let third = five.frames[five.frames.len() - 3];
    five.home.json(&["check", "--store"])?;
    five.change(|bytes| bytes[third + HEADER + 20] ^= 1)?;
    let server = five.home.start()?;
    let expected = format!("{} is damaged: ", five.name());
    if !five.home.said().contains(&expected) {
        return Err(format!("the start says nothing of it:\n{}", five.home.said()).into());
    }
    let checked = five.home.json(&["check", "--store"]);
    if !checked.as_ref().is_err_and(|error| error.contains(&expected)) {
        return Err(format!("the check says nothing of it: {checked:?}").into());
    }
    for (n, id) in five.ids.iter().enumerate() {
        let shown = five.home.json(&["message", "show", id]);
        let read = shown.as_ref().is_ok_and(|shown| shown["text"].as_str().is_some_and(|text| text.contains("Text")));
        let said = shown.as_ref().is_ok_and(|shown| {
            shown["unread"].as_str().is_some_and(|why| why.contains("damaged on disk: take it from a backup"))
        });
        if (n == 2 && !said) || (n != 2 && !read) {
            return Err(format!("message {n}: {shown:?}").into());
        }
    }
    let list = five.home.json(&["message", "list"])?;
    if list.as_array().map(Vec::len) != Some(5) {
        return Err(format!("its record is gone: {list}").into());
    }
    server.kill()?;
    Ok(())
}

async fn tail() -> Result<(), Failed> {
    let five = five().await?;
    // Half a frame behind the last one, as a power cut leaves it.
    let (first, half) = (five.frames[0], HEADER + 7);
    five.change(|bytes| bytes.copy_within(first..first + half, five.end))?;
    let server = five.home.start()?;
    for id in &five.ids {
        five.home.json(&["message", "show", id])?;
    }
    five.home.json(&["check", "--store"])?;
    let cut = std::fs::metadata(&five.segment).map_err(|error| error.to_string())?.len();
    if cut != five.end as u64 || five.home.said().contains("damaged") {
        return Err(format!("{cut} bytes instead of {}:\n{}", five.end, five.home.said()).into());
    }
    server.kill()?;
    Ok(())
}

async fn newer() -> Result<(), Failed> {
    let five = five().await?;
    five.change(|bytes| {
        for at in [0, 4096] {
            bytes[at + 8] = 9;
            let check = blake3::hash(&bytes[at..at + 40]);
            bytes[at + 40..at + 48].copy_from_slice(&check.as_bytes()[..8]);
        }
    })?;
    let expected =
        format!("{} has journal format version 9, which this postcase doesn't know: run a newer one", five.name());
    let refused = five.home.start().map(|server| server.smtp);
    if refused.is_ok() || !five.home.said().contains(&expected) {
        return Err(format!("{refused:?}:\n{}", five.home.said()).into());
    }
    Ok(())
}
