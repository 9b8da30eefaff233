//! The header section of a message without reading its body: its fields in order, as (name, raw value).
//!
//! Reads LF and CRLF alike. A field begins with a name and a colon; lines that begin with a space or a tab continue it
//! (RFC 5322 §2.2.3); any other line of the section is skipped, so that one broken line doesn't hide the rest. The
//! section ends at the first empty line; where that is missing or not quite empty, before the text that no field follows
//! or that stands below a line of space, so that no text is lost. Nothing fails: what isn't there is not found.
//!
//! [`Fields`] ends at [`HEADER_BYTES_MAX`] and [`HEADER_FIELDS_MAX`]; [`Section::excess`] says so.

use std::borrow::Cow;

use memchr::memchr;

use super::charset;
use crate::base::limits::{HEADER_BYTES_MAX, HEADER_FIELDS_MAX};

/// One header field.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    /// As written, ASCII.
    pub name: &'a str,
    /// Behind the colon, folded, with its last line end.
    pub raw: &'a [u8],
}

impl<'a> Field<'a> {
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The value unfolded and trimmed. Bytes that aren't UTF-8 (RFC 6532) are taken for `charset`, else windows-1252.
    /// Encoded words stay as they are.
    pub fn text_in(&self, charset: Option<&str>) -> Cow<'a, str> {
        let text = charset::guess(self.raw, charset);
        let trimmed = match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim_ascii()),
            Cow::Owned(text) => Cow::Owned(text.trim_ascii().to_owned()),
        };
        if trimmed.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
            return Cow::Owned(trimmed.chars().filter(|c| !c.is_control() || *c == '\t').collect());
        }
        trimmed
    }

    /// [`text_in`](Self::text_in) without a hint.
    pub fn text(&self) -> Cow<'a, str> {
        self.text_in(None)
    }
}

/// Where the header section of a message ends.
#[derive(Clone, Copy, Debug)]
pub struct Section<'a> {
    pub fields: &'a [u8],
    /// Everything behind the empty line.
    pub body: &'a [u8],
    /// Why not all of it is read.
    pub excess: Option<&'static str>,
}

impl<'a> Section<'a> {
    /// Of a message.
    pub fn of(raw: &'a [u8]) -> Self {
        let (end, body) = section_end(raw, |_| false);
        Self::bounded(&raw[..end], &raw[body..])
    }

    /// Up to the first empty line, whatever stands there.
    pub fn group(raw: &'a [u8]) -> Self {
        let mut at = 0;
        for line in lines(raw) {
            if is_empty_line(line) {
                let (fields, rest) = raw.split_at(at);
                return Self::bounded(fields, &rest[line.len()..]);
            }
            at += line.len();
        }
        Self::bounded(raw, b"")
    }

    /// A section whose end is known already.
    pub fn bounded(fields: &'a [u8], body: &'a [u8]) -> Self {
        let excess = if fields.len() > HEADER_BYTES_MAX {
            Some("the header section is too long")
        } else if lines(fields).nth(HEADER_FIELDS_MAX).is_some() && FieldLines(fields).nth(HEADER_FIELDS_MAX).is_some()
        {
            // Lines are counted first, because that is quick and nearly always enough.
            Some("the header section has too many fields")
        } else {
            None
        };
        Self { fields, body, excess }
    }

    /// The fields in order, up to the limits.
    pub fn iter(&self) -> Fields<'a> {
        let end = self.fields.len().min(HEADER_BYTES_MAX);
        Fields { lines: FieldLines(&self.fields[..end]), left: HEADER_FIELDS_MAX }
    }

    /// The first field of that name.
    pub fn first(&self, name: &str) -> Option<Field<'a>> {
        self.iter().find(|field| field.is(name))
    }

    pub fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }

    /// How often a field occurs: of `Received` these are the hops (RFC 5321 §6.3).
    pub fn count(&self, name: &str) -> usize {
        self.iter().filter(|field| field.is(name)).count()
    }
}

/// The first field of that name in a raw message, unfolded and trimmed.
pub fn field<'a>(raw: &'a [u8], name: &str) -> Option<Cow<'a, str>> {
    Section::of(raw).first(name).map(|field| field.text())
}

/// The fields of a section in order.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    lines: FieldLines<'a>,
    left: usize,
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        self.left = self.left.checked_sub(1)?;
        self.lines.next()
    }
}

#[derive(Clone, Debug)]
struct FieldLines<'a>(&'a [u8]);

impl<'a> Iterator for FieldLines<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        loop {
            let section = self.0;
            let mut end = lines(section).next()?.len();
            let name = field_name(section);
            if name.is_some() {
                end += folds(section, end);
            }
            self.0 = &section[end..];
            if let Some((name, colon)) = name {
                return Some(Field { name, raw: &section[colon + 1..end] });
            }
        }
    }
}

/// The length of the lines that continue the field which so far ends at `end`. A parameter whose line lost its
/// indentation continues a field that ends with a semicolon.
fn folds(section: &[u8], end: usize) -> usize {
    let mut at = end;
    for line in lines(&section[end..]) {
        let is_lost = || section[..at].trim_ascii_end().ends_with(b";") && field_name(line).is_none();
        if !is_folded(line) && (is_empty_line(line) || !is_lost()) {
            break;
        }
        at += line.len();
    }
    at - end
}

