//! The scheme that names at the next boot, and who says so.

use super::loader::{self, Loader};
use super::plan::{self, Mention};
use super::{apply, udev};
use cleat_naming::{NEWEST, Scheme, Udev, cmdline};
use cleat_root::{Root, paths};
use std::path::Path;

/// What names at the next boot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NextBoot {
    /// The installed udev.
    pub udev: Option<Udev>,
    /// The scheme that is pinned for it.
    pub pinned: Option<Pinned>,
}

/// A scheme that something names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    /// Which.
    pub scheme: &'static Scheme,
    /// Who says so, as a place: `the kernel command line`.
    pub by: String,
}

impl NextBoot {
    /// Reads it: from what the boot loader will boot by, where that is known, else from the running command line.
    ///
    /// *Source*: systemd.net-naming-scheme(7): the environment of systemd-udevd beats the command line, and the command
    /// line the UEFI variable; a scheme that udev does not know is as if none were named.
    pub fn read(root: &Root) -> Self {
        let installed = Udev::installed(root);
        let known = |name: String, by: String| {
            let scheme = match installed {
                Some(udev) => udev.scheme_named(&name),
                None => Scheme::named(&name),
            };
            scheme.map(|scheme| Pinned { scheme, by })
        };
        let pinned = match environment(root).or_else(|| command_line(root)) {
            Some((name, by)) => known(name, by),
            None => loader::evidence::efi_options(root)
                .as_deref()
                .and_then(cmdline::naming_scheme)
                .and_then(|name| known(name, "the UEFI variable SystemdOptions".to_owned())),
        };
        Self {
            udev: installed,
            pinned,
        }
    }

    /// The scheme, where the installed udev is known.
    pub fn scheme(&self) -> Option<&'static Scheme> {
        let pinned = self.pinned.as_ref().map(|pinned| pinned.scheme);
        pinned.or_else(|| self.udev?.default_scheme())
    }

    /// The scheme; the newest where nothing is known.
    pub fn scheme_or_newest(&self) -> &'static Scheme {
        self.scheme().unwrap_or(NEWEST)
    }

    /// The udev that a scheme is tried with: the installed one where it knows it, else the one that brought it.
    pub fn udev_for(&self, scheme: &Scheme) -> Udev {
        let brought = Udev {
            version: scheme.version,
        };
        self.udev.filter(|udev| *udev >= brought).unwrap_or(brought)
    }
}

/// What the environment of systemd-udevd names, and where. A value that begins with a colon counts only where nothing else
/// is said, which leaves it to the rest.
fn environment(root: &Root) -> Option<(String, String)> {
    let found = udev::environment(root).into_iter().find_map(|path| {
        let text = root.read_text(&path).ok()?;
        let line = text.lines().rfind(|line| line.contains("NET_NAMING_SCHEME="))?;
        let (_, value) = line.split_once("NET_NAMING_SCHEME=")?;
        let end = value.find(|sign: char| sign.is_whitespace() || "\"'".contains(sign));
        Some((value[..end.unwrap_or(value.len())].to_owned(), path))
    });
    found.filter(|(value, _)| !value.starts_with(':'))
}

/// What the command line of the next boot names, and where it comes from.
fn command_line(root: &Root) -> Option<(String, String)> {
    let running = || {
        let line = root.read_text(paths::PROC_CMDLINE).unwrap_or_default();
        Some((cmdline::naming_scheme(&line)?, "the kernel command line".to_owned()))
    };
    let Ok(found) = loader::detect(root) else {
        return running();
    };
    // The first entry is the one that boots unless somebody chooses another.
    if let Some((path, entry)) = apply::entries(root, found.loader).into_iter().next() {
        let by = format!("{} in {}", found.loader, path.display());
        return Some((cmdline::naming_scheme(&entry.cmdline)?, by));
    }
    let files = match found.loader {
        Loader::ProxmoxGrub | Loader::Grub => plan::grub_settings(root),
        Loader::UBoot => plan::u_boot_settings(root),
        _ => vec![paths::KERNEL_CMDLINE.into()],
    };
    if !files.iter().any(|path| root.exists(path)) {
        return running();
    }
    let last = files.iter().flat_map(|path| mentions(root, path)).next_back()?;
    let Mention { path, line, scheme, .. } = last;
    Some((scheme, format!("{}:{line}", path.display())))
}

