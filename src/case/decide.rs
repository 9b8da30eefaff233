//! What becomes of a message: a pure function from evidence to a decision, with a reason from a closed list.
//!
//! Order: the awaited probe, reports to addresses that only reports use, duplicates, the question of a mail provider, mail
//! that the address doesn't want, then the case by proof, else a new case. The session asks the same function before its
//! 250, and only there [`SetAside::Bounced`] is a refusal: later it is held.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::siblings::{at_first_address, beside_joined, beside_opened, received_again};
use super::threading::Outcome;
use super::{Beside, Candidate, Evidence, Hint, Known, ManyAddresses, Proof, Recipient, Status};
use crate::address::{Confirmation, Doubt, Opens, OverLimit, RoutingAddress, Unauthorised, UnknownSender};
use crate::base::{CaseNumber, Mailbox, limits};

/// Why a message became what it became.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Nothing ties it to a case.
    NewConversation,
    /// It names a case, but not in a way that proves anything.
    NoProof,
    /// Its author sends one message like the other; the next ones are kept together.
    Storm,
    /// It has something in common with a case that it doesn't name.
    Resembles,
    /// It belongs to a case that is closed for good.
    CaseClosed,
    /// It belongs to a resolved case, which by its address's policy isn't opened again.
    CaseResolved,
    /// Its author is none of those whom its address accepts.
    AuthorNotAccepted,
    /// Its author is no contact, and its address holds such mail.
    UnknownSender,
    /// Its author is a contact that a person marked as inactive.
    InactiveContact,
    /// It was written under an address of ours, so that there is nobody to answer.
    FromOurselves,
    /// It came when its address had converted as many as it does in a day.
    OverLimit,
    /// A rule or a plugin holds it.
    AdviserHolds,
    /// Its address, or a rule, takes such mail as items without a case.
    ItemOpened,
    /// It answers a message of ours.
    KeyedToken,
    /// It refers to a message of a case that its author takes part in.
    KnownMessageId,
    /// It refers to a message of a case, and its proven author belongs to the account of somebody who takes part.
    SameAccount,
    /// A message of the case answers it: mail arrived out of order.
    Awaited,
    /// It answers a message of ours, but its author had no part in the case so far.
    ThirdParty,
    /// The same message went to another of our addresses, too.
    SameMessage,
    /// The same message went to another of our addresses, too, and each has a case of its own.
    OwnCase,
    /// It belongs to a sibling of the case of this address.
    SiblingCase,
    /// The same message was received before.
    ReceivedBefore,
    /// A message of ours came back.
    OwnCopy,
    /// The same message was received before with another content; both are on the case.
    OtherVersion,
    /// The awaited probe came back.
    ProbeReturned,
    /// A probe came back that is not awaited any more.
    EarlierProbe,
    /// A mail provider asks whether it may forward to the address.
    ForwardingConfirmation,
    /// It looks like such a question, and nothing proves that the provider sent it.
    UnprovenConfirmation,
    /// It looks like such a question, and leads to a host that isn't the provider's.
    ConfirmationElsewhere,
    /// It was sent to the bounce address of a reply.
    BounceAddress,
    /// It is a delivery report about a message of ours, sent to another address than that message's bounce address.
    ReportOnOurs,
    /// It was sent to the sender of a probe.
    ProbeSender,
    /// For nobody in particular (RFC 5321 §4.5.1).
    Postmaster,
    /// Its address was removed after it was accepted.
    AddressRemoved,
    /// Reading it ended the process several times: opened from its envelope alone.
    Unreadable,
}

/// Where a new case begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Opening {
    /// The address whose settings it takes; none for the postmaster's.
    pub address: Option<Arc<RoutingAddress>>,
    pub hints: Vec<Hint>,
    /// A closed or resolved case that it continues.
    pub continues: Option<CaseNumber>,
}

/// What becomes of a message of which no case is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetAside {
    /// Refused in the session; when it was accepted all the same, because the policy has changed since, held.
    Bounced,
    Ignored,
    Held,
}

