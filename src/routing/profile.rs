//! Capacity profiles: how much work an agent can have at a time, what each kind of case takes of it, and when it comes back.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::base::hours::Zone;
use crate::base::{Hours, Time};

/// Shared by any number of agents, by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    pub name: String,
    pub created_at: Time,
    /// Units of work at a time, where the agent has no capacity of their own; none: any number.
    #[serde(default)]
    pub limit: Option<u32>,
    /// What cases of these record types take; all others take one unit.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub units: BTreeMap<String, u32>,
    #[serde(default)]
    pub reset: Reset,
    /// Business hours by whose clocks the day ends; none: UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<String>,
    /// Record types beside which an agent is given nothing else.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub blocking: BTreeSet<String>,
}

/// When the units that a case took come back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reset {
    /// As soon as the agent has nothing to do about it.
    #[default]
    AtOnce,
    /// At the end of that day.
    EndOfDay,
}

/// What a case takes of an agent until a day has ended, whether they still have it or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ration {
    pub units: u32,
    pub until: Time,
}

impl Profile {
    /// As one is added.
    pub fn new(name: &str, created_at: Time) -> Self {
        Self {
            name: name.to_owned(),
            created_at,
            limit: None,
            units: BTreeMap::new(),
            reset: Reset::default(),
            hours: None,
            blocking: BTreeSet::new(),
        }
    }

    pub fn units_of(&self, record_type: Option<&str>) -> u32 {
        record_type.and_then(|record_type| self.units.get(record_type)).copied().unwrap_or(1)
    }

    /// What a case of this record type takes until a day has ended; none when its units come back at once.
    pub fn ration(&self, record_type: Option<&str>, hours: &BTreeMap<String, Hours>, now: Time) -> Option<Ration> {
        let daily = self.reset == Reset::EndOfDay;
        daily.then(|| Ration { units: self.units_of(record_type), until: self.day_ends(hours, now) })
    }

    /// When the day ends that it is now.
    pub fn day_ends(&self, hours: &BTreeMap<String, Hours>, now: Time) -> Time {
        let own = self.hours.as_ref().and_then(|name| hours.get(name));
        own.map_or(&Zone::utc(), |hours| &hours.zone).day_ends(now)
    }

    pub fn blocks(&self, record_type: Option<&str>) -> bool {
        record_type.is_some_and(|record_type| self.blocking.contains(record_type))
    }
}
