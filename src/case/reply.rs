//! Who an answer goes to.

use super::{Case, Mail};
use crate::base::Mailbox;
use crate::message::facts::Person;

/// An answer before it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyPlan {
    pub to: Vec<Person>,
    pub cc: Vec<Person>,
}

/// Why there is nobody to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoReply {
    #[error("the case has no message with an address to answer: name one with --to")]
    NobodyToAnswer,
}

/// Plans an answer to `last`, the newest proven message. `ours` says which addresses are our own and never answered.
pub fn plan_reply(
    case: &Case,
    last: Option<&Mail>,
    all: bool,
    ours: &dyn Fn(&Mailbox) -> bool,
) -> Result<ReplyPlan, NoReply> {
    let asked = last.map(|mail| answer_addresses(mail, ours)).unwrap_or_default();
    let contact =
        case.contact.iter().map(|contact| Person { name: contact.name.clone(), address: contact.address.to_string() });
    let to = if asked.is_empty() { foreign(contact, ours) } else { asked };
    if to.is_empty() {
        return Err(NoReply::NobodyToAnswer);
    }
    let mut cc = Vec::new();
    if let (true, Some(mail)) = (all, last) {
        cc = foreign(mail.facts.to.iter().chain(&mail.facts.cc).cloned(), ours);
        cc.retain(|person| !to.iter().any(|known| known.address.eq_ignore_ascii_case(&person.address)));
    }
    Ok(ReplyPlan { to, cc })
}

/// Reply-To where the author asked for it (RFC 5322 §3.6.2), else From.
fn answer_addresses(mail: &Mail, ours: &dyn Fn(&Mailbox) -> bool) -> Vec<Person> {
    let asked = foreign(mail.facts.reply_to.iter().cloned(), ours);
    if asked.is_empty() { foreign(mail.facts.from.iter().cloned(), ours) } else { asked }
}

/// The people with an address that can be written to and isn't ours, each once.
fn foreign(people: impl IntoIterator<Item = Person>, ours: &dyn Fn(&Mailbox) -> bool) -> Vec<Person> {
    let mut kept: Vec<(Mailbox, Person)> = Vec::new();
    for person in people {
        if let Ok(address) = person.address.parse::<Mailbox>()
            && !ours(&address)
            && !kept.iter().any(|(known, _)| *known == address)
        {
            kept.push((address, person));
        }
    }
    kept.into_iter().map(|(_, person)| person).collect()
}
