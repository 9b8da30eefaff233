//! What was accepted and is not decided yet.
//!
//! The journal announces every entry after its sync, in order; from then on the inbox hands it to the worker. After a
//! start it also holds what the last process left. A message that is put off (by a rate limit, or because deciding it
//! failed) stays here, with the reason, until its time.
//!
//! A *claim* says up to which entry work may have begun. It is written once for many entries, ahead of them, so that
//! after an unclean end only those few are suspected of having ended the process.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Mutex;

use tokio::sync::Notify;

use crate::base::{MailId, limits};
use crate::store::{Batch, JournalKind, ReadError, SEGMENT_FINISHED, Site, segment_key, tables};

/// Entries that one claim covers.
const CLAIM_ENTRIES: u32 = 1024;
/// Recovered entries that are looked up at a time.
const LOOKED_UP_AT_A_TIME: usize = 1000;

/// See the module.
#[derive(Debug, Default)]
pub struct Inbox {
    state: Mutex<State>,
    changed: Notify,
    backlog: Backlog,
}

/// How many messages may wait to be started. Those that are put off don't count: their time may be far away.
#[derive(Clone, Copy, Debug)]
pub struct Backlog {
    /// From here on mail is taken no faster than it is decided.
    pub slow: usize,
    /// From here on none is begun.
    pub max: usize,
}

impl Default for Backlog {
    fn default() -> Self {
        Self { slow: limits::UNDECIDED_SLOW, max: limits::UNDECIDED_MAX }
    }
}

#[derive(Debug, Default)]
struct State {
    /// Accepted and without a disposition.
    undecided: BTreeSet<MailId>,
    /// Those of them that nobody has started, in order of receipt.
    ready: VecDeque<MailId>,
    /// Those of them that wait for a time, and why.
    deferred: BTreeMap<MailId, String>,
    /// Those that were put off, and whose time isn't written down yet.
    unscheduled: BTreeSet<MailId>,
    /// The newest entry that the journal has announced.
    announced: Option<MailId>,
    /// Incarnation and number of each segment that isn't marked finished.
    open_segments: BTreeSet<(u32, u32)>,
    /// Suspected of having ended the process.
    suspects: Vec<MailId>,
    claimed: Option<MailId>,
}

impl Inbox {
    /// An empty one with its own bounds.
    pub fn bounded(backlog: Backlog) -> Self {
        Self { backlog, ..Self::default() }
    }

    /// Takes up what the last process left: every recovered entry without a record.
    pub async fn recover(site: &Site, recovered: Vec<(MailId, JournalKind)>) -> Result<Self, ReadError> {
        let claim = tables::CLAIMS.get(&*site.engine, "inbox").await?.map(|kept| kept.value);
        let mut state = State::default();
        state.open_segments.extend(recovered.iter().map(|(id, _)| segment_of(*id)));
        let inbound: Vec<MailId> =
            recovered.into_iter().filter(|(_, kind)| *kind == JournalKind::Inbound).map(|(id, _)| id).collect();
        for ids in inbound.chunks(LOOKED_UP_AT_A_TIME) {
            let records = tables::MAILS.get_many(&*site.engine, ids).await?;
            let undecided = ids.iter().zip(records).filter(|(_, record)| record.is_none());
            for (&id, _) in undecided {
                state.undecided.insert(id);
                match claim {
                    Some(claim) if id <= claim => state.suspects.push(id),
                    _ => state.ready.push_back(id),
                }
            }
        }
        Ok(Self { state: Mutex::new(state), ..Self::default() })
    }

    /// The journal has an entry for good. Called in order.
    pub fn announce(&self, id: MailId) {
        let mut state = self.locked();
        state.announced = Some(id);
        state.open_segments.insert(segment_of(id));
        state.undecided.insert(id);
        state.ready.push_back(id);
        drop(state);
        self.changed.notify_waiters();
    }

    /// Its session is about to say 250: from now on it is listed, even when the announcement is still on its way.
    pub fn accepted(&self, id: MailId) {
        let mut state = self.locked();
        if state.announced.is_none_or(|newest| id > newest) {
            state.undecided.insert(id);
        }
    }

