//! Mail that leaves: the spool, its schedule, its worker.

pub mod outcome;
pub mod schedule;
mod spool;
mod worker;

use std::time::Duration;

use crate::base::limits;
use crate::smtp::client::Route;

pub use crate::smtp::client::PrivateNetworks;
pub use spool::{Outgoing, Purpose, SPOOL, SpoolItem, Submitted};
pub use worker::Worker;

/// What an administrator may set about sending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Host and port that all mail goes to; none: by MX.
    pub smarthost: Option<(String, u16)>,
    /// Port of MX hosts.
    pub port: u16,
    pub private_networks: PrivateNetworks,
    /// Waiting time before each attempt; the last one repeats until mail is given up.
    pub retry: Vec<Duration>,
    pub give_up_after: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 60 * MINUTE;
        let retry = [0, MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 6 * HOUR];
        Self {
            smarthost: None,
            port: 25,
            private_networks: PrivateNetworks::Refuse,
            retry: retry.map(Duration::from_secs).to_vec(),
            give_up_after: limits::GIVE_UP_AFTER,
        }
    }
}

impl Settings {
    /// What the sending side needs of them.
    pub fn route(&self) -> Route {
        Route { smarthost: self.smarthost.clone(), port: self.port, private_networks: self.private_networks }
    }
}
