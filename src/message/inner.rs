//! Files inside other attachments: those of attached and of signed messages and of `winmail.dat`, and files that were
//! uuencoded into a text.
//!
//! They are listed behind the attachments of the message itself, which stay as they are. Messages within messages are
//! opened down to [`ATTACHED_DEPTH_MAX`]; reports return messages whose files nobody sent, so they aren't opened.

use std::borrow::Cow;

use super::body::{self, Body};
use super::facts::Attachment;
use super::parts::{self, Parts};
use super::{cms, tnef, transfer};
use crate::base::limits::{ATTACHED_DEPTH_MAX, MIME_PARTS_MAX};

/// One file with its bytes.
pub type File = (Attachment, Vec<u8>);

/// The files inside the attachments, in order.
pub fn files(parts: &Parts<'_>, body: &Body) -> Vec<File> {
    let mut found = body.files.clone();
    if parts.list.first().is_some_and(|root| root.content.kind != "multipart/report") {
        open(parts, body, 1, &mut found);
    }
    found.truncate(MIME_PARTS_MAX);
    found
}

fn open(parts: &Parts<'_>, body: &Body, depth: usize, found: &mut Vec<File>) {
    for part in body.attachments.iter().map(|index| &parts.list[*index]) {
        if is_tnef(&part.content.kind) {
            let content = tnef::read(&part.encoding.decode(part.body)).unwrap_or_default();
            found.extend(content.files.into_iter().map(|file| described(file.name, file.content_type, file.bytes)));
            continue;
        }
        if depth == ATTACHED_DEPTH_MAX || found.len() >= MIME_PARTS_MAX {
            continue;
        }
        let message = if part.is_attached_message() {
            Some(part.encoding.decode(part.body))
        } else {
            cms::signed_content(part).map(Cow::Owned)
        };
        if let Some(bytes) = message {
            let inner = parts::split(&bytes);
            let inner_body = body::read(&inner);
            found.extend(inner_body.attachments.iter().map(|index| {
                let attached = &inner.list[*index];
                (body::describe(&inner, *index), attached.encoding.decode(attached.body).into_owned())
            }));
            found.extend(inner_body.files.iter().cloned());
            open(&inner, &inner_body, depth + 1, found);
        }
    }
}

pub fn is_tnef(kind: &str) -> bool {
    matches!(kind, "application/ms-tnef" | "application/vnd.ms-tnef")
}

/// A file without a part of its own.
pub fn described(name: Option<String>, content_type: Option<String>, bytes: Vec<u8>) -> File {
    let content_type = content_type.filter(|kind| kind.contains('/')).map(|kind| kind.to_lowercase());
    let content_type = content_type.unwrap_or_else(|| "application/octet-stream".to_owned());
    let name = name.map(|name| name.chars().filter(|c| !c.is_control()).collect());
    (
        Attachment {
            name,
            content_type,
            size: bytes.len(),
            sha256: body::digest(&bytes),
            inline: false,
            content_id: None,
        },
        bytes,
    )
}

/// Takes the uuencoded files out of a text.
pub fn take_uuencoded(text: &mut String) -> Vec<File> {
    let mut found = Vec::new();
    if !text.contains("begin ") {
        return found;
    }
    let mut kept = String::new();
    let mut rest = text.as_str();
    while let Some((start, name, length)) = next_uuencoded(rest) {
        let bytes = transfer::uuencode(&rest.as_bytes()[start..start + length]);
        found.push(described(Some(name.to_owned()), None, bytes));
        kept.push_str(&rest[..start]);
        rest = &rest[start + length..];
    }
    if !found.is_empty() {
        kept.push_str(rest);
        *text = kept;
    }
    found
}

