//! Who somebody is: the contact of an address, whether it is the contact's own or an alias, and the account. Reads only.
//!
//! An address that is a contact's own and another one's alias, as it may be for rows of a restored backup, counts as its
//! own contact.

use std::collections::BTreeSet;

use super::{Engine, Kept, ReadError, tables};
use crate::base::Mailbox;
use crate::case::{Account, AccountSource, Contact};

/// The contact that this is an address of.
pub async fn contact(engine: &dyn Engine, address: &Mailbox) -> Result<Option<Kept<Contact>>, ReadError> {
    if let Some(contact) = tables::CONTACTS.get(engine, address).await? {
        return Ok(Some(contact));
    }
    match tables::CONTACT_ALIASES.get(engine, address).await? {
        Some(of) => tables::CONTACTS.get(engine, &of.value).await,
        None => Ok(None),
    }
}

/// True for an agent who is told by mail what comes to them.
pub async fn wants_notices(engine: &dyn Engine, agent: &Mailbox) -> Result<bool, ReadError> {
    Ok(tables::AGENTS.get(engine, agent).await?.is_some_and(|kept| kept.value.notices))
}

/// The permission sets of which an agent needs one to work on the cases of this address, whether it is registered or was.
pub async fn asked(engine: &dyn Engine, address: &Mailbox) -> Result<BTreeSet<String>, ReadError> {
    if let Some(registered) = tables::ADDRESSES.get(engine, address).await? {
        return Ok(registered.value.settings.permission_sets);
    }
    Ok(tables::ASKED.get(engine, address).await?.map(|kept| kept.value).unwrap_or_default())
}

/// All addresses of the contact that has this one; of a stranger this one alone.
pub async fn addresses(engine: &dyn Engine, address: &Mailbox) -> Result<Vec<Mailbox>, ReadError> {
    let contact = contact(engine, address).await?;
    Ok(contact.map_or_else(|| vec![address.clone()], |kept| kept.value.addresses().cloned().collect()))
}

/// The account of this address, which is one of the contact's when there is a contact.
pub async fn account(
    engine: &dyn Engine,
    address: &Mailbox,
    contact: Option<&Contact>,
) -> Result<Option<Account>, ReadError> {
    let number = match AccountSource::of(address, contact) {
        Some(AccountSource::Contact(number)) => Some(number),
        Some(AccountSource::Domain(domain)) => {
            tables::ACCOUNT_DOMAINS.get(engine, &domain).await?.map(|kept| kept.value)
        }
        None => None,
    };
    let Some(number) = number else { return Ok(None) };
    Ok(tables::ACCOUNTS.get(engine, &number).await?.map(|kept| kept.value))
}
