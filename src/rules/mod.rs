//! Rules: what the company has written down about where cases go. They advise; [`case::weigh`](crate::case::weigh()) decides.
//!
//! Three lists, each in the order of the file: intake rules choose a workstream, the first that is true; classification
//! rules say what the case is about, each that is true, and later ones see what earlier ones said; route rules say where
//! it goes, of which the first that can be followed wins. [`Book`] keeps the file in force and follows its changes, and those of
//! the business hours, which conditions ask about. The form of both is read in `config`, which knows TOML; here nothing is
//! read but conditions.
//!
//! The same rules, message and mail id give the same advice: shares of queues are dealt out by a digest, not by chance.

mod book;
mod bounds;
mod check;
mod clauses;
mod condition;
mod facts;
mod listed;
mod patterns;
mod rule;
mod syntax;
mod timetable;
mod warnings;
#[cfg(test)]
mod tests;

pub use crate::case::MAIN_WORKSTREAM;
pub use book::{Book, Followed, Reader, Written, text};
pub use condition::{Condition, Subject};
pub use rule::{Rule, Rules, Share, Then, Told};
pub use syntax::Broken;
pub use timetable::Timetable;
pub use warnings::{Warning, warnings};
