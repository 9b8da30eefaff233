//! A routing address as stored: its settings, its service addresses, its verification.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Confirmation, ServiceAddress, ServiceState, Settings, Verification};
use crate::base::time::later;
use crate::base::{Mailbox, Time, limits};

/// A registered address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoutingAddress {
    pub address: Mailbox,
    /// Order of registration: the first one decides where a message to several goes.
    pub number: u64,
    pub settings: Settings,
    pub disabled: bool,
    /// Set once, by the first confirmed verification: a later probe that gets lost doesn't take it back.
    pub verified_at: Option<Time>,
    pub verification: Verification,
    /// The newest last; at least one.
    pub service_addresses: Vec<ServiceAddress>,
    pub registered_at: Time,
    /// Questions of mail providers whether they may forward here, the newest last. Absent in addresses of earlier versions.
    #[serde(default)]
    pub forwarding_confirmations: Vec<Confirmation>,
}

/// What may be done with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressState {
    /// Takes mail; nothing is sent from it.
    Unverified,
    Verified,
    /// Takes nothing, sends nothing.
    Disabled,
}

impl RoutingAddress {
    /// One that was never probed, and has no service address yet.
    pub fn new(address: Mailbox, number: u64, settings: Settings, registered_at: Time) -> Self {
        Self {
            address,
            number,
            settings,
            disabled: false,
            verified_at: None,
            verification: Verification::default(),
            service_addresses: Vec::new(),
            registered_at,
            forwarding_confirmations: Vec::new(),
        }
    }

    pub fn state(&self) -> AddressState {
        match (self.disabled, self.verified_at) {
            (true, _) => AddressState::Disabled,
            (false, None) => AddressState::Unverified,
            (false, Some(_)) => AddressState::Verified,
        }
    }

    /// The service address to forward to now.
    pub fn service_address(&self) -> Option<&Mailbox> {
        let active = self.service_addresses.iter().rev().find(|service| service.state == ServiceState::Active);
        active.map(|service| &service.address)
    }

    /// What a service address is at this moment; `Retired` when it never was one.
    pub fn service_state(&self, address: &Mailbox, now: Time) -> ServiceState {
        let service = self.service_addresses.iter().find(|service| service.address == *address);
        service.map_or(ServiceState::Retired, |service| service.state_at(now))
    }

    /// Another service address takes the place of the present one, which goes on for `overlap`. Gives those that are
    /// forgotten, because others retired after them.
    pub fn rotate(&mut self, new: ServiceAddress, overlap: Duration) -> Vec<ServiceAddress> {
        let now = new.since;
        for service in &mut self.service_addresses {
            if service.state == ServiceState::Active {
                (service.state, service.until) = (ServiceState::Retiring, Some(later(now, overlap)));
            }
            service.state = service.state_at(now);
        }
        self.service_addresses.push(new);
        let retired = self.service_addresses.iter().filter(|service| service.state == ServiceState::Retired).count();
        let surplus = retired.saturating_sub(limits::RETIRED_KEPT);
        let mut forgotten = Vec::new();
        for _ in 0..surplus {
            if let Some(at) = self.service_addresses.iter().position(|one| one.state == ServiceState::Retired) {
                forgotten.push(self.service_addresses.remove(at));
            }
        }
        forgotten
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Chance;

    #[test]
    fn an_address_is_rotated_with_an_overlap() {
        let chance = Chance::seeded(1);
        let routing: Mailbox = "support@example.com".parse().unwrap();
        let at = |hour: u64| later(Time::UNIX_EPOCH, Duration::from_secs(3600 * hour));
        let new = |hour| ServiceAddress::generate(&routing, "in.example.net", at(hour), &chance);
        let mut address = RoutingAddress {
            service_addresses: vec![new(0)],
            ..RoutingAddress::new(routing.clone(), 1, Settings::default(), at(0))
        };
        let first = address.service_addresses[0].address.clone();
        assert_eq!(address.rotate(new(1), Duration::from_secs(3600)), []);
        let second = address.service_address().unwrap().clone();
        assert_ne!(first, second);
        assert_eq!(address.service_state(&first, at(1)), ServiceState::Retiring);
        assert_eq!(address.service_state(&first, at(2)), ServiceState::Retired);
        assert_eq!(address.service_state(&second, at(9)), ServiceState::Active);
        assert_eq!(address.service_state(&routing, at(1)), ServiceState::Retired, "it isn't one");
        // Without an overlap at once; only the newest are remembered.
        let forgotten: Vec<_> = (2..10).flat_map(|hour| address.rotate(new(hour), Duration::ZERO)).collect();
        assert_eq!(forgotten[0].address, first);
        let retired = address.service_addresses.iter().filter(|one| one.state == ServiceState::Retired).count();
        assert_eq!((retired, address.service_addresses.len()), (limits::RETIRED_KEPT, limits::RETIRED_KEPT + 1));
    }

    #[test]
    fn an_address_of_an_earlier_version_is_read() {
        let chance = Chance::seeded(1);
        let address: Mailbox = "support@example.com".parse().unwrap();
        let stored = RoutingAddress {
            service_addresses: vec![ServiceAddress::generate(&address, "in.example.net", Time::UNIX_EPOCH, &chance)],
            ..RoutingAddress::new(address.clone(), 1, Settings::default(), Time::UNIX_EPOCH)
        };
        let mut json = serde_json::to_value(&stored).unwrap();
        assert!(json.as_object_mut().unwrap().remove("forwarding_confirmations").is_some());
        assert_eq!(serde_json::from_value::<RoutingAddress>(json).unwrap(), stored);
    }
}
