//! `postcase import`: an archive, message by message, to whoever does commands.
//!
//! The archive is read from its beginning each time; what is there already is known by the desk. A process that dies in
//! between loses nothing and doubles nothing: started again, it goes on. At most one command's messages are in memory.
//! A message that can't be read is left out and named in the summary; a broken archive ends the import.

mod maildir;
mod mbox;

use std::io;
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::failure::Failure;
use super::progress::Progress;
use super::reach::{Ask, Reached, reach};
use super::{render, say, text};
use crate::base::{Clock, Mailbox, ReversePath, Time, limits};
use crate::config::Settings;
use crate::desk::command::Archived;
use crate::desk::{Command, Outcome};
use crate::message::fields;
use maildir::Maildir;
use mbox::Mbox;

/// Imports an archive, and shows how far it is and what came of it.
pub async fn import(settings: &Settings, archive: PathBuf, address: Mailbox, json: bool) -> Result<(), Failure> {
    let mut progress = Progress::on_standard_error(Clock::system());
    let mut reached = reach(settings).await?;
    let imported = Import { archive, address, progress: &mut progress }.run(&mut reached).await;
    let is_offline = matches!(reached, Reached::Store(_));
    reached.close().await;
    imported?.show(json, is_offline)
}

/// An import that can be run.
pub struct Import<'a> {
    pub archive: PathBuf,
    pub address: Mailbox,
    pub progress: &'a mut Progress,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Imported {
    shown: Value,
    left_out: u64,
}

/// A message as an archive has it.
#[derive(Debug, PartialEq)]
struct Found {
    /// Where: an offset, or a file's name.
    place: String,
    /// With CRLF line ends; or why it isn't imported.
    message: Result<Vec<u8>, String>,
    /// Who sent it, as the archive says beside the message.
    sender: Option<Mailbox>,
    received_at: Option<Time>,
}

enum Archive {
    Mbox(Mbox<io::BufReader<std::fs::File>>),
    Maildir(Maildir),
}

impl Archive {
    fn open(path: &Path) -> io::Result<Self> {
        if path.is_dir() {
            return Ok(Self::Maildir(Maildir::open(path)?));
        }
        let file = std::fs::File::open(path)?;
        let size = file.metadata()?.len();
        Ok(Self::Mbox(Mbox::new(io::BufReader::new(file), size)))
    }

    fn next(&mut self) -> io::Result<Option<Found>> {
        match self {
            Self::Mbox(mbox) => mbox.next(),
            Self::Maildir(maildir) => Ok(maildir.next()),
        }
    }

    /// How much is read, and of how much.
    fn position(&self) -> (u64, u64) {
        match self {
            Self::Mbox(mbox) => mbox.position(),
            Self::Maildir(maildir) => maildir.position(),
        }
    }
}

/// What is counted, and what waits for the next command.
#[derive(Default)]
struct Tally {
    messages: u64,
    imported: u64,
    known: u64,
    left_out: u64,
    faults: Vec<Value>,
    waiting: Vec<Archived>,
    waiting_bytes: usize,
}

impl Import<'_> {
    pub async fn run(self, ask: &mut dyn Ask) -> Result<Imported, Failure> {
        let name = text::line(&self.archive.display().to_string());
        let unreadable = |error: io::Error| Failure::refused(format!("{name} can't be imported: {error}"));
        let mut archive = Archive::open(&self.archive).map_err(unreadable)?;
        let mut tally = Tally::default();
        // An empty one first, so that a wrong address is said before an archive is read.
        tally.send(&self.address, ask).await?;
        let mut sent = Ok(());
        while sent.is_ok() {
            let (done, whole) = archive.position();
            self.progress.at(done, whole, tally.messages, "messages");
            let next = archive.next().map_err(unreadable);
            sent = match next {
                Ok(None) => break,
                Ok(Some(found)) => {
                    if !tally.has_room_for(&found) {
                        sent = tally.send(&self.address, ask).await;
                    }
                    tally.take(found);
                    sent
                }
                Err(broken) => Err(broken),
            };
        }
        if sent.is_ok() {
            sent = tally.send(&self.address, ask).await;
        }
        if let Err(failure) = sent {
            if tally.messages == 0 {
                return Err(failure);
            }
            self.progress.leave();
            let next = "started again, the import goes on where it ended";
            return Err(Failure { message: format!("{}; {next}", failure.message), ..failure });
        }
        self.progress.end(tally.messages, "messages");
        Ok(tally.summary(&self.archive, &self.address))
    }
}

impl Tally {
    fn has_room_for(&self, found: &Found) -> bool {
        let bytes = found.message.as_ref().map_or(0, Vec::len);
        self.waiting.len() < limits::IMPORT_MESSAGES_MAX && self.waiting_bytes + bytes <= limits::IMPORT_BYTES_MAX
    }

    fn take(&mut self, found: Found) {
        self.messages += 1;
        let Found { place, message, sender, received_at } = found;
        let message = match message {
            Ok(message) => message,
            Err(why) => {
                self.left_out += 1;
                if self.faults.len() < limits::IMPORT_FAULTS_NAMED {
                    self.faults.push(json!({"place": place, "why": why}));
                }
                return;
            }
        };
        let from = reverse_path(&message, sender);
        self.waiting_bytes += message.len();
        self.waiting.push(Archived { from, received_at, content: BASE64.encode(&message) });
    }

