//! What a plugin says of itself, and the settings that follow from it.

use std::collections::BTreeMap;

use super::advice::Stage;
use crate::base::limits;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    pub name: String,
    pub version: String,
    /// One line.
    pub summary: String,
    /// When it wants to be asked.
    pub stages: Vec<Stage>,
    pub settings: Vec<Setting>,
    pub vectors: Vec<Vector>,
}

/// What an administrator can set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub name: String,
    pub default: String,
}

/// A message that the plugin is tried on before it is let near the mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vector {
    pub name: String,
    /// The raw message.
    pub message: Vec<u8>,
    /// The advice that must come, in JSON.
    pub expected: String,
}

impl Description {
    /// The same, each stage once, when it is no larger than what is worth keeping.
    ///
    /// # Errors
    /// What is too large.
    pub fn bounded(mut self) -> Result<Self, String> {
        let mut stages = Vec::new();
        for stage in self.stages {
            if !stages.contains(&stage) {
                stages.push(stage);
            }
        }
        self.stages = stages;
        let within = |what: &str, is: usize, most: usize| match is > most {
            true => Err(format!("it has {is} {what}; {most} are possible")),
            false => Ok(()),
        };
        let (name, text) = (limits::CASE_NAME_BYTES_MAX, limits::PLUGIN_FIELD_BYTES_MAX);
        within("bytes in its version", self.version.len(), name)?;
        within("bytes in its summary", self.summary.len(), text)?;
        within("vectors", self.vectors.len(), limits::PLUGIN_VECTORS_MAX)?;
        within("settings", self.settings.len(), limits::BRIEF_ENTRIES_MAX)?;
        self.settings.iter().try_for_each(|setting| {
            within("bytes in the name of a setting", setting.name.len(), name)?;
            within("bytes in the default of a setting", setting.default.len(), text)
        })?;
        Ok(self)
    }
}

/// All settings that a plugin has: those given, and the defaults of the others.
///
/// # Errors
/// One that it doesn't have.
pub fn settings(
    description: &Description,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, String> {
    let all = settings_in_force(description, given);
    match given.keys().find(|name| !all.contains_key(*name)) {
        Some(unknown) => {
            let known: Vec<&str> = all.keys().map(String::as_str).collect();
            Err(format!("it has no setting {unknown}; it has: {}", known.join(", ")))
        }
        None => Ok(all),
    }
}

/// The same of what was given to another version, too: what this one doesn't have is left aside.
pub fn settings_in_force(description: &Description, given: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let value = |setting: &Setting| given.get(&setting.name).unwrap_or(&setting.default).clone();
    description.settings.iter().map(|setting| (setting.name.clone(), value(setting))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn description(version: usize, settings: usize, default: usize, vectors: usize) -> Description {
        let setting = |n: usize| Setting { name: n.to_string(), default: "x".repeat(default) };
        let vector = |n: usize| Vector { name: n.to_string(), message: Vec::new(), expected: String::new() };
        Description {
            name: "vip".into(),
            version: "1".repeat(version),
            summary: String::new(),
            stages: vec![Stage::Route, Stage::Classify, Stage::Route],
            settings: (0..settings).map(setting).collect(),
            vectors: (0..vectors).map(vector).collect(),
        }
    }

    #[track_caller]
    fn check(description: Description, expected: Result<(), &str>) {
        assert_eq!(description.bounded().map(drop), expected.map_err(str::to_owned));
    }

    #[test]
    fn what_a_plugin_says_of_itself_is_bounded() {
        check(description(100, 100, 4096, 100), Ok(()));
        check(description(101, 1, 1, 1), Err("it has 101 bytes in its version; 100 are possible"));
        check(description(1, 101, 1, 1), Err("it has 101 settings; 100 are possible"));
        check(description(1, 1, 4097, 1), Err("it has 4097 bytes in the default of a setting; 4096 are possible"));
        check(description(1, 1, 1, 101), Err("it has 101 vectors; 100 are possible"));
        assert_eq!(description(1, 1, 1, 1).bounded().unwrap().stages, [Stage::Route, Stage::Classify]);
    }
}
