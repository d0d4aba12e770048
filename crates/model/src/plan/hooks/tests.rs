//! Which hooks run. Witness of what an `up` line may rely on: interfaces(5), "run after bringing the interface up"; of what
//! the kernel drops: ip-route(8) and the simulator, which is held against the real kernel.

use super::*;
use crate::desired::Desired;
use crate::plan::Scripts;
use crate::trial::*;

const ADD: &str = "ip route add 203.0.113.7/32 dev vmbr0";
const DEL: &str = "ip route del 203.0.113.7/32 dev vmbr0";
const ADD_9: &str = "ip route add 203.0.113.9/32 dev vmbr0";
const DEL_9: &str = "ip route del 203.0.113.9/32 dev vmbr0";

fn vmbr0() -> WantLink {
    link("vmbr0", Kind::Bridge).addr("192.0.2.10/24")
}

fn alone(want: WantLink) -> Desired {
    Desired::new(vec![want])
}

/// A host on which this was brought up.
fn host(want: WantLink) -> Host {
    let mut host = Host::new(&["eno1"]);
    host.up(&alone(want));
    host
}

fn with_option(mut want: WantLink, key: &str, value: &str) -> WantLink {
    want.vars.add_option(key, value);
    want
}

#[test]
fn an_up_line_does_not_run_again_for_a_change_that_has_nothing_to_do_with_it() {
    let mut host = host(vmbr0().hook(Phase::Up, ADD));
    let changed = vmbr0().hook(Phase::Up, ADD).addr("198.51.100.10/24").set("mtu", "1400");
    assert_eq!(
        host.reload(&alone(changed)),
        ["ip link set vmbr0 mtu 1400", "ip addr add 198.51.100.10/24 dev vmbr0"]
    );
}

#[test]
fn new_lines_run_alone_and_moved_ones_do_not() {
    let first = vmbr0().hook(Phase::Up, ADD).hook(Phase::Up, "ip rule add table 77");
    let mut host = host(first);
    let second = vmbr0()
        .hook(Phase::PostUp, "ip rule add table 77")
        .hook(Phase::Up, ADD)
        .hook(Phase::Up, ADD_9)
        .hook(Phase::PreUp, "echo before");
    assert_eq!(
        host.reload(&alone(second)),
        [
            "# pre-up of vmbr0: echo before (new or changed in the file)".to_owned(),
            format!("# up of vmbr0: {ADD_9} (new or changed in the file)"),
        ]
    );
}

#[test]
fn the_line_that_undoes_a_removed_one_runs_before_the_new_ones() {
    let first = vmbr0()
        .hook(Phase::Up, ADD)
        .hook(Phase::Up, "ip rule add table 77")
        .hook(Phase::Down, DEL)
        .hook(Phase::PostDown, "ip rule del table 77");
    let mut host = host(first);
    let second = vmbr0()
        .hook(Phase::Up, ADD_9)
        .hook(Phase::Up, "ip rule add table 77")
        .hook(Phase::Down, DEL_9)
        .hook(Phase::PostDown, "ip rule del table 77");
    assert_eq!(
        host.reload(&alone(second)),
        [
            format!("# down of vmbr0: {DEL} (undoes a line that is gone from the file)"),
            format!("# up of vmbr0: {ADD_9} (new or changed in the file)"),
        ]
    );
}

/// What the `up` line made is still wanted.
#[test]
fn a_down_line_that_goes_alone_is_not_run() {
    let first = vmbr0()
        .hook(Phase::Up, ADD)
        .hook(Phase::Up, ADD_9)
        .hook(Phase::Down, DEL)
        .hook(Phase::Down, DEL_9);
    let mut host = host(first);
    // The line for .7 lost its `down`; that for .9 went whole.
    let second = vmbr0().hook(Phase::Up, ADD);
    assert_eq!(
        host.reload(&alone(second)),
        [format!(
            "# down of vmbr0: {DEL_9} (undoes a line that is gone from the file)"
        )]
    );
}

#[test]
fn a_line_that_reads_an_option_is_another_one_when_the_option_changes() {
    let lines = |want: WantLink| {
        want.hook(Phase::Up, "ip rule add from ${IF_ADDRESS%/*} table 7")
            .hook(Phase::Up, ADD)
            .hook(Phase::Down, "ip rule del from ${IF_ADDRESS%/*} table 7")
    };
    let mut host = host(lines(with_option(vmbr0(), "address", "192.0.2.10/24")));
    let mut second = with_option(vmbr0(), "address", "198.51.100.11/24");
    second.addresses.clear();
    let steps = host.reload(&alone(lines(second.addr("198.51.100.11/24"))));
    assert_eq!(
        steps,
        [
            "ip addr add 198.51.100.11/24 dev vmbr0",
            "ip addr del 192.0.2.10/24 dev vmbr0",
            "# down of vmbr0: ip rule del from ${IF_ADDRESS%/*} table 7 (undoes a line that is gone from the file)",
            "# up of vmbr0: ip rule add from ${IF_ADDRESS%/*} table 7 (new or changed in the file)",
        ]
    );
}

