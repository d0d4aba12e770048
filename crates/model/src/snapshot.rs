//! The kernel as read now, in the shapes of the plan.

use crate::ethtool::Ethtool;
use crate::hash::Map;
use crate::kernel_attr::{KernelAttr, Nest, Release};
use crate::name::{IfName, Mac};
use crate::nla::Attrs;
use crate::types::{Address, Fdb, Kind, Multipath, Neighbour, Route, Rule, VlanRange};
use serde::{Deserialize, Serialize};

/// `IFF_UP` of linux/if.h.
pub const IFF_UP: u32 = 1;
/// `IFF_LOOPBACK`.
pub const IFF_LOOPBACK: u32 = 8;
/// `IFF_LOWER_UP`: has carrier.
pub const IFF_LOWER_UP: u32 = 1 << 16;

/// `IFLA_ADDRESS` of linux/if_link.h.
pub const IFLA_ADDRESS: u16 = 1;
/// `IFLA_MTU`.
pub const IFLA_MTU: u16 = 4;
/// `IFLA_LINK`.
pub const IFLA_LINK: u16 = 5;
/// `IFLA_TXQLEN`.
pub const IFLA_TXQLEN: u16 = 13;
/// `IFLA_IFALIAS`.
pub const IFLA_IFALIAS: u16 = 20;
/// `IFLA_MIN_MTU` and `IFLA_MAX_MTU`: what the driver takes.
pub const IFLA_MTU_LIMITS: [u16; 2] = [50, 51];
/// `IFLA_GROUP`.
pub const IFLA_GROUP: u16 = 27;
/// `IFLA_BOND_SLAVE_PERM_HWADDR`.
pub const IFLA_BOND_SLAVE_PERM_HWADDR: u16 = 4;

/// The attributes of `RTM_NEWLINK` that [`Link::attrs`] keeps: those that a row or the plan reads.
pub const KEPT_LINK_ATTRS: &[u16] = &[
    IFLA_ADDRESS,
    IFLA_MTU,
    IFLA_TXQLEN,
    IFLA_IFALIAS,
    IFLA_GROUP,
    IFLA_MTU_LIMITS[0],
    IFLA_MTU_LIMITS[1],
];

/// One link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Kernel index.
    pub index: u32,
    /// Name.
    pub name: IfName,
    /// Alternative names (longer than [`IfName`] allows, so plain text).
    pub altnames: Vec<String>,
    /// What it is.
    pub kind: Kind,
    /// `ifi_type`: 1 Ethernet, 772 loopback, 32 InfiniBand.
    pub device_type: u16,
    /// `IFF_*`.
    pub flags: u32,
    /// `IFLA_OPERSTATE` (RFC 2863): 2 down, 3 lower-layer-down, 5 dormant, 6 up, 0 unknown.
    pub operstate: u8,
    /// `IFLA_PERM_ADDRESS`.
    pub perm_mac: Option<Mac>,
    /// Index of its bridge, bond or VRF.
    pub master: Option<u32>,
    /// `IFLA_LINK`: index of the link below (VLAN, macvlan) or the other end (veth); 0 is none.
    pub parent: Option<u32>,
    /// `IFLA_LINK_NETNSID`: the parent or peer is in another network namespace.
    pub parent_netns: Option<i32>,
    /// Attributes of the link itself, only [`KEPT_LINK_ATTRS`].
    pub attrs: Attrs,
    /// Payload of `IFLA_INFO_DATA`.
    pub data: Attrs,
    /// `IFLA_INFO_SLAVE_KIND`, where it is a port.
    pub port_kind: Option<Kind>,
    /// Payload of `IFLA_INFO_SLAVE_DATA`.
    pub port: Attrs,
    /// `IFLA_INET_CONF` of `IFLA_AF_SPEC`: values of `IPV4_DEVCONF_*`, the first at 0.
    pub conf4: Vec<i32>,
    /// `IFLA_INET6_CONF`: values of `DEVCONF_*`, the first at 0. Empty where IPv6 is off.
    pub conf6: Vec<i32>,
    /// `IFLA_INET6_ADDR_GEN_MODE`.
    pub addr_gen_mode: Option<u8>,
    /// What ethtool(8) shows of it, as far as it was asked for.
    pub ethtool: Option<Box<Ethtool>>,
    /// Whether an attribute could not be decoded; what is here is right, more may be there.
    pub partial: bool,
}

