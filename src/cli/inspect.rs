//! `postcase message inspect FILE...`: what is read in message files, one after the other, with the memory of one; with
//! `--peer IP --helo NAME --mail-from ADDRESS` also who sent it, as the DNS says now.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use serde::Serialize;

use super::failure::Failure;
use super::{render, text};
use crate::auth::{Authenticator, Transaction};
use crate::base::{AuthResults, Chance, Clock, limits};
use crate::config::Settings;
use crate::message::{self, Facts};
use crate::net::Dns;

/// What is read in a message, and who sent it when that was asked.
pub type Said = (Facts, Option<AuthResults>);

/// What is said of one file.
#[derive(Serialize)]
struct Inspected<'f> {
    file: &'f str,
    #[serde(flatten)]
    facts: Facts,
    auth: Option<AuthResults>,
}

#[derive(Serialize)]
struct Unreadable<'f> {
    file: &'f str,
    error: String,
}

/// Reads and says who sent it, over the configured DNS. The peer is believed to be the one that is named.
pub fn reader(settings: &Settings, sender: Transaction) -> Result<impl Fn(&[u8]) -> Said + use<>, Failure> {
    let no_threads = |error| Failure::refused(format!("no threads can be started: {error}"));
    let runtime = tokio::runtime::Runtime::new().map_err(no_threads)?;
    let within = runtime.enter();
    let dns = Dns::new(&settings.dns, Chance::system()).map_err(|error| Failure::refused(error.to_string()))?;
    let authenticator = Authenticator::new(&dns, &settings.hostname, Clock::system());
    drop(within);
    Ok(move |raw: &[u8]| {
        let facts = message::read(raw);
        let claims = authenticator.claims(&with_crlf(raw), facts.author());
        let auth = runtime.block_on(authenticator.check(&sender, &claims));
        (facts, Some(auth))
    })
}

/// As it was sent: a file that programs have saved with the line ends of this system is signed as CRLF.
fn with_crlf(raw: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memmem::find(raw, b"\r\n").is_some() {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(raw.split(|&byte| byte == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..]))
}

/// Writes one line of JSON, or one sheet, for each file in order. Fails at the end when a file couldn't be read.
pub fn run<F: AsRef<Path>>(
    files: &[F],
    json: bool,
    read: impl Fn(&[u8]) -> Said,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let mut unreadable = 0;
    for (number, file) in files.iter().enumerate() {
        let name = file.as_ref().to_string_lossy();
        let read = bytes(file.as_ref()).and_then(|raw| {
            let reading = catch_unwind(AssertUnwindSafe(|| read(&raw)));
            reading.map_err(|_| "it breaks the reader; please report it".to_owned())
        });
        let line = match read {
            Ok((facts, auth)) if json => text::json(&Inspected { file: &name, facts, auth }),
            Ok((facts, auth)) => {
                let value = serde_json::to_value(Inspected { file: &name, facts, auth }).map_err(io::Error::from)?;
                format!("{}{}", if number > 0 { "\n" } else { "" }, render::message(&value))
            }
            Err(error) => {
                unreadable += 1;
                if json {
                    text::json(&Unreadable { file: &name, error })
                } else {
                    format!("{}: {error}\n", text::line(&name))
                }
            }
        };
        out.write_all(line.as_bytes())?;
    }
    out.flush()?;
    match unreadable {
        0 => Ok(()),
        some => Err(Failure::refused(format!("{some} of {} files can't be read; their lines say why", files.len()))),
    }
}

/// The bytes of a message file.
pub fn bytes(file: &Path) -> Result<Vec<u8>, String> {
    let mut raw = Vec::new();
    let most = limits::BUFFERED_BYTES_MAX;
    let read = File::open(file).and_then(|file| file.take(most as u64 + 1).read_to_end(&mut raw));
    read.map_err(|error| error.to_string())?;
    match raw.len() {
        0 => Err("the file is empty".to_owned()),
        len if len > most => Err(format!("larger than {} MiB, which no message is", most >> 20)),
        _ => Ok(raw),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_its_line_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        for (name, content) in [("a", "one"), ("b", "bad"), ("c", ""), ("e", "two\u{9b}")] {
            std::fs::write(path(name), content).unwrap();
        }
        let read = |raw: &[u8]| {
            assert_ne!(raw, b"bad");
            (Facts { subject: String::from_utf8_lossy(raw).into_owned(), ..Facts::default() }, None)
        };
        let mut out = Vec::new();
        let files: Vec<String> = ["a", "b", "c", "d", "e"].map(path).to_vec();
        let failure = run(&files, true, read, &mut out).unwrap_err();
        assert_eq!(failure.message, "3 of 5 files can't be read; their lines say why");
        let out = String::from_utf8(out).unwrap();
        let lines: Vec<serde_json::Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(!out.contains('\u{9b}'));
        let told: Vec<_> =
            lines.iter().map(|line| (line["file"].as_str().unwrap(), line["error"].is_string())).collect();
        let expected: Vec<_> = files.iter().map(String::as_str).zip([false, true, true, true, false]).collect();
        assert_eq!(told, expected);
        assert_eq!((&lines[0]["subject"], &lines[4]["subject"]), (&"one".into(), &"two\u{9b}".into()));
        for name in ["auth", "language"] {
            assert_eq!(lines[0].get(name), Some(&serde_json::Value::Null), "{name}");
        }

        out_for_people(&files[4..], read, &["subject  two\u{fffd}\n"]);
        out_for_people(&files[3..4], read, &["No such file"]);
    }

    #[test]
    fn line_ends_of_this_system_are_mended() {
        assert_eq!(&*with_crlf(b"a: b\n\nc\n"), b"a: b\r\n\r\nc\r\n");
        assert_eq!(&*with_crlf(b"a: b\r\n\r\nc\n"), b"a: b\r\n\r\nc\n");
    }

    fn out_for_people(files: &[String], read: impl Fn(&[u8]) -> Said, expected: &[&str]) {
        let mut out = Vec::new();
        run(files, false, read, &mut out).ok();
        let out = String::from_utf8(out).unwrap();
        // Aligned values: the gaps are not what is checked here.
        let out = out.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        for part in expected {
            assert!(out.contains(&part.replace("  ", " ")), "{out}");
        }
    }
}
