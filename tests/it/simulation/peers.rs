//! The mail hosts of everybody else: two hosts behind all domains, which misbehave as a seed says.
//!
//! They know of each message whether its final answer was heard, so that a second copy can be told from a forgivable one.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use postcase::base::Clock;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::task::JoinSet;

use super::draw::Draw;
use super::network::{Host, Network, Plug};

const MX: [(&str, &[(u16, &str)]); 3] = [
    ("company.example", &[(10, "mx.peers.example")]),
    ("customer.example", &[(10, "mx.peers.example"), (20, "backup.peers.example")]),
    ("shop.example", &[(10, "mx.peers.example")]),
];
/// Names and addresses of the hosts.
pub const HOSTS: [(&str, IpAddr); 2] = [
    ("mx.peers.example", IpAddr::V4(Ipv4Addr::new(203, 0, 113, 10))),
    ("backup.peers.example", IpAddr::V4(Ipv4Addr::new(203, 0, 113, 20))),
];
/// Where they listen.
pub const PORT: u16 = 25;
/// How long they wait for anything.
const PATIENCE: Duration = Duration::from_secs(7200);

/// One message as a peer got it.
#[derive(Clone, Debug)]
pub struct Got {
    pub from: String,
    pub to: Vec<String>,
    pub raw: String,
    /// In which life of the server its 250 was heard, if it was.
    pub answered: Option<u32>,
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
    state: Arc<State>,
    _tasks: Arc<JoinSet<()>>,
}

struct State {
    seed: u64,
    clock: Clock,
    /// Those of the server: only behind one may a message come again.
    hard_ends: Arc<AtomicU32>,
    /// One step in so many goes wrong; 0: none.
    trouble: AtomicUsize,
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
    pub fn start(network: &Network, clock: Clock, seed: u64, hard_ends: Arc<AtomicU32>) -> Self {
        let mut tasks = JoinSet::new();
        let state = Arc::new(State { seed, clock, hard_ends, trouble: AtomicUsize::new(0), got: Mutex::default() });
        MX.iter().for_each(|(domain, hosts)| network.mx(domain, hosts));
        for (name, address) in HOSTS {
            network.name(name, address);
            tasks.spawn(state.clone().serve(name, network.host(address)));
        }
        Self { state, _tasks: Arc::new(tasks) }
    }

    /// From now on one step in so many goes wrong; 0: none.
    pub fn trouble(&self, one_in: usize) {
        self.state.trouble.store(one_in, Ordering::SeqCst);
    }

    pub fn got(&self) -> Vec<Got> {
        self.state.got.lock().expect("no holder panics").clone()
    }
}

impl State {
    async fn serve(self: Arc<Self>, name: &str, host: Host) {
        let mut arrivals = host.arrivals(PORT);
        let mut count = 0;
        while let Some((plug, _)) = arrivals.recv().await {
            count += 1;
            let draw = Draw::named(self.seed, &format!("session {count} of {name}"));
            let session = Session { stream: BufReader::new(plug), draw, state: self.clone() };
            tokio::spawn(async move {
                let _: Result<(), Over> = session.run().await;
            });
        }
    }
}

struct Session {
    stream: BufReader<Plug>,
    draw: Draw,
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
                        self.verdict(Got { from: from.clone(), to: std::mem::take(&mut to), raw, answered: None })
                            .await?;
                    }
                }
                "QUIT" => return self.say("221 2.0.0 bye").await,
                _ => self.say("250 2.0.0 ok").await?,
            }
        }
    }

    fn turn(&self, refusals: &[&'static str]) -> Turn {
        let trouble = self.state.trouble.load(Ordering::SeqCst);
        if trouble == 0 || !self.draw.one_in(trouble) {
            return Turn::Right;
        }
        match self.draw.below(refusals.len() + 2) {
            0 => Turn::Close,
            1 => Turn::Stall,
            n => Turn::Say(refusals[n - 2]),
        }
    }

    /// Takes a message and says so, takes it and says nothing, or refuses it.
    async fn verdict(&mut self, got: Got) -> Result<(), Over> {
        let turn = self.turn(&["451 4.3.0 later", "452 4.3.1 full", "554 5.6.0 no"]);
        if matches!(turn, Turn::Say(_)) {
            return self.take(turn, "").await.map(drop);
        }
        let place = {
            let mut all = self.state.got.lock().expect("no holder panics");
            all.push(got);
            all.len() - 1
        };
        if self.take(turn, "250 2.0.0 taken").await? && self.stream.get_ref().delivered().await {
            let life = self.state.hard_ends.load(Ordering::Relaxed);
            self.state.got.lock().expect("no holder panics")[place].answered = Some(life);
        }
        Ok(())
    }

    async fn answer(&mut self, right: &str, refusals: &[&'static str]) -> Result<bool, Over> {
        let turn = self.turn(refusals);
        self.take(turn, right).await
    }

    /// True when `right` was said.
    async fn take(&mut self, turn: Turn, right: &str) -> Result<bool, Over> {
        match turn {
            Turn::Right => self.say(right).await.map(|()| true),
            Turn::Say(text) => self.say(text).await.map(|()| false),
            Turn::Close => Err(Over),
            Turn::Stall => {
                let mut rest = Vec::new();
                // Until the other side gives up.
                let _ = self.state.clock.within(PATIENCE, self.stream.read_to_end(&mut rest)).await;
                Err(Over)
            }
        }
    }

    async fn say(&mut self, text: &str) -> Result<(), Over> {
        let said = format!("{text}\r\n");
        match self.state.clock.within(PATIENCE, self.stream.write_all(said.as_bytes())).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Over),
        }
    }

    async fn line(&mut self) -> Result<String, Over> {
        let mut line = Vec::new();
        match self.state.clock.within(PATIENCE, self.stream.read_until(b'\n', &mut line)).await {
            Ok(Ok(_)) if line.ends_with(b"\n") => Ok(String::from_utf8_lossy(&line).into_owned()),
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
