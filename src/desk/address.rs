//! Commands about routing addresses.

use serde_json::json;

use super::agent::names;
use super::command::AddressSettings;
use super::{Answer, Desk, Outcome, Refusal, view};
use crate::address::{
    AddressState, Code, Mode, MxReport, Probe, RoutingAddress, ServiceAddress, ServiceState, Settings,
    VerificationState, random_label,
};
use crate::base::{Mailbox, ReversePath, Span, limits};
use crate::case::Task;
use crate::message::compose::{Draft, compose};
use crate::message::facts::Person;
use crate::outbound::{Outgoing, Purpose, Submitted};
use crate::routing::MAIN_QUEUE;
use crate::store::{Batch, Kept, Page, tables};

impl Desk {
    /// Registers an address, generates its service address and sends the probe.
    pub(super) async fn address_add(&self, address: Mailbox, typed: AddressSettings) -> Answer {
        let site = &*self.site;
        self.check_new(&address, &typed)?;
        self.check_named(&typed, &[]).await?;
        let settings = changed(Settings::default(), typed);
        let number = site.engine.reserve(tables::ADDRESS_NUMBERS, 1).await?.start;
        let mut tries = site.tries();
        loop {
            if tables::ADDRESSES.get(&*site.engine, &address).await?.is_some() {
                let why = format!("{address} is registered already; change it with: postcase address set {address}");
                return Err(Refusal::refused(why));
            }
            let mut batch = Batch::default();
            self.register(&mut batch, &address, number, settings.clone());
            if tries.commit(batch).await? {
                break;
            }
        }
        self.address_verify(&address).await
    }

    /// Writes a new address with its first service address; conflicts when it is registered.
    pub(super) fn register(&self, batch: &mut Batch, address: &Mailbox, number: u64, settings: Settings) {
        let (site, now) = (&*self.site, self.site.now());
        let service = ServiceAddress::generate(address, &site.service_domain, now, &site.chance);
        tables::SERVICE_ADDRESSES.insert(batch, &service.address, address);
        let registered = RoutingAddress {
            service_addresses: vec![service],
            ..RoutingAddress::new(address.clone(), number, settings, now)
        };
        tables::ASKED.delete(batch, address);
        tables::ADDRESSES.insert(batch, address, &registered);
    }

    pub(super) async fn address_list(&self, limit: Option<usize>) -> Answer {
        let page = Page::first(&[], limit.unwrap_or(usize::MAX));
        let all = tables::ADDRESSES.values(&*self.site.engine, page).await?;
        let now = self.site.now();
        Ok(Outcome::Json(all.iter().map(|address| view::address(address, now)).collect()))
    }

    pub(super) async fn address_show(&self, address: &Mailbox) -> Answer {
        let kept = self.address(address).await?;
        let mut shown = view::address(&kept.value, self.site.now());
        for (n, service) in kept.value.service_addresses.iter().enumerate() {
            if service.state != ServiceState::Active {
                let late = self.site.engine.counter(ServiceAddress::late_counter(&service.address)).await?;
                shown["service_addresses"][n]["mail_while_retiring"] = late.into();
            }
        }
        Ok(Outcome::Json(shown))
    }

    /// Generates another service address; the present one is taken as long as they overlap.
    pub(super) async fn address_rotate(&self, address: &Mailbox, overlap: Option<Span>) -> Answer {
        let site = &*self.site;
        let overlap = overlap.map_or(limits::SERVICE_OVERLAP, |Span(overlap)| overlap);
        let mut tries = site.tries();
        loop {
            let kept = self.address(address).await?;
            let new = ServiceAddress::generate(address, &site.service_domain, site.now(), &site.chance);
            let mut batch = Batch::default();
            tables::SERVICE_ADDRESSES.insert(&mut batch, &new.address, address);
            let mut changed = kept.value.clone();
            for forgotten in changed.rotate(new, overlap) {
                tables::SERVICE_ADDRESSES.delete(&mut batch, &forgotten.address);
            }
            tables::ADDRESSES.replace(&mut batch, address, &kept, &changed);
            if tries.commit(batch).await? {
                return self.address_show(address).await;
            }
        }
    }

    pub(super) async fn address_set(&self, address: &Mailbox, typed: AddressSettings) -> Answer {
        self.check_named(&typed, &[]).await?;
        self.change(address, |stored| {
            let mut settings = changed(stored.settings.clone(), typed.clone());
            // Its own address is what replies leave from anyway.
            settings.reply_from = settings.reply_from.filter(|other| other != address);
            Ok(RoutingAddress { settings, ..stored })
        })
        .await
    }

    pub(super) async fn address_disable(&self, address: &Mailbox, disabled: bool) -> Answer {
        self.change(address, |stored| Ok(RoutingAddress { disabled, ..stored })).await
    }

