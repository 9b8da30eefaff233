//! Sender authentication as facts: SPF (RFC 7208), DKIM (RFC 6376, RFC 8301, RFC 8463), DMARC (RFC 9989, before it RFC
//! 7489) and ARC (RFC 8617), in the words of RFC 8601.
//!
//! [`Authenticator::claims`] takes from a message what it claims and can be checked: its author, the signed header
//! section, the digests of its body. [`Authenticator::check`] asks the DNS about it. Nothing is decided here, and nothing
//! is refused: who decides looks at the results.
//!
//! Everything here is done for strangers, so everything has a bound: signatures, bytes held, look-ups at a time, and
//! the time of each step. What is not known when its time is over is [`Temperror`](crate::base::AuthResult::Temperror).
//! A record that can't be had is not asked for again for a while, and when our own name servers are silent nobody is asked
//! until they answer again. Only that one record: nobody may keep a domain's policy from being read by claiming a key of
//! that domain whose name servers are dead.
//!
//! [`signed`] signs our own mail with the [keys](DkimKey) of its author's domain.
//!
//! Not here: the reports that DMARC can ask for, and the trust in forwarders that ARC would need.

mod check;
mod claims;
mod health;
mod signing;
#[cfg(test)]
mod tests;

pub use check::{Authenticator, Transaction};
pub use claims::Claims;
pub use signing::{DkimAlgorithm, DkimKey, Record, signed};
