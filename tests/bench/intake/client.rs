//! The load: connections that hand over one message after the other, each waiting for its reply before the next, or one
//! message each; as fast as the server takes them, or at a given rate.
//!
//! One thread drives all of them, and nothing is allocated once they run, so that the server has the other core. Envelope
//! and DATA go in one write where the server offers PIPELINING, as all servers measured here do. Each message has a
//! Message-ID of its own and one of a thousand authors.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use super::load::Load;

/// Where the load goes; registered at the server measured.
pub const RECIPIENT: &str = "support@example.net";
const ENVELOPE: &str = "MAIL FROM:<customer@example.com>\r\nRCPT TO:<support@example.net>\r\nDATA\r\n";
const DIGITS: usize = 10;
const AUTHORS: u64 = 1000;

/// When a load ends.
#[derive(Clone, Copy)]
pub enum Until {
    After(Duration),
    Messages(u64),
    /// So many a second, all connections together.
    Paced(u32, Duration),
}

/// What all connections of a load share.
#[derive(Clone, Copy)]
struct Plan {
    server: SocketAddr,
    begun: Instant,
    deadline: Instant,
    /// Numbers of the first message, and of the one behind the last.
    numbers: (u64, u64),
    /// Messages a second.
    rate: Option<u32>,
    single: bool,
}

/// What a load saw.
pub struct Seen {
    pub messages: u64,
    pub took: Duration,
    /// From the final dot to its reply, sorted.
    latencies: Vec<Duration>,
}

impl Seen {
    pub fn rate(&self) -> f64 {
        self.messages as f64 / self.took.as_secs_f64()
    }

    pub fn latency(&self, share: f64) -> Duration {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies.get((last as f64 * share) as usize).copied().unwrap_or_default()
    }
}

/// The messages of a run, all of one size.
pub struct Mailbag {
    template: Vec<u8>,
    /// Where the template has the number of the message, and that of its author.
    numbers: Vec<usize>,
    authors: Vec<usize>,
    next: Rc<Cell<u64>>,
}

impl Mailbag {
    /// `bytes` is the size of a message with its header section.
    /// Bags with the same `next` never hold the same message.
    pub fn new(bytes: usize, next: Rc<Cell<u64>>) -> Self {
        let mut text = String::from(
            "Received: from relay.example.com (relay.example.com [192.0.2.7])\r\n\tby mx.example.org (Postfix) with \
             ESMTPS id 4XyZ1Q2b3c\r\n\tfor <support@example.net>; Fri, 20 Nov 2026 10:00:00 +0000 (UTC)\r\n\
             From: Customer <c##########@example.com>\r\nTo: Support <support@example.net>\r\n\
             Subject: Order @@@@@@@@@@ has not arrived\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\n\
             Message-ID: <@@@@@@@@@@.4711@example.com>\r\nMIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n",
        );
        // Words by a fixed generator: text that compresses about as text does.
        let (mut state, mut line) = (1_u64, 0);
        while text.len() < bytes {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let mut word = state >> 33;
            for _ in 0..3 + word % 7 {
                text.push(char::from(b'a' + u8::try_from(word % 26).unwrap_or(0)));
                (word, line) = (word / 3, line + 1);
            }
            text.push_str(if line > 60 { "\r\n" } else { " " });
            line = if line > 60 { 0 } else { line + 1 };
        }
        text.push_str("\r\n.\r\n");
        let places = |mark: &str| text.match_indices(&mark.repeat(DIGITS)).map(|(at, _)| at).collect();
        let (numbers, authors) = (places("@"), places("#"));
        Self { template: text.into_bytes(), numbers, authors, next }
    }

