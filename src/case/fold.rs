//! The case as its events make it: kept beside them as the row that lists need, and always equal to their fold.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::event::Fields;
use super::task::TASKS_MAX;
use super::{Event, Happening, Offer, Status, Task, Unanswered};
use crate::base::{CaseNumber, MailId, Mailbox, Priority, Time};

/// Participants that are remembered of one case: beyond them it is a list, not a conversation.
pub const PARTICIPANTS_MAX: usize = 200;
/// Cases that one case may be shown to belong to: a person looks at a few.
const HINTS_MAX: usize = 20;

/// A field of this name and a skill's is the level of it that a case asks for.
pub const SKILL: &str = "skill.";
/// A field of this name and a word is a tag; it is taken away with an empty value.
pub const TAG: &str = "tag.";
/// A field of this name is its workstream.
pub const WORKSTREAM: &str = "workstream";
/// Name of the field of who should have a case before others of its queue.
pub const PREFERRED: &str = "preferred_agent";
/// The workstream of a case for which nobody chose one.
pub const MAIN_WORKSTREAM: &str = "main";
/// The kind of advisers that rules are; with its name one acts in events.
pub const RULE: &str = "rule ";
/// The same of plugins.
pub const PLUGIN: &str = "plugin ";
/// The name under which intake acts in events.
pub const INTAKE: &str = "intake";
/// The name under which cases come to agents.
pub const DISPATCH: &str = "dispatch";

/// Somebody who takes part in a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    pub address: Mailbox,
    pub name: Option<String>,
    pub role: Role,
}

/// How they take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Wrote a message that belongs to the case.
    Author,
    /// Was addressed in one.
    Addressed,
}

/// A case that a message possibly belongs to. A person decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    pub case: CaseNumber,
    pub why: String,
    pub message_id: Option<String>,
}

/// A case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    pub number: CaseNumber,
    pub key: String,
    pub subject: String,
    pub status: Status,
    pub priority: Priority,
    pub origin: String,
    #[serde(default)]
    pub record_type: Option<String>,
    /// None: [`MAIN_WORKSTREAM`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workstream: Option<String>,
    pub address: Option<Mailbox>,
    pub queue: Option<String>,
    pub owner: Option<Mailbox>,
    /// Who had it before it went back to a queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_owner: Option<Mailbox>,
    /// Who should have it before others of its queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred: Option<Mailbox>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<Offer>,
    /// How often it was declined by whom since it came to its queue.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub declined: BTreeMap<Mailbox, u32>,
    /// How many of those times they only didn't answer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unanswered: BTreeMap<Mailbox, Unanswered>,
    /// Queues out of which it was passed on, since somebody had it or put it somewhere.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub passed: BTreeSet<String>,
    /// Skills that it asks for, with the lowest level that will do.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub skills: BTreeMap<String, u8>,
    /// When it came to its queue or owner, or there was something to do about it again there.
    #[serde(default)]
    pub placed_at: Option<Time>,
    pub contact: Option<Participant>,
    pub participants: Vec<Participant>,
    pub fields: Fields,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<String>,
    pub hints: Vec<Hint>,
    /// The message that an answer answers: the last one that belongs to the case by proof.
    pub last_proven: Option<MailId>,
    pub opened_at: Time,
    /// When it became resolved; none while it isn't, and in rows of older versions.
    #[serde(default)]
    pub resolved_at: Option<Time>,
    pub updated_at: Time,
    /// Cases that the same mail opened at others of our addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub siblings: Vec<CaseNumber>,
    /// The case that has its messages now.
    #[serde(default)]
    pub merged_into: Option<CaseNumber>,
    /// What is to be done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<Task>,
    /// Tasks that there ever were.
    #[serde(default)]
    pub tasks_added: u32,
    /// Messages on it.
    #[serde(default)]
    pub messages: u32,
    /// A person has done something with it.
    #[serde(default)]
    pub touched: bool,
    /// When one last did, or wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worked_at: Option<Time>,
    /// How many events there are; the next one has this index.
    pub events: u32,
}

impl Case {
    /// A case of which nothing is known yet; its first event must be `CaseOpened`. The number 0 is an item without a case,
    /// which begins with `ItemOpened`.
    pub fn unopened(number: CaseNumber, at: Time) -> Self {
        Self { number, opened_at: at, updated_at: at, ..Self::default() }
    }

