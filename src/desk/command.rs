//! What can be asked of postcase, as data: the command line makes these values, the local socket and the API carry them
//! as JSON, [`Desk`](super::Desk) answers them. One list, so that every face can do the same.
//!
//! Names are `noun-verb`, as typed. Absent optional fields keep what is stored (in `set`) or take the default (in `add`).

mod item;
mod plugin;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;

use serde::{Deserialize, Serialize};

use crate::base::{CaseNumber, Mailbox, ReversePath, Span, Time};
use crate::routing::{Accept, Assign, Presence};

pub use super::dkim::DkimCommand;
pub use super::profile::{ProfileCommand, ProfileSettings};

pub use item::{ItemCommand, ItemFilter, ItemStatus};
pub use plugin::{PluginChange, PluginCommand, PluginRequest};

/// One command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Command {
    AddressAdd {
        address: Mailbox,
        #[serde(default)]
        settings: Box<AddressSettings>,
    },
    AddressList {
        limit: Option<usize>,
    },
    AddressShow {
        address: Mailbox,
    },
    AddressSet {
        address: Mailbox,
        settings: Box<AddressSettings>,
    },
    /// All addresses with their settings.
    AddressExport,
    /// What would change, and with `yes` the change itself: of all of them or of none.
    AddressApply {
        addresses: Vec<WantedAddress>,
        yes: bool,
    },
    AddressVerify {
        address: Mailbox,
    },
    AddressConfirm {
        address: Mailbox,
        code: String,
    },
    AddressRotate {
        address: Mailbox,
        /// 7d unless said.
        overlap: Option<Span>,
    },
    AddressDisable {
        address: Mailbox,
    },
    AddressEnable {
        address: Mailbox,
    },
    AddressRemove {
        address: Mailbox,
    },
    MessageList(MessageFilter),
    MessageShow {
        id: String,
    },
    /// Answers with the raw bytes, not with JSON; with `trace`, our trace fields in front of them.
    MessageRaw {
        id: String,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        trace: bool,
    },
    /// Answers with the decoded bytes of an attachment; they are counted from 1, as they are listed.
    MessageAttachment {
        id: String,
        number: usize,
    },
    MessageExplain {
        id: String,
    },
    /// One that is held or ignored is decided without its address's policies.
    MessageRelease {
        id: String,
    },
    /// Read again, and decided again if it is held or ignored.
    MessageReprocess {
        id: String,
    },
    /// What would be erased, and with `yes` that it is.
    MessageErase {
        id: String,
        asked: Erasing,
    },
    CaseList(CaseFilter),
    CaseShow {
        number: CaseNumber,
    },
    CaseReply(ReplyRequest),
    CaseNote {
        number: CaseNumber,
        text: String,
        by: Option<Mailbox>,
    },
    /// `changes`: `status`, `priority`, `subject`, or a field name of the company's own.
    CaseSet {
        number: CaseNumber,
        changes: BTreeMap<String, String>,
        by: Option<Mailbox>,
    },
    CaseAssign {
        number: CaseNumber,
        agent: Option<Mailbox>,
        queue: Option<String>,
    },
    /// Another status of a task; `done` ends it.
    CaseTask {
        number: CaseNumber,
        task: u32,
        status: String,
        by: Option<Mailbox>,
    },
    /// An agent begins to work on it.
    CaseTake {
        number: CaseNumber,
        by: Mailbox,
    },
    /// All of it into another case.
    CaseMerge {
        number: CaseNumber,
        into: CaseNumber,
        by: Option<Mailbox>,
    },
    /// A message into a case of its own.
    CaseSplit {
        number: CaseNumber,
        message: String,
        by: Option<Mailbox>,
    },
    /// A message of another case into this one.
    CaseLink {
        number: CaseNumber,
        message: String,
        by: Option<Mailbox>,
    },
    /// An offer isn't wanted.
    CaseDecline {
        number: CaseNumber,
        by: Mailbox,
    },
    Item(ItemCommand),
    AccountList {
        limit: Option<usize>,
    },
    AccountAdd {
        name: String,
        #[serde(default)]
        settings: AccountSettings,
    },
    AccountSet {
        name: String,
        settings: AccountSettings,
    },
    ContactList {
        /// Those of this account.
        #[serde(default)]
        account: Option<String>,
        limit: Option<usize>,
    },
    /// By their address, or by an alias.
    ContactShow {
        address: Mailbox,
    },
    ContactAdd {
        address: Mailbox,
        #[serde(default)]
        settings: ContactSettings,
    },
    /// By their address, or by an alias.
    ContactSet {
        address: Mailbox,
        settings: ContactSettings,
    },
    /// A contact with all their messages: what would be erased, and with `yes` that it is.
    ContactErase {
        address: Mailbox,
        asked: Erasing,
    },
    /// What was erased, the newest first.
    AuditList {
        limit: Option<usize>,
    },
    QueueAdd {
        name: String,
        #[serde(default)]
        settings: QueueSettings,
    },
    QueueList,
    QueueShow {
        name: String,
    },
    QueueSet {
        name: String,
        settings: QueueSettings,
    },
    /// One in which nothing waits.
    QueueRemove {
        name: String,
    },
    AgentAdd {
        address: Mailbox,
        #[serde(default)]
        settings: AgentSettings,
    },
    AgentList,
    AgentShow {
        address: Mailbox,
    },
    AgentSet {
        address: Mailbox,
        settings: AgentSettings,
    },
    AgentPresence {
        address: Mailbox,
        presence: Presence,
    },
    /// Their cases go back to their queues.
    AgentRemove {
        address: Mailbox,
    },
    Profile(ProfileCommand),
    /// What other rules, or other plugins, would change for stored mail; `file` is what mistakes call the rules.
    Replay {
        #[serde(default)]
        file: Option<String>,
        #[serde(default)]
        rules: Option<String>,
        #[serde(default)]
        plugins: Vec<PluginRequest>,
        since: Option<Time>,
    },
    /// The rules in force; with `order` all advisers in the order in which they are asked.
    RulesShow {
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        order: bool,
    },
    SpoolList {
        limit: Option<usize>,
    },
    SpoolRetry {
        id: String,
    },
    SpoolHold,
    SpoolResume,
    Dkim(DkimCommand),
    /// Messages of an archive, which go the way of received mail; what was imported for this address before is left out.
    Import {
        address: Mailbox,
        messages: Vec<Archived>,
    },
    /// The next page of the export: what has changed since a time, behind a position.
    Export {
        since: Option<Time>,
        after: Option<String>,
    },
    Plugin(PluginCommand),
    /// The store, into a new file on the server's machine.
    Backup {
        file: PathBuf,
    },
    /// What of all that is registered can't be meant.
    Check,
    /// Reads every message and every row.
    StoreCheck,
}

