//! What a file says that may change while mail flows: the rules, and the business hours of the configuration.
//!
//! The file is looked at when somebody asks, at most once a second, by its time and length. What changed within that second, or
//! is gone, may be half of what somebody is writing: it is read when the next look finds it the same. A new one that is wrong
//! is named in the log once, and what was in force stays.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use super::Rules;
use crate::base::time::later;
use crate::base::{Time, limits};

/// From the text of a file, none when it isn't there, to what it says, or to its mistakes, a line each.
pub type Reader<T> = Box<dyn Fn(&Path, Option<&str>) -> Result<T, String> + Send + Sync>;

/// What can be followed.
pub trait Followed {
    /// Said of a file that is wrong.
    const STAYS: &str;

    /// Names in the log what is in force from now on instead of what was.
    fn announce(&self, former: &Self, file: &Path);
}

/// See the module.
pub struct Book<T = Rules> {
    file: PathBuf,
    read: Reader<T>,
    current: Mutex<Current<T>>,
}

struct Current<T> {
    looked_at: Option<Time>,
    stamp: Stamp,
    /// What the last look found, and was too new to be read.
    fresh: Option<Stamp>,
    in_force: Arc<T>,
    /// What is wrong with the file as it is now; what is in force is that of before.
    wrong: Option<String>,
}

/// When the file was changed and how long it is; none when it isn't there.
type Stamp = Option<(SystemTime, u64)>;

impl<T: Followed> Book<T> {
    /// Reads the file. While it is wrong `first` is in force, and it is looked at again when it changes.
    pub fn open(file: PathBuf, read: Reader<T>, first: T, now: Time) -> Self {
        let book = Self { file, read, ..Self::closed(first) };
        book.look(now);
        book
    }

    /// A book without a file, in which only this ever stands.
    pub fn closed(only: T) -> Self {
        let current = Current { looked_at: None, stamp: None, fresh: None, in_force: Arc::new(only), wrong: None };
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

    /// What is in force, and what is wrong with the file since.
    pub fn look(&self, now: Time) -> (Arc<T>, Option<String>) {
        let mut current = self.current.lock().expect("no holder panics");
        if !self.file.as_os_str().is_empty() && !current.looked_at.is_some_and(|at| is_fresh(at, now)) {
            let is_first = current.looked_at.replace(now).is_none();
            self.follow(&mut current, is_first, now);
        }
        (Arc::clone(&current.in_force), current.wrong.clone())
    }

    fn follow(&self, current: &mut Current<T>, is_first: bool, now: Time) {
        let found = stamp(&self.file);
        let before = current.fresh.take();
        if found == current.stamp {
            return;
        }
        if !is_first && before != Some(found) && !is_settled(found, now) {
            current.fresh = Some(found);
            return;
        }
        let text = text(&self.file);
        if stamp(&self.file) != found {
            // Somebody writes. The first time there is nothing that could stay, and what is read is read again at the next look.
            current.fresh = Some(found);
            if !is_first {
                return;
            }
        }
        current.stamp = found;
        match text.and_then(|text| (self.read)(&self.file, text.as_deref())) {
            Ok(new) => {
                new.announce(&current.in_force, &self.file);
                (current.in_force, current.wrong) = (Arc::new(new), None);
            }
            Err(wrong) => {
                for mistake in wrong.lines() {
                    tracing::error!(%mistake, "{}", T::STAYS);
                }
                current.wrong = Some(wrong);
            }
        }
    }
}

impl Followed for Rules {
    const STAYS: &str = "the file of rules is wrong; the former rules stay";

    fn announce(&self, _: &Self, file: &Path) {
        tracing::info!(file = %file.display(), version = self.version, "these rules are in force");
    }
}

/// The text of a file; none when there is no such file.
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
        true => Err(format!("{}:1:1: found more than {} MiB, expected less", file.display(), most >> 20)),
        false => Ok(Some(text)),
    }
}

/// True for what was a moment ago.
fn is_fresh(at: Time, now: Time) -> bool {
    (0.0..limits::FILES_LOOK_PAUSE.as_secs_f64()).contains(&now.duration_since(at).as_secs_f64())
}

/// True for a file that nobody has written to for a while. One that is gone, or of a time to come, tells nothing.
fn is_settled(stamp: Stamp, now: Time) -> bool {
    stamp.and_then(|(changed, _)| Time::try_from(changed).ok()).is_some_and(|at| at <= now && !is_fresh(at, now))
}

fn stamp(file: &Path) -> Stamp {
    let found = fs::metadata(file).ok()?;
    Some((found.modified().ok()?, found.len()))
}
