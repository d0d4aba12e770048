//! One row per scalar option: everything the program knows of it.

use crate::ethtool::Field;
use crate::kernel_attr::{Form, KernelAttr, Nest};
use crate::name::Mac;
use crate::types::Kind;
use std::net::IpAddr;

/// What carries the option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum On {
    /// Any link.
    Link,
    /// Any link whose driver has such a setting: what ethtool(8) sets.
    Nic,
    /// A bridge.
    Bridge,
    /// A port of a bridge (may be written under the port, or under the bridge as a `port=value` list).
    BridgePort,
    /// A bond.
    Bond,
    /// A port of a bond.
    BondPort,
    /// A VLAN link.
    Vlan,
    /// A VXLAN link.
    Vxlan,
    /// A veth pair.
    Veth,
    /// A macvlan link.
    Macvlan,
    /// A VRF.
    Vrf,
    /// One address of a link (netmask, broadcast, scope …).
    Address,
}

impl On {
    /// The kind of link whose `IFLA_INFO_DATA` or `IFLA_INFO_SLAVE_DATA` holds it, where that is fixed.
    pub fn kind(self) -> Option<Kind> {
        match self {
            On::Bridge | On::BridgePort => Some(Kind::Bridge),
            On::Bond | On::BondPort => Some(Kind::Bond),
            On::Vlan => Some(Kind::Vlan),
            On::Vxlan => Some(Kind::Vxlan),
            On::Veth => Some(Kind::Veth),
            On::Macvlan => Some(Kind::Macvlan),
            On::Vrf => Some(Kind::Vrf),
            On::Link | On::Nic | On::Address => None,
        }
    }
}

/// Another spelling and the tool that it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The spelling, with `-`.
    pub name: &'static str,
    /// `ifupdown2`, `ifupdown-ng`, `bridge-utils`, `ifenslave`, `vlan`, `classic`, `proxmox`.
    pub origin: &'static str,
}

/// How often it may be written under one interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// Once: a second one is a warning, the first one holds.
    Once,
    /// As often as wanted.
    Many,
}

/// How a port option is spread over ports when it is written under the bridge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// Not a port option, or only under the port itself.
    No,
    /// `port=value port=value`, or a bare value under the port.
    List,
    /// As `List`; a bare value under the bridge is for all its ports.
    ListOrAll,
}

/// What a value may look like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Grammar {
    /// Whole number in `min..=max`.
    Range {
        /// Smallest.
        min: u64,
        /// Largest.
        max: u64,
    },
    /// Number in `min..=max` with up to two decimals (seconds that the kernel keeps in hundredths).
    Decimal {
        /// Smallest.
        min: u64,
        /// Largest.
        max: u64,
    },
    /// `yes no on off 1 0 true false`; the value is 1 or 0.
    Bool,
    /// One of these words; the value is the number beside it. Several words may share a number, the first is printed.
    Choice(&'static [(&'static str, u64)]),
    /// One of these words, or a whole number in `min..=max`.
    WordsOrRange {
        /// Words and the number each stands for; only the first of a number is printed.
        words: &'static [(&'static str, u64)],
        /// Smallest.
        min: u64,
        /// Largest.
        max: u64,
    },
    /// Hardware address; `ether` may stand before it.
    Mac,
    /// The same, or `random`: one that is drawn.
    MacOrRandom,
    /// IPv4 address.
    Ip4,
    /// IPv6 address.
    Ip6,
    /// Address of either family.
    Ip,
    /// Up to `max` IPv4 addresses, with spaces or commas between; the option may be repeated.
    Ip4List {
        /// Most addresses.
        max: usize,
    },
    /// Letters of this text, each once, whose places are the bits of the number; `d` alone is 0.
    Letters(&'static str),
    /// Whole number up to `max`; `0x` before it says that it is hexadecimal.
    Mask {
        /// Largest.
        max: u64,
    },
    /// Any text, up to that many bytes.
    Text {
        /// Most bytes.
        max: usize,
    },
    /// Typed by hand in the module that owns the structure (`bridge-ports`, `address`, `bridge-vids`): this row is only
    /// for look-up, did-you-mean and documents.
    Structure,
}

/// What the number counts, in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Nothing.
    None,
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Millis,
    /// Bytes.
    Bytes,
    /// Packets or messages.
    Count,
}