impl Command {
    /// True when it reads everything there is, or waits until others have their turn.
    pub fn takes_long(&self) -> bool {
        match self {
            Self::MessageErase { .. } | Self::ContactErase { .. } | Self::Backup { .. } | Self::StoreCheck => true,
            Self::Replay { .. } | Self::Import { .. } | Self::Export { .. } => true,
            Self::CaseList(filter) => filter.text.is_some(),
            _ => false,
        }
    }
}

/// Who erases, why, and whether it is more than shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erasing {
    pub reason: String,
    #[serde(default)]
    pub by: Option<Mailbox>,
    pub yes: bool,
}

/// An address as a file wants it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WantedAddress {
    pub address: Mailbox,
    #[serde(default)]
    pub settings: AddressSettings,
}

/// Settings of a routing address as typed; `None` is "not named".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AddressSettings {
    pub name: Option<String>,
    pub mode: Option<crate::address::Mode>,
    /// Takes the owner away; `main` is none.
    pub queue: Option<String>,
    /// Takes the queue away.
    pub owner: Option<Mailbox>,
    /// `main` is none.
    pub fallback_queue: Option<String>,
    pub opens: Option<crate::address::Opens>,
    pub origin: Option<String>,
    pub priority: Option<crate::case::Priority>,
    /// An empty text takes it away.
    pub record_type: Option<String>,
    /// The address itself is none.
    pub reply_from: Option<Mailbox>,
    pub accept_from: Option<crate::address::AcceptFrom>,
    pub unauthorised: Option<crate::address::Unauthorised>,
    pub reply_to: Option<crate::address::ReplyTo>,
    pub unknown_sender: Option<crate::address::UnknownSender>,
    /// Messages a day; 0 takes the limit away.
    pub rate_limit: Option<u32>,
    pub over_limit: Option<crate::address::OverLimit>,
    pub on_resolved: Option<crate::address::OnResolved>,
    pub save_headers: Option<bool>,
    /// An empty text takes it away.
    pub task: Option<String>,
    /// `off` takes it away.
    pub acknowledge: Option<crate::address::Acknowledge>,
    /// All of them; an empty name is none.
    pub permission_sets: Option<BTreeSet<String>>,
    /// The same.
    pub plugins: Option<BTreeSet<String>>,
}

/// Settings of a queue as typed; `None` is "not named".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QueueSettings {
    pub members: Option<Vec<Mailbox>>,
    pub assign: Option<Assign>,
    pub accept: Option<Accept>,
    /// The queue itself is none.
    pub overflow: Option<String>,
    pub overflow_after: Option<Span>,
    /// 0 is any number.
    pub overflow_at: Option<u32>,
    /// An empty text takes them away.
    pub hours: Option<String>,
    /// 0s: skills count however long it takes.
    pub relax_after: Option<Span>,
}

