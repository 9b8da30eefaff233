//! The latch of something that has failed for good: set once, with the reason, and never released.
//!
//! After a failed sync nobody knows what is on disk, and a second try would only hide it. Whoever owns the process
//! awaits [`Latch::failure`] and ends it.

use std::future::Future;
use std::io;
use std::sync::Arc;

use tokio::sync::watch;

/// What has failed, and what to do about it.
pub(super) fn reason(error: &io::Error) -> String {
    let next = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free some disk space",
        io::ErrorKind::PermissionDenied => "mend its permissions, or run this as its owner,",
        _ => "look after the disk",
    };
    format!("{error}; {next} and start again: nothing that was accepted is lost")
}

/// Cheap to clone; clones share the one reason.
#[derive(Clone, Debug, Default)]
pub struct Latch(Arc<watch::Sender<Option<String>>>);

impl Latch {
    /// Keeps the first reason given.
    pub fn set(&self, reason: String) {
        self.0.send_if_modified(|kept| {
            let first = kept.is_none();
            kept.get_or_insert(reason);
            first
        });
    }

    pub fn reason(&self) -> Option<String> {
        self.0.borrow().clone()
    }

    /// Resolves with the reason when there is one; never without.
    pub fn failure(&self) -> impl Future<Output = String> + Send + use<> {
        let mut changed = self.0.subscribe();
        async move {
            // The channel closes when all who could set it are gone; then it never failed.
            let reason = changed.wait_for(Option::is_some).await.ok().and_then(|reason| reason.clone());
            match reason {
                Some(reason) => reason,
                None => std::future::pending().await,
            }
        }
    }

    /// Sets the latch when the thread that holds the guard panics.
    pub fn guard(&self, who: &'static str) -> Guard {
        Guard { latch: self.clone(), who }
    }
}

pub struct Guard {
    latch: Latch,
    who: &'static str,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.latch.set(format!("{} stopped because of a fault in postcase", self.who));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_reason_is_kept() {
        let latch = Latch::default();
        let early = latch.failure();
        assert_eq!(latch.reason(), None);
        latch.set("one".into());
        latch.set("two".into());
        assert_eq!((early.await, latch.failure().await), ("one".to_owned(), "one".to_owned()));
    }

    #[test]
    fn a_reason_says_what_to_do() {
        let check = |kind: io::ErrorKind, expected: &str| {
            let said = reason(&io::Error::from(kind));
            assert!(said.contains(expected) && said.ends_with("nothing that was accepted is lost"), "{said}");
        };
        check(io::ErrorKind::StorageFull, "; free some disk space and start again");
        check(io::ErrorKind::QuotaExceeded, "; free some disk space and start again");
        check(io::ErrorKind::Other, "; look after the disk and start again");
    }

    #[test]
    fn a_panic_is_a_failure() {
        let latch = Latch::default();
        let guard = latch.guard("the writer");
        let thread = std::thread::spawn(move || {
            let _guard = guard;
            panic!("on purpose");
        });
        assert!(thread.join().is_err());
        assert_eq!(latch.reason().as_deref(), Some("the writer stopped because of a fault in postcase"));
    }
}
