//! From the kernel's messages to the shapes of the model.
//!
//! Every function takes the body of one message and reads attribute by attribute: what is too short, damaged or
//! unknown is left out, never the whole object.

pub(crate) mod address;
pub(crate) mod fdb;
pub(crate) mod link;
pub(crate) mod route;
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
fn number_at(body: &[u8], at: usize) -> Option<u32> {
    number(body.get(at..at + 4)?)
}

/// An IP address; its length is its family.
fn ip(bytes: &[u8]) -> Option<IpAddr> {
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
