//! Files inside other attachments: those of attached and of signed messages and of `winmail.dat`; before them those that
//! were written into the text.
//!
//! They are listed behind the attachments of the message itself, which stay as they are. Messages within messages are
//! opened down to [`ATTACHED_DEPTH_MAX`]; reports return messages whose files nobody sent, so they aren't opened.

use std::borrow::Cow;

use super::attached::{self, File};
use super::body::{self, Body};
use super::parts::{self, Parts};
use super::{cms, tnef};
use crate::base::limits::{ATTACHED_DEPTH_MAX, MIME_PARTS_MAX};

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
        if tnef::is_tnef(&part.content.kind) {
            let content = tnef::read(&part.encoding.decode(part.body)).unwrap_or_default();
            let file = |file: tnef::File| attached::of_file(file.name, file.content_type, file.bytes);
            found.extend(content.files.into_iter().map(file));
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
                let (described, bytes) = attached::of_part(&inner, *index);
                (described, bytes.into_owned())
            }));
            found.extend(inner_body.files.iter().cloned());
            open(&inner, &inner_body, depth + 1, found);
        }
    }
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
                    (&found, bytes.len(), attached::digest(&bytes)),
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
