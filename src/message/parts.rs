//! The MIME structure of a message (RFC 2045, RFC 2046): its parts as ranges of the raw bytes, nothing decoded.
//!
//! One pass over the lines with a stack of open boundaries, so time is linear and memory is one small record per part,
//! whatever the bytes are. A delimiter of an outer multipart closes the inner ones; a missing final delimiter, a part
//! without header section and a multipart without any part (then it is text) are taken. Attached messages are leaves:
//! whoever wants them reads their bytes as a message of its own.
//!
//! Invariants: parts are in the order of the message; a part's parent stands before it; the first one is the message.
//! Beyond [`MIME_DEPTH_MAX`] or [`MIME_PARTS_MAX`] only the first part is given, and [`Parts::excess`] says why.

use super::content::Content;
use super::fields::{self, Section};
use super::transfer::Encoding;
use crate::base::limits::{MIME_DEPTH_MAX, MIME_PARTS_MAX};

/// One part; its body as it came.
#[derive(Debug)]
pub struct Part<'a> {
    pub parent: Option<usize>,
    pub section: Section<'a>,
    pub body: &'a [u8],
    pub content: Content,
    pub disposition: Content,
    pub encoding: Encoding,
    /// A multipart whose parts follow.
    pub is_container: bool,
}

impl Part<'_> {
    /// The file name that the sender gave it.
    pub fn name(&self) -> Option<&str> {
        self.disposition.parameter("filename").or_else(|| self.content.parameter("name"))
    }

    /// The first word of the charset parameter; a comment may follow it.
    pub fn charset(&self) -> Option<&str> {
        self.content.parameter("charset").and_then(|charset| charset.split_whitespace().next())
    }

    pub fn is_attached_message(&self) -> bool {
        matches!(self.content.kind.as_str(), "message/rfc822" | "message/global" | "message/news")
    }
}

/// The parts of a message.
#[derive(Debug)]
pub struct Parts<'a> {
    pub list: Vec<Part<'a>>,
    /// Why parts aren't read.
    pub excess: Option<&'static str>,
}

/// The structure of a raw message.
pub fn split(raw: &[u8]) -> Parts<'_> {
    let mut splitter = Splitter { raw, list: Vec::new(), open: Vec::new() };
    let excess = splitter.run().err();
    let mut list = splitter.list;
    read_raw_names(&mut list);
    if excess.is_some() {
        list.truncate(1);
        list.iter_mut().for_each(|part| part.is_container = false);
    }
    Parts { list, excess }
}

struct Splitter<'a> {
    raw: &'a [u8],
    list: Vec<Part<'a>>,
    open: Vec<Open>,
}

/// A multipart whose final delimiter hasn't come.
struct Open {
    boundary: String,
    part: usize,
    has_parts: bool,
}

/// A line that ends a part.
struct Delimiter {
    level: usize,
    is_final: bool,
    start: usize,
    end: usize,
}

