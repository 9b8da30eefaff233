//! An agent as the choice sees them: what they have, how much room that leaves, and whether they can have one item more.
//!
//! Units are counted from the cases that an agent has or was given today; a case counts once, whatever it is counted for.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;

use super::demand::Demand;
use super::{Agent, Presence, Profile, Ration, Reset, Work};
use crate::base::limits;

/// What an agent has.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    held: HashMap<Work, Share>,
    rations: HashMap<Work, Ration>,
    /// What they have and nobody did anything about for so long that it takes nothing of them.
    lapsed: HashSet<Work>,
    /// The sum of the first two.
    units: u32,
    /// How many of those held let nothing else come.
    blocking: usize,
}

/// A case that they have or are offered.
#[derive(Clone, Debug)]
struct Share {
    record_type: Option<String>,
    units: u32,
    blocks: bool,
}

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    pub agent: Agent,
    pub profile: Option<Profile>,
    pub tally: Tally,
    /// Larger when they were given something later; no two have the same.
    pub last: u64,
}

/// Whether an agent can have an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Fits,
    NotThere(Presence),
    Full {
        load: u32,
        limit: u32,
    },
    /// There is room, but it takes more.
    Large {
        free: u32,
        units: u32,
    },
    /// Has something beside which they get nothing.
    Blocked,
    LacksSkill {
        skill: String,
        level: u8,
        own: u8,
    },
    Declined,
    /// Has none of the permission sets that its address asks for.
    NotPermitted,
}

impl Tally {
    /// A case that they have, or none any more.
    pub fn hold(&mut self, profile: Option<&Profile>, work: Work, record_type: Option<Option<String>>) {
        self.units -= self.units_for(work);
        self.lapsed.remove(&work);
        let former = self.held.remove(&work);
        self.blocking -= usize::from(former.is_some_and(|share| share.blocks));
        if let Some(record_type) = record_type {
            let units = profile.map_or(1, |profile| profile.units_of(record_type.as_deref()));
            let blocks = profile.is_some_and(|profile| profile.blocks(record_type.as_deref()));
            self.blocking += usize::from(blocks);
            self.held.insert(work, Share { record_type, units, blocks });
        }
        self.units += self.units_for(work);
    }

    /// What a case takes until the day ends; what it took before.
    pub fn ration(&mut self, work: Work, ration: Option<Ration>) -> Option<Ration> {
        self.units -= self.units_for(work);
        let former = match ration {
            Some(ration) => self.rations.insert(work, ration),
            None => self.rations.remove(&work),
        };
        self.units += self.units_for(work);
        former
    }

    /// They still have it, and it takes nothing any more.
    pub fn lapse(&mut self, profile: Option<&Profile>, work: Work) {
        self.hold(profile, work, None);
        self.lapsed.insert(work);
    }

    /// The same cases under another profile.
    pub fn under(self, profile: Option<&Profile>) -> Self {
        let mut tally = Self { lapsed: self.lapsed, ..Self::default() };
        for (work, ration) in self.rations {
            tally.ration(work, Some(ration));
        }
        for (work, share) in self.held {
            tally.hold(profile, work, Some(share.record_type));
        }
        tally
    }

    pub fn units(&self) -> u32 {
        self.units
    }

    pub fn cases(&self) -> usize {
        self.held.len()
    }

    pub fn held(&self) -> impl Iterator<Item = Work> {
        self.held.keys().copied()
    }

    /// What they have, whether it takes anything or not.
    pub fn all(&self) -> impl Iterator<Item = Work> {
        self.held().chain(self.lapsed.iter().copied())
    }

    /// True for what takes something.
    pub fn holds(&self, work: Work) -> bool {
        self.held.contains_key(&work)
    }

    pub fn ration_of(&self, work: Work) -> Option<&Ration> {
        self.rations.get(&work)
    }

    pub fn is_empty(&self) -> bool {
        self.held.is_empty() && self.lapsed.is_empty() && self.rations.is_empty()
    }

