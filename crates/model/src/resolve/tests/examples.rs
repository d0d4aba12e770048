//! The spec's configurations. Second witness: what ifupdown2 made of each on a real kernel (the golden states of the
//! same number): kinds, masters, parents, VLANs and addresses agree with `ip -d link`, `bridge vlan` and `ip addr`
//! there. On purpose differ: the default route is no `onlink` one where the subnet covers the gateway, and bridges take
//! the address of their first port rather than one of systemd's.

use super::{addresses, clean, get, knobs, names, ports, routes, vlans};
use crate::attrs::bond::MODES;
use crate::snapshot::Snapshot;
use crate::testing::machine;
use crate::types::Kind;

const DEFAULT_BRIDGE: &str = include_str!("../../../../../examples/default-bridge.interfaces");
const ROUTED: &str = include_str!("../../../../../examples/routed.interfaces");
const MASQUERADING: &str = include_str!("../../../../../examples/masquerading.interfaces");
const BOND_STORAGE: &str = include_str!("../../../../../examples/bond-storage.interfaces");
const BOND_BRIDGE_PORT: &str = include_str!("../../../../../examples/bond-bridge-port.interfaces");
const VLAN_TRADITIONAL: &str = include_str!("../../../../../examples/vlan-traditional.interfaces");
const VLAN_AWARE: &str = include_str!("../../../../../examples/vlan-aware.interfaces");
const BOND_VLAN: &str = include_str!("../../../../../examples/bond-vlan.interfaces");
const MAC_LEARNING_OFF: &str = include_str!("../../../../../examples/mac-learning-off.interfaces");

fn nics() -> Snapshot {
    machine(&["eno0", "eno1", "eno2", "eno3", "ens18"])
}

#[test]
fn state_01_the_default_bridge() {
    let desired = clean(DEFAULT_BRIDGE, Some(&nics()));
    assert_eq!(names(&desired), ["lo", "eno1", "vmbr0"]);
    let vmbr0 = get(&desired, "vmbr0");
    assert_eq!((&vmbr0.kind, ports(vmbr0)), (&Kind::Bridge, vec!["eno1"]));
    assert_eq!(
        knobs(vmbr0),
        ["bridge-stp no", "bridge-fd 0", "hwaddress 52:54:00:00:10:01"]
    );
    assert_eq!(addresses(vmbr0), ["192.168.10.2/24"]);
    assert_eq!(vmbr0.addresses[0].value.broadcast, None);
    assert_eq!(routes(vmbr0), ["default via 192.168.10.1"]);
    assert_eq!(vmbr0.vlans, None);
    let eno1 = get(&desired, "eno1");
    assert_eq!(
        eno1.master.map(|master| master.name.to_string()).as_deref(),
        Some("vmbr0")
    );
    assert!(eno1.classes.is_empty() && eno1.declared);
    assert_eq!(knobs(eno1), ["disable-ipv6 yes"]);
}

#[test]
fn state_02_the_routed_configuration() {
    let desired = clean(ROUTED, Some(&nics()));
    let eno0 = get(&desired, "eno0");
    assert_eq!(addresses(eno0), ["198.51.100.5/29"]);
    assert_eq!(routes(eno0), ["default via 198.51.100.1"]);
    assert_eq!(eno0.hooks.len(), 2);
    assert_eq!(ports(get(&desired, "vmbr0")), [""; 0]);
    assert_eq!(addresses(get(&desired, "vmbr0")), ["203.0.113.17/28"]);
}

#[test]
fn state_03_masquerading_keeps_its_hooks_behind_the_blank_line() {
    let desired = clean(MASQUERADING, Some(&nics()));
    let vmbr0 = get(&desired, "vmbr0");
    assert!(vmbr0.hooks.len() >= 3, "{:?}", vmbr0.hooks);
    assert_eq!(get(&desired, "lo").hooks.len(), 0);
}

