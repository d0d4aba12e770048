//! Reading the facts from a root.
//!
//! *Source*: what counts as a device, as its parent, and as the value of an attribute follows sd-device(3); tried with
//! udevadm of systemd 252 to 262.

use super::{DEVICE_ATTRIBUTES, Device, NET_ATTRIBUTES, NicFacts, OWN_ADDRESS, Slot, VirtualFunction};
use cleat_root::{Root, RootError, paths};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

/// The NICs of this root: the facts of every network interface that stands for a device, sorted by name.
///
/// *Errors*: `/sys/class/net` or the link of an interface in it cannot be read.
pub fn nics(root: &Root) -> Result<Vec<NicFacts>, RootError> {
    let names = root.read_dir(paths::SYS_CLASS_NET)?;
    let mut found = Vec::new();
    for name in names.iter().filter_map(|name| name.to_str()) {
        // A file here is not an interface: `bonding_masters`.
        if !root.is_dir(interface(name)) {
            continue;
        }
        match read(root, name) {
            Ok(facts) => found.extend(facts.is_hardware().then_some(facts)),
            // It went while we read.
            Err(error) if error.is_missing() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// The facts of one network interface.
///
/// *Errors*: there is no interface of this name.
pub fn read(root: &Root, name: &str) -> Result<NicFacts, RootError> {
    let path = root.real_path(interface(name))?;
    let devices = chain(root, &path);
    let physical = devices.iter().filter_map(|device| device.virtual_function.as_ref());
    let behind_slots: Vec<&Device> = devices
        .iter()
        .chain(physical.flat_map(|function| &function.physical))
        .filter(|device| device.is_in("pci"))
        .collect();
    let slots = slots(root, &behind_slots);
    let permanent_mac = own_address(root, name);
    let aliases = if devices.iter().any(|device| device.of_node.is_some()) {
        aliases(root)
    } else {
        BTreeMap::new()
    };
    Ok(NicFacts {
        devices,
        slots,
        aliases,
        permanent_mac,
    })
}

/// The address that is a NIC's own, where files tell it: of a port of a bond, and in a captured tree.
///
/// *Source*: Linux's drivers/net/bonding/bond_sysfs_slave.c, `perm_hwaddr`: the address that the port came with.
pub fn own_address(root: &Root, name: &str) -> Option<String> {
    let directory = interface(name);
    let files = ["bonding_slave/perm_hwaddr", OWN_ADDRESS];
    let said = files
        .iter()
        .find_map(|file| text(root, &Path::new(&directory).join(file)));
    said.filter(|text| !text.is_empty())
}

fn interface(name: &str) -> String {
    format!("{}/{name}", paths::SYS_CLASS_NET)
}

/// The device at `path` and those above it.
fn chain(root: &Root, path: &Path) -> Vec<Device> {
    path.ancestors()
        .take_while(|above| *above != Path::new("/sys/devices") && *above != Path::new("/"))
        .filter(|above| root.exists(above.join("uevent")))
        .map(|above| device(root, above))
        .collect()
}

fn device(root: &Root, path: &Path) -> Device {
    let uevent = text(root, &path.join("uevent")).unwrap_or_default();
    let variable = |key: &str| {
        let mut lines = uevent.lines();
        lines.find_map(|line| Some(line.strip_prefix(key)?.strip_prefix('=')?.to_owned()))
    };
    let subsystem = last_part(root, &path.join("subsystem"));
    let is_net = subsystem.as_deref() == Some("net");
    let wanted = if is_net { NET_ATTRIBUTES } else { DEVICE_ATTRIBUTES };
    let attributes: BTreeMap<String, String> = wanted
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), text(root, &path.join(name))?)))
        .collect();
    let header_type = root.read_up_to(path.join("config"), 4096).ok();
    Device {
        properties: properties(root, path, subsystem.as_deref(), attributes.get("ifindex")),
        devtype: variable("DEVTYPE"),
        driver: last_part(root, &path.join("driver")),
        header_type: header_type.and_then(|bytes| bytes.get(14).copied()),
        of_node: of_node(root, path),
        virtual_function: virtual_function(root, path),
        syspath: path.to_string_lossy().into_owned(),
        subsystem,
        attributes,
    }
}

