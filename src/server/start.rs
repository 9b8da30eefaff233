//! Opening an installation: with everything at work, or only its store, for a command while no server runs.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::base::{Chance, Clock, MailId, limits};
use crate::config::{self, Settings};
use crate::desk::{Command, Desk, Outcome, Refusal};
use crate::http;
use crate::intake::Inbox;
use crate::net::certificate::CertificateError;
use crate::net::internet::{Internet, Tcp};
use crate::net::{dns, listen};
use crate::outbound::RouteError;
use crate::plugin::Catalogue;
use crate::rules::{Book, Rules};
use crate::store::backup::{self, RestoreError, Restored};
use crate::store::site::Parts;
use crate::store::{
    DiskMedium, Engine, Floor, FolderLock, LockError, Medium, OpenError, ReadError, Site, Store, StoreError,
    StoreOpened, due, tables,
};

/// What a server runs in; tests bring their own clock, chance, medium and internet.
pub struct World {
    pub settings: Settings,
    pub clock: Clock,
    pub chance: Chance,
    pub medium: Arc<dyn Medium>,
    pub internet: Arc<dyn Internet>,
}

/// Why a server or a store could not be opened. One line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("[smtp] listen: {0}")]
    Listen(#[from] listen::BindError),
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error(transparent)]
    Route(#[from] RouteError),
    #[error(transparent)]
    Http(#[from] http::StartError),
    #[error(transparent)]
    Dns(#[from] dns::NoNameServers),
    #[error(transparent)]
    Locked(#[from] LockError),
    #[error("{folder} can't be written: {why}; mend its permissions, or set another data_dir")]
    Folder { folder: String, why: std::io::Error },
    #[error(transparent)]
    Store(#[from] OpenError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("the new store can't be written: {0}")]
    New(#[from] StoreError),
    #[error(transparent)]
    Restore(#[from] RestoreError),
    #[error("{0}")]
    Rules(String),
    #[error("{0}")]
    Io(std::io::Error),
}

pub(super) struct Opened {
    pub site: Arc<Site>,
    pub inbox: Arc<Inbox>,
    pub inbound: mpsc::UnboundedReceiver<MailId>,
    pub store: Store,
}

impl World {
    /// The real one: the folder of the settings, locked for this process, which calls itself `who`.
    pub async fn on_disk(settings: Settings, who: &str) -> Result<(Self, FolderLock), StartError> {
        let clock = Clock::system();
        let medium = disk(&settings.data_dir)?;
        let lock = FolderLock::acquire(&settings.data_dir, who, limits::STORE_WAIT_MAX, &clock).await?;
        Ok((
            Self { settings, clock, chance: Chance::system(), medium: Arc::new(medium), internet: Arc::new(Tcp) },
            lock,
        ))
    }
}

fn disk(folder: &Path) -> Result<DiskMedium, StartError> {
    DiskMedium::open(folder).map_err(|why| StartError::Folder { folder: folder.display().to_string(), why })
}

pub(super) async fn open(
    settings: &Settings,
    medium: Arc<dyn Medium>,
    clock: &Clock,
    chance: &Chance,
) -> Result<Opened, StartError> {
    let StoreOpened { store, recovered, inbound, damage } = Store::open(medium, clock.now()).await?;
    for damage in damage {
        tracing::error!(%damage, "a damaged part of the journal was left aside");
    }
    let last = last_rules(&*store.engine, settings).await?;
    let site = Site::open(Parts {
        hostname: settings.hostname.clone(),
        service_domain: settings.service_domain.clone(),
        postmaster_queue: settings.postmaster_queue.clone(),
        many_addresses: settings.many_addresses,
        plugins: Arc::new(Catalogue::new(settings.data_dir.join("plugins"))),
        rules: Book::open(
            settings.rules_file(),
            Box::new(config::rules::reader),
            last.unwrap_or_default(),
            clock.now(),
        ),
        timetable: config::followed(settings, clock.now()),
        clock: clock.clone(),
        chance: chance.clone(),
        engine: store.engine.clone(),
        journal: store.journal.clone(),
    })
    .await?;
    if let Some(held) = due::held(&*site.engine).await? {
        tracing::warn!(since = %held.since, why = held.why, "the spool is held; postcase spool resume lets it go");
    }
    let inbox = Inbox::recover(&site, recovered).await?;
    Ok(Opened { site: Arc::new(site), inbox: Arc::new(inbox), inbound, store })
}

/// Those that were last in force; none when none ever were.
async fn last_rules(engine: &dyn Engine, settings: &Settings) -> Result<Option<Rules>, ReadError> {
    let kept = tables::LAST_RULES.get(engine, tables::IN_FORCE).await?;
    // An older version may have taken what this one refuses.
    Ok(kept.and_then(|kept| config::rules::reader(&settings.rules_file(), kept.value.0.as_deref()).ok()))
}

/// A server whose file of rules is wrong, and that has none of before to go by, would send mail anywhere.
pub(super) async fn check_rules(site: &Site, settings: &Settings) -> Result<(), StartError> {
    match site.rules.look(site.now()).1 {
        Some(wrong) if last_rules(&*site.engine, settings).await?.is_none() => Err(StartError::Rules(wrong)),
        _ => Ok(()),
    }
}

/// Fills the data folder of these settings, which no server may have open, from a backup.
pub async fn restore(settings: &Settings, file: &Path) -> Result<Restored, StartError> {
    let (world, _lock) = World::on_disk(settings.clone(), "postcase restore").await?;
    Ok(backup::restore(world.medium, file, world.clock.now(), &world.chance).await?)
}

/// A desk on a store that no server has open. What it submits leaves when a server runs.
pub struct Offline {
    desk: Desk,
    store: Store,
    _lock: FolderLock,
}

/// Opens the store of these settings for single commands.
pub async fn open_offline(settings: &Settings) -> Result<Offline, StartError> {
    let (world, lock) = World::on_disk(settings.clone(), "a postcase command").await?;
    let floor = Floor::new(world.medium.clone(), settings.store.free_bytes_min, settings.smtp.message_bytes_max as u64);
    let Opened { site, inbox, store, .. } = open(settings, world.medium, &world.clock, &world.chance).await?;
    Ok(Offline { desk: Desk::new(site, inbox, floor, None), store, _lock: lock })
}

impl Offline {
    pub async fn answer(&self, command: Command) -> Result<Outcome, Refusal> {
        self.desk.do_command(command).await
    }

    pub async fn close(self) {
        self.store.close().await;
    }
}