    /// The next entries to start, in order of receipt: at least one, at most `count`.
    pub async fn next(&self, count: usize) -> Vec<MailId> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let next: Vec<MailId> = {
                let ready = &mut self.locked().ready;
                let count = count.min(ready.len());
                ready.drain(..count).collect()
            };
            if !next.is_empty() {
                return next;
            }
            changed.await;
        }
    }

    /// The newest entry that was announced, and how many wait to be started.
    pub fn newest_and_waiting(&self) -> (Option<MailId>, usize) {
        let state = self.locked();
        (state.announced, state.ready.len())
    }

    /// True while mail may come no faster than it is decided.
    pub fn is_long(&self) -> bool {
        self.locked().ready.len() >= self.backlog.slow
    }

    /// True while no message may be begun.
    pub fn is_full(&self) -> bool {
        self.locked().ready.len() >= self.backlog.max
    }

    /// Entries that may have ended the process, oldest first; each is given out once.
    pub fn take_suspects(&self) -> Vec<MailId> {
        std::mem::take(&mut self.locked().suspects)
    }

    /// It has its record.
    pub fn decided(&self, id: MailId) {
        let mut state = self.locked();
        state.undecided.remove(&id);
        state.deferred.remove(&id);
        drop(state);
        self.changed.notify_waiters();
    }

    /// It waits until it is resumed. Said before its time is written down, so that its time can't come first.
    pub fn defer(&self, id: MailId, why: String) {
        let mut state = self.locked();
        if state.undecided.contains(&id) {
            state.deferred.insert(id, why);
            state.unscheduled.insert(id);
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// The time of one that waits is written down, or can't be.
    pub fn scheduled(&self, id: MailId) {
        self.locked().unscheduled.remove(&id);
        self.changed.notify_waiters();
    }

    /// The time of one that waits has come. Of any other nothing is said: it is ready, under way or decided.
    pub fn resume(&self, id: MailId) {
        let mut state = self.locked();
        if state.deferred.remove(&id).is_some() {
            state.ready.push_back(id);
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Why it has no disposition yet.
    pub fn why_undecided(&self, id: MailId) -> String {
        self.locked().deferred.get(&id).cloned().unwrap_or_else(|| "waits in the inbox".to_owned())
    }

    /// Everything without a disposition, newest first.
    pub fn undecided(&self) -> Vec<MailId> {
        self.locked().undecided.iter().rev().copied().collect()
    }

    pub fn is_undecided(&self, id: MailId) -> bool {
        self.locked().undecided.contains(&id)
    }

    /// True when nothing waits but what waits for a time that is written down.
    pub fn is_settled(&self) -> bool {
        let state = self.locked();
        state.undecided.len() == state.deferred.len() && state.unscheduled.is_empty()
    }

    /// Returns when [`is_settled`](Self::is_settled).
    pub async fn settled(&self) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.is_settled() {
                return;
            }
            changed.await;
        }
    }

    /// Claims entries from `id` on, when it isn't claimed yet, and marks finished segments on the occasion. The batch
    /// must be committed before the entry is started.
    pub fn claim(&self, id: MailId) -> Option<Batch> {
        let mut state = self.locked();
        if state.claimed.is_some_and(|claimed| id <= claimed) {
            return None;
        }
        let through = MailId { index: id.index.saturating_add(CLAIM_ENTRIES), ..id };
        state.claimed = Some(through);
        let mut batch = Batch::default();
        tables::CLAIMS.put(&mut batch, "inbox", &through);
        state.finish_segments(&mut batch);
        Some(batch)
    }

    /// The batch that says that nothing is under way.
    pub fn release(&self) -> Batch {
        let mut state = self.locked();
        state.claimed = None;
        let mut batch = Batch::default();
        tables::CLAIMS.delete(&mut batch, "inbox");
        state.finish_segments(&mut batch);
        batch
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }
}

impl State {
    /// A segment is finished when the journal has gone on to another one and nothing in it or before it is undecided.
    fn finish_segments(&mut self, batch: &mut Batch) {
        let newest = self.announced.map(segment_of).or_else(|| self.open_segments.last().copied());
        let undecided = self.undecided.first().copied().map(segment_of);
        let Some(end) = newest.into_iter().chain(undecided).min() else { return };
        let still_open = self.open_segments.split_off(&end);
        for (incarnation, segment) in std::mem::replace(&mut self.open_segments, still_open) {
            batch.put(SEGMENT_FINISHED, segment_key(incarnation, segment), *b"{}");
        }
    }
}

fn segment_of(id: MailId) -> (u32, u32) {
    (id.incarnation, id.segment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_decided_is_not_put_off_any_more() {
        let inbox = Inbox::default();
        let id = MailId { incarnation: 1, segment: 1, index: 0 };
        inbox.announce(id);
        inbox.defer(id, "tomorrow".into());
        assert!(!inbox.is_settled(), "nobody knows yet when to go on");
        inbox.scheduled(id);
        assert!(inbox.is_settled(), "only another day can help");
        inbox.resume(id);
        assert!(!inbox.is_settled());
        inbox.decided(id);
        inbox.defer(id, "tomorrow".into());
        assert!(inbox.is_settled());
    }
}
