//! What a plugin says of itself, and the settings that follow from it.

use std::collections::BTreeMap;

use super::advice::Stage;

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
