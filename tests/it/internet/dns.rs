//! A DNS server on loopback, over UDP and TCP (RFC 1035 §4.2), that answers from a [`Zone`].
//!
//! It writes its answers byte by byte, without the library that postcase reads them with. A query that it can't read
//! gets no answer. Answers are never truncated: the zones are small.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinSet;

use super::zone::{Record, Zone};
use crate::unit::{Unit, unit, wait};

const SERVFAIL: u8 = 2;
const NXDOMAIN: u8 = 3;
/// Ports that are tried.
const PORT_TRIES: usize = 20;
/// Aliases that are followed.
const CHAIN_MAX: usize = 8;

/// Starts the server; it ends with the set of tasks.
pub async fn start(zone: Arc<Zone>, tasks: &mut JoinSet<()>) -> std::io::Result<SocketAddr> {
    let (tcp, udp) = sockets().await?;
    let address = tcp.local_addr()?;
    let over_tcp = zone.clone();
    tasks.spawn(async move {
        let mut query = [0; 1500];
        loop {
            let Ok((length, peer)) = udp.recv_from(&mut query).await else { continue };
            if let Some(answer) = answer(&zone, &query[..length]) {
                // A client that is gone needs no answer.
                let _ = udp.send_to(&answer, peer).await;
            }
        }
    });
    tasks.spawn(async move {
        while let Ok((mut stream, _)) = tcp.accept().await {
            let zone = over_tcp.clone();
            tokio::spawn(async move {
                while let Ok(length) = stream.read_u16().await {
                    let mut query = vec![0; usize::from(length)];
                    let read = stream.read_exact(&mut query).await;
                    let Some(answer) = read.ok().and_then(|_| answer(&zone, &query)) else { break };
                    let mut framed = (answer.len() as u16).to_be_bytes().to_vec();
                    framed.extend_from_slice(&answer);
                    if stream.write_all(&framed).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    Ok(address)
}

/// Both on one port, which somebody else may just have taken for the other protocol.
async fn sockets() -> std::io::Result<(TcpListener, UdpSocket)> {
    for _ in 1..PORT_TRIES {
        let tcp = TcpListener::bind("127.0.0.1:0").await?;
        if let Ok(udp) = UdpSocket::bind(tcp.local_addr()?).await {
            return Ok((tcp, udp));
        }
    }
    let tcp = TcpListener::bind("127.0.0.1:0").await?;
    let udp = UdpSocket::bind(tcp.local_addr()?).await?;
    Ok((tcp, udp))
}

/// The answer to one query; `None` for no answer at all.
fn answer(zone: &Zone, query: &[u8]) -> Option<Vec<u8>> {
    let (name, end) = name(query, 12)?;
    let kind = u16::from_be_bytes(query.get(end..end + 2)?.try_into().ok()?);
    let question = query.get(12..end + 4)?;
    let mut code = 0;
    let mut answers = Vec::new();
    let mut asked = name;
    for _ in 0..CHAIN_MAX {
        let Some(records) = zone.records(&asked) else {
            code = if answers.is_empty() { NXDOMAIN } else { 0 };
            break;
        };
        if records.contains(&Record::Timeout) {
            return None;
        }
        if records.contains(&Record::Servfail) {
            code = SERVFAIL;
            break;
        }
        answers.extend(records.iter().filter(|record| type_of(record) == kind).map(|record| (asked.clone(), record)));
        let alias = records.iter().find_map(|record| match record {
            Record::Cname(target) if kind != type_of(record) => Some((record, target.clone())),
            _ => None,
        });
        let Some((record, target)) = alias else { break };
        answers.push((asked, record));
        asked = target;
    }
    // QR, AA, RD and RA set; one question, the answers, nothing else.
    let mut wire = vec![query[0], query[1], 0x85, 0x80 | code, 0, 1, 0, answers.len() as u8, 0, 0, 0, 0];
    wire.extend_from_slice(question);
    for (owner, record) in answers {
        put_name(&mut wire, &owner);
        wire.extend_from_slice(&type_of(record).to_be_bytes());
        wire.extend_from_slice(&[0, 1, 0, 0, 0, 60]);
        let data = data(record);
        wire.extend_from_slice(&(data.len() as u16).to_be_bytes());
        wire.extend_from_slice(&data);
    }
    Some(wire)
}

fn type_of(record: &Record) -> u16 {
    match record {
        Record::A(_) => 1,
        Record::Cname(_) => 5,
        Record::Ptr(_) => 12,
        Record::Mx(..) => 15,
        Record::Txt(_) => 16,
        Record::Aaaa(_) => 28,
        Record::Timeout | Record::Servfail => 0,
    }
}

fn data(record: &Record) -> Vec<u8> {
    let mut data = Vec::new();
    match record {
        Record::A(ip) => data.extend_from_slice(&ip.octets()),
        Record::Aaaa(ip) => data.extend_from_slice(&ip.octets()),
        Record::Mx(preference, host) => {
            data.extend_from_slice(&preference.to_be_bytes());
            put_name(&mut data, host);
        }
        Record::Txt(text) => {
            for chunk in text.as_bytes().chunks(255) {
                data.push(chunk.len() as u8);
                data.extend_from_slice(chunk);
            }
        }
        Record::Cname(host) | Record::Ptr(host) => put_name(&mut data, host),
        Record::Timeout | Record::Servfail => {}
    }
    data
}

fn put_name(wire: &mut Vec<u8>, name: &str) {
    for label in name.split('.').filter(|label| !label.is_empty()) {
        wire.push(label.len() as u8);
        wire.extend_from_slice(label.as_bytes());
    }
    wire.push(0);
}

/// A name without compression, and where it ends.
fn name(query: &[u8], mut at: usize) -> Option<(String, usize)> {
    let mut labels = Vec::new();
    loop {
        let length = usize::from(*query.get(at)?);
        at += 1;
        if length == 0 {
            return Some((labels.join("."), at));
        }
        labels.push(std::str::from_utf8(query.get(at..at + length)?).ok()?.to_owned());
        at += length;
    }
}

pub fn units() -> Vec<Unit> {
    vec![unit("a real resolver understands the answers", a_real_resolver_understands)]
}

fn a_real_resolver_understands() {
    use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
    use hickory_resolver::{TokioResolver, net::runtime::TokioRuntimeProvider};
    let mut zone = Zone::default();
    zone.add("a.example MX 10 mx.a.example\nmx.a.example A 127.0.0.11\nwww.a.example CNAME mx.a.example").unwrap();
    zone.add("none.example MX 0 .\nbroken.example SERVFAIL").unwrap();
    zone.add(&format!("a.example TXT {}", "x".repeat(700))).unwrap();
    wait(async move {
        let mut tasks = JoinSet::new();
        let address = start(Arc::new(zone), &mut tasks).await.unwrap();
        let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
            connection.port = address.port();
            connection
        });
        let server = NameServerConfig::new(address.ip(), true, connections.into());
        let config = ResolverConfig::from_parts(None, vec![], vec![server]);
        let builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        let resolver = builder.build().unwrap();
        let show = |lookup: hickory_resolver::lookup::Lookup| {
            lookup.answers().iter().map(|record| record.data.to_string()).collect::<Vec<_>>().join(" | ")
        };
        use hickory_resolver::proto::rr::RecordType::{A, MX, TXT};
        assert_eq!(show(resolver.lookup("a.example.", MX).await.unwrap()), "10 mx.a.example.");
        assert_eq!(show(resolver.lookup("none.example.", MX).await.unwrap()), "0 .");
        assert!(show(resolver.lookup("www.a.example.", A).await.unwrap()).ends_with("127.0.0.11"));
        assert_eq!(show(resolver.lookup("a.example.", TXT).await.unwrap()).replace(' ', "").len(), 700);
        assert!(resolver.lookup("absent.example.", A).await.unwrap_err().is_nx_domain());
        assert!(!resolver.lookup("broken.example.", A).await.unwrap_err().is_no_records_found());
    });
}
