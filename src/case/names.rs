//! What messages are called: by their Message-ID, or where they have none by author, date and content.
//!
//! All messages with one name share a row: replies find the case by it, and a second receipt finds the first one.

use serde::{Deserialize, Serialize};

use crate::base::{CaseNumber, MailId, Mailbox};

/// Messages with one name that are remembered: a Message-ID is meant to be one message's. Of more the oldest and the newest.
const NAMED_MAX: usize = 32;
/// Messages that wait for one name.
const AWAITING_MAX: usize = 32;

/// A message among those with its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    pub mail: MailId,
    pub case: Option<CaseNumber>,
    /// What tells a second receipt from another message; none for what can't be received twice, as our own.
    pub receipt: Option<Receipt>,
}

/// Digests of what makes two receipts the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub author: String,
    /// What a person would see of the message.
    pub content: String,
}

/// A message that refers to one that hasn't come: mail arrives out of order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Awaiting {
    pub case: CaseNumber,
    pub author: Mailbox,
}

/// Everything that is known under one name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// In order of receipt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    named: Vec<Named>,
    /// Who refers to it while nothing has that name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    awaited_by: Vec<Awaiting>,
}

impl Names {
    pub fn iter(&self) -> impl Iterator<Item = &Named> {
        self.named.iter()
    }

    /// Writes down that a message is on another case now; false when it was known to be.
    pub fn moved(&mut self, mail: MailId, case: CaseNumber) -> bool {
        let moved = self.named.iter_mut().find(|named| named.mail == mail && named.case != Some(case));
        moved.map(|named| named.case = Some(case)).is_some()
    }

    /// True when no message has the name.
    pub fn is_awaited(&self) -> bool {
        self.named.is_empty()
    }

    pub fn awaited_by(&self) -> impl Iterator<Item = &Awaiting> {
        self.awaited_by.iter()
    }

    /// Remembers that a message refers to this name; false when that says nothing new.
    pub fn awaits(&mut self, awaiting: Awaiting) -> bool {
        let is_new = self.awaited_by.len() < AWAITING_MAX && !self.awaited_by.contains(&awaiting);
        if is_new {
            self.awaited_by.push(awaiting);
        }
        is_new
    }

    /// Forgets that this author waits for the name; false when nothing of it was known.
    pub fn forget(&mut self, author: &Mailbox) -> bool {
        let before = self.awaited_by.len();
        self.awaited_by.retain(|awaiting| awaiting.author != *author);
        before != self.awaited_by.len()
    }

    /// Adds a message, or replaces what was known of it.
    pub fn add(&mut self, named: Named) {
        match self.named.iter_mut().find(|known| known.mail == named.mail) {
            Some(known) => *known = named,
            None => {
                if self.named.len() >= NAMED_MAX {
                    self.named.remove(NAMED_MAX / 2);
                }
                self.named.push(named);
            }
        }
    }

    /// The first receipt of the same message: same author, same content.
    pub fn same(&self, receipt: &Receipt) -> Option<&Named> {
        self.named.iter().find(|named| named.receipt.as_ref() == Some(receipt))
    }

    /// The newest message of the same author with another content: it is on the case that a person sees last.
    pub fn other(&self, receipt: &Receipt) -> Option<&Named> {
        let is_other = |named: &&Named| {
            named
                .receipt
                .as_ref()
                .is_some_and(|known| known.author == receipt.author && known.content != receipt.content)
        };
        self.named.iter().rfind(is_other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(index: u32, author: &str, content: &str) -> Named {
        let receipt = Receipt { author: author.into(), content: content.into() };
        Named { mail: MailId { incarnation: 1, segment: 1, index }, case: Some(index.into()), receipt: Some(receipt) }
    }

    #[test]
    fn a_second_receipt_is_told_from_another_version_and_another_author() {
        let mut names = Names::default();
        names.add(named(1, "anna", "one"));
        names.add(named(2, "anna", "two"));
        names.add(Named { receipt: None, ..named(3, "", "") });
        let receipt = |author: &str, content: &str| named(0, author, content).receipt.unwrap();
        let found = |found: Option<&Named>| found.map(|named| named.mail.index);
        assert_eq!(found(names.same(&receipt("anna", "one"))), Some(1));
        assert_eq!(found(names.same(&receipt("ben", "one"))), None);
        assert_eq!(found(names.same(&receipt("anna", "three"))), None);
        assert_eq!(found(names.other(&receipt("anna", "three"))), Some(2));
        assert_eq!(found(names.other(&receipt("ben", "one"))), None);
        names.add(named(2, "anna", "three"));
        assert_eq!((names.iter().count(), found(names.same(&receipt("anna", "three")))), (3, Some(2)));
    }

    #[test]
    fn a_name_that_everybody_uses_stays_small() {
        let mut names = Names::default();
        (0..1000).for_each(|index| names.add(named(index, "anna", &index.to_string())));
        let kept: Vec<u32> = names.iter().map(|named| named.mail.index).collect();
        assert_eq!((kept.len(), kept[0], kept[NAMED_MAX - 1]), (NAMED_MAX, 0, 999));
    }
}
