//! Plugins as they are registered: which version runs, in which order, with which settings, and which were there before.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::time::later;
use crate::base::{MailId, Time, limits};

/// A registered plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plugin {
    pub name: String,
    /// Lower ones are asked first.
    pub order: u32,
    pub state: PluginState,
    #[serde(flatten)]
    pub current: PluginVersion,
    /// Those before it, the newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<PluginVersion>,
    /// As they were given; its own defaults hold for the others.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
    /// Whose mail it is asked about.
    #[serde(default, skip_serializing_if = "Scope::is_all")]
    pub about: Scope,
    /// Since it was installed or enabled.
    #[serde(default)]
    pub failures: u64,
    /// Why it failed the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<String>,
    /// When the latest of them were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_at: Vec<Time>,
    /// The latest messages that it failed on: each counts once, however often it is planned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_on: Vec<MailId>,
    /// When it is asked again, of one that is suspended; of others, when it was last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Time>,
    /// How often it was suspended without doing well for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspensions: Option<u32>,
}

/// One component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginVersion {
    /// What the plugin calls it.
    pub version: String,
    /// BLAKE3 of the component, in hexadecimal.
    pub hash: String,
    pub installed_at: Time,
    /// What one call may have; none: [`limits::PLUGIN_MEMORY_MIB`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PluginState {
    /// It is asked.
    Active,
    /// An administrator doesn't want it.
    Disabled,
    /// It failed too often.
    Suspended,
}

/// Whose mail a plugin is asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    #[default]
    All,
    /// That of the addresses which name it.
    Named,
}

impl Scope {
    fn is_all(&self) -> bool {
        *self == Self::All
    }
}

/// A component as it is stored, under its hash.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PluginFile {
    /// Base64 (RFC 4648 §4).
    pub component: String,
}

/// What a plugin keeps from one message to the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginMemory {
    /// Base64 (RFC 4648 §4).
    pub state: String,
}

/// What a plugin had kept when it was asked about a message: with this, and the same component, it says the same again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginInput {
    pub plugin: String,
    /// BLAKE3 of the component that was asked.
    pub hash: String,
    /// Base64 (RFC 4648 §4).
    pub state: String,
}

impl Plugin {
    pub fn new(name: &str, order: u32, state: PluginState, current: PluginVersion) -> Self {
        let (earlier, settings, about, failures) = Default::default();
        let (last_failure, failed_at, failed_on, retry_at, suspensions) = Default::default();
        Self {
            name: name.into(),
            order,
            state,
            current,
            earlier,
            settings,
            about,
            failures,
            last_failure,
            failed_at,
            failed_on,
            retry_at,
            suspensions,
        }
    }

    /// Another version takes the place of the current one, which can be had back.
    pub fn replace(&mut self, version: PluginVersion) {
        self.earlier.retain(|earlier| earlier.hash != version.hash);
        let former = std::mem::replace(&mut self.current, version);
        if former.hash != self.current.hash {
            self.earlier.insert(0, former);
        }
        self.earlier.truncate(limits::PLUGIN_VERSIONS_KEPT);
        self.forgive();
    }

    /// The version before takes its place again; done again and again, each has its turn. False when there is none.
    pub fn roll_back(&mut self) -> bool {
        if self.earlier.is_empty() {
            return false;
        }
        let former = self.earlier.remove(0);
        self.earlier.push(std::mem::replace(&mut self.current, former));
        self.forgive();
        true
    }

    /// Its failures count no more.
    pub fn forgive(&mut self) {
        self.failures = 0;
        self.last_failure = None;
        self.failed_at.clear();
        self.failed_on.clear();
        (self.retry_at, self.suspensions) = (None, None);
    }

    /// It failed on this message; after too many failures within a while it is suspended. False when that was counted before.
    pub fn fail(&mut self, on: MailId, now: Time) -> bool {
        if self.failed_on.contains(&on) {
            return false;
        }
        self.failed_on.truncate(limits::PLUGIN_FAILED_ON_KEPT - 1);
        self.failed_on.insert(0, on);
        self.failures += 1;
        self.failed_at.retain(|at| later(*at, limits::PLUGIN_FAILURES_WITHIN) > now);
        self.failed_at.push(now);
        if self.state == PluginState::Active && self.failed_at.len() >= limits::PLUGIN_FAILURES_MAX {
            self.suspend(now);
        }
        true
    }

