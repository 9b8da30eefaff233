//! DNS look-ups: which hosts take a domain's mail, and where they are.
//!
//! Answers are cached by the resolver for as long as their TTL says. Names are always taken as absolute: a search list
//! must never turn `example.com` into somebody else's name. Nothing here decides whether an address may be connected
//! to, nor waits longer than the resolver's own few seconds per server.
//!
//! Failure: [`DnsError::NotFound`] is what the domain's owner says (NXDOMAIN, or no record of the kind);
//! [`DnsError::Unavailable`] is everything that another time may cure (SERVFAIL, REFUSED, no answer).
//!
//! RFC 5321 §5.1 (order of hosts, implicit MX), RFC 7505 (null MX).

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError as Semantic, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, RecordType};

use crate::base::{Chance, limits};

/// Which name servers to ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Empty: those of the system.
    pub servers: Vec<SocketAddr>,
}

/// The way to DNS. Cheap to clone; clones share their cache.
#[derive(Clone)]
pub struct Dns {
    resolver: TokioResolver,
    chance: Chance,
    /// Who knows hosts and addresses instead.
    names: Option<Arc<dyn Names>>,
}

/// Names that don't come from name servers, for simulations.
pub trait Names: Send + Sync {
    fn mx<'a>(&'a self, domain: &'a str) -> Answer<'a, Mx>;

    /// At least one.
    fn addresses<'a>(&'a self, host: &'a str) -> Answer<'a, Vec<IpAddr>>;
}

/// An answer to be.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, DnsError>> + Send + 'a>>;

/// Who takes the mail of a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mx {
    /// Preference and host in lower case without a final dot, the lowest preference first, equal ones in random order.
    Hosts(Vec<(u16, String)>),
    /// `MX 0 .`: the domain takes no mail (RFC 7505).
    Null,
    /// No MX record: the domain itself is the host (RFC 5321 §5.1). It may still have no address.
    Implicit,
}

/// Why a look-up gave nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DnsError {
    /// Asking again gives the same.
    #[error("{0} is not in the DNS")]
    NotFound(String),
    /// Worth another try.
    #[error("the name servers don't answer for {0}")]
    Unavailable(String),
}

/// The resolver can't be made.
#[derive(Debug, thiserror::Error)]
#[error("the system names no usable name server; put some in `[dns] servers`")]
pub struct NoNameServers(#[source] NetError);

impl Dns {
    /// A resolver over these servers; each is asked over UDP, and over TCP where an answer doesn't fit.
    pub fn new(settings: &Settings, chance: Chance) -> Result<Self, NoNameServers> {
        let mut builder = if settings.servers.is_empty() {
            TokioResolver::builder_tokio().map_err(NoNameServers)?
        } else {
            let servers = settings.servers.iter().copied().map(name_server).collect();
            let config = ResolverConfig::from_name_servers(servers);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        };
        builder.options_mut().max_active_requests = limits::DNS_QUESTIONS_MAX;
        Ok(Self { resolver: builder.build().map_err(NoNameServers)?, chance, names: None })
    }

    /// Asks nobody outside; look-ups of other kinds find that no name server answers.
    pub fn of(names: Arc<dyn Names>, chance: Chance) -> Result<Self, NoNameServers> {
        let nobody = ResolverConfig::from_name_servers(Vec::new());
        let builder = TokioResolver::builder_with_config(nobody, TokioRuntimeProvider::default());
        Ok(Self { resolver: builder.build().map_err(NoNameServers)?, chance, names: Some(names) })
    }

    /// Who takes the mail of `domain`.
    pub async fn mx(&self, domain: &str) -> Result<Mx, DnsError> {
        if let Some(names) = &self.names {
            return names.mx(domain).await;
        }
        let answer = match self.lookup(domain, RecordType::MX).await {
            Ok(answer) => answer,
            Err(error) if is_empty_answer(&error) => return Ok(Mx::Implicit),
            Err(error) => return Err(class(domain, &error)),
        };
        let records = answer.answers().iter().filter_map(|record| match &record.data {
            RData::MX(mx) => Some((mx.preference, mx.exchange.to_lowercase())),
            _ => None,
        });
        let (null, hosts): (Vec<_>, Vec<_>) = records.partition(|(_, host)| host.is_root());
        if hosts.is_empty() {
            // Neither kind: the answer was only an alias, and what it leads to has no MX record.
            return Ok(if null.is_empty() { Mx::Implicit } else { Mx::Null });
        }
        let mut hosts: Vec<_> = hosts
            .into_iter()
            .map(|(preference, host)| (preference, self.chance.bytes::<8>(), text_of(&host)))
            .collect();
        hosts.sort();
        Ok(Mx::Hosts(hosts.into_iter().map(|(preference, _, host)| (preference, host)).collect()))
    }

    /// The addresses of a host, IPv4 before IPv6, at least one.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, DnsError> {
        if let Some(names) = &self.names {
            return names.addresses(host).await;
        }
        let answers = tokio::join!(self.lookup(host, RecordType::A), self.lookup(host, RecordType::AAAA));
        let mut addresses = Vec::new();
        let mut failure = DnsError::NotFound(host.to_owned());
        for answer in [answers.0, answers.1] {
            match answer {
                Ok(answer) => addresses.extend(answer.answers().iter().filter_map(|record| record.data.ip_addr())),
                // One silent half is enough to leave the question open.
                Err(error) if !is_negative_answer(&error) => failure = DnsError::Unavailable(host.to_owned()),
                Err(_) => {}
            }
        }
        if addresses.is_empty() { Err(failure) } else { Ok(addresses) }
    }

    /// True when a name server answers at all, whatever it says. Asks for a name that nobody has, so that no cache knows.
    pub async fn is_answering(&self) -> bool {
        let label = data_encoding::HEXLOWER.encode(&self.chance.bytes::<10>());
        match self.lookup(&label, RecordType::A).await {
            Ok(_) | Err(NetError::Dns(_) | NetError::Proto(_)) => true,
            Err(_) => false,
        }
    }

    /// For look-ups of other kinds (TXT, TLSA) by libraries that take a resolver.
    pub fn resolver(&self) -> &TokioResolver {
        &self.resolver
    }

    async fn lookup(&self, name: &str, kind: RecordType) -> Result<Lookup, NetError> {
        let mut name = Name::from_utf8(name)?;
        name.set_fqdn(true);
        self.resolver.lookup(name, kind).await
    }
}

