//! The configuration with NICs renamed in it: the staged file where there is one, else the live one, with all that it
//! sources.

use cleat_diag::{Diagnostic, Sources};
use cleat_eni::{ConfigSet, Document, rename_interface};
use cleat_model::desired::Desired;
use cleat_model::types::Kind;
use cleat_model::{decl, resolve, table};
use cleat_root::{Root, paths};
use std::path::{Path, PathBuf};

/// How a file that Proxmox VE's SDN makes begins. It is rebuilt from the SDN's own configuration.
const MADE_BY_SDN: &[u8] = b"#version:";

/// A file before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// Which file.
    pub path: PathBuf,
    /// Its bytes on the disk.
    pub old: Vec<u8>,
    /// Its bytes now.
    pub new: Vec<u8>,
}

/// The configuration, changed in memory only.
#[derive(Clone, Debug)]
pub struct Configuration {
    set: ConfigSet,
    /// The files as they are on the disk.
    disk: Vec<Vec<u8>>,
    /// The files as they were when it was read: what is staged for them, else what is on the disk.
    start: Vec<Vec<u8>>,
}

impl Configuration {
    /// Of these bytes of the interfaces file, and of the files that go with it when it is committed.
    pub fn of(root: &Root, interfaces: Vec<u8>, staged: &[(PathBuf, Vec<u8>)]) -> Self {
        // What is wrong with the file is wrong before and after: `cleat check` tells it.
        let (mut set, _) = ConfigSet::from_bytes(Path::new(paths::INTERFACES), interfaces, root);
        let disk: Vec<Vec<u8>> = documents(&set).map(Document::to_bytes).collect();
        let ids: Vec<_> = set.files().map(|(file, path)| (file, path.to_owned())).collect();
        for ((file, path), bytes) in ids.into_iter().zip(&disk) {
            if bytes.starts_with(MADE_BY_SDN) {
                // It names what the SDN's own configuration does, before and after.
                let _ = set.replace(file, Vec::new());
            } else if let Some((_, bytes)) = staged.iter().find(|(of, _)| *of == path) {
                let _ = set.replace(file, bytes.clone());
            }
        }
        let start = documents(&set).map(Document::to_bytes).collect();
        Self { set, disk, start }
    }

    /// Text of the files, for diagnostics.
    pub fn sources(&self) -> &Sources {
        &self.set.sources
    }

    /// Whether an interface of that name, or a VLAN of it, is named anywhere but in hooks.
    pub fn mentions(&self, name: &str) -> bool {
        // A name that nobody has, to see whether it would be put anywhere.
        rename_interface(&mut self.set.clone(), name, "~0", &table::names_interfaces).0 > 0
    }

    /// Renames an interface and its VLANs wherever they are named. Returns what was refused, which then changed nothing,
    /// and what a person has to look at.
    pub fn rename(&mut self, from: &str, to: &str) -> Vec<Diagnostic> {
        rename_interface(&mut self.set, from, to, &table::names_interfaces).1
    }

    /// Whether anything was renamed.
    pub fn is_changed(&self) -> bool {
        !documents(&self.set)
            .map(Document::to_bytes)
            .eq(self.start.iter().cloned())
    }

    /// The network that it asks for, whatever this machine has; what is wrong with it is reported by `cleat check`.
    pub fn wanted(&self) -> Desired {
        let (decls, _) = decl::declare(self.set.items());
        resolve::resolve(&decls, None).0
    }

    /// The names of the links that it makes: bridges, bonds, VLANs and their like.
    pub fn makes(&self) -> Vec<String> {
        let desired = self.wanted();
        let made = desired.links().iter().filter(|link| link.kind != Kind::Physical);
        made.map(|link| link.name.to_string()).collect()
    }

    /// The interfaces file as it is now.
    pub fn interfaces(&self) -> Vec<u8> {
        documents(&self.set).next().map(Document::to_bytes).unwrap_or_default()
    }

    /// The files that it sources, without those that are made by others.
    pub fn sourced(&self) -> Vec<Rewritten> {
        let pairs = documents(&self.set).zip(&self.disk).skip(1);
        let all = pairs.map(|(document, old)| Rewritten {
            path: document.source().path.clone(),
            old: old.clone(),
            new: document.to_bytes(),
        });
        all.filter(|file| !file.old.starts_with(MADE_BY_SDN)).collect()
    }

    /// The files that something was renamed in, for a person to read.
    pub fn changed_files(&self) -> Vec<PathBuf> {
        let pairs = documents(&self.set).zip(&self.start);
        let changed = pairs.filter(|(document, start)| document.to_bytes() != **start);
        changed.map(|(document, _)| document.source().path.clone()).collect()
    }
}

fn documents(set: &ConfigSet) -> impl Iterator<Item = &Document> {
    set.files().filter_map(|(file, _)| set.document(file))
}

#[cfg(test)]
mod tests {
    use super::super::testing::Bed;
    use super::*;

    #[test]
    fn a_nic_is_renamed_in_all_files_but_those_that_the_sdn_makes() {
        let bed = Bed::new();
        let interfaces = "auto eno1\niface eno1 inet manual\nauto vmbr0\niface vmbr0\n\tbridge-ports eno1\n\
                          source /etc/network/interfaces.d/*\n";
        bed.write(
            "/etc/network/interfaces.d/sdn",
            "#version:3\niface sdn0\n\tbridge-ports eno1.7\n",
        );
        bed.write(
            "/etc/network/interfaces.d/storage",
            "iface eno1.5\n\tup ip link set eno1 up\n",
        );
        bed.write("/etc/network/interfaces.d/other", "iface eno2\n");
        let mut configuration = Configuration::of(&bed.root, interfaces.into(), &[]);
        assert!(configuration.mentions("eno1") && !configuration.mentions("lan0"));
        let told = configuration.rename("eno1", "lan0");
        assert_eq!(
            told.iter().map(|found| found.code).collect::<Vec<_>>(),
            ["renamed-in-hook"]
        );
        assert_eq!(
            String::from_utf8(configuration.interfaces()).unwrap(),
            interfaces.replace("eno1", "lan0")
        );
        assert_eq!(
            configuration.changed_files(),
            ["/etc/network/interfaces", "/etc/network/interfaces.d/storage"].map(PathBuf::from)
        );
        let storage = configuration.sourced().pop().unwrap();
        assert_eq!(storage.path, Path::new("/etc/network/interfaces.d/storage"));
        assert_eq!(
            String::from_utf8(storage.new.clone()).unwrap(),
            "iface lan0.5\n\tup ip link set eno1 up\n"
        );
        // What is staged for a sourced file is what is renamed next.
        let staged = [(storage.path, storage.new)];
        let mut again = Configuration::of(&bed.root, configuration.interfaces(), &staged);
        assert!(!again.is_changed());
        again.rename("lan0", "eno1");
        let storage = again.sourced().pop().unwrap();
        assert_eq!(storage.new, storage.old);
        assert!(again.is_changed());
    }
}
