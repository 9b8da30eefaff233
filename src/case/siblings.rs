//! One mail at several of our addresses: which of them have cases of their own.
//!
//! With "one-case" all addresses share one case, that of the first one that accepts the author, in order of registration.
//! With "case-each" a mail that opens a case opens one at each address that accepts the author; they are linked as
//! siblings. An address that doesn't accept the author, is beyond its limit, or opens items, shares the first one's case.
//!
//! An answer joins the case that its best proof names, as ever. A Message-ID that is on several siblings names the one of
//! the first address that the answer came to and that has one. With "case-each" the answer also joins, at each further
//! address, that address's own sibling, or its own case that the answer proves, too; an address without one shares.
//! None of this asks in which order copies came, or whether they came in one mail transaction: each copy is decided with
//! the addresses of those before it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::threading::Outcome;
use super::{Candidate, Decision, Disposition, Evidence, Known, Mail, Proof, Status};
use crate::address::{Opens, RoutingAddress};
use crate::base::{CaseNumber, Mailbox, limits};

/// What one mail to several routing addresses becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ManyAddresses {
    #[default]
    OneCase,
    CaseEach,
}

/// What a message is at one of its addresses that doesn't share the case of the first.
#[derive(Clone, Debug, PartialEq)]
pub enum Beside {
    /// It opens a case there, a sibling of the others that it opens.
    Open {
        address: Arc<RoutingAddress>,
        /// A closed or resolved case of the same address that it continues.
        continues: Option<CaseNumber>,
    },
    /// It joins the case of that address.
    Append { address: Mailbox, case: CaseNumber },
}

impl Beside {
    pub fn address(&self) -> &Mailbox {
        match self {
            Self::Open { address, .. } => &address.address,
            Self::Append { address, .. } => address,
        }
    }
}

/// The proof that decides, with the sibling that it means where it is on several. Only a token means one of them.
pub(super) fn at_first_address(evidence: &Evidence, best: &Candidate) -> Candidate {
    let mut best = best.clone();
    if best.outcome() == Outcome::Joins && best.proof != Proof::KeyedToken {
        let mut addresses = evidence.accepting().into_iter();
        if let Some(own) = addresses.find_map(|address| sibling(evidence, best.case, &address.address)) {
            best.case = own;
        }
    }
    best
}

/// At the other addresses of a message that opens a case at the `first`.
pub(super) fn beside_opened(evidence: &Evidence, first: Option<&RoutingAddress>) -> Vec<Beside> {
    let others = evidence
        .accepting()
        .into_iter()
        .filter(|other| Some(other.number) != first.map(|first| first.number) && other.settings.opens == Opens::Case);
    each_opened(evidence, others.collect(), 1)
}

/// At the other addresses of a message that joins a case.
pub(super) fn beside_joined(evidence: &Evidence, case: CaseNumber) -> Vec<Beside> {
    let addresses: Vec<Mailbox> = evidence.accepting().iter().map(|address| address.address.clone()).collect();
    each_joined(evidence, &addresses, case)
}

/// What a second receipt brings: addresses that the message hadn't come to before.
pub(super) fn received_again(evidence: &Evidence, of: &Known) -> Decision {
    let mut decision = Decision::Duplicate { of: of.clone(), home: None, beside: Vec::new() };
    let (Some(first), Some(case)) = (&evidence.first, of.case) else { return decision };
    let mut new = evidence.accepting();
    new.retain(|address| !first.came_to(&address.address) && address.settings.opens == Opens::Case);
    if new.is_empty() {
        return decision;
    }
    let Decision::Duplicate { home, beside, .. } = &mut decision else { return decision };
    let opened = first.deliveries.iter().filter(|one| one.disposition == Disposition::CaseOpened).count();
    match evidence.many_addresses {
        ManyAddresses::OneCase if opened > 0 => *home = earlier_home(evidence, case, new[0]),
        ManyAddresses::OneCase => {}
        ManyAddresses::CaseEach if opened > 0 => *beside = each_opened(evidence, new, opened),
        ManyAddresses::CaseEach => {
            let before = first.deliveries.iter().map(|delivery| delivery.address.clone());
            let all: Vec<Mailbox> = before.chain(new.iter().map(|address| address.address.clone())).collect();
            *beside = each_joined(evidence, &all, case);
            beside.retain(|one| match one {
                Beside::Open { address, .. } => !first.came_to(&address.address),
                Beside::Append { case, .. } => !first.is_on(*case),
            });
        }
    }
    decision
}

