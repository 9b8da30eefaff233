//! Routing addresses with their settings as a TOML file: what `address export` writes and `address apply` reads.
//!
//! A table for each address, a key for each setting, by the names that `address show --json` has. A setting that isn't
//! named stays as it is; an empty text, an empty list, the queue `main` and `0/day` take one away. Every mistake of a file
//! is reported, as for the configuration.

use std::collections::{BTreeSet, HashSet};
use std::fmt::Write;
use std::path::Path;

use serde_json::Value as Json;
use toml::de::{DeTable, DeValue};

use super::mistake::{Lines, Mistake, nearest};
use super::read::mistakes;
use super::value::{self, Read, Value, Wrong, wrong};
use crate::address::{AcceptFrom, Acknowledge, NoAcknowledge, OnResolved};
use crate::base::Mailbox;
use crate::desk::command::{AddressSettings, WantedAddress};
use crate::routing::is_queue_name;

/// How a setting is read, by its name, in the order of the file.
type Setting = (&'static str, fn(&mut AddressSettings, &Value<'_>) -> Read<()>);

const SETTINGS: &[Setting] = &[
    ("name", |s, v| put(&mut s.name, value::text(v, "a text", any))),
    ("mode", |s, v| put(&mut s.mode, value::choice(v, r#""forwarded" or "direct""#))),
    ("queue", |s, v| put(&mut s.queue, value::queue(v))),
    ("owner", |s, v| put(&mut s.owner, mailbox(v))),
    ("fallback_queue", |s, v| put(&mut s.fallback_queue, value::queue(v))),
    ("opens", |s, v| put(&mut s.opens, value::choice(v, r#""case" or "item""#))),
    ("origin", |s, v| put(&mut s.origin, value::text(v, "a text", any))),
    ("priority", |s, v| put(&mut s.priority, value::choice(v, r#""low", "normal", "high" or "urgent""#))),
    ("record_type", |s, v| put(&mut s.record_type, value::text(v, "a text", any))),
    ("reply_from", |s, v| put(&mut s.reply_from, mailbox(v))),
    ("accept_from", |s, v| put(&mut s.accept_from, accept_from(v))),
    ("unauthorised", |s, v| put(&mut s.unauthorised, value::choice(v, r#""bounce", "discard" or "hold""#))),
    ("reply_to", |s, v| put(&mut s.reply_to, value::choice(v, r#""ignore", "address" or "replace""#))),
    ("unknown_sender", |s, v| put(&mut s.unknown_sender, value::choice(v, r#""contact" or "hold""#))),
    ("rate_limit", |s, v| put(&mut s.rate_limit, rate_limit(v))),
    ("over_limit", |s, v| put(&mut s.over_limit, value::choice(v, r#""bounce", "discard", "requeue" or "hold""#))),
    ("on_resolved", |s, v| put(&mut s.on_resolved, on_resolved(v))),
    ("save_headers", |s, v| put(&mut s.save_headers, v.get_ref().as_bool().ok_or_else(|| wrong(v, "true or false")))),
    ("task", |s, v| put(&mut s.task, value::text(v, "a text", any))),
    ("acknowledge", |s, v| put(&mut s.acknowledge, acknowledge(v))),
    ("permission_sets", |s, v| put(&mut s.permission_sets, names(v))),
    ("plugins", |s, v| put(&mut s.plugins, names(v))),
];

fn put<T>(place: &mut Option<T>, read: Read<T>) -> Read<()> {
    *place = Some(read?);
    Ok(())
}

fn any(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn mailbox(value: &Value<'_>) -> Read<Mailbox> {
    value::text(value, r#"an address such as "support@example.com""#, |text| text.parse().ok())
}

fn accept_from(value: &Value<'_>) -> Read<AcceptFrom> {
    const EXPECTED: &str = r#"a list such as ["anna@example.com", "example.com", "*.example.com"], or [] for anyone"#;
    let texts = value::list(value, EXPECTED, |one| value::text(one, EXPECTED, any))?;
    AcceptFrom::try_from(texts).map_err(|error| vec![Wrong { span: value.span(), what: error.to_string() }])
}

fn names(value: &Value<'_>) -> Read<BTreeSet<String>> {
    const EXPECTED: &str = r#"a list of names such as ["billing"], or [] for none"#;
    let one = |one: &Value<'_>| value::text(one, EXPECTED, |text| is_queue_name(text).then(|| text.to_owned()));
    Ok(value::list(value, EXPECTED, one)?.into_iter().collect())
}

fn rate_limit(value: &Value<'_>) -> Read<u32> {
    let number = |text: &str| {
        let number = text.strip_suffix("/day").filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()))?;
        number.parse().ok()
    };
    value::text(value, r#"a rate such as "100/day", or "0/day" for no limit"#, number)
}

fn acknowledge(value: &Value<'_>) -> Read<Acknowledge> {
    let text = value::text(value, r#""off" or a text such as "Your case has the number {case}.""#, any)?;
    text.parse().map_err(|error: NoAcknowledge| vec![Wrong { span: value.span(), what: error.to_string() }])
}

fn on_resolved(value: &Value<'_>) -> Read<OnResolved> {
    value::text(value, r#""reopen", "reopen-within 7d" or "new""#, |text| text.parse().ok())
}

/// The addresses that `text` describes, in its order.
pub fn read(file: &Path, text: &str) -> Result<Vec<WantedAddress>, Vec<Mistake>> {
    let (table, syntax) = DeTable::parse_recoverable(text);
    let (mut wanted, mut wrongs) = (Vec::new(), Vec::new());
    for (name, value) in table.get_ref() {
        match value.get_ref() {
            DeValue::Table(addresses) if name.get_ref() == "address" => {
                wanted.extend(addresses.iter().filter_map(|(address, settings)| {
                    let Ok(mailbox) = address.get_ref().parse::<Mailbox>() else {
                        let what = format!(
                            "found {:?}, expected an address such as \"support@example.com\"",
                            address.get_ref()
                        );
                        wrongs.push(Wrong { span: address.span(), what });
                        return None;
                    };
                    let at = address.span().start;
                    Some((at, WantedAddress { address: mailbox, settings: read_settings(settings, &mut wrongs) }))
                }));
            }
            _ => wrongs.push(Wrong {
                span: name.span(),
                what: format!("found {:?}, expected tables such as [address.\"support@example.com\"]", name.get_ref()),
            }),
        }
    }
    wanted.sort_by_key(|(at, _)| *at);
    let mut seen = HashSet::new();
    for (at, one) in &wanted {
        if !seen.insert(one.address.key()) {
            let what = format!("found {} once more, expected each address once", one.address);
            wrongs.push(Wrong { span: *at..*at, what });
        }
    }
    let mistakes = mistakes(file, &Lines::of(text), syntax, wrongs);
    if mistakes.is_empty() { Ok(wanted.into_iter().map(|(_, one)| one).collect()) } else { Err(mistakes) }
}

fn read_settings(value: &Value<'_>, wrongs: &mut Vec<Wrong>) -> AddressSettings {
    let mut settings = AddressSettings::default();
    let DeValue::Table(table) = value.get_ref() else {
        wrongs.extend(wrong(value, "a table of settings"));
        return settings;
    };
    for (name, value) in table {
        match SETTINGS.iter().find(|(known, _)| known == name.get_ref()) {
            Some((_, set)) => wrongs.extend(set(&mut settings, value).err().unwrap_or_default()),
            None => {
                let nearest = nearest(name.get_ref(), SETTINGS.iter().map(|(known, _)| *known));
                let what = format!(
                    "found the unknown setting {:?}, expected a known one; the nearest is {nearest:?}",
                    name.get_ref()
                );
                wrongs.push(Wrong { span: name.span(), what });
            }
        }
    }
    settings
}

/// The file of these addresses, as `address export --json` has them: what isn't set is left out.
pub fn write(addresses: &Json) -> String {
    let mut out = String::from(
        "# Routing addresses. Read it back with: postcase address apply FILE\n\
         # What isn't named stays as it is. Nothing is removed.\n",
    );
    for address in addresses.as_array().into_iter().flatten() {
        let name = address["address"].as_str().unwrap_or_default();
        write!(out, "\n[address.{}]\n", toml::Value::from(name)).ok();
        for (setting, _) in SETTINGS {
            let shown = match (*setting, &address[*setting]) {
                (_, Json::Null) => continue,
                ("rate_limit", limit) => toml::Value::from(format!("{limit}/day")).to_string(),
                (_, Json::Bool(truth)) => truth.to_string(),
                (_, Json::Array(list)) => {
                    toml::Value::from(list.iter().filter_map(Json::as_str).collect::<Vec<_>>()).to_string()
                }
                (_, value) => toml::Value::from(value.as_str().unwrap_or_default()).to_string(),
            };
            writeln!(out, "{setting} = {shown}").ok();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::address::Settings;

    #[test]
    fn what_is_written_can_be_read_again() {
        let mut all = json!(Settings {
            name: Some("The \"desk\"\n".into()),
            queue: Some("q".into()),
            fallback_queue: Some("f".into()),
            record_type: Some("incident".into()),
            reply_from: Some("b@example.com".parse().unwrap()),
            accept_from: "a.example,*.b.example".parse().unwrap(),
            rate_limit: Some(7),
            on_resolved: "reopen-within 7d".parse().unwrap(),
            save_headers: true,
            task: Some("not started".into()),
            acknowledge: "Your case\nis {case}.".parse().unwrap(),
            permission_sets: ["billing".to_owned(), "vip".to_owned()].into(),
            plugins: ["vip-domains".to_owned()].into(),
            ..Settings::default()
        });
        all["address"] = json!("a b@example.com");
        let names: Vec<&str> = SETTINGS.iter().map(|(name, _)| *name).collect();
        let known = |name: &String| name == "address" || names.contains(&name.as_str());
        assert!(all.as_object().unwrap().keys().all(known), "every setting can be written");
        let text = write(&json!([all])).replace("a b@", "\\\"a b\\\"@");
        let wanted = read(Path::new("f"), &text).unwrap();
        let [WantedAddress { address, settings }] = &wanted[..] else { panic!("{wanted:?}") };
        assert_eq!(address.to_string(), "\"a b\"@example.com");
        let read = json!(settings);
        for name in names.into_iter().filter(|name| *name != "owner") {
            assert_eq!(read[name], all[name], "{name}");
        }
        assert_eq!(write(&json!([])).lines().count(), 2);
    }

    #[test]
    fn every_mistake_says_its_place_and_what_was_expected() {
        #[track_caller]
        fn check(text: &str, expected: &[&str]) {
            let mistakes = read(Path::new("f"), text).err().unwrap_or_default();
            assert_eq!(mistakes.iter().map(Mistake::to_string).collect::<Vec<_>>(), expected);
        }
        check("[address.\"a@b.example\"]\n", &[]);
        check(
            "[address.\"a@b.example\"]\nquue = \"q\"\nmode = \"both\"\nrate_limit = 3\n",
            &[
                r#"f:2:1: found the unknown setting "quue", expected a known one; the nearest is "queue""#,
                r#"f:3:8: found "both", expected "forwarded" or "direct""#,
                r#"f:4:14: found 3, expected a rate such as "100/day", or "0/day" for no limit"#,
            ],
        );
        check(
            "[address.support]\n[addresses.\"a@b.example\"]\n",
            &[
                r#"f:1:10: found "support", expected an address such as "support@example.com""#,
                r#"f:2:2: found "addresses", expected tables such as [address."support@example.com"]"#,
            ],
        );
        check(
            "[address.\"a@b.example\"]\naccept_from = [\"x\"]\n[address.\"A@b.example\"]\nsave_headers = 1",
            &[
                r#"f:2:15: "x" is neither an address nor a domain: expected anna@example.com, example.com, *.example.com or anyone"#,
                "f:3:10: found A@b.example once more, expected each address once",
                "f:4:16: found 1, expected true or false",
            ],
        );
        check("[address", &["f:1:9: found text that is not TOML: unclosed table, expected `]`"]);
    }
}
