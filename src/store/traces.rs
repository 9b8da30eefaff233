//! What recent messages are recognised by when nothing proves where an answer belongs: numbers made of their subject,
//! their conversation and their phrases.
//!
//! A ring of rows of which the oldest is written over: keys come in order, so that a trace costs no page of its own, and
//! the table is bounded. All of it is in memory, too, where a number leads to the newest message that has it and from
//! there to older ones. A trace is in memory before its batch is committed and stays there when that fails: it only ever
//! leads to a case that is looked up, and to a hint. With several nodes each needs a ring of its own.

use std::collections::HashMap;
use std::num::NonZeroU64;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use super::{Batch, Documents, Engine, Page, ReadError};
use crate::base::limits::TRACES_MAX;
use crate::base::{CaseNumber, MailId, Time};

const TRACES: Documents<u64, (u64, Trace)> = Documents::named("trace");
/// Messages of one number that are looked at: a conversation has as many.
const STEPS_MAX: usize = 100;

/// What one message on a case is recognised by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    pub mail: MailId,
    pub case: CaseNumber,
    pub at: Time,
    pub numbers: Vec<u64>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Traces(Mutex<Ring>);

#[derive(Debug, Default)]
struct Ring {
    /// The place of a trace is its count modulo the length.
    places: Vec<Place>,
    /// How many there were.
    count: u64,
    newest: HashMap<u64, NonZeroU64>,
}

/// A trace in memory.
#[derive(Debug)]
struct Place {
    mail: MailId,
    case: CaseNumber,
    at: Time,
    /// Each number with the count of the trace before that has it.
    numbers: Box<[(u64, Option<NonZeroU64>)]>,
}

impl Traces {
    pub async fn load(engine: &dyn Engine) -> Result<Self, ReadError> {
        let rows = TRACES.scan(engine, Page::first(&[], TRACES_MAX)).await?;
        let mut traces: Vec<(u64, Trace)> = rows.into_iter().map(|(_, row)| row.value).collect();
        traces.sort_unstable_by_key(|(count, _)| *count);
        let mut ring = Ring::default();
        for (count, trace) in traces {
            // Those in between were never committed.
            while ring.count + 1 < count {
                ring.add(Trace { numbers: Vec::new(), ..trace.clone() });
            }
            ring.add(trace);
        }
        Ok(Self(Mutex::new(ring)))
    }

    /// Remembers a message with the commit of this batch.
    pub fn add(&self, batch: &mut Batch, trace: Trace) {
        let count = self.0.lock().expect("no holder panics").add(trace.clone());
        TRACES.put(batch, &(place(count) as u64), &(count.get(), trace));
    }

    /// With the commit of this batch nothing is recognised by these messages any more.
    pub fn forget(&self, batch: &mut Batch, mails: &[MailId]) {
        let mut ring = self.0.lock().expect("no holder panics");
        let first = ring.count.saturating_sub(ring.places.len() as u64);
        // Chains lead over those that have gone: they are made anew, each trace at its place.
        let mut kept = Vec::with_capacity(ring.places.len());
        for count in (first + 1..=ring.count).filter_map(NonZeroU64::new) {
            let former = &mut ring.places[place(count)];
            let mut numbers: Vec<u64> = former.numbers.iter().map(|(number, _)| *number).collect();
            former.numbers = Box::default();
            let is_known = mails.contains(&former.mail) && !numbers.is_empty();
            if is_known {
                numbers.clear();
            }
            let trace = Trace { mail: former.mail, case: former.case, at: former.at, numbers };
            if is_known {
                TRACES.put(batch, &(place(count) as u64), &(count.get(), trace.clone()));
            }
            kept.push(trace);
        }
        ring.newest.clear();
        ring.count = first;
        for trace in kept {
            ring.add(trace);
        }
    }

    /// How many messages had this number since then, up to a hundred, and the newest one's case.
    pub fn since(&self, number: u64, since: Time) -> Option<(usize, CaseNumber)> {
        let ring = self.0.lock().expect("no holder panics");
        let newest = ring.chain(number).next()?.case;
        Some((ring.chain(number).take_while(|trace| trace.at > since).count(), newest))
    }

    /// The newest message with this number on each of the newest cases that have it, newest first.
    pub fn with(&self, number: u64, cases_max: usize) -> Vec<(CaseNumber, MailId)> {
        self.0.lock().expect("no holder panics").with(number, cases_max)
    }
}

