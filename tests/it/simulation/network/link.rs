//! One connection: two lanes of bytes, and a plug at each end.
//!
//! As with TCP: a lane holds a window of bytes and then makes its writer wait; a plug that is dropped says so behind what it
//! has written, or breaks the connection when it leaves bytes unread; what was under way when a connection broke may be
//! lost. As nowhere: the writer can ask whether all it wrote was read ([`Plug::delivered`]), so that a test knows for sure
//! who knows what.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use postcase::base::time::later;
use postcase::base::{Clock, Time};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::weather::{Course, Cut, Lane as LaneCourse};
use super::{Leaving, Network};
use crate::unit::{Unit, unit, wait};

/// What a lane holds before its writer waits.
const WINDOW: usize = 64 * 1024;
/// Bytes of a lane that come in small pieces; each piece costs a turn of its reader.
const PIECES_BYTES: u64 = 3_000;
const END: [u8; 5] = *b"\r\n.\r\n";

pub struct Link {
    ends: [IpAddr; 2],
    state: Mutex<State>,
}

struct State {
    /// The lane of this index carries what the side of this index writes.
    lanes: [Lane; 2],
    sides: [Side; 2],
    last_word: Option<Cut>,
    /// The last bytes of the caller.
    tail: VecDeque<u8>,
    is_disturbed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Open,
    /// It has seen, or will see, the connection break.
    Broken,
    /// Its plug was dropped.
    Dropped,
    /// Its host is gone.
    Gone,
}

struct Lane {
    course: LaneCourse,
    pieces: VecDeque<(Time, Vec<u8>)>,
    /// Bytes that were written and not read, also those that got lost on the way.
    held: usize,
    written: u64,
    /// When the end arrives.
    end: Option<Time>,
    /// Nothing comes through any more.
    is_silent: bool,
    /// Nothing that is written from now on arrives before.
    not_before: Time,
    reader: Option<Waker>,
    writer: Option<Waker>,
    watcher: Option<Waker>,
}

/// One end of a connection.
pub struct Plug {
    link: Arc<Link>,
    side: usize,
    network: Network,
    sleep: Option<Pin<Box<dyn Future<Output = ()> + Send + Sync>>>,
}

/// The two ends of a new connection, the caller's first.
pub fn pair(network: Network, ends: (IpAddr, IpAddr), course: Course) -> (Plug, Plug) {
    let is_disturbed = !course.is_calm;
    let last_word = course.last_word;
    let lanes = course.lanes.map(Lane::new);
    let state = State { lanes, sides: [Side::Open; 2], last_word, tail: VecDeque::new(), is_disturbed };
    let link = Arc::new(Link { ends: ends.into(), state: Mutex::new(state) });
    let plug = |side| Plug { link: link.clone(), side, network: network.clone(), sleep: None };
    (plug(0), plug(1))
}

impl Lane {
    fn new(course: LaneCourse) -> Self {
        Self {
            course,
            pieces: VecDeque::new(),
            held: 0,
            written: 0,
            end: None,
            is_silent: false,
            not_before: Time::MIN,
            reader: None,
            writer: None,
            watcher: None,
        }
    }

    fn wake(&mut self) {
        [&mut self.reader, &mut self.writer, &mut self.watcher]
            .into_iter()
            .filter_map(Option::take)
            .for_each(Waker::wake);
    }

    /// Something written or ended now arrives then.
    fn arrival(&mut self, now: Time) -> Time {
        let delay = self.course.draw.below(self.course.delay_ms_max + 1) as u64;
        self.not_before = self.not_before.max(later(now, Duration::from_millis(delay)));
        self.not_before
    }

    fn piece(&self, bytes: usize) -> usize {
        match self.course.piece_max.filter(|_| self.written < PIECES_BYTES) {
            Some(most) => bytes.min(1 + self.course.draw.below(most)),
            None => bytes,
        }
    }

