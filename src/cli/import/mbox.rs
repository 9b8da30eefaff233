//! mbox files (RFC 4155, and the mboxo and mboxrd forms it grew from): messages one after the other, each behind a line
//! `From SENDER DATE`.
//!
//! A line begins a message when it has that form, date included, or is the file's first. `From ` in a text is quoted by
//! whoever wrote the file; where it wasn't, a line without a date stays text. One `>` is taken away from `>From `,
//! `>>From ` and so on, as mboxrd put it there; where an mboxo file has it from the author, that one is lost. What
//! Content-Length says is not looked at. The empty line in front of the next message is not part of the one before.

use std::io::{self, BufRead, Read};

use super::Found;
use crate::base::{Mailbox, Time, limits};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// An mbox that is read once, from its beginning.
pub struct Mbox<R> {
    input: R,
    read: u64,
    size: u64,
    /// The message that the last line read begins.
    begun: Option<Found>,
}

impl<R: BufRead> Mbox<R> {
    pub fn new(input: R, size: u64) -> Self {
        Self { input, read: 0, size, begun: None }
    }

    pub fn position(&self) -> (u64, u64) {
        (self.read, self.size)
    }

    /// The next message; an error when the file isn't an mbox, or can't be read.
    pub fn next(&mut self) -> io::Result<Option<Found>> {
        if self.begun.is_none() && self.read == 0 {
            self.first()?;
        }
        let Some(mut found) = self.begun.take() else { return Ok(None) };
        let (mut line, mut is_start) = (Vec::new(), true);
        loop {
            let offset = self.read;
            self.piece(&mut line)?;
            if line.is_empty() {
                break;
            }
            if is_start && let Some(next) = separator(&line, offset) {
                self.begun = Some(next);
                break;
            }
            add(&mut found, &line, is_start);
            is_start = line.ends_with(b"\n");
        }
        if let Ok(message) = &mut found.message
            && (message.ends_with(b"\r\n\r\n") || message == b"\r\n")
        {
            message.truncate(message.len() - 2);
        }
        Ok(Some(found))
    }

    /// Reads up to the file's first message.
    fn first(&mut self) -> io::Result<()> {
        let mut line = Vec::new();
        loop {
            let offset = self.read;
            self.piece(&mut line)?;
            if line.starts_with(b"From ") {
                self.begun = Some(separator(&line, offset).unwrap_or_else(|| begun(offset, None, None)));
                return Ok(());
            }
            if line.is_empty() {
                return Ok(());
            }
            if !line.trim_ascii().is_empty() {
                let why =
                    "it is no mbox: its first line doesn't begin with \"From \"; name an mbox file or a Maildir folder";
                return Err(io::Error::new(io::ErrorKind::InvalidData, why));
            }
        }
    }

    /// The next line, or a piece of a very long one; empty at the end.
    fn piece(&mut self, line: &mut Vec<u8>) -> io::Result<()> {
        line.clear();
        (&mut self.input).take(limits::IMPORT_LINE_BYTES).read_until(b'\n', line)?;
        self.read += line.len() as u64;
        Ok(())
    }
}

/// Adds a line, or a piece of one, with CRLF as its end.
fn add(found: &mut Found, line: &[u8], is_start: bool) {
    let Ok(message) = &mut found.message else { return };
    if message.len() + line.len() > limits::MESSAGE_BYTES_MAX {
        let most = limits::MESSAGE_BYTES_MAX >> 20;
        found.message = Err(format!("it is larger than {most} MiB"));
        return;
    }
    let quoted = line.iter().take_while(|byte| **byte == b'>').count();
    let is_quoted = is_start && quoted > 0 && line[quoted..].starts_with(b"From ");
    let line = &line[usize::from(is_quoted)..];
    match line.strip_suffix(b"\n") {
        None => message.extend_from_slice(line),
        Some(text) => {
            message.extend_from_slice(text);
            // Also the CR may have come with an earlier piece.
            message.extend_from_slice(if message.ends_with(b"\r") { b"\n" } else { b"\r\n" });
        }
    }
}

/// The message that a line begins, if it does.
fn separator(line: &[u8], offset: u64) -> Option<Found> {
    let text = std::str::from_utf8(line.strip_prefix(b"From ")?).ok()?;
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let received_at = date(&words)?;
    let sender = words.first().map(|word| word.trim_start_matches('<').trim_end_matches('>'));
    // Archives on the web write `a at b.example`, which names nobody.
    let sender = sender.and_then(|word| word.parse::<Mailbox>().ok());
    Some(begun(offset, sender, Some(received_at)))
}

fn begun(offset: u64, sender: Option<Mailbox>, received_at: Option<Time>) -> Found {
    Found { place: format!("offset {offset}"), message: Ok(Vec::new()), sender, received_at }
}

/// `Fri Nov 20 10:00:00 2026`, with or without seconds and a zone; without one it is UTC (RFC 4155, appendix A).
fn date(words: &[&str]) -> Option<Time> {
    let clock = words.iter().position(|word| word.split(':').count() >= 2 && word.bytes().all(is_of_clock))?;
    let month = MONTHS.iter().position(|month| clock.checked_sub(2).is_some_and(|at| words[at] == *month))? + 1;
    let day: u32 = words[clock - 1].parse().ok()?;
    let behind = &words[clock + 1..];
    let year = behind.iter().find(|word| word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit()))?;
    let zone = behind.iter().find(|word| word.len() == 5 && word.starts_with(['+', '-']));
    let zone = zone.map_or("Z".to_owned(), |zone| format!("{}:{}", &zone[..3], &zone[3..]));
    let time = words[clock];
    let seconds = if time.split(':').count() == 2 { ":00" } else { "" };
    format!("{year}-{month:02}-{day:02}T{time:0>5}{seconds}{zone}").parse().ok()
}

