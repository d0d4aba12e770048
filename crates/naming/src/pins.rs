//! Pins: .link files that give one NIC one name for good, by its hardware address.

use crate::link_file::{Device, FileState, Fit, HardwareAddress, LinkFile, LinkFiles, Machine, Policy};
use std::path::{Path, PathBuf};

/// How the names of our own files begin, behind their number: `10-cleat-lan0.link`.
const OURS: &str = "-cleat-";
/// How the names of Proxmox VE's pins begin. *Source*: pve-network-interface-pinning of PVE 9; `50-pve-` until 9.1.
const PROXMOX: [&str; 2] = ["50-pmx-", "50-pve-"];
/// What names go with [`Policy`] where the machine has no 99-default.link: that of systemd 252.
const USUAL_ALTERNATIVES: &[Policy] = &[Policy::Database, Policy::Onboard, Policy::Slot, Policy::Path];

/// Who wrote a pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// `cleat-link pin`.
    Ours,
    /// Proxmox VE's own tool or its installer.
    Proxmox,
    /// Anybody else.
    Other,
}

impl Author {
    /// By the name of the file.
    pub fn of(path: &Path) -> Self {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let digits = name.trim_start_matches(|char: char| char.is_ascii_digit());
        if digits.starts_with(OURS) {
            Self::Ours
        } else if PROXMOX.iter().any(|start| name.starts_with(start)) {
            Self::Proxmox
        } else {
            Self::Other
        }
    }
}

/// The key of `[Match]` that an address stands behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressKey {
    /// `MACAddress=`: the address that the NIC has when udev sees it.
    Current,
    /// `PermanentMACAddress=`: the one that its maker gave it, whatever it has now.
    Permanent,
}

impl AddressKey {
    /// As written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Current => "MACAddress",
            Self::Permanent => "PermanentMACAddress",
        }
    }
}

/// One NIC's name for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The name.
    pub name: String,
    /// The address of the NIC.
    pub address: HardwareAddress,
    /// Which of its addresses that is.
    pub key: AddressKey,
    /// The file that says so.
    pub path: PathBuf,
    /// Who wrote it.
    pub origin: Author,
}

impl Pin {
    /// Whether its file is for a device, which is to have its own address; `None` where the file is not among these.
    pub fn fit(&self, files: &LinkFiles, device: &Device, machine: &Machine) -> Option<Fit> {
        let file = files.files.iter().find(|file| file.path == self.path)?;
        Some(file.matching.fit(device, machine))
    }
}

/// Two pins that cannot both come true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PinClash {
    /// One name for two addresses: the NIC that udev comes to second keeps the kernel's name.
    Name(Pin, Pin),
    /// Two names for one address: the file that sorts second does nothing.
    Address(Pin, Pin),
}

/// All pins of a root, in the order of their files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins {
    /// One for each address.
    pub list: Vec<Pin>,
}

impl Pins {
    /// The files that give a fixed name to listed addresses.
    pub fn of(files: &LinkFiles) -> Self {
        let read = files.files.iter().filter(|file| file.state == FileState::Read);
        Self {
            list: read.flat_map(pins_of).collect(),
        }
    }

    /// Pin of that name.
    pub fn named(&self, name: &str) -> Option<&Pin> {
        self.list.iter().find(|pin| pin.name == name)
    }

    /// Pins that are not unique both ways.
    pub fn clashes(&self) -> Vec<PinClash> {
        let mut clashes = Vec::new();
        for (at, second) in self.list.iter().enumerate() {
            for first in &self.list[..at] {
                if first.address == second.address {
                    clashes.push(PinClash::Address(first.clone(), second.clone()));
                } else if first.name == second.name {
                    clashes.push(PinClash::Name(first.clone(), second.clone()));
                }
            }
        }
        clashes
    }
}

fn pins_of(file: &LinkFile) -> Vec<Pin> {
    let Some(name) = file.naming.fixed_name() else {
        return Vec::new();
    };
    let pin = |address: &HardwareAddress, key| Pin {
        name: name.to_owned(),
        address: address.clone(),
        key,
        path: file.path.clone(),
        origin: Author::of(&file.path),
    };
    let permanent = file
        .matching
        .permanent
        .iter()
        .map(|one| pin(one, AddressKey::Permanent));
    // One that stands behind both keys is one pin.
    let current = file.matching.addresses.iter();
    let current = current.filter(|one| !file.matching.permanent.contains(one));
    let current = current.map(|one| pin(one, AddressKey::Current));
    permanent.chain(current).collect()
}

/// What a new pin's file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPin<'a> {
    /// The name from now on.
    pub name: &'a str,
    /// The NIC's address.
    pub address: &'a HardwareAddress,
    /// Which of its addresses that is.
    pub key: AddressKey,
    /// Its name until now.
    pub before: &'a str,
    /// Where its other names come from.
    pub alternatives: &'a [Policy],
    /// A name that it keeps beside those, where they would not give it.
    pub also: Option<&'a str>,
}

/// The name of a pin's file. *Units*: `priority` is the number that it begins with, 0 to 98.
pub fn file_name(name: &str, priority: u8) -> String {
    format!("{priority:02}{OURS}{name}.link")
}

