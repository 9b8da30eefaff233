//! The engine's rules on a medium that fails, and cuts at every change.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use super::{Import, OpenError, RedbEngine, runs};
use crate::base::{Chance, all};
use crate::store::conformance::{self, at_once};
use crate::store::simulated::{Fault, Operation};
use crate::store::tables::SCATTERED;
use crate::store::{Batch, CommitError, Direction, DiskMedium, Engine, Expected, Medium, SimulatedMedium, Table};

const FILE: &str = "postcase.redb";
const LEFT: Table = Table("left");
/// Scattered over runs of [`RUN_ROWS`].
const RIGHT: Table = SCATTERED[0];
const RUN_ROWS: u64 = 3;
const USED: Table = Table("used");

fn open(medium: &SimulatedMedium) -> Result<RedbEngine, OpenError> {
    RedbEngine::open_with(Arc::new(medium.clone()), FILE, RUN_ROWS)
}

/// Batch `n`: a row on each side that must be new, and one more on the counter.
fn batch(n: u64) -> Batch {
    let key = n.to_be_bytes();
    let mut batch = Batch::default();
    for table in [LEFT, RIGHT] {
        batch.expect(table, key, Expected::Absent);
        batch.put(table, key, format!("{table:?} {n}"));
    }
    batch.put(LEFT, "last", key);
    batch.add("batches", 1);
    batch
}

#[tokio::test]
async fn conforms() {
    let folder = tempfile::tempdir().unwrap();
    conformance::check(&RedbEngine::open(Arc::new(DiskMedium::open(folder.path()).unwrap()), FILE).unwrap()).await;
    conformance::check(&open(&SimulatedMedium::new()).unwrap()).await;
    conformance::check(&RedbEngine::open_with(Arc::new(SimulatedMedium::new()), FILE, 1).unwrap()).await;
}

/// A batch that takes row `n` of the scattered table for new.
fn new_row(n: u64) -> Batch {
    let mut batch = Batch::default();
    batch.expect(RIGHT, n.to_be_bytes(), Expected::Absent);
    batch.put(RIGHT, n.to_be_bytes(), format!("row {n}"));
    batch
}

/// Each row up to this one is found, isn't taken for new, and is changed where it is.
async fn check_rows(engine: &RedbEngine, rows: u64) {
    for n in 0..rows {
        assert!(matches!(engine.commit(new_row(n)).await, Err(CommitError::Conflict)), "{n} is known");
        let key = n.to_be_bytes().to_vec();
        let row = engine.get_many(vec![(RIGHT, key.clone())]).await.unwrap().remove(0).expect("it is found");
        let mut change = Batch::default();
        change.expect(RIGHT, key.clone(), Expected::Version(row.version));
        change.put(RIGHT, key, [&row.value[..], b"!"].concat());
        engine.commit(change.clone()).await.unwrap();
        assert!(matches!(engine.commit(change).await, Err(CommitError::Conflict)), "{n} is another one now");
    }
    let all = engine.scan(RIGHT, (Bound::Unbounded, Bound::Unbounded), 999, Direction::Forward).await.unwrap();
    assert_eq!(all.len() as u64, rows, "each is there once");
}

#[tokio::test]
async fn a_row_is_known_and_changed_in_whatever_run_it_is() {
    let mut medium = SimulatedMedium::new();
    for start in 0..4 {
        let engine = open(&medium).unwrap();
        for n in start * 5..start * 5 + 5 {
            engine.commit(new_row(n)).await.unwrap();
        }
        let rows = start * 5 + 5;
        check_rows(&engine, rows).await;
        assert_eq!(u64::from(engine.shared.runs().open(RIGHT)), rows / RUN_ROWS);
        medium = medium.crash_dropping_all();
    }
}

/// Of many that take the same key for new one is right, though the run is sealed between them.
#[tokio::test]
async fn a_key_is_new_once_even_while_its_run_is_sealed() {
    let engine = open(&SimulatedMedium::new()).unwrap();
    for n in 0..6 {
        let twice = all([engine.commit(new_row(n)), engine.commit(new_row(n + 1)), engine.commit(new_row(n))]).await;
        let applied: Vec<bool> = twice.iter().map(Result::is_ok).collect();
        assert_eq!(applied, [n == 0, true, false]);
    }
    assert_eq!(engine.shared.runs().open(RIGHT), 2);
    check_rows(&engine, 7).await;
}

