//! The kinds of values that keys have: reading one from TOML, and showing it as the file would say it.
//!
//! Every reader says what it found and what it expected, with the place; a list reports each wrong element.

use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::DeValue;

use crate::base::Span;
use crate::base::mailbox::is_domain;
use crate::net::Network;
use crate::routing::is_queue_name;

pub type Value<'i> = Spanned<DeValue<'i>>;
pub type Read<T> = Result<T, Vec<Wrong>>;

/// One thing that is wrong, at a range of bytes of the file.
#[derive(Debug)]
pub struct Wrong {
    pub span: Range<usize>,
    /// `found …, expected …`
    pub what: String,
}

const SOCKET: &str = r#"an IP address with a port such as "127.0.0.1:2525" or "[::1]:2525""#;
const DURATION: &str = r#"a duration such as "30s", "15m", "6h" or "7d""#;
const SIZES: [(&str, usize); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

pub fn wrong(value: &Value<'_>, expected: &str) -> Vec<Wrong> {
    let found = match value.get_ref() {
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(truth) => truth.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(list) if list.is_empty() => "an empty list".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    };
    vec![Wrong { span: value.span(), what: format!("found {found}, expected {expected}") }]
}

pub fn text<T>(value: &Value<'_>, expected: &str, parse: impl Fn(&str) -> Option<T>) -> Read<T> {
    value.get_ref().as_str().and_then(parse).ok_or_else(|| wrong(value, expected))
}

pub fn list<T>(value: &Value<'_>, expected: &str, one: fn(&Value<'_>) -> Read<T>) -> Read<Vec<T>> {
    let elements = value.get_ref().as_array().ok_or_else(|| wrong(value, expected))?;
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for element in elements {
        match one(element) {
            Ok(value) => good.push(value),
            Err(wrongs) => bad.extend(wrongs),
        }
    }
    if bad.is_empty() { Ok(good) } else { Err(bad) }
}

