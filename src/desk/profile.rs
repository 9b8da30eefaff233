//! Commands about capacity profiles.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Answer, Desk, Outcome, Refusal};
use crate::base::limits;
use crate::routing::{Profile, Reset, is_queue_name};
use crate::store::{Batch, Kept, Page, tables};

/// What is done with capacity profiles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ProfileCommand {
    Add {
        name: String,
        #[serde(default)]
        settings: ProfileSettings,
    },
    List,
    Show {
        name: String,
    },
    Set {
        name: String,
        settings: ProfileSettings,
    },
    /// One that no agent has.
    Remove {
        name: String,
    },
}

/// Settings of a capacity profile as typed; `None` is "not named".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProfileSettings {
    /// 0 is any number.
    pub limit: Option<u32>,
    /// 0 takes a record type away.
    pub units: BTreeMap<String, u32>,
    pub reset: Option<Reset>,
    /// An empty text takes them away.
    pub hours: Option<String>,
    /// All of them; an empty name is none.
    pub blocking: Option<BTreeSet<String>>,
}

impl Desk {
    pub(super) async fn profile_command(&self, command: ProfileCommand) -> Answer {
        match command {
            ProfileCommand::Add { name, settings } => self.profile_add(name, settings).await,
            ProfileCommand::List => self.profile_list().await,
            ProfileCommand::Show { name } => Ok(Outcome::Json(json!(self.profile(&name).await?.value))),
            ProfileCommand::Set { name, settings } => self.profile_set(&name, settings).await,
            ProfileCommand::Remove { name } => self.profile_remove(&name).await,
        }
    }

    async fn profile_add(&self, name: String, settings: ProfileSettings) -> Answer {
        if !is_queue_name(&name) {
            let why = "a profile's name is made of letters, digits, '-', '_' and '.', at most 64 of them";
            return Err(Refusal::refused(why));
        }
        let site = &*self.site;
        let profile = self.changed_profile(Profile::new(&name, site.now()), settings)?;
        let mut tries = site.tries();
        loop {
            if tables::PROFILES.get(&*site.engine, &name).await?.is_some() {
                let why = format!("there is a profile {name} already; change it with: postcase profile set {name}");
                return Err(Refusal::refused(why));
            }
            let mut batch = Batch::default();
            tables::PROFILES.insert(&mut batch, &name, &profile);
            if tries.commit(batch).await? {
                return Ok(Outcome::Json(json!(profile)));
            }
        }
    }

    async fn profile_list(&self) -> Answer {
        Ok(Outcome::Json(json!(tables::PROFILES.values(&*self.site.engine, Page::all()).await?)))
    }

    async fn profile_set(&self, name: &str, settings: ProfileSettings) -> Answer {
        let mut tries = self.site.tries();
        loop {
            let kept = self.profile(name).await?;
            let changed = self.changed_profile(kept.value.clone(), settings.clone())?;
            let mut batch = Batch::default();
            tables::PROFILES.replace(&mut batch, name, &kept, &changed);
            if tries.commit(batch).await? {
                return Ok(Outcome::Json(json!(changed)));
            }
        }
    }

    /// One that no agent has.
    async fn profile_remove(&self, name: &str) -> Answer {
        let mut tries = self.site.tries();
        loop {
            let kept = self.profile(name).await?;
            let agents = tables::AGENTS.values(&*self.site.engine, Page::all()).await?;
            if let Some(agent) = agents.iter().find(|agent| agent.profile.as_deref() == Some(name)) {
                let next = format!("take it away first: postcase agent set {} --profile ''", agent.address);
                return Err(Refusal::refused(format!("{} has the profile {name}; {next}", agent.address)));
            }
            let mut batch = Batch::default();
            tables::PROFILES.expect_unchanged(&mut batch, name, &kept);
            tables::PROFILES.delete(&mut batch, name);
            if tries.commit(batch).await? {
                return Ok(Outcome::Json(json!({"name": name, "removed": true})));
            }
        }
    }

    pub(super) async fn profile(&self, name: &str) -> Result<Kept<Profile>, Refusal> {
        let kept = tables::PROFILES.get(&*self.site.engine, name).await?;
        kept.ok_or_else(|| {
            Refusal::not_found(format!("there is no profile {name}; make it with: postcase profile add {name}"))
        })
    }

    fn changed_profile(&self, stored: Profile, typed: ProfileSettings) -> Result<Profile, Refusal> {
        let (mut units, most) = (stored.units, limits::UNITS_MAX);
        if let Some((record_type, _)) = typed.units.iter().find(|(_, units)| **units > most) {
            return Err(Refusal::refused(format!("--units {record_type}: at most {most}, where 0 takes it away")));
        }
        units.extend(typed.units);
        units.retain(|_, units| *units > 0);
        let mut blocking = typed.blocking.unwrap_or(stored.blocking);
        blocking.remove("");
        Ok(Profile {
            limit: typed.limit.or(stored.limit).filter(|limit| *limit > 0),
            units,
            reset: typed.reset.unwrap_or(stored.reset),
            hours: self.known_hours(typed.hours.or(stored.hours))?,
            blocking,
            ..stored
        })
    }
}
