//! Dates in fields (RFC 5322 §3.3) with their obsolete forms (§4.3) and those of programs that never read it: names of
//! months in full, `1-Jan-2024`, the order of `asctime`, a month in front of its day, RFC 3339, no zone at all.
//!
//! Words and numbers are told by what they look like, not by their place. What has no day, month, year or time is no date; a
//! year is believed however odd it is. Without a zone, and with one that nobody knows, it is UTC, as §4.3 says.

use mail_parser::DateTime;

use crate::base::Time;

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/// Hours behind Greenwich.
const ZONES: &[(&str, u8)] =
    &[("edt", 4), ("est", 5), ("cdt", 5), ("cst", 6), ("mdt", 6), ("mst", 7), ("pdt", 7), ("pst", 8)];
/// More than any date has.
const WORDS_MAX: usize = 20;

/// The time that a field says.
pub fn parse(text: &str) -> Option<Time> {
    let read = read(&outside_comments(text)).or_else(|| DateTime::parse_rfc3339(text.trim()))?;
    let is_sane = (1900..=9999).contains(&read.year) && DateTime { year: 2000, ..read }.is_valid();
    if is_sane { Time::from_second(read.to_timestamp()).ok() } else { None }
}

fn read(text: &str) -> Option<DateTime> {
    let (mut day, mut month, mut year, mut time) = (None, None, None, None);
    let mut zone = Zone::default();
    for word in words(text).take(WORDS_MAX) {
        if let Some(number) = number(word) {
            if day.is_none() && word.len() <= 2 {
                day = Some(number);
            } else if year.is_none() {
                year = Some(full_year(number, word.len()));
            }
        } else if time.is_none() && word.starts_with(|c: char| c.is_ascii_digit()) {
            time = Some(clock(word)?);
        } else {
            month = month.or_else(|| named_month(word));
            if time.is_some() && !zone.is_known {
                zone = Zone::named(word);
            }
        }
    }
    let (hour, minute, second) = time?;
    Some(DateTime {
        year: year?,
        month: month?,
        day: u8::try_from(day?).ok()?,
        hour,
        minute,
        second,
        tz_before_gmt: zone.is_west,
        tz_hour: zone.hours,
        tz_minute: zone.minutes,
    })
}

/// The words, and those of `1-Jan-2024`.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | '"')).filter(|word| !word.is_empty());
    words.flat_map(|word| {
        let month = word.split('-').nth(1).and_then(named_month);
        word.split(move |c: char| c == '-' && month.is_some())
    })
}

fn number(word: &str) -> Option<u16> {
    word.bytes().all(|byte| byte.is_ascii_digit()).then(|| word.parse().ok()).flatten()
}

/// RFC 5322 §4.3: of two digits, and of three.
fn full_year(number: u16, digits: usize) -> u16 {
    match digits {
        0..=2 if number < 50 => number + 2000,
        0..=3 => number + 1900,
        _ => number,
    }
}

/// `10:00`, `10:00:00`, `10.00.00`, `10:00:00.123`.
fn clock(word: &str) -> Option<(u8, u8, u8)> {
    let sign = if word.contains(':') { ':' } else { '.' };
    let mut parts = word.split(sign);
    let mut next = || parts.next().map(|part| part.split('.').next().unwrap_or_default().parse().ok());
    let (hour, minute) = (next()??, next()??);
    Some((hour, minute, next().map_or(Some(0), |second| second)?))
}

fn named_month(word: &str) -> Option<u8> {
    let name = word.get(..3)?.to_ascii_lowercase();
    let is_word = word.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'.');
    let place = MONTHS.iter().position(|month| is_word && *month == name)?;
    u8::try_from(place + 1).ok()
}

#[derive(Default)]
struct Zone {
    is_known: bool,
    is_west: bool,
    hours: u8,
    minutes: u8,
}

