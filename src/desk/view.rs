//! What is stored, as the JSON that scripts rely on.

use serde_json::{Map, Value, json};

use crate::address::{RoutingAddress, ServiceAddress};
use crate::base::{AuthResults, Envelope, MailId, Time};
use crate::case::{Account, Case, Contact, Direction, Event, Mail, Status};
use crate::message::Facts;
use crate::outbound::SpoolItem;

/// A routing address.
pub fn address(stored: &RoutingAddress, now: Time) -> Value {
    let verification = &stored.verification;
    let service = |one: &ServiceAddress| ServiceAddress { state: one.state_at(now), ..one.clone() };
    let services: Vec<ServiceAddress> = stored.service_addresses.iter().map(service).collect();
    let mut shown = object(json!({
        "address": stored.address,
        "state": stored.state(),
        "service_address": stored.service_address(),
        "service_addresses": services,
        "verification": {
            "state": verification.state_at(now),
            "sent_at": verification.sent_at,
            "expires_at": verification.expires_at,
            "confirmed_at": verification.confirmed_at,
            "how": verification.how,
            "reason": verification.reason,
            "problems": verification.problems,
            "path": verification.path,
            "mx": verification.mx,
        },
        "verified_at": stored.verified_at,
        "forwarding_confirmations": stored.forwarding_confirmations,
        "registered_at": stored.registered_at,
    }));
    shown.extend(object(json!(stored.settings)));
    Value::Object(shown)
}

/// A routing address with its settings and nothing else.
pub fn address_settings(stored: &RoutingAddress) -> Value {
    let mut shown = object(json!(stored.settings));
    shown.insert("address".into(), json!(stored.address));
    Value::Object(shown)
}

/// What is read in a message each time that it is shown, and left out of lists.
pub const TEXTS: [&str; 3] = ["text", "new_text", "language"];

/// A message in a list: all but its texts.
pub fn message_row(mail: &Mail) -> Value {
    let mut row = head(mail.id, &mail.envelope, mail.direction);
    row.extend(facts(&mail.facts, mail.auth));
    row.retain(|name, _| !TEXTS.contains(&name.as_str()));
    row.extend(outcome(mail));
    Value::Object(row)
}

/// A message with its texts.
pub fn message(mail: &Mail, read: &Facts) -> Value {
    let mut shown = head(mail.id, &mail.envelope, mail.direction);
    shown.extend(facts(&Facts { kind: mail.facts.kind, ..read.clone() }, mail.auth));
    shown.extend(outcome(mail));
    if let Some(saved) = &mail.saved_fields {
        shown.insert("headers".into(), json!(saved));
    }
    Value::Object(shown)
}

/// A message that waits in the inbox.
pub fn waiting_message(id: MailId, envelope: &Envelope, read: &Facts, why: &str) -> Value {
    let mut shown = head(id, envelope, Direction::Inbound);
    shown.extend(facts(read, None));
    shown.extend(object(json!({
        "disposition": null, "reason": why, "case": null, "direction": Direction::Inbound,
        "duplicate_of": null, "deliveries": [],
    })));
    Value::Object(shown)
}

fn head(id: MailId, envelope: &Envelope, direction: Direction) -> Map<String, Value> {
    object(json!({
        "id": id,
        "received_at": envelope.received_at,
        "envelope": {
            "from": envelope.from, "to": envelope.to, "peer": envelope.peer, "helo": envelope.helo, "tls": envelope.tls,
            "require_tls": envelope.require_tls,
        },
        "direction": direction,
    }))
}

fn facts(facts: &Facts, auth: Option<AuthResults>) -> Map<String, Value> {
    let mut shown = object(json!(facts));
    shown.insert("auth".into(), json!(auth));
    shown
}

fn outcome(mail: &Mail) -> Map<String, Value> {
    let first = mail.deliveries.first();
    let mut shown = object(json!({
        "disposition": first.map(|delivery| delivery.disposition),
        "reason": first.map(|delivery| delivery.reason),
        "case": mail.case,
        "duplicate_of": mail.duplicate_of,
        "deliveries": mail.deliveries,
    }));
    if let Some(erased) = &mail.erased {
        shown.insert("erased".into(), json!(erased));
    }
    if mail.inactive_contact {
        shown.insert("inactive_contact".into(), true.into());
    }
    shown
}

/// An account.
pub fn account(account: &Account) -> Value {
    json!({"name": account.name, "domains": account.domains, "created_at": account.created_at})
}

/// A contact and the name of their account.
pub fn contact(contact: &Contact, account: Option<&str>) -> Value {
    let by = if contact.account.is_by_domain() { "domain" } else { "contact" };
    json!({
        "name": contact.name,
        "address": contact.address,
        "account": account,
        "account_by": account.map(|_| by),
        "aliases": contact.aliases,
        "active": !contact.inactive,
        "first_seen_at": contact.first_seen_at,
    })
}

/// A case without its messages and events.
pub fn case_row(case: &Case) -> Value {
    let contact =
        case.contact.as_ref().map(|contact| json!({"name": contact.name, "address": contact.address, "account": null}));
    json!({
        "number": case.number,
        "subject": case.subject,
        "status": case.status,
        "priority": case.priority,
        "origin": case.origin,
        "record_type": case.record_type,
        "workstream": case.workstream,
        "preferred": case.preferred,
        "address": case.address,
        "queue": case.queue,
        "owner": case.owner,
        "offer": case.offer,
        "contact": contact,
        "participants": case.participants,
        "tags": case.tags,
        "skills": case.skills,
        "fields": case.fields,
        "opened_at": case.opened_at,
        "resolved_at": case.resolved_at,
        "updated_at": case.updated_at,
        "tasks": case.tasks,
        "hints": case.hints,
        "merged_into": case.merged_into,
        "siblings": case.siblings,
    })
}

/// An item without its message and events.
pub fn item_row(mail: MailId, case: &Case) -> Value {
    let mut shown = object(case_row(case));
    const OF_CASES: [&str; 7] = ["number", "participants", "resolved_at", "tasks", "merged_into", "siblings", "status"];
    shown.retain(|name, _| !OF_CASES.contains(&name.as_str()));
    shown.insert("id".into(), json!(mail));
    shown.extend(object(item_place(case)));
    Value::Object(shown)
}

/// Where an item is.
pub fn item_place(case: &Case) -> Value {
    let done = case.status == Status::Closed;
    json!({
        "status": if done { "done" } else { "open" },
        "queue": case.queue,
        "owner": case.owner,
        "offer": case.offer.as_ref().filter(|_| !done),
        "since": case.placed_at,
    })
}

/// A case with everything.
pub fn case(case: &Case, messages: Vec<Value>, events: &[Event]) -> Value {
    let mut shown = object(case_row(case));
    shown.insert("messages".into(), messages.into());
    shown.insert("events".into(), events.iter().map(event).collect());
    Value::Object(shown)
}

/// The case's key makes its tokens; it is nobody's business.
pub fn event(event: &Event) -> Value {
    let mut shown = object(json!(event));
    shown.remove("case_key");
    Value::Object(shown)
}

pub fn spool_item(item: &SpoolItem) -> Value {
    json!({
        "id": item.id,
        "message_id": item.message_id,
        "for": item.purpose,
        "from": item.from,
        "recipients": item.recipients,
        "submitted_at": item.submitted_at,
        "attempts": item.attempts,
        "next_at": item.next_at,
    })
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => unreachable!("only objects are shown, not {other}"),
    }
}
