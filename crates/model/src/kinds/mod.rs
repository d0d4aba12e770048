//! The kinds of link, a row each: what makes a stanza one, what it stands on, what it gives and takes. All that is not in
//! the row follows from it. A new kind is a file here and its line in [`FILES`].

mod bond;
mod bridge;
mod dummy;
mod macvlan;
mod plain;
mod veth;
mod vlan;
mod vrf;
mod vxlan;

use crate::kernel::KernelError;
use crate::nla::Attrs;
use crate::snapshot::Link;
use crate::types::Kind;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

/// All rows, by file.
static FILES: [&[KindRow]; 8] = [
    bridge::ROWS,
    bond::ROWS,
    vxlan::ROWS,
    vrf::ROWS,
    veth::ROWS,
    macvlan::ROWS,
    dummy::ROWS,
    vlan::ROWS,
];

/// One kind.
#[derive(Debug)]
pub struct KindRow {
    /// The variant, where the engine has code for the kind alone; the row is all of the others.
    pub own: Option<Kind>,
    /// The word of `ip link add type`.
    pub word: &'static str,
    /// As in a sentence: `a VLAN link`.
    pub called: &'static str,
    /// As in a picture: `VLAN`.
    pub label: &'static str,
    /// The class of its nodes in pictures.
    pub drawn: Drawn,
    /// The kernel module, as modprobe knows it.
    pub module: &'static str,
    /// Whether udev sees a `DEVTYPE` in its uevent; others are of the type of their frames.
    pub devtype: bool,
    /// What makes a stanza one, the surest first.
    pub told_by: &'static [Told],
    /// What it stands on.
    pub below: Below,
    /// What it takes as ports.
    pub ports: Option<Ports>,
    /// Options without which it cannot be made.
    pub lacks: &'static [Lack],
    /// How its MTU follows from others.
    pub mtu: Mtu,
    /// What the kernel gives a new one that stands on nothing.
    pub fresh_mtu: u32,
    /// Smallest and largest MTU: `min_mtu` and `max_mtu` of the driver's setup function.
    pub sizes: (u64, u64),
    /// Where its hardware address comes from.
    pub mac: MacFrom,
    /// The option that is shown beside its name, and the word before the value.
    pub detail: Option<(&'static str, &'static str)>,
    /// Attributes of its data without which there is no such link, or another one.
    pub identity: &'static [u16],
    /// Attributes of its data that are addresses: the kernel shows none where they are zero.
    pub addresses: &'static [u16],
    /// Attributes of its data whose value is the index of a link.
    pub links: &'static [u16],
    /// What else the kernel may mean where it says that there is one already.
    pub twin: Option<&'static str>,
    /// Why Linux does not make it, beyond what it asks of every link.
    pub refuses: fn(&New<'_>) -> Result<(), KernelError>,
}

/// What all rows begin with: an Ethernet link that stands on nothing.
const ROW: KindRow = KindRow {
    own: None,
    word: "",
    called: "",
    label: "",
    drawn: Drawn::Nic,
    module: "",
    devtype: false,
    told_by: &[],
    below: Below::Nothing,
    ports: None,
    lacks: &[],
    mtu: Mtu::Own,
    fresh_mtu: 1500,
    sizes: (68, 65535),
    mac: MacFrom::Chance,
    detail: None,
    identity: &[],
    addresses: &[],
    links: &[],
    twin: None,
    refuses: |_| Ok(()),
};

/// What makes a stanza one of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// The option is written.
    By(&'static str),
    /// The option has this value.
    As(&'static str, &'static str),
}

impl Told {
    /// The option.
    pub fn option(&self) -> &'static str {
        match self {
            Told::By(option) | Told::As(option, _) => option,
        }
    }
}

/// What a link stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Below {
    /// Nothing.
    Nothing,
    /// Another link, in `IFLA_LINK`, which this option names.
    Link(Option<&'static str>),
    /// Another link, by index in this attribute of its own data, which this option names.
    Data(u16, &'static str),
    /// Nothing: `IFLA_LINK` is the other end, which this option names.
    Peer(&'static str),
}

impl Below {
    /// The option that names it.
    pub fn option(&self) -> Option<&'static str> {
        match self {
            Below::Nothing => None,
            Below::Link(option) => *option,
            Below::Data(_, option) | Below::Peer(option) => Some(option),
        }
    }
}

/// What a link takes as ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// The option that lists them.
    pub listed: Option<&'static str>,
    /// The option by which a port names its master.
    pub said: Option<&'static str>,
    /// Whether frames go to the master, so that an address on the port answers nobody.
    pub layer_2: bool,
}

/// An option without which a link cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lack {
    /// The option.
    pub option: &'static str,
    /// Code of the message.
    pub code: &'static str,
    /// What the stanza does not say: the message without the name.
    pub text: &'static str,
}