/// Settings of an agent as typed; `None` is "not named".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AgentSettings {
    pub name: Option<String>,
    /// 0 is what the profile says.
    pub capacity: Option<u32>,
    /// An empty text takes it away.
    pub profile: Option<String>,
    pub notices: Option<bool>,
    /// A level of 0 takes a skill away.
    pub skills: BTreeMap<String, u8>,
    /// All of them; an empty name is none.
    pub permission_sets: Option<BTreeSet<String>>,
}

/// What a person says of a contact; `None` is "not named".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ContactSettings {
    /// An empty text takes it away.
    pub name: Option<String>,
    /// An account's name, `none`, or `domain` for what the domain says.
    pub account: Option<String>,
    /// All of them.
    pub aliases: Option<Vec<Mailbox>>,
    pub inactive: Option<bool>,
}

/// What a person says of an account; `None` is "not named".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountSettings {
    /// Another name.
    pub name: Option<String>,
    /// All of them.
    pub domains: Option<Vec<String>>,
}

/// Which messages to list, newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MessageFilter {
    pub address: Option<Mailbox>,
    pub case: Option<CaseNumber>,
    pub disposition: Option<String>,
    /// `inbound` (also when absent), `outbound` or `any`.
    pub direction: Option<String>,
    pub since: Option<Time>,
    /// `None`: all of them.
    pub limit: Option<usize>,
}

/// Which cases to list, newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CaseFilter {
    pub status: Option<crate::case::Status>,
    pub queue: Option<String>,
    pub workstream: Option<String>,
    pub owner: Option<Mailbox>,
    /// Who is asked to take it.
    pub offered_to: Option<Mailbox>,
    pub contact: Option<Mailbox>,
    /// The status of one of its open tasks.
    pub task: Option<String>,
    /// All of these words, see [`search`](super::search).
    pub text: Option<String>,
    /// `None`: all of them.
    pub limit: Option<usize>,
}

/// An agent's answer to a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplyRequest {
    pub number: CaseNumber,
    pub body: String,
    /// The agent who answers.
    #[serde(default)]
    pub by: Option<Mailbox>,
    /// Another registered and verified address to send from.
    #[serde(default)]
    pub from: Option<Mailbox>,
    /// Instead of the computed recipients.
    #[serde(default)]
    pub to: Vec<Mailbox>,
    #[serde(default)]
    pub cc: Vec<Mailbox>,
    /// Also to the others of the conversation.
    #[serde(default)]
    pub all: bool,
    #[serde(default)]
    pub attachments: Vec<Attached>,
    /// The newest message of the case that the agent has read: nothing is sent when there is a newer one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<String>,
    /// Sends nothing, and says what would leave.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub preview: bool,
    /// Without the answered message below it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_quote: bool,
    /// Instead of `pending`.
    #[serde(default)]
    pub status: Option<crate::case::Status>,
}

/// A file that goes with a reply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attached {
    pub name: String,
    pub content_type: String,
    /// Base64 (RFC 4648 §4).
    pub content: String,
}

/// A message of an archive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archived {
    pub from: ReversePath,
    /// When it was received; by its Date field unless said.
    #[serde(default)]
    pub received_at: Option<Time>,
    /// The message with CRLF line ends in base64 (RFC 4648 §4).
    pub content: String,
}

/// Why a command was not done. `message` is for the person who typed it and says what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    pub kind: RefusalKind,
    pub message: String,
}

/// The class of a refusal; the command line makes its exit code of it, the API its HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// Wrong in itself or not allowed now: exit 1, HTTP 409 or 422.
    Refused,
    /// No such address, message, case: exit 3, HTTP 404.
    NotFound,
    /// Our own failure: exit 1, HTTP 500.
    Failed,
}

/// What a command answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Json(serde_json::Value),
    Bytes(Vec<u8>),
}

/// What a command comes to.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Outcome, Refusal>> + Send + 'a>>;

/// Whoever does commands: the desk; in tests of a face, something smaller.
pub trait Answers: Send + Sync {
    fn answer(&self, command: Command) -> Answer<'_>;
}

impl Refusal {
    /// Wrong in itself, or not allowed now.
    pub fn refused(message: impl Into<String>) -> Self {
        Self { kind: RefusalKind::Refused, message: message.into() }
    }

    /// There is no such thing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self { kind: RefusalKind::NotFound, message: message.into() }
    }

    /// Our own failure.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { kind: RefusalKind::Failed, message: message.into() }
    }
}