impl NewPin<'_> {
    /// The file. There is no `NamePolicy=` in it: that would be stronger than `Name=`.
    ///
    /// *Source*: systemd.link(5); `Type=ether` keeps bridges, bonds and VLANs out that have the same address.
    pub fn text(&self) -> String {
        let Self {
            name,
            address,
            key,
            before,
            alternatives,
            also,
        } = self;
        let key = key.word();
        let policy: Vec<&str> = alternatives.iter().map(|policy| policy.word()).collect();
        let policy = policy.join(" ");
        let also = also.map_or(String::new(), |name| format!("AlternativeName={name}\n"));
        format!(
            "# Keeps the name of a network interface, see cleat-link(8). Its name before was {before}.\n\
             # Take it back with: cleat-link unpin {name}\n\
             # A copy is in the initramfs. After a change by hand: cleat-link refresh\n\
             \n[Match]\n{key}={address}\nType=ether\n\
             \n[Link]\nName={name}\nAlternativeNamesPolicy={policy}\n{also}"
        )
    }
}

/// The `AlternativeNamesPolicy=` of the machine's 99-default.link, so that a pinned NIC has the other names that it would
/// have without a pin.
pub fn default_alternatives(files: &LinkFiles) -> Vec<Policy> {
    let default = files.files.iter().find(|file| file.base_name() == "99-default.link");
    let policy = default.filter(|file| file.state == FileState::Read);
    policy.map_or_else(
        || USUAL_ALTERNATIVES.to_vec(),
        |file| file.naming.alternative_policy.clone(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use cleat_root::{Durability, Root};
    use proptest::prelude::*;

    fn root(files: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        for (path, text) in files {
            root.create_dir_all(Path::new(path).parent().unwrap()).unwrap();
            root.write_atomic(path, text.as_bytes(), Durability::Volatile).unwrap();
        }
        (tree, root)
    }

    const PVE: &str = "[Match]\nMACAddress=BC:24:11:00:00:01\nType=ether\n\n[Link]\nName=nic0\n";

    #[test]
    fn pins_of_all_directories_are_found_with_who_wrote_them() {
        let (_tree, root) = root(&[
            ("/usr/local/lib/systemd/network/50-pmx-nic0.link", PVE),
            (
                "/etc/systemd/network/10-cleat-lan0.link",
                "[Match]\nPermanentMACAddress=bc:24:11:00:00:02\nType=ether\n[Link]\nName=lan0\n",
            ),
            (
                "/etc/systemd/network/20-policy.link",
                "[Match]\nMACAddress=bc:24:11:00:00:03\n[Link]\nNamePolicy=path\nName=lan1\n",
            ),
        ]);
        let pins = Pins::of(&LinkFiles::load(&root));
        let short = |pin: &Pin| (pin.name.clone(), pin.address.to_string(), pin.key, pin.origin);
        assert_eq!(
            pins.list.iter().map(short).collect::<Vec<_>>(),
            [
                (
                    "lan0".into(),
                    "bc:24:11:00:00:02".into(),
                    AddressKey::Permanent,
                    Author::Ours
                ),
                (
                    "nic0".into(),
                    "bc:24:11:00:00:01".into(),
                    AddressKey::Current,
                    Author::Proxmox
                ),
            ]
        );
        assert_eq!(pins.clashes(), []);
    }

    #[test]
    fn one_name_for_two_addresses_and_two_names_for_one_are_clashes() {
        let of = |mac: &str, name: &str| format!("[Match]\nMACAddress={mac}\n[Link]\nName={name}\n");
        let (_tree, root) = root(&[
            (
                "/etc/systemd/network/1.link",
                &of("bc:24:11:00:00:01 bc:24:11:00:00:02", "lan0"),
            ),
            ("/etc/systemd/network/2.link", &of("bc:24:11:00:00:01", "lan1")),
        ]);
        let clashes = Pins::of(&LinkFiles::load(&root)).clashes();
        let short = |clash: &PinClash| match clash {
            PinClash::Name(one, two) => format!("{} twice: {} {}", one.name, one.address, two.address),
            PinClash::Address(one, two) => format!("{} twice: {} {}", one.address, one.name, two.name),
        };
        assert_eq!(
            clashes.iter().map(short).collect::<Vec<_>>(),
            [
                "lan0 twice: bc:24:11:00:00:01 bc:24:11:00:00:02",
                "bc:24:11:00:00:01 twice: lan0 lan1"
            ]
        );
    }

    proptest! {
        #[test]
        fn a_rendered_pin_is_read_back_as_it_was(
            name in "[a-z][a-z0-9_.-]{0,14}".prop_filter("a legal name", |name| crate::link_file::is_name(name)),
            bytes in proptest::array::uniform6(any::<u8>()),
            permanent in any::<bool>(),
            also in proptest::option::of("[a-z]{3,20}"),
            priority in 0_u8..99,
        ) {
            let address = HardwareAddress::new(&bytes).unwrap();
            let pin = NewPin {
                name: &name,
                address: &address,
                key: if permanent { AddressKey::Permanent } else { AddressKey::Current },
                before: "eth0",
                alternatives: USUAL_ALTERNATIVES,
                also: also.as_deref(),
            };
            let path = format!("/etc/systemd/network/{}", file_name(&name, priority));
            let (_tree, root) = root(&[(&path, &pin.text())]);
            let files = LinkFiles::load(&root);
            prop_assert_eq!(&files.diagnostics, &[]);
            let naming = &files.files[0].naming;
            prop_assert_eq!(&naming.alternative_policy[..], USUAL_ALTERNATIVES);
            prop_assert_eq!(naming.alternative.first(), also.as_ref());
            let expected = Pin {
                name: name.clone(),
                address: address.clone(),
                key: pin.key,
                path: PathBuf::from(path),
                origin: Author::Ours,
            };
            prop_assert_eq!(Pins::of(&files).list, [expected]);
        }
    }
}
