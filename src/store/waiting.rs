//! How many wait for the answer of a writer, whose thread isn't a task: the one kind of work that a runtime which has come
//! to rest doesn't know of.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The count. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Waiting(Arc<AtomicUsize>);

/// One of those that wait, until it is dropped.
#[derive(Debug)]
pub(super) struct Waiter {
    waiting: Waiting,
    /// Those who waited when it came.
    pub others: usize,
}

impl Waiting {
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn one_more(&self) -> Waiter {
        Waiter { waiting: self.clone(), others: self.0.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.waiting.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_until_they_are_gone() {
        let waiting = Waiting::default();
        let (first, second) = (waiting.one_more(), waiting.clone().one_more());
        assert_eq!((first.others, second.others, waiting.count()), (0, 1, 2));
        drop((first, second));
        assert_eq!(waiting.count(), 0);
    }
}
