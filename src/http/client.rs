//! The other end of the local socket: how the command line reaches the running server.

use std::io;
use std::path::{Path, PathBuf};

use axum::http::{Method, Request, header};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

use super::routes::COMMAND_PATH;
use super::socket;
use crate::base::{Clock, limits};
use crate::desk::{Command, Outcome, Refusal};

/// One connection to a running server.
#[derive(Debug)]
pub struct Client {
    sender: http1::SendRequest<Full<Bytes>>,
    socket: PathBuf,
    clock: Clock,
}

/// Why a command has no outcome.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("the server on {} can't be reached: {why}", socket.display())]
    Unreachable { socket: PathBuf, why: String },
}

impl Client {
    /// Connects to the server of this folder; `None`: none runs there.
    pub async fn connect(data_dir: &Path, clock: Clock) -> Result<Option<Self>, CallError> {
        let failed = |socket: &Path, why: String| CallError::Unreachable { socket: socket.to_owned(), why };
        let socket = socket::find(data_dir).map_err(|error| failed(data_dir, advice(&error)))?;
        let connecting = clock.within(limits::CONNECT_TIME_MAX, UnixStream::connect(&socket)).await;
        let stream = match connecting.map_err(io::Error::other).flatten() {
            Ok(stream) => stream,
            // A file that nobody listens on is what a killed server leaves.
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(failed(&socket, advice(&error))),
        };
        let (sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| failed(&socket, error.to_string()))?;
        // Its errors come out of the request, too.
        tokio::spawn(connection);
        Ok(Some(Self { sender, socket, clock }))
    }

    /// Sends one command and waits for its outcome, at most [`limits::COMMAND_TIME_MAX`], longer for one that takes long.
    pub async fn call(&mut self, command: &Command) -> Result<Outcome, CallError> {
        let body = serde_json::to_vec(command).map_err(|error| self.unreachable(error))?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(COMMAND_PATH)
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::from(body))
            .map_err(|error| self.unreachable(error))?;
        let answering = async {
            // The connection may still be busy with the end of the last answer.
            self.sender.ready().await?;
            let (head, body) = self.sender.send_request(request).await?.into_parts();
            Ok::<_, hyper::Error>((head, body.collect().await?.to_bytes()))
        };
        let time_max = if command.takes_long() { limits::LONG_COMMAND_TIME_MAX } else { limits::COMMAND_TIME_MAX };
        let answer = self.clock.within(time_max, answering).await;
        let (head, body) = answer.map_err(|error| self.unreachable(error))?.map_err(|error| self.unreachable(error))?;
        if !head.status.is_success() {
            return Err(match serde_json::from_slice::<Refusal>(&body) {
                Ok(refusal) => refusal.into(),
                Err(_) => self.unreachable(format!("it answers {}, which this program doesn't know", head.status)),
            });
        }
        let kind = head.headers.get(header::CONTENT_TYPE).map(|kind| kind.as_bytes());
        match kind {
            Some(b"application/octet-stream") => Ok(Outcome::Bytes(body.into())),
            _ => serde_json::from_slice(&body).map(Outcome::Json).map_err(|error| self.unreachable(error)),
        }
    }

    fn unreachable(&self, why: impl std::fmt::Display) -> CallError {
        CallError::Unreachable { socket: self.socket.clone(), why: format!("{why}; is it well? see its log") }
    }
}

fn advice(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => format!("{error}; run this as the user who runs the server"),
        _ => format!("{error}; is it well? see its log"),
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::NotADirectory)
}
