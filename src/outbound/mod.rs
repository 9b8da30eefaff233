//! Mail that leaves: the spool, its schedule, its worker.

mod acknowledge;
mod budget;
mod destinations;
mod notice;
pub mod outcome;
pub mod schedule;
mod smarthost;
mod spool;
mod worker;

use std::path::PathBuf;
use std::time::Duration;

use crate::base::limits;

pub use crate::smtp::client::PrivateNetworks;
pub use smarthost::{RouteError, SmarthostTls};
pub use spool::{Outgoing, Purpose, SPOOL, SpoolItem, Submitted};
pub use worker::Worker;

/// What an administrator may set about sending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Host and port that all mail goes to; none: by MX.
    pub smarthost: Option<(String, u16)>,
    pub smarthost_tls: SmarthostTls,
    /// Empty: no login.
    pub smarthost_user: String,
    /// Holds the password in one line; empty with no user.
    pub smarthost_password_file: PathBuf,
    /// Authorities, or the smarthost's own certificate, as PEM; empty: those of the system.
    pub smarthost_authorities: PathBuf,
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
            smarthost_tls: SmarthostTls::default(),
            smarthost_user: String::new(),
            smarthost_password_file: PathBuf::new(),
            smarthost_authorities: PathBuf::new(),
            port: 25,
            private_networks: PrivateNetworks::Refuse,
            retry: retry.map(Duration::from_secs).to_vec(),
            give_up_after: limits::GIVE_UP_AFTER,
        }
    }
}
