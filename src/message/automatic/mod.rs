//! Was the message made by a machine? Told by its header fields (RFC 3834 §5, and what vendors send instead), then by
//! [`wording`].
//!
//! The rules are a table, tried in order; the first match decides. A rule must never match what a person wrote and
//! sent to somebody: being taken for a machine costs that person an answer. Mail of a discussion list is written by
//! people, so it has a kind of its own and isn't called automatic.

pub mod wording;
mod words;

use Test::{Contains, Listed, NotWord, NullPath, Present, Word};

use crate::message::facts::AutomaticKind::{Acknowledgement, Bulk, Challenge, OutOfOffice};
use crate::message::facts::Kind::{AutoReply, Message};
use crate::message::facts::{Automatic, AutomaticKind, Kind};
use crate::message::fields::{Field, Section};

/// What the header fields say about the maker.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub kind: Kind,
    pub automatic: Option<Automatic>,
}

/// The field by which one installation of postcase knows the automatic mail of another, and of itself.
pub const OWN_MARK: &str = "Postcase-Automatic";

/// Name and value of the fields that say that a machine wrote this, of itself or as an answer (RFC 3834 §5.1, and what others
/// look at).
pub fn marks(kind: &str, submitted: &str, installation: &str) -> Vec<(String, String)> {
    let fields = [
        ("Auto-Submitted", submitted.to_owned()),
        ("X-Auto-Response-Suppress", "All".to_owned()),
        ("Precedence", "bulk".to_owned()),
        (OWN_MARK, format!("{kind}; installation={installation}")),
    ];
    fields.map(|(name, value)| (name.to_owned(), value)).to_vec()
}

/// Applies the rules to a header section.
pub fn read(section: &Section<'_>) -> Found {
    let mut found = Found::default();
    let candidates: Vec<Field<'_>> =
        section.iter().filter(|field| RULES.iter().any(|rule| field.is(rule.field))).collect();
    let matching = |rule: &&Rule| candidates.iter().any(|field| field.is(rule.field) && rule.test.holds(&field.text()));
    let is_discussion = candidates.iter().any(|field| field.is("List-Post"));
    for rule in RULES.iter().filter(matching) {
        if let Some(kind) = rule.says
            && !(rule.unless_discussion && is_discussion)
            && found.automatic.is_none()
        {
            found.automatic = Some(Automatic { kind, why: rule.why() });
        }
        if found.kind == Kind::Message {
            found.kind = rule.kind;
        }
    }
    found
}

/// One row: a field, what its value has to be, and what follows.
struct Rule {
    field: &'static str,
    test: Test,
    kind: Kind,
    says: Option<AutomaticKind>,
    /// Lists of people carry these fields too.
    unless_discussion: bool,
    /// A value that matches; every row is tested with its own.
    #[cfg_attr(not(test), allow(dead_code, reason = "the rows are their own test cases"))]
    example: &'static str,
}

enum Test {
    /// Any value.
    Present,
    /// The first word is one of these.
    Word(&'static [&'static str]),
    /// The first word is not this one.
    NotWord(&'static str),
    /// One of these stands among the comma-separated words.
    Listed(&'static [&'static str]),
    /// It has this somewhere.
    Contains(&'static str),
    /// `<>`.
    NullPath,
}

impl Test {
    fn holds(&self, value: &str) -> bool {
        let first = || value.split([' ', '\t', ';', ',', '(']).next().unwrap_or("");
        match self {
            Self::Present => true,
            Self::Word(words) => words.iter().any(|word| first().eq_ignore_ascii_case(word)),
            Self::NotWord(word) => !first().is_empty() && !first().eq_ignore_ascii_case(word),
            Self::Listed(words) => {
                value.split([',', ';']).any(|each| words.iter().any(|word| each.trim().eq_ignore_ascii_case(word)))
            }
            Self::Contains(part) => value.to_lowercase().contains(part),
            Self::NullPath => value.trim() == "<>",
        }
    }
}

impl Rule {
    fn why(&self) -> String {
        match self.test {
            Test::Present => format!("has the field {}", self.field),
            _ => format!("the field {} says so", self.field),
        }
    }
}

const fn rule(field: &'static str, test: Test, kind: Kind, says: AutomaticKind, example: &'static str) -> Rule {
    Rule { field, test, kind, says: Some(says), unless_discussion: false, example }
}

const fn list(field: &'static str, test: Test, says: Option<AutomaticKind>, example: &'static str) -> Rule {
    Rule { field, test, kind: Kind::List, says, unless_discussion: true, example }
}

const OTHER: AutomaticKind = AutomaticKind::Other;

