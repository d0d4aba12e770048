//! Every row of the attribute table that lives in the kernel, on a real one: a value is set by the row's bytes and read
//! back by the row. Second witness: `ip -d -j link`, with its own names and units, and /proc/sys.
//!
//! A row without a line here fails [`every_row_of_the_kernel_is_tried`].

use cleat_kernel::Netlink;
use cleat_model::attr::{Attr, On, Wire};
use cleat_model::kernel::{Kernel, Query};
use cleat_model::name::IfName;
use cleat_model::nla::Attrs;
use cleat_model::op::Op;
use cleat_model::table;
use cleat_model::types::Kind;
use cleat_netns as netns;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A row, a value as in the file, the options that must be set before, and what `ip -d -j link` shows: key and value.
struct Trial {
    row: &'static str,
    text: &'static str,
    before: &'static [(&'static str, &'static str)],
    key: &'static str,
    shown: fn() -> Value,
}

macro_rules! trials {
    ($($list:ident: $($row:literal $text:literal [$($other:literal $value:literal),*] => $key:literal $shown:expr;)*)*) => {
        $(const $list: &[Trial] = &[$(Trial {
            row: $row,
            text: $text,
            before: &[$(($other, $value)),*],
            key: $key,
            shown: || json!($shown),
        }),*];)*
    };
}

