//! Outgoing header fields on the wire: every subject, name and file name of the corpus leaves in an answer and is read back
//! as it was by two parsers that know nothing of each other, mail-parser and Python's `email`.
//!
//! Each line of each answer is judged, too: its length, its bytes, its encoded words.

use std::io::Write;
use std::process::{Command, Stdio};

use libtest_mimic::{Failed, Trial};
use mail_parser::{Addr, MessageParser, MimeHeaders};
use postcase::base::Mailbox;
use postcase::message::compose::AttachedFile;
use postcase::message::facts::Person;
use postcase::message::{Draft, compose, read, subject};
use serde_json::{Value, json};

use crate::corpus;

const PYTHON: &str = include_str!("fields.py");
const CASE: u64 = 17;
/// RFC 5322 §2.1.1: what a line may have, and what it should.
const LINE_BYTES_MAX: usize = 998;
const LINE_BYTES_WANTED: usize = 78;
/// RFC 2047 §2.
const ENCODED_WORD_BYTES_MAX: usize = 75;

/// An answer, and what its fields must be read as.
struct Row {
    name: String,
    raw: Vec<u8>,
    said: Value,
}

pub fn trials() -> Vec<Trial> {
    let Some(folder) = corpus::folder() else {
        let skipped = Trial::test("fields: every name of the corpus (no corpus: set POSTCASE_CORPUS)", || Ok(()));
        return vec![skipped.with_ignored_flag(true)];
    };
    let has_python = Command::new("python3").arg("--version").output().is_ok_and(|told| told.status.success());
    let second = if has_python { "fields: Python reads what was meant" } else { "fields: Python (no python3)" };
    let (one, two) = (folder.clone(), folder);
    vec![
        Trial::test("fields: mail-parser reads what was meant, on lines as they must be", move || {
            let rows = rows(&one)?;
            compare(&rows, &rows.iter().map(|row| by_mail_parser(&row.raw)).collect::<Vec<_>>())?;
            wrong(rows.iter().filter_map(|row| Some((&row.name, fault(row)?))))
        }),
        Trial::test(second, move || {
            let rows = rows(&two)?;
            compare(&rows, &by_python(&rows)?)
        })
        .with_ignored_flag(!has_python),
    ]
}

/// What no mail of the corpus says: each goes as a subject, a name and a file name, short and long.
const NASTY: [&str; 12] = [
    "Jörg \"Joe\" Müller, Dipl.-Ing. (x) <y@z>; \\ : @",
    "日本語の長い名前がここに入りますので折り返しが必要になりますし、文字の途中で切れてはいけません",
    "\u{1F600}\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467} family",
    "a'b%41*0=\"c\" ?= =? =?=",
    "x =?us-ascii?B?QQ==?= ü",
    "שלום עולם",
    "e\u{301}\u{327} and ﷽",
    "ends with a backslash \\",
    "\"quoted\"",
    "UTF-8''%e2%82%ac rates",
    ".",
    "one-word-without-any-place-to-fold-it-0123456789-0123456789-0123456789-0123456789-0123456789",
];

fn rows(folder: &std::path::Path) -> Result<Vec<Row>, Failed> {
    let samples = corpus::samples(folder, &corpus::ALL)?;
    let long = |text: &str, most: usize| format!("{text} ").repeat(12).chars().take(most).collect::<String>();
    let nasty = NASTY.iter().flat_map(|text| [(*text).to_owned(), long(text, 200).trim().to_owned()]);
    let nasty = nasty.map(|text| {
        let person = |address: &str| Person { name: Some(text.clone()), address: address.into() };
        let to = vec![person("anna@customer.example"), person("бен@customer.example")];
        answer(text.clone(), to, text.clone(), vec![text.clone(), "b".into()])
    });
    Ok(samples.into_iter().map(|sample| row(sample.name, &sample.raw)).chain(nasty).collect())
}

/// The answer to everybody whom a mail names, with its attachments by name.
fn row(name: String, mail: &[u8]) -> Row {
    let facts = read(mail);
    let mut people: Vec<Person> = Vec::new();
    for person in facts.from.iter().chain(&facts.reply_to).chain(&facts.to).chain(&facts.cc) {
        let Ok(address) = person.address.parse::<Mailbox>() else { continue };
        let person = Person { name: person.name.clone(), address: address.to_string() };
        if !people.contains(&person) {
            people.push(person);
        }
    }
    if people.is_empty() {
        people.push(Person { name: None, address: "anna@customer.example".into() });
    }
    let files = facts.attachments.iter().filter_map(|file| Some(file.name.as_ref()?.trim().to_owned()));
    answer(name, people, subject::of_reply(&facts.subject, CASE), files.collect())
}

