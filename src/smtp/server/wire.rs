//! The two directions of one connection: bytes that came and aren't used yet, replies that are said and not yet written.
//!
//! Replies are written together when the peer has to be waited for (RFC 2920 §3.2), so a pipelined batch gets one answer.
//! Writing ends after the idle time; for how long to read is the caller's to say. A connection keeps the memory that its
//! last message took until its peer has been silent for a while.

use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::End;
use crate::base::{Clock, Reply, limits};
use crate::net::Stream;
use crate::net::certificate::TlsAcceptor;

/// One connection.
#[derive(Debug)]
pub struct Wire<S> {
    stream: Stream<S>,
    input: BytesMut,
    output: Vec<u8>,
    clock: Clock,
    idle: Duration,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub fn new(stream: S, clock: Clock, idle: Duration) -> Self {
        Self { stream: Stream::Clear(stream), input: BytesMut::new(), output: Vec::new(), clock, idle }
    }

    /// The bytes that came and aren't used yet.
    pub fn input(&self) -> &[u8] {
        &self.input
    }

    /// The first `n` bytes of the input are used.
    pub fn used(&mut self, n: usize) {
        self.input.advance(n);
    }

    /// The length of the first line of the input with its LF; none while it isn't complete.
    pub fn line(&self) -> Option<usize> {
        memchr::memchr(b'\n', &self.input).map(|lf| lf + 1)
    }

    /// Are there bytes before anybody waits for them?
    pub async fn has_input_already(&mut self) -> Result<bool, End> {
        // A socket knows that it is readable only after the event loop had a turn.
        tokio::task::yield_now().await;
        self.input.reserve(limits::COMMAND_LINE_BYTES_MAX);
        tokio::select! {
            biased;
            read = self.stream.read_buf(&mut self.input) => some_bytes(read).map(|()| true),
            () = std::future::ready(()) => Ok(false),
        }
    }

    /// Waits for more input, at most so many bytes. Nothing is lost when it is dropped. Call [`flush`](Self::flush) first.
    pub async fn read(&mut self, bytes_max: usize) -> Result<(), End> {
        self.input.reserve(bytes_max);
        some_bytes(self.stream.read_buf(&mut self.input).await)
    }

    /// Gives back what the input doesn't need.
    pub fn shrink(&mut self) {
        self.input = BytesMut::from(&self.input[..]);
    }

    /// Shakes hands for TLS and gives what was agreed on. Nothing of the input may be left.
    pub async fn secure(&mut self, acceptor: &TlsAcceptor) -> Result<String, End> {
        let handshake = self.stream.secure(acceptor);
        match self.clock.within(limits::HANDSHAKE_TIME_MAX.min(self.idle), handshake).await {
            Ok(Ok(agreed)) => Ok(agreed),
            Ok(Err(error)) => {
                tracing::info!(%error, "a TLS handshake failed");
                Err(End::NoHandshake)
            }
            Err(_) => Err(End::NoHandshake),
        }
    }

    /// Adds a reply to those that wait to be written.
    pub async fn say(&mut self, reply: &Reply) -> Result<(), End> {
        self.output.extend_from_slice(&reply.to_wire());
        if self.output.len() > limits::REPLIES_BYTES_MAX { self.flush().await } else { Ok(()) }
    }

    /// Writes what waits.
    pub async fn flush(&mut self) -> Result<(), End> {
        if self.output.is_empty() {
            return Ok(());
        }
        let output = std::mem::take(&mut self.output);
        let stream = &mut self.stream;
        let write = async {
            stream.write_all(&output).await?;
            stream.flush().await
        };
        match self.clock.within(self.idle, write).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }

    /// Writes what waits and the last words, and ends the connection so that the peer gets them. A peer who takes nothing
    /// isn't waited for.
    pub async fn close(mut self, last_words: &Reply, linger_max: Duration) {
        self.output.extend_from_slice(&last_words.to_wire());
        let linger = async {
            self.flush().await?;
            self.stream.shutdown().await.map_err(|_| End::Gone)?;
            loop {
                self.read(limits::COMMAND_LINE_BYTES_MAX).await?;
                self.input.clear();
            }
        };
        // By real time: what it waits for is how long the operating system and the network take.
        let _: Result<Result<(), End>, _> = Clock::system().within(linger_max, linger).await;
    }
}

fn some_bytes(read: std::io::Result<usize>) -> Result<(), End> {
    match read {
        Ok(n) if n > 0 => Ok(()),
        Ok(_) | Err(_) => Err(End::Gone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Time;

    #[tokio::test]
    async fn a_clock_that_stands_holds_up_no_end() {
        let (mut peer, ours) = tokio::io::duplex(1024);
        let wire = Wire::new(ours, Clock::manual(Time::UNIX_EPOCH), limits::IDLE);
        let bye = Reply::transient(21, 3, 2, "bye");
        let closing = wire.close(&bye, Duration::from_millis(20));
        let in_time = Clock::system().within(Duration::from_secs(20), closing).await;
        assert!(in_time.is_ok(), "it waits for a peer who stays");
        let mut heard = String::new();
        peer.read_to_string(&mut heard).await.unwrap();
        assert_eq!(heard.as_bytes(), bye.to_wire());
    }
}
