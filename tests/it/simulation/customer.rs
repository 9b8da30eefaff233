//! A customer's mail host: sends one letter to the server and reports what it was told, or breaks off somewhere.

use std::net::SocketAddr;
use std::time::Duration;

use postcase::base::Clock;

use crate::smtp::{Connection, stuffed};

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

/// Sends a message; recipients that are refused are left out.
pub async fn send(
    to: SocketAddr,
    from: &str,
    recipients: &[String],
    message: &[u8],
    (manner, clock): (Manner, &Clock),
) -> Result<Fate, String> {
    match transaction(to, from, recipients, message, (manner, clock)).await {
        // A server that hangs is no lost connection.
        Err(error) if error.contains("nothing for") => Err(error),
        Err(_) => Ok(Fate::Lost),
        Ok(fate) => Ok(fate),
    }
}

async fn transaction(
    to: SocketAddr,
    from: &str,
    recipients: &[String],
    message: &[u8],
    (manner, clock): (Manner, &Clock),
) -> Result<Fate, String> {
    let mut connection = Connection::open(to, None).await?;
    connection.reply().await?;
    connection.command("EHLO host.customer.example").await?;
    let reply = connection.command(&format!("MAIL FROM:<{from}>")).await?;
    if !reply[0].starts_with('2') {
        return Ok(refused(&reply));
    }
    let (mut taken, mut refusal) = (Vec::new(), Vec::new());
    for recipient in recipients {
        let reply = connection.command(&format!("RCPT TO:<{recipient}>")).await?;
        if reply[0].starts_with('2') { taken.push(recipient.clone()) } else { refusal = reply }
    }
    if taken.is_empty() {
        return Ok(refused(&refusal));
    }
    let reply = connection.command("DATA").await?;
    if !reply[0].starts_with('3') {
        return Ok(refused(&reply));
    }
    let wire = stuffed(message);
    match manner {
        Manner::Patient => connection.write(&wire).await?,
        Manner::GoneAfterDot => {
            connection.write(&wire).await?;
            return Ok(Fate::Lost);
        }
        Manner::GoneInMessage => {
            connection.write(&wire[..wire.len() / 2]).await?;
            return Ok(Fate::Lost);
        }
        Manner::Silent => {
            connection.write(&wire[..wire.len() / 2]).await?;
            return tokio::select! {
                reply = connection.reply() => Ok(refused(&reply?)),
                () = hours_pass(clock) => Ok(Fate::Lost),
            };
        }
    }
    let reply = connection.reply().await?;
    match reply.last() {
        Some(line) if line.starts_with("250 2.0.0 ") => {
            Ok(Fate::Taken { id: line[10..].to_owned(), recipients: taken })
        }
        Some(_) => Ok(refused(&reply)),
        None => Ok(Fate::Lost),
    }
}

async fn hours_pass(clock: &Clock) {
    loop {
        Clock::system().sleep(Duration::from_millis(10)).await;
        clock.advance(Duration::from_secs(600));
    }
}

fn refused(reply: &[String]) -> Fate {
    match reply.last() {
        Some(line) if line.starts_with('5') => Fate::Refused(line.clone()),
        Some(_) => Fate::Later,
        None => Fate::Lost,
    }
}