trials! {
    LINK:
        "mtu" "1400" [] => "mtu" 1400;
        "hwaddress" "02:00:00:00:00:07" [] => "address" "02:00:00:00:00:07";
        "alias" "uplink to rack 4" [] => "ifalias" "uplink to rack 4";
        "ipv6-addrgen" "off" [] => "inet6_addr_gen_mode" "none";
        "ipv6-addrgen" "random" [] => "inet6_addr_gen_mode" "random";
    BRIDGE:
        "bridge-bridgeprio" "4096" [] => "priority" 4096;
        "bridge-fd" "2.5" [] => "forward_delay" 250;
        "bridge-fd" "0" [] => "forward_delay" 0;
        "bridge-hello" "1.5" [] => "hello_time" 150;
        "bridge-maxage" "6" [] => "max_age" 600;
        "bridge-ageing" "1000000" [] => "ageing_time" 100_000_000;
        "bridge-mcrouter" "2" [] => "mcast_router" 2;
        "bridge-mcsnoop" "no" [] => "mcast_snooping" 0;
        "bridge-mcqifaddr" "yes" [] => "mcast_query_use_ifaddr" 1;
        "bridge-mcquerier" "yes" [] => "mcast_querier" 1;
        "bridge-mcstats" "on" [] => "mcast_stats_enabled" 1;
        "bridge-hashmax" "512" [] => "mcast_hash_max" 512;
        "bridge-mclmc" "3" [] => "mcast_last_member_cnt" 3;
        "bridge-mcsqc" "4" [] => "mcast_startup_query_cnt" 4;
        "bridge-mclmi" "2" [] => "mcast_last_member_intvl" 200;
        "bridge-mcmi" "130" [] => "mcast_membership_intvl" 13000;
        "bridge-mcqpi" "100" [] => "mcast_querier_intvl" 10000;
        "bridge-mcqi" "60" [] => "mcast_query_intvl" 6000;
        "bridge-mcqri" "5" [] => "mcast_query_response_intvl" 500;
        "bridge-mcsqi" "15" [] => "mcast_startup_query_intvl" 1500;
        "bridge-igmp-version" "3" [] => "mcast_igmp_version" 3;
        "bridge-mld-version" "2" [] => "mcast_mld_version" 2;
        "bridge-fd" "15" [] => "forward_delay" 1500;
        "bridge-stp" "on" [] => "stp_state" 1;
    AWARE_BRIDGE:
        "bridge-vlan-aware" "yes" [] => "vlan_filtering" 1;
        "bridge-vlan-protocol" "802.1ad" [] => "vlan_protocol" "802.1ad";
        "bridge-vlan-stats" "on" [] => "vlan_stats_enabled" 1;
    BRIDGE_PORT:
        "bridge-pathcosts" "65535" [] => "cost" 65535;
        "bridge-portprios" "63" [] => "priority" 63;
        "bridge-portmcrouter" "enabled" [] => "multicast_router" 2;
        "bridge-portmcfl" "yes" [] => "fastleave" true;
        "bridge-learning" "off" [] => "learning" false;
        "bridge-unicast-flood" "off" [] => "flood" false;
        "bridge-multicast-flood" "off" [] => "mcast_flood" false;
        "bridge-broadcast-flood" "off" [] => "bcast_flood" false;
        "bridge-arp-nd-suppress" "on" [] => "neigh_suppress" true;
        "bridge-isolated" "on" [] => "isolated" true;
        "bridge-hairpin" "on" [] => "hairpin" true;
        "bridge-bpdu-guard" "on" [] => "guard" true;
        "bridge-multicast-to-unicast" "on" [] => "mcast_to_unicast" true;
    BOND:
        "bond-mode" "balance-rr" [] => "mode" "balance-rr";
        "bond-mode" "1" [] => "mode" "active-backup";
        "bond-mode" "balance-xor" [] => "mode" "balance-xor";
        "bond-mode" "broadcast" [] => "mode" "broadcast";
        "bond-mode" "802.3ad" [] => "mode" "802.3ad";
        "bond-mode" "balance-tlb" [] => "mode" "balance-tlb";
        "bond-mode" "6" [] => "mode" "balance-alb";
        "bond-miimon" "250" [] => "miimon" 250;
        "bond-updelay" "500" ["bond-miimon" "100"] => "updelay" 500;
        "bond-downdelay" "300" ["bond-miimon" "100"] => "downdelay" 300;
        "bond-use-carrier" "yes" [] => "use_carrier" 1;
        "bond-arp-interval" "250" ["bond-mode" "1"] => "arp_interval" 250;
        "bond-arp-ip-target" "192.0.2.1 192.0.2.2" ["bond-mode" "1", "bond-arp-interval" "250"]
            => "arp_ip_target" ["192.0.2.1", "192.0.2.2"];
        "bond-arp-validate" "backup" ["bond-mode" "1", "bond-arp-interval" "250"] => "arp_validate" "backup";
        "bond-arp-all-targets" "all" ["bond-mode" "1"] => "arp_all_targets" "all";
        "bond-primary-reselect" "failure" ["bond-mode" "1"] => "primary_reselect" "failure";
        "bond-fail-over-mac" "follow" ["bond-mode" "1"] => "fail_over_mac" "follow";
        "bond-xmit-hash-policy" "layer3+4" ["bond-mode" "2"] => "xmit_hash_policy" "layer3+4";
        "bond-xmit-hash-policy" "layer2+3" ["bond-mode" "4"] => "xmit_hash_policy" "layer2+3";
        "bond-xmit-hash-policy" "vlan+srcmac" ["bond-mode" "4"] => "xmit_hash_policy" "vlan+srcmac";
        "bond-resend-igmp" "7" [] => "resend_igmp" 7;
        "bond-num-grat-arp" "3" ["bond-mode" "1"] => "num_peer_notif" 3;
        "bond-peer-notif-delay" "200" ["bond-miimon" "100"] => "peer_notify_delay" 200;
        "bond-all-slaves-active" "yes" [] => "all_slaves_active" 1;
        "bond-min-links" "2" ["bond-mode" "4"] => "min_links" 2;
        "bond-lp-interval" "5" ["bond-mode" "5"] => "lp_interval" 5;
        "bond-packets-per-slave" "9" ["bond-mode" "0"] => "packets_per_slave" 9;
        "bond-lacp-rate" "fast" ["bond-mode" "4"] => "ad_lacp_rate" "fast";
        "bond-ad-select" "count" ["bond-mode" "4"] => "ad_select" "count";
        "bond-ad-actor-sys-prio" "100" ["bond-mode" "4"] => "ad_actor_sys_prio" 100;
        "bond-ad-user-port-key" "5" ["bond-mode" "4"] => "ad_user_port_key" 5;
        "bond-ad-actor-system" "02:00:00:00:00:09" ["bond-mode" "4"] => "ad_actor_system" "02:00:00:00:00:09";
        "bond-tlb-dynamic-lb" "no" ["bond-mode" "5"] => "tlb_dynamic_lb" 0;
    BOND_PORT:
        "bond-queue-id" "2" [] => "queue_id" 2;
    VLAN:
        "vlan-id" "4094" [] => "id" 4094;
        "vlan-protocol" "802.1ad" ["vlan-id" "7"] => "protocol" "802.1ad";
        "vlan-reorder-hdr" "off" ["vlan-id" "7"] => "flags" Value::Null; // ip shows no list where no flag is set
        "vlan-gvrp" "on" ["vlan-id" "7"] => "flags" ["REORDER_HDR", "GVRP"];
        "vlan-mvrp" "on" ["vlan-id" "7"] => "flags" ["REORDER_HDR", "MVRP"];
        "vlan-loose-binding" "on" ["vlan-id" "7"] => "flags" ["REORDER_HDR", "LOOSE_BINDING"];
        "vlan-bridge-binding" "on" ["vlan-id" "7"] => "flags" ["REORDER_HDR", "BRIDGE_BINDING"];
    VXLAN:
        "vxlan-id" "16777215" [] => "id" 16_777_215;
        "vxlan-local-tunnelip" "192.0.2.1" ["vxlan-id" "7"] => "local" "192.0.2.1";
        "vxlan-local-tunnelip" "2001:db8::1" ["vxlan-id" "7"] => "local6" "2001:db8::1";
        "vxlan-svcnodeip" "192.0.2.100" ["vxlan-id" "7"] => "remote" "192.0.2.100";
        "vxlan-port" "4790" ["vxlan-id" "7"] => "port" 4790;
        "vxlan-learning" "no" ["vxlan-id" "7"] => "learning" false;
        "vxlan-ageing" "77" ["vxlan-id" "7"] => "ageing" 77;
        "vxlan-ttl" "64" ["vxlan-id" "7"] => "ttl" 64;
        "vxlan-tos" "inherit" ["vxlan-id" "7"] => "tos" "0x1";
        "vxlan-tos" "16" ["vxlan-id" "7"] => "tos" "0x10";
        "vxlan-udp-csum" "yes" ["vxlan-id" "7"] => "udp_csum" true;
    MULTICAST_VXLAN:
        "vxlan-mcastgrp" "239.1.1.100" ["vxlan-id" "7"] => "group" "239.1.1.100";
    MACVLAN:
        "macvlan-mode" "bridge" [] => "mode" "bridge";
        "macvlan-mode" "private" [] => "mode" "private";
        "macvlan-mode" "source" [] => "mode" "source";
    VRF:
        "vrf-table" "1001" [] => "table" 1001;
}

