//! One connection to a peer: greeting, EHLO or HELO, STARTTLS, commands and their replies, the message, QUIT.
//!
//! Knows nothing of recipients. Every wait has an end on our clock: each has its own bound, and all of them up to the
//! final dot share one for the attempt. Bytes that came before the TLS upgrade are never read as if they had come
//! under it (RFC 3207 §4.2).
//!
//! A reply that came before its command is nobody's answer. Whoever gives more replies than there were commands is out of
//! step, and nothing more is taken from it: a 250 too many would stand for a message that was refused.
//!
//! A session that was lost or cut off in the middle of a message is `broken`: nothing more is said on it, because the
//! peer would take it for text of the message.

use std::time::Duration;

use mail_send::SmtpClient;
use smtp_proto::{EXT_8BIT_MIME, EXT_PIPELINING, EXT_SIZE, EXT_SMTP_UTF8, EXT_START_TLS};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::reply::{NotAReply, PeerReply};
use super::target::Target;
use super::wire::Wire;
use super::{Fate, Outcome};
use crate::base::time::{Elapsed, later};
use crate::base::{Clock, Time, limits};
use crate::net::internet::Internet;
use crate::net::socket::{Duplex, Socket};
use crate::net::tls::{self, TlsConnector};

/// The time of one attempt.
#[derive(Clone)]
pub(super) struct Deadline {
    clock: Clock,
    at: Time,
}

impl Deadline {
    pub fn new(clock: Clock) -> Self {
        let at = later(clock.now(), limits::ATTEMPT_TIME_MAX);
        Self { clock, at }
    }

    /// The work's result within `span`, or within what is left of the attempt when that is less.
    pub async fn within<F: Future>(&self, span: Duration, work: F) -> Result<F::Output, Elapsed> {
        let left = Duration::try_from(self.at.duration_since(self.clock.now())).unwrap_or_default();
        self.clock.within(span.min(left), work).await
    }
}

/// No reply came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Lost {
    #[error("the connection was lost")]
    Closed,
    #[error("no answer in time")]
    TimedOut,
    #[error("a reply came that nothing had asked for")]
    OutOfStep,
    #[error(transparent)]
    Nonsense(#[from] NotAReply),
}

impl Lost {
    /// `when` says what we were waiting for, as in `after RCPT`.
    pub fn outcome(self, when: &str) -> Outcome {
        let subject = if matches!(self, Self::Nonsense(_) | Self::OutOfStep) { "5.0" } else { "4.2" };
        Outcome::transient(subject, format!("{self} {when}"))
    }
}

impl From<Elapsed> for Lost {
    fn from(_: Elapsed) -> Self {
        Self::TimedOut
    }
}

impl From<std::io::Error> for Lost {
    fn from(_: std::io::Error) -> Self {
        Self::Closed
    }
}

/// What the peer offered in reply to EHLO; nothing after HELO.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Offers {
    pub size: bool,
    /// The largest message, where SIZE names one (RFC 1870 §4: 0 is none).
    pub size_max: Option<usize>,
    pub eight_bit_mime: bool,
    pub smtp_utf8: bool,
    pub pipelining: bool,
    pub start_tls: bool,
    /// Mechanisms of AUTH (RFC 4954), one bit each as in `smtp_proto`.
    pub auth: u64,
}

pub(super) struct Session<S: AsyncRead + AsyncWrite> {
    client: SmtpClient<S>,
    /// Read, not yet understood.
    heard: Vec<u8>,
    time: Deadline,
    pub offers: Offers,
    pub broken: bool,
}

/// What came of asking for TLS.
pub(super) enum Upgrade {
    Encrypted(Session<Box<dyn Duplex>>),
    /// The peer said no; the session goes on in plain.
    Refused(Session<Socket>),
    /// There is no session any more; why.
    Failed(String),
}

impl Session<Socket> {
    /// Connects and waits for the greeting. The error is the outcome for this host (RFC 5321 §5.1: try the next one).
    pub async fn open(target: &Target, internet: &dyn Internet, time: &Deadline) -> Result<Self, Outcome> {
        Self::greeted(connect(target, internet, time).await?, time).await
    }

    /// The same, with TLS from the first byte (RFC 8314 §3.3).
    pub async fn open_encrypted(
        target: &Target,
        internet: &dyn Internet,
        connector: &TlsConnector,
        time: &Deadline,
    ) -> Result<Session<Box<dyn Duplex>>, Outcome> {
        let stream = connect(target, internet, time).await?;
        match handshake(connector, &target.host, stream, time).await {
            Ok(stream) => Session::greeted(stream, time).await,
            Err(why) => Err(Outcome::transient("7.5", format!("no TLS with the smarthost: {why}"))),
        }
    }

