//! Small shared shapes: kinds of link, addresses, routes, VLAN ranges.

use crate::kinds::{self, Tabled};
use crate::name::{IfName, Mac};
use crate::nla::Attrs;
use crate::show;
use crate::snapshot::Snapshot;
use cleat_diag::Place;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;

/// What a link is, by the word that `ip link add type` takes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum Kind {
    /// No `IFLA_INFO_KIND`: a NIC, or `lo`.
    Physical,
    /// `bridge`
    Bridge,
    /// `bond`
    Bond,
    /// `vlan`
    Vlan,
    /// `vxlan`
    Vxlan,
    /// `veth`
    Veth,
    /// `dummy`
    Dummy,
    /// `macvlan`
    Macvlan,
    /// `vrf`
    Vrf,
    /// One that is a row of [`crate::kinds`] and nothing more.
    Row(Tabled),
    /// A word that has no row.
    Other(Box<str>),
}

impl Kind {
    /// The word of `ip link add type`; empty for [`Kind::Physical`].
    pub fn word(&self) -> &str {
        if let Kind::Other(word) = self {
            return word;
        }
        self.row().word
    }

    /// The kind of that word.
    pub fn from_word(word: &str) -> Self {
        match (word, kinds::of_word(word)) {
            ("", _) => Kind::Physical,
            (_, Some(row)) => row.kind(),
            (other, None) => Kind::Other(other.into()),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.word())
    }
}

impl From<Kind> for String {
    fn from(kind: Kind) -> Self {
        kind.word().to_owned()
    }
}

impl From<String> for Kind {
    fn from(word: String) -> Self {
        Self::from_word(&word)
    }
}

/// Why something is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// It stands there in a file.
    Said(Place),
    /// It is the default of the attribute of that name.
    Default(&'static str),
    /// It follows from what stands there, by the rule named.
    Implied(Place, &'static str),
    /// It is the program's own, without a line of the user's (a NIC seen in the kernel, `lo`).
    Own(&'static str),
}

impl Origin {
    /// The place to point at, where there is one.
    pub fn place(&self) -> Option<Place> {
        match self {
            Origin::Said(place) | Origin::Implied(place, _) => Some(*place),
            Origin::Default(_) | Origin::Own(_) => None,
        }
    }
}

/// A run of VLAN ids with the same flags, as one netlink range.
///
/// *Shape*: `first..=last`, 1 to 4094. *Source*: `struct bridge_vlan_info` in linux/if_bridge.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VlanRange {
    /// First id.
    pub first: u16,
    /// Last id, included.
    pub last: u16,
    /// `BRIDGE_VLAN_INFO_PVID`: untagged frames that come in get this id (`first == last` then).
    pub pvid: bool,
    /// `BRIDGE_VLAN_INFO_UNTAGGED`: frames go out without a tag.
    pub untagged: bool,
}

impl fmt::Display for VlanRange {
    /// As `bridge vlan add` takes it: `5 pvid untagged`, `2-4094`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.first)?;
        if self.last != self.first {
            write!(out, "-{}", self.last)?;
        }
        if self.pvid {
            write!(out, " pvid")?;
        }
        if self.untagged {
            write!(out, " untagged")?;
        }
        Ok(())
    }
}

/// Scope of an address or route: `RT_SCOPE_*` of linux/rtnetlink.h (0 universe/global, 200 site, 253 link, 254 host, 255 nowhere).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ScopeId(pub u8);

/// An address as the kernel keeps it.
///
/// *Identity* (what RTM_DELADDR needs): `ip`, `prefix` and `peer`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Address {
    /// `IFA_LOCAL` (v4) or `IFA_ADDRESS` (v6 without a peer).
    pub ip: IpAddr,
    /// Prefix length in bits.
    pub prefix: u8,
    /// The other end (`pointopoint`), where it is not the address itself.
    pub peer: Option<IpAddr>,
    /// `IFA_BROADCAST`, v4 only.
    pub broadcast: Option<IpAddr>,
    /// Scope.
    pub scope: ScopeId,
    /// `IFA_LABEL`, v4 only, where it is not the name of the link.
    pub label: Option<String>,
    /// Preferred lifetime in seconds; `None` is forever.
    pub preferred: Option<u32>,
    /// Valid lifetime in seconds; `None` is forever.
    pub valid: Option<u32>,
    /// `IFA_RT_PRIORITY`: metric of the prefix route; 0 is the kernel's own.
    pub metric: u32,
    /// `IFA_F_*` of linux/if_addr.h as read; of what is wanted only flags that can be set (nodad, noprefixroute).
    pub flags: u32,
}

