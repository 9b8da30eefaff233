//! Commands about plugins.
//!
//! A plugin that was installed is in the store, with its component, before it runs; what runs follows the store. Installing
//! compiles it in a child process and runs its own vectors: a plugin that fails them never was there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::command::{PluginChange, PluginCommand, PluginRequest};
use super::{Answer, Desk, Outcome, Refusal};
use crate::base::{Mailbox, Time, limits};
use crate::case::{Brief, Draft};
use crate::intake::{active_plugins, load_plugin, refresh_plugins, saved_fields};
use crate::message;
use crate::plugin::{Question, Ready, check_vectors, settings, settings_in_force};
use crate::routing::{Plugin, PluginFile, PluginState, PluginVersion, Scope, is_queue_name};
use crate::store::{Batch, Kept, Page, tables};

/// Between the orders of two plugins, so that others can be put there.
const ORDER_STEP: u32 = 10;

impl Desk {
    pub(super) async fn plugin_command(&self, command: PluginCommand) -> Answer {
        match command {
            PluginCommand::Install(request) => self.plugin_install(*request).await,
            PluginCommand::List => self.plugin_list().await,
            PluginCommand::Show { name } => self.plugin_show(&name).await,
            PluginCommand::Change { name, change } => self.plugin_change(&name, change).await,
            PluginCommand::Test { name, file, message } => self.plugin_test(&name, &file, &message).await,
            PluginCommand::Version { name, version } => self.plugin_version(&name, &version).await,
        }
    }

    async fn plugin_install(&self, request: PluginRequest) -> Answer {
        let component = component(&request)?;
        request.name.as_deref().map(named).transpose()?;
        let memory_mib = request.memory_mib;
        let hash = blake3::hash(&component).to_hex().to_string();
        let description = self.tried(&hash, component, &request).await?.description.clone();
        let name = request.name.unwrap_or(description.name);
        named(&name)?;
        let version = PluginVersion { version: description.version, hash, installed_at: self.site.now(), memory_mib };
        let file = PluginFile { component: request.component };
        let state = if request.disabled { PluginState::Disabled } else { PluginState::Active };
        let mut tries = self.site.tries();
        loop {
            let rows = self.plugins_stored().await?;
            let stored = rows.iter().find(|row| row.value.name == name);
            let mut batch = Batch::default();
            let plugin = match stored {
                Some(kept) => {
                    let mut plugin = Plugin { state, ..kept.value.clone() };
                    plugin.replace(version.clone());
                    plugin.settings.extend(request.settings.clone());
                    plugin.about = request.about.unwrap_or(plugin.about);
                    tables::PLUGINS.replace(&mut batch, &name, kept, &plugin);
                    plugin
                }
                None => {
                    let last = rows.iter().map(|row| row.value.order).max().unwrap_or(0);
                    let order = last.saturating_add(ORDER_STEP);
                    let (settings, about) = (request.settings.clone(), request.about.unwrap_or_default());
                    let plugin = Plugin { settings, about, ..Plugin::new(&name, order, state, version.clone()) };
                    tables::PLUGINS.insert(&mut batch, &name, &plugin);
                    plugin
                }
            };
            tables::PLUGIN_FILES.put(&mut batch, &version.hash, &file);
            drop_files(&mut batch, &rows, &name, Some(&plugin));
            if tries.commit(batch).await? {
                return self.plugin_answer(&plugin).await;
            }
        }
    }

    /// Compiled, asked what it is, and right about its own vectors.
    async fn tried(&self, hash: &str, component: Vec<u8>, request: &PluginRequest) -> Result<Arc<Ready>, Refusal> {
        let (plugins, hash, given) = (self.site.plugins.clone(), hash.to_owned(), request.settings.clone());
        let memory_mib = request.memory_mib.unwrap_or(limits::PLUGIN_MEMORY_MIB);
        let tried = tokio::task::spawn_blocking(move || {
            let ready = plugins.prepare(&hash, &component, memory_mib)?;
            settings(&ready.description, &given)?;
            check_vectors(&ready.guest, &ready.description, brief).map_err(|mismatch| mismatch.to_string())?;
            Ok(Arc::new(ready))
        });
        let tried = tried.await.unwrap_or_else(|error| Err(error.to_string()));
        tried.map_err(|why: String| Refusal::refused(format!("not installed: {why}")))
    }

