//! Typed tables over the [`Engine`]: a key type, a document type, and how both become bytes.
//!
//! Documents are JSON, so that a record written by an older version can be read by every newer one (and by a person).
//! What reads a document to change it keeps its version and writes it back with [`Documents::replace`], which makes the
//! whole batch conflict when somebody else was faster.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::ops::Bound;
use std::sync::{Arc, Mutex};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::engine::Keys;
use super::{Batch, Direction, Engine, Expected, ReadError, Row, Table};
use crate::base::{MailId, Mailbox, Time, limits};

/// A table of documents of one type.
pub struct Documents<K: ?Sized, V> {
    pub(super) table: Table,
    types: PhantomData<fn(&K) -> V>,
}

/// A document as it was read.
#[derive(Clone, Debug)]
pub struct Kept<V> {
    pub value: V,
    version: u64,
}

impl<V> Kept<V> {
    /// For expecting later that it hasn't changed.
    pub fn version(&self) -> u64 {
        self.version
    }
}

/// Documents as they were last parsed, so that what is looked up for every message is parsed once. A row is asked for all
/// the same, and its version says whether the document is still the same.
#[derive(Debug)]
pub struct Parsed<V>(Mutex<HashMap<Vec<u8>, ParsedRow<V>>>);

/// Version and document.
type ParsedRow<V> = (u64, Arc<V>);

impl<V> Default for Parsed<V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

/// Something that can be a key: its bytes sort as it sorts.
pub trait Key {
    fn to_bytes(&self) -> Vec<u8>;
}

impl<K: Key + ?Sized, V: Serialize + DeserializeOwned> Documents<K, V> {
    pub const fn named(name: &'static str) -> Self {
        Self { table: Table(name), types: PhantomData }
    }

    /// Its name.
    pub const fn table(&self) -> Table {
        self.table
    }

    pub async fn get(&self, engine: &dyn Engine, key: &K) -> Result<Option<Kept<V>>, ReadError> {
        Ok(self.get_many(engine, [key]).await?.pop().flatten())
    }

    /// The document, parsed only when it isn't among those that were `parsed` before.
    pub async fn get_parsed(
        &self,
        engine: &dyn Engine,
        key: &K,
        parsed: &Parsed<V>,
    ) -> Result<Option<Arc<V>>, ReadError> {
        let rows = engine.get_many(vec![(self.table, key.to_bytes())]).await?;
        let Some(row) = rows.into_iter().next().flatten() else { return Ok(None) };
        let known = parsed.0.lock().expect("no holder panics").get(&row.key).cloned();
        if let Some((_, value)) = known.filter(|(version, _)| *version == row.version) {
            return Ok(Some(value));
        }
        let (key, version) = (row.key.clone(), row.version);
        let value = Arc::new(self.read(row)?.value);
        let mut known = parsed.0.lock().expect("no holder panics");
        if known.len() >= limits::PARSED_MAX {
            known.clear();
        }
        known.insert(key, (version, Arc::clone(&value)));
        Ok(Some(value))
    }

    /// Only those fields of the document that `P` has, too; the rest is passed over.
    pub async fn get_part<P: DeserializeOwned>(&self, engine: &dyn Engine, key: &K) -> Result<Option<P>, ReadError> {
        let rows = engine.get_many(vec![(self.table, key.to_bytes())]).await?;
        rows.into_iter().next().flatten().map(|row| self.parse(&row)).transpose()
    }