/// A domain name in ASCII, in lower case.
pub fn domain(value: &Value<'_>) -> Read<String> {
    let parse = |text: &str| is_host_name(text).then(|| text.to_lowercase());
    text(value, r#"a domain name in ASCII such as "mail.example.net""#, parse)
}

fn is_host_name(text: &str) -> bool {
    text.is_ascii() && is_domain(text) && text.parse::<IpAddr>().is_err()
}

pub fn folder(value: &Value<'_>) -> Read<PathBuf> {
    text(value, r#"the path of a folder such as "data""#, |text| (!text.is_empty()).then(|| text.into()))
}

pub fn file(value: &Value<'_>) -> Read<PathBuf> {
    text(value, r#"the path of a file such as "rules.toml""#, |text| (!text.is_empty()).then(|| text.into()))
}

/// The path of a file; empty for none.
pub fn file_or_none(value: &Value<'_>) -> Read<PathBuf> {
    text(value, r#"the path of a file such as "/etc/postcase/key.pem", or "" for none"#, |text| Some(text.into()))
}

/// The name under which to log in; empty for none.
pub fn user_or_none(value: &Value<'_>) -> Read<String> {
    let parse = |text: &str| (text.len() <= 255 && !text.contains(char::is_control)).then(|| text.to_owned());
    text(value, r#"a user such as "postcase@example.net" in at most 255 bytes, or "" for none"#, parse)
}

/// The name of a queue, which may not exist yet.
pub fn queue(value: &Value<'_>) -> Read<String> {
    text(value, r#"the name of a queue such as "main""#, |text| is_queue_name(text).then(|| text.to_owned()))
}

/// Ranges of IP addresses.
pub fn networks(value: &Value<'_>) -> Read<Vec<Network>> {
    let one = |value: &Value<'_>| text(value, r#"a network such as "192.0.2.0/24""#, |text| text.parse().ok());
    list(value, r#"a list such as ["127.0.0.0/8", "::1/128"]"#, one)
}

/// A word of an enumeration; `words` lists them for the reader of the message.
pub fn choice<T: DeserializeOwned>(value: &Value<'_>, words: &str) -> Read<T> {
    text(value, words, |text| serde_json::from_value(text.into()).ok())
}

fn socket(value: &Value<'_>) -> Read<SocketAddr> {
    text(value, SOCKET, |text| text.parse().ok())
}

/// A list of at least `least` sockets.
pub fn sockets(value: &Value<'_>, least: usize) -> Read<Vec<SocketAddr>> {
    let expected = r#"a list such as ["127.0.0.1:2525"]"#;
    list(value, expected, socket).and_then(|all| if all.len() < least { Err(wrong(value, expected)) } else { Ok(all) })
}

/// As [`sockets`], without port 25: who connects there expects SMTP (RFC 2033 §5).
pub fn lmtp_sockets(value: &Value<'_>) -> Read<Vec<SocketAddr>> {
    let one = |value: &Value<'_>| {
        let expected = r#"an IP address with a port other than 25, such as "127.0.0.1:24""#;
        text(value, expected, |text| text.parse().ok().filter(|at: &SocketAddr| at.port() != 25))
    };
    list(value, r#"a list such as ["127.0.0.1:24"]"#, one)
}

/// A socket, or nothing for the empty text.
pub fn socket_or_none(value: &Value<'_>) -> Read<Option<SocketAddr>> {
    let parse = |text: &str| if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) };
    text(value, &format!(r#"{SOCKET}, or "" for none"#), parse)
}

/// `host:port` with a name, an IPv4 address or an IPv6 address in brackets; nothing for the empty text.
pub fn host_or_none(value: &Value<'_>) -> Read<Option<(String, u16)>> {
    let parse = |text: &str| {
        if text.is_empty() {
            return Some(None);
        }
        if let Ok(socket) = text.parse::<SocketAddr>() {
            return (socket.port() != 0).then(|| Some((socket.ip().to_string(), socket.port())));
        }
        let (host, port) = text.rsplit_once(':')?;
        let port = port.parse().ok().filter(|port| *port != 0)?;
        is_host_name(host).then(|| Some((host.to_lowercase(), port)))
    };
    text(value, r#"a host with a port such as "smtp.example.net:587", or "" for none"#, parse)
}

pub fn show_host((host, port): &(String, u16)) -> String {
    host.parse().map_or_else(|_| format!("{host}:{port}"), |ip: IpAddr| SocketAddr::new(ip, *port).to_string())
}

/// `true` or `false`.
pub fn truth(value: &Value<'_>) -> Read<bool> {
    value.get_ref().as_bool().ok_or_else(|| wrong(value, "true or false"))
}

/// A whole number within bounds.
pub fn count(value: &Value<'_>, least: usize, most: usize) -> Read<usize> {
    let number = match value.get_ref() {
        DeValue::Integer(number) => usize::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    };
    let expected = || wrong(value, &format!("a whole number from {least} to {most}"));
    number.filter(|number| (least..=most).contains(number)).ok_or_else(expected)
}

/// Bytes within bounds: `"25MiB"`, or a number.
pub fn size(value: &Value<'_>, least: usize, most: usize) -> Read<usize> {
    let bytes = match value.get_ref() {
        DeValue::String(text) => SIZES.iter().find_map(|(unit, bytes)| {
            let number = text.strip_suffix(unit)?.trim_end();
            plain_number(number)?.checked_mul(*bytes as u64)?.try_into().ok()
        }),
        DeValue::Integer(number) => usize::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    };
    let bounds = format!("from {} to {}", show_size(least), show_size(most));
    let expected = || wrong(value, &format!(r#"a size such as "25MiB" or 26214400, {bounds}"#));
    bytes.filter(|bytes| (least..=most).contains(bytes)).ok_or_else(expected)
}

pub fn show_size(bytes: usize) -> serde_json::Value {
    let unit = SIZES.iter().find(|(_, unit)| bytes != 0 && bytes.is_multiple_of(*unit));
    unit.map_or(bytes.into(), |(name, unit)| format!("{}{name}", bytes / unit).into())
}

/// A duration within bounds, in seconds.
pub fn duration(value: &Value<'_>, least: u64, most: u64) -> Read<Duration> {
    let (least, most) = (Duration::from_secs(least), Duration::from_secs(most));
    let expected = format!("{DURATION}, from {} to {}", show_duration(least), show_duration(most));
    text(value, &expected, |text| parse_duration(text).filter(|span| (least..=most).contains(span)))
}

/// Waiting times of which the last one repeats, so that it must not be none at all.
pub fn schedule(value: &Value<'_>) -> Read<Vec<Duration>> {
    let expected =
        r#"a list of at most 100 durations such as ["0s", "1m", "6h"] whose last one, which repeats, is not "0s""#;
    let times = list(value, expected, |element| text(element, DURATION, parse_duration))?;
    let fine = times.len() <= 100 && times.last().is_some_and(|last| !last.is_zero());
    if fine { Ok(times) } else { Err(wrong(value, expected)) }
}

fn parse_duration(text: &str) -> Option<Duration> {
    text.parse().ok().map(|Span(duration)| duration)
}

/// Digits only: `parse` alone would take a sign.
fn plain_number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

pub fn show_duration(duration: Duration) -> String {
    Span(duration).to_string()
}