    fn units_for(&self, work: Work) -> u32 {
        let ration = self.rations.get(&work).map(|ration| ration.units);
        let units = ration.or_else(|| self.held.get(&work).map(|share| share.units)).unwrap_or_default();
        // Rows of older versions may say more.
        units.min(limits::UNITS_MAX)
    }
}

impl Seat {
    fn limit(&self) -> Option<u32> {
        self.agent.capacity.or(self.profile.as_ref().and_then(|profile| profile.limit))
    }

    /// What their work takes now, of how many units; none: of any number.
    pub fn load(&self) -> Option<(u32, u32)> {
        self.limit().map(|limit| (self.tally.units, limit))
    }

    /// None: any number.
    pub fn free(&self) -> Option<u32> {
        self.limit().map(|limit| limit.saturating_sub(self.tally.units))
    }

    pub fn units_of(&self, record_type: Option<&str>) -> u32 {
        self.profile.as_ref().map_or(1, |profile| profile.units_of(record_type))
    }

    /// Units come back at the end of the day only.
    pub fn is_daily(&self) -> bool {
        self.profile.as_ref().is_some_and(|profile| profile.reset == Reset::EndOfDay)
    }

    /// True for who may be given something.
    pub fn has_room(&self) -> bool {
        self.agent.presence == Presence::Available && self.tally.blocking == 0 && self.free() != Some(0)
    }

    /// True for who can have whatever asks for this.
    pub fn fits(&self, demand: &Demand) -> bool {
        self.has_room()
            && self.free().is_none_or(|free| self.units_of(demand.record_type.as_deref()) <= free)
            && demand.skills.iter().all(|(skill, level)| self.agent.skills.get(skill).is_some_and(|own| own >= level))
            && self.agent.may(&demand.asked)
            && !demand.without.contains(&self.agent.address)
    }

    /// The first skill that they don't have, or not enough.
    fn lacks(&self, demand: &Demand) -> Option<Verdict> {
        demand.skills.iter().find_map(|(skill, level)| {
            let own = self.agent.skills.get(skill).copied().unwrap_or_default();
            (own < *level).then(|| Verdict::LacksSkill { skill: skill.clone(), level: *level, own })
        })
    }

    /// In words, for what asks for this.
    pub fn verdict(&self, demand: &Demand) -> Verdict {
        let units = self.units_of(demand.record_type.as_deref());
        let (load, free) = (self.tally.units, self.free().unwrap_or(u32::MAX));
        let asked: &BTreeSet<String> = &demand.asked;
        match () {
            () if !self.agent.may(asked) => Verdict::NotPermitted,
            () if self.agent.presence != Presence::Available => Verdict::NotThere(self.agent.presence),
            () if demand.without.contains(&self.agent.address) => Verdict::Declined,
            () if self.tally.blocking > 0 => Verdict::Blocked,
            () if free == 0 => Verdict::Full { load, limit: self.limit().unwrap_or(load) },
            () if units > free => Verdict::Large { free, units },
            () => self.lacks(demand).unwrap_or(Verdict::Fits),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fits => f.write_str("could have it, too"),
            Self::NotThere(Presence::Busy) => f.write_str("is busy"),
            Self::NotThere(Presence::Away) => f.write_str("is away"),
            Self::NotThere(_) => f.write_str("is offline"),
            Self::Full { load, limit } => write!(f, "is full: {load} of {limit}"),
            Self::Large { free, units } => write!(f, "has room for {free}, and it takes {units}"),
            Self::Blocked => f.write_str("has a case beside which they get nothing else"),
            Self::LacksSkill { skill, level, own: 0 } => write!(f, "lacks the skill {skill}, from level {level}"),
            Self::LacksSkill { skill, level, own } => write!(f, "has {skill} at level {own}, and it asks for {level}"),
            Self::NotPermitted => f.write_str("may not work on cases of this address"),
            Self::Declined => f.write_str("has declined it too often"),
        }
    }
}
