//! Plugins: the company's own logic as WebAssembly components, which advise and never decide.
//!
//! The contract is `plugins/wit/routing.wit`. Each call runs in an instance of its own, with limits on instructions, time,
//! memory, stack, tables and output, and is given a machine that has nothing ([`engine`]). A plugin is compiled in a child
//! process with limits of its own, never where mail is. What runs is one list that is swapped as a whole ([`catalogue`]):
//! calls that are under way finish on the version that they began with.
//!
//! Nothing here decides, and nothing here writes to the store: whoever asks records what came. A plugin's mistake (a trap, an
//! error, advice that can't be read) is a [`Failure`] of that plugin and never of the mail.
//!
//! Without the feature `plugins` there is no engine: each plugin that is registered or installed is told to be one that can't
//! run, with that reason, and all else is as with it.

pub mod advice;
mod allowance;
mod answer;
mod catalogue;
mod description;
#[cfg_attr(not(feature = "plugins"), path = "absent.rs")]
mod engine;
mod question;
mod vectors;

pub use advice::{Advice, Stage};
pub use allowance::{Allowance, Compiling};
pub use answer::{Failure, Line, Memory, Told};
pub use catalogue::{Active, Catalogue, Ready, Resting, version};
pub use description::{Description, Setting, Vector, settings, settings_in_force};
pub use engine::{Guest, child};
pub use question::Question;
pub use vectors::{Mismatch, check_vectors};