    fn carry(&mut self, bytes: &[u8], now: Time) {
        self.held += bytes.len();
        self.written += bytes.len() as u64;
        if !self.is_silent && !bytes.is_empty() {
            let at = self.arrival(now);
            self.pieces.push_back((at, bytes.to_vec()));
        }
    }

    fn carry_behind(&mut self, what: Cut, bytes: &[u8], now: Time) {
        if what == Cut::Reset {
            self.held += bytes.len();
        } else {
            self.carry(bytes, now);
        }
    }

    /// What has arrived, some of it.
    fn take(&mut self, room: usize) -> Vec<u8> {
        let most = self.piece(room);
        let Some((_, bytes)) = self.pieces.front_mut() else { return Vec::new() };
        let taken: Vec<u8> = bytes.drain(..most.min(bytes.len())).collect();
        if bytes.is_empty() {
            self.pieces.pop_front();
        }
        self.held -= taken.len();
        [&mut self.writer, &mut self.watcher].into_iter().filter_map(Option::take).for_each(Waker::wake);
        taken
    }
}

impl State {
    fn wake(&mut self) {
        self.lanes.iter_mut().for_each(Lane::wake);
    }

    /// The connection breaks for a side; what it hasn't read yet it may still read, or not.
    fn breaks_for(&mut self, side: usize) {
        if self.sides[side] != Side::Open {
            return;
        }
        self.sides[side] = Side::Broken;
        let incoming = &mut self.lanes[1 - side];
        if incoming.course.draw.one_in(2) {
            incoming.pieces.clear();
        }
        self.wake();
    }

    /// Behind the end of a message the next word may be the last.
    fn caller_said(&mut self, bytes: &[u8]) {
        self.tail.extend(&bytes[bytes.len().saturating_sub(END.len())..]);
        while self.tail.len() > END.len() {
            self.tail.pop_front();
        }
        if self.tail == END
            && let Some(what) = self.last_word.take()
        {
            self.lanes[1].course.cut = Some((self.lanes[1].written, what));
        }
    }

    fn cut(&mut self, side: usize, what: Cut, now: Time) {
        let lane = &mut self.lanes[side];
        match what {
            Cut::Stall(time) => lane.not_before = lane.not_before.max(later(now, time)),
            Cut::Silence => {
                lane.is_silent = true;
                // The way back may be dead as well.
                if lane.course.draw.one_in(2) {
                    self.lanes[1 - side].is_silent = true;
                }
            }
            Cut::Reset => (0..2).for_each(|side| self.breaks_for(side)),
        }
    }
}

impl Link {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }

    /// The host of a side goes away.
    pub fn leave(&self, side: usize, how: Leaving) {
        let mut state = self.state();
        state.is_disturbed = true;
        let was = std::mem::replace(&mut state.sides[side], Side::Gone);
        match how {
            Leaving::Silent => state.lanes.iter_mut().for_each(|lane| lane.is_silent = true),
            Leaving::Told if was == Side::Open => state.breaks_for(1 - side),
            Leaving::Told => {}
        }
        state.wake();
    }
}

impl Plug {
    pub fn link(&self) -> Weak<Link> {
        Arc::downgrade(&self.link)
    }

    /// Is gone without a word, as after a power cut.
    pub fn vanish(self) {
        self.link.leave(self.side, Leaving::Silent);
    }

    /// True when anything went wrong with this connection, or was bound to.
    pub fn is_disturbed(&self) -> bool {
        self.link.state().is_disturbed
    }

