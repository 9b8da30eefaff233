//! From the text of a file to checked settings, or to all of its mistakes.

use std::collections::HashSet;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::keys::KEYS;
use super::mistake::{Lines, Mistake, unknown_key};
use super::value::{Wrong, wrong};
use super::{Origins, Settings};

/// The settings that `text` describes; what it doesn't name has its default.
pub fn settings(file: &Path, text: &str) -> Result<Settings, Vec<Mistake>> {
    let (table, syntax) = DeTable::parse_recoverable(text);
    let lines = Lines::of(text);
    let mut reader = Reader { lines, settings: Settings::default(), origins: Origins::default(), wrongs: Vec::new() };
    reader.origins.file = Some(file.to_owned());
    reader.table("", table.get_ref());
    let mistakes = mistakes(file, &reader.lines, syntax, reader.wrongs);
    if mistakes.is_empty() { Ok(Settings { origins: reader.origins, ..reader.settings }) } else { Err(mistakes) }
}

struct Reader<'t> {
    lines: Lines<'t>,
    settings: Settings,
    origins: Origins,
    wrongs: Vec<Wrong>,
}

impl Reader<'_> {
    /// Reads the keys of one table; `under` is its path.
    fn table(&mut self, under: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let path =
                if under.is_empty() { name.get_ref().to_string() } else { format!("{under}.{}", name.get_ref()) };
            let inside = format!("{path}.");
            if let Some(key) = KEYS.iter().find(|key| key.path == path) {
                self.wrongs.extend((key.set)(&mut self.settings, value).err().unwrap_or_default());
                self.origins.lines.insert(key.path, self.lines.number(name.span().start));
            } else if !KEYS.iter().any(|key| key.path.starts_with(&inside)) {
                self.wrongs.push(Wrong { span: name.span(), what: unknown_key(&path) });
            } else if let DeValue::Table(inner) = value.get_ref() {
                self.table(&path, inner);
            } else {
                self.wrongs.extend(wrong(value, &format!("the table [{path}]")));
            }
        }
    }
}

/// All mistakes in the order of the file. A line that breaks the syntax says only that, and behind a broken table header
/// nobody knows to which table the keys belong: what was made of either is a guess.
pub fn mistakes(file: &Path, lines: &Lines<'_>, syntax: Vec<toml::de::Error>, wrongs: Vec<Wrong>) -> Vec<Mistake> {
    let broken = syntax.iter().map(|error| Mistake::at(file, lines, &error.span().unwrap_or(0..0), said(error)));
    let mut all: Vec<Mistake> = broken.collect();
    all.dedup_by_key(|mistake| mistake.line);
    let certain = all.iter().map(|mistake| mistake.line).find(|line| lines.is_header(*line)).unwrap_or(usize::MAX);
    let broken: HashSet<usize> = all.iter().map(|mistake| mistake.line).collect();
    let wrongs = wrongs.into_iter().map(|wrong| Mistake::at(file, lines, &wrong.span, wrong.what));
    all.extend(wrongs.filter(|mistake| mistake.line < certain && !broken.contains(&mistake.line)));
    all.sort_by_key(|mistake| (mistake.line, mistake.column));
    all
}

