//! What is no mistake and yet can't be meant: rules that never match, those whose word never counts, queues that nobody works
//! on, agents who are none, skills that nobody has.

use serde::{Deserialize, Serialize};

use super::clauses::Clauses;
use super::{MAIN_WORKSTREAM, Rule, Rules, Then};
use crate::case::{Advised, Stage};
use crate::routing::Setup;

/// One of them, at the line of its rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    pub line: usize,
    pub what: String,
}

/// Warnings in the order of the lines; about queues, agents and skills only when it is known what is registered.
pub fn warnings(rules: &Rules, setup: Option<&Setup>) -> Vec<Warning> {
    let mut all = Vec::new();
    for stage in Stage::OPENING {
        let listed = rules.of(stage);
        for (place, rule) in listed.iter().enumerate() {
            let what = never(rules, stage, rule, &listed[..place]);
            let what = what.or_else(|| in_vain(rule, &listed[place + 1..]));
            all.extend(what.map(|what| Warning { line: rule.line, what: format!("rule {} {what}", rule.name) }));
            let nobody = setup.map(|setup| nobody(rule, setup)).unwrap_or_default();
            let said = |what| Warning { line: rule.line, what: format!("rule {}: {what}", rule.name) };
            all.extend(nobody.into_iter().map(said));
        }
    }
    all.sort_by_key(|warning| warning.line);
    all
}

/// Why a rule never has a say.
fn never(rules: &Rules, stage: Stage, rule: &Rule, before: &[Rule]) -> Option<String> {
    if rule.constant() == Some(false) {
        return Some("never matches: its condition is false".into());
    }
    let own = rule.clauses();
    if let Some((one, other)) = own.contradiction() {
        return Some(format!("never matches: {one} and {other} can't be true together"));
    }
    if let Some(name) = &rule.workstream
        && name != MAIN_WORKSTREAM
        && !rules.intake.iter().any(|intake| intake.chooses(name))
    {
        return Some(format!("never matches: no intake rule chooses the workstream {name}"));
    }
    let first = before.iter().find(|other| other.clauses().follow_from(&own)).filter(|_| stage != Stage::Classify)?;
    let when = if first.clauses().is_empty() { "always" } else { "whenever this one holds" };
    Some(format!("never matters: rule {} on line {} comes first, {when}", first.name, first.line))
}

/// What a rule says in vain, because a later one that holds whenever it does says otherwise.
fn in_vain(rule: &Rule, after: &[Rule]) -> Option<String> {
    let own = rule.clauses();
    let said = |rule: &Rule| rule.then.iter().filter_map(Then::advice).cloned().collect::<Vec<_>>();
    let stronger = |other: &&Rule| {
        let clauses = other.clauses();
        !clauses.ask_about_case() && clauses.follow_from(&own)
    };
    after.iter().filter(stronger).find_map(|other| {
        let mut pairs =
            said(rule).into_iter().flat_map(|one| said(other).into_iter().map(move |two| (one.clone(), two)));
        let (lost, _) = pairs.find(|(one, two)| one != two && one.yields_to(two))?;
        let (name, line) = (&other.name, other.line);
        Some(format!(
            "conflicts: its {lost} never counts, since rule {name} on line {line} says otherwise whenever it holds"
        ))
    })
}

/// What it says that comes to nobody.
fn nobody(rule: &Rule, setup: &Setup) -> Vec<String> {
    let mut what: Vec<String> = rule.queues().filter_map(|queue| setup.unattended(queue)).collect();
    for advised in rule.then.iter().filter_map(Then::advice) {
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
    fn clauses(&self) -> Clauses {
        let clauses = self.when.as_ref().map(|when| Clauses::of(&when.text)).unwrap_or_default();
        self.workstream.iter().fold(clauses, |all, only| all.with(format!("case.workstream=={only:?}")))
    }

    fn chooses(&self, workstream: &str) -> bool {
        self.then.iter().any(|then| matches!(then, Then::Advise(Advised::Workstream(name)) if name == workstream))
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
