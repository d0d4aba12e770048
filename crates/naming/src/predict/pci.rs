//! Names of PCI functions: by the firmware's number, the slot and the bus.

use super::buses::is_clean;
use super::{Context, Found, Name, NameSource, Offered, Prefix, U32};
use crate::facts::Device;
use crate::number::{Base, boolean, leading, unsigned};
use crate::scheme::Flag;
use crate::udev::TextCheck;

/// The largest number of an onboard device, before and since [`Flag::SixteenBitIndex`].
const MOST_ONBOARD: [u64; 2] = [(1 << 14) - 1, (1 << 16) - 1];

impl Context<'_> {
    /// A NIC that is a PCI function, perhaps with virtio between, or a sub-function of one.
    pub(super) fn pci(&self, prefix: Prefix, offered: &mut Offered) -> Found {
        let (at, sub_function) = match self.sub_function() {
            Some((at, suffix)) => (at, Some(suffix)),
            None => {
                let direct = self.below_virtio().filter(|at| self.facts.devices[*at].is_in("pci"));
                let Some(at) = direct else {
                    return Found::Nothing;
                };
                (at, None)
            }
        };
        let (function, virtual_function) = self.physical(at);
        let suffix = match (virtual_function, sub_function) {
            (Some(one), Some(other)) => Some(one.and_name(&other)),
            (one, other) => one.or(other),
        };
        let number = self.onboard_number(&function[0]);
        // The firmware's text is about the port, not about a part of the device behind it.
        if suffix.is_none() && (number.is_some() || self.udev.is_rewritten()) {
            self.label(prefix, &function[0], offered);
        }
        if let (Some((number, attribute)), Ok(port)) = (number, self.port(false)) {
            let reason = format!("onboard device {number} ({attribute})");
            let name = prefix.name().and(format!("o{number}"), reason);
            offered.set(
                NameSource::Onboard,
                name.and_name(&port)
                    .and_name(suffix.as_ref().unwrap_or(&Name::nothing())),
            );
        }
        self.path_and_slot(prefix, function, suffix.as_ref(), offered);
        Found::Named
    }

    /// The names of what hangs on the PCI function number `at` by another bus.
    pub(super) fn function_path(&self, prefix: Prefix, at: usize, suffix: Option<&Name>, offered: &mut Offered) {
        if self.udev.is_rewritten() {
            return self.path_and_slot(prefix, &self.facts.devices[at..], suffix, offered);
        }
        let (function, virtual_function) = self.physical(at);
        let behind = virtual_function.unwrap_or_else(Name::nothing);
        let suffix = behind.and_name(suffix.unwrap_or(&Name::nothing()));
        self.path_and_slot(prefix, function, Some(&suffix), offered);
    }

    /// The PCI function that a sub-function belongs to, and what that adds to a name.
    fn sub_function(&self) -> Option<(usize, Name)> {
        let devices = &self.facts.devices;
        let auxiliary = devices.get(1).filter(|device| device.is_in("auxiliary"))?;
        devices.get(2).filter(|device| device.is_in("pci"))?;
        let number = unsigned(self.attribute(auxiliary, "sfnum")?, Base::Written, U32)?;
        let suffix = Name::of(format!("S{number}"), format!("sub-function {number}"));
        self.has(Flag::AuxiliarySubfunction).then_some((2, suffix))
    }

    /// The function whose address counts for the function number `at`, with the devices above it: for a virtual one
    /// its physical one, and what that adds to a name.
    fn physical(&self, at: usize) -> (&[Device], Option<Name>) {
        let function = &self.facts.devices[at..];
        let is_virtual = function[0].virtual_function.as_ref();
        match is_virtual.filter(|function| self.has(Flag::SrIovVirtual) && !function.physical.is_empty()) {
            Some(found) => {
                let number = &found.number;
                let reason = format!("virtual function {number} of {}", found.physical[0].sysname());
                (&found.physical, Some(Name::of(format!("v{number}"), reason)))
            }
            None => (function, None),
        }
    }

    /// The number that the firmware gives a device, and the attribute that says so.
    fn onboard_number(&self, function: &Device) -> Option<(u64, &'static str)> {
        let number = |name: &'static str| -> Option<Option<(u64, &'static str)>> {
            let text = self.attribute(function, name)?;
            let most = if self.udev.is_rewritten() { U32 } else { u64::MAX };
            Some(unsigned(text, Base::Written, most).map(|number| (number, name)))
        };
        let acpi = number("acpi_index");
        let found = match acpi {
            Some(Some(found)) => Some(found),
            Some(None) if !self.udev.is_rewritten() => None,
            _ => number("index").flatten(),
        };
        let most = MOST_ONBOARD[usize::from(self.has(Flag::SixteenBitIndex))];
        found.filter(|(number, _)| *number <= most && (*number > 0 || self.has(Flag::ZeroIndex)))
    }

    fn label(&self, prefix: Prefix, function: &Device, offered: &mut Offered) {
        let Some(text) = self.attribute(function, "label") else {
            return;
        };
        if !is_clean(text) && self.udev.port_name_check() != TextCheck::None {
            return;
        }
        let name = if self.has(Flag::LabelWithoutPrefix) {
            Name::nothing()
        } else {
            prefix.name()
        };
        let label = name.and(text, "");
        if label.fits() && !label.text.is_empty() {
            offered.label = Some(label.text);
        }
    }

    /// What tells the ports of one function apart.
    ///
    /// *Errors*: there is to be no name at all.
    fn port(&self, infiniband: bool) -> Result<Name, NoName> {
        let check = self.udev.port_name_check();
        let text = self.own("phys_port_name").filter(|text| !text.is_empty());
        let text = text.filter(|text| check != TextCheck::Ignored || is_clean(text));
        if let Some(text) = text {
            if let Some(number) = representor(text).filter(|_| self.has(Flag::SrIovRepresentor)) {
                let reason = format!("representor of virtual function {number}");
                return Ok(Name::of(format!("r{number}"), reason));
            }
            if check == TextCheck::NoName && !is_clean(text) {
                return Err(NoName);
            }
            return Ok(Name::of(format!("n{text}"), format!("port name {text}")));
        }
        match self.port_number(infiniband)? {
            0 => Ok(Name::nothing()),
            number => Ok(Name::of(format!("d{number}"), format!("port {number}"))),
        }
    }

    fn port_number(&self, infiniband: bool) -> Result<u64, NoName> {
        let text = self.own("dev_port");
        let infiniband = infiniband && self.link_type() == Some(super::arphrd::INFINIBAND);
        let dev_id = || Some((self.own("dev_id")?, self.udev.dev_id_base()?));
        if !self.udev.is_rewritten() {
            let Some(text) = text else { return Ok(0) };
            let number = unsigned(text, Base::Fixed(10), u64::MAX).unwrap_or(0);
            let number = match dev_id().filter(|_| infiniband && number == 0) {
                Some((text, base)) => unsigned(text, base, u64::MAX).unwrap_or(0),
                None => number,
            };
            return Ok(number);
        }
        let number = text.and_then(|text| unsigned(text, Base::Written, U32)).ok_or(NoName)?;
        if number > 0 || !infiniband || self.udev.dev_id_base().is_none() {
            return Ok(number);
        }
        let (text, base) = dev_id().ok_or(NoName)?;
        unsigned(text, base, U32).ok_or(NoName)
    }

    /// The names by bus and by slot of a function, which is the first of `function`.
    fn path_and_slot(&self, prefix: Prefix, function: &[Device], suffix: Option<&Name>, offered: &mut Offered) {
        let (Some(address), Ok(port)) = (self.address(&function[0]), self.port(true)) else {
            return;
        };
        let Address {
            domain,
            bus,
            function: number,
        } = address;
        let behind = number.and_name(&port).and_name(suffix.unwrap_or(&Name::nothing()));
        let name = prefix.name().and_name(&domain).and_name(&bus).and_name(&behind);
        offered.set(NameSource::Path, name);
        if let Some(slot) = self.slot(function) {
            let start = if slot.is_alone {
                prefix.name()
            } else {
                prefix.name().and_name(&domain)
            };
            offered.set(NameSource::Slot, start.and_name(&slot.name).and_name(&behind));
        }
    }

    /// The parts of a PCI address: `0001:05:00.1`.
    fn address(&self, device: &Device) -> Option<Address> {
        let (domain, rest) = leading(device.sysname(), 16)?;
        let (bus, rest) = leading(rest.strip_prefix(':')?, 16)?;
        let (slot, rest) = leading(rest.strip_prefix(':')?, 16)?;
        let (number, _) = leading(rest.strip_prefix('.')?, 10)?;
        let ari = self.has(Flag::NparAri) && self.ari(device);
        let number = if ari {
            number.wrapping_add(slot.wrapping_mul(8))
        } else {
            number
        };
        let named = number > 0 || device.is_multifunction();
        Some(Address {
            domain: if self.shows_domain(device, domain) {
                Name::of(format!("P{domain}"), format!("PCI domain {domain}"))
            } else {
                Name::nothing()
            },
            bus: Name::of(format!("p{bus}s{slot}"), format!("PCI bus {bus} slot {slot}")),
            function: if named {
                let kind = if ari { "ARI function" } else { "function" };
                Name::of(format!("f{number}"), format!("{kind} {number}"))
            } else {
                Name::nothing()
            },
        })
    }

    fn shows_domain(&self, device: &Device, domain: u32) -> bool {
        let said = device.properties.get("ID_NET_NAME_INCLUDE_DOMAIN");
        let said = said.filter(|_| self.udev.knows_include_domain());
        said.and_then(|text| boolean(text)).unwrap_or(domain > 0)
    }

    fn ari(&self, device: &Device) -> bool {
        let text = self.attribute(device, "ari_enabled");
        if self.udev.is_rewritten() {
            text.and_then(boolean) == Some(true)
        } else {
            text == Some("1")
        }
    }
}

/// There is to be no name.
#[derive(Clone, Copy, Debug)]
struct NoName;

/// The parts of a name that a PCI address makes.
struct Address {
    domain: Name,
    bus: Name,
    function: Name,
}

/// The number of the virtual function that a port name such as `pf0vf3` stands for.
///
/// *Source*: sscanf(3) with `pf%*uvf%d`: what follows is not looked at, a number beyond 32 bits loses its upper half.
fn representor(name: &str) -> Option<i32> {
    let rest = name.strip_prefix("pf")?.trim_start();
    let (_, rest) = leading(rest.strip_prefix(['+', '-']).unwrap_or(rest), 10)?;
    let rest = rest.strip_prefix("vf")?.trim_start();
    let negative = rest.starts_with('-');
    let digits = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    let end = digits.find(|char: char| !char.is_ascii_digit()).unwrap_or(digits.len());
    let digits = &digits[..end];
    if digits.is_empty() {
        return None;
    }
    let value = digits.parse::<i64>().unwrap_or(i64::MAX) as i32;
    let value = if negative { value.wrapping_neg() } else { value };
    (value >= 0).then_some(value)
}
