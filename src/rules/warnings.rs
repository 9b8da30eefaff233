//! What is no mistake and yet can't be meant: rules that never match, those whose word never counts, queues that nobody works
//! on, agents who are none, skills that nobody has, business hours that there aren't.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use super::clauses::Clauses;
use super::facts::nearest;
use super::listed::Listed;
use super::{MAIN_WORKSTREAM, Rule, Rules, Then};
use crate::base::Hours;
use crate::case::{Advised, Stage};
use crate::routing::Setup;

/// One of them, at the line of its rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    pub line: usize,
    pub what: String,
}

/// Warnings in the order of the lines; about queues, agents and skills only when it is known what is registered.
pub fn warnings(rules: &Rules, hours: &BTreeMap<String, Hours>, setup: Option<&Setup>) -> Vec<Warning> {
    let workstreams: HashSet<&str> = rules.intake.iter().flat_map(Rule::workstreams).chain([MAIN_WORKSTREAM]).collect();
    let mut all = Vec::new();
    for stage in Stage::OPENING {
        let listed = Listed::of(rules.of(stage));
        for (place, rule, clauses) in listed.iter() {
            let what = never(rule, clauses, &workstreams);
            let what = what.or_else(|| (stage != Stage::Classify).then(|| second(&listed, place))?);
            let what = what.or_else(|| in_vain(&listed, place, rule));
            all.extend(what.map(|what| Warning { line: rule.line, what: format!("rule {} {what}", rule.name) }));
            let nobody = setup.map(|setup| nobody(rule, setup)).unwrap_or_default();
            let said = |what| Warning { line: rule.line, what: format!("rule {}: {what}", rule.name) };
            all.extend(unknown_hours(rule, hours).chain(nobody).map(said));
        }
        let first = rules.of(stage).first().filter(|_| listed.is_cut_short());
        let what = format!("the [[{stage}]] rules weren't all compared with each other: too many ask the same");
        all.extend(first.map(|rule| Warning { line: rule.line, what }));
    }
    all.sort_by_key(|warning| warning.line);
    all
}

/// Why a rule never holds.
fn never(rule: &Rule, own: &Clauses, workstreams: &HashSet<&str>) -> Option<String> {
    if rule.constant() == Some(false) {
        return Some("never matches: its condition is false".into());
    }
    if let Some((one, other)) = own.contradiction() {
        return Some(format!("never matches: {one} and {other} can't be true together"));
    }
    let name = rule.workstream.as_ref().filter(|name| !workstreams.contains(name.as_str()))?;
    Some(format!("never matches: no intake rule chooses the workstream {name}"))
}

/// Why a rule never comes first.
fn second(listed: &Listed<'_>, place: usize) -> Option<String> {
    let (first, clauses) = listed.earlier(place)?;
    let when = if clauses.is_empty() { "always" } else { "whenever this one holds" };
    Some(format!("never matters: rule {} on line {} comes first, {when}", first.name, first.line))
}

/// What a rule says in vain, because a later one that holds whenever it does says otherwise.
fn in_vain(listed: &Listed<'_>, place: usize, rule: &Rule) -> Option<String> {
    let (other, _) = listed.later(place, |other, clauses| lost(rule, other).is_some() && !clauses.ask_about_case())?;
    let (lost, name, line) = (lost(rule, other)?, &other.name, other.line);
    Some(format!(
        "conflicts: its {lost} never counts, since rule {name} on line {line} says otherwise whenever it holds"
    ))
}

/// What a rule says that yields to what another says.
fn lost<'r>(rule: &'r Rule, other: &Rule) -> Option<&'r Advised> {
    let yields = |one: &&Advised| other.said().any(|two| *one != two && one.yields_to(two));
    rule.said().find(yields)
}

/// Business hours that it asks about and that the configuration hasn't.
fn unknown_hours(rule: &Rule, known: &BTreeMap<String, Hours>) -> impl Iterator<Item = String> {
    let asked = rule.when.iter().flat_map(|when| &when.hours).filter(|name| !known.contains_key(*name));
    asked.map(|name| match nearest(name, known.keys().map(String::as_str)) {
        "" => format!("there are no business hours {name} in the configuration; add [hours.{name}]"),
        nearest => format!("there are no business hours {name} in the configuration; the nearest are {nearest}"),
    })
}

/// What it says that comes to nobody.
fn nobody(rule: &Rule, setup: &Setup) -> Vec<String> {
    let mut what: Vec<String> = rule.queues().filter_map(|queue| setup.unattended(queue)).collect();
    for advised in rule.said() {
        match advised {
            Advised::Agent(agent) if !setup.agents.contains_key(agent) => {
                what.push(format!("{agent} is no agent; add them: postcase agent add {agent}"));
            }
            Advised::Skill { name, level } if !setup.has_skill(name, *level) => {
                what.push(format!(
                    "no agent in a queue that goes by skills has {name} at {level} or above, so its cases wait"
                ));
            }
            _ => {}
        }
    }
    what
}

impl Rule {
    fn constant(&self) -> Option<bool> {
        self.when.as_ref().map_or(Some(true), |when| when.constant())
    }

    /// Of its condition and its workstream.
    pub(super) fn clauses(&self) -> Clauses {
        let clauses = self.when.as_ref().map(|when| Clauses::of(&when.text)).unwrap_or_default();
        self.workstream.iter().fold(clauses, |all, only| all.with(format!("case.workstream=={only:?}")))
    }

    /// What it says of every message.
    fn said(&self) -> impl Iterator<Item = &Advised> {
        self.then.iter().filter_map(Then::advice)
    }

    fn workstreams(&self) -> impl Iterator<Item = &str> {
        self.said().filter_map(|advised| match advised {
            Advised::Workstream(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// The queues that it may choose.
    fn queues(&self) -> impl Iterator<Item = &str> {
        let own = self.then.iter().flat_map(|then| match then {
            Then::Advise(Advised::Queue(name)) => vec![name.as_str()],
            Then::Advise(_) => vec![],
            Then::Share(shares) => shares.iter().map(|share| share.queue.as_str()).collect(),
        });
        let detours = self.detour.overflow.iter().map(|overflow| &overflow.queue).chain(&self.detour.fallback);
        own.chain(detours.map(String::as_str))
    }
}
