//! A customer's mail host: sends one letter to the server and reports what it was told, or breaks off somewhere.

use std::net::SocketAddr;
use std::time::Duration;

use postcase::base::Clock;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use super::network::{Host, Plug};
use crate::smtp::stuffed;

/// How long a host waits for a reply (RFC 5321 §4.5.3.2.6), longer than the server waits for anything.
const PATIENCE: Duration = Duration::from_secs(600);

/// How a session goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    Patient,
    /// Gone in the middle of the message.
    GoneInMessage,
    /// Gone behind the final dot, so that the 250 is lost.
    GoneAfterDot,
    /// Says nothing any more in the middle of the message, for longer than the server waits.
    Silent,
    /// Its power goes in the middle of the message: nobody is told.
    Vanishes,
}

/// What the customer's host knows afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// 250 with this id, for these recipients.
    Taken { id: String, recipients: Vec<String> },
    /// 4yz: to be sent again.
    Later,
    /// Not known: to be sent again.
    Lost,
    /// 5yz: never again.
    Refused(String),
}

/// What a session needs of the world.
#[derive(Clone)]
pub struct From {
    pub host: Host,
    pub clock: Clock,
}

/// One connection, by the simulation's time.
pub struct Line {
    stream: BufReader<Plug>,
    clock: Clock,
}

/// Why there is no reply.
enum Over {
    Gone,
    /// The server is silent though nothing is wrong with the connection.
    Silent(String),
}

impl From {
    pub async fn connect(&self, to: SocketAddr) -> Option<Line> {
        let plug = self.clock.within(PATIENCE, self.host.open(to)).await.ok()?.ok()?;
        Some(Line { stream: BufReader::new(plug), clock: self.clock.clone() })
    }
}

impl Line {
    /// Says something; nobody may hear it.
    pub async fn say(&mut self, bytes: &[u8]) -> bool {
        let said = self.clock.within(PATIENCE, self.stream.write_all(bytes)).await;
        matches!(said, Ok(Ok(())))
    }

    /// The last line of the next reply.
    async fn reply(&mut self) -> Result<String, Over> {
        loop {
            let mut line = Vec::new();
            match self.clock.clone().within(PATIENCE, self.stream.read_until(b'\n', &mut line)).await {
                Ok(Ok(_)) if line.ends_with(b"\r\n") => {}
                Ok(_) => return Err(Over::Gone),
                Err(_) if self.stream.get_ref().is_disturbed() => return Err(Over::Gone),
                Err(_) => return Err(Over::Silent(format!("the server says nothing for {PATIENCE:?}"))),
            }
            if line.get(3) != Some(&b'-') {
                return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
        }
    }

    async fn command(&mut self, command: &str) -> Result<String, Over> {
        self.say(format!("{command}\r\n").as_bytes()).await;
        self.reply().await
    }

    pub fn vanish(self) {
        self.stream.into_inner().vanish();
    }
}

/// Sends a message; recipients that are refused are left out.
pub async fn send(
    (from, to): (From, SocketAddr),
    reverse_path: &str,
    recipients: &[String],
    message: &[u8],
    manner: Manner,
) -> Result<Fate, String> {
    let Some(line) = from.connect(to).await else { return Ok(Fate::Lost) };
    match transaction(line, reverse_path, recipients, message, manner).await {
        Ok(fate) => Ok(fate),
        Err(Over::Gone) => Ok(Fate::Lost),
        Err(Over::Silent(what)) => Err(what),
    }
}

async fn transaction(
    mut line: Line,
    reverse_path: &str,
    recipients: &[String],
    message: &[u8],
    manner: Manner,
) -> Result<Fate, Over> {
    let greeting = line.reply().await?;
    if !greeting.starts_with('2') {
        return Ok(refused(&greeting));
    }
    line.command("EHLO host.customer.example").await?;
    let reply = line.command(&format!("MAIL FROM:<{reverse_path}> SIZE={}", message.len())).await?;
    if !reply.starts_with('2') {
        return Ok(refused(&reply));
    }
    let (mut taken, mut refusal) = (Vec::new(), String::new());
    for recipient in recipients {
        let reply = line.command(&format!("RCPT TO:<{recipient}>")).await?;
        if reply.starts_with('2') { taken.push(recipient.clone()) } else { refusal = reply }
    }
    if taken.is_empty() {
        return Ok(refused(&refusal));
    }
    let reply = line.command("DATA").await?;
    if !reply.starts_with('3') {
        return Ok(refused(&reply));
    }
    let wire = stuffed(message);
    let part = match manner {
        Manner::Patient | Manner::GoneAfterDot => &wire[..],
        Manner::GoneInMessage | Manner::Silent | Manner::Vanishes => &wire[..wire.len() / 2],
    };
    line.say(part).await;
    match manner {
        Manner::Patient | Manner::Silent => {}
        Manner::GoneAfterDot | Manner::GoneInMessage => return Ok(Fate::Lost),
        Manner::Vanishes => {
            line.vanish();
            return Ok(Fate::Lost);
        }
    }
    let reply = line.reply().await?;
    if manner == Manner::Patient && reply.starts_with("421 4.4.2") && !line.stream.get_ref().is_disturbed() {
        return Err(Over::Silent(format!("everything was said at once, and the server says {reply}")));
    }
    match reply.strip_prefix("250 2.0.0 ") {
        Some(id) => Ok(Fate::Taken { id: id.to_owned(), recipients: taken }),
        None => Ok(refused(&reply)),
    }
}

fn refused(reply: &str) -> Fate {
    if reply.starts_with('5') { Fate::Refused(reply.to_owned()) } else { Fate::Later }
}