impl Link {
    /// `IFLA_MTU` in bytes.
    pub fn mtu(&self) -> u32 {
        number(self.attrs.get(IFLA_MTU)).unwrap_or(0)
    }

    /// Smallest and largest MTU that its driver takes, where the kernel tells them (since 4.19); a largest one of 0 is no
    /// limit.
    pub fn mtu_limits(&self) -> Option<(u64, u64)> {
        let [min, max] = IFLA_MTU_LIMITS.map(|number_of| number(self.attrs.get(number_of)));
        let max = u64::from(max?);
        Some((u64::from(min?), if max == 0 { u64::MAX } else { max }))
    }

    /// `IFLA_ADDRESS`.
    pub fn mac(&self) -> Option<Mac> {
        self.attrs.get(IFLA_ADDRESS).and_then(Mac::new)
    }

    /// `IFLA_BOND_SLAVE_PERM_HWADDR`: the address that a port of a bond had before it took the bond's.
    pub fn bond_port_mac(&self) -> Option<Mac> {
        let bond_port = self.port_kind == Some(Kind::Bond);
        self.port
            .get(IFLA_BOND_SLAVE_PERM_HWADDR)
            .filter(|_| bond_port)
            .and_then(Mac::new)
    }

    /// `IFLA_IFALIAS`.
    pub fn alias(&self) -> Option<String> {
        let bytes = self.attrs.get(IFLA_IFALIAS)?;
        Some(String::from_utf8_lossy(bytes.strip_suffix(b"\0").unwrap_or(bytes)).into_owned())
    }

    /// Whether it is administratively up.
    pub fn is_up(&self) -> bool {
        self.flags & IFF_UP != 0
    }

    /// Whether it has carrier.
    pub fn has_carrier(&self) -> bool {
        self.flags & IFF_LOWER_UP != 0
    }

    /// Whether it is `lo`.
    pub fn is_loopback(&self) -> bool {
        self.flags & IFF_LOOPBACK != 0
    }
}

fn number(bytes: Option<&[u8]>) -> Option<u32> {
    bytes?.try_into().ok().map(u32::from_ne_bytes)
}

/// Everything that was read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    links: Vec<Link>,
    by_name: Map<IfName, usize>,
    by_index: Map<u32, usize>,
    /// Addresses by link index, in the kernel's order.
    pub addresses: Map<u32, Vec<Address>>,
    /// Routes out of one link, by its index, all tables but local.
    pub routes: Map<u32, Vec<Route>>,
    /// Routes over several links, all tables but local.
    pub multipath: Vec<Multipath>,
    /// Bridge VLANs by link index (of ports, and of VLAN-aware bridges themselves), ranges as the kernel gave them.
    pub vlans: Map<u32, Vec<VlanRange>>,
    /// Fixed forwarding entries by link index.
    pub fdb: Map<u32, Vec<Fdb>>,
    /// Rules without a selector, in the order in which they are asked; `None` where they were not read.
    pub rules: Option<Vec<Rule>>,
    /// Neighbours that were given by hand, by link index.
    pub neighbours: Map<u32, Vec<Neighbour>>,
    /// Which kernel it is; `None`: one that knows every attribute.
    pub release: Option<Release>,
}

impl Snapshot {
    /// An empty kernel.
    pub fn new() -> Self {
        Self::default()
    }

    /// These links and no more; of two with one index the later holds.
    pub fn of(links: Vec<Link>) -> Self {
        let mut all = Self::new();
        all.by_name.reserve(links.len());
        all.by_index.reserve(links.len());
        let mut places = links.iter().enumerate();
        let distinct = places.all(|(at, link)| {
            all.by_name.insert(link.name, at);
            all.by_index.insert(link.index, at).is_none()
        });
        if distinct {
            all.links = links;
            return all;
        }
        let mut all = Self::new();
        links.into_iter().for_each(|link| all.insert(link));
        all
    }

