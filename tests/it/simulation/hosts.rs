//! Who lives where: the addresses of those who write to the server.

use std::net::{IpAddr, Ipv4Addr};

use super::{peers, site};

const CUSTOMER: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 10));
const SHOP: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 20));
/// Everybody else.
pub const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 30));

/// Those who may be cut off.
pub const ALL: [(&str, IpAddr); 6] = [
    ("the server", site::ADDRESS),
    ("customer.example", CUSTOMER),
    ("shop.example", SHOP),
    ("everybody else", STRANGER),
    peers::HOSTS[0],
    peers::HOSTS[1],
];

/// From where somebody's mail comes.
pub fn of(author: &str) -> IpAddr {
    match author.rsplit_once('@') {
        Some((_, "customer.example")) => CUSTOMER,
        Some((_, "shop.example")) => SHOP,
        _ => STRANGER,
    }
}
