//! Content-Type and Content-Disposition (RFC 2045 §5, RFC 2183) with parameters in pieces, with a charset (RFC 2231),
//! and with encoded words, which aren't allowed there but are common.
//!
//! A parameter in RFC 2231 form wins over the plain one of the same name. An unquoted value may have spaces, because
//! file names do; in a quoted one a backslash quotes what follows it. What can't be read is left out.

use super::transfer::hex;
use super::{charset, words};

/// A content type or disposition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// `text/plain`, `attachment`, …; lower case, empty when the field says nothing that can be read.
    pub kind: String,
    pub(super) parameters: Vec<(String, String)>,
}

/// More parameters than any program writes; pieces count one each.
const PARAMETERS_MAX: usize = 100;

impl Content {
    /// From an unfolded field.
    pub fn parse(value: &str) -> Self {
        let (kind, rest) = value.split_once(';').unwrap_or((value, ""));
        let kind = kind.split('(').next().unwrap_or("");
        // `text/plain charset=x`: the semicolon is missing.
        let lost = kind.trim().find(char::is_whitespace).filter(|_| kind.contains('='));
        let (kind, rest) = match lost {
            Some(gap) => kind.trim().split_at(gap),
            None => (kind, rest),
        };
        let kind = kind.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect::<String>().to_lowercase();
        let mut pieces: Vec<Piece> = Pieces(rest).take(PARAMETERS_MAX).collect();
        // RFC 2231 form first, pieces by number: a stable sort keeps the order of the rest.
        pieces.sort_by_key(|piece| (piece.number.is_none(), piece.number));
        let mut parameters: Vec<(String, String)> = Vec::new();
        for (index, piece) in pieces.iter().enumerate() {
            if pieces[..index].iter().any(|earlier| earlier.name == piece.name) {
                continue;
            }
            let same = pieces.iter().filter(|other| other.name == piece.name && other.number.is_some());
            let text = if piece.number.is_some() { joined(same) } else { words::decode(&piece.value).into_owned() };
            let text: String = text.chars().filter(|c| !c.is_control()).collect();
            parameters.push((piece.name.clone(), text.trim().to_owned()));
        }
        Self { kind, parameters }
    }

    /// By its name in lower case; none where it is empty.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|v| !v.is_empty())
    }

    /// `text` of `text/plain`.
    pub fn is_of(&self, family: &str) -> bool {
        self.kind.strip_prefix(family).is_some_and(|rest| rest.starts_with('/'))
    }
}

/// RFC 2231 §3 and §4: the pieces' bytes in one charset, which the first one names.
fn joined<'a>(pieces: impl Iterator<Item = &'a Piece>) -> String {
    let mut charset = None;
    let mut bytes = Vec::new();
    for (index, piece) in pieces.enumerate() {
        let mut value = piece.value.as_str();
        if index == 0
            && piece.is_extended
            && let Some((name, rest)) = value.split_once('\'')
        {
            charset = Some(name);
            value = rest.split_once('\'').map_or(rest, |(_, text)| text);
        }
        if piece.is_extended { percent_decode(value, &mut bytes) } else { bytes.extend_from_slice(value.as_bytes()) }
    }
    let text = charset::decode(&bytes, charset);
    words::decode(&text).into_owned()
}

fn percent_decode(text: &str, bytes: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        match rest {
            [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                bytes.push(hex(*high) << 4 | hex(*low));
                rest = &rest[3..];
            }
            _ => {
                bytes.push(first);
                rest = behind;
            }
        }
    }
}

/// `name="value"`, `name*=charset'language'value`, `name*0="value"`, `name*0*=…`.
struct Piece {
    name: String,
    number: Option<u32>,
    is_extended: bool,
    value: String,
}

struct Pieces<'a>(&'a str);

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        loop {
            let text = self.0.trim_start_matches(|c: char| c.is_whitespace() || c == ';');
            if text.is_empty() {
                return None;
            }
            let end = text.find(['=', ';']).unwrap_or(text.len());
            if !text[end..].starts_with('=') {
                self.0 = &text[end..];
                continue;
            }
            let (value, rest) = value(text[end + 1..].trim_start());
            self.0 = rest;
            let name = text[..end].trim().to_ascii_lowercase();
            let mut words = name.split('*');
            let name = words.next().unwrap_or("").to_owned();
            let (number, is_extended) = match (words.next(), words.next()) {
                (None, _) => (None, false),
                (Some(""), _) => (Some(0), true),
                (Some(number), tail) => (number.parse().ok(), tail.is_some()),
            };
            return Some(Piece { name, number, is_extended, value });
        }
    }
}