    /// In the order of the keys.
    pub async fn get_many<'k>(
        &self,
        engine: &dyn Engine,
        keys: impl IntoIterator<Item = &'k K>,
    ) -> Result<Vec<Option<Kept<V>>>, ReadError>
    where
        K: 'k,
    {
        let keys = keys.into_iter().map(|key| (self.table, key.to_bytes())).collect();
        let rows = engine.get_many(keys).await?;
        rows.into_iter().map(|row| row.map(|row| self.read(row)).transpose()).collect()
    }

    /// At most `limit` documents whose keys begin with `prefix`, with the rest of the range cut at `beyond` (exclusive,
    /// in the direction of travel) so that a list can be read page by page.
    pub async fn scan(&self, engine: &dyn Engine, page: Page<'_>) -> Result<Vec<(Vec<u8>, Kept<V>)>, ReadError> {
        let rows = engine.scan(self.table, page.range(), page.limit, page.direction).await?;
        rows.into_iter().map(|row| Ok((row.key.clone(), self.read(row)?))).collect()
    }

    /// What [`scan`](Self::scan) gives, for whoever only reads: without keys and versions.
    pub async fn values(&self, engine: &dyn Engine, page: Page<'_>) -> Result<Vec<V>, ReadError> {
        Ok(self.scan(engine, page).await?.into_iter().map(|(_, kept)| kept.value).collect())
    }

    /// A page, and `page` is the one behind it. None behind the last.
    pub async fn next(&self, engine: &dyn Engine, page: &mut Page<'_>) -> Result<Option<Vec<Kept<V>>>, ReadError> {
        let rows = self.scan(engine, page.clone()).await?;
        let Some((last, _)) = rows.last() else { return Ok(None) };
        page.beyond = Some(last.clone());
        Ok(Some(rows.into_iter().map(|(_, kept)| kept).collect()))
    }

    /// Writes whatever was there before.
    pub fn put(&self, batch: &mut Batch, key: &K, value: &V) {
        batch.put(self.table, key.to_bytes(), self.write(value));
    }

    /// Writes a new document; conflicts when there is one.
    pub fn insert(&self, batch: &mut Batch, key: &K, value: &V) {
        self.expect_absent(batch, key);
        self.put(batch, key, value);
    }

    /// Writes over the document that was read; conflicts when it has changed since.
    pub fn replace(&self, batch: &mut Batch, key: &K, kept: &Kept<V>, value: &V) {
        self.expect_unchanged(batch, key, kept);
        self.put(batch, key, value);
    }

    /// Conflicts when the document isn't this one; for one that an earlier batch writes, so that nobody has read it.
    pub fn expect_value(&self, batch: &mut Batch, key: &K, value: &V) {
        let hash = blake3::hash(&self.write(value));
        batch.expect(self.table, key.to_bytes(), Expected::Value(hash.into()));
    }

    /// Conflicts when there is such a document.
    pub fn expect_absent(&self, batch: &mut Batch, key: &K) {
        batch.expect(self.table, key.to_bytes(), Expected::Absent);
    }

    /// Conflicts when the document has changed since it was read.
    pub fn expect_unchanged(&self, batch: &mut Batch, key: &K, kept: &Kept<V>) {
        batch.expect(self.table, key.to_bytes(), Expected::Version(kept.version));
    }

    pub fn delete(&self, batch: &mut Batch, key: &K) {
        batch.delete(self.table, key.to_bytes());
    }

    fn read(&self, row: Row) -> Result<Kept<V>, ReadError> {
        Ok(Kept { value: self.parse(&row)?, version: row.version })
    }

    fn parse<P: DeserializeOwned>(&self, row: &Row) -> Result<P, ReadError> {
        serde_json::from_slice(&row.value)
            .map_err(|error| ReadError(format!("a record of table {} is not readable: {error}", self.table.0)))
    }

    fn write(&self, value: &V) -> Vec<u8> {
        serde_json::to_vec(value).expect("our documents have text keys and no failing serialisers")
    }
}

/// Which part of a table to read.
#[derive(Clone, Debug)]
pub struct Page<'a> {
    pub prefix: &'a [u8],
    /// The last key of the page before.
    pub beyond: Option<Vec<u8>>,
    pub limit: usize,
    pub direction: Direction,
}

impl<'a> Page<'a> {
    /// From the first key that begins with `prefix`.
    pub fn first(prefix: &'a [u8], limit: usize) -> Self {
        Self { prefix, beyond: None, limit, direction: Direction::Forward }
    }

    /// Everything, in order.
    pub fn all() -> Self {
        Self::first(&[], usize::MAX)
    }

    /// From the last key that begins with `prefix`.
    pub fn last(prefix: &'a [u8], limit: usize) -> Self {
        Self { prefix, beyond: None, limit, direction: Direction::Backward }
    }

    fn range(&self) -> Keys {
        let first = Bound::Included(self.prefix.to_vec());
        let last = successor(self.prefix).map_or(Bound::Unbounded, Bound::Excluded);
        match (&self.beyond, self.direction) {
            (None, _) => (first, last),
            (Some(key), Direction::Forward) => (Bound::Excluded(key.clone()), last),
            (Some(key), Direction::Backward) => (first, Bound::Excluded(key.clone())),
        }
    }
}

/// The first key behind all keys that begin with `prefix`.
fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|&byte| byte != u8::MAX)?;
    let mut next = prefix[..=last].to_vec();
    next[last] += 1;
    Some(next)
}

impl Key for str {
    fn to_bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }
}

impl Key for Mailbox {
    fn to_bytes(&self) -> Vec<u8> {
        self.key().into_bytes()
    }
}

impl Key for MailId {
    fn to_bytes(&self) -> Vec<u8> {
        self.to_key().to_vec()
    }
}

impl Key for u64 {
    fn to_bytes(&self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }
}

impl Key for u32 {
    fn to_bytes(&self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }
}

impl Key for Time {
    /// Microseconds since 1970; earlier times count as 1970.
    fn to_bytes(&self) -> Vec<u8> {
        u64::try_from(self.as_microsecond()).unwrap_or(0).to_bytes()
    }
}

impl Key for [u8; 16] {
    fn to_bytes(&self) -> Vec<u8> {
        self.to_vec()
    }
}

impl<A: Key, B: Key> Key for (A, B) {
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.0.to_bytes();
        bytes.extend(self.1.to_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_where_its_keys_end() {
        let check = |prefix: &[u8], expected: Option<&[u8]>| assert_eq!(successor(prefix).as_deref(), expected);
        check(b"ab", Some(b"ac"));
        check(b"a\xff", Some(b"b"));
        check(b"\xff\xff", None);
        check(b"", None);
    }
}