/// What becomes of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    Open {
        opening: Opening,
        reason: Reason,
        /// At its other addresses.
        beside: Vec<Beside>,
    },
    /// It is an item without a case, whose place the settings of the address say.
    Route {
        address: Arc<RoutingAddress>,
        hints: Vec<Hint>,
    },
    Append {
        case: CaseNumber,
        third_party: bool,
        why: String,
        hints: Vec<Hint>,
        reason: Reason,
        /// Cases that the message proves to be the same one, which nobody has touched.
        merges: Vec<CaseNumber>,
        /// At its other addresses.
        beside: Vec<Beside>,
    },
    Duplicate {
        of: Known,
        /// The address that the case of the first receipt moves to.
        home: Option<Arc<RoutingAddress>>,
        /// At addresses that the first receipt hadn't come to.
        beside: Vec<Beside>,
    },
    SetAside {
        how: SetAside,
        why: String,
        reason: Reason,
    },
    Verified {
        address: Arc<RoutingAddress>,
    },
    EarlierProbe {
        address: Mailbox,
    },
    Confirmation {
        asked: Box<Confirmation>,
    },
    Report {
        case: Option<CaseNumber>,
        probe_of: Option<Mailbox>,
        why: String,
        reason: Reason,
    },
}

impl Decision {
    /// True when it makes the message work: on a case, or as an item.
    pub fn converts(&self) -> bool {
        matches!(self, Self::Open { .. } | Self::Route { .. } | Self::Append { .. }) || !self.beside().is_empty()
    }

    /// What it is at addresses that don't share the case of the first.
    pub fn beside(&self) -> &[Beside] {
        match self {
            Self::Open { beside, .. } | Self::Append { beside, .. } | Self::Duplicate { beside, .. } => beside,
            _ => &[],
        }
    }

    /// How many cases it opens.
    pub fn opens(&self) -> usize {
        let others = self.beside().iter().filter(|beside| matches!(beside, Beside::Open { .. })).count();
        usize::from(matches!(self, Self::Open { .. })) + others
    }

    /// Why it can't be an item, whatever address and rules say; none when it can.
    pub fn why_no_item(&self, evidence: &Evidence) -> Option<&'static str> {
        let Self::Open { opening: Opening { continues, .. }, reason, .. } = self else {
            return Some("it opens no case");
        };
        match reason {
            _ if evidence.asked_for_case => Some("a person has asked for a case"),
            _ if continues.is_some() => Some("it continues a case"),
            _ if self.opens() > 1 => Some("it opens cases at several addresses"),
            Reason::UnprovenConfirmation | Reason::ConfirmationElsewhere => Some("it may be a provider's question"),
            Reason::Postmaster | Reason::AddressRemoved | Reason::Unreadable => {
                Some("its address doesn't decide on it")
            }
            _ => None,
        }
    }

    /// The same as an item, once only however many copies of the message come.
    pub fn as_item(self, evidence: &Evidence) -> Self {
        match (self, &evidence.routed_before) {
            (_, Some(of)) => Self::Duplicate { of: of.clone(), home: None, beside: Vec::new() },
            (Self::Open { opening: Opening { address: Some(address), hints, .. }, .. }, None) => {
                Self::Route { address, hints }
            }
            (other, None) => other,
        }
    }

    /// What was decided, and why, for people.
    pub fn words(&self) -> (String, String) {
        match self {
            Self::Open { reason, .. } => ("opens a case".into(), reason.to_string()),
            Self::Route { .. } => ("an item without a case".into(), Reason::ItemOpened.to_string()),
            Self::Append { case, why, .. } => (format!("joins case {case}"), why.clone()),
            Self::Duplicate { of, .. } => ("a duplicate".into(), format!("the same message as {}", of.mail)),
            Self::SetAside { how: SetAside::Ignored, why, .. } => ("ignored".into(), why.clone()),
            Self::SetAside { why, .. } => ("held".into(), why.clone()),
            Self::Verified { address } => {
                ("verification".into(), format!("the probe for {} came back", address.address))
            }
            Self::EarlierProbe { address } => {
                ("verification".into(), format!("an earlier probe for {address} came back; the newest one counts"))
            }
            Self::Confirmation { asked } => {
                let why = format!("{} asks whether it may forward here; see: postcase address show", asked.provider);
                ("a forwarding confirmation".into(), why)
            }
            Self::Report { why, .. } => ("a delivery report".into(), why.clone()),
        }
    }
}

