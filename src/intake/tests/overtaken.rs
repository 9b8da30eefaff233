//! Whose turn it is to plan again, and that nobody waits for his own.

use std::time::Duration;

use super::*;
use crate::base::Clock;
use crate::routing::{MAIN_QUEUE, Queue};
use crate::store::site::Tries;

/// What can't be recorded: the row is there.
async fn conflict(tries: &mut Tries<'_>) {
    let mut batch = Batch::default();
    tables::QUEUES.insert(&mut batch, MAIN_QUEUE, &Queue::new(MAIN_QUEUE, Time::UNIX_EPOCH));
    assert!(!tries.commit(batch).await.unwrap());
}

#[tokio::test]
async fn who_has_recorded_holds_nobody_up() {
    let place = Place::new().await;
    let mut one = place.site.tries();
    conflict(&mut one).await;
    assert!(one.commit(Batch::default()).await.unwrap());
    let mut other = place.site.tries();
    let turn = Clock::system().within(Duration::from_secs(10), conflict(&mut other)).await;
    turn.expect("the first one is done, and holds the turn");
}

#[cfg(debug_assertions)]
#[tokio::test]
async fn one_piece_of_work_within_another_is_a_bug_that_shows() {
    let place = Place::new().await;
    let site = place.site.clone();
    let nested = tokio::spawn(async move {
        let mut one = site.tries();
        conflict(&mut one).await;
        conflict(&mut site.tries()).await;
    });
    let ended = Clock::system().within(Duration::from_secs(10), nested).await.expect("it waits for its own turn");
    assert!(ended.is_err());
}
