//! Bytes to text by charset name (RFC 2978), and what to do when the name is absent, unknown or wrong.
//!
//! Decoding never fails: a byte that has no meaning becomes U+FFFD. Without a usable name, UTF-8 is believed when the
//! bytes are valid UTF-8, because other text almost never is; else they are taken for windows-1252, as browsers do.
//! For the same reason a name is not believed when all that isn't ASCII is valid UTF-8 and the name is one of a charset
//! in which such text makes no sense, nor the name UTF-8 when nothing that isn't ASCII is.

use std::borrow::Cow;

use mail_parser::decoders::charsets::map::charset_decoder;

use super::shifted;

/// Charsets in which a byte below 128 isn't the ASCII character: they are decoded even where all bytes are ASCII.
const NOT_ASCII: &[&str] =
    &["utf-7", "utf-16", "utf-32", "iso-2022", "hz-gb", "csiso2022", "csutf7", "csutf16", "ucs-2", "csunicode"];

/// Charsets, and the names by which programs mean them, without signs between letters and digits.
#[rustfmt::skip]
const ALIASES: &[(&str, &[&str])] = &[
    ("big5", &["950", "big5tw", "cp950", "ms950", "xbig5", "xmactradchinese"]),
    ("euc-jp", &["cp20932", "cp51932", "eucjp", "ujis", "xeuc"]),
    ("euc-kr", &["949", "cp949", "cp51949", "euckr", "ksc5601", "ksx1001", "ms949", "uhc", "xmackorean", "xwindows949"]),
    ("gb18030", &["cp54936", "gb180302000"]),
    ("gb2312", &["cngb", "euccn", "eucgb2312cn", "gb231280", "gb23121980", "xeuccn", "xgb2312", "xmacsimpchinese"]),
    ("gbk", &["936"]),
    ("hz-gb-2312", &["cp52936", "hz", "hzgb"]),
    ("iso-2022-jp", &[
        "cp50220", "cp50221", "cp50222", "iso2022jp", "iso2022jp1", "iso2022jp2", "iso2022jp3", "iso2022jp2004",
        "iso2022jpext", "iso2022jpms",
    ]),
    ("iso-2022-kr", &["iso2022kr", "csiso2022kr"]),
    ("iso-8859-1", &["cp28591"]),
    ("iso-8859-13", &["latin7"]),
    ("iso-8859-15", &["cp28605", "latin9"]),
    ("iso-8859-2", &["cp28592"]),
    ("iso-8859-5", &["cp28595"]),
    ("iso-8859-7", &["cp28597"]),
    ("koi8-r", &["cp20866", "koi8r"]),
    ("koi8-u", &["cp21866", "koi8u"]),
    ("macintosh", &["cp10000", "macroman"]),
    ("shift_jis", &["932", "cp932", "mskanji", "shiftjis", "xmacjapanese", "xmscp932", "xshiftjis"]),
    ("tis-620", &["thai", "tis620", "xtis620"]),
    ("us-ascii", &["cp20127"]),
    ("utf-16", &["u16", "utf16"]),
    ("utf-16be", &["utf16be"]),
    ("utf-16le", &["cp1200", "utf16le"]),
    ("utf-7", &["cp65000", "csunicode11utf7", "unicode11utf7", "unicode20utf7", "utf7"]),
    ("utf-8", &["cp65001", "unicode11utf8", "unicode20utf8", "utf8", "utf8mb4", "xutf8"]),
    ("x-mac-cyrillic", &["maccyrillic"]),
];

/// Charsets of one byte a character in which no text is valid UTF-8 by chance. Thai is none of them: many of its words
/// are.
#[rustfmt::skip]
const TOLD_FROM_UTF8: &[&str] = &[
    "iso-8859-1", "iso-8859-2", "iso-8859-3", "iso-8859-4", "iso-8859-5", "iso-8859-6", "iso-8859-7", "iso-8859-8",
    "iso-8859-9", "iso-8859-10", "iso-8859-13", "iso-8859-14", "iso-8859-15", "iso-8859-16", "latin1", "windows-1250",
    "windows-1251", "windows-1252", "windows-1253", "windows-1254", "windows-1255", "windows-1256", "windows-1257",
    "windows-1258", "koi8-r", "koi8-u", "cp1252", "cp1251", "cp1250", "macintosh",
];

/// The text of a body or an encoded word that says its charset.
pub fn decode<'a>(bytes: &'a [u8], name: Option<&str>) -> Cow<'a, str> {
    let name = &*meant(name.unwrap_or(""));
    if is_ascii_compatible(name) && bytes.is_ascii() {
        return seven_bits(bytes);
    }
    match name {
        "utf-8" => return utf8(bytes),
        "utf-7" => return Cow::Owned(shifted::utf7(bytes)),
        "iso-2022-kr" => return Cow::Owned(by_library("euc-kr", &shifted::euc_kr(bytes))),
        "hz-gb-2312" => return Cow::Owned(by_library("gbk", &shifted::gb2312(bytes))),
        _ => {}
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
            Ok(other) if is_ascii_compatible(name) && text.contains(char::REPLACEMENT_CHARACTER) => {
                without_bom(Cow::Borrowed(other))
            }
            _ => without_bom(Cow::Owned(text)),
        };
    }
    guess(bytes, None)
}

