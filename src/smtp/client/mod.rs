//! The sending side: one message to the hosts that take a domain's mail, and what became of it for each recipient.
//!
//! - [`target`]: where a domain's mail goes, and where it must not go.
//! - [`attempt`]: hosts in their order until one of them decides.
//! - [`demands`]: what a smarthost must show before it gets mail; [`login`]: what we show it.
//! - `session`: one connection; `transaction`: MAIL to the final dot; `reply`: what the peer says; `wire`: the message as
//!   it travels.
//!
//! Nothing is kept and nothing is tried again here: a caller writes the outcome down and decides about the next
//! attempt. What the peer did is told before we take leave of it, so that it can be written down first. The same message may be sent twice when [`Fate::Uncertain`] says so, and never silently.
//!
//! EHLO and the transfer of the message are mail-send's. Replies are read here, because
//! mail-send ends enhanced codes at 255 (`5.7.509` is common), and drops what stands behind the first reply.

pub mod attempt;
pub mod demands;
pub mod login;
pub mod outcome;
pub mod ranges;
mod reply;
mod session;
pub mod target;
mod transaction;
mod wire;

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;

pub use attempt::{Client, Delivery, Outgoing};
pub use demands::Demands;
pub use login::{Login, PasswordError};
pub use outcome::{Fate, Outcome, RecipientOutcome};
pub use target::{PrivateNetworks, Route};