impl Ring {
    /// Counts from 1.
    fn add(&mut self, trace: Trace) -> NonZeroU64 {
        let count = self.count.checked_add(1).and_then(NonZeroU64::new).expect("nobody receives so many");
        self.count = count.get();
        if let Some(former) = self.places.get(place(count)) {
            let gone = NonZeroU64::new(count.get().saturating_sub(TRACES_MAX as u64));
            for (number, _) in &former.numbers {
                if self.newest.get(number).copied() == gone {
                    self.newest.remove(number);
                }
            }
        }
        let Trace { mail, case, at, numbers } = trace;
        let numbers = numbers.into_iter().map(|number| (number, self.newest.insert(number, count))).collect();
        let new = Place { mail, case, at, numbers };
        match self.places.get_mut(place(count)) {
            Some(former) => *former = new,
            None => self.places.push(new),
        }
        count
    }

    fn with(&self, number: u64, cases_max: usize) -> Vec<(CaseNumber, MailId)> {
        let mut found: Vec<(CaseNumber, MailId)> = Vec::new();
        for trace in self.chain(number) {
            if !found.iter().any(|(case, _)| *case == trace.case) {
                found.push((trace.case, trace.mail));
            }
            if found.len() == cases_max {
                break;
            }
        }
        found
    }

    /// The messages with this number, newest first.
    fn chain(&self, number: u64) -> impl Iterator<Item = &Place> {
        let mut next = self.newest.get(&number).copied();
        let step = move || {
            let count = next.filter(|count| count.get() + TRACES_MAX as u64 > self.count)?;
            let found = &self.places[place(count)];
            next = found.numbers.iter().find(|(other, _)| *other == number).and_then(|(_, before)| *before);
            Some(found)
        };
        std::iter::from_fn(step).take(STEPS_MAX)
    }
}

fn place(count: NonZeroU64) -> usize {
    ((count.get() - 1) % TRACES_MAX as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{RedbEngine, SimulatedMedium};

    fn trace(index: u32, case: CaseNumber, numbers: &[u64]) -> Trace {
        Trace {
            mail: MailId { incarnation: 1, segment: 1, index },
            case,
            at: Time::from_second(index.into()).unwrap(),
            numbers: numbers.to_vec(),
        }
    }

    #[test]
    fn a_number_leads_from_the_newest_case_to_older_ones() {
        let mut ring = Ring::default();
        for (index, case, numbers) in [(0, 1, &[7, 8][..]), (1, 2, &[7]), (2, 2, &[7, 9]), (3, 3, &[8])] {
            ring.add(trace(index, case, numbers));
        }
        let found = |number, max| ring.with(number, max).iter().map(|(case, mail)| (*case, mail.index)).collect();
        let check = |number, max, expected: &[(CaseNumber, u32)]| {
            let found: Vec<(CaseNumber, u32)> = found(number, max);
            assert_eq!(found, expected, "{number}");
        };
        check(7, 9, &[(2, 2), (1, 0)]);
        check(7, 1, &[(2, 2)]);
        check(8, 9, &[(3, 3), (1, 0)]);
        check(5, 9, &[]);
        let traces = Traces(Mutex::new(ring));
        let since = |number, second| traces.since(number, Time::from_second(second).unwrap());
        assert_eq!((since(7, 0), since(7, -1), since(5, 0)), (Some((2, 2)), Some((3, 2)), None));
    }

    #[test]
    fn the_oldest_is_forgotten() {
        let mut ring = Ring::default();
        ring.add(trace(0, 1, &[7, 8]));
        for index in 1..TRACES_MAX as u32 {
            ring.add(trace(index, 2, &[8]));
        }
        assert_eq!(ring.with(7, 9).len(), 1);
        ring.add(trace(0, 3, &[9]));
        assert_eq!((ring.with(7, 9).len(), ring.places.len()), (0, TRACES_MAX));
        assert_eq!((ring.newest.len(), ring.with(9, 9)[0].0), (2, 3));
    }

    #[tokio::test]
    async fn a_start_finds_what_was_committed() {
        let engine = RedbEngine::open(std::sync::Arc::new(SimulatedMedium::new()), "postcase.redb").unwrap();
        let traces = Traces::load(&engine).await.unwrap();
        let (mut lost, mut batch) = (Batch::default(), Batch::default());
        traces.add(&mut lost, trace(0, 1, &[7]));
        traces.add(&mut batch, trace(1, 2, &[7]));
        engine.commit(batch).await.unwrap();
        let again = Traces::load(&engine).await.unwrap();
        assert_eq!(again.with(7, 9).iter().map(|found| found.0).collect::<Vec<_>>(), [2]);
        assert_eq!(again.0.lock().unwrap().count, 2);
    }
}
