//! Queues that a rule chose with where else the case goes: looked up here, decided in [`Detour`](crate::case::Detour).
//!
//! Messages of one round don't see each other in a queue: so many more than are allowed may come to it at once.

use std::collections::BTreeMap;

use crate::base::Time;
use crate::base::limits::OVERFLOW_COUNTED_MAX;
use crate::case::{Advice, Advised, QueueState};
use crate::routing::Place;
use crate::store::{Key, Page, ReadError, Site, tables};

/// What is looked at in a queue.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Its hours, and what waits there.
    Whole,
    /// Its hours only, as when what waited there then isn't known any more.
    Hours,
}

/// The same advice, with one queue each, or several to try in their order where some are gone.
pub async fn followed(site: &Site, advice: Vec<Advice>, now: Time, look: Look) -> Result<Vec<Advice>, ReadError> {
    let mut all = Vec::with_capacity(advice.len());
    for advice in advice {
        let Advised::QueueOr { queue, detour } = &advice.what else {
            all.push(advice);
            continue;
        };
        let mut known = BTreeMap::new();
        let others = detour.overflow.as_ref().map(|overflow| &overflow.queue).into_iter().chain(&detour.fallback);
        for name in others.chain([queue]) {
            known.extend(state(site, name, now, look).await?.map(|state| (name.clone(), state)));
        }
        all.extend(detour.ways(queue, &known, now).into_iter().map(|(queue, passed)| {
            let why = passed.map_or_else(|| advice.why.clone(), |passed| format!("{passed}; {}", advice.why));
            Advice { what: Advised::Queue(queue), why, ..advice.clone() }
        }));
    }
    Ok(all)
}

/// None: there is no such queue.
async fn state(site: &Site, name: &str, now: Time, look: Look) -> Result<Option<QueueState>, ReadError> {
    let Some(queue) = tables::QUEUES.get(&*site.engine, name).await? else { return Ok(None) };
    let all = site.hours();
    let hours = queue.value.hours.as_ref().and_then(|hours| all.get(hours));
    let open = hours.is_none_or(|hours| hours.at(now).open);
    if look == Look::Hours {
        return Ok(Some(QueueState { open, waiting: 0, since: None }));
    }
    let place = Place::Queue(name.to_owned()).to_bytes();
    let waiting = tables::WORK.scan(&*site.engine, Page::first(&place, OVERFLOW_COUNTED_MAX)).await?;
    let since = waiting.iter().map(|(_, kept)| kept.value.since).min();
    Ok(Some(QueueState { open, waiting: waiting.len(), since }))
}
