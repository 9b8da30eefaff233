//! Queues that a rule chose with where else the case goes: looked up here, decided in [`Detour`](crate::case::Detour).
//!
//! Each is looked at once for a message, and what was seen is recorded with the decision, so that a replay sees it, too. Of a queue
//! that the decision didn't look at nobody knows what waited there then: a replay takes it as empty and says so.
//!
//! Messages of one round don't see each other in a queue: so many more than are allowed may come to it at once.

use std::collections::BTreeSet;

use crate::base::Time;
use crate::base::limits::OVERFLOW_COUNTED_MAX;
use crate::case::{Advice, Advised, QueueState, QueuesSeen, Step};
use crate::routing::Place;
use crate::store::{Key, Page, ReadError, Site, tables};

/// What is known of queues while one message is decided, or replayed.
#[derive(Clone, Default)]
pub struct Queues {
    seen: QueuesSeen,
    /// When the message was decided that is replayed.
    then: Option<Time>,
    /// Those of whose cases nothing is known, where that matters.
    pub assumed_empty: BTreeSet<String>,
}

impl Queues {
    /// As a decision saw them.
    pub fn then(seen: &QueuesSeen, at: Time) -> Self {
        Self { seen: seen.clone(), then: Some(at), assumed_empty: BTreeSet::new() }
    }

    /// The same advice, with one queue each, or several to try in their order where some are gone.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn follow(&mut self, site: &Site, advice: Vec<Advice>) -> Result<Vec<Advice>, ReadError> {
        let mut all = Vec::with_capacity(advice.len());
        for advice in advice {
            let Advised::QueueOr { queue, detour } = &advice.what else {
                all.push(advice);
                continue;
            };
            let counts = detour.overflow.as_ref().is_some_and(|overflow| overflow.counts());
            if counts && self.then.is_some() && !self.seen.contains_key(queue) {
                self.assumed_empty.insert(queue.clone());
            }
            let others = detour.overflow.as_ref().map(|overflow| &overflow.queue).into_iter().chain(&detour.fallback);
            for name in others.chain([queue]) {
                if !self.seen.contains_key(name) {
                    let state = state(site, name, self.then).await?;
                    self.seen.insert(name.clone(), state);
                }
            }
            all.extend(detour.ways(queue, &self.seen).into_iter().map(|(queue, passed)| {
                let why = passed.map_or_else(|| advice.why.clone(), |passed| format!("{passed}; {}", advice.why));
                Advice { what: Advised::Queue(queue), why, ..advice.clone() }
            }));
        }
        Ok(all)
    }

    /// To be recorded with the decision.
    pub fn seen(&self) -> &QueuesSeen {
        &self.seen
    }

    /// For the explanation.
    pub fn steps(&self) -> impl Iterator<Item = Step> {
        self.seen.iter().map(|(name, state)| Step {
            stage: "queue".into(),
            by: "postcase".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            outcome: format!("{name}: {}", state.map_or_else(|| "there is no such queue".into(), |s| s.to_string())),
            why: "a rule asks how it is before a case goes there".into(),
            took_us: 0,
        })
    }
}

/// None: there is no such queue. Of one as it was `then` only the business hours are known.
async fn state(site: &Site, name: &str, then: Option<Time>) -> Result<Option<QueueState>, ReadError> {
    let Some(queue) = tables::QUEUES.get(&*site.engine, name).await? else { return Ok(None) };
    let at = then.unwrap_or_else(|| site.now());
    let all = site.hours();
    let is_open = |hours: &String| all.get(hours).is_some_and(|hours| hours.at(at).open);
    let open = queue.value.hours.as_ref().is_none_or(is_open);
    if then.is_some() {
        return Ok(Some(QueueState { at, open, waiting: 0, since: None }));
    }
    let place = Place::Queue(name.to_owned()).to_bytes();
    let waiting = tables::WORK.scan(&*site.engine, Page::first(&place, OVERFLOW_COUNTED_MAX)).await?;
    let since = waiting.iter().map(|(_, kept)| kept.value.since).min();
    Ok(Some(QueueState { at, open, waiting: waiting.len(), since }))
}
