//! What has to happen at a time: a table sorted by time, written in the same batch as the work it speaks of, and read by
//! the one scheduler.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::{Batch, Documents, Engine, Key, Page, ReadError};
use crate::base::{MailId, Time};
use crate::routing::Work;

const DUE: Documents<(Time, Due), (Time, Due)> = Documents::named("due");

/// A piece of work that has its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Due {
    /// The next attempt to deliver this message.
    Spool(MailId),
    /// The conversion of this message, put off by a rate limit.
    Inbox(MailId),
    /// The acknowledgement of this message.
    Acknowledgement(MailId),
    /// The notice to an agent of this event of this case or item.
    Notice(Work, u32),
}

impl Key for Due {
    fn to_bytes(&self) -> Vec<u8> {
        let (kind, id) = match self {
            Self::Spool(id) => (1, id),
            Self::Inbox(id) => (2, id),
            Self::Acknowledgement(id) => (3, id),
            Self::Notice(work, event) => return [vec![4], (*work, *event).to_bytes()].concat(),
        };
        let mut bytes = vec![kind];
        bytes.extend(id.to_bytes());
        bytes
    }
}

/// Told whenever something new was scheduled, so that the scheduler looks again.
#[derive(Clone, Debug, Default)]
pub struct Alarm(Arc<Notify>);

impl Alarm {
    pub fn ring(&self) {
        self.0.notify_one();
    }

    pub async fn rung(&self) {
        self.0.notified().await;
    }
}

/// Adds a piece of work; ring the [`Alarm`] once the batch is committed.
pub fn schedule(batch: &mut Batch, at: Time, due: Due) {
    DUE.put(batch, &(at, due), &(at, due));
}

pub fn unschedule(batch: &mut Batch, at: Time, due: Due) {
    DUE.delete(batch, &(at, due));
}

/// Takes a piece of work out in a batch that conflicts when somebody else has; false when it isn't there any more.
pub async fn take(engine: &dyn Engine, batch: &mut Batch, at: Time, due: Due) -> Result<bool, ReadError> {
    let Some(kept) = DUE.get(engine, &(at, due)).await? else { return Ok(false) };
    DUE.expect_unchanged(batch, &(at, due), &kept);
    DUE.delete(batch, &(at, due));
    Ok(true)
}

/// The earliest pieces of work with their times, at most `limit`; without the spool's while it is held.
pub async fn earliest(engine: &dyn Engine, limit: usize) -> Result<Vec<(Time, Due)>, ReadError> {
    let is_held = held(engine).await?.is_some();
    let mut found = Vec::new();
    let mut page = Page::first(&[], limit);
    while let Some(rows) = DUE.next(engine, &mut page).await? {
        let wanted = rows.into_iter().map(|kept| kept.value);
        found.extend(wanted.filter(|(_, due)| !(is_held && matches!(due, Due::Spool(_)))));
        // What is held back never hides what isn't.
        if !is_held || found.len() >= limit {
            break;
        }
    }
    found.truncate(limit);
    Ok(found)
}

/// Why nothing leaves the spool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    pub since: Time,
    pub why: String,
}

const HELD: Documents<str, Held> = Documents::named("held");
const SPOOL: &str = "spool";

/// None while the spool isn't held.
pub async fn held(engine: &dyn Engine) -> Result<Option<Held>, ReadError> {
    Ok(HELD.get(engine, SPOOL).await?.map(|kept| kept.value))
}

/// From this commit on no delivery is begun.
pub fn hold(batch: &mut Batch, held: &Held) {
    HELD.put(batch, SPOOL, held);
}

/// Ring the [`Alarm`] once the batch is committed.
pub fn resume(batch: &mut Batch) {
    HELD.delete(batch, SPOOL);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_of_an_older_version_is_read() {
        let stored = r#"{"kind":"notice","id":[17,3]}"#;
        let due = Due::Notice(Work::Case(17), 3);
        assert_eq!(serde_json::from_str::<Due>(stored).unwrap(), due);
        assert_eq!(serde_json::to_string(&due).unwrap(), stored);
        assert_eq!(due.to_bytes(), [&[4][..], &17_u64.to_be_bytes(), &3_u32.to_be_bytes()].concat());
    }
}
