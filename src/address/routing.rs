//! A routing address as stored: its settings, its service addresses, its verification.

use serde::{Deserialize, Serialize};

use super::{ServiceAddress, ServiceState, Settings, Verification};
use crate::base::{Mailbox, Time};

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

    /// True when mail to this service address is taken at this moment.
    pub fn accepts_at(&self, address: &Mailbox, now: Time) -> bool {
        self.service_addresses.iter().any(|service| {
            service.address == *address
                && service.state != ServiceState::Retired
                && service.until.is_none_or(|until| now < until)
        })
    }
}
