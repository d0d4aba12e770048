//! What `[Match]` can ask of a NIC.

use super::address::HardwareAddress;
use crate::database::noted;
use crate::kernel_name::{Clues, KernelName};
use cleat_root::{Root, paths};
use std::collections::BTreeMap;
use std::path::Path;

/// `ARPHRD_LOOPBACK` of linux/if_arp.h.
const LOOPBACK: u16 = 772;

/// Properties that udev gives a device only after it has looked for its .link file: the database has those of the boot
/// that runs, and at the next they are not there yet.
///
/// *Source*: systemd's 80-net-setup-link.rules and 99-systemd.rules; net_setup_link itself sets the first ones.
const LATER: &[&str] = &[
    LINK_FILE,
    "ID_NET_LINK_FILE_DROPINS",
    "ID_NET_NAME",
    "ID_RENAMING",
    "ID_PROCESSING",
    "SYSTEMD_ALIAS",
    "SYSTEMD_WANTS",
    "SYSTEMD_READY",
];

/// The .link file that a device got at this boot.
const LINK_FILE: &str = "ID_NET_LINK_FILE";

/// A network device as udev sees it when it looks for the .link file; what is not known is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// Its name now.
    pub name: String,
    /// What the kernel calls it at boot: the udev property `INTERFACE`, which `OriginalName=` is compared with.
    pub kernel: KernelName,
    /// Its directory of sysfs without the last part, which is its name: `/devices/pci0000:00/0000:00:03.0/net`.
    pub directory: Option<String>,
    /// Its index now: the property `IFINDEX`; at the next boot it may be another.
    pub index: Option<String>,
    /// `DEVTYPE` of its uevent; `None` where that cannot be read, empty where it has none.
    pub devtype: Option<String>,
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
        let uevent = text("uevent");
        let said = |key: &str| {
            let mut lines = uevent.as_deref().unwrap_or_default().lines();
            lines.find_map(|line| line.strip_prefix(key)?.strip_prefix('=').map(str::to_owned))
        };
        let bound = || {
            let path = root.read_link(directory.join("device/driver")).ok()?;
            Some(path.file_name()?.to_string_lossy().into_owned())
        };
        let properties: Option<BTreeMap<String, String>> = said("IFINDEX").and_then(|index| noted(root, &index));
        let place = root.real_path(&directory).ok();
        let devtype = said("DEVTYPE");
        let mut kernel = KernelName::of(&Clues {
            now: name,
            assigned: text("name_assign_type").as_deref(),
            link_type: number,
            devtype: devtype.as_deref(),
            hardware: root.exists(directory.join("device")),
            usb: place
                .as_ref()
                .is_some_and(|place| place.components().any(|part| is_usb(part.as_os_str()))),
            nics: nics(root),
        });
        // Where its driver is in the initramfs, udev has named it there.
        let named = properties.iter().flatten();
        kernel.may_be_renamed(
            named
                .filter(|(key, _)| key.starts_with("ID_NET_NAME_"))
                .map(|(_, name)| name.clone()),
        );
        Self {
            name: said("INTERFACE").unwrap_or_else(|| name.to_owned()),
            kernel,
            directory: place.and_then(|place| sysfs_directory(&place)),
            index: said("IFINDEX"),
            address: text("address").and_then(|text| text.parse().ok()),
            permanent: None,
            driver: properties
                .as_ref()
                .and_then(|said| said.get("ID_NET_DRIVER").cloned())
                .or_else(bound),
            kind: None,
            device_type: devtype.clone().or_else(|| type_name(number?).map(str::to_owned)),
            devtype: uevent.is_some().then(|| devtype.unwrap_or_default()),
            properties,
            loopback: number == Some(LOOPBACK),
        }
    }

    /// The .link file that it got at this boot, as udev noted it.
    pub fn file_of_this_boot(&self) -> Option<&str> {
        self.properties.as_ref()?.get(LINK_FILE).map(String::as_str)
    }

    /// A property of udev's database that is there when udev looks for the .link file; an error where that is not known.
    pub(super) fn property(&self, key: &str) -> Result<Option<&str>, ()> {
        if LATER.contains(&key) {
            return Ok(None);
        }
        let properties = self.properties.as_ref().ok_or(())?;
        Ok(properties.get(key).map(String::as_str))
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

/// How many links of the root stand for a device.
fn nics(root: &Root) -> usize {
    let names = root.read_dir(paths::SYS_CLASS_NET).unwrap_or_default();
    let is_nic = |name: &&std::ffi::OsString| root.exists(Path::new(paths::SYS_CLASS_NET).join(name).join("device"));
    names.iter().filter(is_nic).count()
}

/// Whether a part of a device's path is a USB bus: `usb1`.
fn is_usb(part: &std::ffi::OsStr) -> bool {
    let number = part.to_str().and_then(|part| part.strip_prefix("usb"));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What `DEVPATH` of a link's uevent has before the link's name.
fn sysfs_directory(place: &Path) -> Option<String> {
    let below = place.parent()?.strip_prefix("/sys").ok()?;
    Some(format!("/{}", below.display()))
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
