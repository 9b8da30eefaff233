//! A peer for tests that plays a script, one per connection, and reports every byte that isn't in it. Lines:
//!
//! - `S: text` says a line, or several with `\r\n` between them; `C: text` expects one, exactly;
//! - `D: text` expects a message up to and with its final dot, written with `\r`, `\n` and `\xNN` escapes;
//! - `@tls` answers a TLS handshake as a host that nobody knows, `@proven` as one whose certificate is
//!   `tests/scenarios/certificate.pem`, `@untrusted` as another one, before somebody who must not go on, and that's the end;
//! - `@raw text` says bytes without CRLF; `@flood text` says them for ever;
//! - `@stall` stays silent, `@deaf` stays silent and reads nothing, while the test's clock runs; `@close` hangs up.
//!
//! Behind the last line the peer waits for the other side to hang up, and anything else that it says is an error.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::net::certificate::{Certificate, Files, TlsAcceptor};
use crate::net::socket::Duplex;
use crate::net::tls;

pub(super) struct Fake {
    pub address: SocketAddr,
    /// True while the peer is silent on purpose.
    pub stalls: Arc<AtomicBool>,
    playing: JoinHandle<Result<(), String>>,
}

impl Fake {
    pub async fn start(address: SocketAddr, scripts: &[&str]) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let stalls = Arc::new(AtomicBool::new(false));
        let scripts: Vec<String> = scripts.iter().map(|script| script.to_string()).collect();
        let playing = tokio::spawn(Self::play_all(listener, scripts, stalls.clone()));
        Self { address, stalls, playing }
    }

    /// Every script was played to its end, and nothing else was said. A script that never began is an error.
    pub async fn finish(self) {
        tokio::task::yield_now().await;
        if !self.playing.is_finished() && self.stalls.load(Ordering::SeqCst) {
            self.playing.abort();
            return;
        }
        self.playing.await.unwrap().unwrap();
    }

    async fn play_all(listener: TcpListener, scripts: Vec<String>, stalls: Arc<AtomicBool>) -> Result<(), String> {
        for script in scripts {
            let (stream, _) = listener.accept().await.unwrap();
            play(stream, &script, &stalls).await.map_err(|error| format!("{error} in {script}"))?;
        }
        Ok(())
    }
}

async fn play(stream: TcpStream, script: &str, stalls: &AtomicBool) -> Result<(), String> {
    let mut stream: Box<dyn Duplex> = Box::new(stream);
    for line in script.lines().map(str::trim_start).filter(|line| !line.is_empty()) {
        let (kind, text) = line.split_once(' ').unwrap_or((line, ""));
        match kind {
            "S:" => stream
                .write_all((text.replace(r"\r\n", "\r\n") + "\r\n").as_bytes())
                .await
                .map_err(|error| error.to_string())?,
            "C:" => expect(text, read_until(&mut stream, b"\r\n").await)?,
            "D:" => expect(text, read_until(&mut stream, b"\r\n.\r\n").await)?,
            "@tls" => stream = Box::new(tls::self_signed().accept(stream).await.map_err(|error| error.to_string())?),
            "@proven" => stream = Box::new(shown("").accept(stream).await.map_err(|error| error.to_string())?),
            "@untrusted" => {
                let accepted = shown("relay-").accept(stream).await;
                return if accepted.is_ok() {
                    Err("nothing is proven, and all the same it goes on".into())
                } else {
                    Ok(())
                };
            }
            "@raw" => stream.write_all(text.as_bytes()).await.map_err(|error| error.to_string())?,
            "@flood" => while stream.write_all(text.as_bytes()).await.is_ok() {},
            "@close" => return Ok(()),
            "@deaf" => {
                stalls.store(true, Ordering::SeqCst);
                std::future::pending::<()>().await;
            }
            "@stall" => {
                stalls.store(true, Ordering::SeqCst);
                let _ = stream.read_to_end(&mut Vec::new()).await;
                stalls.store(false, Ordering::SeqCst);
            }
            _ => return Err(format!("not a line of a script: {line}")),
        }
    }
    let mut rest = Vec::new();
    // Hanging up rudely is fine too; one read is enough to know that there is more.
    let _ = stream.read_buf(&mut rest).await;
    expect("", rest)
}

/// A certificate of the stories, with its key.
fn shown(whose: &str) -> TlsAcceptor {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let [certificate, key] = ["certificate", "key"].map(|what| folder.join(format!("{whose}{what}.pem")));
    let files = Files { certificate, key };
    Certificate::open(&files).unwrap().unwrap().acceptor()
}

async fn read_until(stream: &mut Box<dyn Duplex>, end: &[u8]) -> Vec<u8> {
    let mut read = Vec::new();
    while !read.ends_with(end) {
        match stream.read_u8().await {
            Ok(byte) => read.push(byte),
            Err(_) => break,
        }
    }
    read
}

/// Compares with what came, escaped except for quotes; the CRLF of a line isn't written in scripts.
fn expect(text: &str, got: Vec<u8>) -> Result<(), String> {
    let got = got.escape_ascii().to_string().replace(r"\'", "'").replace("\\\"", "\"");
    if got == text || got.strip_suffix(r"\r\n") == Some(text) {
        Ok(())
    } else {
        Err(format!("expected {text:?}, got {got:?}"))
    }
}
