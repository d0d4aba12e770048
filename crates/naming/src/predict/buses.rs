//! Names of NICs that are not PCI functions themselves.

use super::{Context, Found, Name, NameSource, Offered, Prefix, U32};
use crate::facts::Device;
use crate::number::{Base, leading, unsigned};
use crate::scheme::Flag;
use crate::udev::TextCheck;

impl Context<'_> {
    /// The first part of the interface's path behind `directory`, and the rest.
    fn first_part(&self, directory: &str) -> Option<(&str, &str)> {
        let path = self.facts.devices.first()?.syspath.strip_prefix(directory)?;
        let (part, rest) = path.trim_start_matches('/').split_once('/')?;
        (!part.is_empty()).then_some((part, rest))
    }

    /// Whether the device that the interface hangs on is of this subsystem.
    fn hangs_on(&self, subsystem: &str) -> bool {
        self.facts.devices.get(1).is_some_and(|device| device.is_in(subsystem))
    }

    /// Before 255, VIO and platform devices got names only while the kernel's own name was `ethN`, and directly in the
    /// device's directory.
    fn is_plain_ethernet(&self, prefix: Prefix, rest: &str) -> bool {
        self.udev.is_rewritten() || (prefix == Prefix::Ethernet && rest.starts_with("net/"))
    }

    /// s390's channel devices: `enc600` for `0.0.0600`.
    pub(super) fn ccw(&self, prefix: Prefix, offered: &mut Offered) -> Found {
        let device = self.below_virtio().map(|at| &self.facts.devices[at]);
        let Some(device) = device.filter(|device| device.is_in("ccw") || device.is_in("ccwgroup")) else {
            return Found::Nothing;
        };
        let id = device.sysname();
        if ![8, 9].contains(&id.len()) {
            return Found::Nothing;
        }
        let significant = id.trim_start_matches(['.', '0']);
        let significant = if significant.is_empty() {
            &id[id.len() - 1..]
        } else {
            significant
        };
        let name = prefix
            .name()
            .and(format!("c{significant}"), format!("channel device {id}"));
        offered.set(NameSource::Path, name);
        Found::Named
    }

    /// Power's virtual devices: `env2` for `30000002`.
    pub(super) fn vio(&self, prefix: Prefix, offered: &mut Offered) -> Found {
        let device = self.first_part("/sys/devices/vio/").filter(|_| self.hangs_on("vio"));
        let Some((id, rest)) = device else {
            return Found::Nothing;
        };
        let length = if self.udev.is_rewritten() { 8..=8 } else { 5..=8 };
        let is_id = length.contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_id || !self.is_plain_ethernet(prefix, rest) {
            return Found::Nothing;
        }
        let Some(slot) = unsigned(&id[4..], Base::Fixed(16), U32) else {
            return Found::Nothing;
        };
        let name = prefix
            .name()
            .and(format!("v{slot}"), format!("virtual slot {slot} of {id}"));
        offered.set(NameSource::Slot, name);
        Found::Named
    }

    /// Devices that ACPI lists: `enahisic2i0` for `HISI00C2:00`.
    pub(super) fn platform(&self, prefix: Prefix, offered: &mut Offered) -> Found {
        let device = self
            .first_part("/sys/devices/platform/")
            .filter(|_| self.hangs_on("platform"));
        let Some((id, rest)) = device else {
            return Found::Nothing;
        };
        let Some(name) = acpi_device(id, self.udev.is_rewritten()).filter(|_| self.is_plain_ethernet(prefix, rest))
        else {
            return Found::Nothing;
        };
        offered.set(
            NameSource::Path,
            prefix.name().and(name, format!("platform device {id}")),
        );
        Found::Named
    }

    /// The kernel's simulated NICs: `eni10np1`.
    pub(super) fn netdevsim(&self, prefix: Prefix, offered: &mut Offered) -> Found {
        let device = self
            .above(0, |device| device.is_in("netdevsim"))
            .filter(|_| self.has(Flag::Netdevsim));
        let Some(device) = device.map(|at| &self.facts.devices[at]) else {
            return Found::Nothing;
        };
        let name = device.sysname();
        let address = match self.udev.device_number_base() {
            Some(base) => {
                let before = name.trim_end_matches(|char: char| char.is_ascii_digit());
                unsigned(&name[before.len()..], base, U32)
            }
            None => {
                let digits = name.strip_prefix("netdevsim");
                digits.and_then(|digits| Some(u64::from(leading(digits, 10)?.0)))
            }
        };
        let (Some(address), Some(port)) = (address, self.own("phys_port_name")) else {
            return Found::Nothing;
        };
        let refused = self.udev.port_name_check() != TextCheck::None && !is_clean(port);
        if port.is_empty() || refused {
            return Found::Nothing;
        }
        let name = prefix
            .name()
            .and(format!("i{address}"), format!("simulated device {address}"))
            .and(format!("n{port}"), format!("port {port}"));
        offered.set(NameSource::Path, name);
        Found::Named
    }

    /// Xen's network front end: `enX0` for `vif-0`.
    pub(super) fn xen(&self, prefix: Prefix, offered: &mut Offered) -> Found {
        if !self.has(Flag::XenVif) || !self.hangs_on("xen") {
            return Found::Nothing;
        }
        let number = self
            .first_part("/sys/devices/")
            .and_then(|(part, _)| part.strip_prefix("vif-"));
        let plain = |digits: &&str| {
            *digits == "0" || !digits.starts_with(|first: char| !first.is_ascii_digit() || first == '0')
        };
        let number = number
            .filter(plain)
            .and_then(|digits| unsigned(digits, Base::Fixed(10), U32));
        let Some(number) = number else {
            return Found::Nothing;
        };
        let name = prefix
            .name()
            .and(format!("X{number}"), format!("Xen interface {number}"));
        offered.set(NameSource::Slot, name);
        Found::Named
    }

    /// USB: the path of its host controller and the ports: `enp0s20u4u2`.
    pub(super) fn usb(&self, prefix: Prefix, offered: &mut Offered) -> Found {
        let is_interface = |device: &Device| device.is_in("usb") && device.devtype.as_deref() == Some("usb_interface");
        let Some(at) = self.above(0, is_interface) else {
            return Found::Nothing;
        };
        let Some(suffix) = usb_ports(self.facts.devices[at].sysname()) else {
            return Found::Nothing;
        };
        match self.host_controller(at) {
            Some(controller) => self.function_path(prefix, controller, Some(&suffix), offered),
            None if self.has(Flag::UsbHost) => offered.set(NameSource::Path, prefix.name().and_name(&suffix)),
            None => return Found::Nothing,
        }
        Found::Named
    }

    /// Broadcom's bus behind PCI: `wlp3s0b1`.
    pub(super) fn bcma(&self, prefix: Prefix, offered: &mut Offered) -> Found {
        let Some(at) = self.above(0, |device| device.is_in("bcma")) else {
            return Found::Nothing;
        };
        let core = |name: &str| -> Option<u32> {
            let (_, rest) = leading(name.strip_prefix("bcma")?, 10)?;
            Some(leading(rest.strip_prefix(':')?, 10)?.0)
        };
        let (Some(core), Some(controller)) = (core(self.facts.devices[at].sysname()), self.host_controller(at)) else {
            return Found::Nothing;
        };
        let suffix = (core > 0).then(|| Name::of(format!("b{core}"), format!("core {core}")));
        self.function_path(prefix, controller, suffix.as_ref(), offered);
        Found::Named
    }

    /// The PCI function that a bus of another kind hangs on.
    fn host_controller(&self, at: usize) -> Option<usize> {
        self.above(at, |device| device.is_in("pci"))
    }
}

