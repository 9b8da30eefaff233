//! Who gets a case: queues, agents, and the choice between them. Pure.
//!
//! A [`WorkItem`] is a case that somebody has to do something about, as its row says; a [`Switchboard`] is all of them beside all
//! agents, and says what to assign next and why. An agent's load is counted from the items they have or are offered,
//! never kept beside them, so that no capacity can leak; only what comes back at the end of a day is written down.

mod agent;
mod choice;
mod day;
mod demand;
mod item;
mod lane;
mod plugin;
mod profile;
mod queue;
mod seat;
mod setup;
mod switchboard;
mod waits;
#[cfg(test)]
mod tests;
mod work;

pub use agent::{Agent, Presence};
pub use choice::Choice;
pub use item::{Place, WorkItem};
pub use plugin::{Plugin, PluginFile, PluginInput, PluginMemory, PluginState, PluginVersion, Scope};
pub use profile::{Profile, Ration, Reset};
pub use queue::{Accept, Assign, MAIN_QUEUE, Queue, is_queue_name};
pub use setup::{Concern, Setup, never_open};
pub use switchboard::{Overdue, Overflow, Switchboard, Withdrawn};
pub use waits::Waits;
pub use work::Work;
