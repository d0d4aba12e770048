//! From the facts of a NIC to the names that udev would offer.
//!
//! *Source*: systemd.net-naming-scheme(7). What the page leaves open was tried: `udevadm test-builtin net_id` of systemd
//! 252, 254, 257 and 262 over invented trees, which tests/oracle.rs does again.

mod buses;
mod devicetree;
mod name;
mod pci;
mod slot;

pub use name::{Illegal, legal};

use crate::facts::{Device, NicFacts};
use crate::number::{Base, boolean, signed, unsigned};
use crate::scheme::{Flag, Scheme};
use crate::udev::Udev;
use name::Name;

/// Where a name comes from: what systemd.link(5) calls a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameSource {
    /// udev's hardware database: `ID_NET_NAME_FROM_DATABASE`.
    Database,
    /// A number of the firmware, or an alias of the devicetree: `ID_NET_NAME_ONBOARD`.
    Onboard,
    /// The slot: `ID_NET_NAME_SLOT`.
    Slot,
    /// The way to it over the buses: `ID_NET_NAME_PATH`.
    Path,
    /// The MAC address: `ID_NET_NAME_MAC`.
    Mac,
}

impl NameSource {
    /// In the order in which a name is looked for by default.
    pub const ALL: [NameSource; 5] = [
        NameSource::Database,
        NameSource::Onboard,
        NameSource::Slot,
        NameSource::Path,
        NameSource::Mac,
    ];

    /// The property of udev that holds the name.
    pub fn property(self) -> &'static str {
        match self {
            NameSource::Database => "ID_NET_NAME_FROM_DATABASE",
            NameSource::Onboard => "ID_NET_NAME_ONBOARD",
            NameSource::Slot => "ID_NET_NAME_SLOT",
            NameSource::Path => "ID_NET_NAME_PATH",
            NameSource::Mac => "ID_NET_NAME_MAC",
        }
    }

    /// As `NamePolicy=` writes it.
    pub fn word(self) -> &'static str {
        match self {
            NameSource::Database => "database",
            NameSource::Onboard => "onboard",
            NameSource::Slot => "slot",
            NameSource::Path => "path",
            NameSource::Mac => "mac",
        }
    }
}

/// A name that udev would offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Where it comes from.
    pub origin: NameSource,
    /// The name; of up to 127 bytes, not always [`legal`] for an interface.
    pub name: String,
    /// What its parts stand for: `Ethernet, PCI bus 5 slot 0, function 1`.
    pub reason: String,
}

/// What udev would offer for a NIC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prediction {
    /// The names, in the order of [`NameSource::ALL`], one of each origin at most.
    pub candidates: Vec<Candidate>,
    /// The text that the firmware has for an onboard device: `ID_NET_LABEL_ONBOARD`. No policy takes it for a name.
    pub label: Option<String>,
    /// Why udev does not look for names at all, where that is so.
    pub nameless: Option<Nameless>,
}

/// Why udev does not look for names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nameless {
    /// It stands on another interface, as a VLAN does.
    Stacked,
    /// Its index or that of the interface below it cannot be read.
    Unreadable,
    /// Its link type has no names, in this scheme at least.
    LinkType,
}

impl Prediction {
    /// The name of an origin.
    pub fn from_origin(&self, origin: NameSource) -> Option<&Candidate> {
        self.candidates.iter().find(|candidate| candidate.origin == origin)
    }
}

impl std::fmt::Display for Nameless {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Nameless::Stacked => "it stands on another interface",
            Nameless::Unreadable => "the kernel does not say which interface it stands on",
            Nameless::LinkType => "its link type has no names in this scheme",
        })
    }
}

/// The names that `udev` would offer for a NIC under `scheme`.
///
/// *Shape*: a scheme that is newer than the udev is applied as if the udev knew it.
pub fn predict(facts: &NicFacts, scheme: &Scheme, udev: Udev) -> Prediction {
    let context = Context { facts, scheme, udev };
    let prefix = match context.prefix() {
        Ok(prefix) => prefix,
        Err(nameless) => {
            return Prediction {
                nameless: Some(nameless),
                ..Prediction::default()
            };
        }
    };
    let mut offered = Offered::default();
    if let Some(name) = facts.property(NameSource::Database.property()) {
        let reason = "udev's hardware database";
        offered.set(NameSource::Database, Name::of(name, reason));
    }
    context.mac(prefix, &mut offered);
    context.devicetree(prefix, &mut offered);
    for bus in [
        Context::ccw,
        Context::vio,
        Context::platform,
        Context::netdevsim,
        Context::xen,
        Context::pci,
        Context::usb,
        Context::bcma,
    ] {
        let found = bus(&context, prefix, &mut offered);
        if found == Found::Named && !udev.is_rewritten() {
            break;
        }
    }
    offered.into_prediction()
}

/// Whether a kind of bus was the NIC's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Named,
    Nothing,
}

/// What is found so far; what is found later replaces what was there.
#[derive(Default)]
struct Offered {
    names: [Option<Name>; NameSource::ALL.len()],
    label: Option<String>,
}

impl Offered {
    fn set(&mut self, origin: NameSource, name: Name) {
        if name.fits() {
            self.names[origin as usize] = Some(name);
        }
    }

