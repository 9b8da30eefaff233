//! The engine's rules on a medium that fails, and cuts at every change.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use super::{OpenError, RedbEngine};
use crate::base::Chance;
use crate::store::conformance::{self, all, at_once};
use crate::store::simulated::{Fault, Operation};
use crate::store::{Batch, CommitError, Direction, DiskMedium, Engine, Expected, Medium, SimulatedMedium, Table};

const FILE: &str = "postcase.redb";
const LEFT: Table = Table("left");
const RIGHT: Table = Table("right");
const USED: Table = Table("used");

fn open(medium: &SimulatedMedium) -> Result<RedbEngine, OpenError> {
    RedbEngine::open(Arc::new(medium.clone()), FILE)
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
}

#[tokio::test]
async fn a_group_is_one_commit() {
    let medium = SimulatedMedium::new();
    let (engine, writer, queue) = RedbEngine::prepare(&medium, FILE).unwrap();
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
