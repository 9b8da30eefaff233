//! What is known about who sent a message, as four facts: the results of SPF, DKIM, DMARC and ARC in the words of RFC 8601.
//!
//! They are facts of the moment at which the message was looked at: keys and policies lie in somebody else's DNS and
//! change. Whoever decides on them later decides on what was kept.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Envelope, Mailbox, shown_as_stored};

/// The result of one method (RFC 8601 §2.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthResult {
    Pass,
    Fail,
    /// SPF alone: the domain's owner thinks that this isn't one of its hosts, and doesn't say so outright.
    Softfail,
    Neutral,
    /// There is nothing to verify: no record, no signature, no author.
    #[default]
    None,
    /// Another time may say more.
    Temperror,
    /// What there is can't be used, and won't be later.
    Permerror,
}

/// One result for each method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthResults {
    /// RFC 7208: may this peer send for the domain of the reverse-path? Of forwarded mail it speaks about the forwarder.
    pub spf: AuthResult,
    /// RFC 6376: the best of the signatures, whoever signed.
    pub dkim: AuthResult,
    /// RFC 9989: does one of them speak for the domain of the author?
    pub dmarc: AuthResult,
    /// RFC 8617: is the chain of those who passed it on unbroken? It doesn't say whether they are to be trusted.
    pub arc: AuthResult,
}

impl AuthResults {
    /// True when the owner of the author's domain says how its mail is known, and this message isn't known so.
    pub fn refute_author(&self) -> bool {
        self.dmarc == AuthResult::Fail
    }

    /// True when this author has sent it. DMARC ties a result to the author. Where the domain has no policy, SPF does for a
    /// reverse-path of the same domain; a DKIM result doesn't say whose signature it was.
    pub fn prove_author(&self, envelope: &Envelope, author: &Mailbox) -> bool {
        let same_domain = envelope.from.mailbox().is_some_and(|from| from.domain() == author.domain());
        match self.dmarc {
            AuthResult::Pass => true,
            AuthResult::None => self.spf == AuthResult::Pass && same_domain,
            _ => false,
        }
    }
}

shown_as_stored!(AuthResult);

impl fmt::Display for AuthResults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "spf={} dkim={} dmarc={} arc={}", self.spf, self.dkim, self.dmarc, self.arc)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document() {
        let results = AuthResults { spf: AuthResult::Softfail, dmarc: AuthResult::Temperror, ..AuthResults::default() };
        let text = r#"{"spf":"softfail","dkim":"none","dmarc":"temperror","arc":"none"}"#;
        assert_eq!(serde_json::to_string(&results).unwrap(), text);
        assert_eq!(serde_json::from_str::<AuthResults>(text).unwrap(), results);
        assert_eq!(results.to_string(), "spf=softfail dkim=none dmarc=temperror arc=none");
    }

    #[test]
    fn only_a_policy_that_fails_refutes() {
        use AuthResult::{Fail, Neutral, None, Pass, Permerror, Softfail, Temperror};
        for dmarc in [Pass, Fail, Softfail, Neutral, None, Temperror, Permerror] {
            let results = AuthResults { spf: Fail, dkim: Fail, dmarc, arc: Fail };
            assert_eq!(results.refute_author(), dmarc == Fail, "{dmarc}");
        }
    }
}
