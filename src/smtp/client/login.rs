//! The login at a smarthost: the password file, the choice of a mechanism, the exchange.
//!
//! A password is read for each attempt, so that a new one counts without a restart, and is in no message, log or
//! `Debug`. Only PLAIN (RFC 4616) and LOGIN, only when offered, and only on a session that [`Demands`](super::Demands)
//! have opened: encrypted, to a host that has proven its name. There both are as good as anything that hides the
//! password, and no more is needed of the smarthost.
//!
//! A refused login never fails mail for good (RFC 4954 §6): it says something about us, not about the mail.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use smtp_proto::{AUTH_LOGIN, AUTH_PLAIN};

use super::session::Session;
use super::{Fate, Outcome};
use crate::base::limits;
use crate::net::socket::Duplex;

/// Who logs in, and where the secret lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    pub user: String,
    pub password_file: PathBuf,
}

/// A secret: shown by nothing.
pub(super) struct Password(String);

/// Why a password file can't be used. Says what to do.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    #[error("{} can't be read: {why}", file.display())]
    Unreadable { file: PathBuf, why: std::io::Error },
    #[error("{} can be read by others (mode {mode:04o}): chmod 600 {}", file.display(), file.display())]
    Open { file: PathBuf, mode: u32 },
    #[error("{} must hold the password in one line of at most {} bytes, and nothing else", .0.display(), limits::PASSWORD_BYTES_MAX)]
    NoPassword(PathBuf),
}

impl Login {
    /// An error when a login would fail for want of a password.
    pub fn examine(&self) -> Result<(), PasswordError> {
        self.password().map(drop)
    }

    pub(super) fn password(&self) -> Result<Password, PasswordError> {
        read(&self.password_file)
    }
}

