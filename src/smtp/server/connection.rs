//! One connection from its first byte to its last: reads, asks the [`Session`] what to do, does it.
//!
//! - From the final dot to its reply nothing is cut off: the host's work is awaited to its end even when the peer is gone
//!   or the server stops, because the message may be durable already and its sender must hear so if that can be.
//! - A stop is heard between commands, never inside a message.
//! - A panic of the host is the message's or recipient's temporary refusal; a panic here ends this connection alone.
//! - The log has who, why and how often; never what a message says.

use std::future::{Future, poll_fn};
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use super::buffer::Buffer;
use super::end_of_data::EndOfData;
use super::hops::received_hops;
use super::patience::{self, Floor, Pace};
use super::session::{Action, Session, Tls, Transaction};
use super::wire::Wire;
use super::{End, Protocol, Shared};
use crate::base::time::later;
use crate::base::{Chance, Reply, limits};
use crate::net::peers::Visit;

/// Who is at the other end.
#[derive(Debug, Default)]
pub struct Caller {
    pub address: Option<IpAddr>,
    pub protocol: Protocol,
    /// None where peers aren't counted.
    pub visit: Option<Visit>,
}

/// Serves one peer until either side has had enough.
pub async fn converse<S>(stream: S, caller: Caller, shared: &Shared)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let wire = Wire::new(stream, shared.clock.clone(), shared.settings.idle);
    let tls = if shared.certificate.is_some() { Tls::Offered } else { Tls::None };
    let session = Session::new(Arc::clone(&shared.settings), caller.protocol, tls);
    let peer = caller.address;
    let mut connection = Connection { wire, session, peer, visit: caller.visit, shared, accepted: 0 };
    let end = match survive(connection.talk()).await {
        Some(end) => end,
        None => {
            tracing::error!(?peer, "a session panicked and was closed");
            End::Panicked
        }
    };
    connection.part(end).await;
}

