//! Who wrote a message: for those who answer it the [`Sender`], for what it proves the [`Author`], who is whom From names and
//! nobody else.

use crate::address::ReplyTo;
use crate::base::Mailbox;
use crate::case::{Account, Case, Contact, Participant, Role, Sender, is_public};
use crate::intake::Reading;
use crate::message::Facts;
use crate::message::facts::Person;
use crate::store::{ReadError, Site, people};

/// From, or Reply-To where From is our own, as contact forms write it, or where the address says so.
pub async fn sender(site: &Site, facts: &Facts, policy: ReplyTo) -> Result<Sender, ReadError> {
    let mut sender = Sender::default();
    let replacing = facts.reply_to.iter().filter(|_| policy == ReplyTo::Replace);
    for person in replacing.chain(&facts.from).chain(&facts.reply_to) {
        let Some(author) = participant(person, Role::Author) else { continue };
        if site.is_ours(&author.address).await? {
            if facts.from.as_ref() == Some(person) {
                sender.ours = Some(author.address);
            }
            continue;
        }
        sender.contact = people::contact(&*site.engine, &author.address).await?.map(|kept| kept.value);
        sender.author = Some(author);
        break;
    }
    Ok(sender)
}

/// From's author, as far as proof goes.
pub struct Author {
    pub mailbox: Mailbox,
    contact: Option<Contact>,
    /// Their domain says that the message is theirs.
    is_proven: bool,
}

impl Author {
    pub async fn of(site: &Site, reading: &Reading, sender: &Sender) -> Result<Option<Self>, ReadError> {
        let Some(mailbox) = reading.facts.author() else { return Ok(None) };
        let known = sender.contact.as_ref().filter(|contact| contact.addresses().any(|known| *known == mailbox));
        let contact = match known {
            Some(contact) => Some(contact.clone()),
            None => people::contact(&*site.engine, &mailbox).await?.map(|kept| kept.value),
        };
        let is_proven = reading.auth.is_some_and(|auth| auth.prove_author(&reading.envelope, &mailbox));
        Ok(Some(Self { mailbox, contact, is_proven }))
    }

    /// True when they take part in the case, under whatever address of theirs.
    pub fn takes_part(&self, case: &Case) -> bool {
        match &self.contact {
            Some(contact) => contact.addresses().any(|address| case.has_participant(address)),
            None => case.has_participant(&self.mailbox),
        }
    }

    /// The account that they are proven to share with somebody who takes part. Two who have their mailboxes at one public
    /// provider share nothing.
    pub async fn shared_account(&self, site: &Site, case: &Case) -> Result<Option<Account>, ReadError> {
        if !self.is_proven || is_public(self.mailbox.domain()) {
            return Ok(None);
        }
        let engine = &*site.engine;
        let Some(account) = people::account(engine, &self.mailbox, self.contact.as_ref()).await? else {
            return Ok(None);
        };
        for Participant { address, .. } in &case.participants {
            let contact = people::contact(engine, address).await?.map(|kept| kept.value);
            let theirs = people::account(engine, address, contact.as_ref()).await?;
            if theirs.is_some_and(|theirs| theirs.number == account.number) {
                return Ok(Some(account));
            }
        }
        Ok(None)
    }
}

/// Somebody of a header field; none without an address that can be written to.
pub fn participant(person: &Person, role: Role) -> Option<Participant> {
    let address = person.address.parse().ok()?;
    Some(Participant { address, name: person.name.clone(), role })
}
