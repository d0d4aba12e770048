//! What an initramfs has that names NICs.

use super::nic::{Module, Nic};
use cleat_naming::link_file::{LinkFiles, Machine};
use std::collections::BTreeSet;

/// The udev of an initramfs, as far as names go.
#[derive(Debug)]
pub struct Carrier {
    /// Its .link files, where they are other than the root's.
    pub(super) others: Option<LinkFiles>,
    /// The modules that it has.
    pub(super) modules: BTreeSet<String>,
    /// What conditions in .link files find there.
    pub(super) machine: Machine,
}

impl Carrier {
    /// Whether it has the driver of a NIC, as far as that is known.
    pub(super) fn has_driver(&self, nic: &Nic) -> Option<bool> {
        match &nic.module {
            Module::BuiltIn => Some(true),
            Module::Named(module) => Some(self.modules.contains(module)),
            Module::Unknown => None,
        }
    }

    /// Whether it may set NICs up, and its kernel renames none that is.
    ///
    /// *Source*: initramfs-tools(7), `ip=`; "net: allow live renaming when an interface is up" of Linux 6.2.
    pub(super) fn may_bring_up(&self) -> bool {
        let mut words = self.machine.command_line.iter().flatten();
        let asked = words.any(|word| word.text.starts_with("ip="));
        let release = self.machine.kernel_release.as_deref().unwrap_or_default();
        let mut numbers = release.split(['.', '-']).map(str::parse::<u32>);
        let version = (numbers.next(), numbers.next());
        asked && matches!(version, (Some(Ok(major)), Some(Ok(minor))) if (major, minor) < (6, 2))
    }
}
