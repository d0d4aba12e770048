//! What sysfs says of a NIC, as far as its names depend on it.
//!
//! [`nics`] lists the network interfaces of a root, [`read`] reads one, [`write`](write()) makes a tree of small files
//! from which the same facts are read again: a capture of a host, or an invented one.

mod read;
mod write;

pub use read::{nics, own_address, read};
pub use write::write;

use crate::kernel_name::{Clues, KernelName};
use crate::number::{Base, unsigned};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Attributes of a network interface that are kept.
pub(crate) const NET_ATTRIBUTES: &[&str] = &[
    "addr_assign_type",
    "address",
    "dev_id",
    "dev_port",
    "ifindex",
    "iflink",
    "name_assign_type",
    "phys_port_name",
    "type",
];

/// The file beside an interface's attributes in a captured tree that has its own address, which no kernel shows there.
pub(crate) const OWN_ADDRESS: &str = "cleat_own_address";

/// Attributes of the devices above it that are kept.
pub(crate) const DEVICE_ATTRIBUTES: &[&str] = &[
    "acpi_index",
    "ari_enabled",
    "firmware_node/sun",
    "function_id",
    "idProduct",
    "idVendor",
    "index",
    "label",
    "modalias",
    "sfnum",
];

/// `NET_ADDR_PERM`, `NET_ADDR_RANDOM`, `NET_ADDR_STOLEN` and `NET_ADDR_SET` of linux/netdevice.h: what
/// /sys/class/net/IFACE/addr_assign_type says. A bond sets the addresses of its ports, its first one's too.
const BURNT_IN: &str = "0";
const DRAWN: &str = "1";
const TAKEN: &str = "2";
const SET: &str = "3";

/// Everything about a NIC that names it, and nothing that does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NicFacts {
    /// The interface itself, then the devices it hangs on, nearest first.
    pub devices: Vec<Device>,
    /// The PCI slots that one of these devices, or the physical function of one, may be in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slots: Vec<Slot>,
    /// Aliases of the devicetree for network interfaces: name and path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub aliases: BTreeMap<String, String>,
    /// The MAC address that is its own, where it is known apart from the one in use: a port of a bond has the bond's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permanent_mac: Option<String>,
}

/// A directory of `/sys/devices` that is a device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Its directory: `/sys/devices/pci0000:00/0000:00:03.0`.
    pub syspath: String,
    /// `pci`, `usb`, `net`...; some directories have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subsystem: Option<String>,
    /// `usb_interface`, `wlan`...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub devtype: Option<String>,
    /// The kernel driver that is bound to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// Attributes by name, as the kernel shows them, without the final line end. What cannot be read is not there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// The header type of a PCI device, byte 14 of its configuration space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header_type: Option<u8>,
    /// Its node in the devicetree: `/soc/ethernet@30be0000`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_node: Option<String>,
    /// Of which function it is a virtual one (SR-IOV).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_function: Option<VirtualFunction>,
    /// What udev's rules said of it: all of the interface itself, what is about names of the devices above.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
}

/// A virtual function of a PCI device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualFunction {
    /// Its number among those of its physical function, in digits.
    pub number: String,
    /// The physical function, then the devices above it.
    pub physical: Vec<Device>,
}

/// A directory of `/sys/bus/pci/slots`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Slot {
    /// What the firmware or the driver calls it: mostly a number.
    pub name: String,
    /// The PCI address in it without the function: `0000:02:00`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

impl NicFacts {
    /// What the interface is called now.
    pub fn name(&self) -> &str {
        self.devices.first().map_or("", Device::sysname)
    }

