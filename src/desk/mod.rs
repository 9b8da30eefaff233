//! What an administrator or an agent can ask, one function each, free of transport.
//!
//! The same [`Desk`] answers the local socket and the API of a running server, and the command line when no server
//! runs. Answers are JSON in the shapes that scripts rely on; what people read is made from them.

mod account;
mod address;
mod agent;
mod apply;
mod backup;
mod case;
mod check;
pub mod command;
mod contact;
mod dkim;
mod erase;
mod explain;
mod export;
mod family;
mod import;
mod item;
mod message;
mod plugin;
mod profile;
mod queue;
mod replay;
mod reply;
mod rules;
mod search;
mod spool;
#[cfg(test)]
mod tests;
mod view;
mod waits;
mod work;

use std::sync::Arc;

use crate::dispatch::Dispatch;
use crate::intake::{Again, Inbox};
use crate::net::MxCheck;
use crate::store::{AppendError, CommitError, Floor, ReadError, Site};

pub use command::{Answers, Command, Outcome, Refusal, RefusalKind};
pub use replay::{candidate, difference};

/// Answers commands.
pub struct Desk {
    site: Arc<Site>,
    inbox: Arc<Inbox>,
    floor: Floor,
    /// None where no server runs: what is sent then is looked at when it comes back.
    mx: Option<MxCheck>,
    /// None where no server runs: nothing is given out then.
    dispatch: Option<Dispatch>,
    importing: tokio::sync::Mutex<import::Undecided>,
}

type Answer = Result<Outcome, Refusal>;

impl Desk {
    pub fn new(site: Arc<Site>, inbox: Arc<Inbox>, floor: Floor, mx: Option<MxCheck>) -> Self {
        Self { site, inbox, floor, mx, dispatch: None, importing: Default::default() }
    }

    /// The same, which can say why cases wait.
    pub fn beside(self, dispatch: Dispatch) -> Self {
        Self { dispatch: Some(dispatch), ..self }
    }

    /// Does what the command says, or says why not; nothing is half done.
    pub async fn do_command(&self, command: Command) -> Answer {
        match command {
            Command::AddressAdd { address, settings } => self.address_add(address, *settings).await,
            Command::AddressList { limit } => self.address_list(limit).await,
            Command::AddressShow { address } => self.address_show(&address).await,
            Command::AddressSet { address, settings } => self.address_set(&address, *settings).await,
            Command::AddressExport => self.address_export().await,
            Command::AddressApply { addresses, yes } => self.address_apply(addresses, yes).await,
            Command::AddressVerify { address } => self.address_verify(&address).await,
            Command::AddressConfirm { address, code } => self.address_confirm(&address, &code).await,
            Command::AddressRotate { address, overlap } => self.address_rotate(&address, overlap).await,
            Command::AddressDisable { address } => self.address_disable(&address, true).await,
            Command::AddressEnable { address } => self.address_disable(&address, false).await,
            Command::AddressRemove { address } => self.address_remove(&address).await,
            Command::MessageList(filter) => self.message_list(filter).await,
            Command::MessageShow { id } => self.message_show(&id).await,
            Command::MessageRaw { id, trace } => self.message_raw(&id, trace).await,
            Command::MessageAttachment { id, number } => self.message_attachment(&id, number).await,
            Command::MessageExplain { id } => self.message_explain(&id).await,
            Command::MessageRelease { id } => self.message_again(id, Again::Release).await,
            Command::MessageReprocess { id } => self.message_again(id, Again::Reprocess).await,
            Command::MessageErase { id, asked } => self.message_erase(id, asked).await,
            Command::CaseList(filter) => self.case_list(filter).await,
            Command::CaseShow { number } => self.case_show(number).await,
            Command::CaseReply(request) => self.case_reply(request).await,
            Command::CaseNote { number, text, by } => self.case_note(number, text, by).await,
            Command::CaseTask { number, task, status, by } => self.case_task(number, task, status, by).await,
            Command::CaseSet { number, changes, by } => self.case_set(number, changes, by).await,
            Command::CaseAssign { number, agent, queue } => self.assign(number.into(), agent, queue).await,
            Command::CaseTake { number, by } => self.take(number.into(), by).await,
            Command::CaseMerge { number, into, by } => self.case_merge(number, into, by).await,
            Command::CaseSplit { number, message, by } => self.case_split(number, &message, by).await,
            Command::CaseLink { number, message, by } => self.case_link(number, &message, by).await,
            Command::CaseDecline { number, by } => self.decline(number.into(), by).await,
            Command::Item(command) => self.item_command(command).await,
            Command::AccountList { limit } => self.account_list(limit).await,
            Command::AccountAdd { name, settings } => self.account_add(name, settings).await,
            Command::AccountSet { name, settings } => self.account_set(&name, settings).await,
            Command::ContactList { account, limit } => self.contact_list(account, limit).await,
            Command::ContactShow { address } => self.contact_show(&address).await,
            Command::ContactAdd { address, settings } => self.contact_add(address, settings).await,
            Command::ContactSet { address, settings } => self.contact_set(&address, settings).await,
            Command::ContactErase { address, asked } => self.contact_erase(address, asked).await,
            Command::AuditList { limit } => self.audit_list(limit).await,
            Command::QueueAdd { name, settings } => self.queue_add(name, settings).await,
            Command::QueueList => self.queue_list().await,
            Command::QueueShow { name } => self.queue_show(&name).await,
            Command::QueueSet { name, settings } => self.queue_set(&name, settings).await,
            Command::QueueRemove { name } => self.queue_remove(&name).await,
            Command::AgentAdd { address, settings } => self.agent_add(address, settings).await,
            Command::AgentList => self.agent_list().await,
            Command::AgentShow { address } => self.agent_show(&address).await,
            Command::AgentSet { address, settings } => self.agent_set(&address, settings).await,
            Command::AgentPresence { address, presence } => self.agent_presence(&address, presence).await,
            Command::AgentRemove { address } => self.agent_remove(&address).await,
            Command::Profile(command) => self.profile_command(command).await,
            Command::Replay { file, rules, plugins, since } => self.replay((file, rules), plugins, since).await,
            Command::RulesShow { order } => self.rules_show(order).await,
            Command::SpoolList { limit } => self.spool_list(limit).await,
            Command::SpoolRetry { id } => self.spool_retry(&id).await,
            hold @ (Command::SpoolHold | Command::SpoolResume) => self.spool_held(hold == Command::SpoolHold).await,
            Command::Dkim(command) => self.dkim_command(command).await,
            Command::Import { address, messages } => self.import(address, messages).await,
            Command::Export { since, after } => self.export(since, after).await,
            Command::Plugin(command) => self.plugin_command(command).await,
            Command::Backup { file } => self.backup(file).await,
            Command::Check => self.check().await,
            Command::StoreCheck => self.store_check().await,
        }
    }
}

impl Answers for Desk {
    fn answer(&self, command: Command) -> command::Answer<'_> {
        Box::pin(self.do_command(command))
    }
}

/// A failure of ours: told to whoever asked, and to the log.
fn failed(error: &dyn std::fmt::Display) -> Refusal {
    tracing::error!(%error, "a command failed");
    Refusal::failed(error.to_string())
}

impl From<ReadError> for Refusal {
    fn from(error: ReadError) -> Self {
        failed(&error)
    }
}

impl From<CommitError> for Refusal {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict => Self::refused("somebody else changed the same thing at the same time: try again"),
            failure @ CommitError::Failed(_) => failed(&failure),
        }
    }
}

impl From<AppendError> for Refusal {
    fn from(error: AppendError) -> Self {
        failed(&error)
    }
}