/// How an MTU follows from others where no line says it.
#[derive(Clone, Copy, Debug)]
pub enum Mtu {
    /// It does not.
    Own,
    /// Unknown here: the kernel or others choose it.
    Others,
    /// That of the link below, and never more.
    Below,
    /// That of the link below without the outer headers, which the link's data tell.
    Inside(fn(&Attrs) -> u32),
    /// It is given to the ports.
    GivenToPorts,
    /// The smallest of the ports'.
    OfPorts,
}

/// Where a hardware address comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MacFrom {
    /// From chance, as the kernel makes the link.
    Chance,
    /// From the link below.
    Below,
    /// From a port.
    Ports,
}

/// The class of a link in pictures, from the lowest up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Drawn {
    /// As a NIC; so are others that rest on nothing we know (dummy, veth).
    Nic,
    /// As a bond.
    Bond,
    /// As a VLAN: one of several on a link.
    Vlan,
    /// As a tunnel.
    Tunnel,
    /// As a bridge.
    Bridge,
    /// As a VRF.
    Vrf,
}

/// A link that is about to be made.
#[derive(Clone, Copy, Debug)]
pub struct New<'a> {
    /// The link that it is to stand on.
    pub below: Option<&'a Link>,
    /// Its own options.
    pub data: &'a Attrs,
    /// The MTU that is asked for.
    pub mtu: Option<u32>,
    /// Whether it is to be up at once.
    pub up: bool,
    /// The links that there are already; none where a plan only asks what would be.
    pub others: &'a [Link],
}

impl New<'_> {
    /// Whether a link of that kind has these attributes already, each as it is or as the kernel would choose it.
    fn is_taken(&self, kind: &Kind, attrs: &[(u16, &[u8])]) -> bool {
        self.others.iter().any(|other| {
            other.kind == *kind
                && attrs.iter().all(|(number, usual)| {
                    let of = |data: &Attrs| data.get(*number).unwrap_or(usual).to_vec();
                    of(&other.data) == of(self.data)
                })
        })
    }
}

/// A kind of which the row is all there is.
#[derive(Clone, Copy, Debug)]
pub struct Tabled(&'static KindRow);

impl PartialEq for Tabled {
    fn eq(&self, other: &Self) -> bool {
        self.0.word == other.0.word
    }
}

impl Eq for Tabled {}

impl PartialOrd for Tabled {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Tabled {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.word.cmp(other.0.word)
    }
}

impl Hash for Tabled {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.word.hash(state);
    }
}

impl Kind {
    /// Its row.
    pub fn row(&self) -> &'static KindRow {
        match self {
            Kind::Physical => &plain::PHYSICAL,
            Kind::Bridge => &bridge::ROWS[0],
            Kind::Bond => &bond::ROWS[0],
            Kind::Vlan => &vlan::ROWS[0],
            Kind::Vxlan => &vxlan::ROWS[0],
            Kind::Veth => &veth::ROWS[0],
            Kind::Macvlan => &macvlan::ROWS[0],
            Kind::Vrf => &vrf::ROWS[0],
            Kind::Dummy => &dummy::ROWS[0],
            Kind::Row(row) => row.0,
            Kind::Other(_) => &plain::OTHER,
        }
    }
}

impl KindRow {
    /// The kind of the row.
    pub fn kind(&'static self) -> Kind {
        self.own.clone().unwrap_or(Kind::Row(Tabled(self)))
    }

    /// Whether it takes ports whose frames come to it.
    pub fn is_layer_2_master(&self) -> bool {
        self.ports.is_some_and(|ports| ports.layer_2)
    }

    /// The option that lists its ports.
    pub fn port_list(&self) -> Option<&'static str> {
        self.ports?.listed
    }

    /// The index that its data holds of the link below.
    fn in_data(&self, link: &Link) -> Option<u32> {
        match self.below {
            Below::Data(number, _) => link.data.get(number)?.try_into().ok().map(u32::from_ne_bytes),
            Below::Nothing | Below::Link(_) | Below::Peer(_) => None,
        }
    }
}

/// The rows of all kinds that are made here.
pub fn all() -> impl Iterator<Item = &'static KindRow> {
    FILES.iter().flat_map(|rows| rows.iter())
}

/// The row of a word of `ip link add type`.
pub fn of_word(word: &str) -> Option<&'static KindRow> {
    all().find(|row| row.word == word)
}

impl Link {
    /// The index of the link that it stands on, in this namespace. The other end of a veth pair is not below it.
    pub fn below(&self) -> Option<u32> {
        let row = self.kind.row();
        let index = match row.below {
            Below::Nothing | Below::Peer(_) => None,
            Below::Link(_) => self.parent,
            Below::Data(..) => row.in_data(self),
        };
        index.filter(|index| self.parent_netns.is_none() && *index != 0 && *index != self.index)
    }

    /// The index of its other end, where it is one of a pair and both are in this namespace.
    pub fn peer(&self) -> Option<u32> {
        let is_pair = matches!(self.kind.row().below, Below::Peer(_));
        self.parent.filter(|_| is_pair && self.parent_netns.is_none())
    }
}

#[cfg(test)]
mod tests;
