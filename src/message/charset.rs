//! Bytes to text by charset name (RFC 2978), and what to do when the name is absent, unknown or wrong.
//!
//! Decoding never fails: a byte that has no meaning becomes U+FFFD. Without a usable name, UTF-8 is believed when the
//! bytes are valid UTF-8, because other text almost never is; else they are taken for windows-1252, as browsers do.

use std::borrow::Cow;

use mail_parser::decoders::charsets::map::charset_decoder;

/// Charsets in which a byte below 128 isn't the ASCII character: they are decoded even where all bytes are ASCII.
const NOT_ASCII: &[&str] =
    &["utf-7", "utf-16", "utf-32", "iso-2022", "hz-gb", "csiso2022", "csutf7", "unicode-1-1-utf-7"];

/// The text of a body or an encoded word that says its charset.
pub fn decode<'a>(bytes: &'a [u8], name: Option<&str>) -> Cow<'a, str> {
    let name = name.unwrap_or("").trim();
    // RFC 2231 §5: an encoded word may carry a language behind an asterisk.
    let name = name.split('*').next().unwrap_or("").to_ascii_lowercase();
    let says_utf8 = matches!(name.as_str(), "utf-8" | "utf8");
    let is_ascii_compatible = !NOT_ASCII.iter().any(|other| name.starts_with(other));
    if says_utf8 || (is_ascii_compatible && bytes.is_ascii()) {
        return without_bom(String::from_utf8_lossy(bytes));
    }
    if !matches!(name.as_str(), "" | "us-ascii" | "ascii")
        && let Some(decoder) = charset_decoder(name.as_bytes())
    {
        if name.starts_with("iso-2022") {
            return Cow::Owned(decoder(&without_idle_escapes(bytes)));
        }
        return without_bom(Cow::Owned(decoder(bytes)));
    }
    guess(bytes, None)
}

/// The text of bytes that should have been ASCII or UTF-8 but may be in `hint`.
pub fn guess<'a>(bytes: &'a [u8], hint: Option<&str>) -> Cow<'a, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return without_bom(Cow::Borrowed(text));
    }
    let named = hint.filter(|name| !name.eq_ignore_ascii_case("utf-8") && !name.eq_ignore_ascii_case("us-ascii"));
    match named.and_then(|name| charset_decoder(name.as_bytes())).or_else(|| charset_decoder(b"windows-1252")) {
        Some(decoder) => Cow::Owned(decoder(bytes)),
        None => String::from_utf8_lossy(bytes),
    }
}

/// Without a return to ASCII that is left at once: decoders show it as damage, joined encoded words are full of it.
fn without_idle_escapes(bytes: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, behind)) = rest.split_first() {
        if matches!(rest, [0x1b, b'(', b'B', 0x1b, ..]) {
            rest = &rest[3..];
        } else {
            kept.push(first);
            rest = behind;
        }
    }
    kept
}

fn without_bom(text: Cow<'_, str>) -> Cow<'_, str> {
    const BOM: char = '\u{feff}';
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.strip_prefix(BOM).unwrap_or(text)),
        Cow::Owned(mut text) => {
            if text.starts_with(BOM) {
                text.remove(0);
            }
            Cow::Owned(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], name: Option<&str>, expected: &str) {
        assert_eq!(decode(bytes, name), expected, "{bytes:?} in {name:?}");
    }

    #[test]
    fn names_and_their_absence() {
        check(b"plain", None, "plain");
        check("café".as_bytes(), None, "café");
        check(b"caf\xe9", None, "café");
        check(b"caf\xe9", Some("us-ascii"), "café");
        check(b"caf\xe9", Some("x-unknown"), "café");
        check(b"caf\xe9", Some("UTF-8"), "caf\u{fffd}");
        check(b"caf\xe9", Some(" ISO-8859-1 "), "café");
        check(b"\xcf\xf0", Some("windows-1251*ru"), "Пр");
        check(b"\x1b$B%O\x1b(B", Some("iso-2022-jp"), "ハ");
        check(b"+ZYc-", Some("utf-7"), "文");
        check(b"\xef\xbb\xbfx", Some("utf-8"), "x");
    }
}
