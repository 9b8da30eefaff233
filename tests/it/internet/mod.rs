//! A whole internet on loopback: DNS, mail hosts with scripts, and a company's mail system that forwards.
//!
//! Each host of the zone with an address 127.0.0.x (x > 1) gets a listener there, all on one common port; on 127.0.0.1 that
//! port leads to the server under test, wherever it listens. Nothing else moves by itself: a message that a host passes on waits until [`Internet::deliver`] is called, so that a story decides when.

pub mod dns;
mod forward;
mod gate;
mod sink;
mod wire;
mod zone;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use postcase::base::{Time, time};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub use forward::Forward;
use forward::Parcel;
pub use sink::{Answer, Mail, Rule, Shared, Stage, State, Traffic, bare, serve};
pub use zone::Zone;

use crate::smtp;
use crate::unit::{Unit, unit, wait};

/// How long a host waits before it tries again to pass a message on.
const RETRY: Duration = Duration::from_secs(60);
/// Ports that are tried until one is free on all addresses.
const PORT_TRIES: usize = 50;

/// The running internet; everything ends when it is dropped.
#[derive(Debug)]
pub struct Internet {
    pub dns: SocketAddr,
    /// Where all mail hosts listen.
    pub port: u16,
    zone: Arc<Zone>,
    hosts: BTreeMap<String, (IpAddr, Shared)>,
    forwards: Arc<Mutex<Vec<Forward>>>,
    parcels: Arc<Mutex<Vec<Parcel>>>,
    traffic: Arc<Traffic>,
    home: gate::Home,
    _tasks: JoinSet<()>,
}

impl Internet {
    pub async fn start(zone: Zone) -> Result<Self, String> {
        let zone = Arc::new(zone);
        let mut tasks = JoinSet::new();
        let dns = dns::start(zone.clone(), &mut tasks).await.map_err(|e| format!("no DNS on loopback: {e}"))?;
        let mut hosts = zone.hosts();
        hosts.push((String::new(), IpAddr::V4(Ipv4Addr::LOCALHOST)));
        let (port, mut listeners) = listeners(hosts).await?;
        let own = listeners.pop().map(|(_, _, listener)| listener).expect("as many listeners as hosts");
        let mut internet = Self {
            dns,
            port,
            zone,
            hosts: BTreeMap::new(),
            forwards: Arc::default(),
            parcels: Arc::default(),
            traffic: Arc::default(),
            home: gate::Home::default(),
            _tasks: tasks,
        };
        internet._tasks.spawn(gate::serve(own, internet.home.clone()));
        for (name, ip, listener) in listeners {
            let state = Shared::default();
            internet.hosts.insert(name.clone(), (ip, state.clone()));
            let (forwards, parcels) = (internet.forwards.clone(), internet.parcels.clone());
            let route: sink::Route = Arc::new(move |host, mail| {
                let made = forward::parcels(&forwards.lock().expect("no holder panics"), host, mail);
                let routed = !made.is_empty();
                parcels.lock().expect("no holder panics").extend(made);
                routed
            });
            let traffic = internet.traffic.clone();
            internet._tasks.spawn(sink::serve(name, listener, state, route, traffic));
        }
        Ok(internet)
    }

    /// Says where the server under test listens now.
    pub fn lead_home(&self, to: SocketAddr) {
        *self.home.lock().expect("no holder panics") = Some(to);
    }

    /// Where a host takes mail.
    pub fn address(&self, host: &str) -> Result<SocketAddr, String> {
        let (ip, _) = self.hosts.get(host).ok_or_else(|| self.no_host(host))?;
        Ok(SocketAddr::new(*ip, self.port))
    }

    /// Looks at or changes a host's script and inbox.
    pub fn host<T>(&self, host: &str, work: impl FnOnce(&mut State) -> T) -> Result<T, String> {
        let (_, state) = self.hosts.get(host).ok_or_else(|| self.no_host(host))?;
        Ok(work(&mut state.lock().expect("no holder panics")))
    }