    fn into_prediction(self) -> Prediction {
        let candidate = |(origin, name): (NameSource, Option<Name>)| {
            let Name { text, reason } = name?;
            Some(Candidate {
                origin,
                name: text,
                reason,
            })
        };
        Prediction {
            candidates: NameSource::ALL
                .into_iter()
                .zip(self.names)
                .filter_map(candidate)
                .collect(),
            label: self.label,
            nameless: None,
        }
    }
}

/// What kind of interface it is, as names begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prefix {
    Ethernet,
    Wireless,
    Mobile,
    Infiniband,
    Slip,
    Mctp,
}

impl Prefix {
    fn name(self) -> Name {
        let (text, reason) = match self {
            Prefix::Ethernet => ("en", "Ethernet"),
            Prefix::Wireless => ("wl", "wireless"),
            Prefix::Mobile => ("ww", "mobile broadband"),
            Prefix::Infiniband => ("ib", "InfiniBand"),
            Prefix::Slip => ("sl", "serial line"),
            Prefix::Mctp => ("mc", "MCTP"),
        };
        Name::of(text, reason)
    }
}

/// Link types of `linux/if_arp.h`.
mod arphrd {
    pub(super) const ETHER: u64 = 1;
    pub(super) const INFINIBAND: u64 = 32;
    pub(super) const SLIP: u64 = 256;
    pub(super) const MCTP: u64 = 290;
}

/// A NIC as one udev sees it under one scheme.
struct Context<'a> {
    facts: &'a NicFacts,
    scheme: &'a Scheme,
    udev: Udev,
}

const U32: u64 = u32::MAX as u64;

impl<'a> Context<'a> {
    fn has(&self, flag: Flag) -> bool {
        self.scheme.has(flag)
    }

    /// An attribute of a device, as far as the device's properties let udev read it.
    fn attribute<'d>(&self, device: &'d Device, name: &str) -> Option<&'d str> {
        if self.udev.filters_attributes() && !allowed(device, name) {
            return None;
        }
        device.attribute(name)
    }

    /// An attribute of the interface itself.
    fn own(&self, name: &str) -> Option<&'a str> {
        self.attribute(self.facts.devices.first()?, name)
    }

    fn link_type(&self) -> Option<u64> {
        unsigned(self.own("type")?, Base::Written, U32)
    }

    fn prefix(&self) -> Result<Prefix, Nameless> {
        let number = |name| signed(self.own(name)?, Base::Written);
        let stands_on = number("iflink").ok_or(Nameless::Unreadable)?;
        let index = self
            .facts
            .attribute("ifindex")
            .and_then(|text| signed(text, Base::Written));
        if index.ok_or(Nameless::Unreadable)? != stands_on {
            return Err(Nameless::Stacked);
        }
        let plain = match self.link_type() {
            Some(arphrd::ETHER) => Prefix::Ethernet,
            Some(arphrd::INFINIBAND) if self.has(Flag::Infiniband) => Prefix::Infiniband,
            Some(arphrd::SLIP) => Prefix::Slip,
            Some(arphrd::MCTP) if self.has(Flag::Mctp) => Prefix::Mctp,
            _ => return Err(Nameless::LinkType),
        };
        if plain != Prefix::Ethernet && self.udev.is_rewritten() {
            return Ok(plain);
        }
        let devtype = self.facts.devices.first().and_then(|device| device.devtype.as_deref());
        Ok(match devtype {
            Some("wlan") => Prefix::Wireless,
            Some("wwan") => Prefix::Mobile,
            _ => plain,
        })
    }

    /// The MAC address, where it is burnt in.
    fn mac(&self, prefix: Prefix, offered: &mut Offered) {
        let burnt_in = || unsigned(self.own("addr_assign_type")?, Base::Written, U32);
        if self.link_type() == Some(arphrd::INFINIBAND) || burnt_in() != Some(0) {
            return;
        }
        if let Some(mac) = self.own("address").and_then(mac_digits) {
            offered.set(NameSource::Mac, prefix.name().and(format!("x{mac}"), "MAC address"));
        }
    }

    /// The device that the interface hangs on, virtio passed over: its place among the facts' devices.
    fn below_virtio(&self) -> Option<usize> {
        let mut devices = self.facts.devices.iter().enumerate().skip(1);
        Some(devices.find(|(_, device)| !device.is_in("virtio"))?.0)
    }

    /// The nearest device of a subsystem behind the device number `after`.
    fn above(&self, after: usize, fits: impl Fn(&Device) -> bool) -> Option<usize> {
        let mut devices = self.facts.devices.iter().enumerate().skip(after + 1);
        Some(devices.find(|(_, device)| fits(device))?.0)
    }
}

/// Whether udev may read an attribute of a device.
fn allowed(device: &Device, attribute: &str) -> bool {
    let key = format!("ID_NET_NAME_ALLOW_{}", attribute.to_ascii_uppercase());
    let said = |key: &str| device.properties.get(key);
    match said(&key).or_else(|| said("ID_NET_NAME_ALLOW")) {
        // What is neither yes nor no is an error, and the attribute unread.
        Some(text) => boolean(text).unwrap_or(false),
        None => true,
    }
}

/// The digits of a hardware address of six bytes.
fn mac_digits(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split(':').collect();
    let byte = |part: &&str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    (parts.len() == 6 && parts.iter().all(byte)).then(|| parts.concat().to_ascii_lowercase())
}
