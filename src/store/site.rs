//! One installation: its names, its clock and chance, its store and its secrets. Everything that works on mail or cases
//! is given one of these.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::task;

use super::documents::Parsed;
use super::due::Alarm;
use super::traces::Traces;
use super::{Batch, CommitError, Engine, Journal, ReadError, tables};
use crate::address::{Keyring, RoutingAddress};
use crate::base::{CaseNumber, Chance, Clock, Hours, Mailbox, Time, limits};
use crate::case::{Case, ManyAddresses};
use crate::plugin::Catalogue;
use crate::routing::{MAIN_QUEUE, Queue};
use crate::rules::{Book, Timetable};

/// See the module. What it is made of are its own fields, too.
pub struct Site {
    parts: Parts,
    pub alarm: Alarm,
    pub keys: Keyring,
    pub traces: Traces,
    addresses: Parsed<RoutingAddress>,
    cases: Parsed<Case>,
    /// Held by whoever plans again after a conflict, so that the same rows aren't fought over for ever.
    turn: tokio::sync::Mutex<()>,
    /// The task that holds it.
    whose_turn: Mutex<Option<task::Id>>,
}

/// What a [`Site`] is made of.
pub struct Parts {
    /// In the greeting, in trace fields and behind the `@` of our Message-IDs.
    pub hostname: String,
    /// Service, bounce and probe addresses are made here.
    pub service_domain: String,
    /// Where mail for nobody in particular becomes cases.
    pub postmaster_queue: String,
    pub many_addresses: ManyAddresses,
    /// What the company has written down about where cases go.
    pub rules: Book,
    /// Business hours, as the configuration has them now.
    pub timetable: Book<Timetable>,
    /// The company's own logic.
    pub plugins: Arc<Catalogue>,
    pub clock: Clock,
    pub chance: Chance,
    pub engine: Arc<dyn Engine>,
    pub journal: Journal,
}

impl Deref for Site {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}

/// The store can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// The tries of one piece of work to be recorded: plan from fresh reads, commit, and plan again while somebody else was
/// faster. What the plan relies on must stand in the batch's expectations.
///
/// ```ignore
/// let mut tries = site.tries();
/// while !tries.commit(plan().await?).await? {}
/// ```
pub struct Tries<'a> {
    site: &'a Site,
    left: u32,
    /// From the first conflict until it is recorded.
    turn: Option<Turn<'a>>,
}

/// The site's turn. Whoever holds it must not begin another piece of work that might wait for it.
struct Turn<'a> {
    site: &'a Site,
    _held: tokio::sync::MutexGuard<'a, ()>,
}

impl Tries<'_> {
    /// True when the batch is durable, false when it must be planned again.
    pub async fn commit(&mut self, batch: Batch) -> Result<bool, CommitError> {
        match self.site.engine.commit(batch).await {
            Ok(()) => {
                self.turn = None;
                Ok(true)
            }
            Err(CommitError::Conflict) if self.left > 0 => {
                self.left -= 1;
                if self.turn.is_none() {
                    self.turn = Some(Turn::of(self.site).await);
                }
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

impl<'a> Turn<'a> {
    async fn of(site: &'a Site) -> Self {
        let held = site.turn.lock().await;
        *site.whose_turn() = task::try_id();
        Self { site, _held: held }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.site.whose_turn() = None;
    }
}

impl Site {
    /// Opens the installation on its store; the first time this makes the keyring and the queue `main`.
    pub async fn open(parts: Parts) -> Result<Self, StoreError> {
        let engine = &*parts.engine;
        let keys = match tables::KEYRINGS.get(engine, "tokens").await? {
            Some(keys) => keys.value,
            None => {
                let keys = Keyring::generate(&parts.chance);
                let mut batch = Batch::default();
                tables::KEYRINGS.insert(&mut batch, "tokens", &keys);
                let main = Queue::new(MAIN_QUEUE, parts.clock.now());
                tables::QUEUES.insert(&mut batch, MAIN_QUEUE, &main);
                engine.commit(batch).await?;
                keys
            }
        };
        let traces = Traces::load(engine).await?;
        Ok(Self {
            parts,
            alarm: Alarm::default(),
            keys,
            traces,
            addresses: Parsed::default(),
            cases: Parsed::default(),
            turn: tokio::sync::Mutex::default(),
            whose_turn: Mutex::default(),
        })
    }

    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// The business hours in force, by name.
    pub fn hours(&self) -> Arc<BTreeMap<String, Hours>> {
        Arc::clone(&self.timetable.in_force(self.now()).hours)
    }

    /// The routing address that is registered as this mailbox.
    pub async fn routing_address(&self, mailbox: &Mailbox) -> Result<Option<Arc<RoutingAddress>>, ReadError> {
        tables::ADDRESSES.get_parsed(&*self.engine, mailbox, &self.addresses).await
    }

    /// A case to look at; who changes one reads it with its version.
    pub async fn case(&self, number: CaseNumber) -> Result<Option<Arc<Case>>, ReadError> {
        tables::CASES.get_parsed(&*self.engine, &number, &self.cases).await
    }

    /// True for the addresses that only this installation makes and for its host's own.
    pub fn is_own_domain(&self, domain: &str) -> bool {
        domain == self.service_domain || domain == self.hostname
    }

    /// True for a mailbox that we must not write to: a routing address, or anything in our own domains.
    pub async fn is_ours(&self, mailbox: &Mailbox) -> Result<bool, ReadError> {
        Ok(self.is_own_domain(mailbox.domain()) || self.routing_address(mailbox).await?.is_some())
    }

    fn whose_turn(&self) -> MutexGuard<'_, Option<task::Id>> {
        self.whose_turn.lock().expect("no holder panics")
    }

    /// For one piece of work. Never within another one that is planned again: it would wait for a turn that its own task holds.
    pub fn tries(&self) -> Tries<'_> {
        debug_assert!(
            task::try_id().is_none_or(|id| *self.whose_turn() != Some(id)),
            "one piece of work within another"
        );
        Tries { site: self, left: limits::CONFLICTS_MAX, turn: None }
    }
}
