//! Reading a message: raw bytes to [`Facts`].
//!
//! A total function: any bytes give facts, in time linear in their number and in memory of a few times their size.
//! Nothing is looked up and nothing is verified here.
//!
//! What is decided here where standards leave it open:
//! - Fields that may stand once (From, Subject, Date, Message-ID) count where they stand *first*, which is what people
//!   see in most programs; a second From never replaces the shown sender. Repeated To, Cc and Reply-To are joined.
//! - Of several authors in one From the first one is the sender (RFC 5322 §3.6.2 wants a Sender field then).
//! - Beyond the limits of the header section, of depth or of parts, only the header fields are read, and
//!   [`Facts::unread`] says why; the raw message stays whole.

use std::borrow::Cow;

use super::facts::{Attachment, Automatic, AutomaticKind, Facts, Forwarded, Kind, Person, Protection};
use super::parts::{self, Part, Parts};
use super::{
    attached, automatic, body, charset, date, fields, forward, group, ids, inner, language, new_text, person,
    protection, report, words,
};
use crate::base::Time;

/// Everything that the message says.
pub fn read(raw: &[u8]) -> Facts {
    let facts = read_without_language(raw);
    Facts { language: language::of(&facts.new_text).map(str::to_owned), ..facts }
}

/// The same for whoever doesn't look at the language: it takes longer to tell than all the rest of a small message.
pub fn read_without_language(raw: &[u8]) -> Facts {
    let parts = parts::split(raw);
    let mut facts = header_facts(&parts);
    content_facts(&parts, &mut facts);
    if facts.unread.is_none() {
        facts.forwarded = attached_forward(&parts, &facts);
    }
    if facts.forwarded.is_none() && facts.bounce.is_none() {
        inline_forward(&mut facts);
    }
    facts
}

/// The attached original of a forward, read like any message.
fn attached_forward(parts: &Parts<'_>, facts: &Facts) -> Option<Forwarded> {
    let bytes = forward::attached(parts, facts)?;
    let original = read_attached(&bytes);
    Some(Forwarded {
        from: original.from?,
        to: original.to,
        subject: original.subject,
        date: fields::field(&bytes, "Date").map(|date| date.into_owned()),
        text: original.text,
    })
}

/// What the forwarder wrote stands above the original; it may be nothing.
fn inline_forward(facts: &mut Facts) {
    let Some((forwarded, above)) = forward::inline(facts) else { return };
    facts.new_text = new_text::of(above.trim_end(), name_of(facts), None);
    facts.forwarded = Some(forwarded);
}

fn name_of(facts: &Facts) -> Option<&str> {
    facts.from.as_ref().and_then(|from| from.name.as_deref())
}

/// What an attached message says; messages attached to it are not read.
fn read_attached(raw: &[u8]) -> Facts {
    let parts = parts::split(raw);
    let mut facts = header_facts(&parts);
    content_facts(&parts, &mut facts);
    facts
}

/// What the Date field says.
pub fn written_at(raw: &[u8]) -> Option<Time> {
    fields::field(raw, "Date").and_then(|text| date::parse(&text))
}

/// The bytes of the attachment with that index in [`Facts::attachments`], decoded.
pub fn attachment(raw: &[u8], index: usize) -> Option<(Attachment, Vec<u8>)> {
    let parts = parts::split(raw);
    let body = body::read(&parts);
    let Some(&part) = body.attachments.get(index) else {
        return inner::files(&parts, &body).into_iter().nth(index - body.attachments.len());
    };
    let (described, bytes) = attached::of_part(&parts, part);
    Some((described, bytes.into_owned()))
}

