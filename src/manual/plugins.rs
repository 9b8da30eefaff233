//! Writing a plugin, and what it may do.
//!
//! A plugin is a WebAssembly component of the world `plugin` in `plugins/wit/routing.wit`, made in any language that has a component
//! tool. In Rust a crate in `plugins/` that uses the SDK is some twenty lines; `plugins/skills-by-language` and
//! `plugins/vip-domains` are examples worth installing.
//!
//! ```text
//! cargo build --release --locked --target wasm32-wasip2 --manifest-path plugins/Cargo.toml
//! postcase plugin install plugins/target/wasm32-wasip2/release/vip_domains.wasm --set domains=.bigcustomer.example
//! postcase plugin test vip-domains MESSAGE.eml     # what it would say
//! postcase plugin set vip-domains priority=high --order 5
//! postcase plugin rollback vip-domains             # the version before
//! ```
//!
//! # What it may do
//! It is given facts of one message, cut to a size, and answers with advice. Each call has an instance of its own with
//! 32 MiB of memory, 512 KiB of stack, 50 million instructions and 100 ms; an answer has at most 100 pieces of advice in 64 KiB.
//! The clock stands at the time of receipt and chance comes from the mail, so that the same mail gets the same advice again. There
//! is nothing else: no files, network, environment or standard output; `host.log` is for a few lines.
//!
//! # When it is asked
//! About each case that a message opens, at the stages that it names: at each of them the rules first, then the plugins in their order
//! (`postcase rules show --order`). Later ones see what earlier ones said. The first that places the case wins, the rest
//! adds up; `postcase message explain` says who advised what, in which version, and why it lost. All plugins together have
//! 500 ms for a message. The stages `assign` and `follow-up` are in the contract, but not asked yet.
//!
//! # When it fails
//! A call that traps, takes too much, answers an error or words that aren't known is that plugin's failure; its whole answer
//! counts for nothing, it isn't asked again about that message, and mail goes on. So is a queue or an agent that isn't there. The case says
//! so (`adviser_failed`). Five failures in a minute suspend a plugin until `postcase plugin enable`. `postcase plugin test` shows
//! failure and log. One that can't even be loaded when the server starts is listed as `failed` with the reason, and mail goes
//! on without it.
//!
//! # Versions
//! A version is known by the BLAKE3 of its component. Installing a plugin under a name that there is replaces it; the three before stay and
//! `rollback` brings them back, one after the other. What runs is swapped as a whole: calls under way end on the version that
//! they began with.
