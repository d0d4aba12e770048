//! What moves between links, what others left on them, and what guests need. Second witness: iproute2.

use super::bed::{addresses, call, exists, host, is_up, master, network, start, until, write_interfaces};
use cleat_netns::{self as netns, ip_json, run};

const NIC: &str = "auto eno1\niface eno1\n\taddress 192.0.2.10/24\n\tgateway 192.0.2.1\n";

fn bridge(name: &str, more: &str) -> String {
    format!(
        "iface eno1 inet manual\n\nauto {name}\niface {name} inet static\n\taddress 192.0.2.10/24\n\tgateway 192.0.2.1\n\
         \tbridge-ports eno1\n\tbridge-stp off\n\tbridge-fd 0\n{more}"
    )
}

/// Destination, link and protocol of each route that is not the kernel's.
fn routes() -> Vec<String> {
    let found = ip_json(&["route", "show", "table", "main"]);
    let list = found.as_array().unwrap().iter();
    let ours = list.filter(|route| route["protocol"] != "kernel");
    // ip(8) leaves out the protocol that is the default.
    let word = |value: &serde_json::Value| value.as_str().unwrap_or("boot").to_owned();
    let mut all: Vec<String> = ours
        .map(|route| {
            format!(
                "{} by {} proto {}",
                word(&route["dst"]),
                word(&route["dev"]),
                word(&route["protocol"])
            )
        })
        .collect();
    all.sort();
    all
}

#[test]
fn an_address_that_the_initramfs_left_is_on_the_bridge_after_the_boot() {
    let room = netns::enter!();
    host(&room, &["eno1"], &bridge("vmbr0", ""));
    run("ip link set eno1 up");
    run("ip addr add 192.0.2.10/24 dev eno1");
    run("ip addr add 198.51.100.7/24 dev eno1 valid_lft 600 preferred_lft 600");
    run("ip route add default via 192.0.2.1");
    let up = call("ifup -a");
    assert_eq!(
        (up.code, up.err.as_str()),
        (
            0,
            "warning: eno1: 198.51.100.7/24 is removed from eno1, which is a port of vmbr0 [address-removed]\n"
        )
    );
    assert_eq!(addresses("eno1"), [""; 0]);
    assert_eq!(addresses("vmbr0"), ["192.0.2.10/24"]);
    assert_eq!(routes(), ["default by vmbr0 proto boot"]);
    call("ifreload -a").quietly();

    run("ip addr add 203.0.113.9/24 dev eno1");
    let told = call("ifquery -c vmbr0");
    assert_eq!(told.code, 1, "{told:?}");
    let again = call("ifreload -a");
    assert_eq!(
        (again.code, again.err.as_str()),
        (
            0,
            "warning: eno1: 203.0.113.9/24 is removed from eno1, which is a port of vmbr0 [address-removed]\n"
        )
    );
    assert_eq!(addresses("eno1"), [""; 0]);
}

#[test]
fn a_static_route_of_others_goes_with_the_address_to_the_bridge_and_back() {
    let room = netns::enter!();
    host(&room, &["eno1"], NIC);
    call("ifup -a").quietly();
    run("ip route add 198.51.100.0/24 via 192.0.2.9 proto bird");
    for (text, link) in [(bridge("vmbr0", ""), "vmbr0"), (NIC.to_owned(), "eno1")] {
        write_interfaces(&text);
        let done = call("ifreload -a");
        assert_eq!(done.code, 0, "{done:?}");
        assert_eq!(addresses(link), ["192.0.2.10/24"]);
        assert_eq!(
            routes(),
            [
                format!("198.51.100.0/24 by {link} proto bird"),
                format!("default by {link} proto boot")
            ]
        );
    }
}

#[test]
fn a_bridge_with_a_guest_is_renamed_whole_or_not_at_all() {
    let room = netns::enter!();
    host(&room, &["eno1"], &bridge("vmbr0", ""));
    call("ifup -a").quietly();
    run("ip link add tap100i0 type veth peer name guest");
    run("ip link set tap100i0 master vmbr0 up");
    run("bridge link set dev tap100i0 isolated on");
    let before = network();
    write_interfaces(&bridge("vmbr1", ""));
    let refused = call("ifreload -a");
    assert_eq!(
        (refused.code, refused.err.as_str()),
        (
            1,
            "error: vmbr1: bridge vmbr0 must stay while it is in use by tap100i0; the file gives its port eno1 to vmbr1, \
             its address 192.0.2.10/24 to vmbr1, its route `default via 192.0.2.1` to vmbr1 (/etc/network/interfaces:7:15) \
             [guests-in-the-way]; help: stop these guests first, or use `--force`, which moves them to vmbr1\n\
             1 error, 0 warnings; nothing was changed\n"
        )
    );
    assert_eq!(network(), before);

    let forced = call("ifreload -a --force");
    assert_eq!(forced.code, 0, "{forced:?}");
    assert!(!exists("vmbr0"));
    for port in ["eno1", "tap100i0"] {
        assert_eq!(master(port).as_deref(), Some("vmbr1"));
    }
    let port = &netns::bridge_json(&["-d", "link", "show", "dev", "tap100i0"])[0];
    assert_eq!(port["isolated"], true, "{port}");
    assert_eq!(addresses("vmbr1"), ["192.0.2.10/24"]);
    call("ifreload -a").quietly();
}

