//! Who wrote a message: for those who answer it the [`Sender`], for what it proves the [`Author`].

use crate::address::ReplyTo;
use crate::base::Mailbox;
use crate::case::{Account, Case, Contact, Participant, Role, Sender, is_public};
use crate::intake::Reading;
use crate::message::Facts;
use crate::message::facts::Person;
use crate::store::{ReadError, Site, people};

/// From, or whom a group mailer says instead; Reply-To where From is our own, as contact forms write it, or where the
/// address says so.
pub async fn sender(site: &Site, facts: &Facts, policy: ReplyTo) -> Result<Sender, ReadError> {
    let mut sender = Sender::default();
    if let Some(from) = facts.author()
        && site.is_ours(&from).await?
    {
        sender.ours = Some(from);
    }
    let replacing = facts.reply_to.iter().filter(|_| policy == ReplyTo::Replace);
    for person in replacing.chain(&facts.original_from).chain(&facts.from).chain(&facts.reply_to) {
        let Some(author) = participant(person, Role::Author) else { continue };
        if site.is_ours(&author.address).await? {
            continue;
        }
        sender.contact = people::contact(&*site.engine, &author.address).await?.map(|kept| kept.value);
        sender.author = Some(author);
        break;
    }
    Ok(sender)
}

/// Who wrote it, as far as proof goes: whom From names, and behind a group mailer of our own whom that names.
pub struct Author {
    pub mailbox: Mailbox,
    contact: Option<Contact>,
    /// Their domain says that the message is theirs.
    is_proven: bool,
}

impl Author {
    pub async fn of(site: &Site, reading: &Reading, sender: &Sender) -> Result<Option<Self>, ReadError> {
        let Some(from) = reading.facts.author() else { return Ok(None) };
        let speaks = |from: &Mailbox| reading.auth.is_some_and(|auth| auth.prove_author(&reading.envelope, from));
        // Only a group mailer that is our own, and proven to be, is believed about who wrote.
        let original = reading.facts.original_from.as_ref().filter(|_| sender.ours.as_ref().is_some_and(speaks));
        let original = original.and_then(|person| person.address.parse::<Mailbox>().ok());
        let is_proven = original.is_none() && speaks(&from);
        let mailbox = original.unwrap_or(from);
        let known = sender.contact.as_ref().filter(|contact| contact.addresses().any(|known| *known == mailbox));
        let contact = match known {
            Some(contact) => Some(contact.clone()),
            None => people::contact(&*site.engine, &mailbox).await?.map(|kept| kept.value),
        };
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
