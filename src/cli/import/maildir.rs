//! Maildir folders: a message in each file of `cur` and `new`. What is in `tmp` isn't delivered yet; the folders of other
//! mailboxes beside them are imported by themselves.
//!
//! The name of a file begins with the second of its delivery. Nothing in the folder is changed.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::Found;
use crate::base::{Time, limits};

/// A Maildir whose files are read in order of delivery.
pub struct Maildir {
    folder: PathBuf,
    /// Folder and name; the next one is the last.
    files: Vec<(i64, &'static str, OsString)>,
    count: usize,
}

impl Maildir {
    pub fn open(folder: &Path) -> io::Result<Self> {
        let mut files = Vec::new();
        for part in ["cur", "new"] {
            let entries = fs::read_dir(folder.join(part)).map_err(|error| no_maildir(part, &error))?;
            for entry in entries {
                let entry = entry?;
                let name = entry.file_name();
                let is_hidden = name.as_encoded_bytes().starts_with(b".");
                if !is_hidden && entry.file_type()?.is_file() {
                    files.push((second(&name), part, name));
                }
            }
        }
        files.sort_unstable_by(|one, other| other.cmp(one));
        Ok(Self { folder: folder.to_owned(), count: files.len(), files })
    }

    pub fn position(&self) -> (u64, u64) {
        ((self.count - self.files.len()) as u64, self.count as u64)
    }

    /// The next message. Between the listing and now a mail program may have moved a file: then it is left out.
    pub fn next(&mut self) -> Option<Found> {
        let (second, part, name) = self.files.pop()?;
        let path = self.folder.join(part).join(&name);
        Some(Found {
            place: format!("{part}/{}", name.display()),
            message: read(&path),
            sender: None,
            received_at: Some(second).filter(|second| *second > 0).and_then(|second| Time::from_second(second).ok()),
        })
    }
}

fn no_maildir(part: &str, error: &io::Error) -> io::Error {
    let why = format!("it is no Maildir, which has a folder {part}: {error}; name an mbox file or a Maildir folder");
    io::Error::new(error.kind(), why)
}

/// 0 when the name doesn't say.
fn second(name: &OsString) -> i64 {
    let name = name.to_string_lossy();
    name.split_once('.').and_then(|(second, _)| second.parse().ok()).unwrap_or(0)
}

/// With CRLF line ends.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let most = limits::MESSAGE_BYTES_MAX;
    let read = File::open(path).and_then(|file| file.take(most as u64 + 1).read_to_end(&mut bytes));
    read.map_err(|error| format!("it can't be read: {error}"))?;
    let mut message = Vec::with_capacity(bytes.len() + bytes.len() / 32);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match line.strip_suffix(b"\n") {
            Some(text) => {
                message.extend_from_slice(text.strip_suffix(b"\r").unwrap_or(text));
                message.extend_from_slice(b"\r\n");
            }
            None => message.extend_from_slice(line),
        }
    }
    if message.len() > most { Err(format!("it is larger than {} MiB", most >> 20)) } else { Ok(message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_in_order_of_delivery() {
        let folder = tempfile::tempdir().unwrap();
        let no = Maildir::open(folder.path()).err().unwrap().to_string();
        assert!(no.contains("it is no Maildir"), "{no}");
        for part in ["cur", "new", "tmp", ".Sent"] {
            fs::create_dir(folder.path().join(part)).unwrap();
        }
        let file = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        file("cur/1795168800.M1P2.host:2,S", "S: 2\r\n\r\ntwo");
        file("new/1795168700.M1P1.host", "S: 1\n\none\n");
        file("cur/plain", "S: 0\n\n");
        file("cur/.hidden", "no");
        file("tmp/1795168700.M1P3.host", "no");
        let mut maildir = Maildir::open(folder.path()).unwrap();
        assert_eq!(maildir.position(), (0, 3));
        let found: Vec<Found> = std::iter::from_fn(|| maildir.next()).collect();
        let shown: Vec<_> = found
            .iter()
            .map(|found| {
                let message = String::from_utf8(found.message.clone().unwrap()).unwrap();
                (found.place.as_str(), message, found.received_at.map(|at| at.to_string()))
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("cur/plain", "S: 0\r\n\r\n".to_owned(), None),
                ("new/1795168700.M1P1.host", "S: 1\r\n\r\none\r\n".into(), Some("2026-11-20T09:58:20Z".into())),
                ("cur/1795168800.M1P2.host:2,S", "S: 2\r\n\r\ntwo".into(), Some("2026-11-20T10:00:00Z".into())),
            ]
        );
        assert_eq!(maildir.position(), (3, 3));
    }
}
