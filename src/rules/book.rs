//! The rules in force, from a file that may change while mail flows.
//!
//! The file is looked at when rules are asked for, at most once a second, by its time and length. A new one that is wrong
//! is named in the log once, and the former rules stay. No file: no rules.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use super::Rules;
use crate::base::{Time, limits};

/// From the text of a file to its rules, or to its mistakes, a line each.
pub type Reader = fn(&Path, &str) -> Result<Rules, String>;

/// See the module.
pub struct Book {
    file: PathBuf,
    read: Reader,
    current: Mutex<Current>,
}

#[derive(Default)]
struct Current {
    looked_at: Option<Time>,
    stamp: Stamp,
    rules: Arc<Rules>,
    /// What is wrong with the file as it is now; the rules are those of before.
    wrong: Option<String>,
}

/// When the file was changed and how long it is; none when it isn't there.
type Stamp = Option<(SystemTime, u64)>;

impl Book {
    /// Reads the file. One that is wrong gives no rules, and is looked at again when it changes.
    pub fn open(file: PathBuf, read: Reader, now: Time) -> Self {
        let book = Self { file, read, current: Mutex::default() };
        book.rules(now);
        book
    }

    /// A book without a file.
    pub fn empty() -> Self {
        Self { file: PathBuf::new(), read: |_, _| Ok(Rules::default()), current: Mutex::default() }
    }

    /// Rules that aren't in force, of a text that is called so.
    pub fn read(&self, name: &Path, text: &str) -> Result<Rules, String> {
        (self.read)(name, text)
    }

    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The rules as they are now.
    pub fn rules(&self, now: Time) -> Arc<Rules> {
        self.look(now).0
    }

    /// The rules, and what is wrong with the file since.
    pub fn look(&self, now: Time) -> (Arc<Rules>, Option<String>) {
        let mut current = self.current.lock().expect("no holder panics");
        let pause = limits::RULES_LOOK_PAUSE.as_secs_f64();
        let is_fresh = |at: Time| (0.0..pause).contains(&now.duration_since(at).as_secs_f64());
        if !self.file.as_os_str().is_empty() && !current.looked_at.is_some_and(is_fresh) {
            current.looked_at = Some(now);
            self.follow(&mut current);
        }
        (Arc::clone(&current.rules), current.wrong.clone())
    }

    fn follow(&self, current: &mut Current) {
        // Before it is read: what changes while we read is read again the next time.
        let stamp = stamp(&self.file);
        if stamp == current.stamp {
            return;
        }
        current.stamp = stamp;
        match text(&self.file).and_then(|text| (self.read)(&self.file, &text.unwrap_or_default())) {
            Ok(rules) => {
                tracing::info!(file = %self.file.display(), version = rules.version, "these rules are in force");
                (current.rules, current.wrong) = (Arc::new(rules), None);
            }
            Err(wrong) => {
                for mistake in wrong.lines() {
                    tracing::error!(%mistake, "the file of rules is wrong; the former rules stay");
                }
                current.wrong = Some(wrong);
            }
        }
    }
}

/// The text of a file of rules; none when there is no such file.
pub fn text(file: &Path) -> Result<Option<String>, String> {
    let unreadable = |error: io::Error| format!("{}: can't be read: {error}", file.display());
    let opened = match File::open(file) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let mut text = String::new();
    let most = limits::RULES_BYTES_MAX;
    opened.take(most + 1).read_to_string(&mut text).map_err(unreadable)?;
    match text.len() as u64 > most {
        true => Err(format!("{}:1:1: found more than {} MiB, expected fewer rules", file.display(), most >> 20)),
        false => Ok(Some(text)),
    }
}

fn stamp(file: &Path) -> Stamp {
    let found = fs::metadata(file).ok()?;
    Some((found.modified().ok()?, found.len()))
}