fn read(path: &Path) -> Result<Password, PasswordError> {
    let unreadable = |why| PasswordError::Unreadable { file: path.to_owned(), why };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    // Of the open file, so that nobody can change what the path means in between.
    let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(PasswordError::Open { file: path.to_owned(), mode });
    }
    let mut text = Vec::new();
    file.take(limits::PASSWORD_BYTES_MAX as u64 + 3).read_to_end(&mut text).map_err(unreadable)?;
    let line = text.strip_suffix(b"\n").unwrap_or(&text);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let fits = (1..=limits::PASSWORD_BYTES_MAX).contains(&line.len()) && !line.iter().any(u8::is_ascii_control);
    match std::str::from_utf8(line) {
        Ok(line) if fits => Ok(Password(line.to_owned())),
        _ => Err(PasswordError::NoPassword(path.to_owned())),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mechanism {
    Plain,
    Login,
}

/// The better one of those that are offered: PLAIN is a standard, LOGIN only a habit.
fn choose(offered: u64) -> Option<Mechanism> {
    let known = [(AUTH_PLAIN, Mechanism::Plain), (AUTH_LOGIN, Mechanism::Login)];
    known.into_iter().find(|(bit, _)| offered & bit != 0).map(|(_, mechanism)| mechanism)
}

/// What we say, line by line; a 334 comes in between.
fn lines(mechanism: Mechanism, user: &str, Password(password): &Password) -> Vec<String> {
    match mechanism {
        Mechanism::Plain => {
            let response = BASE64.encode(format!("\0{user}\0{password}").as_bytes());
            // RFC 4954 §4: a command line has its end at 512 bytes, a response may be longer.
            if "AUTH PLAIN \r\n".len() + response.len() <= 512 {
                vec![format!("AUTH PLAIN {response}\r\n")]
            } else {
                vec!["AUTH PLAIN\r\n".into(), format!("{response}\r\n")]
            }
        }
        Mechanism::Login => {
            let said = [user, password].map(|text| BASE64.encode(text.as_bytes()) + "\r\n");
            ["AUTH LOGIN\r\n".to_owned()].into_iter().chain(said).collect()
        }
    }
}

/// Logs in on an encrypted session. The error is the outcome for this host, never a final one.
pub(super) async fn log_in<S: Duplex + 'static>(
    session: &mut Session<S>,
    login: &Login,
    password: &Password,
) -> Result<(), Outcome> {
    let Some(mechanism) = choose(session.offers.auth) else {
        let what = if session.offers.auth == 0 { "no login" } else { "neither AUTH PLAIN nor AUTH LOGIN" };
        return Err(Outcome::transient("7.4", format!("the smarthost offers {what}")).with_login_advice());
    };
    let lines = lines(mechanism, &login.user, password);
    let last = lines.len() - 1;
    for (n, line) in lines.iter().enumerate() {
        let wanted = if n == last { 235 } else { 334 };
        match session.command(line).await {
            Ok(reply) if reply.code == wanted => {}
            Ok(reply) => {
                let refusal = Outcome::of_refusal(&reply);
                return Err(if refusal.fate == Fate::Permanent { refusal.with_login_advice() } else { refusal });
            }
            Err(lost) => return Err(lost.outcome("after AUTH")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_offered_and_known() {
        #[track_caller]
        fn check(offered: &str, expected: Option<Mechanism>) {
            let ehlo = format!("250-mx\r\n250 AUTH {offered}\r\n");
            let parsed = smtp_proto::EhloResponse::parse(&mut ehlo.as_bytes().iter()).unwrap();
            assert_eq!(choose(parsed.auth_mechanisms), expected, "{offered}");
        }
        check("PLAIN", Some(Mechanism::Plain));
        check("LOGIN", Some(Mechanism::Login));
        check("LOGIN PLAIN", Some(Mechanism::Plain));
        check("CRAM-MD5 DIGEST-MD5 login XOAUTH2", Some(Mechanism::Login));
        check("CRAM-MD5 DIGEST-MD5 XOAUTH2 GSSAPI", None);
        check("", None);
    }

    #[test]
    fn what_is_said() {
        #[track_caller]
        fn check(mechanism: Mechanism, user: &str, password: &str, expected: &[&str]) {
            assert_eq!(lines(mechanism, user, &Password(password.into())), expected);
        }
        // RFC 4616 §4.
        check(Mechanism::Plain, "tim", "tanstaaftanstaaf", &["AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\r\n"]);
        check(Mechanism::Plain, "tim", "é", &["AUTH PLAIN AHRpbQDDqQ==\r\n"]);
        check(Mechanism::Login, "tim", "pass", &["AUTH LOGIN\r\n", "dGlt\r\n", "cGFzcw==\r\n"]);
        let long = lines(Mechanism::Plain, "tim", &Password("x".repeat(400)));
        assert_eq!((long.len(), long[0].as_str()), (2, "AUTH PLAIN\r\n"));
        let fits = lines(Mechanism::Plain, "tim", &Password("x".repeat(367)));
        assert!(fits.len() == 1 && fits[0].len() <= 512, "{}", fits[0].len());
    }

    #[test]
    fn a_password_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        let check = |mode: u32, text: &[u8], expected: Result<&str, &str>| {
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            match (read(&path), expected) {
                (Ok(Password(got)), Ok(expected)) => assert_eq!(got, expected),
                (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
                (got, expected) => panic!("{expected:?}, not {:?}", got.map(drop)),
            }
        };
        check(0o600, b"hello\n", Ok("hello"));
        check(0o400, b"hello world\r\n", Ok("hello world"));
        check(0o600, b" h\xc3\xa9llo", Ok(" h\u{e9}llo"));
        check(0o640, b"hello\n", Err("can be read by others (mode 0640): chmod 600"));
        check(0o604, b"hello\n", Err("can be read by others"));
        for wrong in [&b""[..], b"\n", b"hello\nworld\n", b"a\0b", b"caf\xe9\n"] {
            check(0o600, wrong, Err("in one line of at most 1024 bytes"));
        }
        check(0o600, &[b'x'; 1024], Ok(&"x".repeat(1024)));
        check(0o600, &[b'x'; 1025], Err("one line"));
        std::fs::remove_file(&path).unwrap();
        assert!(read(&path).err().unwrap().to_string().contains("password can't be read: "));
    }
}
