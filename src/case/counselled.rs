//! What all advice about a case comes to, and how that differs from what other advisers would make of it, in words.
//!
//! Where a case goes by itself is said by the caller ([`Counselled::or_to`]); without that it is left to its address.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};

use super::event::Happening;
use super::fold::PLUGIN;
use super::{Advice, Advised, Draft, Lost, Weighed};
use crate::address::Opens;
use crate::base::Mailbox;

/// What all advice comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counselled {
    #[serde(flatten)]
    pub draft: Draft,
    /// Without queue, agent and hold its address says where the case goes.
    pub queue: Option<String>,
    pub agent: Option<Mailbox>,
    /// Before others of the queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefer: Option<Mailbox>,
    pub hold: Option<String>,
    /// Without it its address says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opens: Option<Opens>,
    pub notes: Vec<String>,
    /// Advisers that failed, or said what can't be followed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<String>,
    /// Who said what stands in each field, and why.
    #[serde(skip)]
    sources: BTreeMap<&'static str, Vec<String>>,
}

/// One thing that is different, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub what: String,
    pub before: String,
    pub after: String,
    /// Who says so, or doesn't any more.
    pub why: String,
}

/// The fields that say where the case goes, of which one has something.
const PLACES: [&str; 3] = ["queue", "agent", "hold"];

impl Counselled {
    pub fn of(draft: Draft, weighed: &[Weighed]) -> Self {
        let mut all = Self { draft, ..Self::default() };
        for Weighed { advice, lost } in weighed {
            match lost {
                None => all.take(advice),
                Some(Lost::Wrong(why)) => {
                    all.failed.push(format!("{} failed: {why}", advice.by));
                    all.failed.dedup();
                }
                Some(Lost::Overruled(_)) => {}
            }
        }
        all
    }

    fn take(&mut self, advice: &Advice) {
        match &advice.what {
            Advised::Queue(queue) | Advised::QueueOr { queue, .. } => self.queue = Some(queue.clone()),
            Advised::Agent(agent) => self.agent = Some(agent.clone()),
            Advised::Prefer(agent) => self.prefer = Some(agent.clone()),
            Advised::Hold(why) => self.hold = Some(why.clone()),
            Advised::Opens(opens) => self.opens = Some(*opens),
            Advised::Note(text) => self.notes.push(text.clone()),
            _ => {}
        }
        let version = if advice.by.starts_with(PLUGIN) { format!(" {}", advice.version) } else { String::new() };
        self.sources.entry(field(&advice.what)).or_default().push(format!("{}{version}: {}", advice.by, advice.why));
    }

    /// Where it goes when no adviser says so: the first of what brings it there.
    pub fn or_to(mut self, placed: &[Happening]) -> Self {
        if !self.is_placed() {
            match placed.first() {
                Some(Happening::Queued { queue, .. }) => self.queue = Some(queue.clone()),
                Some(Happening::Assigned { agent, .. }) => self.agent = Some(agent.clone()),
                _ => {}
            }
        }
        self
    }

    fn is_placed(&self) -> bool {
        self.queue.is_some() || self.agent.is_some() || self.hold.is_some()
    }

    /// What is different in another one, and why; nothing when they are the same.
    pub fn differences(&self, other: &Self) -> Vec<Difference> {
        let (before, after) = (json!(self), json!(other));
        let fields = [&before, &after].into_iter().filter_map(Value::as_object).flat_map(|fields| fields.keys());
        // Who fails and who failed before is no change; what is new of it is told below.
        let fields: BTreeSet<&str> = fields.map(String::as_str).filter(|name| *name != "failed").collect();
        let mut all: Vec<Difference> = Vec::new();
        for name in fields.into_iter().filter(|name| before[name] != after[name]) {
            let what = name.replace('_', " ");
            let (before, after) = (self.words(name, &before[name]), other.words(name, &after[name]));
            all.push(Difference { what, before, after, why: self.why(other, name) });
        }
        for failed in other.failed.iter().filter(|failed| !self.failed.contains(failed)) {
            all.push(Difference {
                what: "failed".into(),
                before: "no".into(),
                after: "yes".into(),
                why: failed.clone(),
            });
        }
        all
    }

    fn words(&self, name: &str, value: &Value) -> String {
        match value {
            Value::Null if name == "queue" && !self.is_placed() => "that of its address".into(),
            Value::Null if name == "opens" => "as its address says".into(),
            value => words(value),
        }
    }

    /// Who says what another one has in this field, or no more says what this one has.
    fn why(&self, other: &Self, name: &str) -> String {
        let (before, after) = (self.sources_of(name), other.sources_of(name));
        let new = |ours: &[&str], others: &[&str]| -> Vec<String> {
            ours.iter().filter(|one| !others.contains(one)).map(|one| (*one).to_owned()).collect()
        };
        let (said, no_more) = (new(&after, &before), new(&before, &after));
        match (said.is_empty(), no_more.is_empty()) {
            (false, _) => said.join("; "),
            (true, false) => format!("no more by {}", no_more.join("; ")),
            (true, true) if after.is_empty() => "its address".into(),
            (true, true) => after.join("; "),
        }
    }

