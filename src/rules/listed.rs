//! The rules of one stage by the clauses of their conditions: which of them hold whenever another does is told without
//! looking at each pair.
//!
//! Every rule stands under the rarest of its clauses, and can only follow from rules that have this clause, too. Files in
//! which thousands of rules share all their clauses are compared as far as [`COMPARED_MAX`] goes.

use std::cell::Cell;
use std::collections::HashMap;
use std::ops::Range;

use super::Rule;
use super::clauses::Clauses;

/// Pairs of rules that are compared in one stage: one or two seconds.
const COMPARED_MAX: usize = 1_000_000;

/// See the module.
pub struct Listed<'r> {
    rules: Vec<(&'r Rule, Clauses)>,
    /// By their rarest clause, nothing for rules without any, in their order.
    places: HashMap<String, Vec<usize>>,
    left: Cell<usize>,
}

impl<'r> Listed<'r> {
    pub fn of(rules: &'r [Rule]) -> Self {
        let rules: Vec<(&Rule, Clauses)> = rules.iter().map(|rule| (rule, rule.clauses())).collect();
        let mut counts: HashMap<&str, usize> = HashMap::new();
        rules.iter().flat_map(|(_, clauses)| clauses.iter()).for_each(|one| *counts.entry(one).or_default() += 1);
        let mut places: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, (_, clauses)) in rules.iter().enumerate() {
            let rarest = clauses.iter().min_by_key(|one| counts[one]).unwrap_or_default();
            places.entry(rarest.to_owned()).or_default().push(place);
        }
        Self { rules, places, left: Cell::new(COMPARED_MAX) }
    }

    pub fn iter(&self) -> impl Iterator<Item = (usize, &'r Rule, &Clauses)> {
        self.rules.iter().enumerate().map(|(place, (rule, clauses))| (place, *rule, clauses))
    }

    /// The first of the rules before a place that hold whenever the one at it does.
    pub fn earlier(&self, at: usize) -> Option<(&'r Rule, &Clauses)> {
        self.first(at, 0..at, |_, _| true)
    }

    /// The first of those behind it that are wanted.
    pub fn later(&self, at: usize, wanted: impl Fn(&Rule, &Clauses) -> bool) -> Option<(&'r Rule, &Clauses)> {
        self.first(at, at + 1..self.rules.len(), wanted)
    }

    /// True when there were too many pairs to compare all.
    pub fn is_cut_short(&self) -> bool {
        self.left.get() == 0
    }

    fn first(
        &self,
        at: usize,
        among: Range<usize>,
        wanted: impl Fn(&Rule, &Clauses) -> bool,
    ) -> Option<(&'r Rule, &Clauses)> {
        let own = &self.rules[at].1;
        let under = own.iter().chain([""]).filter_map(|clause| self.places.get(clause));
        let found = under.filter_map(|places| {
            let [from, end] = [among.start, among.end].map(|bound| places.partition_point(|place| *place < bound));
            places[from..end].iter().take_while(|_| self.count()).find(|place| {
                let (rule, clauses) = &self.rules[**place];
                wanted(rule, clauses) && clauses.follow_from(own)
            })
        });
        found.min().map(|place| (self.rules[*place].0, &self.rules[*place].1))
    }

    /// One pair more; false when that is too many.
    fn count(&self) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        left > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Advised;
    use crate::rules::{Condition, Rules, Then, warnings};

    fn rules(count: usize, when: fn(usize) -> String) -> Vec<Rule> {
        let rule = |n: usize| Rule {
            name: n.to_string(),
            line: n,
            workstream: None,
            when: Some(Condition::compile(&when(n)).unwrap()),
            then: vec![Then::Advise(Advised::RecordType("same".into()))],
            detour: Default::default(),
        };
        (0..count).map(rule).collect()
    }

    #[test]
    fn few_pairs_are_compared_and_never_too_many() {
        #[track_caller]
        fn check(count: usize, when: fn(usize) -> String, expected: usize, warned: &[&str]) {
            let rules = rules(count, when);
            let listed = Listed::of(&rules);
            for place in 0..count {
                listed.earlier(place);
                listed.later(place, |_, _| true);
            }
            let compared = COMPARED_MAX - listed.left.get();
            assert!(compared <= expected, "{compared}");
            let told = warnings(&Rules { classify: rules, ..Rules::default() }, &Default::default(), None);
            assert_eq!(told.iter().map(|warning| &warning.what).collect::<Vec<_>>(), warned);
        }
        check(2000, |n| format!("kind == 'list' && auth.spf == 'pass' && subject == '{n}'"), 0, &[]);
        check(2000, |n| format!("text.contains('{}') && subject == '{n}'", n % 7), 0, &[]);
        check(2000, |n| format!("subject == '{}' && text == '{}'", n % 40, n % 50), 200_000, &[]);
        let cut = "the [[classify]] rules weren't all compared with each other: too many ask the same";
        check(2000, |_| "kind == 'list'".into(), COMPARED_MAX, &[cut]);
    }
}
