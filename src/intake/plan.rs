//! What follows from a decision, written as one batch: the record of the message, the case and its events, the thread
//! index, the contact, the verification.
//!
//! The batch expects that the message has no record yet. That expectation is what makes a decision happen exactly once,
//! whatever was started twice.

use crate::address::{Arrival, Confirmation, MxReport, RoutingAddress, random_label};
use crate::base::{CaseNumber, Mailbox, Time};
use crate::case::{
    Beside, Case, Contact, Decision, Disposition, Evidence, Happening, Hint, INTAKE, Mail, Names, Opening,
    PARTICIPANTS_MAX, Participant, Reason, Recipient, Role, SetAside, Silence, Status, Step,
};
use crate::intake::Reading;
use crate::intake::acknowledge::Told;
use crate::intake::advice::{About, Counsel};
use crate::intake::evidence::{self, Identity};
use crate::intake::merge::{self, Move};
use crate::intake::sender::participant;
use crate::message::facts::{Kind, ReportedRecipient};
use crate::store::{Batch, CaseChange, Kept, ReadError, Site, people, tables};

/// Turns a decision into its batch.
pub struct Plan<'a> {
    pub site: &'a Site,
    pub reading: &'a Reading,
    pub evidence: &'a Evidence,
    /// The cases of the evidence as they were read.
    pub cases: &'a [Kept<Case>],
    /// The record of an earlier receipt as it was read.
    pub first: Option<&'a Kept<Mail>>,
    /// What the message is called, and the row of that name as it was read.
    pub identity: &'a Identity,
    pub names: Option<&'a Kept<Names>>,
    /// Names that it refers to and that no message has.
    pub awaited: &'a [([u8; 16], Option<Kept<Names>>)],
    /// Where the MX record of a verified direct address leads.
    pub mx: Option<MxReport>,
    /// Whether its author is told, where the address asks for that.
    pub told: Option<Told>,
    pub steps: Vec<Step>,
    /// What advisers say about a case that it opens.
    pub counsel: &'a Counsel,
    /// The record of a message that is decided again.
    pub former: Option<&'a Kept<Mail>>,
    /// The item that a case is made of: it stays in its place.
    pub item: Option<&'a Case>,
    pub now: Time,
}

/// What the message is recorded as.
pub struct Recorded {
    pub disposition: Disposition,
    pub reason: Reason,
    pub case: Option<CaseNumber>,
    pub duplicate_of: Option<crate::base::MailId>,
    /// The address that decided.
    pub decided_by: Option<Mailbox>,
    /// What it is at addresses that don't share that.
    pub placed: Vec<Placed>,
}

/// What became of a message at one address.
pub struct Placed {
    pub address: Mailbox,
    pub disposition: Disposition,
    pub reason: Reason,
    pub case: Option<CaseNumber>,
}

/// What the cases that are opened here have in common.
pub struct Family<'a> {
    pub contact: Option<&'a Participant>,
    /// Cases that the message has opened; those that it opens here are added. The caller writes them.
    pub cases: Vec<CaseChange>,
    /// Numbers for those.
    pub numbers: &'a [CaseNumber],
}