    pub(super) async fn address_confirm(&self, address: &Mailbox, code: &str) -> Answer {
        let now = self.site.now();
        self.change(address, |mut changed| {
            if !changed.verification.confirm_with(code, now) {
                let why = match changed.verification.state_at(now) {
                    VerificationState::Sent => "this is not the code of the newest probe for",
                    VerificationState::Confirmed => "there is nothing to confirm: the newest probe has verified",
                    VerificationState::Failed => "the probe could not be delivered, so its code confirms nothing for",
                    VerificationState::Expired => "the code has expired for",
                    VerificationState::None => "no code was sent for",
                };
                let next = format!("send a new one with: postcase address verify {address}");
                return Err(Refusal::refused(format!("{why} {address}; {next}")));
            }
            changed.verified_at = changed.verified_at.or(Some(now));
            Ok(changed)
        })
        .await
    }

    /// Takes the address away; its cases stay. Mail to it is refused from now on.
    pub(super) async fn address_remove(&self, address: &Mailbox) -> Answer {
        let site = &*self.site;
        let mut tries = site.tries();
        loop {
            let kept = self.address(address).await?;
            let all = tables::ADDRESSES.values(&*site.engine, Page::all()).await?;
            let user = all.iter().find(|other| other.settings.reply_from.as_ref() == Some(address));
            if let Some(RoutingAddress { address: user, .. }) = user {
                let why =
                    format!("replies of {user} leave from it; first: postcase address set {user} --reply-from {user}");
                return Err(Refusal::refused(why));
            }
            let mut batch = Batch::default();
            tables::ADDRESSES.expect_unchanged(&mut batch, address, &kept);
            tables::ADDRESSES.delete(&mut batch, address);
            let asked = &kept.value.settings.permission_sets;
            if !asked.is_empty() {
                tables::ASKED.put(&mut batch, address, asked);
            }
            for service in &kept.value.service_addresses {
                tables::SERVICE_ADDRESSES.delete(&mut batch, &service.address);
            }
            if let Some(probe) = &kept.value.verification.probe {
                tables::PROBE_SENDERS.delete(&mut batch, &probe.from);
            }
            if tries.commit(batch).await? {
                break;
            }
        }
        Ok(Outcome::Json(json!({"address": address, "removed": true})))
    }

    /// Sends a probe: a mail like any other, to the routing address, from a single-use author.
    pub(super) async fn address_verify(&self, address: &Mailbox) -> Answer {
        let site = &*self.site;
        let registered = self.address(address).await?.value;
        if registered.state() == AddressState::Disabled {
            let why = format!("{address} is disabled; first: postcase address enable {address}");
            return Err(Refusal::refused(why));
        }
        let label = random_label(&site.chance);
        let from = Mailbox::new(&format!("verify.{label}"), &site.service_domain)
            .map_err(|error| Refusal::refused(format!("service_domain: {error}")))?;
        let code = Code::generate(&site.chance);
        let probe = Probe {
            subject: format!("Verification of {address} ({})", code.as_str()),
            message_id: format!("<verify.{label}@{}>", site.hostname),
            from: from.clone(),
            code,
        };
        let message = write_probe(address, &probe, site.now());
        let outgoing = Outgoing {
            from: ReversePath::Mailbox(from.clone()),
            to: vec![address.clone()],
            message,
            purpose: Purpose::Probe(address.clone()),
        };
        let submitted = Submitted::store(site, outgoing).await?;
        let mx = match (&self.mx, MxReport::domain_of(address, &registered.settings)) {
            (Some(check), Some(domain)) => Some(check.report(domain).await),
            _ => None,
        };
        let mut tries = site.tries();
        loop {
            let kept = self.address(address).await?;
            let (mut changed, now) = (kept.value.clone(), site.now());
            let mut batch = Batch::default();
            if let Some(former) = &changed.verification.probe {
                tables::PROBE_SENDERS.delete(&mut batch, &former.from);
            }
            changed.verification.sent(probe.clone(), now);
            changed.verification.led(mx.clone());
            tables::PROBE_SENDERS.insert(&mut batch, &from, address);
            tables::ADDRESSES.replace(&mut batch, address, &kept, &changed);
            submitted.enter(&mut batch, now);
            if tries.commit(batch).await? {
                site.alarm.ring();
                return Ok(Outcome::Json(view::address(&changed, now)));
            }
        }
    }

    pub(super) async fn address(&self, address: &Mailbox) -> Result<Kept<RoutingAddress>, Refusal> {
        let kept = tables::ADDRESSES.get(&*self.site.engine, address).await?;
        kept.ok_or_else(|| {
            Refusal::not_found(format!("{address} is not registered; register it with: postcase address add {address}"))
        })
    }

    async fn change(
        &self,
        address: &Mailbox,
        change: impl Fn(RoutingAddress) -> Result<RoutingAddress, Refusal> + Send,
    ) -> Answer {
        let site = &*self.site;
        let mut tries = site.tries();
        loop {
            let kept = self.address(address).await?;
            let changed = change(kept.value.clone())?;
            let mut batch = Batch::default();
            tables::ADDRESSES.replace(&mut batch, address, &kept, &changed);
            if tries.commit(batch).await? {
                return Ok(Outcome::Json(view::address(&changed, site.now())));
            }
        }
    }