    /// Whether the kernel lacks the attribute: it is of an older release, and no link shows that it was ported back.
    pub fn lacks(&self, attr: &KernelAttr) -> bool {
        let shows = |link: &Link| {
            let (kind, attrs) = match attr.place.nest() {
                Nest::Link => (Some(&link.kind), &link.attrs),
                Nest::Data => (Some(&link.kind), &link.data),
                Nest::Port => (link.port_kind.as_ref(), &link.port),
            };
            kind.is_some_and(|kind| attr.place.is_of(kind)) && attrs.get(attr.number).is_some()
        };
        self.release.is_some_and(|release| release < attr.since) && !self.links.iter().any(shows)
    }

    /// Adds a link, or replaces the one with that index.
    pub fn insert(&mut self, link: Link) {
        if let Some(at) = self.by_index.get(&link.index).copied() {
            self.by_name.remove(&self.links[at].name);
            self.by_name.insert(link.name, at);
            self.links[at] = link;
            return;
        }
        self.by_index.insert(link.index, self.links.len());
        self.by_name.insert(link.name, self.links.len());
        self.links.push(link);
    }

    /// Takes a link and all that hangs on it away.
    pub fn remove(&mut self, index: u32) -> Option<Link> {
        let at = self.by_index.get(&index).copied()?;
        let link = self.links.remove(at);
        self.by_name.remove(&link.name);
        self.by_index.remove(&link.index);
        for (at, link) in self.links.iter().enumerate().skip(at) {
            self.by_name.insert(link.name, at);
            self.by_index.insert(link.index, at);
        }
        self.addresses.remove(&index);
        self.routes.remove(&index);
        self.vlans.remove(&index);
        self.fdb.remove(&index);
        self.neighbours.remove(&index);
        Some(link)
    }

    /// All links in the kernel's order.
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// The link of that name.
    pub fn get(&self, name: IfName) -> Option<&Link> {
        self.by_name.get(&name).map(|at| &self.links[*at])
    }

    /// The link that has `name` as its name or one of its alternative names.
    pub fn find(&self, name: &str) -> Option<&Link> {
        let by_name = IfName::new(name).ok().and_then(|name| self.get(name));
        by_name.or_else(|| {
            self.links
                .iter()
                .find(|link| link.altnames.iter().any(|alt| alt == name))
        })
    }

    /// The link of that index.
    pub fn by_index(&self, index: u32) -> Option<&Link> {
        self.by_index.get(&index).map(|at| &self.links[*at])
    }

    /// The same, to change it. The name and index must stay.
    pub fn by_index_mut(&mut self, index: u32) -> Option<&mut Link> {
        self.by_index.get(&index).map(|at| &mut self.links[*at])
    }

    /// The links whose master has that index.
    pub fn ports(&self, master: u32) -> impl Iterator<Item = &Link> {
        self.links.iter().filter(move |link| link.master == Some(master))
    }

    /// Addresses of a link.
    pub fn addresses(&self, index: u32) -> &[Address] {
        self.addresses.get(&index).map_or(&[], Vec::as_slice)
    }

    /// Routes out of a link.
    pub fn routes(&self, index: u32) -> &[Route] {
        self.routes.get(&index).map_or(&[], Vec::as_slice)
    }

    /// VLANs of a link.
    pub fn vlans(&self, index: u32) -> &[VlanRange] {
        self.vlans.get(&index).map_or(&[], Vec::as_slice)
    }

    /// Whether there is such a rule. Where rules were not read there is none.
    pub fn has_rule(&self, rule: Rule) -> bool {
        self.rules.as_ref().is_some_and(|rules| rules.contains(&rule))
    }

    /// Neighbours of a link that were given by hand.
    pub fn neighbours(&self, index: u32) -> &[Neighbour] {
        self.neighbours.get(&index).map_or(&[], Vec::as_slice)
    }

    /// Fixed forwarding entries of a link.
    pub fn fdb(&self, index: u32) -> &[Fdb] {
        self.fdb.get(&index).map_or(&[], Vec::as_slice)
    }
}
