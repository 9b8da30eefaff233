//! Business hours: a table `[hours.NAME]` for each.

use std::collections::BTreeMap;

use toml::de::DeValue;

use super::value::{Read, Value, Wrong, list, text, wrong};
use crate::base::hours::{self, Hours};
use crate::routing::is_queue_name;

const NAMES: &str = "the name of business hours in letters, digits, '-', '_' and '.', at most 64";
const ZONE: &str = r#"a time zone such as "Europe/Berlin""#;
const OPEN: &str = r#"hours such as "mon-fri 08:00-18:00" or "sat,sun 22:00-24:00""#;
const HOLIDAY: &str = r#"a day such as "2026-12-25""#;

/// All of them, by name.
pub fn all(value: &Value<'_>) -> Read<BTreeMap<String, Hours>> {
    let DeValue::Table(table) = value.get_ref() else { return Err(wrong(value, "tables [hours.NAME]")) };
    let (mut good, mut bad) = (BTreeMap::new(), Vec::new());
    for (name, value) in table {
        if !is_queue_name(name.get_ref()) {
            bad.push(Wrong { span: name.span(), what: format!("found {:?}, expected {NAMES}", name.get_ref()) });
        }
        match one(value) {
            Ok(hours) => drop(good.insert(name.get_ref().to_string(), hours)),
            Err(wrongs) => bad.extend(wrongs),
        }
    }
    if bad.is_empty() { Ok(good) } else { Err(bad) }
}

/// A zone, at least one opening, and holidays if there are any.
fn one(value: &Value<'_>) -> Read<Hours> {
    let DeValue::Table(table) = value.get_ref() else { return Err(wrong(value, "a table [hours.NAME]")) };
    let (mut zone, mut open, mut holidays, mut bad) = (None, None, Vec::new(), Vec::new());
    for (key, value) in table {
        let read = match key.get_ref().as_ref() {
            "zone" => text(value, ZONE, |text| text.parse().ok()).map(|read| zone = Some(read)),
            "open" => openings(value).map(|read| open = Some(read)),
            "holidays" => {
                let expected = r#"a list such as ["2026-12-25"]"#;
                list(value, expected, |value| text(value, HOLIDAY, hours::date)).map(|read| holidays = read)
            }
            other => {
                let what = format!("found the unknown key {other:?}, expected zone, open or holidays");
                Err(vec![Wrong { span: key.span(), what }])
            }
        };
        bad.extend(read.err().unwrap_or_default());
    }
    match (zone, open) {
        (Some(zone), Some(open)) if bad.is_empty() => Ok(Hours { zone, open, holidays }),
        _ if bad.is_empty() => Err(wrong(value, "zone and open in it")),
        _ => Err(bad),
    }
}

fn openings(value: &Value<'_>) -> Read<Vec<hours::Opening>> {
    let expected = r#"a list such as ["mon-fri 08:00-18:00"]"#;
    let all = list(value, expected, |value| text(value, OPEN, |text| text.parse().ok()))?;
    if all.is_empty() { Err(wrong(value, expected)) } else { Ok(all) }
}