impl Plan<'_> {
    /// `numbers` are fresh case numbers, as many as the decision opens cases.
    pub async fn write(self, decision: &Decision, numbers: &[CaseNumber]) -> Result<Batch, ReadError> {
        let mut batch = Batch::default();
        let recorded = match decision {
            Decision::Open { opening, reason, beside } => {
                self.open(&mut batch, opening, *reason, (beside, numbers)).await?
            }
            Decision::Route { address, hints } => self.route(&mut batch, address, hints).await?,
            Decision::Append { case, third_party, why, hints, reason, merges, beside } => {
                let mut change = self.change(*case);
                for other in merges {
                    let why = "a message that came late belongs to both";
                    let merge = Move { by: INTAKE, why, now: self.now };
                    merge.whole_case(self.site, &mut batch, self.change(*other), &mut change).await?;
                }
                let inactive = if self.evidence.sender.is_inactive() { "; an inactive contact" } else { "" };
                self.join(&mut change, &format!("{why}{inactive}"), *third_party).await?;
                self.add_hints(&mut change, hints);
                change.write(&mut batch);
                let made = !third_party || !numbers.is_empty();
                let contact = if made { self.contact(&mut batch).await? } else { None };
                let mut family = Family { contact: contact.as_ref(), cases: Vec::new(), numbers };
                let placed = self.write_beside(&mut batch, beside, &mut family).await?;
                family.cases.into_iter().for_each(|case| case.write(&mut batch));
                Recorded { placed, ..self.recorded(Disposition::CaseAppended, *reason, Some(*case)) }
            }
            Decision::Duplicate { of, home, beside } => {
                self.received_again(&mut batch, of, home.as_deref(), (beside, numbers)).await?
            }
            Decision::SetAside { how: SetAside::Ignored, reason, .. } => {
                self.recorded(Disposition::Ignored, *reason, None)
            }
            // After its 250 nothing is refused any more.
            Decision::SetAside { how: SetAside::Held | SetAside::Bounced, reason, .. } => {
                self.recorded(Disposition::Held, *reason, None)
            }
            Decision::Verified { address } => self.verified(&mut batch, address).await?,
            Decision::EarlierProbe { .. } => self.recorded(Disposition::Verification, Reason::EarlierProbe, None),
            Decision::Confirmation { asked } => self.confirmation(&mut batch, asked).await?,
            Decision::Report { case, probe_of, why, reason } => {
                self.report(&mut batch, *case, probe_of.as_ref(), why).await?;
                self.recorded(Disposition::DeliveryReport, *reason, *case)
            }
        };
        self.counsel.states.write(&mut batch, self.reading.id);
        self.record(&mut batch, recorded);
        Ok(batch)
    }

    pub(super) fn recorded(&self, disposition: Disposition, reason: Reason, case: Option<CaseNumber>) -> Recorded {
        Recorded { disposition, reason, case, duplicate_of: None, decided_by: None, placed: Vec::new() }
    }

    /// Puts the message on a case that was there.
    pub(super) async fn join(&self, change: &mut CaseChange, why: &str, third_party: bool) -> Result<(), ReadError> {
        self.add_message(change, why, !third_party).await?;
        let answered = !third_party && !self.evidence.auto_reply;
        if answered && matches!(change.case().status, Status::Pending | Status::Resolved) {
            let from = change.case().status;
            let why = "the customer answered".to_owned();
            change.add(self.now, INTAKE, Happening::StatusChanged { from, to: Status::Open, why });
        }
        let about = About::Joined(change.case().number);
        self.take_advice(change, &about);
        change.take(self.site).await
    }

    async fn open(
        &self,
        batch: &mut Batch,
        opening: &Opening,
        reason: Reason,
        (beside, numbers): (&[Beside], &[CaseNumber]),
    ) -> Result<Recorded, ReadError> {
        let (number, numbers) = numbers.split_first().expect("the caller brings a number for each case that it opens");
        let contact = self.contact(batch).await?;
        let mut change = self.opened(*number, opening, reason, contact.as_ref()).await?;
        self.continues(batch, &mut change, opening);
        self.acknowledge(batch, &mut change);
        let mut family = Family { contact: contact.as_ref(), cases: vec![change], numbers };
        let placed = self.write_beside(batch, beside, &mut family).await?;
        family.cases.into_iter().for_each(|case| case.write(batch));
        let decided_by = opening.address.as_ref().map(|address| address.address.clone());
        let recorded = self.recorded(Disposition::CaseOpened, reason, Some(*number));
        Ok(Recorded { placed, decided_by, ..recorded })
    }

    pub(super) fn subject(&self) -> String {
        match self.reading.facts.subject.trim() {
            "" => "(no subject)".to_owned(),
            subject => subject.to_owned(),
        }
    }

    /// A new case with its message, at its place.
    pub(super) async fn opened(
        &self,
        number: CaseNumber,
        opening: &Opening,
        reason: Reason,
        contact: Option<&Participant>,
    ) -> Result<CaseChange, ReadError> {
        let mut change = CaseChange::open(number, self.now);
        let address = opening.address.as_deref();
        let settings = address.map(|address| address.settings.clone()).unwrap_or_default();
        change.add(
            self.now,
            INTAKE,
            Happening::CaseOpened {
                subject: self.subject(),
                key: random_label(&self.site.chance),
                origin: settings.origin.clone(),
                priority: settings.priority,
                record_type: settings.record_type.clone(),
                address: address.map(|address| address.address.clone()),
                contact: contact.cloned(),
            },
        );
        self.add_message(&mut change, &reason.to_string(), true).await?;
        self.add_hints(&mut change, &opening.hints);
        self.follow_advice(&mut change, address, reason).await?;
        change.take(self.site).await?;
        Ok(change)
    }

    /// Links a new case with the one that it continues.
    pub(super) fn continues(&self, batch: &mut Batch, new: &mut CaseChange, opening: &Opening) {
        let Some(former) = opening.continues else { return };
        let mut former = self.change(former);
        let ended = if former.case().status == Status::Resolved { "resolved" } else { "closed" };
        let link = |case, why: String| Happening::Linked { case, why, sibling: false };
        new.add(self.now, INTAKE, link(former.case().number, format!("continues this {ended} case")));
        let why = format!("an answer to the {ended} case opened this one");
        former.add(self.now, INTAKE, link(new.case().number, why));
        former.write(batch);
    }

    /// What was decided about telling the author.
    fn acknowledge(&self, batch: &mut Batch, change: &mut CaseChange) {
        match &self.told {
            Some(Ok(acknowledgement)) => acknowledgement.write(batch, self.reading, self.now),
            Some(Err(silence @ Silence::Budget(_))) => {
                let why = silence.to_string();
                change.add(self.now, INTAKE, Happening::AcknowledgementWithheld { why });
            }
            Some(Err(_)) | None => {}
        }
    }

    /// A change of a case that the decision rests on: it conflicts when the case isn't any more as the decision saw it.
    pub(super) fn change(&self, number: CaseNumber) -> CaseChange {
        let read = self.cases.iter().find(|kept| kept.value.number == number);
        CaseChange::from_read(read.expect("a decision names only cases of its evidence").clone())
    }

    pub(super) fn add_hints(&self, change: &mut CaseChange, hints: &[Hint]) {
        for hint in hints {
            if change.case().takes_hint(hint) {
                change.add(self.now, INTAKE, Happening::HintAdded(hint.clone()));
            }
        }
    }

    async fn add_message(&self, change: &mut CaseChange, why: &str, proven: bool) -> Result<(), ReadError> {
        let facts = &self.reading.facts;
        let author = self.evidence.sender.author.clone();
        let addressed = facts.to.iter().chain(&facts.cc).filter_map(|person| participant(person, Role::Addressed));
        let mut participants: Vec<Participant> =
            if proven { addressed.take(PARTICIPANTS_MAX).collect() } else { Vec::new() };
        let registered = participants.iter().map(|person| &person.address);
        let mut registered = tables::ADDRESSES.get_many(&*self.site.engine, registered).await?.into_iter();
        participants.retain(|person| {
            let registered = registered.next().flatten().is_some();
            !registered && !self.site.is_own_domain(person.address.domain())
        });
        // A second receipt brings the first one to further addresses.
        let mail = self.first.map_or(self.reading.id, |first| first.value.id);
        let told = match &change.case().owner {
            Some(owner) if proven && !self.evidence.auto_reply => {
                people::wants_notices(&*self.site.engine, owner).await?
            }
            _ => false,
        };
        change.add(
            self.now,
            INTAKE,
            Happening::MessageAdded {
                mail,
                message_id: facts.message_id.clone(),
                why: why.to_owned(),
                proven,
                author,
                participants,
            },
        );
        if told {
            change.tell();
        }
        if let Some(status) = self.task(change.case().address.as_ref())
            && let Some(what) = change.case().new_task(mail, status)
        {
            change.add(self.now, INTAKE, what);
        }
        Ok(())
    }

    /// The status of the task that the message makes, by the address of the case, if it came there, or else by the one that was
    /// registered first. Nobody has to do anything about a machine's mail.
    fn task(&self, of_case: Option<&Mailbox>) -> Option<&str> {
        let addresses = self.evidence.recipients.iter().filter_map(|recipient| match recipient {
            Recipient::Routing { address, .. } => Some(address),
            _ => None,
        });
        let facts = &self.reading.facts;
        let first = addresses.min_by_key(|address| (Some(&address.address) != of_case, address.number))?;
        first.settings.task.as_deref().filter(|_| facts.kind == Kind::Message && facts.automatic.is_none())
    }

    /// The author's contact as a participant; one is made of whoever writes for the first time.
    pub(super) async fn contact(&self, batch: &mut Batch) -> Result<Option<Participant>, ReadError> {
        let Some(author) = self.evidence.sender.author.clone() else { return Ok(None) };
        let known = self.evidence.sender.contact.as_ref();
        if known.is_some_and(|contact| contact.name.is_some() || author.name.is_none()) {
            return Ok(self.evidence.sender.case_contact());
        }
        let Some(kept) = people::contact(&*self.site.engine, &author.address).await? else {
            tables::CONTACT_ALIASES.expect_absent(batch, &author.address);
            let contact = Contact::new(author.address.clone(), author.name.clone(), self.now);
            tables::CONTACTS.insert(batch, &author.address, &contact);
            return Ok(Some(author));
        };
        let mut contact = kept.value.clone();
        if contact.name.is_none() && author.name.is_some() {
            contact.name.clone_from(&author.name);
            tables::CONTACTS.replace(batch, &contact.address, &kept, &contact);
        }
        Ok(Some(Participant { address: contact.address, name: contact.name, role: Role::Author }))
    }

    async fn verified(&self, batch: &mut Batch, address: &RoutingAddress) -> Result<Recorded, ReadError> {
        let kept = tables::ADDRESSES.get(&*self.site.engine, &address.address).await?;
        // Another probe may have been sent in the meantime: this one says nothing about it.
        if let Some(kept) = kept.filter(|kept| kept.value.verification.probe == address.verification.probe) {
            let mut changed = kept.value.clone();
            let arrival = Arrival {
                envelope_from: self.reading.envelope.from.mailbox().cloned(),
                hops: self.reading.hops,
                auth: self.reading.auth,
            };
            let received_at = self.reading.envelope.received_at;
            changed.verification.came_back(&self.reading.facts, &address.address, arrival, received_at);
            changed.verification.led(self.mx.clone());
            changed.verified_at = changed.verified_at.or(changed.verification.confirmed_at);
            tables::ADDRESSES.replace(batch, &address.address, &kept, &changed);
        }
        Ok(self.recorded(Disposition::Verification, Reason::ProbeReturned, None))
    }

    /// Every address that it came to keeps it: the mail of each may be what is to be forwarded.
    async fn confirmation(&self, batch: &mut Batch, asked: &Confirmation) -> Result<Recorded, ReadError> {
        for recipient in &self.evidence.recipients {
            let Recipient::Routing { address, .. } = recipient else { continue };
            let Some(kept) = tables::ADDRESSES.get(&*self.site.engine, &address.address).await? else { continue };
            let mut changed = kept.value.clone();
            if asked.clone().keep_in(&mut changed.forwarding_confirmations) {
                tables::ADDRESSES.replace(batch, &address.address, &kept, &changed);
            }
        }
        Ok(self.recorded(Disposition::ForwardingConfirmation, Reason::ForwardingConfirmation, None))
    }

    async fn report(
        &self,
        batch: &mut Batch,
        case: Option<CaseNumber>,
        probe_of: Option<&Mailbox>,
        why: &str,
    ) -> Result<(), ReadError> {
        let engine = &*self.site.engine;
        if let Some(number) = case
            && let Some(mut change) = merge::living(self.site, number).await?.map(CaseChange::from_read)
        {
            let mut told = self.reported().await?;
            if told.is_empty() {
                told.push(Happening::DeliveryReported { mail: self.reading.id, why: why.to_owned() });
            }
            told.into_iter().for_each(|what| change.add(self.now, INTAKE, what));
            change.write(batch);
        }
        if let Some(address) = probe_of
            && let Some(kept) = tables::ADDRESSES.get(engine, address).await?
            && kept.value.verification.confirmed_at.is_none()
        {
            let mut changed = kept.value.clone();
            let subject = self.reading.facts.subject.trim();
            changed.verification.reason = Some(format!("a report about the probe came back: {subject}"));
            tables::ADDRESSES.replace(batch, address, &kept, &changed);
        }
        Ok(())
    }

    /// What a report to the bounce address of a reply says of each recipient of that reply.
    async fn reported(&self) -> Result<Vec<Happening>, ReadError> {
        let proven = self.evidence.recipients.iter().find_map(|recipient| match recipient {
            Recipient::Bounce { message_id, .. } => Some(message_id),
            _ => None,
        });
        let (Some(message_id), Some(bounce)) = (proven, &self.reading.facts.bounce) else { return Ok(Vec::new()) };
        let Some(sent) = evidence::mail_with(self.site, message_id).await? else { return Ok(Vec::new()) };
        let happening = |reported: &ReportedRecipient| {
            // Who forwards for the recipient may report under another name.
            let to = &sent.envelope.to;
            let named = reported.address.parse().ok().and_then(|named: Mailbox| to.iter().find(|to| **to == named));
            let recipient = named.or_else(|| to.first().filter(|_| to.len() == 1))?.clone();
            let (mail, status) = (sent.id, reported.status.clone().unwrap_or_default());
            let words = reported.diagnostic.clone().unwrap_or_else(|| self.reading.facts.subject.clone());
            match reported.action.as_str() {
                "failed" => Some(Happening::ReplyFailed { mail, recipient, status, words }),
                "delayed" => Some(Happening::ReplyDelayed { mail, recipient, status, words }),
                "delivered" => Some(Happening::ReplyDelivered { mail, recipient, status, words }),
                _ => None,
            }
        };
        Ok(bounce.recipients.iter().filter_map(happening).collect())
    }
}
