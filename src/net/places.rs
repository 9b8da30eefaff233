//! Bounded places under names: at most so many at a time for each.
//!
//! Nobody waits here: who gets no place is told so and comes again. A name without a taken place costs nothing.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard};

/// The places. Clones share them.
#[derive(Clone, Debug)]
pub struct Places<K> {
    /// How many are taken; never none.
    taken: Arc<Mutex<HashMap<K, usize>>>,
    each_max: usize,
}

/// One place, until it is dropped.
#[derive(Debug)]
pub struct Place<K: Eq + Hash> {
    places: Places<K>,
    name: K,
}

impl<K: Clone + Eq + Hash> Places<K> {
    pub fn new(each_max: usize) -> Self {
        Self { taken: Arc::default(), each_max }
    }

    /// None when all places of that name are taken.
    pub fn take(&self, name: K) -> Option<Place<K>> {
        let mut taken = self.locked();
        let count = taken.get(&name).copied().unwrap_or_default();
        if count >= self.each_max {
            return None;
        }
        taken.insert(name.clone(), count + 1);
        drop(taken);
        Some(Place { places: self.clone(), name })
    }
}

impl<K> Places<K> {
    fn locked(&self) -> MutexGuard<'_, HashMap<K, usize>> {
        self.taken.lock().expect("no holder panics")
    }
}

impl<K: Eq + Hash> Drop for Place<K> {
    fn drop(&mut self) {
        let mut taken = self.places.locked();
        if let Some(count) = taken.get_mut(&self.name) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_its_places() {
        let places = Places::new(2);
        let first = places.take("a").unwrap();
        let _second = places.clone().take("a").unwrap();
        assert!(places.take("a").is_none());
        let other = places.take("b").unwrap();
        drop(first);
        let _third = places.take("a").unwrap();
        assert!(places.take("a").is_none());
        drop(other);
        assert_eq!(places.locked().keys().collect::<Vec<_>>(), [&"a"]);
    }
}
