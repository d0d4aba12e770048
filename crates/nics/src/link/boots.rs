//! Which name a NIC gets at which boot.
//!
//! Two udevs may come to a NIC: that of the initramfs, where this has the NIC's driver, by the .link files that it
//! carries; and that of the root, for which systemd-udev-trigger.service plays the kernel's `add` again. The second one
//! renames a NIC that has a name already: by `Name=`, by a rule, and by any policy but `keep`, which keeps what the first
//! one gave.
//!
//! *Source*: `link_generate_new_name` in src/udev/net/link-config.c of systemd 252 and 257.

use super::carrier::Carrier;
use super::host::{Host, Next};
use super::nic::Nic;
use crate::initramfs;
use cleat_naming::KernelName;
use cleat_naming::link_file::{Device, LinkFile, LinkFiles, Machine, Policy};
use cleat_naming::scheme::Flag;
use std::collections::BTreeSet;

/// When a name comes true that needs no other initramfs.
pub const NEXT_BOOT: &str = "at the next boot";
/// When a name comes true that the initramfs of now stands in the way of.
pub const REBUILT: &str = "at the first boot with a rebuilt initramfs";

/// What systemd takes for the host name where nothing has set one, as in an initramfs.
///
/// *Source*: `FALLBACK_HOSTNAME` of systemd's meson_options.txt; Debian leaves it.
const NO_HOST_NAME: &str = "localhost";

/// The names of a NIC at the coming boots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coming {
    /// At the next one, with the initramfs as it is now.
    pub next: Next,
    /// At the first one with an initramfs that carries what the root has.
    pub rebuilt: Next,
    /// What the initramfs of now calls it first, where it carries other .link files.
    pub first: BTreeSet<String>,
}

/// What has named a NIC before the udev of the root comes to it.
enum Before {
    /// Nobody but the kernel.
    Kernel,
    /// The udev of the initramfs.
    Initramfs(String),
    /// It cannot be told, and why.
    Unknown(String),
}

impl Host {
    /// Takes over what the images of the kernels carry.
    pub fn look_into(&mut self, state: &initramfs::State) {
        let carrier = |image: &initramfs::Image| Carrier {
            others: (!image.differences.is_empty()).then(|| LinkFiles::carried(&image.links, self.next_boot.udev)),
            modules: image.modules.clone(),
            machine: Machine {
                host_name: Some(NO_HOST_NAME.to_owned()),
                machine_id: Some(String::new()),
                kernel_release: Some(image.kernel.clone()),
                tags: Vec::new(),
                ..self.machine.clone()
            },
        };
        self.carriers = state.images.iter().map(carrier).collect();
    }

    /// Whether an image carries other .link files than the root has.
    pub fn is_stale(&self) -> bool {
        self.carriers.iter().any(|carrier| carrier.others.is_some())
    }

    /// The names of a NIC at the coming boots.
    pub fn coming(&self, nic: &Nic) -> Coming {
        let alone = self.next_name(nic, self.verdict(nic).winner);
        let with_driver = |carrier: &&Carrier| carrier.has_driver(nic) == Some(true);
        let rebuilt = match self.carriers.iter().find(with_driver) {
            Some(carrier) => self.named_twice(&self.files, carrier, nic).1,
            None => alone.clone(),
        };
        let mut next: Option<Next> = None;
        let mut first = BTreeSet::new();
        for carrier in &self.carriers {
            let name = match (carrier.has_driver(nic), &carrier.others) {
                (Some(false), _) | (None, None) => alone.clone(),
                (Some(true), None) => rebuilt.clone(),
                (known, Some(files)) => {
                    let (before, name) = self.named_twice(files, carrier, nic);
                    if let Before::Initramfs(before) = before {
                        first.insert(before);
                    }
                    match known {
                        None if name != alone => {
                            Next::Unknown("an initramfs carries other .link files, and may have its driver".to_owned())
                        }
                        _ => name,
                    }
                }
            };
            next = match next {
                Some(other) if other != name => {
                    let why = "it follows from which kernel's initramfs is booted";
                    Some(Next::Unknown(why.to_owned()))
                }
                _ => Some(name),
            };
        }
        Coming {
            next: next.unwrap_or_else(|| rebuilt.clone()),
            rebuilt,
            first,
        }
    }

