//! Real mail through the front door: every message of the corpus is sent over SMTP to one server.
//!
//! Each accepted one ends with one disposition per delivery; nothing crashes; memory stays bounded. What the messages
//! mean is not checked here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use postcase::base::Clock;
use serde_json::Value;

use crate::child::{Home, Server};
use crate::smtp::{self, Connection, Outgoing};
use crate::unit::{Unit, unit, wait};

const PURPOSES: [&str; 4] = ["parse", "hostile", "i18n", "threads"];
/// Every part that holds whole mails.
pub const ALL: [&str; 8] = ["auth", "autoreplies", "bounces", "hostile", "i18n", "parse", "replies", "threads"];
const ADDRESS: &str = "support@company.example";
const MEMORY_KIB_MAX: u64 = 256 * 1024;
/// Until the last message must have been decided.
const DECIDED: Duration = Duration::from_secs(60);
/// Of a hundred messages so many may be refused: the corpus holds a few that nobody should take.
const REFUSED_PERCENT_MAX: usize = 5;

/// The corpus when it is there: `$POSTCASE_CORPUS`, else beside the repository.
pub fn folder() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    Some(std::env::var_os("POSTCASE_CORPUS").map_or_else(beside, PathBuf::from)).filter(|folder| folder.is_dir())
}

pub fn trials(ready: bool) -> Vec<Trial> {
    let Some(folder) = folder() else {
        let skipped = Trial::test("corpus: every message (no corpus: set POSTCASE_CORPUS)", || Ok(()));
        return vec![skipped.with_ignored_flag(true)];
    };
    let other = folder.clone();
    let trial =
        Trial::test("corpus: every message over SMTP ends with one disposition", move || wait(everything(&folder)));
    let smuggled = Trial::test("corpus: what only looks like the end of data is not", move || wait(smuggling(&other)));
    vec![trial.with_ignored_flag(!ready), smuggled.with_ignored_flag(!ready)]
}

/// Hides a second transaction behind each sequence that some servers take for CR LF . CR LF: there must be one reply.
async fn smuggling(corpus: &Path) -> Result<(), Failed> {
    for bare_newlines in ["refuse", "normalise"] {
        let home = Home::new(bare_newlines)?;
        let server = home.start()?;
        home.json(&["address", "add", ADDRESS, "--mode", "direct"])?;
        let mut accepted = 0;
        for (name, sequence) in sequences(corpus)? {
            let what = |why: String| format!("{name} with {bare_newlines:?}: {why}");
            let mut connection = Connection::open(server.smtp, None).await?;
            connection.reply().await?;
            for command in ["EHLO a.example", "MAIL FROM:<a@a.example>", &format!("RCPT TO:<{ADDRESS}>"), "DATA"] {
                connection.command(command).await.map_err(what)?;
            }
            let mut wire = b"Subject: outer\r\n\r\nouter".to_vec();
            wire.extend_from_slice(&sequence);
            let inner =
                format!("MAIL FROM:<b@b.example>\r\nRCPT TO:<{ADDRESS}>\r\nDATA\r\nSubject: inner\r\n\r\n.\r\n");
            wire.extend_from_slice(inner.as_bytes());
            connection.write(&wire).await?;
            let reply = connection.reply().await.map_err(what)?.join("/");
            accepted += usize::from(reply.starts_with("250 2.0.0"));
            if !reply.starts_with("250 2.0.0") && !reply.starts_with("550 5.5.2") {
                return Err(what(format!("answered {reply}")).into());
            }
            let next = connection.command("VRFY nobody").await.map_err(what)?.join("/");
            if !next.starts_with("252") && !next.starts_with("50") {
                return Err(what(format!("a second reply came by itself: {next}")).into());
            }
        }
        let messages = decided(&home).await?;
        if messages.len() != accepted || messages.iter().any(|message| message["subject"] == "inner") {
            return Err(format!("{accepted} got 250 with {bare_newlines:?}, and there are {messages:?}").into());
        }
    }
    Ok(())
}

/// Byte sequences that are not the end of data, by their names.
fn sequences(corpus: &Path) -> Result<Vec<(String, Vec<u8>)>, Failed> {
    let text = std::fs::read_to_string(corpus.join("hostile/smuggling.json"))?;
    let cases: Vec<Value> = serde_json::from_str(&text)?;
    let case = |case: &Value| {
        let hex = case["sequence_hex"].as_str()?.as_bytes();
        let bytes = hex.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        Some((case["name"].as_str()?.to_owned(), bytes.collect::<Option<_>>()?))
    };
    let sequences: Option<Vec<_>> = cases.iter().map(case).collect();
    sequences.filter(|all| !all.is_empty()).ok_or_else(|| "smuggling.json has a case of another form".into())
}

