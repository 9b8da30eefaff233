//! Composition: settings become a running server, and a running server stops in the right order.
//!
//! Start: store, then what was left in it, then the listeners; the first message is taken when everything that it needs
//! stands. Stop: no new connections, running transactions finish, what was started is decided, then the store closes.
//! When journal or database fail, or a part that must run has ended, the server stops by itself and says so: what is on
//! disk is known again only after the next start.

mod in_hand;
mod scheduler;
mod start;
#[cfg(test)]
mod tests;
pub mod threads;
mod vital;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::auth::Authenticator;
use crate::base::{Clock, limits};
use crate::desk::command::Answer;
use crate::desk::{Answers, Command, Desk};
use crate::dispatch::{self, Dispatch};
use crate::http;
use crate::intake::{self, Inbox, Reception};
use crate::net::internet::Internet;
use crate::net::socket::Listener;
use crate::net::{Certificate, Dns, MxCheck, Stop};
use crate::outbound;
use crate::smtp;
use crate::smtp::client::Client;
use crate::smtp::server::Protocol;
use crate::store::{Floor, Site, Store};

pub use in_hand::InHand;
use scheduler::Scheduler;
use start::Opened;
pub use start::{Offline, StartError, World, open_offline, restore};
use vital::Vital;

type Listeners = Vec<(Protocol, Listener)>;

/// A server at work.
pub struct Running {
    listening: Listening,
    http: http::Running,
    desk: Arc<Desk>,
    site: Arc<Site>,
    inbox: Arc<Inbox>,
    scheduler: Arc<Scheduler>,
    dispatch: Dispatch,
    /// Hears first: listeners and sessions.
    receiving: Stop,
    /// Hears when the sessions are over: worker and scheduler.
    workers: Stop,
    tasks: JoinSet<()>,
    vital: Vital,
    in_hand: InHand,
    store: Store,
}

/// Where a server listens, with real ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listening {
    pub smtp: Vec<SocketAddr>,
    pub lmtp: Vec<SocketAddr>,
    pub http: Option<SocketAddr>,
    /// The local socket.
    pub socket: PathBuf,
}

impl Answers for Running {
    fn answer(&self, command: Command) -> Answer<'_> {
        self.desk.answer(command)
    }
}

/// Starts a server on its world, all of it on the threads of this runtime.
pub async fn start(world: World) -> Result<Running, StartError> {
    start_with(world, &Handle::current()).await
}

/// Starts a server that takes mail on the threads of another runtime; see [`threads`].
pub async fn start_with(world: World, sessions: &Handle) -> Result<Running, StartError> {
    let World { settings, clock, chance, medium, internet } = world;
    let data_dir = settings.data_dir.clone();
    let certificate = Certificate::open(&settings.smtp.tls)?;
    let route = settings.route()?;
    let (mut listeners, smtp) = listen(&*internet, &settings.smtp.listen, Protocol::Smtp, sessions)?;
    let (lmtp_listeners, lmtp) = listen(&*internet, &settings.smtp.lmtp, Protocol::Lmtp, sessions)?;
    listeners.extend(lmtp_listeners);
    let dns = match internet.names() {
        Some(names) => Dns::of(names, chance.clone())?,
        None => Dns::new(&settings.dns, chance.clone())?,
    };
    let Opened { site, inbox, inbound, store } = start::open(&settings, medium.clone(), &clock, &chance).await?;
    if let Err(error) = start::check_rules(&site, &settings).await {
        store.close().await;
        return Err(error);
    }
    let mx = MxCheck::new(dns.clone(), &settings.hostname, clock.clone());
    let floor = Floor::new(medium.clone(), settings.store.free_bytes_min, settings.smtp.message_bytes_max as u64);
    let (dispatcher, dispatch) = dispatch::Worker::new(site.clone());
    let desk = Desk::new(site.clone(), inbox.clone(), floor.clone(), Some(mx.clone())).beside(dispatch.clone());
    let desk = Arc::new(desk);
    let http = http::start(&settings.http, &data_dir, desk.clone(), clock.clone(), &chance).await?;

    let authenticator = Arc::new(Authenticator::new(&dns, &settings.hostname, clock.clone()));
    let client = Client::new(settings.hostname.clone(), route, internet, dns, clock.clone());
    let outbound = Arc::new(outbound::Worker::new(site.clone(), client, settings.outbound.clone()));
    let scheduler = Arc::new(Scheduler::new(site.clone(), inbox.clone(), outbound));
    let accepted = Arc::<intake::Tally>::default();
    let worker = Arc::new(intake::Worker::new(site.clone(), inbox.clone(), authenticator, mx, accepted.clone()));
    let reception = Arc::new(Reception::new(site.clone(), inbox.clone(), floor.clone(), accepted));
    let (receiving, workers) = (Stop::new(), Stop::new());
    let mut tasks = JoinSet::new();
    let vital = Vital::default();
    let shared = smtp::server::Shared::new(reception, settings.smtp, certificate, clock, receiving.clone());
    let in_hand = InHand {
        receiving: receiving.clone(),
        workers: workers.clone(),
        taken: shared.taken(),
        floor,
        store: store.waiting(),
    };
    let serving = vital.watch("receiving", &receiving, smtp::server::serve(listeners, shared));
    tasks.spawn_on(serving, sessions);
    tasks.spawn_on(announce(inbound, inbox.clone()), sessions);
    // Compiling them may take minutes, and peers don't wait for that.
    tasks.spawn(intake::load_plugins(site.clone(), workers.clone()));
    tasks.spawn(vital.watch("deciding", &workers, worker.run(workers.clone())));
    tasks.spawn(vital.watch("dispatching", &workers, dispatcher.run(workers.clone())));
    tasks.spawn(vital.watch("sending", &workers, scheduler.clone().run(workers.clone())));
    Ok(Running {
        listening: Listening { smtp, lmtp, http: http.tcp, socket: http.socket.clone() },
        http,
        desk,
        site,
        inbox,
        scheduler,
        dispatch,
        receiving,
        workers,
        tasks,
        vital,
        in_hand,
        store,
    })
}