/// Where a file begins, its name, and the length up to behind its `end`.
fn next_uuencoded(text: &str) -> Option<(usize, &str, usize)> {
    let mut at = 0;
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let name = begin_line(line);
        if let (Some(name), Some(first)) = (name, lines.peek())
            && is_data(first)
        {
            let behind = text[at..].find("\nend\n").map(|end| end + "\nend\n".len());
            let behind = behind.or_else(|| text[at..].ends_with("\nend").then_some(text.len() - at))?;
            return Some((at, name, behind));
        }
        at += line.len();
    }
    None
}

/// `begin 644 name`
fn begin_line(line: &str) -> Option<&str> {
    let (mode, name) = line.strip_prefix("begin ")?.split_once(' ')?;
    let is_mode = (3..=4).contains(&mode.len()) && mode.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    Some(name.trim()).filter(|name| is_mode && !name.is_empty())
}

/// A line whose first sign counts the bytes behind it.
fn is_data(line: &str) -> bool {
    let line = line.trim_end_matches(['\r', '\n']);
    let Some(first) = line.bytes().next() else { return false };
    let signs = usize::from(first.wrapping_sub(b' ') & 63).div_ceil(3) * 4;
    line.bytes().all(|byte| (b' '..=b'`').contains(&byte)) && line.len() > 1 && line.len() <= signs + 3
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64;

    use super::*;
    use crate::message::{attachment, read};

    /// The names of all attachments; each must come with the bytes it is described with.
    #[track_caller]
    fn check(raw: &str, expected: &[&str], text: &str) {
        for raw in [raw.to_owned(), raw.replace('\n', "\r\n")] {
            let facts = read(raw.as_bytes());
            let names: Vec<&str> = facts.attachments.iter().map(|file| file.name.as_deref().unwrap_or("-")).collect();
            assert_eq!((&names[..], facts.text.as_str()), (expected, text), "{raw}");
            for (index, described) in facts.attachments.iter().enumerate() {
                let (found, bytes) = attachment(raw.as_bytes(), index).expect("an attachment");
                assert_eq!(
                    (&found, bytes.len(), body::digest(&bytes)),
                    (described, described.size, described.sha256.clone())
                );
            }
        }
    }

    #[test]
    fn files_inside_attachments() {
        let inner = "Subject: Inner\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\nhi\n--i\nContent-Type: text/csv; name=b.csv\n\n1\n--i--\n";
        let mixed = |kind: &str, part: &str| {
            format!(
                "Content-Type: multipart/mixed; boundary=o\n\n--o\n\nsee\n--o\nContent-Type: {kind}\n\n{part}\n--o--\n"
            )
        };
        check(&mixed("message/rfc822", inner), &["Inner", "b.csv"], "see");
        let twice = mixed("message/rfc822", inner).replace("boundary=o", "boundary=p").replace("--o", "--p");
        check(&mixed("message/rfc822", &twice), &["-", "Inner", "b.csv"], "see");
        let tnef = BASE64.encode(&tnef::tests::stream());
        let part = format!(
            "Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n{tnef}\n"
        );
        check(&part, &["winmail.dat", "a.txt", "lö.c"], "Hello\nWorld");
        check(
            &format!("Content-Type: multipart/mixed; boundary=o\n\n--o\n\nsee\n--o\n{part}\n--o--\n"),
            &["winmail.dat", "a.txt", "lö.c"],
            "see",
        );
        let returned = mixed("message/rfc822", inner)
            .replace("multipart/mixed; boundary=o", "multipart/report; report-type=delivery-status; boundary=o");
        check(&returned, &["Inner"], "see");
    }

    #[test]
    fn uuencoded_files() {
        let file = "begin 644 x.txt\n%:&5L;&\\`\n`\nend\n";
        check(&format!("Subject: s\n\nabove\n{file}below\n"), &["x.txt"], "above\nbelow");
        check(&format!("Subject: s\n\nabove\n{file}{file}"), &["x.txt", "x.txt"], "above");
        for text in ["begin 644 words\nand more text follows here", "We begin 644 x", "begin 644 x.txt\n%:&5L;&\\`"] {
            check(&format!("Subject: s\n\n{text}\n"), &[], text);
        }
    }
}