    /// What the udev of an initramfs with these files calls a NIC, and what that of the root does then.
    fn named_twice(&self, files: &LinkFiles, carrier: &Carrier, nic: &Nic) -> (Before, Next) {
        let device = self.device_at_boot(nic);
        let first = files.verdict(&device, &carrier.machine).winner;
        let before = match self.named(nic, first, &Before::Kernel) {
            Next::Kernel => Before::Kernel,
            Next::Name(name) => Before::Initramfs(name),
            Next::Unknown(why) => Before::Unknown(why),
        };
        if let Some(rule) = self.rule_of(nic) {
            let name = match rule.given(self.next_boot.scheme_or_newest()) {
                Ok(name) => Next::Name(name),
                Err(_) => Next::Kernel,
            };
            return (before, name);
        }
        let device = match &before {
            Before::Initramfs(name) => Device {
                kernel: KernelName::fixed(name),
                ..device
            },
            Before::Kernel | Before::Unknown(_) => device,
        };
        let second = self.files.verdict(&device, &self.machine).winner;
        let name = self.named(nic, second, &before);
        match &before {
            Before::Initramfs(first) if name.name() != Some(first) && carrier.may_bring_up() => {
                let why =
                    "the initramfs may have brought it up (`ip=`), and Linux before 6.2 renames no link that is up";
                (before, Next::Unknown(why.to_owned()))
            }
            _ => (before, name),
        }
    }

    /// The name that a NIC gets from the .link file that a udev takes for it.
    pub(super) fn named_by(&self, nic: &Nic, file: Option<&LinkFile>) -> Next {
        self.named(nic, file, &Before::Kernel)
    }

    fn named(&self, nic: &Nic, file: Option<&LinkFile>, before: &Before) -> Next {
        let stays = || match before {
            Before::Kernel => Next::Kernel,
            Before::Initramfs(name) => Next::Name(name.clone()),
            Before::Unknown(why) => Next::Unknown(why.clone()),
        };
        let is_named = !matches!(before, Before::Kernel);
        let Some(file) = file else { return stays() };
        if is_named && !self.next_boot.scheme_or_newest().has(Flag::AllowRerenames) {
            return stays();
        }
        let policies = match self.machine.uses_name_policies() {
            true => file.naming.policy.as_slice(),
            false => &[],
        };
        for policy in policies {
            match policy {
                Policy::Kernel if !is_named && nic.has_predictable_name => return Next::Name(nic.name.clone()),
                Policy::Keep if is_named => return stays(),
                Policy::Kernel | Policy::Keep => {}
                _ if nic.device.properties.is_none() => {
                    return Next::Unknown("udev's database has nothing of it".to_owned());
                }
                other => {
                    if let Some(name) = self.name_by(nic, *other) {
                        return Next::Name(name);
                    }
                }
            }
        }
        match &file.naming.name {
            Some(name) => Next::Name(name.clone()),
            None => stays(),
        }
    }
}

impl Coming {
    /// Whether the initramfs of now makes no difference.
    pub fn is_one(&self) -> bool {
        self.next == self.rebuilt
    }

    /// The names that are other than that one, each with when the NIC gets it: `lan0 at the next boot`.
    pub fn others(&self, now: &str) -> Option<String> {
        let next = self.next.name().filter(|name| *name != now);
        let rebuilt = self.rebuilt.name();
        let rebuilt = rebuilt.filter(|name| !self.is_one() && (*name != now || next.is_some()));
        let next = next.map(|name| format!("{name} {NEXT_BOOT}"));
        let rebuilt = rebuilt.map(|name| format!("{name} {REBUILT}"));
        let all: Vec<String> = next.into_iter().chain(rebuilt).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }

    /// What becomes of the name `now`, in a clause.
    pub fn clause(&self, now: &str) -> String {
        match &self.next {
            Next::Name(name) if self.is_one() && name == now => "keeps this name".to_owned(),
            next if self.is_one() => clause(next, now, NEXT_BOOT),
            // What is not known only because of the initramfs is said of the boot at which that plays no part.
            Next::Unknown(_) => clause(&self.rebuilt, now, REBUILT),
            next => {
                let (first, then) = (clause(next, now, NEXT_BOOT), clause(&self.rebuilt, now, REBUILT));
                format!("{first}, and {then}")
            }
        }
    }
}

fn clause(next: &Next, now: &str, when: &str) -> String {
    match next {
        Next::Name(name) if name == now => format!("keeps this name {when}"),
        Next::Name(name) => format!("becomes {name} {when}"),
        Next::Kernel if when == NEXT_BOOT => "gets the kernel's name, which may be another at each boot".to_owned(),
        Next::Kernel => format!("gets the kernel's name {when}, which may be another at each boot"),
        Next::Unknown(reason) => format!("its name {when} is not known: {reason}"),
    }
}

#[cfg(test)]
mod tests;
