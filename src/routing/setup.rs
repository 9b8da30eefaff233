//! All that is registered about who gets cases, and what of it can't be meant: names of what isn't there, queues that nobody
//! works on, units that nobody has room for. Pure; nothing here refuses anything.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Agent, Assign, MAIN_QUEUE, PluginState, Profile, Queue};
use crate::address::RoutingAddress;
use crate::base::{Hours, Mailbox, Time};

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    pub queues: BTreeMap<String, Queue>,
    pub agents: BTreeMap<Mailbox, Agent>,
    pub profiles: BTreeMap<String, Profile>,
    pub addresses: Vec<RoutingAddress>,
    pub plugins: BTreeMap<String, PluginState>,
    pub hours: Arc<BTreeMap<String, Hours>>,
}

/// What can't be meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Concern {
    /// Kind and name, as `queue lifts`.
    pub about: String,
    /// With what to do about it.
    pub what: String,
}

impl fmt::Display for Concern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.about, self.what)
    }
}

impl Setup {
    /// Of hours, queues, profiles, agents, addresses and plugins, in this order.
    pub fn concerns(&self, now: Time) -> Vec<Concern> {
        let mut all = never_open(&self.hours, now);
        let mut add = |kind: &str, name: &str, what: Vec<String>| {
            all.extend(what.into_iter().map(|what| Concern { about: format!("{kind} {name}"), what }));
        };
        self.queues.values().for_each(|queue| add("queue", &queue.name, self.of_queue(queue)));
        self.profiles.values().for_each(|profile| add("profile", &profile.name, self.of_profile(profile)));
        self.agents.values().for_each(|agent| add("agent", &agent.address.to_string(), self.of_agent(agent)));
        let in_use = self.addresses.iter().filter(|address| !address.disabled);
        in_use.for_each(|address| add("address", &address.address.to_string(), self.of_address(address)));
        let suspended = self.plugins.iter().filter(|(_, state)| **state == PluginState::Suspended);
        suspended.for_each(|(name, _)| {
            add(
                "plugin",
                name,
                vec![format!("it failed too often and isn't asked; after mending it: postcase plugin enable {name}")],
            );
        });
        all
    }

    /// True when somebody can get what asks for this skill, as long as it waits for skills.
    pub fn has_skill(&self, skill: &str, level: u8) -> bool {
        let mut by_skills = self.queues.values().filter(|queue| queue.assign == Assign::Skills);
        let has = |agent: &Agent| agent.skills.get(skill).is_some_and(|own| *own >= level);
        let waits_for_ever = |queue: &Queue| queue.relax_after.is_none() && !self.workers(queue).any(has);
        let first = by_skills.next();
        first.is_none_or(|first| !waits_for_ever(first) || by_skills.any(|queue| !waits_for_ever(queue)))
    }

    /// Agents who are members; all of them where agents pick and nobody is named.
    fn workers<'a>(&'a self, queue: &'a Queue) -> impl Iterator<Item = &'a Agent> {
        let all = queue.assign == Assign::Pick && queue.members.is_empty();
        self.agents.values().filter(move |agent| all || queue.members.contains(&agent.address))
    }

    /// Why nobody is ever given its cases, if that is so.
    pub fn unattended(&self, name: &str) -> Option<String> {
        let Some(queue) = self.queues.get(name) else {
            return Some(format!("there is no queue {name}; add it: postcase queue add {name}"));
        };
        self.nobody_works(queue).map(|what| format!("queue {name} {what}"))
    }

    fn nobody_works(&self, queue: &Queue) -> Option<String> {
        if queue.assign == Assign::Pick || self.workers(queue).next().is_some() {
            return None;
        }
        let why =
            if queue.members.is_empty() { "has no members" } else { "has only members who are no agents any more" };
        Some(format!("{why}, so its cases wait; see: postcase queue set {} --members", queue.name))
    }

    fn of_queue(&self, queue: &Queue) -> Vec<String> {
        let mut what: Vec<String> = self.nobody_works(queue).into_iter().collect();
        let gone = queue.members.iter().filter(|member| !self.agents.contains_key(member));
        what.extend(gone.map(|member| format!("its member {member} is no agent; name the others: --members A,B")));
        if let Some(overflow) = queue.overflow.as_ref().filter(|name| !self.queues.contains_key(*name)) {
            what.push(format!(
                "it overflows into {overflow}, which doesn't exist; add it: postcase queue add {overflow}"
            ));
        }
        what.extend(self.circle(queue));
        what.extend(self.unknown_hours(queue.hours.as_ref(), "it is closed"));
        what
    }

    /// Told of the first queue by name. Where one of them has hours a circle is how a case follows the day.
    fn circle(&self, queue: &Queue) -> Option<String> {
        let mut way = vec![queue];
        while let Some(next) = way.last().and_then(|last| self.queues.get(last.overflow.as_ref()?)) {
            if next.name == queue.name {
                let first = way.iter().all(|other| other.name >= queue.name && other.hours.is_none());
                let names: Vec<&str> = way.iter().map(|queue| queue.name.as_str()).collect();
                let what = format!("it overflows in a circle: {} → {}", names.join(" → "), queue.name);
                return first.then_some(what);
            }
            if way.iter().any(|other| other.name == next.name) {
                return None;
            }
            way.push(next);
        }
        None
    }