fn header_facts(parts: &Parts<'_>) -> Facts {
    let Some(root) = parts.list.first() else { return Facts::default() };
    let section = root.section;
    // Bytes that nobody encoded are in the charset of the text, which may be in a part.
    let charset = parts.list.iter().find_map(Part::charset);
    let mut facts = Facts { unread: section.excess.or(parts.excess).map(str::to_owned), ..Facts::default() };
    let (mut has_subject, mut has_date) = (false, false);
    for field in section.iter() {
        let (is, text) = (|name| field.is(name), || field.text_in(charset));
        match () {
            () if is("From") && facts.from.is_none() => facts.from = person::parse(&text()).into_iter().next(),
            () if is("Reply-To") => join(&mut facts.reply_to, &text()),
            () if is("To") => join(&mut facts.to, &text()),
            () if is("Cc") => join(&mut facts.cc, &text()),
            () if is("Subject") && !has_subject => (has_subject, facts.subject) = (true, subject(&text())),
            () if is("Date") && !has_date => (has_date, facts.date) = (true, date::parse(&text())),
            () if is("Message-ID") && facts.message_id.is_none() => facts.message_id = ids::own(&text()),
            () if is("In-Reply-To") => facts.in_reply_to.extend(ids::parse(&text())),
            () if is("References") => facts.references.extend(ids::parse(&text())),
            () => {}
        }
    }
    if charset.is_some_and(charset::is_utf7) {
        unshift(&mut facts);
    }
    facts.in_reply_to = ids::newest_once(facts.in_reply_to);
    facts.references = ids::newest_once(facts.references);
    facts.original_from = group::original_from(&section, &facts);
    let found = automatic::read(&section);
    (facts.kind, facts.automatic) = (found.kind, found.automatic);
    facts
}

fn content_facts(parts: &Parts<'_>, facts: &mut Facts) {
    if facts.unread.is_some() || parts.list.is_empty() {
        return;
    }
    let content = body::read(parts);
    facts.html = content.has_html;
    facts.new_text = new_text::of(&content.text, name_of(facts), content.original_at);
    facts.text.clone_from(&content.text);
    facts.attachments = content.attachments.iter().map(|index| attached::of_part(parts, *index).0).collect();
    facts.attachments.extend(inner::files(parts, &content).into_iter().map(|(described, _)| described));
    if content.is_cut {
        facts.unread = Some("the text is too long and was cut".to_owned());
    }
    facts.protection = protection::of(parts, &content.text);
    if facts.protection.is_some_and(Protection::is_encrypted) {
        facts.unread = Some("the message is encrypted; the raw message has it whole".to_owned());
    }
    if let Some(report) = report::read(parts, facts) {
        facts.kind = report.kind;
        facts.bounce = report.bounce;
        if report.kind == Kind::AutoReply {
            let why = "it asks its reader to do something first".to_owned();
            facts.automatic = Some(Automatic { kind: AutomaticKind::Challenge, why });
        }
    }
    automatic::wording::read(facts);
}

/// Programs that wrote a text in UTF-7 wrote it into the fields as well. Only what is shown: as a part of an address
/// it could bring another one to light than the one that is proven.
fn unshift(facts: &mut Facts) {
    facts.subject = charset::from_utf7(std::mem::take(&mut facts.subject));
    let people = facts.from.iter_mut().chain(&mut facts.reply_to).chain(&mut facts.to).chain(&mut facts.cc);
    for person in people {
        person.name = person.name.take().map(charset::from_utf7);
    }
}

fn join(people: &mut Vec<Person>, text: &str) {
    if people.len() < crate::base::limits::ADDRESSES_MAX {
        people.extend(person::parse(text));
    }
}

