//! What one peer may take of the server: connections at a time, and connections in a minute that brought no mail.
//!
//! A peer is an IPv4 address or an IPv6 /64. The counters live in memory, expire by themselves and are bounded in number:
//! when there are too many, those of peers that aren't connected are forgotten, which forgives a minute's misbehaviour and
//! costs an attacker tens of thousands of addresses. Peers of trusted networks aren't counted here; what limits the
//! server as a whole is not this file's.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use super::network::Network;
use crate::base::time::later;
use crate::base::{Time, limits};

/// The counters. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Peers {
    trusted: Arc<[Network]>,
    counts: Arc<Mutex<HashMap<Network, Count>>>,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    open: usize,
    /// Connections since `minute` began that brought no mail, or none yet.
    barren: usize,
    minute: Time,
}

/// One connection of a peer, until it is dropped.
#[derive(Debug)]
pub struct Visit {
    peers: Peers,
    /// None for a trusted peer.
    network: Option<Network>,
    /// Counted as barren in the minute that began then.
    barren_in: Option<Time>,
    /// The peer has used up half of what it may: worth a closer look.
    pub is_suspect: bool,
}

/// The peer has taken what it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// As many connections at a time as one peer may have.
    TooMany,
    /// As many connections without mail as one peer may make in a minute.
    TooFast,
}

impl Peers {
    pub fn new(trusted: &[Network]) -> Self {
        Self { trusted: trusted.into(), counts: Arc::default() }
    }

    /// A peer connects.
    pub fn admit(&self, peer: IpAddr, now: Time) -> Result<Visit, Refused> {
        let visit = |network, barren_in, is_suspect| Visit { peers: self.clone(), network, barren_in, is_suspect };
        if self.trusted.iter().any(|network| network.contains(peer)) {
            return Ok(visit(None, None, false));
        }
        let network = Network::of_peer(peer);
        let mut counts = self.locked();
        if counts.len() >= limits::PEERS_MAX && !counts.contains_key(&network) {
            counts.retain(|_, count| count.open > 0);
        }
        let count = counts.entry(network).or_insert(Count { open: 0, barren: 0, minute: now });
        if now < count.minute || now >= later(count.minute, limits::PEER_WINDOW) {
            (count.barren, count.minute) = (0, now);
        }
        if count.open >= limits::PEER_CONNECTIONS_MAX {
            return Err(Refused::TooMany);
        }
        if count.barren >= limits::PEER_BARREN_MAX {
            return Err(Refused::TooFast);
        }
        count.open += 1;
        count.barren += 1;
        Ok(visit(Some(network), Some(count.minute), count.barren > limits::PEER_BARREN_MAX / 2))
    }

    /// Connections of all that are counted.
    pub fn open(&self) -> usize {
        self.locked().values().map(|count| count.open).sum()
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<Network, Count>> {
        self.counts.lock().expect("no holder panics")
    }
}

impl Visit {
    /// The connection brought mail that was taken: it doesn't count against the peer any more.
    pub fn brought_mail(&mut self) {
        let (Some(network), Some(minute)) = (self.network, self.barren_in.take()) else { return };
        if let Some(count) = self.peers.locked().get_mut(&network)
            && count.minute == minute
        {
            count.barren = count.barren.saturating_sub(1);
        }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if let Some(network) = self.network
            && let Some(count) = self.peers.locked().get_mut(&network)
        {
            count.open -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Visits of one address at one second, as many as asked; how many were let in, and why the last one wasn't.
    fn visit(peers: &Peers, peer: &str, second: i64, times: usize) -> (Vec<Visit>, Option<Refused>) {
        let (mut visits, mut refused) = (Vec::new(), None);
        for _ in 0..times {
            match peers.admit(peer.parse().unwrap(), Time::from_second(second).unwrap()) {
                Ok(visit) => visits.push(visit),
                Err(why) => refused = Some(why),
            }
        }
        (visits, refused)
    }

    #[track_caller]
    fn check(peers: &Peers, peer: &str, second: i64, times: usize, expected: (usize, Option<Refused>)) {
        let (visits, refused) = visit(peers, peer, second, times);
        assert_eq!((visits.len(), refused), expected, "{peer} at {second}");
    }

    #[test]
    fn connections_at_a_time() {
        let peers = Peers::new(&["10.0.0.0/8".parse().unwrap()]);
        let (mut held, refused) = visit(&peers, "192.0.2.1", 0, 51);
        assert_eq!((held.len(), refused), (50, Some(Refused::TooMany)));
        check(&peers, "192.0.2.2", 0, 1, (1, None));
        check(&peers, "10.1.1.1", 0, 200, (200, None));
        held.pop();
        check(&peers, "::ffff:192.0.2.1", 0, 1, (1, None));
        // One /64 is one peer.
        let (_held, _) = visit(&peers, "2001:db8::1", 0, 50);
        check(&peers, "2001:db8::2", 0, 1, (0, Some(Refused::TooMany)));
        check(&peers, "2001:db8:0:1::2", 0, 1, (1, None));
    }

    #[test]
    fn connections_without_mail() {
        let peers = Peers::new(&[]);
        for second in 0..60 {
            check(&peers, "192.0.2.1", second, 1, (1, None));
        }
        check(&peers, "192.0.2.1", 59, 1, (0, Some(Refused::TooFast)));
        check(&peers, "192.0.2.1", 60, 1, (1, None));
        // Those that bring mail don't count, however many they are.
        for _ in 0..500 {
            let (mut visits, _) = visit(&peers, "192.0.2.9", 0, 1);
            visits[0].brought_mail();
            visits[0].brought_mail();
        }
        let (visits, _) = visit(&peers, "192.0.2.9", 0, 40);
        assert_eq!(visits.iter().filter(|visit| visit.is_suspect).count(), 10);
    }

    #[test]
    fn a_clock_that_was_set_back_locks_nobody_out() {
        let peers = Peers::new(&[]);
        for _ in 0..60 {
            check(&peers, "192.0.2.1", 1_000_000, 1, (1, None));
        }
        check(&peers, "192.0.2.1", 0, 1, (1, None));
    }

    #[test]
    fn the_number_of_counters_is_bounded() {
        let peers = Peers::new(&[]);
        let start = Time::UNIX_EPOCH + Duration::from_secs(1);
        let held = peers.admit("192.0.2.1".parse().unwrap(), start).unwrap();
        for n in 0..2 * limits::PEERS_MAX as u32 {
            drop(peers.admit(std::net::Ipv4Addr::from_bits(n).into(), start).unwrap());
            assert!(peers.locked().len() <= limits::PEERS_MAX);
        }
        assert!(peers.locked().values().any(|count| count.open == 1));
        assert_eq!(peers.open(), 1);
        drop(held);
        assert_eq!(peers.open(), 0);
    }
}