/// `ahisic2i0` for `HISI00C2:00`: three letters or four signs of a vendor, four hexadecimal digits of a model, two of an
/// instance. Before 255 the digits may be fewer, but for a model behind four signs.
fn acpi_device(id: &str, is_strict: bool) -> Option<String> {
    let letters = match (id.len(), id.as_bytes().get(8)) {
        (11, Some(b':')) => 4,
        (10, _) if is_strict => 3,
        _ if is_strict => return None,
        (_, Some(b':')) => 4,
        _ => 3,
    };
    let digits = |most: usize| if is_strict { most..=most } else { 1..=most };
    let (vendor, rest) = id.split_at_checked(letters)?;
    let (model, instance) = rest.split_once(':')?;
    if !digits(4).contains(&model.len()) || !digits(2).contains(&instance.len()) {
        return None;
    }
    let fits = |byte: u8| byte.is_ascii_uppercase() || (letters == 4 && byte.is_ascii_digit());
    if !vendor.bytes().all(fits) {
        return None;
    }
    let model = unsigned(model, Base::Fixed(16), U32)?;
    let instance = unsigned(instance, Base::Fixed(16), U32)?;
    Some(format!("a{}{model:x}i{instance}", vendor.to_ascii_lowercase()))
}

/// `u4u2c2i1` for `3-4.2:2.1`: ports, configuration unless 1, interface unless 0.
fn usb_ports(name: &str) -> Option<Name> {
    let (_, rest) = name.split_once('-')?;
    let (ports, rest) = rest.split_once(':')?;
    let (configuration, interface) = rest.split_once('.')?;
    let mut suffix = Name::of(format!("u{}", ports.replace('.', "u")), format!("USB port {ports}"));
    if configuration != "1" {
        suffix = suffix.and(format!("c{configuration}"), format!("configuration {configuration}"));
    }
    if interface != "0" {
        suffix = suffix.and(format!("i{interface}"), format!("interface {interface}"));
    }
    Some(suffix)
}

/// Whether a text is UTF-8 without control characters. What is not UTF-8 was read as U+FFFD.
pub(super) fn is_clean(text: &str) -> bool {
    !text
        .chars()
        .any(|char| char.is_control() || char == char::REPLACEMENT_CHARACTER)
}