/// The address that a case begins at is the first one by registration, whichever copy came first: as long as nobody has
/// worked on it.
fn earlier_home(evidence: &Evidence, case: CaseNumber, new: &Arc<RoutingAddress>) -> Option<Arc<RoutingAddress>> {
    let case = evidence.case(case).filter(|case| !case.touched && case.status != Status::Closed)?;
    let home = evidence.home.as_ref().filter(|home| case.address.as_ref() == Some(&home.address))?;
    (new.number < home.number).then(|| Arc::clone(new))
}

/// A case of its own for each of these addresses, up to a bound; `opened` of them there are.
fn each_opened(evidence: &Evidence, addresses: Vec<&Arc<RoutingAddress>>, opened: usize) -> Vec<Beside> {
    if evidence.many_addresses == ManyAddresses::OneCase {
        return Vec::new();
    }
    let best = evidence.candidates.iter().find(|candidate| candidate.outcome() == Outcome::Joins);
    let is_over = |address: &RoutingAddress| {
        evidence.over_limit.as_ref().is_some_and(|limited| limited.number == address.number) && !evidence.released
    };
    let open = |address: &Arc<RoutingAddress>| match best.and_then(|best| own(evidence, best.case, &address.address)) {
        Some(own) => answered(evidence, own, address),
        None => Beside::Open { address: Arc::clone(address), continues: None },
    };
    let addresses = addresses.into_iter().filter(|address| !is_over(address));
    addresses.take(limits::SIBLINGS_MAX.saturating_sub(opened)).map(open).collect()
}

/// The own cases of these addresses, besides `case`, which the first of them, or the one whose case it is, has joined.
fn each_joined(evidence: &Evidence, addresses: &[Mailbox], case: CaseNumber) -> Vec<Beside> {
    if evidence.many_addresses == ManyAddresses::OneCase {
        return Vec::new();
    }
    let home = evidence.case(case).and_then(|case| case.address.as_ref());
    let carrier = addresses.iter().find(|address| Some(*address) == home).or(addresses.first());
    let others = addresses.iter().filter(|address| Some(*address) != carrier);
    let joined = others.filter_map(|address| {
        let own = own(evidence, case, address).filter(|own| *own != case)?;
        let routing = evidence.accepting().into_iter().find(|routing| routing.address == *address);
        Some(match routing {
            Some(routing) => answered(evidence, own, routing),
            None => Beside::Append { address: address.clone(), case: own },
        })
    });
    joined.collect()
}

/// An answer to the own case of an address: a closed one is continued by another.
fn answered(evidence: &Evidence, own: CaseNumber, address: &Arc<RoutingAddress>) -> Beside {
    let is_closed = evidence.case(own).is_some_and(|case| case.status == Status::Closed);
    if (is_closed || evidence.stays_resolved(own)) && !evidence.auto_reply {
        return Beside::Open { address: Arc::clone(address), continues: Some(own) };
    }
    Beside::Append { address: address.address.clone(), case: own }
}

/// The case of this address that is a sibling of `number`, or that the message proves itself.
fn own(evidence: &Evidence, number: CaseNumber, address: &Mailbox) -> Option<CaseNumber> {
    let proven = evidence.candidates.iter().filter(|candidate| candidate.outcome() == Outcome::Joins);
    let is_own = |case: &CaseNumber| is_of(evidence, *case, address);
    sibling(evidence, number, address).or_else(|| proven.map(|candidate| candidate.case).find(is_own))
}

/// The case of this address among `number` and its siblings, of those that the author takes part in.
fn sibling(evidence: &Evidence, number: CaseNumber, address: &Mailbox) -> Option<CaseNumber> {
    if is_of(evidence, number, address) {
        return Some(number);
    }
    let takes_part = |case: &CaseNumber| {
        let case = evidence.case(*case);
        evidence.author.as_ref().is_some_and(|author| case.is_some_and(|case| case.has_participant(author)))
    };
    let siblings = evidence.siblings.iter().filter(|(of, _)| *of == number).map(|(_, sibling)| *sibling);
    siblings.filter(takes_part).find(|case| is_of(evidence, *case, address))
}

fn is_of(evidence: &Evidence, case: CaseNumber, address: &Mailbox) -> bool {
    evidence.case(case).is_some_and(|case| case.address.as_ref() == Some(address))
}

impl Mail {
    /// True for a case that the message is on, at any of its addresses.
    pub fn is_on(&self, case: CaseNumber) -> bool {
        let is_there = |one: &super::Delivery| one.disposition.is_converted() && one.case == Some(case);
        self.case == Some(case) || self.deliveries.iter().any(is_there)
    }

    fn came_to(&self, address: &Mailbox) -> bool {
        self.deliveries.iter().any(|delivery| delivery.address == *address)
    }
}