fn said(error: &toml::de::Error) -> String {
    format!("found text that is not TOML: {}", error.message())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let mistakes = settings(Path::new("f"), text).err().unwrap_or_default();
        let shown: Vec<String> = mistakes.iter().map(Mistake::to_string).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_wrong_text_says_what_was_expected() {
        check("data_dir = 'mail'", &[]);
        check("store.free_space_min = '3GiB'", &[]);
        check("store.free_space_min = 0", &[]);
        check("data_dir = ''", &[r#"f:1:12: found "", expected the path of a folder such as "data""#]);
        check("hostname = '-'", &[r#"f:1:12: found "-", expected a domain name in ASCII such as "mail.example.net""#]);
        check(
            "service_domain = '127.0.0.1'",
            &[r#"f:1:18: found "127.0.0.1", expected a domain name in ASCII such as "mail.example.net""#],
        );
        check("smtp.bare_newlines = 'x'", &[r#"f:1:22: found "x", expected "refuse" or "normalise""#]);
        check("outbound.private_networks = true", &[r#"f:1:29: found true, expected "refuse" or "allow""#]);
        check(
            "outbound.smarthost = 'host'",
            &[r#"f:1:22: found "host", expected a host with a port such as "smtp.example.net:587", or "" for none"#],
        );
        check(
            "outbound.smarthost_user = \"a\\u0000b\"",
            &[
                r#"f:1:27: found "a\0b", expected a user such as "postcase@example.net" in at most 255 bytes, or "" for none"#,
            ],
        );
        check(
            "outbound.smarthost_tls = 'ssl'",
            &[r#"f:1:26: found "ssl", expected "opportunistic", "starttls" or "tls""#],
        );
        check(
            "http.listen = 8025",
            &[
                r#"f:1:15: found 8025, expected an IP address with a port such as "127.0.0.1:2525" or "[::1]:2525", or "" for none"#,
            ],
        );
    }

    #[test]
    fn a_wrong_number_says_its_bounds() {
        check("smtp.message_size_max = 0x100000", &[]);
        check(
            "smtp.message_size_max = '1TiB'",
            &[r#"f:1:25: found "1TiB", expected a size such as "25MiB" or 26214400, from "64KiB" to "64MiB""#],
        );
        check(
            "smtp.message_size_max = '+9MiB'",
            &[r#"f:1:25: found "+9MiB", expected a size such as "25MiB" or 26214400, from "64KiB" to "64MiB""#],
        );
        check("smtp.connections_max = -1", &["f:1:24: found -1, expected a whole number from 1 to 100000"]);
        check("outbound.port = 70000", &["f:1:17: found 70000, expected a whole number from 1 to 65535"]);
        check(
            "smtp.idle = '5 m'",
            &[r#"f:1:13: found "5 m", expected a duration such as "30s", "15m", "6h" or "7d", from 1s to 1h"#],
        );
        check(
            "[outbound]\n  give_up_after = '60d'",
            &[r#"f:2:19: found "60d", expected a duration such as "30s", "15m", "6h" or "7d", from 1s to 30d"#],
        );
    }

    #[test]
    fn a_list_reports_each_wrong_element() {
        check("smtp.listen = ['[::]:25', '0.0.0.0:25']", &[]);
        check("smtp.listen = []", &[r#"f:1:15: found an empty list, expected a list such as ["127.0.0.1:2525"]"#]);
        check(
            "[dns]\nservers = ['é:53',\n  '1.2.3.4', 7]",
            &[
                r#"f:2:12: found "é:53", expected an IP address with a port such as "127.0.0.1:2525" or "[::1]:2525""#,
                r#"f:3:3: found "1.2.3.4", expected an IP address with a port such as "127.0.0.1:2525" or "[::1]:2525""#,
                r#"f:3:14: found 7, expected an IP address with a port such as "127.0.0.1:2525" or "[::1]:2525""#,
            ],
        );
        check(
            "smtp.trusted_networks = ['10.0.0.1']\nlmtp.listen = ['127.0.0.1:25']",
            &[
                r#"f:1:26: found "10.0.0.1", expected a network such as "192.0.2.0/24""#,
                r#"f:2:16: found "127.0.0.1:25", expected an IP address with a port other than 25, such as "127.0.0.1:24""#,
            ],
        );
        check(
            "outbound.retry = ['0s', '+1m', '1w']",
            &[
                r#"f:1:25: found "+1m", expected a duration such as "30s", "15m", "6h" or "7d""#,
                r#"f:1:32: found "1w", expected a duration such as "30s", "15m", "6h" or "7d""#,
            ],
        );
        // For ever again without a pause would be a loop against somebody else's server.
        check(
            "outbound.retry = ['0s']",
            &[
                r#"f:1:18: found a list, expected a list of at most 100 durations such as ["0s", "1m", "6h"] whose last one, which repeats, is not "0s""#,
            ],
        );
    }

    #[test]
    fn hours_say_what_is_wrong_in_which_line() {
        check("[hours.office]\nzone = 'Europe/Berlin'\nopen = ['mon-fri 08:00-18:00']\nholidays = ['2026-12-25']", &[]);
        check("hours = 3", &["f:1:9: found 3, expected tables [hours.NAME]"]);
        check("[hours]\noffice = 3", &["f:2:10: found 3, expected a table [hours.NAME]"]);
        check("[hours.office]\nzone = 'UTC'", &["f:1:1: found a table, expected zone and open in it"]);
        check(
            "[hours.'a b']\nzone = 'Berlin'\nopen = ['8-18']\nholidays = ['today']\nclosed = 1",
            &[
                r#"f:1:8: found "a b", expected the name of business hours in letters, digits, '-', '_' and '.', at most 64"#,
                r#"f:2:8: found "Berlin", expected a time zone such as "Europe/Berlin""#,
                r#"f:3:9: found "8-18", expected hours such as "mon-fri 08:00-18:00" or "sat,sun 22:00-24:00""#,
                r#"f:4:13: found "today", expected a day such as "2026-12-25""#,
                r#"f:5:1: found the unknown key "closed", expected zone, open or holidays"#,
            ],
        );
        check(
            "[hours.office]\nzone = 'UTC'\nopen = []",
            &[r#"f:3:8: found an empty list, expected a list such as ["mon-fri 08:00-18:00"]"#],
        );
    }

    #[test]
    fn an_unknown_key_names_the_nearest() {
        let unknown = |place: &str, key: &str, nearest: &str| {
            format!("f:{place}: found the unknown key {key:?}, expected a known one; the nearest is {nearest:?}")
        };
        check("hostnam = 'a'", &[&unknown("1:1", "hostnam", "hostname")]);
        check("[smtp]\nlisen = []", &[&unknown("2:1", "smtp.lisen", "smtp.listen")]);
        check("servers = []", &[&unknown("1:1", "servers", "dns.servers")]);
        check("[smpt]\nlisten = 1", &[&unknown("1:2", "smpt", "smtp")]);
        check("[smtp.tls]\nkye = ''", &[&unknown("2:1", "smtp.tls.kye", "smtp.tls.key")]);
        check("smtp = 3", &["f:1:8: found 3, expected the table [smtp]"]);
        check("[[http]]\nlisten = ''", &["f:1:1: found a list, expected the table [http]"]);
    }

    #[test]
    fn broken_syntax_hides_no_other_mistake_and_invents_none() {
        check(
            "hostname = \nfoo = 1\ndata_dir = 'a\n[smtp\nidle = '1x'",
            &[
                "f:1:12: found text that is not TOML: string values must be quoted, expected literal string",
                r#"f:2:1: found the unknown key "foo", expected a known one; the nearest is "dns""#,
                "f:3:14: found text that is not TOML: invalid literal string, expected `'`",
                "f:4:6: found text that is not TOML: unclosed table, expected `]`",
            ],
        );
        check(
            "data_dir = 'a'\ndata_dir = 'b'\nsmtp.recipients_max = 0",
            &[
                "f:2:1: found text that is not TOML: duplicate key",
                "f:3:23: found 0, expected a whole number from 1 to 10000",
            ],
        );
    }
}