/// Decides.
pub fn decide(evidence: &Evidence) -> Decision {
    if let Some(address) = &evidence.probe_of {
        return Decision::Verified { address: address.clone() };
    }
    if let Some(address) = &evidence.earlier_probe_of {
        return Decision::EarlierProbe { address: address.clone() };
    }
    let (address, refused) = match deciding_address(evidence) {
        Ok(address) => (address, None),
        Err(refused) => (None, Some(refused)),
    };
    if let (None, Some(report)) = (&address, report(evidence)) {
        return report;
    }
    if let Some((case, message_id)) = &evidence.report_on {
        let why = format!("a report about our message {message_id}");
        return Decision::Report { case: Some(*case), probe_of: None, why, reason: Reason::ReportOnOurs };
    }
    let asked = evidence.confirmation.as_ref().and_then(|judged| judged.as_ref().ok());
    match (&evidence.duplicate, asked) {
        // Whoever forges a question first doesn't hide the real one.
        (Some(Known { case: Some(_), .. }) | None, Some(asked)) => {
            return Decision::Confirmation { asked: Box::new(asked.clone()) };
        }
        (Some(of), _) => return received_again(evidence, of),
        (None, None) => {}
    }
    // The postmaster's mail is always taken (RFC 5321 §4.5.1).
    if let Some(refused) = refused.filter(|_| !evidence.recipients.iter().any(is_postmaster)) {
        return refused;
    }
    if let Some(limited) = evidence.over_limit.as_deref().filter(|_| !evidence.released) {
        let how = match limited.settings.over_limit {
            OverLimit::Discard => SetAside::Ignored,
            OverLimit::Hold | OverLimit::Bounce | OverLimit::Requeue => SetAside::Held,
        };
        let why = format!("{} has converted as many messages today as it does in a day", limited.address);
        return Decision::SetAside { how, why, reason: Reason::OverLimit };
    }
    thread(evidence, address)
}

/// Of the routing addresses that accept the author the one that was registered first, those that open cases before those
/// that open items; none without a routing address. When none accepts, what the first one does then.
fn deciding_address(evidence: &Evidence) -> Result<Option<Arc<RoutingAddress>>, Decision> {
    let routing = evidence.routing();
    let Some(first) = routing.first() else { return Ok(None) };
    let accepting = evidence.accepting();
    let opens_cases = accepting.iter().find(|address| address.settings.opens == Opens::Case);
    if let Some(accepting) = opens_cases.or(accepting.first()) {
        return Ok(Some(Arc::clone(accepting)));
    }
    let how = match first.settings.unauthorised {
        Unauthorised::Bounce => SetAside::Bounced,
        Unauthorised::Discard => SetAside::Ignored,
        Unauthorised::Hold => SetAside::Held,
    };
    let author = evidence.author.as_ref().map_or("nobody who is known".to_owned(), Mailbox::to_string);
    let why = format!("written by {author}, whom {} doesn't accept", first.address);
    Err(Decision::SetAside { how, why, reason: Reason::AuthorNotAccepted })
}

fn is_postmaster(recipient: &Recipient) -> bool {
    matches!(recipient, Recipient::Postmaster(_))
}

fn report(evidence: &Evidence) -> Option<Decision> {
    evidence.recipients.iter().find_map(|recipient| match recipient {
        Recipient::Bounce { case, message_id, .. } => Some(Decision::Report {
            case: Some(*case),
            probe_of: None,
            why: format!("sent to the bounce address of {message_id}"),
            reason: Reason::BounceAddress,
        }),
        Recipient::Probe { address, .. } => Some(Decision::Report {
            case: None,
            probe_of: Some(address.clone()),
            why: format!("sent to the sender of a probe for {address}"),
            reason: Reason::ProbeSender,
        }),
        Recipient::Routing { .. } | Recipient::Postmaster(_) | Recipient::Removed(_) => None,
    })
}

