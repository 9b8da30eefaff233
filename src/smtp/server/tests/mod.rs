//! Whole sessions as text, in the form of RFC 5321 appendix D.
//!
//! `C: line` sends the line with CR LF, `B: bytes` exactly those (`\r`, `\n`, `\0` and `\\` stand for what they name); what
//! stands together is sent in one piece. `S: start` reads one line that must begin so, `S:` alone the end of the connection.
//! `M: with from > to, to: message` is a message that the host has taken by then, oldest first. `@ stop`, `@ wait SECONDS`
//! and `@ leave` (the peer is gone) do as they say. `@ tls` shakes hands as a client that takes any certificate.

mod dialogues;
mod sockets;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};

use super::buffer::Budget;
use super::connection::{Caller, converse};
use super::host::Answer;
use super::{BareNewlines, Host, Protocol, Settings, Shared};
use crate::base::{Clock, Envelope, Mailbox, Reply, ReversePath, Time};
use crate::net::peers::Visit;
use crate::net::{Certificate, Stop, certificate, tls};

const HOSTNAME: &str = "mail.example.net";

/// Keeps what it takes. Recipients and senders named `nobody`, `later` and `bug` are refused, put off and fatal.
#[derive(Default)]
struct KeepingHost {
    taken: Mutex<Vec<(Envelope, Bytes)>>,
}

fn verdict(mailbox: Option<&Mailbox>) -> Result<(), Reply> {
    match mailbox.map(Mailbox::local) {
        Some("nobody") => Err(Reply::permanent(50, 1, 1, "nobody has this address")),
        Some("later") => Err(Reply::transient(51, 3, 0, "not now")),
        Some("bug") => panic!("a bug of the host"),
        _ => Ok(()),
    }
}

impl Host for KeepingHost {
    fn recipient<'a>(&'a self, _: &'a ReversePath, recipient: &'a Mailbox) -> Answer<'a, Result<(), Reply>> {
        Box::pin(async move { verdict(Some(recipient)) })
    }

    fn take<'a>(&'a self, envelope: Envelope, message: Bytes) -> Answer<'a, Result<Reply, Reply>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            verdict(envelope.from.mailbox())?;
            let mut taken = self.taken.lock().unwrap();
            taken.push((envelope, message));
            Ok(Reply::success(50, 0, 0, format!("mail-{}", taken.len())))
        })
    }
}

impl KeepingHost {
    /// The oldest message that wasn't shown yet.
    fn show_next(&self) -> String {
        let mut taken = self.taken.lock().unwrap();
        if taken.is_empty() {
            return "nothing".to_owned();
        }
        let (envelope, message) = taken.remove(0);
        let from = envelope.from.mailbox().map_or("<>".to_owned(), ToString::to_string);
        let to: Vec<String> = envelope.to.iter().map(ToString::to_string).collect();
        format!("{} {from} > {}: {}", envelope.with, to.join(", "), message.escape_ascii())
    }
}

/// Small enough that a dialogue can reach each limit.
fn settings() -> Settings {
    Settings { hostname: HOSTNAME.into(), message_bytes_max: 300, recipients_max: 3, ..Settings::default() }
}

fn check(dialogue: &str) {
    check_with(settings(), usize::MAX >> 3, dialogue);
}

/// `budget` is what all messages being received may have in memory.
fn check_with(settings: Settings, budget: usize, dialogue: &str) {
    check_server(shared(settings, None, budget), Caller::default(), dialogue);
}

/// With a certificate.
fn check_tls(dialogue: &str) {
    let scenarios = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let (certificate, key) = (scenarios.join("certificate.pem"), scenarios.join("key.pem"));
    let certificate = Certificate::open(&certificate::Files { certificate, key }).unwrap();
    check_server(shared(settings(), certificate, usize::MAX >> 3), Caller::default(), dialogue);
}

/// A server whose clock stands.
fn shared(settings: Settings, certificate: Option<Certificate>, budget: usize) -> (Arc<KeepingHost>, Shared) {
    let host = Arc::new(KeepingHost::default());
    let clock = Clock::manual(Time::UNIX_EPOCH);
    let shared = Shared::new(host.clone(), settings, certificate, clock, Stop::new());
    (host, Shared { budget: Budget::new(budget), ..shared })
}

