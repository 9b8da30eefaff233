//! Where a message for a domain goes: the smarthost, or the domain's MX hosts in their order.
//!
//! Connects to nothing. The administrator's smarthost may be anywhere; an address that a stranger's DNS names must be
//! public unless [`PrivateNetworks::Allow`]. A mistake in our own configuration never fails mail for good.
//!
//! RFC 5321 §5.1, RFC 7505 (null MX), RFC 5321 §4.1.3 (address literals).

use std::net::{IpAddr, SocketAddr};

use super::{Demands, Outcome, ranges};
use crate::base::limits;
use crate::net::Dns;
use crate::net::dns::{DnsError, Mx};

/// How mail leaves.
#[derive(Clone)]
pub struct Route {
    /// Host (name or address) and port that all mail goes to; none: by MX.
    pub smarthost: Option<(String, u16)>,
    /// Of the smarthost; none: as of any host.
    pub demands: Option<Demands>,
    /// Port of MX hosts.
    pub port: u16,
    pub private_networks: PrivateNetworks,
}

/// May an MX record lead into loopback or private ranges? A stranger's DNS could else make us talk to inner hosts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrivateNetworks {
    #[default]
    Refuse,
    Allow,
}

/// One address to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// The name under which it was found, or its address.
    pub host: String,
    pub address: SocketAddr,
}

impl Target {
    /// `host[address]:port`, as it is shown.
    pub fn peer(&self) -> String {
        format!("{}[{}]:{}", self.host, self.address.ip(), self.address.port())
    }
}

impl Route {
    /// The addresses to try for `domain`, the best first, at least one. The error is the outcome for every recipient.
    pub(super) async fn targets(&self, domain: &str, dns: &Dns) -> Result<Vec<Target>, Outcome> {
        if let Some((host, port)) = &self.smarthost {
            return smarthost(host, *port, dns).await;
        }
        if let Some(address) = address_literal(domain) {
            return self.reachable(domain, vec![target(&address.to_string(), address, self.port)]);
        }
        let hosts = match dns.mx(domain).await {
            Ok(Mx::Null) => {
                return Err(Outcome::permanent("1.10", format!("{domain} takes no mail (null MX record, RFC 7505)")));
            }
            Ok(Mx::Implicit) => vec![domain.to_owned()],
            Ok(Mx::Hosts(hosts)) => hosts.into_iter().map(|(_, host)| host).take(limits::MX_HOSTS_MAX).collect(),
            Err(error @ DnsError::NotFound(_)) => return Err(Outcome::permanent("1.2", error.to_string())),
            Err(error @ DnsError::Unavailable(_)) => return Err(Outcome::transient("4.3", error.to_string())),
        };
        let found = self.addresses_of(domain, &hosts, dns).await?;
        self.reachable(domain, found)
    }

    /// All addresses of all hosts; none of the hosts having one is final only when every one of them says so.
    async fn addresses_of(&self, domain: &str, hosts: &[String], dns: &Dns) -> Result<Vec<Target>, Outcome> {
        let mut found = Vec::new();
        let mut open = None;
        for host in hosts {
            match dns.addresses(host).await {
                Ok(addresses) => {
                    let addresses = addresses.into_iter().take(limits::HOST_ADDRESSES_MAX);
                    found.extend(addresses.map(|address| target(host, address, self.port)));
                }
                Err(DnsError::NotFound(_)) => {}
                Err(error @ DnsError::Unavailable(_)) => open = Some(error),
            }
        }
        match (found.is_empty(), open) {
            (false, _) => Ok(found),
            (true, Some(error)) => Err(Outcome::transient("4.3", error.to_string())),
            (true, None) => Err(Outcome::permanent("1.2", format!("no mail host of {domain} has an address"))),
        }
    }

    fn reachable(&self, domain: &str, mut found: Vec<Target>) -> Result<Vec<Target>, Outcome> {
        if self.private_networks == PrivateNetworks::Refuse {
            let first = found.first().map(Target::peer).unwrap_or_default();
            found.retain(|target| !ranges::is_special(target.address.ip()));
            if found.is_empty() {
                let why = format!("the mail host of {domain}, {first}, is not on the public internet");
                return Err(Outcome::permanent("4.4", format!("{why} (`[outbound] private_networks` is \"refuse\")")));
            }
        }
        found.truncate(limits::TARGETS_MAX);
        Ok(found)
    }
}

async fn smarthost(host: &str, port: u16, dns: &Dns) -> Result<Vec<Target>, Outcome> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse() {
        return Ok(vec![target(bare, address, port)]);
    }
    match dns.addresses(host).await {
        Ok(addresses) => Ok(addresses.into_iter().take(limits::TARGETS_MAX).map(|at| target(host, at, port)).collect()),
        Err(error) => Err(Outcome::transient("3.5", format!("the smarthost can't be found: {error}"))),
    }
}

fn target(host: &str, address: IpAddr, port: u16) -> Target {
    Target { host: host.to_owned(), address: SocketAddr::new(address, port) }
}

