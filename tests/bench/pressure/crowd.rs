//! Peers in number: those that hold their connections, and the normal client beside them.

use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, Instant};

use ::postcase::base::Clock;
use tokio::task::JoinHandle;

use super::client::RECIPIENT;
use super::smtp::{self, Connection, Outgoing};

/// A peer that was shut out doesn't come back at once.
const PAUSE: Duration = Duration::from_millis(500);

/// So many peers, each from an address of its own; they stay for good, and come again when they are shut out.
pub struct Crowd {
    open: Rc<Cell<usize>>,
    peers: Vec<JoinHandle<()>>,
}

/// What a peer says again and again once it is greeted, and how long it waits before each.
#[derive(Clone, Copy)]
pub struct Manner {
    pub says: &'static [u8],
    pub each: Duration,
    /// Does an answer come to it?
    pub is_answered: bool,
}

impl Crowd {
    pub fn gather(server: SocketAddr, peers: u16, manner: Manner) -> Self {
        let open = Rc::new(Cell::new(0));
        let peer = |peer: u16| {
            let open = Rc::clone(&open);
            tokio::task::spawn_local(async move {
                loop {
                    let seat = Seat::of(&open);
                    // However it ends, it is only one of many.
                    let _ = stay(server, address(peer), manner, seat).await;
                    Clock::system().sleep(PAUSE).await;
                }
            })
        };
        Self { peers: (0..peers).map(peer).collect(), open }
    }

    /// Connections that are greeted and not shut out, now.
    pub fn open(&self) -> usize {
        self.open.get()
    }

    /// Returns when so many are open, or after half a minute.
    pub async fn settled(&self, peers: usize) -> Result<(), String> {
        let begun = Instant::now();
        while self.open() < peers {
            if begun.elapsed() > Duration::from_secs(30) {
                return Err(format!("only {} connections are open", self.open()));
            }
            Clock::system().sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.peers.iter().for_each(JoinHandle::abort);
    }
}

/// Counts a connection once it is greeted, as long as it lasts.
struct Seat {
    open: Rc<Cell<usize>>,
    taken: bool,
}

impl Seat {
    fn of(open: &Rc<Cell<usize>>) -> Self {
        Self { open: Rc::clone(open), taken: false }
    }

    fn take(&mut self) {
        self.taken = true;
        self.open.set(self.open.get() + 1);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.open.set(self.open.get() - usize::from(self.taken));
    }
}

async fn stay(server: SocketAddr, from: IpAddr, manner: Manner, mut seat: Seat) -> Result<(), String> {
    let mut connection = Connection::open(server, Some(from)).await?;
    if !connection.reply().await?.first().is_some_and(|line| line.starts_with("220")) {
        return Err("no seat".into());
    }
    seat.take();
    loop {
        let closed = connection.is_closed_within(manner.each).await;
        if closed {
            return Err("shut out".into());
        }
        connection.write(manner.says).await?;
        if manner.is_answered && connection.reply().await?.is_empty() {
            return Err("shut out".into());
        }
    }
}

/// An address of loopback that is a peer's own.
pub fn address(peer: u16) -> IpAddr {
    let [high, low] = peer.to_be_bytes();
    Ipv4Addr::new(127, 1, high, low).into()
}

/// One normal mail over a connection of its own: how long it took from connecting to its 250.
pub async fn normal_mail(server: SocketAddr, number: u64) -> Result<Duration, String> {
    let message = format!(
        "From: Anna <anna@customer.example>\r\nTo: {RECIPIENT}\r\nSubject: normal {number}\r\n\
         Message-ID: <normal.{number}@customer.example>\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\n\r\nHello\r\n"
    );
    let mail = Outgoing {
        helo: "client.example".into(),
        from: "anna@customer.example".into(),
        to: vec![RECIPIENT.into()],
        message: message.into_bytes(),
    };
    let begun = Instant::now();
    let reply = smtp::send(server, &mail).await?;
    let took = begun.elapsed();
    if reply[0].starts_with("250") { Ok(took) } else { Err(format!("normal mail is answered {reply:?}")) }
}