fn check_server((host, shared): (Arc<KeepingHost>, Shared), caller: Caller, dialogue: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let clock = Clock::system();
        let played = clock.within(Duration::from_secs(20), play(host, shared, caller, dialogue));
        played.await.expect("the server says what is expected, instead of nothing");
    });
}

async fn play(host: Arc<KeepingHost>, shared: Shared, caller: Caller, dialogue: &str) {
    let (clock, stop) = (shared.clock.clone(), shared.stop.clone());
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let mut peer = Peer { lines: Some(BufReader::new(Box::new(ours))), unsent: Vec::new() };
    let mut session = Some((theirs, caller, shared));
    let mut server = None;

    for step in dialogue.lines().map(str::trim_start).filter(|line| !line.is_empty()) {
        let (kind, rest) = step.split_at(1);
        let rest = rest.trim_start_matches(':');
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        if kind != "C" && kind != "B" {
            peer.send().await;
            // The session begins after the peer's first bytes when the dialogue begins with them.
            if let Some((theirs, caller, shared)) = session.take() {
                server = Some(tokio::spawn(async move { converse(theirs, caller, &shared).await }));
            }
        }
        match (kind, rest) {
            ("C", line) => peer.unsent.extend_from_slice(format!("{line}\r\n").as_bytes()),
            ("B", bytes) => peer.unsent.extend_from_slice(&unescape(bytes)),
            ("S", expected) => peer.hears(expected).await,
            ("M", expected) => assert_eq!(host.show_next(), expected),
            ("@", directive) if directive.trim() == "stop" => stop.request(),
            ("@", directive) if directive.trim() == "leave" => drop(peer.lines.take()),
            ("@", directive) if directive.trim() == "tls" => peer.secure().await,
            ("@", directive) => {
                let seconds = directive.trim().strip_prefix("wait ").and_then(|n| n.parse().ok()).expect("a directive");
                settle().await;
                clock.advance(Duration::from_secs(seconds));
            }
            _ => panic!("not a step: {step}"),
        }
    }
    drop(peer);
    if let Some(server) = server {
        server.await.expect("no panic leaves a session");
    }
    assert_eq!(host.show_next(), "nothing", "the dialogue names all messages taken");
}

/// Lets the server come to rest; on one thread a few turns are enough.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

trait Connection: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Connection for S {}

struct Peer {
    /// None when it has left.
    lines: Option<BufReader<Box<dyn Connection>>>,
    unsent: Vec<u8>,
}

impl Peer {
    async fn send(&mut self) {
        let bytes = std::mem::take(&mut self.unsent);
        if let Some(lines) = &mut self.lines {
            lines.write_all(&bytes).await.expect("the connection is open");
            lines.flush().await.expect("the connection is open");
        }
    }

    async fn secure(&mut self) {
        let stream = self.lines.take().expect("the peer is there").into_inner();
        let stream = tls::opportunistic().connect(HOSTNAME.try_into().unwrap(), stream).await.unwrap();
        self.lines = Some(BufReader::new(Box::new(stream)));
    }

    async fn hears(&mut self, expected: &str) {
        let mut line = String::new();
        let lines = self.lines.as_mut().expect("the peer is there");
        let read = lines.read_line(&mut line).await;
        if expected.is_empty() {
            // Over TLS an end without a word of its own is an error; a handshake that fails ends with an alert (21).
            let is_alert = line.as_bytes().first() == Some(&21);
            assert!(is_alert || line.is_empty() && !read.is_ok_and(|n| n > 0), "the connection ends: {line:?}");
            return;
        }
        assert!(line.starts_with(expected) && line.ends_with("\r\n"), "expected {expected}, heard {line:?}");
        let extensions = [
            HOSTNAME,
            "SIZE",
            "PIPELINING",
            "8BITMIME",
            "SMTPUTF8",
            "ENHANCEDSTATUSCODES",
            "LIMITS",
            "STARTTLS",
            "REQUIRETLS",
        ];
        let is_plain = line.starts_with("354") || extensions.iter().any(|word| line[4..].starts_with(word));
        let has_code = line[4..].starts_with(&format!("{}.", &line[..1]));
        assert_eq!(has_code, !is_plain, "{line:?} has an enhanced code just where it should");
    }
}

fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match (byte, byte == b'\\') {
            (byte, false) => byte,
            (_, true) => match rest.next() {
                Some(b'r') => b'\r',
                Some(b'n') => b'\n',
                Some(b'0') => 0,
                other => other.expect("something behind the backslash"),
            },
        });
    }
    bytes
}