/// The address in `[192.0.2.1]` or `[ipv6:2001:db8::1]`.
fn address_literal(domain: &str) -> Option<IpAddr> {
    let inner = domain.strip_prefix('[')?.strip_suffix(']')?;
    inner.strip_prefix("ipv6:").unwrap_or(inner).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Chance;
    use crate::net::dns;
    use crate::net::zone::Zone;

    const ZONE: &str = "
        example.com MX 20 backup.example.com
        example.com MX 10 mx.example.com
        mx.example.com A 8.8.8.1
        mx.example.com A 8.8.8.1
        mx.example.com A 8.8.8.1
        mx.example.com AAAA 2606:4700::1
        backup.example.com A 10.0.0.1
        backup.example.com A 8.8.8.2
        implicit.example.com A 8.8.8.3
        null.example.com MX 0 .
        inner.example.com MX 10 inner-mx.example.com
        inner-mx.example.com A 10.0.0.1
        lost.example.com MX 10 nowhere.example.com
        half.example.com MX 10 nowhere.example.com
        half.example.com MX 20 broken.example.com
        rest.example.com MX 10 broken.example.com
        rest.example.com MX 20 mx.example.com
        empty.example.com AAAA SERVFAIL
        empty.example.com A SERVFAIL
        empty.example.com MX 10 nowhere.example.com
        broken.example.com A SERVFAIL
        broken.example.com AAAA SERVFAIL
        broken.example.com MX SERVFAIL
        many.example.com MX 1 mx.example.com
        many.example.com MX 2 mx.example.com
        many.example.com MX 3 mx.example.com
    ";

    async fn check(route: &Route, domain: &str, expected: &str) {
        let servers = vec![Zone::parse(ZONE).serve().await];
        let dns = Dns::new(&dns::Settings { servers }, Chance::seeded(1)).unwrap();
        let shown = match route.targets(domain, &dns).await {
            Ok(targets) => targets.iter().map(Target::peer).collect::<Vec<_>>().join(" "),
            Err(outcome) => format!("{} {}", outcome.status, outcome.words),
        };
        assert_eq!(shown, expected, "{domain}");
    }

    #[tokio::test]
    async fn by_mx() {
        let route = Route { smarthost: None, demands: None, port: 25, private_networks: PrivateNetworks::Refuse };
        let mx = "mx.example.com[8.8.8.1]:25 mx.example.com[8.8.8.1]:25";
        check(&route, "example.com", &format!("{mx} backup.example.com[8.8.8.2]:25")).await;
        check(&route, "rest.example.com", mx).await;
        check(&route, "many.example.com", &format!("{mx} {mx} mx.example.com[8.8.8.1]:25")).await;
        check(&route, "implicit.example.com", "implicit.example.com[8.8.8.3]:25").await;
        check(&route, "[8.8.8.8]", "8.8.8.8[8.8.8.8]:25").await;
        check(&route, "[ipv6:2606:4700::1]", "2606:4700::1[2606:4700::1]:25").await;
        check(&route, "null.example.com", "5.1.10 null.example.com takes no mail (null MX record, RFC 7505)").await;
        check(&route, "nowhere.example.com", "5.1.2 nowhere.example.com is not in the DNS").await;
        check(&route, "lost.example.com", "5.1.2 no mail host of lost.example.com has an address").await;
        check(&route, "empty.example.com", "5.1.2 no mail host of empty.example.com has an address").await;
        check(&route, "half.example.com", "4.4.3 the name servers don't answer for broken.example.com").await;
        check(&route, "broken.example.com", "4.4.3 the name servers don't answer for broken.example.com").await;
    }

    #[tokio::test]
    async fn private_networks() {
        let refuse = Route { smarthost: None, demands: None, port: 25, private_networks: PrivateNetworks::Refuse };
        let refused = |domain: &str, peer: &str| {
            let why = "is not on the public internet (`[outbound] private_networks` is \"refuse\")";
            format!("5.4.4 the mail host of {domain}, {peer}, {why}")
        };
        let inner = "inner-mx.example.com[10.0.0.1]:25";
        check(&refuse, "inner.example.com", &refused("inner.example.com", inner)).await;
        check(&refuse, "[127.0.0.1]", &refused("[127.0.0.1]", "127.0.0.1[127.0.0.1]:25")).await;
        let allow = Route { private_networks: PrivateNetworks::Allow, ..refuse };
        check(&allow, "inner.example.com", inner).await;
        check(&allow, "[127.0.0.1]", "127.0.0.1[127.0.0.1]:25").await;
    }

    #[tokio::test]
    async fn by_smarthost() {
        let route = |host: &str| Route {
            smarthost: Some((host.into(), 587)),
            demands: None,
            port: 25,
            private_networks: PrivateNetworks::Refuse,
        };
        check(&route("127.0.0.1"), "example.com", "127.0.0.1[127.0.0.1]:587").await;
        check(&route("[::1]"), "example.com", "::1[::1]:587").await;
        check(&route("inner-mx.example.com"), "null.example.com", "inner-mx.example.com[10.0.0.1]:587").await;
        let lost = "4.3.5 the smarthost can't be found: nowhere.example.com is not in the DNS";
        check(&route("nowhere.example.com"), "example.com", lost).await;
    }
}
