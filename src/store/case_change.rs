//! Changing a case, or an item that is done without one: events are added, the head row follows as their fold and the work
//! item as that row says; all are written only if nobody else changed it since it was read.

use super::due::{self, Due};
use super::rations::{Taken, taken};
use super::{Batch, Engine, Kept, Page, ReadError, Site, tables};
use crate::base::Time;
use crate::case::{Case, Event, Happening};
use crate::routing::{Work, WorkItem};
use crate::store::Key;

/// A case or item with the events that are about to be added.
pub struct CaseChange {
    work: Work,
    read: Option<Kept<Case>>,
    case: Case,
    new: Vec<(u32, Event)>,
    /// Events that an agent is told of by mail, and when they happened.
    told: Vec<(u32, Time)>,
    /// What it takes of an agent who has it from now on.
    taken: Option<Taken>,
}

impl CaseChange {
    /// What doesn't exist yet.
    pub fn open(work: impl Into<Work>, at: Time) -> Self {
        let work = work.into();
        let case = Case::unopened(work.case_number(), at);
        Self { work, read: None, case, new: Vec::new(), told: Vec::new(), taken: None }
    }

    /// As stored; `None` when there is no such number or item.
    pub async fn of(engine: &dyn Engine, work: impl Into<Work>) -> Result<Option<Self>, ReadError> {
        let work = work.into();
        Ok(tables::heads(work).get(engine, &work).await?.map(|kept| Self::read(work, kept)))
    }

    /// The case as it was read; the change conflicts when the case has changed since.
    pub fn from_read(kept: Kept<Case>) -> Self {
        Self::read(kept.value.number.into(), kept)
    }

    fn read(work: Work, kept: Kept<Case>) -> Self {
        let case = kept.value.clone();
        Self { work, case, read: Some(kept), new: Vec::new(), told: Vec::new(), taken: None }
    }

    /// What the board would see of it.
    pub fn item(&self) -> Option<WorkItem> {
        WorkItem::of(self.work, &self.case)
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
        self.taken = taken(site, self.former().as_ref(), self.item().as_ref()).await?;
        Ok(())
    }

    fn former(&self) -> Option<WorkItem> {
        self.read.as_ref().and_then(|kept| WorkItem::of(self.work, &kept.value))
    }

    /// Puts head and events into the batch; nothing when nothing was added.
    pub fn write(self, batch: &mut Batch) {
        if self.new.is_empty() {
            return;
        }
        let (work, heads) = (self.work, tables::heads(self.work));
        match &self.read {
            Some(kept) => heads.replace(batch, &work, kept, &self.case),
            None => heads.insert(batch, &work, &self.case),
        }
        tables::move_work(batch, self.former(), self.item());
        if let Some((key, ration)) = &self.taken {
            tables::RATIONS.put(batch, key, ration);
        }
        for (index, at) in &self.told {
            due::schedule(batch, *at, Due::Notice(work, *index));
        }
        for (index, event) in &self.new {
            tables::events(work).insert(batch, &(work, *index), event);
        }
    }
}

/// Changes what events say, never which there are; head and work item follow. False when nothing has changed.
pub async fn rewrite(
    engine: &dyn Engine,
    batch: &mut Batch,
    work: Work,
    change: impl FnOnce(&mut [Event]),
) -> Result<bool, ReadError> {
    let (heads, table) = (tables::heads(work), tables::events(work));
    let Some(kept) = heads.get(engine, &work).await? else { return Ok(false) };
    let prefix = work.to_bytes();
    let rows = table.scan(engine, Page::first(&prefix, usize::MAX)).await?;
    let mut events: Vec<Event> = rows.iter().map(|(_, row)| row.value.clone()).collect();
    change(&mut events);
    let changed = (0..).zip(&rows).zip(&events).filter(|((_, (_, row)), event)| row.value != **event);
    let mut is_changed = false;
    for ((index, (_, row)), event) in changed {
        is_changed = true;
        table.replace(batch, &(work, index), row, event);
    }
    if let (true, Some(case)) = (is_changed, Case::of_events(work.case_number(), &events)) {
        heads.replace(batch, &work, &kept, &case);
        tables::move_work(batch, WorkItem::of(work, &kept.value), WorkItem::of(work, &case));
    }
    Ok(is_changed)
}

/// All events of a case or item, oldest first.
pub async fn events_of(engine: &dyn Engine, work: impl Into<Work> + Send) -> Result<Vec<Event>, ReadError> {
    let work = work.into();
    let prefix = work.to_bytes();
    tables::events(work).values(engine, Page::first(&prefix, usize::MAX)).await
}