#[tokio::test]
async fn what_is_deleted_from_a_sealed_run_can_be_new_again() {
    let engine = open(&SimulatedMedium::new()).unwrap();
    for n in 0..6 {
        engine.commit(new_row(n)).await.unwrap();
    }
    let mut deletion = Batch::default();
    deletion.delete(RIGHT, 1_u64.to_be_bytes());
    engine.commit(deletion).await.unwrap();
    assert_eq!(engine.get_many(vec![(RIGHT, 1_u64.to_be_bytes().to_vec())]).await.unwrap(), [None]);
    engine.commit(new_row(1)).await.unwrap();
    check_rows(&engine, 6).await;
}

#[tokio::test]
async fn a_snapshot_stays_as_it_was_when_its_run_is_sealed() {
    let engine = open(&SimulatedMedium::new()).unwrap();
    engine.commit(new_row(0)).await.unwrap();
    let snapshot = engine.shared.snapshot().unwrap();
    for n in 1..5 {
        engine.commit(new_row(n)).await.unwrap();
    }
    let key = |n: u64| (RIGHT, n.to_be_bytes().to_vec());
    let is_there = |row: &Option<_>| row.is_some();
    let seen = |rows: Vec<Option<_>>| rows.iter().map(is_there).collect::<Vec<_>>();
    assert_eq!(seen(snapshot.get_many(vec![key(0), key(1), key(4)]).unwrap()), [true, false, false]);
    assert_eq!(seen(engine.get_many(vec![key(0), key(1), key(4)]).await.unwrap()), [true, true, true]);
}

#[tokio::test]
async fn runs_and_their_filters_are_exported_and_imported() {
    let (from, to) = (open(&SimulatedMedium::new()).unwrap(), SimulatedMedium::new());
    for n in 0..10 {
        from.commit(new_row(n)).await.unwrap();
    }
    let mut import = Import::begin(&to, FILE).unwrap();
    from.export(&mut |table, key, value| import.row(table, key, value)).unwrap();
    import.finish().unwrap();
    let engine = open(&to).unwrap();
    assert_eq!(engine.shared.runs().open(RIGHT), 3);
    check_rows(&engine, 10).await;
}

#[tokio::test]
async fn a_filter_that_cannot_be_one_keeps_the_database_closed() {
    let medium = SimulatedMedium::new();
    let mut import = Import::begin(&medium, FILE).unwrap();
    import.row("engine.filters", runs::name(RIGHT, 0).as_bytes(), b"short").unwrap();
    import.finish().unwrap();
    let error = open(&medium).unwrap_err().to_string();
    assert!(error.contains("a filter of table name"), "{error}");
}

#[tokio::test]
async fn a_group_is_one_commit() {
    let medium = SimulatedMedium::new();
    let (engine, writer, queue) = RedbEngine::prepare(Arc::new(medium.clone()), FILE, RUN_ROWS).unwrap();
    let engine = Arc::new(engine);
    let mut tries = Vec::new();
    for n in 0..100 {
        let engine = Arc::clone(&engine);
        tries.push(tokio::spawn(async move { engine.commit(batch(n % 50)).await }));
    }
    // Each task runs until it waits for its answer.
    tokio::task::yield_now().await;
    let syncs = medium.count(Operation::Sync);
    let thread = std::thread::spawn(move || writer.run(&queue));
    let mut applied = 0;
    for one in tries {
        match one.await.unwrap() {
            Ok(()) => applied += 1,
            Err(error) => assert!(matches!(error, CommitError::Conflict)),
        }
    }
    assert_eq!(applied, 50);
    // Two phases; one more where the file grows.
    assert!((2..=4).contains(&(medium.count(Operation::Sync) - syncs)));
    engine.close().await;
    thread.join().unwrap();
}

