//! The database as one commit left it. It is opened once and serves all reads until the next commit: to begin a
//! transaction and to open its tables again for every row took longer than to find the row.
//!
//! Pages that the next commit replaces can't be used again while the snapshot lives; it is forgotten with that commit.

use std::collections::HashMap;
use std::ops::Bound;
use std::sync::{Arc, RwLock};

use redb::{Key, ReadOnlyTable, ReadTransaction, TableDefinition, TableError, Value};

use super::{COUNTERS, SEQUENCES, VERSION_BYTES, version_of};
use crate::store::{Direction, Row, Table};

type Rows = ReadOnlyTable<&'static [u8], &'static [u8]>;
type Guard<'a> = redb::AccessGuard<'a, &'static [u8]>;

/// See the module.
#[derive(Debug)]
pub(super) struct Snapshot {
    transaction: ReadTransaction,
    /// Those that were asked for; `None` for one that was never written to.
    tables: RwLock<HashMap<Table, Option<Arc<Rows>>>>,
}

impl Snapshot {
    pub fn new(transaction: ReadTransaction) -> Self {
        Self { transaction, tables: RwLock::default() }
    }

    pub fn get_many(&self, keys: Vec<(Table, Vec<u8>)>) -> Result<Vec<Option<Row>>, redb::Error> {
        let get = |(table, key): (Table, Vec<u8>)| {
            let Some(rows) = self.rows(table)? else { return Ok(None) };
            rows.get(key.as_slice())?.map(|stored| row(key, stored.value())).transpose()
        };
        keys.into_iter().map(get).collect()
    }

    pub fn scan(
        &self,
        table: Table,
        (low, high): &(Bound<Vec<u8>>, Bound<Vec<u8>>),
        limit: usize,
        direction: Direction,
    ) -> Result<Vec<Row>, redb::Error> {
        let Some(rows) = self.rows(table)? else { return Ok(Vec::new()) };
        let range = (low.as_ref().map(Vec::as_slice), high.as_ref().map(Vec::as_slice));
        let found = rows.range::<&[u8]>(range)?;
        let decode = |(key, stored): (Guard<'_>, Guard<'_>)| row(key.value().to_vec(), stored.value());
        match direction {
            Direction::Forward => found.take(limit).map(|entry| decode(entry?)).collect(),
            Direction::Backward => found.rev().take(limit).map(|entry| decode(entry?)).collect(),
        }
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

    fn rows(&self, table: Table) -> Result<Option<Arc<Rows>>, redb::Error> {
        if let Some(rows) = self.tables.read().expect("no holder panics").get(&table) {
            return Ok(rows.clone());
        }
        let rows = self.open(TableDefinition::new(table.0))?.map(Arc::new);
        self.tables.write().expect("no holder panics").insert(table, rows.clone());
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
