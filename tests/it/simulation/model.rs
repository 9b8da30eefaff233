//! What must be true, in plain lists: every letter that was written and what its sender was told, every conversation,
//! every reply that was submitted. Knows nothing of how the server works.

use std::collections::BTreeSet;

/// Where a letter may end up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Belongs {
    /// On the case of its conversation, which it opens when it is the first.
    Conversation,
    /// There, or on a case of its own: its case was closed, or opened, while the letter was on its way.
    Either,
    /// A delivery report about the reply with this index.
    Report(usize),
}

/// A message from outside.
#[derive(Clone, Debug)]
pub struct Letter {
    pub message_id: String,
    pub author: String,
    pub reverse_path: String,
    pub to: Vec<String>,
    pub raw: Vec<u8>,
    pub conversation: usize,
    pub belongs: Belongs,
    /// Written by somebody who had no part in the conversation.
    pub third_party: bool,
    /// Each 250: the id and the recipients that were accepted.
    pub taken: Vec<(String, Vec<String>)>,
    /// Sessions after which the message may be there: all but those that were refused for good.
    pub tries: usize,
    /// Its sender's host has to try again.
    pub waits: bool,
}

/// The letters that belong together.
#[derive(Clone, Debug, Default)]
pub struct Conversation {
    /// Index of the letter that opened it.
    pub opener: usize,
    /// An administrator closed its case.
    pub closed: bool,
}

/// A reply of an agent.
#[derive(Clone, Debug)]
pub struct Reply {
    pub message_id: String,
    /// The mail id.
    pub id: String,
    pub case: u64,
    pub conversation: usize,
    pub from: String,
    pub recipients: Vec<String>,
}

/// One of our addresses.
#[derive(Clone, Debug)]
pub struct Address {
    pub name: String,
    pub service: String,
    pub disabled: bool,
    pub removed: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Model {
    pub letters: Vec<Letter>,
    pub conversations: Vec<Conversation>,
    pub replies: Vec<Reply>,
    /// Commands that failed and may have been done all the same.
    pub unsure: usize,
    pub addresses: Vec<Address>,
}

/// The index of the letter with this subject, whatever a reply put around it.
pub fn letter_of(subject: &str) -> Option<usize> {
    let (_, rest) = subject.split_once("letter ")?;
    rest.split(' ').next()?.parse().ok()
}

impl Model {
    /// Letters of an open conversation that somebody may refer to: their place is certain.
    pub fn known_letters(&self) -> Vec<usize> {
        let certain = |letter: &Letter| {
            !letter.taken.is_empty() && letter.belongs == Belongs::Conversation && !letter.third_party
        };
        (0..self.letters.len()).filter(|n| certain(&self.letters[*n])).collect()
    }

    /// The conversation of a letter that refers to `conversation`: a new one when that is closed.
    pub fn continued(&mut self, conversation: usize) -> usize {
        if self.conversations[conversation].closed { self.new_conversation() } else { conversation }
    }

    /// Opened by the letter that is written next.
    pub fn new_conversation(&mut self) -> usize {
        self.conversations.push(Conversation { opener: self.letters.len(), closed: false });
        self.conversations.len() - 1
    }

    /// Takes note that the case of a conversation is closed; letters in `decided` have their place.
    pub fn close(&mut self, conversation: usize, decided: &BTreeSet<usize>) {
        self.conversations[conversation].closed = true;
        for (n, letter) in self.letters.iter_mut().enumerate() {
            if letter.conversation == conversation && !decided.contains(&n) && letter.belongs == Belongs::Conversation {
                letter.belongs = Belongs::Either;
            }
        }
    }
}