    fn of_profile(&self, profile: &Profile) -> Vec<String> {
        let too_large = profile.units.iter().filter(|(_, units)| profile.limit.is_some_and(|limit| **units > limit));
        let too_large = too_large.map(|(record_type, units)| {
            let limit = profile.limit.unwrap_or_default();
            format!("a case of record type {record_type} takes {units} units, more than its limit of {limit}: nobody gets one")
        });
        too_large.chain(self.unknown_hours(profile.hours.as_ref(), "its days end by UTC")).collect()
    }

    fn of_agent(&self, agent: &Agent) -> Vec<String> {
        let Some(name) = &agent.profile else { return Vec::new() };
        let Some(profile) = self.profiles.get(name) else {
            return vec![format!("has the profile {name}, which doesn't exist; add it: postcase profile add {name}")];
        };
        let most = agent.capacity.unwrap_or(u32::MAX);
        let too_large = profile.units.iter().filter(|(_, units)| **units > most);
        too_large
            .map(|(record_type, units)| {
                format!("a case of record type {record_type} takes {units} units, more than their capacity of {most}")
            })
            .collect()
    }

    fn of_address(&self, address: &RoutingAddress) -> Vec<String> {
        let (settings, name) = (&address.settings, &address.address);
        let mut what = Vec::new();
        for queue in settings.queue.iter().chain(&settings.fallback_queue) {
            if !self.queues.contains_key(queue) {
                what.push(format!("its queue {queue} doesn't exist; add it: postcase queue add {queue}"));
            }
        }
        let owner = settings.owner.as_ref();
        if let Some(owner) = owner.filter(|owner| !self.agents.contains_key(owner)) {
            what.push(format!("its owner {owner} is no agent; see: postcase address set {name} --owner"));
        }
        let queue = self.queues.get(settings.queue.as_deref().unwrap_or(MAIN_QUEUE));
        let may = |agent: &Agent| agent.may(&settings.permission_sets);
        if let Some(queue) = queue.filter(|queue| owner.is_none() && !self.workers(queue).any(may))
            && !settings.permission_sets.is_empty()
        {
            let sets = settings.permission_sets.iter().cloned().collect::<Vec<_>>().join(" or ");
            what.push(format!("it asks for the permission set {sets}, which nobody in its queue {} has", queue.name));
        }
        what.extend(self.unasked(&settings.plugins));
        what
    }

    fn unasked<'a>(&'a self, plugins: &'a BTreeSet<String>) -> impl Iterator<Item = String> + 'a {
        plugins.iter().filter_map(|name| match self.plugins.get(name) {
            Some(PluginState::Active | PluginState::Suspended) => None,
            Some(PluginState::Disabled) => {
                Some(format!("its plugin {name} is disabled; to have it asked: postcase plugin enable {name}"))
            }
            None => Some(format!("its plugin {name} isn't installed; see: postcase plugin install")),
        })
    }

    fn unknown_hours(&self, name: Option<&String>, so: &str) -> Option<String> {
        let name = name.filter(|name| !self.hours.contains_key(*name))?;
        Some(format!("its hours {name} are not in the configuration, so that {so}; write [hours.{name}]"))
    }
}

