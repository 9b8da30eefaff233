//! What of all that is registered can't be meant, for `postcase check` and `postcase rules show`.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Answer, Desk, Outcome};
use crate::routing::{Concern, Plugin, Setup};
use crate::rules::warnings;
use crate::store::{Page, ReadError, tables};

impl Desk {
    /// Warnings about the rules in force, concerns about the rest, and what the file of the configuration says that isn't in
    /// force.
    pub(super) async fn check(&self) -> Answer {
        let (now, setup) = (self.site.now(), self.setup().await?);
        let mut concerns = setup.concerns(now);
        if !setup.queues.contains_key(&self.site.postmaster_queue) {
            let queue = &self.site.postmaster_queue;
            let what = format!("there is no queue {queue}; add it: postcase queue add {queue}");
            concerns.push(Concern { about: "[smtp] postmaster_queue".into(), what });
        }
        Ok(Outcome::Json(json!({
            "rules": self.site.rules.file(),
            "warnings": warnings(&self.site.rules.in_force(now), &setup.hours, Some(&setup)),
            "concerns": concerns,
            "restart": self.site.timetable.in_force(now).restart,
        })))
    }

    /// All that is registered.
    pub(super) async fn setup(&self) -> Result<Setup, ReadError> {
        let engine = &*self.site.engine;
        let by_name = |all: Vec<Plugin>| all.into_iter().map(|one| (one.name, one.state));
        Ok(Setup {
            queues: named(tables::QUEUES.values(engine, Page::all()).await?, |queue| queue.name.clone()),
            agents: named(tables::AGENTS.values(engine, Page::all()).await?, |agent| agent.address.clone()),
            profiles: named(tables::PROFILES.values(engine, Page::all()).await?, |profile| profile.name.clone()),
            addresses: tables::ADDRESSES.values(engine, Page::all()).await?,
            plugins: by_name(tables::PLUGINS.values(engine, Page::all()).await?).collect(),
            hours: self.site.hours(),
        })
    }
}

fn named<N: Ord, V>(all: Vec<V>, name: impl Fn(&V) -> N) -> BTreeMap<N, V> {
    all.into_iter().map(|one| (name(&one), one)).collect()
}
