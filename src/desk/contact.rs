//! Commands about contacts: those who write to us.
//!
//! An alias names its contact in every command. An address that is made an alias stops being a contact of its own; its
//! cases stay, and are listed with those of its contact.

use serde_json::{Value, json};

use super::command::{CaseFilter, ContactSettings};
use super::{Answer, Desk, Outcome, Refusal, view};
use crate::base::{Mailbox, limits};
use crate::case::Contact;
use crate::store::{Batch, Kept, Page, people, tables};

impl Desk {
    /// By address.
    pub(super) async fn contact_list(&self, limit: Option<usize>) -> Answer {
        let page = Page::first(&[], limit.unwrap_or(usize::MAX));
        let rows = tables::CONTACTS.scan(&*self.site.engine, page).await?;
        Ok(Outcome::Json(rows.iter().map(|(_, kept)| view::contact(&kept.value)).collect()))
    }

    /// With the newest cases.
    pub(super) async fn contact_show(&self, address: &Mailbox) -> Answer {
        let contact = self.contact(address).await?.value;
        let newest = CaseFilter {
            contact: Some(contact.address.clone()),
            limit: Some(limits::CONTACT_CASES_SHOWN),
            ..CaseFilter::default()
        };
        let mut shown = view::contact(&contact);
        if let Outcome::Json(cases) = self.case_list(newest).await? {
            shown["cases"] = cases;
        }
        Ok(Outcome::Json(shown))
    }

    pub(super) async fn contact_add(&self, address: Mailbox, typed: ContactSettings) -> Answer {
        let site = &*self.site;
        self.check_foreign(&address).await?;
        let mut tries = site.tries();
        loop {
            if let Some(known) = people::contact(&*site.engine, &address).await? {
                let known = &known.value.address;
                let why = format!("{address} is a contact already; change it with: postcase contact set {known}");
                return Err(Refusal::refused(why));
            }
            let mut batch = Batch::default();
            tables::CONTACT_ALIASES.expect_absent(&mut batch, &address);
            let mut contact = changed(Contact::new(address.clone(), None, site.now()), &typed);
            self.write_aliases(&mut batch, &mut contact, &[]).await?;
            tables::CONTACTS.insert(&mut batch, &address, &contact);
            if tries.commit(batch).await? {
                return Ok(Outcome::Json(view::contact(&contact)));
            }
        }
    }

    pub(super) async fn contact_set(&self, address: &Mailbox, typed: ContactSettings) -> Answer {
        let site = &*self.site;
        let mut tries = site.tries();
        loop {
            let kept = self.contact(address).await?;
            let mut contact = changed(kept.value.clone(), &typed);
            let mut batch = Batch::default();
            self.write_aliases(&mut batch, &mut contact, &kept.value.aliases).await?;
            tables::CONTACTS.replace(&mut batch, &kept.value.address, &kept, &contact);
            if tries.commit(batch).await? {
                return Ok(Outcome::Json(view::contact(&contact)));
            }
        }
    }

    /// The contact that this is an address of.
    async fn contact(&self, address: &Mailbox) -> Result<Kept<Contact>, Refusal> {
        let found = people::contact(&*self.site.engine, address).await?;
        found.ok_or_else(|| Refusal::not_found(format!("{address} is no contact; see: postcase contact list")))
    }

    async fn check_foreign(&self, address: &Mailbox) -> Result<(), Refusal> {
        match self.site.is_ours(address).await? {
            true => Err(Refusal::refused(format!("{address} is our own address, and nobody's contact"))),
            false => Ok(()),
        }
    }

    /// The rows that follow from a contact's aliases. Who was a contact under a new alias is taken over.
    async fn write_aliases(&self, batch: &mut Batch, contact: &mut Contact, former: &[Mailbox]) -> Result<(), Refusal> {
        let engine = &*self.site.engine;
        if contact.aliases.len() > limits::ALIASES_MAX {
            return Err(Refusal::refused(format!("a contact has at most {} aliases", limits::ALIASES_MAX)));
        }
        for alias in former.iter().filter(|alias| !contact.aliases.contains(alias)) {
            tables::CONTACT_ALIASES.delete(batch, alias);
        }
        let new: Vec<Mailbox> = contact.aliases.iter().filter(|alias| !former.contains(alias)).cloned().collect();
        for alias in &new {
            self.check_foreign(alias).await?;
            if let Some(other) = tables::CONTACT_ALIASES.get(engine, alias).await? {
                let why = format!("{alias} is an alias of {} already", other.value);
                return Err(Refusal::refused(why));
            }
            match tables::CONTACTS.get(engine, alias).await? {
                Some(own) if !own.value.aliases.is_empty() => {
                    let first = format!("first: postcase contact set {alias} --alias none");
                    return Err(Refusal::refused(format!("{alias} is a contact with aliases of its own; {first}")));
                }
                Some(own) => {
                    tables::CONTACTS.expect_unchanged(batch, alias, &own);
                    tables::CONTACTS.delete(batch, alias);
                    contact.first_seen_at = contact.first_seen_at.min(own.value.first_seen_at);
                    contact.name = contact.name.take().or(own.value.name);
                }
                None => tables::CONTACTS.expect_absent(batch, alias),
            }
            tables::CONTACT_ALIASES.insert(batch, alias, &contact.address);
        }
        Ok(())
    }

    /// Says of the contact of a case what is known of it now.
    pub(super) async fn with_contact(&self, mut case: Value) -> Result<Value, Refusal> {
        let address = case["contact"]["address"].as_str().and_then(|address| address.parse::<Mailbox>().ok());
        if let Some(address) = address
            && let Some(kept) = people::contact(&*self.site.engine, &address).await?
            && kept.value.inactive
        {
            case["contact"]["inactive"] = json!(true);
        }
        Ok(case)
    }
}

/// The contact with what was typed.
fn changed(stored: Contact, typed: &ContactSettings) -> Contact {
    let mut aliases: Vec<Mailbox> = Vec::new();
    for alias in typed.aliases.as_ref().unwrap_or(&stored.aliases) {
        if *alias != stored.address && !aliases.contains(alias) {
            aliases.push(alias.clone());
        }
    }
    let name = typed.name.clone().or(stored.name).filter(|name| !name.trim().is_empty());
    Contact { name, aliases, inactive: typed.inactive.unwrap_or(stored.inactive), ..stored }
}
