//! Messages that are items: how one begins, and how it ends in a case.

use super::plan::{Plan, Recorded};
use crate::address::RoutingAddress;
use crate::base::{CaseNumber, Time};
use crate::case::{Decision, Disposition, Happening, Hint, INTAKE, Reason, Status};
use crate::store::{Batch, CaseChange, ReadError};

impl Plan<'_> {
    /// The message as an item, at its place.
    pub(super) async fn route(
        &self,
        batch: &mut Batch,
        address: &RoutingAddress,
        hints: &[Hint],
    ) -> Result<Recorded, ReadError> {
        let mut change = CaseChange::open(self.reading.id, self.now);
        let settings = &address.settings;
        let opened = Happening::ItemOpened {
            subject: self.subject(),
            origin: settings.origin.clone(),
            priority: settings.priority,
            record_type: settings.record_type.clone(),
            address: Some(address.address.clone()),
            contact: self.contact(batch).await?,
        };
        change.add(self.now, INTAKE, opened);
        self.add_hints(&mut change, hints);
        self.follow_advice(&mut change, Some(address), Reason::ItemOpened).await?;
        change.take(self.site).await?;
        change.write(batch);
        let recorded = self.recorded(Disposition::Routed, Reason::ItemOpened, None);
        Ok(Recorded { decided_by: Some(address.address.clone()), ..recorded })
    }
}

/// Ends an item in the commit that puts its message on a case; false when the decision does no such thing. `numbers` are those
/// of cases that it opens.
pub fn end(
    mut item: CaseChange,
    batch: &mut Batch,
    (decision, numbers): (&Decision, &[CaseNumber]),
    (by, now): (&str, Time),
) -> bool {
    let case = match decision {
        Decision::Append { case, .. } => Some(case),
        Decision::Open { .. } => numbers.first(),
        _ => None,
    };
    let Some(case) = case else { return false };
    let (from, why) = (item.case().status, format!("it is on case {case}"));
    item.add(now, by, Happening::StatusChanged { from, to: Status::Closed, why });
    item.write(batch);
    true
}
