//! A [`Medium`] in memory from which power can be taken away, for tests and crash scenarios.
//!
//! It remembers what was synced. [`SimulatedMedium::crash`] leaves one of the states that a power cut could leave: synced
//! content is kept; each write or change of length since then is kept, dropped or torn (each 512-byte sector kept,
//! dropped or cut); each name made or removed without a folder sync is there or not. [`SimulatedMedium::kill`] ends the
//! process alone: everything stays readable and nothing becomes durable. After either, what the old process held
//! fails, and the life goes on with the medium that the call returns.
//!
//! Operations can be made to fail ([`SimulatedMedium::fail`]), and the power can go at any change
//! ([`SimulatedMedium::cut_at`]). As on Linux, what was waiting when a sync failed is never made durable by a later one.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use super::{Medium, MediumFile, Room};
use crate::base::Chance;

const SECTOR: usize = 512;

/// What can be counted and made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    Open,
    /// Opening a file that was absent.
    Create,
    List,
    Remove,
    Rename,
    SyncFolder,
    Read,
    Write,
    SetLen,
    Sync,
}

impl Operation {
    fn is_change(self) -> bool {
        !matches!(self, Self::Open | Self::List | Self::Read)
    }
}

/// How an operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// EIO, nothing done.
    Io,
    /// ENOSPC, of a write after so many bytes.
    NoRoom { written: usize },
    /// A write or change of names is under way, a sync hasn't happened; from then on everything fails.
    PowerCut,
}

/// A folder in memory. Clones belong to the same process.
#[derive(Clone, Debug, Default)]
pub struct SimulatedMedium {
    world: Arc<Mutex<World>>,
    life: u64,
}

#[derive(Debug, Default)]
struct World {
    life: u64,
    powerless: bool,
    nodes: BTreeMap<u64, Node>,
    nodes_made: u64,
    names: BTreeMap<String, u64>,
    durable_names: BTreeMap<String, u64>,
    name_changes: Vec<(String, Option<u64>)>,
    counts: BTreeMap<Operation, u64>,
    changes: u64,
    cut_at: Option<u64>,
    faults: Vec<(Operation, u64, Fault)>,
    /// None: as much as anybody could want.
    room: Option<Room>,
}

#[derive(Debug, Default)]
struct Node {
    live: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Pending>,
}

#[derive(Debug)]
struct Pending {
    change: Change,
    /// A sync failed over it: later syncs know nothing of it.
    lost: bool,
}

#[derive(Debug)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    SetLen(usize),
}

impl SimulatedMedium {
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the power away; `chance` chooses among the states that this can leave.
    pub fn crash(&self, chance: &Chance) -> Self {
        let mut world = self.lock();
        for node in world.nodes.values_mut() {
            node.crash(|change, content| change.apply_by_chance(content, chance));
        }
        world.crash_names(|| chance.fraction() < 0.5);
        self.reborn(world)
    }

    /// Takes the power away; nothing that wasn't synced is left.
    pub fn crash_dropping_all(&self) -> Self {
        let mut world = self.lock();
        world.nodes.values_mut().for_each(|node| node.crash(|_, _| ()));
        world.crash_names(|| false);
        self.reborn(world)
    }

    /// Ends the process: all is readable as it was, and what wasn't synced is still not durable.
    pub fn kill(&self) -> Self {
        self.reborn(self.lock())
    }

    /// The `nth` operation of this kind from now on fails (1 is the next one).
    pub fn fail(&self, operation: Operation, nth: u64, fault: Fault) {
        let mut world = self.lock();
        let at = world.count(operation) + nth;
        world.faults.push((operation, at, fault));
    }

    /// The power goes at the `nth` change from now on: a write, a change of length or names, or a sync.
    pub fn cut_at(&self, nth: u64) {
        let mut world = self.lock();
        world.cut_at = Some(world.changes + nth);
    }

    /// What the disk says is left of it. Says only: writes go on until one is made to [`fail`](Self::fail).
    pub fn set_room(&self, room: Room) {
        self.lock().room = Some(room);
    }

    /// Operations of a kind so far, over all lives.
    pub fn count(&self, operation: Operation) -> u64 {
        self.lock().count(operation)
    }

    /// Changes so far, over all lives: the points at which power can be cut.
    pub fn changes(&self) -> u64 {
        self.lock().changes
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("no holder panics")
    }