#[test]
fn state_04_and_05_bonds_take_the_first_ports_address() {
    for (text, master) in [(BOND_STORAGE, None), (BOND_BRIDGE_PORT, Some("vmbr0"))] {
        let desired = clean(text, Some(&nics()));
        let bond0 = get(&desired, "bond0");
        assert_eq!((&bond0.kind, ports(bond0)), (&Kind::Bond, vec!["eno1", "eno2"]));
        let mut options = vec!["bond-miimon 100", "bond-mode 802.3ad", "bond-xmit-hash-policy layer2+3"];
        options.extend(master.map(|_| "disable-ipv6 yes"));
        options.push("hwaddress 52:54:00:00:10:01");
        assert_eq!(knobs(bond0), options);
        assert_eq!(bond0.master.map(|master| master.name.to_string()).as_deref(), master);
        let names = names(&desired);
        let at = |name: &str| names.iter().position(|found| *found == name).unwrap();
        assert!(at("eno1") < at("bond0") && at("bond0") < at("vmbr0"));
        let mac = if master.is_some() {
            "52:54:00:00:10:01"
        } else {
            "52:54:00:00:10:03"
        };
        assert!(knobs(get(&desired, "vmbr0")).contains(&format!("hwaddress {mac}")));
    }
}

#[test]
fn state_06_vlans_under_bridges() {
    let desired = clean(VLAN_TRADITIONAL, Some(&nics()));
    let eno1_5 = get(&desired, "eno1.5");
    assert_eq!(
        (&eno1_5.kind, knobs(eno1_5)),
        (&Kind::Vlan, vec!["vlan-id 5".to_owned(), "disable-ipv6 yes".to_owned()])
    );
    assert_eq!(
        eno1_5.parent.map(|parent| parent.name.to_string()).as_deref(),
        Some("eno1")
    );
    assert_eq!(ports(get(&desired, "vmbr0v5")), ["eno1.5"]);
    assert_eq!(ports(get(&desired, "vmbr0")), ["eno1"]);
    assert_eq!(addresses(get(&desired, "vmbr0v5")), ["10.10.10.2/24"]);
    assert!(knobs(get(&desired, "vmbr0v5")).contains(&"hwaddress 52:54:00:00:10:01".to_owned()));
}

#[test]
fn state_07_the_vlan_aware_bridge() {
    let desired = clean(VLAN_AWARE, Some(&nics()));
    assert_eq!(names(&desired), ["lo", "eno1", "vmbr0", "vmbr0.5"]);
    assert_eq!(vlans(get(&desired, "eno1")), ["1 pvid untagged", "2-4094"]);
    assert_eq!(vlans(get(&desired, "vmbr0")), ["1 pvid untagged", "5"]);
    let vmbr0_5 = get(&desired, "vmbr0.5");
    assert_eq!(
        vmbr0_5.parent.map(|parent| parent.name.to_string()).as_deref(),
        Some("vmbr0")
    );
    assert_eq!(routes(vmbr0_5), ["default via 10.10.10.1"]);
}

#[test]
fn state_08_a_vlan_on_a_bond() {
    let desired = clean(BOND_VLAN, Some(&nics()));
    let vlan = get(&desired, "bond0.5");
    assert_eq!(
        vlan.parent.map(|parent| parent.name.to_string()).as_deref(),
        Some("bond0")
    );
    assert_eq!(ports(get(&desired, "vmbr0v5")), ["bond0.5"]);
    assert!(knobs(get(&desired, "vmbr0v5")).contains(&"hwaddress 52:54:00:00:10:01".to_owned()));
}

#[test]
fn state_09_the_flag_that_proxmox_reads_changes_no_port() {
    let desired = clean(MAC_LEARNING_OFF, Some(&nics()));
    assert_eq!(
        knobs(get(&desired, "vmbr0")),
        ["bridge-stp no", "bridge-fd 0", "hwaddress 52:54:00:00:10:04"]
    );
    assert_eq!(knobs(get(&desired, "ens18")), ["disable-ipv6 yes"]);
}

#[test]
fn the_examples_are_without_fault_where_no_machine_is_known() {
    for text in [
        DEFAULT_BRIDGE,
        ROUTED,
        MASQUERADING,
        BOND_STORAGE,
        BOND_BRIDGE_PORT,
        VLAN_TRADITIONAL,
        VLAN_AWARE,
        BOND_VLAN,
        MAC_LEARNING_OFF,
    ] {
        let desired = clean(text, None);
        assert!(desired.links().iter().all(|link| link.knob("hwaddress").is_none()));
    }
}

// Second witness: kernel documentation bonding `mode`: the seven modes by number.
#[test]
fn all_seven_modes_are_taken_by_name_and_by_number() {
    for (word, number) in MODES {
        let desired = clean(&format!("iface bond0\n bond-slaves none\n bond-mode {word}\n"), None);
        assert_eq!(get(&desired, "bond0").number("bond-mode"), Some(*number), "{word}");
    }
}
