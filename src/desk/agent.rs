//! Commands about agents.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::command::AgentSettings;
use super::work::absent;
use super::{Answer, Desk, Outcome, Refusal};
use crate::base::Mailbox;
use crate::base::limits::SKILL_LEVEL_MAX;
use crate::routing::{Agent, Place, Presence, Work};
use crate::store::{Batch, Kept, Page, people, tables};

impl Desk {
    pub(super) async fn agent_add(&self, address: Mailbox, settings: AgentSettings) -> Answer {
        let site = &*self.site;
        self.check_settings(&settings).await?;
        let agent = changed(Agent::new(address.clone(), None, site.now()), settings);
        let mut tries = site.tries();
        loop {
            if tables::AGENTS.get(&*site.engine, &address).await?.is_some() {
                let why = format!("{address} is an agent already; change them with: postcase agent set {address}");
                return Err(Refusal::refused(why));
            }
            let mut batch = Batch::default();
            tables::AGENTS.insert(&mut batch, &address, &agent);
            if tries.commit(batch).await? {
                return Ok(Outcome::Json(json!(agent)));
            }
        }
    }

    pub(super) async fn agent_list(&self) -> Answer {
        let mut shown = Vec::new();
        for agent in tables::AGENTS.values(&*self.site.engine, Page::all()).await? {
            shown.push(self.agent_row(&agent).await?);
        }
        Ok(Outcome::Json(shown.into()))
    }

    pub(super) async fn agent_show(&self, address: &Mailbox) -> Answer {
        let kept = self.agent(address).await?;
        let mut shown = self.agent_row(&kept.value).await?;
        if let Some(dispatch) = &self.dispatch
            && let Some((taken, limit)) = dispatch.load_of(address).await
        {
            shown["taken"] = taken.into();
            shown["limit"] = limit.into();
        }
        Ok(Outcome::Json(shown))
    }

    pub(super) async fn agent_set(&self, address: &Mailbox, settings: AgentSettings) -> Answer {
        self.check_settings(&settings).await?;
        self.change_agent(address, |agent| changed(agent, settings.clone())).await
    }

    pub(super) async fn agent_presence(&self, address: &Mailbox, presence: Presence) -> Answer {
        let presence_at = Some(self.site.now());
        self.change_agent(address, |agent| Agent { presence, presence_at, ..agent }).await
    }

    /// Their cases and items go back to their queues.
    pub(super) async fn agent_remove(&self, address: &Mailbox) -> Answer {
        let mut tries = self.site.tries();
        loop {
            let kept = self.agent(address).await?;
            let mut batch = Batch::default();
            tables::AGENTS.expect_unchanged(&mut batch, address, &kept);
            tables::AGENTS.delete(&mut batch, address);
            if tries.commit(batch).await? {
                return Ok(Outcome::Json(json!({"address": address, "removed": true})));
            }
        }
    }

    async fn check_settings(&self, typed: &AgentSettings) -> Result<(), Refusal> {
        if let Some((name, level)) = typed.skills.iter().find(|(_, level)| **level > SKILL_LEVEL_MAX) {
            return Err(Refusal::refused(format!(
                "the skill {name} at level {level}: levels are 1 to {SKILL_LEVEL_MAX}, and 0 takes the skill away"
            )));
        }
        match typed.profile.as_deref().filter(|name| !name.is_empty()) {
            Some(name) => self.profile(name).await.map(drop),
            None => Ok(()),
        }
    }

    async fn change_agent(&self, address: &Mailbox, change: impl Fn(Agent) -> Agent + Send) -> Answer {
        let mut tries = self.site.tries();
        loop {
            let kept = self.agent(address).await?;
            let changed = change(kept.value.clone());
            let mut batch = Batch::default();
            tables::AGENTS.replace(&mut batch, address, &kept, &changed);
            if tries.commit(batch).await? {
                return Ok(Outcome::Json(self.agent_row(&changed).await?));
            }
        }
    }

    async fn agent(&self, address: &Mailbox) -> Result<Kept<Agent>, Refusal> {
        let kept = tables::AGENTS.get(&*self.site.engine, address).await?;
        kept.ok_or_else(|| {
            Refusal::not_found(format!("{address} is not an agent; add them with: postcase agent add {address}"))
        })
    }

    /// The name to act under: a registered agent's, else the administrator's.
    pub(super) async fn actor(&self, by: Option<&Mailbox>) -> Result<String, Refusal> {
        match by {
            Some(agent) => Ok(self.agent(agent).await?.value.address.to_string()),
            None => Ok("admin".into()),
        }
    }

    /// Refuses an agent who has none of the permission sets that the address of the case or item asks for.
    pub(super) async fn check_permission(&self, work: Work, agent: &Mailbox) -> Result<(), Refusal> {
        let engine = &*self.site.engine;
        let agent = self.agent(agent).await?.value;
        let case = tables::heads(work).get(engine, &work).await?.ok_or_else(|| absent(work))?.value;
        let Some(address) = &case.address else { return Ok(()) };
        let asked = people::asked(engine, address).await?;
        if agent.may(&asked) {
            return Ok(());
        }
        let sets: Vec<&str> = asked.iter().map(String::as_str).collect();
        Err(Refusal::refused(format!(
            "{} may not work on {work}: {address} asks for the permission set {}; give it with: postcase agent set {0} \
             --permission-set {}",
            agent.address,
            sets.join(" or "),
            sets[0],
        )))
    }

    /// The name to act under on this, for who may work on it.
    pub(super) async fn actor_on(&self, work: impl Into<Work>, by: Option<&Mailbox>) -> Result<String, Refusal> {
        if let Some(agent) = by {
            self.check_permission(work.into(), agent).await?;
        }
        self.actor(by).await
    }

    async fn agent_row(&self, agent: &Agent) -> Result<Value, Refusal> {
        let (cases, items) = self.count_at(&Place::Agent(agent.address.clone())).await?;
        let mut shown = json!(agent);
        shown["open_cases"] = cases.into();
        shown["open_items"] = items.into();
        Ok(shown)
    }
}

/// What stands in `typed`, where it names any.
pub(super) fn names(stored: BTreeSet<String>, typed: Option<BTreeSet<String>>) -> BTreeSet<String> {
    let mut sets = typed.unwrap_or(stored);
    sets.remove("");
    sets
}

fn changed(stored: Agent, typed: AgentSettings) -> Agent {
    let mut skills = stored.skills;
    skills.extend(typed.skills);
    skills.retain(|_, level| *level > 0);
    let capacity = typed.capacity.or(stored.capacity).filter(|capacity| *capacity > 0);
    let permission_sets = names(stored.permission_sets, typed.permission_sets);
    Agent {
        name: typed.name.or(stored.name).filter(|name| !name.is_empty()),
        capacity,
        profile: typed.profile.or(stored.profile).filter(|name| !name.is_empty()),
        skills,
        notices: typed.notices.unwrap_or(stored.notices),
        permission_sets,
        ..stored
    }
}
