//! The first receipt of a message that comes again.

use std::sync::Arc;

use crate::address::RoutingAddress;
use crate::case::{Known, Mail, Recipient};
use crate::store::{Kept, ReadError, Site, tables};

/// What the decision about a second receipt is made from.
pub struct Before {
    /// The record of the first one, when it is on a case.
    pub first: Option<Kept<Mail>>,
    pub home: Option<Arc<RoutingAddress>>,
}

impl Before {
    pub async fn of(site: &Site, known: Option<&Known>) -> Result<Self, ReadError> {
        let none = Self { first: None, home: None };
        let Some(Known { mail, case: Some(case) }) = known else { return Ok(none) };
        let first = tables::MAILS.get(&*site.engine, mail).await?;
        let case = tables::CASES.get(&*site.engine, case).await?;
        let home = match case.and_then(|case| case.value.address) {
            Some(address) => site.routing_address(&address).await?,
            None => None,
        };
        Ok(Self { first, home })
    }
}

/// An earlier copy that is an item, when this one came to further addresses: those may open cases.
pub async fn routed_elsewhere(
    site: &Site,
    same: Option<&Known>,
    recipients: &[Recipient],
) -> Result<Option<Known>, ReadError> {
    let Some(known) = same.filter(|known| known.case.is_none()) else { return Ok(None) };
    let Some(first) = tables::MAILS.get(&*site.engine, &known.mail).await? else { return Ok(None) };
    let first = first.value;
    let is_new = |recipient: &Recipient| !first.deliveries.iter().any(|one| one.address == *recipient.address());
    Ok((first.is_routed() && recipients.iter().any(is_new)).then(|| known.clone()))
}