    /// An attribute of the interface itself.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.devices.first()?.attribute(name)
    }

    /// A property that udev's rules gave the interface.
    pub fn property(&self, name: &str) -> Option<&str> {
        self.devices.first()?.properties.get(name).map(String::as_str)
    }

    /// The MAC address in use, as sysfs writes it: `52:54:00:12:34:56`.
    pub fn mac(&self) -> Option<&str> {
        self.attribute("address").filter(|text| !text.is_empty())
    }

    /// The NIC as udev sees it at boot: with its own address, which nobody has changed yet.
    #[must_use]
    pub fn at_boot(mut self) -> Self {
        let (Some(own), Some(interface)) = (self.permanent_mac.clone(), self.devices.first_mut()) else {
            return self;
        };
        // One that the kernel drew by lot (1) or took from another (2) is that of this boot alone.
        let changed = match interface.attribute("addr_assign_type") {
            Some(DRAWN | TAKEN) => false,
            Some(SET) => true,
            _ => interface.attribute("address") != Some(&own),
        };
        if changed {
            interface.attributes.insert("address".to_owned(), own);
            interface
                .attributes
                .insert("addr_assign_type".to_owned(), BURNT_IN.to_owned());
        }
        self
    }

    /// Whether the interface stands for a device: it hangs on a bus and not on another interface.
    pub fn is_hardware(&self) -> bool {
        let on_a_bus = |device: &Device| {
            device
                .subsystem
                .as_deref()
                .is_some_and(|name| !["net", "bdi"].contains(&name))
        };
        self.devices.iter().skip(1).any(on_a_bus)
    }

    /// What the kernel calls it at boot, before any program has named it.
    pub fn kernel_name(&self) -> KernelName {
        let mut name = KernelName::of(&Clues {
            now: self.name(),
            assigned: self.attribute("name_assign_type"),
            link_type: self.attribute("type").and_then(|text| text.parse().ok()),
            devtype: self.devices.first().and_then(|device| device.devtype.as_deref()),
            hardware: self.is_hardware(),
            usb: self.devices.iter().any(|device| device.is_in("usb")),
            // How many there are is not among the facts of one: more than one, so that no number is sure.
            nics: 2,
        });
        let properties = self.devices.first().map(|device| &device.properties);
        let named = properties.into_iter().flatten();
        name.may_be_renamed(
            named
                .filter(|(key, _)| key.starts_with("ID_NET_NAME_"))
                .map(|(_, name)| name.clone()),
        );
        name
    }

    /// The driver: what ethtool says where udev asked it, else that of the nearest device which has one.
    pub fn driver(&self) -> Option<&str> {
        let bound = || self.devices.iter().find_map(|device| device.driver.as_deref());
        self.property("ID_NET_DRIVER").or_else(bound)
    }

    /// The virtual function that the interface stands for.
    pub fn virtual_function(&self) -> Option<&VirtualFunction> {
        self.devices.iter().find_map(|device| device.virtual_function.as_ref())
    }
}

impl Device {
    /// The last part of its path.
    pub fn sysname(&self) -> &str {
        self.syspath.rsplit('/').next().unwrap_or_default()
    }

    /// An attribute, where it could be read.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    pub(crate) fn is_in(&self, subsystem: &str) -> bool {
        self.subsystem.as_deref() == Some(subsystem)
    }

    /// On s390 the number of a PCI function, and the name of the slot that is its own.
    pub(crate) fn s390_slot(&self) -> Option<(u64, String)> {
        let number = unsigned(self.attribute("function_id")?, Base::Written, u64::from(u32::MAX))?;
        (number > 0).then(|| (number, format!("{number:08x}")))
    }

    /// Whether its header says that it has more functions than this one.
    pub(crate) fn is_multifunction(&self) -> bool {
        self.header_type.is_some_and(|kind| kind & 0x80 != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Second witness: `udevadm test-builtin net_id` of Debian 12 gives a virtual function of igb no name by its MAC, which
    /// the kernel drew and calls permanent (scenario nic-topologies).
    #[test]
    fn an_address_that_the_kernel_drew_is_no_burnt_in_one_at_boot() {
        let at_boot = |kind: &str, permanent: &str| {
            let text = format!(
                r#"{{"permanent_mac": "{permanent}", "devices": [
                    {{"syspath": "/sys/devices/pci0000:00/0000:00:03.0/net/ens7v0", "subsystem": "net",
                      "attributes": {{"address": "66:18:39:9e:42:90", "addr_assign_type": "{kind}"}}}}]}}"#
            );
            let facts: NicFacts = serde_json::from_str::<NicFacts>(&text).unwrap().at_boot();
            let of = |name: &str| facts.attribute(name).unwrap().to_owned();
            [of("address"), of("addr_assign_type")]
        };
        let (now, own) = ("66:18:39:9e:42:90", "52:54:00:aa:00:07");
        for (kind, permanent, expected) in [
            ("1", now, [now, "1"]),
            ("2", own, [now, "2"]),
            ("3", now, [now, "0"]),
            ("3", own, [own, "0"]),
            ("0", now, [now, "0"]),
            ("0", own, [own, "0"]),
        ] {
            assert_eq!(at_boot(kind, permanent), expected, "{kind} {permanent}");
        }
    }
}
