//! NICs whose VLAN filter has fewer places than a bridge asks for.

use cleat_diag::Diagnostic;
use cleat_ifupdown::read::session::Session;
use cleat_model::desired::{Desired, WantLink};
use cleat_model::name::IfName;
use cleat_model::types::Kind;
use cleat_root::{Root, paths};
use std::path::Path;

/// Drivers with a small table, and how many VLANs are taken to fit. What does not fit is dropped by the NIC, or makes it take
/// all frames; the kernel's answer is that all went well, mostly. No driver says how large its table is: the numbers are
/// estimates (tables of 128 and 512 places), which is why the warning says "may be".
///
/// *Source* of the fault: ifupdown2's pull request 266 (Mellanox ConnectX with `bridge-vids 2-4094`).
const SMALL: [(&str, usize); 3] = [("mlx4_core", 126), ("mlx5_core", 510), ("i40e", 126)];

/// NICs that get more VLANs than their filter has places for, and keep the filter.
pub(super) fn told(session: &Session, desired: &Desired) -> Vec<Diagnostic> {
    let root = &session.root;
    let of = |want: &WantLink| -> Vec<Diagnostic> {
        let Some(vlans) = want.vlans.as_ref().filter(|_| want.kind != Kind::Bridge) else {
            return Vec::new();
        };
        let count: usize = vlans
            .ranges
            .iter()
            .map(|range| usize::from(range.last - range.first) + 1)
            .sum();
        let place = vlans.origin.and_then(|origin| origin.place());
        // A bond hands its VLANs to its ports.
        let nics = std::iter::once(want.name).chain(want.ports.iter().map(|port| port.name));
        let small = nics.filter_map(|nic| Some((nic, small(root, nic).filter(|(_, most)| count > *most)?)));
        let small = small.filter(|(nic, _)| !is_off(desired, *nic));
        let told = small.map(|(nic, (driver, _))| {
            let text = format!("the VLAN filter of {nic} (driver {driver}) may be too small for {count} VLANs");
            let told = Diagnostic::warning("vlan-filter-small", text).on(nic);
            let told = match place {
                Some(place) => told.at(place, "the NIC drops frames of VLANs that do not fit"),
                None => told,
            };
            told.help(format!(
                "write `rx-vlan-filter off` below `iface {nic}`: the bridge filters by itself"
            ))
        });
        told.collect()
    };
    desired.links().iter().flat_map(of).collect()
}

fn is_off(desired: &Desired, nic: IfName) -> bool {
    desired
        .get(nic)
        .is_some_and(|want| want.number("rx-vlan-filter") == Some(0))
}

/// The driver and the places of a NIC with a small table.
fn small(root: &Root, nic: IfName) -> Option<(&'static str, usize)> {
    let driver = root
        .read_link(Path::new(paths::SYS_CLASS_NET).join(nic.as_str()).join("device/driver"))
        .ok()?;
    let driver = driver.file_name()?.to_str()?;
    SMALL.into_iter().find(|(known, _)| *known == driver)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cleat_ifupdown::args::Input;
    use cleat_root::Durability;

    fn told_of(driver: &str, text: &str) -> Vec<String> {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        root.create_dir_all("/etc/network").unwrap();
        root.write_atomic("/etc/network/interfaces", text.as_bytes(), Durability::Volatile)
            .unwrap();
        let device = tree.path().join("sys/class/net/eno1/device");
        root.create_dir_all("/sys/class/net/eno1/device").unwrap();
        std::os::unix::fs::symlink(format!("../../bus/pci/drivers/{driver}"), device.join("driver")).unwrap();
        let mut session = Session::load(root, &Input::Standard);
        let desired = session.wanted(None);
        told(&session, &desired)
            .iter()
            .map(|found| found.message.clone())
            .collect()
    }

    fn bridge(vids: &str, nic: &str) -> String {
        format!(
            "auto vmbr0\niface vmbr0\n\tbridge-ports eno1\n\tbridge-vlan-aware yes\n\tbridge-vids {vids}\niface eno1\n{nic}"
        )
    }

    #[test]
    fn a_nic_with_a_small_vlan_filter_is_told_with_the_cure() {
        let all = bridge("2-4094", "");
        let text = "the VLAN filter of eno1 (driver mlx5_core) may be too small for 4094 VLANs";
        assert_eq!(told_of("mlx5_core", &all), [text]);
        assert_eq!(told_of("igb", &all), [""; 0]);
        assert_eq!(told_of("mlx5_core", &bridge("2-100", "")), [""; 0]);
        assert_eq!(
            told_of("mlx5_core", &bridge("2-4094", "\trx-vlan-filter off\n")),
            [""; 0]
        );
        let bond = "auto vmbr0\niface vmbr0\n\tbridge-ports bond0\n\tbridge-vlan-aware yes\n\tbridge-vids 2-4094\n\
                    iface bond0\n\tbond-slaves eno1\n\tbond-mode active-backup\n";
        assert_eq!(told_of("mlx5_core", bond), [text]);
    }
}