    async fn plugin_list(&self) -> Answer {
        active_plugins(&self.site).await?;
        let mut rows = self.plugins_stored().await?;
        rows.sort_by_key(|row| row.value.order);
        Ok(Outcome::Json(rows.iter().map(|row| self.plugin_shown(&row.value)).collect()))
    }

    /// One plugin, and the addresses that name it.
    async fn plugin_show(&self, name: &str) -> Answer {
        active_plugins(&self.site).await?;
        let mut shown = self.plugin_shown(&self.plugin(name).await?.value);
        shown["addresses"] = json!(self.naming(name).await?);
        Ok(Outcome::Json(shown))
    }

    /// The addresses that name a plugin.
    async fn naming(&self, plugin: &str) -> Result<Vec<Mailbox>, Refusal> {
        let rows = tables::ADDRESSES.scan(&*self.site.engine, Page::all()).await?;
        let addresses = rows.into_iter().map(|(_, kept)| kept.value);
        let naming = addresses.filter(|address| address.settings.plugins.contains(plugin));
        Ok(naming.map(|address| address.address).collect())
    }

    async fn plugin_change(&self, name: &str, change: PluginChange) -> Answer {
        match change {
            PluginChange::Enable => self.plugin_enable(name, true).await,
            PluginChange::Disable => self.plugin_enable(name, false).await,
            PluginChange::Rollback => self.plugin_rollback(name).await,
            PluginChange::Remove => self.plugin_remove(name).await,
            PluginChange::Set { settings, order, about } => self.plugin_set(name, settings, (order, about)).await,
        }
    }

    async fn plugin_enable(&self, name: &str, enabled: bool) -> Answer {
        self.plugin_changed(name, |plugin| {
            plugin.state = if enabled { PluginState::Active } else { PluginState::Disabled };
            plugin.forgive();
            Ok(())
        })
        .await
    }

    async fn plugin_rollback(&self, name: &str) -> Answer {
        self.plugin_changed(name, |plugin| match plugin.roll_back() {
            true => Ok(()),
            false => Err(Refusal::refused(format!(
                "{name} has no version before this one; to take it out: postcase plugin disable {name}"
            ))),
        })
        .await
    }

    async fn plugin_set(
        &self,
        name: &str,
        given: BTreeMap<String, String>,
        (order, about): (Option<u32>, Option<Scope>),
    ) -> Answer {
        let kept = self.plugin(name).await?;
        let ready = load_plugin(&self.site, &kept.value.current).await?.map_err(Refusal::refused)?;
        settings(&ready.description, &given).map_err(|why| Refusal::refused(format!("{name}: {why}")))?;
        self.plugin_changed(name, |plugin| {
            plugin.settings.extend(given.clone());
            plugin.order = order.unwrap_or(plugin.order);
            plugin.about = about.unwrap_or(plugin.about);
            Ok(())
        })
        .await
    }

    async fn plugin_remove(&self, name: &str) -> Answer {
        let mut tries = self.site.tries();
        loop {
            let kept = self.plugin(name).await?;
            let rows = self.plugins_stored().await?;
            let mut batch = Batch::default();
            tables::PLUGINS.expect_unchanged(&mut batch, name, &kept);
            tables::PLUGINS.delete(&mut batch, name);
            tables::PLUGIN_MEMORIES.delete(&mut batch, name);
            drop_files(&mut batch, &rows, name, None);
            if tries.commit(batch).await? {
                refresh_plugins(&self.site).await?;
                let named_by = self.naming(name).await?;
                return Ok(Outcome::Json(json!({"name": name, "removed": true, "named_by": named_by})));
            }
        }
    }

