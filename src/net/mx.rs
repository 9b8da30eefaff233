//! Asks the DNS whether a domain's mail comes to this host.
//!
//! A host is this one when it has our name, or an address in common with our name: many MX records lead to a name of the
//! domain's own. It doesn't connect anywhere. Whatever isn't answered in a few seconds is unknown.
//!
//! RFC 5321 §5.1 (implicit MX), RFC 7505 (null MX).

use std::net::IpAddr;

use super::Dns;
use super::dns::{DnsError, Mx};
use crate::address::{MxFound, MxReport};
use crate::base::{Clock, limits};

/// See the module.
#[derive(Clone)]
pub struct MxCheck {
    dns: Dns,
    hostname: String,
    clock: Clock,
}

impl MxCheck {
    pub fn new(dns: Dns, hostname: &str, clock: Clock) -> Self {
        Self { dns, hostname: hostname.to_owned(), clock }
    }

    /// What stands in the DNS now.
    pub async fn report(&self, domain: &str) -> MxReport {
        let found = self.clock.within(limits::AUTH_STEP_TIME_MAX, self.found(domain)).await;
        MxReport::of(domain, &self.hostname, &found.unwrap_or(MxFound::Silence))
    }

    async fn found(&self, domain: &str) -> MxFound {
        let mut hosts = match self.dns.mx(domain).await {
            Ok(Mx::Hosts(hosts)) => hosts,
            Ok(Mx::Implicit) => vec![(0, domain.to_ascii_lowercase())],
            Ok(Mx::Null) => return MxFound::Null,
            Err(DnsError::NotFound(_)) => return MxFound::Nothing,
            Err(DnsError::Unavailable(_)) => return MxFound::Silence,
        };
        hosts.truncate(limits::MX_HOSTS_MAX);
        let own = self.dns.addresses(&self.hostname).await;
        let mut found = Vec::new();
        for (preference, host) in hosts {
            let is_here = match (host == self.hostname, self.dns.addresses(&host).await, &own) {
                (true, ..) => true,
                (false, Err(DnsError::NotFound(_)), _) if host == domain => return MxFound::Nothing,
                (false, Ok(theirs), Ok(own)) => theirs.iter().any(|address: &IpAddr| own.contains(address)),
                (false, Err(DnsError::NotFound(_)), _) | (_, _, Err(DnsError::NotFound(_))) => false,
                (false, ..) => return MxFound::Silence,
            };
            found.push((preference, host, is_here));
        }
        MxFound::Hosts(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Chance, Time};
    use crate::net::dns::Settings;
    use crate::net::zone::Zone;

    const ZONE: &str = "
        mail.example.net A 192.0.2.1
        named.example MX 10 mail.example.net
        own-name.example MX 10 mx.own-name.example
        mx.own-name.example A 192.0.2.1
        implicit.example A 192.0.2.1
        elsewhere.example MX 10 mx.elsewhere.example
        mx.elsewhere.example A 192.0.2.9
        dangling.example MX 10 gone.example
        website.example A 192.0.2.9
        empty.example TXT nothing
        null.example MX 0 .
        broken.example MX SERVFAIL
        half.example MX 10 mx.half.example
        mx.half.example A SERVFAIL
        mx.half.example AAAA SERVFAIL
    ";

    #[tokio::test]
    async fn a_domain_leads_here_or_not() {
        let servers = vec![Zone::parse(ZONE).serve().await];
        let dns = Dns::new(&Settings { servers }, Chance::seeded(1)).unwrap();
        let check = MxCheck::new(dns, "mail.example.net", Clock::manual(Time::UNIX_EPOCH));
        for (domain, expected, hosts) in [
            ("named.example", Some(true), &["mail.example.net"][..]),
            ("own-name.example", Some(true), &["mx.own-name.example"]),
            ("implicit.example", Some(true), &["implicit.example"]),
            ("elsewhere.example", Some(false), &["mx.elsewhere.example"]),
            ("dangling.example", Some(false), &["gone.example"]),
            ("website.example", Some(false), &["website.example"]),
            ("empty.example", Some(false), &[]),
            ("null.example", Some(false), &[]),
            ("nowhere.example", Some(false), &[]),
            ("broken.example", None, &[]),
            ("half.example", None, &[]),
        ] {
            let report = check.report(domain).await;
            assert_eq!(
                (report.points_here, report.hosts),
                (expected, hosts.iter().map(|h| (*h).to_owned()).collect()),
                "{domain}"
            );
        }
    }
}