    /// Asks for TLS and does the handshake.
    pub async fn start_tls(mut self, connector: &TlsConnector, host: &str) -> Upgrade {
        match self.command("STARTTLS\r\n").await {
            Ok(reply) if !reply.is_success() => return Upgrade::Refused(self),
            Ok(_) if self.heard.is_empty() => {}
            Err(lost) => return Upgrade::Failed(format!("{lost} after STARTTLS")),
            // An injection: whatever was said in plain must not count as said under TLS.
            Ok(_) => return Upgrade::Failed("something was said in the clear behind the reply to STARTTLS".into()),
        }
        match handshake(connector, host, self.client.stream, &self.time).await {
            Ok(stream) => Upgrade::Encrypted(Session::fresh(stream, &self.time)),
            Err(why) => Upgrade::Failed(why),
        }
    }
}

async fn connect(target: &Target, internet: &dyn Internet, time: &Deadline) -> Result<Socket, Outcome> {
    match time.within(limits::CONNECT_TIME_MAX, internet.connect(target.address)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(Outcome::transient("4.1", format!("no connection: {error}"))),
        Err(error) => Err(Outcome::transient("4.1", format!("no connection: it {error}"))),
    }
}

/// The error says why there is no TLS.
async fn handshake(
    connector: &TlsConnector,
    host: &str,
    stream: Socket,
    time: &Deadline,
) -> Result<Box<dyn Duplex>, String> {
    // Boxed, as it is large and would be carried through every state of an attempt.
    let shaking = Box::pin(tls::secure(connector, host, stream));
    match time.within(limits::CONNECT_TIME_MAX, shaking).await {
        Ok(Ok(stream)) => Ok(Box::new(stream)),
        Ok(Err(error)) => Err(error.to_string()),
        Err(elapsed) => Err(format!("the handshake {elapsed}")),
    }
}