    async fn send(&mut self, address: &Mailbox, ask: &mut dyn Ask) -> Result<(), Failure> {
        self.waiting_bytes = 0;
        let messages = std::mem::take(&mut self.waiting);
        if let Outcome::Json(done) = ask.ask(Command::Import { address: address.clone(), messages }).await? {
            self.imported += done["imported"].as_u64().unwrap_or(0);
            self.known += done["known"].as_u64().unwrap_or(0);
        }
        Ok(())
    }

    fn summary(self, archive: &Path, address: &Mailbox) -> Imported {
        let shown = json!({
            "archive": archive.display().to_string(), "address": address, "messages": self.messages,
            "imported": self.imported, "known": self.known, "left_out": self.left_out, "faults": self.faults,
        });
        Imported { shown, left_out: self.left_out }
    }
}

impl Imported {
    /// The answer for standard output.
    pub fn text(&self, json: bool) -> String {
        if json { text::json(&self.shown) } else { render::import(&self.shown) }
    }

    /// Prints the answer; a failure when a message was left out.
    pub fn show(&self, json: bool, is_offline: bool) -> Result<(), Failure> {
        say(&self.text(json))?;
        if is_offline && !json {
            say("the messages wait for the server, which makes cases of them: postcase serve\n")?;
        }
        self.failure().map_or(Ok(()), Err)
    }

    /// That not all was imported.
    pub fn failure(&self) -> Option<Failure> {
        let why = || format!("{} messages were left out; the summary says where they are, and why", self.left_out);
        (self.left_out > 0).then(|| Failure::refused(why()))
    }
}

/// Return-Path (RFC 5321 §4.4), else what the archive says beside the message.
fn reverse_path(message: &[u8], sender: Option<Mailbox>) -> ReversePath {
    let field = fields::field(message, "Return-Path");
    let inside = field.as_deref().map(|text| text.trim_start_matches('<').trim_end_matches('>').trim());
    match inside {
        Some("") => ReversePath::Null,
        inside => inside.and_then(|text| text.parse().ok()).or(sender).map_or(ReversePath::Null, ReversePath::Mailbox),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::reach::Asking;

    #[test]
    fn the_envelope_has_who_sent_it() {
        let check = |message: &str, sender: Option<&str>, expected: Option<&str>| {
            let path = reverse_path(message.as_bytes(), sender.map(|sender| sender.parse().unwrap()));
            assert_eq!(path.mailbox().map(ToString::to_string).as_deref(), expected, "{message}");
        };
        check("Return-Path: <a@b.example>\r\n\r\n", Some("c@d.example"), Some("a@b.example"));
        check("Return-Path: a@b.example\r\n\r\n", None, Some("a@b.example"));
        check("Return-Path: <>\r\n\r\n", Some("c@d.example"), None);
        check("Return-Path: <nobody>\r\n\r\n", Some("c@d.example"), Some("c@d.example"));
        check("Subject: x\r\n\r\nReturn-Path: <a@b.example>\r\n", None, None);
    }

    /// Takes every message, and remembers how many came at a time; or refuses.
    struct Desk {
        asked: Vec<usize>,
        refuses_after: usize,
    }

    impl Ask for Desk {
        fn ask(&mut self, command: Command) -> Asking<'_> {
            Box::pin(async move {
                let Command::Import { messages, .. } = command else { panic!("{command:?}") };
                self.asked.push(messages.len());
                let taken = Outcome::Json(json!({"imported": messages.len(), "known": 0}));
                if self.asked.len() > self.refuses_after { Err(Failure::refused("no")) } else { Ok(taken) }
            })
        }
    }

    #[tokio::test]
    async fn a_command_is_bounded_and_a_failure_says_that_it_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("box");
        let one = format!("From a@b.example Fri Nov 20 10:00:00 2026\nSubject: x\n\n{}\n\n", "x".repeat(1 << 20));
        std::fs::write(&archive, one.repeat(7)).unwrap();
        let broken = folder.path().join("text");
        std::fs::write(&broken, "Once upon a time\n").unwrap();
        let mut progress = Progress::hidden(Clock::system());
        let address: Mailbox = "a@b.example".parse().unwrap();
        let import = Import { archive: archive.clone(), address: address.clone(), progress: &mut progress };
        let mut desk = Desk { asked: Vec::new(), refuses_after: 9 };
        let imported = import.run(&mut desk).await.unwrap();
        assert_eq!((desk.asked, imported.shown["imported"].as_u64()), (vec![0, 3, 3, 1], Some(7)));

        for (archive, refuses_after, expected) in [
            (&archive, 0, "no"),
            (&archive, 1, "no; started again, the import goes on where it ended"),
            (&broken, 9, "can't be imported: it is no mbox: its first line doesn't begin with \"From \"; name an mbox"),
        ] {
            let import = Import { archive: archive.clone(), address: address.clone(), progress: &mut progress };
            let failed = import.run(&mut Desk { asked: Vec::new(), refuses_after }).await.unwrap_err();
            assert!(failed.message.contains(expected), "{failed:?}");
        }
    }
}
