//! Advice: what rules and plugins suggest about a case, new or with a new message, and what becomes of it.
//!
//! Advisers only ever suggest. All that they say is put into one order, and [`weigh`] takes from it: the first that places
//! the case (queue, agent or hold) and the first workstream win; of the rest everything counts, and of two values for one
//! thing the later. What isn't taken is kept with the reason, so that nobody wonders where it went. Whether a queue exists
//! is known to the caller, who bars a piece of advice that can't be followed; then the next one has its turn.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use super::Detour;
use super::event::Fields;
use super::fold::Case;
use super::own_field::no_room;
use crate::address::Opens;
use crate::base::{CaseNumber, Mailbox, Priority, shown_as_stored};

/// When advice is asked for, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Which workstream?
    Intake,
    /// What is it about?
    Classify,
    /// Where does it go?
    Route,
    /// Who in its queue?
    Assign,
    /// What does a message change about the case that it joins?
    #[serde(rename = "follow-up")]
    FollowUp,
}

impl Stage {
    /// Those of a new case.
    pub const OPENING: [Self; 4] = [Self::Intake, Self::Classify, Self::Route, Self::Assign];
}

/// What is suggested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Advised {
    Workstream(String),
    Queue(String),
    /// A queue, or another as it may be; becomes one of them before it is weighed.
    QueueOr {
        queue: String,
        detour: Detour,
    },
    Agent(Mailbox),
    /// Before others of its queue, whenever they can have it.
    Prefer(Mailbox),
    /// No case yet; a person decides. With the reason.
    Hold(String),
    /// A case, or an item without one.
    Opens(Opens),
    Priority(Priority),
    RecordType(String),
    Field {
        name: String,
        value: String,
    },
    Skill {
        name: String,
        level: u8,
    },
    Tag(String),
    Note(String),
    SuggestedCase(CaseNumber),
}

/// One suggestion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    pub stage: Stage,
    /// Kind and name, as `rule vip`.
    pub by: String,
    /// A digest of the adviser's content.
    pub version: String,
    pub what: Advised,
    pub why: String,
    /// Where it stands in the adviser's file.
    pub line: Option<usize>,
}

/// A suggestion and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weighed {
    pub advice: Advice,
    /// None: it is taken.
    pub lost: Option<Lost>,
}

/// Why a suggestion isn't taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// Another adviser came first, or later where that counts, or a person has decided.
    Overruled(String),
    /// It can't be followed, which is its adviser's mistake.
    Wrong(String),
}

/// A case as far as it is known while advisers speak: later ones see what earlier ones said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Draft {
    pub workstream: String,
    pub priority: Priority,
    pub record_type: String,
    pub tags: BTreeSet<String>,
    pub fields: Fields,
    pub skills: BTreeMap<String, u8>,
}

impl Draft {
    /// What is known of a case that there is.
    pub fn of(case: &Case) -> Self {
        Self {
            workstream: String::new(),
            priority: case.priority,
            record_type: case.record_type.clone().unwrap_or_default(),
            tags: case.tags.clone(),
            fields: case.fields.clone(),
            skills: case.skills.clone(),
        }
    }

    pub fn take(&mut self, what: &Advised) {
        match what {
            Advised::Workstream(name) => self.workstream.clone_from(name),
            Advised::Priority(priority) => self.priority = *priority,
            Advised::RecordType(name) => self.record_type.clone_from(name),
            Advised::Field { name, value } => drop(self.fields.insert(name.clone(), value.clone())),
            Advised::Skill { name, level } => drop(self.skills.insert(name.clone(), *level)),
            Advised::Tag(name) => drop(self.tags.insert(name.clone())),
            Advised::Queue(_)
            | Advised::QueueOr { .. }
            | Advised::Agent(_)
            | Advised::Prefer(_)
            | Advised::Hold(_)
            | Advised::Opens(_)
            | Advised::Note(_)
            | Advised::SuggestedCase(_) => {}
        }
    }
}

