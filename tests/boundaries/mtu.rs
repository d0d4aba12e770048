//! MTUs over a stack of links: a host that was changed live has those of a host that boots with the same text.
//!
//! Second witness: the kernel, which gives a new VLAN, macvlan or VXLAN what the link below has, and a bridge the smallest of
//! its ports'.

use super::Host;
use cleat_netns as netns;

const VLANS: &str = "iface eno1.20\niface eno1.21\niface vmbr1\n  bridge-ports eno1.21\niface bond0.30\niface vmbr4\n  \
                     bridge-ports eno2\niface vmbr4.40\n";
const OTHERS: &str = "iface vmbr4\n  bridge-ports eno2\niface vx8\n  vxlan-id 8\n  vxlan-physdev eno1\niface vx6\n  \
                      vxlan-id 6\n  vxlan-physdev eno1\n  vxlan-local-tunnelip 2001:db8::1\niface mv0\n  \
                      macvlan-raw-device eno1\n";

fn nics(mtu: Option<u32>) -> String {
    let line = mtu.map(|mtu| format!("  mtu {mtu}\n")).unwrap_or_default();
    format!("iface eno1\n{line}iface eno2\n{line}")
}

impl Host {
    /// Name and MTU of each link, in the order of the names.
    fn mtus(&mut self) -> Vec<(String, u32)> {
        let now = self.now();
        let links = now.links().iter().filter(|link| !link.name.as_str().ends_with("-wire"));
        let mut all: Vec<(String, u32)> = links.map(|link| (link.name.to_string(), link.mtu())).collect();
        all.sort();
        all
    }

    fn booted(&mut self, text: &str) -> Vec<(String, u32)> {
        self.plug();
        self.reads(text);
        let all = self.mtus();
        self.clear();
        all
    }
}

/// Goes from each MTU to the next; after each step the host has what a boot gives.
#[track_caller]
fn follows(text: impl Fn(Option<u32>) -> String, extra: &str) -> Vec<(String, u32)> {
    let steps = [
        None,
        Some(9000),
        None,
        Some(1400),
        None,
        Some(9000),
        Some(1400),
        Some(9000),
    ];
    let mut host = Host::new();
    let booted: Vec<Vec<(String, u32)>> = steps.iter().map(|mtu| host.booted(&(text(*mtu) + extra))).collect();
    host.plug();
    for (mtu, booted) in steps.iter().zip(&booted) {
        host.reads(&(text(*mtu) + extra));
        assert_eq!(&host.mtus(), booted, "{mtu:?}");
    }
    host.clear();
    booted.last().cloned().expect("the last step")
}

#[test]
fn vlans_bonds_and_bridges_have_live_the_mtus_of_the_next_boot() {
    let _room = netns::enter!(Veth, Vlan, Bond, Bridge);
    let bond = |mtu: Option<u32>| {
        let line = mtu.map(|mtu| format!("  mtu {mtu}\n")).unwrap_or_default();
        format!("iface bond0\n  bond-slaves none\n{line}")
    };
    let found = follows(|mtu| nics(mtu) + &bond(mtu), VLANS);
    let small: Vec<&(String, u32)> = found
        .iter()
        .filter(|(name, mtu)| *mtu != 9000 && name != "lo")
        .collect();
    assert_eq!(small, [] as [&(String, u32); 0]);
}

#[test]
fn bridges_vxlans_and_macvlans_have_live_the_mtus_of_the_next_boot() {
    let _room = netns::enter!(Veth, Vxlan, Macvlan, Bridge, Inet6);
    let found = follows(nics, OTHERS);
    let of = |link: &str| found.iter().find(|(name, _)| name == link).map(|(_, mtu)| *mtu);
    assert_eq!(
        ["vmbr4", "vx8", "vx6", "mv0"].map(of),
        [Some(9000), Some(8950), Some(8930), Some(9000)]
    );
}
