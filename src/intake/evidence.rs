//! Gathers from the store what a decision rests on. Reads only.

use std::collections::BTreeSet;
use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;

use crate::address::{MessageToken, OnResolved, ReplyTo};
use crate::base::limits::MESSAGE_HINTS_MAX;
use crate::base::{CaseNumber, MailId, Mailbox};
use crate::case::{
    Candidate, Case, Direction, Evidence, Known, Mail, Named, Names, Outcome, Proof, Receipt, Recipient, Status,
    case_number_in_subject,
};
use crate::intake::before::{Before, routed_elsewhere};
use crate::intake::sender::{Author, sender};
use crate::intake::{Reading, merge, resolve_accepted};
use crate::message::facts::Kind;
use crate::store::{Kept, ReadError, Site, tables};

/// Message-IDs of one message that are looked up; References of a sane thread are fewer.
const REFERENCES_LOOKED_UP_MAX: usize = 40;
/// Names of one message that are remembered as awaited: In-Reply-To and the newest References.
const AWAITED_MAX: usize = 8;
/// Cases without proof that are looked at for one message.
const LIKENESSES_MAX: usize = 20;
/// Messages with one Message-ID that are looked at.
const SAME_ID_MAX: usize = 8;

/// What was found, and the cases in it as they were read: what is decided about one holds only as long as it is unchanged.
pub struct Gathered {
    pub evidence: Evidence,
    pub cases: Vec<Kept<Case>>,
    /// The record of an earlier receipt of the same message, when that is on a case.
    pub first: Option<Kept<Mail>>,
    pub identity: Identity,
    /// The row of the message's name, when there is one.
    pub names: Option<Kept<Names>>,
    /// Names that the message refers to and that no message has, with their rows.
    pub awaited: Vec<([u8; 16], Option<Kept<Names>>)>,
}

/// All evidence about a message.
pub async fn gather(site: &Site, reading: &Reading) -> Result<Gathered, ReadError> {
    let recipients = recipients(site, reading).await?;
    let now = site.now();
    let probe_of = recipients.iter().find_map(|recipient| match recipient {
        // A copy in an archive has gone no way.
        Recipient::Routing { address, .. } if !reading.envelope.is_imported() => {
            address.verification.recognises(&reading.facts, reading.code_field.as_deref(), now).then(|| address.clone())
        }
        _ => None,
    });
    let earlier_probe_of = match &probe_of {
        None => earlier_probe_of(site, reading, &recipients).await?,
        Some(_) => None,
    };
    let forwards_here = recipients.iter().any(|recipient| matches!(recipient, Recipient::Routing { .. }));
    let claim = reading.confirmation.as_ref().filter(|_| forwards_here);
    let confirmation = claim.map(|claim| claim.judged(reading.auth, &reading.envelope));
    let identity = Identity::of(reading);
    let names = tables::NAMES.get(&*site.engine, &identity.name).await?;
    let mut earlier = Earlier::of(names.as_ref().map(|kept| &kept.value), identity.receipt.as_ref());
    // One that is decided again isn't its own copy.
    earlier.same = earlier.same.filter(|same| same.mail != reading.id);
    let refuted = reading.auth.is_some_and(|auth| auth.refute_author());
    let sender = sender(site, &reading.facts, reply_to_policy(&recipients)).await?;
    let author = Author::of(site, reading, &sender).await?;
    let believed = author.as_ref().map(|author| author.mailbox.clone()).filter(|_| !refuted);
    let mut threads = Threads::new(site, author, refuted, &recipients);
    threads.search(reading, &earlier, names.as_ref().map(|kept| &kept.value)).await?;
    let copy = match (&sender.ours, &earlier.same) {
        (Some(_), None) => threads.own_copy(reading, names.as_ref().map(|kept| &kept.value)).await?,
        _ => None,
    };
    let report_on = threads.report_on(reading).await?;
    let Before { first, home } = Before::of(site, earlier.same.as_ref()).await?;
    let routed_before = routed_elsewhere(site, earlier.same.as_ref(), &recipients).await?;
    let siblings = threads.siblings(earlier.same.as_ref()).await?;
    let on_resolved = threads.on_resolved().await?;
    let evidence = Evidence {
        recipients,
        is_own_copy: copy.is_some(),
        duplicate: earlier.same.filter(|_| routed_before.is_none()).or(copy),
        routed_before,
        first: first.as_ref().map(|kept| kept.value.clone()),
        home,
        many_addresses: site.many_addresses,
        siblings,
        probe_of,
        earlier_probe_of,
        confirmation,
        report_on,
        auto_reply: reading.facts.kind == Kind::AutoReply,
        candidates: threads.candidates,
        author: believed,
        sender,
        received_at: reading.envelope.received_at,
        on_resolved,
        over_limit: None,
        released: false,
        asked_for_case: false,
        cases: threads.cases.iter().map(|kept| kept.value.clone()).collect(),
        unread: reading.unread,
    };
    Ok(Gathered { evidence, cases: threads.cases, first, identity, names, awaited: threads.awaited })
}

