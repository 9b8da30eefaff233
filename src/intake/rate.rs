//! How many messages an address has had today.
//!
//! The count lives in memory and is written with each decision (a counter of the store), from which it is taken up again
//! after a start. Messages that were accepted but not decided when the process died are counted when they are decided,
//! so that for a moment after a crash a few more than the limit may pass.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::address::{Day, OverLimit, RoutingAddress, rate_counter};
use crate::base::Mailbox;
use crate::store::{ReadError, Site};

/// Counts by address and day. One for what was accepted, one for what was converted.
#[derive(Debug, Default)]
pub struct Tally(Mutex<HashMap<Mailbox, (Day, u64)>>);

/// What a message is to the daily limit of its address.
#[derive(Clone)]
pub enum Counted {
    /// It has none, or the message doesn't count.
    Not,
    /// It is one of those for today.
    For(Arc<RoutingAddress>),
    /// It is one too many.
    Beyond(Arc<RoutingAddress>),
}

impl Counted {
    /// True for one that is converted on another day.
    pub fn is_put_off(&self) -> bool {
        let requeues = |address: &RoutingAddress| address.settings.over_limit == OverLimit::Requeue;
        matches!(self, Self::Beyond(address) if requeues(address))
    }
}

impl Tally {
    /// True when the address has a limit and it is reached today.
    pub async fn is_full(&self, site: &Site, address: &RoutingAddress) -> Result<bool, ReadError> {
        let Some(limit) = address.settings.rate_limit else { return Ok(false) };
        let today = Day::of(site.now());
        self.load(site, &address.address, today).await?;
        Ok(self.today(&address.address, today) >= u64::from(limit))
    }

    /// Counts one message, unless the limit is reached: then false.
    pub async fn take(&self, site: &Site, address: &RoutingAddress) -> Result<bool, ReadError> {
        let Some(limit) = address.settings.rate_limit else { return Ok(true) };
        let today = Day::of(site.now());
        self.load(site, &address.address, today).await?;
        // Looked at and counted in one go: others count at the same time.
        let mut counts = self.locked();
        let Some((_, count)) = counts.get_mut(&address.address).filter(|(day, _)| *day == today) else {
            return Ok(true);
        };
        let room = *count < u64::from(limit);
        *count += u64::from(room);
        Ok(room)
    }

    /// Takes one back, because it was not converted.
    pub fn give_back(&self, site: &Site, address: &Mailbox) {
        let today = Day::of(site.now());
        if let Some((_, count)) = self.locked().get_mut(address).filter(|(day, _)| *day == today) {
            *count = count.saturating_sub(1);
        }
    }

    async fn load(&self, site: &Site, address: &Mailbox, today: Day) -> Result<(), ReadError> {
        let known = self.locked().get(address).is_some_and(|(day, _)| *day == today);
        if !known {
            let stored = site.engine.counter(rate_counter(address, today)).await?;
            let count = u64::try_from(stored).unwrap_or(0);
            let mut counts = self.locked();
            let entry = counts.entry(address.clone()).or_insert((today, count));
            if entry.0 != today {
                *entry = (today, count);
            }
        }
        Ok(())
    }

    fn today(&self, address: &Mailbox, today: Day) -> u64 {
        self.locked().get(address).filter(|(day, _)| *day == today).map_or(0, |(_, count)| *count)
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, HashMap<Mailbox, (Day, u64)>> {
        self.0.lock().expect("no holder panics")
    }
}
