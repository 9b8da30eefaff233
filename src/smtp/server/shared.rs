//! What all sessions of a server have in common: the host, the settings, and what they share of the machine.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::buffer::Budget;
use super::room::Room;
use super::{Host, Settings};
use crate::base::{Clock, limits};
use crate::net::{Certificate, Peers, Stop};

/// See the module.
pub struct Shared {
    pub(super) host: Arc<dyn Host>,
    pub(super) settings: Arc<Settings>,
    /// None: TLS isn't offered.
    pub(super) certificate: Option<Certificate>,
    pub(super) clock: Clock,
    pub(super) stop: Stop,
    pub(super) budget: Budget,
    /// One for each connection that may still come.
    pub(super) permits: Arc<Semaphore>,
    pub(super) peers: Peers,
    pub(super) room: Room,
}

/// Looks at what sessions have taken; outlives them. Cheap to clone.
#[derive(Clone)]
pub struct Taken {
    permits: Arc<Semaphore>,
    connections_max: usize,
    budget: Budget,
    peers: Peers,
    seats: Arc<Semaphore>,
}

impl Taken {
    /// Each with its name.
    pub fn all(&self) -> [(&'static str, usize); 4] {
        [
            ("connections", self.connections_max - self.permits.available_permits()),
            ("bytes of messages", self.budget.taken()),
            ("connections of peers", self.peers.open()),
            ("seats of peers that wait", limits::WAITING_PEERS_MAX - self.seats.available_permits()),
        ]
    }
}

impl Shared {
    /// `stop` ends everything that is served from this.
    pub fn new(
        host: Arc<dyn Host>,
        settings: Settings,
        certificate: Option<Certificate>,
        clock: Clock,
        stop: Stop,
    ) -> Self {
        Self {
            host,
            certificate,
            clock,
            stop,
            budget: Budget::new(limits::BUFFERED_BYTES_MAX),
            permits: Arc::new(Semaphore::new(settings.connections_max)),
            peers: Peers::new(&settings.trusted_networks),
            room: Room::default(),
            settings: Arc::new(settings),
        }
    }

    /// What is taken of what all sessions share, from now on.
    pub fn taken(&self) -> Taken {
        Taken {
            permits: Arc::clone(&self.permits),
            connections_max: self.settings.connections_max,
            budget: self.budget.clone(),
            peers: self.peers.clone(),
            seats: self.room.seats(),
        }
    }

    /// True when few connections are left.
    pub(super) fn is_stressed(&self) -> bool {
        self.permits.available_permits() < self.settings.connections_max / limits::STRESS_SHARE
    }
}
