//! Whether the author of a new case is told that it has come (RFC 3834 §2). Pure; how many may be told is asked elsewhere.
//!
//! Only people who prove their address are answered: an answer to anybody else is mail to a stranger that a third person
//! has asked for. Only mail that a person wrote to us is: whatever a machine, a list or a mail system sends stays unanswered.

use std::fmt;

use super::{Decision, Evidence, Reason};
use crate::base::{AuthResult, AuthResults, Envelope, Mailbox};
use crate::message::Facts;
use crate::message::facts::Kind;

/// Beginnings and ends of names that nobody reads the mail of (RFC 3834 §2, RFC 2142).
const MACHINE_NAMES: &[&str] =
    &["mailer-daemon", "postmaster", "noreply", "no-reply", "donotreply", "do-not-reply", "bounce", "owner-"];
const MACHINE_NAME_ENDS: &[&str] = &["-request", "-owner", "-bounces", "-noreply"];

/// Why nobody is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Silence {
    /// It joined a case, or none was made of it, or a person has decided about it.
    NotNew,
    /// A machine, a list or a mail system sent it.
    Machine(String),
    /// From has no address that can be written to, or one that nobody reads.
    Nobody,
    /// Its author's address is ours.
    Ours,
    /// Nothing proves that the author sent it.
    Unproven,
    /// It names none of our addresses as a recipient.
    NotAddressed,
    /// What would be sent from isn't verified.
    Unverified,
    /// As many were told as are in so long a time.
    Budget(&'static str),
}

/// The author who is to be told, as far as the message itself says so.
pub fn acknowledged(
    decision: &Decision,
    evidence: &Evidence,
    facts: &Facts,
    envelope: &Envelope,
    auth: Option<AuthResults>,
) -> Result<Mailbox, Silence> {
    let Decision::Open { opening, reason, .. } = decision else { return Err(Silence::NotNew) };
    let is_new = matches!(reason, Reason::NewConversation | Reason::NoProof | Reason::Resembles);
    let Some(address) = opening.address.as_ref().filter(|_| is_new && !evidence.released) else {
        return Err(Silence::NotNew);
    };
    if let Some(automatic) = &facts.automatic {
        return Err(Silence::Machine(automatic.why.clone()));
    }
    if facts.kind != Kind::Message || facts.bounce.is_some() {
        return Err(Silence::Machine("it is a report, or came over a list".into()));
    }
    let Some(reverse_path) = envelope.from.mailbox() else {
        return Err(Silence::Machine("its reverse-path is null".into()));
    };
    if auth.is_some_and(|auth| auth.refute_author()) {
        return Err(Silence::Unproven);
    }
    let Some(author) = evidence.author.clone().filter(|author| !is_machine_name(author)) else {
        return Err(Silence::Nobody);
    };
    if !auth.is_some_and(|auth| is_proven(&author, reverse_path, auth)) {
        return Err(Silence::Unproven);
    }
    let is_named = facts.to.iter().chain(&facts.cc).any(|person| person.address.parse() == Ok(address.address.clone()));
    if is_named { Ok(author) } else { Err(Silence::NotAddressed) }
}

/// DMARC passes, or there is no policy and SPF passes for the author's own domain. Who made a signature isn't known here.
fn is_proven(author: &Mailbox, reverse_path: &Mailbox, auth: AuthResults) -> bool {
    match auth.dmarc {
        AuthResult::Pass => true,
        AuthResult::None => auth.spf == AuthResult::Pass && reverse_path.domain() == author.domain(),
        _ => false,
    }
}

fn is_machine_name(author: &Mailbox) -> bool {
    let name = author.local().to_lowercase();
    MACHINE_NAMES.iter().any(|begin| name.starts_with(begin)) || MACHINE_NAME_ENDS.iter().any(|end| name.ends_with(end))
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotNew => "only mail that opens a case by itself is acknowledged",
            Self::Machine(why) => return write!(f, "no person sent it: {why}"),
            Self::Nobody => "nobody reads mail to its author",
            Self::Ours => "its author is one of our own addresses",
            Self::Unproven => {
                "nothing proves that its author sent it: no DMARC pass, and no SPF pass for the author's domain"
            }
            Self::NotAddressed => "it names no address of ours as a recipient",
            Self::Unverified => "the address to send from is not verified",
            Self::Budget(which) => return write!(f, "as many as there may be were sent: {which}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_is_proven_by_their_own_domain() {
        use AuthResult::{Fail, None, Pass, Temperror};
        for (reverse_path, spf, dkim, dmarc, expected) in [
            ("x@elsewhere.example", Fail, Pass, Pass, true),
            ("anna@customer.example", Pass, None, None, true),
            ("x@elsewhere.example", Pass, None, None, false),
            ("anna@customer.example", None, Pass, None, false),
            ("anna@customer.example", Pass, Pass, Fail, false),
            ("anna@customer.example", Pass, Pass, Temperror, false),
        ] {
            let auth = AuthResults { spf, dkim, dmarc, arc: None };
            let proven = is_proven(&"anna@customer.example".parse().unwrap(), &reverse_path.parse().unwrap(), auth);
            assert_eq!(proven, expected, "{reverse_path} {auth}");
        }
    }

    #[test]
    fn names_that_nobody_reads() {
        for (name, expected) in [
            ("MAILER-DAEMON", true),
            ("noreply-7", true),
            ("owner-list", true),
            ("list-request", true),
            ("anna", false),
            ("request", false),
            ("ann.owner", false),
        ] {
            assert_eq!(is_machine_name(&format!("{name}@b.example").parse().unwrap()), expected, "{name}");
        }
    }
}
