//! A network in memory: hosts with addresses, names, listeners and connections, and everything that can go wrong between
//! them. Nothing leaves the process; the only time is the simulation's.
//!
//! Each connection has its [`Course`] from the seed, from the addresses of its ends and from how many there were between
//! them before: in whatever order tasks run, the tenth connection to a host meets what the seed has for the tenth. The
//! same holds for questions about names.

mod link;
mod weather;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::task::{Context, Poll, ready};

use postcase::base::{Clock, Time};
use postcase::net::dns::{Answer, DnsError, Mx, Names};
use postcase::net::internet::{Connecting, Internet};
use postcase::net::listen::BindError;
use postcase::net::socket::{Accept, Listener, Socket};
use tokio::sync::mpsc;

use super::draw::Draw;
use link::Link;
pub use link::{Plug, units};
use weather::{Asking, Connects, Course};

/// The network. Clones are the same one.
#[derive(Clone)]
pub struct Network(Arc<Inner>);

struct Inner {
    clock: Clock,
    seed: u64,
    /// One thing in so many goes wrong; 0: none.
    trouble: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    listeners: BTreeMap<SocketAddr, mpsc::UnboundedSender<(Plug, SocketAddr)>>,
    mx: BTreeMap<String, Vec<(u16, String)>>,
    hosts: BTreeMap<String, IpAddr>,
    /// Who can't be reached, and from where nothing comes, until when.
    cut_off: BTreeMap<IpAddr, Time>,
    counts: BTreeMap<String, u64>,
    links: Vec<(IpAddr, IpAddr, Weak<Link>)>,
}

/// One host in one of its lives.
#[derive(Clone)]
pub struct Host {
    network: Network,
    address: IpAddr,
    /// Links before this one belong to an earlier life.
    since: usize,
    has_left: Arc<AtomicBool>,
}

/// How a host goes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// Its kernel tells everybody.
    Told,
    /// Nobody hears anything any more.
    Silent,
}

impl Network {
    pub fn new(clock: Clock, seed: u64) -> Self {
        Self(Arc::new(Inner { clock, seed, trouble: AtomicU64::new(0), state: Mutex::default() }))
    }

    /// A host with a name and an address.
    pub fn name(&self, host: &str, address: IpAddr) {
        self.state().hosts.insert(host.to_owned(), address);
    }

    /// Who takes a domain's mail.
    pub fn mx(&self, domain: &str, hosts: &[(u16, &str)]) {
        let hosts = hosts.iter().map(|(preference, host)| (*preference, (*host).to_owned())).collect();
        self.state().mx.insert(domain.to_owned(), hosts);
    }

    /// A host as it starts.
    pub fn host(&self, address: IpAddr) -> Host {
        Host { network: self.clone(), address, since: self.state().links.len(), has_left: Arc::default() }
    }

    /// From now on one thing in so many goes wrong; 0: none.
    pub fn trouble(&self, one_in: u64) {
        self.0.trouble.store(one_in, Ordering::Relaxed);
    }

    /// Nothing reaches a host, and nothing comes from it, for so long.
    pub fn cut_off(&self, address: IpAddr, until: Time) {
        self.state().cut_off.insert(address, until);
    }

    pub fn heal(&self) {
        self.state().cut_off.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().expect("no holder panics")
    }

    fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Until when nothing passes between two hosts; none when it does now.
    fn parted(&self, one: IpAddr, other: IpAddr) -> Option<Time> {
        let (state, now) = (self.state(), self.clock().now());
        let until = [one, other].iter().filter_map(|address| state.cut_off.get(address)).max().copied();
        until.filter(|until| *until > now)
    }

    /// The choices for the next thing of this name.
    fn draw(&self, what: &str) -> Draw {
        let mut state = self.state();
        let count = state.counts.entry(what.to_owned()).or_default();
        *count += 1;
        Draw::named(self.0.seed, &format!("{what} {count}"))
    }

    fn trouble_now(&self) -> usize {
        self.0.trouble.load(Ordering::Relaxed) as usize
    }

    async fn ask(&self, name: &str) -> Result<(), DnsError> {
        match Asking::draw(&self.draw(&format!("name {name}")), self.trouble_now()) {
            Asking::Right => Ok(()),
            Asking::Fails => Err(DnsError::Unavailable(name.to_owned())),
            Asking::Silent => std::future::pending().await,
            Asking::Slow(delay) => {
                self.clock().sleep(delay).await;
                Ok(())
            }
        }
    }
}