#[test]
fn a_letter_too_few_in_bridge_ports_changes_nothing() {
    let room = netns::enter!();
    host(&room, &["eno1"], &bridge("vmbr0", ""));
    call("ifup -a").quietly();
    let before = network();
    // A comment is what no spelling rule can see through.
    write_interfaces(&bridge("vmbr0", "").replace("\tbridge-", "\t#bridge-"));
    let refused = call("ifreload -a");
    assert_eq!(refused.code, 1);
    assert_eq!(
        refused.err,
        "error: vmbr0: nothing in the file makes vmbr0 any longer: it is a bridge that was made before, and its stanza has no \
         `bridge-ports` (/etc/network/interfaces:4:1) [no-longer-made]; help: write `bridge-ports` again, take the link down \
         with `ifdown vmbr0`, or let it go with `--force`\n1 error, 0 warnings; nothing was changed\n"
    );
    assert_eq!(network(), before);
    assert_eq!(call("ifup -a").code, 0);
    assert_eq!(network(), before);
}

#[test]
fn a_pre_up_that_hangs_elsewhere_does_not_hold_the_moving_address() {
    let room = netns::enter!();
    host(&room, &["eno1"], NIC);
    call("ifup -a").quietly();
    let pair = "\nauto pair\niface pair\n\tlink-type veth\n\tveth-peer-name riap\n\tpre-up until [ -e /run/go ]; do sleep 0.1; done\n";
    write_interfaces(&bridge("vmbr0", pair));
    let mut child = start("ifreload -a");
    until("the address is on the bridge and the hook still runs", || {
        exists("vmbr0") && is_up("vmbr0") && addresses("vmbr0") == ["192.0.2.10/24"] && addresses("eno1").is_empty()
    });
    assert_eq!(routes(), ["default by vmbr0 proto boot"]);
    assert!(
        child.try_wait().unwrap().is_none(),
        "the hook ran before the address had moved"
    );
    std::fs::write("/run/go", "").unwrap();
    assert!(child.wait().unwrap().success());
}

/// The scope of a reload has what was up before: a NIC that was set up for its bond alone must not count.
#[test]
fn a_nic_that_was_set_up_for_its_bond_goes_down_with_it_and_stays_down() {
    let room = netns::enter!(Bond);
    let alone = bridge("vmbr0", "\niface eno2 inet manual\n");
    host(&room, &["eno1", "eno2"], &alone);
    call("ifup -a").quietly();
    assert!(!is_up("eno2"));
    write_interfaces(
        "iface eno1 inet manual\niface eno2 inet manual\n\nauto bond0\niface bond0\n\tbond-slaves eno1 eno2\n\
         \tbond-mode active-backup\n\tbond-miimon 100\n\nauto vmbr0\niface vmbr0\n\taddress 192.0.2.10/24\n\
         \tgateway 192.0.2.1\n\tbridge-ports bond0\n\tbridge-stp off\n\tbridge-fd 0\n",
    );
    call("ifreload -a").quietly();
    assert_eq!((is_up("eno2"), master("eno2").as_deref()), (true, Some("bond0")));
    call("ifreload -a").quietly();
    write_interfaces(&alone);
    call("ifreload -a").quietly();
    assert!(!is_up("eno2"));
    assert_eq!(call("ifreload -a -n").out, "nothing to do\n");
    call("ifreload -a -f").quietly();
    assert!(!is_up("eno2"));
}

/// A bond that comes up with its ports in it tells its bridge of the carrier up to a second later.
#[test]
fn a_bond_between_nic_and_bridge_is_up_in_the_bridge_before_it_takes_the_nic() {
    let room = netns::enter!(Bond, VlanFiltering);
    host(&room, &["eno1", "eno2"], &bridge("vmbr0", ""));
    run("ip netns add peer");
    run("ip link set eno1-wire netns peer");
    run("ip -n peer addr add 192.0.2.1/24 dev eno1-wire");
    run("ip -n peer link set eno1-wire up");
    call("ifup -a").quietly();
    let pings = |count: u32| format!("ip netns exec peer ping -i 0.1 -c {count} -W 1 192.0.2.10");
    until("the peer reaches the host", || netns::try_run(&pings(1)).is_ok());
    write_interfaces(
        "iface eno1 inet manual\niface eno2 inet manual\n\nauto bond0\niface bond0\n\tbond-slaves eno1 eno2\n\
         \tbond-mode active-backup\n\tbond-miimon 100\n\nauto vmbr0\niface vmbr0\n\taddress 192.0.2.10/24\n\
         \tgateway 192.0.2.1\n\tbridge-ports bond0\n\tbridge-stp off\n\tbridge-fd 0\n\tbridge-vlan-aware yes\n\
         \tbridge-vids 2-4094\n",
    );
    let plan = call("ifreload -a -n").out;
    let at = |step: &str| {
        plan.lines()
            .position(|line| line == step)
            .unwrap_or_else(|| panic!("{step} in {plan}"))
    };
    let [joined, vlans, up, down] = [
        "ip link set bond0 master vmbr0",
        "bridge vlan add dev bond0 vid 2-4094",
        "ip link set bond0 up",
        "ip link set eno1 down",
    ]
    .map(at);
    assert!(joined < vlans && vlans < up && up < down, "{plan}");
    call("ifreload -a").quietly();
    // The port forwards as soon as the bond has its carrier: no second passes in which nothing does.
    let port = || netns::bridge_json(&["link", "show", "dev", "bond0"])[0]["state"].clone();
    until("the bond carries", || netns::try_run(&pings(1)).is_ok());
    assert_eq!(port(), "forwarding");
    call("ifreload -a").quietly();
}
