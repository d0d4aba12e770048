//! Addresses.

use super::*;
use crate::attrs::virtual_link::VRF_TABLE;
use crate::types::{Kind, ScopeId};
use std::net::IpAddr;

/// `IFA_F_SECONDARY` of linux/if_addr.h.
pub(crate) const IFA_F_SECONDARY: u32 = 0x01;
/// `IFA_F_PERMANENT`.
pub(crate) const IFA_F_PERMANENT: u32 = 0x80;
const IFA_F_NOPREFIXROUTE: u32 = 0x200;
/// `IPV4_DEVCONF_PROMOTE_SECONDARIES` (20) of linux/ip.h, counted from 0.
pub(crate) const CONF4_PROMOTE_SECONDARIES: usize = 19;
/// `DEVCONF_DISABLE_IPV6` of linux/ipv6.h.
const CONF6_DISABLE: usize = 26;

/// Whether the link can have IPv6 addresses: it has IPv6 (an MTU of 1280 or more), and IPv6 is not switched off.
pub(crate) fn takes_ipv6(link: &Link) -> bool {
    link.conf6.get(CONF6_DISABLE) == Some(&0)
}

/// `DEVCONF_KEEP_ADDR_ON_DOWN`.
pub(super) const CONF6_KEEP_ADDRESSES: usize = 42;

/// The network of an address.
pub(crate) fn network(ip: IpAddr, prefix: u8) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
            IpAddr::V4((u32::from(ip) & mask).into())
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix.min(128))).unwrap_or(0);
            IpAddr::V6((u128::from(ip) & mask).into())
        }
    }
}

/// Whether `ip` lies in the subnet of the address.
pub(crate) fn covers(address: &Address, ip: IpAddr) -> bool {
    let base = address.peer.unwrap_or(address.ip);
    base.is_ipv4() == ip.is_ipv4() && network(base, address.prefix) == network(ip, address.prefix)
}

/// Whether both are in one IPv4 subnet, so that the later one is secondary (`inet_ifa_match` with equal masks).
pub(crate) fn same_subnet(a: &Address, b: &Address) -> bool {
    a.ip.is_ipv4() && b.ip.is_ipv4() && a.prefix == b.prefix && covers(a, b.peer.unwrap_or(b.ip))
}

/// Whether the kernel keeps both on one link. An IPv6 address is there once, whatever its prefix and peer
/// (`ipv6_get_ifaddr`), an IPv4 address once in a subnet (`__inet_insert_ifa`).
pub(crate) fn excludes(a: &Address, b: &Address) -> bool {
    a.ip == b.ip && (a.ip.is_ipv6() || same_subnet(a, b))
}

/// The routing table of the VRF that a link is a member of, or is itself.
pub(crate) fn vrf_table(link: &Link, now: &Snapshot) -> Option<u32> {
    let vrf = match link.kind == Kind::Vrf {
        true => link,
        false => now.by_index(link.master?).filter(|master| master.kind == Kind::Vrf)?,
    };
    let bytes = vrf.data.get(VRF_TABLE.number)?;
    bytes.try_into().ok().map(u32::from_ne_bytes)
}

impl FakeKernel {
    pub(super) fn add_address(&mut self, name: IfName, address: &Address, replace: bool) -> Answer {
        let index = self.index(name)?;
        let link = self.link(index)?;
        let widest = if address.ip.is_ipv4() { 32 } else { 128 };
        if address.prefix > widest {
            return Err(refuse(EINVAL, "Invalid prefix length"));
        }
        if address.ip.is_ipv6() && !takes_ipv6(link) {
            return Err(refuse(EACCES, "IPv6 is disabled on this device"));
        }
        let there = self.now.addresses(index).iter().position(|old| excludes(old, address));
        if there.is_some() && !replace {
            return Err(KernelError::errno(EEXIST));
        }
        self.touch(index);
        let mut new = address.clone();
        new.flags = address.flags
            | if address.preferred.is_none() {
                IFA_F_PERMANENT
            } else {
                0
            };
        if address.ip.is_ipv6() {
            new.scope = scope6(address.ip);
            new.broadcast = None;
            new.label = None;
        }
        let all = self.now.addresses.entry(index).or_default();
        match there {
            Some(at) => {
                // `inet_rtm_newaddr` with NLM_F_REPLACE changes lifetimes and metric alone.
                all[at].preferred = new.preferred;
                all[at].valid = new.valid;
                all[at].metric = new.metric;
            }
            None => {
                let second = all
                    .iter()
                    .any(|old| same_subnet(old, &new) && old.flags & IFA_F_SECONDARY == 0);
                if second {
                    new.flags |= IFA_F_SECONDARY;
                }
                all.push(new.clone());
                if !second {
                    self.connect(index, &new);
                }
            }
        }
        Ok(())
    }

    pub(super) fn del_address(&mut self, name: IfName, address: &Address) -> Answer {
        let index = self.index(name)?;
        let promotes = self
            .link(index)?
            .conf4
            .get(CONF4_PROMOTE_SECONDARIES)
            .is_some_and(|on| *on != 0);
        let Some(at) = self.now.addresses(index).iter().position(|old| old.same(address)) else {
            return Err(KernelError::errno(EADDRNOTAVAIL));
        };
        self.touch(index);
        let all = self.now.addresses.entry(index).or_default();
        let gone = all.remove(at);
        let primary = gone.ip.is_ipv4() && gone.flags & IFA_F_SECONDARY == 0;
        if primary && promotes {
            let next = all.iter_mut().find(|old| same_subnet(old, &gone));
            if let Some(next) = next {
                next.flags &= !IFA_F_SECONDARY;
            }
        } else if primary {
            all.retain(|old| !same_subnet(old, &gone));
        }
        self.disconnected(index, &gone);
        Ok(())
    }