fn subject(text: &str) -> String {
    let decoded: Cow<'_, str> = words::decode(text);
    decoded.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::{compose, links};
    use super::*;
    use crate::base::Chance;
    use crate::base::limits::{HEADER_BYTES_MAX, MIME_PARTS_MAX, TEXT_BYTES_MAX};

    /// The facts as JSON, without those that say nothing, for LF and CRLF alike.
    #[track_caller]
    fn check(raw: &str, expected: serde_json::Value) {
        for raw in [raw.to_owned(), raw.replace('\n', "\r\n")] {
            let facts = serde_json::to_value(read(raw.as_bytes())).expect("facts are JSON");
            for (name, expected) in expected.as_object().expect("an object of facts") {
                assert_eq!(&facts[name], expected, "{name} of {raw:?}");
            }
        }
    }

    #[test]
    fn the_language_is_that_of_what_is_new_and_costs_nothing_where_nobody_asks() {
        let raw = "From: a@b\nSubject: Les billets\nContent-Type: text/plain; charset=utf-8\n\nGuten Tag, die Heizung geht seit \
                   gestern nicht mehr. Bitte schicken Sie uns jemanden.\n\n> Bonjour, nous vous remercions de votre commande \
                   et nous vous souhaitons une bonne journée.\n";
        check(raw, serde_json::json!({"language": "de"}));
        check("From: a@b\nSubject: Die Rechnung\n\nDanke!\n", serde_json::json!({"language": null}));
        assert_eq!(read_without_language(raw.as_bytes()), Facts { language: None, ..read(raw.as_bytes()) });
    }

    #[test]
    fn header_fields_become_facts() {
        let raw = "Message-ID: <1@a>\nFrom: Anna <anna@a>, b@c\nFrom: Mallory <m@x>\nReply-To: r@a\nTo: t@a\nTo: u@a\n\
                   Cc: Group: c@a;\nSubject: =?utf-8?q?J=C3=B6rg?=\nSubject: second\nDate: Mon, 1 Jan 2024 10:00:00 +0100\n\
                   In-Reply-To: <p@a>\nReferences: <r@a>\n <p@a>\n\nHello\n\n";
        check(
            raw,
            serde_json::json!({
                "message_id": "<1@a>", "from": {"name": "Anna", "address": "anna@a"},
                "reply_to": [{"name": null, "address": "r@a"}], "cc": [{"name": null, "address": "c@a"}],
                "to": [{"name": null, "address": "t@a"}, {"name": null, "address": "u@a"}],
                "subject": "Jörg", "date": "2024-01-01T09:00:00Z", "in_reply_to": ["<p@a>"],
                "references": ["<r@a>", "<p@a>"], "kind": "message", "text": "Hello", "new_text": "Hello",
                "html": false, "attachments": [], "automatic": null, "bounce": null, "forwarded": null,
            }),
        );
        let facts = serde_json::to_value(read(raw.as_bytes())).expect("facts are JSON");
        assert_eq!(facts.get("unread"), None, "said only where something wasn't read");
    }

    #[test]
    fn odd_and_missing_fields() {
        let nothing = serde_json::json!({"message_id": null, "from": null, "subject": "", "date": null, "text": ""});
        check("", nothing.clone());
        check("\n", nothing.clone());
        check("Message-ID: <>\nFrom: <>\nDate: tomorrow\nDate: Mon, 1 Jan 2024 10:00:00 +0000\n\n", nothing);
        check("Date: Mon, 30 Jun 3609 15:33:50 +0600\n\n", serde_json::json!({"date": "3609-06-30T09:33:50Z"}));
        let part = b"Subject: \xcf\xf0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n\
                     <meta charset=windows-1251>\xcf\xf0\r\n--b\r\nContent-Type: text/plain; charset=windows-1251\r\n\r\n\xcf\xf0\r\n--b--";
        let russian = read(part);
        assert_eq!((russian.subject.as_str(), russian.text.as_str()), ("Пр", "Пр\n\nПр"));
        let latin = read(b"Subject: caf\xe9\r\nContent-Type: text/plain; charset=iso-8859-2\r\n\r\n\xb1");
        assert_eq!((latin.subject.as_str(), latin.text.as_str()), ("café", "ą"));
    }

    #[test]
    fn fields_in_charsets_of_seven_bits() {
        let fields = "From: \"J+APY-rg\" <j+AHg-@a.example>\nSubject: Gr+APY-sse +- =?utf-8?q?x?=\nContent-Type: text/plain; charset=";
        check(
            &format!("{fields}UTF-7\n\n+ZYc-\n"),
            serde_json::json!({"from": {"name": "Jörg", "address": "j+AHg-@a.example"}, "subject": "Grösse + x", "text": "文"}),
        );
        check(
            &format!("{fields}utf-8\n\n+ZYc-\n"),
            serde_json::json!({"from": {"name": "J+APY-rg", "address": "j+AHg-@a.example"}, "text": "+ZYc-"}),
        );
        check(
            "From: \x1b$B%O\x1b(B <a@b.example>\nSubject: \x1b$B%O\x1b(B x\n\n\x1b$B%O\x1b(B\n",
            serde_json::json!({"from": {"name": "ハ", "address": "a@b.example"}, "subject": "ハ x", "text": "ハ"}),
        );
    }

    const ALTERNATIVE: &str = "Content-Type: multipart/alternative; boundary=i\n\n--i\nContent-Type: text/plain\n\nplain\n\
                               --i\nContent-Type: text/html\n\n<p>rich</p>\n--i--\n";

    #[test]
    fn text_and_attachments() {
        check(ALTERNATIVE, serde_json::json!({"text": "plain", "html": true, "attachments": []}));
        check(
            &ALTERNATIVE.replace("plain\n--i", " \n--i"),
            serde_json::json!({"text": "rich", "html": true, "attachments": []}),
        );
        let mixed = format!(
            "Content-Type: multipart/mixed; boundary=o\n\n--o\n{ALTERNATIVE}\n--o\nContent-Type: text/csv; name=a.csv\n\
             Content-Transfer-Encoding: base64\nContent-ID: <1>\n\naGVsbG8=\n--o\nContent-Type: message/rfc822\n\n\
             Subject: Inner\n\nx\n--o\nContent-Type: text/plain\n\nfooter\n--o--\n"
        );
        let hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        let facts = read(mixed.as_bytes());
        assert_eq!(facts.text, "plain\n\nfooter");
        assert_eq!(
            serde_json::to_value(&facts.attachments[0]).expect("JSON"),
            serde_json::json!({"name": "a.csv", "content_type": "text/csv", "size": 5, "sha256": hello, "inline": false,
                "content_id": "1"})
        );
        assert_eq!(facts.attachments[1].name.as_deref(), Some("Inner"));
        let (described, bytes) = attachment(mixed.as_bytes(), 0).expect("the first attachment");
        assert_eq!((described, &bytes[..]), (facts.attachments[0].clone(), &b"hello"[..]));
        assert_eq!(attachment(mixed.as_bytes(), 2), None);
        let related = "Content-Type: multipart/related; boundary=o\n\n--o\nContent-Type: text/html\n\n<img src=cid:1>see\n\
                       --o\nContent-Type: image/png\nContent-ID: <1>\n\nx\n--o--\n";
        let facts = read(related.as_bytes());
        assert_eq!((facts.text.as_str(), facts.attachments[0].inline), ("see", true));
    }

    #[test]
    fn a_text_that_only_has_a_name_is_the_text_of_a_message_without_one() {
        let raw = |kind: &str, disposition: &str| {
            format!(
                "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: {kind}; name=a\n{disposition}\n<b>hi</b>\n--b--\n"
            )
        };
        for (kind, disposition, text) in [
            ("text/plain", "", "<b>hi</b>"),
            ("text/html", "Content-Disposition: inline; filename=a\n", "hi"),
            ("text/plain", "Content-Disposition: attachment\n", ""),
            ("text/csv", "", ""),
        ] {
            let facts = read(raw(kind, disposition).as_bytes());
            assert_eq!(
                (facts.text.as_str(), facts.new_text.as_str(), facts.attachments.len()),
                (text, text, 1),
                "{kind}"
            );
        }
    }

    #[test]
    fn an_attached_original_is_a_forward_when_the_subject_says_so() {
        let raw = |subject: &str| {
            format!(
                "Subject: {subject}\nContent-Type: multipart/mixed; boundary=o\n\n--o\n\nsee\n--o\n\
                 Content-Type: message/rfc822\n\nFrom: Anna <a@b>\nTo: c@d\nSubject: Help\nDate: Mon, 1 Jan 2024\n\nplease\n--o--\n"
            )
        };
        check(&raw("Re: hello"), serde_json::json!({"forwarded": null}));
        check(
            &raw("WG: Help"),
            serde_json::json!({"forwarded": {"from": {"name": "Anna", "address": "a@b"},
                "to": [{"name": null, "address": "c@d"}], "subject": "Help", "date": "Mon, 1 Jan 2024", "text": "please"}}),
        );
    }

    #[test]
    fn a_forward_without_a_word_has_no_new_text() {
        let copy = "---------- Forwarded message ---------\nFrom: Anna <a@b>\nSubject: Door\n\nIt is broken.\n";
        for (above, new) in [("", ""), ("Please.\n\n", "Please."), ("Sent from my iPhone\n\n", "Sent from my iPhone")] {
            let facts = read(format!("Subject: Fwd: Door\n\n{above}{copy}").as_bytes());
            assert_eq!((facts.new_text.as_str(), facts.forwarded.is_some()), (new, true));
            assert!(facts.text.contains(copy.trim_end()));
        }
    }

    #[test]
    fn beyond_the_limits_only_header_fields_are_read() {
        let parts = "--b\n\nx\n".repeat(MIME_PARTS_MAX);
        let wide = format!("Subject: s\nContent-Type: multipart/mixed; boundary=b\n\n{parts}");
        let long = format!("Subject: s\nX: {}\n\nx", "x".repeat(HEADER_BYTES_MAX));
        for raw in [wide, long] {
            let facts = read(raw.as_bytes());
            assert!(facts.unread.is_some() && facts.text.is_empty() && facts.attachments.is_empty());
            assert_eq!(facts.subject, "s");
        }
        let facts = read(format!("Subject: s\n\n{}", "é".repeat(TEXT_BYTES_MAX)).as_bytes());
        assert!(facts.unread.is_some() && facts.text.len() == TEXT_BYTES_MAX);
    }

    #[test]
    fn no_bytes_make_it_panic() {
        let chance = Chance::seeded(7);
        let seeds = [
            ALTERNATIVE.to_owned(),
            "From: \"a\\\"b\" (c) <@x:d@e>, =?utf-8?q?=C3?=\nContent-Type: text/html; charset=utf-7\n\n<a b='c' href=https://x>&#xe9;<a href='y' >://<!--".into(),
            "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: ;\nStatus: 5..\n\n--b--".into(),
            "Subject: Fwd: x\nContent-Type: multipart/digest; boundary=\"b\n\n--b\n\nFrom: <\n\n--b--\n> x\nOn a wrote:\n-- \n".into(),
            "Content-Transfer-Encoding: x-uuencode\nContent-Disposition: attachment; filename*1*=a''%; filename*=%C3\n\nbegin \n\u{7f}é".into(),
        ];
        for round in 0..3000 {
            let mut raw = seeds[round % seeds.len()].clone().into_bytes();
            for [at, high, byte, how] in (0..1 + round % 8).map(|_| chance.bytes::<4>()) {
                let at = usize::from(at) << 8 | usize::from(high);
                let at = at % raw.len().max(1);
                match how % 4 {
                    0 if !raw.is_empty() => raw[at] = byte,
                    1 => raw.insert(at, b"<>\"'=?;:-\n\r\0 (\xff\xc3"[usize::from(byte) % 16]),
                    2 => raw.truncate(at),
                    _ => raw.extend_from_within(at..),
                }
            }
            let facts = read(&raw);
            let _ = (attachment(&raw, 0), compose::tests::answer(&facts), links(&raw, 100));
        }
    }
}