    /// Whoever places it says what stands in all fields of that.
    fn sources_of(&self, name: &str) -> Vec<&str> {
        let names = if PLACES.contains(&name) { PLACES.to_vec() } else { vec![name] };
        names.into_iter().filter_map(|name| self.sources.get(name)).flatten().map(String::as_str).collect()
    }
}

impl Difference {
    /// All in one line.
    pub fn line(all: &[Self]) -> String {
        let one = |one: &Self| match one.what.as_str() {
            "failed" => one.why.clone(),
            what => format!("{what} {} instead of {} ({})", one.after, one.before, one.why),
        };
        all.iter().map(one).collect::<Vec<_>>().join("; ")
    }
}

/// The field that says it.
fn field(what: &Advised) -> &'static str {
    match what {
        Advised::Workstream(_) => "workstream",
        Advised::Queue(_) | Advised::QueueOr { .. } => "queue",
        Advised::Agent(_) => "agent",
        Advised::Prefer(_) => "prefer",
        Advised::Hold(_) => "hold",
        Advised::Opens(_) => "opens",
        Advised::Priority(_) => "priority",
        Advised::RecordType(_) => "record_type",
        Advised::Field { .. } => "fields",
        Advised::Skill { .. } => "skills",
        Advised::Tag(_) => "tags",
        Advised::Note(_) => "notes",
        Advised::SuggestedCase(_) => "hints",
    }
}

fn words(value: &Value) -> String {
    let all = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(words).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| format!("{name} = {}", words(value))).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    };
    if all.is_empty() { "none".into() } else { all }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Priority;
    use crate::case::{Stage, weigh};

    fn come_to(said: &[(&str, Advised)]) -> Counselled {
        let mut draft = Draft { workstream: "main".into(), ..Draft::default() };
        said.iter().for_each(|(_, what)| draft.take(what));
        let advice = said.iter().map(|(by, what)| {
            let (version, why) = ("1".to_owned(), "so".to_owned());
            Advice { stage: Stage::Route, by: (*by).to_owned(), version, what: what.clone(), why, line: None }
        });
        Counselled::of(draft, &weigh(Draft::default(), advice.collect(), |_| None))
    }

    fn queue(name: &str) -> Advised {
        Advised::Queue(name.into())
    }

    #[track_caller]
    fn check(before: &Counselled, after: &Counselled, expected: &str) {
        assert_eq!(Difference::line(&before.differences(after)), expected);
    }

    #[test]
    fn a_difference_is_told_in_words() {
        let one = come_to(&[("rule a", queue("x"))]);
        check(&one, &come_to(&[("rule b", queue("x"))]), "");
        let other = come_to(&[("rule b", queue("y")), ("rule b", Advised::Priority(Priority::High))]);
        check(&one, &other, "priority high instead of normal (rule b: so); queue y instead of x (rule b: so)");
        check(&one, &come_to(&[]), "queue that of its address instead of x (no more by rule a: so)");
        let held = come_to(&[("plugin p", Advised::Hold("odd".into()))]);
        check(&one, &held, "hold odd instead of none (plugin p 1: so); queue none instead of x (plugin p 1: so)");
        let typed = come_to(&[("rule a", queue("x")), ("rule c", Advised::RecordType("claim".into()))]);
        check(&one, &typed, "record type claim instead of none (rule c: so)");
        let item = come_to(&[("rule a", queue("x")), ("rule c", Advised::Opens(Opens::Item))]);
        check(&one, &item, "opens item instead of as its address says (rule c: so)");
        let tags = |names: &[&'static str]| -> Counselled {
            let said: Vec<_> = names.iter().map(|name| (*name, Advised::Tag((*name).into()))).collect();
            come_to(&said)
        };
        check(&tags(&["a"]), &tags(&["a", "b"]), "tags a, b instead of a (b: so)");
        check(&tags(&["a", "b"]), &tags(&["b"]), "tags b instead of a, b (no more by a: so)");
        let skilled = come_to(&[("rule a", Advised::Skill { name: "german".into(), level: 2 })]);
        check(&come_to(&[]), &skilled, "skills german = 2 instead of none (rule a: so)");
        let failing = Counselled { failed: vec!["plugin p failed: it broke".into()], ..one.clone() };
        check(&one, &failing, "plugin p failed: it broke");
        check(&failing, &one, "");
    }

    #[test]
    fn what_goes_where_it_goes_by_itself_is_no_difference() {
        let to = |queue: &str| [Happening::Queued { queue: queue.into(), why: String::new() }];
        let said = come_to(&[("rule a", queue("x"))]);
        check(&come_to(&[]).or_to(&to("x")), &said.clone().or_to(&to("x")), "");
        check(&come_to(&[]).or_to(&to("y")), &said.or_to(&to("y")), "queue x instead of y (rule a: so)");
    }
}