fn thread(evidence: &Evidence, address: Option<Arc<RoutingAddress>>) -> Decision {
    let is_closed = |number| evidence.case(number).is_some_and(|case| case.status == Status::Closed);
    // Only a participant's own words open a resolved case again, or a new one in its place.
    let is_left = |candidate: &Candidate| {
        candidate.outcome() == Outcome::Joins && !evidence.auto_reply && evidence.stays_resolved(candidate.case)
    };
    let best = evidence.candidates.iter().find(|candidate| candidate.outcome() != Outcome::Hint);
    // What continues a resolved case goes on where that one was continued before.
    let continued = |left: &Candidate| {
        let joins = |other: &&Candidate| {
            other.outcome() == Outcome::Joins && !is_closed(other.case) && !evidence.stays_resolved(other.case)
        };
        evidence.candidates.iter().find(joins).filter(|_| is_left(left))
    };
    let best = best.map(|best| at_first_address(evidence, continued(best).unwrap_or(best)));
    let hints = |without| hints(&evidence.candidates, without);
    let open = |continues, reason| {
        let opening = Opening { address: address.clone(), hints: hints(continues), continues };
        Decision::Open { opening, reason, beside: beside_opened(evidence, address.as_deref()) }
    };
    match &best {
        Some(best) if is_closed(best.case) && !evidence.auto_reply => open(Some(best.case), Reason::CaseClosed),
        Some(best) if is_left(best) => open(Some(best.case), Reason::CaseResolved),
        Some(best) => {
            let (case, merges) = one_case(evidence, best);
            let third_party = best.outcome() == Outcome::JoinsAsThirdParty;
            let beside = if third_party { Vec::new() } else { beside_joined(evidence, case) };
            let mut hints = hints(Some(case));
            hints.retain(|hint| !merges.contains(&hint.case) && !evidence.siblings.contains(&(case, hint.case)));
            let reason = match (best.outcome(), best.proof) {
                (_, Proof::Storm) => Reason::Storm,
                (Outcome::JoinsAsThirdParty, _) => Reason::ThirdParty,
                (_, Proof::KeyedToken) => Reason::KeyedToken,
                (_, Proof::OtherVersion) => Reason::OtherVersion,
                (_, Proof::Awaited) => Reason::Awaited,
                (_, Proof::KnownMessageId) if best.is_by_account() => Reason::SameAccount,
                _ => Reason::KnownMessageId,
            };
            Decision::Append { case, third_party, why: best.why(), hints, reason, merges, beside }
        }
        None if evidence.unread => open(None, Reason::Unreadable),
        None if let Some(holds) = &address
            && is_unknown(evidence, holds) =>
        {
            let author = evidence.author.as_ref().map_or("nobody who is known".to_owned(), Mailbox::to_string);
            let why = format!("written by {author}, who is no contact; {} holds such mail", holds.address);
            Decision::SetAside { how: SetAside::Held, why, reason: Reason::UnknownSender }
        }
        None if address.is_none() => {
            let any = evidence.recipients.iter().any(is_postmaster);
            open(None, if any { Reason::Postmaster } else { Reason::AddressRemoved })
        }
        None if let Some(Err(doubt)) = &evidence.confirmation => open(None, doubtful(*doubt)),
        None if !evidence.candidates.iter().all(|candidate| candidate.proof.is_likeness()) => {
            open(None, Reason::NoProof)
        }
        None if evidence.sender.is_inactive() => open(None, Reason::InactiveContact),
        None if evidence.sender.author.is_none() && evidence.sender.ours.is_some() => open(None, Reason::FromOurselves),
        None if !evidence.candidates.is_empty() => open(None, Reason::Resembles),
        None => open(None, Reason::NewConversation),
    }
}

/// True for mail that its address holds because nobody knows its author. The postmaster's is always taken.
fn is_unknown(evidence: &Evidence, address: &RoutingAddress) -> bool {
    let holds = address.settings.unknown_sender == UnknownSender::Hold && !evidence.released;
    holds && evidence.is_by_a_stranger() && !evidence.recipients.iter().any(is_postmaster)
}

fn doubtful(doubt: Doubt) -> Reason {
    match doubt {
        Doubt::Unproven => Reason::UnprovenConfirmation,
        Doubt::Elsewhere => Reason::ConfirmationElsewhere,
    }
}

