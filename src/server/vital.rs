//! The parts without which a server must not go on taking mail: when one of them ends before it was asked to, by an error
//! or a panic, the server has failed.

use std::future::Future;

use crate::net::Stop;
use crate::store::latch::Latch;

/// Knows the first part that ended too early. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Vital(Latch);

/// Its end is the part's end, also by a panic.
struct Part {
    name: &'static str,
    stop: Stop,
    vital: Vital,
}

impl Vital {
    /// The work, watched until `stop` is requested.
    pub fn watch<F>(&self, name: &'static str, stop: &Stop, work: F) -> impl Future<Output = ()> + Send + use<F>
    where
        F: Future<Output = ()> + Send,
    {
        let part = Part { name, stop: stop.clone(), vital: self.clone() };
        async move {
            let _part = part;
            work.await;
        }
    }

    /// Resolves with the reason when a part has ended too early; never otherwise.
    pub fn failure(&self) -> impl Future<Output = String> + Send + use<> {
        self.0.failure()
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.stop.is_requested() {
            self.vital.0.set(format!("{} mail has ended unexpectedly; the log says why", self.name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_part_that_ends_before_it_is_asked_to_is_a_failure() {
        let (vital, stop) = (Vital::default(), Stop::new());
        let panics = tokio::spawn(vital.watch("sending", &stop, async { panic!("on purpose") }));
        assert!(panics.await.is_err());
        tokio::spawn(vital.watch("deciding", &stop, async {})).await.unwrap();
        assert_eq!(vital.failure().await, "sending mail has ended unexpectedly; the log says why");

        let vital = Vital::default();
        stop.request();
        tokio::spawn(vital.watch("sending", &stop, async {})).await.unwrap();
        tokio::select! {
            biased;
            reason = vital.failure() => panic!("{reason}"),
            () = tokio::task::yield_now() => {}
        }
    }
}
