//! `cleat graph` on a real kernel. Second witness: the `ip` commands that made what is drawn.

use super::bed::{Directory, cleat};
use cleat_netns as netns;

#[test]
fn live_draws_what_ip_made() {
    let _room = netns::enter!(Bridge, Veth);
    for command in [
        "ip link add eno1 type veth peer name wire",
        "ip link add vmbr0 type bridge",
        "ip link set eno1 master vmbr0 up",
        "ip link set wire up",
        "ip link set vmbr0 up",
        "ip addr add 192.168.10.2/24 dev vmbr0",
        "ip link add tap100i0 type veth peer name guest0",
        "ip link set tap100i0 master vmbr0",
    ] {
        netns::run(command);
    }
    let ran = cleat("graph --live --ascii");
    assert_eq!(
        format!("\n{}", ran.out),
        "
+- veth ---+
| * wire   |
+----------+
+- veth ---+   +- bridge --------+   +- guests -----------+
| * eno1   +---+ * vmbr0         +---+ o tap100i0  VM 100 |
+----------+   | 192.168.10.2/24 |   +--------------------+
+- veth ---+   +-----------------+
| o guest0 |
+----------+

* up   o down
"
    );
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
}

#[test]
fn an_svg_is_written_where_it_is_asked_for() {
    let directory = Directory::new("graph-svg");
    let picture = directory.path().join("net.svg");
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bond-vlan.interfaces");
    let ran = cleat(&format!("graph --from {example} --svg {}", picture.display()));
    assert_eq!(ran.out, format!("wrote {}\n", picture.display()));
    let text = std::fs::read_to_string(&picture).unwrap();
    assert!(text.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""), "{text}");
    for name in ["eno1", "eno2", "bond0", "bond0.5", "vmbr0v5", "vmbr0", "10.10.10.2/24"] {
        assert!(text.contains(&format!(">{name}</text>")), "{name} is not in {text}");
    }
    let printed = cleat(&format!("graph --from {example} --svg -"));
    assert_eq!(printed.out, text);
}
