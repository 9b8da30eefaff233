//! Commands about plugins, as they are sent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::routing::Scope;

/// A command about plugins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "plugin", rename_all = "kebab-case", deny_unknown_fields)]
pub enum PluginCommand {
    /// A new plugin, or a new version of one; its own vectors must come out first.
    Install(Box<PluginRequest>),
    List,
    Show {
        name: String,
    },
    Change {
        name: String,
        change: PluginChange,
    },
    /// What a plugin advises on a message; changes nothing.
    Test {
        name: String,
        /// What the message is called in the answer.
        file: String,
        /// Base64 (RFC 4648 §4).
        message: String,
    },
    /// The current version of a plugin, or one that can be had back, as a [`PluginRequest`].
    Version {
        name: String,
        /// As the plugin calls it, or the beginning of its hash.
        version: String,
    },
}

/// What is to become of a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum PluginChange {
    /// Also one that was suspended.
    Enable,
    Disable,
    /// The version before.
    Rollback,
    /// With all its versions.
    Remove,
    /// What isn't named stays.
    Set {
        #[serde(default)]
        settings: BTreeMap<String, String>,
        order: Option<u32>,
        /// Whose mail it is asked about.
        #[serde(default)]
        about: Option<Scope>,
    },
}

/// A plugin to be installed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginRequest {
    /// The component in base64 (RFC 4648 §4).
    pub component: String,
    /// What it calls itself unless said.
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub disabled: bool,
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// Memory of one call.
    #[serde(default)]
    pub memory_mib: Option<u32>,
    /// Left as it was, or about all mail, unless said.
    #[serde(default)]
    pub about: Option<Scope>,
}
