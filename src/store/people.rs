//! Who somebody is: the contact of an address, whether it is the contact's own or an alias. Reads only.
//!
//! An address that is a contact's own and another one's alias, as it may be for rows of a restored backup, counts as its
//! own contact.

use super::{Engine, Kept, ReadError, tables};
use crate::base::Mailbox;
use crate::case::Contact;

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

/// All addresses of the contact that has this one; of a stranger this one alone.
pub async fn addresses(engine: &dyn Engine, address: &Mailbox) -> Result<Vec<Mailbox>, ReadError> {
    let contact = contact(engine, address).await?;
    Ok(contact.map_or_else(|| vec![address.clone()], |kept| kept.value.addresses().cloned().collect()))
}