    /// A new address must be able to get mail.
    pub(super) fn check_new(&self, address: &Mailbox, typed: &AddressSettings) -> Result<(), Refusal> {
        if self.site.is_own_domain(address.domain()) && typed.mode.unwrap_or_default() == Mode::Forwarded {
            let why = format!("{address} is in a domain of postcase itself: nothing forwards there; use --mode direct");
            return Err(Refusal::refused(why));
        }
        Ok(())
    }

    /// What is named must exist, or be among the `new` addresses.
    pub(super) async fn check_named(&self, typed: &AddressSettings, new: &[&Mailbox]) -> Result<(), Refusal> {
        if typed.queue.is_some() && typed.owner.is_some() {
            return Err(Refusal::refused("name either a queue or an owner: a case waits for one of them"));
        }
        for queue in typed.queue.iter().chain(&typed.fallback_queue) {
            if tables::QUEUES.get(&*self.site.engine, queue).await?.is_none() {
                let why = format!("there is no queue {queue}; make it with: postcase queue add {queue}");
                return Err(Refusal::not_found(why));
            }
        }
        for plugin in typed.plugins.iter().flatten().filter(|name| !name.is_empty()) {
            self.plugin(plugin).await?;
        }
        self.actor(typed.owner.as_ref()).await?;
        if typed.task.as_deref().is_some_and(Task::is_done) {
            return Err(Refusal::refused("a new task can't be done already; name a status such as \"not started\""));
        }
        if let Some(reply_from) = typed.reply_from.as_ref().filter(|named| !new.contains(named)) {
            self.address(reply_from).await?;
        }
        Ok(())
    }
}

/// The settings with what was typed.
pub(super) fn changed(stored: Settings, typed: AddressSettings) -> Settings {
    let (queue, owner) = match (typed.queue, typed.owner) {
        (None, None) => (stored.queue, stored.owner),
        named => named,
    };
    Settings {
        name: typed.name.or(stored.name).filter(|name| !name.is_empty()),
        mode: typed.mode.unwrap_or(stored.mode),
        queue: queue.filter(|queue| queue != MAIN_QUEUE),
        owner,
        fallback_queue: typed.fallback_queue.or(stored.fallback_queue).filter(|queue| queue != MAIN_QUEUE),
        opens: typed.opens.unwrap_or(stored.opens),
        origin: typed.origin.unwrap_or(stored.origin),
        priority: typed.priority.unwrap_or(stored.priority),
        record_type: typed.record_type.or(stored.record_type).filter(|record_type| !record_type.is_empty()),
        reply_from: typed.reply_from.or(stored.reply_from),
        accept_from: typed.accept_from.unwrap_or(stored.accept_from),
        unauthorised: typed.unauthorised.unwrap_or(stored.unauthorised),
        reply_to: typed.reply_to.unwrap_or(stored.reply_to),
        unknown_sender: typed.unknown_sender.unwrap_or(stored.unknown_sender),
        rate_limit: typed.rate_limit.or(stored.rate_limit).filter(|limit| *limit > 0),
        over_limit: typed.over_limit.unwrap_or(stored.over_limit),
        on_resolved: typed.on_resolved.unwrap_or(stored.on_resolved),
        save_headers: typed.save_headers.unwrap_or(stored.save_headers),
        task: typed.task.or(stored.task).filter(|status| !status.trim().is_empty()),
        acknowledge: typed.acknowledge.unwrap_or(stored.acknowledge),
        permission_sets: names(stored.permission_sets, typed.permission_sets),
        plugins: names(stored.plugins, typed.plugins),
    }
}

/// No Auto-Submitted and a real reverse-path, because forwarders drop mail that looks automatic.
fn write_probe(address: &Mailbox, probe: &Probe, now: crate::base::Time) -> Vec<u8> {
    let code = probe.code.as_str();
    let days = limits::VERIFICATION_EXPIRES_AFTER.as_secs() / 86_400;
    let text = format!(
        "This message checks that mail for {address} reaches postcase.\n\n\
         Normally nobody sees it, because it is forwarded to postcase and ends there.\n\
         If you read it in a mailbox, the forwarding isn't active yet. Set it up, or\n\
         confirm the address by hand within {days} days:\n\n    \
         postcase address confirm {address} {code}\n\nCode: {code}\n"
    );
    compose(&Draft {
        from: Person { name: Some("postcase verification".into()), address: probe.from.to_string() },
        to: vec![Person { name: None, address: address.to_string() }],
        subject: probe.subject.clone(),
        date: now,
        message_id: probe.message_id.clone(),
        text,
        extra_fields: vec![("Postcase-Verification".into(), code.into())],
        ..Draft::default()
    })
}
