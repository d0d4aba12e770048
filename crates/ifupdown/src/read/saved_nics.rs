//! The hardware addresses that the NICs of the configuration had when it was last up, kept over boots: by them a NIC
//! is known again when its name changed.

use cleat_model::desired::Desired;
use cleat_model::name::{IfName, Mac};
use cleat_model::snapshot::{Link, Snapshot};
use cleat_model::types::Kind;
use cleat_root::{Durability, Root, RootError, paths};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The version that is written; an unknown one is not read.
const VERSION: u32 = 1;

/// Addresses by the names that the configuration uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SavedNics {
    /// As `ip link` writes them.
    pub addresses: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    version: u32,
    nics: BTreeMap<String, String>,
}

impl SavedNics {
    /// What was saved; nothing where that is damaged, which costs no more than a name that is not known again.
    pub fn load(root: &Root) -> Self {
        let read = root.read(paths::SAVED_NICS).ok();
        let written = read.and_then(|bytes| serde_json::from_slice::<Written>(&bytes).ok());
        let addresses = written
            .filter(|written| written.version == VERSION)
            .map(|written| written.nics);
        Self {
            addresses: addresses.unwrap_or_default(),
        }
    }

    /// The NICs of a network that is up.
    pub fn of(desired: &Desired, snapshot: &Snapshot) -> Self {
        let nics = desired.links().iter().filter_map(|link| {
            let real = snapshot.get(link.name).filter(|real| is_nic(real))?;
            Some((link.name.to_string(), own_mac(real)?.to_string()))
        });
        Self {
            addresses: nics.collect(),
        }
    }

    /// Saves them where they are other than before. A configuration without NICs (a container, a test) saves nothing.
    ///
    /// *Errors*: with the path and the reason.
    pub fn save(self, root: &Root) -> Result<(), RootError> {
        if self.addresses.is_empty() || self == Self::load(root) {
            return Ok(());
        }
        if let Some(directory) = Path::new(paths::SAVED_NICS).parent() {
            root.create_dir_all(directory)?;
        }
        let written = Written {
            version: VERSION,
            nics: self.addresses,
        };
        // Text keys and values: there is nothing in it that JSON cannot hold.
        let mut bytes = serde_json::to_vec_pretty(&written).unwrap_or_default();
        bytes.push(b'\n');
        root.write_atomic(paths::SAVED_NICS, &bytes, Durability::Durable)
    }
}

/// Whether a link stands for hardware.
pub fn is_nic(link: &Link) -> bool {
    link.kind == Kind::Physical && !link.is_loopback()
}

/// The address that a NIC has of itself: its permanent one, the one it had before it took its bond's, or the one in use.
pub fn own_mac(link: &Link) -> Option<Mac> {
    let permanent = link.perm_mac.filter(Mac::is_unicast_ether);
    permanent.or_else(|| link.bond_port_mac()).or_else(|| link.mac())
}

/// The one NIC that has this address of itself, by its name now.
pub fn nic_of(snapshot: &Snapshot, address: &str) -> Option<IfName> {
    let nics = snapshot.links().iter().filter(|link| is_nic(link));
    let mut found = nics.filter(|link| own_mac(link).is_some_and(|mac| mac.to_string() == address));
    let first = found.next()?;
    found.next().is_none().then_some(first.name)
}