impl<'a> Splitter<'a> {
    fn run(&mut self) -> Result<(), &'static str> {
        let mut at = 0;
        loop {
            let body_start = self.part(at)?;
            let mut found = self.next_delimiter(body_start);
            while let Some(delimiter) = &found {
                self.close_down_to(delimiter.level, delimiter.start);
                if !delimiter.is_final {
                    break;
                }
                self.close_innermost(delimiter.start);
                found = self.next_delimiter(delimiter.end);
            }
            let Some(delimiter) = found else {
                self.close_all();
                return Ok(());
            };
            if let Some(open) = self.open.last_mut() {
                open.has_parts = true;
            }
            at = delimiter.end;
        }
    }

    /// Reads the header section that begins at `at`, adds the part, gives the place of its body.
    fn part(&mut self, at: usize) -> Result<usize, &'static str> {
        if self.list.len() == MIME_PARTS_MAX {
            return Err("the message has too many parts");
        }
        let (fields_end, body_start) = self.header_end(at);
        let section = Section::bounded(&self.raw[at..fields_end], &self.raw[body_start..]);
        let parent = self.open.last().map(|open| open.part);
        let is_digest = parent.is_some_and(|parent| self.list[parent].content.kind == "multipart/digest");
        let part = describe(section, parent, if is_digest { "message/rfc822" } else { "text/plain" });
        let index = self.list.len();
        if part.content.is_of("multipart")
            && let Some(boundary) = part.content.parameter("boundary")
        {
            if self.open.len() == MIME_DEPTH_MAX {
                return Err("the parts are nested too deeply");
            }
            self.open.push(Open { boundary: boundary.to_owned(), part: index, has_parts: false });
        }
        self.list.push(part);
        Ok(body_start)
    }

    /// Where the header section that begins at `at` ends, and where the body begins.
    fn header_end(&self, at: usize) -> (usize, usize) {
        let raw = &self.raw[at..];
        let is_inner_part = !self.list.is_empty();
        let first = fields::lines(raw).next().unwrap_or_default();
        // A part that begins with text has no header section at all.
        if is_inner_part && !fields::is_empty_line(first) && fields::field_name(first).is_none() {
            return (at, at);
        }
        let (end, body) = fields::section_end(raw, |line| is_inner_part && self.delimiter(line).is_some());
        (at + end, at + body)
    }

    fn next_delimiter(&self, from: usize) -> Option<Delimiter> {
        if self.open.is_empty() {
            return None;
        }
        let mut start = from;
        for line in fields::lines(&self.raw[from..]) {
            let end = start + line.len();
            if let Some((level, is_final)) = self.delimiter(line) {
                return Some(Delimiter { level, is_final, start, end });
            }
            start = end;
        }
        None
    }

    /// The multipart to which a delimiter line belongs, innermost first (RFC 2046 §5.1.1).
    fn delimiter(&self, line: &[u8]) -> Option<(usize, bool)> {
        let text = line.strip_prefix(b"--")?;
        self.open.iter().enumerate().rev().find_map(|(level, open)| {
            let tail = text.strip_prefix(open.boundary.as_bytes())?;
            let is_final = tail.starts_with(b"--");
            (is_final || tail.trim_ascii().is_empty()).then_some((level, is_final))
        })
    }

    /// Ends the newest part and every multipart above `level` in front of the delimiter at `end`.
    fn close_down_to(&mut self, level: usize, end: usize) {
        let last = self.list.len() - 1;
        self.end_part(last, end);
        while self.open.len() > level + 1 {
            self.close_innermost(end);
        }
    }

    fn close_all(&mut self) {
        while !self.open.is_empty() {
            self.close_innermost(self.raw.len());
        }
    }

    fn close_innermost(&mut self, end: usize) {
        if let Some(open) = self.open.pop() {
            if open.has_parts {
                self.list[open.part].is_container = true;
            }
            self.end_part(open.part, end);
        }
    }

    /// A body ends before the line end that belongs to the delimiter. The first end that is found holds.
    fn end_part(&mut self, index: usize, end: usize) {
        let part = &mut self.list[index];
        let start = self.raw.len() - part.section.body.len();
        if start + part.body.len() < self.raw.len() || end == self.raw.len() {
            return;
        }
        let body = &self.raw[start.min(end)..end];
        let body = body.strip_suffix(b"\n").unwrap_or(body);
        part.body = body.strip_suffix(b"\r").unwrap_or(body);
    }
}