/// Where it lives in the kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wire {
    /// Nowhere: structure, or used by the program alone.
    None,
    /// Attribute of `RTM_NEWLINK` itself (`IFLA_MTU` …).
    Link(&'static KernelAttr),
    /// Attribute in `IFLA_INFO_DATA`. One that has another number in each of several kinds has an attribute for each, and an
    /// address one for each family: the first of the link's kind whose form fits the value is meant.
    Data(&'static [KernelAttr]),
    /// One bit of an attribute in `IFLA_INFO_DATA` that is a value and a mask.
    Bit(&'static KernelAttr, u32),
    /// Attribute in `IFLA_INFO_SLAVE_DATA`.
    Port(&'static KernelAttr),
    /// Per-interface IPv4 setting: index into `IPV4_DEVCONF` as dumped in `IFLA_AF_SPEC` (0-based), and the name under
    /// /proc/sys/net/ipv4/conf/IFACE/.
    Conf4(u16, &'static str),
    /// The same for IPv6: index into `DEVCONF_*`, name under /proc/sys/net/ipv6/conf/IFACE/.
    Conf6(u16, &'static str),
    /// `IFLA_INET6_ADDR_GEN_MODE` in `IFLA_AF_SPEC`.
    AddrGenMode,
    /// What ethtool(8) shows and sets.
    Ethtool(Field),
}

impl Wire {
    /// The attributes of a link that hold it.
    pub fn attrs(self) -> &'static [KernelAttr] {
        match self {
            Wire::Link(attr) | Wire::Bit(attr, _) | Wire::Port(attr) => std::slice::from_ref(attr),
            Wire::Data(attrs) => attrs,
            Wire::None | Wire::Conf4(..) | Wire::Conf6(..) | Wire::AddrGenMode | Wire::Ethtool(_) => &[],
        }
    }

    /// The attributes that hold it in a link of that kind.
    pub fn attrs_of(self, kind: &Kind) -> impl Iterator<Item = &'static KernelAttr> {
        let is_there = move |attr: &&KernelAttr| attr.place.nest() != Nest::Data || attr.place.is_of(kind);
        self.attrs().iter().filter(is_there)
    }

    /// Whether the attribute of that number is one that holds it; for a port the kind is its master's.
    pub fn is_in(self, nest: Nest, kind: &Kind, number: u16) -> bool {
        let is_it = |attr: &KernelAttr| attr.place.nest() == nest && attr.number == number && attr.place.is_of(kind);
        self.attrs().iter().any(is_it)
    }

    /// Whether it is one or several addresses, which the kernel does not show where there are none.
    pub fn is_address(self) -> bool {
        let is_address = |attr: &KernelAttr| matches!(attr.form, Form::Ip4 | Form::Ip6 | Form::Ip | Form::Ips);
        self.attrs().iter().any(is_address)
    }
}

/// When it can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// At any time.
    Live,
    /// Only while the link is down; the plan takes it down and up again and says so.
    WhileDown,
    /// Only while the link has no ports (bond mode); the plan takes the ports out and back and says so.
    WithoutPorts,
    /// Only at creation: the plan deletes and makes again, and says so.
    Recreate,
}

/// A rule on another option.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Need {
    /// Only has an effect where that option has one of these values (by number).
    OneOf {
        /// The other option.
        attr: &'static str,
        /// Its numbers.
        values: &'static [u64],
        /// Whether the kernel refuses it elsewhere, rather than keep it for later.
        refused: bool,
    },
    /// Only has an effect where that option is set (and not 0).
    Set(&'static str),
    /// Cannot stand beside that option when both are set and not 0.
    Excludes(&'static str),
}

/// A value that is set on a real kernel by the tests, and what `ip -d -j link` shows then: what makes the second witness
/// of the row. Options that it needs are set with it, at the first value that will do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// The value, as in a file.
    pub text: &'static str,
    /// The key in `ip`'s answer.
    pub key: &'static str,
    /// What is there.
    pub shown: Shown,
}

/// A value in the answer of `ip -d -j link`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shown {
    /// The key is not there.
    Nothing,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(u64),
    /// A text.
    Text(&'static str),
    /// Texts.
    List(&'static [&'static str]),
}

/// A trial.
pub(crate) const fn trial(text: &'static str, key: &'static str, shown: Shown) -> Trial {
    Trial { text, key, shown }
}

/// A trial of a setting of /proc/sys, which is read there.
pub(crate) const fn setting(text: &'static str) -> Trial {
    trial(text, "", Shown::Nothing)
}

/// What becomes of an option that an earlier run set, when it is no longer written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// It goes back to the row's default.
    Default,
    /// It is taken away: there is no address any longer.
    Empty,
    /// It goes back to what the host gives a new link: what sysctl.d says of it, else the kernel's `conf/default`.
    Fresh,
    /// It goes back to what the link has of itself: the permanent address of a NIC, that of the link below of a VLAN. Other
    /// links keep it, since they would get one by chance.
    Own,
    /// It goes back to what the link had before it was set: the kernel does not say what a driver begins with.
    Before,
    /// It stays, for this reason.
    Kept(&'static str),
}

/// One row.
#[derive(Debug)]
pub struct Attr {
    /// The name, with `-`.
    pub name: &'static str,
    /// Other spellings (`_` for `-` is always allowed and not listed).
    pub aliases: &'static [Alias],
    /// What carries it.
    pub on: On,
    /// How often.
    pub times: Times,
    /// Over ports.
    pub spread: Spread,
    /// What it looks like.
    pub value: Grammar,
    /// What it counts.
    pub unit: Unit,
    /// What holds where it is not written: ifupdown2's or the kernel's, as text in the file's unit. `None`: the kernel's
    /// value is left alone.
    pub default: Option<&'static str>,
    /// Where it lives.
    pub wire: Wire,
    /// File unit to kernel unit: the kernel's number is the file's times this (100 for seconds in USER_HZ).
    pub scale: u64,
    /// When it can change.
    pub change: Change,
    /// Whether it decides what a link is, what its ports or its parent are, or how the host is reached over it: without it a
    /// link is not the one that is meant, so that a slip in its name is an error.
    pub decides: bool,
    /// Rules.
    pub needs: &'static [Need],
    /// How it is tried on a real kernel: each row that lives there has one.
    pub trials: &'static [Trial],
    /// What it does, one or two sentences.
    pub doc: &'static str,
    /// A value as in a file.
    pub example: &'static str,
    /// Man page section, kernel document or header that says so.
    pub source: &'static str,
}

/// A row with nothing in it, to be filled by `Attr { name: …, ..ROW }`.
pub(crate) const ROW: Attr = Attr {
    name: "",
    aliases: &[],
    on: On::Link,
    times: Times::Once,
    spread: Spread::No,
    value: Grammar::Structure,
    unit: Unit::None,
    default: None,
    wire: Wire::None,
    scale: 1,
    change: Change::Live,
    decides: false,
    needs: &[],
    trials: &[],
    doc: "",
    example: "",
    source: "",
};

/// A value, typed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// A number in the kernel's unit, a choice's number, or 0/1.
    Number(u64),
    /// A hardware address.
    Mac(Mac),
    /// A hardware address that is drawn, before the machine is looked at.
    Drawn,
    /// An address.
    Ip(IpAddr),
    /// A text.
    Text(String),
    /// Several addresses (`bond-arp-ip-target`).
    Ips(Vec<IpAddr>),
}

