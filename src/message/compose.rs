//! Outgoing mail: a [`Draft`] to the bytes that leave (RFC 5322, RFC 2045).
//!
//! The text goes as `format=flowed` (RFC 3676), an answer's also as HTML made from it (RFC 2046 §5.1.4), below it the
//! quoted original.
//!
//! The result depends on the draft alone: no clock, no host name, a boundary made from the Message-ID, so the same
//! draft gives the same bytes on every attempt. Lines end with CRLF and have at most 998 bytes; everything is ASCII but
//! addresses that can't be (RFC 6532). There is never a Bcc.
//!
//! Nothing fails. What would break the header section is made harmless: control characters become spaces, addresses
//! and ids lose what can't stand in them, extra fields with an impossible or reserved name are left out.

mod flowed;
mod page;
mod quote;

use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::date::Date;
use mail_builder::headers::message_id::MessageId;
use mail_builder::headers::text::Text;
use mail_builder::mime::{BodyPart, MimePart};

pub use quote::quotation_of;

use super::facts::Person;
use super::words;
use crate::base::Time;
use crate::base::limits::{MESSAGE_ID_BYTES_MAX, PAGE_TEXT_BYTES_MAX};

/// A mail that is to be sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    pub from: Person,
    pub to: Vec<Person>,
    pub cc: Vec<Person>,
    pub subject: String,
    pub date: Time,
    /// With or without angle brackets, like the other ids.
    pub message_id: String,
    pub in_reply_to: Option<String>,
    pub references: Vec<String>,
    pub text: String,
    /// What stands below the text, from [`quotation_of`].
    pub quotation: Option<String>,
    /// In HTML, too.
    pub with_page: bool,
    pub attachments: Vec<AttachedFile>,
    /// Name and value of further fields, as Auto-Submitted.
    pub extra_fields: Vec<(String, String)>,
}

impl Draft {
    /// The text with the quotation below it.
    pub fn whole_text(&self) -> String {
        let text = body_text(&self.text);
        match &self.quotation {
            Some(quotation) => format!("{}\n\n{}", text.trim_end_matches('\n'), body_text(quotation)),
            None => text,
        }
    }
}

/// A file that goes with a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachedFile {
    pub name: String,
    pub content_type: String,
    pub bytes: Vec<u8>,
}

/// Fields that the draft says in its own words, and those that must not leave.
#[rustfmt::skip]
const RESERVED: &[&str] = &[
    "From", "Sender", "To", "Cc", "Bcc", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "MIME-Version",
    "Return-Path", "Received",
];
/// No word of a header field is longer, so that its line stays below the limit.
const WORD_BYTES_MAX: usize = 900;
/// RFC 5321 §4.5.3.1: 64 and 255 bytes with an @, and room for quotes.
const ADDRESS_BYTES_MAX: usize = 400;
/// What file systems take.
const FILE_NAME_CHARS_MAX: usize = 255;

/// The message as it leaves.
pub fn compose(draft: &Draft) -> Vec<u8> {
    let mut builder =
        MessageBuilder::new().header("From", people(std::slice::from_ref(&draft.from))).header("To", people(&draft.to));
    if !draft.cc.is_empty() {
        builder = builder.header("Cc", people(&draft.cc));
    }
    builder = builder
        .header("Subject", Text::new(one_line(&draft.subject)))
        .header("Date", Date::new(draft.date.as_second()))
        .header("Message-ID", MessageId::new(id(&draft.message_id).unwrap_or_default()));
    if let Some(parent) = draft.in_reply_to.as_deref().and_then(id) {
        builder = builder.header("In-Reply-To", MessageId::new(parent));
    }
    let references: Vec<String> = draft.references.iter().filter_map(|reference| id(reference)).collect();
    if !references.is_empty() {
        builder = builder.header("References", MessageId::from(references));
    }
    for (name, value) in draft.extra_fields.iter().filter(|(name, _)| may_be_added(name)) {
        builder = builder.header(name.as_str(), Text::new(one_line(value)));
    }
    builder = builder.header("MIME-Version", Text::new("1.0")).body(body(draft));
    let mut message = Vec::new();
    builder.serialize(&mut message);
    message
}

