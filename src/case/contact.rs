//! A contact: somebody who writes to us, by their address and its aliases.
//!
//! Mail from an alias is by its contact: it takes part where the contact does, and opens cases of the contact. Every address
//! is at most one contact's. A contact has no rights: what proves a message to belong to a case is said in
//! [`threading`](super::threading), and an alias is as much proof as an address, which is why only a person sets one.

use serde::{Deserialize, Serialize};

use super::AccountChoice;
use crate::base::{Mailbox, Time};

/// See the module. Rows of older versions have an address, a name and a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub address: Mailbox,
    /// What a person called them, else the name of their first message that had one.
    pub name: Option<String>,
    pub first_seen_at: Time,
    /// Other addresses of theirs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<Mailbox>,
    /// What a person said about their account.
    #[serde(default, skip_serializing_if = "AccountChoice::is_by_domain")]
    pub account: AccountChoice,
    /// Their mail is taken, and shown as that of somebody who should not write any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inactive: bool,
}

impl Contact {
    /// Somebody who is seen for the first time.
    pub fn new(address: Mailbox, name: Option<String>, now: Time) -> Self {
        Self {
            address,
            name,
            first_seen_at: now,
            aliases: Vec::new(),
            account: AccountChoice::default(),
            inactive: false,
        }
    }

    /// All addresses, their own first.
    pub fn addresses(&self) -> impl Iterator<Item = &Mailbox> {
        std::iter::once(&self.address).chain(&self.aliases)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_an_older_version_is_active_and_has_no_aliases() {
        let row = r#"{"address":"anna@customer.example","name":"Anna","first_seen_at":"2026-11-20T10:00:00Z"}"#;
        let read: Contact = serde_json::from_str(row).unwrap();
        let address: Mailbox = "anna@customer.example".parse().unwrap();
        assert_eq!(read, Contact::new(address.clone(), Some("Anna".into()), read.first_seen_at));
        assert_eq!(serde_json::to_string(&read).unwrap(), row);
        assert_eq!(read.addresses().collect::<Vec<_>>(), [&address]);
    }
}
