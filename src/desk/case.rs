//! Commands about cases.

use std::collections::BTreeMap;

use serde_json::json;

use super::command::CaseFilter;
use super::search::Search;
use super::work::absent;
use super::{Answer, Desk, Outcome, Refusal, view};
use crate::base::limits::{self, SKILL_LEVEL_MAX};
use crate::base::{CaseNumber, Mailbox, Priority};
use crate::case::{Case, Happening, SKILL, Status, TAG, is_name, is_own_field};
use crate::store::{Page, case_change, people, tables};

/// Cases read at a time while a filter is looked for.
const PAGE: usize = 256;

impl Desk {
    /// Newest first.
    pub(super) async fn case_list(&self, filter: CaseFilter) -> Answer {
        let limit = filter.limit.unwrap_or(usize::MAX);
        let mut search = filter.text.as_deref().map(Search::of);
        let contact = match &filter.contact {
            Some(address) => Some(people::addresses(&*self.site.engine, address).await?),
            None => None,
        };
        let mut rows = Vec::new();
        let mut page = Page::last(&[], PAGE);
        while rows.len() < limit
            && let Some(cases) = tables::CASES.next(&*self.site.engine, &mut page).await?
        {
            let found = cases.iter().map(|kept| &kept.value);
            for case in found.filter(|case| matches(&filter, case) && is_of(contact.as_deref(), case)) {
                if rows.len() == limit {
                    break;
                }
                let found = match &mut search {
                    Some(search) => search.finds(self, case).await?,
                    None => true,
                };
                if found {
                    rows.push(self.with_contact(view::case_row(case)).await?);
                }
            }
        }
        Ok(Outcome::Json(rows.into()))
    }

    pub(super) async fn case_show(&self, number: CaseNumber) -> Answer {
        let engine = &*self.site.engine;
        let case = tables::CASES.get(engine, &number).await?.ok_or_else(|| absent(number))?.value;
        let events = case_change::events_of(engine, number).await?;
        let mut messages = Vec::new();
        for event in &events {
            if let Happening::MessageAdded { mail, .. }
            | Happening::ReplySubmitted { mail, .. }
            | Happening::Acknowledged { mail, .. } = &event.what
            {
                let record = tables::MAILS.get(engine, mail).await?;
                // What has moved is shown where it is now.
                if record.is_none_or(|record| record.value.is_on(number)) {
                    messages.push(self.message(*mail).await?);
                }
            }
        }
        let mut shown = view::case(&case, messages, &events);
        if let Some(waits) = self.waits(case.number.into(), &case).await? {
            shown["waits"] = waits;
        }
        Ok(Outcome::Json(self.with_contact(shown).await?))
    }

    pub(super) async fn case_note(&self, number: CaseNumber, text: String, by: Option<Mailbox>) -> Answer {
        if text.trim().is_empty() {
            return Err(Refusal::refused("the note is empty"));
        }
        let by = self.actor_on(number, by.as_ref()).await?;
        self.change_work(number.into(), &by, |_| Ok(vec![Happening::NoteAdded { text: text.clone(), why: None }])).await
    }

    pub(super) async fn case_set(
        &self,
        number: CaseNumber,
        changes: BTreeMap<String, String>,
        by: Option<Mailbox>,
    ) -> Answer {
        let by = self.actor_on(number, by.as_ref()).await?;
        self.change_work(number.into(), &by, |case| {
            changes.iter().filter_map(|(name, value)| set(case, name, value).transpose()).collect()
        })
        .await
    }

    /// Another status of a task. One that is done already can't have one.
    pub(super) async fn case_task(&self, number: CaseNumber, task: u32, to: String, by: Option<Mailbox>) -> Answer {
        if to.trim().is_empty() {
            return Err(Refusal::refused("the status is empty; done ends the task"));
        }
        let by = self.actor_on(number, by.as_ref()).await?;
        self.change_work(number.into(), &by, |case| {
            let known = case.tasks.iter().find(|known| known.task == task).ok_or_else(|| no_task(case, task))?;
            let from = known.status.clone();
            Ok((from != to).then(|| Happening::TaskChanged { task, from, to: to.clone() }).into_iter().collect())
        })
        .await
    }
}

