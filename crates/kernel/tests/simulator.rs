//! The scenarios of the model's simulator on a real kernel. The transcripts are the simulator's witness; `BLESS=DIR`
//! writes them to that folder.

#![allow(clippy::disallowed_methods, clippy::expect_used)]

use cleat_kernel::Host;
use cleat_model::fake::suite::{play, scenarios};

fn transcript(name: &str) {
    let all = scenarios();
    let scenario = all
        .iter()
        .find(|scenario| scenario.name == name)
        .expect("a scenario of that name");
    // As on a Debian host (systemd's 50-default.conf promotes secondaries) both settings occur; the transcripts are of
    // the kernel's own default.
    cleat_netns::run("sysctl -qw net.ipv4.conf.all.promote_secondaries=0 net.ipv4.conf.default.promote_secondaries=0");
    let mut kernel = Host::open().expect("a room has rtnetlink");
    let played = play(&mut kernel, &scenario.steps).expect("the kernel can be read");
    if let Some(dir) = std::env::var_os("BLESS") {
        let path = std::path::Path::new(&dir).join(format!("{name}.txt"));
        std::fs::write(path, &played).expect("the tree can be written");
        return;
    }
    assert_eq!(played, scenario.witness);
}

macro_rules! transcripts {
    ($($test:ident: $name:literal [$($kind:ident),*])*) => {$(
        #[test]
        fn $test() {
            let _room = cleat_netns::enter!($($kind),*);
            transcript($name);
        }
    )*};
}

transcripts! {
    bridges_are_as_the_simulator_has_them: "bridges" [Bridge, Veth]
    addresses_are_as_the_simulator_has_them: "addresses" [Veth, Inet6]
    routes_are_as_the_simulator_has_them: "routes" [Veth]
    ipv6_routes_are_as_the_simulator_has_them: "routes6" [Veth, Inet6]
    vxlans_are_as_the_simulator_has_them: "vxlans" [Vxlan, Veth]
    macvlans_are_as_the_simulator_has_them: "macvlans" [Macvlan, Bridge, Veth]
    vlans_are_as_the_simulator_has_them: "vlans" [Vlan, Veth]
    filtering_bridges_are_as_the_simulator_has_them: "vlan-filtering" [VlanFiltering, Veth]
    bonds_are_as_the_simulator_has_them: "bonds" [Bond, Veth]
    bond_options_are_as_the_simulator_has_them: "bond-options" [Bond]
    vrfs_are_as_the_simulator_has_them: "vrfs" [Vrf, Veth, Inet6]
    members_of_vrfs_are_as_the_simulator_has_them: "vrf-members" [Vrf, Veth, Vlan, Bridge, Inet6]
    members_of_a_vrf_that_is_deleted_are_as_the_simulator_has_them: "vrf-deleted" [Vrf, Veth, Bridge, Inet6]
    tables_of_vrfs_are_as_the_simulator_has_them: "vrf-tables" [Vrf, Veth]
    rules_are_as_the_simulator_has_them: "rules" [Vrf, Inet6]
}