    /// Makes the hosts that take mail for the domain of `forward.alias` pass it on.
    pub fn forward(&self, mut forward: Forward) -> Result<(), String> {
        let domain = forward.alias.rsplit_once('@').map_or("", |(_, domain)| domain);
        forward.hosts = self.zone.mail_hosts(domain);
        if forward.hosts.is_empty() {
            return Err(format!("the zone has no MX of {domain:?}"));
        }
        let mut forwards = self.forwards.lock().expect("no holder panics");
        forwards.retain(|old| old.alias != forward.alias);
        forwards.push(forward);
        Ok(())
    }

    /// Passes on what is due to the server under test; the number of messages that were tried.
    pub async fn deliver(&self, now: Time) -> usize {
        let home = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let due: Vec<Parcel> = {
            let mut parcels = self.parcels.lock().expect("no holder panics");
            for parcel in parcels.iter_mut() {
                parcel.due.get_or_insert(time::later(now, parcel.late));
            }
            parcels.extract_if(.., |parcel| parcel.due.is_some_and(|due| due <= now)).collect()
        };
        for parcel in &due {
            let reply =
                smtp::send(home, &parcel.outgoing(now)).await.unwrap_or_else(|error| vec![format!("421 {error}")]);
            match reply[0].as_bytes()[0] {
                b'2' => {}
                b'5' => {
                    let note = Some(format!("not passed on: {}", reply.join(" / ")));
                    let mail = Mail { note, ..parcel.mail.clone() };
                    self.host(&parcel.host, |state| state.inbox.push_back(mail)).expect("parcels come from hosts");
                }
                _ => {
                    let later = Parcel { due: Some(time::later(now, RETRY)), ..parcel.clone() };
                    self.parcels.lock().expect("no holder panics").push(later);
                }
            }
        }
        due.len()
    }

    /// Connections that a script lets hang.
    pub fn stalled(&self) -> usize {
        self.traffic.stalled.load(Ordering::SeqCst)
    }

    /// Connections to all hosts.
    pub fn open(&self) -> usize {
        self.traffic.open.load(Ordering::SeqCst)
    }

    /// What was wrong with bytes that postcase sent to any host.
    pub fn faults(&self) -> Vec<String> {
        self.traffic.faults.lock().expect("no holder panics").clone()
    }

    /// Hosts with mail that nobody has looked at.
    pub fn unseen(&self) -> Vec<(String, Mail)> {
        let hosts = self.hosts.iter().filter_map(|(name, (_, state))| {
            state.lock().expect("no holder panics").inbox.front().map(|mail| (name.clone(), mail.clone()))
        });
        hosts.collect()
    }

    fn no_host(&self, host: &str) -> String {
        format!("the zone has no host {host:?} on 127.0.0.x; it has {:?}", self.hosts.keys().collect::<Vec<_>>())
    }
}

/// A listener per host, all on the same port.
async fn listeners(hosts: Vec<(String, IpAddr)>) -> Result<(u16, Vec<(String, IpAddr, TcpListener)>), String> {
    let mut last = String::new();
    for _ in 0..PORT_TRIES {
        let mut port = 0;
        let mut bound = Vec::new();
        for (name, ip) in &hosts {
            match TcpListener::bind((*ip, port)).await {
                Ok(listener) => {
                    port = listener.local_addr().map_err(|e| e.to_string())?.port();
                    bound.push((name.clone(), *ip, listener));
                }
                Err(error) => last = format!("{name} {ip}:{port}: {error}"),
            }
        }
        if bound.len() == hosts.len() {
            return Ok((port, bound));
        }
    }
    Err(format!("no port is free on all hosts: {last}"))
}

pub fn units() -> Vec<Unit> {
    let own = vec![
        unit("hosts take mail and follow their script", hosts_take_mail_and_follow_their_script),
        unit("a company forwards, late and again if it must", a_company_forwards),
    ];
    [own, zone::units(), dns::units(), forward::units(), wire::units()].into_iter().flatten().collect()
}

