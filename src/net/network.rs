//! Ranges of IP addresses: `192.0.2.0/24`, `2001:db8::/32`.
//!
//! An IPv4 address that comes in IPv6 form (`::ffff:192.0.2.1`) is the IPv4 address everywhere.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// All addresses whose first bits are these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    /// The bits behind the prefix are zero.
    address: IpAddr,
    bits: u8,
}

/// Not `address/bits`, or with bits behind the prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a network such as 192.0.2.0/24 or 2001:db8::/32")]
pub struct NotANetwork;

impl Network {
    /// What one peer can be assumed to own: its IPv4 address, or the /64 of its IPv6 address.
    pub fn of_peer(peer: IpAddr) -> Self {
        match peer.to_canonical() {
            IpAddr::V4(address) => Self { address: address.into(), bits: 32 },
            address => Self { address: masked(address, 64), bits: 64 },
        }
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && masked(address, self.bits) == self.address
    }
}

/// The first `bits` of the address; more than it has are all of it.
fn masked(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(bits.into())).unwrap_or(0);
            Ipv4Addr::from_bits(v4.to_bits() & mask).into()
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(bits.into())).unwrap_or(0);
            Ipv6Addr::from_bits(v6.to_bits() & mask).into()
        }
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, bits) = text.split_once('/').ok_or(NotANetwork)?;
        let address: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let is_number = bits.bytes().all(|byte| byte.is_ascii_digit());
        let bits: u8 = bits.parse().ok().filter(|_| is_number).ok_or(NotANetwork)?;
        let fits = bits <= if address.is_ipv4() { 32 } else { 128 };
        // Bits behind the prefix are a slip of the pen: `192.0.2.1/8` may be meant as one address.
        if fits && masked(address, bits) == address { Ok(Self { address, bits }) } else { Err(NotANetwork) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read_and_contain() {
        let check = |network: &str, address: &str, expected: bool| {
            let network: Network = network.parse().unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), expected, "{address} in {network}");
        };
        check("127.0.0.0/8", "127.1.2.3", true);
        check("127.0.0.0/8", "::ffff:127.0.0.1", true);
        check("127.0.0.0/8", "128.0.0.1", false);
        check("0.0.0.0/0", "203.0.113.7", true);
        check("0.0.0.0/0", "2001:db8::1", false);
        check("::1/128", "::1", true);
        check("2001:db8::/32", "2001:db8:ffff::1", true);
        check("2001:db8::/32", "2001:db9::1", false);
        for wrong in ["127.0.0.1", "127.0.0.1/8", "10.0.0.0/33", "10.0.0.0/+8", "::/129", "a/8", "/8", ""] {
            assert_eq!(wrong.parse::<Network>(), Err(NotANetwork), "{wrong}");
        }
    }

    #[test]
    fn a_peer_is_its_address_or_its_64() {
        let check = |peer: &str, expected: &str| {
            assert_eq!(Network::of_peer(peer.parse().unwrap()).to_string(), expected);
        };
        check("192.0.2.1", "192.0.2.1/32");
        check("::ffff:192.0.2.1", "192.0.2.1/32");
        check("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64");
    }
}