/// A quoted or plain value and what stands behind it.
fn value(text: &str) -> (String, &str) {
    if let Some(quoted) = text.strip_prefix('"') {
        let mut value = String::new();
        let mut chars = quoted.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => return (value, &quoted[at + 1..]),
                // RFC 5322 §3.2.4: whatever stands behind it is meant, in a path that nobody escaped as well.
                '\\' => value.extend(chars.next().map(|(_, c)| c)),
                c => value.push(c),
            }
        }
        // Never closed: then the quote is none.
    }
    let end = text.find(';').unwrap_or(text.len());
    let plain = without_comment(text[..end].trim()).trim_matches('"');
    let plain = plain.strip_prefix('\'').and_then(|inner| inner.strip_suffix('\'')).unwrap_or(plain);
    (plain.to_owned(), &text[end..])
}

/// `a.txt (its name)`; a number may belong to the name, which ends with something else then.
fn without_comment(value: &str) -> &str {
    let comment = value.strip_suffix(')').and_then(|inner| inner.rsplit_once(" ("));
    comment.map(|(head, _)| head.trim_end()).filter(|head| head.contains('.')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, kind: &str, parameters: &[(&str, &str)]) {
        let content = Content::parse(value);
        assert_eq!(content.kind, kind, "{value:?}");
        for (name, expected) in parameters {
            assert_eq!(content.parameter(name), Some(*expected), "{value:?}");
        }
    }

    #[test]
    fn contents_as_they_are_written() {
        check("text/plain; charset=UTF-8", "text/plain", &[("charset", "UTF-8")]);
        check("TEXT/Html (x);Charset=\"x\" ; a=b", "text/html", &[("charset", "x"), ("a", "b")]);
        check("multipart/mixed; boundary=\"=_a b;c\"", "multipart/mixed", &[("boundary", "=_a b;c")]);
        check("a/b; name=\"x \\\"y\\\" C:\\temp\"", "a/b", &[("name", "x \"y\" C:temp")]);
        check("a/b; name=open file.txt; x=y", "a/b", &[("name", "open file.txt"), ("x", "y")]);
        check("a/b; name=\"open.txt; x=y", "a/b", &[("name", "open.txt"), ("x", "y")]);
        check("a/b; lonely; charset=\"x\" name=y", "a/b", &[("charset", "x"), ("name", "y")]);
        check("text/plain charset=x", "text/plain", &[("charset", "x")]);
        check("", "", &[]);
        check("text", "text", &[]);
    }

    #[test]
    fn file_names_in_every_form() {
        for (value, expected) in [
            ("filename*=UTF-8''%E2%82%AC.pdf", "€.pdf"),
            ("filename=plain.pdf; filename*=UTF-8'en'%E2%82%AC.pdf", "€.pdf"),
            ("filename*0=\"a b\"; filename*1=\".pdf\"", "a b.pdf"),
            ("filename*1*=%80.pdf; filename*0*=windows-1252''a%80", "a€€.pdf"),
            ("filename*0*=UTF-8''%E2%82; filename*1*=%AC.pdf", "€.pdf"),
            ("filename*0*=UTF-8''%E2%82%AC; filename*1=\"%20.pdf\"", "€%20.pdf"),
            ("filename=\"=?utf-8?Q?=E2=82=AC=2Epdf?=\"", "€.pdf"),
            ("filename*=\"=?utf-8?Q?=E2=82=AC=2Epdf?=\"", "€.pdf"),
            ("filename=a%20b", "a%20b"),
            ("filename='a b.pdf'", "a b.pdf"),
            ("filename=a.pdf (scan)", "a.pdf"),
            ("filename=a (1).pdf", "a (1).pdf"),
            ("filename=a (1)", "a (1)"),
            ("filename*=100%", "100%"),
            ("filename=\"a\r\nb\u{1b}.pdf\"", "ab.pdf"),
        ] {
            check(&format!("attachment; {value}"), "attachment", &[("filename", expected)]);
        }
    }
}
