//! The board as the rows have it, all of it at the start and each part when its row has changed.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::base::{Hours, Mailbox};
use crate::routing::{Agent, Place, Queue, Switchboard, Work, WorkItem};
use crate::store::{Batch, CaseChange, Engine, Expected, Kept, Key, Page, ReadError, Site, Table, people, tables};

/// Items read at a time.
const PAGE: usize = 1024;

/// The board, with the versions of the rows that it has its queues and agents from.
pub(super) struct Board {
    pub switchboard: Switchboard,
    queues: HashMap<String, u64>,
    agents: HashMap<Mailbox, u64>,
}

impl Board {
    /// Agents, queues, and the items that move by themselves or that somebody has or is asked to take.
    pub async fn load(site: &Site) -> Result<Self, ReadError> {
        let engine = &*site.engine;
        let switchboard = Switchboard::new(site.hours());
        let mut board = Self { switchboard, queues: HashMap::new(), agents: HashMap::new() };
        for (_, kept) in tables::PROFILES.scan(engine, Page::all()).await? {
            board.switchboard.set_profile(&kept.value.name.clone(), Some(kept.value));
        }
        for (_, kept) in tables::AGENTS.scan(engine, Page::all()).await? {
            board.set_agent(&kept.value.address.clone(), Some(kept));
        }
        for (key, kept) in tables::ASKED.scan(engine, Page::all()).await? {
            mailbox(&key).into_iter().for_each(|address| board.switchboard.set_asked(&address, kept.value.clone()));
        }
        for (_, kept) in tables::ADDRESSES.scan(engine, Page::all()).await? {
            board.switchboard.set_asked(&kept.value.address, kept.value.settings.permission_sets);
        }
        for (_, kept) in tables::QUEUES.scan(engine, Page::all()).await? {
            board.set_queue(&kept.value.name.clone(), Some(kept));
        }
        for (key, kept) in tables::RATIONS.scan(engine, Page::all()).await? {
            if let Some((agent, work)) = agent_and_work(&key) {
                board.switchboard.set_ration(&agent, work, Some(kept.value));
            }
        }
        load_items(engine, &mut board.switchboard, Place::AGENTS).await?;
        load_items(engine, &mut board.switchboard, Place::QUEUES).await?;
        Ok(board)
    }

    /// Whatever this key of this table now stands for.
    pub async fn refresh(&mut self, engine: &dyn Engine, table: Table, key: &[u8]) -> Result<(), ReadError> {
        let text = || String::from_utf8_lossy(key).into_owned();
        if table == tables::WORK.table() {
            if let Some((place, work)) = tables::place_and_work(key)
                && (self.switchboard.item(work).is_some() || concerns(&self.switchboard, place))
            {
                self.refresh_item(engine, work).await?;
            }
        } else if table == tables::RATIONS.table() {
            if let Some((agent, work)) = agent_and_work(key) {
                let kept = tables::RATIONS.get(engine, &(Place::Agent(agent.clone()), work)).await?;
                self.switchboard.set_ration(&agent, work, kept.map(|kept| kept.value));
            }
        } else if table == tables::QUEUES.table() {
            self.refresh_queue(engine, &text()).await?;
        } else if table == tables::PROFILES.table() {
            let kept = tables::PROFILES.get(engine, text().as_str()).await?;
            self.switchboard.set_profile(&text(), kept.map(|kept| kept.value));
        } else if let Some(address) = mailbox(key) {
            if table == tables::ADDRESSES.table() {
                self.switchboard.set_asked(&address, people::asked(engine, &address).await?);
            } else {
                self.refresh_agent(engine, &address).await?;
            }
        }
        Ok(())
    }

    pub async fn refresh_item(&mut self, engine: &dyn Engine, work: Work) -> Result<(), ReadError> {
        let kept = CaseChange::of(engine, work).await?;
        self.switchboard.set_item(work, kept.and_then(|kept| kept.item()));
        Ok(())
    }

    pub async fn refresh_agent(&mut self, engine: &dyn Engine, address: &Mailbox) -> Result<(), ReadError> {
        let kept = tables::AGENTS.get(engine, address).await?;
        if kept.as_ref().map(Kept::version).as_ref() != self.agents.get(address) {
            self.set_agent(address, kept);
        }
        Ok(())
    }