#[test]
fn scripts_run_again_where_an_option_changes_that_they_are_given() {
    let first = with_option(vmbr0().hook(Phase::Up, ADD), "dns-nameservers", "192.0.2.53");
    let host = host(first);
    let second = with_option(vmbr0().hook(Phase::Up, ADD), "dns-nameservers", "192.0.2.54");
    let desired = alone(second);
    let mut request = all(Verb::Reload, &desired);
    request.scripts.insert(Phase::Up, Scripts::All);
    request
        .scripts
        .insert(Phase::PreUp, Scripts::Reading(vec!["IF_OFFLOAD_"]));
    let steps = lines(&host.plan(&desired, &request));
    assert_eq!(steps, ["# up of vmbr0: scripts of if-up.d (dns-nameservers changed)"]);
}

/// Somebody set it down: the kernel has dropped the routes of the `up` lines, and kept rules and iptables' lines.
#[test]
fn a_link_that_somebody_set_down_runs_all_its_hooks_behind_those_that_take_them_back() {
    let lines = |want: WantLink| {
        want.hook(Phase::Up, ADD)
            .hook(Phase::PostUp, "iptables -A INPUT")
            .hook(Phase::PreDown, "echo going")
            .hook(Phase::PostDown, "iptables -D INPUT")
    };
    let mut host = host(lines(vmbr0()));
    let down = Op::SetUp {
        name: name("vmbr0"),
        up: false,
    };
    assert_eq!(host.kernel.step(&down), Ok(()));
    assert_eq!(
        host.reload(&alone(lines(vmbr0()))),
        [
            "# pre-down of vmbr0: echo going (the interface is taken down)".to_owned(),
            "# post-down of vmbr0: iptables -D INPUT (the interface is taken down)".to_owned(),
            "ip link set vmbr0 up".to_owned(),
            format!("# up of vmbr0: {ADD} (the interface is brought up)"),
            "# post-up of vmbr0: iptables -A INPUT (the interface is brought up)".to_owned(),
        ]
    );
}

/// The kernel drops all IPv4 routes of a link with its last IPv4 address.
#[test]
fn a_link_that_lost_its_last_address_runs_its_up_lines_again() {
    let mut host = host(vmbr0().hook(Phase::Up, ADD));
    let flush = Op::DelAddress {
        name: name("vmbr0"),
        address: address("192.0.2.10/24"),
    };
    assert_eq!(host.kernel.step(&flush), Ok(()));
    assert_eq!(
        host.reload(&alone(vmbr0().hook(Phase::Up, ADD))),
        [
            "ip addr add 192.0.2.10/24 dev vmbr0".to_owned(),
            format!("# up of vmbr0: {ADD} (the interface is brought up)"),
        ]
    );
}

// Witness: IFLA_VXLAN_ID cannot change (the kernel answers "Cannot change VNI").
#[test]
fn a_link_that_is_made_anew_runs_its_old_down_lines_and_its_new_up_lines() {
    let wanted = |id: &str, table: &str| {
        alone(
            link("vx0", Kind::Vxlan)
                .set("vxlan-id", id)
                .set("mtu", "1400")
                .hook(Phase::PreUp, "echo before")
                .hook(Phase::Up, &format!("ip rule add table {table}"))
                .hook(Phase::Down, &format!("ip rule del table {table}"))
                .hook(Phase::PostDown, "echo behind"),
        )
    };
    let mut host = Host::new(&[]);
    host.up(&wanted("7", "77"));
    assert_eq!(
        host.reload(&wanted("8", "88")),
        [
            "# down of vx0: ip rule del table 77 (the interface is taken down)",
            "ip link del vx0",
            "ip link add vx0 mtu 1400 type vxlan id 8",
            "# post-down of vx0: echo behind (the interface is taken down)",
            "# pre-up of vx0: echo before (the interface is brought up)",
            "ip link set vx0 up",
            "# up of vx0: ip rule add table 88 (the interface is brought up)",
        ]
    );
}

#[test]
fn force_runs_the_up_hooks_of_all_and_takes_none_down() {
    let want = || vmbr0().hook(Phase::Up, ADD).hook(Phase::Down, DEL);
    let host = host(want());
    let desired = alone(want());
    let mut request = all(Verb::Up, &desired);
    request.force = true;
    assert_eq!(
        lines(&host.plan(&desired, &request)),
        [format!("# up of vmbr0: {ADD} (--force)")]
    );
}