impl Host {
    /// The host goes: what it has open is over, and its listeners are closed.
    pub fn leave(&self, how: Leaving) {
        self.has_left.store(true, Ordering::Relaxed);
        let mut state = self.network.state();
        state.listeners.retain(|at, _| at.ip() != self.address);
        let links: Vec<_> = state.links[self.since..].to_vec();
        drop(state);
        for (from, to, link) in links {
            if let (Some(link), true) = (link.upgrade(), from == self.address || to == self.address) {
                link.leave(usize::from(from != self.address), how);
            }
        }
    }

    /// Connects as a peer of the simulation does.
    pub async fn open(&self, to: SocketAddr) -> io::Result<Plug> {
        let (network, clock) = (&self.network, self.network.clock());
        let way = format!("{} to {}", self.address, to.ip());
        let draw = network.draw(&way);
        let course = Course::draw(&draw, network.trouble_now());
        match course.connects {
            Connects::AtOnce => {}
            Connects::After(delay) => clock.sleep(delay).await,
            Connects::Refused => return Err(io::ErrorKind::ConnectionRefused.into()),
            Connects::Never => std::future::pending().await,
        }
        while let Some(until) = network.parted(self.address, to.ip()) {
            clock.sleep_until(until).await;
        }
        // A task of a dead server may not know that it is one.
        if self.has_left.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        let from = SocketAddr::new(self.address, 1024 + (draw.below(60_000) as u16));
        let mut state = network.state();
        let arrivals = state.listeners.get(&to).ok_or(io::ErrorKind::ConnectionRefused)?;
        let (ours, theirs) = link::pair(network.clone(), (self.address, to.ip()), course);
        let link = ours.link();
        arrivals.send((theirs, from)).map_err(|_| io::ErrorKind::ConnectionRefused)?;
        state.links.push((self.address, to.ip(), link));
        Ok(ours)
    }

    /// Listens as a peer of the simulation does.
    pub fn arrivals(&self, port: u16) -> mpsc::UnboundedReceiver<(Plug, SocketAddr)> {
        let (sender, arrivals) = mpsc::unbounded_channel();
        self.network.state().listeners.insert(SocketAddr::new(self.address, port), sender);
        arrivals
    }
}

impl Internet for Host {
    fn listen(&self, address: SocketAddr) -> Result<Listener, BindError> {
        if address.ip() != self.address {
            return Err(BindError::NotHere(address));
        }
        let arrivals = Mutex::new(self.arrivals(address.port()));
        Ok(Listener::Other(Box::new(Door { address, arrivals })))
    }

    fn connect(&self, to: SocketAddr) -> Connecting<'_> {
        Box::pin(async move { self.open(to).await.map(|plug| Socket::Other(Box::new(plug))) })
    }

    fn names(&self) -> Option<Arc<dyn Names>> {
        Some(Arc::new(self.network.clone()))
    }
}

struct Door {
    address: SocketAddr,
    arrivals: Mutex<mpsc::UnboundedReceiver<(Plug, SocketAddr)>>,
}

impl Accept for Door {
    fn local_addr(&self) -> SocketAddr {
        self.address
    }

    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<(Socket, SocketAddr)>> {
        let mut arrivals = self.arrivals.lock().expect("no holder panics");
        match ready!(arrivals.poll_recv(context)) {
            Some((plug, peer)) => Poll::Ready(Ok((Socket::Other(Box::new(plug)), peer))),
            // The host has left; whoever accepts is dead and doesn't know.
            None => Poll::Pending,
        }
    }
}

impl Names for Network {
    fn mx<'a>(&'a self, domain: &'a str) -> Answer<'a, Mx> {
        Box::pin(async move {
            self.ask(domain).await?;
            let hosts = self.state().mx.get(domain).cloned();
            hosts.map(Mx::Hosts).ok_or_else(|| DnsError::NotFound(domain.to_owned()))
        })
    }

    fn addresses<'a>(&'a self, host: &'a str) -> Answer<'a, Vec<IpAddr>> {
        Box::pin(async move {
            self.ask(host).await?;
            let address = self.state().hosts.get(host).copied();
            address.map(|address| vec![address]).ok_or_else(|| DnsError::NotFound(host.to_owned()))
        })
    }
}
