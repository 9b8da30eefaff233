//! The manual: documentation as modules, so that its links are checked by the compiler.
//!
//! - [`architecture`]: the parts, what each must never do, and how they fit.
//! - [`life_of_a_message`] and [`life_of_a_reply`]: one page each, from the first byte to the last.
//! - [`journal`]: the journal's file format, byte by byte.
//! - [`standards`]: each section of a standard that matters here: supported, partial, refused, and where.
//! - [`plugins`]: writing a plugin, what it may do, and what becomes of its failures.
//! - [`operations`]: running it: files, backup, what to do when something is wrong.
//! - [`performance`]: how fast it is, beside a sink and Postfix.
//! - [`glossary`]: the words.
//! - [`decisions`]: why it is as it is, dated.

pub mod architecture;
pub mod decisions;
pub mod glossary;
pub mod journal;
pub mod life_of_a_message;
pub mod life_of_a_reply;
pub mod operations;
pub mod performance;
pub mod plugins;
pub mod standards;
