//! Whether DNS is worth asking: our own name servers, and the names whose servers keep us waiting.
//!
//! A stranger's domain can be slow on purpose, so slowness of others says nothing about our name servers: they are judged
//! by a question that nobody else has a hand in.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::base::time::later;
use crate::base::{Clock, Time, limits};
use crate::net::Dns;

/// See the module.
pub(super) struct Health {
    dns: Dns,
    clock: Clock,
    state: Mutex<State>,
    /// Held by whoever asks; the others wait for the first answer only.
    asking: tokio::sync::Mutex<()>,
    /// Steps in a row that ended without an answer.
    failures: AtomicU32,
    /// Names that are left in peace until then.
    slow: Mutex<HashMap<String, Time>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Unknown,
    Answers,
    SilentUntil(Time),
}

impl Health {
    pub fn new(dns: Dns, clock: Clock) -> Self {
        Self {
            dns,
            clock,
            state: Mutex::new(State::Unknown),
            asking: tokio::sync::Mutex::default(),
            failures: AtomicU32::new(0),
            slow: Mutex::default(),
        }
    }

    /// False when our name servers are silent: nothing would come of asking them.
    pub async fn answers(&self) -> bool {
        let _asking = match self.state() {
            State::Answers => return true,
            State::SilentUntil(until) if self.clock.now() < until => return false,
            State::SilentUntil(_) => match self.asking.try_lock() {
                Ok(asking) => asking,
                Err(_) => return false,
            },
            State::Unknown => {
                let asking = self.asking.lock().await;
                if self.state() != State::Unknown {
                    return self.state() == State::Answers;
                }
                asking
            }
        };
        let answers = self.clock.within(limits::DNS_HEALTH_TIME_MAX, self.dns.is_answering()).await == Ok(true);
        self.failures.store(0, Ordering::Relaxed);
        *self.state.lock().expect("no holder panics") = if answers {
            State::Answers
        } else {
            tracing::warn!("the name servers don't answer; senders are not authenticated until they do");
            State::SilentUntil(later(self.clock.now(), limits::DNS_SILENCE))
        };
        answers
    }

    /// A step has ended with an answer or without one.
    pub fn note(&self, answered: bool) {
        if answered {
            self.failures.store(0, Ordering::Relaxed);
        } else if self.failures.fetch_add(1, Ordering::Relaxed) + 1 >= limits::DNS_FAILURES_MAX {
            self.failures.store(0, Ordering::Relaxed);
            let mut state = self.state.lock().expect("no holder panics");
            if *state == State::Answers {
                *state = State::Unknown;
            }
        }
    }

    /// This record can't be had now.
    pub fn leave_in_peace(&self, name: &str) {
        let now = self.clock.now();
        let mut slow = self.slow.lock().expect("no holder panics");
        if slow.len() >= limits::SLOW_NAMES_MAX {
            slow.retain(|_, until| *until > now);
        }
        // Full of others that are slow now: this one is asked again.
        if slow.len() < limits::SLOW_NAMES_MAX {
            slow.insert(name.to_ascii_lowercase(), later(now, limits::SLOW_NAME_REST));
        }
    }

    pub fn is_left_in_peace(&self, name: &str) -> bool {
        let slow = self.slow.lock().expect("no holder panics");
        slow.get(&name.to_ascii_lowercase()).is_some_and(|until| self.clock.now() < *until)
    }

    fn state(&self) -> State {
        *self.state.lock().expect("no holder panics")
    }
}