fn body(draft: &Draft) -> MimePart<'_> {
    let text = draft.whole_text();
    let digest = blake3::hash(draft.message_id.as_bytes()).to_hex();
    let plain = ContentType::new("text/plain").attribute("charset", "utf-8").attribute("format", "flowed");
    let plain = MimePart::new(plain, BodyPart::Text(flowed::flowed(&text).into()));
    let text = if draft.with_page && text.len() <= PAGE_TEXT_BYTES_MAX {
        let page = MimePart::new("text/html", BodyPart::Text(page::page(&text).into()));
        several("multipart/alternative", &digest[32..], vec![plain, page])
    } else {
        plain
    };
    if draft.attachments.is_empty() {
        return text;
    }
    let files = draft.attachments.iter().map(|file| {
        let content_type = ContentType::new(content_type_of(&file.content_type));
        MimePart::new(content_type, BodyPart::Binary((&file.bytes[..]).into())).attachment(file_name(&file.name))
    });
    several("multipart/mixed", &digest[..32], std::iter::once(text).chain(files).collect())
}

fn several<'a>(kind: &'static str, label: &str, parts: Vec<MimePart<'a>>) -> MimePart<'a> {
    MimePart::new(ContentType::new(kind).attribute("boundary", format!("=_{label}")), parts)
}

/// Lines end alike, the last one too; control characters that no reader sees are left out.
fn body_text(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut text = text.replace(|c: char| c.is_control() && !matches!(c, '\n' | '\t'), "");
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// Of a name too long for any file system its end, which says the kind of file.
fn file_name(name: &str) -> String {
    let name = one_line(name);
    let excess = name.chars().count().saturating_sub(FILE_NAME_CHARS_MAX);
    name.chars().skip(excess).collect()
}

/// What can't be sent as itself goes as plain bytes: structures would be read as parts of this message.
fn content_type_of(content_type: &str) -> String {
    let kind = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let is_token = |part: &str| {
        !part.is_empty()
            && part.len() <= 64
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b))
    };
    let is_leaf = kind
        .split_once('/')
        .is_some_and(|(family, rest)| is_token(family) && is_token(rest) && !matches!(family, "multipart" | "message"));
    if is_leaf { kind } else { "application/octet-stream".to_owned() }
}

fn people(people: &[Person]) -> Address<'static> {
    let each = people.iter().filter_map(|person| {
        let address = address(&person.address)?;
        let name = person.name.as_deref().map(one_line).filter(|name| !name.is_empty());
        Some(Address::new_address(name, address))
    });
    Address::new_list(each.collect())
}

fn address(text: &str) -> Option<String> {
    let is_quoted = text.starts_with('"');
    let is_harmless = |c: &char| {
        !c.is_control()
            && !matches!(c, '<' | '>')
            && (is_quoted || !(c.is_whitespace() || matches!(c, ',' | ';' | '"' | '(' | ')')))
    };
    let address: String = text.trim().chars().filter(is_harmless).collect();
    (!address.is_empty() && address.len() <= ADDRESS_BYTES_MAX).then_some(address)
}

/// An id without brackets; none where it couldn't be sent as ASCII.
fn id(text: &str) -> Option<String> {
    let id: String = text.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>')).collect();
    let is_whole = text.trim().trim_matches(['<', '>']).is_ascii();
    (is_whole && !id.is_empty() && id.len() <= MESSAGE_ID_BYTES_MAX).then_some(id)
}

fn may_be_added(name: &str) -> bool {
    let is_name = !name.is_empty() && name.len() <= 76 && name.bytes().all(|b| b.is_ascii_graphic() && b != b':');
    let is_reserved = RESERVED.iter().any(|reserved| name.eq_ignore_ascii_case(reserved))
        || name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("Content-"));
    is_name && !is_reserved
}

