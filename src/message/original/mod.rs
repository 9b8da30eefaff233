//! Finding the message that a text quotes or forwards: [`block`] for copied header fields, [`introduction`] for lines
//! like "On Monday Anna wrote:", [`words`] for what programs write, by language. Deciding what to do with it is left
//! to [`new_text`](super::new_text) and [`forward`](super::forward).

pub mod block;
#[cfg(test)]
mod clients;
pub mod introduction;
mod lines;
mod words;

pub use lines::{Lines, folded, unquoted};
pub use words::Field;
