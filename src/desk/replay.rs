//! What other rules, or other plugins, would make of the mail that is stored: nothing is changed by it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::command::PluginRequest;
use super::plugin::component;
use super::{Answer, Desk, Outcome, Refusal};
use crate::base::{Time, limits};
use crate::case::{Counselled, Difference};
use crate::intake::{Advisers, Replayed, replayed};
use crate::message::Facts;
use crate::plugin::{Active, Catalogue, settings, settings_in_force};
use crate::routing::{Plugin, Scope};
use crate::store::{Page, tables};

/// Messages read at a time.
const PAGE: usize = 256;

impl Desk {
    /// The messages that began a case, or that an adviser holds, oldest first: what the advisers of now and the candidates
    /// say, where that differs. `rules` are the text of the file of that name. A contact counts as known if it was when
    /// the message came. Queues are as the decision saw them, and named where it didn't look and that matters.
    pub(super) async fn replay(
        &self,
        (file, rules): (Option<String>, Option<String>),
        plugins: Vec<PluginRequest>,
        since: Option<Time>,
    ) -> Answer {
        let site = &*self.site;
        let now = Advisers::of(site).await?;
        let mut candidates = now.clone();
        if let Some(text) = rules {
            let file = file.unwrap_or_default();
            candidates.rules = Arc::new(site.rules.read(Path::new(&file), &text).map_err(Refusal::refused)?);
        }
        let mut tried = Vec::new();
        for request in plugins {
            tried.push(self.candidate(request).await?);
        }
        candidates = candidates.with(tried).map_err(Refusal::refused)?;
        let (mut messages, mut changed) = (0_u64, Changed::default());
        let mut assumed_empty = BTreeSet::new();
        let mut page = Page::first(&[], PAGE);
        loop {
            let mails = tables::MAILS.scan(&*site.engine, page.clone()).await?;
            let Some((last, _)) = mails.last() else { break };
            page.beyond = Some(last.clone());
            let mails = mails.iter().map(|(_, kept)| &kept.value);
            for mail in mails.filter(|mail| since.is_none_or(|since| mail.envelope.received_at >= since)) {
                let Some(replayed) = replayed(site, mail, [&now, &candidates]).await? else { continue };
                let Replayed { before, after, assumed_empty: assumed } = replayed;
                messages += 1;
                assumed_empty.extend(assumed);
                let difference = difference((&json!(mail.id), &mail.facts), (&before, &after));
                difference.into_iter().for_each(|row| changed.add(row));
            }
        }
        let mut told = json!({"messages": messages, "changed": changed.rows});
        if changed.left_off > 0 {
            told["left_off"] = changed.left_off.into();
        }
        if !assumed_empty.is_empty() {
            told["assumed_empty"] = json!(assumed_empty);
        }
        Ok(Outcome::Json(told))
    }

    /// With the settings of the plugin that goes by its name here.
    async fn candidate(&self, request: PluginRequest) -> Result<Active, Refusal> {
        let installed: Vec<_> = self.plugins_stored().await?.into_iter().map(|row| row.value).collect();
        let catalogue = self.site.plugins.clone();
        let compiled = tokio::task::spawn_blocking(move || candidate(&catalogue, request, &installed));
        compiled.await.map_err(|error| Refusal::failed(error.to_string()))?
    }
}

/// What is different about a message that is called so; none when nothing is.
pub fn difference((id, facts): (&Value, &Facts), (before, after): (&Counselled, &Counselled)) -> Option<Value> {
    let changes = before.differences(after);
    let why = Difference::line(&changes);
    (!changes.is_empty()).then(|| {
        json!({"id": id, "message_id": facts.message_id, "subject": facts.subject, "before": before, "after": after,
            "changes": changes, "why": why})
    })
}

/// The decisions that change, oldest first; of more than an answer has room for only how many.
#[derive(Default)]
struct Changed {
    rows: Vec<Value>,
    bytes: usize,
    left_off: u64,
}

impl Changed {
    fn add(&mut self, row: Value) {
        self.bytes += row.to_string().len();
        match self.bytes <= limits::REPLAY_BYTES_MAX {
            true => self.rows.push(row),
            false => self.left_off += 1,
        }
    }
}

/// A plugin that is only tried; what isn't said is as with the one of `installed` that has its name. Blocks.
///
/// # Errors
/// Why it is none.
pub fn candidate(catalogue: &Catalogue, request: PluginRequest, installed: &[Plugin]) -> Result<Active, Refusal> {
    let component = component(&request)?;
    let memory_mib = request.memory_mib.unwrap_or(limits::PLUGIN_MEMORY_MIB);
    let hash = blake3::hash(&component).to_hex().to_string();
    let ready = catalogue.candidate(&hash, &component, memory_mib).and_then(|ready| {
        settings(&ready.description, &request.settings)?;
        Ok(ready)
    });
    let ready = ready.map_err(|why| Refusal::refused(format!("this plugin can't be tried: {why}")))?;
    let name = request.name.unwrap_or_else(|| ready.description.name.clone());
    let own = installed.iter().find(|plugin| plugin.name == name);
    let mut given = own.map(|plugin| plugin.settings.clone()).unwrap_or_default();
    given.extend(request.settings);
    let settings = settings_in_force(&ready.description, &given);
    let is_general = request.about.or(own.map(|plugin| plugin.about)).unwrap_or_default() == Scope::All;
    Ok(Active { name, hash, is_general, settings, ready: Arc::new(ready) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_has_no_room_for_is_counted() {
        let mut changed = Changed::default();
        let row = json!("x".repeat(limits::REPLAY_BYTES_MAX / 3));
        (0..5).for_each(|_| changed.add(row.clone()));
        assert_eq!((changed.rows.len(), changed.left_off), (2, 3));
    }
}