/// A message and where it is from.
pub struct Sample {
    pub name: String,
    pub raw: Vec<u8>,
}

async fn everything(corpus: &Path) -> Result<(), Failed> {
    let samples = samples(corpus, &PURPOSES)?;
    let home = Home::new("normalise")?;
    let mut server = home.start()?;
    home.json(&["address", "add", ADDRESS, "--mode", "direct"])?;
    let mut refused = Vec::new();
    let mut accepted = Vec::new();
    let mut connection = None;
    for sample in &samples {
        let reply = deliver(&server, &mut connection, sample).await;
        let reply = reply.map_err(|what| format!("{}: {what}\n{}", sample.name, home.said()))?;
        match reply.strip_prefix("250 2.0.0 ") {
            Some(id) => accepted.push((id.split(' ').next().unwrap_or(id).to_owned(), sample.name.clone())),
            None if reply.starts_with("5") => refused.push(format!("{}: {reply}", sample.name)),
            None => return Err(format!("{}: {reply}", sample.name).into()),
        }
        server.still_runs().map_err(|what| format!("{}: {what}\n{}", sample.name, home.said()))?;
    }
    if refused.len() * 100 > samples.len() * REFUSED_PERCENT_MAX {
        return Err(format!("{} of {} refused:\n{}", refused.len(), samples.len(), refused.join("\n")).into());
    }
    let messages = decided(&home).await?;
    each_has_one_disposition(&messages, &accepted)?;
    match server.memory_kib_max() {
        Some(kib) if kib > MEMORY_KIB_MAX => Err(format!("it needed {kib} KiB, more than {MEMORY_KIB_MAX}").into()),
        _ => Ok(()),
    }
}

/// Sends one message, on the open connection if there is one; the last line of the reply that settled it.
async fn deliver(server: &Server, open: &mut Option<Connection>, sample: &Sample) -> Result<String, String> {
    let mut connection = match open.take() {
        Some(connection) => connection,
        None => {
            let mut fresh = Connection::open(server.smtp, None).await?;
            fresh.reply().await?;
            fresh.command("EHLO corpus.example").await?;
            fresh
        }
    };
    let mail = Outgoing {
        from: "sender@corpus.example".into(),
        to: vec![ADDRESS.into()],
        message: sample.raw.clone(),
        ..Outgoing::default()
    };
    let reply = smtp::transaction(&mut connection, &mail).await?;
    // After a refusal a session may be closed for its errors: the next message gets a new one.
    *open = Some(connection).filter(|_| reply[0].starts_with('2'));
    reply.last().cloned().ok_or_else(|| "an empty reply".into())
}

/// All messages once none waits in the inbox.
pub async fn decided(home: &Home) -> Result<Vec<Value>, Failed> {
    let begun = Instant::now();
    loop {
        let list = home.json(&["message", "list", "--all"])?;
        let messages = list.as_array().ok_or("a list is an array")?;
        let waiting: Vec<_> = messages.iter().filter(|message| message["disposition"].is_null()).collect();
        if waiting.is_empty() {
            return Ok(messages.clone());
        }
        if begun.elapsed() > DECIDED {
            return Err(format!("{} undecided, one is {}\n{}", waiting.len(), waiting[0], home.said()).into());
        }
        Clock::system().sleep(Duration::from_millis(200)).await;
    }
}

fn each_has_one_disposition(messages: &[Value], accepted: &[(String, String)]) -> Result<(), Failed> {
    if messages.len() != accepted.len() {
        return Err(format!("{} got 250, {} are listed", accepted.len(), messages.len()).into());
    }
    for (id, name) in accepted {
        let found: Vec<_> = messages.iter().filter(|message| message["id"] == id.as_str()).collect();
        let [message] = found[..] else { return Err(format!("{name} ({id}) is listed {} times", found.len()).into()) };
        let deliveries = message["deliveries"].as_array().ok_or("deliveries is an array")?;
        if deliveries.len() != 1 || !deliveries[0]["disposition"].is_string() {
            return Err(format!("{name} ({id}) has not one delivery with a disposition: {message}").into());
        }
    }
    Ok(())
}