/// Listens, for the tasks of a runtime; gives the real ports, too.
fn listen(
    internet: &dyn Internet,
    addresses: &[SocketAddr],
    protocol: Protocol,
    runtime: &Handle,
) -> Result<(Listeners, Vec<SocketAddr>), StartError> {
    let _within = runtime.enter();
    let (mut listeners, mut real) = (Vec::new(), Vec::new());
    for &address in addresses {
        let listener = internet.listen(address)?;
        real.push(listener.local_addr().map_err(StartError::Io)?);
        listeners.push((protocol, listener));
    }
    Ok((listeners, real))
}

/// Hands the journal's durable entries to the inbox, in their order.
async fn announce(mut inbound: tokio::sync::mpsc::UnboundedReceiver<crate::base::MailId>, inbox: Arc<Inbox>) {
    while let Some(id) = inbound.recv().await {
        inbox.announce(id);
    }
}

impl Running {
    /// Where SMTP listens, with the real ports.
    pub fn smtp(&self) -> &[SocketAddr] {
        &self.listening.smtp
    }

    /// The same for LMTP.
    pub fn lmtp(&self) -> &[SocketAddr] {
        &self.listening.lmtp
    }

    pub fn listening(&self) -> Listening {
        self.listening.clone()
    }

    pub fn in_hand(&self) -> InHand {
        self.in_hand.clone()
    }

    /// Returns when every accepted message is decided and nothing is due, of what is here now.
    pub async fn settle(&self) {
        let settled = async {
            loop {
                self.inbox.settled().await;
                let scheduled = self.scheduler.settled().await;
                self.dispatch.settled().await;
                if scheduled.is_err() || self.inbox.is_settled() {
                    return;
                }
            }
        };
        tokio::select! {
            () = settled => {}
            // Nothing will move any more.
            _ = self.failure() => {}
        }
    }

    /// Resolves with the reason when the server can't go on: its store has failed, or a part of it has ended. Never
    /// otherwise.
    pub fn failure(&self) -> impl Future<Output = String> + Send + use<> {
        let (store, part) = (self.store.failure(), self.vital.failure());
        async move {
            tokio::select! {
                biased;
                reason = store => reason,
                reason = part => reason,
            }
        }
    }

    /// Stops gracefully: nothing that was begun is lost, and nothing new is begun.
    pub async fn stop(self) {
        let clock: Clock = self.site.clock.clone();
        self.receiving.request();
        let sessions = self.receiving.finished(limits::STOP_GRACE, &clock).await;
        if let Err(left) = sessions {
            tracing::warn!(%left, "sessions were cut off; their senders will try again");
        }
        self.http.stop().await;
        self.workers.request();
        if let Err(left) = self.workers.finished(limits::STOP_GRACE, &clock).await {
            tracing::warn!(%left, "deliveries were cut off and are tried again after the next start");
        }
        // The journal closes first: with it the announcements end, and then the last task.
        let Self { store, mut tasks, .. } = self;
        while tasks.len() > 1 && tasks.join_next().await.is_some() {}
        store.close().await;
        tasks.shutdown().await;
    }

    /// Ends as a killed process does: whatever runs is dropped where it stands, nothing is flushed. For crash tests.
    pub async fn abandon(mut self) {
        self.http.abandon().await;
        self.tasks.shutdown().await;
    }
}
