//! The configuration: a TOML file becomes checked [`Settings`], and each value knows where it came from.
//!
//! The keys are one list ([`keys::KEYS`]); reading, showing, the nearest key to a mistyped one and the test that the
//! shipped file names them all are made from it. Every mistake of a file is reported, not only the first. A file with a
//! mistake gives no settings at all: a server that runs on half of what was meant is worse than one that doesn't start.
//! A relative `data_dir` is relative to the working directory; the files of a smarthost and the rules to the folder of the file.

pub mod addresses;
mod followed;
mod hours;
mod keys;
mod mistake;
mod read;
pub mod rules;
mod value;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use followed::followed;
pub use mistake::Mistake;

use crate::base::Hours;
use crate::case::ManyAddresses;
use crate::outbound::RouteError;
use crate::routing::MAIN_QUEUE;
use crate::smtp::client::Route;
use crate::{http, net, outbound, smtp, store};

/// Where the configuration lies when none is named.
pub const STANDARD_FILE: &str = "config/postcase.toml";

/// Everything an administrator can set, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// In the greeting, Received and Message-ID; lower case.
    pub hostname: String,
    /// Service, reply and bounce addresses are made here; lower case.
    pub service_domain: String,
    pub data_dir: PathBuf,
    /// Where mail for nobody in particular becomes cases (RFC 2142).
    pub postmaster_queue: String,
    pub many_addresses: ManyAddresses,
    /// The file of rules, relative to the configuration's folder.
    pub rules: PathBuf,
    /// Business hours by name, as they were when the file was read; see [`mod@followed`].
    pub hours: BTreeMap<String, Hours>,
    pub store: store::Settings,
    pub smtp: smtp::server::Settings,
    pub http: http::Settings,
    pub outbound: outbound::Settings,
    pub dns: net::dns::Settings,
    pub origins: Origins,
}

impl Default for Settings {
    fn default() -> Self {
        let smtp = smtp::server::Settings::default();
        Self {
            hostname: smtp.hostname.clone(),
            service_domain: "in.example.net".into(),
            data_dir: "data".into(),
            postmaster_queue: MAIN_QUEUE.into(),
            many_addresses: ManyAddresses::default(),
            rules: "rules.toml".into(),
            hours: BTreeMap::new(),
            store: store::Settings::default(),
            smtp,
            http: http::Settings::default(),
            outbound: outbound::Settings::default(),
            dns: net::dns::Settings::default(),
            origins: Origins::default(),
        }
    }
}

/// Where the values came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    /// None: there is no file, everything is the built-in default.
    pub file: Option<PathBuf>,
    lines: BTreeMap<&'static str, usize>,
}

/// One key as it is in force.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct InForce {
    /// With its table: `smtp.listen`.
    pub key: &'static str,
    /// In the form in which the file says it.
    pub value: serde_json::Value,
    /// `file:line`, or `default`.
    pub from: String,
}

impl Settings {
    /// Every key, in the order of the shipped file.
    pub fn in_force(&self) -> Vec<InForce> {
        let from = |path| match (&self.origins.file, self.origins.lines.get(path)) {
            (Some(file), Some(line)) => format!("{}:{line}", file.display()),
            _ => "default".to_owned(),
        };
        keys::KEYS.iter().map(|key| InForce { key: key.path, value: (key.get)(self), from: from(key.path) }).collect()
    }

    /// How mail leaves. Reads the files that this takes; those are named relative to the configuration's folder.
    pub fn route(&self) -> Result<Route, RouteError> {
        self.outbound.route(self.folder())
    }

    /// Where the rules lie; there may be no such file.
    pub fn rules_file(&self) -> PathBuf {
        self.folder().join(&self.rules)
    }

    fn folder(&self) -> &Path {
        let file = self.origins.file.as_deref().unwrap_or(Path::new(STANDARD_FILE));
        file.parent().unwrap_or(Path::new(""))
    }

    /// What can't work although each key is well: with the place of the key.
    pub fn examine(&self) -> Result<(), Mistake> {
        self.route().map(drop).map_err(|error| {
            let line = self.origins.lines.iter().find(|(key, _)| key.strip_prefix("outbound.") == Some(error.key()));
            Mistake {
                file: self.origins.file.clone().unwrap_or_default(),
                line: line.map_or(1, |(_, line)| *line),
                column: 1,
                what: error.to_string(),
            }
        })
    }

