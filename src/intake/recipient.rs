//! What a forward-path means to us. Asked in the session (is it ours?) and again when the message is decided.

use crate::address::{AddressState, MessageToken, Mode, RoutingAddress, ServiceState};
use crate::base::{Mailbox, Time};
use crate::case::{Recipient, Via};
use crate::store::{Page, ReadError, Site, tables};

/// Mailboxes that each of our domains has, registered or not (RFC 5321 §4.5.1, RFC 2142 §4 and §5).
const ROLES: [&str; 2] = ["postmaster", "abuse"];

/// What mail is taken for now. `None` for everything that isn't ours: unknown, disabled and foreign addresses are one and
/// the same to the outside.
pub async fn resolve(site: &Site, mailbox: &Mailbox) -> Result<Option<Recipient>, ReadError> {
    let found = resolve_accepted(site, mailbox).await?;
    Ok(found.filter(|recipient| is_taken(recipient, site.now())))
}

fn is_taken(recipient: &Recipient, now: Time) -> bool {
    let Recipient::Routing { address, via } = recipient else { return true };
    let is_current = match via {
        Via::Direct => true,
        Via::Service(service) => address.service_state(service, now) != ServiceState::Retired,
    };
    is_current && address.state() != AddressState::Disabled
}

/// The same for mail that was taken: what has been disabled or retired since then was its recipient all the same.
pub async fn resolve_accepted(site: &Site, mailbox: &Mailbox) -> Result<Option<Recipient>, ReadError> {
    if let Some(address) = site.routing_address(mailbox).await? {
        return Ok(Some(Recipient::Routing { address, via: Via::Direct }));
    }
    if let Some(base) = without_detail(mailbox)
        && let Some(address) = site.routing_address(&base).await?
    {
        return Ok(Some(Recipient::Routing { address, via: Via::Direct }));
    }
    if mailbox.domain() == site.service_domain
        && let Some(recipient) = generated(site, mailbox).await?
    {
        return Ok(Some(recipient));
    }
    let is_role = ROLES.iter().any(|role| mailbox.local().eq_ignore_ascii_case(role));
    let is_ours = is_role && is_served(site, mailbox.domain()).await?;
    Ok(is_ours.then(|| Recipient::Postmaster(mailbox.clone())))
}

/// `support@` of `support+anything@` (RFC 5233 calls the rest the detail); an address registered with its `+` is itself.
fn without_detail(mailbox: &Mailbox) -> Option<Mailbox> {
    let (base, _) = mailbox.local().split_once('+')?;
    Mailbox::new(base, mailbox.domain()).ok()
}

/// True for domains whose mail comes to us: our own, and those of direct addresses.
async fn is_served(site: &Site, domain: &str) -> Result<bool, ReadError> {
    if site.is_own_domain(domain) {
        return Ok(true);
    }
    let all = tables::ADDRESSES.values(&*site.engine, Page::all()).await?;
    let direct = |address: &RoutingAddress| address.settings.mode == Mode::Direct && address.address.domain() == domain;
    Ok(all.iter().any(direct))
}

/// Service, probe and bounce addresses.
async fn generated(site: &Site, mailbox: &Mailbox) -> Result<Option<Recipient>, ReadError> {
    let engine = &*site.engine;
    if let Some(owner) = tables::SERVICE_ADDRESSES.get(engine, mailbox).await? {
        let Some(address) = site.routing_address(&owner.value).await? else { return Ok(None) };
        return Ok(Some(Recipient::Routing { address, via: Via::Service(mailbox.clone()) }));
    }
    if let Some(owner) = tables::PROBE_SENDERS.get(engine, mailbox).await? {
        return Ok(Some(Recipient::Probe { recipient: mailbox.clone(), address: owner.value }));
    }
    bounce(site, mailbox).await
}

/// A bounce address counts only when its token was made for the message that its nonce leads to.
async fn bounce(site: &Site, mailbox: &Mailbox) -> Result<Option<Recipient>, ReadError> {
    let engine = &*site.engine;
    let Some(token) = MessageToken::of_bounce(mailbox, &site.service_domain) else { return Ok(None) };
    let Some(case) = tables::CASES.get(engine, &token.case).await? else { return Ok(None) };
    let key = &case.value.key;
    let Some(message_id) = site.keys.message_id_of(&token, key, &site.hostname) else { return Ok(None) };
    let Some(sent) = super::evidence::mail_with(site, &message_id).await? else { return Ok(None) };
    let proven = site.keys.proves_bounce(&token, key, &sent.envelope.to);
    let recipient = Recipient::Bounce { recipient: mailbox.clone(), case: token.case, message_id };
    Ok(proven.then_some(recipient))
}
