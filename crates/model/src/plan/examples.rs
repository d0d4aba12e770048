//! The spec's configurations from their text to a kernel in memory. Second witness: the golden states that ifupdown2 left
//! on a real kernel for these files, in the parts named at each check.

use super::*;
use crate::fake::FakeKernel;
use crate::testing::{machine, read, told};
use crate::trial::*;
use cleat_diag::Severity;

const NICS: [&str; 5] = ["eno0", "eno1", "eno2", "eno3", "ens18"];

fn example(name: &str) -> String {
    let path = format!("{}/../../examples/{name}.interfaces", env!("CARGO_MANIFEST_DIR"));
    #[allow(clippy::disallowed_methods)]
    std::fs::read_to_string(path).expect("an example of the tree")
}

/// Brings an example up on the golden machine; asserts that all is reached, and that a reload has nothing to do.
fn come_up(text: &str) -> (Host, Desired, Vec<String>) {
    let mut host = Host::new(&[]);
    host.kernel = FakeKernel::new(machine(&NICS));
    for nic in NICS.into_iter().chain(["lo"]) {
        let down = crate::op::Op::SetUp {
            name: name(nic),
            up: false,
        };
        host.kernel.step(&down).expect("a NIC can be set down");
    }
    let file = read(text);
    let wanted = |host: &Host| {
        let (desired, found) = crate::resolve::resolve(&file.decls, Some(host.kernel.now()));
        let bad = found.iter().any(|found| found.severity > Severity::Info);
        assert!(!bad, "{}", told(&found, &file.sources));
        desired
    };
    let desired = wanted(&host);
    let steps = host.up(&desired);
    let scope = all(Verb::Up, &desired).scope;
    assert_eq!(crate::verify::verify(&desired, host.kernel.now(), &scope), []);
    // What is wanted is made of the kernel's state too (the MAC of the first port): it must not move.
    let again = wanted(&host);
    assert_eq!(host.reload(&again), [""; 0]);
    (host, again, steps)
}

macro_rules! examples {
    ($($test:ident: $file:literal)*) => {$(
        #[test]
        fn $test() {
            let (mut host, desired, _) = come_up(&example($file));
            let request = all(Verb::Down, &desired);
            let (planned, outcome) = host.run(&desired, &request, crate::apply::OnError::KeepGoing);
            assert_eq!(outcome.diagnostics, [], "{}", planned.plan);
            let now = host.kernel.now();
            let left: Vec<&str> = now.links().iter().map(|link| link.name.as_str()).collect();
            assert_eq!(left, ["lo", "eno0", "eno1", "eno2", "eno3", "ens18"]);
            let up = now.links().iter().filter(|link| link.is_up() && !link.is_loopback()).count();
            assert_eq!(up, 0);
        }
    )*};
}

examples! {
    the_default_bridge_comes_up_and_goes: "default-bridge"
    the_routed_host_comes_up_and_goes: "routed"
    the_masquerading_host_comes_up_and_goes: "masquerading"
    the_storage_bond_comes_up_and_goes: "bond-storage"
    the_bond_as_bridge_port_comes_up_and_goes: "bond-bridge-port"
    the_traditional_vlan_comes_up_and_goes: "vlan-traditional"
    the_vlan_aware_bridge_comes_up_and_goes: "vlan-aware"
    the_bond_with_vlan_comes_up_and_goes: "bond-vlan"
    the_bridge_without_learning_comes_up_and_goes: "mac-learning-off"
}

// Witness: golden 07-vlan-aware/1-ifup/vlan.json.
#[test]
fn the_vlan_aware_bridge_has_the_vlans_that_ifupdown2_gave_it() {
    let (host, _, steps) = come_up(&example("vlan-aware"));
    let now = host.kernel.now();
    let vlans = |link: &str| now.vlans(now.get(name(link)).expect("the link").index).to_vec();
    assert_eq!(vlans("eno1"), [range(1, 1, true, true), range(2, 4094, false, false)]);
    assert_eq!(vlans("vmbr0"), [range(1, 1, true, true), range(5, 5, false, false)]);
    assert_eq!(
        steps,
        [
            "ip link add vmbr0 address 52:54:00:00:10:01 type bridge stp_state 0 forward_delay 0 vlan_filtering 1",
            "ip link add vmbr0.5 link vmbr0 type vlan id 5",
            "ip link set eno1 master vmbr0",
            "bridge vlan add dev vmbr0 vid 5 self",
            "bridge vlan add dev eno1 vid 2-4094",
            "ip link set lo up",
            "ip link set eno1 up",
            // The kernel sets vmbr0.5 up with the link below it.
            "ip link set vmbr0 up",
            "ip addr add 10.10.10.2/24 dev vmbr0.5",
            "ip route add default via 10.10.10.1 dev vmbr0.5",
        ]
    );
}
