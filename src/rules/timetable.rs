//! The business hours in force, which conditions, queues and profiles name, as the configuration has them now.
//!
//! Nothing else of a configuration changes while the server runs: what of it would is only named.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::book::Followed;
use crate::base::Hours;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timetable {
    /// By their names.
    pub hours: Arc<BTreeMap<String, Hours>>,
    /// Keys that say something else than when the server was started.
    pub restart: Vec<String>,
}

impl Timetable {
    /// As a server is started.
    pub fn new(hours: BTreeMap<String, Hours>) -> Self {
        Self { hours: Arc::new(hours), restart: Vec::new() }
    }
}

impl Followed for Timetable {
    fn announce(&self, former: &Self, file: &Path) {
        if self.hours != former.hours {
            let names: Vec<&str> = self.hours.keys().map(String::as_str).collect();
            tracing::info!(file = %file.display(), hours = names.join(", "), "these business hours are in force");
        }
        if !self.restart.is_empty() && self.restart != former.restart {
            let keys = self.restart.join(", ");
            tracing::warn!(file = %file.display(), keys, "changed in the configuration, and in force after a restart");
        }
    }

    fn stays(&self) -> &'static str {
        "the configuration is wrong; the former business hours stay"
    }
}
