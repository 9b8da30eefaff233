//! Where a new case begins: with the owner or in the queue of its address, or in a fallback that exists.

use crate::address::RoutingAddress;
use crate::base::Mailbox;
use crate::case::{Case, Happening, Reason, Status};
use crate::routing::MAIN_QUEUE;
use crate::store::{ReadError, Site, tables};

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
            Some(kept) if kept.value.may(&settings.permission_sets) => return Ok(given(owner.clone()).into()),
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
    queued.into_iter().chain(item.owner.clone().map(given).into_iter().flatten()).collect()
}

/// Somebody has a new case.
pub fn given(agent: Mailbox) -> [Happening; 2] {
    let why = "somebody has it".to_owned();
    let opened = Happening::StatusChanged { from: Status::New, to: Status::Open, why };
    [Happening::Assigned { agent, why: None, considered: Vec::new() }, opened]
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
