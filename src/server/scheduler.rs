//! The one scheduler: starts what is due, and sleeps until the next thing is.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use crate::base::{Time, limits};
use crate::intake::Inbox;
use crate::net::Stop;
use crate::outbound;
use crate::store::due::{self, Due};
use crate::store::{Batch, CommitError, Site, StoreError};

/// Rows that are looked at: more than can be under way, so that what is under way never hides what is due.
const LOOKED_AT: usize = 4 * limits::ATTEMPTS_MAX;

/// See the module.
pub struct Scheduler {
    site: Arc<Site>,
    inbox: Arc<Inbox>,
    outbound: Arc<outbound::Worker>,
    running: Mutex<HashSet<Due>>,
    /// Told when a piece of work ends or the scheduler has looked.
    moved: Notify,
}

/// What the scheduler found.
#[derive(Debug)]
struct Look {
    due: Vec<(Time, Due)>,
    next: Option<Time>,
    /// Nothing was under way.
    is_idle: bool,
}

impl Scheduler {
    pub fn new(site: Arc<Site>, inbox: Arc<Inbox>, outbound: Arc<outbound::Worker>) -> Self {
        Self { site, inbox, outbound, running: Mutex::default(), moved: Notify::new() }
    }

    /// Runs until `stop`; attempts under way are tracked there. Ends early when the store can't be read or written.
    pub async fn run(self: Arc<Self>, stop: Stop) {
        if let Err(error) = self.work(&stop).await {
            tracing::error!(%error, "nothing is sent until the next start");
        }
    }

    async fn work(self: &Arc<Self>, stop: &Stop) -> Result<(), StoreError> {
        loop {
            let look = self.look().await?;
            let resumed = look.due.iter().any(|(_, due)| matches!(due, Due::Inbox(_)));
            for (at, due) in look.due {
                self.start(at, due, stop).await?;
            }
            // What was resumed is out of the table, and may have hidden more that is due.
            let next = if resumed { self.site.now() } else { look.next.unwrap_or(Time::MAX) };
            tokio::select! {
                biased;
                () = stop.requested() => return Ok(()),
                () = self.site.alarm.rung() => {}
                () = self.site.clock.sleep_until(next) => {}
            }
        }
    }

    async fn look(&self) -> Result<Look, crate::store::ReadError> {
        let now = self.site.now();
        // From before the rows are read: what ends meanwhile may still stand in them.
        let running = self.running.lock().expect("no holder panics").clone();
        let rows = due::earliest(&*self.site.engine, LOOKED_AT).await?;
        let next = rows.iter().map(|(at, _)| *at).find(|at| *at > now);
        let due = rows.into_iter().filter(|(at, due)| *at <= now && !running.contains(due)).collect();
        Ok(Look { due, next, is_idle: running.is_empty() })
    }

    async fn start(self: &Arc<Self>, at: Time, due: Due, stop: &Stop) -> Result<(), CommitError> {
        match due {
            Due::Inbox(id) => {
                // First, so that it is never neither due nor under way.
                self.inbox.resume(id);
                let mut batch = Batch::default();
                due::unschedule(&mut batch, at, due);
                self.site.engine.commit(batch).await?;
                self.moved.notify_waiters();
            }
            Due::Spool(_) | Due::Acknowledgement(_) | Due::Notice(..) => {
                self.running.lock().expect("no holder panics").insert(due);
                let (scheduler, running) = (self.clone(), stop.running());
                let attempt = tokio::spawn(async move {
                    let outbound = &scheduler.outbound;
                    let done = match due {
                        Due::Acknowledgement(id) => {
                            outbound.acknowledge(id, at).await.map_err(|error| error.to_string())
                        }
                        Due::Notice(work, event) => {
                            outbound.notify(work, event, at).await.map_err(|error| error.to_string())
                        }
                        Due::Spool(id) | Due::Inbox(id) => {
                            outbound.attempt(id, at).await.map_err(|error| error.to_string())
                        }
                    };
                    drop(running);
                    done
                });
                let scheduler = self.clone();
                tokio::spawn(async move {
                    let failed = match attempt.await {
                        Ok(Ok(())) => None,
                        Ok(Err(error)) => Some(error),
                        Err(panic) => Some(panic.to_string()),
                    };
                    if let Some(error) = failed {
                        tracing::error!(?due, %error, "a delivery, its outcome or what a machine writes was lost; it is tried again later");
                        // It may still be due.
                        scheduler.site.clock.sleep(limits::FAILURE_PAUSE).await;
                    }
                    scheduler.running.lock().expect("no holder panics").remove(&due);
                    scheduler.moved.notify_waiters();
                    scheduler.site.alarm.ring();
                });
            }
        }
        Ok(())
    }

    /// Returns when nothing is due and nothing is under way.
    pub async fn settled(&self) -> Result<(), crate::store::ReadError> {
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            let look = self.look().await?;
            if look.due.is_empty() && look.is_idle && self.running.lock().expect("no holder panics").is_empty() {
                return Ok(());
            }
            self.site.alarm.ring();
            moved.await;
        }
    }
}
