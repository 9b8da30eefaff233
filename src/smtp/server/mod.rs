//! The receiving side: from a listener to the host that takes the mail.
//!
//! `command` reads one line, `session` holds the protocol's state, `end_of_data` finds the end of a message; none of the
//! three knows a socket. `connection` drives them over one, `patience` says how long it waits, `serve` has the listeners.
//! What mail is taken is the [`Host`]'s business alone.

mod buffer;
mod command;
mod connection;
mod end;
pub mod end_of_data;
mod hops;
pub mod host;
mod patience;
mod room;
mod serve;
mod session;
mod shared;
#[cfg(test)]
mod tests;
mod trace;
mod wire;

pub use host::Host;
pub use serve::serve;
pub use shared::{Shared, Taken};
pub use trace::trace;

use std::net::SocketAddr;

use self::end::End;
use crate::base::limits;
use crate::net::{Network, certificate};

/// What an administrator may set about receiving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The name in the greeting and in trace fields.
    pub hostname: String,
    pub listen: Vec<SocketAddr>,
    /// Where LMTP is spoken (RFC 2033), if anywhere.
    pub lmtp: Vec<SocketAddr>,
    pub tls: certificate::Files,
    /// Exempt from the limits of each peer, from nothing else.
    pub trusted_networks: Vec<Network>,
    pub bare_newlines: BareNewlines,
    /// Bytes, as announced by SIZE.
    pub message_bytes_max: usize,
    pub recipients_max: usize,
    pub connections_max: usize,
    pub idle: std::time::Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            hostname: "mail.example.net".into(),
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 2525))],
            lmtp: Vec::new(),
            tls: certificate::Files::default(),
            trusted_networks: ["127.0.0.0/8", "::1/128"].map(|text| text.parse().expect("a network")).into(),
            bare_newlines: BareNewlines::Refuse,
            message_bytes_max: limits::MESSAGE_BYTES_MAX,
            recipients_max: limits::RECIPIENTS_MAX,
            connections_max: limits::CONNECTIONS_MAX,
            idle: limits::IDLE,
        }
    }
}

/// What is spoken at a listener.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    #[default]
    Smtp,
    /// RFC 2033: LHLO instead of EHLO, and a reply for each recipient.
    Lmtp,
}

/// What to do with a CR or LF that stands alone in a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BareNewlines {
    /// 550 5.5.2 after the true end of data.
    #[default]
    Refuse,
    /// Stored as CRLF.
    Normalise,
}
