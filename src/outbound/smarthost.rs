//! From the settings of a smarthost to the route of all mail, or to what is wrong with them.
//!
//! Whoever names a user or asks for TLS gets both for certain: a host that proves its name, and nothing in the clear.
//! Without either a smarthost is treated as any host, encrypted when it can be.

use std::path::Path;

use super::Settings;
use crate::net::proof::{self, NoAuthorities};
use crate::smtp::client::{Demands, Login, PasswordError, Route};

/// How the connection to a smarthost is secured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SmarthostTls {
    /// Encrypted when the host can; with a user as `Starttls`.
    #[default]
    Opportunistic,
    /// STARTTLS, or no mail.
    Starttls,
    /// TLS from the first byte, as on port 465 (RFC 8314 §3.3).
    Tls,
}

/// Why mail couldn't leave with these settings. One line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum RouteError {
    #[error("`[outbound] {0}` is set, but no `smarthost` that it is meant for")]
    NoSmarthost(&'static str),
    #[error("`[outbound] smarthost_user` and `smarthost_password_file` go together; only one of them is set")]
    HalfALogin,
    #[error("`[outbound] smarthost_password_file`: {0}")]
    Password(#[from] PasswordError),
    #[error("`[outbound] smarthost_authorities`: {0}")]
    Authorities(#[from] NoAuthorities),
}

impl RouteError {
    /// The key to look at.
    pub fn key(&self) -> &'static str {
        match self {
            Self::NoSmarthost(key) => key,
            Self::HalfALogin => "smarthost_user",
            Self::Password(_) => "smarthost_password_file",
            Self::Authorities(_) => "smarthost_authorities",
        }
    }
}

impl Settings {
    /// What the sending side needs of them. Files are relative to `folder`; the password is read to see that it can be.
    pub fn route(&self, folder: &Path) -> Result<Route, RouteError> {
        let demands = self.demands(folder)?;
        Ok(Route {
            smarthost: self.smarthost.clone(),
            demands,
            port: self.port,
            private_networks: self.private_networks,
        })
    }

    fn demands(&self, folder: &Path) -> Result<Option<Demands>, RouteError> {
        let (user, file) = (&self.smarthost_user, &self.smarthost_password_file);
        let authorities = &self.smarthost_authorities;
        if self.smarthost.is_none() {
            let set = [
                ("smarthost_user", !user.is_empty()),
                ("smarthost_password_file", !is_none(file)),
                ("smarthost_tls", self.smarthost_tls != SmarthostTls::Opportunistic),
                ("smarthost_authorities", !is_none(authorities)),
            ];
            return match set.iter().find(|(_, is_set)| *is_set) {
                Some((key, _)) => Err(RouteError::NoSmarthost(key)),
                None => Ok(None),
            };
        }
        let login = match (user.is_empty(), is_none(file)) {
            (true, true) => None,
            (false, false) => Some(Login { user: user.clone(), password_file: folder.join(file) }),
            _ => return Err(RouteError::HalfALogin),
        };
        login.as_ref().map_or(Ok(()), Login::examine)?;
        if login.is_none() && self.smarthost_tls == SmarthostTls::Opportunistic {
            return Ok(None);
        }
        let authorities = (!is_none(authorities)).then(|| folder.join(authorities));
        let connector = proof::connector(authorities.as_deref())?;
        Ok(Some(Demands { implicit_tls: self.smarthost_tls == SmarthostTls::Tls, connector, login }))
    }
}

fn is_none(file: &Path) -> bool {
    file.as_os_str().is_empty()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// `None`: mail goes as to any host; else STARTTLS or TLS, and whether there is a login.
    type Expected<'a> = Result<Option<(bool, bool)>, &'a str>;

    #[test]
    fn what_is_demanded() {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret");
        std::fs::write(&secret, "hello\n").unwrap();
        std::fs::set_permissions(&secret, PermissionsExt::from_mode(0o600)).unwrap();
        let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
        std::fs::copy(scenarios.join("authority.pem"), folder.path().join("authority.pem")).unwrap();
        let check = |change: fn(&mut Settings), expected: Expected<'_>| {
            let smarthost = Some(("mail.relay.example".into(), 587));
            let authorities = "authority.pem".into();
            let mut settings = Settings { smarthost, smarthost_authorities: authorities, ..Settings::default() };
            change(&mut settings);
            let shown = |route: Route| route.demands.map(|demands| (demands.implicit_tls, demands.login.is_some()));
            match (settings.route(folder.path()).map(shown), expected) {
                (Ok(got), Ok(expected)) => assert_eq!(got, expected),
                (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
                (got, expected) => panic!("expected {expected:?}, got {got:?}"),
            }
        };
        check(|_| {}, Ok(None));
        check(|s| s.smarthost_tls = SmarthostTls::Starttls, Ok(Some((false, false))));
        check(|s| s.smarthost_tls = SmarthostTls::Tls, Ok(Some((true, false))));
        let login = |s: &mut Settings| {
            s.smarthost_user = "tim".into();
            s.smarthost_password_file = "secret".into();
        };
        check(login, Ok(Some((false, true))));
        check(|s| s.smarthost_user = "tim".into(), Err("go together"));
        check(|s| s.smarthost_password_file = "secret".into(), Err("go together"));
        let alone = |s: &mut Settings| *s = Settings { smarthost_tls: SmarthostTls::Tls, ..Settings::default() };
        check(alone, Err("`[outbound] smarthost_tls` is set, but no `smarthost`"));
        check(|s| s.smarthost = None, Err("`[outbound] smarthost_authorities` is set"));
        let authorities = |s: &mut Settings| {
            s.smarthost_tls = SmarthostTls::Tls;
            s.smarthost_authorities = "secret".into();
        };
        check(authorities, Err("secret holds no certificate"));
        std::fs::set_permissions(&secret, PermissionsExt::from_mode(0o644)).unwrap();
        check(login, Err("`[outbound] smarthost_password_file`: "));
    }
}