    /// Drives a server; its word on every message must be 250.
    pub fn load(&self, server: SocketAddr, load: Load, until: Until) -> Result<Seen, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
        let latencies = Rc::new(RefCell::new(Vec::with_capacity(1 << 20)));
        let begun = Instant::now();
        let first = self.next.get();
        let (deadline, last, rate) = match until {
            Until::After(time) => (begun + time, u64::MAX, None),
            Until::Messages(count) => (begun + Duration::from_secs(600), first + count, None),
            Until::Paced(rate, time) => (begun + time, u64::MAX, Some(rate)),
        };
        let plan = Plan { server, begun, deadline, numbers: (first, last), rate, single: load.single };
        let local = LocalSet::new();
        let tasks: Vec<_> = (0..load.connections)
            .map(|_| {
                let mut sender = Sender {
                    message: self.template.clone(),
                    numbers: self.numbers.clone(),
                    authors: self.authors.clone(),
                    next: Rc::clone(&self.next),
                    latencies: Rc::clone(&latencies),
                };
                local.spawn_local(async move { sender.run(plan).await })
            })
            .collect();
        runtime.block_on(local.run_until(async {
            for task in tasks {
                task.await.map_err(|error| error.to_string())??;
            }
            Ok::<_, String>(())
        }))?;
        let took = begun.elapsed();
        let mut latencies = latencies.take();
        latencies.sort_unstable();
        Ok(Seen { messages: latencies.len() as u64, took, latencies })
    }
}

struct Sender {
    message: Vec<u8>,
    numbers: Vec<usize>,
    authors: Vec<usize>,
    next: Rc<Cell<u64>>,
    latencies: Rc<RefCell<Vec<Duration>>>,
}

impl Sender {
    async fn run(&mut self, plan: Plan) -> Result<(), String> {
        let mut wire = Wire::open(plan.server).await?;
        while Instant::now() < plan.deadline && self.next.get() < plan.numbers.1 {
            let number = self.next.get();
            self.next.set(number + 1);
            if let Some(rate) = plan.rate {
                let due = plan.begun + Duration::from_secs_f64((number - plan.numbers.0) as f64 / f64::from(rate));
                wait_until(due).await;
            }
            stamp(&mut self.message, &self.numbers, number);
            stamp(&mut self.message, &self.authors, number % AUTHORS);
            wire.say(ENVELOPE.as_bytes()).await?;
            wire.expect(3, b"354").await?;
            wire.say(&self.message).await?;
            let sent = Instant::now();
            wire.expect(1, b"250").await?;
            self.latencies.borrow_mut().push(sent.elapsed());
            if plan.single {
                wire.say(b"QUIT\r\n").await?;
                wire = Wire::open(plan.server).await?;
            }
        }
        wire.say(b"QUIT\r\n").await
    }
}

#[allow(clippy::disallowed_methods, reason = "a load comes in real time")]
async fn wait_until(due: Instant) {
    tokio::time::sleep_until(due.into()).await;
}

fn stamp(message: &mut [u8], places: &[usize], mut number: u64) {
    let mut digits = [b'0'; DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit += u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
    for &at in places {
        message[at..at + DIGITS].copy_from_slice(&digits);
    }
}

struct Wire {
    stream: TcpStream,
    input: [u8; 1024],
    filled: usize,
}

impl Wire {
    /// Connects and introduces itself.
    async fn open(server: SocketAddr) -> Result<Self, String> {
        let stream = TcpStream::connect(server).await.map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let mut wire = Self { stream, input: [0; 1024], filled: 0 };
        wire.expect(1, b"220").await?;
        wire.say(b"EHLO client.example.com\r\n").await?;
        wire.expect(1, b"250").await?;
        Ok(wire)
    }

    async fn say(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.stream.write_all(bytes).await.map_err(|error| error.to_string())
    }

    /// Reads so many replies; the last one's code must be `code`.
    async fn expect(&mut self, mut replies: usize, code: &[u8]) -> Result<(), String> {
        loop {
            while let Some(end) = self.input[..self.filled].iter().position(|&byte| byte == b'\n') {
                let line = &self.input[..=end];
                replies -= usize::from(line.get(3) == Some(&b' '));
                if replies == 0 && !line.starts_with(code) {
                    return Err(format!("the server said {}", String::from_utf8_lossy(line).trim_end()));
                }
                self.input.copy_within(end + 1..self.filled, 0);
                self.filled -= end + 1;
                if replies == 0 {
                    return Ok(());
                }
            }
            match self.stream.read(&mut self.input[self.filled..]).await {
                Ok(0) => return Err("the server hung up".into()),
                Ok(read) => self.filled += read,
                Err(error) => return Err(error.to_string()),
            }
        }
    }
}