impl<S: Duplex + 'static> Session<S> {
    fn fresh(stream: S, time: &Deadline) -> Self {
        // mail-send's own time-outs can't be switched off; ours are shorter.
        let client = SmtpClient { stream, timeout: 2 * limits::ATTEMPT_TIME_MAX };
        Self { client, heard: Vec::new(), time: time.clone(), offers: Offers::default(), broken: false }
    }

    async fn greeted(stream: S, time: &Deadline) -> Result<Self, Outcome> {
        let mut session = Self::fresh(stream, time);
        match session.reply().await {
            Ok(greeting) if greeting.is_success() => Ok(session),
            Ok(greeting) => {
                session.quit().await;
                Err(Outcome::of_refusal(&greeting))
            }
            Err(lost) => Err(lost.outcome("before the greeting")),
        }
    }

    /// EHLO, or HELO with peers that don't know it (RFC 5321 §3.2). The error is the outcome for this host.
    pub async fn hello(&mut self, hostname: &str) -> Result<(), Outcome> {
        // Whoever talks before being asked must not have it taken for the answer to a later command.
        self.heard.clear();
        let reply = match self.time.within(limits::REPLY_TIME_MAX, self.client.ehlo(hostname)).await {
            Ok(Ok(offered)) => {
                self.offers = Offers {
                    size: offered.has_capability(EXT_SIZE),
                    size_max: Some(offered.size).filter(|size| *size > 0),
                    eight_bit_mime: offered.has_capability(EXT_8BIT_MIME),
                    smtp_utf8: offered.has_capability(EXT_SMTP_UTF8),
                    pipelining: offered.has_capability(EXT_PIPELINING),
                    start_tls: offered.has_capability(EXT_START_TLS),
                    auth: offered.auth_mechanisms,
                };
                return Ok(());
            }
            Ok(Err(mail_send::Error::UnexpectedReply(reply))) if (500..600).contains(&reply.code) => {
                self.command(&format!("HELO {hostname}\r\n")).await
            }
            Ok(Err(mail_send::Error::UnexpectedReply(reply))) => {
                Ok(PeerReply::from_parts(reply.code, reply.esc, &reply.message))
            }
            Ok(Err(mail_send::Error::UnparseableReply)) => Err(Lost::Nonsense(NotAReply)),
            Ok(Err(_)) => Err(Lost::Closed),
            Err(elapsed) => Err(elapsed.into()),
        };
        match reply {
            Ok(reply) if reply.is_success() => Ok(()),
            Ok(reply) => {
                self.quit().await;
                Err(Outcome::of_refusal(&reply))
            }
            Err(lost) => Err(lost.outcome("after EHLO")),
        }
    }

    /// The same session without the type of what carries it.
    pub fn boxed(self) -> Session<Box<dyn Duplex>> {
        let client =
            SmtpClient { stream: Box::new(self.client.stream) as Box<dyn Duplex>, timeout: self.client.timeout };
        Session { client, heard: self.heard, time: self.time, offers: self.offers, broken: self.broken }
    }

    /// Says one line and waits for the reply to it.
    pub async fn command(&mut self, line: &str) -> Result<PeerReply, Lost> {
        self.in_step()?;
        self.say(line).await?;
        self.reply().await
    }

    /// Says a line, or several with their CRLF.
    pub async fn say(&mut self, lines: &str) -> Result<(), Lost> {
        let stream = &mut self.client.stream;
        let saying = async {
            stream.write_all(lines.as_bytes()).await?;
            stream.flush().await
        };
        let said = self.time.within(limits::REPLY_TIME_MAX, saying).await;
        self.note(said.map_err(Lost::from).and_then(|result| result.map_err(Lost::from)))
    }

    /// The next reply, within the time for one reply and for the attempt.
    pub async fn reply(&mut self) -> Result<PeerReply, Lost> {
        let heard = self.time.clone().within(limits::REPLY_TIME_MAX, self.hear()).await;
        self.note(heard.map_err(Lost::from).and_then(|result| result))
    }

    /// Nothing was heard that isn't read yet.
    fn in_step(&mut self) -> Result<(), Lost> {
        let said = if self.heard.is_empty() { Ok(()) } else { Err(Lost::OutOfStep) };
        self.note(said)
    }

    /// Sends the message behind a 354 and waits for the verdict on it.
    pub async fn transfer(&mut self, wire: &Wire<'_>) -> Outcome {
        if let Err(lost) = self.in_step() {
            return lost.outcome("before the message was sent");
        }
        let sent = self.time.within(limits::ATTEMPT_TIME_MAX, self.client.write_message(wire.bytes())).await;
        let lost = match sent {
            Ok(Ok(())) => return self.verdict().await,
            Ok(Err(_)) => Lost::Closed,
            Err(Elapsed) => Lost::TimedOut,
        };
        self.broken = true;
        // A peer that can't stand any more of it may have said why; its reason is worth more than ours.
        match self.time.clock.clone().within(limits::QUIT_TIME_MAX, self.hear()).await {
            Ok(Ok(reply)) => Outcome::of_refusal(&reply),
            _ => lost.outcome("while the message was being sent"),
        }
    }

    /// The reply to the final dot. From here on the message may have been taken, so the attempt's time no longer counts.
    async fn verdict(&mut self) -> Outcome {
        let heard = self.time.clock.clone().within(limits::DATA_REPLY_TIME_MAX, self.hear()).await;
        let lost = match heard {
            Ok(Ok(reply)) if reply.is_success() => return Outcome::delivered(&reply),
            Ok(Ok(reply)) if reply.code >= 400 => return Outcome::of_refusal(&reply),
            Ok(Ok(_)) => Lost::Nonsense(NotAReply),
            Ok(Err(lost)) => lost,
            Err(Elapsed) => Lost::TimedOut,
        };
        self.broken = true;
        let words = format!("{lost} after the whole message was sent; it may have been delivered");
        Outcome { fate: Fate::Uncertain, words, ..lost.outcome("") }
    }

    /// Takes leave; whatever the peer says to that changes nothing.
    pub async fn quit(&mut self) {
        if !self.broken {
            self.heard.clear();
            let clock = self.time.clock.clone();
            let _ = clock.within(limits::QUIT_TIME_MAX, self.command("QUIT\r\n")).await;
        }
    }

    async fn hear(&mut self) -> Result<PeerReply, Lost> {
        loop {
            if let Some(reply) = PeerReply::take(&mut self.heard)? {
                return Ok(reply);
            }
            if self.client.stream.read_buf(&mut self.heard).await? == 0 {
                return Err(Lost::Closed);
            }
        }
    }

    fn note<T>(&mut self, result: Result<T, Lost>) -> Result<T, Lost> {
        self.broken |= result.is_err();
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_wait_outlasts_the_attempt() {
        let clock = Clock::manual(Time::UNIX_EPOCH);
        let time = Deadline::new(clock.clone());
        clock.advance(limits::ATTEMPT_TIME_MAX - Duration::from_secs(1));
        let a_second_passes = async {
            clock.advance(Duration::from_secs(1));
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            ended = time.within(limits::REPLY_TIME_MAX, std::future::pending::<()>()) => assert_eq!(ended, Err(Elapsed)),
            () = a_second_passes => panic!("still waiting"),
        }
    }
}
