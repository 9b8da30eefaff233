//! Commands about mail on its way out.

use serde_json::json;

use super::{Answer, Desk, Outcome, Refusal, view};
use crate::base::MailId;
use crate::outbound::SPOOL;
use crate::store::due::{self, Due, Held};
use crate::store::{Batch, Page};

impl Desk {
    pub(super) async fn spool_list(&self, limit: Option<usize>) -> Answer {
        let page = Page::first(&[], limit.unwrap_or(usize::MAX));
        let items = SPOOL.values(&*self.site.engine, page).await?;
        let held = due::held(&*self.site.engine).await?.map(|held| held.why);
        let shown = items.iter().map(|item| {
            let mut shown = view::spool_item(item);
            shown["held"] = json!(held);
            shown
        });
        Ok(Outcome::Json(shown.collect()))
    }

    pub(super) async fn spool_held(&self, hold: bool) -> Answer {
        if hold { self.spool_hold().await } else { self.spool_resume().await }
    }

    /// No delivery is begun from now on; those under way go on.
    async fn spool_hold(&self) -> Answer {
        let site = &*self.site;
        let held = match due::held(&*site.engine).await? {
            Some(held) => held,
            None => Held { since: site.now(), why: "held by postcase spool hold".into() },
        };
        let mut batch = Batch::default();
        due::hold(&mut batch, &held);
        site.engine.commit(batch).await?;
        Ok(Outcome::Json(json!({ "spool": "held", "since": held.since, "why": held.why })))
    }

    /// What is due leaves.
    async fn spool_resume(&self) -> Answer {
        let site = &*self.site;
        let mut batch = Batch::default();
        due::resume(&mut batch);
        site.engine.commit(batch).await?;
        site.alarm.ring();
        Ok(Outcome::Json(json!({ "spool": "open" })))
    }

    /// Makes the next attempt due now.
    pub(super) async fn spool_retry(&self, id: &str) -> Answer {
        let site = &*self.site;
        let absent =
            || Refusal::not_found(format!("nothing with the id {id} waits in the spool; see: postcase spool list"));
        let key: MailId = id.parse().map_err(|_| absent())?;
        let mut tries = site.tries();
        loop {
            let kept = SPOOL.get(&*site.engine, &key).await?.ok_or_else(absent)?;
            let mut item = kept.value.clone();
            item.next_at = site.now();
            let mut batch = Batch::default();
            if item.next_at != kept.value.next_at {
                due::unschedule(&mut batch, kept.value.next_at, Due::Spool(key));
                due::schedule(&mut batch, item.next_at, Due::Spool(key));
                SPOOL.replace(&mut batch, &key, &kept, &item);
            }
            if tries.commit(batch).await? {
                site.alarm.ring();
                return Ok(Outcome::Json(view::spool_item(&item)));
            }
        }
    }
}
