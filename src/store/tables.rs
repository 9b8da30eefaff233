//! The tables of the database, with what is under which key. The types of the documents live with their domain; this is
//! the one list of what is stored.

use std::collections::BTreeSet;

use super::{Batch, Documents, Key, Table};
use crate::address::{Keyring, RoutingAddress};
use crate::auth::DkimKey;
use crate::base::{CaseNumber, MailId, Mailbox};
use crate::case::{Account, AccountNumber, Case, Contact, Erasure, Event, Mail, Names};
use crate::routing::{
    Agent, Place, Plugin, PluginFile, PluginInput, PluginMemory, Profile, Queue, Ration, Work, WorkItem,
};
use crate::rules::Written;

/// Where the rules are kept.
pub const IN_FORCE: &str = "in force";
/// Sequence of case numbers.
pub const CASE_NUMBERS: &str = "case";
/// Sequence of registrations.
pub const ADDRESS_NUMBERS: &str = "address";
/// Sequence of accounts.
pub const ACCOUNT_NUMBERS: &str = "account";

/// Sequence of audit records.
pub const AUDIT_NUMBERS: &str = "audit";

/// Registered addresses.
pub const ADDRESSES: Documents<Mailbox, RoutingAddress> = Documents::named("address");
/// Address that is registered no more → the permission sets that it asked for, and its cases still do.
pub const ASKED: Documents<Mailbox, BTreeSet<String>> = Documents::named("asked");
/// Service address → the routing address it belongs to.
pub const SERVICE_ADDRESSES: Documents<Mailbox, Mailbox> = Documents::named("service_address");
/// The author of a probe → the routing address it verifies.
pub const PROBE_SENDERS: Documents<Mailbox, Mailbox> = Documents::named("probe_sender");
pub const QUEUES: Documents<str, Queue> = Documents::named("queue");
pub const AGENTS: Documents<Mailbox, Agent> = Documents::named("agent");
/// Capacity profiles.
pub const PROFILES: Documents<str, Profile> = Documents::named("profile");
/// What work takes of agents until a day has ended; all under [`Place::Agent`].
pub const RATIONS: Documents<(Place, Work), Ration> = Documents::named("ration");
/// One record for each decided message, received or sent: also the mark that its journal entry is done.
pub const MAILS: Documents<MailId, Mail> = Documents::named("mail");
/// What messages are called → all that are called so, with everything that is looked up by a name.
pub const NAMES: Documents<[u8; 16], Names> = Documents::named("name");
/// [`imported_name`] → the message that was imported.
pub const IMPORTED: Documents<[u8; 16], MailId> = Documents::named("imported");
/// The fold of a case's events.
pub const CASES: Documents<CaseNumber, Case> = Documents::named("case");
/// Case number and index → event.
pub const CASE_EVENTS: Documents<(CaseNumber, u32), Event> = Documents::named("case_event");
/// Messages that are done without a case: the fold of their events, which are a case's, with the number 0.
pub const ITEMS: Documents<MailId, Case> = Documents::named("item");
/// Message and index → event of its item.
const ITEM_EVENTS: Documents<(MailId, u32), Event> = Documents::named("item_event");
/// What is to be done, by where it is. Follows the row of the case or item: whatever writes that writes this.
pub const WORK: Documents<(Place, Work), WorkItem> = Documents::named("work");
pub const CONTACTS: Documents<Mailbox, Contact> = Documents::named("contact");
/// Alias → the address of its contact.
pub const CONTACT_ALIASES: Documents<Mailbox, Mailbox> = Documents::named("contact_alias");
pub const ACCOUNTS: Documents<u64, Account> = Documents::named("account");
/// Name in lower case → account.
pub const ACCOUNT_NAMES: Documents<str, AccountNumber> = Documents::named("account_name");
/// Domain → the account that has it.
pub const ACCOUNT_DOMAINS: Documents<str, AccountNumber> = Documents::named("account_domain");
/// Under `tokens`: the secrets that threads are proved with.
pub const KEYRINGS: Documents<str, Keyring> = Documents::named("keyring");
/// Under [`IN_FORCE`]: the file of rules as it was last right, for a start that finds it wrong.
pub const LAST_RULES: Documents<str, Written> = Documents::named("last_rules");
/// What was erased, by whom and why.
pub const AUDIT: Documents<u64, Erasure> = Documents::named("audit");
/// Domain → its DKIM keys, all of which sign.
pub const DKIM_KEYS: Documents<str, Vec<DkimKey>> = Documents::named("dkim_key");
/// Name → a plugin.
pub const PLUGINS: Documents<str, Plugin> = Documents::named("plugin");
/// Hash → the component of a plugin's version.
pub const PLUGIN_FILES: Documents<str, PluginFile> = Documents::named("plugin_file");
/// Name of a plugin → what it keeps. It follows the decisions: each writes it as the one before left it, or is planned again.
pub const PLUGIN_MEMORIES: Documents<str, PluginMemory> = Documents::named("plugin_memory");
/// Message → what plugins had kept when they were asked about it. Goes when the message is erased.
pub const PLUGIN_INPUTS: Documents<MailId, Vec<PluginInput>> = Documents::named("plugin_input");
/// Under `inbox`: entries up to this one may have been started.
pub const CLAIMS: Documents<str, MailId> = Documents::named("claim");
/// How often the reading of an entry was started after an unclean end.
pub const STARTS: Documents<MailId, u32> = Documents::named("start");