/// Name and place of the colon when the text begins like a header field. Space before the colon is obsolete but real
/// (RFC 5322 §4.5).
pub fn field_name(line: &[u8]) -> Option<(&str, usize)> {
    let end = line.iter().position(|byte| !matches!(byte, b'!'..=b'9' | b';'..=b'~'))?;
    let gap = line[end..].iter().position(|byte| !matches!(byte, b' ' | b'\t'))?;
    let name = std::str::from_utf8(&line[..end]).ok()?;
    (end > 0 && line[end + gap] == b':').then_some((name, end + gap))
}

/// Where the header section of a message or a part ends, and where its body begins. A line of which `is_outside` is true
/// belongs to neither.
pub fn section_end(raw: &[u8], is_outside: impl Fn(&[u8]) -> bool) -> (usize, usize) {
    let (mut at, mut fields_end) = (0, 0);
    let mut is_blank = false;
    for line in lines(raw) {
        if is_empty_line(line) {
            // Without a single field there is no header section.
            return if at > 0 && fields_end == 0 { (0, 0) } else { (at, at + line.len()) };
        }
        if is_outside(line) {
            break;
        }
        let is_field = is_folded(line) || field_name(line).is_some();
        if is_blank && !is_field {
            return (fields_end, at);
        }
        let is_lost = fields_end == at && raw[..at].trim_ascii_end().ends_with(b";");
        is_blank = fields_end > 0 && line.trim_ascii().is_empty();
        at += line.len();
        if !is_blank && (is_field || is_lost) {
            fields_end = at;
        }
    }
    (fields_end, fields_end)
}

/// Lines with their ends.
pub fn lines(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let end = memchr(b'\n', bytes).map_or(bytes.len(), |end| end + 1);
        let (line, rest) = bytes.split_at(end);
        bytes = rest;
        (!line.is_empty()).then_some(line)
    })
}

pub fn is_empty_line(line: &[u8]) -> bool {
    matches!(line, b"\n" | b"\r\n")
}

fn is_folded(line: &[u8]) -> bool {
    matches!(line.first(), Some(b' ' | b'\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, expected: &[(&str, &str)]) {
        for raw in [raw.to_owned(), raw.replace('\n', "\r\n")] {
            let section = Section::of(raw.as_bytes());
            let found: Vec<_> = section.iter().map(|field| (field.name, field.text())).collect();
            let found: Vec<_> = found.iter().map(|(name, value)| (*name, value.as_ref())).collect();
            assert_eq!(found, expected, "{raw:?}");
        }
    }

    #[test]
    fn fields_are_found_in_order() {
        check("", &[]);
        check("\nA: 1\n", &[]);
        check("A: 1\nB:2\n\nC: 3\n", &[("A", "1"), ("B", "2")]);
        check("A: one\n two\n\tthree\nB:\n", &[("A", "one two\tthree"), ("B", "")]);
        check("From x Mon\nA : 1\nnot a field\n: x\nB: 2", &[("A", "1"), ("B", "2")]);
        check("A: one;\nb=\"two\"\nnot a field\nC: 3\n", &[("A", "one;b=\"two\""), ("C", "3")]);
        check("A: a\0b\x1bc\n", &[("A", "abc")]);
    }

    #[track_caller]
    fn check_body(raw: &str, expected: &str) {
        for raw in [raw.to_owned(), raw.replace('\n', "\r\n")] {
            let body = String::from_utf8_lossy(Section::of(raw.as_bytes()).body).replace("\r\n", "\n");
            assert_eq!(body, expected, "{raw:?}");
        }
    }

    #[test]
    fn no_text_is_lost() {
        check_body("A: 1\n\ntext\n", "text\n");
        check_body("\nA: 1\n", "A: 1\n");
        check_body("A: 1\n \ntext\nB: 2\n\nmore\n", "text\nB: 2\n\nmore\n");
        check_body("A: 1\n \n\t\ntext\n", "text\n");
        check_body("A: 1\n \n b\nB: 2\n\ntext\n", "text\n");
        check_body("A: 1\njunk\nB: 2\n\ntext\n", "text\n");
        check_body("A: 1\ntext\nmore\n", "text\nmore\n");
        check_body("A: 1\njunk\nB: 2\n", "");
        check_body("A: 1;\nb=2\n", "");
        check_body("only text\nmore\n\nand more\n", "only text\nmore\n\nand more\n");
        check_body("only text\n", "only text\n");
        assert_eq!(Section::group(b"text\n\nA: 1\n").body, b"A: 1\n");
    }

    #[test]
    fn single_fields_and_counts() {
        let raw = b"Received: a\r\nreceived: b\r\nX: caf\xe9\r\n\r\nReceived: body";
        assert_eq!(Section::of(raw).count("Received"), 2);
        assert_eq!(field(raw, "x").as_deref(), Some("caf\u{e9}"));
        assert_eq!(field(raw, "Y"), None);
        assert_eq!(Section::of(raw).body, b"Received: body");
    }

    #[test]
    fn the_limits_hold() {
        let count = |raw, name| Section::of(raw).count(name);
        let many = "A: 1\n".repeat(HEADER_FIELDS_MAX + 1);
        assert_eq!(count(many.as_bytes(), "A"), HEADER_FIELDS_MAX);
        assert!(Section::of(many.as_bytes()).excess.is_some());
        assert!(Section::of(&many.as_bytes()[5..]).excess.is_none());
        let long = format!("A: {}\nB: 1\n", "x".repeat(HEADER_BYTES_MAX));
        assert!(Section::of(long.as_bytes()).excess.is_some());
        assert_eq!(count(long.as_bytes(), "B"), 0);
    }
}