    /// Routes that go with an address: the kernel's own of its subnet, those that name it as source, and with the last
    /// IPv4 address all IPv4 routes (`fib_inetaddr_event`). A source that another link still has is not a reason
    /// (`fib_del_ifaddr`), and an IPv6 route only loses its source (`rt6_remove_prefsrc`).
    fn disconnected(&mut self, index: u32, gone: &Address) {
        let left: Vec<Address> = self.now.addresses(index).to_vec();
        let last = gone.ip.is_ipv4() && !left.iter().any(|address| address.ip.is_ipv4());
        let kept = self.now.addresses.values().flatten().any(|is| is.ip == gone.ip);
        if let Some(routes) = self.now.routes.get_mut(&index) {
            let lose = |route: &&mut Route| !kept && gone.ip.is_ipv6() && route.source == Some(gone.ip);
            routes.iter_mut().filter(lose).for_each(|route| route.source = None);
            routes.retain(|route| {
                let v4 = route.to.0.is_ipv4();
                let subnet = route.protocol == 2
                    && route.via.is_none()
                    && route.to == (network(gone.peer.unwrap_or(gone.ip), gone.prefix), gone.prefix);
                let covered = left
                    .iter()
                    .any(|address| address.prefix == gone.prefix && covers(address, gone.peer.unwrap_or(gone.ip)));
                let orphan = !kept && route.source == Some(gone.ip) && !(subnet && covered);
                let flushed = last && v4;
                !orphan && !flushed && (covered || !subnet)
            });
            if let Some(heir) = left.iter().find(|address| same_subnet(address, gone)) {
                for route in routes.iter_mut().filter(|route| route.source == Some(gone.ip)) {
                    route.source = Some(heir.ip);
                }
            }
        }
    }

    /// The kernel's own route of an address, where the link is up.
    fn connect(&mut self, index: u32, address: &Address) {
        let up = self.now.by_index(index).is_some_and(Link::is_up);
        let host = matches!((address.ip, address.prefix), (IpAddr::V4(_), 32)) && address.peer.is_none();
        if !up || host || address.flags & IFA_F_NOPREFIXROUTE != 0 {
            return;
        }
        let v4 = address.ip.is_ipv4();
        let route = Route {
            to: (
                network(address.peer.unwrap_or(address.ip), address.prefix),
                address.prefix,
            ),
            via: None,
            onlink: false,
            metric: match (address.metric, v4) {
                (0, false) => 256,
                (metric, _) => metric,
            },
            table: self.table(index),
            protocol: 2,
            source: v4.then_some(address.ip),
            scope: ScopeId(if v4 { 253 } else { 0 }),
            more: Attrs::new(),
            legs: Vec::new(),
        };
        let routes = self.now.routes.entry(index).or_default();
        if !routes.contains(&route) {
            routes.push(route);
        }
    }

    /// The routing table of a link: that of its VRF, or main.
    fn table(&self, index: u32) -> u32 {
        const MAIN: u32 = 254;
        let link = self.now.by_index(index);
        link.and_then(|link| vrf_table(link, &self.now)).unwrap_or(MAIN)
    }

    pub(super) fn connect_all(&mut self, index: u32) {
        self.touch(index);
        for address in self.now.addresses(index).to_vec() {
            if address.flags & IFA_F_SECONDARY == 0 {
                self.connect(index, &address);
            }
        }
    }

    /// A link that goes down loses all its routes and its IPv6 addresses; IPv4 addresses stay.
    ///
    /// With `keep_addr_on_down` the IPv6 addresses stay that were given for good, but for the link-local one.
    ///
    /// *Source*: `fib_disable_ip`, `addrconf_ifdown`.
    pub(super) fn disconnect(&mut self, index: u32) {
        self.touch(index);
        self.now.routes.remove(&index);
        let link = self.now.by_index(index);
        let lo = link.is_some_and(Link::is_loopback);
        let keeps = link.and_then(|link| link.conf6.get(CONF6_KEEP_ADDRESSES));
        let keeps = keeps.is_some_and(|keeps| *keeps > 0);
        if let Some(addresses) = self.now.addresses.get_mut(&index) {
            addresses.retain(|address| {
                let lasts = address.flags & IFA_F_PERMANENT != 0 && scope6(address.ip).0 != 253;
                address.ip.is_ipv4() || lo && address.ip.is_loopback() || keeps && lasts
            });
        }
    }

    pub(super) fn forget_v6(&mut self, index: u32) {
        self.touch(index);
        if let Some(addresses) = self.now.addresses.get_mut(&index) {
            addresses.retain(|address| address.ip.is_ipv4());
        }
        if let Some(routes) = self.now.routes.get_mut(&index) {
            routes.retain(|route| route.to.0.is_ipv4());
        }
    }
}

/// *Source*: `ipv6_addr_type` in include/net/ipv6.h: the scope of an IPv6 address is in the address.
pub(crate) fn scope6(ip: IpAddr) -> ScopeId {
    match ip {
        IpAddr::V6(ip) if ip.is_loopback() => ScopeId(254),
        IpAddr::V6(ip) if ip.segments()[0] & 0xffc0 == 0xfe80 => ScopeId(253),
        IpAddr::V6(ip) if ip.segments()[0] & 0xffc0 == 0xfec0 => ScopeId(200),
        _ => ScopeId(0),
    }
}