/// The name in lower case by which the charset is known here.
fn meant(name: &str) -> Cow<'_, str> {
    // RFC 2231 §5: an encoded word may carry a language behind an asterisk.
    let name = name.split('*').next().unwrap_or("").trim().to_ascii_lowercase();
    let bare: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    if let Some((meant, _)) = ALIASES.iter().find(|(_, names)| names.contains(&bare.as_str())) {
        return Cow::Borrowed(*meant);
    }
    if charset_decoder(name.as_bytes()).is_some() {
        return Cow::Owned(name);
    }
    // `win-1251`, `cp-1251`, `1251`; `8859-2`, `iso-88592`, `iso-8859-8-1988`.
    let number = bare.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let known = match number.strip_prefix("8859") {
        // A year has four digits.
        Some(part) => format!("iso-8859-{}", &part[..if part.len() > 4 { part.len() - 4 } else { part.len() }]),
        None => format!("windows-{number}"),
    };
    Cow::Owned(if charset_decoder(known.as_bytes()).is_some() { known } else { name })
}

fn is_ascii_compatible(name: &str) -> bool {
    !NOT_ASCII.iter().any(|other| name.starts_with(other))
}

fn by_library(name: &str, bytes: &[u8]) -> String {
    charset_decoder(name.as_bytes()).map_or_else(|| String::from_utf8_lossy(bytes).into_owned(), |read| read(bytes))
}

/// ASCII, or ISO-2022-JP that nobody named: its escapes stand in no other text.
fn seven_bits(bytes: &[u8]) -> Cow<'_, str> {
    if bytes.contains(&0x1b) && bytes.windows(3).any(|three| matches!(three, b"\x1b$B" | b"\x1b$@")) {
        return Cow::Owned(by_library("iso-2022-jp", &without_idle_escapes(bytes)));
    }
    without_bom(String::from_utf8_lossy(bytes))
}

/// Text in which UTF-7 stands as if it were plain, as some programs wrote header fields; as it is where it's none.
pub fn from_utf7(text: String) -> String {
    if !text.contains('+') || !text.is_ascii() {
        return text;
    }
    shifted::utf7(text.as_bytes()).chars().filter(|c| !c.is_control()).collect()
}

pub fn is_utf7(name: &str) -> bool {
    meant(name) == "utf-7"
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
    if bytes.is_ascii() {
        return seven_bits(bytes);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return without_bom(Cow::Borrowed(text));
    }
    let hint = hint.map(meant).filter(|name| is_ascii_compatible(name) && !matches!(&**name, "utf-8" | "us-ascii"));
    let named = hint.and_then(|name| charset_decoder(name.as_bytes())).or_else(|| charset_decoder(b"windows-1252"));
    named.map_or_else(|| String::from_utf8_lossy(bytes), |decoder| Cow::Owned(decoder(bytes)))
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
        for (meant, names) in ALIASES {
            let is_read = charset_decoder(meant.as_bytes()).is_some() || *meant == "utf-8";
            let are_bare = names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            assert!(is_read && are_bare && !names.is_empty(), "{meant}");
        }
        for (name, expected) in [
            ("Win-1250", "windows-1250"),
            ("1253", "windows-1253"),
            ("cp-1251", "windows-1251"),
            ("8859-2", "iso-8859-2"),
            ("ISO-88595", "iso-8859-5"),
            ("iso-8859-1-1987", "iso-8859-1"),
            ("iso-8859-15-1999", "iso-8859-15"),
            ("iso 8859-15", "iso-8859-15"),
            ("ISO2022-JP", "iso-2022-jp"),
            ("utf_8*en", "utf-8"),
            ("x-mac-roman", "x-mac-roman"),
            ("x-unknown", "x-unknown"),
            ("8859", "8859"),
            ("", ""),
        ] {
            assert_eq!(meant(name), expected, "{name}");
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
        check(b"\xff\xfea\0", Some("UTF16"), "a");
    }

    #[test]
    fn japanese_that_nobody_named() {
        for name in [None, Some("us-ascii"), Some("utf-8")] {
            check(b"a \x1b$B%O\x1b(B b", name, "a ハ b");
            check(b"\x1b[1m$B", name, "\x1b[1m$B");
        }
        assert_eq!(guess(b"\x1b$B%O\x1b(B", None), "ハ");
        assert_eq!(guess(b"\xc3\xe4\xe5", Some("win1251")), "Где");
        assert_eq!(guess(b"\xe9", Some("utf-7")), "é");
    }
}
