//! The words everything else is written in: addresses, envelopes, ids, SMTP replies, limits, time and chance.
//!
//! Nothing here touches a socket, a file or a thread. `time` and `chance` are the only doors to the clock and to
//! randomness, so that a test can hold both still.

pub mod authentication;
pub mod chance;
pub mod envelope;
pub mod hours;
pub mod ids;
pub mod limits;
pub mod mailbox;
pub mod priority;
pub mod span;
pub mod status;
pub mod terminal;
pub mod time;

pub use authentication::{AuthResult, AuthResults};
pub use chance::Chance;
pub use envelope::{Envelope, IMPORTED, ReversePath};
pub use hours::Hours;
pub use ids::{CaseNumber, MailId};
pub use mailbox::Mailbox;
pub use priority::Priority;
pub use span::Span;
pub use status::Reply;
pub use terminal::terminal_safe;
pub use time::{Clock, Time};
