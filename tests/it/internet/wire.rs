//! What every byte that postcase sends has to keep to, looked at where it arrives: lines, dots, and the secret of service
//! addresses.
//!
//! A service address is known by its form, in whatever state it is: a name, a dot and 26 letters or digits in the service
//! domain. It is looked for in envelope and message as they are, and in everything of them that can be read as an encoding.

use data_encoding::BASE64;

use super::sink::Mail;
use crate::unit::{Unit, unit};

/// RFC 5322 §2.1.1, without CRLF.
const LINE_BYTES_MAX: usize = 998;
/// What postcase calls itself and its service addresses in all tests.
pub const HOSTNAME: &str = "mail.example.net";
const SERVICE_DOMAIN: &str = "@in.example.net";
/// Probes come from such a name, which is no secret: whoever gets the probe may answer it.
const PROBE: &str = "verify";
/// 128 bits in base32.
const LABEL_CHARS: usize = 26;
/// Shorter runs of base64 hold no address.
const RUN_BYTES_MIN: usize = 40;
/// An encoding within an encoding within a message.
const DEPTH: usize = 2;

/// What is wrong with a line of a message, with its line end and as it was sent, dots stuffed.
pub fn wrong_line(line: &[u8]) -> Option<&'static str> {
    let Some(text) = line.strip_suffix(b"\r\n") else { return Some("a bare LF") };
    if text.contains(&b'\r') {
        return Some("a bare CR");
    }
    let unstuffed = text.strip_prefix(b".").unwrap_or(text);
    if text.starts_with(b".") && !text.starts_with(b"..") {
        return Some("a dot that isn't stuffed");
    }
    (unstuffed.len() > LINE_BYTES_MAX).then_some("a line of more than 998 bytes")
}

/// The service address that a mail betrays.
pub fn betrayed(mail: &Mail) -> Option<String> {
    let envelope = std::iter::once(&mail.from).chain(&mail.to);
    let found = envelope.filter_map(|path| address_in(path.as_bytes())).next();
    found.or_else(|| hidden_in(&mail.raw, DEPTH))
}

fn hidden_in(bytes: &[u8], depth: usize) -> Option<String> {
    if let Some(found) = address_in(bytes) {
        return Some(found);
    }
    if depth == 0 {
        return None;
    }
    let unfolded: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let mut readings = vec![unescaped(bytes, b'='), unescaped(bytes, b'%'), unfolded.clone()];
    let in_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    for run in bytes.split(|byte| !in_base64(byte)).chain(unfolded.split(|byte| !in_base64(byte))) {
        if run.len() >= RUN_BYTES_MIN {
            // What stands before the run may have been letters, too.
            readings.extend((0..4).filter_map(|skipped| decoded(&run[skipped..])));
        }
    }
    readings.iter().find_map(|reading| hidden_in(reading, depth - 1))
}

fn decoded(run: &[u8]) -> Option<Vec<u8>> {
    BASE64.decode(&run[..run.len() / 4 * 4]).ok()
}

/// Quoted-printable, words in it (RFC 2047, RFC 2231), or what is like it.
fn unescaped(bytes: &[u8], mark: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let code = bytes.get(at + 1..at + 3).filter(|_| *byte == mark);
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        match code {
            Some("\r\n") => at += 3,
            Some(code) if u8::from_str_radix(code, 16).is_ok() => {
                out.extend(u8::from_str_radix(code, 16));
                at += 3;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    out
}

fn address_in(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    text.match_indices(SERVICE_DOMAIN).find_map(|(at, _)| {
        let in_local = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        let local = &text[..at];
        let local = &local[local.trim_end_matches(in_local).len()..];
        let (name, label) = local.rsplit_once('.').unwrap_or(("", local));
        let is_service = label.len() == LABEL_CHARS && !name.contains('.') && name != PROBE;
        is_service.then(|| format!("{local}{SERVICE_DOMAIN}"))
    })
}

pub fn units() -> Vec<Unit> {
    vec![unit("lines are looked at", lines_are_looked_at), unit("a secret is found", a_secret_is_found)]
}

fn lines_are_looked_at() {
    let check = |line: &[u8], expected: Option<&str>| assert_eq!(wrong_line(line), expected, "{}", line.escape_ascii());
    check(b"a\r\n", None);
    check(b"..\r\n", None);
    check(b"\r\n", None);
    check(b"a\n", Some("a bare LF"));
    check(b"a\rb\r\n", Some("a bare CR"));
    check(b".a\r\n", Some("a dot that isn't stuffed"));
    check(&[&[b'a'; 998][..], b"\r\n"].concat(), None);
    check(&[&[b'a'; 999][..], b"\r\n"].concat(), Some("a line of more than 998 bytes"));
}

fn a_secret_is_found() {
    const SECRET: &str = "support.abcdefghijklmnopqrstuvwxyz@in.example.net";
    let check = |raw: &str, is_there: bool| {
        let mail = Mail { raw: raw.into(), ..Mail::default() };
        assert_eq!(betrayed(&mail), is_there.then(|| SECRET.to_owned()), "{raw}");
    };
    check("To: <bounce.7.abcdefgh.abcdefghijklmnopqrstuvwxyz@in.example.net>\r\n", false);
    check(&format!("A: b\r\n\r\n> To: {}\r\n", SECRET.to_uppercase()), true);
    check("A: b\r\n\r\nsupport.abcdefghijklm=\r\nnopqrstuvwxyz=40in.example.net\r\n", true);
    check("A: support%2Eabcdefghijklmnopqrstuvwxyz%40in.example.net\r\n", true);
    check("From: <verify.abcdefghijklmnopqrstuvwxyz@in.example.net>\r\n", false);
    check("References: <x@support.abcdefgh>\r\n", false);
    check("References: support.abcdefghijklm\r\n\tnopqrstuvwxyz@in.example.net\r\n", true);
    let coded = BASE64.encode(format!("Write to {SECRET}, please.").as_bytes());
    check(&format!("A: b\r\n\r\n{}\r\n{}\r\n", &coded[..40], &coded[40..]), true);
    check(&format!("A: =?utf-8?B?{coded}?=\r\n"), true);
    check(&format!("A: b\r\n\r\n{}\r\n", BASE64.encode(coded.as_bytes())), true);
    let mail = Mail { from: format!("<{SECRET}>"), ..Mail::default() };
    assert_eq!(betrayed(&mail).as_deref(), Some(SECRET));
}
