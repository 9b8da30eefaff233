//! Acknowledgements: the short answer of an address to whoever opens a case, when the decision to send one is due.
//!
//! It leaves with a null reverse-path (RFC 3834 §3.3): no report and no other machine ever answers it. It says in each way
//! that programs know that a machine wrote it, and in a field of our own which installation did. Whatever stops it now,
//! as an address that was disabled in between, stops it for good: an acknowledgement that comes late is of no use.

use super::{Outgoing, Purpose, Submitted, Worker};
use crate::address::{AddressState, RoutingAddress};
use crate::base::{MailId, Mailbox, ReversePath, Time};
use crate::case::{Case, Happening, INTAKE, Mail};
use crate::intake::merge;
use crate::message::compose::{Draft, compose};
use crate::message::facts::Person;
use crate::message::{automatic, references};
use crate::store::due::{self, Due};
use crate::store::{AppendError, Batch, CaseChange, Kept, ReadError, Site, StoreError, tables};

/// Why an acknowledgement isn't written now.
#[derive(Debug, thiserror::Error)]
pub enum AcknowledgeError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Append(#[from] AppendError),
}

impl From<ReadError> for AcknowledgeError {
    fn from(error: ReadError) -> Self {
        Self::Store(error.into())
    }
}

/// What an acknowledgement is made of.
struct Occasion {
    mail: Mail,
    case: Kept<Case>,
    author: Mailbox,
    sender: Person,
    text: String,
}

impl Worker {
    /// Writes the acknowledgement of this message, which was due at `at`, and puts it into the spool; once, however often it
    /// is asked for.
    pub async fn acknowledge(&self, id: MailId, at: Time) -> Result<(), AcknowledgeError> {
        let site = self.site();
        let mut submitted = None;
        let mut tries = site.tries();
        loop {
            let mut batch = Batch::default();
            if !due::take(&*site.engine, &mut batch, at, Due::Acknowledgement(id)).await? {
                return Ok(());
            }
            if let Some(occasion) = occasion(site, id).await? {
                if submitted.is_none() {
                    submitted = Some(write(site, &occasion).await?);
                }
                let (sent, message_id) = submitted.as_ref().expect("it was written above");
                let (now, mut change) = (site.now(), CaseChange::from_read(occasion.case));
                let (to, message_id) = (occasion.author, message_id.clone());
                change.add(now, INTAKE, Happening::Acknowledged { mail: sent.id, message_id, to });
                change.write(&mut batch);
                sent.enter(&mut batch, now);
            }
            if tries.commit(batch).await.map_err(StoreError::from)? {
                site.alarm.ring();
                return Ok(());
            }
        }
    }
}

/// None when there is nothing to send any more.
async fn occasion(site: &Site, id: MailId) -> Result<Option<Occasion>, ReadError> {
    let Some(mail) = tables::MAILS.get(&*site.engine, &id).await?.map(|kept| kept.value) else { return Ok(None) };
    let Some((number, author)) = mail.case.zip(mail.author()) else { return Ok(None) };
    let Some(case) = merge::living(site, number).await? else { return Ok(None) };
    let Some(address) = mail.deliveries.first() else { return Ok(None) };
    let Some(address) = site.routing_address(&address.address).await? else { return Ok(None) };
    let sender = match &address.settings.reply_from {
        Some(other) => site.routing_address(other).await?,
        None => Some(address.clone()),
    };
    let verified = |sender: &std::sync::Arc<RoutingAddress>| sender.state() == AddressState::Verified;
    let text = address.settings.acknowledge.text(case.value.number, &address);
    Ok(sender.filter(verified).zip(text).map(|(sender, text)| {
        let sender = Person { name: sender.settings.name.clone(), address: sender.address.to_string() };
        Occasion { mail, case, author, sender, text }
    }))
}

async fn write(site: &Site, occasion: &Occasion) -> Result<(Submitted, String), AppendError> {
    let Occasion { mail, case, author, sender, text } = occasion;
    let number = case.value.number;
    let message_id = site.keys.message_id(number, &case.value.key, &site.hostname, &site.chance);
    let message = compose(&Draft {
        from: sender.clone(),
        to: vec![Person { name: None, address: author.to_string() }],
        subject: format!("[#{number}] We have received your message"),
        date: site.now(),
        message_id: message_id.clone(),
        in_reply_to: mail.facts.message_id.clone(),
        references: references::of_reply(&mail.facts),
        text: text.clone(),
        extra_fields: automatic::marks("acknowledgement", "auto-replied", &site.keys.installation()),
        ..Draft::default()
    });
    let outgoing = Outgoing {
        from: ReversePath::Null,
        to: vec![author.clone()],
        message,
        purpose: Purpose::Acknowledgement(number),
    };
    Ok((Submitted::store(site, outgoing).await?, message_id))
}
