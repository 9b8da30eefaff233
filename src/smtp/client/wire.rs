//! The message as it travels: every line ended by CRLF and nothing else, dots stuffed, one CRLF before the final dot.
//!
//! A bare CR or LF is where hosts disagree about the end of a message (smuggling), so none ever leaves; a composer that
//! signs its messages must write CRLF itself, or the signature breaks here. RFC 5321 §2.3.8, §4.5.2.

use std::borrow::Cow;

/// A message ready for mail-send, which stuffs every dot behind a line end but not a first-byte dot, and always puts
/// CRLF.CRLF behind.
pub(super) struct Wire<'a> {
    bytes: Cow<'a, [u8]>,
    first_dot_stuffed: bool,
    /// A byte over 127 anywhere: needs 8BITMIME (RFC 6152).
    pub eight_bit: bool,
    /// A byte over 127 in the header section: needs SMTPUTF8 (RFC 6532).
    pub utf8_header: bool,
}

impl<'a> Wire<'a> {
    pub fn of(message: &'a [u8]) -> Self {
        let canonical = canonical(message);
        let header_end = canonical.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap_or(canonical.len());
        let (eight_bit, utf8_header) = (!canonical.is_ascii(), !canonical[..header_end].is_ascii());
        let first_dot_stuffed = canonical.starts_with(b".");
        let mut bytes = match canonical {
            Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[..bytes.len() - 2]),
            Cow::Owned(mut bytes) => {
                bytes.truncate(bytes.len() - 2);
                Cow::Owned(bytes)
            }
        };
        if first_dot_stuffed {
            bytes.to_mut().insert(0, b'.');
        }
        Self { bytes, first_dot_stuffed, eight_bit, utf8_header }
    }

    /// What mail-send is to write.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Bytes with CRLF and without stuffing, as SIZE counts them (RFC 1870 §3).
    pub fn size(&self) -> usize {
        self.bytes.len() + 2 - usize::from(self.first_dot_stuffed)
    }
}

/// Every line ended by CRLF, so at least one CRLF; borrowed when it was so already.
fn canonical(message: &[u8]) -> Cow<'_, [u8]> {
    if message.ends_with(b"\r\n") && !has_bare_newline(message) {
        return Cow::Borrowed(message);
    }
    let mut out = Vec::with_capacity(message.len() + message.len() / 32 + 2);
    let mut bytes = message.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\r' => {
                bytes.next_if_eq(&b'\n');
                out.extend_from_slice(b"\r\n");
            }
            b'\n' => out.extend_from_slice(b"\r\n"),
            byte => out.push(byte),
        }
    }
    if !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    Cow::Owned(out)
}

fn has_bare_newline(message: &[u8]) -> bool {
    let mut after_cr = false;
    for byte in message {
        if after_cr != (*byte == b'\n') {
            return true;
        }
        after_cr = *byte == b'\r';
    }
    after_cr
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_with_crlf() {
        #[track_caller]
        fn check(message: &str, expected: &str) {
            let canonical = canonical(message.as_bytes());
            assert_eq!(canonical.escape_ascii().to_string(), expected.as_bytes().escape_ascii().to_string());
            assert_eq!(Wire::of(message.as_bytes()).size(), expected.len(), "{message:?}");
        }
        check("", "\r\n");
        check("a", "a\r\n");
        check("a\r\n", "a\r\n");
        check("a\r\n\r\n", "a\r\n\r\n");
        check("a\nb\rc\r\nd", "a\r\nb\r\nc\r\nd\r\n");
        check("a\n\n", "a\r\n\r\n");
        check("a\r", "a\r\n");
        check("a\r\r\n", "a\r\n\r\n");
        check(".a\r\n", ".a\r\n");
        assert!(matches!(canonical(b"a\r\nb\r\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn says_what_it_needs() {
        #[track_caller]
        fn check(message: &str, eight_bit: bool, utf8_header: bool) {
            let wire = Wire::of(message.as_bytes());
            assert_eq!((wire.eight_bit, wire.utf8_header), (eight_bit, utf8_header), "{message}");
        }
        check("Subject: a\n\nb", false, false);
        check("Subject: a\n\né", true, false);
        check("Subject: é\n\nb", true, true);
        check("Subject: é", true, true);
    }
}