fn is_of_clock(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b':'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(mbox: &[u8]) -> Vec<String> {
        let mut mbox = Mbox::new(mbox, mbox.len() as u64);
        let mut found = Vec::new();
        while let Some(next) = mbox.next().unwrap() {
            found.push(String::from_utf8(next.message.unwrap()).unwrap());
        }
        let (read, size) = mbox.position();
        assert_eq!(read, size);
        found
    }

    #[test]
    fn messages_are_cut_out() {
        const A: &str = "From a@b.example Fri Nov 20 10:00:00 2026\n";
        let check = |mbox: String, expected: &[&str]| assert_eq!(messages(mbox.as_bytes()), expected, "{mbox:?}");
        check(String::new(), &[]);
        check("\n\n".into(), &[]);
        check(format!("{A}S: 1\n\none\n\n{A}S: 2\n\ntwo\n"), &["S: 1\r\n\r\none\r\n", "S: 2\r\n\r\ntwo\r\n"]);
        // Without the empty line that should be there, with CRLF, without an end of the last line.
        check(format!("{A}S: 1\n\none\n{A}S: 2\r\n\r\ntwo"), &["S: 1\r\n\r\none\r\n", "S: 2\r\n\r\ntwo"]);
        check(format!("{A}S: 1\n\n\n\n"), &["S: 1\r\n\r\n\r\n"]);
        check(format!("{A}S: 1\n\n{A}"), &["S: 1\r\n", ""]);
        // The first line may be without a date; in a text such a line is text.
        check("From x\nS: 1\n\nFrom now on\n\nFrom x\n".into(), &["S: 1\r\n\r\nFrom now on\r\n\r\nFrom x\r\n"]);
        check(
            format!("{A}S: 1\n\n>From a\n>>From b\n> From c\n>Fromage\n"),
            &["S: 1\r\n\r\nFrom a\r\n>From b\r\n> From c\r\n>Fromage\r\n"],
        );
        // What a length says counts for nothing.
        check(
            format!("{A}Content-Length: 90\n\none\n\n{A}S: 2\n\n"),
            &["Content-Length: 90\r\n\r\none\r\n", "S: 2\r\n"],
        );
        check(format!("{A}S: 1\n\na\rb\n"), &["S: 1\r\n\r\na\rb\r\n"]);
    }

    #[test]
    fn a_line_without_end_is_read_in_pieces() {
        let piece = usize::try_from(limits::IMPORT_LINE_BYTES).unwrap();
        let long = format!("{}From a Fri Nov 20 10:00:00 2026", "x".repeat(piece));
        let mbox = format!("From a\nS: 1\n\n{long}\n{}\r\nend\n", "y".repeat(piece - 1));
        let expected = format!("S: 1\r\n\r\n{long}\r\n{}\r\nend\r\n", "y".repeat(piece - 1));
        assert!(messages(mbox.as_bytes()) == [expected]);
    }

    #[test]
    fn what_is_too_large_is_left_out_and_the_next_one_is_found() {
        let line = "x".repeat(1 << 20) + "\n";
        let mut mbox = b"From a\nS: 1\n\n".to_vec();
        (0..26).for_each(|_| mbox.extend_from_slice(line.as_bytes()));
        mbox.extend_from_slice(b"\nFrom c@d.example Fri Nov 20 10:00:00 2026\nS: 2\n\n");
        let mut mbox = Mbox::new(&mbox[..], 0);
        let first = mbox.next().unwrap().unwrap();
        assert_eq!((first.place.as_str(), first.message), ("offset 0", Err("it is larger than 25 MiB".into())));
        let second = mbox.next().unwrap().unwrap();
        assert_eq!(second.message, Ok(b"S: 2\r\n".to_vec()));
        assert_eq!(second.sender, Some("c@d.example".parse().unwrap()));
    }

    #[test]
    fn dates_are_read_in_every_form() {
        let check = |line: &str, expected: Option<&str>| {
            let found = separator(line.as_bytes(), 0).and_then(|found| found.received_at);
            assert_eq!(found.map(|at| at.to_string()).as_deref(), expected, "{line}");
        };
        check("From a@b.example Fri Nov 20 10:00:00 2026\n", Some("2026-11-20T10:00:00Z"));
        check("From a at b.example  Fri Nov  2 10:00:07 2026\r\n", Some("2026-11-02T10:00:07Z"));
        check("From - Fri Nov 20 10:00 2026\n", Some("2026-11-20T10:00:00Z"));
        check("From a@b.example Fri Nov 20 9:00 2026\n", Some("2026-11-20T09:00:00Z"));
        check("From a@b.example Fri Nov 20 10:00:00 +0100 2026\n", Some("2026-11-20T09:00:00Z"));
        check("From a@b.example Fri Nov 20 10:00:00 2026 -0830\n", Some("2026-11-20T18:30:00Z"));
        check("From a@b.example Fri Nov 20 10:00:00 GMT 2026\n", Some("2026-11-20T10:00:00Z"));
        check("From a@b.example Fri Nov 31 10:00:00 2026\n", None);
        check("From now on at 10:00 we meet\n", None);
        check("From 10:00 2026\n", None);
        check("From: a@b.example Fri Nov 20 10:00:00 2026\n", None);
        check(">From a@b.example Fri Nov 20 10:00:00 2026\n", None);
    }

    #[test]
    fn another_file_is_refused() {
        let error = Mbox::new(&b"%PDF"[..], 4).next().unwrap_err().to_string();
        assert!(error.contains("it is no mbox"), "{error}");
    }
}