/// Rows of /proc/sys with a value that is not the kernel's default.
const SYSCTLS: &[(&str, &str, &str)] = &[
    ("ip-forward", "on", "ipv4/conf/t0/forwarding"),
    ("proxy-arp", "on", "ipv4/conf/t0/proxy_arp"),
    ("arp-accept", "2", "ipv4/conf/t0/arp_accept"),
    ("ip6-forward", "on", "ipv6/conf/t0/forwarding"),
    ("accept-ra", "2", "ipv6/conf/t0/accept_ra"),
    ("autoconf", "no", "ipv6/conf/t0/autoconf"),
    ("privext", "2", "ipv6/conf/t0/use_tempaddr"),
    ("dad-transmits", "3", "ipv6/conf/t0/dad_transmits"),
    ("disable-ipv6", "yes", "ipv6/conf/t0/disable_ipv6"),
];

/// `EACCES`, `EINVAL` and `ERANGE` of asm-generic/errno-base.h.
const EACCES: i32 = 13;
const EINVAL: i32 = 22;
const ERANGE: i32 = 34;

fn row(name: &str) -> &'static Attr {
    table::find(name).unwrap_or_else(|| panic!("{name} is not a row"))
}

fn name(text: &str) -> IfName {
    text.parse().expect("tests use names that the kernel takes")
}