fn mentions(root: &Root, path: &Path) -> Vec<Mention> {
    plan::mentions(path, &root.read_text(path).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{GRUB_CFG, Tree};
    use super::*;

    fn said(tree: &Tree) -> Option<(&'static str, String)> {
        let next = NextBoot::read(&tree.root);
        next.pinned.map(|pinned| (pinned.scheme.name, pinned.by))
    }

    fn host() -> Tree {
        let tree = Tree::new();
        tree.write("usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-252.so", "");
        tree.write(
            "proc/cmdline",
            "BOOT_IMAGE=/boot/vmlinuz-6.1.0-37-amd64 root=UUID=0a1b ro quiet net.naming-scheme=v240\n",
        );
        tree
    }

    /// Source: systemd.net-naming-scheme(7), and for the order of the sources systemd's docs/ENVIRONMENT.md.
    #[test]
    fn what_the_boot_loader_will_say_counts_and_not_what_it_said() {
        let tree = host();
        let running = || Some(("v240", "the kernel command line".to_owned()));
        assert_eq!(said(&tree), running());
        let entry = |word: &str| GRUB_CFG.replace("ro  quiet", &format!("ro {word} quiet"));
        tree.write("boot/grub/grub.cfg", &entry("net.naming-scheme=v247"));
        assert_eq!(said(&tree), Some(("v247", "GRUB in /boot/grub/grub.cfg".to_owned())));
        // It was unpinned: nothing is said from the next boot on, and udev's own default names.
        tree.write("boot/grub/grub.cfg", GRUB_CFG);
        assert_eq!(said(&tree), None);
        assert_eq!(NextBoot::read(&tree.root).scheme(), Scheme::named("v252"));
        // Source: systemd.net-naming-scheme(7); with NET_NAMING_SCHEME=latest udev 252 says that it uses v252.
        tree.write("boot/grub/grub.cfg", &entry("net.naming-scheme=latest"));
        assert_eq!(said(&tree), Some(("v252", "GRUB in /boot/grub/grub.cfg".to_owned())));
        // One that udev 252 does not know is none.
        tree.write("boot/grub/grub.cfg", &entry("net.naming-scheme=v257"));
        assert_eq!(said(&tree), None);
        let drop_in = "etc/systemd/system/systemd-udevd.service.d/scheme.conf";
        tree.write(drop_in, "[Service]\nEnvironment=\"NET_NAMING_SCHEME=v245\"\n");
        assert_eq!(said(&tree), Some(("v245", format!("/{drop_in}"))));
    }

    /// The entries are on partitions that proxmox-boot-tool mounts only to write them: the files that they are made of.
    #[test]
    fn what_the_entries_are_made_of_counts_where_they_are_not_to_be_seen() {
        let tree = host();
        tree.write("etc/kernel/proxmox-boot-uuids", "0A1B-2C3D\n");
        tree.write("usr/sbin/proxmox-boot-tool", "");
        tree.write("etc/default/grub", "GRUB_CMDLINE_LINUX=\"net.naming-scheme=v241\"\n");
        assert_eq!(said(&tree), Some(("v241", "/etc/default/grub:1".to_owned())));
        tree.efi("LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f", "systemd-boot 252");
        tree.write("etc/kernel/cmdline", "root=ZFS=rpool net.naming-scheme=v243\n");
        assert_eq!(said(&tree), Some(("v243", "/etc/kernel/cmdline:1".to_owned())));
    }
}