    fn reborn(&self, mut world: MutexGuard<'_, World>) -> Self {
        world.life += 1;
        world.powerless = false;
        world.cut_at = None;
        world.faults.clear();
        Self { world: Arc::clone(&self.world), life: world.life }
    }

    fn enter(&self, operation: Operation) -> io::Result<(MutexGuard<'_, World>, Option<Fault>)> {
        let mut world = self.lock();
        if world.powerless || world.life != self.life {
            return Err(io::Error::other("the process that held this is gone"));
        }
        let fault = world.enter(operation);
        Ok((world, fault))
    }
}

impl World {
    fn count(&self, operation: Operation) -> u64 {
        self.counts.get(&operation).copied().unwrap_or(0)
    }

    fn enter(&mut self, operation: Operation) -> Option<Fault> {
        let count = self.counts.entry(operation).or_default();
        *count += 1;
        let due = self.faults.iter().find(|(kind, at, _)| (*kind, *at) == (operation, *count));
        let mut fault = due.map(|(_, _, fault)| *fault);
        if operation.is_change() {
            self.changes += 1;
            if self.cut_at == Some(self.changes) {
                fault = Some(Fault::PowerCut);
            }
        }
        self.powerless = fault == Some(Fault::PowerCut);
        fault
    }

    fn node(&mut self, id: u64) -> &mut Node {
        self.nodes.entry(id).or_default()
    }

    fn rename(&mut self, name: &str, node: Option<u64>) {
        apply_name(&mut self.names, name, node);
        self.name_changes.push((name.to_owned(), node));
    }

    fn crash_names(&mut self, mut kept: impl FnMut() -> bool) {
        for (name, node) in std::mem::take(&mut self.name_changes) {
            if kept() {
                apply_name(&mut self.durable_names, &name, node);
            }
        }
        self.names = self.durable_names.clone();
        let Self { nodes, names, .. } = self;
        nodes.retain(|id, _| names.values().any(|named| named == id));
    }
}

fn apply_name(names: &mut BTreeMap<String, u64>, name: &str, node: Option<u64>) {
    match node {
        Some(node) => names.insert(name.to_owned(), node),
        None => names.remove(name),
    };
}

impl Node {
    fn change(&mut self, change: Change) {
        change.apply(&mut self.live);
        self.pending.push(Pending { change, lost: false });
    }

    fn sync(&mut self) {
        for pending in std::mem::take(&mut self.pending) {
            // What a failed sync lost never arrives behind what came later.
            if !pending.lost {
                pending.change.apply(&mut self.durable);
            }
        }
    }

    fn crash(&mut self, mut fate: impl FnMut(&Change, &mut Vec<u8>)) {
        for pending in std::mem::take(&mut self.pending) {
            fate(&pending.change, &mut self.durable);
        }
        self.live = self.durable.clone();
    }
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write { offset, bytes } => {
                let end = offset + bytes.len();
                content.resize(content.len().max(end), 0);
                content[*offset..end].copy_from_slice(bytes);
            }
            Self::SetLen(len) => content.resize(*len, 0),
        }
    }

    /// A third each: dropped, kept whole, torn (a change of length can't be torn).
    fn apply_by_chance(&self, content: &mut Vec<u8>, chance: &Chance) {
        let fate = chance.fraction();
        match self {
            _ if fate < 1.0 / 3.0 => {}
            Self::Write { offset, bytes } if fate > 2.0 / 3.0 => tear(content, *offset, bytes, chance),
            _ => self.apply(content),
        }
    }
}

/// The length arrives; of the content each sector does, doesn't, or only its beginning does.
fn tear(content: &mut Vec<u8>, offset: usize, bytes: &[u8], chance: &Chance) {
    content.resize(content.len().max(offset + bytes.len()), 0);
    let mut at = 0;
    while at < bytes.len() {
        let whole = (SECTOR - (offset + at) % SECTOR).min(bytes.len() - at);
        let kept = match chance.fraction() {
            fate if fate < 0.4 => 0,
            fate if fate < 0.8 => whole,
            _ => (chance.fraction() * whole as f64) as usize,
        };
        content[offset + at..offset + at + kept].copy_from_slice(&bytes[at..at + kept]);
        at += whole;
    }
}