    /// The fold of all events of a case.
    pub fn of_events<'a>(number: CaseNumber, events: impl IntoIterator<Item = &'a Event>) -> Option<Self> {
        let mut events = events.into_iter().peekable();
        let mut case = Self::unopened(number, events.peek()?.at);
        events.for_each(|event| case.apply(event));
        Some(case)
    }

    /// One event further.
    pub fn apply(&mut self, event: &Event) {
        self.events += 1;
        self.touch(event);
        self.updated_at = event.at;
        match &event.what {
            Happening::CaseOpened { subject, origin, priority, record_type, address, contact, .. }
            | Happening::ItemOpened { subject, origin, priority, record_type, address, contact } => {
                if let Happening::CaseOpened { key, .. } = &event.what {
                    self.key.clone_from(key);
                }
                self.subject.clone_from(subject);
                self.origin.clone_from(origin);
                self.priority = *priority;
                self.record_type.clone_from(record_type);
                self.address.clone_from(address);
                self.contact.clone_from(contact);
                self.opened_at = event.at;
            }
            Happening::MessageAdded { mail, proven, author, participants, .. } => {
                self.messages += 1;
                if *proven {
                    // Messages that are moved here come in any order.
                    self.last_proven = self.last_proven.max(Some(*mail));
                    author.iter().chain(participants).for_each(|person| self.remember(person));
                }
            }
            Happening::ReplySubmitted { to, cc, .. } => {
                self.messages += 1;
                for address in to.iter().chain(cc) {
                    self.remember(&Participant { address: address.clone(), name: None, role: Role::Addressed });
                }
            }
            Happening::Acknowledged { .. } => self.messages += 1,
            Happening::TaskAdded(task) => {
                self.tasks_added = task.task;
                self.tasks.push(task.clone());
            }
            Happening::TaskChanged { task, to, .. } => self.change_task(*task, to),
            Happening::FieldChanged { name, to, .. } => self.change_field(name, to.as_deref()),
            Happening::StatusChanged { to, .. } => self.change_status(*to, event.at),
            Happening::Queued { .. }
            | Happening::Offered { .. }
            | Happening::Declined { .. }
            | Happening::OfferWithdrawn { .. }
            | Happening::Assigned { .. } => self.change_place(event),
            Happening::HintAdded(hint) => {
                if self.takes_hint(hint) {
                    self.hints.push(hint.clone());
                }
            }
            Happening::Merged { from, into, .. } if *from == self.number => self.end_in(*into),
            Happening::Split { mail, from, .. } if *from == self.number => self.lose(*mail),
            Happening::Linked { case, sibling: true, .. } => {
                if !self.siblings.contains(case) {
                    self.siblings.push(*case);
                }
            }
            Happening::Merged { .. } | Happening::Split { .. } => {}
            Happening::ReplyDelivered { .. }
            | Happening::ReplyDelayed { .. }
            | Happening::ReplyFailed { .. }
            | Happening::DeliveryReported { .. }
            | Happening::AcknowledgementWithheld { .. }
            | Happening::NoteAdded { .. }
            | Happening::AdviserFailed { .. }
            | Happening::Linked { .. } => {}
        }
    }

    /// Who did it, or wrote.
    fn touch(&mut self, event: &Event) {
        let is_adviser = [RULE, PLUGIN].iter().any(|kind| event.by.starts_with(kind));
        let is_person = ![INTAKE, DISPATCH].contains(&event.by.as_str()) && !is_adviser;
        self.touched |= is_person;
        if is_person || matches!(event.what, Happening::MessageAdded { .. }) {
            self.worked_at = Some(event.at);
        }
    }

    /// The workstream, chosen or not.
    pub fn workstream(&self) -> &str {
        self.workstream.as_deref().unwrap_or(MAIN_WORKSTREAM)
    }

    /// True for somebody whose messages belong here.
    pub fn has_participant(&self, address: &Mailbox) -> bool {
        self.participants.iter().any(|known| known.address == *address)
    }

    /// True for a hint that says something new.
    pub fn takes_hint(&self, hint: &Hint) -> bool {
        self.hints.len() < HINTS_MAX && !self.hints.iter().any(|known| known.case == hint.case)
    }

    /// Something to do about a message; none when there are too many.
    pub fn new_task(&self, mail: MailId, status: &str) -> Option<Happening> {
        let task = Task { task: self.tasks_added + 1, mail, status: status.to_owned() };
        (self.tasks.len() < TASKS_MAX).then_some(Happening::TaskAdded(task))
    }

    fn remember(&mut self, person: &Participant) {
        let has_room = self.participants.len() < PARTICIPANTS_MAX;
        match self.participants.iter_mut().find(|known| known.address == person.address) {
            Some(known) => {
                if person.role == Role::Author {
                    known.role = Role::Author;
                }
                if known.name.is_none() {
                    known.name.clone_from(&person.name);
                }
            }
            None if has_room => self.participants.push(person.clone()),
            None => {}
        }
    }

    fn change_status(&mut self, to: Status, at: Time) {
        self.resolved_at = match (to, self.status) {
            (Status::Resolved, Status::Resolved) => self.resolved_at,
            (Status::Resolved, _) => Some(at),
            _ => None,
        };
        let waits = |status| matches!(status, Status::New | Status::Open);
        match (waits(self.status), waits(to)) {
            (false, true) => self.placed_at = Some(at),
            (_, false) => self.offer = None,
            (true, true) => {}
        }
        self.status = to;
    }

    fn change_place(&mut self, event: &Event) {
        match &event.what {
            Happening::Queued { queue, .. } => {
                match self.queue.replace(queue.clone()) {
                    Some(left) if event.by == DISPATCH && self.owner.is_none() => drop(self.passed.insert(left)),
                    _ => self.passed.clear(),
                }
                self.previous_owner = self.owner.take().or(self.previous_owner.take());
                self.declined.clear();
                self.unanswered.clear();
                self.placed_at = Some(event.at);
                self.offer = None;
            }
            Happening::Offered { agent, until, .. } => self.offer = Some(Offer { agent: agent.clone(), until: *until }),
            Happening::Declined { agent, .. } => {
                *self.declined.entry(agent.clone()).or_default() += 1;
                if event.by == DISPATCH {
                    let times = self.unanswered.get(agent).map_or(0, |unanswered| unanswered.times) + 1;
                    self.unanswered.insert(agent.clone(), Unanswered { times, last: event.at });
                }
                self.offer = None;
            }
            Happening::OfferWithdrawn { .. } => self.offer = None,
            Happening::Assigned { agent, .. } => {
                self.owner = Some(agent.clone());
                self.passed.clear();
                self.placed_at = Some(event.at);
                self.offer = None;
            }
            _ => {}
        }
    }

    fn change_task(&mut self, number: u32, to: &str) {
        self.tasks.retain(|task| task.task != number || !Task::is_done(to));
        let changed = self.tasks.iter_mut().find(|task| task.task == number);
        changed.into_iter().for_each(|task| to.clone_into(&mut task.status));
    }

    fn end_in(&mut self, other: CaseNumber) {
        self.merged_into = Some(other);
        self.messages = 0;
        self.tasks.clear();
        self.status = Status::Closed;
    }

    fn lose(&mut self, mail: MailId) {
        self.messages = self.messages.saturating_sub(1);
        self.last_proven = self.last_proven.filter(|last| *last != mail);
        self.tasks.retain(|task| task.mail != mail);
    }

    /// Some are fields of every case; all others are the company's own.
    fn change_field(&mut self, name: &str, to: Option<&str>) {
        match (name, to) {
            ("subject", Some(subject)) => subject.clone_into(&mut self.subject),
            ("priority", Some(word)) => {
                if let Ok(priority) = serde_json::from_value(word.into()) {
                    self.priority = priority;
                }
            }
            ("record_type", to) => self.record_type = to.map(str::to_owned),
            (WORKSTREAM, to) => self.workstream = to.map(str::to_owned),
            (PREFERRED, to) => self.preferred = to.and_then(|to| to.parse().ok()),
            (name, to) if let Some(tag) = name.strip_prefix(TAG) => match to {
                Some(_) => drop(self.tags.insert(tag.to_owned())),
                None => drop(self.tags.remove(tag)),
            },
            (name, to) if let Some(skill) = name.strip_prefix(SKILL) => match to.and_then(|level| level.parse().ok()) {
                Some(level) => drop(self.skills.insert(skill.to_owned(), level)),
                None => drop(self.skills.remove(skill)),
            },
            ("address", to) => self.address = to.and_then(|to| to.parse().ok()),
            ("origin", Some(origin)) => origin.clone_into(&mut self.origin),
            (_, Some(value)) => drop(self.fields.insert(name.to_owned(), value.to_owned())),
            (_, None) => drop(self.fields.remove(name)),
        }
    }
}
