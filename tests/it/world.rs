//! The server under test: a whole postcase in this process, with a clock that stands, seeded chance and a disk that can
//! lose power. The only file of the stories that knows the server's own types.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use postcase::base::{Chance, Clock};
use postcase::net::internet::Tcp;
use postcase::server::{self, Running, World};
use postcase::store::simulated::{Fault, Operation, SimulatedMedium};
use postcase::{cli, config};
use tempfile::TempDir;

use crate::subject::{Crash, Later, Ran, Setup, Subject};

struct Place {
    file: PathBuf,
    /// What the file said first.
    configuration: String,
    clock: Clock,
    chance: Chance,
    medium: SimulatedMedium,
    /// None only between an end and the next start.
    running: Option<Running>,
    /// Where the local socket and the API's token lie.
    _folder: TempDir,
}

/// Makes a server and starts it on an empty disk.
pub fn start(setup: Setup) -> Later<'static, Result<Box<dyn Subject>, String>> {
    Box::pin(async move {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let file = folder.path().join("postcase.toml");
        let data_dir = folder.path().join("data").display().to_string();
        std::fs::create_dir(&data_dir).map_err(|error| error.to_string())?;
        let text = format!("data_dir = {data_dir:?}\n{}", setup.configuration);
        std::fs::write(&file, &text).map_err(|error| error.to_string())?;
        let mut place = Place {
            file,
            configuration: text,
            clock: Clock::manual(setup.now),
            chance: Chance::seeded(1),
            medium: SimulatedMedium::new(),
            running: None,
            _folder: folder,
        };
        place.begin().await?;
        Ok(Box::new(place) as Box<dyn Subject>)
    })
}

impl Place {
    async fn begin(&mut self) -> Result<(), String> {
        let world = World {
            settings: config::load(Some(&self.file)).map_err(|error| error.to_string())?,
            clock: self.clock.clone(),
            chance: self.chance.clone(),
            medium: Arc::new(self.medium.clone()),
            internet: Arc::new(Tcp),
        };
        self.running = Some(server::start(world).await.map_err(|error| error.to_string())?);
        Ok(())
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("it runs between two steps of a story")
    }
}

impl Subject for Place {
    fn smtp(&self) -> SocketAddr {
        self.running().smtp()[0]
    }

    fn lmtp(&self) -> Option<SocketAddr> {
        self.running().lmtp().first().copied()
    }

    fn run(&mut self, arguments: Vec<String>) -> Later<'_, Ran> {
        Box::pin(async move {
            let done = cli::answer(arguments, self.running()).await;
            Ran { code: done.exit, out: done.out, err: done.err }
        })
    }

    fn settle(&mut self) -> Later<'_, ()> {
        Box::pin(self.running().settle())
    }

    fn advance(&mut self, by: Duration) {
        self.clock.advance(by);
    }

    fn crash(&mut self, how: Crash) -> Later<'_, Result<(), String>> {
        Box::pin(async move {
            // The disk first: what the dying server still writes must find no disk.
            self.medium = match how {
                Crash::DroppingAll => self.medium.crash_dropping_all(),
                Crash::ByChance(seed) => self.medium.crash(&Chance::seeded(seed)),
                Crash::Killed => self.medium.kill(),
            };
            if let Some(running) = self.running.take() {
                running.abandon().await;
            }
            self.begin().await
        })
    }

    fn configure(&mut self, more: &str) -> Result<(), String> {
        std::fs::write(&self.file, format!("{}{more}", self.configuration)).map_err(|error| error.to_string())
    }

    fn fault(&mut self, words: &[String]) -> Result<(), String> {
        let wrong = || format!("@fault OPERATION NTH io|power|room=BYTES, not {}", words.join(" "));
        let [operation, nth, fault] = words else { return Err(wrong()) };
        let operation = match operation.as_str() {
            "open" => Operation::Open,
            "create" => Operation::Create,
            "list" => Operation::List,
            "remove" => Operation::Remove,
            "sync-folder" => Operation::SyncFolder,
            "read" => Operation::Read,
            "write" => Operation::Write,
            "set-len" => Operation::SetLen,
            "sync" => Operation::Sync,
            _ => return Err(wrong()),
        };
        let fault = match fault.split_once('=') {
            None if fault == "io" => Fault::Io,
            None if fault == "power" => Fault::PowerCut,
            Some(("room", bytes)) => Fault::NoRoom { written: bytes.parse().map_err(|_| wrong())? },
            _ => return Err(wrong()),
        };
        self.medium.fail(operation, nth.parse().map_err(|_| wrong())?, fault);
        Ok(())
    }

    fn restart(&mut self) -> Later<'_, Result<(), String>> {
        Box::pin(async move {
            if let Some(running) = self.running.take() {
                running.stop().await;
            }
            self.begin().await
        })
    }

    fn stop(mut self: Box<Self>) -> Later<'static, ()> {
        Box::pin(async move {
            if let Some(running) = self.running.take() {
                running.stop().await;
            }
        })
    }
}
