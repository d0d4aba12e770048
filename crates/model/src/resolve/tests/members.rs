//! Members of VRFs: who is one, where their gateways go, and what is said of a VRF that is not there.

use super::{clean, get, resolve, routes};
use crate::testing::{link, machine};
use crate::types::Kind;

// Second witness: cleat-interfaces(5) `vrf`; the kernel's Documentation/networking/vrf.rst on tables; a gateway under the
// VRF was tried on kernel 6.1: `ip route add default via 192.0.2.1 dev blue table 1010` is a route `dev eno1` there.
#[test]
fn gateways_of_a_vrf_and_of_its_members_are_routes_of_its_table_and_others_stay_in_main() {
    let desired = clean(
        "iface blue\n vrf-table 1010\n gateway 192.0.2.1\niface red\n vrf-table auto\n\
         iface eno1\n vrf blue\n address 192.0.2.10/24\niface eno1 inet6\n address 2001:db8::10/64\n gateway 2001:db8::1\n\
         iface eno2\n vrf red\n address 198.51.100.10/24\n gateway 198.51.100.1\n\
         iface eno3\n address 203.0.113.10/24\n gateway 203.0.113.1\n",
        None,
    );
    assert_eq!(
        routes(get(&desired, "eno1")),
        ["default via 192.0.2.1 table 1010", "default via 2001:db8::1 table 1010"]
    );
    assert_eq!(routes(get(&desired, "blue")), [""; 0]);
    assert_eq!(routes(get(&desired, "eno2")), ["default via 198.51.100.1 table 1001"]);
    assert_eq!(routes(get(&desired, "eno3")), ["default via 203.0.113.1"]);
}

#[test]
fn a_table_that_the_kernel_chose_before_is_kept_by_the_vrf_and_its_members() {
    let mut facts = machine(&["eno1"]);
    let mut blue = link(9, "blue", Kind::Vrf, &[2, 0, 0, 0, 0, 9]);
    blue.data.push(1, &1007u32.to_ne_bytes());
    facts.insert(blue);
    let desired = clean(
        "iface red\n vrf-table auto\niface blue\n vrf-table auto\niface eno1\n vrf blue\n address 192.0.2.10/24\n gateway 192.0.2.1\n",
        Some(&facts),
    );
    assert_eq!(routes(get(&desired, "eno1")), ["default via 192.0.2.1 table 1007"]);
    assert_eq!(get(&desired, "red").number("vrf-table"), Some(1001));
}

#[test]
fn a_member_of_what_is_not_a_vrf_is_told_with_both_names_and_stays_outside() {
    let facts = machine(&["eno1", "eno2", "eno3"]);
    let (desired, found) = resolve(
        "iface vmbr0\n bridge-ports none\niface eno1\n vrf vmbr0\niface eno2\n vrf gone\niface eno3\n vrf blue\niface blue\n address 192.0.2.1/32\n",
        Some(&facts),
    );
    assert_eq!(
        found,
        "error[unknown-master] eno1: `eno1` cannot be a member of `vmbr0`: there is no VRF of that name\n  \
         4:6 «vmbr0» `vmbr0` is a bridge\n  help: add `iface vmbr0` with `vrf-table auto`, or remove this line\n\
         error[unknown-master] eno2: `eno2` cannot be a member of `gone`: there is no VRF of that name\n  \
         6:6 «gone» `gone` has no stanza and is not on this machine\n  \
         help: add `iface gone` with `vrf-table auto`, or remove this line\n\
         error[unknown-master] eno3: `eno3` cannot be a member of `blue`: there is no VRF of that name\n  \
         8:6 «blue» `blue` has a stanza without `vrf-table`\n  \
         help: add `iface blue` with `vrf-table auto`, or remove this line\n"
    );
    for name in ["eno1", "eno2", "eno3"] {
        assert_eq!(
            (get(&desired, name).master, get(&desired, name).vrf()),
            (None, None),
            "{name}"
        );
    }
}

#[test]
fn a_vrf_that_others_or_a_command_make_may_have_members() {
    let mut facts = machine(&["eno1", "eno2"]);
    facts.insert(link(9, "theirs", Kind::Vrf, &[2, 0, 0, 0, 0, 9]));
    let desired = clean(
        "iface eno1\n vrf theirs\niface eno2\n vrf hooked\niface hooked\n pre-up ip link add hooked type vrf table 9\n",
        Some(&facts),
    );
    for (name, vrf) in [("eno1", "theirs"), ("eno2", "hooked")] {
        let is = get(&desired, name).vrf().map(|vrf| vrf.name.to_string());
        assert_eq!(is.as_deref(), Some(vrf));
    }
}