impl Fault {
    fn error(self) -> io::Error {
        match self {
            Self::Io => io::Error::other("simulated input/output error"),
            Self::NoRoom { .. } => io::Error::from(io::ErrorKind::StorageFull),
            Self::PowerCut => io::Error::other("the power is gone"),
        }
    }
}

/// What an operation does when it is made to fail: nothing, unless the power goes while it is under way.
fn unless_failed(fault: Option<Fault>, act: impl FnOnce()) -> io::Result<()> {
    if matches!(fault, None | Some(Fault::PowerCut)) {
        act();
    }
    fault.map_or(Ok(()), |fault| Err(fault.error()))
}

impl Medium for SimulatedMedium {
    fn open(&self, name: &str) -> io::Result<Box<dyn MediumFile>> {
        let known = self.lock().names.get(name).copied();
        let (mut world, fault) = self.enter(if known.is_some() { Operation::Open } else { Operation::Create })?;
        let node = known.unwrap_or(world.nodes_made);
        unless_failed(fault, || {
            if known.is_none() {
                world.nodes_made += 1;
                world.nodes.insert(node, Node::default());
                world.rename(name, Some(node));
            }
        })?;
        Ok(Box::new(SimulatedFile { medium: self.clone(), node }))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let (world, fault) = self.enter(Operation::List)?;
        unless_failed(fault, || ())?;
        Ok(world.names.keys().cloned().collect())
    }

    fn room(&self) -> io::Result<Room> {
        let endless = Room { bytes_free: u64::MAX, bytes: u64::MAX, files_free: u64::MAX, files: u64::MAX };
        Ok(self.lock().room.unwrap_or(endless))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let (mut world, fault) = self.enter(Operation::Remove)?;
        if !world.names.contains_key(name) {
            return Err(io::ErrorKind::NotFound.into());
        }
        unless_failed(fault, || world.rename(name, None))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let (mut world, fault) = self.enter(Operation::Rename)?;
        let node = *world.names.get(from).ok_or(io::ErrorKind::NotFound)?;
        unless_failed(fault, || {
            world.rename(to, Some(node));
            world.rename(from, None);
        })
    }

    fn sync_folder(&self) -> io::Result<()> {
        let (mut world, fault) = self.enter(Operation::SyncFolder)?;
        if let Some(fault) = fault {
            return Err(fault.error());
        }
        world.name_changes.clear();
        world.durable_names = world.names.clone();
        Ok(())
    }
}

#[derive(Debug)]
struct SimulatedFile {
    medium: SimulatedMedium,
    node: u64,
}

fn place(at: u64) -> usize {
    usize::try_from(at).expect("simulated files fit into memory")
}

