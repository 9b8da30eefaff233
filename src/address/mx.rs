//! Where the mail of a direct address goes: does the MX record of its domain lead to this host? Pure; who asks the DNS is
//! [`MxCheck`](crate::net::MxCheck).
//!
//! What isn't known is said to be unknown: a name server that is silent says nothing about the record.

use serde::{Deserialize, Serialize};

use super::{Mode, Settings};
use crate::base::Mailbox;

/// What the DNS said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MxFound {
    /// The hosts that take the domain's mail, the preferred first, and whether each is this one.
    Hosts(Vec<(u16, String, bool)>),
    /// It says that it takes no mail (RFC 7505).
    Null,
    /// It has no MX record and no address, or doesn't exist.
    Nothing,
    /// The name servers don't answer.
    Silence,
}

/// What is kept with the verification and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MxReport {
    /// None when the DNS couldn't be asked.
    pub points_here: Option<bool>,
    /// As found, the preferred first.
    pub hosts: Vec<String>,
    /// What is wrong, and what to publish. None when all is well.
    pub advice: Option<String>,
}

impl MxReport {
    pub fn of(domain: &str, hostname: &str, found: &MxFound) -> Self {
        let publish = format!("publish: {domain}. MX 10 {hostname}.");
        let (points_here, wrong) = match found {
            MxFound::Silence => {
                let advice = format!(
                    "the name servers don't answer for {domain}: where its MX record points is unknown; see [dns] servers, then verify again"
                );
                return Self { points_here: None, hosts: Vec::new(), advice: Some(advice) };
            }
            MxFound::Null => (false, Some(format!("the MX record of {domain} says that it takes no mail"))),
            MxFound::Nothing => (false, Some(format!("{domain} has no MX record"))),
            MxFound::Hosts(hosts) => {
                let first = hosts.first().map_or(0, |(preference, ..)| *preference);
                let mut preferred = hosts.iter().take_while(|(preference, ..)| *preference == first);
                let other = preferred.clone().find(|(.., is_here)| !is_here).map(|(_, host, _)| host);
                let is_here = preferred.any(|(.., is_here)| *is_here);
                let wrong = match (is_here, other) {
                    (_, None) => None,
                    (true, Some(other)) => {
                        Some(format!("the MX records of {domain} lead to {other} as often as to this host"))
                    }
                    (false, Some(other)) => {
                        Some(format!("the MX record of {domain} leads to {other}, not to this host"))
                    }
                };
                (is_here, wrong)
            }
        };
        let hosts = match found {
            MxFound::Hosts(hosts) => hosts.iter().map(|(_, host, _)| host.clone()).collect(),
            _ => Vec::new(),
        };
        Self { points_here: Some(points_here), hosts, advice: wrong.map(|wrong| format!("{wrong}; {publish}")) }
    }

    /// The domain to ask about; none for an address whose mail is forwarded.
    pub fn domain_of<'a>(address: &'a Mailbox, settings: &Settings) -> Option<&'a str> {
        (settings.mode == Mode::Direct).then(|| address.domain())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_admin_is_told_what_is_wrong_and_what_to_publish() {
        #[track_caller]
        fn check(found: &MxFound, points_here: Option<bool>, wrong: Option<&str>) {
            let report = MxReport::of("help.example", "mail.example.net", found);
            let advice = wrong.map(|wrong| match points_here {
                Some(_) => format!("{wrong}; publish: help.example. MX 10 mail.example.net."),
                None => wrong.to_owned(),
            });
            assert_eq!((report.points_here, report.advice), (points_here, advice));
        }
        let hosts = |hosts: &[(u16, &str, bool)]| {
            MxFound::Hosts(hosts.iter().map(|(preference, host, here)| (*preference, (*host).into(), *here)).collect())
        };
        check(&hosts(&[(10, "mail.example.net", true)]), Some(true), None);
        check(&hosts(&[(10, "mail.example.net", true), (20, "backup.example", false)]), Some(true), None);
        let other = Some("the MX record of help.example leads to mx.other.example, not to this host");
        check(&hosts(&[(5, "mx.other.example", false)]), Some(false), other);
        check(&hosts(&[(5, "mx.other.example", false), (10, "mail.example.net", true)]), Some(false), other);
        let shared = Some("the MX records of help.example lead to mx.other.example as often as to this host");
        check(&hosts(&[(5, "mail.example.net", true), (5, "mx.other.example", false)]), Some(true), shared);
        check(&MxFound::Null, Some(false), Some("the MX record of help.example says that it takes no mail"));
        check(&MxFound::Nothing, Some(false), Some("help.example has no MX record"));
        let silence = "the name servers don't answer for help.example: where its MX record points is unknown; \
                       see [dns] servers, then verify again";
        check(&MxFound::Silence, None, Some(silence));
    }
}
