//! The server of a simulation: a whole postcase on a disk in memory, with a clock that stands, and all the ways to end it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use postcase::base::{Chance, Clock};
use postcase::config::Settings;
use postcase::desk::{Answers, Command, Outcome, Refusal};
use postcase::server::{self, Running, World};
use postcase::store::SimulatedMedium;
use postcase::store::simulated::{Fault, Operation};
use serde_json::Value;
use tempfile::TempDir;

use super::draw::Draw;
use super::mover::Mover;
use super::network::{Host, Leaving, Network};
use super::peers;

pub const START: i64 = 1_795_168_800;
/// Where the server is.
pub const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const PORT: u16 = 25;
/// Real time between two looks at what is still in hand, and how many there are.
const TURN: Duration = Duration::from_millis(20);
const TURNS_MAX: usize = 1000;

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
    mover: Mover,
    chance: Chance,
    pub medium: SimulatedMedium,
    network: Network,
    /// What it is to others, in this life.
    host: Host,
    /// None only between an end and the next start.
    running: Option<Running>,
    /// Ends so far after which something may happen twice.
    hard_ends: Arc<AtomicU32>,
    /// The disk fails, or has failed: however it ends, what was done may not be written down.
    is_failing: bool,
    /// Where the local sockets lie, one for each start: the dead ones may still be open.
    folder: TempDir,
    starts: u32,
}

impl Site {
    pub async fn start(
        draw: &Draw,
        network: Network,
        hard_ends: Arc<AtomicU32>,
        mover: Mover,
        clock: Clock,
    ) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mut settings = Settings::default();
        settings.smtp.listen = vec![SocketAddr::new(ADDRESS, PORT)];
        // Seldom so many that nobody is in anybody's way.
        settings.smtp.connections_max = [3, 12, 100, 1000][draw.below(4)];
        settings.http.listen = None;
        settings.outbound.port = peers::PORT;
        settings.outbound.private_networks = postcase::outbound::PrivateNetworks::Allow;
        let mut site = Self {
            settings,
            clock,
            mover,
            chance: Chance::seeded(draw.number()),
            medium: SimulatedMedium::new(),
            host: network.host(ADDRESS),
            network,
            running: None,
            hard_ends,
            is_failing: false,
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
        self.host = self.network.host(ADDRESS);
        let world = World {
            settings: self.settings.clone(),
            clock: self.clock.clone(),
            chance: self.chance.clone(),
            medium: Arc::new(self.medium.clone()),
            internet: Arc::new(self.host.clone()),
        };
        self.mover.watch(None);
        let started = self.mover.guarded("start", server::start(world)).await?.map_err(|error| error.to_string());
        match started {
            Ok(running) => {
                self.mover.watch(Some(running.in_hand()));
                self.running = Some(running);
                Ok(())
            }
            Err(error) => {
                self.host.leave(Leaving::Told);
                Err(error)
            }
        }
    }

    pub fn smtp(&self) -> SocketAddr {
        self.running().smtp()[0]
    }

    /// The answer to a command; bytes come as a string.
    pub async fn ask(&self, command: Command) -> Result<Result<Value, Refusal>, String> {
        let said = self.mover.guarded(&format!("{command:?}"), self.running().answer(command.clone())).await?;
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

    /// Waits until nothing moves any more, as long as that takes. False when the store has failed.
    pub async fn settle(&self) -> Result<bool, String> {
        let running = self.running();
        let failed = running.failure();
        let settling = async {
            tokio::select! {
                biased;
                _ = failed => false,
                () = running.settle() => true,
            }
        };
        self.mover.guarded("settle", settling).await
    }

    /// Lets so much time pass, with everything that happens in it.
    pub async fn wait(&self, time: Duration) -> Result<(), String> {
        self.mover.guarded("time", self.clock.sleep(time)).await
    }

    pub async fn guarded<T>(&self, what: &str, work: impl Future<Output = T>) -> Result<T, String> {
        self.mover.guarded(what, work).await
    }

    /// What it has in hand and doesn't give back though no time passes any more. The last words of a session wait for their
    /// peer by real time.
    pub async fn keeps(&self) -> Vec<(&'static str, usize)> {
        let in_hand = self.running().in_hand();
        self.mover.watch(None);
        // Turns, not time: a machine that stands still for a while gives nobody a turn.
        for _ in 0..TURNS_MAX {
            if in_hand.all().is_empty() {
                break;
            }
            Clock::system().sleep(TURN).await;
        }
        self.mover.watch(Some(in_hand.clone()));
        in_hand.all()
    }

    /// Ends it, starts again on what is left.
    pub async fn end(&mut self, end: End, draw: &Draw) -> Result<(), String> {
        let running = self.running.take().expect("it runs between two steps");
        if end == End::Stop {
            let in_hand = running.in_hand();
            self.mover.guarded("stop", running.stop()).await?;
            // A delivery was cut off, and with it perhaps the peer's word.
            let cut_off = in_hand.all().iter().any(|(name, _)| *name == "deliveries");
            if cut_off || std::mem::take(&mut self.is_failing) {
                self.hard_end();
            }
            // The same process may not go on with a disk that has failed.
            self.medium = self.medium.kill();
            self.host.leave(Leaving::Told);
        } else {
            self.is_failing = false;
            self.hard_end();
            self.die(running, end, draw).await;
        }
        // Sometimes the power goes again while it starts.
        if draw.one_in(6) {
            self.medium.cut_at(1 + draw.below(30) as u64);
            if self.begin().await.is_err() || draw.one_in(2) {
                self.hard_end();
                match self.running.take() {
                    Some(running) => self.die(running, End::Power, draw).await,
                    None => self.medium = self.without_power(End::Power, draw),
                }
            } else {
                return Ok(());
            }
        }
        self.begin().await
    }

    fn hard_end(&self) {
        self.hard_ends.fetch_add(1, Ordering::Relaxed);
    }

    /// An operation of the disk fails; what follows may not be known to be done after the next start.
    pub fn fail(&mut self, operation: Operation, nth: u64, fault: Fault) {
        self.medium.fail(operation, nth, fault);
        self.is_failing = true;
    }

    /// Disk and network first: what the dying server still does must find neither.
    async fn die(&mut self, running: Running, end: End, draw: &Draw) {
        self.medium = self.without_power(end, draw);
        // A machine that comes up again tells whoever still talks to it.
        self.host.leave(if end == End::Kill || draw.one_in(2) { Leaving::Told } else { Leaving::Silent });
        running.abandon().await;
    }

    fn without_power(&self, end: End, draw: &Draw) -> SimulatedMedium {
        match end {
            End::Power => self.medium.crash(&Chance::seeded(draw.number())),
            End::PowerDroppingAll => self.medium.crash_dropping_all(),
            End::Stop | End::Kill => self.medium.kill(),
        }
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("it runs between two steps")
    }
}
