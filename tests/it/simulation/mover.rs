//! Lets time pass when nothing else can happen: when all tasks wait and no thread of the store has anything to do, the clock
//! moves to the first moment for which somebody waits. So a life takes no real time for waiting, and no time-out comes
//! while there is still work for its server.
//!
//! When nobody waits for any time either, nothing will ever happen again: somebody hangs.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use postcase::base::Clock;
use postcase::server::InHand;
use tokio::sync::Notify;

/// Real time that a step may take: much more than it needs on a busy machine.
const WALL: Duration = Duration::from_secs(60);
/// Simulated time that a step may take. The longest wait is for mail that is given up after five days.
const STEP_TIME_MAX: Duration = Duration::from_secs(20 * 24 * 3600);
/// Real time for work that neither tasks nor the store know of.
const SECOND_LOOK: Duration = Duration::from_secs(2);

/// Clones are the same one.
#[derive(Clone)]
pub struct Mover {
    clock: Clock,
    /// None while a server starts, which doesn't wait for time.
    server: Arc<Mutex<Option<InHand>>>,
    stuck: Arc<Notify>,
}

impl Mover {
    pub fn new(clock: Clock) -> Self {
        Self { clock, server: Arc::default(), stuck: Arc::default() }
    }

    /// Time passes by the work of this server.
    pub fn watch(&self, server: Option<InHand>) {
        *self.server.lock().expect("no holder panics") = server;
    }

    /// Called when all tasks wait.
    pub fn all_wait(&self) {
        let server = self.server.lock().expect("no holder panics").clone();
        let Some(0) = server.map(|server| server.requests()) else { return };
        match self.clock.next_waking() {
            Some(at) => self.clock.advance(at.duration_since(self.clock.now()).unsigned_abs()),
            None => self.stuck.notify_one(),
        }
    }

    /// The work's end, or what hangs.
    pub async fn guarded<T>(&self, what: &str, work: impl Future<Output = T>) -> Result<T, String> {
        let system = Clock::system();
        // On the heap, because the future of a server's start, moved from hand to hand, is more than a thread's stack takes.
        let work = Box::pin(work);
        let mut work = std::pin::pin!(system.within(WALL, self.clock.within(STEP_TIME_MAX, work)));
        tokio::select! {
            biased;
            done = &mut work => match done {
                Ok(Ok(done)) => Ok(done),
                Ok(Err(_)) => Err(format!("hangs for days: {what}")),
                Err(_) => Err(format!("hangs: {what}")),
            },
            () = self.stuck.notified() => match system.within(SECOND_LOOK, &mut work).await {
                Ok(Ok(Ok(done))) => Ok(done),
                _ => Err(format!("hangs, and nobody waits for any time: {what}")),
            },
        }
    }
}