/// Business hours without any.
pub fn never_open(hours: &BTreeMap<String, Hours>, now: Time) -> Vec<Concern> {
    let closed = |hours: &Hours| {
        let phase = hours.at(now);
        !phase.open && phase.until.is_none()
    };
    let never = hours.iter().filter(|(_, hours)| closed(hours));
    let what = "they never open; see `open` and `holidays`";
    never.map(|(name, _)| Concern { about: format!("[hours.{name}]"), what: what.into() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Settings;

    fn mailbox(name: &str) -> Mailbox {
        Mailbox::new(name, "company.example").unwrap()
    }

    fn agent(name: &str) -> Agent {
        Agent::new(mailbox(name), None, Time::UNIX_EPOCH)
    }

    fn queue(name: &str, assign: Assign, members: &[&str]) -> Queue {
        let members = members.iter().map(|name| mailbox(name)).collect();
        Queue { assign, members, ..Queue::new(name, Time::UNIX_EPOCH) }
    }

    fn into(overflow: &str, queue: Queue) -> Queue {
        Queue { overflow: Some(overflow.into()), ..queue }
    }

    fn setup(queues: Vec<Queue>, agents: Vec<Agent>) -> Setup {
        let queues = queues.into_iter().map(|queue| (queue.name.clone(), queue)).collect();
        let agents = agents.into_iter().map(|agent| (agent.address.clone(), agent)).collect();
        Setup { queues, agents, ..Setup::default() }
    }

    #[track_caller]
    fn check(setup: &Setup, expected: &[&str]) {
        let told: Vec<String> = setup.concerns(Time::UNIX_EPOCH).iter().map(Concern::to_string).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn queues_that_nobody_works_on() {
        let pick = queue(MAIN_QUEUE, Assign::Pick, &[]);
        check(&setup(vec![pick.clone()], vec![]), &[]);
        let round = |name, members: &[&str]| queue(name, Assign::RoundRobin, members);
        let queues = vec![pick, round("a", &[]), round("b", &["carl"]), round("c", &["anna", "bob"])];
        let expected = [
            "queue a: has no members, so its cases wait; see: postcase queue set a --members",
            "queue b: has only members who are no agents any more, so its cases wait; see: postcase queue set b --members",
            "queue b: its member carl@company.example is no agent; name the others: --members A,B",
            "queue c: its member bob@company.example is no agent; name the others: --members A,B",
        ];
        check(&setup(queues, vec![agent("anna")]), &expected);
    }

    #[test]
    fn overflows_that_lead_nowhere() {
        let at = |name| queue(name, Assign::Pick, &[]);
        let queues = vec![into("b", at("a")), into("c", at("b")), into("b", at("c")), into("z", at("d"))];
        let expected = [
            "queue b: it overflows in a circle: b → c → b",
            "queue d: it overflows into z, which doesn't exist; add it: postcase queue add z",
        ];
        check(&setup(queues, vec![]), &expected);
        let office = Queue { hours: Some("office".into()), ..into("b", at("a")) };
        let expected =
            ["queue a: its hours office are not in the configuration, so that it is closed; write [hours.office]"];
        check(&setup(vec![office, into("a", at("b"))], vec![]), &expected);
    }

    #[test]
    fn units_without_room_and_hours_without_any() {
        let profile =
            Profile { limit: Some(2), units: [("claim".into(), 3)].into(), ..Profile::new("p", Time::UNIX_EPOCH) };
        let anna = Agent { profile: Some("p".into()), capacity: Some(1), ..agent("anna") };
        let bob = Agent { profile: Some("q".into()), ..agent("bob") };
        let hours = Hours { zone: "UTC".parse().unwrap(), open: vec![], holidays: vec![] };
        let setup = Setup {
            profiles: [("p".to_owned(), profile)].into(),
            hours: Arc::new([("never".to_owned(), hours)].into()),
            plugins: [("tired".to_owned(), PluginState::Suspended)].into(),
            ..setup(vec![], vec![anna, bob])
        };
        let expected = [
            "[hours.never]: they never open; see `open` and `holidays`",
            "profile p: a case of record type claim takes 3 units, more than its limit of 2: nobody gets one",
            "agent anna@company.example: a case of record type claim takes 3 units, more than their capacity of 1",
            "agent bob@company.example: has the profile q, which doesn't exist; add it: postcase profile add q",
            "plugin tired: it failed too often and isn't asked; after mending it: postcase plugin enable tired",
        ];
        check(&setup, &expected);
    }

    #[test]
    fn addresses_that_name_what_is_not_there() {
        let address = |name, settings| RoutingAddress::new(mailbox(name), 1, settings, Time::UNIX_EPOCH);
        let sets = || ["billing".to_owned()].into();
        let gone = Settings {
            queue: Some("x".into()),
            owner: Some(mailbox("carl")),
            plugins: ["a", "b", "c"].map(str::to_owned).into(),
            ..Settings::default()
        };
        let secret = Settings { permission_sets: sets(), ..Settings::default() };
        let disabled = RoutingAddress { disabled: true, ..address("off", gone.clone()) };
        let mut setup = Setup {
            addresses: vec![address("gone", gone), address("secret", secret), disabled],
            plugins: [("a".to_owned(), PluginState::Active), ("b".to_owned(), PluginState::Disabled)].into(),
            ..setup(vec![queue(MAIN_QUEUE, Assign::Pick, &[])], vec![agent("anna")])
        };
        let expected = [
            "address gone@company.example: its queue x doesn't exist; add it: postcase queue add x",
            "address gone@company.example: its owner carl@company.example is no agent; see: postcase address set gone@company.example --owner",
            "address gone@company.example: its plugin b is disabled; to have it asked: postcase plugin enable b",
            "address gone@company.example: its plugin c isn't installed; see: postcase plugin install",
            "address secret@company.example: it asks for the permission set billing, which nobody in its queue main has",
        ];
        check(&setup, &expected);
        setup.agents.insert(mailbox("bob"), Agent { permission_sets: sets(), ..agent("bob") });
        check(&setup, &expected[..4]);
    }

    #[test]
    fn skills_that_nobody_has() {
        let german = Agent { skills: [("german".to_owned(), 2)].into(), ..agent("anna") };
        let skilled = queue("s", Assign::Skills, &["anna"]);
        let has = |setup: &Setup| {
            [("german", 2), ("german", 3), ("french", 1)].map(|(name, level)| setup.has_skill(name, level))
        };
        assert_eq!(has(&setup(vec![], vec![])), [true; 3], "nothing waits for skills");
        assert_eq!(has(&setup(vec![skilled.clone()], vec![german.clone()])), [true, false, false]);
        let relaxing = Queue { relax_after: Some("1h".parse().unwrap()), ..queue("r", Assign::Skills, &[]) };
        assert_eq!(has(&setup(vec![skilled, relaxing], vec![german])), [true; 3]);
    }
}
