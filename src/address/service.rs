//! Service addresses: the generated addresses that a company's mail system forwards to. Their local part is a secret of
//! 128 random bits behind the name of the routing address, so that a log line still says whose it is.

use serde::{Deserialize, Serialize};

use super::random_label;
use crate::base::{Chance, Mailbox, Time};

/// A generated address and its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceAddress {
    pub address: Mailbox,
    pub state: ServiceState,
    pub since: Time,
    /// When it stops being accepted.
    pub until: Option<Time>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceState {
    Active,
    Retiring,
    Retired,
}

impl ServiceAddress {
    /// The state at a moment: one whose time is over has retired without anybody writing it down.
    pub fn state_at(&self, now: Time) -> ServiceState {
        match (self.state, self.until) {
            (ServiceState::Retiring, Some(until)) if now >= until => ServiceState::Retired,
            (state, _) => state,
        }
    }

    /// The name of the counter of mail that came over it while it was retiring.
    pub fn late_counter(address: &Mailbox) -> Vec<u8> {
        format!("late/{}", address.key()).into_bytes()
    }

    /// A new one for `routing`, in `service_domain`.
    pub fn generate(routing: &Mailbox, service_domain: &str, now: Time, chance: &Chance) -> Self {
        let name: String = routing
            .local()
            .to_lowercase()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .take(24)
            .collect();
        let local = format!("{}.{}", name.trim_matches('-'), random_label(chance));
        let address = Mailbox::new(local.trim_start_matches('.'), service_domain)
            .expect("a checked domain and a local part of at most 51 letters, digits, hyphens and a dot");
        Self { address, state: ServiceState::Active, since: now, until: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_local_part_gives_an_address_of_its_own() {
        let chance = Chance::seeded(1);
        for routing in ["support@example.com", "\"a b\"@example.com", "жалоба@example.com", "-@example.com"] {
            let routing: Mailbox = routing.parse().unwrap();
            let one = ServiceAddress::generate(&routing, "in.example.net", Time::UNIX_EPOCH, &chance).address;
            let two = ServiceAddress::generate(&routing, "in.example.net", Time::UNIX_EPOCH, &chance).address;
            assert_ne!(one, two);
            assert_eq!(one.to_string().parse::<Mailbox>().unwrap(), one);
            assert!(one.local().len() >= 26 && one.local().is_ascii(), "{one}");
        }
    }
}
