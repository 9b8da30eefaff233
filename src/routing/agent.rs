//! Agents, who answer cases: whether they are there, what they can do, how much at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::{Mailbox, Time};

/// Somebody who answers cases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    pub address: Mailbox,
    pub name: Option<String>,
    pub created_at: Time,
    #[serde(default)]
    pub presence: Presence,
    /// When they last said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presence_at: Option<Time>,
    /// Units of work at a time; none: what their profile says, and without one any number.
    #[serde(default)]
    pub capacity: Option<u32>,
    /// By its name: what cases take of them, and when it comes back. None: one unit each, at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// What they can do, and how well: a larger level is better.
    #[serde(default)]
    pub skills: BTreeMap<String, u8>,
    /// They are told by mail what comes to them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub notices: bool,
    /// What opens the cases of addresses that ask for one of these.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub permission_sets: BTreeSet<String>,
}

/// Whether an agent is given work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    #[default]
    Available,
    Busy,
    Away,
    Offline,
}

impl fmt::Display for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Available => "available",
            Self::Busy => "busy",
            Self::Away => "away",
            Self::Offline => "offline",
        })
    }
}

impl Agent {
    /// True when they may work on cases that ask for one of these permission sets; anybody may when none is asked for.
    pub fn may(&self, asked: &BTreeSet<String>) -> bool {
        asked.is_empty() || !asked.is_disjoint(&self.permission_sets)
    }

    /// When they last said whether they are there; as early as they are an agent.
    pub fn heard_of_at(&self) -> Time {
        self.presence_at.map_or(self.created_at, |at| at.max(self.created_at))
    }

    /// As one is added.
    pub fn new(address: Mailbox, name: Option<String>, created_at: Time) -> Self {
        let (presence, skills, permission_sets) = (Presence::default(), BTreeMap::new(), BTreeSet::new());
        Self {
            address,
            name,
            created_at,
            presence,
            presence_at: None,
            capacity: None,
            profile: None,
            skills,
            notices: false,
            permission_sets,
        }
    }
}
