//! The spool: mail that is on its way out. The raw message lies in the journal like any other; here is who still waits
//! for it and when they are tried next.

use serde::{Deserialize, Serialize};

use super::outcome::RecipientState;
use crate::auth;
use crate::base::{CaseNumber, Envelope, MailId, Mailbox, ReversePath, Time};
use crate::case::{Direction, Mail, Named, Names};
use crate::message::Facts;
use crate::message::facts::READER_VERSION;
use crate::routing::Work;
use crate::store::due::{self, Due};
use crate::store::{AppendError, Batch, Documents, JournalKind, Site, tables};

/// Messages with at least one recipient whose fate is open.
pub const SPOOL: Documents<MailId, SpoolItem> = Documents::named("spool");

/// One message in the spool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpoolItem {
    pub id: MailId,
    pub message_id: String,
    pub purpose: Purpose,
    pub from: ReversePath,
    pub recipients: Vec<RecipientState>,
    pub submitted_at: Time,
    /// Attempts begun.
    pub attempts: u32,
    /// When the next one is due. Written before an attempt begins, so that an attempt that dies is made again.
    pub next_at: Time,
}

/// Whom the outcome concerns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A reply of this case.
    Case(CaseNumber),
    /// What tells the author of this case that it was opened.
    Acknowledgement(CaseNumber),
    /// What tells an agent of this.
    Notice(Work),
    /// The probe that verifies this address.
    Probe(Mailbox),
}

/// A written message and whom it goes to.
pub struct Outgoing {
    pub from: ReversePath,
    pub to: Vec<Mailbox>,
    pub message: Vec<u8>,
    pub purpose: Purpose,
}

/// With the signatures of the author's domain, if it has keys. The journal has what leaves: each attempt sends the same.
async fn signed(site: &Site, facts: &Facts, message: Vec<u8>) -> Result<Vec<u8>, AppendError> {
    let Some(author) = facts.author() else { return Ok(message) };
    let keys = tables::DKIM_KEYS.get(&*site.engine, author.domain()).await;
    match keys.map_err(|error| AppendError::Failed(error.to_string()))? {
        Some(keys) => Ok(auth::signed(author.domain(), &keys.value, message)),
        None => Ok(message),
    }
}

/// A message that is durable in the journal and leaves once [`Submitted::enter`]'s batch is committed.
pub struct Submitted {
    pub id: MailId,
    envelope: Envelope,
    facts: Facts,
    purpose: Purpose,
}

impl Submitted {
    /// Signs the message with the keys of its author's domain and writes it to the journal. When the process dies before the batch, it was never sent and nobody was told
    /// otherwise.
    pub async fn store(site: &Site, outgoing: Outgoing) -> Result<Self, AppendError> {
        let Outgoing { from, to, message, purpose } = outgoing;
        let mut facts = crate::message::read_without_language(&message);
        let message = signed(site, &facts, message).await?;
        facts.text.clear();
        facts.new_text.clear();
        let envelope = Envelope::local(from, to, "submission", site.now());
        let id = site.journal.append(JournalKind::Outbound, &envelope, message.into()).await?;
        Ok(Self { id, envelope, facts, purpose })
    }

    /// Puts the message into spool, thread index and list of messages.
    pub fn enter(&self, batch: &mut Batch, now: Time) {
        let case = match self.purpose {
            Purpose::Case(case) | Purpose::Acknowledgement(case) => Some(case),
            // An answer to a notice proves nothing.
            Purpose::Probe(_) | Purpose::Notice(_) => None,
        };
        let message_id = self.facts.message_id.clone().unwrap_or_default();
        let mut names = Names::default();
        names.add(Named { mail: self.id, case, receipt: None });
        // Nobody but us can have made this id.
        tables::NAMES.insert(batch, &tables::name_of(&message_id), &names);
        tables::MAILS.insert(
            batch,
            &self.id,
            &Mail {
                id: self.id,
                direction: Direction::Outbound,
                envelope: self.envelope.clone(),
                facts: self.facts.clone(),
                reader_version: READER_VERSION,
                auth: None,
                inactive_contact: false,
                deliveries: Vec::new(),
                case,
                duplicate_of: None,
                steps: Vec::new(),
                queues_seen: Default::default(),
                saved_fields: None,
                decided_at: now,
                erased: None,
            },
        );
        let item = SpoolItem {
            id: self.id,
            message_id,
            purpose: self.purpose.clone(),
            from: self.envelope.from.clone(),
            recipients: self.envelope.to.iter().cloned().map(RecipientState::new).collect(),
            submitted_at: now,
            attempts: 0,
            next_at: now,
        };
        SPOOL.insert(batch, &self.id, &item);
        due::schedule(batch, now, Due::Spool(self.id));
    }
}