/// The value of an attribute: without line ends and NULs at its end, and up to the first NUL.
fn text(root: &Root, path: &Path) -> Option<String> {
    let bytes = root.read_up_to(path, 1 << 16).ok()?;
    let end = bytes.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r' | 0));
    let value = &bytes[..end.map_or(0, |end| end + 1)];
    let value = value.split(|byte| *byte == 0).next().unwrap_or_default();
    Some(String::from_utf8_lossy(value).into_owned())
}

/// The last part of what a link says.
fn last_part(root: &Root, path: &Path) -> Option<String> {
    let target = root.read_link(path).ok()?;
    Some(target.file_name()?.to_string_lossy().into_owned())
}

/// Which virtual function the device is: the one that its physical function links to it as.
fn virtual_function(root: &Root, path: &Path) -> Option<VirtualFunction> {
    let physical = root.real_path(path.join("physfn")).ok()?;
    let number = root.read_dir(&physical).ok()?.iter().find_map(|name| {
        let number = name.to_str()?.strip_prefix("virtfn")?;
        let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let leads_here = || root.real_path(physical.join(name)).is_ok_and(|target| target == path);
        (digits && leads_here()).then(|| number.to_owned())
    })?;
    Some(VirtualFunction {
        number,
        physical: chain(root, &physical),
    })
}

/// The path of a device's node below the devicetree.
fn of_node(root: &Root, path: &Path) -> Option<String> {
    let node = root.real_path(path.join("of_node")).ok()?;
    let base = root.real_path(paths::PROC_DEVICE_TREE).ok()?;
    let below = node.strip_prefix(base).ok()?;
    Some(format!("/{}", below.display()))
}

/// The aliases of the devicetree that may name network interfaces.
fn aliases(root: &Root) -> BTreeMap<String, String> {
    let directory = Path::new(paths::PROC_DEVICE_TREE).join("aliases");
    let names = root.read_dir(&directory).unwrap_or_default();
    let named = names.iter().filter_map(|name| name.to_str());
    named
        .filter(|name| name.starts_with("ethernet") || name.starts_with("wifi"))
        .filter_map(|name| Some((name.to_owned(), text(root, &directory.join(name))?)))
        .collect()
}

/// The PCI slots that concern these devices: by their address, or by the s390's function number.
fn slots(root: &Root, devices: &[&Device]) -> Vec<Slot> {
    if devices.is_empty() {
        return Vec::new();
    }
    let names = root.read_dir(paths::SYS_PCI_SLOTS).unwrap_or_default();
    let slot = |name: &OsStr| {
        let name = name.to_str()?;
        let path = Path::new(paths::SYS_PCI_SLOTS).join(name);
        root.is_dir(&path).then(|| Slot {
            name: name.to_owned(),
            address: text(root, &path.join("address")),
        })
    };
    let concerns = |slot: &Slot| {
        devices.iter().any(|device| {
            let address = slot.address.as_deref();
            address.is_some_and(|address| device.sysname().starts_with(address))
                || device.s390_slot().is_some_and(|(_, name)| name == slot.name)
        })
    };
    names.iter().filter_map(|name| slot(name)).filter(concerns).collect()
}

/// What udev's database holds of a device.
fn properties(root: &Root, path: &Path, subsystem: Option<&str>, ifindex: Option<&String>) -> BTreeMap<String, String> {
    let record = match (subsystem, ifindex) {
        (Some("net"), Some(ifindex)) => format!("n{ifindex}"),
        (Some(subsystem), _) => match path.file_name() {
            Some(name) => format!("+{subsystem}:{}", name.to_string_lossy()),
            None => return BTreeMap::new(),
        },
        (None, _) => return BTreeMap::new(),
    };
    let Ok(database) = root.read_text(format!("{}/{record}", paths::UDEV_DATA)) else {
        return BTreeMap::new();
    };
    let properties = database
        .lines()
        .filter_map(|line| line.strip_prefix("E:")?.split_once('='))
        .map(|(key, value)| (key.to_owned(), value.to_owned()));
    let wanted = |key: &str| subsystem == Some("net") || key.starts_with("ID_NET_NAME_");
    // An empty property is none.
    properties
        .filter(|(key, value)| wanted(key) && !value.is_empty())
        .collect()
}
