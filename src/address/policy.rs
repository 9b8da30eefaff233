//! Who may write to an address, and what becomes of an answer to a case that was resolved: policies that
//! [`decide`](crate::case::decide()) asks. They are stored and shown as they are typed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::base::mailbox::is_domain;
use crate::base::{Mailbox, Span, Time, limits, stored_as_shown};

/// What happens to mail of an author who isn't accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unauthorised {
    /// Refused in the session, so that the sender's server tells the sender.
    Bounce,
    /// Taken, and no case is made of it.
    Discard,
    /// Taken, and kept until a person releases it.
    #[default]
    Hold,
}

/// What becomes of a new case's message whose author is no contact yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownSender {
    /// They become one.
    #[default]
    Contact,
    /// Kept until a person releases it; then they become one.
    Hold,
}

/// What mail becomes that joins no case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Opens {
    #[default]
    Case,
    /// The message itself is what somebody has to do: no case, no conversation, and nobody is answered.
    Item,
}

/// What a Reply-To of its mail means to an address. Where From is our own, as contact forms write it, the author is who
/// Reply-To names, whatever is said here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplyTo {
    /// Nothing: answers go to From.
    Ignore,
    /// Answers go there; the contact is From.
    #[default]
    Address,
    /// Who is named there is the contact: for forms and devices that write under an address of their own.
    Replace,
}

/// The authors that an address accepts; an empty list accepts anyone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct AcceptFrom(Vec<Sender>);

/// One entry of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Sender {
    Mailbox(Mailbox),
    /// Everybody of this domain, and nobody of one below it.
    Domain(String),
    /// Everybody of a domain below this one.
    Subdomains(String),
}

/// What is no [`AcceptFrom`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAcceptFrom {
    #[error(
        "{0:?} is neither an address nor a domain: expected anna@example.com, example.com, *.example.com or anyone"
    )]
    Sender(String),
    #[error("\"anyone\" stands alone: it accepts whoever else is named")]
    Anyone,
    #[error("a list has at most {} entries", limits::ACCEPTED_AUTHORS_MAX)]
    TooMany,
}

/// The word for it.
impl fmt::Display for Opens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Case => "case",
            Self::Item => "item",
        })
    }
}

impl AcceptFrom {
    /// The word for the empty list.
    pub const ANYONE: &'static str = "anyone";

    pub fn is_anyone(&self) -> bool {
        self.0.is_empty()
    }

    /// A message without an author that can be read is nobody's.
    pub fn accepts(&self, author: Option<&Mailbox>) -> bool {
        self.is_anyone() || author.is_some_and(|author| self.0.iter().any(|sender| sender.is(author)))
    }
}

impl Sender {
    fn is(&self, author: &Mailbox) -> bool {
        match self {
            Self::Mailbox(mailbox) => mailbox == author,
            Self::Domain(domain) => author.domain() == domain,
            Self::Subdomains(domain) => {
                author.domain().strip_suffix(domain.as_str()).is_some_and(|below| below.ends_with('.'))
            }
        }
    }
}

impl FromStr for Sender {
    type Err = NoAcceptFrom;

    fn from_str(text: &str) -> Result<Self, NoAcceptFrom> {
        let text = text.trim();
        let no_sender = || NoAcceptFrom::Sender(text.to_owned());
        let domain = |domain: &str| is_domain(domain).then(|| domain.to_lowercase()).ok_or_else(no_sender);
        if let Some(below) = text.strip_prefix("*.") {
            return domain(below).map(Self::Subdomains);
        }
        match text.strip_prefix('@') {
            Some(rest) => domain(rest).map(Self::Domain),
            None if text.contains('@') => text.parse().map(Self::Mailbox).map_err(|_| no_sender()),
            // A single word is a mistyped something, and no public domain.
            None if text.contains('.') => domain(text).map(Self::Domain),
            None => Err(no_sender()),
        }
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mailbox(mailbox) => write!(f, "{mailbox}"),
            Self::Domain(domain) => f.write_str(domain),
            Self::Subdomains(domain) => write!(f, "*.{domain}"),
        }
    }
}

impl FromStr for AcceptFrom {
    type Err = NoAcceptFrom;

    /// Entries with commas between.
    fn from_str(text: &str) -> Result<Self, NoAcceptFrom> {
        Self::try_from(text.split(',').map(str::to_owned).collect::<Vec<_>>())
    }
}

impl TryFrom<Vec<String>> for AcceptFrom {
    type Error = NoAcceptFrom;

    fn try_from(texts: Vec<String>) -> Result<Self, NoAcceptFrom> {
        if texts.iter().any(|text| text.trim() == Self::ANYONE) {
            return if texts.len() == 1 { Ok(Self::default()) } else { Err(NoAcceptFrom::Anyone) };
        }
        if texts.len() > limits::ACCEPTED_AUTHORS_MAX {
            return Err(NoAcceptFrom::TooMany);
        }
        Ok(Self(texts.iter().map(|text| text.parse()).collect::<Result<_, _>>()?))
    }
}