fn name_server(address: SocketAddr) -> NameServerConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = address.port();
        connection
    });
    NameServerConfig::new(address.ip(), true, connections.into())
}

fn text_of(host: &Name) -> String {
    let mut text = host.to_ascii();
    text.truncate(text.trim_end_matches('.').len());
    text
}

fn class(name: &str, error: &NetError) -> DnsError {
    match is_negative_answer(error) {
        true => DnsError::NotFound(name.to_owned()),
        false => DnsError::Unavailable(name.to_owned()),
    }
}

/// The name is there, but has no record of the kind.
fn is_empty_answer(error: &NetError) -> bool {
    matches!(error, NetError::Dns(Semantic::NoRecordsFound(none)) if none.response_code == ResponseCode::NoError)
}

/// Somebody who knows says that there is nothing; or the name can't even be asked for.
fn is_negative_answer(error: &NetError) -> bool {
    match error {
        NetError::Dns(Semantic::NoRecordsFound(none)) => {
            matches!(none.response_code, ResponseCode::NoError | ResponseCode::NXDomain)
        }
        NetError::Proto(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::zone::Zone;

    const ZONE: &str = "
        example.com MX 20 Backup.example.com
        example.com MX 10 mx-a.example.com
        example.com MX 10 mx-b.example.com
        mx-a.example.com AAAA 2001:db8::1
        mx-a.example.com A 192.0.2.1
        v6.example.com AAAA 2001:db8::2
        half.example.com AAAA SERVFAIL
        implicit.example.com A 192.0.2.9
        null.example.com MX 0 .
        odd.example.com MX 0 .
        odd.example.com MX 5 mx-a.example.com
        xn--e1afmkfd.xn--p1ai MX 10 mx-a.example.com
        broken.example.com MX SERVFAIL
        broken.example.com A SERVFAIL
    ";

    async fn dns(seed: u64) -> Dns {
        let servers = vec![Zone::parse(ZONE).serve().await];
        Dns::new(&Settings { servers }, Chance::seeded(seed)).unwrap()
    }

    #[tokio::test]
    async fn mx() {
        async fn check(domain: &str, expected: &str) {
            let shown = match dns(1).await.mx(domain).await {
                Ok(Mx::Hosts(hosts)) => format!("{hosts:?}"),
                Ok(other) => format!("{other:?}"),
                Err(error) => error.to_string(),
            };
            assert_eq!(shown, expected, "{domain}");
        }
        check("implicit.example.com", "Implicit").await;
        check("null.example.com", "Null").await;
        check("odd.example.com", r#"[(5, "mx-a.example.com")]"#).await;
        check("пример.рф", r#"[(10, "mx-a.example.com")]"#).await;
        check("nowhere.example.com", "nowhere.example.com is not in the DNS").await;
        check("broken.example.com", "the name servers don't answer for broken.example.com").await;
        check(&format!("{}.example.com", "a".repeat(64)), &format!("{}.example.com is not in the DNS", "a".repeat(64)))
            .await;
    }

    #[tokio::test]
    async fn hosts_come_by_preference_and_equal_ones_take_turns() {
        let mut firsts = std::collections::BTreeSet::new();
        for seed in 0..16 {
            let Ok(Mx::Hosts(hosts)) = dns(seed).await.mx("example.com").await else { panic!("hosts") };
            assert_eq!(hosts[2], (20, "backup.example.com".to_owned()));
            firsts.insert(hosts[0].1.clone());
        }
        assert_eq!(firsts.len(), 2, "{firsts:?}");
    }

    #[tokio::test]
    async fn addresses() {
        async fn check(host: &str, expected: &str) {
            let shown = match dns(1).await.addresses(host).await {
                Ok(addresses) => format!("{addresses:?}"),
                Err(error) => error.to_string(),
            };
            assert_eq!(shown, expected, "{host}");
        }
        check("mx-a.example.com", "[192.0.2.1, 2001:db8::1]").await;
        check("v6.example.com", "[2001:db8::2]").await;
        check("null.example.com", "null.example.com is not in the DNS").await;
        check("nowhere.example.com", "nowhere.example.com is not in the DNS").await;
        check("half.example.com", "the name servers don't answer for half.example.com").await;
        check("broken.example.com", "the name servers don't answer for broken.example.com").await;
    }

    #[test]
    fn silence_is_worth_another_try() {
        assert_eq!(class("example.com", &NetError::Timeout), DnsError::Unavailable("example.com".into()));
    }
}
