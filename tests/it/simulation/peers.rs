//! The mail hosts of everybody else: one listener behind all domains of a small DNS zone, which misbehaves as a seed says.
//!
//! It knows of each message whether its final answer was said, so that a second copy can be told from a forgivable one.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::draw::Draw;
use crate::internet::{Zone, dns};

const ZONE: &str = "
    company.example MX 10 mx.peers.example
    customer.example MX 10 mx.peers.example
    customer.example MX 20 backup.peers.example
    shop.example MX 10 mx.peers.example
    mx.peers.example A 127.0.0.1
    backup.peers.example A 127.0.0.1
";

/// One message as a peer got it.
#[derive(Clone, Debug)]
pub struct Got {
    pub from: String,
    pub to: Vec<String>,
    pub raw: String,
    /// True when its 250 was written.
    pub answered: bool,
}

impl Got {
    pub fn message_id(&self) -> &str {
        self.field("Message-ID: ")
    }

    fn field(&self, name: &str) -> &str {
        self.raw.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim()
    }
}

#[derive(Clone)]
pub struct Peers {
    pub dns: SocketAddr,
    pub port: u16,
    state: Arc<State>,
    _tasks: Arc<JoinSet<()>>,
}

struct State {
    draw: Draw,
    /// One step in so many goes wrong; 0: none.
    trouble: AtomicUsize,
    stalled: AtomicUsize,
    got: Mutex<Vec<Got>>,
}

/// What a peer does at one step.
enum Turn {
    Right,
    Say(&'static str),
    Close,
    Stall,
}

/// The connection is over.
struct Over;

impl Peers {
    pub async fn start(draw: Draw) -> Result<Self, String> {
        let mut zone = Zone::default();
        zone.add(ZONE)?;
        let mut tasks = JoinSet::new();
        let dns = dns::start(Arc::new(zone), &mut tasks).await.map_err(|error| error.to_string())?;
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
        let port = listener.local_addr().map_err(|error| error.to_string())?.port();
        let state =
            Arc::new(State { draw, trouble: AtomicUsize::new(0), stalled: AtomicUsize::new(0), got: Mutex::default() });
        tasks.spawn({
            let state = state.clone();
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let state = state.clone();
                    tokio::spawn(async move {
                        let _: Result<(), Over> = Session { stream: BufReader::new(stream), state }.run().await;
                    });
                }
            }
        });
        Ok(Self { dns, port, state, _tasks: Arc::new(tasks) })
    }

    /// From now on one step in so many goes wrong; 0: none.
    pub fn trouble(&self, one_in: usize) {
        self.state.trouble.store(one_in, Ordering::SeqCst);
    }

    /// Connections that hang on purpose.
    pub fn stalled(&self) -> usize {
        self.state.stalled.load(Ordering::SeqCst)
    }

    pub fn got(&self) -> Vec<Got> {
        self.state.got.lock().expect("no holder panics").clone()
    }
}

impl State {
    fn turn(&self, refusals: &[&'static str]) -> Turn {
        let trouble = self.trouble.load(Ordering::SeqCst);
        if trouble == 0 || !self.draw.one_in(trouble) {
            return Turn::Right;
        }
        match self.draw.below(refusals.len() + 2) {
            0 => Turn::Close,
            1 => Turn::Stall,
            n => Turn::Say(refusals[n - 2]),
        }
    }
}

struct Session {
    stream: BufReader<TcpStream>,
    state: Arc<State>,
}

impl Session {
    async fn run(mut self) -> Result<(), Over> {
        self.answer("220 peer", &["421 4.3.2 not now", "554 5.7.1 never", "hello"]).await?;
        let (mut from, mut to) = (String::new(), Vec::new());
        loop {
            let line = self.line().await?;
            let path = || line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
            match line.get(..4).unwrap_or_default() {
                "EHLO" => {
                    let offers = "250-peer\r\n250-PIPELINING\r\n250 8BITMIME";
                    self.answer(offers, &["502 5.5.1 what?", "421 4.3.2 not now"]).await?;
                }
                "MAIL" => {
                    (from, to) = (path(), Vec::new());
                    self.answer("250 2.1.0 ok", &["451 4.7.1 greylisted", "452 4.3.1 full", "550 5.7.1 no"]).await?;
                }
                "RCPT" if self.answer("250 2.1.5 ok", &["450 4.2.1 busy", "452 4.5.3", "550 5.1.1 no"]).await? => {
                    to.push(path());
                }
                "RCPT" => {}
                "DATA" if to.is_empty() => self.say("554 5.5.1 no recipients").await?,
                "DATA" => {
                    if self.answer("354 go ahead", &["451 4.3.0 later", "554 5.6.0 no"]).await? {
                        let raw = self.message().await?;
                        self.verdict(Got { from: from.clone(), to: std::mem::take(&mut to), raw, answered: false })
                            .await?;
                    }
                }
                "QUIT" => return self.say("221 2.0.0 bye").await,
                _ => self.say("250 2.0.0 ok").await?,
            }
        }
    }

    /// Takes a message and says so, takes it and says nothing, or refuses it.
    async fn verdict(&mut self, got: Got) -> Result<(), Over> {
        let turn = self.state.turn(&["451 4.3.0 later", "452 4.3.1 full", "554 5.6.0 no"]);
        if matches!(turn, Turn::Say(_)) {
            return self.take(turn, "").await.map(drop);
        }
        let place = {
            let mut all = self.state.got.lock().expect("no holder panics");
            all.push(got);
            all.len() - 1
        };
        if self.take(turn, "250 2.0.0 taken").await? {
            self.state.got.lock().expect("no holder panics")[place].answered = true;
        }
        Ok(())
    }

    async fn answer(&mut self, right: &str, refusals: &[&'static str]) -> Result<bool, Over> {
        let turn = self.state.turn(refusals);
        self.take(turn, right).await
    }

    /// True when `right` was said.
    async fn take(&mut self, turn: Turn, right: &str) -> Result<bool, Over> {
        match turn {
            Turn::Right => self.say(right).await.map(|()| true),
            Turn::Say(text) => self.say(text).await.map(|()| false),
            Turn::Close => Err(Over),
            Turn::Stall => {
                self.state.stalled.fetch_add(1, Ordering::SeqCst);
                let mut rest = Vec::new();
                // Until the other side gives up.
                let _ = self.stream.read_to_end(&mut rest).await;
                self.state.stalled.fetch_sub(1, Ordering::SeqCst);
                Err(Over)
            }
        }
    }

    async fn say(&mut self, text: &str) -> Result<(), Over> {
        self.stream.write_all(format!("{text}\r\n").as_bytes()).await.map_err(|_| Over)
    }

    async fn line(&mut self) -> Result<String, Over> {
        let mut line = Vec::new();
        match self.stream.read_until(b'\n', &mut line).await {
            Ok(length) if length > 0 => Ok(String::from_utf8_lossy(&line).into_owned()),
            _ => Err(Over),
        }
    }

    async fn message(&mut self) -> Result<String, Over> {
        let mut message = String::new();
        loop {
            let line = self.line().await?;
            if line == ".\r\n" {
                return Ok(message);
            }
            message.push_str(line.strip_prefix('.').unwrap_or(&line));
        }
    }
}