impl From<AcceptFrom> for Vec<String> {
    fn from(list: AcceptFrom) -> Self {
        list.0.iter().map(Sender::to_string).collect()
    }
}

/// What a proven answer to a resolved case does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnResolved {
    #[default]
    Reopen,
    /// Reopens it until so long after it was resolved; later it opens a linked case.
    ReopenWithin(Span),
    /// Opens a linked case.
    New,
}

/// What is no [`OnResolved`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected reopen, reopen-within with a duration such as 7d, or new")]
pub struct NoOnResolved;

impl OnResolved {
    /// True when an answer that came at `received_at` reopens a case resolved at `resolved_at`.
    pub fn reopens(self, resolved_at: Time, received_at: Time) -> bool {
        match self {
            Self::Reopen => true,
            Self::ReopenWithin(Span(within)) => received_at <= crate::base::time::later(resolved_at, within),
            Self::New => false,
        }
    }
}

stored_as_shown!(OnResolved);

impl FromStr for OnResolved {
    type Err = NoOnResolved;

    fn from_str(text: &str) -> Result<Self, NoOnResolved> {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words[..] {
            ["reopen"] => Ok(Self::Reopen),
            ["new"] => Ok(Self::New),
            ["reopen-within", span] => span.parse().map(Self::ReopenWithin).map_err(|_| NoOnResolved),
            _ => Err(NoOnResolved),
        }
    }
}

impl fmt::Display for OnResolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reopen => f.write_str("reopen"),
            Self::ReopenWithin(span) => write!(f, "reopen-within {span}"),
            Self::New => f.write_str("new"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authors_are_accepted_by_address_domain_and_subdomain() {
        let check = |list: &str, author: &str, expected: bool| {
            let accepted: AcceptFrom = list.parse().unwrap();
            let author = author.parse::<Mailbox>().ok();
            assert_eq!(accepted.accepts(author.as_ref()), expected, "{list} {author:?}");
        };
        check("anyone", "x@y.example", true);
        check("anyone", "", true);
        check("anna@a.example", "ANNA@A.example", true);
        check("anna@a.example", "ben@a.example", false);
        check("A.example", "ben@a.example", true);
        check("@a.example", "ben@a.example", true);
        check("a.example", "ben@b.a.example", false);
        check("a.example", "ben@evila.example", false);
        check("*.a.example", "ben@b.a.example", true);
        check("*.a.example", "ben@c.b.a.example", true);
        check("*.a.example", "ben@a.example", false);
        check("*.a.example", "ben@evila.example", false);
        check("x@y.example, a.example", "ben@a.example", true);
        check("a.example", "", false);
    }

    #[test]
    fn a_list_is_shown_as_it_is_typed() {
        let check = |typed: &str, shown: Result<&[&str], NoAcceptFrom>| {
            let read = typed.parse::<AcceptFrom>().map(Vec::from);
            assert_eq!(read, shown.map(|shown| shown.iter().map(|one| (*one).to_owned()).collect()), "{typed}");
        };
        check("Anna@A.example,@B.example , *.c.example", Ok(&["Anna@a.example", "b.example", "*.c.example"]));
        check("anyone", Ok(&[]));
        check("anyone,a.example", Err(NoAcceptFrom::Anyone));
        for wrong in ["", "a b@c.example", "*", "*.", "everyone", "a.example,,b.example", "@", "-a.example"] {
            let first = wrong.split(',').map(str::trim).find(|one| *one != "a.example").unwrap_or_default();
            check(wrong, Err(NoAcceptFrom::Sender(first.to_owned())));
        }
        let many = vec!["a.example".to_owned(); limits::ACCEPTED_AUTHORS_MAX + 1];
        assert_eq!(AcceptFrom::try_from(many), Err(NoAcceptFrom::TooMany));
    }

    #[test]
    fn a_resolved_case_is_reopened_in_time() {
        let at = |day: i64| Time::from_second(day * 86_400).unwrap();
        let check = |typed: &str, days: i64, expected: bool| {
            let policy: OnResolved = typed.parse().unwrap();
            assert_eq!(policy.to_string(), typed);
            assert_eq!(policy.reopens(at(100), at(100 + days)), expected, "{typed} {days}");
        };
        check("reopen", 4000, true);
        check("reopen-within 7d", 7, true);
        check("reopen-within 7d", 8, false);
        // It came before the case was resolved, and was decided after it.
        check("reopen-within 0s", -1, true);
        check("new", 0, false);
        for wrong in ["", "reopen-within", "reopen-within soon", "reopen 7d", "new 7d", "reopens"] {
            assert_eq!(wrong.parse::<OnResolved>(), Err(NoOnResolved), "{wrong}");
        }
    }
}
