//! `postcase message inspect FILE...`: what is read in message files, one after the other, with the memory of one.

use std::fs::File;
use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use serde::Serialize;

use super::failure::Failure;
use super::{render, text};
use crate::base::limits;
use crate::message::Facts;

/// What is said of one file. Sender authentication needs what only a server knows, so `auth` is null.
#[derive(Serialize)]
struct Inspected<'f> {
    file: &'f str,
    #[serde(flatten)]
    facts: Facts,
    auth: Option<()>,
}

#[derive(Serialize)]
struct Unreadable<'f> {
    file: &'f str,
    error: String,
}

/// Writes one line of JSON, or one sheet, for each file in order. Fails at the end when a file couldn't be read.
pub fn run<F: AsRef<Path>>(
    files: &[F],
    json: bool,
    read: impl Fn(&[u8]) -> Facts,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let mut unreadable = 0;
    for (number, file) in files.iter().enumerate() {
        let name = file.as_ref().to_string_lossy();
        let facts = bytes(file.as_ref()).and_then(|raw| {
            let reading = catch_unwind(AssertUnwindSafe(|| read(&raw)));
            reading.map_err(|_| "it breaks the reader; please report it".to_owned())
        });
        let line = match facts {
            Ok(facts) if json => text::json(&Inspected { file: &name, facts, auth: None }) + "\n",
            Ok(facts) => {
                let value =
                    serde_json::to_value(Inspected { file: &name, facts, auth: None }).map_err(io::Error::from)?;
                format!("{}{}", if number > 0 { "\n" } else { "" }, render::message(&value))
            }
            Err(error) => {
                unreadable += 1;
                if json {
                    text::json(&Unreadable { file: &name, error }) + "\n"
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

fn bytes(file: &Path) -> Result<Vec<u8>, String> {
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
            Facts { subject: String::from_utf8_lossy(raw).into_owned(), ..Facts::default() }
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
        assert!(lines[0].as_object().unwrap().contains_key("auth") && lines[0]["auth"].is_null());

        out_for_people(&files[4..], read, &["subject  two\u{fffd}\n"]);
        out_for_people(&files[3..4], read, &["No such file"]);
    }

    fn out_for_people(files: &[String], read: impl Fn(&[u8]) -> Facts, expected: &[&str]) {
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
