//! A small SMTP client of the tests' own, so that a mistake of postcase's client or parser can't hide itself.
//!
//! It believes nothing: reads are bounded, every step has ten seconds of real time, and what it sends is what it was
//! given. [`send`] alone stuffs dots and ends the message (RFC 5321 §4.5.2).

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use postcase::base::Clock;
use postcase::net::tls;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::client::TlsStream;

/// Real time for one step: long enough for a busy machine, short enough to notice a hang.
pub const STEP: Duration = Duration::from_secs(30);
/// One reply line; RFC 5321 §4.5.3.1.5 allows 512.
const LINE_BYTES_MAX: u64 = 4096;

/// Runs a step under the guard of real time.
pub async fn guarded<T>(what: &str, work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    Clock::system().within(STEP, work).await.unwrap_or_else(|_| Err(format!("{what}: nothing for {STEP:?}")))
}

/// One connection to a server.
pub struct Connection(BufReader<Box<dyn Stream>>);

/// What a connection runs over: TCP, or TLS over it.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {
    /// Makes the end a reset.
    fn abort(&self) {}
}

impl Stream for TcpStream {
    fn abort(&self) {
        // Without lingering the kernel sends RST; when it can't be set, closing has the same end for the peer.
        let _ = self.set_zero_linger();
    }
}

impl Stream for TlsStream<Box<dyn Stream>> {}

impl Connection {
    /// Connects, from a certain loopback address if one is given.
    pub async fn open(to: SocketAddr, from: Option<IpAddr>) -> Result<Self, String> {
        guarded("connect", async {
            let socket = TcpSocket::new_v4().map_err(|e| e.to_string())?;
            if let Some(from) = from {
                socket.bind(SocketAddr::new(from, 0)).map_err(|e| e.to_string())?;
            }
            let stream = socket.connect(to).await.map_err(|e| format!("can't connect to {to}: {e}"))?;
            Ok(Self(BufReader::new(Box::new(stream))))
        })
        .await
    }

    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), String> {
        guarded("write", async {
            self.0.write_all(bytes).await.map_err(|e| format!("can't write: {e}"))?;
            self.0.flush().await.map_err(|e| format!("can't write: {e}"))
        })
        .await
    }

    /// One line without its CRLF; `None` when the peer has closed.
    pub async fn line(&mut self) -> Result<Option<String>, String> {
        guarded("read", async {
            let mut line = Vec::new();
            match (&mut self.0).take(LINE_BYTES_MAX).read_until(b'\n', &mut line).await {
                Ok(0) | Err(_) => return Ok(None),
                Ok(_) => {}
            }
            let text = line.strip_suffix(b"\r\n").ok_or_else(|| format!("not a line: {}", line.escape_ascii()))?;
            Ok(Some(String::from_utf8_lossy(text).into_owned()))
        })
        .await
    }

    /// One whole reply, or nothing when the peer has closed.
    pub async fn reply(&mut self) -> Result<Vec<String>, String> {
        let mut lines: Vec<String> = Vec::new();
        while let Some(line) = self.line().await? {
            let more = line.as_bytes().get(3) == Some(&b'-');
            lines.push(line);
            if !more {
                return Ok(lines);
            }
        }
        if lines.is_empty() { Ok(lines) } else { Err(format!("closed within a reply: {lines:?}")) }
    }

    /// Sends a command and reads its reply; closed counts as an error.
    pub async fn command(&mut self, command: &str) -> Result<Vec<String>, String> {
        self.write(format!("{command}\r\n").as_bytes()).await?;
        let reply = self.reply().await?;
        if reply.is_empty() { Err(format!("closed after {command:?}")) } else { Ok(reply) }
    }

    /// Waits so long for the peer to close, or to say something that nobody asked for, as it does before.
    #[allow(dead_code, reason = "the benchmark `pressure` holds connections so")]
    pub async fn is_closed_within(&mut self, time: Duration) -> bool {
        Clock::system().within(time, self.0.fill_buf()).await.is_ok()
    }

    /// Resets the connection instead of ending it.
    pub fn abort(self) {
        self.0.get_ref().abort();
    }

    /// Shakes hands for TLS; any certificate is taken.
    pub async fn secure(self) -> Result<Self, String> {
        guarded("TLS handshake", async {
            let name = "mail.example.net".try_into().map_err(|_| "a server's name")?;
            let stream = tls::opportunistic().connect(name, self.0.into_inner()).await;
            Ok(Self(BufReader::new(Box::new(stream.map_err(|e| e.to_string())?))))
        })
        .await
    }
}

/// A message to send.
#[derive(Clone, Debug, Default)]
pub struct Outgoing {
    pub helo: String,
    pub from: String,
    pub to: Vec<String>,
    /// With CRLF line ends, dots not stuffed.
    pub message: Vec<u8>,
}

/// Sends one message on a fresh connection; the reply lines to end-of-data, or of the refusal that came before.
pub async fn send(to: SocketAddr, mail: &Outgoing) -> Result<Vec<String>, String> {
    let mut connection = Connection::open(to, None).await?;
    let greeting = connection.reply().await?;
    if !greeting.first().is_some_and(|line| line.starts_with('2')) {
        return if greeting.is_empty() { Err("closed without a greeting".into()) } else { Ok(greeting) };
    }
    connection.command(&format!("EHLO {}", mail.helo)).await?;
    let reply = transaction(&mut connection, mail).await?;
    // The message is out; a peer that closes now has done nothing wrong.
    let _ = connection.command("QUIT").await;
    Ok(reply)
}

/// One mail transaction on an open connection; as [`send`].
pub async fn transaction(connection: &mut Connection, mail: &Outgoing) -> Result<Vec<String>, String> {
    let eight_bit = !mail.message.is_ascii() || !mail.from.is_ascii() || mail.to.iter().any(|to| !to.is_ascii());
    let parameters = if eight_bit { " BODY=8BITMIME SMTPUTF8" } else { "" };
    let mut commands = vec![format!("MAIL FROM:<{}>{parameters}", mail.from)];
    commands.extend(mail.to.iter().map(|to| format!("RCPT TO:<{to}>")));
    commands.push("DATA".into());
    for command in commands {
        let reply = connection.command(&command).await?;
        if !reply[0].starts_with(['2', '3']) {
            connection.command("RSET").await?;
            return Ok(reply);
        }
    }
    connection.write(&stuffed(&mail.message)).await?;
    let reply = connection.reply().await?;
    if reply.is_empty() { Err("closed after the final dot".into()) } else { Ok(reply) }
}

/// Dots doubled at the start of lines, the end of data behind it.
pub fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(message.len() + 64);
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            wire.push(b'.');
        }
        wire.extend_from_slice(line);
    }
    if !wire.is_empty() && !wire.ends_with(b"\r\n") {
        wire.extend_from_slice(b"\r\n");
    }
    wire.extend_from_slice(b".\r\n");
    wire
}
