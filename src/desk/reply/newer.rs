//! What came to a case behind the message that an agent has read: a customer's mail, or somebody else's answer.

use serde_json::{Value, json};

use super::Planned;
use crate::base::MailId;
use crate::case::{Event, Happening};
use crate::desk::{Desk, Refusal};
use crate::store::case_change;

impl Desk {
    /// Refuses when something newer than what was `seen` is on the case.
    pub(super) async fn nothing_newer(&self, planned: &Planned, seen: MailId) -> Result<(), Refusal> {
        let number = planned.case.number;
        let events = case_change::events_of(&*self.site.engine, number).await?;
        let Some(at) = events.iter().rposition(|event| mail_of(event) == Some(seen)) else {
            let why = format!("{seen} is not on case {number}; see: postcase case show {number}");
            return Err(Refusal::not_found(why));
        };
        let is_other = |event: &&Event| match &event.what {
            // Who doesn't say who they are may be anybody.
            Happening::ReplySubmitted { .. } => event.by != planned.by || !planned.by.contains('@'),
            _ => mail_of(event).is_some(),
        };
        let Some(newer) = events[at + 1..].iter().rfind(is_other) else { return Ok(()) };
        let id = mail_of(newer).map(|id| id.to_string()).unwrap_or_default();
        let what = match &newer.what {
            Happening::ReplySubmitted { .. } => format!("{} answered case {number} at {}", newer.by, newer.at),
            _ => format!("a newer message of {} came to case {number} at {}", author(newer), newer.at),
        };
        Err(Refusal::refused(format!(
            "{what}, so nothing was sent; read it: postcase message show {id}, then send with --seen {id}"
        )))
    }
}

/// The newest message of a case.
pub fn newest(events: &[Event]) -> Value {
    let Some(event) = events.iter().rfind(|event| mail_of(event).is_some()) else { return Value::Null };
    let (direction, message_id) = match &event.what {
        Happening::ReplySubmitted { message_id, .. } => ("outbound", Some(message_id)),
        Happening::MessageAdded { message_id, .. } => ("inbound", message_id.as_ref()),
        _ => return Value::Null,
    };
    json!({
        "id": mail_of(event), "message_id": message_id, "direction": direction, "from": author(event), "at": event.at,
    })
}

fn mail_of(event: &Event) -> Option<MailId> {
    match &event.what {
        Happening::MessageAdded { mail, .. } | Happening::ReplySubmitted { mail, .. } => Some(*mail),
        _ => None,
    }
}

fn author(event: &Event) -> String {
    match &event.what {
        Happening::MessageAdded { author: Some(author), .. } => author.address.to_string(),
        Happening::ReplySubmitted { .. } => event.by.clone(),
        _ => "somebody".into(),
    }
}