impl Address {
    /// Whether the host uses it: duplicate address detection is over, and found no other host that has it.
    pub fn is_in_use(&self) -> bool {
        /// `IFA_F_DADFAILED` and `IFA_F_TENTATIVE` of linux/if_addr.h.
        const NOT_IN_USE: u32 = 0x08 | 0x40;
        self.flags & NOT_IN_USE == 0
    }

    /// An address with nothing but itself.
    pub fn plain(ip: IpAddr, prefix: u8) -> Self {
        let scope = ScopeId(0);
        Self {
            ip,
            prefix,
            peer: None,
            broadcast: None,
            scope,
            label: None,
            preferred: None,
            valid: None,
            metric: 0,
            flags: 0,
        }
    }

    /// Whether both are the same address to the kernel (RTM_NEWADDR would answer EEXIST).
    pub fn same(&self, other: &Self) -> bool {
        self.key() == other.key()
    }

    /// What makes it the same address to the kernel: see [`Address::same`].
    pub fn key(&self) -> (IpAddr, u8, Option<IpAddr>) {
        (self.ip, self.prefix, self.peer)
    }
}

impl fmt::Display for Address {
    /// As `ip addr add` takes it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.peer {
            Some(peer) => write!(out, "{} peer {peer}/{}", self.ip, self.prefix),
            None => write!(out, "{}/{}", self.ip, self.prefix),
        }
    }
}

/// A rule of policy routing that asks one table for every packet: it has no selector (`ip rule`: `from all lookup TABLE`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Rule {
    /// Of IPv6 rather than of IPv4.
    pub v6: bool,
    /// `FRA_PRIORITY`: the lowest is asked first.
    pub priority: u32,
    /// `FRA_TABLE`.
    pub table: u32,
}

impl Rule {
    /// `RT_TABLE_LOCAL` of linux/rtnetlink.h: the addresses of the host itself.
    pub const LOCAL: u32 = 255;

    /// The rule for the host's own addresses where the kernel has it from the start: before all others.
    pub fn first(v6: bool) -> Self {
        Self {
            v6,
            priority: 0,
            table: Self::LOCAL,
        }
    }
}

impl fmt::Display for Rule {
    /// As `ip rule add` takes it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "pref {} table ", self.priority)?;
        match self.table {
            Self::LOCAL => write!(out, "local"),
            254 => write!(out, "main"),
            253 => write!(out, "default"),
            table => write!(out, "{table}"),
        }
    }
}

/// A route out of one link.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Route {
    /// Destination and prefix length; `0.0.0.0/0` and `::/0` are the default routes.
    pub to: (IpAddr, u8),
    /// Gateway.
    pub via: Option<IpAddr>,
    /// `RTNH_F_ONLINK`: the gateway is taken to be on the link though no address covers it.
    pub onlink: bool,
    /// `RTA_PRIORITY`; 0 is none said (the kernel keeps 1024 for v6).
    pub metric: u32,
    /// `RTA_TABLE`; 254 is main.
    pub table: u32,
    /// `rtm_protocol`: 2 kernel, 3 boot, 4 static.
    pub protocol: u8,
    /// `RTA_PREFSRC`.
    pub source: Option<IpAddr>,
    /// Scope.
    pub scope: ScopeId,
    /// What else others gave it, as the attributes of `RTM_NEWROUTE`: metrics (mtu, advmss ..), encapsulation, realm, the
    /// id of a nexthop.
    #[serde(default, skip_serializing_if = "Attrs::is_empty")]
    pub more: Attrs,
    /// The ways of a route over several links; it has no gateway of its own then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub legs: Vec<Leg>,
}

