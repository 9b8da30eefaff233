//! What the fake DNS knows: lines `name TYPE value`.
//!
//! Types are A, AAAA, MX (`10 host`, `0 .` for a null MX), TXT, CNAME, PTR; a name with the type `TIMEOUT` is never
//! answered and one with `SERVFAIL` fails. A later zone replaces what an earlier one says of the same name and type.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::unit::{Unit, unit};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    A(Ipv4Addr),
    Aaaa(Ipv6Addr),
    Mx(u16, String),
    Txt(String),
    Cname(String),
    Ptr(String),
    Timeout,
    Servfail,
}

/// Names in lower case without the last dot, and their records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Zone(BTreeMap<String, Vec<Record>>);

impl Zone {
    /// Adds the lines of a zone file.
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        let mut newer = Self::default();
        for (n, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = || format!("zone line {}: expected \"name TYPE value\", got {line:?}", n + 1);
            let (name, record) = read(line).ok_or_else(wrong)?;
            newer.0.entry(name).or_default().push(record);
        }
        for (name, records) in newer.0 {
            let kept = self.0.entry(name).or_default();
            kept.retain(|old| !records.iter().any(|new| std::mem::discriminant(new) == std::mem::discriminant(old)));
            kept.extend(records);
        }
        Ok(())
    }

    /// All records of a name; `None` when there is no such name.
    pub fn records(&self, name: &str) -> Option<&[Record]> {
        self.0.get(&name.trim_end_matches('.').to_lowercase()).map(Vec::as_slice)
    }

    /// The loopback hosts of this internet and their addresses; 127.0.0.1 is postcase's own.
    pub fn hosts(&self) -> Vec<(String, IpAddr)> {
        let own = Ipv4Addr::LOCALHOST;
        let addresses = self.0.iter().flat_map(|(name, records)| records.iter().map(move |record| (name, record)));
        let loopback = addresses.filter_map(|(name, record)| match record {
            Record::A(ip) if ip.is_loopback() && *ip != own => Some((name.clone(), IpAddr::V4(*ip))),
            _ => None,
        });
        loopback.collect()
    }

    /// The hosts that take mail for a domain.
    pub fn mail_hosts(&self, domain: &str) -> Vec<String> {
        let records = self.records(domain).unwrap_or_default();
        let hosts = records.iter().filter_map(|record| match record {
            Record::Mx(_, host) => Some(host.clone()),
            _ => None,
        });
        hosts.collect()
    }
}

fn read(line: &str) -> Option<(String, Record)> {
    let (name, rest) = line.split_once(char::is_whitespace)?;
    let (kind, value) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
    let value = value.trim();
    let host = |text: &str| (!text.is_empty()).then(|| text.trim_end_matches('.').to_lowercase());
    let record = match kind {
        "A" => Record::A(value.parse().ok()?),
        "AAAA" => Record::Aaaa(value.parse().ok()?),
        "MX" => {
            let (preference, name) = value.split_once(char::is_whitespace)?;
            Record::Mx(preference.parse().ok()?, host(name)?)
        }
        "TXT" => Record::Txt(value.trim_matches('"').to_owned()),
        "CNAME" => Record::Cname(host(value)?),
        "PTR" => Record::Ptr(host(value)?),
        "TIMEOUT" if value.is_empty() => Record::Timeout,
        "SERVFAIL" if value.is_empty() => Record::Servfail,
        _ => return None,
    };
    Some((name.trim_end_matches('.').to_lowercase(), record))
}

pub fn units() -> Vec<Unit> {
    vec![unit("a zone is read and replaced by type", a_zone_is_read)]
}

fn a_zone_is_read() {
    let mut zone = Zone::default();
    zone.add("# base\nA.Example MX 10 mx.a.example.\na.example TXT \"v=spf1 -all\"\nmx.a.example A 127.0.0.11\n")
        .unwrap();
    zone.add("a.example MX 0 .\n").unwrap();
    let expected = [Record::Txt("v=spf1 -all".into()), Record::Mx(0, String::new())];
    assert_eq!(zone.records("A.example."), Some(&expected[..]));
    assert_eq!(zone.records("b.example"), None);
    assert_eq!(zone.hosts(), [("mx.a.example".to_owned(), IpAddr::from([127, 0, 0, 11]))]);
    for wrong in ["a.example", "a.example MX mx", "a.example A 300.0.0.1", "a.example HINFO x"] {
        assert!(zone.add(wrong).is_err(), "{wrong}");
    }
}
