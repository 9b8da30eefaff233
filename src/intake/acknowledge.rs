//! The decision to acknowledge a new case, and what it costs: how many were told is counted in the commit that records the
//! decision, so that a crash forgets none. Writing and sending is the outbound part's, when it is due.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::address::AddressState;
use crate::base::time::later;
use crate::base::{Mailbox, Time, limits};
use crate::case::{Decision, Evidence, Silence, Step, acknowledged};
use crate::intake::Reading;
use crate::store::due::{self, Due};
use crate::store::{Batch, Documents, Kept, ReadError, Site};

/// How many were told, by whom they are counted.
const SPENT: Documents<str, Spent> = Documents::named("acknowledged");

/// A window of time with how many there were in it. The next begins with the first one after its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Spent {
    since: Time,
    count: u32,
}

/// What is counted under a key, and how many there may be in so long.
struct Budget {
    key: String,
    window: Duration,
    max: u32,
    words: &'static str,
}

/// An acknowledgement that will be sent.
pub struct Acknowledgement {
    spent: Vec<(String, Option<Kept<Spent>>, Spent)>,
}

impl Acknowledgement {
    /// Writes down that it is due, and that it was spent.
    pub fn write(&self, batch: &mut Batch, reading: &Reading, now: Time) {
        due::schedule(batch, now, Due::Acknowledgement(reading.id));
        for (key, kept, spent) in &self.spent {
            match kept {
                Some(kept) => SPENT.replace(batch, key.as_str(), kept, spent),
                None => SPENT.insert(batch, key.as_str(), spent),
            }
        }
    }
}

/// What is decided about telling the author.
pub type Told = Result<Acknowledgement, Silence>;

/// None where no acknowledgement is asked for.
pub async fn consider(
    site: &Site,
    reading: &Reading,
    evidence: &Evidence,
    decision: &Decision,
) -> Result<Option<Told>, ReadError> {
    let Decision::Open { opening, .. } = decision else { return Ok(None) };
    let Some(address) = opening.address.as_ref().filter(|address| !address.settings.acknowledge.is_off()) else {
        return Ok(None);
    };
    if let Some(author) = &evidence.author
        && site.is_ours(author).await?
    {
        return Ok(Some(Err(Silence::Ours)));
    }
    let author = match acknowledged(decision, evidence, &reading.facts, &reading.envelope, reading.auth) {
        Ok(author) => author,
        Err(silence) => return Ok(Some(Err(silence))),
    };
    let sender = match &address.settings.reply_from {
        Some(other) => site.routing_address(other).await?,
        None => Some(address.clone()),
    };
    if sender.is_none_or(|sender| sender.state() != AddressState::Verified) {
        return Ok(Some(Err(Silence::Unverified)));
    }
    Ok(Some(spend(site, &budgets(&author, &address.address), site.now()).await?))
}

fn budgets(author: &Mailbox, address: &Mailbox) -> [Budget; 3] {
    let author_key = author.key();
    let budget = |key, window, max, words| Budget { key, window, max, words };
    [
        budget(format!("author/{author_key}"), limits::ACKNOWLEDGED_AGAIN_AFTER, 1, "one for an author in 24 hours"),
        budget(
            format!("domain/{}", author.domain()),
            limits::ACKNOWLEDGED_DOMAIN_WINDOW,
            limits::ACKNOWLEDGED_DOMAIN_MAX,
            "20 for the authors of a domain in an hour",
        ),
        budget(
            format!("address/{}", address.key()),
            limits::ACKNOWLEDGED_AGAIN_AFTER,
            limits::ACKNOWLEDGED_ADDRESS_MAX,
            "500 of an address in 24 hours",
        ),
    ]
}

async fn spend(site: &Site, budgets: &[Budget], now: Time) -> Result<Told, ReadError> {
    let kept = SPENT.get_many(&*site.engine, budgets.iter().map(|budget| budget.key.as_str())).await?;
    let mut spent = Vec::new();
    for (budget, kept) in budgets.iter().zip(kept) {
        let Some(after) = after(budget, kept.as_ref().map(|kept| kept.value), now) else {
            return Ok(Err(Silence::Budget(budget.words)));
        };
        spent.push((budget.key.clone(), kept, after));
    }
    Ok(Ok(Acknowledgement { spent }))
}

/// With one more; none when there is no room for it.
fn after(budget: &Budget, spent: Option<Spent>, now: Time) -> Option<Spent> {
    match spent.filter(|spent| now < later(spent.since, budget.window)) {
        None => Some(Spent { since: now, count: 1 }),
        Some(spent) => (spent.count < budget.max).then_some(Spent { count: spent.count + 1, ..spent }),
    }
}

/// For `message explain`.
pub fn step(told: &Told) -> Step {
    let (outcome, why) = match told {
        Ok(_) => ("is sent", "a person who proves their address has opened a case".to_owned()),
        Err(silence) => ("is not sent", silence.to_string()),
    };
    Step {
        stage: "acknowledgement".into(),
        by: "postcase".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        outcome: outcome.into(),
        why,
        took_us: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_has_so_many_and_then_another_begins() {
        let [_, domain, _] = budgets(&"a@b.example".parse().unwrap(), &"c@d.example".parse().unwrap());
        let at = |second| Time::from_second(second).unwrap();
        let mut spent = None;
        for second in 0..20 {
            spent = Some(after(&domain, spent, at(second)).unwrap());
        }
        assert_eq!(after(&domain, spent, at(3599)), None);
        assert_eq!(after(&domain, spent, at(3600)), Some(Spent { since: at(3600), count: 1 }));
    }
}