/// One way of a route over several links.
///
/// *Source*: struct rtnexthop of linux/rtnetlink.h.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Leg<L = IfName> {
    /// Its link.
    pub link: L,
    /// Its gateway.
    pub via: Option<IpAddr>,
    /// `rtnh_hops`: its weight less one.
    pub hops: u8,
    /// `RTNH_F_ONLINK`.
    pub onlink: bool,
}

impl<L> Leg<L> {
    /// The same way out of another link.
    pub fn over<M>(&self, link: M) -> Leg<M> {
        Leg {
            link,
            via: self.via,
            hops: self.hops,
            onlink: self.onlink,
        }
    }
}

/// A route over several links, made by others: no file can ask for one.
///
/// *Shape*: `route` has neither a gateway nor legs of its own; the links of the legs are known by their index.
///
/// *Source*: `RTA_MULTIPATH` of linux/rtnetlink.h.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Multipath {
    /// Where it leads to.
    pub route: Route,
    /// The ways that it takes.
    pub legs: Vec<Leg<u32>>,
}

impl Multipath {
    /// The same by the names that links have in `snapshot`; `None` where one of them is not in there.
    pub fn named(&self, snapshot: &Snapshot) -> Option<Route> {
        let name = |leg: &Leg<u32>| Some(leg.over(snapshot.by_index(leg.link)?.name));
        Some(Route {
            legs: self.legs.iter().map(name).collect::<Option<_>>()?,
            ..self.route.clone()
        })
    }
}

impl Route {
    /// Whether both take the same place in the kernel's table (destination, table, metric, gateway).
    pub fn same(&self, other: &Self) -> bool {
        self.to == other.to && self.table == other.table && self.metric == other.metric && self.via == other.via
    }

    /// Whether it is a default route.
    pub fn is_default(&self) -> bool {
        self.to.1 == 0
    }
}

impl fmt::Display for Route {
    /// As `ip route add` takes it, without the device.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_default() {
            true => write!(out, "default")?,
            false => write!(out, "{}/{}", self.to.0, self.to.1)?,
        }
        if let Some(via) = self.via {
            write!(out, " via {via}")?;
        }
        if self.metric != 0 {
            write!(out, " metric {}", self.metric)?;
        }
        if self.table != 254 {
            write!(out, " table {}", self.table)?;
        }
        if let Some(source) = self.source {
            write!(out, " src {source}")?;
        }
        if self.onlink {
            write!(out, " onlink")?;
        }
        show::more(out, &self.more)?;
        for leg in &self.legs {
            write!(out, " nexthop")?;
            if let Some(via) = leg.via {
                write!(out, " via {via}")?;
            }
            write!(out, " dev {}", leg.link)?;
            if leg.hops > 0 {
                write!(out, " weight {}", u16::from(leg.hops) + 1)?;
            }
            if leg.onlink {
                write!(out, " onlink")?;
            }
        }
        Ok(())
    }
}

/// A forwarding entry of a bridge port or a VXLAN link.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fdb {
    /// Hardware address; all zero is the VXLAN flood list.
    pub mac: Mac,
    /// Remote VTEP (`dst` of bridge-fdb), VXLAN only.
    pub dst: Option<IpAddr>,
    /// VLAN id, bridges only.
    pub vlan: Option<u16>,
    /// `NTF_SELF` (on the link itself) or, where false, `NTF_MASTER` (in its bridge).
    pub on_self: bool,
    /// Whether its state is the usual one of its table: permanent on the link itself (`NUD_PERMANENT`), static in a bridge
    /// (`NUD_NOARP`). Else it is the other of the two.
    pub fixed: bool,
}

/// A neighbour whose hardware address somebody gave by hand (`ip neigh add ... nud permanent`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Neighbour {
    /// `NDA_DST`.
    pub ip: IpAddr,
    /// `NDA_LLADDR`.
    pub mac: Mac,
    /// `NTF_ROUTER`.
    pub router: bool,
}

impl fmt::Display for Neighbour {
    /// As `ip neigh add` takes it, without the device.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} lladdr {}", self.ip, self.mac)
    }
}