    /// At each stage that the plugin speaks at; a failure is part of the answer.
    async fn plugin_test(&self, name: &str, file: &str, message: &str) -> Answer {
        let raw = BASE64.decode(message.as_bytes()).map_err(|_| Refusal::refused("the message is not in base64"))?;
        let kept = self.plugin(name).await?;
        let ready = load_plugin(&self.site, &kept.value.current).await?.map_err(Refusal::refused)?;
        let all = settings_in_force(&ready.description, &kept.value.settings);
        let memory = tables::PLUGIN_MEMORIES.get(&*self.site.engine, name).await?;
        let state = memory.and_then(|memory| BASE64.decode(memory.value.state.as_bytes()).ok()).unwrap_or_default();
        let now = self.site.now();
        let advised = tokio::task::spawn_blocking(move || advised(&ready, &brief(&raw), (&all, state), now));
        let mut row = advised.await.map_err(|error| Refusal::failed(error.to_string()))?;
        row["file"] = file.into();
        Ok(Outcome::Json(row))
    }

    /// What would install a version as it is, with what it has of the settings.
    async fn plugin_version(&self, name: &str, version: &str) -> Answer {
        let rows = self.plugins_stored().await?;
        let plugin = rows.iter().map(|row| &row.value).find(|plugin| plugin.name == name).ok_or_else(|| {
            let all: Vec<&str> = rows.iter().map(|row| &*row.value.name).collect();
            let all = if all.is_empty() { "none is installed".into() } else { format!("there is {}", all.join(", ")) };
            Refusal::not_found(format!("there is no plugin {name}; {all}"))
        })?;
        let kept = plugin.version(version).map_err(Refusal::not_found)?;
        let file = tables::PLUGIN_FILES.get(&*self.site.engine, &kept.hash).await?;
        let missing = || Refusal::refused(format!("the component of {name} {version} is missing: install it again"));
        let component = file.ok_or_else(missing)?.value.component;
        let ready = load_plugin(&self.site, kept).await?;
        let settings = settings_in_force(&ready.map_err(Refusal::refused)?.description, &plugin.settings);
        let (name, about, memory_mib) = (Some(plugin.name.clone()), Some(plugin.about), kept.memory_mib);
        Ok(Outcome::Json(json!(PluginRequest { component, name, disabled: false, settings, memory_mib, about })))
    }

    pub(super) async fn plugin(&self, name: &str) -> Result<Kept<Plugin>, Refusal> {
        let kept = tables::PLUGINS.get(&*self.site.engine, name).await?;
        kept.ok_or_else(|| {
            Refusal::not_found(format!("there is no plugin {name}; postcase plugin list shows those that there are"))
        })
    }

    pub(super) async fn plugins_stored(&self) -> Result<Vec<Kept<Plugin>>, Refusal> {
        let rows = tables::PLUGINS.scan(&*self.site.engine, Page::all()).await?;
        Ok(rows.into_iter().map(|(_, kept)| kept).collect())
    }

    async fn plugin_changed(&self, name: &str, change: impl Fn(&mut Plugin) -> Result<(), Refusal>) -> Answer {
        let mut tries = self.site.tries();
        loop {
            let kept = self.plugin(name).await?;
            let mut plugin = kept.value.clone();
            change(&mut plugin)?;
            let mut batch = Batch::default();
            tables::PLUGINS.replace(&mut batch, name, &kept, &plugin);
            if tries.commit(batch).await? {
                return self.plugin_answer(&plugin).await;
            }
        }
    }

    async fn plugin_answer(&self, plugin: &Plugin) -> Answer {
        refresh_plugins(&self.site).await?;
        Ok(Outcome::Json(self.plugin_shown(plugin)))
    }

