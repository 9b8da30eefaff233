//! The transport of commands: HTTP on a local socket and, guarded by a token, on TCP.
//!
//! `POST /v1/command` takes a [`Command`](crate::desk::Command) as JSON and answers with JSON, with
//! `application/octet-stream`, or with a [`Refusal`](crate::desk::Refusal) as JSON whose kind is also in the status.
//! `GET /health` says that the server runs. What a command does is not known here: that is [`Answers`].
//!
//! The local socket is guarded by its file mode (0600), TCP by the bearer token in `data_dir/api-token` (0600). Whoever
//! starts this owns the store in `data_dir`; only so is a socket file that nobody answers certain to be a dead server's.

mod client;
mod routes;
mod serve;
mod socket;
mod token;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;

pub use client::{CallError, Client};

use crate::base::{Chance, Clock, limits};
use crate::desk::Answers;
use crate::net::listen;

/// What an administrator may set about the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// None: only the local socket.
    pub listen: Option<SocketAddr>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { listen: Some(SocketAddr::from(([127, 0, 0, 1], 8025))) }
    }
}

/// Both listeners at work.
#[derive(Debug)]
pub struct Running {
    /// Where the local socket really is: see [`socket`] for long paths.
    pub socket: PathBuf,
    /// The API on TCP with its real port.
    pub tcp: Option<SocketAddr>,
    data_dir: PathBuf,
    stop: watch::Sender<bool>,
    listeners: JoinSet<()>,
    clock: Clock,
}

/// Why the listeners can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("another server answers on {}; stop it, or set another data_dir", .0.display())]
    AlreadyRunning(PathBuf),
    #[error("[http] listen: {0}")]
    Listen(#[from] listen::BindError),
    #[error("{} can't be written: {why}; mend its permissions, or set another data_dir", path.display())]
    Folder { path: PathBuf, why: io::Error },
    #[error("{} is too short to be a secret; remove it, and the next start makes a new one", .0.display())]
    WeakToken(PathBuf),
}

/// Opens the local socket in `data_dir` (made when absent) and the API on TCP when the settings want it, and answers on
/// both until [`Running::stop`]. The caller has the store in `data_dir` open.
pub async fn start(
    settings: &Settings,
    data_dir: &Path,
    answers: Arc<dyn Answers>,
    clock: Clock,
    chance: &Chance,
) -> Result<Running, StartError> {
    let token = token::load_or_make(data_dir, chance)?;
    let tcp = settings.listen.map(listen::bind).transpose()?;
    let tcp_at = tcp.as_ref().and_then(|listener| listener.local_addr().ok());
    let (local, socket) = socket::listen(data_dir, chance)?;

    let (stop, stopped) = watch::channel(false);
    let mut listeners = JoinSet::new();
    let router = |guard| routes::router(answers.clone(), guard, clock.clone());
    listeners.spawn(serve::serve(local, router(None), stopped.clone()));
    if let Some(tcp) = tcp {
        listeners.spawn(serve::serve(tcp, router(Some(token)), stopped));
    }
    Ok(Running { socket, tcp: tcp_at, data_dir: data_dir.to_owned(), stop, listeners, clock })
}

impl Running {
    /// Takes no more connections, lets commands under way finish (as long as [`limits::STOP_GRACE`]), removes the socket.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        socket::remove(&self.data_dir, &self.socket);
        let finish = async { while self.listeners.join_next().await.is_some() {} };
        if self.clock.within_real(limits::STOP_GRACE, finish).await.is_err() {
            tracing::warn!("commands that were still at work are cut off");
        }
    }

    /// Ends as a killed process does: nobody answers any more, and the socket's file is left behind. For crash tests.
    pub async fn abandon(mut self) {
        self.listeners.shutdown().await;
    }
}

#[cfg(test)]
mod tests;
