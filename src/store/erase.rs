//! Erasing to the end: what a commit has declared erased goes out of the journal and of the database's file.
//!
//! The commit that blanks the records of messages writes a row here. From then on they are erased for everybody; the row is
//! deleted when no file holds their bytes any more. What was cut short, by a crash or a full disk, goes on at the next start.

use super::journal::EraseError;
use super::{Batch, CommitError, Documents, Engine, Journal, Page, ReadError};
use crate::base::MailId;

/// Number of the audit record → the journal entries.
const ERASING: Documents<u64, Vec<MailId>> = Documents::named("erasing");

/// Why bytes of what is erased are still on the disk.
#[derive(Debug, thiserror::Error)]
pub enum UnfinishedError {
    #[error(transparent)]
    Journal(#[from] EraseError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// With this batch these entries are erased; call [`finish`] when it is committed.
pub fn begin(batch: &mut Batch, audit: u64, entries: &Vec<MailId>) {
    ERASING.insert(batch, &audit, entries);
}

/// Makes gone whatever was begun.
pub async fn finish(engine: &dyn Engine, journal: &Journal) -> Result<(), UnfinishedError> {
    let rows = ERASING.scan(engine, Page::all()).await?;
    if rows.is_empty() {
        return Ok(());
    }
    let entries: Vec<MailId> = rows.iter().flat_map(|(_, row)| row.value.iter().copied()).collect();
    journal.erase(&entries).await?;
    engine.purge().await?;
    let mut batch = Batch::default();
    rows.into_iter().for_each(|(key, _)| batch.delete(ERASING.table(), key));
    Ok(engine.commit(batch).await?)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;

    use super::*;
    use crate::base::{Chance, Envelope, ReversePath, Time};
    use crate::store::journal::{Kind, ReadError};
    use crate::store::{Medium, SimulatedMedium, Store, StoreOpened, Table};

    const TABLE: Table = Table("words");
    const MARKER: &[u8] = b"Xylophagous";

    async fn open(medium: &SimulatedMedium) -> Option<StoreOpened> {
        Store::open(Arc::new(medium.clone()), Time::from_second(1000).unwrap()).await.ok()
    }

    async fn append(journal: &Journal, text: &[u8]) -> MailId {
        let envelope =
            Envelope::local(ReversePath::Null, vec!["anna@example.com".parse().unwrap()], "ESMTP", Time::UNIX_EPOCH);
        journal.append(Kind::Inbound, &envelope, Bytes::copy_from_slice(text)).await.unwrap()
    }

    /// The files that have the marker.
    fn marked(medium: &SimulatedMedium) -> Vec<String> {
        let has_it = |name: &String| {
            let file = medium.open(name).unwrap();
            let mut bytes = vec![0; usize::try_from(file.len().unwrap()).unwrap()];
            file.read_at(0, &mut bytes).unwrap();
            bytes.windows(MARKER.len()).any(|window| window == MARKER)
        };
        let mut names = medium.list().unwrap();
        names.retain(has_it);
        names
    }

    fn put(value: &[u8]) -> Batch {
        let mut batch = Batch::default();
        batch.put(TABLE, "subject", value);
        batch
    }

    /// A store with three entries and a row; the second entry and the row have the marker.
    async fn filled() -> (SimulatedMedium, [MailId; 3]) {
        let medium = SimulatedMedium::new();
        let StoreOpened { store, .. } = open(&medium).await.unwrap();
        let ids = [
            append(&store.journal, b"first").await,
            append(&store.journal, MARKER).await,
            append(&store.journal, b"third").await,
        ];
        store.engine.commit(put(MARKER)).await.unwrap();
        store.close().await;
        assert_eq!(marked(&medium).len(), 2, "in the segment and in the database");
        (medium.crash_dropping_all(), ids)
    }

    /// True when it came to an end.
    async fn erase(medium: &SimulatedMedium, id: MailId) -> bool {
        let Some(StoreOpened { store, .. }) = open(medium).await else { return false };
        let mut batch = put(b"erased");
        begin(&mut batch, 1, &vec![id]);
        let done = store.engine.commit(batch).await.is_ok() && finish(&*store.engine, &store.journal).await.is_ok();
        store.close().await;
        done
    }

    #[tokio::test]
    async fn a_cut_at_every_change_leaves_a_message_wholly_there_or_wholly_gone() {
        for (cut, seed) in (1..).flat_map(|cut| (0..3).map(move |seed| (cut, seed))) {
            let (medium, [first, second, third]) = filled().await;
            medium.cut_at(cut);
            let done = erase(&medium, second).await;
            let medium =
                if seed == 0 { medium.crash_dropping_all() } else { medium.crash(&Chance::seeded(cut + seed)) };
            let StoreOpened { store, damage, .. } = open(&medium).await.unwrap();
            let case = format!("cut at {cut}, seed {seed}");
            assert_eq!(damage, [], "{case}");
            let row = store.engine.get_many(vec![(TABLE, b"subject".to_vec())]).await.unwrap().remove(0).unwrap();
            let is_there = row.value == MARKER;
            match store.journal.read(second) {
                Ok(entry) => assert!(is_there && entry.message == MARKER, "{case}"),
                Err(error) => assert!(!is_there && matches!(error, ReadError::Absent), "{case}: {error}"),
            }
            for (id, text) in [(first, &b"first"[..]), (third, b"third")] {
                assert_eq!(store.journal.read(id).unwrap().message, text, "{case}");
            }
            assert_eq!(store.journal.check().unwrap().damage, [], "{case}");
            let next = append(&store.journal, b"next").await;
            assert!(next > third, "{case}");
            store.close().await;
            assert_eq!(marked(&medium).is_empty(), !is_there, "{case}");
            if done {
                assert!(!is_there && cut > 10, "{case}");
                return;
            }
        }
    }

    #[tokio::test]
    async fn the_segment_that_is_written_is_rolled_and_every_entry_may_go() {
        let medium = SimulatedMedium::new();
        let StoreOpened { store, .. } = open(&medium).await.unwrap();
        let ids = [append(&store.journal, MARKER).await, append(&store.journal, b"second").await];
        store.journal.erase(&ids[..1]).await.unwrap();
        let next = append(&store.journal, b"next").await;
        assert_eq!((next.segment, next.index), (ids[0].segment + 1, 0));
        assert_eq!(store.journal.read(ids[1]).unwrap().message, b"second");
        store.journal.erase(&ids).await.unwrap();
        store.journal.erase(&ids).await.unwrap();
        assert!(ids.iter().all(|id| matches!(store.journal.read(*id), Err(ReadError::Absent))));
        store.close().await;
        let medium = medium.crash_dropping_all();
        let StoreOpened { store, recovered, damage, .. } = open(&medium).await.unwrap();
        assert_eq!((recovered, damage), (vec![(next, Kind::Inbound)], vec![]));
        store.close().await;
        assert_eq!(marked(&medium), Vec::<String>::new());
    }
}
