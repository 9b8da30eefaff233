//! Who an answer comes from and who gets it: computed, unless the agent names them; never our own addresses.

use crate::address::AddressState;
use crate::base::{Mailbox, limits};
use crate::case::{Addressee, Case, Mail, ReplyPlan, Why, plan_reply};
use crate::desk::command::ReplyRequest;
use crate::desk::{Desk, Refusal};
use crate::message::facts::Person;

impl Desk {
    /// The address to send from: the one named, else what the case's address says, and only when it is verified.
    pub(super) async fn sender(&self, case: &Case, named: Option<&Mailbox>) -> Result<Person, Refusal> {
        let routing = match (named, &case.address) {
            (Some(named), _) => self.address(named).await?.value,
            (None, Some(address)) => {
                let own = self.address(address).await?.value;
                match own.settings.reply_from.clone() {
                    Some(other) => self.address(&other).await?.value,
                    None => own,
                }
            }
            (None, None) => {
                let why =
                    format!("case {} came to no routing address: name the one to send from with --from", case.number);
                return Err(Refusal::refused(why));
            }
        };
        let address = &routing.address;
        match routing.state() {
            AddressState::Verified => {
                Ok(Person { name: routing.settings.name.clone(), address: routing.address.to_string() })
            }
            AddressState::Unverified => Err(Refusal::refused(format!(
                "{address} is not verified, so nothing is sent from it; see: postcase address show {address}"
            ))),
            AddressState::Disabled => Err(Refusal::refused(format!(
                "{address} is disabled, so nothing is sent from it; first: postcase address enable {address}"
            ))),
        }
    }

    pub(super) async fn plan(
        &self,
        case: &Case,
        last: Option<&Mail>,
        request: &ReplyRequest,
    ) -> Result<ReplyPlan, Refusal> {
        let mut ours = Vec::new();
        if let Some(mail) = last {
            let facts = &mail.facts;
            let people = facts.from.iter().chain(&facts.reply_to).chain(&facts.to).chain(&facts.cc);
            for mailbox in people.filter_map(|person| person.address.parse::<Mailbox>().ok()) {
                if self.site.is_ours(&mailbox).await? {
                    ours.push(mailbox);
                }
            }
        }
        let named = |mailbox: &Mailbox| Addressee {
            person: Person { name: None, address: mailbox.to_string() },
            why: Why::Named,
        };
        for named in request.to.iter().chain(&request.cc) {
            if self.site.is_ours(named).await? {
                return Err(Refusal::refused(format!("{named} is our own address: a reply would come back as a case")));
            }
        }
        let planned = plan_reply(case, last, request.all, &|mailbox| ours.contains(mailbox));
        let mut plan = match planned {
            Ok(plan) => plan,
            Err(_) if !request.to.is_empty() => ReplyPlan { to: Vec::new(), cc: Vec::new() },
            Err(nobody) => return Err(Refusal::refused(nobody.to_string())),
        };
        if !request.to.is_empty() {
            plan.to = request.to.iter().map(named).collect();
        }
        plan.cc.extend(request.cc.iter().map(named));
        let is_twice = |other: &Addressee, to: &[Addressee]| to.iter().any(|known| known.is_same(other));
        plan.cc.retain(|other| !is_twice(other, &plan.to));
        Ok(plan)
    }
}

/// Each mailbox once: two spellings (another case, quotes) are one recipient.
pub fn each_once<'a>(addressed: impl Iterator<Item = &'a Mailbox>) -> Result<Vec<Mailbox>, Refusal> {
    let mut recipients: Vec<Mailbox> = Vec::new();
    for recipient in addressed {
        if !recipients.contains(recipient) {
            recipients.push(recipient.clone());
        }
    }
    if recipients.len() > limits::RECIPIENTS_MAX {
        let why = format!("a reply goes to at most {} recipients", limits::RECIPIENTS_MAX);
        return Err(Refusal::refused(why));
    }
    Ok(recipients)
}

pub fn mailboxes(people: &[Addressee]) -> Result<Vec<Mailbox>, Refusal> {
    people.iter().map(|one| mailbox(&one.person)).collect()
}

pub fn mailbox(person: &Person) -> Result<Mailbox, Refusal> {
    person.address.parse().map_err(|error| Refusal::refused(format!("{}: {error}", person.address)))
}
