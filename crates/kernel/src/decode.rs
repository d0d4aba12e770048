//! From the kernel's messages to the shapes of the model.
//!
//! Every function takes the body of one message and reads attribute by attribute: what is too short, damaged or
//! unknown is left out, never the whole object.

pub(crate) mod address;
pub(crate) mod fdb;
pub(crate) mod link;
pub(crate) mod route;
pub(crate) mod rule;
pub(crate) mod vlan;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// `AF_INET` of linux/socket.h, as a byte in headers and an attribute number in `IFLA_AF_SPEC`.
pub(crate) const AF_INET: u8 = 2;
/// `AF_BRIDGE`.
pub(crate) const AF_BRIDGE: u8 = 7;
/// `AF_INET6`.
pub(crate) const AF_INET6: u8 = 10;

/// Four bytes in host order.
fn number(bytes: &[u8]) -> Option<u32> {
    bytes.try_into().ok().map(u32::from_ne_bytes)
}

/// Two bytes in host order.
fn short(bytes: &[u8]) -> Option<u16> {
    bytes.try_into().ok().map(u16::from_ne_bytes)
}

/// Four bytes at an offset of a fixed header.
pub(crate) fn number_at(body: &[u8], at: usize) -> Option<u32> {
    number(body.get(at..at + 4)?)
}

/// An IP address; its length is its family.
pub(crate) fn ip(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(bytes).into());
    }
    <[u8; 16]>::try_from(bytes)
        .ok()
        .map(|bytes| Ipv6Addr::from(bytes).into())
}

