//! Encoded words in header fields (RFC 2047), read tolerantly.
//!
//! Adjacent words of one charset and encoding are joined before they are decoded, because many programs cut in the
//! middle of a character. Spaces inside a word are taken. What isn't an encoded word stays as it is. Linear in its
//! input; control characters that a word smuggles in become spaces.

use std::borrow::Cow;

use super::{charset, transfer};

/// The text with its encoded words decoded.
pub fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains("=?") {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len());
    let mut run: Option<Run<'_>> = None;
    let mut rest = text;
    while let Some(start) = rest.find("=?") {
        let (word, end) = match Word::at(&rest[start..]) {
            Ok(found) => found,
            Err(NotAWord::NoEndAnywhere) => break,
            Err(NotAWord::Here) => {
                flush(&mut run, &mut decoded);
                decoded.push_str(&rest[..start + 2]);
                rest = &rest[start + 2..];
                continue;
            }
        };
        let between = &rest[..start];
        // RFC 2047 §6.2: space between two encoded words isn't shown.
        if run.is_none() || !between.trim().is_empty() {
            flush(&mut run, &mut decoded);
            decoded.push_str(between);
        }
        if run.as_ref().is_some_and(|run| !run.charset.eq_ignore_ascii_case(word.charset)) {
            flush(&mut run, &mut decoded);
        }
        let mut bytes = run.take().map(|run| run.bytes).unwrap_or_default();
        for piece in word.pieces() {
            if piece.is_ascii() {
                word.decode_into(piece, &mut bytes);
            } else {
                // Raw characters that had to be encoded: they are text already.
                flush(&mut Some(Run { charset: word.charset, bytes: std::mem::take(&mut bytes) }), &mut decoded);
                decoded.push_str(piece);
            }
        }
        run = Some(Run { charset: word.charset, bytes });
        rest = &rest[start + end..];
    }
    flush(&mut run, &mut decoded);
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

/// Adjacent words of one charset.
struct Run<'a> {
    charset: &'a str,
    bytes: Vec<u8>,
}

fn flush(run: &mut Option<Run<'_>>, decoded: &mut String) {
    if let Some(Run { charset, bytes }) = run.take() {
        let text = charset::decode(&bytes, Some(charset));
        decoded.extend(text.chars().map(|c| if c.is_control() { ' ' } else { c }));
    }
}

enum NotAWord {
    Here,
    /// No word ends in the rest of the text: looking again at each `=?` would take quadratic time.
    NoEndAnywhere,
}

struct Word<'a> {
    charset: &'a str,
    is_base64: bool,
    data: &'a str,
}

impl<'a> Word<'a> {
    /// The encoded word with which the text begins, and its length.
    fn at(text: &'a str) -> Result<(Self, usize), NotAWord> {
        const CHARSET_BYTES_MAX: usize = 64;
        let inner = &text[2..];
        let mark = inner.bytes().take(CHARSET_BYTES_MAX).position(|byte| byte == b'?').ok_or(NotAWord::Here)?;
        let charset = &inner[..mark];
        if charset.is_empty() || charset.contains([' ', '=']) {
            return Err(NotAWord::Here);
        }
        let rest = &inner[mark + 1..];
        let is_base64 = match rest.as_bytes() {
            [b'b' | b'B', b'?', ..] => true,
            [b'q' | b'Q', b'?', ..] => false,
            _ => return Err(NotAWord::Here),
        };
        let data = &rest[2..];
        let end = data.find("?=").ok_or(NotAWord::NoEndAnywhere)?;
        let length = 2 + mark + 1 + 2 + end + 2;
        Ok((Self { charset, is_base64, data: &data[..end] }, length))
    }

    /// The data cut where ASCII and other characters meet; in one piece when all of it is ASCII, as it should be.
    fn pieces(&self) -> impl Iterator<Item = &'a str> {
        let mut rest = self.data;
        std::iter::from_fn(move || {
            let is_ascii = rest.chars().next()?.is_ascii();
            let end = rest.find(|c: char| c.is_ascii() != is_ascii).unwrap_or(rest.len());
            let (piece, behind) = rest.split_at(end);
            rest = behind;
            Some(piece)
        })
    }

    fn decode_into(&self, piece: &str, bytes: &mut Vec<u8>) {
        if self.is_base64 {
            bytes.extend(transfer::base64(piece.as_bytes()));
            return;
        }
        let spaced: Vec<u8> = piece.bytes().map(|byte| if byte == b'_' { b' ' } else { byte }).collect();
        transfer::decode_escapes(&spaced, bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_words() {
        let cases: &[(&str, &str)] = &[
            ("plain", "plain"),
            ("=?utf-8?Q?caf=C3=A9_bar?=", "café bar"),
            ("=?ISO-8859-1?B?Y2Fm6Q==?= x", "café x"),
            ("a =?utf-8?q?b?=\t =?utf-8?q?c?= d", "a bc d"),
            ("=?utf-8?q?caf=C3?= =?utf-8?q?=A9?=", "café"),
            ("=?utf-8*en?q?x?=y", "xy"),
            ("=?utf-8?q?two words?=", "two words"),
            ("=?utf-8?x?no?= =?utf-8?q?yes?=", "=?utf-8?x?no?= yes"),
            ("=?utf-8?q?open", "=?utf-8?q?open"),
            ("=?utf-8?q?a=0D=0ABcc:_x?=", "a  Bcc: x"),
            ("=? =?=?utf-8?q?x?=", "=? =?x"),
            ("=?iso-8859-1?q?Müller_=FC?=", "Müller ü"),
            ("=?iso-2022-jp?B?GyRCJUYbKEI=?= =?iso-2022-jp?B?GyRCJUYbKEI=?=", "テテ"),
            ("=?iso-8859-1?q?=A4?= =?iso-8859-15?q?=A4?=", "¤€"),
        ];
        for (input, expected) in cases {
            assert_eq!(decode(input), *expected, "{input:?}");
        }
    }

    #[test]
    fn hostile_text_takes_linear_time() {
        for piece in ["x=?a?q?", "=?a ", "=?", "=?a?x?"] {
            let open = piece.repeat(40_000);
            assert_eq!(decode(&open), open);
        }
    }
}
