//! `postcase contact …`, `account …`

use clap::{Args, Subcommand};

use super::Rows;
use super::others::Grounds;
use crate::base::Mailbox;
use crate::cli::failure::Failure;
use crate::cli::meaning::Meaning;
use crate::desk::Command;
use crate::desk::command::{AccountSettings, ContactSettings, Erasing};

#[derive(Debug, Subcommand)]
pub enum Contact {
    /// Lists contacts
    List {
        /// Those of this account
        #[arg(long, value_name = "NAME")]
        account: Option<String>,
        #[command(flatten)]
        rows: Rows,
    },
    /// Shows a contact with their newest cases
    Show {
        /// Their address, or an alias
        address: Mailbox,
    },
    /// Adds a contact who has not written yet
    Add {
        address: Mailbox,
        #[command(flatten)]
        settings: Settings,
    },
    /// Changes a contact; what isn't named stays
    Set {
        /// Their address, or an alias
        address: Mailbox,
        #[command(flatten)]
        settings: Settings,
    },
    /// Erases a contact with all their messages, and our answers, for ever; shows first what that is
    Erase {
        /// Their address, or an alias
        address: Mailbox,
        #[command(flatten)]
        erase: Grounds,
    },
}

#[derive(Debug, Args)]
pub struct Settings {
    /// An empty text takes it away
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// The account they belong to; none: to none; domain: what the domain of their address says
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Another address of theirs, once for each; these are all then, or none
    #[arg(long, value_name = "ADDRESS", value_parser = one_or_none::<Mailbox>)]
    alias: Vec<OneOrNone<Mailbox>>,
    /// They should not write any more; their mail is taken and marked
    #[arg(long, conflicts_with = "active")]
    inactive: bool,
    /// They may write again
    #[arg(long)]
    active: bool,
}

/// A value of a list, or the word `none` for the empty list.
type OneOrNone<T> = Option<T>;

fn one_or_none<T: std::str::FromStr>(typed: &str) -> Result<OneOrNone<T>, T::Err> {
    if typed == "none" { Ok(None) } else { typed.parse().map(Some) }
}

/// The list that was typed, if one was.
fn list<T>(option: &str, typed: Vec<OneOrNone<T>>) -> Result<Option<Vec<T>>, Failure> {
    let count = typed.len();
    let named: Vec<T> = typed.into_iter().flatten().collect();
    match (count, named.len()) {
        (0, _) => Ok(None),
        (1, 0) => Ok(Some(Vec::new())),
        (count, left) if count == left => Ok(Some(named)),
        _ => Err(Failure::usage(format!("{option} none stands alone: it takes all of them away"))),
    }
}

impl Settings {
    fn meaning(self) -> Result<ContactSettings, Failure> {
        Ok(ContactSettings {
            name: self.name,
            account: self.account,
            aliases: list("--alias", self.alias)?,
            inactive: (self.active || self.inactive).then_some(self.inactive),
        })
    }
}

impl Contact {
    pub fn meaning(self) -> Result<Meaning, Failure> {
        Ok(Meaning::Ask(match self {
            Self::List { account, rows } => Command::ContactList { account, limit: rows.limit() },
            Self::Show { address } => Command::ContactShow { address },
            Self::Add { address, settings } => Command::ContactAdd { address, settings: settings.meaning()? },
            Self::Set { address, settings } => {
                let settings = settings.meaning()?;
                if settings == ContactSettings::default() {
                    return Err(Failure::usage(
                        "nothing to set: name a setting, such as --name TEXT; see postcase contact set --help",
                    ));
                }
                Command::ContactSet { address, settings }
            }
            Self::Erase { address, erase: Grounds { reason, by, yes } } => {
                return Ok(Meaning::Erase(Command::ContactErase { address, asked: Erasing { reason, by, yes } }));
            }
        }))
    }
}

#[derive(Debug, Subcommand)]
pub enum Account {
    /// Lists accounts
    List {
        #[command(flatten)]
        rows: Rows,
    },
    /// Adds an account
    Add {
        name: String,
        #[command(flatten)]
        domains: Domains,
    },
    /// Changes an account; what isn't named stays
    Set {
        name: String,
        /// Another name
        #[arg(long = "name", value_name = "TEXT")]
        to: Option<String>,
        #[command(flatten)]
        domains: Domains,
    },
}

#[derive(Debug, Args)]
pub struct Domains {
    /// Whoever writes from there belongs to it, once for each domain; these are all then, or none
    #[arg(long, value_name = "DOMAIN", value_parser = one_or_none::<String>)]
    domain: Vec<OneOrNone<String>>,
}

impl Account {
    pub fn meaning(self) -> Result<Meaning, Failure> {
        Ok(Meaning::Ask(match self {
            Self::List { rows } => Command::AccountList { limit: rows.limit() },
            Self::Add { name, domains } => {
                let settings = AccountSettings { name: None, domains: list("--domain", domains.domain)? };
                Command::AccountAdd { name, settings }
            }
            Self::Set { name, to, domains } => {
                let settings = AccountSettings { name: to, domains: list("--domain", domains.domain)? };
                if settings == AccountSettings::default() {
                    return Err(Failure::usage("nothing to set: name --name or --domain"));
                }
                Command::AccountSet { name, settings }
            }
        }))
    }
}
