//! What a message is written as at its further addresses: cases of their own that it opens, linked as siblings, and
//! siblings that it joins. Everything goes into the batch of the decision.
//!
//! A second receipt at another address changes the record of the first one, which is replaced as it was read.

use super::merge;
use super::placement::placement;
use super::plan::{Family, Placed, Plan, Recorded};
use crate::address::{Day, RoutingAddress, rate_counter};
use crate::base::CaseNumber;
use crate::case::{Beside, Delivery, Disposition, Happening, INTAKE, Known, Mail, Opening, Reason, Status};
use crate::store::{Batch, CaseChange, ReadError, tables};

impl Plan<'_> {
    /// Writes what it is at its further addresses.
    pub(super) async fn write_beside(
        &self,
        batch: &mut Batch,
        beside: &[Beside],
        family: &mut Family<'_>,
    ) -> Result<Vec<Placed>, ReadError> {
        let (mut placed, mut numbers) = (Vec::new(), family.numbers.iter());
        for one in beside {
            let (disposition, reason, case) = match one {
                Beside::Append { case, .. } => {
                    let mut change = self.change(*case);
                    self.join(&mut change, &Reason::SiblingCase.to_string(), false).await?;
                    change.write(batch);
                    (Disposition::CaseAppended, Reason::SiblingCase, *case)
                }
                Beside::Open { address, continues } => {
                    let number = *numbers.next().expect("the caller brings a number for each case that it opens");
                    let opening = Opening { address: Some(address.clone()), hints: Vec::new(), continues: *continues };
                    let mut change = self.opened(number, &opening, Reason::OwnCase, family.contact).await?;
                    self.continues(batch, &mut change, &opening);
                    family.cases.iter_mut().for_each(|other| self.link(other, &mut change));
                    family.cases.push(change);
                    (Disposition::CaseOpened, Reason::OwnCase, number)
                }
            };
            placed.push(Placed { address: one.address().clone(), disposition, reason, case: Some(case) });
        }
        Ok(placed)
    }

    fn link(&self, one: &mut CaseChange, other: &mut CaseChange) {
        let why = |case: &CaseChange| match &case.case().address {
            Some(address) => format!("the same message opened it for {address}"),
            None => "the same message opened it".to_owned(),
        };
        let linked = |case: &CaseChange| Happening::Linked { case: case.case().number, why: why(case), sibling: true };
        let (to_one, to_other) = (linked(one), linked(other));
        one.add(self.now, INTAKE, to_other);
        other.add(self.now, INTAKE, to_one);
    }

    /// A second receipt, with what it brings to addresses that the first one hadn't come to.
    pub(super) async fn received_again(
        &self,
        batch: &mut Batch,
        of: &Known,
        home: Option<&RoutingAddress>,
        beside: (&[Beside], &[CaseNumber]),
    ) -> Result<Recorded, ReadError> {
        let reason = if self.evidence.is_own_copy { Reason::OwnCopy } else { Reason::ReceivedBefore };
        let recorded = self.recorded(Disposition::Duplicate, reason, of.case);
        let mut recorded = Recorded { duplicate_of: Some(of.mail), ..recorded };
        let Some(first) = self.first else { return Ok(recorded) };
        if let Some(home) = home {
            self.move_home(batch, of, home).await?;
        }
        let (beside, numbers) = beside;
        let contact = if numbers.is_empty() { None } else { self.contact(batch).await? };
        let cases = self.opened_before(&first.value, !numbers.is_empty()).await?;
        let mut family = Family { contact: contact.as_ref(), cases, numbers };
        let placed = self.write_beside(batch, beside, &mut family).await?;
        family.cases.into_iter().for_each(|case| case.write(batch));
        let limited = beside.iter().filter_map(|one| match one {
            Beside::Open { address, .. } if address.settings.rate_limit.is_some() => Some(&address.address),
            _ => None,
        });
        limited.for_each(|address| batch.add(rate_counter(address, Day::of(self.now)), 1));
        let mail = self.delivered_again(&first.value, placed, of.case);
        let told = mail.deliveries.iter().map(|delivery| Placed {
            address: delivery.address.clone(),
            disposition: Disposition::Duplicate,
            reason,
            case: delivery.case,
        });
        recorded.placed = told.collect();
        if mail.deliveries != first.value.deliveries {
            tables::MAILS.replace(batch, &mail.id, first, &mail);
        }
        Ok(recorded)
    }

    /// The record of the first receipt with a delivery for each address that it has come to now.
    fn delivered_again(&self, first: &Mail, placed: Vec<Placed>, shared: Option<CaseNumber>) -> Mail {
        let mut mail = first.clone();
        for Placed { address, disposition, reason, case } in placed {
            match mail.deliveries.iter_mut().find(|delivery| delivery.address == address) {
                Some(known) => (known.reason, known.case) = (reason, case),
                None => mail.deliveries.push(Delivery { address, disposition, reason, case, earlier: Vec::new() }),
            }
        }
        for address in self.evidence.routing_addresses() {
            if shared.is_some() && !mail.deliveries.iter().any(|delivery| delivery.address == *address) {
                mail.deliveries.push(Delivery {
                    address: address.clone(),
                    disposition: Disposition::CaseAppended,
                    reason: Reason::SameMessage,
                    case: shared,
                    earlier: Vec::new(),
                });
            }
        }
        mail
    }

    /// The cases that the first receipt has opened, when others are to be linked with them.
    async fn opened_before(&self, first: &Mail, wanted: bool) -> Result<Vec<CaseChange>, ReadError> {
        let mut cases: Vec<CaseChange> = Vec::new();
        let opened = first.deliveries.iter().filter(|one| wanted && one.disposition == Disposition::CaseOpened);
        for number in opened.filter_map(|delivery| delivery.case) {
            let Some(kept) = merge::living(self.site, number).await? else { continue };
            if !cases.iter().any(|known| known.case().number == kept.value.number) {
                cases.push(CaseChange::from_read(kept));
            }
        }
        Ok(cases)
    }

    /// The case begins where it would have begun if this copy had come first.
    async fn move_home(&self, batch: &mut Batch, of: &Known, home: &RoutingAddress) -> Result<(), ReadError> {
        let Some(case) = of.case else { return Ok(()) };
        let mut change = self.change(case);
        let (before, settings) = (change.case().clone(), &home.settings);
        let word = |priority: crate::case::Priority| serde_json::json!(priority).as_str().map(str::to_owned);
        let fields = [
            ("address", before.address.map(|address| address.to_string()), Some(home.address.to_string())),
            ("origin", Some(before.origin), Some(settings.origin.clone())),
            ("priority", word(before.priority), word(settings.priority)),
            ("record_type", before.record_type, settings.record_type.clone()),
        ];
        for (name, from, to) in fields.into_iter().filter(|(_, from, to)| from != to) {
            change.add(self.now, INTAKE, Happening::FieldChanged { name: name.to_owned(), from, to, why: None });
        }
        let place = placement(self.site, Some(home), Reason::NewConversation).await?;
        let is_assigned = place.iter().any(|what| matches!(what, Happening::Assigned { .. }));
        if before.owner.is_some() && !is_assigned {
            let why = "it moved to the queue of an address that was registered earlier".to_owned();
            change.add(self.now, INTAKE, Happening::StatusChanged { from: before.status, to: Status::New, why });
        }
        for what in place {
            let is_so = match &what {
                Happening::Queued { queue, .. } => before.queue.as_ref() == Some(queue) && before.owner.is_none(),
                Happening::Assigned { agent, .. } => before.owner.as_ref() == Some(agent),
                Happening::StatusChanged { to, .. } => before.status == *to,
                _ => false,
            };
            if !is_so {
                change.add(self.now, INTAKE, what);
            }
        }
        change.take(self.site).await?;
        change.write(batch);
        Ok(())
    }
}
