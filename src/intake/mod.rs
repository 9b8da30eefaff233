//! From an accepted message to its recorded disposition.
//!
//! [`Reception`] answers the SMTP session: is this recipient ours, and is this message durable. [`Inbox`] knows what
//! waits. [`Worker`] takes what waits in order of receipt, reads each message once, gathers [`evidence`], decides, and
//! records the decision with everything that follows from it in one commit.
//!
//! Nothing here refuses or drops mail after its 250. What can't be decided now stays in the inbox with the reason and is
//! tried again after [`FAILURE_PAUSE`](crate::base::limits::FAILURE_PAUSE). What an address doesn't want is held or ignored, and
//! [`decide_again`] takes it up when a person asks for it.

mod acknowledge;
mod advice;
mod advisers;
mod asked;
mod again;
mod before;
mod detour;
mod evidence;
mod explain;
mod follow;
mod inbox;
mod likeness;
mod installed;
mod item;
pub mod merge;
mod placement;
mod plan;
mod plugins;
mod rate;
mod reading;
mod reception;
mod recipient;
mod record;
mod round;
mod sender;
mod siblings;
mod states;
#[cfg(test)]
mod tests;
mod turn;
mod worker;

pub use advice::{Replayed, replayed};
pub use advisers::{Advisers, Asking};
pub use again::{Again, NotAgain, decide_again};
pub use evidence::messages_named;
pub use inbox::{Backlog, Inbox};
pub use installed::{active_plugins, load_plugin, load_plugins, refresh_plugins};
pub use rate::Tally;
pub use reading::{Reading, saved_fields};
pub use reception::Reception;
pub use recipient::{resolve, resolve_accepted};
pub use sender::sender;
pub use states::{Left, States};
pub use worker::Worker;
