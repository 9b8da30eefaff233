//! Whoever is asked about a case: at each stage the rules, then the plugins, each in their order.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::asked::{Asked, Passed, Said};
use super::plugins::{Chain, Failed};
use super::{States, active_plugins};
use crate::address::RoutingAddress;
use crate::base::{MailId, Time};
use crate::case::{Advice, Advised, Brief, Counselled, Draft, Lost, Stage, weigh};
use crate::plugin::Active;
use crate::rules::{Rules, Subject};
use crate::store::{ReadError, Site};

/// As they are now: a message is advised by one version of each.
#[derive(Clone)]
pub struct Advisers {
    pub rules: Arc<Rules>,
    pub plugins: Arc<Vec<Active>>,
    /// Of those that ask plugins at the same time.
    places: Arc<Semaphore>,
}

/// What they are asked about one case.
pub struct Asking {
    pub stages: &'static [Stage],
    pub brief: Brief,
    pub draft: Draft,
    /// What deals shares and gives plugins their chance.
    pub seed: Vec<u8>,
    /// When the message was received.
    pub at: Time,
    /// What plugins have kept before.
    pub states: States,
    /// How long the message waits for plugins.
    pub patience: Duration,
}

/// What they said.
#[derive(Default)]
pub struct Heard {
    pub advice: Vec<Advice>,
    /// The case with all of it.
    pub draft: Draft,
    /// Who was asked, in order.
    pub asked: Vec<Asked>,
    /// Plugins that failed.
    pub failed: Vec<Failed>,
    /// What plugins keep from now on.
    pub states: States,
    /// What is left of the patience.
    pub left: Duration,
}

impl Heard {
    /// What it comes to when `barred` says what can't be followed.
    pub fn come_to(self, barred: impl Fn(&Advised) -> Option<Lost>) -> Counselled {
        let mut all = Counselled::of(self.draft, &weigh(Draft::default(), self.advice, barred));
        all.failed.extend(self.failed.into_iter().map(|failed| format!("{} failed: {}", failed.by, failed.why)));
        all
    }
}

impl Advisers {
    /// # Errors
    /// When the store can't be read.
    pub async fn of(site: &Site) -> Result<Self, ReadError> {
        let (plugins, places) = (active_plugins(site).await?, site.plugins.places.clone());
        Ok(Self { rules: site.rules.in_force(site.now()), plugins, places })
    }

    /// Rules alone, which need no store.
    pub fn rules(rules: Rules) -> Self {
        Self { rules: Arc::new(rules), plugins: Arc::default(), places: Arc::new(Semaphore::new(1)) }
    }

    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.plugins.is_empty()
    }

    /// Those that are asked about the mail of this address.
    pub fn at(&self, address: &RoutingAddress) -> Self {
        let is_asked = |plugin: &&Active| plugin.is_general || address.settings.plugins.contains(&plugin.name);
        if self.plugins.iter().all(|plugin| is_asked(&plugin)) {
            return self.clone();
        }
        let plugins = self.plugins.iter().filter(is_asked).cloned().collect();
        Self { plugins: Arc::new(plugins), ..self.clone() }
    }

    /// These with candidates, each in place of the plugin of its name; behind all others when there is none.
    ///
    /// # Errors
    /// Two of the candidates have the same name.
    pub fn with(&self, candidates: Vec<Active>) -> Result<Self, String> {
        let mut plugins = Vec::clone(&self.plugins);
        let mut names = BTreeSet::new();
        for candidate in candidates {
            if !names.insert(candidate.name.clone()) {
                return Err(format!("{} is named twice; one version of it can be tried at a time", candidate.name));
            }
            match plugins.iter_mut().find(|plugin| plugin.name == candidate.name) {
                Some(plugin) => *plugin = candidate,
                None => plugins.push(candidate),
            }
        }
        Ok(Self { plugins: Arc::new(plugins), ..self.clone() })
    }

    /// True when somebody wants to hear of messages that join a case.
    pub fn hear_of_answers(&self) -> bool {
        self.plugins.iter().any(|plugin| plugin.speaks_at(Stage::FollowUp.into()))
    }

    /// What their plugins keep now.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn states(&self, site: &Site) -> Result<States, ReadError> {
        let plugins: Vec<_> = self.plugins.iter().map(|plugin| (plugin.name.as_str(), plugin.hash.as_str())).collect();
        if plugins.is_empty() { Ok(States::default()) } else { States::read(site, &plugins).await }
    }

    /// What all of them say about this message.
    pub async fn ask(&self, id: MailId, asking: Asking) -> Heard {
        if self.plugins.is_empty() {
            return self.hear(asking);
        }
        let _place = self.places.acquire().await.expect("nobody closes it");
        // Plugins compute on a thread of their own: this one belongs to everybody.
        let (asked, states, left) = (self.clone(), asking.states.clone(), asking.patience);
        let heard = tokio::task::spawn_blocking(move || asked.hear(asking)).await;
        heard.unwrap_or_else(|error| {
            tracing::error!(%id, %error, "a message is decided without advice");
            Heard { states, left, ..Heard::default() }
        })
    }

    /// The same on this thread.
    pub fn hear(&self, asking: Asking) -> Heard {
        let Asking { stages, brief, mut draft, seed, at, states, patience } = asking;
        let rules = &self.rules;
        let mut subject = Subject::of(&brief);
        let mut chain = Chain::new(&self.plugins, &brief, (&seed, at), (states, patience));
        let mut heard = Heard::default();
        for stage in stages.iter().copied() {
            let (mut passed, before) = (Passed::new(stage, rules), heard.asked.len());
            let began = Instant::now();
            heard.advice.extend(rules.advise(
                stage,
                &mut subject,
                &mut draft,
                &seed,
                |(rule, _, holds, _)| match holds {
                    Ok(false) => passed.add(rule),
                    Ok(true) => heard.asked.push(Asked::rule(stage, (rule, rules), Said::Advice)),
                    Err(why) => passed.unclear((rule, rules), why, &mut heard.asked),
                },
            ));
            let told = heard.asked.len() - before;
            heard.asked.extend(passed.told(rules, told));
            // All rules together: reading the clock for each would cost a part of what the rule does.
            if let Some(last) = heard.asked[before..].last_mut() {
                last.took = began.elapsed();
            }
            heard.advice.extend(chain.ask(stage, &mut draft, &mut heard.asked));
        }
        Heard { draft, failed: chain.failed, states: chain.states, left: chain.left, ..heard }
    }
}
