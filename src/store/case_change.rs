//! Changing a case: events are added, the head row follows as their fold and the work item as that row says; all are
//! written only if nobody else changed the case since it was read.

use super::due::{self, Due};
use super::rations::{Taken, taken};
use super::{Batch, Engine, Kept, Page, ReadError, Site, tables};
use crate::base::{CaseNumber, Time};
use crate::case::{Case, Event, Happening};
use crate::routing::WorkItem;
use crate::store::Key;

/// A case with the events that are about to be added.
pub struct CaseChange {
    read: Option<Kept<Case>>,
    case: Case,
    new: Vec<(u32, Event)>,
    /// Events that an agent is told of by mail, and when they happened.
    told: Vec<(u32, Time)>,
    /// What it takes of an agent who has it from now on.
    taken: Option<Taken>,
}

impl CaseChange {
    /// A case that doesn't exist yet.
    pub fn open(number: CaseNumber, at: Time) -> Self {
        Self { read: None, case: Case::unopened(number, at), new: Vec::new(), told: Vec::new(), taken: None }
    }

    /// The case as stored; `None` when there is no such number.
    pub async fn of(engine: &dyn Engine, number: CaseNumber) -> Result<Option<Self>, ReadError> {
        Ok(tables::CASES.get(engine, &number).await?.map(Self::from_read))
    }

    /// The case as it was read; the change conflicts when the case has changed since.
    pub fn from_read(kept: Kept<Case>) -> Self {
        Self { case: kept.value.clone(), read: Some(kept), new: Vec::new(), told: Vec::new(), taken: None }
    }

    /// The case with all events so far.
    pub fn case(&self) -> &Case {
        &self.case
    }

    pub fn add(&mut self, at: Time, by: &str, what: Happening) {
        let event = Event { at, by: by.to_owned(), what };
        let index = self.case.events;
        self.case.apply(&event);
        self.new.push((index, event));
    }

    /// The event that was added last is told to its agent by mail; ring the [`Alarm`](super::due::Alarm) once the batch is
    /// committed.
    pub fn tell(&mut self) {
        self.told.extend(self.new.last().map(|(index, event)| (*index, event.at)));
    }

    /// Looks up what the case takes of an agent who has it from now on until a day has ended; to be called when all is added
    /// that may give it to one.
    pub async fn take(&mut self, site: &Site) -> Result<(), ReadError> {
        self.taken = taken(site, self.former().as_ref(), WorkItem::of(&self.case).as_ref()).await?;
        Ok(())
    }

    fn former(&self) -> Option<WorkItem> {
        self.read.as_ref().and_then(|kept| WorkItem::of(&kept.value))
    }

    /// Puts head and events into the batch; nothing when nothing was added.
    pub fn write(self, batch: &mut Batch) {
        if self.new.is_empty() {
            return;
        }
        let number = self.case.number;
        match &self.read {
            Some(kept) => tables::CASES.replace(batch, &number, kept, &self.case),
            None => tables::CASES.insert(batch, &number, &self.case),
        }
        tables::move_work(batch, self.former(), WorkItem::of(&self.case));
        if let Some((key, ration)) = &self.taken {
            tables::RATIONS.put(batch, key, ration);
        }
        for (index, at) in &self.told {
            due::schedule(batch, *at, Due::Notice(number, *index));
        }
        for (index, event) in &self.new {
            tables::CASE_EVENTS.insert(batch, &(number, *index), event);
        }
    }
}

/// Changes what events say, never which there are; head and work item follow. False when nothing has changed.
pub async fn rewrite(
    engine: &dyn Engine,
    batch: &mut Batch,
    number: CaseNumber,
    change: impl FnOnce(&mut [Event]),
) -> Result<bool, ReadError> {
    let Some(kept) = tables::CASES.get(engine, &number).await? else { return Ok(false) };
    let prefix = number.to_bytes();
    let rows = tables::CASE_EVENTS.scan(engine, Page::first(&prefix, usize::MAX)).await?;
    let mut events: Vec<Event> = rows.iter().map(|(_, row)| row.value.clone()).collect();
    change(&mut events);
    let changed = (0..).zip(&rows).zip(&events).filter(|((_, (_, row)), event)| row.value != **event);
    let mut is_changed = false;
    for ((index, (_, row)), event) in changed {
        is_changed = true;
        tables::CASE_EVENTS.replace(batch, &(number, index), row, event);
    }
    if let (true, Some(case)) = (is_changed, Case::of_events(number, &events)) {
        tables::CASES.replace(batch, &number, &kept, &case);
        tables::move_work(batch, WorkItem::of(&kept.value), WorkItem::of(&case));
    }
    Ok(is_changed)
}

/// All events of a case, oldest first.
pub async fn events_of(engine: &dyn Engine, number: CaseNumber) -> Result<Vec<Event>, ReadError> {
    let prefix = number.to_bytes();
    tables::CASE_EVENTS.values(engine, Page::first(&prefix, usize::MAX)).await
}