fn put(attrs: &mut Attrs, option: &str, text: &str) {
    let row = row(option);
    let value = row
        .parse(text)
        .unwrap_or_else(|accepts| panic!("{option} takes {accepts}"));
    assert!(row.put(&value, attrs), "{option} is not an attribute of a link");
}

fn perform(kernel: &mut Netlink, op: Op) {
    for answer in kernel.perform(std::slice::from_ref(&op)) {
        answer.unwrap_or_else(|error| panic!("{op}: {error}"));
    }
}

/// What the kernel has, by the row and by `ip`.
fn holds(kernel: &mut Netlink, trial: &Trial, part: &[&str]) {
    let snapshot = kernel.snapshot(Query::default()).expect("links can be dumped");
    let link = snapshot.get(name("t0")).expect("t0 is there");
    let row = row(trial.row);
    let wanted = row.parse(trial.text).expect("the text was parsed before");
    let found = row.read(link);
    assert_eq!(found.as_ref(), Some(&wanted), "{} {}: read back", trial.row, trial.text);
    let shown = &netns::ip_json(&["-d", "link", "show", "t0"])[0];
    let shown = part.iter().fold(shown, |value, key| &value[*key]);
    let mut value = shown[trial.key].clone();
    // Sets of flags have no order.
    if let (Value::Array(_), Value::Array(_)) = (&value, (trial.shown)()) {
        assert_eq!(
            words(&value),
            words(&(trial.shown)()),
            "{} {}: as ip shows it",
            trial.row,
            trial.text
        );
        value = (trial.shown)();
    }
    assert_eq!(value, (trial.shown)(), "{} {}: as ip shows it", trial.row, trial.text);
}

fn words(value: &Value) -> BTreeSet<String> {
    value.as_array().into_iter().flatten().map(Value::to_string).collect()
}

/// Makes t0 anew with the options of each trial.
fn created(trials: &[Trial], kind: Kind, parent: Option<&str>) {
    let mut kernel = Netlink::open().expect("a room has rtnetlink");
    for trial in trials {
        let mut data = Attrs::new();
        for (option, text) in trial.before {
            put(&mut data, option, text);
        }
        put(&mut data, trial.row, trial.text);
        perform(
            &mut kernel,
            Op::CreateLink {
                name: name("t0"),
                kind: kind.clone(),
                parent: parent.map(name),
                peer: None,
                link: Attrs::new(),
                data,
                up: false,
            },
        );
        holds(&mut kernel, trial, &["linkinfo", "info_data"]);
        perform(&mut kernel, Op::DeleteLink { name: name("t0") });
    }
}

/// Makes t0 once and sets each option on it, one after the other.
fn changed(trials: &[Trial], kind: &Kind) {
    let mut kernel = Netlink::open().expect("a room has rtnetlink");
    netns::run(&format!("ip link add t0 type {kind}"));
    for trial in trials {
        let mut data = Attrs::new();
        put(&mut data, trial.row, trial.text);
        perform(
            &mut kernel,
            Op::SetData {
                name: name("t0"),
                kind: kind.clone(),
                data,
                links: Vec::new(),
            },
        );
        holds(&mut kernel, trial, &["linkinfo", "info_data"]);
    }
}

fn of_port(trials: &[Trial], kind: Kind) {
    let mut kernel = Netlink::open().expect("a room has rtnetlink");
    for trial in trials {
        let mut data = Attrs::new();
        put(&mut data, trial.row, trial.text);
        let kind = kind.clone();
        perform(
            &mut kernel,
            Op::SetPort {
                name: name("t0"),
                kind,
                data,
            },
        );
        holds(&mut kernel, trial, &["linkinfo", "info_slave_data"]);
    }
}

