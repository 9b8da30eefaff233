//! Why nobody has a case or an item now, as the dispatcher sees it.

use serde_json::{Value, json};

use super::{Desk, Refusal};
use crate::case::Case;
use crate::routing::{Assign, Place, Waits, Work, WorkItem};
use crate::store::{CaseChange, Key, Page, tables};

impl Desk {
    /// None for one that somebody has or is offered, that waits for its customer, or that is nowhere.
    pub(super) async fn waits(&self, work: Work, case: &Case) -> Result<Option<Value>, Refusal> {
        let Some(item) = WorkItem::of(work, case).filter(|item| item.holder().is_none()) else { return Ok(None) };
        let Place::Queue(name) = &item.place else { return Ok(None) };
        let said = |why: String| Ok(Some(json!(Waits { why, considered: Vec::new() })));
        let Some(queue) = tables::QUEUES.get(&*self.site.engine, name).await?.map(|kept| kept.value) else {
            return said(format!("its queue {name} doesn't exist; add it: postcase queue add {name}"));
        };
        if queue.assign == Assign::Pick {
            let what = match work {
                Work::Case(_) => "cases",
                Work::Mail(_) => "items",
            };
            return said(format!(
                "agents take {what} from {name} themselves: postcase {} --as AGENT",
                work.command("take")
            ));
        }
        match &self.dispatch {
            Some(dispatch) => Ok(dispatch.waits(work).await.map(|waits| json!(waits))),
            None => said("no server runs, so that nothing is given out".into()),
        }
    }

    /// Of what has waited longest in this queue.
    pub(super) async fn first_waits(&self, queue: &str) -> Result<Option<Value>, Refusal> {
        let place = Place::Queue(queue.to_owned()).to_bytes();
        let rows = tables::WORK.scan(&*self.site.engine, Page::first(&place, usize::MAX)).await?;
        let waiting = rows.into_iter().map(|(_, kept)| kept.value).filter(|item| item.holder().is_none());
        let first: Option<Work> = waiting.min_by_key(|item| (item.since, item.work)).map(|item| item.work);
        let Some(work) = first else { return Ok(None) };
        let Some(change) = CaseChange::of(&*self.site.engine, work).await? else { return Ok(None) };
        let waits = self.waits(work, change.case()).await?;
        let what = match work {
            Work::Case(_) => "case",
            Work::Mail(_) => "item",
        };
        Ok(waits.map(|waits| json!({what: work, "why": waits["why"]})))
    }
}
