//! The udev of this host: the scheme that it names by, and those that it knows.

use crate::programs::{Programs, installed};
use cleat_naming::{Scheme, Udev, cmdline, index_of, noted};
use cleat_root::{Root, paths};
use std::collections::BTreeMap;

/// What is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// The installed version.
    pub udev: Option<Udev>,
    /// The scheme that each NIC was named by in this boot, from udev's database.
    pub running: BTreeMap<String, String>,
    /// What the running command line says.
    pub cmdline: Option<String>,
    /// What the UEFI variable `SystemdOptions` says; it counts where the command line says nothing.
    pub efi: Option<String>,
}

impl Host {
    /// Reads it.
    pub fn read(root: &Root) -> Self {
        let line = root.read_text(paths::PROC_CMDLINE).unwrap_or_default();
        let efi = super::loader::evidence::efi_options(root);
        Self {
            udev: Udev::installed(root),
            running: running(root),
            cmdline: cmdline::naming_scheme(&line),
            efi: efi.as_deref().and_then(cmdline::naming_scheme),
        }
    }

    /// The scheme of this boot: as udev has noted it, else as it would follow from what was said to it.
    ///
    /// *Source*: systemd.net-naming-scheme(7); a scheme that udev does not know leaves its default.
    pub fn current(&self) -> Option<&'static Scheme> {
        let noted = self.running.values().find_map(|name| Scheme::named(name));
        let said = self.cmdline.as_ref().or(self.efi.as_ref());
        let said = said.and_then(|name| self.udev?.scheme_named(name));
        noted.or(said).or_else(|| self.udev?.default_scheme())
    }

    /// Whether the installed udev knows a scheme.
    pub fn knows(&self, scheme: &Scheme) -> bool {
        self.udev.is_some_and(|udev| scheme.version <= udev.version)
    }
}

/// The scheme that named each link.
fn running(root: &Root) -> BTreeMap<String, String> {
    let names = root.read_dir(paths::SYS_CLASS_NET).unwrap_or_default();
    let names = names.iter().filter_map(|name| name.to_str());
    let scheme = |name: &str| noted(root, &index_of(root, name)?)?.remove("ID_NET_NAMING_SCHEME");
    names
        .filter_map(|name| Some((name.to_owned(), scheme(name)?)))
        .collect()
}

/// Asks udev itself which scheme it would take for this one: `udevadm test-builtin net_id` on one of the NICs, with the
/// scheme in its environment. `None` where it cannot be asked.
pub fn ask(root: &Root, programs: &dyn Programs, scheme: &str) -> Option<String> {
    if !installed(root, "udevadm") {
        return None;
    }
    let names = root.read_dir(paths::SYS_CLASS_NET).unwrap_or_default();
    let names = names.iter().filter_map(|name| name.to_str());
    // udev names by a scheme only what is a NIC of its own: of type 1, and not upon another.
    let mut nics = names.filter(|name| {
        let attribute = |key: &str| root.read_text(format!("{}/{name}/{key}", paths::SYS_CLASS_NET)).ok();
        attribute("type").is_some_and(|kind| kind.trim() == "1") && attribute("iflink") == attribute("ifindex")
    });
    let path = format!("{}/{}", paths::SYS_CLASS_NET, nics.next()?);
    let words = ["udevadm", "test-builtin", "net_id", &path];
    let answer = programs.answer(&words, &[("NET_NAMING_SCHEME", scheme)]).ok()?;
    let mut lines = answer.lines();
    lines.find_map(|line| line.strip_prefix("ID_NET_NAMING_SCHEME=").map(str::to_owned))
}

/// The unit files that set `NET_NAMING_SCHEME` for udev, which beats the command line.
pub fn environment(root: &Root) -> Vec<String> {
    let directories = [
        "/etc/systemd/system",
        "/run/systemd/system",
        "/usr/local/lib/systemd/system",
        "/usr/lib/systemd/system",
    ];
    let mut found = Vec::new();
    for directory in directories {
        let drop_ins = format!("{directory}/systemd-udevd.service.d");
        let names = root.read_dir(&drop_ins).unwrap_or_default();
        let names = names
            .iter()
            .map(|name| format!("{drop_ins}/{}", name.to_string_lossy()));
        let files = std::iter::once(format!("{directory}/systemd-udevd.service")).chain(names);
        found.extend(files.filter(|path| {
            let text = root.read_text(path).unwrap_or_default();
            text.lines()
                .any(|line| line.starts_with("Environment") && line.contains("NET_NAMING_SCHEME"))
        }));
    }
    found
}
