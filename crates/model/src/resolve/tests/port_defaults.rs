//! What a port of a bridge has for being one. Second witness: ifupdown2 3.0.0 on the same files (`disable_ipv6`,
//! `nolearning`, `mcast_router 2`).

use super::{clean, get, knobs};

#[test]
fn ports_of_a_bridge_have_no_ipv6_of_their_own_unless_their_stanza_says_anything_of_it() {
    let desired = clean(
        "iface vmbr0\n bridge-ports eno1 eno2 eno3 eno4 bond0\niface eno2 inet6 auto\niface eno3\n ipv6-addrgen off\n\
         iface eno4\n disable-ipv6 no\niface bond0\n bond-slaves eno5\n",
        None,
    );
    let off = |name: &str| get(&desired, name).number("disable-ipv6");
    assert_eq!((off("eno1"), off("bond0")), (Some(1), Some(1)));
    assert_eq!((off("eno2"), off("eno3"), off("eno4")), (None, None, Some(0)));
    // The kernel makes no addresses on ports of bonds, and a bridge has its own.
    assert_eq!((off("eno5"), off("vmbr0")), (None, None));
}

#[test]
fn a_tunnel_in_a_bridge_learns_as_its_port_and_is_taken_to_have_a_multicast_router() {
    let tunnels = "iface vx1\n vxlan-id 1\n bridge-learning off\niface vx2\n vxlan-id 2\n\
        iface vx3\n vxlan-id 3\n vxlan-learning on\n bridge-learning off\n bridge-portmcrouter automatic\n";
    let desired = clean(&format!("iface vmbr1\n bridge-ports vx1 vx2 vx3\n{tunnels}"), None);
    let state = |name: &str| {
        let link = get(&desired, name);
        (link.number("vxlan-learning"), link.number("bridge-portmcrouter"))
    };
    assert_eq!(state("vx1"), (Some(0), Some(2)));
    assert_eq!(state("vx2"), (None, Some(2)));
    assert_eq!(state("vx3"), (Some(1), Some(1)));
    let listed = clean(
        "iface vmbr1\n bridge-ports vx1\n bridge-learning vx1=off\n bridge-mcsnoop no\niface vx1\n vxlan-id 1\n",
        None,
    );
    assert_eq!(
        knobs(get(&listed, "vx1")),
        [
            "bridge-learning off",
            "vxlan-id 1",
            "vxlan-port 4789",
            "disable-ipv6 yes",
            "vxlan-learning no"
        ]
    );
}
