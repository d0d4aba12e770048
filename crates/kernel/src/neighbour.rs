//! Whether somebody answers for an address on a link: the kernel's own ARP and neighbour discovery are made to ask.

use crate::decode::{AF_INET, AF_INET6, ip, number_at};
use crate::netlink::Netlink;
use crate::socket::Request;
use cleat_model::kernel::KernelError;
use cleat_model::name::Mac;
use cleat_model::nla;
use cleat_model::types::Neighbour as Fixed;
use netlink_packet_core::{NLM_F_CREATE, NLM_F_REPLACE};
use netlink_packet_route::neighbour::{
    NeighbourAddress, NeighbourAttribute, NeighbourFlags, NeighbourMessage, NeighbourState,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use nix::libc;
use std::net::IpAddr;

/// `NUD_*` of linux/neighbour.h.
const REACHABLE: u16 = 0x02;
const FAILED: u16 = 0x20;
const NOARP: u16 = 0x40;
const PERMANENT: u16 = 0x80;

/// What the kernel knows of an address on a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Neighbour {
    /// It was asked for, or is not known at all.
    Unknown,
    /// It answered.
    Answers,
    /// It was asked for three times, and nobody answered.
    Silent,
    /// Its hardware address was given by hand, or the link has none: nobody is asked.
    Fixed,
}

impl Netlink {
    /// Makes the kernel ask who has `address` on the link of that index, as it would for a packet to it; whatever it
    /// learned before is forgotten first. Like `ip neigh del ADDRESS dev LINK; ip neigh add ADDRESS dev LINK use`.
    ///
    /// # Errors
    /// The link is gone, or we are not root.
    pub(crate) fn ask_neighbour(&mut self, index: u32, address: IpAddr) -> Result<(), KernelError> {
        if self.neighbour(index, address)? == Neighbour::Fixed {
            return Ok(());
        }
        let mut question = message(index, address);
        question.header.flags = NeighbourFlags::Use;
        let ask = Request {
            message: RouteNetlinkMessage::NewNeighbour(question),
            flags: NLM_F_CREATE | NLM_F_REPLACE,
        };
        let mut answers = self.socket_mut().transact(&[forget(index, address), ask]);
        // That there was nothing to forget is as well.
        answers.pop().unwrap_or(Ok(()))
    }

    /// What the kernel knows of `address` on the link of that index, like `ip neigh get ADDRESS dev LINK`.
    ///
    /// # Errors
    /// The link is gone.
    pub(crate) fn neighbour(&mut self, index: u32, address: IpAddr) -> Result<Neighbour, KernelError> {
        let question = RouteNetlinkMessage::GetNeighbour(message(index, address));
        match self.socket_mut().ask(&question, state) {
            Ok(state) => Ok(state.unwrap_or(Neighbour::Unknown)),
            Err(error) if error.errno == libc::ENOENT => Ok(Neighbour::Unknown),
            Err(error) => Err(error),
        }
    }
}

/// `NTF_ROUTER` of linux/neighbour.h.
const ROUTER: u8 = 0x80;
const NDA_DST: u16 = 1;
const NDA_LLADDR: u16 = 2;

impl Netlink {
    /// The neighbours of all links that were given by hand, each with the index of its link, like
    /// `ip neigh show nud permanent`.
    pub(crate) fn fixed_neighbours(&mut self) -> Result<Vec<(u32, Fixed)>, KernelError> {
        let question = RouteNetlinkMessage::GetNeighbour(NeighbourMessage::default());
        self.socket
            .dump(&question, |_, body| fixed(body))
            .map(|found| found.last)
    }

    /// Gives links neighbours by hand, like `ip neigh replace ADDRESS lladdr MAC dev LINK nud permanent`.
    pub(crate) fn give_neighbours(&mut self, all: &[(u32, Fixed)]) -> Result<(), KernelError> {
        let give = |(index, neighbour): &(u32, Fixed)| {
            let mut message = message(*index, neighbour.ip);
            message.header.state = NeighbourState::Other(PERMANENT);
            if neighbour.router {
                message.header.flags = NeighbourFlags::Router;
            }
            let mac = neighbour.mac.bytes().to_vec();
            message.attributes.push(NeighbourAttribute::LinkLayerAddress(mac));
            Request {
                message: RouteNetlinkMessage::NewNeighbour(message),
                flags: NLM_F_CREATE | NLM_F_REPLACE,
            }
        };
        let requests: Vec<Request> = all.iter().map(give).collect();
        let answers = self.socket.transact(&requests);
        answers.into_iter().rfind(Result::is_err).unwrap_or(Ok(()))
    }
}

/// The index of the link, and the neighbour; `None` for those that were learned, and those of links without addresses.
///
/// *Source*: `struct ndmsg` of linux/neighbour.h: index at 4, state at 8, flags at 10, attributes from 12.
fn fixed(body: &[u8]) -> Option<(u32, Fixed)> {
    let [family, _, _, _, _, _, _, _, s0, s1, flags, ..] = *body else {
        return None;
    };
    let is_ip = matches!(family, AF_INET | AF_INET6);
    if !is_ip || u16::from_ne_bytes([s0, s1]) & PERMANENT == 0 {
        return None;
    }
    let (mut to, mut mac) = (None, None);
    for (kind, bytes) in nla::iter(body.get(12..)?) {
        match kind {
            NDA_DST => to = ip(bytes),
            NDA_LLADDR => mac = Mac::new(bytes),
            _ => {}
        }
    }
    let neighbour = Fixed {
        ip: to?,
        mac: mac?,
        router: flags & ROUTER != 0,
    };
    Some((number_at(body, 4)?, neighbour))
}

/// Forgets what is known of `address` on the link of that index, like `ip neigh del ADDRESS dev LINK`.
pub(crate) fn forget(index: u32, address: IpAddr) -> Request {
    Request {
        message: RouteNetlinkMessage::DelNeighbour(message(index, address)),
        flags: 0,
    }
}

fn message(index: u32, address: IpAddr) -> NeighbourMessage {
    let mut message = NeighbourMessage::default();
    message.header.ifindex = index;
    let (family, address) = match address {
        IpAddr::V4(address) => (AddressFamily::Inet, NeighbourAddress::Inet(address)),
        IpAddr::V6(address) => (AddressFamily::Inet6, NeighbourAddress::Inet6(address)),
    };
    message.header.family = family;
    message.attributes = vec![NeighbourAttribute::Destination(address)];
    message
}

/// The state in a `struct ndmsg`: two bytes at offset 8.
fn state(body: &[u8]) -> Option<Neighbour> {
    let state = u16::from_ne_bytes(body.get(8..10)?.try_into().ok()?);
    Some(match state {
        _ if state & (PERMANENT | NOARP) != 0 => Neighbour::Fixed,
        _ if state & REACHABLE != 0 => Neighbour::Answers,
        _ if state & FAILED != 0 => Neighbour::Silent,
        _ => Neighbour::Unknown,
    })
}