#[test]
fn options_of_links_hold_on_a_real_kernel() {
    let _room = netns::enter!(Veth, Inet6);
    netns::run("ip link add t0 type veth peer name t1");
    let mut kernel = Netlink::open().expect("a room has rtnetlink");
    for trial in LINK {
        let row = row(trial.row);
        let op = match row.wire {
            Wire::AddrGenMode => {
                let value = row.parse(trial.text).expect("a mode");
                let cleat_model::attr::Value::Number(mode) = value else {
                    panic!("no number")
                };
                Op::SetAddrGenMode {
                    name: name("t0"),
                    mode: mode as u8,
                }
            }
            _ => {
                let mut link = Attrs::new();
                put(&mut link, trial.row, trial.text);
                Op::SetLink { name: name("t0"), link }
            }
        };
        perform(&mut kernel, op);
        holds(&mut kernel, trial, &[]);
    }
}

#[test]
fn settings_of_links_hold_on_a_real_kernel() {
    let _room = netns::enter!(Veth, Inet6);
    netns::run("ip link add t0 type veth peer name t1");
    let mut kernel = Netlink::open().expect("a room has rtnetlink");
    for (option, text, path) in SYSCTLS {
        let row = row(option);
        let (v6, key) = match row.wire {
            Wire::Conf4(_, key) => (false, key),
            Wire::Conf6(_, key) => (true, key),
            _ => panic!("{option} is not a setting"),
        };
        let cleat_model::attr::Value::Number(number) = row.parse(text).expect("a value") else {
            panic!("no number")
        };
        let path = format!("/proc/sys/net/{path}");
        let before = std::fs::read_to_string(&path).unwrap();
        assert_ne!(before.trim(), number.to_string(), "{option}: it would change nothing");
        perform(
            &mut kernel,
            Op::SetConf {
                name: name("t0"),
                v6,
                key: key.to_owned(),
                value: number as i64,
            },
        );
        let snapshot = kernel.snapshot(Query::default()).expect("links can be dumped");
        let link = snapshot.get(name("t0")).expect("t0 is there");
        assert_eq!(row.read(link), row.parse(text).ok(), "{option}: read back");
        let after = std::fs::read_to_string(&path).unwrap();
        assert_eq!(after.trim(), number.to_string(), "{option}: in /proc/sys");
    }
}

#[test]
fn options_of_bridges_hold_on_a_real_kernel() {
    let _room = netns::enter!(Bridge);
    changed(BRIDGE, &Kind::Bridge);
}

#[test]
fn options_of_vlan_aware_bridges_hold_on_a_real_kernel() {
    let _room = netns::enter!(VlanFiltering);
    changed(AWARE_BRIDGE, &Kind::Bridge);
}

#[test]
fn options_of_bridge_ports_hold_on_a_real_kernel() {
    let _room = netns::enter!(Bridge, Veth);
    netns::run("ip link add b0 type bridge");
    netns::run("ip link add t0 type veth peer name t1");
    netns::run("ip link set t0 master b0");
    of_port(BRIDGE_PORT, Kind::Bridge);
}

#[test]
fn options_of_bonds_hold_on_a_real_kernel() {
    let _room = netns::enter!(Bond);
    created(BOND, Kind::Bond, None);
}

#[test]
fn options_of_bond_ports_hold_on_a_real_kernel() {
    let _room = netns::enter!(Bond, Dummy);
    netns::run("ip link add b0 type bond mode active-backup");
    netns::run("ip link add t0 type dummy");
    netns::run("ip link set t0 master b0");
    of_port(BOND_PORT, Kind::Bond);
}

#[test]
fn options_of_vlans_hold_on_a_real_kernel() {
    let _room = netns::enter!(Vlan, VlanAd, Bridge);
    // A bridge below: only there the kernel has bridge_binding.
    netns::run("ip link add p0 type bridge");
    created(VLAN, Kind::Vlan, Some("p0"));
}

#[test]
fn options_of_vxlans_hold_on_a_real_kernel() {
    let _room = netns::enter!(Vxlan, Veth);
    netns::run("ip link add p0 type veth peer name p1");
    created(VXLAN, Kind::Vxlan, None);
    created(MULTICAST_VXLAN, Kind::Vxlan, Some("p0"));
}

#[test]
fn options_of_macvlans_hold_on_a_real_kernel() {
    let _room = netns::enter!(Macvlan, Veth);
    netns::run("ip link add p0 type veth peer name p1");
    created(MACVLAN, Kind::Macvlan, Some("p0"));
}

