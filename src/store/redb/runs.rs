//! Tables whose keys come in no order ([`SCATTERED`]), kept as runs so that a new row costs no page of its own.
//!
//! In one tree each new row would fall into another leaf, and once there are many, that leaf is read from disk and written
//! back for this row alone. So new rows go to the *open* run, a small tree that stays in memory. When it is full it is
//! *sealed* and the next one is opened. A row stays in its run for good, wherever it is changed, and a key is in one run at
//! most, because the writer looks for it in all of them before it takes it for new.
//!
//! Of each sealed run there is a filter (Bloom): which bits the keys in it set. What no filter knows is looked for in the
//! open run alone. Of a thousand keys a filter lets about one pass for nothing, which costs a page and no more. Filters are
//! rows of [`FILTERS`], written in the commit that seals the run; all are in memory, 2 MiB for a million rows.
//!
//! The first run has the table's own name, the others a number behind it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, TableError};

use crate::store::Table;
use crate::store::tables::SCATTERED;

/// The filter of each sealed run, by the name of the run.
pub(super) const FILTERS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("engine.filters");
/// Rows with which a run is sealed, unless a test wants fewer: at 200 bytes each they take a third of the cache.
pub(super) const RUN_ROWS: u64 = 1 << 14;
/// Bits of a filter: 16 for each row of a run.
const BITS: usize = 1 << 18;
/// Bits that a key sets.
const PLACES: usize = 8;
/// Runs whose filters are asked with one look: bit `n` of a word is the same bit of the `n`th of their filters.
const GROUP: u32 = u64::BITS;

/// What is known about the runs of all scattered tables as one commit left them.
#[derive(Clone, Debug, Default)]
pub(super) struct Runs(HashMap<Table, Sealed>);

#[derive(Clone, Debug, Default)]
struct Sealed {
    runs: u32,
    groups: Vec<Arc<[u64]>>,
}

/// The name under which redb knows a run of a table.
pub(super) fn name(table: Table, run: u32) -> Cow<'static, str> {
    if run == 0 { table.0.into() } else { format!("{}/{run}", table.0).into() }
}

impl Runs {
    pub fn load(database: &Database) -> Result<Self, redb::Error> {
        let mut runs = Self::default();
        let filters = match database.begin_read()?.open_table(FILTERS) {
            Ok(filters) => filters,
            Err(TableError::TableDoesNotExist(_)) => return Ok(runs),
            Err(error) => return Err(error.into()),
        };
        for table in SCATTERED {
            while let Some(filter) = filters.get(name(table, runs.open(table)).as_bytes())? {
                if filter.value().len() != BITS / 8 {
                    return Err(redb::Error::Corrupted(format!("a filter of table {} has another size", table.0)));
                }
                runs.add(table, filter.value());
            }
        }
        Ok(runs)
    }

    /// The run that new rows of this table go to; all before it are sealed.
    pub fn open(&self, table: Table) -> u32 {
        self.0.get(&table).map_or(0, |sealed| sealed.runs)
    }

    /// The sealed runs that may have this key.
    pub fn sealed_with(&self, table: Table, key: &[u8]) -> impl Iterator<Item = u32> + use<> {
        let sealed = self.0.get(&table);
        let places = sealed.map(|_| places(key)).unwrap_or_default();
        let mut found = Vec::new();
        for (first, group) in (0..).step_by(GROUP as usize).zip(sealed.into_iter().flat_map(|sealed| &sealed.groups)) {
            let mut runs = places.iter().fold(u64::MAX, |runs, place| runs & group[*place]);
            while runs != 0 {
                found.push(first + runs.trailing_zeros());
                runs &= runs - 1;
            }
        }
        found.into_iter()
    }

    /// Seals the open run of a table with the filter of its rows.
    pub fn add(&mut self, table: Table, filter: &[u8]) {
        let sealed = self.0.entry(table).or_default();
        let run = sealed.runs % GROUP;
        if run == 0 {
            sealed.groups.push(vec![0; BITS].into());
        }
        let group = Arc::make_mut(sealed.groups.last_mut().expect("a run begins a group or follows in one"));
        for (words, byte) in group.chunks_exact_mut(8).zip(filter).filter(|(_, byte)| **byte != 0) {
            for (bit, word) in words.iter_mut().enumerate() {
                *word |= u64::from(byte >> bit & 1) << run;
            }
        }
        sealed.runs += 1;
    }
}

/// The filter of a run.
pub(super) fn filter_of(rows: &impl ReadableTable<&'static [u8], &'static [u8]>) -> Result<Vec<u8>, redb::Error> {
    let mut filter = vec![0; BITS / 8];
    for row in rows.iter()? {
        add_key(&mut filter, row?.0.value());
    }
    Ok(filter)
}

fn add_key(filter: &mut [u8], key: &[u8]) {
    for place in places(key) {
        filter[place / 8] |= 1 << (place % 8);
    }
}

fn places(key: &[u8]) -> [usize; PLACES] {
    let hash = blake3::hash(key);
    let mut parts = hash.as_bytes().chunks_exact(4);
    [(); PLACES].map(|()| {
        let part = parts.next().and_then(|part| part.try_into().ok()).expect("32 bytes are 8 times 4");
        u32::from_le_bytes(part) as usize % BITS
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_has_its_keys_and_hardly_any_other() {
        let table = SCATTERED[0];
        let mut runs = Runs::default();
        let key = |run: u32, n: u64| [u64::from(run).to_le_bytes(), n.to_le_bytes()].concat();
        let full = [0, GROUP - 1, GROUP];
        for run in 0..GROUP + 2 {
            let mut filter = vec![0; BITS / 8];
            let rows = if full.contains(&run) { RUN_ROWS } else { 1 };
            (0..rows).for_each(|n| add_key(&mut filter, &key(run, n)));
            runs.add(table, &filter);
        }
        assert_eq!((runs.open(table), runs.open(SCATTERED[1])), (GROUP + 2, 0));
        for run in full {
            assert!((0..RUN_ROWS).all(|n| runs.sealed_with(table, &key(run, n)).any(|found| found == run)));
        }
        assert!(runs.sealed_with(table, &key(1, 0)).eq([1]));
        let strangers = (0..10_000).filter(|n| runs.sealed_with(table, &key(GROUP + 2, *n)).next().is_some());
        // 17 or so: three full runs, each of which lets 6 in 10,000 pass.
        assert!(strangers.count() < 50);
    }
}
