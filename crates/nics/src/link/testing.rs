//! An invented host: NICs in sysfs, udev's database, and the kernel's links.

use super::host::Host;
use crate::initramfs::{Image, State};
use cleat_model::snapshot::{IFLA_ADDRESS, Link, Snapshot};
use cleat_model::types::Kind;
use cleat_naming::carried::LinkSet;
use cleat_networks::link;
use cleat_root::{Durability, Root};
use std::cell::RefCell;
use std::path::Path;

/// A tree that is gone when the test ends.
pub struct Bed {
    pub root: Root,
    links: RefCell<Vec<Link>>,
    _tree: tempfile::TempDir,
}

/// Debian 12's.
pub const DEFAULT: &str = "[Match]\nOriginalName=*\n[Link]\nNamePolicy=keep kernel database onboard slot path\n\
                           AlternativeNamesPolicy=database onboard slot path\nMACAddressPolicy=persistent\n";

impl Bed {
    pub fn new() -> Self {
        let tree = tempfile::tempdir().unwrap();
        let bed = Self {
            root: Root::at(tree.path()),
            links: RefCell::default(),
            _tree: tree,
        };
        bed.write("/usr/lib/systemd/network/99-default.link", DEFAULT);
        bed
    }

    pub fn write(&self, path: &str, text: &str) {
        self.root.create_dir_all(Path::new(path).parent().unwrap()).unwrap();
        self.root
            .write_atomic(path, text.as_bytes(), Durability::Volatile)
            .unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        self.root.read_text(path).unwrap()
    }

    /// An Ethernet NIC with a name by its path in udev's database.
    pub fn nic(&self, name: &str, mac: &str, by_path: &str) {
        self.nic_as(name, mac, by_path, |_| {});
    }

    /// NICs that are called by their path now, `enp1s0` and so on, with addresses of the same numbers.
    pub fn nics(&self, numbers: &[u8]) {
        for number in numbers {
            let name = format!("enp{number}s0");
            self.nic(&name, &format!("bc:24:11:00:00:{number:02x}"), &name);
        }
    }

    /// As [`Bed::nic`], its link changed.
    pub fn nic_as(&self, name: &str, mac: &str, by_path: &str, change: impl FnOnce(&mut Link)) {
        let index = self.links.borrow().len() as u32 + 2;
        let directory = format!("/sys/class/net/{name}");
        self.write(&format!("{directory}/device/vendor"), "0x1af4\n");
        self.write(
            &format!("{directory}/uevent"),
            &format!("INTERFACE={name}\nIFINDEX={index}\n"),
        );
        self.root
            .symlink("/sys/class/net", format!("{directory}/subsystem"))
            .unwrap();
        for (file, value) in [("type", "1"), ("address", mac), ("addr_assign_type", "0")] {
            self.write(&format!("{directory}/{file}"), &format!("{value}\n"));
        }
        let mut properties = format!("E:ID_NET_NAME_MAC=enx{}\n", mac.replace(':', ""));
        if !by_path.is_empty() {
            properties += &format!("E:ID_NET_NAME_PATH={by_path}\n");
        }
        self.write(&format!("/run/udev/data/n{index}"), &properties);
        let mut link = link(index, name, Kind::Physical, None);
        let bytes: Vec<u8> = mac
            .split(':')
            .map(|byte| u8::from_str_radix(byte, 16).unwrap())
            .collect();
        link.attrs.set(IFLA_ADDRESS, &bytes);
        if name != by_path && !by_path.is_empty() {
            link.altnames.push(by_path.to_owned());
        }
        change(&mut link);
        self.links.borrow_mut().push(link);
    }

    /// A link that is no NIC.
    pub fn link(&self, name: &str, kind: Kind) {
        let index = self.links.borrow().len() as u32 + 2;
        self.links.borrow_mut().push(link(index, name, kind, None));
    }

    pub fn pin(&self, path: &str, mac: &str, name: &str) {
        self.write(
            path,
            &format!("[Match]\nMACAddress={mac}\nType=ether\n[Link]\nName={name}\n"),
        );
    }

    /// A pin as Proxmox VE writes it.
    pub fn pin_of_proxmox(&self, name: &str, mac: &str) {
        self.pin(&format!("/usr/local/lib/systemd/network/50-pmx-{name}.link"), mac, name);
    }

    pub fn host(&self) -> Host {
        let mut snapshot = Snapshot::new();
        for link in self.links.borrow().iter() {
            snapshot.insert(link.clone());
        }
        Host::of(self.root.clone(), snapshot)
    }
}

/// An initramfs with these .link files and modules, beside what the root has.
pub fn image(root: &Root, kernel: &str, links: &LinkSet, modules: &[&str]) -> Image {
    Image {
        path: format!("/boot/initrd.img-{kernel}").into(),
        kernel: kernel.to_owned(),
        differences: links.differences(&LinkSet::of_root(root).0),
        links: links.clone(),
        early: true,
        modules: modules.iter().map(|name| (*name).to_owned()).collect(),
    }
}

impl Host {
    /// The host boots with these initramfs.
    pub fn boot_with(&mut self, images: Vec<Image>) {
        self.look_into(&State {
            generator: None,
            images,
            hooked: false,
            proxmox: false,
        });
    }

    /// The host boots with an initramfs that carries these .link files, and no module.
    pub fn carry(&mut self, links: &LinkSet) {
        self.boot_with(vec![image(&self.root, "6.1", links, &[])]);
    }
}
