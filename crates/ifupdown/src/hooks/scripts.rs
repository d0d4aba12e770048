//! Which scripts of /etc/network/if-*.d run.

use cleat_model::desired::Phase;
use cleat_root::{Root, paths};
use cleat_store::Digest;
use log::debug;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
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

/// A script that does nothing for an interface without any of its options. It is known by its text: one that an
/// administrator has changed runs always.
#[derive(Debug, PartialEq, Eq)]
pub struct Known {
    /// The SHA-256 of its text, one for each release that has another.
    texts: &'static [&'static str],
    /// What the variables begin with that it reads.
    pub reads: &'static [&'static str],
}

/// *Source*: if-pre-up.d/ethtool and if-up.d/ethtool of Debian 12 (1:6.1-1) and Debian 13 (1:6.14.2-1), each read; that
/// of a release differs from the other's in ethtool's path alone. The second one starts nine processes for nothing.
pub const KNOWN: &[Known] = &[
    Known {
        texts: &[
            "736329a67c074e6acf2056508028977c2edd7d7fd408b0e054843920b18d1f7d",
            "82702c90683783e3baf34db073da06cd764e62ca44c103d5131efd018f3ebbeb",
        ],
        reads: &["IF_ETHERNET_PORT", "IF_DRIVER_MESSAGE_LEVEL"],
    },
    Known {
        texts: &[
            "445c0423f3e48697fd2f4161bab7b2ab7883aa398c68e26258c673adf6a0a032",
            "38a879a858b29b8a36d469e15fbfd90b07c3ea0761d12622c7902567b07083be",
        ],
        reads: &[
            "IF_LINK_SPEED",
            "IF_LINK_DUPLEX",
            "IF_ETHERNET_",
            "IF_HARDWARE_IRQ_COALESCE_",
            "IF_HARDWARE_DMA_RING_",
            "IF_OFFLOAD_",
        ],
    },
];

/// A script that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// Where it is.
    pub path: PathBuf,
    /// What is known of its text.
    pub known: Option<&'static Known>,
}

/// The longest text that is looked at: no known script has a tenth of it.
const LONGEST: u64 = 64 * 1024;

fn known(root: &Root, path: &Path) -> Option<&'static Known> {
    let text = root.read_up_to(path, LONGEST).ok()?;
    let digest = Digest::of(&text);
    KNOWN.iter().find(|known| known.texts.contains(&digest.as_str()))
}

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
pub fn of_phase(root: &Root, phase: Phase) -> Vec<Script> {
    let directory = directory(phase);
    let Ok(names) = root.read_dir(directory) else {
        return Vec::new();
    };
    let mut scripts = Vec::new();
    for name in names {
        let Some(name) = name.to_str().filter(|name| runs(name)) else {
            debug!(
                "{}: {:?} is not a name of a script, left out",
                directory.display(),
                name
            );
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
            let known = known(root, &path);
            scripts.push(Script { path, known });
        }
    }
    scripts.sort_by(|one, other| one.path.cmp(&other.path));
    scripts
}

/// What there is in the directories of scripts, by names, sizes, modes and the times of change: equal twice where no script
/// came, went or was changed in between.
pub(crate) fn looks(root: &Root) -> Vec<(PathBuf, Look)> {
    let mut all = Vec::new();
    for phase in Phase::ALL {
        let directory = directory(phase);
        let names = root.read_dir(directory).unwrap_or_default();
        all.extend(names.into_iter().map(|name| {
            let path = directory.join(name);
            let look = root.metadata(&path).ok().map(|found| {
                let changed = (found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec());
                (found.ino(), found.len(), found.mode(), changed)
            });
            (path, look)
        }));
    }
    all
}

/// Inode, size, mode, and the times of change; `None` of what cannot be looked at.
type Look = Option<(u64, u64, u32, (i64, i64, i64, i64))>;

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
