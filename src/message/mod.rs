//! What a raw message says, and how an outgoing one is written.
//!
//! Reading: [`read()`] gives [`Facts`]; [`fields`] looks at single header fields without reading the rest. Writing:
//! [`compose::compose`], with [`subject`] and [`references`] for replies. The only folder that names mail-parser and
//! mail-builder.

mod attached;
pub mod automatic;
mod body;
mod calendar;
mod charset;
mod cms;
pub mod compose;
mod content;
pub mod conversation;
mod date;
pub mod facts;
pub mod fields;
mod flowed;
mod forward;
mod group;
mod html;
mod ids;
mod inner;
mod language;
mod links;
mod mentions;
pub mod new_text;
mod original;
mod parts;
mod person;
pub mod phrases;
mod protection;
pub mod references;
mod report;
mod shifted;
pub mod subject;
mod tnef;
mod transfer;
mod uuencoded;
mod view;
mod words;

pub use compose::{Draft, compose};
pub use facts::Facts;
pub use links::links;
pub use view::{attachment, read, read_without_language, written_at};