fn no_task(case: &Case, task: u32) -> Refusal {
    let open: Vec<String> = case.tasks.iter().map(|open| open.task.to_string()).collect();
    let open = if open.is_empty() { "none".to_owned() } else { open.join(", ") };
    Refusal::not_found(format!("case {} has no open task {task}; open are: {open}", case.number))
}

fn matches(filter: &CaseFilter, case: &Case) -> bool {
    filter.status.is_none_or(|status| case.status == status)
        && filter.queue.as_ref().is_none_or(|queue| case.queue.as_ref() == Some(queue))
        && filter.workstream.as_ref().is_none_or(|workstream| case.workstream() == workstream)
        && filter.owner.as_ref().is_none_or(|owner| case.owner.as_ref() == Some(owner))
        && filter.offered_to.as_ref().is_none_or(|agent| case.offer.as_ref().is_some_and(|offer| offer.agent == *agent))
        && filter.task.as_ref().is_none_or(|status| case.tasks.iter().any(|task| task.status == *status))
}

/// True for a case of the contact with these addresses.
fn is_of(addresses: Option<&[Mailbox]>, case: &Case) -> bool {
    let contact = case.contact.as_ref().map(|contact| &contact.address);
    addresses.is_none_or(|addresses| contact.is_some_and(|contact| addresses.contains(contact)))
}

/// Refuses what can't be set.
fn check_name(case: &Case, name: &str) -> Result<(), Refusal> {
    let tells = |prefix| name.strip_prefix(prefix).is_some_and(is_name);
    if ["status", "priority", "subject"].contains(&name) || tells(TAG) || tells(SKILL) || is_own_field(name) {
        return Ok(());
    }
    let most = limits::CASE_NAME_BYTES_MAX;
    Err(Refusal::refused(match name {
        "queue" | "owner" => format!("{name} isn't set this way; use: postcase case assign {}", case.number),
        name if is_name(name) => {
            format!("{name} can't be changed; status, priority, subject and fields of your own can")
        }
        _ => format!("a field, tag or skill has a name of at most {most} bytes, without control characters"),
    }))
}

/// What setting a property means; nothing when it has that value already.
fn set(case: &Case, name: &str, value: &str) -> Result<Option<Happening>, Refusal> {
    let word = |value: &str| serde_json::Value::from(value.trim().to_ascii_lowercase());
    let refused = |expected: &str| Refusal::refused(format!("{name} is {expected}, not {value}"));
    check_name(case, name)?;
    let former = match name {
        "status" => {
            let expected = "new, open, pending, resolved or closed";
            let to: Status = serde_json::from_value(word(value)).map_err(|_| refused(expected))?;
            let change = Happening::StatusChanged { from: case.status, to, why: "set by hand".into() };
            return Ok((case.status != to).then_some(change));
        }
        "priority" => {
            let priority = serde_json::from_value::<Priority>(word(value));
            priority.map_err(|_| refused("low, normal, high or urgent"))?;
            json!(case.priority).as_str().map(str::to_owned)
        }
        _ if name.starts_with(SKILL) => {
            let level =
                |text: &str| text.is_empty() || text.parse().is_ok_and(|level| (1..=SKILL_LEVEL_MAX).contains(&level));
            if !level(value) {
                return Err(refused(&format!("a level from 1 to {SKILL_LEVEL_MAX}, or nothing to take it away")));
            }
            case.skills.get(&name[SKILL.len()..]).map(u8::to_string)
        }
        _ if let Some(tag) = name.strip_prefix(TAG) => case.tags.contains(tag).then(|| "yes".to_owned()),
        "subject" if value.trim().is_empty() => return Err(refused("some text")),
        "subject" => Some(case.subject.clone()),
        _ => case.fields.get(name).cloned(),
    };
    let value = match name {
        "priority" => value.trim().to_ascii_lowercase(),
        _ if name.starts_with(TAG) && !value.is_empty() => "yes".to_owned(),
        _ => value.to_owned(),
    };
    let to = (!value.is_empty()).then_some(value);
    if former.is_none()
        && to.is_some()
        && let Some(why) = case.no_room_for(name)
    {
        return Err(Refusal::refused(why));
    }
    let change = Happening::FieldChanged { name: name.to_owned(), from: former.clone(), to: to.clone(), why: None };
    Ok((former != to).then_some(change))
}