async fn recipients(site: &Site, reading: &Reading) -> Result<Vec<Recipient>, ReadError> {
    let mut found: Vec<Recipient> = Vec::new();
    for mailbox in &reading.envelope.to {
        let recipient = resolve_accepted(site, mailbox).await?.unwrap_or_else(|| Recipient::Removed(mailbox.clone()));
        // An address and its service address are one destination.
        if !found.iter().any(|known| known.address() == recipient.address()) {
            found.push(recipient);
        }
    }
    Ok(found)
}

/// What a Reply-To means to the address that was registered first.
fn reply_to_policy(recipients: &[Recipient]) -> ReplyTo {
    let routing = recipients.iter().filter_map(|recipient| match recipient {
        Recipient::Routing { address, .. } => Some(address),
        _ => None,
    });
    routing.min_by_key(|address| address.number).map(|address| address.settings.reply_to).unwrap_or_default()
}

/// What a message is called, and what tells it apart from others that are called so.
pub struct Identity {
    pub name: [u8; 16],
    /// None for one that was left unread.
    pub receipt: Option<Receipt>,
}

impl Identity {
    pub fn of(reading: &Reading) -> Self {
        if reading.unread {
            return Self { name: tables::digest(&[b"unread", &reading.id.to_key()]), receipt: None };
        }
        let author = reading.facts.author().map(|author| author.key()).unwrap_or_default();
        let content = &reading.content_digest[..];
        let name = match &reading.facts.message_id {
            Some(id) => tables::name_of(id),
            None => {
                let date = reading.facts.date.map(|date| date.to_string()).unwrap_or_default();
                tables::digest(&[b"text", author.as_bytes(), date.as_bytes(), content])
            }
        };
        let author = BASE64URL_NOPAD.encode(&tables::digest(&[author.as_bytes()]));
        Self { name, receipt: Some(Receipt { author, content: BASE64URL_NOPAD.encode(content) }) }
    }
}

/// Earlier receipts of a message.
struct Earlier {
    /// With the same content.
    same: Option<Known>,
    /// With another one, so that a person must see both.
    other: Option<Known>,
}

impl Earlier {
    fn of(names: Option<&Names>, receipt: Option<&Receipt>) -> Self {
        let known = |found: Option<&Named>| found.map(|named| Known { mail: named.mail, case: named.case });
        match names.zip(receipt) {
            Some((names, receipt)) => Self { same: known(names.same(receipt)), other: known(names.other(receipt)) },
            None => Self { same: None, other: None },
        }
    }
}

/// What a hint says of a message's record.
#[derive(Deserialize)]
struct HintedMail {
    facts: HintedFacts,
}

#[derive(Deserialize)]
struct HintedFacts {
    message_id: Option<String>,
}

/// The first message of ours or others with this Message-ID.
pub async fn mail_with(site: &Site, message_id: &str) -> Result<Option<Mail>, ReadError> {
    let Some((id, _)) = messages_named(site, message_id).await?.into_iter().next() else { return Ok(None) };
    Ok(tables::MAILS.get(&*site.engine, &id).await?.map(|kept| kept.value))
}

/// Messages with this Message-ID, oldest first, with the case each is on.
pub async fn messages_named(site: &Site, message_id: &str) -> Result<Vec<(MailId, Option<CaseNumber>)>, ReadError> {
    let names = tables::NAMES.get(&*site.engine, &tables::name_of(message_id)).await?;
    let names = names.map(|kept| kept.value).unwrap_or_default();
    Ok(names.iter().take(SAME_ID_MAX).map(|named| (named.mail, named.case)).collect())
}

