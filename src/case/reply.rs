//! Who an answer goes to.

use std::fmt;

use super::{Case, Mail};
use crate::base::Mailbox;
use crate::message::facts::Person;

/// Who an answer goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyPlan {
    pub to: Vec<Addressee>,
    pub cc: Vec<Addressee>,
}

/// Somebody who gets an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressee {
    pub person: Person,
    pub why: Why,
}

/// Why they get it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    Author,
    /// Reply-To of the author.
    AskedFor,
    Contact,
    Addressed,
    /// By whoever answers.
    Named,
}

impl Addressee {
    /// The same mailbox, however it is written.
    pub fn is_same(&self, other: &Self) -> bool {
        self.person.address.eq_ignore_ascii_case(&other.person.address)
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Author => "wrote the message that is answered",
            Self::AskedFor => "its author asks for answers there",
            Self::Contact => "the contact of the case",
            Self::Addressed => "got the message that is answered",
            Self::Named => "named for this answer",
        })
    }
}

/// Why there is nobody to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoReply {
    #[error("the case has no message with an address to answer: name one with --to")]
    NobodyToAnswer,
}

/// Plans an answer to `last`, the newest proven message. `ours` says which addresses are our own and never answered.
///
/// A third party's message is never `last`. Of a participant whom DMARC refutes only the address itself counts: whoever
/// holds a token of ours and writes under that address must not lead answers to where they want them.
pub fn plan_reply(
    case: &Case,
    last: Option<&Mail>,
    all: bool,
    ours: &dyn Fn(&Mailbox) -> bool,
) -> Result<ReplyPlan, NoReply> {
    let asked = last.map(|mail| answer_addresses(mail, ours)).unwrap_or_default();
    let contact =
        case.contact.iter().map(|contact| Person { name: contact.name.clone(), address: contact.address.to_string() });
    let to = if asked.is_empty() { foreign(contact, Why::Contact, ours) } else { asked };
    if to.is_empty() {
        return Err(NoReply::NobodyToAnswer);
    }
    let mut cc = Vec::new();
    if let (true, Some(mail)) = (all, last.filter(|mail| !is_refuted(mail))) {
        cc = foreign(mail.facts.to.iter().chain(&mail.facts.cc).cloned(), Why::Addressed, ours);
        cc.retain(|one| !to.iter().any(|known| known.is_same(one)));
    }
    Ok(ReplyPlan { to, cc })
}

fn is_refuted(mail: &Mail) -> bool {
    mail.auth.is_some_and(|auth| auth.refute_author())
}

/// Reply-To where the author asked for it (RFC 5322 §3.6.2), else From.
fn answer_addresses(mail: &Mail, ours: &dyn Fn(&Mailbox) -> bool) -> Vec<Addressee> {
    let author = foreign(mail.facts.from.iter().cloned(), Why::Author, ours);
    if is_refuted(mail) && !author.is_empty() {
        return author;
    }
    let asked = foreign(mail.facts.reply_to.iter().cloned(), Why::AskedFor, ours);
    if asked.is_empty() { author } else { asked }
}

/// The people with an address that can be written to and isn't ours, each once.
fn foreign(people: impl IntoIterator<Item = Person>, why: Why, ours: &dyn Fn(&Mailbox) -> bool) -> Vec<Addressee> {
    let mut kept: Vec<(Mailbox, Person)> = Vec::new();
    for person in people {
        if let Ok(address) = person.address.parse::<Mailbox>()
            && !ours(&address)
            && !kept.iter().any(|(known, _)| *known == address)
        {
            kept.push((address, person));
        }
    }
    kept.into_iter().map(|(_, person)| Addressee { person, why }).collect()
}
