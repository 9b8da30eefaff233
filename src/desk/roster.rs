//! Commands about queues and agents.

use serde_json::json;

use super::{Answer, Desk, Outcome, Refusal};
use crate::base::Mailbox;
use crate::routing::{Agent, Queue, is_queue_name};
use crate::store::{Batch, Page, tables};

impl Desk {
    pub(super) async fn queue_add(&self, name: String) -> Answer {
        if !is_queue_name(&name) {
            let why = "a queue's name is made of letters, digits, '-', '_' and '.', at most 64 of them";
            return Err(Refusal::refused(why));
        }
        let site = &*self.site;
        let queue = Queue { name: name.clone(), created_at: site.now() };
        let mut tries = site.tries();
        loop {
            if tables::QUEUES.get(&*site.engine, &name).await?.is_some() {
                return Err(Refusal::refused(format!("there is a queue {name} already")));
            }
            let mut batch = Batch::default();
            tables::QUEUES.insert(&mut batch, &name, &queue);
            if tries.commit(batch).await? {
                return Ok(Outcome::Json(json!(queue)));
            }
        }
    }

    pub(super) async fn queue_list(&self) -> Answer {
        let rows = tables::QUEUES.scan(&*self.site.engine, Page::first(&[], usize::MAX)).await?;
        Ok(Outcome::Json(rows.iter().map(|(_, kept)| json!(kept.value)).collect()))
    }

    pub(super) async fn agent_add(&self, address: Mailbox, name: Option<String>) -> Answer {
        let site = &*self.site;
        let agent = Agent { address: address.clone(), name, created_at: site.now() };
        let mut tries = site.tries();
        loop {
            if tables::AGENTS.get(&*site.engine, &address).await?.is_some() {
                return Err(Refusal::refused(format!("{address} is an agent already")));
            }
            let mut batch = Batch::default();
            tables::AGENTS.insert(&mut batch, &address, &agent);
            if tries.commit(batch).await? {
                return Ok(Outcome::Json(json!(agent)));
            }
        }
    }

    pub(super) async fn agent_list(&self) -> Answer {
        let rows = tables::AGENTS.scan(&*self.site.engine, Page::first(&[], usize::MAX)).await?;
        Ok(Outcome::Json(rows.iter().map(|(_, kept)| json!(kept.value)).collect()))
    }

    /// The name to act under: a registered agent's, else the administrator's.
    pub(super) async fn actor(&self, by: Option<&Mailbox>) -> Result<String, Refusal> {
        let Some(agent) = by else { return Ok("admin".into()) };
        match tables::AGENTS.get(&*self.site.engine, agent).await? {
            Some(kept) => Ok(kept.value.address.to_string()),
            None => {
                Err(Refusal::not_found(format!("{agent} is not an agent; add them with: postcase agent add {agent}")))
            }
        }
    }
}
