//! The record of a message that is decided: what became of it at each address, the counts of limits, the explanation's steps.
//!
//! Part of the batch of a [`Plan`]; what happens to cases is not here.

use super::Reading;
use super::plan::{Plan, Recorded};
use super::reading::saved_fields;
use crate::address::{Day, ServiceAddress, ServiceState, rate_counter};
use crate::base::Mailbox;
use crate::case::{
    Awaiting, Delivery, Direction, Disposition, Former, Mail, Named, Reason, Recipient, SavedField, Via,
};
use crate::message::facts::{Kind, READER_VERSION};
use crate::store::traces::Trace;
use crate::store::{Batch, Kept, tables};

impl Plan<'_> {
    /// The message's row, its names, and what counts it.
    pub(super) fn record(self, batch: &mut Batch, recorded: Recorded) {
        let deliveries = self.deliveries(&recorded);
        let Recorded { disposition, duplicate_of, .. } = recorded;
        // Of a second receipt what its first address shows; else what decided.
        let case = deliveries.first().filter(|_| duplicate_of.is_some()).map_or(recorded.case, |first| first.case);
        let Reading { id, envelope, facts, .. } = self.reading;
        let saved_fields = self.saved_fields();
        let on_case = disposition.is_converted();
        let asks = disposition == Disposition::ForwardingConfirmation;
        let receipt = self.identity.receipt.clone().filter(|_| on_case || asks);
        if duplicate_of.is_none() && (receipt.is_some() || facts.message_id.is_some()) {
            let mut names = self.names.as_ref().map(|kept| kept.value.clone()).unwrap_or_default();
            names.add(Named { mail: *id, case, receipt });
            match self.names {
                Some(kept) => tables::NAMES.replace(batch, &self.identity.name, kept, &names),
                None => tables::NAMES.insert(batch, &self.identity.name, &names),
            }
        }
        if let (true, Some(case), Some(author)) = (on_case, case, facts.author()) {
            for (name, kept) in self.awaited.iter().filter(|(name, _)| *name != self.identity.name) {
                let mut names = kept.as_ref().map(|kept| kept.value.clone()).unwrap_or_default();
                if names.awaits(Awaiting { case, author: author.clone() }) {
                    match kept {
                        Some(kept) => tables::NAMES.replace(batch, name, kept, &names),
                        None => tables::NAMES.insert(batch, name, &names),
                    }
                }
            }
        }
        if let (true, Some(case)) = (on_case, case) {
            let numbers = self.reading.likeness.numbers();
            self.site.traces.add(batch, Trace { mail: *id, case, at: self.now, numbers });
        }
        self.count(batch, disposition);
        self.note_import(batch);
        tables::STARTS.delete(batch, id);
        let mut facts = facts.clone();
        if disposition == Disposition::Verification {
            facts.kind = Kind::Verification;
        }
        if asks {
            facts.kind = Kind::ForwardingConfirmation;
        }
        let mail = Mail {
            id: *id,
            direction: Direction::Inbound,
            envelope: envelope.clone(),
            facts,
            reader_version: READER_VERSION,
            auth: self.reading.auth,
            inactive_contact: self.evidence.sender.is_inactive(),
            deliveries,
            case,
            duplicate_of,
            steps: self.steps,
            queues_seen: self.counsel.queues.seen().clone(),
            saved_fields,
            decided_at: self.now,
            erased: None,
        };
        match self.former {
            Some(kept) => {
                let envelope = kept.value.envelope.clone();
                tables::MAILS.replace(batch, id, kept, &Mail { envelope, ..mail });
            }
            None => tables::MAILS.insert(batch, id, &mail),
        }
    }

    /// Whoever imports a message of an archive again finds that it is here.
    fn note_import(&self, batch: &mut Batch) {
        if let (Some(name), None) = (&self.reading.imported, self.former) {
            tables::IMPORTED.put(batch, name, &self.reading.id);
        }
    }

    /// Counts it at the limits of its addresses, and at a service address that was replaced.
    fn count(&self, batch: &mut Batch, disposition: Disposition) {
        // What a person has decided again, or imported, counts for no limit.
        let counted = disposition.is_converted() && self.former.is_none() && !self.reading.envelope.is_imported();
        let limited = self.evidence.recipients.iter().filter_map(|recipient| match recipient {
            Recipient::Routing { address, .. } if counted && address.settings.rate_limit.is_some() => {
                Some(&address.address)
            }
            _ => None,
        });
        for address in limited {
            batch.add(rate_counter(address, Day::of(self.now)), 1);
        }
        for recipient in &self.evidence.recipients {
            if let Recipient::Routing { address, via: Via::Service(service) } = recipient
                && self.former.is_none()
                && address.service_state(service, self.now) == ServiceState::Retiring
            {
                tracing::warn!(address = %address.address, %service, "mail came over a service address that was replaced");
                batch.add(ServiceAddress::late_counter(service), 1);
            }
        }
    }

    /// The header fields, when an address that the message came to asks for them.
    fn saved_fields(&self) -> Option<Vec<SavedField>> {
        let asks = |recipient: &Recipient| match recipient {
            Recipient::Routing { address, .. } => address.settings.save_headers,
            _ => false,
        };
        if self.reading.unread || !self.evidence.recipients.iter().any(asks) {
            return None;
        }
        match self.site.journal.read(self.reading.id) {
            Ok(entry) => Some(saved_fields(&entry.message)),
            Err(error) => {
                tracing::error!(id = %self.reading.id, %error, "the header fields of a message are not kept");
                None
            }
        }
    }

    /// The first delivery carries the decision; others of the same message share its case, or have their own.
    fn deliveries(&self, recorded: &Recorded) -> Vec<Delivery> {
        let Recorded { disposition, reason, case, decided_by, placed, .. } = recorded;
        let own = |recipient: &Recipient| placed.iter().find(|placed| placed.address == *recipient.address());
        let delivery = |(n, recipient): (usize, &Recipient)| {
            let (disposition, reason, case) = match own(recipient) {
                Some(own) => (own.disposition, own.reason, own.case),
                None if n > 0 && *disposition == Disposition::CaseOpened => {
                    (Disposition::CaseAppended, Reason::SameMessage, *case)
                }
                None => (*disposition, *reason, *case),
            };
            let earlier = self.earlier(n, recipient.address(), disposition, reason);
            Delivery { address: recipient.address().clone(), disposition, reason, case, earlier }
        };
        let mut recipients: Vec<&Recipient> = self.evidence.recipients.iter().collect();
        recipients.sort_by_key(|recipient| {
            let decides = match decided_by {
                Some(address) => address == recipient.address(),
                None => own(recipient).is_none(),
            };
            match recipient {
                Recipient::Routing { address, .. } => (!decides, address.number),
                _ => (!decides, u64::MAX),
            }
        });
        recipients.into_iter().enumerate().map(delivery).collect()
    }

    /// What the delivery to this address, or else the one at this place, was before.
    fn earlier(&self, place: usize, address: &Mailbox, disposition: Disposition, reason: Reason) -> Vec<Former> {
        let Some(Kept { value: mail, .. }) = self.former else { return Vec::new() };
        let same = mail.deliveries.iter().find(|delivery| delivery.address == *address);
        let Some(delivery) = same.or(mail.deliveries.get(place)) else { return Vec::new() };
        let former = Former { disposition: delivery.disposition, reason: delivery.reason, at: mail.decided_at };
        let changed = (disposition, reason) != (former.disposition, former.reason);
        delivery.earlier.iter().cloned().chain(changed.then_some(former)).collect()
    }
}
