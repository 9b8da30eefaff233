//! The one thread that writes to redb: it takes everything that waits into one transaction, commits once, then answers.
//!
//! Each batch is checked against the transaction, so it sees the batches in front of it. Runs that a group fills are sealed
//! with it. A batch that is refused has
//! written nothing. After any error of redb the group is answered `Failed` and nothing is written ever again (the latch);
//! what became of the group is known after the next start. A panic is not caught: it sets the latch.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use redb::{ReadableTable, ReadableTableMetadata, TableDefinition, WriteTransaction};
use tokio::sync::oneshot;

use crate::base::limits;
use crate::store::latch;
use crate::store::tables::SCATTERED;
use crate::store::{Batch, CommitError, Expected, Table};

use super::rewrite::Place;
use super::runs::{self, FILTERS, Runs};
use super::{COUNTERS, SEQUENCES, STATE, Shared, VERSION_BYTES, version_of};

/// The row of [`STATE`] that counts write transactions; its value is the version of all rows written in one.
const COMMITS: &str = "commits";

type Answer = oneshot::Sender<Vec<Result<(), CommitError>>>;

#[derive(Debug)]
pub(super) enum Request {
    Commit(Vec<Batch>, Answer),
    Purge(oneshot::Sender<Result<(), String>>),
    /// Answered when everything asked for earlier is done and the database is closed.
    Close(oneshot::Sender<()>),
}

pub(super) struct Writer {
    pub shared: Arc<Shared>,
    /// Rows with which a run is sealed.
    pub run_rows: u64,
    pub place: Place,
}

impl Writer {
    /// Runs until it is told to close or nobody can ask any more.
    pub fn run(self, requests: &Receiver<Request>) {
        let _guard = self.shared.latch.guard("the database's writer");
        let (mut closing, mut purging) = (None, None);
        while closing.is_none() {
            let Ok(first) = requests.recv() else { break };
            let (mut group, mut answers) = (Vec::new(), Vec::new());
            let mut next = Some(first);
            while let Some(request) = next {
                match request {
                    Request::Commit(batches, answer) => {
                        answers.push((batches.len(), answer));
                        group.extend(batches);
                    }
                    Request::Close(closed) => {
                        closing = Some(closed);
                        break;
                    }
                    Request::Purge(purged) => {
                        purging = Some(purged);
                        break;
                    }
                }
                next = if group.len() < limits::COMMIT_BATCHES_MAX { requests.try_recv().ok() } else { None };
            }
            self.answer(&group, answers);
            if let Some(purged) = purging.take() {
                // Whoever asked may have gone.
                let _ = purged.send(self.place.rewrite(&self.shared));
            }
        }
        self.shared.close();
        if let Some(closed) = closing {
            // Whoever asked may have gone.
            let _ = closed.send(());
        }
    }

    /// Each of the `answers` is for so many batches of the group, in order.
    fn answer(&self, group: &[Batch], answers: Vec<(usize, Answer)>) {
        let applied = match self.shared.latch.reason() {
            Some(reason) => Err(reason),
            None => self.write(group).map_err(|error| {
                let reason = match *error {
                    redb::Error::Io(error) => latch::reason(&error),
                    error => error.to_string(),
                };
                self.shared.latch.set(reason.clone());
                reason
            }),
        };
        let mut results = (0..group.len()).map(|n| match &applied {
            Ok(applied) if applied[n] => Ok(()),
            Ok(_) => Err(CommitError::Conflict),
            Err(reason) => Err(CommitError::Failed(reason.clone())),
        });
        for (count, answer) in answers {
            // Whoever asked may have gone; what was written stays.
            let _ = answer.send(results.by_ref().take(count).collect());
        }
    }

    /// One transaction for the group; durable on return. Which batches were applied; the others conflict.
    fn write(&self, group: &[Batch]) -> Result<Vec<bool>, Box<redb::Error>> {
        let boxed = |error: redb::Error| Box::new(error);
        let database = self.shared.database().ok_or_else(|| boxed(redb::Error::DatabaseClosed))?;
        let mut transaction = database.begin_write().map_err(|error| boxed(error.into()))?;
        // The input is hostile: one-phase commit trusts a checksum that can be forged.
        transaction.set_two_phase_commit(true);
        // A start after a crash must not walk the whole file; costs a tenth of a commit of 64 rows in a file of 1 GB.
        transaction.set_quick_repair(true);
        let mut runs = self.shared.runs();
        let (applied, changed) = self.apply(&transaction, &mut runs, group).map_err(boxed)?;
        if changed {
            self.keep_numbers(&transaction).map_err(boxed)?;
            transaction.commit().map_err(|error| boxed(error.into()))?;
            self.shared.committed(runs);
            self.shared.tell(group, &applied);
        } else {
            transaction.abort().map_err(|error| boxed(error.into()))?;
        }
        Ok(applied)
    }

