//! What every [`Engine`] must do, asked of any engine: [`check`] runs on a fresh one.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::ops::Bound;
use std::pin::pin;
use std::task::{Context, Poll};

use super::{Batch, CommitError, Direction, Engine, Expected, Row, Table, tables};
use crate::base::all;

// Scattered, so that an engine's way with these is asked, too.
const A: Table = tables::SCATTERED[0];
const B: Table = Table("b");
const SCANNED: Table = tables::SCATTERED[1];

/// Runs the whole suite.
pub async fn check(engine: &dyn Engine) {
    nothing_is_there_at_first(engine).await;
    rows_are_written_and_versions_change(engine).await;
    expectations_decide_over_whole_batches(engine).await;
    a_batch_follows_those_before_it(engine).await;
    one_of_many_wins(engine).await;
    reads_see_one_snapshot(engine).await;
    scans_are_ordered_and_bounded(engine).await;
    sequences_give_each_number_once(engine).await;
    counters_add_up(engine).await;
}

async fn get(engine: &dyn Engine, table: Table, key: &str) -> Option<Row> {
    engine.get_many(vec![(table, key.into())]).await.unwrap().remove(0)
}

async fn value(engine: &dyn Engine, table: Table, key: &str) -> Option<Vec<u8>> {
    get(engine, table, key).await.map(|row| row.value)
}

fn put(table: Table, key: &str, value: &[u8]) -> Batch {
    let mut batch = Batch::default();
    batch.put(table, key, value);
    batch
}

fn expecting(mut batch: Batch, table: Table, key: &str, expected: Expected) -> Batch {
    batch.expect(table, key, expected);
    batch
}

async fn nothing_is_there_at_first(engine: &dyn Engine) {
    assert_eq!(get(engine, A, "absent").await, None);
    assert_eq!(engine.scan(B, (Bound::Unbounded, Bound::Unbounded), 9, Direction::Forward).await.unwrap(), []);
    assert_eq!(engine.counter(b"absent".to_vec()).await.unwrap(), 0);
    assert_eq!(engine.get_many(Vec::new()).await.unwrap(), []);
    engine.commit(Batch::default()).await.unwrap();
    engine.commit(expecting(Batch::default(), A, "absent", Expected::Absent)).await.unwrap();
    let mut deletion = Batch::default();
    deletion.delete(A, "absent");
    engine.commit(deletion.clone()).await.unwrap();
}

async fn rows_are_written_and_versions_change(engine: &dyn Engine) {
    let large = vec![7; 1024 * 1024];
    for (key, content) in [("", &b"no key"[..]), ("empty", b""), ("large", &large)] {
        engine.commit(put(A, key, content)).await.unwrap();
        assert_eq!(value(engine, A, key).await.as_deref(), Some(content), "{key}");
    }
    let mut versions = BTreeSet::new();
    for content in ["one", "one", "two"] {
        engine.commit(put(A, "row", content.as_bytes())).await.unwrap();
        let row = get(engine, A, "row").await.unwrap();
        assert_eq!((row.key.as_slice(), row.value.as_slice()), (&b"row"[..], content.as_bytes()));
        assert!(versions.insert(row.version), "each write gives another version");
        let mut deletion = put(B, "beside", content.as_bytes());
        deletion.delete(A, "row");
        engine.commit(deletion).await.unwrap();
        assert_eq!(get(engine, A, "row").await, None);
    }
    let keys = ["beside", "none", "beside"].map(|key| (B, key.into())).to_vec();
    let found = engine.get_many(keys).await.unwrap();
    assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(value(engine, B, "row").await, None, "tables are apart");
}

async fn expectations_decide_over_whole_batches(engine: &dyn Engine) {
    engine.commit(expecting(put(A, "e", b"1"), A, "e", Expected::Absent)).await.unwrap();
    let first = get(engine, A, "e").await.unwrap().version;
    engine.commit(expecting(put(A, "e", b"2"), A, "e", Expected::Version(first))).await.unwrap();
    let second = get(engine, A, "e").await.unwrap().version;
    let refused = [("e", Expected::Absent), ("e", Expected::Version(first)), ("never", Expected::Version(second))];
    for (key, expected) in refused {
        let mut batch = expecting(put(A, "e", b"3"), A, "e", Expected::Version(second));
        batch.put(B, "e", "3");
        batch.add("e", 1);
        let answer = engine.commit(expecting(batch, A, key, expected)).await;
        assert!(matches!(answer, Err(CommitError::Conflict)), "{key} {expected:?}");
    }
    assert_eq!((value(engine, A, "e").await.unwrap(), value(engine, B, "e").await), (b"2".to_vec(), None));
    assert_eq!(engine.counter(b"e".to_vec()).await.unwrap(), 0);
    // A row that was read, deleted and made again is another row.
    let mut deletion = Batch::default();
    deletion.delete(A, "e");
    engine.commit(deletion).await.unwrap();
    engine.commit(put(A, "e", b"2")).await.unwrap();
    let answer = engine.commit(expecting(Batch::default(), A, "e", Expected::Version(second))).await;
    assert!(matches!(answer, Err(CommitError::Conflict)));
}

