//! Addresses that mail from the open internet never leads to.
//!
//! A stranger chooses the MX record of the domain that we answer to. Were it to lead into loopback or an inner network,
//! the stranger could make us talk to hosts that trust us. Ranges are those of the IANA special-purpose registries
//! (RFC 6890) and multicast; an IPv4 address wrapped in an IPv6 one counts as what it is.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// True for everything that isn't a public unicast address.
pub fn is_special(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_special_v4(address),
        IpAddr::V6(address) => is_special_v6(address),
    }
}

fn is_special_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_documentation()
        || a == 0 // "this network"
        || a >= 224 // multicast, reserved, broadcast
        || (a == 100 && b & 0xc0 == 64) // shared by carriers, RFC 6598
        || (a == 198 && b & 0xfe == 18) // benchmarks, RFC 2544
        || (a, b, c) == (192, 0, 0) // protocol assignments
        || (a, b, c) == (192, 88, 99) // 6to4 relays, RFC 7526
}

fn is_special_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let v4 = |high: u16, low: u16| is_special_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match segments {
        [0x2002, high, low, ..] => v4(high, low),                // 6to4
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(high, low),  // NAT64
        [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => true, // documentation
        [0x2001, 0..=0x01ff, ..] => true,                        // protocol assignments, Teredo
        // Only 2000::/3 is given out; the rest is loopback, wrapped, local, multicast or nobody's.
        [first, ..] => first & 0xe000 != 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_ranges() {
        #[track_caller]
        fn check(special: bool, addresses: &str) {
            for address in addresses.split_whitespace() {
                assert_eq!(is_special(address.parse().unwrap()), special, "{address}");
            }
        }
        check(
            true,
            "127.0.0.1 127.9.9.9 10.1.2.3 172.16.0.1 172.31.255.255 192.168.0.1 169.254.169.254 0.0.0.0 0.1.2.3",
        );
        check(true, "224.0.0.1 240.0.0.1 255.255.255.255 100.64.0.1 100.127.0.1 198.18.0.1 198.19.0.1 192.0.0.8");
        check(true, "192.0.2.1 198.51.100.1 203.0.113.1 192.88.99.1");
        check(
            true,
            ":: ::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::7f00:1 64:ff9b::7f00:1 64:ff9b:1::1 2002:7f00:1:: 2001:db8::1",
        );
        check(true, "fc00::1 fd12::1 fe80::1 fec0::1 ff02::1 100::1 2001::1 3fff::1 4000::1");
        check(false, "8.8.8.8 1.1.1.1 172.15.0.1 172.32.0.1 100.63.0.1 100.128.0.1 198.17.0.1 198.20.0.1 192.0.1.1");
        check(false, "2606:4700::1111 2a00:1450::1 64:ff9b::808:808 2002:808:808:: 2001:4860:4860::8888");
    }
}