const ZONE: &str = "customer.example MX 10 mx.customer.example\nmx.customer.example A 127.0.0.11\n\
                    company.example MX 10 mx.company.example\nmx.company.example A 127.0.0.12\n";

fn sample() -> smtp::Outgoing {
    smtp::Outgoing {
        helo: "client.example".into(),
        from: "anna@customer.example".into(),
        to: vec!["support@company.example".into(), "boss@company.example".into()],
        message: b"Subject: x\r\nMessage-ID: <1@customer.example>\r\n\r\n.dot\r\n".to_vec(),
    }
}

fn hosts_take_mail_and_follow_their_script() {
    wait(async {
        let mut zone = Zone::default();
        zone.add(ZONE).unwrap();
        let internet = Internet::start(zone).await.unwrap();
        let to = internet.address("mx.customer.example").unwrap();
        let send = || async { smtp::send(to, &sample()).await.map(|reply| reply.join("/")) };
        let script = |stage, answer, recipient: Option<&str>| {
            let rule = Rule { stage, recipient: recipient.map(str::to_owned), answer, left: Some(1) };
            internet.host("mx.customer.example", |state| state.rules.push(rule)).unwrap();
        };
        let received = || internet.host("mx.customer.example", |state| state.inbox.pop_front()).unwrap();

        assert_eq!(send().await.unwrap(), "250 2.0.0 taken");
        let mail = received().unwrap();
        assert_eq!(mail.raw, sample().message);
        assert_eq!((mail.from.as_str(), mail.to.len()), ("<anna@customer.example>", 2));

        script(Stage::Rcpt, Answer::Say("450 4.2.1 later".into()), Some("boss@company.example"));
        assert_eq!(send().await.unwrap(), "450 4.2.1 later");
        script(Stage::Dot, Answer::Say("451 4.3.0 no".into()), None);
        assert_eq!(send().await.unwrap(), "451 4.3.0 no");
        assert_eq!(received(), None);
        script(Stage::Dot, Answer::Close, None);
        assert!(send().await.is_err());
        assert!(received().is_some(), "taken, but not said");
        assert!(internet.address("mx.nowhere.example").is_err());
    });
}

fn a_company_forwards() {
    wait(async {
        let mut zone = Zone::default();
        zone.add(ZONE).unwrap();
        let internet = Internet::start(zone).await.unwrap();
        let company = "mx.company.example";
        internet.lead_home(internet.address("mx.customer.example").unwrap());
        let words =
            ["support@company.example", "s.1@in.example", "late=10m", "tag=[EXT]", "lose=message-id", "copies=2"];
        internet.forward(Forward::read(&words.map(str::to_owned)).unwrap()).unwrap();
        smtp::send(internet.address(company).unwrap(), &sample()).await.unwrap();
        let now = Time::UNIX_EPOCH;
        let at = |minutes: u64| time::later(now, Duration::from_secs(minutes * 60));
        assert_eq!(internet.deliver(now).await, 0, "late");
        let deaf = Rule { stage: Stage::Greeting, recipient: None, answer: Answer::Say("421 x".into()), left: Some(2) };
        internet.host("mx.customer.example", |state| state.rules.push(deaf)).unwrap();
        assert_eq!(internet.deliver(at(10)).await, 2, "refused for now");
        assert_eq!(internet.deliver(at(11)).await, 2);
        assert_eq!(internet.deliver(at(60)).await, 0);
        let mail = internet.host("mx.customer.example", |state| state.inbox.pop_front()).unwrap().unwrap();
        assert_eq!(mail.to, ["<s.1@in.example>"]);
        let text = String::from_utf8(mail.raw).unwrap();
        assert!(text.starts_with("Received: from client") && text.contains("Subject: [EXT] x\r\n"), "{text}");
        assert!(!text.contains("Message-ID") && text.ends_with("\r\n\r\n.dot\r\n"), "{text}");
    });
}
