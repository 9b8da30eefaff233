//! Commands about accounts: the companies that contacts belong to.

use super::command::AccountSettings;
use super::{Answer, Desk, Outcome, Refusal, view};
use crate::base::limits;
use crate::case::{Account, account_domain};
use crate::store::{Batch, Kept, Page, tables};

/// What `--account` takes for "no account" and "the domain's": no account is called so.
pub(super) const RESERVED_NAMES: [&str; 2] = ["none", "domain"];

impl Desk {
    /// In order of their making.
    pub(super) async fn account_list(&self, limit: Option<usize>) -> Answer {
        let page = Page::first(&[], limit.unwrap_or(usize::MAX));
        let all = tables::ACCOUNTS.values(&*self.site.engine, page).await?;
        Ok(Outcome::Json(all.iter().map(view::account).collect()))
    }

    pub(super) async fn account_add(&self, name: String, typed: AccountSettings) -> Answer {
        let site = &*self.site;
        let name = checked_name(&name)?;
        let domains = checked_domains(typed.domains.unwrap_or_default())?;
        let number = site.engine.reserve(tables::ACCOUNT_NUMBERS, 1).await?.start;
        let mut tries = site.tries();
        loop {
            if tables::ACCOUNT_NAMES.get(&*site.engine, &key(&name)).await?.is_some() {
                return Err(Refusal::refused(format!("there is an account {name} already")));
            }
            let account = Account { number, name: name.clone(), domains: domains.clone(), created_at: site.now() };
            let mut batch = Batch::default();
            self.write_domains(&mut batch, &account, &[]).await?;
            tables::ACCOUNT_NAMES.insert(&mut batch, &key(&name), &number);
            tables::ACCOUNTS.insert(&mut batch, &number, &account);
            if tries.commit(batch).await? {
                return Ok(Outcome::Json(view::account(&account)));
            }
        }
    }

    pub(super) async fn account_set(&self, name: &str, typed: AccountSettings) -> Answer {
        let site = &*self.site;
        let new_name = typed.name.as_deref().map(checked_name).transpose()?;
        let domains = typed.domains.map(checked_domains).transpose()?;
        let mut tries = site.tries();
        loop {
            let kept = self.account(name).await?;
            let mut account = kept.value.clone();
            let mut batch = Batch::default();
            if let Some(new_name) = &new_name {
                self.rename(&mut batch, &account, new_name).await?;
                account.name.clone_from(new_name);
            }
            if let Some(domains) = &domains {
                account.domains.clone_from(domains);
            }
            self.write_domains(&mut batch, &account, &kept.value.domains).await?;
            tables::ACCOUNTS.replace(&mut batch, &account.number, &kept, &account);
            if tries.commit(batch).await? {
                return Ok(Outcome::Json(view::account(&account)));
            }
        }
    }

    /// The account of this name; case doesn't count.
    pub(super) async fn account(&self, name: &str) -> Result<Kept<Account>, Refusal> {
        let engine = &*self.site.engine;
        let absent = || {
            let next = format!("postcase account list shows all; add it with: postcase account add '{name}'");
            Refusal::not_found(format!("there is no account {name}; {next}"))
        };
        let number = tables::ACCOUNT_NAMES.get(engine, &key(name.trim())).await?.ok_or_else(absent)?.value;
        tables::ACCOUNTS.get(engine, &number).await?.ok_or_else(absent)
    }

    async fn rename(&self, batch: &mut Batch, account: &Account, to: &str) -> Result<(), Refusal> {
        if key(to) == key(&account.name) {
            return Ok(());
        }
        if tables::ACCOUNT_NAMES.get(&*self.site.engine, &key(to)).await?.is_some() {
            return Err(Refusal::refused(format!("there is an account {to} already")));
        }
        tables::ACCOUNT_NAMES.delete(batch, &key(&account.name));
        tables::ACCOUNT_NAMES.insert(batch, &key(to), &account.number);
        Ok(())
    }

    /// The rows that follow from an account's domains. A domain that another account has stays there.
    async fn write_domains(&self, batch: &mut Batch, account: &Account, former: &[String]) -> Result<(), Refusal> {
        let engine = &*self.site.engine;
        for domain in former.iter().filter(|domain| !account.domains.contains(domain)) {
            tables::ACCOUNT_DOMAINS.delete(batch, domain);
        }
        for domain in account.domains.iter().filter(|domain| !former.contains(domain)) {
            if self.site.is_own_domain(domain) {
                return Err(Refusal::refused(format!("{domain} is our own: nobody writes from there")));
            }
            if let Some(other) = tables::ACCOUNT_DOMAINS.get(engine, domain).await? {
                let other = tables::ACCOUNTS.get(engine, &other.value).await?;
                let other = other.map_or_else(|| "another one".to_owned(), |other| other.value.name);
                return Err(Refusal::refused(format!("{domain} belongs to the account {other}")));
            }
            tables::ACCOUNT_DOMAINS.insert(batch, domain, &account.number);
        }
        Ok(())
    }
}

/// What names are compared by.
fn key(name: &str) -> String {
    name.to_lowercase()
}

fn checked_name(typed: &str) -> Result<String, Refusal> {
    let name = typed.trim();
    let fits = !name.is_empty() && name.chars().count() <= limits::ACCOUNT_NAME_CHARS_MAX;
    if !fits || name.chars().any(char::is_control) || RESERVED_NAMES.contains(&key(name).as_str()) {
        let most = limits::ACCOUNT_NAME_CHARS_MAX;
        let why = format!("an account's name is a text in one line, at most {most} characters, and not none or domain");
        return Err(Refusal::refused(why));
    }
    Ok(name.to_owned())
}

/// Each domain once.
fn checked_domains(typed: Vec<String>) -> Result<Vec<String>, Refusal> {
    let mut domains: Vec<String> = Vec::new();
    for domain in typed {
        let domain = account_domain(&domain).map_err(|error| Refusal::refused(error.to_string()))?;
        if !domains.contains(&domain) {
            domains.push(domain);
        }
    }
    if domains.len() > limits::ACCOUNT_DOMAINS_MAX {
        return Err(Refusal::refused(format!("an account has at most {} domains", limits::ACCOUNT_DOMAINS_MAX)));
    }
    Ok(domains)
}
