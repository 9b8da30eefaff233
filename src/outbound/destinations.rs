//! Places at destinations, and the order in which mail for full ones comes again. In memory only.
//!
//! A destination is a domain, or the smarthost. One that lets us wait, or gets a thousand messages at once, takes no more
//! than its places; its other mail comes again one after the other, at a pace that no backlog changes. That costs a message
//! no attempt. Nothing here waits.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::base::time::later;
use crate::base::{Time, limits};
use crate::net::{Place, Places};

/// See the module.
pub(super) struct Destinations {
    places: Places<String>,
    /// When the last message that was put off comes again.
    returns: Mutex<HashMap<String, Time>>,
}

impl Destinations {
    pub fn new() -> Self {
        Self { places: Places::new(limits::DOMAIN_ATTEMPTS_MAX), returns: Mutex::default() }
    }

    /// None while the destination is full.
    pub fn take(&self, destination: &str) -> Option<Place<String>> {
        self.places.take(destination.to_owned())
    }

    /// When the next message that found no place comes again.
    pub fn comes_again(&self, destination: &str, now: Time) -> Time {
        let mut returns = self.returns.lock().expect("no holder panics");
        returns.retain(|_, at| *at > now);
        let soonest = later(now, limits::PLACE_PAUSE);
        let behind = returns.get(destination).map_or(soonest, |last| later(*last, limits::PLACE_STEP));
        let at = behind.max(soonest);
        returns.insert(destination.to_owned(), at);
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_without_a_place_come_again_one_after_the_other() {
        let destinations = Destinations::new();
        let at = |milliseconds| Time::from_millisecond(milliseconds).unwrap();
        let check = |destination, now, expected| {
            assert_eq!(destinations.comes_again(destination, at(now)), at(expected), "{destination} at {now}");
        };
        check("a.example", 0, 1000);
        check("a.example", 0, 1050);
        check("b.example", 0, 1000);
        check("a.example", 10, 1100);
        check("a.example", 500, 1500);
        check("a.example", 3000, 4000);
        assert_eq!(destinations.returns.lock().unwrap().len(), 1);
    }
}