#[tokio::test]
async fn refused_batches_cost_no_commit() {
    let medium = SimulatedMedium::new();
    let engine = open(&medium).unwrap();
    engine.commit(batch(1)).await.unwrap();
    let changes = medium.changes();
    assert!(matches!(engine.commit(batch(1)).await, Err(CommitError::Conflict)));
    assert_eq!(medium.changes(), changes);
}

#[tokio::test]
async fn a_failure_latches() {
    for (operation, fault) in [
        (Operation::Sync, Fault::Io),
        (Operation::Write, Fault::NoRoom { written: 100 }),
        (Operation::Write, Fault::Io),
    ] {
        let medium = SimulatedMedium::new();
        let engine = open(&medium).unwrap();
        engine.commit(batch(1)).await.unwrap();
        let failure = engine.failure();
        medium.fail(operation, 1, fault);
        let answers = all([engine.commit(batch(2)), engine.commit(batch(3))]).await;
        assert!(matches!(&answers[0], Err(CommitError::Failed(_))), "{operation:?}");
        assert!(at_once(failure).await.is_some());
        let changes = medium.changes();
        assert!(matches!(engine.commit(batch(4)).await, Err(CommitError::Failed(_))));
        assert!(matches!(engine.reserve("cases", 1).await, Err(CommitError::Failed(_))));
        assert_eq!(medium.changes(), changes, "never tried again");
        check_after(&medium.crash_dropping_all(), &[1], 4, "after a failure").await;
    }
}

/// A repair ends with a commit; redb reads the whole file before it. (How much is read can't be counted here: in debug
/// builds redb reads everything at each start, to check itself.)
#[tokio::test]
async fn a_start_after_a_kill_repairs_nothing() {
    let mut changes = Vec::new();
    for clean in [true, false] {
        let medium = SimulatedMedium::new();
        let engine = open(&medium).unwrap();
        for n in 1..20 {
            engine.commit(batch(n)).await.unwrap();
        }
        if clean {
            engine.close().await;
        }
        let after = medium.kill();
        let before = after.changes();
        let engine = open(&after).unwrap();
        changes.push(after.changes() - before);
        engine.close().await;
    }
    // After a kill the header is marked twice; a commit is more.
    assert!(changes[1] <= changes[0] + 2, "{changes:?}");
}

#[tokio::test]
async fn a_file_of_something_else_is_left_alone() {
    let medium = SimulatedMedium::new();
    let file = medium.open(FILE).unwrap();
    file.write_at(5000, b"not a database").unwrap();
    assert!(matches!(open(&medium), Err(OpenError::Unusable { .. })));
    assert_eq!(file.len().unwrap(), 5014);
}

#[tokio::test]
async fn numbers_cost_no_commit_and_a_restart_leaves_no_gap() {
    let mut medium = SimulatedMedium::new();
    let mut next = 1;
    for clean in [true, true, false, false] {
        let engine = open(&medium).unwrap();
        let changes = medium.changes();
        assert_eq!(engine.reserve("cases", 2).await.unwrap(), next..next + 2);
        assert_eq!(engine.reserve("cases", 1).await.unwrap(), next + 2..next + 3);
        assert_eq!(medium.changes(), changes);
        // What is followed by a commit, of whatever, is kept; what isn't is given again.
        engine.commit(Batch { additions: vec![(b"any".to_vec(), 1)], ..Batch::default() }).await.unwrap();
        next += 3;
        assert_eq!(engine.reserve("cases", 5).await.unwrap(), next..next + 5);
        if clean {
            engine.close().await;
            assert!(matches!(engine.reserve("cases", 1).await, Err(CommitError::Failed(_))));
            assert!(engine.counter(b"batches".to_vec()).await.is_err());
        }
        medium = medium.crash_dropping_all();
    }
}

#[tokio::test]
async fn versions_go_on_after_a_restart() {
    let mut medium = SimulatedMedium::new();
    let mut versions = BTreeSet::new();
    for _ in 0..3 {
        let engine = open(&medium).unwrap();
        let mut write = Batch::default();
        write.put(LEFT, "row", "same");
        engine.commit(write).await.unwrap();
        let row = engine.get_many(vec![(LEFT, b"row".to_vec())]).await.unwrap().remove(0).unwrap();
        assert!(versions.insert(row.version));
        medium = medium.crash_dropping_all();
    }
}