/// A place's items have its bytes in front of their keys.
impl Key for Place {
    fn to_bytes(&self) -> Vec<u8> {
        let (kind, name) = match self {
            Self::Queue(name) => (Self::QUEUES, name.clone()),
            Self::Agent(agent) => (Self::AGENTS, agent.key()),
        };
        // Neither a queue's name nor a mailbox has a NUL.
        [kind, name.as_bytes(), &[0]].concat()
    }
}

/// The key of a case, or that of a message.
impl Key for Work {
    fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Case(number) => number.to_bytes(),
            Self::Mail(mail) => mail.to_bytes(),
        }
    }
}

/// Where the row of such work is.
pub const fn heads(work: Work) -> Documents<Work, Case> {
    Documents::named(match work {
        Work::Case(_) => CASES.table().0,
        Work::Mail(_) => ITEMS.table().0,
    })
}

/// Where its events are.
pub const fn events(work: Work) -> Documents<(Work, u32), Event> {
    Documents::named(match work {
        Work::Case(_) => CASE_EVENTS.table().0,
        Work::Mail(_) => ITEM_EVENTS.table().0,
    })
}

/// What a key of [`WORK`] or [`RATIONS`] is made of: the bytes of the place, and the work.
pub fn place_and_work(key: &[u8]) -> Option<(&[u8], Work)> {
    let (place, work) = key.split_at(key.iter().position(|byte| *byte == 0)? + 1);
    let work = match <[u8; 8]>::try_from(work) {
        Ok(number) => Work::Case(CaseNumber::from_be_bytes(number)),
        Err(_) => Work::Mail(MailId::from_key(work)?),
    };
    Some((place, work))
}

/// Writes an item where it is now, and nothing where it was.
pub(super) fn move_work(batch: &mut Batch, former: Option<WorkItem>, now: Option<WorkItem>) {
    let key = |item: &WorkItem| (item.place.clone(), item.work);
    if former == now {
        return;
    }
    if let Some(former) = former.as_ref().map(key).filter(|former| now.as_ref().map(key).as_ref() != Some(former)) {
        WORK.delete(batch, &former);
    }
    if let Some(item) = now {
        WORK.put(batch, &key(&item), &item);
    }
}

/// Tables whose new rows come in no order of their keys; the engine keeps each as several.
pub const SCATTERED: [Table; 2] = [NAMES.table, CONTACTS.table];

/// What a message with this Message-ID is called. Case counts (RFC 5322 §3.6.4).
pub fn name_of(message_id: &str) -> [u8; 16] {
    digest(&[message_id.as_bytes()])
}

/// What a message from an archive is known by: the address it was imported for, and its bytes.
pub fn imported_name(address: &Mailbox, message: &[u8]) -> [u8; 16] {
    digest(&[address.key().as_bytes(), message])
}

/// A digest of several fields that no other division into fields shares.
pub fn digest(fields: &[&[u8]]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    for field in fields {
        hasher.update(&(field.len() as u64).to_le_bytes());
        hasher.update(field);
    }
    let mut short = [0; 16];
    short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_at_a_place_is_read_from_its_key() {
        let mail = MailId { incarnation: 0, segment: 1, index: 0 };
        for place in [Place::Queue("q".into()), Place::Agent("a@b.example".parse().unwrap())] {
            for work in [Work::Case(0), Work::Case(17), Work::Mail(mail)] {
                let key = (place.clone(), work).to_bytes();
                assert_eq!(place_and_work(&key), Some((&place.to_bytes()[..], work)));
            }
        }
        assert_eq!(place_and_work(b"qq\0short"), None);
        assert_eq!(place_and_work(b"none"), None);
    }

    #[test]
    fn an_item_of_an_older_version_is_read() {
        let row = r#"{"case":17,"place":{"queue":"q"},"since":"2026-11-20T10:00:00Z","priority":"normal"}"#;
        assert_eq!(serde_json::from_str::<WorkItem>(row).unwrap().work, Work::Case(17));
    }
}
