//! The explanation of a decision, kept with the message: what was looked at, what each candidate was worth, and why.

use crate::address::ServiceState;
use crate::base::Time;
use crate::case::{Beside, Decision, Evidence, Reason, Recipient, Step, Via};
use crate::intake::Reading;

/// The explanation: what was looked at, each candidate with what it was worth, what advisers said, and the decision.
pub fn steps(
    reading: &Reading,
    evidence: &Evidence,
    decision: &Decision,
    advice: Vec<Step>,
    (began, gathered): (Time, Time),
) -> Vec<Step> {
    let took_us = u64::try_from(gathered.duration_since(began).as_micros()).unwrap_or(0);
    let step = |stage: &str, outcome: String, why: String, took_us| Step {
        stage: stage.into(),
        by: "postcase".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        outcome,
        why,
        took_us,
    };
    let mut steps = Vec::new();
    if reading.envelope.is_imported() {
        let why = "from an archive: it counts for no limit, verifies nothing, and who sent it isn't looked up";
        steps.push(step("import", "imported".into(), why.into(), 0));
    }
    for recipient in &evidence.recipients {
        steps.push(step("recipient", recipient.address().to_string(), recipient_words(recipient, gathered), 0));
    }
    if let Some(contact) = evidence.sender.contact.as_ref().filter(|contact| contact.inactive) {
        steps.push(step("contact", contact.address.to_string(), "inactive; their mail is taken and marked".into(), 0));
    }
    if let Some(ours) = &evidence.sender.ours {
        steps.push(step("contact", ours.to_string(), "our own address, and nobody's contact".into(), 0));
    }
    for candidate in &evidence.candidates {
        let outcome = format!("case {}: {}", candidate.case, candidate.outcome());
        steps.push(step("thread", outcome, candidate.why(), 0));
    }
    steps.extend(advice);
    let (outcome, why) = decision.words();
    steps.push(step("decision", outcome, why, took_us));
    for beside in decision.beside() {
        let (outcome, reason) = match beside {
            Beside::Open { .. } => ("opens a case".to_owned(), Reason::OwnCase),
            Beside::Append { case, .. } => (format!("joins case {case}"), Reason::SiblingCase),
        };
        steps.push(step("decision", format!("{outcome} at {}", beside.address()), reason.to_string(), 0));
    }
    steps
}

fn recipient_words(recipient: &Recipient, now: Time) -> String {
    match recipient {
        Recipient::Routing { via: Via::Direct, .. } => "a routing address, reached directly".into(),
        Recipient::Routing { via: Via::Service(service), address } => match address.service_state(service, now) {
            ServiceState::Active => format!("a routing address, reached over {service}"),
            _ => format!("a routing address, reached over {service}, which has been replaced: change the forward"),
        },
        Recipient::Bounce { message_id, .. } => format!("the bounce address of our message {message_id}"),
        Recipient::Probe { address, .. } => format!("the sender of a probe for {address}"),
        Recipient::Postmaster(_) => "the postmaster, whose mail is always taken".into(),
        Recipient::Removed(_) => "removed after it was accepted".into(),
    }
}
