//! Who was asked about a case and what became of it, as the explanation of its message tells it: also who had nothing to say.
//!
//! What rules say isn't kept for each that doesn't hold: a file may have thousands of them, and most hold seldom. They are
//! counted, and the first few named. Times are measured, and are no part of what a replay compares.

use std::time::Duration;

use crate::base::limits::{FAILURES_TOLD_MAX, PASSED_NAMED_MAX};
use crate::case::{Lost, Stage, Step, Weighed};
use crate::rules::{Rule, Rules};

/// Who rules are that are told of together.
const RULES: &str = "rules";

/// One adviser, or all rules of a stage that said nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub stage: Stage,
    pub by: String,
    pub version: String,
    pub said: Said,
    /// For rules, that of all of the stage, with the last of them.
    pub took: Duration,
}

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Advice, which is weighed.
    Advice,
    Pass,
    Failed(String),
    Unclear(String),
    /// In words: how many rules said nothing, and which.
    Rules(String, String),
}

/// The rules of a stage that said nothing.
pub struct Passed {
    stage: Stage,
    unclear: usize,
    count: usize,
    names: Vec<String>,
}

impl Asked {
    pub fn rule(stage: Stage, (rule, rules): (&Rule, &Rules), said: Said) -> Self {
        Self { stage, by: rule.called(), version: rules.version.clone(), said, took: Duration::ZERO }
    }

    fn step(&self, outcome: String, why: String) -> Step {
        // What was measured isn't nothing.
        let took_us = u64::try_from(self.took.as_nanos().div_ceil(1_000)).unwrap_or(u64::MAX);
        Step {
            stage: self.stage.to_string(),
            by: self.by.clone(),
            version: self.version.clone(),
            outcome,
            why,
            took_us,
        }
    }
}

impl Passed {
    pub fn new(stage: Stage, rules: &Rules) -> Self {
        let names = Vec::with_capacity(rules.of(stage).len().min(PASSED_NAMED_MAX));
        Self { stage, unclear: 0, count: 0, names }
    }

    /// One that doesn't hold.
    pub fn add(&mut self, rule: &Rule) {
        self.count += 1;
        if self.names.len() < PASSED_NAMED_MAX {
            self.names.push(rule.name.clone());
        }
    }

    /// One whose condition can't be told; all of a kind say the same, so that the first few are enough.
    pub fn unclear(&mut self, rule: (&Rule, &Rules), why: String, asked: &mut Vec<Asked>) {
        self.unclear += 1;
        match self.unclear > FAILURES_TOLD_MAX {
            true => self.add(rule.0),
            false => asked.push(Asked::rule(self.stage, rule, Said::Unclear(why))),
        }
    }

    /// Those that said nothing, when there are any, beside so many that were told by themselves.
    pub fn told(self, rules: &Rules, told: usize) -> Option<Asked> {
        let not_asked = rules.of(self.stage).len().saturating_sub(self.count + told);
        if self.count + not_asked == 0 {
            return None;
        }
        let why = match self.stage {
            Stage::Intake => "behind the one that chose the workstream",
            _ => "for other workstreams",
        };
        let do_not_hold = match self.count {
            0 => None,
            1 => Some("1 rule doesn't hold".to_owned()),
            count => Some(format!("{count} rules don't hold")),
        };
        let left_out = (not_asked > 0).then(|| format!("not asked, {why}: {not_asked}"));
        let outcome = [do_not_hold, left_out].into_iter().flatten().collect::<Vec<_>>().join("; ");
        let mut names = self.names.join(", ");
        if self.count > self.names.len() {
            names += &format!(" and {} more", self.count - self.names.len());
        }
        let (stage, by, version) = (self.stage, RULES.to_owned(), rules.version.clone());
        Some(Asked { stage, by, version, said: Said::Rules(outcome, names), took: Duration::ZERO })
    }
}

