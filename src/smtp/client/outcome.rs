//! What became of a message for one recipient in one attempt.
//!
//! Status codes are RFC 3463's, the peer's own where it gave one. Words are the peer's, cleaned and cut, or ours where no
//! peer spoke; both are fit to be shown to an agent.

use super::reply::PeerReply;
use crate::base::Mailbox;

const LOGIN_ADVICE: &str =
    "the mail waits: mend `[outbound] smarthost_user` or the password file, then `postcase spool retry ID`";

/// Is it done, and is it worth another try?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The peer has taken responsibility.
    Delivered,
    /// Another attempt may succeed.
    Transient,
    /// Every further attempt would fail.
    Permanent,
    /// The whole message was sent and the reply to it was lost: the peer may have it. Another attempt must carry the
    /// same Message-ID, so that the recipient's side can drop the second copy (RFC 1047).
    Uncertain,
    /// Nothing was begun, because as much is under way to the host as may be: no attempt, and nobody's failure.
    NotBegun,
}

/// The result of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub fate: Fate,
    /// `2.y.z`, `4.y.z` or `5.y.z`, in agreement with the fate.
    pub status: String,
    /// One line.
    pub words: String,
    /// `host[address]:port`; none when no peer was reached.
    pub peer: Option<String>,
}

/// The result for one of several recipients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipientOutcome {
    pub recipient: Mailbox,
    pub outcome: Outcome,
}

impl Outcome {
    /// `subject` is the last two numbers of the status code, as in `4.1`.
    pub(super) fn transient(subject: &str, words: impl Into<String>) -> Self {
        Self { fate: Fate::Transient, status: format!("4.{subject}"), words: words.into(), peer: None }
    }

    pub(super) fn permanent(subject: &str, words: impl Into<String>) -> Self {
        Self { fate: Fate::Permanent, status: format!("5.{subject}"), words: words.into(), peer: None }
    }

    /// 4.4.5: congestion (RFC 3463 §3.5), here of our own making.
    pub(super) fn not_begun() -> Self {
        let words = "as many deliveries as may be are under way to this host";
        Self { fate: Fate::NotBegun, ..Self::transient("4.5", words) }
    }

    /// What a final reply means. One that fits no command (a 2yz or 3yz where neither may stand) is worth another try.
    pub(super) fn of_refusal(reply: &PeerReply) -> Self {
        let fate = match reply.code {
            400..=499 => Fate::Transient,
            500..=599 => Fate::Permanent,
            _ => return Self::transient("5.0", format!("an unexpected reply: {}", reply.words)),
        };
        Self { fate, status: reply.status(), words: reply.words.clone(), peer: None }
    }

    pub(super) fn delivered(reply: &PeerReply) -> Self {
        Self { fate: Fate::Delivered, status: reply.status(), words: reply.words.clone(), peer: None }
    }

    /// A login that is wanted or refused (RFC 4954 §6: 530, 534, 535, 538) is our mistake, and no mail is lost by it.
    pub(super) fn sparing_mail(self) -> Self {
        let is_about_login = matches!(self.words.get(..3), Some("530" | "534" | "535" | "538"));
        if is_about_login && self.fate == Fate::Permanent { self.with_login_advice() } else { self }
    }

    /// Temporary in any case, with the words for who can mend it.
    pub(super) fn with_login_advice(self) -> Self {
        let status = self.status.split_once('.').map_or_else(|| "4.7.0".into(), |(_, rest)| format!("4.{rest}"));
        Self { fate: Fate::Transient, status, words: format!("{}; {LOGIN_ADVICE}", self.words), ..self }
    }

    pub(super) fn at(self, peer: String) -> Self {
        Self { peer: Some(peer), ..self }
    }

    pub(super) fn for_each(self, recipients: &[Mailbox]) -> Vec<Self> {
        vec![self; recipients.len()]
    }
}
