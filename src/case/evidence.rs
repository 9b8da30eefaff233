//! Everything that a decision rests on, gathered before it, so that deciding is pure and can be repeated.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::threading::{Candidate, Outcome};
use super::{Case, Contact, Mail, ManyAddresses, Participant, Role, Status};
use crate::address::{Confirmation, Doubt, OnResolved, RoutingAddress};
use crate::base::{CaseNumber, MailId, Mailbox, Time};

/// How a message reached a routing address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// Over the address itself.
    Direct,
    /// Over this service address.
    Service(Mailbox),
}

/// What one forward-path means to us.
#[derive(Clone, Debug, PartialEq)]
pub enum Recipient {
    Routing {
        address: Arc<RoutingAddress>,
        via: Via,
    },
    /// A bounce address of ours, proven: reports about this message of this case.
    Bounce {
        recipient: Mailbox,
        case: CaseNumber,
        message_id: String,
    },
    /// The single-use author of a probe: reports about that probe.
    Probe {
        recipient: Mailbox,
        address: Mailbox,
    },
    /// Nobody's mailbox that must be taken all the same (RFC 5321 §4.5.1).
    Postmaster(Mailbox),
    /// Was ours when the message was accepted.
    Removed(Mailbox),
}

impl Recipient {
    /// The address under which a delivery is recorded.
    pub fn address(&self) -> &Mailbox {
        match self {
            Self::Routing { address, .. } => &address.address,
            Self::Bounce { recipient, .. } | Self::Probe { recipient, .. } => recipient,
            Self::Postmaster(recipient) | Self::Removed(recipient) => recipient,
        }
    }
}

/// An earlier message that is the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub mail: MailId,
    pub case: Option<CaseNumber>,
}

/// Who wrote a message, for those who answer it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sender {
    /// The address that they wrote from; none when that is ours, or can't be read.
    pub author: Option<Participant>,
    /// What is known of them.
    pub contact: Option<Contact>,
    /// Our own address under which it was written.
    pub ours: Option<Mailbox>,
}

impl Sender {
    /// True when a person has said that they should not write any more.
    pub fn is_inactive(&self) -> bool {
        self.contact.as_ref().is_some_and(|contact| contact.inactive)
    }

    /// Whose case one of theirs is: the contact's, else the author's.
    pub fn case_contact(&self) -> Option<Participant> {
        match &self.contact {
            Some(Contact { address, name, .. }) => {
                Some(Participant { address: address.clone(), name: name.clone(), role: Role::Author })
            }
            None => self.author.clone(),
        }
    }
}

/// All that is known about a message when it is decided.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// One for each forward-path, in envelope order.
    pub recipients: Vec<Recipient>,
    pub duplicate: Option<Known>,
    /// An earlier copy that is an item at other addresses: this one may be a case.
    pub routed_before: Option<Known>,
    /// The record of that one, when it is on a case.
    pub first: Option<Mail>,
    /// The address of that case.
    pub home: Option<Arc<RoutingAddress>>,
    pub many_addresses: ManyAddresses,
    /// True when that one is our own, and has come back.
    pub is_own_copy: bool,
    /// The routing address whose awaited probe this message is.
    pub probe_of: Option<Arc<RoutingAddress>>,
    /// The routing address for which this message is a probe that isn't awaited any more.
    pub earlier_probe_of: Option<Mailbox>,
    /// A mail provider's question whether it may forward to one of the routing addresses, or what looks like one.
    pub confirmation: Option<Result<Confirmation, Doubt>>,
    /// Our message that this one is a delivery report about, by its token, and its case.
    pub report_on: Option<(CaseNumber, String)>,
    /// True when a machine answers for its owner: nobody has read what it answers.
    pub auto_reply: bool,
    /// Cases that this message might belong to, best proof first.
    pub candidates: Vec<Candidate>,
    /// The cases that candidates name, their siblings, and those that an earlier receipt of the message is on.
    pub cases: Vec<Case>,
    /// Cases and their siblings, of those.
    pub siblings: Vec<(CaseNumber, CaseNumber)>,
    /// From; none when it can't be read, or DMARC refutes it.
    pub author: Option<Mailbox>,
    pub sender: Sender,
    pub received_at: Time,
    /// What answers to resolved cases do by the addresses of those cases.
    pub on_resolved: Vec<(CaseNumber, OnResolved)>,
    /// The routing address whose daily limit this message is beyond.
    pub over_limit: Option<Arc<RoutingAddress>>,
    /// True when a person has released it: who may write and how many doesn't count any more.
    pub released: bool,
    /// True when a person wants a case of it, whatever the address opens.
    pub asked_for_case: bool,
    /// True when the message was left unread because reading it ended the process several times.
    pub unread: bool,
}

impl Evidence {
    pub fn case(&self, number: CaseNumber) -> Option<&Case> {
        self.cases.iter().find(|case| case.number == number)
    }

    /// The routing addresses that it came to, in order of registration.
    pub(super) fn routing(&self) -> Vec<&Arc<RoutingAddress>> {
        let routing = self.recipients.iter().filter_map(|recipient| match recipient {
            Recipient::Routing { address, .. } => Some(address),
            _ => None,
        });
        let mut routing: Vec<_> = routing.collect();
        routing.sort_by_key(|address| address.number);
        routing
    }

    /// The names of those.
    pub fn routing_addresses(&self) -> impl Iterator<Item = &Mailbox> {
        self.routing().into_iter().map(|address| &address.address)
    }

    /// Those of them that accept the author. Who takes part in a case goes on doing so.
    pub(super) fn accepting(&self) -> Vec<&Arc<RoutingAddress>> {
        let takes_part = self.candidates.iter().any(|candidate| candidate.outcome() != Outcome::Hint);
        let accepts = |address: &RoutingAddress| address.settings.accept_from.accepts(self.author.as_ref());
        let mut routing = self.routing();
        routing.retain(|address| self.released || takes_part || accepts(address));
        routing
    }

    /// True for somebody of whom nothing is known: no contact, or one who is refuted.
    pub(super) fn is_by_a_stranger(&self) -> bool {
        self.author.is_none() || self.sender.contact.is_none()
    }

    /// True when a proven answer leaves this case as it is and opens a linked one.
    pub(super) fn stays_resolved(&self, number: CaseNumber) -> bool {
        let policy = self.on_resolved.iter().find(|(case, _)| *case == number).map(|(_, policy)| *policy);
        let case = self.case(number).filter(|case| case.status == Status::Resolved);
        // Rows of older versions don't say when; the last change is at least as late.
        let resolved_at = case.map(|case| case.resolved_at.unwrap_or(case.updated_at));
        resolved_at.is_some_and(|resolved_at| !policy.unwrap_or_default().reopens(resolved_at, self.received_at))
    }
}