/// Takes numbers and uses them: each may be used once.
async fn use_numbers(engine: &RedbEngine, count: u64) -> Result<(), CommitError> {
    let mut batch = Batch::default();
    for number in engine.reserve("cases", count).await? {
        batch.expect(USED, number.to_be_bytes(), Expected::Absent);
        batch.put(USED, number.to_be_bytes(), "");
    }
    engine.commit(batch).await
}

/// A process's work: which batches were confirmed. No number that it takes was used before.
async fn work(medium: &SimulatedMedium, from: u64, case: &str) -> Vec<u64> {
    let mut confirmed = Vec::new();
    let Ok(engine) = open(medium) else { return confirmed };
    for n in (from..from + 6).step_by(3) {
        let answers = all([n, n + 1, n + 2].map(|n| engine.commit(batch(n)))).await;
        confirmed.extend(answers.iter().zip(n..).filter(|(answer, _)| answer.is_ok()).map(|(_, n)| n));
        for used in all([40, 1].map(|count| use_numbers(&engine, count))).await {
            assert!(!matches!(used, Err(CommitError::Conflict)), "{case}: a number given twice");
        }
    }
    engine.close().await;
    confirmed
}

/// After a cut: every confirmed batch is there, and no part of any other.
async fn check_after(medium: &SimulatedMedium, confirmed: &[u64], tried: u64, case: &str) {
    let engine = open(medium).unwrap_or_else(|error| panic!("{case}: {error}"));
    let mut found = [LEFT, RIGHT].map(|_| BTreeSet::new());
    for (table, found) in [LEFT, RIGHT].into_iter().zip(&mut found) {
        for row in engine.scan(table, (Bound::Unbounded, Bound::Unbounded), 999, Direction::Forward).await.unwrap() {
            if let Ok(key) = row.key.try_into() {
                let n = u64::from_be_bytes(key);
                assert_eq!(row.value, format!("{table:?} {n}").into_bytes(), "{case}");
                found.insert(n);
            }
        }
    }
    assert_eq!(found[0], found[1], "{case}: part of a batch");
    assert!(confirmed.iter().all(|n| found[0].contains(n)), "{case}: lost: {confirmed:?} {found:?}");
    assert!(found[0].iter().all(|n| (1..=tried).contains(n)));
    assert_eq!(engine.counter(b"batches".to_vec()).await.unwrap(), found[0].len() as i64, "{case}");
    for used in all([1, 70].map(|count| use_numbers(&engine, count))).await {
        used.unwrap_or_else(|error| panic!("{case}: {error}"));
    }
    engine.close().await;
}

#[tokio::test]
async fn whatever_is_confirmed_survives_a_cut_at_every_change() {
    let mut cut = 1;
    loop {
        let mut reached = false;
        for seed in 0..3 {
            let first = SimulatedMedium::new();
            first.cut_at(cut);
            let case = format!("cut at {cut}, seed {seed}");
            let mut confirmed = work(&first, 1, &case).await;
            reached |= first.changes() >= cut;
            let second = match seed {
                0 => first.crash_dropping_all(),
                _ => first.crash(&Chance::seeded(seed)),
            };
            // The second process dies too, somewhere in its start or its work.
            second.cut_at(1 + (cut * 7 + seed * 13) % 60);
            confirmed.extend(work(&second, 7, &case).await);
            let third = second.crash(&Chance::seeded(seed + cut));
            check_after(&third, &confirmed, 12, &case).await;
        }
        if !reached {
            break;
        }
        cut += 1;
    }
    assert!(cut > 40, "{cut} cuts");
}

#[tokio::test]
async fn a_read_that_fails_closes_the_engine_for_good() {
    let engine = open(&SimulatedMedium::new()).unwrap();
    engine.commit(batch(1)).await.unwrap();
    let failure = engine.failure();
    // What redb can't read, here because the table is of another type.
    assert!(engine.get_many(vec![(Table("engine.state"), b"commits".to_vec())]).await.is_err());
    assert!(!failure.await.is_empty());
    assert!(matches!(engine.commit(batch(2)).await, Err(CommitError::Failed(_))));
}
