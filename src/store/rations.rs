//! What work takes of an agent until a day has ended, read for whatever gives it to them, so that both are written in one
//! commit. What was written down for today already stays.

use super::{ReadError, Site, tables};
use crate::base::Mailbox;
use crate::routing::{Place, Ration, Work, WorkItem};

/// What a row of [`tables::RATIONS`] says, with its key.
pub type Taken = ((Place, Work), Ration);

/// None for an item that is with nobody, or with the same agent as before, or whose units come back at once.
pub async fn taken(site: &Site, former: Option<&WorkItem>, now: Option<&WorkItem>) -> Result<Option<Taken>, ReadError> {
    let agent_of = |item: &WorkItem| match &item.place {
        Place::Agent(agent) => Some(agent.clone()),
        Place::Queue(_) => None,
    };
    let Some((item, agent)) = now.and_then(|item| Some((item, agent_of(item)?))) else { return Ok(None) };
    if former.and_then(agent_of).as_ref() == Some(&agent) {
        return Ok(None);
    }
    let key = (item.place.clone(), item.work);
    let today = site.now();
    let Some(ration) = ration(site, &agent, item).await? else { return Ok(None) };
    let written = tables::RATIONS.get(&*site.engine, &key).await?.filter(|written| written.value.until > today);
    Ok(written.is_none().then_some((key, ration)))
}

async fn ration(site: &Site, agent: &Mailbox, item: &WorkItem) -> Result<Option<Ration>, ReadError> {
    let engine = &*site.engine;
    let name = tables::AGENTS.get(engine, agent).await?.and_then(|kept| kept.value.profile);
    let Some(name) = name else { return Ok(None) };
    let profile = tables::PROFILES.get(engine, name.as_str()).await?;
    let record_type = item.record_type.as_deref();
    Ok(profile.and_then(|kept| kept.value.ration(record_type, &site.hours(), site.now())))
}
