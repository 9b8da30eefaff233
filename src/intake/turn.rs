//! Messages that are planned side by side do some things one after the other, in order of receipt.
//!
//! Whoever ends early, in whatever way, lets the next one come: what must not be missed is also an expectation of the batch.

use tokio::sync::oneshot;

/// Gives out turns.
#[derive(Default)]
pub struct Order {
    /// Ends when the last one that was given out has had its turn.
    last: Option<oneshot::Receiver<()>>,
}

/// The turn of one message.
pub struct Turn {
    before: Option<oneshot::Receiver<()>>,
    next: oneshot::Sender<()>,
}

/// It is this message's turn as long as this lives.
pub struct Now(#[expect(dead_code, reason = "dropped, it lets the next one come")] oneshot::Sender<()>);

impl Order {
    pub fn turn(&mut self) -> Turn {
        let (next, after) = oneshot::channel();
        Turn { before: self.last.replace(after), next }
    }
}

impl Turn {
    /// Returns when all before have had theirs.
    pub async fn come(self) -> Now {
        if let Some(before) = self.before {
            // It ends with an error when the one before has had its turn, or is gone.
            let _ = before.await;
        }
        Now(self.next)
    }
}
