//! Writing facts as a tree of small files.

use super::{Device, NicFacts, OWN_ADDRESS, Slot};
use cleat_root::{Durability, Root, RootError, paths};
use std::path::{Path, PathBuf};

/// Where the devicetree lies; `/proc/device-tree` is a link to it.
const DEVICE_TREE: &str = "/sys/firmware/devicetree/base";

/// Makes the files below `root` from which [`read`](super::read()) reads `nics` again: a part of /sys, udev's database
/// and, where a device has a node in it, the devicetree.
///
/// *Shape*: devices that NICs share are written once, by the first that has them.
///
/// *Errors*: a file cannot be written.
pub fn write(root: &Root, nics: &[NicFacts]) -> Result<(), RootError> {
    root.create_dir_all(paths::SYS_CLASS_NET)?;
    root.create_dir_all(paths::SYS_PCI_SLOTS)?;
    root.create_dir_all(paths::UDEV_DATA)?;
    for nic in nics {
        chain(root, &nic.devices)?;
        link(
            root,
            &format!("{}/{}", paths::SYS_CLASS_NET, nic.name()),
            nic.devices.first(),
        )?;
        if let [interface, above, ..] = nic.devices.as_slice() {
            link(root, &format!("{}/device", interface.syspath), Some(above))?;
        }
        for entry in &nic.slots {
            slot(root, entry)?;
        }
        if let (Some(mac), Some(device)) = (&nic.permanent_mac, nic.devices.first()) {
            value(root, &Path::new(&device.syspath).join(OWN_ADDRESS), mac)?;
        }
        if nic.devices.iter().any(|device| device.of_node.is_some()) {
            devicetree(root)?;
        }
        for (name, path) in &nic.aliases {
            let bytes = [path.as_bytes(), b"\0"].concat();
            file(root, &Path::new(DEVICE_TREE).join("aliases").join(name), &bytes)?;
        }
    }
    Ok(())
}

fn chain(root: &Root, devices: &[Device]) -> Result<(), RootError> {
    for device in devices {
        let path = Path::new(&device.syspath);
        if !root.exists(path.join("uevent")) {
            write_device(root, path, device)?;
        }
        if let Some(function) = &device.virtual_function {
            chain(root, &function.physical)?;
            let physical = function.physical.first();
            link(root, &format!("{}/physfn", device.syspath), physical)?;
            if let Some(physical) = physical {
                let name = format!("{}/virtfn{}", physical.syspath, function.number);
                link(root, &name, Some(device))?;
            }
        }
    }
    Ok(())
}

fn write_device(root: &Root, path: &Path, device: &Device) -> Result<(), RootError> {
    let Device {
        syspath,
        subsystem,
        devtype,
        driver,
        attributes,
        header_type,
        of_node,
        // Written when its physical function is.
        virtual_function: _,
        properties,
    } = device;
    root.create_dir_all(path)?;
    for (name, text) in attributes {
        let attribute = path.join(name);
        if let Some(directory) = attribute.parent() {
            root.create_dir_all(directory)?;
        }
        value(root, &attribute, text)?;
    }
    let mut uevent = String::new();
    let mut variable = |key: &str, text: Option<&str>| {
        if let Some(text) = text {
            uevent += &format!("{key}={text}\n");
        }
    };
    let is_net = subsystem.as_deref() == Some("net");
    variable("DEVTYPE", devtype.as_deref());
    variable("INTERFACE", is_net.then(|| device.sysname()));
    variable("IFINDEX", device.attribute("ifindex").filter(|_| is_net));
    file(root, &path.join("uevent"), uevent.as_bytes())?;
    if let Some(subsystem) = subsystem {
        let kind = if is_net { "class" } else { "bus" };
        let target = relative(path, &format!("/sys/{kind}/{subsystem}"));
        root.create_dir_all(format!("/sys/{kind}/{subsystem}"))?;
        root.symlink(target, path.join("subsystem"))?;
        if let Some(driver) = driver {
            let directory = format!("/sys/bus/{subsystem}/drivers/{driver}");
            root.create_dir_all(&directory)?;
            root.symlink(relative(path, &directory), path.join("driver"))?;
        }
    }
    if let Some(kind) = header_type {
        let mut config = [0; 64];
        config[14] = *kind;
        file(root, &path.join("config"), &config)?;
    }
    if let Some(node) = of_node {
        let directory = format!("{DEVICE_TREE}{node}");
        root.create_dir_all(&directory)?;
        root.symlink(relative(path, &directory), path.join("of_node"))?;
    }
    database(root, syspath, device, properties.iter())
}

fn database<'a>(
    root: &Root,
    syspath: &str,
    device: &Device,
    properties: impl ExactSizeIterator<Item = (&'a String, &'a String)>,
) -> Result<(), RootError> {
    if properties.len() == 0 {
        return Ok(());
    }
    let record = match (device.subsystem.as_deref(), device.attribute("ifindex")) {
        (Some("net"), Some(ifindex)) => format!("n{ifindex}"),
        (Some(subsystem), _) => format!(
            "+{subsystem}:{}",
            Path::new(syspath).file_name().unwrap_or_default().display()
        ),
        (None, _) => return Ok(()),
    };
    let lines: String = properties.map(|(key, value)| format!("E:{key}={value}\n")).collect();
    file(root, &Path::new(paths::UDEV_DATA).join(record), lines.as_bytes())
}

fn slot(root: &Root, slot: &Slot) -> Result<(), RootError> {
    let directory = Path::new(paths::SYS_PCI_SLOTS).join(&slot.name);
    root.create_dir_all(&directory)?;
    match &slot.address {
        Some(address) => value(root, &directory.join("address"), address),
        None => Ok(()),
    }
}

/// `/proc/device-tree`, where it is not there yet.
fn devicetree(root: &Root) -> Result<(), RootError> {
    root.create_dir_all(format!("{DEVICE_TREE}/aliases"))?;
    if root.exists(paths::PROC_DEVICE_TREE) {
        return Ok(());
    }
    root.create_dir_all("/proc")?;
    root.symlink(DEVICE_TREE, paths::PROC_DEVICE_TREE)
}

/// A link at `path` to a device; nothing where there is one already.
fn link(root: &Root, path: &str, device: Option<&Device>) -> Result<(), RootError> {
    let path = Path::new(path);
    match device {
        Some(device) if root.read_link(path).is_err() => {
            root.symlink(relative(path.parent().unwrap_or(path), &device.syspath), path)
        }
        _ => Ok(()),
    }
}

/// `to`, as it is written from the directory `from`.
fn relative(from: &Path, to: &str) -> PathBuf {
    let up = from.components().count() - 1;
    let mut path: PathBuf = std::iter::repeat_n("..", up).collect();
    path.push(to.trim_start_matches('/'));
    path
}

/// The value of an attribute, with a line end as the kernel writes it.
fn value(root: &Root, path: &Path, text: &str) -> Result<(), RootError> {
    file(root, path, format!("{text}\n").as_bytes())
}

fn file(root: &Root, path: &Path, bytes: &[u8]) -> Result<(), RootError> {
    root.write_atomic(path, bytes, Durability::Volatile)
}