    pub async fn refresh_queue(&mut self, engine: &dyn Engine, name: &str) -> Result<(), ReadError> {
        let was_there = self.switchboard.has_queue(name);
        let queue = tables::QUEUES.get(engine, name).await?;
        if queue.as_ref().map(Kept::version).as_ref() == self.queues.get(name) {
            return Ok(());
        }
        self.set_queue(name, queue);
        if !was_there && self.switchboard.has_queue(name) {
            load_items(engine, &mut self.switchboard, &Place::Queue(name.to_owned()).to_bytes()).await?;
        }
        Ok(())
    }

    /// The batch conflicts when this queue and this agent aren't what the board has seen.
    pub fn expect(&self, batch: &mut Batch, queue: &str, agent: &Mailbox) {
        let version = |known: Option<&u64>| known.map_or(Expected::Absent, |version| Expected::Version(*version));
        batch.expect(tables::QUEUES.table(), queue.to_bytes(), version(self.queues.get(queue)));
        batch.expect(tables::AGENTS.table(), agent.to_bytes(), version(self.agents.get(agent)));
    }

    fn set_agent(&mut self, address: &Mailbox, kept: Option<Kept<Agent>>) {
        match &kept {
            Some(kept) => drop(self.agents.insert(address.clone(), kept.version())),
            None => drop(self.agents.remove(address)),
        }
        self.switchboard.set_agent(address, kept.map(|kept| kept.value));
    }

    fn set_queue(&mut self, name: &str, kept: Option<Kept<Queue>>) {
        match &kept {
            Some(kept) => drop(self.queues.insert(name.to_owned(), kept.version())),
            None => drop(self.queues.remove(name)),
        }
        self.switchboard.set_queue(name, kept.map(|kept| kept.value));
        self.warn_of_hours(|queue| queue == name);
    }

    /// Other business hours; true when they are others.
    pub fn set_hours(&mut self, hours: Arc<BTreeMap<String, Hours>>) -> bool {
        let changed = self.switchboard.set_hours(hours);
        if changed {
            self.warn_of_hours(|_| true);
        }
        changed
    }

    fn warn_of_hours(&self, concerns: impl Fn(&str) -> bool) {
        for (queue, hours) in self.switchboard.without_hours().filter(|(queue, _)| concerns(queue)) {
            tracing::warn!(queue, hours, "a queue is closed: its business hours aren't in the configuration");
        }
    }
}

/// What is in the key of what an agent has.
fn agent_and_work(key: &[u8]) -> Option<(Mailbox, Work)> {
    let (place, work) = tables::place_and_work(key)?;
    Some((mailbox(place.strip_prefix(Place::AGENTS)?.strip_suffix(&[0])?)?, work))
}

/// What is in the key of an address or agent.
fn mailbox(key: &[u8]) -> Option<Mailbox> {
    let (local, domain) = std::str::from_utf8(key).ok()?.rsplit_once('@')?;
    Mailbox::new(local, domain).ok()
}

/// True unless it is a queue in which agents pick: most cases are written there, and nobody has to look at each.
fn concerns(board: &Switchboard, place: &[u8]) -> bool {
    let queue = place.strip_prefix(Place::QUEUES).and_then(|queue| queue.strip_suffix(&[0]));
    queue.is_none_or(|queue| std::str::from_utf8(queue).is_ok_and(|queue| board.has_queue(queue)))
}

/// In the order in which they came, which is the order of agents' turns. What waits until an agent picks it is only read.
async fn load_items(engine: &dyn Engine, board: &mut Switchboard, prefix: &[u8]) -> Result<(), ReadError> {
    let mut items: Vec<WorkItem> = Vec::new();
    let mut page = Page::first(prefix, PAGE);
    loop {
        let rows = tables::WORK.scan(engine, page.clone()).await?;
        let Some((last, _)) = rows.last() else { break };
        page.beyond = Some(last.clone());
        items.extend(rows.into_iter().map(|(_, kept)| kept.value).filter(|item| board.concerns(item)));
    }
    items.sort_by_key(|item| (item.since, item.work));
    items.into_iter().for_each(|item| board.set_item(item.work, Some(item)));
    Ok(())
}
