//! Telling neighbours that an address has another hardware address now.

use crate::neighbour;
use crate::netlink::Netlink;
use cleat_model::announce::Moved;
use cleat_model::kernel::KernelError;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn6, bind, sendto, setsockopt, socket, sockopt,
};
use std::ffi::OsString;
use std::net::{IpAddr, Ipv6Addr, SocketAddrV6};
use std::os::fd::AsRawFd;

/// All nodes of a link (RFC 4291).
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
/// A neighbour advertisement is dropped unless no router passed it on (RFC 4861, 7.1.2).
const HOP_LIMIT: i32 = 255;

impl Netlink {
    /// Tells the neighbours of each address. Best effort: who does not hear it asks by itself in the end.
    ///
    /// *Errors*: the last refusal; the other addresses are told all the same.
    pub(crate) fn tell_neighbours(&mut self, moved: &[Moved]) -> Result<(), KernelError> {
        let mut told = Ok(());
        for one in moved {
            let answer = match one.address {
                // The kernel is made to look for the address itself: a gratuitous ARP request (RFC 5227, 3), heard by
                // all. Like `ip neigh add ADDRESS dev LINK use; ip neigh del ADDRESS dev LINK`.
                IpAddr::V4(_) => {
                    let asked = self.ask_neighbour(one.index, one.address);
                    // Nobody is to answer: the entry would only be seen to fail.
                    let _ = self.socket_mut().transact(&[neighbour::forget(one.index, one.address)]);
                    asked
                }
                IpAddr::V6(address) => advertise(one, address),
            };
            told = told.and(answer);
        }
        told
    }
}

/// Sends an unsolicited neighbour advertisement (RFC 4861, 7.2.6) to all nodes of the link.
fn advertise(one: &Moved, address: Ipv6Addr) -> Result<(), KernelError> {
    let refused = |errno: nix::errno::Errno| KernelError::errno(errno as i32);
    let family = AddressFamily::Inet6;
    let raw = socket(family, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::IcmpV6).map_err(refused)?;
    setsockopt(&raw, sockopt::BindToDevice, &OsString::from(one.name.as_str())).map_err(refused)?;
    setsockopt(&raw, sockopt::Ipv6MulticastHops, &HOP_LIMIT).map_err(refused)?;
    let own = SockaddrIn6::from(SocketAddrV6::new(address, 0, 0, one.index));
    bind(raw.as_raw_fd(), &own).map_err(refused)?;
    let all = SockaddrIn6::from(SocketAddrV6::new(ALL_NODES, 0, 0, one.index));
    sendto(raw.as_raw_fd(), &advertisement(one, address), &all, MsgFlags::empty()).map_err(refused)?;
    Ok(())
}

/// The message: type 136, code 0, a checksum that the kernel fills in, the override flag, the address, and as option 2 of
/// 8 bytes the hardware address.
fn advertisement(one: &Moved, address: Ipv6Addr) -> Vec<u8> {
    const OVERRIDE: u8 = 0x20;
    let head = [136, 0, 0, 0, OVERRIDE, 0, 0, 0];
    [&head[..], &address.octets(), &[2, 1], one.mac.bytes()].concat()
}