/// All mails of these manifests, each once, with CRLF line ends.
pub fn samples(corpus: &Path, purposes: &[&str]) -> Result<Vec<Sample>, String> {
    let mut samples = Vec::new();
    let mut seen = BTreeSet::new();
    for purpose in purposes {
        let folder = corpus.join(purpose);
        let manifest = folder.join("MANIFEST.jsonl");
        let text = std::fs::read_to_string(&manifest).map_err(|error| format!("{}: {error}", manifest.display()))?;
        for row in text.lines() {
            let row: Value = serde_json::from_str(row).map_err(|error| format!("{}: {error}", manifest.display()))?;
            let (file, format) = (row["file"].as_str().unwrap_or_default(), row["format"].as_str().unwrap_or_default());
            let path = folder.join(file);
            if matches!(format, "eml" | "mbox" | "mboxrd" | "mbox-pipermail")
                && seen.insert((path.canonicalize().unwrap_or(path.clone()), row["offset"].as_u64()))
            {
                let bytes = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                let name = row["id"].as_str().unwrap_or(file);
                samples.extend(mails(&row, format, &bytes).into_iter().map(|raw| Sample { name: name.into(), raw }));
            }
        }
    }
    Ok(samples)
}

/// The mails that a row means, with CRLF.
fn mails(row: &Value, format: &str, file: &[u8]) -> Vec<Vec<u8>> {
    let number = |name: &str| row[name].as_u64().and_then(|n| usize::try_from(n).ok());
    let parts: Vec<&[u8]> = match (number("offset"), number("length")) {
        (Some(offset), Some(length)) => file.get(offset..offset + length).into_iter().collect(),
        _ if format == "eml" => vec![file],
        _ => boxed(file),
    };
    let quoted = format == "mboxrd";
    parts
        .into_iter()
        .map(|part| with_crlf(if format == "eml" { part } else { without_from_line(part) }, quoted))
        .collect()
}

/// The mails of a whole mbox: each begins with `From ` behind an empty line.
fn boxed(file: &[u8]) -> Vec<&[u8]> {
    let begins = |at: usize| file[at..].starts_with(b"From ") && (at == 0 || file[..at].ends_with(b"\n\n"));
    let starts: Vec<usize> = (0..file.len()).filter(|at| begins(*at)).collect();
    let ends = starts.iter().skip(1).copied().chain([file.len()]);
    starts.iter().zip(ends).map(|(start, end)| &file[*start..end]).collect()
}

fn without_from_line(mail: &[u8]) -> &[u8] {
    match mail.iter().position(|byte| *byte == b'\n') {
        Some(end) if mail.starts_with(b"From ") => &mail[end + 1..],
        _ => mail,
    }
}

/// Every line end as CRLF; a CR that stands alone stays. `>From ` is undone for mboxrd.
fn with_crlf(mail: &[u8], quoted: bool) -> Vec<u8> {
    let mut wire = Vec::with_capacity(mail.len() + mail.len() / 32);
    for line in mail.split_inclusive(|byte| *byte == b'\n') {
        let bare = line.strip_suffix(b"\n").map(|line| line.strip_suffix(b"\r").unwrap_or(line)).unwrap_or(line);
        let mark = bare.iter().take_while(|byte| **byte == b'>').count();
        let undone = quoted && mark > 0 && bare[mark..].starts_with(b"From ");
        wire.extend_from_slice(&bare[usize::from(undone)..]);
        wire.extend_from_slice(b"\r\n");
    }
    wire
}

pub fn units() -> Vec<Unit> {
    vec![unit("mails are cut out of their boxes", mails_are_cut_out)]
}

fn mails_are_cut_out() {
    let check = |row: &str, file: &str, expected: &[&str]| {
        let row: Value = serde_json::from_str(row).unwrap();
        let found = mails(&row, row["format"].as_str().unwrap(), file.as_bytes());
        let found: Vec<_> = found.iter().map(|mail| String::from_utf8_lossy(mail)).collect();
        assert_eq!(found, expected, "{row}");
    };
    check(r#"{"format":"eml"}"#, "From x\na\r\nb\rc", &["From x\r\na\r\nb\rc\r\n"]);
    let mbox = "From x\na\n\n>From b\n\nFrom y\nc\nFrom d\n";
    check(r#"{"format":"mbox"}"#, mbox, &["a\r\n\r\n>From b\r\n\r\n", "c\r\nFrom d\r\n"]);
    check(r#"{"format":"mboxrd"}"#, mbox, &["a\r\n\r\nFrom b\r\n\r\n", "c\r\nFrom d\r\n"]);
    check(r#"{"format":"mbox-pipermail","offset":7,"length":3}"#, mbox, &["a\r\n\r\n"]);
    check(r#"{"format":"mbox-pipermail","offset":99,"length":3}"#, mbox, &[]);
}
