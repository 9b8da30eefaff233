//! Addresses as a file has them: all of them as they are, and the difference that a file would make.
//!
//! Nothing is removed, and nothing that isn't named is changed. All of a file is done in one commit, or none of it; the
//! probes of new addresses follow.

use serde_json::{Value, json};

use super::address::changed;
use super::command::{self, WantedAddress};
use super::{Answer, Desk, Outcome, Refusal, view};
use crate::address::{RoutingAddress, Settings};
use crate::base::Mailbox;
use crate::store::{Batch, Kept, Page, tables};

/// An address of a file, and what it is now.
struct Planned {
    wanted: WantedAddress,
    kept: Option<Kept<RoutingAddress>>,
    settings: Settings,
}

impl Desk {
    /// In order of registration.
    pub(super) async fn address_export(&self) -> Answer {
        let mut addresses = tables::ADDRESSES.values(&*self.site.engine, Page::all()).await?;
        addresses.sort_by_key(|address| address.number);
        Ok(Outcome::Json(addresses.iter().map(view::address_settings).collect()))
    }

    /// Boxed, because it is much larger than what most commands need of a stack.
    pub(super) fn address_apply(&self, wanted: Vec<WantedAddress>, yes: bool) -> command::Answer<'_> {
        Box::pin(self.apply(wanted, yes))
    }

    async fn apply(&self, wanted: Vec<WantedAddress>, yes: bool) -> Answer {
        let site = &*self.site;
        let mut tries = site.tries();
        loop {
            let planned = self.plan_addresses(&wanted).await?;
            let changes: Vec<Value> = planned.iter().flat_map(differences).collect();
            if !yes {
                return Ok(Outcome::Json(json!({"applied": false, "changes": changes})));
            }
            let batch = self.write_addresses(&planned).await?;
            if tries.commit(batch).await? {
                for new in planned.iter().filter(|planned| planned.kept.is_none()) {
                    self.address_verify(&new.wanted.address).await?;
                }
                return Ok(Outcome::Json(json!({"applied": true, "changes": changes})));
            }
        }
    }

    /// What each would be, or why one of them can't be.
    async fn plan_addresses(&self, wanted: &[WantedAddress]) -> Result<Vec<Planned>, Refusal> {
        let mut planned: Vec<Planned> = Vec::new();
        let new: Vec<&Mailbox> = wanted.iter().map(|one| &one.address).collect();
        for one in wanted {
            let address = &one.address;
            if planned.iter().any(|other| other.wanted.address == *address) {
                return Err(Refusal::refused(format!("{address} is named twice")));
            }
            let refused = |refusal: Refusal| Refusal::refused(format!("{address}: {}", refusal.message));
            self.check_named(&one.settings, &new).await.map_err(refused)?;
            let kept = tables::ADDRESSES.get(&*self.site.engine, address).await?;
            let former = kept.as_ref().map(|kept| kept.value.settings.clone());
            if former.is_none() {
                self.check_new(address, &one.settings)?;
            }
            let mut settings = changed(former.unwrap_or_default(), one.settings.clone());
            settings.reply_from = settings.reply_from.filter(|other| other != address);
            planned.push(Planned { wanted: one.clone(), kept, settings });
        }
        Ok(planned)
    }

    async fn write_addresses(&self, planned: &[Planned]) -> Result<Batch, Refusal> {
        let new = planned.iter().filter(|planned| planned.kept.is_none()).count() as u64;
        let mut numbers = self.site.engine.reserve(tables::ADDRESS_NUMBERS, new).await?;
        let mut batch = Batch::default();
        for Planned { wanted: WantedAddress { address, .. }, kept, settings } in planned {
            let settings = settings.clone();
            match kept {
                Some(kept) if kept.value.settings == settings => {
                    tables::ADDRESSES.expect_unchanged(&mut batch, address, kept);
                }
                Some(kept) => {
                    let changed = RoutingAddress { settings, ..kept.value.clone() };
                    tables::ADDRESSES.replace(&mut batch, address, kept, &changed);
                }
                None => {
                    let number = numbers.next().ok_or_else(|| Refusal::failed("no numbers are left"))?;
                    self.register(&mut batch, address, number, settings);
                }
            }
        }
        Ok(batch)
    }
}

/// A row for an address that is new, and one for each setting that changes.
fn differences(planned: &Planned) -> Vec<Value> {
    let address = &planned.wanted.address;
    let mut rows = Vec::new();
    if planned.kept.is_none() {
        rows.push(json!({"address": address, "change": "add", "setting": null, "from": null, "to": null}));
    }
    let from = planned.kept.as_ref().map(|kept| kept.value.settings.clone()).unwrap_or_default();
    let (from, to) = (json!(from), json!(planned.settings));
    for (setting, to) in to.as_object().into_iter().flatten() {
        if from[setting] != *to {
            let from = &from[setting];
            rows.push(json!({"address": address, "change": "set", "setting": setting, "from": from, "to": to}));
        }
    }
    rows
}