/// The steps of all who were asked, with what became of what they said; that is in the same order.
pub fn steps(asked: &[Asked], weighed: &[Weighed]) -> Vec<Step> {
    let mut weighed = weighed.iter().peekable();
    let mut steps = Vec::new();
    for asked in asked {
        let (outcome, why) = match &asked.said {
            Said::Pass => ("passes".to_owned(), "it has nothing to say about it".to_owned()),
            Said::Failed(why) => ("it failed and says nothing".to_owned(), why.clone()),
            Said::Unclear(why) => ("its condition can't be told, so it doesn't hold".to_owned(), why.clone()),
            Said::Rules(outcome, names) => (outcome.clone(), names.clone()),
            Said::Advice => {
                let first = steps.len();
                let is_theirs = |next: &&Weighed| (next.advice.stage, &next.advice.by) == (asked.stage, &asked.by);
                while let Some(Weighed { advice, lost }) = weighed.next_if(is_theirs) {
                    let (outcome, why) = match lost {
                        None => (advice.what.to_string(), advice.why.clone()),
                        Some(Lost::Overruled(why) | Lost::Wrong(why)) => {
                            (format!("{}, not taken", advice.what), why.clone())
                        }
                    };
                    // It took its time once.
                    let took = if steps.len() == first { asked.took } else { Duration::ZERO };
                    steps.push(Asked { took, ..asked.clone() }.step(outcome, why));
                }
                continue;
            }
        };
        steps.push(asked.step(outcome, why));
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{Advice, Advised};

    fn rules(count: usize) -> Rules {
        let rule = |n| Rule {
            name: format!("r{n}"),
            line: n,
            workstream: None,
            when: None,
            then: Vec::new(),
            detour: Default::default(),
        };
        Rules { version: "1".into(), route: (0..count).map(rule).collect(), ..Rules::default() }
    }

    #[test]
    fn rules_that_say_nothing_are_counted_and_the_first_few_named() {
        let check = |count: usize, held: usize, tried: usize, expected: Option<(&str, &str)>| {
            let rules = rules(count);
            let mut passed = Passed::new(Stage::Route, &rules);
            rules.route[held..tried].iter().for_each(|rule| passed.add(rule));
            let said = passed.told(&rules, held).map(|asked| asked.said);
            assert_eq!(said, expected.map(|(outcome, names)| Said::Rules(outcome.into(), names.into())));
        };
        check(0, 0, 0, None);
        check(3, 3, 3, None);
        check(3, 2, 3, Some(("1 rule doesn't hold", "r2")));
        check(3, 1, 1, Some(("not asked, for other workstreams: 2", "")));
        check(4, 1, 3, Some(("2 rules don't hold; not asked, for other workstreams: 1", "r1, r2")));
        let names = "r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, r13, r14, r15, r16, r17, r18, r19";
        check(1_000, 0, 1_000, Some(("1000 rules don't hold", &format!("{names} and 980 more"))));
    }

    #[test]
    fn all_who_were_asked_are_told_in_their_order() {
        let asked = |by: &str, said| Asked {
            stage: Stage::Route,
            by: by.into(),
            version: "1".into(),
            said,
            took: Duration::from_micros(7),
        };
        let weighed = |by: &str, tag: &str, lost| {
            let (version, why, what) = ("1".to_owned(), "so".to_owned(), Advised::Tag(tag.into()));
            Weighed { advice: Advice { stage: Stage::Route, by: by.into(), version, what, why, line: None }, lost }
        };
        let all = [
            asked("rule a", Said::Advice),
            asked("rule b", Said::Unclear("there is no x".into())),
            asked("rule c", Said::Advice),
            asked("rules", Said::Rules("2 rules don't hold".into(), "d, e".into())),
            asked("plugin f", Said::Pass),
            asked("plugin g", Said::Failed("it broke".into())),
        ];
        let late = Some(Lost::Overruled("rule a came first".into()));
        let said = [weighed("rule a", "t", None), weighed("rule a", "u", None), weighed("rule c", "t", late)];
        let told: Vec<String> = steps(&all, &said)
            .iter()
            .map(|step| format!("{} {}: {} ({}) {}", step.stage, step.by, step.outcome, step.why, step.took_us))
            .collect();
        let expected = [
            "route rule a: tag t (so) 7",
            "route rule a: tag u (so) 0",
            "route rule b: its condition can't be told, so it doesn't hold (there is no x) 7",
            "route rule c: tag t, not taken (rule a came first) 7",
            "route rules: 2 rules don't hold (d, e) 7",
            "route plugin f: passes (it has nothing to say about it) 7",
            "route plugin g: it failed and says nothing (it broke) 7",
        ];
        assert_eq!(told, expected);
    }
}
