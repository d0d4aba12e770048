//! What a reload that fails leaves: the host as it was before, or the name of what is not.
//!
//! Witnesses: iproute2 and /proc/sys, before and after. Each file asks at last for a VXLAN whose number is taken, which no
//! check can know of and the kernel refuses.

use super::bed::{Called, call, exists, host, write_interfaces};
use cleat_netns::{self as netns, ip_json, run};

/// The kernel refuses it last: nothing needs it, and it needs nothing.
const REFUSED: &str = "\nauto zz\niface zz\n\tvxlan-id 99\n";
const BACK: &str = "info: everything was put back: the host is as it was before [put-back]\n";

/// All that is to be as before, in the words of iproute2: links, addresses in their order, routes, rules, neighbours,
/// forwarding entries and settings.
fn witness() -> String {
    let script = r#"
        # The kernel lists links by the last bits of their index, and a link that was rebuilt has another index.
        ip -d -o link | sed -E 's/^[0-9]+: //; s/@if[0-9]+//; s/state [A-Z]+ //; s/,?(LOWER_UP|NO-CARRIER|M-DOWN)//g; s/link-netnsid [^\\]*//' |
            sed -E 's/(hello|tcn|topology_change|gc|hold|message_age|forward_delay)_timer +[0-9.]+//g; s/root_port [0-9]+|port_(id|no) [0-9a-fx]+//g' |
            sed -E 's/designated_(port|bridge|root) [0-9a-f.:]+//g; s/(root_id|bridge_id) [0-9a-f.:]+//g; s/mcast_query_response[^\\]*//; s/ port_no[^\\]*//' | sort
        ip -o addr | sed -E 's/^[0-9]+: //; s/valid_lft.*//; s/tentative *//'
        ip route show table all | sed 's/ linkdown//' | sort
        ip -6 route show table all | sed 's/ linkdown//; s/ expires.*//' | sort
        ip rule
        ip neigh show nud permanent | sort
        # The kernel has an entry of its own for the address of each bridge and port; where both have one address, which
        # of them it names depends on who came first.
        own=$(grep -hv 00:00:00:00:00:00 /sys/class/net/*/address)
        bridge fdb show | grep -E 'permanent|static' | grep -vF -e "$own" | sort
        cd /proc/sys/net; grep -rH . ipv4/conf ipv6/conf 2>/dev/null | grep -vE 'stable_secret|base_reachable' | sort
    "#;
    let output = std::process::Command::new("sh").args(["-c", script]).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[track_caller]
fn same(now: &str, before: &str) {
    let only = |these: &str, those: &str| -> Vec<String> {
        let those: Vec<&str> = those.lines().collect();
        these
            .lines()
            .filter(|line| !those.contains(line))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(only(now, before), only(before, now));
    assert_eq!(now, before, "another order");
}

/// Brings up `old`, lets `others` do something on the host, and reloads `new`, which fails.
#[track_caller]
fn fails(room: &netns::Room, nics: &[&str], (old, others, new): (&str, &[&str], &str)) -> (Called, String, String) {
    std::fs::write("/proc/sys/net/ipv4/conf/default/promote_secondaries", "1").unwrap();
    std::fs::write("/proc/sys/net/ipv4/conf/all/promote_secondaries", "1").unwrap();
    host(room, nics, old);
    run("ip link add other99 type vxlan id 99 dstport 4789");
    let up = call("ifup -a");
    assert_eq!((up.code, up.err.as_str()), (0, ""), "{up:?}");
    for line in others {
        run(line);
    }
    let settled = || std::thread::sleep(std::time::Duration::from_millis(2300));
    // Addresses that the kernel makes by itself are there, and in use.
    settled();
    let before = witness();
    write_interfaces(&format!("{new}{REFUSED}"));
    let reload = call("ifreload -a -v");
    assert_eq!(reload.code, 1, "{reload:?}");
    assert!(
        reload
            .err
            .contains("error: zz: cannot create vxlan zz (ip link add zz "),
        "{reload:?}"
    );
    settled();
    (reload, before, witness())
}

#[track_caller]
fn is_as_before((reload, before, after): (Called, String, String)) {
    same(&after, &before);
    assert!(reload.err.contains(BACK), "{reload:?}");
}

/// Below 1280 the kernel takes IPv6 from a link, with its addresses, routes and settings.
#[test]
fn ipv6_that_an_mtu_took_from_a_link_is_back() {
    let room = netns::enter!(Veth, Vxlan);
    let old = "auto eno1\niface eno1\n\tmtu 1500\n";
    let others = [
        "ip addr add 2001:db8:5::1/64 dev eno1 nodad",
        "ip addr add 2001:db8:5::2/64 dev eno1 nodad",
        "ip -6 route add 2001:db8:6::/64 via 2001:db8:5::9",
        "sysctl -qw net.ipv6.conf.eno1.accept_ra=2 net.ipv6.conf.eno1.router_solicitations=5",
    ];
    is_as_before(fails(&room, &["eno1"], (old, &others, &old.replace("1500", "1200"))));
}

/// The kernel has the newest first, and the host speaks from it.
#[test]
fn ipv6_addresses_are_in_their_old_order() {
    let room = netns::enter!(Veth, Vxlan);
    let old =
        "auto eno1\niface eno1\n\taddress 2001:db8:5::1/64\n\taddress 2001:db8:5::2/64\n\taddress 2001:db8:5::3/64\n";
    let others = ["ip -6 route add 2001:db8:6::/64 via 2001:db8:5::9"];
    is_as_before(fails(
        &room,
        &["eno1"],
        (old, &others, &old.replace("\taddress 2001:db8:5::2/64\n", "")),
    ));
}

#[test]
fn the_mtu_of_links_of_others_above_is_back() {
    let room = netns::enter!(Veth, Vxlan, Macvlan);
    let old = "auto eno1\niface eno1\n\tmtu 9000\n\nauto mv1\niface mv1\n\tmacvlan-raw-device eno1\n";
    let others = [
        "ip link add link eno1 name their0 type macvlan",
        "ip link set their0 mtu 8000 up",
    ];
    is_as_before(fails(&room, &["eno1"], (old, &others, &old.replace("9000", "1500"))));
}

/// Linux does since 6.2.
fn renames_while_up() -> bool {
    run("ip link add try0 type veth peer name try1");
    run("ip link set try0 up");
    let renamed = netns::try_run("ip link set try0 name try2").is_ok();
    run("ip link del try1");
    renamed
}

#[test]
fn a_link_that_was_renamed_has_its_old_name_again() {
    let room = netns::enter!(Veth, Vxlan);
    let down = match renames_while_up() {
        true => "",
        false => "\tlink-down yes\n",
    };
    let old = format!("auto eno1\niface eno1\n\taddress 10.0.0.1/24\n{down}");
    let new = format!("rename eno1=lan0\nauto lan0\niface lan0\n\taddress 10.0.0.2/24\n{down}");
    let (reload, before, after) = fails(&room, &["eno1"], (&old, &[], &new));
    assert!(reload.err.contains("put back"), "{reload:?}");
    same(&after, &before);
    // What is ours is still known by that name.
    write_interfaces(&old);
    assert_eq!(call("ifreload -n -a").out, "nothing to do\n");
}

/// Where the run ends before its first step the new name is no more true than after one that failed.
#[test]
fn a_reload_that_stops_after_a_rename_takes_the_name_back() {
    let room = netns::enter!(Veth, Bridge);
    let bridge = "auto vmbr0\niface vmbr0\n\tbridge-ports eno1\n\taddress 10.0.0.1/24\n";
    host(&room, &["eno1", "eno2"], bridge);
    call("ifup -a").quietly();
    // Only once the kernel is known: this port is not there.
    write_interfaces(&format!(
        "rename eno2=lan0\n{}",
        bridge.replace("ports eno1", "ports eno11")
    ));
    let reload = call("ifreload -a");
    assert_eq!(reload.code, 1, "{reload:?}");
    assert!(
        reload
            .err
            .ends_with("nothing was changed; left out, since not there: eno11\n"),
        "{reload:?}"
    );
    assert!(exists("eno2") && !exists("lan0"), "{reload:?}");
}

/// The first address of a subnet is the one that the host speaks from.
#[test]
fn primary_and_secondary_addresses_are_not_swapped() {
    let room = netns::enter!(Veth, Vxlan);
    let old = "auto eno1\niface eno1\n\taddress 10.0.0.1/24\n\taddress 10.0.0.2/24\n\taddress 10.1.0.1/24\n\tgateway 10.0.0.254\n";
    let new = old.replace("\taddress 10.0.0.1/24\n", "");
    let others = [
        "ip addr add 10.0.0.9/24 dev eno1",
        "ip route add 10.5.0.0/16 via 10.0.0.7",
    ];
    is_as_before(fails(&room, &["eno1"], (old, &others, &new)));
}

#[test]
fn a_gateway_outside_of_all_subnets_is_back() {
    let room = netns::enter!(Veth, Vxlan);
    let old = "auto eno1\niface eno1\n\taddress 10.9.0.1/24\n\tgateway 10.0.0.254\n";
    let new = "auto eno1\niface eno1\n\taddress 10.0.0.1/24\n\tgateway 10.0.0.254\n";
    is_as_before(fails(&room, &["eno1"], (old, &[], new)));
}

#[test]
fn bridges_whose_ports_were_swapped_have_their_mtu_again() {
    let room = netns::enter!(Veth, Bridge, Vxlan);
    let bridges = |one: &str, two: &str| {
        format!(
            "auto eno1\niface eno1\n\nauto eno2\niface eno2\n\tmtu 1700\n\nauto vmbr0\niface vmbr0\n\tbridge-ports {one}\n\
             \tbridge-fd 0\n\taddress 10.0.0.1/24\n\nauto vmbr9\niface vmbr9\n\tbridge-ports {two}\n\tbridge-fd 0\n\
             \taddress 10.9.0.1/24\n"
        )
    };
    let (old, new) = (bridges("eno1", "eno2"), bridges("eno2", "eno1"));
    is_as_before(fails(&room, &["eno1", "eno2"], (&old, &[], &new)));
}

/// Its number cannot be changed: the VXLAN is deleted and made again, twice.
#[test]
fn what_others_set_on_a_link_that_was_rebuilt_is_back() {
    let room = netns::enter!(Veth, Bridge, Vxlan);
    let old = "auto eno1\niface eno1\n\taddress 10.3.0.1/24\n\nauto vx5\niface vx5\n\tvxlan-id 5\n\tvxlan-remoteip 10.3.0.5\n";
    let others = [
        "ip addr add 172.16.5.1/24 dev vx5",
        "ip route add 192.168.7.0/24 via 172.16.5.9",
        "ip neigh add 172.16.5.9 lladdr 02:11:11:11:11:11 dev vx5 nud permanent",
        "sysctl -qw net.ipv4.conf.vx5.rp_filter=2 net.ipv4.conf.vx5.arp_ignore=1 net.ipv6.conf.vx5.hop_limit=33",
        "bridge fdb add 02:00:00:00:01:01 dev vx5 dst 10.3.0.9 self static",
        "bridge fdb add 02:00:00:00:01:02 dev vx5 dst 10.3.0.9 self permanent",
        "ip link set vx5 txqueuelen 777 alias hand-made",
    ];
    let (reload, before, after) = fails(
        &room,
        &["eno1"],
        (old, &others, &old.replace("vxlan-id 5", "vxlan-id 6")),
    );
    same(&after, &before);
    // What is not read is not said to be as before.
    let told = "warning: rebuilt on the way back: vx5 [links-rebuilt]; help: set again what cleat does not read of a link, \
                and others had set: queueing disciplines, filters, multicast groups\n";
    assert!(reload.err.contains(told), "{reload:?}");
    assert!(
        reload.err.contains("info: everything else was put back [put-back]\n"),
        "{reload:?}"
    );
    assert!(!reload.err.contains(BACK), "{reload:?}");
}

/// A kernel without VLAN filtering or snooping refuses some of the options that it tells of a bridge.
#[test]
fn a_bridge_that_was_deleted_is_back_with_its_ports() {
    let room = netns::enter!(Veth, Bridge, Vxlan);
    let rest = "auto eno2\niface eno2\n";
    let old = format!("{rest}\nauto vmbr9\niface vmbr9\n\tbridge-ports eno2\n\tbridge-fd 0\n\taddress 10.99.0.1/24\n");
    let others = [
        "bridge link set dev eno2 cost 77",
        "bridge fdb add 02:00:00:00:00:98 dev eno2 master static",
        "sysctl -qw net.ipv4.conf.vmbr9.arp_ignore=1",
        "ip neigh add 10.99.0.9 lladdr 02:11:11:11:11:12 dev vmbr9 nud permanent",
    ];
    let (reload, before, after) = fails(&room, &["eno2"], (&old, &others, rest));
    same(&after, &before);
    assert!(
        reload
            .err
            .contains("warning: rebuilt on the way back: vmbr9 [links-rebuilt]"),
        "{reload:?}"
    );
}

/// No step gives a link another name beside its own.
#[test]
fn what_does_not_come_back_is_named_with_its_value() {
    let room = netns::enter!(Veth, Vxlan);
    let old = "auto vx5\niface vx5\n\tvxlan-id 5\n\taddress 10.5.0.1/24\n";
    let others = ["ip link property add dev vx5 altname storage0"];
    let (reload, before, after) = fails(&room, &[], (old, &others, &old.replace("vxlan-id 5", "vxlan-id 6")));
    assert!(
        before.contains("altname storage0") && !after.contains("altname"),
        "{after}"
    );
    let told = "error: vx5: not all was put back: vx5 has no altname storage0 [not-put-back]; help: all else is as it was \
                before\n";
    assert!(reload.err.contains(told), "{reload:?}");
    assert!(!reload.err.contains(BACK), "{reload:?}");
    assert!(
        reload.err.ends_with("not all that was begun could be put back\n"),
        "{reload:?}"
    );
}

/// A script of if-up.d that takes the new address of eno1 away, as eno2 comes up, and does something else.
fn keeper(also: &str) {
    let script =
        format!("#!/bin/sh\n[ \"$IFACE\" = eno2 ] || exit 0\nip addr del 10.0.0.2/24 dev eno1\n{also}\nexit 0\n");
    std::fs::create_dir_all("/etc/network/if-up.d").unwrap();
    std::fs::write("/etc/network/if-up.d/keeper", script).unwrap();
    run("chmod 755 /etc/network/if-up.d/keeper");
}

/// All steps were done, and something else took away at once what they made: a change that does not last is taken back.
#[test]
fn a_reload_at_whose_end_a_wanted_address_is_gone_is_taken_back() {
    let room = netns::enter!(Veth, Bridge);
    let old = "auto eno1\niface eno1\n\taddress 10.0.0.1/24\n";
    host(&room, &["eno1", "eno2"], old);
    call("ifup -a").quietly();
    let before = ip_json(&["-4", "addr", "show", "dev", "eno1"]);
    keeper("true");
    write_interfaces("auto eno1\niface eno1\n\taddress 10.0.0.2/24\n\nauto eno2\niface eno2\n\taddress 10.2.0.1/24\n");
    let reload = call("ifreload -a");
    assert_eq!(reload.code, 1, "{reload:?}");
    let told = "error: eno1: eno1 has no `address 10.0.0.2/24` (/etc/network/interfaces:3:2) [not-as-wanted]; help: see \
                what takes it away; the reload is taken back for it\n";
    assert!(reload.err.contains(told), "{reload:?}");
    assert!(
        reload
            .err
            .ends_with("nothing was changed: what was begun was put back\n"),
        "{reload:?}"
    );
    assert_eq!(ip_json(&["-4", "addr", "show", "dev", "eno1"]), before);
    assert_eq!(super::bed::addresses("eno2"), [""; 0]);
    // At boot what is there is better than nothing.
    run("ip link set eno2 down");
    let up = call("ifup -a");
    assert_eq!(up.code, 1, "{up:?}");
    assert_eq!(super::bed::addresses("eno2"), ["10.2.0.1/24"]);
}

/// A guest that is started meanwhile is neither taken away nor passed over in silence.
#[test]
fn what_others_bring_during_the_run_stays_and_is_told() {
    let room = netns::enter!(Veth);
    host(
        &room,
        &["eno1", "eno2"],
        "auto eno1\niface eno1\n\taddress 10.0.0.1/24\n",
    );
    call("ifup -a").quietly();
    keeper("ip link add tap1 type ifb; ip addr add 10.9.9.9/24 dev lo");
    write_interfaces("auto eno1\niface eno1\n\taddress 10.0.0.2/24\n\nauto eno2\niface eno2\n\taddress 10.2.0.1/24\n");
    let reload = call("ifreload -a -v");
    assert!(exists("tap1"));
    assert_eq!(super::bed::addresses("eno1"), ["10.0.0.1/24"]);
    let told = "warning: changed by others meanwhile, and left so: lo has the address 10.9.9.9/24; tap1 is there \
                [changed-meanwhile]\n";
    assert!(reload.err.contains(told), "{reload:?}");
    assert!(!reload.err.contains(BACK), "{reload:?}");
}

/// Whoever writes a hook line that takes an address away means it.
#[test]
fn what_a_hook_line_takes_away_takes_no_change_back() {
    let room = netns::enter!(Veth);
    host(
        &room,
        &["eno1", "eno2"],
        "auto eno1\niface eno1\n\taddress 10.0.0.1/24\n",
    );
    call("ifup -a").quietly();
    write_interfaces(
        "auto eno1\niface eno1\n\taddress 10.0.0.2/24\n\nauto eno2\niface eno2\n\taddress 10.2.0.1/24\n\
         \tup ip addr del 10.0.0.2/24 dev eno1\n",
    );
    let reload = call("ifreload -a");
    assert_eq!(reload.code, 1, "{reload:?}");
    assert!(reload.err.ends_with("the rest was done\n"), "{reload:?}");
    assert_eq!(super::bed::addresses("eno2"), ["10.2.0.1/24"]);
}