async fn a_batch_follows_those_before_it(engine: &dyn Engine) {
    let hash = |value: &[u8]| Expected::Value(blake3::hash(value).into());
    let follow = |before: &[u8], after: &[u8]| expecting(put(A, "v", after), A, "v", hash(before));
    let answers = engine.commit_all(vec![
        follow(b"1", b"2"),
        put(A, "v", b"1"),
        follow(b"1", b"2"),
        follow(b"1", b"3"),
        follow(b"2", b"4"),
    ]);
    let answers: Vec<bool> = answers.await.iter().map(Result::is_ok).collect();
    assert_eq!(answers, [false, true, true, false, true]);
}

async fn one_of_many_wins(engine: &dyn Engine) {
    let batch = |n: u8, expected| expecting(put(A, "prize", &[n]), A, "prize", expected);
    let mut expected = Expected::Absent;
    for round in 0..4 {
        let tries = (0..16).map(|n| engine.commit(batch(round * 16 + n, expected)));
        let answers = all(tries).await;
        let winners: Vec<usize> = (0..16).filter(|n| answers[*n].is_ok()).collect();
        assert_eq!(winners.len(), 1);
        let row = get(engine, A, "prize").await.unwrap();
        assert_eq!(row.value, [round * 16 + winners[0] as u8]);
        expected = Expected::Version(row.version);
    }
}

async fn reads_see_one_snapshot(engine: &dyn Engine) {
    for n in 0..16u8 {
        let mut batch = put(A, "left", &[n]);
        batch.put(B, "right", [n]);
        let read = engine.get_many(vec![(A, b"left".to_vec()), (B, b"right".to_vec())]);
        let (written, rows) = tokio::join!(engine.commit(batch), read);
        written.unwrap();
        let values: BTreeSet<_> = rows.unwrap().into_iter().map(|row| row.map(|row| row.value)).collect();
        assert_eq!(values.len(), 1);
    }
}

async fn scans_are_ordered_and_bounded(engine: &dyn Engine) {
    use Bound::{Excluded, Included, Unbounded};
    let mut batch = Batch::default();
    for key in ["b", "a", "ab", "c", "\u{e9}", "d"] {
        batch.put(SCANNED, key, key);
    }
    engine.commit(batch).await.unwrap();
    let check = async |low: Bound<&str>, high: Bound<&str>, limit, direction, expected: &str| {
        let range = (low.map(|key| key.into()), high.map(|key| key.into()));
        let rows = engine.scan(SCANNED, range, limit, direction).await.unwrap();
        assert!(rows.iter().all(|row| row.key == row.value && row.version > 0));
        let keys: Vec<_> = rows.into_iter().map(|row| String::from_utf8(row.key).unwrap()).collect();
        assert_eq!(keys.join(" "), expected, "{low:?} {high:?} {limit}");
    };
    check(Unbounded, Unbounded, 99, Direction::Forward, "a ab b c d \u{e9}").await;
    check(Unbounded, Unbounded, 2, Direction::Backward, "\u{e9} d").await;
    check(Unbounded, Unbounded, 0, Direction::Forward, "").await;
    check(Included("ab"), Excluded("d"), 99, Direction::Forward, "ab b c").await;
    check(Excluded("ab"), Included("d"), 99, Direction::Backward, "d c b").await;
    check(Included("aa"), Unbounded, 1, Direction::Forward, "ab").await;
    check(Unbounded, Excluded("bb"), 1, Direction::Backward, "b").await;
    check(Included("x"), Included("y"), 99, Direction::Forward, "").await;
    check(Included("b"), Excluded("b"), 99, Direction::Forward, "").await;
    check(Included("d"), Included("a"), 99, Direction::Forward, "").await;
    check(Excluded("b"), Excluded("b"), 99, Direction::Backward, "").await;
}

async fn sequences_give_each_number_once(engine: &dyn Engine) {
    assert_eq!(engine.reserve("first", 1).await.unwrap(), 1..2);
    assert_eq!(engine.reserve("second", 3).await.unwrap(), 1..4);
    assert!(engine.reserve("first", 0).await.unwrap().is_empty());
    let counts = [1, 5, 64, 1, 200, 63, 2, 1000];
    let ranges = all(counts.map(|count| engine.reserve("first", count))).await;
    let mut seen = BTreeSet::from([1]);
    for (range, count) in ranges.into_iter().zip(counts) {
        let range = range.unwrap();
        assert_eq!(range.clone().count() as u64, count);
        assert!(range.into_iter().all(|number| seen.insert(number)));
    }
}

async fn counters_add_up(engine: &dyn Engine) {
    let add = |amount| {
        let mut batch = Batch::default();
        batch.add("sum", amount);
        engine.commit(batch)
    };
    assert!(all([5, -7, 40, 0].map(add)).await.iter().all(Result::is_ok));
    assert_eq!(engine.counter(b"sum".to_vec()).await.unwrap(), 38);
}

/// The answer of a future that has one already.
pub async fn at_once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let poll = |context: &mut Context<'_>| Poll::Ready(future.as_mut().poll(context));
    match poll_fn(poll).await {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