#[test]
fn options_of_vrfs_hold_on_a_real_kernel() {
    let _room = netns::enter!(Vrf);
    created(VRF, Kind::Vrf, None);
}

/// Bond options that a mode does not have: the row's rule says so, and the kernel refuses.
#[test]
fn the_kernel_refuses_bond_options_that_the_rules_leave_out() {
    let _room = netns::enter!(Bond);
    let mut kernel = Netlink::open().expect("a room has rtnetlink");
    for (option, text, mode) in [
        ("bond-lacp-rate", "fast", "1"),
        ("bond-arp-interval", "250", "4"),
        ("bond-arp-interval", "250", "6"),
        ("bond-packets-per-slave", "9", "1"),
        ("bond-ad-actor-sys-prio", "100", "0"),
        ("bond-ad-user-port-key", "5", "2"),
        ("bond-tlb-dynamic-lb", "no", "4"),
    ] {
        let text_of_file = format!("iface t0\n bond-slaves none\n bond-mode {mode}\n {option} {text}\n");
        let mut sources = cleat_diag::Sources::new();
        let file = sources.add("interfaces", text_of_file.into_bytes());
        let (document, _) = cleat_eni::parse(file, sources.get(file).expect("it was added"));
        let (decls, _) = cleat_model::decl::declare(document.items());
        let (desired, found) = cleat_model::resolve::resolve(&decls, None);
        assert_eq!(
            found.iter().map(|found| found.code).collect::<Vec<_>>(),
            ["no-effect"],
            "{option}"
        );
        assert!(desired.get(name("t0")).is_some_and(|bond| bond.knob(option).is_none()));
        let mut data = Attrs::new();
        put(&mut data, "bond-mode", mode);
        put(&mut data, option, text);
        let op = Op::CreateLink {
            name: name("t0"),
            kind: Kind::Bond,
            parent: None,
            peer: None,
            link: Attrs::new(),
            data,
            up: false,
        };
        let answer = kernel.perform(&[op]).remove(0);
        let errno = answer.map_err(|error| error.errno);
        assert!(
            matches!(errno, Err(EACCES | EINVAL)),
            "{option} in mode {mode}: {errno:?}"
        );
    }
}

// Witness of the rule `forward-delay`: the kernel answers ERANGE.
#[test]
fn the_kernel_refuses_a_forward_delay_that_the_spanning_tree_cannot_have() {
    let _room = netns::enter!(Bridge);
    let mut kernel = Netlink::open().expect("a room has rtnetlink");
    netns::run("ip link add t0 type bridge stp_state 1");
    for (text, allowed) in [("1.99", false), ("2", true), ("30", true), ("30.01", false)] {
        let mut data = Attrs::new();
        put(&mut data, "bridge-fd", text);
        let op = Op::SetData {
            name: name("t0"),
            kind: Kind::Bridge,
            data,
            links: Vec::new(),
        };
        let answer = kernel.perform(&[op]).remove(0);
        assert_eq!(
            answer.map_err(|error| error.errno),
            if allowed { Ok(()) } else { Err(ERANGE) },
            "{text}"
        );
    }
}

#[test]
fn every_row_of_the_kernel_is_tried() {
    let lists = [
        LINK,
        BRIDGE,
        AWARE_BRIDGE,
        BRIDGE_PORT,
        BOND,
        BOND_PORT,
        VLAN,
        VXLAN,
        MULTICAST_VXLAN,
        MACVLAN,
        VRF,
    ];
    let links = lists.iter().flat_map(|list| list.iter().map(|trial| trial.row));
    let tried: BTreeSet<&str> = links.chain(SYSCTLS.iter().map(|(row, ..)| *row)).collect();
    let rows = table::all().filter(|row| row.wire != Wire::None && row.on != On::Address);
    let rows: BTreeSet<&str> = rows.map(|row| row.name).collect();
    cleat_witness::assert_alike("rows of the table", ["tried", "in the table"], &tried, &rows);
}
