//! What a file says that may change while mail flows: the rules, and the business hours of the configuration.
//!
//! The file is looked at once a second, and when somebody asks. What is new is read when two looks found the same, so that a
//! file that is being written, or was put aside for a moment, doesn't count. One that is wrong is named in the log once, and
//! what was in force stays. Nobody waits for a disk that doesn't answer but who looked, and nothing but a regular file is read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use super::Rules;
use crate::base::time::later;
use crate::base::{Time, limits};

/// From the text of a file, none when it isn't there, to what it says, or to its mistakes, a line each.
pub type Reader<T> = Box<dyn Fn(&Path, Option<&str>) -> Result<T, String> + Send + Sync>;

/// What can be followed.
pub trait Followed {
    /// Names in the log what is in force from now on instead of what was.
    fn announce(&self, former: &Self, file: &Path);

    /// Said of a file that is wrong while this is in force.
    fn stays(&self) -> &'static str;
}

/// What a file said when it was read; none: it wasn't there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written(pub Option<String>);

/// See the module.
pub struct Book<T = Rules> {
    file: PathBuf,
    read: Reader<T>,
    current: Mutex<Current<T>>,
}

struct Current<T> {
    looked_at: Option<Time>,
    /// Somebody is at it.
    is_looking: bool,
    /// As it was found last.
    found: Option<Stamp>,
    /// As it was when it was read.
    stamp: Option<Stamp>,
    /// What was read then, as a digest.
    digest: Option<Option<blake3::Hash>>,
    in_force: Arc<T>,
    /// What is wrong with the file as it is now; what is in force is that of before.
    wrong: Option<String>,
    /// What is in force since, until somebody takes it.
    news: Option<Written>,
}

/// Device, inode, length, and when content and inode were changed; none when the file isn't there.
type Stamp = Option<[i128; 5]>;

impl<T: Followed> Book<T> {
    /// Reads the file. While it is wrong `first` is in force, and it is looked at again when it changes.
    pub fn open(file: PathBuf, read: Reader<T>, first: T, now: Time) -> Self {
        let book = Self { file, read, ..Self::closed(first) };
        book.current().found = Some(stamp(&book.file));
        book.look(now);
        book
    }

    /// A book without a file, in which only this ever stands.
    pub fn closed(only: T) -> Self {
        let current = Current {
            looked_at: None,
            is_looking: false,
            found: None,
            stamp: None,
            digest: None,
            in_force: Arc::new(only),
            wrong: None,
            news: None,
        };
        let read: Reader<T> = Box::new(|_, _| Err("there is no file to read".into()));
        Self { file: PathBuf::new(), read, current: Mutex::new(current) }
    }

    /// What a text that is called so would put in force.
    pub fn read(&self, name: &Path, text: &str) -> Result<T, String> {
        (self.read)(name, Some(text))
    }

    /// Empty: there is none.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What is in force now.
    pub fn in_force(&self, now: Time) -> Arc<T> {
        self.look(now).0
    }

    /// When it makes sense to look again; none without a file.
    pub fn next_look(&self, now: Time) -> Option<Time> {
        (!self.file.as_os_str().is_empty()).then(|| later(now, limits::FILES_LOOK_PAUSE))
    }

    /// What the file said that is in force, if it came into force since this was asked.
    pub fn news(&self) -> Option<Written> {
        self.current().news.take()
    }

    /// What is in force, and what is wrong with the file since.
    pub fn look(&self, now: Time) -> (Arc<T>, Option<String>) {
        let mut current = self.current();
        let pause = limits::FILES_LOOK_PAUSE.as_secs_f64();
        let is_fresh = |at: Time| (0.0..pause).contains(&now.duration_since(at).as_secs_f64());
        let is_due = !self.file.as_os_str().is_empty() && !current.looked_at.is_some_and(is_fresh);
        if is_due && !current.is_looking {
            (current.looked_at, current.is_looking) = (Some(now), true);
            drop(current);
            self.follow();
            current = self.current();
            current.is_looking = false;
        }
        (Arc::clone(&current.in_force), current.wrong.clone())
    }

    fn current(&self) -> MutexGuard<'_, Current<T>> {
        self.current.lock().expect("no holder panics")
    }

    /// The file is read without the lock: a disk may take its time. What changes while it is read is left to the next look, but
    /// for the first time, when there is nothing that could stay.
    fn follow(&self) {
        let stamp = stamp(&self.file);
        let mut current = self.current();
        let before = current.found.replace(stamp);
        if before != Some(stamp) || current.stamp == Some(stamp) {
            return;
        }
        drop(current);
        let text = text(&self.file);
        let written = text.clone().ok().map(Written);
        let digest = written.as_ref().map(|Written(text)| text.as_ref().map(|text| blake3::hash(text.as_bytes())));
        if digest.is_some() && digest == self.current().digest {
            self.current().stamp = Some(stamp);
            return;
        }
        if self::stamp(&self.file) != stamp && self.current().stamp.is_some() {
            return;
        }
        let new = text.and_then(|text| (self.read)(&self.file, text.as_deref()));
        let mut current = self.current();
        current.stamp = Some(stamp);
        current.digest = digest;
        match new {
            Ok(new) => {
                new.announce(&current.in_force, &self.file);
                (current.in_force, current.wrong, current.news) = (Arc::new(new), None, written);
            }
            Err(wrong) => {
                for mistake in wrong.lines() {
                    tracing::error!(%mistake, "{}", current.in_force.stays());
                }
                current.wrong = Some(wrong);
            }
        }
    }
}

impl Followed for Rules {
    fn announce(&self, former: &Self, file: &Path) {
        let (file, rules) = (file.display(), self.len());
        match () {
            () if !self.version.is_empty() => {
                tracing::info!(%file, rules, version = self.version, "these rules are in force");
            }
            () if !former.is_empty() => tracing::warn!(%file, "the file of rules is gone; no rules are in force"),
            () => {}
        }
    }

    fn stays(&self) -> &'static str {
        if self.is_empty() {
            "the file of rules is wrong; no rules are in force"
        } else {
            "the file of rules is wrong; the former rules stay"
        }
    }
}

/// The text of a file; none when there is no such file. Anything else than a regular file, as a pipe, isn't waited for.
pub fn text(file: &Path) -> Result<Option<String>, String> {
    let unreadable = |error: io::Error| format!("{}: can't be read: {error}", file.display());
    let opened = match opened(file) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    if !opened.metadata().map_err(unreadable)?.is_file() {
        return Err(format!("{}: is not a file, expected one with text", file.display()));
    }
    let mut text = String::new();
    let most = limits::RULES_BYTES_MAX;
    opened.take(most + 1).read_to_string(&mut text).map_err(unreadable)?;
    match text.len() as u64 > most {
        true => Err(format!("{}:1:1: found more than {} MiB, expected less", file.display(), most >> 20)),
        false => Ok(Some(text)),
    }
}

fn opened(file: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(file)
}

fn stamp(file: &Path) -> Stamp {
    let found = fs::metadata(file).ok()?;
    let time = |seconds: i64, nanoseconds: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds);
    let (written, changed) = (time(found.mtime(), found.mtime_nsec()), time(found.ctime(), found.ctime_nsec()));
    Some([found.dev().into(), found.ino().into(), found.len().into(), written, changed])
}
