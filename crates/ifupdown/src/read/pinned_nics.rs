//! Which link a pin is for: its address and every other key of its file decide, for two NICs may share an address.

use crate::read::saved_nics::{is_nic, own_mac};
use cleat_model::name::IfName;
use cleat_model::snapshot::{Link, Snapshot};
use cleat_naming::link_file::{Device, Fit, HardwareAddress, LinkFiles, Machine};
use cleat_naming::pins::{Pin, Pins};
use cleat_root::{Root, paths};
use std::path::Path;

/// The pins of a root, with all that says which NIC each is for.
#[derive(Debug)]
pub struct PinnedNics {
    root: Root,
    files: LinkFiles,
    machine: Machine,
    pins: Pins,
}

impl PinnedNics {
    /// Reads the .link files of a root.
    pub fn load(root: &Root) -> Self {
        let files = LinkFiles::load(root);
        Self {
            pins: Pins::of(&files),
            files,
            machine: Machine::read(root),
            root: root.clone(),
        }
    }

    /// The pin of a NIC.
    pub fn of(&self, link: &Link) -> Option<&Pin> {
        self.pins.list.iter().find(|pin| self.is_for(pin, link))
    }

    /// The pin of that name whose NIC is there, and the one NIC that it is for.
    pub fn named(&self, name: IfName, snapshot: &Snapshot) -> Option<(&Pin, IfName)> {
        let pins = self.pins.list.iter().filter(|pin| pin.name == name.as_str());
        let mut found = pins.filter_map(|pin| {
            let mut nics = snapshot
                .links()
                .iter()
                .filter(|link| is_nic(link) && self.is_for(pin, link));
            let nic = nics.next()?.name;
            nics.next().is_none().then_some((pin, nic))
        });
        found.next()
    }

    /// Whether a pin gives a NIC the name that it has.
    pub fn names_it_so(&self, link: &Link) -> bool {
        let pins = self.pins.list.iter().filter(|pin| pin.name == link.name.as_str());
        pins.into_iter().any(|pin| self.is_for(pin, link))
    }

    fn is_for(&self, pin: &Pin, link: &Link) -> bool {
        let own = own_mac(link).and_then(|own| HardwareAddress::new(own.bytes()));
        if own.as_ref() != Some(&pin.address) {
            return false;
        }
        let name = link.name.as_str();
        // Of a link that sysfs does not have the address is all that is known.
        if !self.root.is_dir(Path::new(paths::SYS_CLASS_NET).join(name)) {
            return true;
        }
        let device = Device {
            address: own,
            permanent: link.perm_mac.and_then(|mac| HardwareAddress::new(mac.bytes())),
            ..Device::read(&self.root, name)
        };
        !matches!(pin.fit(&self.files, &device, &self.machine), Some(Fit::No(_)) | None)
    }
}