impl MediumFile for SimulatedFile {
    fn len(&self) -> io::Result<u64> {
        let (mut world, fault) = self.medium.enter(Operation::Read)?;
        unless_failed(fault, || ())?;
        Ok(world.node(self.node).live.len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let (mut world, fault) = self.medium.enter(Operation::Read)?;
        unless_failed(fault, || ())?;
        let content = &world.node(self.node).live;
        let part = content.get(place(offset)..).and_then(|rest| rest.get(..buffer.len()));
        buffer.copy_from_slice(part.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let (mut world, fault) = self.medium.enter(Operation::Write)?;
        let written = match fault {
            None | Some(Fault::PowerCut) => bytes.len(),
            Some(Fault::NoRoom { written }) => written.min(bytes.len()),
            Some(Fault::Io) => 0,
        };
        if written > 0 {
            let change = Change::Write { offset: place(offset), bytes: bytes[..written].to_vec() };
            world.node(self.node).change(change);
        }
        fault.map_or(Ok(()), |fault| Err(fault.error()))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let (mut world, fault) = self.medium.enter(Operation::SetLen)?;
        unless_failed(fault, || world.node(self.node).change(Change::SetLen(place(len))))
    }

    fn sync_data(&self) -> io::Result<()> {
        let (mut world, fault) = self.medium.enter(Operation::Sync)?;
        let node = world.node(self.node);
        match fault {
            None => node.sync(),
            Some(Fault::PowerCut) => {}
            Some(_) => node.pending.iter_mut().for_each(|pending| pending.lost = true),
        }
        fault.map_or(Ok(()), |fault| Err(fault.error()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn content(medium: &SimulatedMedium, name: &str) -> Option<Vec<u8>> {
        medium.list().unwrap().contains(&name.to_owned()).then(|| {
            let file = medium.open(name).unwrap();
            let mut bytes = vec![0; place(file.len().unwrap())];
            file.read_at(0, &mut bytes).unwrap();
            bytes
        })
    }

    fn synced_a() -> (SimulatedMedium, Box<dyn MediumFile>) {
        let medium = SimulatedMedium::new();
        let file = medium.open("a").unwrap();
        file.write_at(0, b"synced").unwrap();
        file.sync_data().unwrap();
        medium.sync_folder().unwrap();
        (medium, file)
    }

    #[test]
    fn what_is_synced_stays_and_the_rest_may_go() {
        let outcomes: BTreeSet<_> = (0..64)
            .map(|seed| {
                let (medium, file) = synced_a();
                file.write_at(6, b"!").unwrap();
                file.set_len(3).unwrap();
                medium.open("b").unwrap();
                let after = medium.crash(&Chance::seeded(seed));
                (content(&after, "a").unwrap(), content(&after, "b"))
            })
            .collect();
        let contents: BTreeSet<&[u8]> = outcomes.iter().map(|(a, _)| a.as_slice()).collect();
        assert_eq!(contents, BTreeSet::from([&b"synced"[..], b"synced!", b"syn", b"synced\0"]));
        assert!(outcomes.iter().any(|(_, b)| b.is_some()) && outcomes.iter().any(|(_, b)| b.is_none()));
    }

    #[test]
    fn a_power_cut_can_drop_all_and_a_kill_drops_nothing() {
        let (medium, file) = synced_a();
        file.write_at(0, b"S").unwrap();
        medium.remove("a").unwrap();
        medium.open("b").unwrap();
        let killed = medium.kill();
        assert_eq!(killed.list().unwrap(), ["b"]);
        assert!(file.sync_data().is_err() && medium.sync_folder().is_err(), "the old process is gone");
        let crashed = killed.crash_dropping_all();
        assert_eq!(content(&crashed, "a").unwrap(), b"synced");
        assert_eq!(crashed.list().unwrap(), ["a"]);
    }

    #[test]
    fn large_writes_tear_by_sectors() {
        let torn = (0..64).any(|seed| {
            let (medium, file) = synced_a();
            file.write_at(0, &[1; 4 * SECTOR]).unwrap();
            let after = content(&medium.crash(&Chance::seeded(seed)), "a").unwrap();
            after.len() == 4 * SECTOR && after.contains(&0) && after[SECTOR..].contains(&1)
        });
        assert!(torn);
    }

    #[test]
    fn faults_happen_once_and_where_they_were_ordered() {
        let (medium, file) = synced_a();
        medium.fail(Operation::Write, 2, Fault::NoRoom { written: 2 });
        file.write_at(0, b"S").unwrap();
        assert_eq!(file.write_at(6, b"four").unwrap_err().kind(), io::ErrorKind::StorageFull);
        file.write_at(0, b"s").unwrap();
        assert_eq!(content(&medium, "a").unwrap(), b"syncedfo");
        medium.fail(Operation::Sync, 1, Fault::Io);
        assert!(file.sync_data().is_err());
        file.sync_data().unwrap();
        assert_eq!(content(&medium.crash_dropping_all(), "a").unwrap(), b"synced", "a failed sync can't be mended");
    }

    #[test]
    fn what_a_failed_sync_lost_never_arrives_behind_what_came_later() {
        for seed in 0..16 {
            let (medium, file) = synced_a();
            file.write_at(0, b"former").unwrap();
            medium.fail(Operation::Sync, 1, Fault::Io);
            assert!(file.sync_data().is_err());
            file.write_at(0, b"latter").unwrap();
            file.sync_data().unwrap();
            assert_eq!(content(&medium.crash(&Chance::seeded(seed)), "a").unwrap(), b"latter");
        }
    }

    #[test]
    fn the_power_goes_at_a_change() {
        let (medium, file) = synced_a();
        medium.cut_at(2);
        file.write_at(0, b"1").unwrap();
        assert!(file.write_at(0, b"2").is_err());
        assert!(file.write_at(0, b"3").is_err() && medium.list().is_err());
        assert_eq!(content(&medium.kill(), "a").unwrap(), b"2ynced");
    }
}