impl Draft {
    /// Why it can't be taken: the case has as many of its kind as are kept.
    fn no_room_for(&self, what: &Advised) -> Option<Lost> {
        let (kind, kept, is_there) = match what {
            Advised::Field { name, .. } => ("fields", self.fields.len(), self.fields.contains_key(name)),
            Advised::Skill { name, .. } => ("skills", self.skills.len(), self.skills.contains_key(name)),
            Advised::Tag(name) => ("tags", self.tags.len(), self.tags.contains(name)),
            _ => return None,
        };
        no_room(kind, kept).filter(|_| !is_there).map(Lost::Overruled)
    }
}

impl Advised {
    /// True for what says where the case goes.
    pub fn places(&self) -> bool {
        matches!(self, Self::Queue(_) | Self::QueueOr { .. } | Self::Agent(_) | Self::Hold(_))
    }

    /// True when only one of them can count.
    fn meets(&self, later: &Self) -> bool {
        self.excludes(later) || self.yields_to(later)
    }

    /// True when that is the first.
    fn excludes(&self, later: &Self) -> bool {
        let is_one_of_a_kind =
            matches!((self, later), (Self::Workstream(_), Self::Workstream(_)) | (Self::Prefer(_), Self::Prefer(_)));
        self == later || is_one_of_a_kind || (self.places() && later.places())
    }

    /// True when it is the later one.
    pub fn yields_to(&self, later: &Self) -> bool {
        match (self, later) {
            (Self::Priority(_), Self::Priority(_))
            | (Self::RecordType(_), Self::RecordType(_))
            | (Self::Opens(_), Self::Opens(_)) => true,
            (Self::Field { name, .. }, Self::Field { name: other, .. })
            | (Self::Skill { name, .. }, Self::Skill { name: other, .. }) => name == other,
            _ => false,
        }
    }
}

/// What is taken of all advice about such a case in its order, and what isn't; `barred` says why one can't be followed.
pub fn weigh(mut draft: Draft, advice: Vec<Advice>, barred: impl Fn(&Advised) -> Option<Lost>) -> Vec<Weighed> {
    let mut weighed: Vec<Weighed> = Vec::with_capacity(advice.len());
    for advice in advice {
        let mut lost = barred(&advice.what).or_else(|| draft.no_room_for(&advice.what));
        let mut taken = weighed.iter_mut().filter(|earlier| earlier.lost.is_none());
        let related = |earlier: &&mut Weighed| earlier.advice.what.meets(&advice.what);
        if lost.is_none()
            && let Some(earlier) = taken.find(related)
        {
            match earlier.advice.what.excludes(&advice.what) {
                true => lost = Some(Lost::Overruled(format!("{} came first", earlier.advice.by))),
                false => earlier.lost = Some(Lost::Overruled(format!("{} came later", advice.by))),
            }
        }
        if lost.is_none() {
            draft.take(&advice.what);
        }
        weighed.push(Weighed { advice, lost });
    }
    weighed
}

shown_as_stored!(Stage);