    /// For twice as long as the last time, unless it did well since.
    fn suspend(&mut self, now: Time) {
        let did_well = self.retry_at.is_none_or(|at| later(at, limits::PLUGIN_PAUSE_MAX) <= now);
        let before = self.suspensions.filter(|_| !did_well).unwrap_or(0);
        let doubled = 1_u32.checked_shl(before).unwrap_or(u32::MAX);
        let pause = limits::PLUGIN_PAUSE_MIN.saturating_mul(doubled).min(limits::PLUGIN_PAUSE_MAX);
        self.state = PluginState::Suspended;
        self.suspensions = Some(before.saturating_add(1));
        self.retry_at = Some(later(now, pause));
    }

    /// Lets it be asked again when it was suspended for long enough; false when it wasn't.
    pub fn resume(&mut self, now: Time) -> bool {
        let is_over = self.state == PluginState::Suspended && self.retry_at.is_none_or(|at| at <= now);
        if is_over {
            self.state = PluginState::Active;
            self.failed_at.clear();
        }
        is_over
    }

    /// The current version, and those that can be had back.
    pub fn versions(&self) -> impl Iterator<Item = &PluginVersion> {
        std::iter::once(&self.current).chain(&self.earlier)
    }

    /// Hashes of all its versions.
    pub fn hashes(&self) -> impl Iterator<Item = &str> {
        self.versions().map(|version| version.hash.as_str())
    }

    /// The one version that it calls so, or whose hash begins so.
    ///
    /// # Errors
    /// Which there are, when that is none or several.
    pub fn version(&self, called: &str) -> Result<&PluginVersion, String> {
        let is_called = |version: &&PluginVersion| version.version == called;
        let begins = |version: &&PluginVersion| !called.is_empty() && version.hash.starts_with(called);
        let by_hash = || self.versions().filter(begins).collect();
        let found: Vec<_> = self.versions().filter(is_called).collect();
        let found = if found.is_empty() { by_hash() } else { found };
        match found[..] {
            [version] => Ok(version),
            [] => Err(format!("{} has no version {called}; it has {}", self.name, told(self.versions()))),
            _ => {
                let several = told(found.into_iter());
                Err(format!("{} has several versions {called}: {several}; name one by its hash", self.name))
            }
        }
    }
}

