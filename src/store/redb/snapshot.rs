//! The database as one commit left it. It is opened once and serves all reads until the next commit: to begin a
//! transaction and to open its tables again for every row took longer than to find the row.
//!
//! Pages that the next commit replaces can't be used again while the snapshot lives; it is forgotten with that commit.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use redb::{Key, ReadOnlyTable, ReadTransaction, StorageError, TableDefinition, TableError, Value};

use super::runs::{self, Runs};
use super::{COUNTERS, SEQUENCES, VERSION_BYTES, version_of};
use crate::store::engine::Keys;
use crate::store::{Direction, Row, Table};

type Rows = ReadOnlyTable<&'static [u8], &'static [u8]>;
/// A run of a table; none for one that was never written to.
type Run = Option<Arc<Rows>>;
type Guard<'a> = redb::AccessGuard<'a, &'static [u8]>;

/// See the module.
#[derive(Debug)]
pub(super) struct Snapshot {
    transaction: ReadTransaction,
    runs: Arc<Runs>,
    /// Those that were asked for, by table and number.
    tables: RwLock<HashMap<(Table, u32), Run>>,
}

impl Snapshot {
    pub fn new(transaction: ReadTransaction, runs: Arc<Runs>) -> Self {
        Self { transaction, runs, tables: RwLock::default() }
    }

    pub fn get_many(&self, keys: Vec<(Table, Vec<u8>)>) -> Result<Vec<Option<Row>>, redb::Error> {
        keys.into_iter().map(|(table, key)| self.get(table, key)).collect()
    }

    fn get(&self, table: Table, key: Vec<u8>) -> Result<Option<Row>, redb::Error> {
        for run in self.runs.sealed_with(table, &key).chain([self.runs.open(table)]) {
            if let Some(rows) = self.rows(table, run)?
                && let Some(stored) = rows.get(key.as_slice())?
            {
                return row(key, stored.value()).map(Some);
            }
        }
        Ok(None)
    }

    pub fn scan(
        &self,
        table: Table,
        (low, high): &Keys,
        limit: usize,
        direction: Direction,
    ) -> Result<Vec<Row>, redb::Error> {
        let range = (low.as_ref().map(Vec::as_slice), high.as_ref().map(Vec::as_slice));
        let decode = |entry: Result<(Guard<'_>, Guard<'_>), StorageError>| {
            let (key, stored) = entry?;
            row(key.value().to_vec(), stored.value())
        };
        let (mut found, open) = (Vec::new(), self.runs.open(table));
        for run in 0..=open {
            let Some(rows) = self.rows(table, run)? else { continue };
            let rows = rows.range::<&[u8]>(range)?;
            let rows: Result<Vec<Row>, redb::Error> = match direction {
                Direction::Forward => rows.take(limit).map(decode).collect(),
                Direction::Backward => rows.rev().take(limit).map(decode).collect(),
            };
            found.extend(rows?);
        }
        if open > 0 {
            found.sort_by(|a, b| a.key.cmp(&b.key));
            if direction == Direction::Backward {
                found.reverse();
            }
            found.truncate(limit);
        }
        Ok(found)
    }

    /// The next number of a sequence as it is durable.
    pub fn kept_number(&self, sequence: &str) -> Result<u64, redb::Error> {
        let Some(sequences) = self.open(SEQUENCES)? else { return Ok(1) };
        Ok(sequences.get(sequence)?.map_or(1, |next| next.value()))
    }

    pub fn counter(&self, counter: &[u8]) -> Result<i64, redb::Error> {
        let Some(counters) = self.open(COUNTERS)? else { return Ok(0) };
        Ok(counters.get(counter)?.map_or(0, |value| value.value()))
    }

    fn rows(&self, table: Table, run: u32) -> Result<Run, redb::Error> {
        if let Some(rows) = self.tables.read().expect("no holder panics").get(&(table, run)) {
            return Ok(rows.clone());
        }
        let rows = self.open(TableDefinition::new(&runs::name(table, run)))?.map(Arc::new);
        self.tables.write().expect("no holder panics").insert((table, run), rows.clone());
        Ok(rows)
    }

    /// A table that was never written to is empty.
    fn open<K: Key, V: Value>(&self, table: TableDefinition<K, V>) -> Result<Option<ReadOnlyTable<K, V>>, redb::Error> {
        match self.transaction.open_table(table) {
            Ok(rows) => Ok(Some(rows)),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

fn row(key: Vec<u8>, stored: &[u8]) -> Result<Row, redb::Error> {
    let version = version_of(stored).ok_or_else(|| redb::Error::Corrupted("a row without a version".into()))?;
    Ok(Row { key, version, value: stored[VERSION_BYTES..].to_vec() })
}
