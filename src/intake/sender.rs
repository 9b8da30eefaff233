//! Who wrote a message, as the desk knows them. What proves a message to belong to a case is [`evidence`](super::evidence)'s
//! business and rests on From alone.

use crate::base::Mailbox;
use crate::case::{Participant, Role, Sender};
use crate::message::Facts;
use crate::message::facts::Person;
use crate::store::{ReadError, Site, people};

/// From, or Reply-To where From is our own, as contact forms write it.
pub async fn sender(site: &Site, facts: &Facts) -> Result<Sender, ReadError> {
    let mut sender = Sender::default();
    for person in facts.from.iter().chain(&facts.reply_to) {
        let Some(author) = participant(person, Role::Author) else { continue };
        if site.is_ours(&author.address).await? {
            sender.ours.get_or_insert(author.address);
            continue;
        }
        sender.contact = people::contact(&*site.engine, &author.address).await?.map(|kept| kept.value);
        sender.author = Some(author);
        break;
    }
    Ok(sender)
}

/// All addresses of From's author; none when it can't be read.
pub async fn identities(site: &Site, from: Option<&Mailbox>, sender: &Sender) -> Result<Vec<Mailbox>, ReadError> {
    let Some(from) = from else { return Ok(Vec::new()) };
    match &sender.contact {
        Some(contact) if contact.addresses().any(|address| address == from) => {
            Ok(contact.addresses().cloned().collect())
        }
        _ => people::addresses(&*site.engine, from).await,
    }
}

/// Somebody of a header field; none without an address that can be written to.
pub fn participant(person: &Person, role: Role) -> Option<Participant> {
    let address = person.address.parse().ok()?;
    Some(Participant { address, name: person.name.clone(), role })
}
