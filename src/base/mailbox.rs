//! A mailbox: `local-part@domain` (RFC 5321 §4.1.2, RFC 6531 §3.3).
//!
//! The local part is kept as the author wrote it, without quotes; the domain is kept in lower case. Two mailboxes are
//! equal when their domains are equal and their local parts are equal without case: the standard lets a host tell
//! `Anna@` from `anna@`, but no host that people write to does, and a customer who types a capital must meet their case.
//!
//! Address literals (`[192.0.2.1]`) are kept as a domain in brackets. Source routes are dropped (RFC 5321 §4.1.1.3).

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use super::stored_as_shown;

/// An address that mail can be sent to. Shown with the local part quoted where the grammar asks for it.
#[derive(Clone, Debug)]
pub struct Mailbox {
    local: String,
    domain: String,
}

/// Why a text is not a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailboxError {
    #[error("an address needs a part before and a part behind the @, as in support@example.com")]
    Incomplete,
    #[error("an address has at most 255 bytes before the @ and 255 behind it")]
    TooLong,
    #[error("the part before the @ has a character that is only allowed in quotes")]
    BadLocalPart,
    #[error("the part behind the @ is not a domain name")]
    BadDomain,
}

impl Mailbox {
    /// From a local part without quotes and a domain, as an SMTP parser hands them over.
    pub fn new(local: &str, domain: &str) -> Result<Self, MailboxError> {
        if local.is_empty() || domain.is_empty() {
            return Err(MailboxError::Incomplete);
        }
        // RFC 5321 §4.5.3.1.1 says 64 before the @; bulk senders write more, and their mail is meant for us.
        if local.len() > 255 || domain.len() > 255 {
            return Err(MailboxError::TooLong);
        }
        if local.chars().any(char::is_control) {
            return Err(MailboxError::BadLocalPart);
        }
        let domain = domain.to_lowercase();
        if !is_domain(&domain) && !is_address_literal(&domain) {
            return Err(MailboxError::BadDomain);
        }
        Ok(Self { local: local.to_owned(), domain })
    }

    /// The local part without quotes, as written.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The domain in lower case.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The form under which the mailbox is stored and compared: everything in lower case.
    pub fn key(&self) -> String {
        format!("{}@{}", self.local.to_lowercase(), self.domain)
    }

    /// True when it can't be said in ASCII, so that sending to it needs SMTPUTF8 (RFC 6531).
    pub fn needs_smtputf8(&self) -> bool {
        !self.local.is_ascii() || !self.domain.is_ascii()
    }
}

stored_as_shown!(Mailbox);

impl FromStr for Mailbox {
    type Err = MailboxError;

    /// Splits at the last `@`; takes a quoted local part with or without its quotes.
    fn from_str(text: &str) -> Result<Self, MailboxError> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(MailboxError::Incomplete)?;
        match local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(quoted) => Self::new(&unquote(quoted), domain),
            None if is_dot_string(local) => Self::new(local, domain),
            None if local.is_empty() => Err(MailboxError::Incomplete),
            None => Err(MailboxError::BadLocalPart),
        }
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_dot_string(&self.local) {
            return write!(f, "{}@{}", self.local, self.domain);
        }
        f.write_str("\"")?;
        for c in self.local.chars() {
            if matches!(c, '"' | '\\') {
                f.write_str("\\")?;
            }
            write!(f, "{c}")?;
        }
        write!(f, "\"@{}", self.domain)
    }
}

impl PartialEq for Mailbox {
    fn eq(&self, other: &Self) -> bool {
        self.domain == other.domain && self.local.to_lowercase() == other.local.to_lowercase()
    }
}

impl Eq for Mailbox {}

impl Hash for Mailbox {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl PartialOrd for Mailbox {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Mailbox {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

/// True for a name that can stand behind the `@`: labels of letters, digits and hyphens, or of non-ASCII characters.
pub fn is_domain(text: &str) -> bool {
    text.len() <= 255
        && text.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_') || is_utf8_text(c))
        })
}

fn is_address_literal(text: &str) -> bool {
    let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else { return false };
    let address = inner.strip_prefix("ipv6:").unwrap_or(inner);
    address.parse::<std::net::IpAddr>().is_ok()
}

/// Dot-string of RFC 5321 §4.1.2, widened by RFC 6531 §3.3.
fn is_dot_string(local: &str) -> bool {
    local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atext))
}

fn is_atext(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || is_utf8_text(c)
}

fn is_utf8_text(c: char) -> bool {
    !c.is_ascii() && !c.is_control() && !c.is_whitespace()
}

fn unquote(quoted: &str) -> String {
    let mut out = String::with_capacity(quoted.len());
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let shown = match text.parse::<Mailbox>() {
            Ok(mailbox) => mailbox.to_string(),
            Err(error) => format!("{error:?}"),
        };
        assert_eq!(shown, expected);
    }

    #[test]
    fn parses_and_shows() {
        check("Support@Example.COM", "Support@example.com");
        check(r#""a b"@example.com"#, r#""a b"@example.com"#);
        check(r#""a@b\"c"@example.com"#, r#""a@b\"c"@example.com"#);
        check(r#""plain"@example.com"#, "plain@example.com");
        check("пример@пример.рф", "пример@пример.рф");
        check("user@[192.0.2.1]", "user@[192.0.2.1]");
        check("user@[IPv6:2001:db8::1]", "user@[ipv6:2001:db8::1]");
        check("nobody", "Incomplete");
        check("@example.com", "Incomplete");
        check("a b@example.com", "BadLocalPart");
        check("a@exa mple.com", "BadDomain");
        check("a@-example.com", "BadDomain");
        check("a@[example.com]", "BadDomain");
        check("\"a\u{7}\"@example.com", "BadLocalPart");
        check(&format!("{}@example.com", "a".repeat(256)), "TooLong");
    }

    #[test]
    fn compares_without_case() {
        let upper: Mailbox = "Anna@Example.com".parse().unwrap();
        let lower: Mailbox = "anna@example.com".parse().unwrap();
        assert_eq!(upper, lower);
        assert_eq!(upper.key(), lower.key());
        assert_ne!(upper, "anne@example.com".parse().unwrap());
    }
}
