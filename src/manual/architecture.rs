//! The parts, and what is absent from each.
//!
//! ```text
//!          MX or forward                                              HTTP + local socket
//! peers ──────────────► smtp/server ──► intake/reception ──► journal         http, cli
//!                           250 ◄────── receipt                │ inbox           │
//!                                                              ▼                desk
//!                   facts, sender ──► evidence ──► decision ──► one commit:     │
//!                                    intake/worker               record, case, events,
//!                                                                thread index, done mark
//!                                                              │
//!           dispatch: work items → agents ◄───────────────┤
//! peers ◄── smtp/client ◄── outbound/worker ◄── spool + due ◄──┘ probes, replies
//! ```
//!
//! *Facts → evidence → decision → advice → record.* [`message`](crate::message) says what raw bytes say; the intake worker
//! looks up what is known about them; [`case::decide`](crate::case::decide()) is a pure function of that; about a new case
//! [`rules`](crate::rules) advise, and [`case::weigh`](crate::case::weigh()) takes from what they say; one commit records the
//! decision with everything that follows from it.
//!
//! # What never happens
//! - `base`, `message`, `address`, `case` and `routing` touch no socket, file, clock or thread.
//! - An adviser never decides: it suggests, and what it can't do is its failure, not the mail's.
//! - No function hands outgoing mail to intake. A probe comes back over SMTP or not at all.
//! - Nothing but [`net::internet`](crate::net::internet) connects to another host or takes its connections.
//! - Nothing above [`store`](crate::store) knows a file name or an offset.
//! - Nothing but [`base::time`](crate::base::time) reads a clock, nothing but [`base::chance`](crate::base::chance) makes a
//!   random number.
//! - A 250 after data is built from a journal receipt and from nothing else.
//! - No write transaction of the database lives outside its one writer thread.
//!
//! # Where a line of code belongs
//! A module uses only modules above it in the list of `src/lib.rs`; a test checks that. Each outside library that touches
//! the world is named by one folder: redb by `store`, mail-parser and mail-builder by `message`, smtp-proto by
//! `smtp/server`, mail-send by `smtp/client`, mail-auth by `auth`, rustls and hickory by `net`, axum and hyper by `http`, clap
//! by `cli`, toml by `config`, cel and regex by `rules`, wasmtime by `plugin`.
//!
//! # Concurrency
//! Sessions, readers, deciders, deliveries and commands are tokio tasks. Two threads write: the journal's and the
//! database's; each takes everything that waits, writes it together and syncs once. Rows are changed with expectations
//! ([`Engine`](crate::store::Engine)): whoever was overtaken reads again and plans again ([`Tries`](crate::store::site::Tries)).
//! Messages are decided many at a time, but one waits for an earlier one that it refers to, and each for the look-ups about
//! its own sender.
