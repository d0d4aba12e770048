//! The slot that a PCI function sits in.

use super::{Context, Name, U32};
use crate::facts::{Device, Slot};
use crate::number::{Base, unsigned};
use crate::scheme::Flag;

/// A slot in a name.
pub(super) struct FoundSlot {
    pub(super) name: Name,
    /// Its number is unique in the machine, and the PCI domain left out.
    pub(super) is_alone: bool,
}

impl Context<'_> {
    /// The slot of the function that is the first of `function`, the devices above it behind.
    pub(super) fn slot(&self, function: &[Device]) -> Option<FoundSlot> {
        if self.has(Flag::FirmwareNodeSun)
            && let Some((number, device)) = self.firmware_slot(function)
        {
            let reason = format!("slot {number} (firmware_node/sun of {})", device.sysname());
            return Some(FoundSlot {
                name: Name::of(format!("s{number}"), reason),
                is_alone: false,
            });
        }
        self.hotplug_slot(function)
    }

    /// The number that the firmware gives the function, or the device above it.
    fn firmware_slot<'d>(&self, function: &'d [Device]) -> Option<(u64, &'d Device)> {
        let number = |device: &'d Device| {
            let text = self.attribute(device, "firmware_node/sun")?;
            let number = unsigned(text, Base::Written, U32).filter(|number| *number > 0)?;
            Some((number, device))
        };
        let (own, above) = function.split_first()?;
        number(own).or_else(|| {
            let above = above.iter().find(|device| device.is_in("pci"))?;
            // More than one device behind a bridge would claim its number.
            if self.is_bridge(above) && !own.is_multifunction() {
                return None;
            }
            number(above)
        })
    }

    /// The hotplug slot whose address is that of the function, or of a device above it.
    fn hotplug_slot(&self, function: &[Device]) -> Option<FoundSlot> {
        let own = function.first()?;
        for device in function.iter().filter(|device| device.is_in("pci")) {
            if self.has(Flag::SlotFunctionId) && self.attribute(device, "function_id").is_some() {
                return self.s390_slot(device);
            }
            let Some((number, slot)) = self.slot_at(device) else {
                continue;
            };
            if self.has(Flag::BridgeNoSlot)
                && self.is_bridge(device)
                && !(self.has(Flag::BridgeMultifunctionSlot) && own.is_multifunction())
            {
                return None;
            }
            let reason = format!("slot {number} ({})", slot.address.as_deref().unwrap_or_default());
            return Some(FoundSlot {
                name: Name::of(format!("s{number}"), reason),
                is_alone: false,
            });
        }
        None
    }

    /// The slot that is named by the number of a function, as on s390.
    fn s390_slot(&self, device: &Device) -> Option<FoundSlot> {
        let (number, directory) = device.s390_slot()?;
        let there = self.facts.slots.iter().any(|slot| slot.name == directory);
        there.then(|| FoundSlot {
            name: Name::of(format!("s{number}"), format!("slot {number} (function_id)")),
            is_alone: true,
        })
    }

    /// The slot that has a number and the address of this device.
    fn slot_at(&self, device: &Device) -> Option<(u64, &Slot)> {
        self.facts.slots.iter().find_map(|slot| {
            let number = unsigned(&slot.name, Base::Written, U32).filter(|number| *number > 0)?;
            let address = slot.address.as_deref()?;
            device.sysname().starts_with(address).then_some((number, slot))
        })
    }

    /// Whether a PCI device is a bridge, as its class says.
    fn is_bridge(&self, device: &Device) -> bool {
        let class = |text: &str| {
            let (_, from) = text.strip_prefix("pci:")?.rsplit_once('s')?;
            Some(from.starts_with("c04"))
        };
        self.attribute(device, "modalias").and_then(class).unwrap_or(false)
    }
}