impl Zone {
    /// `+0100`, `-800`, `+01:00`, `GMT+0100`, `EST`.
    fn named(word: &str) -> Self {
        let lowered = word.to_ascii_lowercase();
        if let Some((_, hours)) = ZONES.iter().find(|(name, _)| *name == lowered) {
            return Self { is_known: true, is_west: true, hours: *hours, minutes: 0 };
        }
        let Some(sign) = word.find(['+', '-']) else { return Self::default() };
        let digits: String = word[sign + 1..].chars().filter(|c| *c != ':').collect();
        let number = number(&digits).filter(|_| (3..=4).contains(&digits.len()));
        let halves =
            number.and_then(|number| Some((u8::try_from(number / 100).ok()?, u8::try_from(number % 100).ok()?)));
        halves.map_or_else(Self::default, |(hours, minutes)| Self {
            is_known: true,
            is_west: word[sign..].starts_with('-'),
            hours,
            minutes,
        })
    }
}

/// Without comments (RFC 5322 §3.2.2), and without the space that may stand around colons (§4.3).
fn outside_comments(text: &str) -> String {
    let mut depth = 0_usize;
    let mut kept = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => {
                kept.truncate(kept.trim_end().len());
                kept.push(':');
            }
            c if c.is_whitespace() && (depth > 0 || kept.ends_with(':')) => {}
            c if depth == 0 => kept.push(c),
            _ => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_they_are_written() {
        for (text, expected) in [
            ("Mon, 1 Jan 2024 10:00:00 +0100", "2024-01-01T09:00:00Z"),
            ("1 Jan 2024 10:00 -0530 (x (y))", "2024-01-01T15:30:00Z"),
            ("Mon , 1 (x) Jan 2024 10(y) : 00 : 05 +0100", "2024-01-01T09:00:05Z"),
            ("Monday, 1 January 2024 10:00:00 +0100", "2024-01-01T09:00:00Z"),
            ("Mon Jan  1 10:00:00 2024", "2024-01-01T10:00:00Z"),
            ("Mon Jan  1 10:00:00 2024 +0100", "2024-01-01T09:00:00Z"),
            ("Mon Jan  1 10:00:00 PST 2024", "2024-01-01T18:00:00Z"),
            ("Mon, 01-Jan-2024 10:00:00 +0100", "2024-01-01T09:00:00Z"),
            ("Mon, Jan 1, 2024 10:00:00 +0100", "2024-01-01T09:00:00Z"),
            ("Mon, 1 Jan 2024 10:00:00", "2024-01-01T10:00:00Z"),
            ("Mon, 1 Jan 2024 10:00:00 EST", "2024-01-01T15:00:00Z"),
            ("Mon, 1 Jan 2024 10:00:00 MST", "2024-01-01T17:00:00Z"),
            ("Mon, 1 Jan 2024 10:00:00 CET", "2024-01-01T10:00:00Z"),
            ("Mon, 1 Jan 2024 10:00:00 \"GMT\"", "2024-01-01T10:00:00Z"),
            ("Mon, 1 Jan 2024 10:00:00 GMT+0100", "2024-01-01T09:00:00Z"),
            ("Mon, 1 Jan 2024 10:00:00 +01:00", "2024-01-01T09:00:00Z"),
            ("Mon, 1 Jan 2024 10:00:00 -800", "2024-01-01T18:00:00Z"),
            ("Mon, 1 Jan 2024 10:00:00.123 +0000", "2024-01-01T10:00:00Z"),
            ("Mon, 1 Jan 2024 10.00.00 +0000", "2024-01-01T10:00:00Z"),
            ("Mon, 1 Jan 24 10:00:00 Z", "2024-01-01T10:00:00Z"),
            ("Mon, 1 Jan 99 10:00:00 UT", "1999-01-01T10:00:00Z"),
            ("Mon, 1 Jan 124 10:00:00 +0000", "2024-01-01T10:00:00Z"),
            ("2024-01-01T10:00:00Z", "2024-01-01T10:00:00Z"),
            ("2024-01-01 10:00:00 +01:00", ""),
            ("Mon, 1 Jan 3024 10:00:00 +0000", "3024-01-01T10:00:00Z"),
            ("", ""),
            ("tomorrow", ""),
            ("1 Jan 2024", ""),
            ("32 Jan 2024 10:00:00", ""),
            ("1 Jan 2024 25:00:00", ""),
            ("1 Jan 2024 10:x", ""),
            ("1/2/2024 10:00:00", ""),
            ("99999999999999 Jan 1 10:00", ""),
        ] {
            assert_eq!(parse(text).map(|time| time.to_string()).unwrap_or_default(), expected, "{text:?}");
        }
    }
}
