//! Where a new case begins: where an adviser says, with the owner or in the queue of its address, or in a fallback that exists.

use crate::address::RoutingAddress;
use crate::base::Mailbox;
use crate::base::limits::OVERFLOW_COUNTED_MAX;
use crate::case::{Case, Happening, Reason, Status};
use crate::routing::{MAIN_QUEUE, Place, Presence};
use crate::store::{Key, Page, ReadError, Site, tables};

/// The events that bring a new case there. Without an address it is the postmaster's.
pub async fn placement(
    site: &Site,
    address: Option<&RoutingAddress>,
    reason: Reason,
) -> Result<Vec<Happening>, ReadError> {
    let queued = |(queue, why): (String, String)| vec![Happening::Queued { queue, why }];
    let Some(address) = address else {
        return Ok(queued(match reason {
            Reason::Postmaster => {
                first_there(site, &site.postmaster_queue, "the queue for mail to nobody in particular").await?
            }
            _ => nothing_named(),
        }));
    };
    let settings = &address.settings;
    if reason == Reason::Unreadable
        && let Some(fallback) = &settings.fallback_queue
    {
        return Ok(queued(first_there(site, fallback, "its message could not be read").await?));
    }
    let gone = match (&settings.owner, &settings.queue) {
        (Some(owner), _) => match tables::AGENTS.get(&*site.engine, owner).await? {
            Some(kept) if kept.value.may(&settings.permission_sets) => {
                return Ok(given(owner.clone(), Some(format!("owns the cases of {}", address.address))).into());
            }
            Some(_) => format!("{owner}, who owns the cases of {}, may not work on them", address.address),
            None => format!("{owner}, who owns the cases of {}, is no agent any more", address.address),
        },
        (None, Some(queue)) if is_there(site, queue).await? => {
            return Ok(queued((queue.clone(), format!("the queue of {}", address.address))));
        }
        (None, Some(queue)) => format!("{queue}, the queue of {}, is gone", address.address),
        (None, None) => return Ok(queued(nothing_named())),
    };
    Ok(queued(match &settings.fallback_queue {
        Some(fallback) => first_there(site, fallback, &gone).await?,
        None => (MAIN_QUEUE.to_owned(), gone),
    }))
}

/// The events that bring a case to where its item was.
pub fn as_item(item: &Case) -> Vec<Happening> {
    let queued = item.queue.clone().map(|queue| Happening::Queued { queue, why: "its item was there".into() });
    queued
        .into_iter()
        .chain(item.owner.clone().map(|owner| given(owner, Some("its item was theirs".into()))).into_iter().flatten())
        .collect()
}

/// Somebody has a new case.
pub fn given(agent: Mailbox, why: Option<String>) -> [Happening; 2] {
    let opened = Happening::StatusChanged { from: Status::New, to: Status::Open, why: "somebody has it".to_owned() };
    [Happening::Assigned { agent, why, considered: Vec::new() }, opened]
}

/// Says beside each agent who gets a case whether they can have it or not what speaks against that.
pub async fn object(site: &Site, placed: &mut [Happening]) -> Result<(), ReadError> {
    for what in placed {
        if let Happening::Assigned { agent, why, .. } = what {
            let against = objection(site, agent).await?;
            *why = [why.take(), against].into_iter().flatten().reduce(|why, against| format!("{why}; {against}"));
        }
    }
    Ok(())
}

/// None when nothing speaks against them.
async fn objection(site: &Site, agent: &Mailbox) -> Result<Option<String>, ReadError> {
    let Some(agent) = tables::AGENTS.get(&*site.engine, agent).await?.map(|kept| kept.value) else { return Ok(None) };
    let profile = match &agent.profile {
        Some(name) => tables::PROFILES.get(&*site.engine, name.as_str()).await?.map(|kept| kept.value),
        None => None,
    };
    let mut against = Vec::new();
    if agent.presence != Presence::Available {
        against.push(format!("is {}", agent.presence));
    }
    if let Some(limit) = agent.capacity.or(profile.as_ref().and_then(|profile| profile.limit)) {
        let place = Place::Agent(agent.address.clone()).to_bytes();
        let items = tables::WORK.scan(&*site.engine, Page::first(&place, OVERFLOW_COUNTED_MAX)).await?;
        let units = items
            .iter()
            .map(|(_, kept)| profile.as_ref().map_or(1, |profile| profile.units_of(kept.value.record_type.as_deref())));
        let load: u32 = units.sum();
        if load >= limit {
            against.push(format!("is full, {load} of {limit}, without this one"));
        }
    }
    Ok((!against.is_empty()).then(|| format!("though {} {}", agent.address, against.join(" and "))))
}

fn nothing_named() -> (String, String) {
    (MAIN_QUEUE.to_owned(), "no other queue is named for it".to_owned())
}

/// This queue for this reason, or `main` when there is no such queue.
async fn first_there(site: &Site, queue: &str, why: &str) -> Result<(String, String), ReadError> {
    Ok(match is_there(site, queue).await? {
        true => (queue.to_owned(), why.to_owned()),
        false => (MAIN_QUEUE.to_owned(), format!("there is no queue {queue}")),
    })
}

async fn is_there(site: &Site, queue: &str) -> Result<bool, ReadError> {
    Ok(tables::QUEUES.get(&*site.engine, queue).await?.is_some())
}
