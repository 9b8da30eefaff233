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
mod text_form;
pub mod time;
mod together;

pub use authentication::{AuthResult, AuthResults};
pub use chance::Chance;
pub use envelope::{Envelope, IMPORTED, ReversePath};
pub use hours::Hours;
pub use ids::{CaseNumber, MailId};
pub use mailbox::Mailbox;
pub use priority::Priority;
pub use span::Span;
pub use status::Reply;
pub(crate) use text_form::{shown_as_stored, stored_as_shown};
pub use time::{Clock, Time};
pub use together::all;