/// A probe that we sent, by its Message-ID, author and address, and that nobody waits for any more.
async fn earlier_probe_of(
    site: &Site,
    reading: &Reading,
    recipients: &[Recipient],
) -> Result<Option<Mailbox>, ReadError> {
    let facts = &reading.facts;
    let answers = !facts.in_reply_to.is_empty() || !facts.references.is_empty();
    let is_machine = facts.automatic.is_some() || facts.bounce.is_some();
    let Some(id) = facts.message_id.as_deref().filter(|_| !answers && !is_machine) else { return Ok(None) };
    let ours =
        |mail: &Mail| mail.direction == Direction::Outbound && mail.case.is_none() && mail.author() == facts.author();
    let Some(sent) = mail_with(site, id).await?.filter(ours) else { return Ok(None) };
    let verifies = |recipient: &&Recipient| {
        matches!(recipient, Recipient::Routing { .. }) && sent.envelope.to.contains(recipient.address())
    };
    Ok(recipients.iter().find(verifies).map(|recipient| recipient.address().clone()))
}

/// The search for cases that a message might belong to.
struct Threads<'a> {
    site: &'a Site,
    author: Option<Author>,
    /// The author's domain says that it isn't the author.
    refuted: bool,
    candidates: Vec<Candidate>,
    cases: Vec<Kept<Case>>,
    awaited: Vec<([u8; 16], Option<Kept<Names>>)>,
    /// Cases with messages that refer to the same unknown ones, with their ids.
    alike: Vec<(CaseNumber, String)>,
    /// An address that it came to answers by itself: somebody else's machine may answer that.
    are_answered: bool,
}

impl<'a> Threads<'a> {
    fn new(site: &'a Site, author: Option<Author>, refuted: bool, recipients: &[Recipient]) -> Self {
        let answers = |recipient: &Recipient| match recipient {
            Recipient::Routing { address, .. } => !address.settings.acknowledge.is_off(),
            _ => false,
        };
        let (candidates, cases, awaited, alike) = Default::default();
        let are_answered = recipients.iter().any(answers);
        Self { site, author, refuted, candidates, cases, awaited, alike, are_answered }
    }

    async fn search(&mut self, reading: &Reading, earlier: &Earlier, own: Option<&Names>) -> Result<(), ReadError> {
        for id in referred_ids(reading) {
            self.by_token(id).await?;
            let name = tables::name_of(id);
            let names = tables::NAMES.get(&*self.site.engine, &name).await?;
            let cases =
                names.iter().flat_map(|kept| kept.value.iter()).take(SAME_ID_MAX).filter_map(|named| named.case);
            for case in cases.collect::<Vec<_>>() {
                self.add(case, Proof::KnownMessageId, id).await?;
            }
            if names.as_ref().is_none_or(|kept| kept.value.is_awaited()) {
                let others = names.iter().flat_map(|kept| kept.value.awaited_by());
                self.alike.extend(others.map(|other| (other.case, id.to_owned())));
                // The last one that is looked up began the thread: it is what all others have in common.
                self.awaited.truncate(AWAITED_MAX - 1);
                self.awaited.push((name, names));
            }
        }
        for awaiting in own.into_iter().flat_map(Names::awaited_by) {
            let addressed = reading.facts.to.iter().chain(&reading.facts.cc);
            let is_addressed =
                addressed.filter_map(|person| person.address.parse().ok()).any(|to: Mailbox| to == awaiting.author);
            let is_by_author = self.author.as_ref().is_some_and(|author| author.mailbox == awaiting.author);
            let known = is_addressed || is_by_author;
            self.add_known(awaiting.case, Proof::Awaited, awaiting.author.to_string(), Some(known)).await?;
        }
        if let Earlier { same: None, other: Some(Known { case: Some(case), .. }) } = earlier {
            let id = reading.facts.message_id.as_deref().unwrap_or_default();
            self.add(*case, Proof::OtherVersion, id).await?;
        }
        if let Some(number) = case_number_in_subject(&reading.facts.subject) {
            self.add(number, Proof::SubjectNumber, &format!("[#{number}]")).await?;
        }
        if self.candidates.iter().all(|candidate| candidate.outcome() == Outcome::Hint) {
            let storm = reading.likeness.storm(&self.site.traces, self.site.now());
            match storm.filter(|_| self.are_answered) {
                Some((count, case)) => self.add(case, Proof::Storm, &count.to_string()).await?,
                None => self.by_likeness(reading).await?,
            }
        }
        self.candidates.sort_by_key(|candidate| candidate.proof);
        Ok(())
    }

