//! Which case a message belongs to, by proof.
//!
//! In order: a keyed token in a Message-ID of ours that it answers; a known Message-ID of a case, named by somebody who
//! takes part in that case, or who is proven to write from an [account](super::account) of somebody who does; the other way
//! round, a message of a case that answers this one, which is later than its answer. Within a tier In-Reply-To stands
//! before References, and those from the newest. A case number in a subject, somebody else's Message-ID in a stranger's
//! hands, and whatever a message has in common with a case without naming it, is a hint and never joins: everybody could
//! write it.
//!
//! Who the author is, is what From says, unless DMARC says that it isn't so: then its bearer has no part in a case by a
//! Message-ID that they know. Where the author's domain has no policy, or it can't be had, whoever can write a
//! participant's address and knows a Message-ID of the case passes for them. A token needs no such trust.

use serde::{Deserialize, Serialize};

use crate::base::CaseNumber;

/// What a message shows to belong to a case, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// A token that only we could make.
    KeyedToken,
    /// The Message-ID of a message on the case.
    KnownMessageId,
    /// A message of the case refers to this one, which comes after it: mail arrives out of order.
    Awaited,
    /// The message itself is on the case with another content: its author's Message-ID again.
    OtherVersion,
    /// A case number in the subject.
    SubjectNumber,
    /// Its author has just sent many like it.
    Storm,
    /// Outlook's field says that it is of one conversation with a message of the case.
    Conversation,
    /// It quotes words of a message of the case.
    Quoted,
    /// It and a message of the case refer to the same message, which hasn't come.
    AlsoAwaited,
    /// It has the subject of a message of the case.
    SameSubject,
}

impl Proof {
    /// True when the message has something in common with the case and doesn't name it.
    pub fn is_likeness(self) -> bool {
        matches!(self, Self::Conversation | Self::Quoted | Self::AlsoAwaited | Self::SameSubject)
    }
}

/// A case that a message might belong to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    pub case: CaseNumber,
    pub proof: Proof,
    /// The Message-ID or the piece of subject that names it.
    pub by: String,
    /// True when the author takes part in the case; of an awaited message, when it is by the author of the one that
    /// refers to it, or was sent to them.
    pub author_known: bool,
    /// Of a known Message-ID: the account that its author shares with somebody who takes part, when the author is proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// True when the owner of the author's domain says that this message isn't theirs: DMARC fails.
    pub author_refuted: bool,
}

/// What a candidate is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The message belongs to the case.
    Joins,
    /// It is on the case as a third party's, which changes nothing: the token is right and its bearer had no part so far, or
    /// it is one of a storm.
    JoinsAsThirdParty,
    /// Shown as a possibility.
    Hint,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Joins => "joins",
            Self::JoinsAsThirdParty => "joins as a third party's",
            Self::Hint => "a hint only",
        })
    }
}

impl Candidate {
    pub fn outcome(&self) -> Outcome {
        let known_by_name = (self.author_known || self.is_by_account()) && !self.author_refuted;
        match (self.proof, if self.proof == Proof::KeyedToken { self.author_known } else { known_by_name }) {
            (Proof::KeyedToken | Proof::KnownMessageId | Proof::Awaited | Proof::OtherVersion, true) => Outcome::Joins,
            (Proof::KeyedToken, false) => Outcome::JoinsAsThirdParty,
            (Proof::KnownMessageId | Proof::Awaited | Proof::OtherVersion, false) => Outcome::Hint,
            (Proof::Storm, _) => Outcome::JoinsAsThirdParty,
            (
                Proof::SubjectNumber | Proof::Conversation | Proof::Quoted | Proof::AlsoAwaited | Proof::SameSubject,
                _,
            ) => Outcome::Hint,
        }
    }

    /// True when it is the account alone that ties the author to the case.
    pub fn is_by_account(&self) -> bool {
        self.proof == Proof::KnownMessageId && !self.author_known && self.account.is_some()
    }