    /// How many keys the file sets.
    pub fn set_in_file(&self) -> usize {
        self.origins.lines.len()
    }
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("the configuration {} can't be read: {why}; name another one with --config", file.display())]
    Unreadable { file: PathBuf, why: String },
    /// At least one, in the order of the file.
    #[error("{}", lines(.0))]
    Mistakes(Vec<Mistake>),
}

/// Mistakes as lines.
pub fn lines(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(Mistake::to_string).collect::<Vec<_>>().join("\n")
}

/// The settings of the named file; without one, of [`STANDARD_FILE`]; without that, the built-in defaults.
pub fn load(named: Option<&Path>) -> Result<Settings, LoadError> {
    let file = named.unwrap_or(Path::new(STANDARD_FILE));
    match std::fs::read_to_string(file) {
        Ok(text) => read::settings(file, &text).map_err(LoadError::Mistakes),
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => Ok(Settings::default()),
        Err(error) => Err(LoadError::Unreadable { file: file.to_owned(), why: error.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_shipped_file_says_the_defaults_and_every_key() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(STANDARD_FILE);
        let shipped = load(Some(&file)).unwrap();
        assert_eq!(shipped.set_in_file(), keys::KEYS.len());
        assert_eq!(Settings { origins: Origins::default(), ..shipped.clone() }, Settings::default());
        let lines: Vec<_> = keys::KEYS.iter().map(|key| shipped.origins.lines[key.path]).collect();
        assert!(lines.is_sorted(), "the list of keys has the order of the file");
    }

    #[test]
    fn what_is_shown_can_be_read_again() {
        let text = r#"
            hostname = "MX.example.com"
            [smtp]
            listen = ["[::1]:0", "192.0.2.1:25"]
            bare_newlines = "normalise"
            trusted_networks = ["192.0.2.0/24"]
            postmaster_queue = "night-watch"
            message_size_max = 1048577
            idle = "90s"
            [smtp.tls]
            certificate = "/etc/a.pem"
            key = "b.pem"
            [lmtp]
            listen = ["[::1]:24"]
            [http]
            listen = ""
            [outbound]
            smarthost = "[2001:db8::1]:587"
            smarthost_tls = "tls"
            smarthost_user = "tim@example.net"
            smarthost_password_file = "secret"
            retry = ["0s", "36h"]
            [rules]
            file = "/etc/postcase/rules.toml"
            "#;
        let first = read::settings(Path::new("a.toml"), text).unwrap();
        let again: String = first.in_force().iter().map(|one| format!("{} = {}\n", one.key, one.value)).collect();
        let second = read::settings(Path::new("b.toml"), &again).unwrap();
        assert_eq!(second.set_in_file(), keys::KEYS.len());
        assert_eq!(second, Settings { origins: second.origins.clone(), ..first.clone() });
        assert_eq!((first.smtp.hostname.as_str(), first.http.listen), ("mx.example.com", None));
        let from = |key| first.in_force().into_iter().find(|one| one.key == key).map(|one| one.from);
        assert_eq!(from("smtp.idle").as_deref(), Some("a.toml:9"));
        assert_eq!(from("dns.servers").as_deref(), Some("default"));
    }

    #[test]
    fn the_files_of_a_smarthost_lie_beside_the_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let (file, secret) = (folder.path().join("postcase.toml"), folder.path().join("secret"));
        let text = "[outbound]\nsmarthost = 'mail.relay.example:587'\nsmarthost_user = 'tim'\n\
                    smarthost_password_file = 'secret'\nsmarthost_authorities = 'authority.pem'\n";
        std::fs::write(&file, text).unwrap();
        let authority = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/authority.pem");
        std::fs::copy(authority, folder.path().join("authority.pem")).unwrap();
        let settings = load(Some(&file)).unwrap();
        let said = settings.examine().unwrap_err().to_string();
        let expected = format!("{}:4:1: `[outbound] smarthost_password_file`: {}", file.display(), secret.display());
        assert!(said.starts_with(&expected), "{said}");
        std::fs::write(&secret, "sesame").unwrap();
        std::fs::set_permissions(&secret, PermissionsExt::from_mode(0o600)).unwrap();
        settings.examine().unwrap();
        assert!(settings.in_force().iter().all(|one| !one.value.to_string().contains("sesame")));
    }

    #[test]
    fn a_named_file_must_exist() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("none.toml");
        let error = load(Some(&missing)).unwrap_err().to_string();
        assert!(error.contains("none.toml") && error.contains("--config"), "{error}");
    }
}