    /// What only a person can judge.
    async fn by_likeness(&mut self, reading: &Reading) -> Result<(), ReadError> {
        for (case, id) in std::mem::take(&mut self.alike).into_iter().take(LIKENESSES_MAX) {
            self.add(case, Proof::AlsoAwaited, &id).await?;
        }
        for like in reading.likeness.cases(&self.site.traces).into_iter().take(LIKENESSES_MAX) {
            // The likes come by strength: no later one is among those that a person is shown.
            if self.cases_ahead_of(like.proof) >= MESSAGE_HINTS_MAX {
                break;
            }
            let author = self.author.as_ref().filter(|_| !self.refuted).map(|author| author.mailbox.clone());
            let Some(case) = self.glance(like.case).await? else { continue };
            if like.is_worth_a_look(&case, author.as_ref(), &reading.likeness, reading.envelope.received_at) {
                let mail = tables::MAILS.get_part::<HintedMail>(&*self.site.engine, &like.mail).await?;
                let by = mail.and_then(|mail| mail.facts.message_id).unwrap_or_else(|| like.mail.to_string());
                self.add(like.case, like.proof, &by).await?;
            }
        }
        Ok(())
    }

    /// Cases that are shown in front of what another such proof may add.
    fn cases_ahead_of(&self, proof: Proof) -> usize {
        let is_ahead = |known: &&Candidate| known.proof < proof || known.proof == proof && known.author_known;
        let ahead = self.candidates.iter().filter(is_ahead);
        ahead.map(|candidate| candidate.case).collect::<BTreeSet<_>>().len()
    }

    async fn by_token(&mut self, id: &str) -> Result<(), ReadError> {
        if let Some(case) = self.proven(id).await? {
            self.add(case, Proof::KeyedToken, id).await?;
        }
        Ok(())
    }

    /// The case of a Message-ID that only we can have made.
    async fn proven(&mut self, id: &str) -> Result<Option<CaseNumber>, ReadError> {
        let site = self.site;
        let Some(token) = MessageToken::of_message_id(id, &site.hostname) else { return Ok(None) };
        let case = self.case(token.case).await?;
        Ok(case.filter(|case| site.keys.proves(&token, &case.key)).map(|case| case.number))
    }

    /// The message of ours that this one is: what comes from us under a Message-ID that only we can have made.
    async fn own_copy(&mut self, reading: &Reading, names: Option<&Names>) -> Result<Option<Known>, ReadError> {
        let Some(id) = &reading.facts.message_id else { return Ok(None) };
        if self.proven(id).await?.is_none() {
            return Ok(None);
        }
        // What we have sent can't be received twice.
        let sent = names.and_then(|names| names.iter().find(|named| named.receipt.is_none()));
        Ok(sent.map(|sent| Known { mail: sent.mail, case: sent.case }))
    }

    /// Only a delivery report reports, and only our token says on what.
    async fn report_on(&mut self, reading: &Reading) -> Result<Option<(CaseNumber, String)>, ReadError> {
        let Some(bounce) = &reading.facts.bounce else { return Ok(None) };
        let original = bounce.original_message_id.as_deref();
        for id in original.into_iter().chain(referred_ids(reading)) {
            if let Some(case) = self.proven(id).await?
                && let Some(case) = self.living(case).await?
            {
                return Ok(Some((case.number, id.to_owned())));
            }
        }
        Ok(None)
    }

