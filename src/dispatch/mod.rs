//! Cases come to agents: each choice of the [`Switchboard`](crate::routing::Switchboard) becomes an assignment or an offer, in one commit
//! that expects case, queue and agent as the choice saw them.
//!
//! It is told what changes by the store, so that it works for whatever wrote a case, and it keeps nothing that isn't in
//! a row: after a crash the board is built again. It doesn't know why cases are where they are.

mod rows;
mod worker;

pub use worker::{Dispatch, Worker};
