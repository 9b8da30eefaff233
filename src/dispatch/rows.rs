//! The board as the rows have it, all of it at the start and each part when its row has changed.

use crate::base::{CaseNumber, Mailbox};
use crate::routing::{Place, Queue, Switchboard, WorkItem};
use crate::store::{Engine, Key, Page, ReadError, Site, Table, tables};

/// Agents, queues whose cases move by themselves, and the items of both.
pub(super) async fn load(site: &Site) -> Result<Switchboard, ReadError> {
    let engine = &*site.engine;
    let mut board = Switchboard::new(site.hours.clone());
    for (_, kept) in tables::AGENTS.scan(engine, Page::first(&[], usize::MAX)).await? {
        board.set_agent(&kept.value.address.clone(), Some(kept.value));
    }
    for (_, kept) in tables::ADDRESSES.scan(engine, Page::first(&[], usize::MAX)).await? {
        board.set_asked(&kept.value.address, kept.value.settings.permission_sets);
    }
    for (_, kept) in tables::QUEUES.scan(engine, Page::first(&[], usize::MAX)).await? {
        board.set_queue(&kept.value.name.clone(), Some(kept.value));
    }
    let queues: Vec<Vec<u8>> = board.queues().map(|queue| Place::Queue(queue.to_owned()).to_bytes()).collect();
    load_items(engine, &mut board, Place::AGENTS).await?;
    for queue in queues {
        load_items(engine, &mut board, &queue).await?;
    }
    Ok(board)
}

/// Whatever this key of this table now stands for.
pub(super) async fn refresh(
    engine: &dyn Engine,
    board: &mut Switchboard,
    table: Table,
    key: &[u8],
) -> Result<(), ReadError> {
    let text = || String::from_utf8_lossy(key).into_owned();
    if table == tables::WORK.table() {
        if let Some((place, number)) = key.split_last_chunk()
            && (board.item(CaseNumber::from_be_bytes(*number)).is_some() || concerns(board, place))
        {
            refresh_item(engine, board, CaseNumber::from_be_bytes(*number)).await?;
        }
    } else if table == tables::QUEUES.table() {
        refresh_queue(engine, board, &text()).await?;
    } else if let Some((local, domain)) = text().rsplit_once('@')
        && let Ok(address) = Mailbox::new(local, domain)
    {
        if table == tables::ADDRESSES.table() {
            let registered = tables::ADDRESSES.get(engine, &address).await?.map(|kept| kept.value);
            board.set_asked(&address, registered.map(|address| address.settings.permission_sets).unwrap_or_default());
        } else {
            let agent = tables::AGENTS.get(engine, &address).await?.map(|kept| kept.value);
            board.set_agent(&address, agent);
        }
    }
    Ok(())
}

/// True unless it is a queue in which agents pick: most cases are written there, and nobody has to look at each.
fn concerns(board: &Switchboard, place: &[u8]) -> bool {
    let queue = place.strip_prefix(Place::QUEUES).and_then(|queue| queue.strip_suffix(&[0]));
    queue.is_none_or(|queue| std::str::from_utf8(queue).is_ok_and(|queue| board.has_queue(queue)))
}

async fn refresh_item(engine: &dyn Engine, board: &mut Switchboard, case: CaseNumber) -> Result<(), ReadError> {
    let kept = tables::CASES.get(engine, &case).await?;
    board.set_item(case, kept.and_then(|kept| WorkItem::of(&kept.value)));
    Ok(())
}

async fn refresh_queue(engine: &dyn Engine, board: &mut Switchboard, name: &str) -> Result<(), ReadError> {
    let was_there = board.has_queue(name);
    let queue = tables::QUEUES.get(engine, name).await?.map(|kept| kept.value);
    let moves_items = queue.as_ref().is_some_and(Queue::moves_items);
    board.set_queue(name, queue);
    if moves_items && !was_there {
        load_items(engine, board, &Place::Queue(name.to_owned()).to_bytes()).await?;
    }
    Ok(())
}

/// In the order in which they came, which is the order of agents' turns.
async fn load_items(engine: &dyn Engine, board: &mut Switchboard, prefix: &[u8]) -> Result<(), ReadError> {
    let mut items: Vec<WorkItem> = Vec::new();
    for (_, kept) in tables::WORK.scan(engine, Page::first(prefix, usize::MAX)).await? {
        items.push(kept.value);
    }
    items.sort_by_key(|item| (item.since, item.case));
    items.into_iter().for_each(|item| board.set_item(item.case, Some(item)));
    Ok(())
}
