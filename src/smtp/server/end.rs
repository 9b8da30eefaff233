//! Why a session ends, and its last words.

use std::time::Duration;

use crate::base::{Reply, limits};

/// Why a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The peer said so.
    Quit,
    /// The connection is gone.
    Gone,
    /// Silence for too long.
    Idle,
    /// Silent while others wait for a connection.
    Displaced,
    /// One message took too long, or comes more slowly than it may.
    Slow,
    /// The server stops.
    Stopped,
    /// Refused too often.
    Errors,
    /// A command line without end.
    LongLine,
    /// The peer talked before the greeting.
    SpokeFirst,
    /// Bytes came behind STARTTLS, before the handshake: they could be somebody else's.
    Injected,
    /// The TLS handshake failed.
    NoHandshake,
    /// A web client.
    NotMail,
    /// A bug of ours.
    Panicked,
}

impl End {
    /// For how long the peer's bytes are still read, so that it gets the last words for sure. Whoever makes way does so at
    /// once.
    pub fn linger(self) -> Duration {
        if self == Self::Displaced { Duration::ZERO } else { limits::LINGER }
    }

    /// What the peer hears; nothing when it can't or needn't.
    pub fn last_words(self) -> Option<Reply> {
        Some(match self {
            Self::Gone | Self::NoHandshake => return None,
            Self::Quit => Reply::success(21, 0, 0, "goodbye"),
            Self::Idle => Reply::transient(21, 4, 2, "silent for too long, closing"),
            Self::Displaced => Reply::transient(21, 3, 2, "too busy to wait for you, try again later"),
            Self::Slow => Reply::transient(21, 4, 2, "the message comes too slowly, closing"),
            Self::Stopped => Reply::transient(21, 3, 2, "the server stops, try again later"),
            Self::Errors => Reply::transient(21, 7, 0, "too many refused commands, closing"),
            Self::LongLine => Reply::permanent(0, 5, 2, "the command line is too long, closing"),
            Self::SpokeFirst => Reply::permanent(54, 5, 0, "you talked before the greeting, closing"),
            Self::Injected => Reply::permanent(54, 5, 0, "you talked behind STARTTLS, closing"),
            Self::NotMail => Reply::permanent(54, 5, 0, "this is a mail server, closing"),
            Self::Panicked => Reply::transient(21, 3, 0, "something went wrong here, try again later"),
        })
    }
}
