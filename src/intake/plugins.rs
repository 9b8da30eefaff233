//! Plugins as advisers: asked at each stage behind the rules, in their order, within a time for all of them.
//!
//! A plugin that fails says nothing; that it failed is told on the case, and counted, so that one which fails too often is
//! suspended. What is counted is written apart from the mail: a count that is lost in a crash does no harm.

use std::collections::BTreeMap;
use std::time::Duration;

use super::States;
use super::asked::{Asked, Said};
use crate::base::{MailId, Time, limits};
use crate::case::{Advice, Advised, Brief, Draft, PLUGIN, Stage};
use crate::plugin::{Active, Question};
use crate::routing::PluginState;
use crate::store::{Batch, Site, StoreError, tables};

/// All plugins about one message.
pub struct Chain<'a> {
    pub active: &'a [Active],
    pub brief: &'a Brief,
    /// What their chance comes from.
    pub seed: &'a [u8],
    pub at: Time,
    pub failed: Vec<Failed>,
    /// What they keep, from call to call.
    pub states: States,
    /// How long the message still waits for them.
    pub left: Duration,
}

/// A plugin that failed on this message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    pub stage: Stage,
    /// As it acts in events.
    pub by: String,
    pub version: String,
    pub why: String,
    /// False when those before it left it less time than a call has.
    pub had_time: bool,
}

/// Those that failed on a message, each with the version that was asked.
pub type FailedPlugins = BTreeMap<(String, String), String>;

impl<'a> Chain<'a> {
    pub fn new(
        active: &'a [Active],
        brief: &'a Brief,
        (seed, at): (&'a [u8], Time),
        (states, left): (States, Duration),
    ) -> Self {
        Self { active, brief, seed, at, failed: Vec::new(), states, left }
    }

    /// What they say at one stage; later ones see what earlier ones said. One that failed is not asked again.
    pub fn ask(&mut self, stage: Stage, draft: &mut Draft, asked: &mut Vec<Asked>) -> Vec<Advice> {
        let mut advice = Vec::new();
        for plugin in self.active {
            let by = format!("{PLUGIN}{}", plugin.name);
            if !plugin.speaks_at(stage.into()) || self.failed.iter().any(|failed| failed.by == by) {
                continue;
            }
            let version = plugin.version().to_owned();
            let had_time = self.left >= limits::PLUGIN_TIME_MAX;
            let before = self.left;
            let answer = self.ask_one(plugin, stage, draft);
            let said = match &answer {
                Ok(said) if said.is_empty() => Said::Pass,
                Ok(_) => Said::Advice,
                Err(why) => Said::Failed(why.clone()),
            };
            let took = before.saturating_sub(self.left);
            asked.push(Asked { stage, by: by.clone(), version: version.clone(), said, took });
            match answer {
                Ok(said) => advice.extend(said.into_iter().map(|said| {
                    let what = at(stage, said.what);
                    draft.take(&what);
                    let why = match said.confidence {
                        100 => said.explanation,
                        sure => format!("{} ({sure} % sure)", said.explanation),
                    };
                    Advice { stage, by: by.clone(), version: version.clone(), what, why, line: None }
                })),
                Err(why) => self.failed.push(Failed { stage, by, version, why, had_time }),
            }
        }
        advice
    }

    fn ask_one(&mut self, plugin: &Active, stage: Stage, draft: &Draft) -> Result<Vec<crate::plugin::Advice>, String> {
        if self.left.is_zero() {
            let most = limits::PLUGIN_CHAIN_TIME_MAX.as_millis();
            return Err(format!("it wasn't asked: those before it took the {most} ms that a message waits"));
        }
        let (brief, settings, at, seed) = (self.brief, &plugin.settings, self.at, self.seed);
        let (state, patience) = (self.states.state(&plugin.name), self.left);
        let question = Question { brief, draft, settings, state, at, seed, patience };
        let told = plugin.ready.guest.advise(stage.into(), &question);
        self.left = self.left.saturating_sub(told.took);
        for line in &told.log {
            tracing::debug!(plugin = plugin.name, level = line.level, text = line.text, "a plugin says");
        }
        let answer = told.answer.map_err(|failure| failure.to_string())?;
        self.states.take(&plugin.name, &plugin.hash, told.memory);
        Ok(answer)
    }
}

/// What a suggestion means at this stage: where a case goes stands when it is asked who in its queue should have it.
fn at(stage: Stage, what: Advised) -> Advised {
    match what {
        Advised::Agent(agent) if stage == Stage::Assign => Advised::Prefer(agent),
        what => what,
    }
}

/// Counts that these plugins, each with the version that was asked, failed on a message; those that did so too often are
/// suspended, and asked no more. A message that is planned again counts once.
pub async fn count_failures(site: &Site, id: MailId, failed: &FailedPlugins) {
    for ((by, version), why) in failed {
        let name = by.strip_prefix(PLUGIN).unwrap_or(by);
        if let Err(error) = count_failure(site, id, (name, version, why)).await {
            tracing::warn!(plugin = name, %error, "a failure of a plugin isn't counted");
        }
    }
}

async fn count_failure(site: &Site, id: MailId, (name, version, why): (&str, &str, &str)) -> Result<(), StoreError> {
    let mut tries = site.tries();
    loop {
        let Some(kept) = tables::PLUGINS.get(&*site.engine, name).await? else { return Ok(()) };
        let mut plugin = kept.value.clone();
        // What another version did while it was replaced isn't this one's; one that is asked no more has nothing to lose.
        if plugin.state != PluginState::Active
            || !plugin.current.hash.starts_with(version)
            || !plugin.fail(id, site.now())
        {
            return Ok(());
        }
        plugin.last_failure = Some(why.to_owned());
        let mut batch = Batch::default();
        tables::PLUGINS.replace(&mut batch, name, &kept, &plugin);
        if !tries.commit(batch).await? {
            continue;
        }
        if plugin.state == PluginState::Suspended && kept.value.state == PluginState::Active {
            let failures = limits::PLUGIN_FAILURES_MAX;
            tracing::error!(
                plugin = name,
                failures,
                why,
                until = ?plugin.retry_at,
                "a plugin failed too often and is suspended; postcase plugin enable ends that at once"
            );
            site.plugins.outdated();
        }
        return Ok(());
    }
}
