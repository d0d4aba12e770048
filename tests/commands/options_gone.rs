//! Settings of the kernel that are taken out of the file again, on links that the program made itself: nothing is known of
//! what they had before. Second witness: /proc/sys of a link that the kernel made without them.

use super::bed::{call, host, write_interfaces};
use cleat_netns::{self as netns, run};

fn setting(path: &str) -> String {
    let text = std::fs::read_to_string(format!("/proc/sys/net/{path}")).unwrap();
    text.trim().to_owned()
}

fn bridge(lines: &str) -> String {
    format!("auto vmbr0\niface vmbr0\n  bridge-ports eno1\n{lines}")
}

#[test]
fn settings_of_a_bridge_that_booted_with_them_go_back_to_those_of_new_links() {
    let room = netns::enter!(Bridge, Veth, Inet6);
    let lines = "  proxy-arp on\n  accept-ra 2\n  privext 2\n  dad-transmits 0\n  ip-forward on\n";
    host(&room, &["eno1"], &bridge(lines));
    run("ip link add plain type bridge");
    let keys = [
        ("ipv4", "proxy_arp"),
        ("ipv6", "accept_ra"),
        ("ipv6", "use_tempaddr"),
        ("ipv6", "dad_transmits"),
        ("ipv4", "forwarding"),
    ];
    let of = |link: &str| keys.map(|(family, key)| setting(&format!("{family}/conf/{link}/{key}")));
    call("ifup -a").quietly();
    for (with, plain) in of("vmbr0").iter().zip(of("plain")) {
        assert_ne!(*with, plain, "it would change nothing");
    }
    write_interfaces(&bridge(""));
    call("ifreload -a").quietly();
    assert_eq!(of("vmbr0"), of("plain"));
    assert_eq!(call("ifreload -a -n").out, "nothing to do\n");
}
