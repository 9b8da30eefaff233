//! The tables of the database, with what is under which key. The types of the documents live with their domain; this is
//! the one list of what is stored.

use super::{Batch, Documents, Key, Table};
use crate::address::{Keyring, RoutingAddress};
use crate::auth::DkimKey;
use crate::base::{CaseNumber, MailId, Mailbox};
use crate::case::{Account, AccountNumber, Case, Contact, Erasure, Event, Mail, Names};
use crate::routing::{Agent, Place, Plugin, PluginFile, PluginInput, PluginMemory, Profile, Queue, Ration, WorkItem};
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
/// Service address → the routing address it belongs to.
pub const SERVICE_ADDRESSES: Documents<Mailbox, Mailbox> = Documents::named("service_address");
/// The author of a probe → the routing address it verifies.
pub const PROBE_SENDERS: Documents<Mailbox, Mailbox> = Documents::named("probe_sender");
pub const QUEUES: Documents<str, Queue> = Documents::named("queue");
pub const AGENTS: Documents<Mailbox, Agent> = Documents::named("agent");
/// Capacity profiles.
pub const PROFILES: Documents<str, Profile> = Documents::named("profile");
/// What cases take of agents until a day has ended; all under [`Place::Agent`].
pub const RATIONS: Documents<(Place, CaseNumber), Ration> = Documents::named("ration");
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
/// What is to be done, by where it is. Follows the case's row: whatever writes that writes this.
pub const WORK: Documents<(Place, CaseNumber), WorkItem> = Documents::named("work");
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

/// Writes an item where it is now, and nothing where it was.
pub(super) fn move_work(batch: &mut Batch, former: Option<WorkItem>, now: Option<WorkItem>) {
    let key = |item: &WorkItem| (item.place.clone(), item.case);
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
