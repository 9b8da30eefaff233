//! Mail from archives, which goes the way of received mail: journal, inbox, decision.
//!
//! A message is known by the address that it is imported for and by its bytes. What is known is written down with its
//! decision; those that wait for one are found in the inbox, also after a crash. So an import that was cut short, or
//! is done twice, brings each message once. What came by other ways is a duplicate by the usual rules.

use std::collections::HashMap;

use data_encoding::BASE64;
use serde_json::json;

use super::command::Archived;
use super::{Answer, Desk, Outcome, Refusal};
use crate::base::{Envelope, IMPORTED, MailId, Mailbox, limits};
use crate::message;
use crate::store::{JournalKind, tables};

/// Imported messages without a disposition, by what they are known by; `None` until they are asked for.
pub type Undecided = Option<HashMap<[u8; 16], MailId>>;

impl Desk {
    /// Each message is durable on return. One import at a time.
    pub(super) async fn import(&self, address: Mailbox, messages: Vec<Archived>) -> Answer {
        self.address(&address).await?;
        let mut undecided = self.importing.lock().await;
        let undecided = undecided.get_or_insert_with(|| self.undecided_imports());
        undecided.retain(|_, id| self.inbox.is_undecided(*id));
        let (mut imported, mut known) = (0_u64, 0_u64);
        for archived in messages {
            let message = BASE64
                .decode(archived.content.as_bytes())
                .map_err(|_| Refusal::refused("the content of a message is not in base64"))?;
            let name = tables::imported_name(&address, &message);
            let waits = undecided.get(&name).is_some_and(|id| self.inbox.is_undecided(*id));
            if waits || tables::IMPORTED.get(&*self.site.engine, &name).await?.is_some() {
                known += 1;
                continue;
            }
            let id = self.append(&address, archived, message).await?;
            self.inbox.accepted(id);
            undecided.insert(name, id);
            imported += 1;
        }
        Ok(Outcome::Json(json!({"imported": imported, "known": known})))
    }

    async fn append(&self, address: &Mailbox, archived: Archived, message: Vec<u8>) -> Result<MailId, Refusal> {
        if self.inbox.is_full() {
            return Err(Refusal::refused("too many messages wait for a decision: import the rest a little later"));
        }
        if self.inbox.is_long() {
            self.site.clock.give_way(limits::ROUND_PAUSE).await;
        }
        let _room = self.floor.reserve(message.len() as u64).map_err(|_| {
            Refusal::refused("the disk is almost full: free some space (see store.free_space_min) and import again")
        })?;
        let now = self.site.now();
        let written = archived.received_at.or_else(|| message::written_at(&message));
        let envelope = Envelope::local(
            archived.from,
            vec![address.clone()],
            IMPORTED,
            written.map_or(now, |written| written.min(now)),
        );
        Ok(self.site.journal.append(JournalKind::Inbound, &envelope, message.into()).await?)
    }

    /// What an earlier process imported, or this one before, and nobody has decided.
    fn undecided_imports(&self) -> HashMap<[u8; 16], MailId> {
        let imported = |id: MailId| {
            let entry = self.site.journal.read(id).ok().filter(|entry| entry.envelope.is_imported())?;
            Some((tables::imported_name(entry.envelope.to.first()?, &entry.message), id))
        };
        self.inbox.undecided().into_iter().filter_map(imported).collect()
    }
}
