//! What a message without proof has in common with recent ones: the subject, Outlook's conversation, quoted phrases. It
//! leads to hints and never to a case; which of them are worth a person's click is said here.

use crate::address::Day;
use crate::base::limits::{LIKE_CASES_MAX, LIKE_DAYS_MAX, STORM_MESSAGES, STORM_WINDOW};
use crate::base::time::earlier;
use crate::base::{CaseNumber, Envelope, MailId, Mailbox, Time};
use crate::case::{Case, Proof, Status};
use crate::message::fields::Section;
use crate::message::{Facts, conversation, phrases, subject};
use crate::store::tables;
use crate::store::traces::Traces;

/// Cases of one subject that are looked at for one that the author takes part in.
const SUBJECT_CASES_MAX: usize = 20;
/// Signs of a subject that isn't met twice by chance.
const TELLING_CHARS_MIN: usize = 16;

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Likeness {
    /// Subject, and Thread-Topic where that is another one.
    subjects: Vec<u64>,
    /// True when a subject is long enough to say something.
    is_telling: bool,
    /// True when the subject says that it answers, or it quotes something.
    pub is_answer: bool,
    conversation: Option<u64>,
    phrases: Vec<u64>,
    quoted: Vec<u64>,
    /// What all messages of a storm share: author, recipients, attachments, and words but for numbers.
    storm: Option<u64>,
}

/// A case with something in common.
#[derive(Debug, PartialEq, Eq)]
pub struct Like {
    pub case: CaseNumber,
    /// The message that has it.
    pub mail: MailId,
    pub proof: Proof,
    /// Messages of other cases share it, or it is little.
    is_weak: bool,
}

impl Likeness {
    /// Of the header section, and the facts with their texts.
    pub fn of(envelope: &Envelope, facts: &Facts, section: &Section<'_>) -> Self {
        let topic = section.first("Thread-Topic").map(|field| field.text());
        let words = [Some(facts.subject.as_str()), topic.as_deref()].map(|words| words.map(subject::of_conversation));
        let words: Vec<String> = words.into_iter().flatten().filter(|words| !words.is_empty()).collect();
        let mut subjects: Vec<u64> = words.iter().map(|words| number(&[b"subject", words.as_bytes()])).collect();
        subjects.dedup();
        let quoted = phrases::quoted(&facts.text, &facts.new_text);
        Self {
            subjects,
            is_telling: words.first().is_some_and(|words| words.chars().count() >= TELLING_CHARS_MIN),
            is_answer: subject::is_answer(&facts.subject) || !quoted.is_empty(),
            conversation: conversation::of(section).map(|id| number(&[b"conversation", &id])),
            phrases: phrases::of(&facts.new_text),
            quoted,
            storm: Some(storm(envelope, facts)),
        }
    }

    /// What the message itself is recognised by later.
    pub fn numbers(&self) -> Vec<u64> {
        self.threads().chain(self.phrases.iter().copied()).chain(self.storm).collect()
    }

    /// What it shares with the others of its conversation, quoted or not.
    pub fn threads(&self) -> impl Iterator<Item = u64> {
        self.subjects.iter().chain(&self.conversation).copied()
    }

    /// The cases that have something in common with it, the strongest first.
    pub fn cases(&self, traces: &Traces) -> Vec<Like> {
        let mut found = Vec::new();
        for (case, mail) in self.conversation.iter().flat_map(|number| traces.with(*number, LIKE_CASES_MAX)) {
            found.push(Like { case, mail, proof: Proof::Conversation, is_weak: false });
        }
        found.extend(self.quoting(traces));
        for number in &self.subjects {
            let cases = traces.with(*number, SUBJECT_CASES_MAX);
            let is_weak = !self.is_answer || !self.is_telling || cases.len() > LIKE_CASES_MAX;
            let like = |(case, mail)| Like { case, mail, proof: Proof::SameSubject, is_weak };
            found.extend(cases.into_iter().map(like));
        }
        found
    }

    /// The case that has the messages of a storm of which this is one, and how many there were.
    pub fn storm(&self, traces: &Traces, now: Time) -> Option<(usize, CaseNumber)> {
        traces.since(self.storm?, earlier(now, STORM_WINDOW)).filter(|(count, _)| *count >= STORM_MESSAGES)
    }

    fn quoting(&self, traces: &Traces) -> Vec<Like> {
        let mut found: Vec<(usize, Like)> = Vec::new();
        for number in &self.quoted {
            let cases = traces.with(*number, LIKE_CASES_MAX + 1);
            // More cases than that have the words of a form in common.
            for (case, mail) in cases.iter().copied().filter(|_| cases.len() <= LIKE_CASES_MAX) {
                match found.iter_mut().find(|(_, like)| like.case == case) {
                    Some((count, like)) => {
                        *count += 1;
                        like.is_weak = false;
                    }
                    None => found.push((1, Like { case, mail, proof: Proof::Quoted, is_weak: true })),
                }
            }
        }
        found.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        found.into_iter().map(|(_, like)| like).collect()
    }
}

impl Like {
    /// True when a person should look at it. Who writes under one subject again and again isn't going on with a case.
    pub fn is_worth_a_look(&self, case: &Case, author: Option<&Mailbox>, likeness: &Likeness, now: Time) -> bool {
        let is_current = !matches!(case.status, Status::Resolved | Status::Closed)
            && Day::of(now).since(Day::of(case.updated_at)) <= LIKE_DAYS_MAX;
        let takes_part = author.is_some_and(|author| case.has_participant(author));
        let is_colleague =
            |author: &Mailbox| case.participants.iter().any(|other| other.address.domain() == author.domain());
        match self.proof {
            _ if !self.is_weak => true,
            Proof::Quoted => author.is_some_and(is_colleague),
            _ => takes_part && (likeness.is_answer || is_current),
        }
    }
}

fn storm(envelope: &Envelope, facts: &Facts) -> u64 {
    let words = [&facts.subject, &facts.text].map(|text| text.replace(|c: char| !c.is_alphabetic(), ""));
    let author = facts.author().map(|author| author.key()).unwrap_or_default();
    let to: Vec<String> = envelope.to.iter().map(Mailbox::key).collect();
    let mut fields: Vec<&[u8]> = vec![b"storm", author.as_bytes(), words[0].as_bytes(), words[1].as_bytes()];
    fields.extend(facts.attachments.iter().map(|attachment| attachment.sha256.as_bytes()));
    fields.extend(to.iter().map(String::as_bytes));
    number(&fields)
}

fn number(fields: &[&[u8]]) -> u64 {
    let digest = tables::digest(fields);
    u64::from_le_bytes(*digest.first_chunk().expect("a digest has 16 bytes"))
}
