//! An account: the company that contacts belong to.
//!
//! A contact's account is the one that a person said for the contact; where nobody said any, the one that has the domain of
//! the contact's own address. So where both could speak for one address, the contact wins; an alias counts for its
//! contact, whatever its own domain is. A domain is at most one account's, covers nothing below it, and is never a
//! [public](is_public) one.

use serde::{Deserialize, Serialize};

use super::Contact;
use crate::base::mailbox::is_domain;
use crate::base::{Mailbox, Time};

pub use super::public_domains::is_public;

/// An account's number, which stays when it is renamed.
pub type AccountNumber = u64;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub number: AccountNumber,
    pub name: String,
    /// In lower case.
    pub domains: Vec<String>,
    pub created_at: Time,
}

/// What a person said about the account of a contact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountChoice {
    /// Nothing: the domain says it.
    #[default]
    Domain,
    /// None, whatever the domain says.
    None,
    Account(AccountNumber),
}

impl AccountChoice {
    pub fn is_by_domain(&self) -> bool {
        *self == Self::Domain
    }
}

/// Where the account of an address is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountSource {
    /// A person said it.
    Contact(AccountNumber),
    /// The account that has this domain, if one has.
    Domain(String),
}

impl AccountSource {
    /// Where the account of this address is found, which is one of the contact's when there is a contact.
    pub fn of(address: &Mailbox, contact: Option<&Contact>) -> Option<Self> {
        let domain = match contact.map(|contact| (contact.account, &contact.address)) {
            Some((AccountChoice::Account(number), _)) => return Some(Self::Contact(number)),
            Some((AccountChoice::None, _)) => return None,
            Some((AccountChoice::Domain, address)) => address.domain(),
            None => address.domain(),
        };
        (!is_public(domain)).then(|| Self::Domain(domain.to_owned()))
    }
}

/// Why a domain can't be an account's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAccountDomain {
    #[error("{0} is no domain; name one such as customer.example")]
    Form(String),
    #[error(
        "everybody can have a mailbox at {0}: who writes from there belongs to no account by that; say it for each \
             contact: postcase contact set ADDRESS --account NAME"
    )]
    Public(String),
}

/// A domain as it is stored.
pub fn account_domain(typed: &str) -> Result<String, NoAccountDomain> {
    let domain = typed.trim().trim_start_matches('@').trim_end_matches('.').to_lowercase();
    match () {
        () if !is_domain(&domain) || !domain.contains('.') => Err(NoAccountDomain::Form(typed.to_owned())),
        () if is_public(&domain) => Err(NoAccountDomain::Public(domain)),
        () => Ok(domain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_wins_over_a_domain() {
        let anna = |choice| {
            let address = "anna@customer.example".parse().unwrap();
            Contact { account: choice, ..Contact::new(address, None, Time::UNIX_EPOCH) }
        };
        let check = |address: &str, contact: Option<Contact>, expected: Option<AccountSource>| {
            assert_eq!(
                AccountSource::of(&address.parse().unwrap(), contact.as_ref()),
                expected,
                "{address} {contact:?}"
            );
        };
        let domain = |domain: &str| Some(AccountSource::Domain(domain.into()));
        check("ben@Customer.example", None, domain("customer.example"));
        check("ben@gmail.com", None, None);
        check("anna@customer.example", Some(anna(AccountChoice::Domain)), domain("customer.example"));
        check("anna@customer.example", Some(anna(AccountChoice::None)), None);
        check("anna@customer.example", Some(anna(AccountChoice::Account(3))), Some(AccountSource::Contact(3)));
        // An alias of hers.
        check("anna@partner.example", Some(anna(AccountChoice::Domain)), domain("customer.example"));
        check("anna@gmail.com", Some(anna(AccountChoice::Account(3))), Some(AccountSource::Contact(3)));
    }

    #[test]
    fn domains_of_accounts() {
        let check = |typed: &str, expected: Result<&str, NoAccountDomain>| {
            assert_eq!(account_domain(typed), expected.map(str::to_owned), "{typed}");
        };
        let form = |typed: &str| Err(NoAccountDomain::Form(typed.into()));
        check("Customer.Example", Ok("customer.example"));
        check("@customer.example.", Ok("customer.example"));
        check("anna@customer.example", form("anna@customer.example"));
        check("*.customer.example", form("*.customer.example"));
        check("customer", form("customer"));
        check("", form(""));
        check("GMail.com", Err(NoAccountDomain::Public("gmail.com".into())));
    }
}
