//! One NIC: what a pin has to know of it.

use cleat_model::snapshot::{Link, Snapshot};
use cleat_model::types::Kind;
use cleat_naming::facts;
use cleat_naming::link_file::{Device, HardwareAddress};
use cleat_naming::pins::AddressKey;
use cleat_root::{Root, paths};
use std::path::{Path, PathBuf};

/// The address that a NIC can be known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Own {
    /// This one, which is to stand behind that key.
    Known(HardwareAddress, AddressKey),
    /// None, and why.
    Unknown(String),
}

/// Where the driver of a NIC is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Module {
    /// In the kernel itself.
    BuiltIn,
    /// In the module of that name.
    Named(String),
    /// It cannot be told.
    Unknown,
}

/// A network interface that stands for hardware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nic {
    /// Its name now.
    pub name: String,
    /// Its other names now.
    pub altnames: Vec<String>,
    /// What .link files can ask of it.
    pub device: Device,
    /// What it can be known by.
    pub own: Own,
    /// The NIC whose virtual function it is (SR-IOV).
    pub function_of: Option<String>,
    /// Where its driver is: an initramfs without the driver does not name it.
    pub module: Module,
    /// Whether the kernel says that the name it has is predictable: no program has given it.
    pub has_predictable_name: bool,
}

/// `NET_ADDR_RANDOM` and `NET_ADDR_SET` of linux/netdevice.h: what /sys/class/net/IFACE/addr_assign_type says.
const RANDOM: &str = "1";
const SET: &str = "3";
/// `NET_NAME_PREDICTABLE` of linux/netdevice.h: what name_assign_type says.
const PREDICTABLE: &str = "2";

impl Nic {
    /// Reads the NIC of that name; `None` where the link stands for no hardware. `snapshot` tells what only netlink knows:
    /// without it there are the address in use, and the own one of a port of a bond and of a captured NIC.
    pub fn read(root: &Root, name: &str, snapshot: Option<&Snapshot>) -> Option<Self> {
        let directory = Path::new(paths::SYS_CLASS_NET).join(name);
        if !root.exists(directory.join("device")) {
            return None;
        }
        let link = snapshot.and_then(|snapshot| snapshot.find(name));
        let mut device = Device::read(root, name);
        device.permanent = match link {
            Some(link) => link.perm_mac.and_then(|mac| HardwareAddress::new(mac.bytes())),
            None => facts::own_address(root, name).and_then(|address| address.parse().ok()),
        };
        device.kind = None;
        let assigned = root.read_text(directory.join("addr_assign_type")).unwrap_or_default();
        let function_of = physical_function(root, &directory);
        // Its driver may call permanent what it drew at this boot, and udev set another (igbvf of Linux 6.1 in QEMU).
        let own = match &function_of {
            Some(of) => Own::Unknown(format!(
                "as a virtual function of {of} it gets another address at every boot"
            )),
            None => own(&device, link, &assigned),
        };
        Some(Self {
            name: name.to_owned(),
            altnames: link.map(|link| link.altnames.clone()).unwrap_or_default(),
            own,
            function_of,
            module: module(root, &directory),
            has_predictable_name: root
                .read_text(directory.join("name_assign_type"))
                .is_ok_and(|said| said == PREDICTABLE),
            device,
        })
    }

    /// Whether this is one of its names, now.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.altnames.iter().any(|alt| alt == name)
    }

    /// The address that it is known by.
    pub fn address(&self) -> Option<&HardwareAddress> {
        match &self.own {
            Own::Known(address, _) => Some(address),
            Own::Unknown(_) => None,
        }
    }
}

/// The address that a NIC has when udev sees it at boot, and the key that matches it then.
///
/// A port of a bond shows the bond's address. Where it has a permanent one that is the key; virtio and other virtual
/// NICs have none, but the bond remembers the address that they came with (`IFLA_BOND_SLAVE_PERM_HWADDR`).
fn own(device: &Device, link: Option<&Link>, assigned: &str) -> Own {
    let bond_port = link.is_some_and(|link| link.port_kind == Some(Kind::Bond));
    let usable = |address: &HardwareAddress| address.is_unicast_ether();
    if let Some(permanent) = device.permanent.clone().filter(usable) {
        let key = match device.address.as_ref() == Some(&permanent) && !bond_port {
            true => AddressKey::Current,
            false => AddressKey::Permanent,
        };
        return Own::Known(permanent, key);
    }
    let address = match bond_port {
        true => link
            .and_then(Link::bond_port_mac)
            .and_then(|mac| HardwareAddress::new(mac.bytes())),
        false => device.address.clone(),
    };
    match address {
        Some(address) if !usable(&address) => Own::Unknown(format!("{address} cannot be the address of one NIC")),
        Some(_) if assigned == RANDOM => Own::Unknown("its address is a random one, another at every boot".to_owned()),
        Some(_) if assigned == SET && !bond_port => {
            let text = "its address was changed, and it has no permanent one: what it has at boot is not known";
            Own::Unknown(text.to_owned())
        }
        Some(address) => Own::Known(address, AddressKey::Current),
        None => Own::Unknown("it has no hardware address".to_owned()),
    }
}

/// The module of a NIC's driver. *Source*: `module_add_driver` in kernel/module of Linux makes the link; a driver that is
/// built in has none.
fn module(root: &Root, directory: &Path) -> Module {
    let driver = directory.join("device/driver");
    match root.read_link(driver.join("module")) {
        Ok(path) => match path.file_name() {
            Some(name) => Module::Named(name.to_string_lossy().replace('-', "_")),
            None => Module::Unknown,
        },
        Err(_) if root.exists(&driver) => Module::BuiltIn,
        Err(_) => Module::Unknown,
    }
}

/// The NIC whose virtual function a NIC is. *Source*: Linux's Documentation/PCI/pci-iov-howto.rst, `physfn`.
fn physical_function(root: &Root, directory: &Path) -> Option<String> {
    let physical: PathBuf = directory.join("device/physfn");
    if !root.exists(&physical) {
        return None;
    }
    let names = root.read_dir(physical.join("net")).unwrap_or_default();
    let first = names.first().map(|name| name.to_string_lossy().into_owned());
    Some(first.unwrap_or_else(|| "another NIC".to_owned()))
}
