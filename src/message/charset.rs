//! Bytes to text by charset name (RFC 2978), and what to do when the name is absent, unknown or wrong.
//!
//! Decoding never fails: a byte that has no meaning becomes U+FFFD. Without a usable name, UTF-8 is believed when the
//! bytes are valid UTF-8, because other text almost never is; else they are taken for windows-1252, as browsers do.
//! For the same reason a name is not believed when all that isn't ASCII is valid UTF-8 and the name is one of a charset
//! in which such text makes no sense, nor the name UTF-8 when nothing that isn't ASCII is.

use std::borrow::Cow;

use mail_parser::decoders::charsets::map::charset_decoder;

/// Charsets in which a byte below 128 isn't the ASCII character: they are decoded even where all bytes are ASCII.
const NOT_ASCII: &[&str] =
    &["utf-7", "utf-16", "utf-32", "iso-2022", "hz-gb", "csiso2022", "csutf7", "unicode-1-1-utf-7"];

/// Names that programs write, and that of the charset that they mean.
const ALIASES: &[(&str, &str)] = &[
    ("win-1251", "windows-1251"),
    ("win1251", "windows-1251"),
    ("koi8r", "koi8-r"),
    ("cp932", "shift_jis"),
    ("cp949", "euc-kr"),
    ("cp950", "big5"),
    ("iso-2022-jp-1", "iso-2022-jp"),
    ("iso-2022-jp-2", "iso-2022-jp"),
    ("iso-2022-jp-3", "iso-2022-jp"),
    ("iso-2022-jp-2004", "iso-2022-jp"),
    ("iso-2022-jp-ms", "iso-2022-jp"),
    ("cp50220", "iso-2022-jp"),
    ("cp50221", "iso-2022-jp"),
];

/// Charsets of one byte a character in which no text is valid UTF-8 by chance. Thai is none of them: many of its words
/// are.
const TOLD_FROM_UTF8: &[&str] = &[
    "iso-8859-1",
    "iso-8859-2",
    "iso-8859-3",
    "iso-8859-4",
    "iso-8859-5",
    "iso-8859-6",
    "iso-8859-7",
    "iso-8859-8",
    "iso-8859-9",
    "iso-8859-10",
    "iso-8859-13",
    "iso-8859-14",
    "iso-8859-15",
    "iso-8859-16",
    "latin1",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "windows-1257",
    "windows-1258",
    "koi8-r",
    "koi8-u",
    "cp1252",
    "cp1251",
    "cp1250",
    "macintosh",
];

/// The text of a body or an encoded word that says its charset.
pub fn decode<'a>(bytes: &'a [u8], name: Option<&str>) -> Cow<'a, str> {
    let name = name.unwrap_or("").trim();
    // RFC 2231 §5: an encoded word may carry a language behind an asterisk.
    let name = name.split('*').next().unwrap_or("").to_ascii_lowercase();
    let name = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name.as_str(), |(_, meant)| meant);
    let is_ascii_compatible = !NOT_ASCII.iter().any(|other| name.starts_with(other));
    if is_ascii_compatible && bytes.is_ascii() {
        return without_bom(String::from_utf8_lossy(bytes));
    }
    if matches!(name, "utf-8" | "utf8") {
        return utf8(bytes);
    }
    if TOLD_FROM_UTF8.contains(&name)
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return without_bom(Cow::Borrowed(text));
    }
    if !matches!(name, "" | "us-ascii" | "ascii")
        && let Some(decoder) = charset_decoder(name.as_bytes())
    {
        if name.starts_with("iso-2022") {
            return Cow::Owned(decoder(&without_idle_escapes(bytes)));
        }
        let text = decoder(bytes);
        return match std::str::from_utf8(bytes) {
            // Damage as one charset, and none as the other.
            Ok(other) if is_ascii_compatible && text.contains(char::REPLACEMENT_CHARACTER) => {
                without_bom(Cow::Borrowed(other))
            }
            _ => without_bom(Cow::Owned(text)),
        };
    }
    guess(bytes, None)
}

/// What says that it is UTF-8: damaged where it isn't, unless none of it is.
fn utf8(bytes: &[u8]) -> Cow<'_, str> {
    let is_nowhere = || bytes.utf8_chunks().all(|chunk| chunk.valid().is_ascii());
    match std::str::from_utf8(bytes) {
        // A character cut off at the end is damage, not another charset.
        Err(error) if error.error_len().is_some() && is_nowhere() => guess(bytes, None),
        _ => without_bom(String::from_utf8_lossy(bytes)),
    }
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
    fn a_name_that_is_not_true() {
        for name in TOLD_FROM_UTF8 {
            check("Größe “5 €”".as_bytes(), Some(name), "Größe “5 €”");
            // One byte that isn't UTF-8, and the name counts.
            assert_ne!(decode(b"\xe9 \xc3\xa9", Some(name)), "\u{fffd} é", "{name}");
            assert!(charset_decoder(name.as_bytes()).is_some(), "{name}");
        }
    }

    #[test]
    fn every_alias_is_one_of_a_known_charset() {
        for (alias, meant) in ALIASES {
            assert!(
                charset_decoder(meant.as_bytes()).is_some() && charset_decoder(alias.as_bytes()).is_none(),
                "{alias}"
            );
        }
        check(b"\xc3\xe4\xe5", Some("Win-1251"), "Где");
        check(b"\x1b$B%O\x1b(B", Some("iso-2022-jp-2"), "ハ");
    }

    #[test]
    fn names_and_their_absence() {
        check(b"plain", None, "plain");
        check("café".as_bytes(), None, "café");
        check(b"caf\xe9", None, "café");
        check(b"caf\xe9", Some("us-ascii"), "café");
        check(b"caf\xe9", Some("x-unknown"), "café");
        check(b"caf\xe9 ", Some("UTF-8"), "café ");
        check(b"caf\xc3\xa9 \xe9 ", Some("UTF-8"), "café \u{fffd} ");
        check(b"caf\xc3", Some("UTF-8"), "caf\u{fffd}");
        check("\u{feff}Ж".as_bytes(), Some("utf-8"), "Ж");
        check("联".as_bytes(), Some("gb2312"), "联");
        check(b"\xc1\xaa\xcd\xa8", Some("gb2312"), "联通");
        check(b"\xc3\xb6", Some("tis-620"), "รถ");
        check(b"caf\xe9", Some(" ISO-8859-1 "), "café");
        check(b"\xcf\xf0", Some("windows-1251*ru"), "Пр");
        check(b"\x1b$B%O\x1b(B", Some("iso-2022-jp"), "ハ");
        check(b"+ZYc-", Some("utf-7"), "文");
        check(b"\xef\xbb\xbfx", Some("utf-8"), "x");
    }
}
