//! Rules and what they advise about a message.

use super::{Condition, Subject};
use crate::case::{Advice, Advised, Brief, Detour, Draft, RULE, Stage};

/// One rule of the file.
#[derive(Debug)]
pub struct Rule {
    pub name: String,
    /// From 1.
    pub line: usize,
    /// Only for cases of this workstream; none: for all.
    pub workstream: Option<String>,
    /// None: always.
    pub when: Option<Condition>,
    pub then: Vec<Then>,
    /// Where else it goes than to the queue.
    pub detour: Detour,
}

/// What a rule says when it is true.
#[derive(Debug, PartialEq, Eq)]
pub enum Then {
    Advise(Advised),
    /// One of these queues; the parts add up to 100.
    Share(Vec<Share>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    pub queue: String,
    /// Of 100.
    pub part: u32,
}

/// All rules of a file, in its order.
#[derive(Debug, Default)]
pub struct Rules {
    /// A digest of the file.
    pub version: String,
    pub intake: Vec<Rule>,
    pub classify: Vec<Rule>,
    pub route: Vec<Rule>,
}

/// What came of a rule that was tried; `Err` says why its condition could not be told.
pub type Told<'r> = (&'r Rule, Stage, Result<bool, String>, &'r [Advice]);

impl Rules {
    pub fn of(&self, stage: Stage) -> &[Rule] {
        match stage {
            Stage::Intake => &self.intake,
            Stage::Classify => &self.classify,
            Stage::Route => &self.route,
            Stage::Assign | Stage::FollowUp => &[],
        }
    }

    pub fn len(&self) -> usize {
        self.intake.len() + self.classify.len() + self.route.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the rules of all stages advise, as far as no other adviser speaks between them.
    pub fn advise_all(
        &self,
        brief: &Brief,
        draft: &mut Draft,
        key: &[u8],
        mut tell: impl FnMut(Told<'_>),
    ) -> Vec<Advice> {
        let mut subject = Subject::of(brief);
        let stages = Stage::OPENING;
        stages.into_iter().flat_map(|stage| self.advise(stage, &mut subject, draft, key, &mut tell)).collect()
    }

    /// What the rules of one stage advise. `draft` takes in what they say of the case; `key` decides on shares; each rule
    /// that is tried is told of.
    pub fn advise(
        &self,
        stage: Stage,
        subject: &mut Subject,
        draft: &mut Draft,
        key: &[u8],
        mut tell: impl FnMut(Told<'_>),
    ) -> Vec<Advice> {
        let mut all = Vec::new();
        subject.set_case(draft);
        for rule in self.of(stage) {
            if rule.workstream.as_ref().is_some_and(|only| *only != draft.workstream) {
                continue;
            }
            let holds = rule.when.as_ref().map_or(Ok(true), |when| when.holds(subject));
            let before = all.len();
            if holds == Ok(true) {
                all.extend(rule.then.iter().map(|then| self.advice(stage, rule, then, key)));
                all[before..].iter().for_each(|advice| draft.take(&advice.what));
                subject.set_case(draft);
            }
            tell((rule, stage, holds, &all[before..]));
            if stage == Stage::Intake && all.len() > before {
                break;
            }
        }
        all
    }

    fn advice(&self, stage: Stage, rule: &Rule, then: &Then, key: &[u8]) -> Advice {
        let what = then.advised(rule, key);
        let mut why = rule.when.as_ref().map_or_else(|| "always".to_owned(), |when| when.text.clone());
        if let Then::Share(shares) = then {
            let parts: Vec<String> = shares.iter().map(|share| format!("{} {} %", share.queue, share.part)).collect();
            let drawn = draw(&rule.name, key) + 1;
            why = format!("its shares are {}, and this message drew {drawn} of 100; {why}", parts.join(", "));
        }
        let (by, version) = (rule.called(), self.version.clone());
        Advice { stage, by, version, what, why, line: Some(rule.line) }
    }
}

impl Rule {
    /// Who it is among advisers.
    pub fn called(&self) -> String {
        format!("{RULE}{}", self.name)
    }
}

impl Then {
    /// What it says of every message.
    pub fn advice(&self) -> Option<&Advised> {
        match self {
            Self::Advise(what) => Some(what),
            Self::Share(_) => None,
        }
    }

    fn advised(&self, rule: &Rule, key: &[u8]) -> Advised {
        let advised = match self {
            Self::Advise(what) => what.clone(),
            Self::Share(shares) => Advised::Queue(share(shares, &rule.name, key).to_owned()),
        };
        match advised {
            Advised::Queue(queue) if !rule.detour.is_empty() => Advised::QueueOr { queue, detour: rule.detour.clone() },
            other => other,
        }
    }
}

/// The queue whose turn it is by a digest of the key. The name keeps the shares of two rules apart.
pub(super) fn share<'s>(shares: &'s [Share], rule: &str, key: &[u8]) -> &'s str {
    let mut left = draw(rule, key);
    for share in shares {
        match left.checked_sub(share.part) {
            Some(rest) => left = rest,
            None => return &share.queue,
        }
    }
    shares.last().map(|share| share.queue.as_str()).unwrap_or_default()
}

/// Below 100.
fn draw(rule: &str, key: &[u8]) -> u32 {
    let mut digest = blake3::Hasher::new();
    digest.update(rule.as_bytes()).update(&[0]).update(key);
    let mut place = [0; 8];
    digest.finalize_xof().fill(&mut place);
    (u64::from_le_bytes(place) % 100) as u32
}