/// Versions with the beginning of their hash.
fn told<'a>(versions: impl Iterator<Item = &'a PluginVersion>) -> String {
    let told =
        |version: &PluginVersion| format!("{} ({})", version.version, version.hash.get(..12).unwrap_or(&version.hash));
    versions.map(told).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn version(name: &str) -> PluginVersion {
        PluginVersion { version: name.into(), hash: name.into(), installed_at: Time::UNIX_EPOCH, memory_mib: None }
    }

    fn mail(index: u32) -> MailId {
        MailId { incarnation: 1, segment: 1, index }
    }

    fn plugin() -> Plugin {
        Plugin::new("vip", 10, PluginState::Active, version("1"))
    }

    #[test]
    fn the_last_three_can_be_had_back() {
        let mut plugin = plugin();
        assert!(!plugin.roll_back());
        for next in ["2", "3", "4", "5", "5"] {
            plugin.replace(version(next));
        }
        assert_eq!(plugin.hashes().collect::<Vec<_>>(), ["5", "4", "3", "2"]);
        assert!(plugin.roll_back());
        assert_eq!(plugin.hashes().collect::<Vec<_>>(), ["4", "3", "2", "5"]);
        plugin.replace(version("2"));
        assert_eq!(plugin.hashes().collect::<Vec<_>>(), ["2", "4", "3", "5"]);
    }

    #[test]
    fn a_version_is_found_by_what_it_is_called() {
        let mut plugin = plugin();
        for (name, hash) in [("2", "abc1"), ("2", "abd2"), ("abc", "123")] {
            plugin.replace(PluginVersion { version: name.into(), ..version(hash) });
        }
        let check = |called: &str, expected: Result<&str, &str>| {
            let found = plugin.version(called);
            assert_eq!(found.map(|version| &*version.hash), expected.map_err(str::to_owned), "{called}");
        };
        check("1", Ok("1"));
        check("12", Ok("123"));
        check("abc", Ok("123"));
        check("abd", Ok("abd2"));
        check("2", Err("vip has several versions 2: 2 (abd2), 2 (abc1); name one by its hash"));
        check("ab", Err("vip has several versions ab: 2 (abd2), 2 (abc1); name one by its hash"));
        check("3", Err("vip has no version 3; it has abc (123), 2 (abd2), 2 (abc1), 1 (1)"));
        check("", Err("vip has no version ; it has abc (123), 2 (abd2), 2 (abc1), 1 (1)"));
    }

    #[test]
    fn too_many_failures_at_a_time_suspend_it() {
        let at = |seconds| later(Time::UNIX_EPOCH, Duration::from_secs(seconds));
        let check = |times: &[u64], expected: PluginState| {
            let mut plugin = plugin();
            (1..).zip(times).for_each(|(n, seconds)| assert!(plugin.fail(mail(n), at(*seconds))));
            assert_eq!((plugin.state, plugin.failures), (expected, times.len() as u64), "{times:?}");
        };
        check(&[0, 1, 2, 3], PluginState::Active);
        check(&[0, 1, 2, 3, 4], PluginState::Suspended);
        check(&[0, 1, 2, 3, 60], PluginState::Active);
        check(&[0, 20, 40, 60, 80, 100, 120], PluginState::Active);
    }

    #[test]
    fn a_pause_doubles_until_it_does_well_for_an_hour() {
        let at = |seconds| later(Time::UNIX_EPOCH, Duration::from_secs(seconds));
        let mut plugin = plugin();
        let mut now = 0;
        for expected in [60, 120, 240, 480, 960, 1920, 3600, 3600] {
            (0..5).for_each(|n| assert!(plugin.fail(mail(now as u32 * 8 + n), at(now))));
            assert_eq!((plugin.state, plugin.retry_at), (PluginState::Suspended, Some(at(now + expected))));
            assert!(!plugin.resume(at(now + expected - 1)) && plugin.resume(at(now + expected)));
            now += expected;
        }
        assert_eq!(plugin.state, PluginState::Active);
        (0..5).for_each(|n| assert!(plugin.fail(mail(u32::MAX - n), at(now + 3600))));
        assert_eq!(plugin.retry_at, Some(at(now + 3660)));
        plugin.forgive();
        assert!(plugin.resume(at(0)), "of an older version nobody knows since when");
    }

    #[test]
    fn a_disabled_one_stays_so() {
        let mut plugin = Plugin { state: PluginState::Disabled, ..plugin() };
        (0..9).for_each(|n| assert!(plugin.fail(mail(n), Time::UNIX_EPOCH)));
        assert_eq!(plugin.state, PluginState::Disabled);
    }

    #[test]
    fn a_message_counts_once_for_a_version() {
        let mut plugin = plugin();
        let fail = |plugin: &mut Plugin, n| plugin.fail(mail(n), Time::UNIX_EPOCH);
        assert_eq!([1, 2, 1, 2, 1].map(|n| fail(&mut plugin, n)), [true, true, false, false, false]);
        assert_eq!((plugin.failures, plugin.state), (2, PluginState::Active));
        plugin.replace(version("2"));
        assert!(fail(&mut plugin, 1));
        let many = u32::try_from(limits::PLUGIN_FAILED_ON_KEPT).unwrap();
        (2..2 + many).for_each(|n| assert!(fail(&mut plugin, n)));
        assert_eq!((plugin.failed_on.len(), plugin.failed_on[0]), (limits::PLUGIN_FAILED_ON_KEPT, mail(1 + many)));
    }
}