impl Attr {
    /// What becomes of the option when it is no longer written.
    pub fn gone(&self) -> Gone {
        match (self.wire, self.default) {
            (Wire::Conf4(..) | Wire::Conf6(..) | Wire::AddrGenMode, _) => Gone::Fresh,
            (wire, _) if wire.is_address() => Gone::Empty,
            (Wire::Ethtool(_), _) => Gone::Before,
            (_, Some(_)) => Gone::Default,
            (_, None) if self.name == "hwaddress" => Gone::Own,
            (_, None) if self.name == "bond-primary" => Gone::Empty,
            (_, None) if self.name == "bridge-pathcosts" => Gone::Kept(
                "the kernel takes its own cost again only when the port is taken out of the bridge and put back",
            ),
            (_, None) => Gone::Kept("a link of that kind is not without it"),
        }
    }

    /// The attribute of ethtool netlink that it is, where it is one.
    pub fn field(&self) -> Option<&Field> {
        match &self.wire {
            Wire::Ethtool(field) => Some(field),
            _ => None,
        }
    }

    /// Whether a setting of the whole host reaches every link, so that what the link had before says nothing.
    pub fn follows_host(&self) -> bool {
        matches!(
            self.wire,
            Wire::Conf4(_, "forwarding") | Wire::Conf6(_, "forwarding" | "disable_ipv6")
        )
    }
}
