//! The server of a simulation: a whole postcase on a disk in memory, with a clock that stands, and all the ways to end it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use postcase::base::{Chance, Clock, Time};
use postcase::config::Settings;
use postcase::desk::{Answers, Command, Outcome, Refusal};
use postcase::server::{self, Running, World};
use postcase::store::SimulatedMedium;
use serde_json::Value;
use tempfile::TempDir;

use super::draw::Draw;
use super::peers::Peers;

/// Real time after which a step counts as hanging.
const WALL: Duration = Duration::from_secs(30);
/// Real time that work gets before the clock moves for a peer who says nothing.
const LOOK: Duration = Duration::from_millis(20);
/// More than the longest time-out of ours towards a peer.
const TIMEOUTS: Duration = Duration::from_secs(11 * 60);
const START: i64 = 1_795_168_800;

/// How a server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// As an administrator does it.
    Stop,
    /// The process dies.
    Kill,
    /// The power goes; some of what wasn't synced is there.
    Power,
    /// The power goes; nothing of what wasn't synced is there.
    PowerDroppingAll,
}

pub struct Site {
    settings: Settings,
    pub clock: Clock,
    chance: Chance,
    pub medium: SimulatedMedium,
    /// None only between an end and the next start.
    running: Option<Running>,
    peers: Peers,
    /// Ends so far after which something may have happened twice.
    pub hard_ends: u32,
    /// Where the local sockets lie, one for each start: the dead ones may still be open.
    folder: TempDir,
    starts: u32,
}

impl Site {
    pub async fn start(draw: &Draw, peers: Peers) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mut settings = Settings::default();
        settings.smtp.listen = vec![SocketAddr::from(([127, 0, 0, 1], 0))];
        settings.http.listen = None;
        settings.outbound.port = peers.port;
        settings.outbound.private_networks = postcase::outbound::PrivateNetworks::Allow;
        settings.dns.servers = vec![peers.dns];
        let mut site = Self {
            settings,
            clock: Clock::manual(Time::from_second(START).expect("a time of this century")),
            chance: Chance::seeded(draw.number()),
            medium: SimulatedMedium::new(),
            running: None,
            peers,
            hard_ends: 0,
            folder,
            starts: 0,
        };
        site.begin().await?;
        Ok(site)
    }

    async fn begin(&mut self) -> Result<(), String> {
        self.starts += 1;
        self.settings.data_dir = self.folder.path().join(self.starts.to_string());
        std::fs::create_dir(&self.settings.data_dir).map_err(|error| error.to_string())?;
        let world = World {
            settings: self.settings.clone(),
            clock: self.clock.clone(),
            chance: self.chance.clone(),
            medium: Arc::new(self.medium.clone()),
        };
        let started = guarded("start", server::start(world)).await?;
        self.running = Some(started.map_err(|error| error.to_string())?);
        Ok(())
    }

    pub fn smtp(&self) -> SocketAddr {
        self.running().smtp()[0]
    }

    /// The answer to a command; bytes come as a string.
    pub async fn ask(&self, command: Command) -> Result<Result<Value, Refusal>, String> {
        let said = guarded(&format!("{command:?}"), self.running().answer(command.clone())).await?;
        Ok(said.map(|outcome| match outcome {
            Outcome::Json(value) => value,
            Outcome::Bytes(bytes) => Value::from(bytes.escape_ascii().to_string()),
        }))
    }

    /// The answer to a command that can't be refused.
    pub async fn show(&self, command: Command) -> Result<Value, String> {
        let what = format!("{command:?}");
        self.ask(command).await?.map_err(|refusal| format!("{what} was refused: {refusal}"))
    }

    /// Waits until nothing moves any more; the clock moves when a peer says nothing. False when the store has failed.
    pub async fn settle(&self) -> Result<bool, String> {
        let running = self.running();
        let failed = running.failure();
        let settling = async {
            tokio::select! {
                biased;
                _ = failed => false,
                () = self.passing_stalls(running.settle()) => true,
            }
        };
        guarded("settle", settling).await
    }

    /// Ends it, starts again on what is left.
    pub async fn end(&mut self, end: End, draw: &Draw) -> Result<(), String> {
        let running = self.running.take().expect("it runs between two steps");
        if end == End::Stop {
            self.hard_ends += u32::from(self.peers.stalled() > 0);
            guarded("stop", self.passing_stalls(running.stop())).await?;
            // The same process may not go on with a disk that has failed.
            self.medium = self.medium.kill();
        } else {
            self.hard_ends += 1;
            // The disk first: what the dying server still writes must find no disk.
            self.medium = self.without_power(end, draw);
            running.abandon().await;
        }
        // Sometimes the power goes again while it starts.
        if draw.one_in(6) {
            self.medium.cut_at(1 + draw.below(30) as u64);
            if self.begin().await.is_err() || draw.one_in(2) {
                self.hard_ends += 1;
                self.medium = self.without_power(End::Power, draw);
                if let Some(running) = self.running.take() {
                    running.abandon().await;
                }
            } else {
                return Ok(());
            }
        }
        self.begin().await
    }

    fn without_power(&self, end: End, draw: &Draw) -> SimulatedMedium {
        match end {
            End::Power => self.medium.crash(&Chance::seeded(draw.number())),
            End::PowerDroppingAll => self.medium.crash_dropping_all(),
            End::Stop | End::Kill => self.medium.kill(),
        }
    }

    async fn passing_stalls<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            if let Ok(done) = Clock::system().within(LOOK, &mut work).await {
                return done;
            }
            if self.peers.stalled() > 0 {
                self.clock.advance(TIMEOUTS);
            }
        }
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("it runs between two steps")
    }
}

/// The work's end, or what hangs.
pub async fn guarded<T>(what: &str, work: impl Future<Output = T>) -> Result<T, String> {
    Clock::system().within(WALL, work).await.map_err(|_| format!("hangs: {what}"))
}
