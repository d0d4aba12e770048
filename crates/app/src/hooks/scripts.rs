//! Which scripts of /etc/network/if-*.d run.

use cleat_model::desired::Phase;
use cleat_root::{Root, paths};
use log::debug;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Names of scripts that would do a second time what is done here over netlink, and where they come from.
///
/// *Source*: the scripts of Debian's bridge-utils, ifenslave and vlan, and the names that ifupdown2 (with Proxmox's
/// patches for `mtu` and `bridgevlanport`) takes for its own modules.
pub const DONE_HERE: &[(&str, &str)] = &[
    ("address", "ifupdown2"),
    ("bond", "ifupdown2"),
    ("bridge", "bridge-utils"),
    ("bridgevlan", "ifupdown2"),
    ("bridgevlanport", "pve-manager"),
    ("ifenslave", "ifenslave"),
    ("link", "ifupdown2"),
    ("mtu", "pve-manager"),
    ("usercmds", "ifupdown2"),
    ("vlan", "vlan"),
    ("vrf", "ifupdown2"),
    ("vxlan", "ifupdown2"),
];

/// The directory of a phase: `/etc/network/if-up.d`.
pub fn directory(phase: Phase) -> &'static Path {
    Path::new(match phase {
        Phase::PreUp => paths::IF_PRE_UP_D,
        Phase::Up => paths::IF_UP_D,
        Phase::PostUp => paths::IF_POST_UP_D,
        Phase::PreDown => paths::IF_PRE_DOWN_D,
        Phase::Down => paths::IF_DOWN_D,
        Phase::PostDown => paths::IF_POST_DOWN_D,
    })
}

/// The scripts of a phase in the order they run: sorted by name.
///
/// *Shape*: names of `[A-Za-z0-9_-]+` only, as run-parts(8) takes them, so that what dpkg and editors leave stays out.
/// A file that is not executable, and one that does what is done here already, is left out and said in the log.
/// A directory that is not there is empty.
pub fn of_phase(root: &Root, phase: Phase) -> Vec<PathBuf> {
    let directory = directory(phase);
    let Ok(names) = root.read_dir(directory) else {
        return Vec::new();
    };
    let mut scripts = Vec::new();
    for name in names {
        let Some(name) = name.to_str().filter(|name| runs(name)) else {
            debug!("{}: {:?} is no name of a script, left out", directory.display(), name);
            continue;
        };
        let path = directory.join(name);
        if let Some((_, from)) = DONE_HERE.iter().find(|(known, _)| *known == name) {
            debug!(
                "{}: left out, it does what is done already (a script of {from})",
                path.display()
            );
        } else if !is_executable(root, &path) {
            debug!("{}: left out, it is not executable", path.display());
        } else {
            scripts.push(path);
        }
    }
    scripts.sort();
    scripts
}

/// Whether run-parts(8) would run a file of that name.
fn runs(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// Whether a file has any of its execute bits, which is what root needs to run it.
fn is_executable(root: &Root, path: &Path) -> bool {
    root.metadata(path)
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}