/// A value on one line, no word of it too long for a line.
fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    // Plain text that looks like an encoded word would be shown as something else than what was written.
    let is_misread = spaced.is_ascii() && words::decode(&spaced) != spaced;
    let spaced = if is_misread { spaced.replace("=?", "= ?") } else { spaced };
    let spaced = spaced.trim();
    if spaced.split(' ').all(|word| word.len() <= WORD_BYTES_MAX) {
        return spaced.to_owned();
    }
    let words = spaced.split(' ').map(|word| &word[..word.floor_char_boundary(WORD_BYTES_MAX)]);
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::message::{Facts, fields, read, references, subject};

    /// Without its CRLF (RFC 5322 §2.1.1).
    const LINE_BYTES_MAX: usize = 998;

    fn draft() -> Draft {
        Draft {
            from: Person { name: Some("Support".into()), address: "support@example.com".into() },
            to: vec![Person { name: None, address: "anna@example.org".into() }],
            cc: Vec::new(),
            subject: "Re: Broken door [#17]".into(),
            date: "2026-11-20T10:00:00Z".parse().expect("a time"),
            message_id: "<1@example.com>".into(),
            in_reply_to: Some("<0@example.org>".into()),
            references: vec!["<a@example.org>".into(), "<0@example.org>".into()],
            text: "Hello\n".into(),
            quotation: None,
            with_page: false,
            attachments: Vec::new(),
            extra_fields: vec![("Auto-Submitted".into(), "auto-replied".into())],
        }
    }

    /// The answer to a message, whatever it says.
    pub fn answer(parent: &Facts) -> Vec<u8> {
        let raw = compose(&Draft {
            to: parent.from.iter().chain(&parent.reply_to).cloned().collect(),
            subject: subject::of_reply(&parent.subject, 17),
            in_reply_to: parent.message_id.clone(),
            references: references::of_reply(parent),
            text: parent.text.clone(),
            attachments: file(parent.attachments.first().and_then(|a| a.name.as_deref()).unwrap_or("x"), "a/b", b"x"),
            ..draft()
        });
        assert_well_formed(&raw);
        raw
    }

    fn file(name: &str, content_type: &str, bytes: &[u8]) -> Vec<AttachedFile> {
        vec![AttachedFile { name: name.into(), content_type: content_type.into(), bytes: bytes.into() }]
    }

    /// Only CRLF, short lines, no control characters.
    #[track_caller]
    fn assert_well_formed(raw: &[u8]) {
        let text = std::str::from_utf8(raw).expect("at most UTF-8 addresses");
        assert!(raw.ends_with(b"\r\n"));
        for line in text.split_terminator("\r\n") {
            assert!(line.len() <= LINE_BYTES_MAX && !line.contains(|c: char| c.is_control() && c != '\t'), "{line:?}");
        }
    }

    /// What was drafted is what is read.
    #[track_caller]
    fn check(draft: &Draft) -> Vec<u8> {
        let raw = compose(draft);
        assert_well_formed(&raw);
        assert_eq!(raw, compose(draft), "the same draft gives the same bytes");
        let facts = read(&raw);
        assert_eq!(facts.from.as_ref(), Some(&draft.from), "{}", String::from_utf8_lossy(&raw));
        assert_eq!((&facts.to, &facts.cc), (&draft.to, &draft.cc));
        assert_eq!(facts.subject, draft.subject.split_whitespace().collect::<Vec<_>>().join(" "));
        assert_eq!((facts.date, facts.message_id.as_ref()), (Some(draft.date), Some(&draft.message_id)));
        assert_eq!(facts.in_reply_to, draft.in_reply_to.iter().cloned().collect::<Vec<_>>());
        assert_eq!(facts.references, draft.references);
        let trimmed = draft.text.lines().map(|line| if line == "-- " { line } else { line.trim_end_matches(' ') });
        assert_eq!(facts.text, trimmed.collect::<Vec<_>>().join("\n").trim_end());
        let files = draft.attachments.iter().enumerate().map(|(index, file)| {
            let (found, bytes) = crate::message::attachment(&raw, index).expect("the attachment");
            assert_eq!((found.name.as_deref(), &bytes), (Some(file.name.as_str()), &file.bytes));
        });
        assert_eq!(files.count(), facts.attachments.len());
        raw
    }

    #[test]
    fn a_plain_answer() {
        let raw = String::from_utf8(check(&draft())).expect("ASCII");
        assert_eq!(
            raw,
            "From: \"Support\" <support@example.com>\r\nTo: <anna@example.org>\r\nSubject: Re: Broken door [#17]\r\n\
             Date: Fri, 20 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@example.com>\r\nIn-Reply-To: <0@example.org>\r\n\
             References: <a@example.org> <0@example.org>\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=\"utf-8\"; format=\"flowed\"\r\nContent-Transfer-Encoding: 7bit\r\n\r\nHello\r\n"
        );
    }

    const NASTY: &[&str] = &[
        "Jörg \"Joe\" Müller, Dipl.-Ing. (x) <y@z>; \\ : @",
        "日本語の長い件名がここに入りますので折り返しが必要になりますし、文字の途中で切れてはいけません。日本語の長い件名がここに入ります",
        "\u{1F600}\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467} family",
        "a'b%41*0=\"c\" ?= =? =?=",
        "שלום עולם",
        ".",
        "x",
    ];

    #[test]
    fn nasty_words_round_trip() {
        for nasty in NASTY {
            let long = format!("{nasty} ").repeat(12);
            for words in [nasty.to_string(), long.trim_end().to_owned()] {
                let name: String = words.chars().take(FILE_NAME_CHARS_MAX).collect();
                let name = name.trim();
                let person = Person { name: Some(words.clone()), address: "a.b+c@example.com".into() };
                let raw = check(&Draft {
                    from: person.clone(),
                    to: vec![person.clone(), draft().from],
                    cc: vec![person],
                    subject: words.clone(),
                    text: format!("{words}\n.\nFrom here\n{words} =\n\n-- \nx"),
                    attachments: [file(name, "text/csv", b"a\nb\r\nc\rd\0\xff"), file("b", "a/b", b"")].concat(),
                    extra_fields: vec![("X-Note".into(), words.clone())],
                    ..draft()
                });
                assert!(raw.is_ascii(), "{words:?}");
            }
        }
    }

    #[test]
    fn texts_of_every_sort_round_trip() {
        for text in ["", "\n\nx", "ÄÖÜ", &"x".repeat(5000), &"ä ".repeat(3000), "--=_\n--\n", "a \n\tb  "] {
            check(&Draft { text: text.to_owned(), ..draft() });
            check(&Draft { text: text.to_owned(), attachments: file("a", "a/b", text.as_bytes()), ..draft() });
        }
    }

    /// Text, page and file; only the agent's words are new, whatever they look like.
    #[test]
    fn an_answer_with_its_original() {
        let parent = Facts {
            from: Some(draft().to[0].clone()),
            text: "It burns.\n<b>Now</b>\n> You wrote this".into(),
            ..Facts::default()
        };
        let quotation = quotation_of(&parent, draft().date);
        for text in [
            "We come.",
            "We come.\n\nAt once.",
            "> Does it burn?\nYes, it does.",
            "> It burns.\n\nWe come. Who called?",
        ] {
            let answer = Draft {
                text: text.into(),
                quotation: quotation.clone(),
                with_page: true,
                attachments: file("a", "a/b", b"x"),
                ..draft()
            };
            let raw = compose(&answer);
            assert_well_formed(&raw);
            let facts = read(&raw);
            assert_eq!((facts.new_text.as_str(), facts.html, facts.attachments.len()), (text, true, 1));
            assert_eq!(facts.text, format!("{text}\n\n{}", quotation.as_deref().unwrap()));
            let shown = String::from_utf8(raw).unwrap();
            assert!(shown.contains("&lt;b&gt;") && !shown.contains("<b>Now</b>\r\n</p>"), "{shown}");
        }
    }

    #[test]
    fn nothing_can_be_injected() {
        let evil = "x\r\nBcc: evil@example.net\r\n\r\nbody\n\0\x1b";
        let person = Person { name: Some(evil.into()), address: format!("a@b{evil}") };
        let raw = compose(&Draft {
            from: person.clone(),
            to: vec![person.clone(), Person { name: None, address: evil.into() }],
            cc: vec![person],
            subject: evil.into(),
            message_id: evil.into(),
            in_reply_to: Some(evil.into()),
            references: vec![evil.into()],
            text: "text".into(),
            attachments: file(evil, evil, b"x"),
            extra_fields: vec![
                ("X-Ok".into(), evil.into()),
                ("Bcc".into(), "evil@example.net".into()),
                ("X\r\nBcc".into(), "evil@example.net".into()),
                ("content-type".into(), "text/html".into()),
                ("".into(), "x".into()),
            ],
            ..draft()
        });
        assert_well_formed(&raw);
        let section = fields::Section::of(&raw);
        assert!(!section.has("Bcc") && !section.has("X\r\nBcc"));
        let section = fields::Section::of(&raw);
        assert_eq!((section.count("Content-Type"), section.count("X-Ok")), (1, 1));
        assert_eq!(read(&raw).text, "text");
    }

    #[test]
    fn what_has_no_ascii_form_and_what_is_too_long() {
        let eai = Person { name: Some("用户".into()), address: "用户@例え.jp".into() };
        check(&Draft { to: vec![eai], ..draft() });
        let long = "x".repeat(3000);
        let raw = compose(&Draft {
            subject: long.clone(),
            references: vec![format!("<{long}>"), "<é@x>".into()],
            to: vec![Person { name: Some(long.clone()), address: format!("{long}@example.com") }],
            attachments: file(&long, &long, b"x"),
            extra_fields: vec![("X-Long".into(), long.clone())],
            ..draft()
        });
        assert_well_formed(&raw);
        assert!(read(&raw).references.is_empty());
    }

    #[test]
    fn what_looks_encoded_is_shown_as_written() {
        let facts = read(&compose(&Draft { subject: "=?utf-8?q?=41?= x".into(), ..draft() }));
        assert_eq!(facts.subject, "= ?utf-8?q?=41?= x");
    }

    #[test]
    fn attached_structures_stay_closed() {
        for (content_type, expected) in [
            ("message/rfc822", "application/octet-stream"),
            ("multipart/mixed; boundary=x", "application/octet-stream"),
            ("Image/PNG; name=x", "image/png"),
            ("nonsense", "application/octet-stream"),
        ] {
            let raw = compose(&Draft { attachments: file("a", content_type, b"--x\n"), ..draft() });
            assert_eq!(read(&raw).attachments[0].content_type, expected);
        }
    }
}
