//! What is under way between a message's reading and its record: what each message is called, so that others can wait
//! for it, and the look-ups about its sender.
//!
//! A round waits a moment for its look-ups. Whoever isn't known by then stays under way and joins a later round, so that
//! slow name servers hold up the messages that need them, and those that refer to such a message, and nobody else.

use std::collections::HashMap;
use std::future::pending;
use std::iter;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle, JoinSet};

use super::Reading;
use super::evidence::{self, Identity};
use super::rate::Counted;
use crate::base::{AuthResults, Clock, Mailbox, limits};
use crate::store::tables;

/// See the module.
#[derive(Default)]
pub struct Underway {
    /// What each message is called, and how to wait for the last one that is called so.
    names: HashMap<[u8; 16], watch::Receiver<()>>,
    /// The same by subject and conversation, for answers that name nothing.
    likenesses: HashMap<u64, watch::Receiver<()>>,
    /// For each address with a daily limit those that may still give their place back, and who waits for that.
    places: HashMap<Mailbox, Earlier>,
    /// Those that wait for nobody else, until their senders are looked up.
    checking: JoinSet<Ready<Counted>>,
    /// Those that are decided by themselves.
    pub deciding: JoinSet<()>,
}

/// A message whose sender is being looked up.
pub struct Unchecked<C> {
    pub reading: Reading,
    /// None for one that is unread.
    pub check: Option<JoinHandle<AuthResults>>,
    pub counted: C,
    /// Dropped when the message is decided or put off.
    pub done: watch::Sender<()>,
}

/// A message that can be decided.
pub struct Ready<C> {
    pub reading: Arc<Reading>,
    pub counted: C,
    /// As before.
    pub done: watch::Sender<()>,
}

/// Ends when a message is decided or put off.
pub type Earlier = Vec<watch::Receiver<()>>;

impl<C> Unchecked<C> {
    /// With what is known of the sender. If that breaks, nothing is.
    pub async fn checked(self) -> Ready<C> {
        let Self { mut reading, check, counted, done } = self;
        if let Some(check) = check {
            match check.await {
                Ok(auth) => reading.auth = Some(auth),
                Err(panic) => tracing::error!(id = %reading.id, %panic, "a sender could not be authenticated"),
            }
        }
        Ready { reading: Arc::new(reading), counted, done }
    }
}

impl Underway {
    /// Enters a message; returns the earlier ones that it must wait for, and what ends when it is decided itself.
    pub fn enter(&mut self, reading: &Reading) -> (Earlier, watch::Sender<()>) {
        let (done, mine) = watch::channel(());
        let own = Identity::of(reading).name;
        let referred = evidence::referred_ids(reading).into_iter().map(tables::name_of);
        let mut earlier: Earlier =
            iter::once(own).chain(referred).filter_map(|name| self.names.get(&name).cloned()).collect();
        if reading.likeness.is_answer && evidence::referred_ids(reading).is_empty() {
            earlier.extend(reading.likeness.threads().filter_map(|number| self.likenesses.get(&number).cloned()));
        }
        self.likenesses.extend(reading.likeness.threads().map(|number| (number, mine.clone())));
        self.names.insert(own, mine);
        (earlier, done)
    }

    /// A message has one of the places that its address has for today.
    pub fn has_place(&mut self, address: &Mailbox, done: &watch::Sender<()>) {
        self.places.entry(address.clone()).or_default().push(done.subscribe());
    }

    /// A message is one too many; returns those that it must wait for before that is certain. Who comes later waits for it.
    pub fn wants_place(&mut self, address: &Mailbox, done: &watch::Sender<()>) -> Earlier {
        let places = self.places.entry(address.clone()).or_default();
        places.retain(|message| message.has_changed().is_ok());
        if places.is_empty() { Earlier::new() } else { std::mem::replace(places, vec![done.subscribe()]) }
    }

    /// A message that waits for nobody but the look-ups about its sender.
    pub fn check(&mut self, message: Unchecked<Counted>) {
        self.checking.spawn(message.checked());
    }

    /// Those of them that are known after a moment, from any round, in order of receipt.
    pub async fn checked(&mut self, clock: &Clock) -> Vec<Ready<Counted>> {
        let mut ready = Vec::new();
        let patience = clock.sleep(limits::AUTH_PATIENCE);
        tokio::pin!(patience);
        loop {
            tokio::select! {
                biased;
                next = self.checking.join_next() => match next {
                    Some(message) => ready.extend(unbroken(message)),
                    None => break,
                },
                () = &mut patience => break,
            }
        }
        ready.sort_by_key(|message| message.reading.id);
        ready
    }

    /// Returns when something has moved: with a message that can be decided now, or without.
    pub async fn moved(&mut self) -> Option<Ready<Counted>> {
        tokio::select! {
            biased;
            Some(message) = self.checking.join_next() => unbroken(message),
            Some(_) = self.deciding.join_next() => None,
            else => pending().await,
        }
    }

    /// Forgets what is decided.
    pub fn tidy(&mut self) {
        self.names.retain(|_, message| message.has_changed().is_ok());
        self.likenesses.retain(|_, message| message.has_changed().is_ok());
        self.places.retain(|_, places| {
            places.retain(|message| message.has_changed().is_ok());
            !places.is_empty()
        });
        while self.deciding.try_join_next().is_some() {}
    }

    pub fn has_room(&self) -> bool {
        self.checking.len() + self.deciding.len() < limits::AUTH_LATE_MAX
    }

    pub fn is_empty(&self) -> bool {
        self.checking.is_empty() && self.deciding.is_empty()
    }
}

/// Nothing in those tasks panics; if it did, the message would wait for the next start.
fn unbroken<C>(message: Result<Ready<C>, JoinError>) -> Option<Ready<C>> {
    message.inspect_err(|error| tracing::error!(%error, "a message stays in the inbox until the next start")).ok()
}