    /// The cases that one mail opened together with those that this one joins, or with that of an earlier receipt.
    async fn siblings(&mut self, same: Option<&Known>) -> Result<Vec<(CaseNumber, CaseNumber)>, ReadError> {
        let joins = self.candidates.iter().filter(|candidate| candidate.outcome() == Outcome::Joins);
        let mut joined: Vec<CaseNumber> = joins.map(|candidate| candidate.case).collect();
        joined.extend(same.and_then(|same| same.case));
        joined.sort_unstable();
        joined.dedup();
        let mut siblings = Vec::new();
        for number in joined {
            let known = self.case(number).await?.map(|case| case.siblings.clone()).unwrap_or_default();
            for sibling in known {
                let living = self.living(sibling).await?.map(|case| case.number);
                siblings.extend(living.filter(|living| *living != number).map(|living| (number, living)));
            }
        }
        Ok(siblings)
    }

    /// What answers to the resolved cases do. The addresses are known from the recipients, nearly always.
    async fn on_resolved(&self) -> Result<Vec<(CaseNumber, OnResolved)>, ReadError> {
        let mut policies = Vec::new();
        for case in self.cases.iter().map(|kept| &kept.value).filter(|case| case.status == Status::Resolved) {
            let Some(address) = &case.address else { continue };
            if let Some(address) = self.site.routing_address(address).await? {
                policies.push((case.number, address.settings.on_resolved));
            }
        }
        Ok(policies)
    }

    /// A case is named once for each kind of proof.
    async fn add(&mut self, number: CaseNumber, proof: Proof, by: &str) -> Result<(), ReadError> {
        self.add_known(number, proof, by.to_owned(), None).await
    }

    /// The same, and whether the author is known is known otherwise than by the participants. The better proof counts.
    async fn add_known(
        &mut self,
        number: CaseNumber,
        proof: Proof,
        by: String,
        known: Option<bool>,
    ) -> Result<(), ReadError> {
        let author_refuted = self.refuted;
        let Some(case) = self.living(number).await?.map(|case| case.number) else { return Ok(()) };
        let is_same = |known: &Candidate| known.case == case && known.proof == proof;
        let Some(here) = self.cases.iter().map(|kept| &kept.value).find(|here| here.number == case) else {
            return Ok(());
        };
        let takes_part = || self.author.as_ref().is_some_and(|author| author.takes_part(here));
        let author_known = known.unwrap_or_else(takes_part);
        if let Some(before) = self.candidates.iter_mut().find(|known| is_same(known)) {
            before.author_known |= author_known;
            return Ok(());
        }
        let account = match &self.author {
            Some(author) if proof == Proof::KnownMessageId && !author_known => {
                author.shared_account(self.site, here).await?.map(|account| account.name)
            }
            _ => None,
        };
        self.candidates.push(Candidate { case, proof, by, author_known, account, author_refuted });
        Ok(())
    }

    /// The case that has the messages of this number now.
    async fn living(&mut self, number: CaseNumber) -> Result<Option<&Case>, ReadError> {
        let Some(case) = self.case(number).await? else { return Ok(None) };
        let number = match case.merged_into {
            None => number,
            Some(_) => {
                let living = merge::living(self.site, number).await?;
                let Some(living) = living else { return Ok(None) };
                let number = living.value.number;
                if !self.cases.iter().any(|case| case.value.number == number) {
                    self.cases.push(living);
                }
                number
            }
        };
        self.case(number).await
    }

    /// The same, only to look at: most cases that a message is like are none of its own.
    async fn glance(&self, number: CaseNumber) -> Result<Option<Arc<Case>>, ReadError> {
        match self.site.case(number).await? {
            Some(case) if case.merged_into.is_some() => {
                Ok(merge::living(self.site, number).await?.map(|kept| Arc::new(kept.value)))
            }
            case => Ok(case),
        }
    }

    async fn case(&mut self, number: CaseNumber) -> Result<Option<&Case>, ReadError> {
        if !self.cases.iter().any(|case| case.value.number == number) {
            self.cases.extend(tables::CASES.get(&*self.site.engine, &number).await?);
        }
        Ok(self.cases.iter().map(|kept| &kept.value).find(|case| case.number == number))
    }
}

/// In-Reply-To first, then References from the newest, each once.
pub fn referred_ids(reading: &Reading) -> Vec<&str> {
    let mut ids: Vec<&str> = Vec::new();
    let facts = &reading.facts;
    for id in facts.in_reply_to.iter().chain(facts.references.iter().rev()) {
        if ids.len() < REFERENCES_LOOKED_UP_MAX && !ids.contains(&id.as_str()) {
            ids.push(id);
        }
    }
    ids
}
