//! The answers to an SMTP session: is this recipient ours, and is this message safe.
//!
//! Unknown, disabled and foreign recipients get one and the same text. Where an address bounces the mail of authors whom
//! it doesn't accept, the message is read and decided once before its 250, and recorded by nobody. The 250 is built from
//! the journal's receipt and from nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;

use super::evidence::gather;
use super::{Inbox, Reading, Tally, resolve, resolve_accepted};
use crate::address::{OverLimit, RoutingAddress, Unauthorised};
use crate::base::{Envelope, MailId, Mailbox, Reply, ReversePath, limits};
use crate::case::{Decision, Recipient, SetAside, decide};
use crate::smtp::server::Host;
use crate::smtp::server::host::{Answer, Hold};
use crate::store::room::NoRoom;
use crate::store::{AppendError, Floor, JournalKind, ReadError, Site, tables};

/// What a message is read under that isn't stored yet.
const NO_ID: MailId = MailId { incarnation: 0, segment: 0, index: 0 };

/// Takes mail for the routing addresses of a site.
pub struct Reception {
    site: Arc<Site>,
    inbox: Arc<Inbox>,
    floor: Floor,
    accepted: Arc<Tally>,
    /// True once a recipient was asked for that refuses beyond a limit: until then there is nothing to count.
    counts: AtomicBool,
    /// True once a recipient was asked for that bounces by author: until then no message is read in its session.
    judges: AtomicBool,
}

impl Reception {
    pub fn new(site: Arc<Site>, inbox: Arc<Inbox>, floor: Floor, accepted: Arc<Tally>) -> Self {
        Self { site, inbox, floor, accepted, counts: AtomicBool::new(false), judges: AtomicBool::new(false) }
    }

    async fn verdict(&self, from: &ReversePath, recipient: &Mailbox) -> Result<Result<(), Reply>, ReadError> {
        let Some(found) = resolve(&self.site, recipient).await? else {
            return Ok(Err(Reply::permanent(50, 1, 1, "there is no such mailbox here")));
        };
        let Recipient::Routing { address, .. } = found else { return Ok(Ok(())) };
        if bounces_by_author(&address) {
            self.judges.store(true, Ordering::Relaxed);
        }
        if !refuses_beyond_limit(&address) {
            return Ok(Ok(()));
        }
        self.counts.store(true, Ordering::Relaxed);
        if self.accepted.is_full(&self.site, &address).await? && !self.is_probe(from).await? {
            // RFC 7372 and the IANA registry: X.7.28, mail flood detected.
            return Ok(Err(Reply::permanent(50, 7, 28, "this address takes no more messages today")));
        }
        Ok(Ok(()))
    }

    /// True for the sender of a probe of ours: probes count for no limit. Nobody else knows these senders.
    async fn is_probe(&self, from: &ReversePath) -> Result<bool, ReadError> {
        match from.mailbox() {
            Some(sender) if sender.domain() == self.site.service_domain => {
                Ok(tables::PROBE_SENDERS.get(&*self.site.engine, sender).await?.is_some())
            }
            _ => Ok(false),
        }
    }

    /// False for a message that is refused because of its author. Boxed, so that sessions don't carry what few of them need.
    async fn is_wanted(&self, envelope: &Envelope, message: &Bytes) -> Result<bool, ReadError> {
        match self.judges.load(Ordering::Relaxed) {
            true => self.judge(envelope, message).await,
            false => Ok(true),
        }
    }

