//! From the plugins in the store to those that are asked.
//!
//! A plugin that can't be loaded is left out, logged, listed as failed and tried again: mail goes on without it. While none is
//! loaded yet mail is taken, and waits for its decision.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::limits;
use crate::net::Stop;
use crate::plugin::{Active, Ready, Resting, settings_in_force, version};
use crate::routing::{Plugin, PluginState, PluginVersion, Scope};
use crate::store::{Batch, Kept, Page, ReadError, Site, tables};

/// Lets what the store says be what runs.
///
/// # Errors
/// When the store can't be read; what ran goes on.
pub async fn refresh_plugins(site: &Site) -> Result<(), ReadError> {
    let _turn = site.plugins.turn.lock().await;
    reload(site, true).await
}

/// The plugins that are asked. Whoever wants to know first loads them: what has nothing to do with mail doesn't wait for that.
///
/// # Errors
/// When the store can't be read.
pub async fn active_plugins(site: &Site) -> Result<Arc<Vec<Active>>, ReadError> {
    if !site.plugins.is_current(site.now()) {
        let _turn = site.plugins.turn.lock().await;
        // Somebody else may have done it.
        if !site.plugins.is_current(site.now()) {
            reload(site, false).await?;
        }
    }
    Ok(site.plugins.active())
}

/// Loads what shall run when the server starts, and tries again what can't be loaded, until all is, or `stop`.
pub async fn load_plugins(site: Arc<Site>, stop: Stop) {
    let load = async {
        let mut pause = limits::PLUGIN_PAUSE_MIN;
        loop {
            match refresh_plugins(&site).await {
                Ok(()) if site.plugins.unusable().is_empty() => return,
                Ok(()) => {}
                Err(error) => tracing::error!(%error, "plugins can't be loaded now"),
            }
            site.clock.sleep(pause).await;
            pause = (pause * 2).min(limits::PLUGIN_PAUSE_MAX);
        }
    };
    tokio::select! {
        () = stop.requested() => {}
        () = load => {}
    }
}

/// In the turn of whoever calls. What couldn't be loaded is tried `again`, which may take long, or is left out.
async fn reload(site: &Site, again: bool) -> Result<(), ReadError> {
    let (plugins, failed) = (&site.plugins, site.plugins.unusable());
    let mut rows: Vec<Plugin> = Vec::new();
    for (_, kept) in tables::PLUGINS.scan(&*site.engine, Page::all()).await? {
        rows.push(resumed(site, kept).await);
    }
    let suspended = rows.iter().filter(|row| row.state == PluginState::Suspended);
    let resumes_at = suspended.filter_map(|row| row.retry_at).min();
    let known: BTreeSet<&str> = rows.iter().flat_map(Plugin::hashes).collect();
    plugins.forget_all_but(&known);
    let mut resting: BTreeMap<String, Resting> = rows.iter().filter_map(at_rest).collect();
    rows.retain(|row| row.state == PluginState::Active);
    rows.sort_by(|one, other| (one.order, &one.name).cmp(&(other.order, &other.name)));
    let (mut active, mut unusable) = (Vec::new(), BTreeMap::new());
    for row in rows {
        let loaded = match failed.get(&row.name) {
            Some(why) if !again => Err(why.clone()),
            _ => load_plugin(site, &row.current).await?,
        };
        match loaded {
            Ok(ready) => {
                let settings = settings_in_force(&ready.description, &row.settings);
                let is_general = row.about == Scope::All;
                active.push(Active { name: row.name, hash: row.current.hash, is_general, settings, ready });
            }
            Err(why) => {
                tracing::error!(plugin = row.name, why, "a plugin can't be loaded; mail goes on without it");
                let (is_missed, told) = (row.about == Scope::All, format!("it can't be loaded: {why}"));
                resting.insert(row.name.clone(), rests(&row, is_missed, told));
                unusable.insert(row.name, why);
            }
        }
    }
    plugins.swap(active, unusable, resting, resumes_at);
    Ok(())
}

/// A plugin that isn't active, by its name. What an administrator has disabled is missed only where it is named.
fn at_rest(plugin: &Plugin) -> Option<(String, Resting)> {
    let (is_missed, why) = match plugin.state {
        PluginState::Active => return None,
        PluginState::Disabled => (false, "it is disabled".to_owned()),
        PluginState::Suspended => {
            let last = plugin.last_failure.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            (plugin.about == Scope::All, format!("it is suspended, because it failed too often{last}"))
        }
    };
    Some((plugin.name.clone(), rests(plugin, is_missed, why)))
}

fn rests(plugin: &Plugin, is_missed: bool, why: String) -> Resting {
    Resting { is_missed, version: Some(version(&plugin.current.hash).to_owned()), why }
}

/// Active again, if it was suspended for long enough. Whoever changes it in the meantime reloads it, too.
async fn resumed(site: &Site, kept: Kept<Plugin>) -> Plugin {
    let mut plugin = kept.value.clone();
    if !plugin.resume(site.now()) {
        return plugin;
    }
    let mut batch = Batch::default();
    tables::PLUGINS.replace(&mut batch, &plugin.name, &kept, &plugin);
    match site.engine.commit(batch).await {
        Ok(()) => {
            tracing::info!(plugin = plugin.name, "a plugin that was suspended is asked again");
            plugin
        }
        Err(error) => {
            tracing::warn!(plugin = plugin.name, %error, "a plugin stays suspended");
            kept.value
        }
    }
}

/// A stored component, or why it can't be used.
///
/// # Errors
/// When the store can't be read.
pub async fn load_plugin(site: &Site, version: &PluginVersion) -> Result<Result<Arc<Ready>, String>, ReadError> {
    let (hash, memory_mib) = (&version.hash, version.memory_mib.unwrap_or(limits::PLUGIN_MEMORY_MIB));
    let is_it = |active: &&Active| active.hash == *hash && active.ready.guest.memory_mib() == memory_mib;
    if let Some(same) = site.plugins.active().iter().find(is_it) {
        return Ok(Ok(same.ready.clone()));
    }
    let Some(stored) = tables::PLUGIN_FILES.get(&*site.engine, hash).await? else {
        return Ok(Err("its component is missing: install it again".into()));
    };
    let Ok(component) = data_encoding::BASE64.decode(stored.value.component.as_bytes()) else {
        return Ok(Err("its component is damaged: install it again".into()));
    };
    let (plugins, hash) = (site.plugins.clone(), hash.clone());
    let prepared = tokio::task::spawn_blocking(move || plugins.prepare(&hash, &component, memory_mib)).await;
    Ok(prepared.unwrap_or_else(|error| Err(error.to_string())).map(Arc::new))
}
