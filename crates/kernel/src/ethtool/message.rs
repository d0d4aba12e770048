//! Questions, requests and answers of ethtool netlink as attributes.
//!
//! *Source*: linux/ethtool_netlink.h; Documentation/networking/ethtool-netlink.rst.

use cleat_model::ethtool::{Bits, Group, Seen, Set};
use cleat_model::name::IfName;
use cleat_model::nla::{self, Attrs};

/// `NLA_F_NESTED` of linux/netlink.h, which ethtool netlink insists on.
const NESTED: u16 = 1 << 15;
/// The header of every message, and the name of the link in it (`ETHTOOL_A_HEADER_DEV_NAME`).
const HEADER: u16 = 1;
const DEVICE_NAME: u16 = 2;
/// `ETHTOOL_A_BITSET_NOMASK`, `_BITS`; `ETHTOOL_A_BITSET_BITS_BIT`; `ETHTOOL_A_BITSET_BIT_NAME` and `_VALUE`.
const NO_MASK: u16 = 1;
const BITS: u16 = 3;
const BIT: u16 = 1;
const BIT_NAME: u16 = 2;
const BIT_VALUE: u16 = 3;

/// The question for one link.
pub(super) fn question(name: IfName) -> Attrs {
    let mut header = Attrs::new();
    header.push(DEVICE_NAME, format!("{name}\0").as_bytes());
    let mut attrs = Attrs::new();
    attrs.push(HEADER | NESTED, header.as_bytes());
    attrs
}

/// The request that sets what is in `set`, and leaves all else.
pub(super) fn request(set: &Set) -> Attrs {
    let mut attrs = question(set.name);
    for (number, value) in &set.numbers {
        match set.group.is_byte(*number) {
            // What the grammar of an option of one byte takes fits.
            true => attrs.push(*number, &[u8::try_from(*value).unwrap_or(u8::MAX)]),
            false => attrs.push(*number, &value.to_ne_bytes()),
        };
    }
    for (number, bits) in set.bits.iter().filter(|(_, bits)| !bits.is_empty()) {
        attrs.push(*number | NESTED, bitset(bits).as_bytes());
    }
    attrs
}

/// Bits by name: those that are not named stay.
fn bitset(bits: &Bits) -> Attrs {
    let mut list = Attrs::new();
    for (name, on) in bits {
        let mut bit = Attrs::new();
        bit.push(BIT_NAME, format!("{name}\0").as_bytes());
        if *on {
            bit.push(BIT_VALUE, &[]);
        }
        list.push(BIT | NESTED, bit.as_bytes());
    }
    let mut set = Attrs::new();
    set.push(BITS | NESTED, list.as_bytes());
    set
}

/// What an answer says; what moves by itself is left out.
pub(super) fn seen(group: Group, answer: &[u8]) -> Seen {
    let mut seen = Seen::default();
    for (number, payload) in nla::iter(answer).filter(|(number, _)| *number != HEADER && !group.moves(*number)) {
        if group.is_bits(number) {
            seen.bits.insert(number, bits(payload));
        } else if let Some(value) = value(payload) {
            seen.numbers.insert(number, value);
        }
    }
    seen
}

fn value(payload: &[u8]) -> Option<u32> {
    match *payload {
        [byte] => Some(u32::from(byte)),
        [a, b, c, d] => Some(u32::from_ne_bytes([a, b, c, d])),
        _ => None,
    }
}

/// The bits of a set. One without a mask lists those that are on.
fn bits(payload: &[u8]) -> Bits {
    let lists_on = nla::iter(payload).any(|(number, _)| number == NO_MASK);
    let list = nla::iter(payload).find(|(number, _)| *number == BITS);
    let list = list.map(|(_, list)| list).unwrap_or_default();
    let all = nla::iter(list).filter_map(|(_, bit)| {
        let (_, name) = nla::iter(bit).find(|(number, _)| *number == BIT_NAME)?;
        let name = String::from_utf8_lossy(name.strip_suffix(b"\0").unwrap_or(name)).into_owned();
        let on = lists_on || nla::iter(bit).any(|(number, _)| number == BIT_VALUE);
        Some((name, on))
    });
    all.collect()
}