    /// As it is stored, and `failed` when it should be active and can't be loaded.
    fn plugin_shown(&self, plugin: &Plugin) -> Value {
        let mut shown = json!(plugin);
        if let Some(row) = shown.as_object_mut() {
            row.remove("failed_at");
            row.remove("failed_on");
            row.remove("suspensions");
            row.remove("retry_at");
        }
        if let (PluginState::Suspended, Some(at)) = (plugin.state, plugin.retry_at) {
            shown["retry_at"] = json!(at);
            let name = &plugin.name;
            let last = plugin.last_failure.as_ref().map(|why| format!(", the last time: {why}")).unwrap_or_default();
            let next = format!("asked again at {at}, at once with: plugin enable {name}");
            shown["why"] = format!("failed too often{last}; {next}").into();
        }
        if let Some(why) = self.site.plugins.unusable().get(&plugin.name) {
            shown["state"] = "failed".into();
            shown["why"] = why.as_str().into();
        }
        shown
    }
}

/// The component of a request that can be followed.
pub(super) fn component(request: &PluginRequest) -> Result<Vec<u8>, Refusal> {
    let component = BASE64.decode(request.component.as_bytes());
    let component = component.map_err(|_| Refusal::refused("the component is not in base64"))?;
    if component.len() > limits::PLUGIN_FILE_BYTES_MAX {
        let most = limits::PLUGIN_FILE_BYTES_MAX >> 20;
        return Err(Refusal::refused(format!("the component has more than {most} MiB; make it smaller")));
    }
    if request.memory_mib.is_some_and(|mib| !(1..=limits::PLUGIN_MEMORY_MIB_MAX).contains(&mib)) {
        let most = limits::PLUGIN_MEMORY_MIB_MAX;
        return Err(Refusal::refused(format!("a call of a plugin may have 1 to {most} MiB of memory")));
    }
    Ok(component)
}

fn named(name: &str) -> Result<(), Refusal> {
    let why = "a plugin's name is made of letters, digits, '-', '_' and '.', at most 64 of them; give one with --name";
    if is_queue_name(name) { Ok(()) } else { Err(Refusal::refused(why)) }
}

/// Deletes components that nobody has once the plugin `name` is as it is `now`.
fn drop_files(batch: &mut Batch, rows: &[Kept<Plugin>], name: &str, now: Option<&Plugin>) {
    let (own, others): (Vec<_>, Vec<_>) = rows.iter().map(|row| &row.value).partition(|row| row.name == name);
    let used: BTreeSet<&str> = others.into_iter().chain(now).flat_map(Plugin::hashes).collect();
    for unused in own.into_iter().flat_map(Plugin::hashes).filter(|hash| !used.contains(hash)) {
        tables::PLUGIN_FILES.delete(batch, unused);
    }
}

fn brief(raw: &[u8]) -> Brief {
    Brief::of(message::read(raw), saved_fields(raw), None, None)
}

fn advised(
    ready: &Ready,
    brief: &Brief,
    (settings, mut state): (&BTreeMap<String, String>, Vec<u8>),
    at: Time,
) -> Value {
    let (mut advice, mut log, mut error) = (Vec::new(), Vec::new(), None);
    let (mut fuel, mut took_us) = (0, 0);
    let draft = Draft::default();
    let patience = limits::PLUGIN_TIME_MAX;
    for stage in ready.description.stages.iter().copied() {
        let question = Question { brief, draft: &draft, settings, state: &state, at, seed: b"test", patience };
        let told = ready.guest.advise(stage, &question);
        fuel += told.fuel;
        took_us += u64::try_from(told.took.as_micros()).unwrap_or(u64::MAX);
        log.extend(told.log);
        state = told.memory.kept.unwrap_or(state);
        match told.answer {
            Ok(said) => advice.extend(said.iter().map(|said| {
                let mut said = json!(said);
                said["stage"] = json!(stage);
                said
            })),
            Err(failure) => {
                error = Some(failure.to_string());
                break;
            }
        }
    }
    json!({"file": "", "advice": advice, "took_us": took_us, "fuel": fuel, "error": error, "log": log})
}
