//! Why a message went where it did: the steps that were recorded when it was decided, and what became of the case that it
//! opened, by the events of that.
//!
//! Nothing is decided here again: what isn't recorded isn't told.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::base::{Mailbox, limits};
use crate::case::{Considered, DISPATCH, Event, Happening, INTAKE, Mail, Step};
use crate::routing::Work;

/// With the events of the item and the cases that the message opened, and why each of them waits, if it does.
pub fn explanation(mail: &Mail, opened: &[(Work, Vec<Event>, Option<Value>)]) -> Value {
    let first = mail.deliveries.first();
    let mut steps: Vec<Value> = mail.steps.iter().map(|step| json!(step)).collect();
    for (work, events, waits) in opened {
        let mut way = Way { steps: &mail.steps, queue: None, declined: HashMap::new() };
        let mut later: Vec<Value> = events.iter().filter_map(|event| way.step(event)).collect();
        let more = later.len().saturating_sub(limits::LATER_STEPS_MAX);
        later.truncate(limits::LATER_STEPS_MAX);
        steps.extend(later);
        if more > 0 {
            let outcome = format!("and {more} more");
            let why = format!("see: postcase {}", work.command("show"));
            steps.push(own("place", &outcome, json!(why)));
        }
        if let Some(waits) = waits {
            let mut step = own("assign", &format!("{work} waits"), waits["why"].clone());
            step["considered"] = waits["considered"].clone();
            steps.push(step);
        }
    }
    json!({
        "id": mail.id,
        "disposition": first.map(|delivery| delivery.disposition),
        "reason": first.map(|delivery| delivery.reason.to_string()),
        "steps": steps,
    })
}

fn own(stage: &str, outcome: &str, why: Value) -> Value {
    json!({"stage": stage, "by": "postcase", "version": env!("CARGO_PKG_VERSION"), "outcome": outcome, "why": why,
        "took_us": 0})
}

/// Where a case has come to.
struct Way<'a> {
    /// Of the decision.
    steps: &'a [Step],
    queue: Option<&'a str>,
    /// In this queue, how often by whom: in words, and with those that were left unanswered.
    declined: HashMap<&'a Mailbox, (u32, u32)>,
}

impl<'a> Way<'a> {
    /// An event that brought the case to a queue or an agent, or away from one.
    fn step(&mut self, event: &'a Event) -> Option<Value> {
        let none: &[Considered] = &[];
        let (stage, outcome, why, considered) = match &event.what {
            Happening::Queued { queue, why } => {
                self.declined.clear();
                let outcome = match self.queue.replace(queue).filter(|from| from != queue) {
                    Some(from) => format!("goes from the queue {from} to {queue}"),
                    None => format!("goes to the queue {queue}"),
                };
                ("place", outcome, Some(why.clone()), none)
            }
            Happening::Offered { agent, why, considered, .. } => {
                ("assign", format!("offered to {agent}"), Some(why.clone()), &considered[..])
            }
            Happening::Declined { agent, why } => {
                let (declined, times) = self.declined.entry(agent).or_default();
                let silent = event.by == DISPATCH;
                (*declined, *times) = (*declined + u32::from(!silent), *times + 1);
                let last = match () {
                    () if *declined >= limits::DECLINES_MAX => ", who isn't asked again",
                    () if *times >= limits::DECLINES_MAX => ", who is asked again after a while, or when they are back",
                    () => "",
                };
                let why = format!("{why}; time {times}");
                let what = if silent { "taken back from" } else { "declined by" };
                ("assign", format!("{what} {agent}{last}"), Some(why), none)
            }
            Happening::OfferWithdrawn { agent, why } => {
                ("assign", format!("taken back from {agent}"), Some(why.clone()), none)
            }
            Happening::Assigned { agent, why, considered } => {
                let stage = if event.by == DISPATCH { "assign" } else { "place" };
                (stage, format!("given to {agent}"), why.clone(), &considered[..])
            }
            _ => return None,
        };
        Some(json!({"stage": stage, "by": event.by, "version": self.version(&event.by), "outcome": outcome,
            "why": why, "took_us": 0, "at": event.at, "considered": considered}))
    }

    /// None for a person.
    fn version(&self, by: &str) -> Option<&str> {
        match by {
            INTAKE | DISPATCH => Some(env!("CARGO_PKG_VERSION")),
            by => self.steps.iter().find(|step| step.by == by).map(|step| step.version.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Time;

    #[test]
    fn what_became_of_a_case_is_told_in_order() {
        let anna = Mailbox::new("anna", "company.example").unwrap();
        let queued = |queue: &str, why: &str| Happening::Queued { queue: queue.into(), why: why.into() };
        let declined = |why: &str| Happening::Declined { agent: anna.clone(), why: why.into() };
        let given = |why: Option<&str>| Happening::Assigned {
            agent: anna.clone(),
            why: why.map(str::to_owned),
            considered: Vec::new(),
        };
        let events = [
            ("intake", queued("lifts", "the queue of a@b.example")),
            ("dispatch", declined("no answer in time")),
            ("anna@company.example", declined("declined")),
            ("anna@company.example", declined("declined")),
            ("anna@company.example", declined("declined")),
            ("dispatch", queued("night", "lifts is full")),
            ("dispatch", declined("no answer in time")),
            ("dispatch", Happening::OfferWithdrawn { agent: anna.clone(), why: "is away".into() }),
            ("bob@company.example", given(None)),
        ];
        let events = events.map(|(by, what)| Event { at: Time::UNIX_EPOCH, by: by.into(), what });
        let mut way = Way { steps: &[], queue: None, declined: HashMap::new() };
        let told: Vec<String> = events
            .iter()
            .filter_map(|event| way.step(event))
            .map(|step| {
                format!("{} {}: {} ({})", step["stage"], step["by"], step["outcome"], step["why"]).replace('"', "")
            })
            .collect();
        let expected = [
            "place intake: goes to the queue lifts (the queue of a@b.example)",
            "assign dispatch: taken back from anna@company.example (no answer in time; time 1)",
            "assign anna@company.example: declined by anna@company.example (declined; time 2)",
            "assign anna@company.example: declined by anna@company.example, who is asked again after a while, or when they are \
             back (declined; time 3)",
            "assign anna@company.example: declined by anna@company.example, who isn't asked again (declined; time 4)",
            "place dispatch: goes from the queue lifts to night (lifts is full)",
            "assign dispatch: taken back from anna@company.example (no answer in time; time 1)",
            "assign dispatch: taken back from anna@company.example (is away)",
            "place bob@company.example: given to anna@company.example (null)",
        ];
        assert_eq!(told, expected);
    }
}
