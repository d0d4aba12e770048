//! What `[Match]` can ask of a NIC.

use super::address::HardwareAddress;
use cleat_root::{Root, paths};
use std::collections::BTreeMap;
use std::path::Path;

/// `ARPHRD_LOOPBACK` of linux/if_arp.h.
const LOOPBACK: u16 = 772;

/// A network device as udev sees it when it looks for the .link file; what is not known is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// Its name now: the udev property `INTERFACE`.
    pub name: String,
    /// Hardware address now.
    pub address: Option<HardwareAddress>,
    /// Address that its maker gave it: `IFLA_PERM_ADDRESS`; sysfs does not have it.
    pub permanent: Option<HardwareAddress>,
    /// Driver, as `ethtool -i` names it.
    pub driver: Option<String>,
    /// `IFLA_INFO_KIND`: bridge, bond, veth...; sysfs does not have it.
    pub kind: Option<String>,
    /// `DEVTYPE` of its uevent, else the name of its `ARPHRD_` type: ether, wlan, bridge...
    pub device_type: Option<String>,
    /// Properties in udev's database, `ID_PATH` among them; `None` where there is no database.
    pub properties: Option<BTreeMap<String, String>>,
    /// No .link file applies to the loopback device.
    pub loopback: bool,
}

impl Device {
    /// Reads a device from sysfs and udev's database. Never fails: what cannot be read is not known.
    ///
    /// *Source*: what `udevadm test-builtin net_setup_link` reads; the database's format is that of /run/udev/data/nINDEX.
    pub fn read(root: &Root, name: &str) -> Self {
        let directory = Path::new(paths::SYS_CLASS_NET).join(name);
        let text = |file: &str| root.read_text(directory.join(file)).ok();
        let number = text("type").and_then(|text| text.parse::<u16>().ok());
        let uevent = text("uevent").unwrap_or_default();
        let said = |key: &str| {
            let mut lines = uevent.lines();
            lines.find_map(|line| line.strip_prefix(key)?.strip_prefix('=').map(str::to_owned))
        };
        let bound = || {
            let path = root.read_link(directory.join("device/driver")).ok()?;
            Some(path.file_name()?.to_string_lossy().into_owned())
        };
        let properties: Option<BTreeMap<String, String>> = said("IFINDEX").and_then(|index| database(root, &index));
        Self {
            name: said("INTERFACE").unwrap_or_else(|| name.to_owned()),
            address: text("address").and_then(|text| text.parse().ok()),
            permanent: None,
            driver: properties
                .as_ref()
                .and_then(|said| said.get("ID_NET_DRIVER").cloned())
                .or_else(bound),
            kind: None,
            device_type: said("DEVTYPE").or_else(|| type_name(number?).map(str::to_owned)),
            properties,
            loopback: number == Some(LOOPBACK),
        }
    }

    /// All devices of the root, by name.
    pub fn all(root: &Root) -> Vec<Self> {
        let names = root.read_dir(paths::SYS_CLASS_NET).unwrap_or_default();
        let names = names.iter().filter_map(|name| name.to_str());
        names
            .filter(|name| root.is_dir(Path::new(paths::SYS_CLASS_NET).join(name)))
            .map(|name| Self::read(root, name))
            .collect()
    }
}

/// Properties of a link in udev's database: its `E:KEY=VALUE` lines.
fn database(root: &Root, index: &str) -> Option<BTreeMap<String, String>> {
    let text = root
        .read_text(Path::new(paths::UDEV_DATA).join(format!("n{index}")))
        .ok()?;
    let pairs = text.lines().filter_map(|line| line.strip_prefix("E:")?.split_once('='));
    Some(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
}

/// Name of an `ARPHRD_` number in lower case. *Source*: linux/if_arp.h.
fn type_name(number: u16) -> Option<&'static str> {
    Some(match number {
        1 => "ether",
        32 => "infiniband",
        256 => "slip",
        280 => "can",
        290 => "mctp",
        512 => "ppp",
        519 => "rawip",
        768 => "tunnel",
        769 => "tunnel6",
        LOOPBACK => "loopback",
        776 => "sit",
        778 => "ipgre",
        801 => "ieee80211",
        802 => "ieee80211_prism",
        803 => "ieee80211_radiotap",
        804 => "ieee802154",
        805 => "ieee802154_monitor",
        823 => "ip6gre",
        824 => "netlink",
        825 => "6lowpan",
        826 => "vsockmon",
        0xfffe => "none",
        0xffff => "void",
        _ => return None,
    })
}