/// The case that a message joins, and those that it proves to be the same: a message that comes after its answers may find
/// them on cases of their own. The oldest takes in the others unless somebody has begun to work on them.
fn one_case(evidence: &Evidence, best: &Candidate) -> (CaseNumber, Vec<CaseNumber>) {
    let joins = |candidate: &&Candidate| {
        let late = candidate.proof == Proof::Awaited || best.proof == Proof::Awaited;
        late && candidate.outcome() == Outcome::Joins
    };
    let open = |number: &CaseNumber| {
        let (case, of_best) = (evidence.case(*number), evidence.case(best.case));
        let is_sibling = evidence.siblings.contains(&(best.case, *number));
        // Where each address has cases of its own, those of two are never one.
        let may_be_one = evidence.many_addresses == ManyAddresses::OneCase
            || case.map(|case| &case.address) == of_best.map(|case| &case.address);
        !is_sibling && may_be_one && case.is_some_and(|case| case.status != Status::Closed)
    };
    let untouched = |number: &CaseNumber| evidence.case(*number).is_some_and(|case| !case.touched);
    let mut same: Vec<CaseNumber> =
        evidence.candidates.iter().filter(joins).map(|other| other.case).filter(open).collect();
    same.push(best.case);
    same.sort_unstable();
    same.dedup();
    // A case that is being worked on stays what it is.
    let survivor = same.iter().copied().find(|number| !untouched(number)).unwrap_or(same[0]);
    if best.outcome() != Outcome::Joins || (survivor != best.case && !untouched(&best.case)) {
        return (best.case, Vec::new());
    }
    (survivor, same.into_iter().filter(|number| *number != survivor && untouched(number)).collect())
}

/// One hint for each other case that was named, those with the best reason.
fn hints(candidates: &[Candidate], without: Option<CaseNumber>) -> Vec<Hint> {
    let mut hints: Vec<Hint> = Vec::new();
    let mut ranked: Vec<&Candidate> = candidates.iter().collect();
    ranked.sort_by_key(|candidate| (candidate.proof, !candidate.author_known));
    for candidate in ranked {
        if Some(candidate.case) != without && !hints.iter().any(|hint| hint.case == candidate.case) {
            let message_id = candidate.by.starts_with('<').then(|| candidate.by.clone());
            hints.push(Hint { case: candidate.case, why: candidate.why(), message_id });
        }
    }
    hints.truncate(limits::MESSAGE_HINTS_MAX);
    hints
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NewConversation => "nothing ties it to an earlier case",
            Self::NoProof => "it names a case, but proves nothing; see the hints",
            Self::Storm => "its author has sent many like it within an hour; they are kept together on this case",
            Self::Resembles => "it may belong to an earlier case, but names none; see the hints",
            Self::CaseClosed => "it belongs to a closed case, so a new one continues it",
            Self::CaseResolved => "it belongs to a resolved case, so a new one continues it",
            Self::AuthorNotAccepted => "its author is none of those whom the address accepts",
            Self::UnknownSender => "its author is no contact, and the address holds such mail",
            Self::InactiveContact => "nothing ties it to an earlier case; its author is an inactive contact",
            Self::FromOurselves => "it was written under our own address, so there is nobody to answer",
            Self::OverLimit => "it is beyond the daily limit of its address",
            Self::AdviserHolds => "a rule or a plugin holds it; see: postcase message explain",
            Self::ItemOpened => "its address or a rule takes such mail as an item, without a case",
            Self::KeyedToken => "it answers a message of ours",
            Self::KnownMessageId => "it refers to a message of the case, and its author takes part",
            Self::SameAccount => {
                "it refers to a message of the case, and its author, who is proven, belongs to a participant's account"
            }
            Self::Awaited => "a message of the case, which came before it, answers it",
            Self::ThirdParty => "it answers a message of ours; its author had no part in the case so far",
            Self::SameMessage => "the same message reached another of our addresses and is one case",
            Self::OwnCase => "the same message reached several of our addresses, and each has a case of its own",
            Self::SiblingCase => "it belongs to a sibling of this case, and reached the address of this one, too",
            Self::ReceivedBefore => "the same message was received before",
            Self::OwnCopy => "a message of ours came back",
            Self::OtherVersion => "the same message was received before with another content; both are on the case",
            Self::ProbeReturned => "the verification probe came back",
            Self::EarlierProbe => "a verification probe came back that has expired, or was followed by a newer one",
            Self::ForwardingConfirmation => "a mail provider asks whether it may forward to the address",
            Self::UnprovenConfirmation => {
                "it looks like a mail provider's question about forwarding, but nothing proves that the provider sent it"
            }
            Self::ConfirmationElsewhere => {
                "it looks like a mail provider's question about forwarding, but leads to a host that isn't the provider's"
            }
            Self::BounceAddress => "it was sent to the bounce address of a reply",
            Self::ReportOnOurs => "it is a delivery report about a message of ours",
            Self::ProbeSender => "it was sent to the sender of a verification probe",
            Self::Postmaster => "mail for the postmaster",
            Self::AddressRemoved => "its address was removed after the message was accepted",
            Self::Unreadable => "reading it failed several times; opened from its envelope alone",
        })
    }
}
