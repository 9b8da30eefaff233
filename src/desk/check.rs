//! What of all that is registered can't be meant, for `postcase check` and `postcase rules show`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{Answer, Desk, Outcome};
use crate::routing::{Concern, Plugin, Setup};
use crate::rules::warnings;
use crate::store::{Documents, Engine, Key, Page, ReadError, tables};

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
            queues: named(all(engine, tables::QUEUES).await?, |queue| queue.name.clone()),
            agents: named(all(engine, tables::AGENTS).await?, |agent| agent.address.clone()),
            profiles: named(all(engine, tables::PROFILES).await?, |profile| profile.name.clone()),
            addresses: all(engine, tables::ADDRESSES).await?,
            plugins: by_name(all(engine, tables::PLUGINS).await?).collect(),
            hours: self.site.hours(),
        })
    }
}

fn named<N: Ord, V>(all: Vec<V>, name: impl Fn(&V) -> N) -> BTreeMap<N, V> {
    all.into_iter().map(|one| (name(&one), one)).collect()
}

async fn all<K, V>(engine: &dyn Engine, table: Documents<K, V>) -> Result<Vec<V>, ReadError>
where
    K: Key + ?Sized,
    V: Serialize + DeserializeOwned,
{
    let rows = table.scan(engine, Page::first(&[], usize::MAX)).await?;
    Ok(rows.into_iter().map(|(_, kept)| kept.value).collect())
}
