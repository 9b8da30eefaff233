//! A database in memory, behind the same trait as the real one, on which a hundred thousand cases live in seconds. Each commit
//! lets others go first, by chance, before and after it is applied, so that whoever dies there dies in the middle. It forgets
//! nothing and never fails; that the real one keeps what it says is shown elsewhere.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};

use postcase::base::Chance;
use postcase::store::engine::{Answer, Answers, EachRow, ExportError, Keys};
use postcase::store::{Batch, CommitError, Direction, Engine, Expected, ReadError, Row, Table};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The tables that somebody watches, and where they hear of them.
type Watcher = (Vec<Table>, UnboundedSender<(Table, Vec<u8>)>);
/// Key → version and value.
type Rows = BTreeMap<Vec<u8>, (u64, Vec<u8>)>;

/// See the module.
pub struct Memory {
    state: Mutex<State>,
    chance: Chance,
}

#[derive(Default)]
struct State {
    tables: HashMap<Table, Rows>,
    version: u64,
    numbers: HashMap<&'static str, u64>,
    counters: HashMap<Vec<u8>, i64>,
    watchers: Vec<Watcher>,
}

impl Memory {
    pub fn new(chance: Chance) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), chance })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }

    async fn pause(&self) {
        for _ in 0..self.chance.bytes::<1>()[0] % 3 {
            tokio::task::yield_now().await;
        }
    }
}

impl State {
    fn row(&self, table: Table, key: &[u8]) -> Option<Row> {
        let (version, value) = self.tables.get(&table)?.get(key)?;
        Some(Row { key: key.to_vec(), version: *version, value: value.clone() })
    }

    fn apply(&mut self, batch: Batch) -> Result<(), CommitError> {
        let holds = |(table, key, expected): &(Table, Vec<u8>, Expected)| {
            let row = self.tables.get(table).and_then(|rows| rows.get(key));
            match expected {
                Expected::Absent => row.is_none(),
                Expected::Version(expected) => row.is_some_and(|(version, _)| version == expected),
                Expected::Value(hash) => row.is_some_and(|(_, value)| blake3::hash(value) == *hash),
            }
        };
        if !batch.expectations.iter().all(holds) {
            return Err(CommitError::Conflict);
        }
        for (table, key, value) in batch.writes {
            self.version += 1;
            let rows = self.tables.entry(table).or_default();
            match value {
                Some(value) => drop(rows.insert(key.clone(), (self.version, value))),
                None => drop(rows.remove(&key)),
            }
            self.watchers
                .retain(|(tables, hears)| !tables.contains(&table) || hears.send((table, key.clone())).is_ok());
        }
        for (counter, amount) in batch.additions {
            *self.counters.entry(counter).or_default() += amount;
        }
        Ok(())
    }
}

impl Engine for Memory {
    fn get_many(&self, keys: Vec<(Table, Vec<u8>)>) -> Answer<'_, Vec<Option<Row>>, ReadError> {
        let state = self.state();
        let rows = keys.iter().map(|(table, key)| state.row(*table, key)).collect();
        Box::pin(std::future::ready(Ok(rows)))
    }

    fn scan(&self, table: Table, range: Keys, limit: usize, direction: Direction) -> Answer<'_, Vec<Row>, ReadError> {
        let state = self.state();
        let within = state.tables.get(&table).into_iter().flat_map(|rows| rows.range(range.clone()));
        let row = |(key, (version, value)): (&Vec<u8>, &(u64, Vec<u8>))| Row {
            key: key.clone(),
            version: *version,
            value: value.clone(),
        };
        let rows = match direction {
            Direction::Forward => within.take(limit).map(row).collect(),
            Direction::Backward => {
                let all: Vec<_> = within.collect();
                all.into_iter().rev().take(limit).map(row).collect()
            }
        };
        Box::pin(std::future::ready(Ok(rows)))
    }

    fn commit(&self, batch: Batch) -> Answer<'_, (), CommitError> {
        Box::pin(async move {
            self.pause().await;
            let answer = self.state().apply(batch);
            self.pause().await;
            answer
        })
    }

    fn commit_all(&self, batches: Vec<Batch>) -> Answers<'_> {
        Box::pin(async move {
            let mut state = self.state();
            batches.into_iter().map(|batch| state.apply(batch)).collect()
        })
    }

    fn reserve(&self, sequence: &'static str, count: u64) -> Answer<'_, Range<u64>, CommitError> {
        let mut state = self.state();
        let last = state.numbers.entry(sequence).or_default();
        let range = *last + 1..*last + 1 + count;
        *last += count;
        Box::pin(std::future::ready(Ok(range)))
    }

    fn export(&self, each: &mut EachRow<'_>) -> Result<(), ExportError> {
        for (table, rows) in &self.state().tables {
            for (key, (_, value)) in rows {
                each(table.0, key, value).map_err(ExportError::Write)?;
            }
        }
        Ok(())
    }

    fn watch(&self, tables: Vec<Table>) -> UnboundedReceiver<(Table, Vec<u8>)> {
        let (hears, written) = unbounded_channel();
        self.state().watchers.push((tables, hears));
        written
    }

    fn purge(&self) -> Answer<'_, (), CommitError> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn counter(&self, counter: Vec<u8>) -> Answer<'_, i64, ReadError> {
        let value = self.state().counters.get(&counter).copied().unwrap_or_default();
        Box::pin(std::future::ready(Ok(value)))
    }
}