    fn judge<'a>(&'a self, envelope: &'a Envelope, message: &'a Bytes) -> Answer<'a, Result<bool, ReadError>> {
        Box::pin(self.is_accepted(envelope, message))
    }

    async fn is_accepted(&self, envelope: &Envelope, message: &Bytes) -> Result<bool, ReadError> {
        let mut judged = false;
        for recipient in &envelope.to {
            let found = resolve(&self.site, recipient).await?;
            judged |= matches!(found, Some(Recipient::Routing { address, .. }) if bounces_by_author(&address));
        }
        if !judged {
            return Ok(true);
        }
        let (envelope, message) = (envelope.clone(), message.clone());
        // A reader that breaks ends neither the session nor the message: later it is decided from its envelope.
        let Ok(reading) = tokio::spawn(async move { Reading::of(NO_ID, envelope, &message) }).await else {
            return Ok(true);
        };
        if reading.confirmation.is_some() {
            // Perhaps a provider's question: that is known when its sender is looked up.
            return Ok(true);
        }
        let decision = decide(&gather(&self.site, &reading).await?.evidence);
        Ok(!matches!(decision, Decision::SetAside { how: SetAside::Bounced, .. }))
    }

    /// Counts an accepted message at the addresses that refuse beyond their limit.
    async fn count(&self, envelope: &Envelope) -> Result<(), ReadError> {
        if !self.counts.load(Ordering::Relaxed) || self.is_probe(&envelope.from).await? {
            return Ok(());
        }
        for recipient in &envelope.to {
            if let Some(Recipient::Routing { address, .. }) = resolve_accepted(&self.site, recipient).await?
                && refuses_beyond_limit(&address)
            {
                self.accepted.take(&self.site, &address).await?;
            }
        }
        Ok(())
    }
}

impl Host for Reception {
    fn transaction(&self, size: Option<usize>) -> Result<Hold, Reply> {
        if self.inbox.is_full() {
            return Err(no_room());
        }
        match self.floor.reserve(size.unwrap_or(0) as u64) {
            Ok(reserved) => Ok(Some(reserved)),
            Err(NoRoom) => Err(no_room()),
        }
    }

    fn recipient<'a>(&'a self, from: &'a ReversePath, recipient: &'a Mailbox) -> Answer<'a, Result<(), Reply>> {
        Box::pin(async move { self.verdict(from, recipient).await.unwrap_or_else(|error| Err(unreadable(&error))) })
    }

    fn take<'a>(&'a self, envelope: Envelope, message: Bytes) -> Answer<'a, Result<Reply, Reply>> {
        Box::pin(async move {
            match self.is_wanted(&envelope, &message).await {
                Ok(true) => {}
                Ok(false) => {
                    return Err(Reply::permanent(
                        50,
                        7,
                        1,
                        "this address takes no mail from the author of this message",
                    ));
                }
                Err(error) => return Err(unreadable(&error)),
            }
            match self.site.journal.append(JournalKind::Inbound, &envelope, message).await {
                Ok(id) => {
                    self.inbox.accepted(id);
                    if self.inbox.is_long() {
                        self.site.clock.give_way(limits::ROUND_PAUSE).await;
                    }
                    if let Err(error) = self.count(&envelope).await {
                        tracing::warn!(%id, %error, "an accepted message was not counted against its limit");
                    }
                    Ok(Reply::success(50, 0, 0, id.to_string()))
                }
                Err(AppendError::NoRoom) => Err(no_room()),
                Err(error) => {
                    tracing::error!(%error, "a message could not be stored and was refused for now");
                    Err(Reply::transient(51, 3, 0, "the message could not be stored, try again later"))
                }
            }
        })
    }
}

fn refuses_beyond_limit(address: &RoutingAddress) -> bool {
    address.settings.rate_limit.is_some() && address.settings.over_limit == OverLimit::Bounce
}

fn bounces_by_author(address: &RoutingAddress) -> bool {
    !address.settings.accept_from.is_anyone() && address.settings.unauthorised == Unauthorised::Bounce
}

fn no_room() -> Reply {
    Reply::transient(52, 3, 1, "no room left, try again later")
}

fn unreadable(error: &ReadError) -> Reply {
    tracing::error!(%error, "a recipient could not be looked up");
    Reply::transient(51, 3, 0, "recipients can't be looked up now, try again later")
}