fn answer(name: String, to: Vec<Person>, subject: String, files: Vec<String>) -> Row {
    let attached = |name: &String| AttachedFile {
        name: name.clone(),
        content_type: "application/octet-stream".into(),
        bytes: b"x".to_vec(),
    };
    let people: Vec<Value> =
        to.iter().map(|person| json!([person.name.as_deref().unwrap_or_default(), person.address])).collect();
    let said = json!({"subject": subject, "people": people, "files": files});
    let raw = compose(&Draft {
        from: Person { name: Some("Support".into()), address: "support@company.example".into() },
        to,
        cc: Vec::new(),
        subject,
        date: "2026-11-20T10:00:00Z".parse().expect("a time"),
        message_id: "<17@company.example>".into(),
        in_reply_to: None,
        references: (0..30).map(|n| format!("<reference-{n}@customer.example>")).collect(),
        text: "Hello.".into(),
        quotation: None,
        with_page: true,
        attachments: files.iter().map(attached).collect(),
        extra_fields: Vec::new(),
    });
    Row { name, raw, said }
}

fn by_mail_parser(raw: &[u8]) -> Value {
    let mail = MessageParser::default().parse(raw).expect("a message");
    let person = |person: &Addr<'_>| json!([person.name().unwrap_or_default(), person.address().unwrap_or_default()]);
    let people: Vec<Value> = mail.to().into_iter().flat_map(|to| to.iter()).map(person).collect();
    let files: Vec<_> = mail.attachments().map(|part| part.attachment_name()).collect();
    json!({"subject": mail.subject(), "people": people, "files": files})
}

/// One process for all of them.
fn by_python(rows: &[Row]) -> Result<Vec<Value>, Failed> {
    let mut python =
        Command::new("python3").args(["-c", PYTHON]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut wire = python.stdin.take().ok_or("a pipe")?;
    let mails: Vec<u8> =
        rows.iter().flat_map(|row| [format!("{}\n", row.raw.len()).as_bytes(), &row.raw].concat()).collect();
    let writer = std::thread::spawn(move || wire.write_all(&mails));
    let told = python.wait_with_output()?;
    writer.join().map_err(|_| "the writer broke")??;
    let lines = String::from_utf8(told.stdout)?;
    Ok(lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

fn compare(rows: &[Row], read: &[Value]) -> Result<(), Failed> {
    if rows.len() != read.len() {
        return Err(format!("{} of {} were read", read.len(), rows.len()).into());
    }
    let both = rows.iter().zip(read).filter(|(row, read)| row.said != **read);
    wrong(both.map(|(row, read)| {
        let fields = ["subject", "people", "files"].map(|field| (&row.said[field], &read[field]));
        let differing = fields.into_iter().filter(|(said, read)| said != read);
        let differing: Vec<String> = differing.map(|(said, read)| format!("said {said}\n  read {read}")).collect();
        (&row.name, differing.join("\n  "))
    }))
}

fn wrong<'a>(found: impl Iterator<Item = (&'a String, String)>) -> Result<(), Failed> {
    let found: Vec<String> = found.map(|(name, what)| format!("{name}: {what}")).collect();
    if found.is_empty() { Ok(()) } else { Err(format!("{} are wrong:\n{}", found.len(), found.join("\n")).into()) }
}

/// What is wrong with the lines of a message.
fn fault(row: &Row) -> Option<String> {
    let text = match std::str::from_utf8(&row.raw) {
        Ok(text) => text,
        Err(error) => return Some(error.to_string()),
    };
    let needs_utf8 = |person: &Value| !person[1].as_str().is_some_and(str::is_ascii);
    if !text.is_ascii() && !row.said["people"].as_array().into_iter().flatten().any(needs_utf8) {
        return Some("it isn't ASCII".into());
    }
    let head = text.split("\r\n\r\n").next().unwrap_or_default();
    let is_foldable = |line: &str| {
        let inner = line.trim_start();
        let value = inner.split_once(": ").map_or(inner, |(_, value)| value);
        value.contains(' ')
    };
    for line in text.split_terminator("\r\n") {
        if line.len() > LINE_BYTES_MAX || line.contains(|c: char| c.is_control() && c != '\t') {
            return Some(format!("the line {line:?}"));
        }
    }
    for line in head.split("\r\n") {
        if line.len() > LINE_BYTES_WANTED && is_foldable(line) {
            return Some(format!("not folded: {line:?}"));
        }
        let words = line.split([' ', '\t']).filter(|word| word.starts_with("=?") && word.ends_with("?="));
        for word in words {
            let alone = format!("Subject: {word}\r\n\r\n");
            let is_whole =
                !read(alone.as_bytes()).subject.contains('\u{fffd}') || row.said.to_string().contains('\u{fffd}');
            if word.len() > ENCODED_WORD_BYTES_MAX || !is_whole {
                return Some(format!("the encoded word {word}"));
            }
        }
    }
    None
}