/// For people, as `queue billing`.
impl fmt::Display for Advised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workstream(name) => write!(f, "workstream {name}"),
            Self::Queue(name) => write!(f, "queue {name}"),
            Self::QueueOr { queue, detour } => write!(f, "queue {queue}{detour}"),
            Self::Agent(address) => write!(f, "agent {address}"),
            Self::Prefer(address) => write!(f, "prefer {address}"),
            Self::Opens(opens) => write!(f, "opens {opens}"),
            Self::Hold(why) => write!(f, "hold: {why}"),
            Self::Priority(priority) => write!(f, "priority {priority}"),
            Self::RecordType(name) => write!(f, "record type {name}"),
            Self::Field { name, value } => write!(f, "field {name} = {value}"),
            Self::Skill { name, level } => write!(f, "skill {name} from level {level}"),
            Self::Tag(name) => write!(f, "tag {name}"),
            Self::Note(text) => write!(f, "note: {text}"),
            Self::SuggestedCase(number) => write!(f, "perhaps case {number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::limits::CASE_ENTRIES_MAX;

    fn advice(by: &str, what: Advised) -> Advice {
        let (version, why) = ("1".to_owned(), String::new());
        Advice { stage: Stage::Route, by: by.into(), version, what, why, line: None }
    }

    #[track_caller]
    fn check(said: &[Advised], expected: &[&str]) {
        let named = said.iter().zip('a'..).map(|(what, by)| advice(&by.to_string(), what.clone()));
        let barred = |what: &Advised| match what {
            Advised::Queue(name) if name == "gone" => Some(Lost::Wrong("there is no queue gone".to_owned())),
            _ => None,
        };
        let told = |weighed: &Weighed| match &weighed.lost {
            None => format!("{} taken", weighed.advice.what),
            Some(Lost::Overruled(why) | Lost::Wrong(why)) => format!("{}: {why}", weighed.advice.what),
        };
        assert_eq!(weigh(Draft::default(), named.collect(), barred).iter().map(told).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_first_that_places_it_wins_and_the_rest_accumulates() {
        let (queue, tag) = (|name: &str| Advised::Queue(name.into()), |name: &str| Advised::Tag(name.into()));
        let field = |name: &str, value: &str| Advised::Field { name: name.into(), value: value.into() };
        check(&[queue("x"), queue("y")], &["queue x taken", "queue y: a came first"]);
        check(&[queue("gone"), queue("y")], &["queue gone: there is no queue gone", "queue y taken"]);
        check(&[Advised::Hold("odd".into()), queue("y")], &["hold: odd taken", "queue y: a came first"]);
        check(
            &[Advised::Priority(Priority::Low), tag("t"), Advised::Priority(Priority::High), tag("t"), tag("u")],
            &["priority low: c came later", "tag t taken", "priority high taken", "tag t: b came first", "tag u taken"],
        );
        check(
            &[field("m", "1"), field("n", "1"), field("m", "2")],
            &["field m = 1: c came later", "field n = 1 taken", "field m = 2 taken"],
        );
        check(
            &[Advised::Workstream("a".into()), Advised::Workstream("b".into())],
            &["workstream a taken", "workstream b: a came first"],
        );
    }

    #[test]
    fn a_case_keeps_no_more_than_it_has_room_for() {
        let tags = (0..=CASE_ENTRIES_MAX).map(|n| Advised::Tag(n.to_string()));
        let again = [Advised::Tag("0".into()), Advised::Field { name: "m".into(), value: "1".into() }];
        let said: Vec<Advice> = tags.chain(again).map(|what| advice("a", what)).collect();
        let weighed = weigh(Draft::default(), said, |_| None);
        let lost: Vec<&Lost> = weighed.iter().filter_map(|weighed| weighed.lost.as_ref()).collect();
        let why = |why: &str| Lost::Overruled(why.to_owned());
        assert_eq!(lost, [&why("the case has 100 tags, and no more are kept"), &why("a came first")]);
        let mut full = Draft::default();
        (0..CASE_ENTRIES_MAX).for_each(|n| full.take(&Advised::Field { name: n.to_string(), value: "1".into() }));
        let field = |name: &str| advice("a", Advised::Field { name: name.into(), value: "2".into() });
        let weighed = weigh(full, vec![field("0"), field("x")], |_| None);
        assert_eq!((weighed[0].lost.is_none(), weighed[1].lost.is_none()), (true, false));
    }

    #[test]
    fn later_ones_see_what_earlier_ones_said() {
        let mut draft = Draft::default();
        for what in [
            Advised::Workstream("claims".into()),
            Advised::Priority(Priority::High),
            Advised::Tag("vip".into()),
            Advised::Skill { name: "german".into(), level: 2 },
            Advised::Queue("x".into()),
        ] {
            draft.take(&what);
        }
        let told = serde_json::to_value(&draft).unwrap();
        assert_eq!((&told["workstream"], &told["priority"]), (&"claims".into(), &"high".into()));
        assert_eq!((&told["tags"][0], &told["skills"]["german"]), (&"vip".into(), &2.into()));
    }
}