/// Names that nobody encoded are in the charset of the text, as the fields of the message are.
fn read_raw_names(list: &mut [Part<'_>]) {
    let Some(charset) = list.iter().find_map(Part::charset).map(str::to_owned) else { return };
    for part in list.iter_mut().filter(|part| std::str::from_utf8(part.section.fields).is_err()) {
        for field in part.section.iter().filter(|field| !field.raw.is_ascii()) {
            let read = Content::parse(&field.text_in(Some(&charset)));
            if field.is("Content-Disposition") {
                part.disposition = read;
            } else if field.is("Content-Type") {
                part.content = Content { kind: std::mem::take(&mut part.content.kind), ..read };
            }
        }
    }
}

fn describe<'a>(section: Section<'a>, parent: Option<usize>, default_kind: &str) -> Part<'a> {
    let mut content = Content::default();
    let (mut disposition, mut encoding) = (Content::default(), Encoding::default());
    for field in section.iter() {
        if field.is("Content-Type") && content.kind.is_empty() {
            content = Content::parse(&field.text());
        } else if field.is("Content-Disposition") {
            disposition = Content::parse(&field.text());
        } else if field.is("Content-Transfer-Encoding") {
            encoding = Encoding::named(&field.text());
        }
    }
    if !content.kind.contains('/') {
        content.kind = default_kind.to_owned();
    }
    Part { parent, section, body: section.body, content, disposition, encoding, is_container: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each part as `depth kind body`, bodies with their line ends shown as `|`.
    #[track_caller]
    fn check(raw: &str, expected: &[&str]) {
        for raw in [raw.to_owned(), raw.replace('\n', "\r\n")] {
            let parts = split(raw.as_bytes());
            assert_eq!(parts.excess, None);
            let shown: Vec<String> = (0..parts.list.len()).map(|index| shown(&parts.list, index)).collect();
            assert_eq!(shown, expected, "{raw:?}");
        }
    }

    fn shown(list: &[Part<'_>], index: usize) -> String {
        let part = &list[index];
        let depth = std::iter::successors(part.parent, |parent| list[*parent].parent).count();
        if part.is_container {
            return format!("{depth} {}", part.content.kind);
        }
        let body = String::from_utf8_lossy(part.body).replace("\r\n", "|").replace('\n', "|");
        format!("{depth} {} {body}", part.content.kind)
    }

    const MIXED: &str = "Content-Type: multipart/mixed; boundary=b\n\n";

    #[test]
    fn structures() {
        check("A: 1\n\nhello\n", &["0 text/plain hello|"]);
        check("", &["0 text/plain "]);
        check(
            &format!("{MIXED}preamble\n--b\n\none\n--b\nContent-Type: text/html\n\ntwo\n--b--\nepilogue\n"),
            &["0 multipart/mixed", "1 text/plain one", "1 text/html two"],
        );
        check(&format!("{MIXED}--b\n\nopen end\n"), &["0 multipart/mixed", "1 text/plain open end|"]);
        check(&format!("{MIXED}no delimiter\n"), &["0 multipart/mixed no delimiter|"]);
        check(
            &format!("{MIXED}--b\ntext at once\n\nmore\n--b--\n"),
            &["0 multipart/mixed", "1 text/plain text at once||more"],
        );
        check(&format!("{MIXED}--b\n--b\n\nx\n--b--"), &["0 multipart/mixed", "1 text/plain ", "1 text/plain x"]);
        check(
            &format!("{MIXED}--b\n\n--bc\n--b \n\nx\n--b--"),
            &["0 multipart/mixed", "1 text/plain --bc", "1 text/plain x"],
        );
    }

    #[test]
    fn nested_structures() {
        let inner =
            "Content-Type: multipart/alternative; boundary=i\n\n--i\n\nplain\n--i\nContent-Type: text/html\n\nrich";
        let expected = ["0 multipart/mixed", "1 multipart/alternative", "2 text/plain plain", "2 text/html rich"];
        check(&format!("{MIXED}--b\n{inner}\n--i--\n\n--b--\n"), &expected);
        check(&format!("{MIXED}--b\n{inner}\n--b--\n"), &expected);
        check(
            &format!("{MIXED}--b\n{}\n--b--\nepilogue\n--b--\n", inner.replace("=i", "=b").replace("--i", "--b")),
            &expected,
        );
        check(
            "Content-Type: multipart/digest; boundary=b\n\n--b\n\nA: 1\n\nx\n--b--\n",
            &["0 multipart/digest", "1 message/rfc822 A: 1||x"],
        );
    }

    #[test]
    fn names_that_nobody_encoded() {
        let raw = b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=shift_jis\n\nx\n--b\n\
                    Content-Type: a/b; name=\"\x95\x5c.txt\"\n\nx\n--b\n\
                    Content-Disposition: attachment; filename=\"\x95\x5c.pdf\"\n\nx\n--b--\n";
        let parts = split(raw);
        let named: Vec<_> = parts.list[2..].iter().map(|part| (&*part.content.kind, part.name())).collect();
        assert_eq!(named, [("a/b", Some("表.txt")), ("text/plain", Some("表.pdf"))]);
    }

    #[test]
    fn the_limits_hold() {
        let wide = format!("{MIXED}{}", "--b\n\nx\n".repeat(MIME_PARTS_MAX));
        assert!(split(wide.as_bytes()).excess.is_some());
        assert_eq!(split(wide.as_bytes()).list.len(), 1);
        let deep: String =
            (0..=MIME_DEPTH_MAX).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n")).collect();
        assert!(split(deep.as_bytes()).excess.is_some());
    }
}