    /// The reason in words.
    pub fn why(&self) -> String {
        let by = &self.by;
        if self.author_refuted && self.author_known {
            let refuted = "under a participant's address, which DMARC refutes";
            match self.proof {
                Proof::KnownMessageId => return format!("refers to {by} on the case, {refuted}"),
                Proof::OtherVersion => return format!("{by} again with another content, {refuted}"),
                Proof::Awaited => return format!("{by} of the case answers it, but it is {refuted}"),
                _ => {}
            }
        }
        if let (true, Some(account)) = (self.is_by_account() && !self.author_refuted, &self.account) {
            return format!(
                "refers to {by} on the case; its author, who is proven, belongs to {account} as a participant does"
            );
        }
        match (self.proof, self.author_known) {
            (Proof::KeyedToken, true) => format!("answers our message {by}"),
            (Proof::KeyedToken, false) => format!("answers our message {by}, but its author had no part in the case"),
            (Proof::KnownMessageId, true) => format!("refers to {by} on the case, whose author takes part"),
            (Proof::KnownMessageId, false) => format!("refers to {by} on the case, but its author has no part in it"),
            (Proof::Awaited, true) => format!("a message of {by} on the case, which came before it, refers to it"),
            (Proof::Awaited, false) => format!("a message of {by} on the case refers to it, but had no part in it"),
            (Proof::OtherVersion, true) => format!("{by} again with another content, by somebody who takes part"),
            (Proof::OtherVersion, false) => format!("{by} again with another content"),
            (Proof::SubjectNumber, _) => format!("the subject says {by}, which anybody can write"),
            (Proof::Storm, _) => format!("its author has sent {by} like it within an hour; they are kept together"),
            (Proof::Conversation, _) => format!("Outlook counts it to the conversation of {by} on the case"),
            (Proof::Quoted, true) => format!("quotes {by} on the case, and its author takes part"),
            (Proof::Quoted, false) => format!("quotes {by} on the case, but its author has no part in it"),
            (Proof::AlsoAwaited, _) => format!("refers to {by}, which hasn't come, as a message of the case does"),
            (Proof::SameSubject, true) => format!("has the subject of {by} on the case, and its author takes part"),
            (Proof::SameSubject, false) => format!("says that it answers the subject of {by} on the case"),
        }
    }
}

/// The number in our tag `[#17]` of a subject, the last one when there are several.
pub fn case_number_in_subject(subject: &str) -> Option<CaseNumber> {
    let mut found = None;
    for (start, _) in subject.match_indices("[#") {
        let digits = subject[start + 2..].split(']').next().unwrap_or_default();
        if !digits.starts_with('0') && digits.len() <= 18 && digits.bytes().all(|b| b.is_ascii_digit()) {
            found = digits.parse().ok().or(found);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(proof: Proof, author_known: bool) -> Candidate {
        Candidate { case: 1, proof, by: "<a@b>".into(), author_known, account: None, author_refuted: false }
    }

    #[test]
    fn an_account_stands_for_a_participant_where_a_message_id_is_known() {
        let check = |proof, refuted, expected, words: &str| {
            let account = Some("Customer".to_owned());
            let candidate = Candidate { account, author_refuted: refuted, ..candidate(proof, false) };
            assert_eq!(candidate.outcome(), expected, "{proof:?}");
            assert!(candidate.why().contains(words), "{}", candidate.why());
        };
        check(Proof::KnownMessageId, false, Outcome::Joins, "who is proven, belongs to Customer as a participant does");
        check(Proof::KnownMessageId, true, Outcome::Hint, "has no part");
        check(Proof::KeyedToken, false, Outcome::JoinsAsThirdParty, "had no part");
        check(Proof::Awaited, false, Outcome::Hint, "had no part");
        check(Proof::OtherVersion, false, Outcome::Hint, "another content");
        check(Proof::SubjectNumber, false, Outcome::Hint, "anybody");
    }

    #[test]
    fn only_proof_joins() {
        let check = |proof, author_known, expected| {
            let candidate = candidate(proof, author_known);
            assert_eq!(candidate.outcome(), expected, "{}", candidate.why());
        };
        check(Proof::KeyedToken, true, Outcome::Joins);
        check(Proof::KeyedToken, false, Outcome::JoinsAsThirdParty);
        check(Proof::KnownMessageId, true, Outcome::Joins);
        check(Proof::KnownMessageId, false, Outcome::Hint);
        check(Proof::Awaited, true, Outcome::Joins);
        check(Proof::Awaited, false, Outcome::Hint);
        check(Proof::OtherVersion, true, Outcome::Joins);
        check(Proof::OtherVersion, false, Outcome::Hint);
        use Proof::{AlsoAwaited, Conversation, Quoted, SameSubject, SubjectNumber};
        for proof in [SubjectNumber, Conversation, Quoted, AlsoAwaited, SameSubject] {
            check(proof, true, Outcome::Hint);
            check(proof, false, Outcome::Hint);
        }
    }

    #[test]
    fn a_refuted_author_has_no_part_but_by_a_token() {
        let check = |proof, expected, why: &str| {
            let candidate = Candidate { author_refuted: true, ..candidate(proof, true) };
            assert_eq!((candidate.outcome(), candidate.why().as_str()), (expected, why));
        };
        let refuted = "under a participant's address, which DMARC refutes";
        check(Proof::KeyedToken, Outcome::Joins, "answers our message <a@b>");
        check(Proof::KnownMessageId, Outcome::Hint, &format!("refers to <a@b> on the case, {refuted}"));
        check(Proof::OtherVersion, Outcome::Hint, &format!("<a@b> again with another content, {refuted}"));
    }

    #[test]
    fn reads_the_tag_of_a_subject() {
        let check = |subject, expected| assert_eq!(case_number_in_subject(subject), expected, "{subject}");
        check("Re: Printer [#17]", Some(17));
        check("[#17] and later [#18]", Some(18));
        check("[#017]", None);
        check("[#]", None);
        check("[#17", Some(17));
        check("#17 [17] [# 17]", None);
        check("[#99999999999999999999]", None);
    }
}
