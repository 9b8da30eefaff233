//! What runs plugins: wasmtime, which nothing else names.
//!
//! A component is compiled in a child process ([`compile`]), linked with what the contract ([`contract`]) and an empty machine
//! ([`wasi`]) offer, and called in an [`instance`] of its own for each call ([`call`]) in the one [`sandbox`].

mod call;
mod compile;
mod contract;
mod facts;
mod instance;
mod sandbox;
mod wasi;

pub use call::Guest;
pub(super) use compile::Compiled;
pub use compile::child;
pub(super) use sandbox::Sandbox;
