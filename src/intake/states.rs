//! What plugins keep from one message to the next, while one message is decided.
//!
//! The states are read before the first plugin is asked. Each call is given what the one before left; a call that fails leaves
//! nothing. What changed is written in the batch of the decision, over what was read: of two messages that are decided at the
//! same time one conflicts and is planned again with what the other left. Where a plugin has kept something before, messages of one
//! round are asked about one after the other, each with what the one before [left](Left), and recorded together in that order. What
//! a plugin was given when it looked at its state is recorded with the message, so that it can be asked the same again.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use data_encoding::BASE64;

use crate::base::MailId;
use crate::case::{PLUGIN, Step};
use crate::plugin::Memory;
use crate::routing::{PluginInput, PluginMemory};
use crate::store::{Batch, Kept, ReadError, Site, tables};

/// See the module; by the names of plugins.
#[derive(Clone, Debug, Default)]
pub struct States(BTreeMap<String, Held>);

/// What the messages of a round have left that isn't written yet; by the names of plugins.
#[derive(Debug, Default)]
pub struct Left(Mutex<BTreeMap<String, Vec<u8>>>);

#[derive(Clone, Debug)]
struct Held {
    hash: String,
    row: Option<Kept<PluginMemory>>,
    /// True when an earlier message of the round has left it.
    was_left: bool,
    before: Vec<u8>,
    now: Vec<u8>,
    was_read: bool,
}

impl States {
    /// What these plugins, each with the hash of its component, keep now.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn read(site: &Site, plugins: &[(&str, &str)]) -> Result<Self, ReadError> {
        let names = plugins.iter().map(|(name, _)| *name);
        let rows = tables::PLUGIN_MEMORIES.get_many(&*site.engine, names).await?;
        let held = plugins.iter().zip(rows).map(|((name, hash), row)| {
            let state = row.as_ref().map(|row| row.value.state.as_str()).unwrap_or_default();
            ((*name).to_owned(), Held::new(hash, decoded(state), row))
        });
        Ok(Self(held.collect()))
    }

    /// What they had kept when they were asked about this message; what didn't look at its state has none.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn of(site: &Site, id: MailId) -> Result<Self, ReadError> {
        let inputs = tables::PLUGIN_INPUTS.get(&*site.engine, &id).await?.map(|row| row.value).unwrap_or_default();
        let held = inputs.into_iter().map(|input| (input.plugin, Held::new(&input.hash, decoded(&input.state), None)));
        Ok(Self(held.collect()))
    }

    /// True when one of the plugins has kept something.
    pub fn are_kept(&self) -> bool {
        self.0.values().any(|held| held.row.is_some())
    }

    /// Goes on with what earlier messages of the round have left.
    pub fn follow(&mut self, left: &Left) {
        let left = left.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, held) in &mut self.0 {
            if let Some(state) = left.get(name) {
                (held.before, held.now, held.was_left) = (state.clone(), state.clone(), true);
            }
        }
    }

    /// The messages after this one go on with what it leaves.
    pub fn leave(&self, left: &Left) {
        let changed = self.0.iter().filter(|(_, held)| held.is_changed());
        let changed = changed.map(|(name, held)| (name.clone(), held.now.clone()));
        left.0.lock().unwrap_or_else(PoisonError::into_inner).extend(changed);
    }

    /// What a plugin finds when it is asked now.
    pub fn state(&self, plugin: &str) -> &[u8] {
        self.0.get(plugin).map_or(&[], |held| &held.now)
    }

    /// A call has come to its end with this.
    pub fn take(&mut self, plugin: &str, hash: &str, memory: Memory) {
        let held = self.0.entry(plugin.to_owned()).or_insert_with(|| Held::new(hash, Vec::new(), None));
        held.was_read |= memory.read;
        if let Some(kept) = memory.kept {
            held.now = kept;
        }
    }

    /// For the explanation: who looked at its state or changed it.
    pub fn steps(&self) -> impl Iterator<Item = Step> {
        let used = self.0.iter().filter(|(_, held)| held.is_used());
        used.map(|(name, held)| Step {
            stage: "state".into(),
            by: format!("{PLUGIN}{name}"),
            version: held.hash.get(..12).unwrap_or(&held.hash).to_owned(),
            outcome: if held.is_changed() { format!("keeps {}", words(&held.now)) } else { "keeps it".into() },
            why: format!("was given {}", words(&held.before)),
            took_us: 0,
        })
    }

    /// With the decision about this message.
    pub fn write(&self, batch: &mut Batch, id: MailId) {
        let memory = |state: &[u8]| PluginMemory { state: BASE64.encode(state) };
        for (name, held) in self.0.iter().filter(|(_, held)| held.is_changed() || (held.is_used() && held.was_left)) {
            match &held.row {
                _ if held.was_left => tables::PLUGIN_MEMORIES.expect_value(batch, name, &memory(&held.before)),
                Some(row) => tables::PLUGIN_MEMORIES.expect_unchanged(batch, name, row),
                None => tables::PLUGIN_MEMORIES.expect_absent(batch, name),
            }
            if held.is_changed() {
                tables::PLUGIN_MEMORIES.put(batch, name, &memory(&held.now));
            }
        }
        let used = self.0.iter().filter(|(_, held)| held.is_used());
        let inputs: Vec<PluginInput> = used
            .map(|(name, held)| PluginInput {
                plugin: name.clone(),
                hash: held.hash.clone(),
                state: BASE64.encode(&held.before),
            })
            .collect();
        if !inputs.is_empty() {
            tables::PLUGIN_INPUTS.put(batch, &id, &inputs);
        }
    }
}

impl Held {
    fn new(hash: &str, state: Vec<u8>, row: Option<Kept<PluginMemory>>) -> Self {
        Self { hash: hash.to_owned(), row, was_left: false, before: state.clone(), now: state, was_read: false }
    }

    fn is_changed(&self) -> bool {
        self.now != self.before
    }

    fn is_used(&self) -> bool {
        self.was_read || self.is_changed()
    }
}

/// What can't be read is as if it had never been kept.
fn decoded(state: &str) -> Vec<u8> {
    BASE64.decode(state.as_bytes()).unwrap_or_default()
}

fn words(state: &[u8]) -> String {
    match state {
        [] => "nothing".to_owned(),
        [_] => format!("1 byte, {}", &blake3::hash(state).to_hex()[..12]),
        state => format!("{} bytes, {}", state.len(), &blake3::hash(state).to_hex()[..12]),
    }
}