/// In order of how much they say.
static RULES: &[Rule] = &[
    rule(OWN_MARK, Present, AutoReply, Acknowledgement, "acknowledgement; installation=x"),
    // RFC 3834 §5, RFC 5436 §2.7.1.
    rule("Auto-Submitted", Word(&["auto-replied"]), AutoReply, OTHER, "auto-replied (vacation)"),
    rule("Auto-Submitted", NotWord("no"), Message, OTHER, "auto-generated"),
    // Vacation programs before the standard, and the ones that never heard of it.
    rule("X-Autoreply", NotWord("no"), AutoReply, OTHER, "yes"),
    rule("X-Autorespond", Present, AutoReply, OTHER, "Re: hello"),
    rule("X-Autoresponder", Present, AutoReply, OTHER, "1"),
    rule("X-Auto-Reply", Present, AutoReply, OTHER, "1"),
    rule("X-AutoReply-From", Present, AutoReply, OTHER, "a@example.com"),
    rule("X-Auto-Reply-From", Present, AutoReply, OTHER, "a@example.com"),
    rule("X-Mail-Autoreply", Present, AutoReply, OTHER, "yes"),
    rule("X-Apple-Action", Word(&["vacation"]), AutoReply, OutOfOffice, "VACATION"),
    rule("X-Apple-Criteria", Contains("kind=vacation"), AutoReply, OutOfOffice, "{kind=VACATION,startDate=x}"),
    rule("X-Vacation", Present, AutoReply, OutOfOffice, "yes"),
    rule("Vacation", Present, AutoReply, OutOfOffice, "yes"),
    rule("X-Autogenerated", Word(&["reply", "forward"]), AutoReply, OTHER, "Reply"),
    rule("X-Autogenerated", Present, Message, OTHER, "yes"),
    rule("Precedence", Word(&["auto_reply", "auto-reply", "autoreply"]), AutoReply, OTHER, "auto_reply"),
    rule("X-Precedence", Word(&["auto_reply", "auto-reply", "autoreply"]), AutoReply, OTHER, "auto_reply"),
    rule("X-POST-MessageClass", Word(&["9"]), AutoReply, OTHER, "9; Autoresponder"),
    rule("Delivered-To", Word(&["autoresponder"]), AutoReply, OTHER, "Autoresponder"),
    // Exchange: says to other machines that they should not answer.
    rule("X-Auto-Response-Suppress", Listed(&["all", "autoreply", "oof"]), Message, OTHER, "DR, OOF, AutoReply"),
    rule("X-FC-MachineGenerated", NotWord("false"), Message, OTHER, "true"),
    rule("X-Cron-Env", Present, Message, OTHER, "<SHELL=/bin/sh>"),
    // Challenge-response filters.
    rule("X-Tmda-Confirm", Present, AutoReply, Challenge, "1"),
    rule("X-Boxtrapper", Present, AutoReply, Challenge, "x"),
    // Lists (RFC 2919, RFC 2369) and bulk mail.
    list("List-Id", Present, None, "<l.example.com>"),
    list("List-Post", Present, None, "<mailto:l@example.com>"),
    list("Mailing-List", Present, None, "contact a@example.com"),
    list("X-Mailing-List", Present, None, "l@example.com"),
    list("Precedence", Word(&["list"]), None, "list"),
    list("Precedence", Word(&["bulk", "junk"]), Some(Bulk), "bulk"),
    list("X-Precedence", Word(&["bulk", "junk"]), Some(Bulk), "bulk"),
    list("List-Unsubscribe", Present, Some(Bulk), "<https://example.com/u>"),
    list("Feedback-ID", Present, Some(Bulk), "1:2:3"),
    // A report or an answer to nobody (RFC 5321 §4.5.5).
    rule("Return-Path", NullPath, Message, OTHER, "<>"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn found(header: &str) -> Found {
        read(&Section::of(header.as_bytes()))
    }

    #[test]
    fn every_row_matches_its_example() {
        for rule in RULES {
            let found = found(&format!("From: a@example.com\r\n{}: {}\r\n\r\n", rule.field, rule.example));
            let kind = found.automatic.map(|automatic| automatic.kind);
            // List-Post alone marks a discussion, so it is the exception to its own neighbours.
            assert_eq!((found.kind, kind), (rule.kind, rule.says), "{}: {}", rule.field, rule.example);
        }
    }

    #[test]
    fn people_are_not_machines() {
        let human = [
            "Auto-Submitted: no\n\n",
            "Auto-Submitted: no (x)\n\n",
            "X-Auto-Response-Suppress: DR, RN, NRN\n\n",
            "Precedence: normal\n\n",
            "Precedence: first-class\n\n",
            "Return-Path: <a@example.com>\n\n",
            "Delivered-To: support@example.com\n\n",
            "Subject: Out of office\n\n",
        ];
        for header in human {
            assert_eq!(found(header), Found::default(), "{header:?}");
        }
    }

    #[test]
    fn a_discussion_list_is_written_by_people() {
        let list = found("List-Id: <l>\nList-Post: <mailto:l>\nPrecedence: bulk\nList-Unsubscribe: <x>\n\n");
        assert_eq!(list, Found { kind: Kind::List, automatic: None });
        let reply = found("Precedence: bulk\nAuto-Submitted: auto-replied\n\n");
        assert_eq!(reply.kind, Kind::AutoReply);
    }
}
