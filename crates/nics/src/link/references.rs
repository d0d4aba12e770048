//! Where a NIC is named beside the interfaces file and the sysctl snippets: what has to be changed by hand.

use cleat_root::Root;
use std::path::{Path, PathBuf};

/// Files that may name an interface, as globs.
///
/// *Source*: Proxmox VE's administration guide for those of /etc/pve; the others are where Debian's packages keep theirs.
const PLACES: &[&str] = &[
    "/etc/pve/local/host.fw",
    "/etc/pve/firewall/cluster.fw",
    "/etc/pve/sdn/*.cfg",
    "/etc/network/interfaces.d/sdn",
    "/etc/network/if-*.d/*",
    "/etc/udev/rules.d/*.rules",
    "/etc/frr/frr.conf",
    "/etc/dnsmasq.conf",
    "/etc/dnsmasq.d/*",
    "/etc/default/isc-dhcp-server",
    "/etc/nftables.conf",
    "/etc/iptables/rules.v*",
    "/run/sysctl.d/*.conf",
    "/usr/local/lib/sysctl.d/*.conf",
    "/usr/lib/sysctl.d/*.conf",
];

/// A line that names an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// Its text, trimmed.
    pub text: String,
}

impl Reference {
    /// What to do about it. *Source*: PVE 9's pve-network-interface-pinning changes host.fw and the SDN's files too.
    pub fn advice(&self) -> &'static str {
        let path = self.path.to_string_lossy();
        if path.starts_with("/etc/network/interfaces.d/sdn") {
            "made by the SDN: apply its configuration anew after the boot"
        } else if path.starts_with("/etc/pve/sdn/") {
            "in the web interface under Datacenter, SDN; for all nodes of the cluster"
        } else if path.starts_with("/etc/pve/") {
            "in the web interface under Firewall"
        } else {
            "with an editor"
        }
    }
}

/// The lines that name the interface or a VLAN of it, comments left out.
pub fn references(root: &Root, name: &str) -> Vec<Reference> {
    let files = PLACES.iter().flat_map(|place| root.glob(place, "/"));
    files.flat_map(|path| in_file(root, &path, name)).collect()
}

fn in_file(root: &Root, path: &Path, name: &str) -> Vec<Reference> {
    let Ok(text) = root.read_text(path) else {
        return Vec::new();
    };
    let lines = text.lines().enumerate().filter(|(_, line)| {
        let line = line.trim_start();
        !line.starts_with(['#', ';']) && names(line, name)
    });
    let reference = |(at, line): (usize, &str)| Reference {
        path: path.to_owned(),
        line: at + 1,
        text: line.trim().to_owned(),
    };
    lines.map(reference).collect()
}

/// Whether a line has the name as a word of letters, digits, `_` and `-`.
fn names(line: &str, name: &str) -> bool {
    let inside = |char: Option<char>| char.is_some_and(|char| char.is_alphanumeric() || matches!(char, '_' | '-'));
    line.match_indices(name)
        .any(|(at, found)| !inside(line[..at].chars().next_back()) && !inside(line[at + found.len()..].chars().next()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::Bed;
    use super::*;

    #[test]
    fn lines_that_name_the_nic_are_found_and_no_others() {
        let bed = Bed::new();
        bed.write(
            "/etc/pve/local/host.fw",
            "[RULES]\n# eno1\nIN ACCEPT -i eno1 -p tcp\nIN ACCEPT -i eno10\n",
        );
        bed.write(
            "/etc/pve/sdn/fabrics.cfg",
            "openfabric_interface: lab_node\n  interfaces name=eno1,hello=3\n",
        );
        bed.write("/etc/network/if-up.d/mine", "#!/bin/sh\nethtool -K eno1.5 tso off\n");
        let found = references(&bed.root, "eno1");
        let short = |one: &Reference| format!("{}:{}: {} ({})", one.path.display(), one.line, one.text, one.advice());
        assert_eq!(
            found.iter().map(short).collect::<Vec<_>>(),
            [
                "/etc/pve/local/host.fw:3: IN ACCEPT -i eno1 -p tcp (in the web interface under Firewall)",
                "/etc/pve/sdn/fabrics.cfg:2: interfaces name=eno1,hello=3 (in the web interface under Datacenter, SDN; \
                 for all nodes of the cluster)",
                "/etc/network/if-up.d/mine:2: ethtool -K eno1.5 tso off (with an editor)",
            ]
        );
    }
}
