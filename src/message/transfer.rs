//! Content-Transfer-Encoding (RFC 2045 §6), read tolerantly: what can't be meant is skipped or kept as it stands, so
//! that a cut or damaged part still gives what is left of it.
//!
//! Decoding takes one pass and at most the size of its input in memory.

use std::borrow::Cow;

/// How the bytes of a part are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// 7bit, 8bit, binary, and names nobody knows.
    #[default]
    Identity,
    Base64,
    QuotedPrintable,
    /// Older than MIME, still sent.
    Uuencode,
}

impl Encoding {
    /// From the value of a Content-Transfer-Encoding field.
    pub fn named(value: &str) -> Self {
        let word = value.split(|c: char| c.is_whitespace() || matches!(c, ';' | '(')).next().unwrap_or("");
        if word.eq_ignore_ascii_case("base64") {
            Self::Base64
        } else if word.eq_ignore_ascii_case("quoted-printable") {
            Self::QuotedPrintable
        } else if ["x-uuencode", "uuencode", "x-uue", "uue"].iter().any(|name| word.eq_ignore_ascii_case(name)) {
            Self::Uuencode
        } else {
            Self::Identity
        }
    }

    pub fn decode(self, bytes: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Self::Identity => Cow::Borrowed(bytes),
            Self::Base64 => Cow::Owned(base64(bytes)),
            Self::QuotedPrintable => Cow::Owned(quoted_printable(bytes)),
            Self::Uuencode => Cow::Owned(uuencode(bytes)),
        }
    }
}

/// RFC 2045 §6.8. Other characters are skipped; padding ends a group, and what follows it is decoded too, because
/// some programs encode in pieces. A line of something else behind it was added by a list, and ends it.
pub fn base64(bytes: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(bytes.len() / 4 * 3 + 3);
    let (mut group, mut count) = (0u32, 0);
    let mut is_padded = false;
    for (at, &byte) in bytes.iter().enumerate() {
        let value = BASE64[usize::from(byte)];
        if value < 64 {
            is_padded = false;
            group = group << 6 | u32::from(value);
            count += 1;
            if count == 4 {
                decoded.extend_from_slice(&group.to_be_bytes()[1..]);
                (group, count) = (0, 0);
            }
        } else if byte == b'=' {
            flush(&mut decoded, group, count);
            (group, count) = (0, 0);
            is_padded = true;
        } else if byte == b'\n' && std::mem::take(&mut is_padded) && !is_base64_line(&bytes[at + 1..]) {
            break;
        }
    }
    flush(&mut decoded, group, count);
    decoded
}

/// The next line with a word has nothing but signs of base64.
fn is_base64_line(rest: &[u8]) -> bool {
    let line = rest.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).find(|line| !line.is_empty());
    line.is_none_or(|line| line.iter().all(|byte| BASE64[usize::from(*byte)] < 64 || *byte == b'='))
}

/// The whole bytes of an unfinished group.
fn flush(decoded: &mut Vec<u8>, group: u32, count: u32) {
    match count {
        2 => decoded.push((group >> 4) as u8),
        3 => decoded.extend_from_slice(&[(group >> 10) as u8, (group >> 2) as u8]),
        _ => {}
    }
}

static BASE64: [u8; 256] = {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut table = [64; 256];
    let mut value = 0;
    while value < 64 {
        table[ALPHABET[value] as usize] = value as u8;
        value += 1;
    }
    table
};

/// RFC 2045 §6.7. An `=` that begins neither a byte nor a soft line break stays.
pub fn quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let end = &line[text.len()..];
        // Space at a line's end was added on the way (rule 3).
        let text = text.trim_ascii_end();
        if let Some(text) = text.strip_suffix(b"=") {
            decode_escapes(text, &mut decoded);
        } else {
            decode_escapes(text, &mut decoded);
            decoded.extend_from_slice(end);
        }
    }
    decoded
}

/// Decodes `=XX` and keeps the rest.
pub fn decode_escapes(text: &[u8], decoded: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| *byte == b'=') {
        decoded.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        match rest {
            [_, high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                decoded.push(hex(*high) << 4 | hex(*low));
                rest = &rest[3..];
            }
            _ => {
                decoded.push(b'=');
                rest = &rest[1..];
            }
        }
    }
    decoded.extend_from_slice(rest);
}

/// Lines between `begin` and `end`; each begins with its number of bytes.
pub fn uuencode(bytes: &[u8]) -> Vec<u8> {
    let value = |byte: &u8| byte.wrapping_sub(b' ') & 63;
    let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    let lines = lines.skip_while(|line| !line.starts_with(b"begin ")).skip(1).take_while(|line| *line != b"end");
    let mut decoded = Vec::with_capacity(bytes.len() / 4 * 3);
    for (length, data) in lines.filter_map(|line| line.split_first()) {
        let end = decoded.len() + usize::from(value(length));
        for group in data.chunks(4) {
            let digit = |at: usize| group.get(at).map_or(0, value);
            decoded.push(digit(0) << 2 | digit(1) >> 4);
            decoded.push(digit(1) << 4 | digit(2) >> 2);
            decoded.push(digit(2) << 6 | digit(3));
        }
        // Space at the end of a line may be lost on the way; it stands for zeros.
        decoded.resize(end, 0);
    }
    decoded
}

/// The value of a hexadecimal digit; any other byte counts as 0.
pub fn hex(digit: u8) -> u8 {
    char::from(digit).to_digit(16).map_or(0, |value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_tolerantly() {
        let cases: &[(&str, &str)] = &[
            ("aGVsbG8=", "hello"),
            ("aGVs\r\nbG8", "hello"),
            ("aGVs bG8=\nd29ybGQ=", "helloworld"),
            ("a!G~VsbG8=", "hello"),
            ("aGVsbG8=\r\n\r\n--\r\nthe list", "hello"),
            ("aGVsbG8=\n\nthe list", "hello"),
            ("aGVsbG8a", "hello\x1a"),
            ("a", ""),
            ("", ""),
        ];
        for (input, expected) in cases {
            assert_eq!(base64(input.as_bytes()), expected.as_bytes(), "{input:?}");
        }
    }

    #[test]
    fn quoted_printable_is_read_tolerantly() {
        let cases: &[(&str, &str)] = &[
            ("a=3Db", "a=b"),
            ("soft=\nline", "softline"),
            ("soft= \t\r\nline", "softline"),
            ("trailing  \r\nspace", "trailing\r\nspace"),
            ("a=zz=", "a=zz"),
            ("=e2=82=AC", "€"),
        ];
        for (input, expected) in cases {
            assert_eq!(quoted_printable(input.as_bytes()), expected.as_bytes(), "{input:?}");
        }
    }

    #[test]
    fn uuencode_is_read_tolerantly() {
        let cases: &[(&str, &str)] = &[
            ("begin 644 x\n%:&5L;&\\`\n`\nend\n", "hello"),
            ("preamble\r\nbegin 644 x\r\n#0V%T\r\n", "Cat"),
            ("no begin", ""),
        ];
        for (input, expected) in cases {
            assert_eq!(uuencode(input.as_bytes()), expected.as_bytes(), "{input:?}");
        }
    }

    #[test]
    fn names() {
        assert_eq!(Encoding::named("BASE64"), Encoding::Base64);
        assert_eq!(Encoding::named("quoted-printable (x)"), Encoding::QuotedPrintable);
        assert_eq!(Encoding::named("8bit"), Encoding::Identity);
    }
}