/// A text without its final NUL.
fn text(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// How many bytes a run of attributes takes that ends with `payload` bytes in its last one; to see damaged tails.
fn padded(payload: &[u8]) -> usize {
    (payload.len() + 4).next_multiple_of(4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Messages;
    use cleat_model::nla::Attrs;
    use cleat_model::types::{Address, Fdb, Leg, Multipath, Route, ScopeId, VlanRange};
    use proptest::prelude::*;

    fn leg(link: u32, via: Option<IpAddr>) -> Leg<u32> {
        Leg {
            link,
            via,
            hops: 0,
            onlink: false,
        }
    }

    fn with(header: &[u8], parts: &[(u16, &[u8])]) -> Vec<u8> {
        let mut all = Attrs::new();
        for (kind, bytes) in parts {
            assert!(all.push(*kind, bytes));
        }
        [header, all.as_bytes()].concat()
    }

    // Second witness for the layouts below: struct ifaddrmsg, rtmsg, ifinfomsg and ndmsg and the enums beside them in
    // linux/{if_addr,rtnetlink,if_bridge,neighbour}.h.
    #[test]
    fn an_address_with_a_broken_label_and_lifetime_is_still_an_address() {
        let body = with(
            &[AF_INET, 24, 0x80, 253, 7, 0, 0, 0],
            &[
                (1, &[192, 0, 2, 9]),
                (2, &[192, 0, 2, 1]),
                (3, b"a:1"),
                (6, &[1, 2]),
                (4, &[1]),
            ],
        );
        let expected = Address {
            peer: Some([192, 0, 2, 9].into()),
            scope: ScopeId(253),
            label: Some("a:1".to_owned()),
            flags: 0x80,
            ..Address::plain([192, 0, 2, 1].into(), 24)
        };
        assert_eq!(address::address(&body), Some((7, expected)));
        assert_eq!(
            address::address(&with(&[AF_INET, 24, 0, 0, 7, 0, 0, 0], &[(2, &[192])])),
            None
        );
    }

    #[test]
    fn routes_are_kept_with_the_links_that_they_lead_out_of() {
        let header = |table: u8, kind: u8| [AF_INET, 8, 0, 0, table, 4, 253, kind, 4, 0, 0, 0];
        let parts: &[(u16, &[u8])] = &[(1, &[10, 0, 0, 0]), (4, &[3, 0, 0, 0]), (6, &[9, 0, 0, 0])];
        let expected = Route {
            to: ([10, 0, 0, 0].into(), 8),
            via: None,
            onlink: true,
            metric: 9,
            table: 254,
            protocol: 4,
            source: None,
            scope: ScopeId(253),
            more: Attrs::new(),
            legs: Vec::new(),
        };
        assert_eq!(
            route::route(&with(&header(254, 1), parts)),
            Some(route::Found::One(3, expected.clone()))
        );
        // RT_TABLE_LOCAL, RTN_BROADCAST, and one without a link.
        assert_eq!(route::route(&with(&header(255, 1), parts)), None);
        assert_eq!(route::route(&with(&header(254, 3), parts)), None);
        assert_eq!(route::route(&with(&header(254, 1), &parts[..1])), None);
        // RTA_MULTIPATH with two struct rtnexthop: by a gateway out of link 3, and out of link 5.
        let hops = [
            &[16, 0, 0, 0, 3, 0, 0, 0, 8, 0, 5, 0, 192, 0, 2, 1][..],
            &[8, 0, 0, 9, 5, 0, 0, 0],
        ]
        .concat();
        let several = with(&header(254, 1), &[parts[0], parts[2], (9, &hops)]);
        assert_eq!(
            route::route(&several),
            Some(route::Found::Several(Multipath {
                route: expected,
                legs: vec![
                    leg(3, Some([192, 0, 2, 1].into())),
                    Leg {
                        hops: 9,
                        ..leg(5, None)
                    }
                ],
            }))
        );
        let cut = with(&header(254, 1), &[(9, &hops[..12])]);
        assert_eq!(route::route(&cut), None);
    }

    #[test]
    fn a_vlan_that_cannot_be_read_leaves_the_others_in_place() {
        // BRIDGE_VLAN_INFO_RANGE_BEGIN is 8, RANGE_END 16, PVID 2, UNTAGGED 4.
        let infos: &[(u16, &[u8])] = &[(2, &[6, 0, 1, 0]), (2, &[0]), (2, &[8, 0, 10, 0]), (2, &[16, 0, 20, 0])];
        let header = [AF_BRIDGE, 0, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let range = |first, last, own| VlanRange {
            first,
            last,
            pvid: own,
            untagged: own,
        };
        let body = with(&header, &[(26, &with(&[], infos))]);
        assert_eq!(
            vlan::vlans(&body),
            Some((5, vec![range(1, 1, true), range(10, 20, false)]))
        );
    }

    #[test]
    fn of_forwarding_entries_only_the_fixed_ones_are_kept() {
        // NUD_REACHABLE is 2, NUD_NOARP 0x40, NUD_PERMANENT 0x80; NTF_SELF is 2.
        let header = |state: u8, flags: u8| [AF_BRIDGE, 0, 0, 0, 6, 0, 0, 0, state, 0, flags, 0];
        let guest: &[(u16, &[u8])] = &[(2, &[2, 0, 0, 0, 0, 1]), (5, &[7, 0])];
        let expected = Fdb {
            mac: "02:00:00:00:00:01".parse().expect("an address"),
            dst: None,
            vlan: Some(7),
            on_self: false,
            fixed: true,
        };
        assert_eq!(fdb::fdb(&with(&header(0x40, 0), guest)), Some((6, expected)));
        assert_eq!(fdb::fdb(&with(&header(2, 0), guest)), None);
        // What every Ethernet link listens to by itself.
        assert_eq!(
            fdb::fdb(&with(&header(0x80, 2), &[(2, &[0x33, 0x33, 0, 0, 0, 1])])),
            None
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_decoder_stumble(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for message in Messages::new(&bytes) {
                let _ = message.answer();
            }
            let _ = (address::address(&bytes), route::route(&bytes), vlan::vlans(&bytes), fdb::fdb(&bytes));
            // A whole header is a link, whatever follows it.
            prop_assert_eq!(link::link(&bytes).is_some(), bytes.len() >= 16);
        }
    }
}
