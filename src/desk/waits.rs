//! Why nobody has a case now, as the dispatcher sees it.

use serde_json::{Value, json};

use super::{Desk, Refusal};
use crate::base::CaseNumber;
use crate::case::Case;
use crate::routing::{Assign, Place, Waits, WorkItem};
use crate::store::{Key, Page, tables};

impl Desk {
    /// None for a case that somebody has or is offered, that waits for its customer, or that is nowhere.
    pub(super) async fn waits(&self, case: &Case) -> Result<Option<Value>, Refusal> {
        let Some(item) = WorkItem::of(case).filter(|item| item.holder().is_none()) else { return Ok(None) };
        let Place::Queue(name) = &item.place else { return Ok(None) };
        let said = |why: String| Ok(Some(json!(Waits { why, considered: Vec::new() })));
        let Some(queue) = tables::QUEUES.get(&*self.site.engine, name).await?.map(|kept| kept.value) else {
            return said(format!("its queue {name} doesn't exist; add it: postcase queue add {name}"));
        };
        if queue.assign == Assign::Pick {
            return said(format!(
                "agents take cases from {name} themselves: postcase case take {} --as AGENT",
                case.number
            ));
        }
        match &self.dispatch {
            Some(dispatch) => Ok(dispatch.waits(case.number).await.map(|waits| json!(waits))),
            None => said("no server runs, so that nothing is given out".into()),
        }
    }

    /// Of the case that has waited longest in this queue.
    pub(super) async fn first_waits(&self, queue: &str) -> Result<Option<Value>, Refusal> {
        let place = Place::Queue(queue.to_owned()).to_bytes();
        let rows = tables::WORK.scan(&*self.site.engine, Page::first(&place, usize::MAX)).await?;
        let waiting = rows.into_iter().map(|(_, kept)| kept.value).filter(|item| item.holder().is_none());
        let first: Option<CaseNumber> = waiting.min_by_key(|item| (item.since, item.case)).map(|item| item.case);
        let Some(case) = first else { return Ok(None) };
        let Some(kept) = tables::CASES.get(&*self.site.engine, &case).await? else { return Ok(None) };
        let waits = self.waits(&kept.value).await?;
        Ok(waits.map(|waits| json!({"case": case, "why": waits["why"]})))
    }
}
