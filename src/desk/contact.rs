//! Commands about contacts: those who write to us.
//!
//! An alias names its contact in every command. An address that is made an alias stops being a contact of its own; its
//! cases stay, and are listed with those of its contact.

use serde_json::{Value, json};

use super::command::{CaseFilter, ContactSettings};
use super::{Answer, Desk, Outcome, Refusal, view};
use crate::address::ReplyTo;
use crate::base::{Mailbox, limits};
use crate::case::{AccountChoice, Case, Contact, Mail};
use crate::store::{Batch, Kept, Page, people, tables};

/// Contacts read at a time while those of an account are looked for.
const PAGE: usize = 256;

impl Desk {
    /// By address.
    pub(super) async fn contact_list(&self, account: Option<String>, limit: Option<usize>) -> Answer {
        let wanted = match account {
            Some(name) => Some(self.account(&name).await?.value.name),
            None => None,
        };
        let limit = limit.unwrap_or(usize::MAX);
        let mut rows = Vec::new();
        let mut page = Page::first(&[], PAGE);
        while rows.len() < limit
            && let Some(contacts) = tables::CONTACTS.next(&*self.site.engine, &mut page).await?
        {
            for contact in contacts.iter().map(|kept| &kept.value) {
                let account = self.account_name(&contact.address, Some(contact)).await?;
                if wanted.is_none() || wanted == account {
                    rows.push(view::contact(contact, account.as_deref()));
                }
            }
        }
        rows.truncate(limit);
        Ok(Outcome::Json(rows.into()))
    }

    /// With the newest cases.
    pub(super) async fn contact_show(&self, address: &Mailbox) -> Answer {
        let contact = self.contact(address).await?.value;
        let newest = CaseFilter {
            contact: Some(contact.address.clone()),
            limit: Some(limits::CONTACT_CASES_SHOWN),
            ..CaseFilter::default()
        };
        let mut shown = self.contact_shown(&contact).await?;
        if let Outcome::Json(cases) = self.case_list(newest).await? {
            shown["cases"] = cases;
        }
        Ok(Outcome::Json(shown))
    }

    pub(super) async fn contact_add(&self, address: Mailbox, typed: ContactSettings) -> Answer {
        let site = &*self.site;
        self.check_foreign(&address).await?;
        let choice = self.account_choice(typed.account.as_deref()).await?;
        let mut tries = site.tries();
        loop {
            if let Some(known) = people::contact(&*site.engine, &address).await? {
                let known = &known.value.address;
                let why = format!("{address} is a contact already; change it with: postcase contact set {known}");
                return Err(Refusal::refused(why));
            }
            let mut batch = Batch::default();
            tables::CONTACT_ALIASES.expect_absent(&mut batch, &address);
            let mut contact = changed(Contact::new(address.clone(), None, site.now()), &typed, choice);
            self.write_aliases(&mut batch, &mut contact, &[]).await?;
            tables::CONTACTS.insert(&mut batch, &address, &contact);
            if tries.commit(batch).await? {
                return Ok(Outcome::Json(self.contact_shown(&contact).await?));
            }
        }
    }

    pub(super) async fn contact_set(&self, address: &Mailbox, typed: ContactSettings) -> Answer {
        let site = &*self.site;
        let choice = self.account_choice(typed.account.as_deref()).await?;
        let mut tries = site.tries();
        loop {
            let kept = self.contact(address).await?;
            let mut contact = changed(kept.value.clone(), &typed, choice);
            let mut batch = Batch::default();
            self.write_aliases(&mut batch, &mut contact, &kept.value.aliases).await?;
            tables::CONTACTS.replace(&mut batch, &kept.value.address, &kept, &contact);
            if tries.commit(batch).await? {
                return Ok(Outcome::Json(self.contact_shown(&contact).await?));
            }
        }
    }

    /// The contact that this is an address of.
    async fn contact(&self, address: &Mailbox) -> Result<Kept<Contact>, Refusal> {
        let found = people::contact(&*self.site.engine, address).await?;
        found.ok_or_else(|| Refusal::not_found(format!("{address} is no contact; see: postcase contact list")))
    }

    async fn contact_shown(&self, contact: &Contact) -> Result<Value, Refusal> {
        let account = self.account_name(&contact.address, Some(contact)).await?;
        Ok(view::contact(contact, account.as_deref()))
    }

    async fn account_name(&self, address: &Mailbox, contact: Option<&Contact>) -> Result<Option<String>, Refusal> {
        Ok(people::account(&*self.site.engine, address, contact).await?.map(|account| account.name))
    }

    /// What was typed behind `--account`.
    async fn account_choice(&self, typed: Option<&str>) -> Result<Option<AccountChoice>, Refusal> {
        Ok(match typed {
            None => None,
            Some("none") => Some(AccountChoice::None),
            Some("domain") => Some(AccountChoice::Domain),
            Some(name) => Some(AccountChoice::Account(self.account(name).await?.value.number)),
        })
    }

    /// What a Reply-To means to the address of a case.
    pub(super) async fn reply_to_policy(&self, case: &Case) -> Result<ReplyTo, Refusal> {
        let Some(address) = &case.address else { return Ok(ReplyTo::default()) };
        let address = self.site.routing_address(address).await?;
        Ok(address.map(|address| address.settings.reply_to).unwrap_or_default())
    }

    /// A message as an answer to its case sees it: to the author behind a group mailer, and without a Reply-To that the address ignores. A From of ours isn't
    /// answered, so that there Reply-To always counts.
    pub(super) async fn as_answered(&self, case: &Case, mut mail: Mail) -> Result<Mail, Refusal> {
        if self.reply_to_policy(case).await? == ReplyTo::Ignore
            && let Some(author) = mail.author()
            && !self.site.is_ours(&author).await?
        {
            mail.facts.reply_to.clear();
        }
        if mail.facts.reply_to.is_empty() {
            mail.facts.reply_to.extend(mail.facts.original_from.clone());
        }
        Ok(mail)
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
        let Some(address) = address else { return Ok(case) };
        let contact = people::contact(&*self.site.engine, &address).await?.map(|kept| kept.value);
        case["contact"]["account"] = json!(self.account_name(&address, contact.as_ref()).await?);
        if contact.is_some_and(|contact| contact.inactive) {
            case["contact"]["inactive"] = json!(true);
        }
        Ok(case)
    }
}

/// The contact with what was typed.
fn changed(stored: Contact, typed: &ContactSettings, account: Option<AccountChoice>) -> Contact {
    let mut aliases: Vec<Mailbox> = Vec::new();
    for alias in typed.aliases.as_ref().unwrap_or(&stored.aliases) {
        if *alias != stored.address && !aliases.contains(alias) {
            aliases.push(alias.clone());
        }
    }
    let name = typed.name.clone().or(stored.name).filter(|name| !name.trim().is_empty());
    let (account, inactive) = (account.unwrap_or(stored.account), typed.inactive.unwrap_or(stored.inactive));
    Contact { name, aliases, account, inactive, ..stored }
}