    /// Which batches were applied, and whether anything was written.
    fn apply(
        &self,
        transaction: &WriteTransaction,
        runs: &mut Arc<Runs>,
        group: &[Batch],
    ) -> Result<(Vec<bool>, bool), redb::Error> {
        let mut state = transaction.open_table(STATE)?;
        let version = state.get(COMMITS)?.map_or(0, |commits| commits.value()) + 1;
        let mut work = Work { transaction, runs, tables: HashMap::new(), version, changed: false };
        let mut applied = Vec::with_capacity(group.len());
        for batch in group {
            let holds = work.expectations_hold(batch)?;
            if holds {
                work.apply(batch)?;
            }
            applied.push(holds);
        }
        let changed = work.changed;
        if changed {
            work.seal(self.run_rows)?;
            state.insert(COMMITS, version)?;
        }
        Ok((applied, changed))
    }

    /// All numbers in the group's batches were reserved before it was taken, so they are among these.
    fn keep_numbers(&self, transaction: &WriteTransaction) -> Result<(), redb::Error> {
        let sequences = self.shared.sequences().clone();
        let mut kept = transaction.open_table(SEQUENCES)?;
        for (sequence, next) in sequences {
            if kept.get(sequence)?.is_none_or(|kept| kept.value() != next) {
                kept.insert(sequence, next)?;
            }
        }
        Ok(())
    }
}

type Rows<'t> = redb::Table<'t, &'static [u8], &'static [u8]>;

/// A transaction under way.
struct Work<'t> {
    transaction: &'t WriteTransaction,
    runs: &'t mut Arc<Runs>,
    tables: HashMap<(Table, u32), Rows<'t>>,
    version: u64,
    changed: bool,
}

impl<'t> Work<'t> {
    fn run(&mut self, table: Table, run: u32) -> Result<&mut Rows<'t>, redb::Error> {
        Ok(match self.tables.entry((table, run)) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(place) => {
                place.insert(self.transaction.open_table(TableDefinition::new(&runs::name(table, run)))?)
            }
        })
    }

    /// The run that has this key, or else takes it.
    fn table(&mut self, table: Table, key: &[u8]) -> Result<&mut Rows<'t>, redb::Error> {
        let open = self.runs.open(table);
        for run in self.runs.sealed_with(table, key) {
            if self.run(table, run)?.get(key)?.is_some() {
                return self.run(table, run);
            }
        }
        self.run(table, open)
    }

    /// Seals the runs that were filled.
    fn seal(&mut self, run_rows: u64) -> Result<(), redb::Error> {
        for table in SCATTERED {
            let open = self.runs.open(table);
            let Some(rows) = self.tables.get(&(table, open)) else { continue };
            if rows.len()? >= run_rows {
                let filter = runs::filter_of(rows)?;
                self.transaction.open_table(FILTERS)?.insert(runs::name(table, open).as_bytes(), filter.as_slice())?;
                Arc::make_mut(self.runs).add(table, &filter);
            }
        }
        Ok(())
    }

    fn expectations_hold(&mut self, batch: &Batch) -> Result<bool, redb::Error> {
        for (table, key, expected) in &batch.expectations {
            let row = self.table(*table, key)?.get(key.as_slice())?;
            let holds = match (row, expected) {
                (None, Expected::Absent) => true,
                (Some(row), Expected::Version(version)) => version_of(row.value()) == Some(*version),
                (Some(row), Expected::Value(hash)) => {
                    row.value().get(VERSION_BYTES..).is_some_and(|value| blake3::hash(value) == *hash)
                }
                (None, Expected::Version(_) | Expected::Value(_)) | (Some(_), Expected::Absent) => false,
            };
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn apply(&mut self, batch: &Batch) -> Result<(), redb::Error> {
        let version = self.version.to_be_bytes();
        self.changed |= !batch.writes.is_empty() || !batch.additions.is_empty();
        for (table, key, value) in &batch.writes {
            let table = self.table(*table, key)?;
            if let Some(value) = value {
                let mut row = table.insert_reserve(key.as_slice(), VERSION_BYTES + value.len())?;
                row.as_mut()[..VERSION_BYTES].copy_from_slice(&version);
                row.as_mut()[VERSION_BYTES..].copy_from_slice(value);
            } else {
                table.remove(key.as_slice())?;
            }
        }
        if !batch.additions.is_empty() {
            let mut counters = self.transaction.open_table(COUNTERS)?;
            for (counter, amount) in &batch.additions {
                let value = counters.get(counter.as_slice())?.map_or(0, |value| value.value());
                counters.insert(counter.as_slice(), value.saturating_add(*amount))?;
            }
        }
        Ok(())
    }
}