struct Connection<'a, S> {
    wire: Wire<S>,
    session: Session,
    peer: Option<IpAddr>,
    visit: Option<Visit>,
    shared: &'a Shared,
    /// Messages that were answered with 250.
    accepted: u32,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<'_, S> {
    async fn talk(&mut self) -> End {
        match self.spoke_first().await {
            Ok(false) => {}
            Ok(true) => return End::SpokeFirst,
            Err(end) => return end,
        }
        let mut outcome = self.say(self.session.greeting()).await;
        loop {
            match outcome {
                Ok(()) => outcome = self.step().await,
                Err(end) => return end,
            }
        }
    }

    /// Nobody honest waits for the greeting a moment longer than it takes: only a peer that has connected often without
    /// bringing mail is given time to betray that it doesn't listen.
    async fn spoke_first(&mut self) -> Result<bool, End> {
        if self.visit.as_ref().is_none_or(|visit| !visit.is_suspect) {
            return self.wire.has_input_already().await;
        }
        let read = self.wire.read(limits::COMMAND_LINE_BYTES_MAX);
        match self.shared.clock.within(limits::GREETING_DELAY, read).await {
            Ok(read) => read.map(|()| true),
            Err(_) => Ok(false),
        }
    }

    /// One command.
    async fn step(&mut self) -> Result<(), End> {
        if self.session.errors() >= self.shared.errors_max() {
            return Err(End::Errors);
        }
        let line = self.line().await?;
        let action = self.session.command(&self.wire.input()[..line]);
        self.wire.used(line);
        match action {
            Action::Reply(reply) => self.say(reply).await,
            Action::Open(mail) => {
                let verdict = survive(async { self.shared.host.transaction(mail.size) }).await;
                let reply = self.session.open(mail, verdict.unwrap_or_else(|| Err(self.host_panicked())));
                self.say(reply).await
            }
            Action::Ask { from, recipient } => {
                let pause = limits::REFUSAL_PAUSE.mul_f64(1.0 + limits::REFUSAL_SPREAD * Chance::system().fraction());
                let refusal_at = later(self.shared.clock.now(), pause);
                let verdict = survive(async { self.shared.host.recipient(&from, &recipient).await }).await;
                let verdict = verdict.unwrap_or_else(|| Err(self.host_panicked()));
                if verdict.is_err() {
                    // How long it took to find out would tell what was found.
                    self.shared.clock.linger_until(refusal_at).await;
                }
                let reply = self.session.recipient(recipient, verdict);
                self.say(reply).await
            }
            Action::Receive(transaction) => self.transfer(transaction).await,
            Action::Secure => self.secure().await,
            Action::End(end) => Err(end),
        }
    }

    /// STARTTLS. What came behind it in the clear could be anybody's (RFC 3207 §6), so that it ends the session.
    async fn secure(&mut self) -> Result<(), End> {
        let Some(certificate) = &self.shared.certificate else { return Err(End::NoHandshake) };
        let acceptor = certificate.acceptor();
        if !self.wire.input().is_empty() || self.wire.has_input_already().await? {
            return Err(End::Injected);
        }
        self.say(Reply::success(20, 0, 0, "begin TLS")).await?;
        self.wire.flush().await?;
        let agreed = self.wire.secure(&acceptor).await?;
        self.session.secured(agreed);
        Ok(())
    }

    /// Waits for a command line; its length.
    async fn line(&mut self) -> Result<usize, End> {
        let since = self.shared.clock.now();
        loop {
            if self.shared.stop.is_requested() {
                return Err(End::Stopped);
            }
            match self.wire.line() {
                Some(length) if length <= limits::COMMAND_LINE_BYTES_MAX => return Ok(length),
                None if self.wire.input().len() < limits::COMMAND_LINE_BYTES_MAX => {}
                _ => return Err(End::LongLine),
            }
            self.wire.flush().await?;
            let patience = self.shared.patience(since)?;
            let read = self.wire.read(limits::COMMAND_LINE_BYTES_MAX);
            tokio::select! {
                biased;
                read = self.shared.clock.before(patience, read) => match read {
                    Ok(read) => read?,
                    Err(_) => self.wire.shrink(),
                },
                () = self.shared.displaced(since) => return Err(End::Displaced),
                () = self.shared.stop.requested() => return Err(End::Stopped),
            }
        }
    }

    /// From 354 to the reply to the final dot.
    async fn transfer(&mut self, mut transaction: Transaction) -> Result<(), End> {
        let _held_to_the_end = transaction.take_hold();
        self.say(Reply::plain(354, "end the message with a dot on a line by itself")).await?;
        let clock = self.shared.clock.clone();
        let received = clock.within(limits::DATA_TIME_MAX, self.receive()).await.map_err(|_| End::Slow)??;
        let replies = self.session.replies(&transaction);
        let answer = match received {
            Ok(message) => self.take(transaction, message).await,
            Err(refusal) => Err(refusal),
        };
        if answer.is_ok() {
            self.accepted += 1;
            self.visit.iter_mut().for_each(Visit::brought_mail);
        }
        let reply = self.session.message(answer);
        for _ in 1..replies {
            self.wire.say(&reply).await?;
        }
        self.say(reply).await?;
        // Not together with what follows: the sooner the peer knows, the fewer messages come twice.
        self.wire.flush().await
    }

    /// Reads a message to its true end, also one that will be refused.
    async fn receive(&mut self) -> Result<Result<Buffer, Reply>, End> {
        let settings = &self.shared.settings;
        let mut reader = EndOfData::new(settings.bare_newlines, settings.message_bytes_max);
        let mut message = self.shared.budget.buffer();
        let mut has_room = true;
        let mut pace = Pace::new(self.shared.clock.now());
        loop {
            if self.wire.input().is_empty() {
                self.wire.flush().await?;
                self.more(&mut pace, message.bytes.len()).await?;
            }
            let input = self.wire.input();
            if !reader.discards() && message.make_room(reader.growth_max(input.len())).is_err() {
                has_room = false;
                reader.discard(&mut message.bytes);
            }
            let end = reader.feed(input, &mut message.bytes);
            let used = end.unwrap_or(input.len());
            self.wire.used(used);
            if reader.discards() {
                message.release();
            }
            if end.is_some() {
                break;
            }
        }
        Ok(if let Some(flaw) = reader.flaw() {
            Err(self.session.refusal(flaw))
        } else if !has_room {
            Err(Reply::transient(52, 3, 1, "no memory for this message now, try again later"))
        } else if received_hops(&message.bytes) > limits::RECEIVED_HOPS_MAX {
            Err(Reply::permanent(54, 4, 6, "the message has passed too many hosts, it seems to go in a circle"))
        } else {
            Ok(message)
        })
    }

    /// Waits for more of a message that holds so many bytes.
    async fn more(&mut self, pace: &mut Pace, held: usize) -> Result<(), End> {
        let clock = &self.shared.clock;
        let since = clock.now();
        loop {
            let is_burden = held > limits::DATA_LARGE_BYTES && self.shared.budget.is_short();
            let window = pace.end(if is_burden { Floor::LARGE } else { Floor::USUAL }, clock.now())?;
            let patience = self.shared.patience(since)?.min(window);
            let read = tokio::select! {
                biased;
                read = clock.before(patience, self.wire.read(limits::READ_BYTES)) => read,
                () = self.shared.displaced(since) => return Err(End::Displaced),
            };
            if let Ok(read) = read {
                pace.came(self.wire.input().len());
                return read;
            }
        }
    }

    /// Hands the message over. Never dropped before its end.
    async fn take(&mut self, transaction: Transaction, message: Buffer) -> Result<Reply, Reply> {
        let envelope = self.session.envelope(transaction, self.peer, self.shared.clock.now());
        let (message, _share) = message.into_bytes();
        let answer = survive(async { self.shared.host.take(envelope, message).await }).await;
        answer.unwrap_or_else(|| Err(self.host_panicked()))
    }

    fn host_panicked(&self) -> Reply {
        tracing::error!(peer = ?self.peer, "the host panicked; its peer was told to try again");
        Reply::transient(51, 3, 0, "something went wrong here, try again later")
    }

    async fn say(&mut self, reply: Reply) -> Result<(), End> {
        self.log_refusal(&reply);
        let delay = if reply.code >= 500 { patience::delay(self.session.errors()) } else { Duration::ZERO };
        if !delay.is_zero() && !self.shared.is_stressed() {
            let until = later(self.shared.clock.now(), delay);
            self.wire.flush().await?;
            tokio::select! {
                () = self.shared.clock.sleep_until(until) => {}
                () = self.shared.stop.requested() => {}
            }
        }
        self.wire.say(&reply).await
    }

    fn log_refusal(&self, reply: &Reply) {
        if let Some((class, subject, detail)) = reply.enhanced.filter(|_| reply.is_refusal()) {
            let enhanced = format_args!("{class}.{subject}.{detail}");
            tracing::info!(peer = ?self.peer, code = reply.code, %enhanced, "refused");
        }
    }

    async fn part(self, end: End) {
        tracing::debug!(peer = ?self.peer, ?end, accepted = self.accepted, "session ended");
        if let Some(words) = end.last_words() {
            self.log_refusal(&words);
            self.wire.close(&words, end.linger()).await;
        }
    }
}

/// The work's output, or none when it panicked.
async fn survive<F: Future>(work: F) -> Option<F::Output> {
    let mut work = pin!(work);
    poll_fn(|context| {
        // After a panic the work is dropped and never looked at again.
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(Poll::Ready(output)) => Poll::Ready(Some(output)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(_) => Poll::Ready(None),
        }
    })
    .await
}
