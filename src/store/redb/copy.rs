//! The whole database as a stream of rows, and back: for backup and restore.
//!
//! Rows go as they are stored, with their versions; numbers of the engine's own tables as eight bytes, big-endian.

use std::io;

use redb::{Database, Key, ReadTransaction, ReadableTable, TableDefinition, TableHandle, Value, WriteTransaction};

use super::backend;
use super::{COUNTERS, OpenError, SEQUENCES, STATE, VERSION_BYTES};
use crate::store::Medium;
use crate::store::engine::{EachRow, ExportError};

/// Bytes of rows in one transaction of an import.
const IMPORT_BYTES: usize = 8 * 1024 * 1024;

/// Every row of every table, from this snapshot.
pub(super) fn export(transaction: &ReadTransaction, each: &mut EachRow<'_>) -> Result<(), ExportError> {
    for table in transaction.list_tables().map_err(redb::Error::from)? {
        let name = table.name();
        let mut tell = |key: &[u8], value: &[u8]| each(name, key, value).map_err(ExportError::Write);
        if name == STATE.name() || name == SEQUENCES.name() {
            let numbers = TableDefinition::<&str, u64>::new(name);
            rows(transaction, numbers, |key, value| tell(key.as_bytes(), &value.to_be_bytes()))?;
        } else if name == COUNTERS.name() {
            rows(transaction, COUNTERS, |key, value| tell(key, &value.to_be_bytes()))?;
        } else {
            rows(transaction, TableDefinition::<&[u8], &[u8]>::new(name), tell)?;
        }
    }
    Ok(())
}

fn rows<K: Key + 'static, V: Value + 'static>(
    transaction: &ReadTransaction,
    table: TableDefinition<'_, K, V>,
    mut each: impl FnMut(K::SelfType<'_>, V::SelfType<'_>) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    let table = transaction.open_table(table).map_err(redb::Error::from)?;
    for row in table.iter().map_err(redb::Error::from)? {
        let (key, value) = row.map_err(redb::Error::from)?;
        each(key.value(), value.value())?;
    }
    Ok(())
}

/// The value of a row as it was exported, without its version; `None` for what [`Import::row`] can't take.
pub fn exported_value<'a>(table: &str, key: &[u8], stored: &'a [u8]) -> Option<&'a [u8]> {
    let is_named = table == STATE.name() || table == SEQUENCES.name();
    if is_named || table == COUNTERS.name() {
        return (stored.len() == 8 && (!is_named || std::str::from_utf8(key).is_ok())).then_some(stored);
    }
    stored.get(VERSION_BYTES..)
}

/// Fills a new database with exported rows.
pub struct Import {
    database: Database,
    transaction: Option<WriteTransaction>,
    bytes: usize,
}

impl Import {
    pub fn begin(medium: &dyn Medium, file_name: &str) -> Result<Self, OpenError> {
        let io_error = |source| OpenError::Io { file: file_name.to_owned(), source };
        let file = medium.open(file_name).map_err(io_error)?;
        let unusable =
            |error: redb::DatabaseError| OpenError::Unusable { file: file_name.to_owned(), reason: error.to_string() };
        Ok(Self { database: backend::database(file).map_err(unusable)?, transaction: None, bytes: 0 })
    }

    pub fn row(&mut self, table: &str, key: &[u8], value: &[u8]) -> io::Result<()> {
        self.bytes += key.len() + value.len();
        self.insert(table, key, value).map_err(|error| other(&error))?;
        if self.bytes >= IMPORT_BYTES { self.commit() } else { Ok(()) }
    }

    /// All rows are durable on return.
    pub fn finish(mut self) -> io::Result<()> {
        self.commit()
    }

    fn insert(&mut self, table: &str, key: &[u8], value: &[u8]) -> Result<(), redb::Error> {
        let transaction = match &mut self.transaction {
            Some(transaction) => transaction,
            none => none.insert(self.database.begin_write()?),
        };
        let number = || value.try_into().map_err(|_| redb::Error::Corrupted("a number without eight bytes".into()));
        if table == STATE.name() || table == SEQUENCES.name() {
            let name = std::str::from_utf8(key).map_err(|_| redb::Error::Corrupted("a name that is no text".into()))?;
            transaction
                .open_table(TableDefinition::<&str, u64>::new(table))?
                .insert(name, u64::from_be_bytes(number()?))?;
        } else if table == COUNTERS.name() {
            transaction.open_table(COUNTERS)?.insert(key, i64::from_be_bytes(number()?))?;
        } else {
            transaction.open_table(TableDefinition::<&[u8], &[u8]>::new(table))?.insert(key, value)?;
        }
        Ok(())
    }

    fn commit(&mut self) -> io::Result<()> {
        self.bytes = 0;
        let Some(mut transaction) = self.transaction.take() else { return Ok(()) };
        transaction.set_two_phase_commit(true);
        transaction.commit().map_err(|error| other(&error))
    }
}

fn other(error: &dyn std::fmt::Display) -> io::Error {
    io::Error::other(error.to_string())
}
