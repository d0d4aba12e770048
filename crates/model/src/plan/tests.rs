//! Plans for the spec's configurations and the pains of the peers. Second witness where a state is expected: the golden
//! states that ifupdown2 left on a real kernel for the same files, and the simulator, which is itself held against the
//! real kernel.

use super::*;
use crate::desired::WantLink;
use crate::fake::defaults;
use crate::trial::*;
use crate::types::Kind;

fn default_bridge() -> Desired {
    Desired::new(vec![
        link("lo", Kind::Physical),
        WantLink {
            declared: true,
            ..WantLink::new(name("eno1"), SAID).in_master("vmbr0")
        },
        link("vmbr0", Kind::Bridge)
            .set("bridge-stp", "off")
            .set("bridge-fd", "0")
            .with_ports(&["eno1"])
            .addr("192.168.10.2/24")
            .via("192.168.10.1"),
    ])
}

/// A guest's tap on a bridge, as qemu-server plugs it.
fn plug(host: &mut Host, tap: &str, bridge: &str) {
    let now = host.kernel.now_mut();
    let index = 500 + now.links().len() as u32;
    let master = now.get(name(bridge)).expect("the bridge").index;
    let mut link = defaults::link(index, name(tap), Kind::Other("tun".into()), defaults::mac(index));
    link.flags |= 1;
    link.master = Some(master);
    link.port_kind = Some(Kind::Bridge);
    link.port = defaults::bridge_port();
    now.insert(link);
    now.vlans.insert(index, vec![range(1, 1, true, true)]);
}

#[test]
fn the_default_bridge_comes_up_in_few_waves() {
    let mut host = Host::new(&["eno1"]);
    assert_eq!(
        host.up(&default_bridge()),
        [
            "ip link add vmbr0 type bridge stp_state 0 forward_delay 0",
            "ip link set eno1 master vmbr0",
            "ip link set lo up",
            "ip link set eno1 up",
            "ip link set vmbr0 up",
            "ip addr add 192.168.10.2/24 dev vmbr0",
            "ip route add default via 192.168.10.1 dev vmbr0",
        ]
    );
}

// Witness: issue 2, "what was never declared and never ours stays untouched"; proxmox.md 4.
#[test]
fn a_guest_on_the_bridge_keeps_its_place_over_a_changed_file() {
    let mut host = Host::new(&["eno1", "eno2"]);
    host.up(&default_bridge());
    plug(&mut host, "tap100i0", "vmbr0");
    let changed = Desired::new(vec![
        link("lo", Kind::Physical),
        link("eno2", Kind::Physical).in_master("vmbr0"),
        link("vmbr0", Kind::Bridge)
            .set("bridge-stp", "off")
            .set("bridge-fd", "2")
            .with_ports(&["eno2"])
            .addr("192.168.10.3/24")
            .via("192.168.10.254"),
    ]);
    assert_eq!(
        host.reload(&changed),
        [
            "ip link set vmbr0 address 02:00:00:00:00:02",
            "ip link set eno1 nomaster",
            "ip link set eno1 down",
            "ip link set vmbr0 type bridge forward_delay 200",
            "ip link set eno2 master vmbr0",
            "ip link set eno2 up",
            "ip addr add 192.168.10.3/24 dev vmbr0",
            "ip route replace default via 192.168.10.254 dev vmbr0",
            "ip addr del 192.168.10.2/24 dev vmbr0",
            // The new address was secondary to the old one and went with it, and with the last address all routes.
            "ip addr replace 192.168.10.3/24 dev vmbr0",
            "ip route replace default via 192.168.10.254 dev vmbr0",
        ]
    );
    assert_eq!(host.master_of("tap100i0").as_deref(), Some("vmbr0"));
}

#[test]
fn a_bridge_with_guests_is_not_taken_down_but_reported() {
    let mut host = Host::new(&["eno1"]);
    host.up(&default_bridge());
    plug(&mut host, "tap100i0", "vmbr0");
    let (steps, said) = host.down(&default_bridge(), &["vmbr0"]);
    assert_eq!(steps, [""; 0]);
    assert_eq!(
        said,
        ["error[bridge-has-guests]: bridge vmbr0 stays as it is: others hang on it: tap100i0"]
    );
    let gone = Desired::new(vec![link("lo", Kind::Physical), link("eno1", Kind::Physical)]);
    let planned = host.plan(&gone, &all(Verb::Reload, &gone));
    assert_eq!(
        lines(&planned),
        [""; 0],
        "eno1 stays a port of the bridge that guests hang on"
    );
}

// Witness: golden 01-default-bridge/3-ifdown: no vmbr0, eno1 down.
#[test]
fn ifdown_deletes_the_bridge_and_sets_its_port_down() {
    let mut host = Host::new(&["eno1"]);
    let mut desired = default_bridge();
    host.up(&desired);
    let mut links = desired.links().to_vec();
    links[1].classes.clear();
    desired = Desired::new(links);
    let (steps, said) = host.down(&desired, &["lo", "vmbr0"]);
    assert_eq!(steps, ["ip link del vmbr0", "ip link set eno1 down"]);
    assert_eq!(said, [""; 0]);
    assert!(host.owned.get(name("vmbr0")).is_none());
}

// Witness: peers.md 1.7 and interfaces(5): what stands below is whole before `pre-up`; `up` comes when addresses and
// routes are there.
#[test]
fn hooks_stand_between_the_steps_that_they_rely_on() {
    let desired = Desired::new(vec![
        link("eno1", Kind::Physical)
            .in_master("vmbr0")
            .hook(Phase::PostUp, "ethtool -K eno1 gro off"),
        link("vmbr0", Kind::Bridge)
            .with_ports(&["eno1"])
            .addr("192.168.10.2/24")
            .via("192.168.10.1")
            .hook(Phase::PreUp, "echo before")
            .hook(Phase::PostUp, "echo after"),
    ]);
    let mut host = Host::new(&["eno1"]);
    assert_eq!(
        host.up(&desired),
        [
            "ip link add vmbr0 type bridge",
            "# pre-up of vmbr0",
            "ip link set eno1 master vmbr0",
            "ip link set eno1 up",
            "ip link set vmbr0 up",
            "ip addr add 192.168.10.2/24 dev vmbr0",
            "ip route add default via 192.168.10.1 dev vmbr0",
            "# post-up of eno1",
            "# post-up of vmbr0",
        ]
    );
    // On a reload they run for what changes alone.
    let mut links = desired.links().to_vec();
    links[1] = links[1].clone().addr("192.168.10.9/32");
    assert_eq!(
        host.reload(&Desired::new(links)),
        [
            "# pre-up of vmbr0",
            "ip addr add 192.168.10.9/32 dev vmbr0",
            "# post-up of vmbr0",
        ]
    );
}