    /// True once everything that was written has been read at the other end, false when that will never be.
    pub async fn delivered(&self) -> bool {
        poll_fn(|context| {
            let mut state = self.link.state();
            let reads = matches!(state.sides[1 - self.side], Side::Open | Side::Broken);
            let lane = &mut state.lanes[self.side];
            let is_lost = lane.pieces.is_empty() && !lane.is_silent;
            match lane.held {
                0 => Poll::Ready(true),
                _ if !reads || is_lost => Poll::Ready(false),
                _ => {
                    lane.watcher = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }

    fn clock(&self) -> &Clock {
        self.network.clock()
    }

    /// Pending until the clock has come so far; then the caller is to look again.
    fn sleep(&mut self, until: Time, context: &mut Context<'_>) -> Poll<()> {
        let clock = self.clock().clone();
        self.sleep.insert(Box::pin(async move { clock.sleep_until(until).await })).as_mut().poll(context)
    }
}

fn broken(side: Side) -> Option<io::Error> {
    match side {
        Side::Open => None,
        Side::Broken | Side::Dropped => Some(io::ErrorKind::ConnectionReset.into()),
        Side::Gone => Some(io::ErrorKind::ConnectionAborted.into()),
    }
}

/// What a look at a lane shows its reader.
enum Look {
    Bytes(Vec<u8>),
    End,
    Error(io::Error),
    Later(Option<Time>),
}

impl Plug {
    fn look(&self, room: usize, context: &Context<'_>) -> Look {
        let parted = self.network.parted(self.link.ends[0], self.link.ends[1]);
        let now = self.clock().now();
        let mut state = self.link.state();
        let side = state.sides[self.side];
        state.is_disturbed |= parted.is_some();
        let lane = &mut state.lanes[1 - self.side];
        lane.reader = Some(context.waker().clone());
        if side == Side::Gone {
            return Look::Error(io::ErrorKind::ConnectionAborted.into());
        }
        if parted.is_some() {
            return Look::Later(parted);
        }
        match lane.pieces.front() {
            Some((at, _)) if *at <= now => return Look::Bytes(lane.take(room)),
            Some((at, _)) if side == Side::Open => return Look::Later(Some(*at)),
            _ => {}
        }
        match (broken(side), lane.end) {
            (Some(error), _) => Look::Error(error),
            (None, Some(at)) if at <= now => Look::End,
            (None, at) => Look::Later(at),
        }
    }
}

impl AsyncRead for Plug {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let plug = self.get_mut();
        loop {
            match plug.look(buffer.remaining(), context) {
                Look::Bytes(bytes) => {
                    buffer.put_slice(&bytes);
                    return Poll::Ready(Ok(()));
                }
                Look::End => return Poll::Ready(Ok(())),
                Look::Error(error) => return Poll::Ready(Err(error)),
                Look::Later(None) => return Poll::Pending,
                Look::Later(Some(until)) => {
                    if plug.sleep(until, context).is_pending() {
                        return Poll::Pending;
                    }
                    plug.sleep = None;
                }
            }
        }
    }
}

impl AsyncWrite for Plug {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let now = self.clock().now();
        let mut state = self.link.state();
        if let Some(error) = broken(state.sides[self.side]) {
            return Poll::Ready(Err(error));
        }
        let lane = &mut state.lanes[self.side];
        if lane.end.is_some() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let room = WINDOW - lane.held;
        if room == 0 {
            lane.writer = Some(context.waker().clone());
            return Poll::Pending;
        }
        // A socket takes at least its first line at once.
        let taken = if lane.written == 0 { bytes.len().min(room) } else { lane.piece(bytes.len().min(room)) };
        let cut = lane.course.cut.filter(|(at, _)| *at <= lane.written + taken as u64);
        let before = cut.map_or(taken, |(at, _)| (at - lane.written) as usize);
        lane.carry(&bytes[..before], now);
        if let Some((_, what)) = cut {
            lane.course.cut = None;
            state.cut(self.side, what, now);
            state.lanes[self.side].carry_behind(what, &bytes[before..taken], now);
        }
        if self.side == 0 {
            state.caller_said(&bytes[..taken]);
        }
        if let Some(reader) = state.lanes[self.side].reader.take() {
            reader.wake();
        }
        if state.sides[1 - self.side] == Side::Dropped {
            state.breaks_for(self.side);
        }
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let now = self.clock().now();
        let mut state = self.link.state();
        if let Some(error) = broken(state.sides[self.side]) {
            return Poll::Ready(Err(error));
        }
        state.lanes[self.side].finish(now);
        Poll::Ready(Ok(()))
    }
}

impl Lane {
    fn finish(&mut self, now: Time) {
        if self.end.is_none() && !self.is_silent {
            self.end = Some(self.arrival(now));
        }
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

impl Drop for Plug {
    fn drop(&mut self) {
        let now = self.clock().now();
        let mut state = self.link.state();
        if state.sides[self.side] == Side::Gone {
            return;
        }
        let was = std::mem::replace(&mut state.sides[self.side], Side::Dropped);
        let (other, unread) = (1 - self.side, state.lanes[1 - self.side].held > 0);
        match was {
            Side::Open if unread && !state.lanes[self.side].is_silent => state.breaks_for(other),
            _ => state.lanes[self.side].finish(now),
        }
        state.wake();
    }
}

pub fn units() -> Vec<Unit> {
    vec![
        unit("a calm connection carries everything", calm_connections),
        unit("a connection that breaks tells who knows what", broken_connections),
    ]
}

fn plugs(change: impl Fn(&mut Course)) -> (Clock, Plug, Plug) {
    let clock = Clock::manual(Time::UNIX_EPOCH);
    let mut course = Course::draw(&super::Draw::new(1), 0);
    for lane in &mut course.lanes {
        (lane.piece_max, lane.delay_ms_max) = (None, 0);
    }
    change(&mut course);
    let ends = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
    let (here, there) = pair(Network::new(clock.clone(), 1), ends, course);
    (clock, here, there)
}

fn calm_connections() {
    wait(async {
        let (clock, mut here, mut there) = plugs(|course| {
            course.lanes[0].piece_max = Some(3);
            course.lanes[0].delay_ms_max = 40;
        });
        let (saying, hearing) = (here.write_all(b"one two three"), async { clock.advance(Duration::from_secs(1)) });
        tokio::join!(saying, hearing).0.unwrap();
        assert!(!here.link.state().lanes[0].pieces.is_empty());
        here.shutdown().await.unwrap();
        let mut heard = Vec::new();
        clock.advance(Duration::from_secs(1));
        there.read_to_end(&mut heard).await.unwrap();
        assert_eq!(heard, b"one two three");
        assert!(here.delivered().await && !here.is_disturbed());
        there.write_all(b"answer").await.unwrap();
        drop(there);
        let mut heard = String::new();
        here.read_to_string(&mut heard).await.unwrap();
        assert_eq!(heard, "answer");
    });
}

fn broken_connections() {
    wait(async {
        // What was cut can't be read, and both sides know that something happened.
        let (_, mut here, mut there) = plugs(|course| course.lanes[0].cut = Some((3, Cut::Reset)));
        here.write_all(b"one two").await.unwrap();
        let mut heard = Vec::new();
        assert!(there.read_to_end(&mut heard).await.is_err() && heard.len() <= 3);
        drop(there);
        assert!(!here.delivered().await && here.write_all(b"more").await.is_err());
        // Silence says nothing to anybody until somebody gives up.
        let (_, mut here, there) = plugs(|course| course.lanes[0].cut = Some((3, Cut::Silence)));
        here.write_all(b"one two").await.unwrap();
        assert!(poll_fn(|context| Poll::Ready(std::pin::pin!(here.delivered()).poll(context))).await.is_pending());
        drop(there);
        assert!(!here.delivered().await);
        // A stall is over after its time.
        let stall = Cut::Stall(Duration::from_secs(5));
        let (clock, mut here, mut there) = plugs(|course| course.lanes[0].cut = Some((0, stall)));
        here.write_all(b"one").await.unwrap();
        let mut heard = [0; 3];
        assert!(
            poll_fn(|context| Poll::Ready(std::pin::pin!(there.read(&mut heard)).poll(context))).await.is_pending()
        );
        clock.advance(Duration::from_secs(5));
        assert_eq!(there.read(&mut heard).await.unwrap(), 3);
        // Whoever drops what it hasn't read breaks the connection.
        let (_, mut here, there) = plugs(|_| ());
        here.write_all(b"one").await.unwrap();
        drop(there);
        assert!(!here.delivered().await && here.write_all(b"more").await.is_err());
    });
}
