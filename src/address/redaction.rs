//! Keeps our own secret addresses out of what leaves: service addresses, over which everybody could write past a company's
//! mail system, and the addresses that prove something, of bounces and probes.
//!
//! Customers see them now and then (a forwarder shows its target, a delivery report names it) and quote them; an answer
//! would pass them on. Each is known by its label of 128 bits, whatever was done to the words around it. In its place
//! stands the routing address that it belongs to.
//!
//! Not found: a label that was broken in two, by a blank or a line end.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use super::RoutingAddress;
use super::token::LABEL_CHARS;
use crate::base::Mailbox;

/// What to look for, and what to put in its place.
pub struct Redaction<'a> {
    /// Labels of service addresses, in lower case, and whose they are.
    labels: HashMap<String, &'a Mailbox>,
    service_domain: &'a str,
    /// For other secret addresses of the service domain.
    instead: &'a Mailbox,
}

impl<'a> Redaction<'a> {
    pub fn new(
        addresses: impl IntoIterator<Item = &'a RoutingAddress>,
        service_domain: &'a str,
        instead: &'a Mailbox,
    ) -> Self {
        let mut labels = HashMap::new();
        for routing in addresses {
            for service in &routing.service_addresses {
                let local = service.address.local();
                let label = local.rsplit_once('.').map_or(local, |(_, label)| label);
                labels.insert(label.to_lowercase(), &routing.address);
            }
        }
        Self { labels, service_domain, instead }
    }

    /// The text without secret addresses.
    pub fn clean<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut out = String::new();
        let mut done = 0;
        for label in labels(text) {
            if label.start >= done
                && let Some((range, address)) = self.secret(text, label)
            {
                out.push_str(&text[done.min(range.start)..range.start]);
                out.push_str(&address.to_string());
                done = range.end;
            }
        }
        if done == 0 {
            return Cow::Borrowed(text);
        }
        out.push_str(&text[done..]);
        Cow::Owned(out)
    }

    /// What has to go because of this label, and what comes in its place.
    fn secret(&self, text: &str, label: Range<usize>) -> Option<(Range<usize>, &'a Mailbox)> {
        let known = self.labels.get(&text[label.clone()].to_ascii_lowercase()).copied();
        let start = label.start - text[..label.start].bytes().rev().take_while(is_local).count();
        let local_end = label.end + text[label.end..].bytes().take_while(is_local).count();
        match (self.domain_end(text, local_end), known) {
            (Some(end), known) => Some((start..end, known.unwrap_or(self.instead))),
            (None, Some(known)) => Some((start..label.end, known)),
            (None, None) => None,
        }
    }

    /// The end of `@service-domain` at this place; in a link the sign is written `%40`.
    fn domain_end(&self, text: &str, at: usize) -> Option<usize> {
        let rest = &text[at..];
        let domain = rest.strip_prefix('@').or_else(|| rest.strip_prefix("%40"))?;
        let found = domain.get(..self.service_domain.len())?;
        let behind = domain[found.len()..].trim_start_matches('.');
        let is_whole = !behind.starts_with(|c: char| c.is_alphanumeric() || c == '-');
        (found.eq_ignore_ascii_case(self.service_domain) && is_whole).then(|| text.len() - domain.len() + found.len())
    }
}

/// The places where a label of 128 bits might stand: as many letters and digits of base32 in a row.
fn labels(text: &str) -> impl Iterator<Item = Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            at += bytes[at..].iter().position(u8::is_ascii_alphanumeric)?;
            let length = bytes[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
            let word = at..at + length;
            at = word.end;
            // A mark of encoding may touch it, as in `=20` and `%3c`.
            if length >= LABEL_CHARS && bytes[word.end - LABEL_CHARS..word.end].iter().all(is_base32) {
                return Some(word.end - LABEL_CHARS..word.end);
            }
        }
    })
}

fn is_base32(byte: &u8) -> bool {
    byte.is_ascii_alphabetic() || (b'2'..=b'7').contains(byte)
}

fn is_local(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'+' | b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::{ServiceAddress, Settings};
    use crate::base::{Chance, Time};

    #[test]
    fn secret_addresses_are_replaced() {
        let chance = Chance::seeded(1);
        let routing: Mailbox = "support@company.example".parse().unwrap();
        let new = || ServiceAddress::generate(&routing, "in.example.net", Time::UNIX_EPOCH, &chance);
        let address = RoutingAddress {
            service_addresses: vec![new(), new()],
            ..RoutingAddress::new(routing.clone(), 1, Settings::default(), Time::UNIX_EPOCH)
        };
        let sales: Mailbox = "sales@company.example".parse().unwrap();
        let redaction = Redaction::new([&address], "in.example.net", &sales);
        let former = address.service_addresses[0].address.to_string();
        let service = address.service_addresses[1].address.to_string();
        let label = service.split(['.', '@']).nth(1).unwrap();
        let check = |text: &str, expected: &str| assert_eq!(redaction.clean(text), expected, "{text}");
        for secret in [&former, &service, &service.to_uppercase(), &service.replace('@', "+tag@")] {
            check(
                &format!("to <{secret}>, and {secret}."),
                "to <support@company.example>, and support@company.example.",
            );
            check(&format!("Für {secret}…"), "Für support@company.example…");
        }
        check(&format!("mailto:{}?x", service.replace('@', "%40")), "mailto:support@company.example?x");
        check(&format!("code {label}."), "code support@company.example.");
        check(
            &format!("x+support.{label}=in.example.net@list.example"),
            "support@company.example=in.example.net@list.example",
        );
        check(&format!("{service}.evil.example"), "support@company.example@in.example.net.evil.example");
        let unknown = "abcdefghijklmnopqrstuvwxy2";
        check(&format!("bounce.1.aaaaaaaa.{unknown}@in.example.net"), "sales@company.example");
        for text in [
            "nothing",
            "",
            "postmaster@in.example.net and support@company.example",
            "<17.aaaaaaaa.abcdefghijklmnopqrstuvwxy2@mail.example.net>",
            "abcdefghijklmnopqrstuvwxyz0123456789@in.example.net",
            unknown,
        ] {
            check(text, text);
        }
    }
}
