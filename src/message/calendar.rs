//! A calendar part (RFC 5545) as text for people: what, when, where, who; not a calendar program.
//!
//! Used where an invitation has no other text. Folded lines are joined (§3.1), the first event counts.

/// Properties in the order in which they are shown, with the words for them.
const SHOWN: &[(&str, &str)] = &[
    ("SUMMARY", ""),
    ("DTSTART", "Begins: "),
    ("DTEND", "Ends: "),
    ("LOCATION", "Place: "),
    ("ORGANIZER", "From: "),
    ("DESCRIPTION", "\n"),
];

/// The first event as text; nothing when there is none.
pub fn to_text(calendar: &str) -> String {
    let unfolded = calendar.replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "");
    let lines: Vec<&str> = unfolded
        .lines()
        .skip_while(|line| !line.starts_with("BEGIN:VEVENT"))
        .skip(1)
        .take_while(|line| !line.starts_with("END:VEVENT"))
        .collect();
    let mut text = Vec::new();
    for (name, title) in SHOWN {
        let value = lines.iter().find_map(|line| value_of(line, name)).map(readable);
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            text.push(format!("{title}{value}"));
        }
    }
    text.join("\n")
}

/// `NAME;PARAMETER="a:b":value`
fn value_of<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(name)?;
    if !rest.starts_with([':', ';']) {
        return None;
    }
    let mut is_quoted = false;
    let colon = rest.char_indices().find(|(_, c)| {
        is_quoted ^= *c == '"';
        *c == ':' && !is_quoted
    })?;
    Some(&rest[colon.0 + 1..])
}

/// Unescapes a text (§3.3.11) and writes `20240131T090000Z` as people do.
fn readable(value: &str) -> String {
    let digits = value.trim_end_matches('Z');
    if let Some((date, time)) = digits.split_once('T').filter(|(date, time)| is_number(date, 8) && is_number(time, 6)) {
        let zone = if value.ends_with('Z') { " UTC" } else { "" };
        return format!("{}-{}-{} {}:{}{zone}", &date[..4], &date[4..6], &date[6..], &time[..2], &time[2..4]);
    }
    let value = value.strip_prefix("mailto:").or_else(|| value.strip_prefix("MAILTO:")).unwrap_or(value);
    value
        .replace("\\n", "\n")
        .replace("\\N", "\n")
        .replace("\\,", ",")
        .replace("\\;", ";")
        .replace("\\\\", "\\")
        .trim()
        .to_owned()
}

fn is_number(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_as_text() {
        let event = "BEGIN:VCALENDAR\nDESCRIPTION:no\nBEGIN:VEVENT\nSUMMARY;LANGUAGE=\"a:b\":Door\\, new\nDTSTART;TZID=x:20240131T090000\n\
                     DTEND:20240131T093000Z\nORGANIZER;CN=Anna:mailto:a@b.c\nLOCATION:\nDESCRIPTION:Line\\none\n  more\nEND:VEVENT\nEND:VCALENDAR";
        let expected = "Door, new\nBegins: 2024-01-31 09:00\nEnds: 2024-01-31 09:30 UTC\nFrom: a@b.c\n\nLine\none more";
        assert_eq!(to_text(event), expected);
        assert_eq!(to_text(&event.replace('\n', "\r\n")), expected);
        assert_eq!(to_text("SUMMARY:x"), "");
    }
}
