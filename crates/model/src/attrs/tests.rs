//! A test per row, and the kernel's headers as witness of every number.
#![allow(clippy::disallowed_methods)] // the headers are read from /usr/include

use crate::attr::{Attr, Grammar, On, Value, Width, Wire};
use crate::nla::Attrs;
use crate::table;
use std::collections::{BTreeMap, BTreeSet};

/// What every row must keep.
fn holds(name: &str) {
    let attr = table::find(name).unwrap_or_else(|| panic!("{name} is not a row"));
    assert_eq!(attr.name, name, "the row has another name");
    for alias in attr.aliases {
        assert!(
            std::ptr::eq(table::find(alias.name).unwrap(), attr),
            "{} leads elsewhere",
            alias.name
        );
        assert!(!alias.origin.is_empty());
    }
    for text in [attr.doc, attr.example, attr.source] {
        assert!(!text.trim().is_empty(), "a text is missing");
    }
    assert!(attr.doc.ends_with('.'), "the text is not a sentence: {}", attr.doc);
    if let Grammar::Structure = attr.value {
        assert_eq!(attr.wire, Wire::None);
        return;
    }
    let mut values = vec![attr.parse(attr.example).expect("the example is refused")];
    if let Some(text) = attr.default {
        values.push(attr.parse(text).expect("the default is refused"));
    }
    values.extend(bounds(attr));
    for value in values {
        assert_eq!(
            attr.parse(&attr.show(&value)).as_ref(),
            Ok(&value),
            "shown as {:?}",
            attr.show(&value)
        );
        let mut attrs = Attrs::new();
        if attr.put(&value, &mut attrs) {
            assert_eq!(attr.get(&attrs), Some(value), "the kernel's bytes lead elsewhere");
        }
    }
}

/// The ends of the range, or all words.
fn bounds(attr: &Attr) -> Vec<Value> {
    let ends = |min: u64, max: u64, scale: u64| vec![Value::Number(min * scale), Value::Number(max * scale)];
    match attr.value {
        Grammar::Range { min, max } | Grammar::Decimal { min, max } => ends(min, max, attr.scale),
        Grammar::WordsOrRange { min, max, .. } => ends(min, max, 1),
        Grammar::Bool => ends(0, 1, 1),
        Grammar::Choice(words) => words.iter().map(|(_, number)| Value::Number(*number)).collect(),
        _ => Vec::new(),
    }
}

macro_rules! rows {
    ($($test:ident => $name:literal,)*) => {
        $(#[test] fn $test() { holds($name); })*
        const TESTED: &[&str] = &[$($name),*];
    };
}

rows! {
    address => "address",
    netmask => "netmask",
    broadcast => "broadcast",
    pointopoint => "pointopoint",
    scope => "scope",
    preferred_lifetime => "preferred-lifetime",
    gateway => "gateway",
    metric => "metric",
    mtu => "mtu",
    hwaddress => "hwaddress",
    alias => "alias",
    link_down => "link-down",
    link_type => "link-type",
    ip_forward => "ip-forward",
    proxy_arp => "proxy-arp",
    arp_accept => "arp-accept",
    ip6_forward => "ip6-forward",
    disable_ipv6 => "disable-ipv6",
    accept_ra => "accept-ra",
    autoconf => "autoconf",
    privext => "privext",
    dad_transmits => "dad-transmits",
    ipv6_addrgen => "ipv6-addrgen",
    address_purge => "address-purge",
    pre_up => "pre-up",
    up => "up",
    post_up => "post-up",
    pre_down => "pre-down",
    down => "down",
    post_down => "post-down",
    bridge_ports => "bridge-ports",
    bridge_stp => "bridge-stp",
    bridge_bridgeprio => "bridge-bridgeprio",
    bridge_fd => "bridge-fd",
    bridge_hello => "bridge-hello",
    bridge_maxage => "bridge-maxage",
    bridge_ageing => "bridge-ageing",
    bridge_hw => "bridge-hw",
    bridge_vlan_aware => "bridge-vlan-aware",
    bridge_vlan_protocol => "bridge-vlan-protocol",
    bridge_vlan_stats => "bridge-vlan-stats",
    bridge_vids => "bridge-vids",
    bridge_pvid => "bridge-pvid",
    bridge_access => "bridge-access",
    bridge_allow_untagged => "bridge-allow-untagged",
    bridge_port_vids => "bridge-port-vids",
    bridge_port_pvids => "bridge-port-pvids",
    bridge_disable_mac_learning => "bridge-disable-mac-learning",
    bridge_ports_condone_regex => "bridge-ports-condone-regex",
    bridge_waitport => "bridge-waitport",
    bridge_maxwait => "bridge-maxwait",
    bridge_gcint => "bridge-gcint",
    bridge_always_up => "bridge-always-up",
    bridge_pathcosts => "bridge-pathcosts",
    bridge_portprios => "bridge-portprios",
    bridge_portmcrouter => "bridge-portmcrouter",
    bridge_portmcfl => "bridge-portmcfl",
    bridge_learning => "bridge-learning",
    bridge_unicast_flood => "bridge-unicast-flood",
    bridge_multicast_flood => "bridge-multicast-flood",
    bridge_broadcast_flood => "bridge-broadcast-flood",
    bridge_arp_nd_suppress => "bridge-arp-nd-suppress",
    bridge_isolated => "bridge-isolated",
    bridge_hairpin => "bridge-hairpin",
    bridge_bpdu_guard => "bridge-bpdu-guard",
    bridge_multicast_to_unicast => "bridge-multicast-to-unicast",
    bridge_mcsnoop => "bridge-mcsnoop",
    bridge_mcquerier => "bridge-mcquerier",
    bridge_mcqifaddr => "bridge-mcqifaddr",
    bridge_mcstats => "bridge-mcstats",
    bridge_mcrouter => "bridge-mcrouter",
    bridge_igmp_version => "bridge-igmp-version",
    bridge_mld_version => "bridge-mld-version",
    bridge_hashmax => "bridge-hashmax",
    bridge_hashel => "bridge-hashel",
    bridge_mcqv4src => "bridge-mcqv4src",
    bridge_mclmc => "bridge-mclmc",
    bridge_mcsqc => "bridge-mcsqc",
    bridge_mclmi => "bridge-mclmi",
    bridge_mcmi => "bridge-mcmi",
    bridge_mcqpi => "bridge-mcqpi",
    bridge_mcqi => "bridge-mcqi",
    bridge_mcqri => "bridge-mcqri",
    bridge_mcsqi => "bridge-mcsqi",
    bond_slaves => "bond-slaves",
    bond_master => "bond-master",
    bond_primary => "bond-primary",
    bond_mode => "bond-mode",
    bond_miimon => "bond-miimon",
    bond_updelay => "bond-updelay",
    bond_downdelay => "bond-downdelay",
    bond_use_carrier => "bond-use-carrier",
    bond_arp_interval => "bond-arp-interval",
    bond_arp_ip_target => "bond-arp-ip-target",
    bond_arp_validate => "bond-arp-validate",
    bond_arp_all_targets => "bond-arp-all-targets",
    bond_primary_reselect => "bond-primary-reselect",
    bond_fail_over_mac => "bond-fail-over-mac",
    bond_xmit_hash_policy => "bond-xmit-hash-policy",
    bond_resend_igmp => "bond-resend-igmp",
    bond_num_grat_arp => "bond-num-grat-arp",
    bond_peer_notif_delay => "bond-peer-notif-delay",
    bond_all_slaves_active => "bond-all-slaves-active",
    bond_min_links => "bond-min-links",
    bond_lp_interval => "bond-lp-interval",
    bond_packets_per_slave => "bond-packets-per-slave",
    bond_lacp_rate => "bond-lacp-rate",
    bond_ad_select => "bond-ad-select",
    bond_ad_actor_sys_prio => "bond-ad-actor-sys-prio",
    bond_ad_user_port_key => "bond-ad-user-port-key",
    bond_ad_actor_system => "bond-ad-actor-system",
    bond_tlb_dynamic_lb => "bond-tlb-dynamic-lb",
    bond_queue_id => "bond-queue-id",
    vlan_raw_device => "vlan-raw-device",
    vlan_id => "vlan-id",
    vlan_protocol => "vlan-protocol",
    vlan_bridge_binding => "vlan-bridge-binding",
    vlan_reorder_hdr => "vlan-reorder-hdr",
    vlan_gvrp => "vlan-gvrp",
    vlan_mvrp => "vlan-mvrp",
    vlan_loose_binding => "vlan-loose-binding",
    vxlan_id => "vxlan-id",
    vxlan_local_tunnelip => "vxlan-local-tunnelip",
    vxlan_svcnodeip => "vxlan-svcnodeip",
    vxlan_mcastgrp => "vxlan-mcastgrp",
    vxlan_remoteip => "vxlan-remoteip",
    vxlan_port => "vxlan-port",
    vxlan_learning => "vxlan-learning",
    vxlan_ageing => "vxlan-ageing",
    vxlan_physdev => "vxlan-physdev",
    vxlan_ttl => "vxlan-ttl",
    vxlan_tos => "vxlan-tos",
    vxlan_udp_csum => "vxlan-udp-csum",
    veth_peer_name => "veth-peer-name",
    macvlan_raw_device => "macvlan-raw-device",
    macvlan_mode => "macvlan-mode",
    vrf => "vrf",
    vrf_table => "vrf-table",
}

#[test]
fn every_row_has_its_test() {
    let rows: Vec<_> = table::all().map(|attr| attr.name).collect();
    assert_eq!(rows, TESTED);
}

#[test]
fn no_two_rows_share_a_name_or_a_text() {
    let mut names = BTreeSet::new();
    let mut texts = BTreeSet::new();
    for attr in table::all() {
        assert!(texts.insert(attr.doc), "two rows say: {}", attr.doc);
        for name in std::iter::once(attr.name).chain(attr.aliases.iter().map(|alias| alias.name)) {
            assert!(names.insert(name), "{name} names two rows");
            assert!(!name.contains('_'), "{name} is listed with an underscore");
        }
    }
}

#[test]
fn rules_name_rows() {
    use crate::attr::Need;
    for attr in table::all() {
        for need in attr.needs {
            let (Need::OneOf { attr: other, .. } | Need::Set(other) | Need::Excludes(other)) = need;
            assert_eq!(
                table::find(other).map(|row| row.name),
                Some(*other),
                "{} asks for {other}",
                attr.name
            );
        }
    }
}

/// Row and the constant of linux/if_link.h, linux/ip.h or linux/ipv6.h that it stands for.
const CONSTANTS: &[(&str, &str)] = &[
    ("mtu", "IFLA_MTU"),
    ("hwaddress", "IFLA_ADDRESS"),
    ("alias", "IFLA_IFALIAS"),
    ("bridge-stp", "IFLA_BR_STP_STATE"),
    ("bridge-bridgeprio", "IFLA_BR_PRIORITY"),
    ("bridge-fd", "IFLA_BR_FORWARD_DELAY"),
    ("bridge-hello", "IFLA_BR_HELLO_TIME"),
    ("bridge-maxage", "IFLA_BR_MAX_AGE"),
    ("bridge-ageing", "IFLA_BR_AGEING_TIME"),
    ("bridge-vlan-aware", "IFLA_BR_VLAN_FILTERING"),
    ("bridge-vlan-protocol", "IFLA_BR_VLAN_PROTOCOL"),
    ("bridge-vlan-stats", "IFLA_BR_VLAN_STATS_ENABLED"),
    ("bridge-mcsnoop", "IFLA_BR_MCAST_SNOOPING"),
    ("bridge-mcquerier", "IFLA_BR_MCAST_QUERIER"),
    ("bridge-mcqifaddr", "IFLA_BR_MCAST_QUERY_USE_IFADDR"),
    ("bridge-mcstats", "IFLA_BR_MCAST_STATS_ENABLED"),
    ("bridge-mcrouter", "IFLA_BR_MCAST_ROUTER"),
    ("bridge-igmp-version", "IFLA_BR_MCAST_IGMP_VERSION"),
    ("bridge-mld-version", "IFLA_BR_MCAST_MLD_VERSION"),
    ("bridge-hashmax", "IFLA_BR_MCAST_HASH_MAX"),
    ("bridge-mclmc", "IFLA_BR_MCAST_LAST_MEMBER_CNT"),
    ("bridge-mcsqc", "IFLA_BR_MCAST_STARTUP_QUERY_CNT"),
    ("bridge-mclmi", "IFLA_BR_MCAST_LAST_MEMBER_INTVL"),
    ("bridge-mcmi", "IFLA_BR_MCAST_MEMBERSHIP_INTVL"),
    ("bridge-mcqpi", "IFLA_BR_MCAST_QUERIER_INTVL"),
    ("bridge-mcqi", "IFLA_BR_MCAST_QUERY_INTVL"),
    ("bridge-mcqri", "IFLA_BR_MCAST_QUERY_RESPONSE_INTVL"),
    ("bridge-mcsqi", "IFLA_BR_MCAST_STARTUP_QUERY_INTVL"),
    ("bridge-pathcosts", "IFLA_BRPORT_COST"),
    ("bridge-portprios", "IFLA_BRPORT_PRIORITY"),
    ("bridge-portmcrouter", "IFLA_BRPORT_MULTICAST_ROUTER"),
    ("bridge-portmcfl", "IFLA_BRPORT_FAST_LEAVE"),
    ("bridge-learning", "IFLA_BRPORT_LEARNING"),
    ("bridge-unicast-flood", "IFLA_BRPORT_UNICAST_FLOOD"),
    ("bridge-multicast-flood", "IFLA_BRPORT_MCAST_FLOOD"),
    ("bridge-broadcast-flood", "IFLA_BRPORT_BCAST_FLOOD"),
    ("bridge-arp-nd-suppress", "IFLA_BRPORT_NEIGH_SUPPRESS"),
    ("bridge-isolated", "IFLA_BRPORT_ISOLATED"),
    ("bridge-hairpin", "IFLA_BRPORT_MODE"),
    ("bridge-bpdu-guard", "IFLA_BRPORT_GUARD"),
    ("bridge-multicast-to-unicast", "IFLA_BRPORT_MCAST_TO_UCAST"),
    ("bond-mode", "IFLA_BOND_MODE"),
    ("bond-miimon", "IFLA_BOND_MIIMON"),
    ("bond-updelay", "IFLA_BOND_UPDELAY"),
    ("bond-downdelay", "IFLA_BOND_DOWNDELAY"),
    ("bond-use-carrier", "IFLA_BOND_USE_CARRIER"),
    ("bond-arp-interval", "IFLA_BOND_ARP_INTERVAL"),
    ("bond-arp-ip-target", "IFLA_BOND_ARP_IP_TARGET"),
    ("bond-arp-validate", "IFLA_BOND_ARP_VALIDATE"),
    ("bond-arp-all-targets", "IFLA_BOND_ARP_ALL_TARGETS"),
    ("bond-primary-reselect", "IFLA_BOND_PRIMARY_RESELECT"),
    ("bond-fail-over-mac", "IFLA_BOND_FAIL_OVER_MAC"),
    ("bond-xmit-hash-policy", "IFLA_BOND_XMIT_HASH_POLICY"),
    ("bond-resend-igmp", "IFLA_BOND_RESEND_IGMP"),
    ("bond-num-grat-arp", "IFLA_BOND_NUM_PEER_NOTIF"),
    ("bond-peer-notif-delay", "IFLA_BOND_PEER_NOTIF_DELAY"),
    ("bond-all-slaves-active", "IFLA_BOND_ALL_SLAVES_ACTIVE"),
    ("bond-min-links", "IFLA_BOND_MIN_LINKS"),
    ("bond-lp-interval", "IFLA_BOND_LP_INTERVAL"),
    ("bond-packets-per-slave", "IFLA_BOND_PACKETS_PER_SLAVE"),
    ("bond-lacp-rate", "IFLA_BOND_AD_LACP_RATE"),
    ("bond-ad-select", "IFLA_BOND_AD_SELECT"),
    ("bond-ad-actor-sys-prio", "IFLA_BOND_AD_ACTOR_SYS_PRIO"),
    ("bond-ad-user-port-key", "IFLA_BOND_AD_USER_PORT_KEY"),
    ("bond-ad-actor-system", "IFLA_BOND_AD_ACTOR_SYSTEM"),
    ("bond-tlb-dynamic-lb", "IFLA_BOND_TLB_DYNAMIC_LB"),
    ("bond-queue-id", "IFLA_BOND_SLAVE_QUEUE_ID"),
    ("vlan-id", "IFLA_VLAN_ID"),
    ("vlan-protocol", "IFLA_VLAN_PROTOCOL"),
    ("vlan-bridge-binding", "IFLA_VLAN_FLAGS"),
    ("vlan-reorder-hdr", "IFLA_VLAN_FLAGS"),
    ("vlan-gvrp", "IFLA_VLAN_FLAGS"),
    ("vlan-mvrp", "IFLA_VLAN_FLAGS"),
    ("vlan-loose-binding", "IFLA_VLAN_FLAGS"),
    ("vxlan-id", "IFLA_VXLAN_ID"),
    ("vxlan-local-tunnelip", "IFLA_VXLAN_LOCAL"),
    ("vxlan-svcnodeip", "IFLA_VXLAN_GROUP"),
    ("vxlan-mcastgrp", "IFLA_VXLAN_GROUP"),
    ("vxlan-port", "IFLA_VXLAN_PORT"),
    ("vxlan-learning", "IFLA_VXLAN_LEARNING"),
    ("vxlan-ageing", "IFLA_VXLAN_AGEING"),
    ("vxlan-ttl", "IFLA_VXLAN_TTL"),
    ("vxlan-tos", "IFLA_VXLAN_TOS"),
    ("vxlan-udp-csum", "IFLA_VXLAN_UDP_CSUM"),
    ("macvlan-mode", "IFLA_MACVLAN_MODE"),
    ("vrf-table", "IFLA_VRF_TABLE"),
    ("ip-forward", "IPV4_DEVCONF_FORWARDING"),
    ("proxy-arp", "IPV4_DEVCONF_PROXY_ARP"),
    ("arp-accept", "IPV4_DEVCONF_ARP_ACCEPT"),
    ("ip6-forward", "DEVCONF_FORWARDING"),
    ("disable-ipv6", "DEVCONF_DISABLE_IPV6"),
    ("accept-ra", "DEVCONF_ACCEPT_RA"),
    ("autoconf", "DEVCONF_AUTOCONF"),
    ("privext", "DEVCONF_USE_TEMPADDR"),
    ("dad-transmits", "DEVCONF_DAD_TRANSMITS"),
];

/// All enumerators of a header with their numbers; `None` where the header is not installed.
fn enumerators(path: &str) -> Option<BTreeMap<String, u64>> {
    let text = std::fs::read_to_string(path).ok()?;
    let mut plain = String::new();
    let mut rest = text.as_str();
    while let Some((before, comment)) = rest.split_once("/*") {
        plain += before;
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    plain += rest;
    let code: String = plain
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .map(|line| format!("{line}\n"))
        .collect();
    let mut found = BTreeMap::new();
    for body in code
        .split("enum")
        .skip(1)
        .filter_map(|text| text.split_once('{')?.1.split_once('}'))
    {
        let mut next = 0;
        for entry in body.0.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let (name, number) = match entry.split_once('=') {
                Some((name, number)) => (name.trim(), number.trim().parse().unwrap_or(u64::MAX / 2)),
                None => (entry, next),
            };
            found.insert(name.to_owned(), number);
            next = number + 1;
        }
    }
    Some(found)
}

// Second witness: the headers that the kernel exports to user space.
#[test]
fn every_number_is_that_of_the_kernels_headers() {
    let headers = [
        "/usr/include/linux/if_link.h",
        "/usr/include/linux/ip.h",
        "/usr/include/linux/ipv6.h",
    ];
    let mut known = BTreeMap::new();
    for header in headers {
        let Some(found) = enumerators(header) else {
            println!("SKIP every_number_is_that_of_the_kernels_headers: {header} is not installed");
            return;
        };
        known.extend(found);
    }
    let constants: BTreeMap<_, _> = CONSTANTS.iter().copied().collect();
    for attr in table::all() {
        let number = match attr.wire {
            Wire::Link(number, _) | Wire::Data(number, _) | Wire::Port(number, _) | Wire::DataIps(number) => number,
            Wire::DataIp { v4, v6 } => {
                let name = constants[attr.name];
                assert_eq!(u64::from(v6), known[&format!("{name}6")], "{}", attr.name);
                v4
            }
            // IPV4_DEVCONF_* begin at 1, the dumped array at 0.
            Wire::Conf4(number, _) => number + 1,
            Wire::Conf6(number, _) => number,
            Wire::None | Wire::AddrGenMode => continue,
        };
        let name = constants
            .get(attr.name)
            .unwrap_or_else(|| panic!("{} has no constant beside it", attr.name));
        assert_eq!(u64::from(number), known[*name], "{} is not {name}", attr.name);
    }
}

#[test]
fn every_number_fits_its_width() {
    for attr in table::all() {
        let most = match attr.wire {
            Wire::Link(_, width) | Wire::Data(_, width) | Wire::Port(_, width) => match width {
                Width::U8 => u64::from(u8::MAX),
                Width::U16 | Width::U16Be => u64::from(u16::MAX),
                Width::U32 => u64::from(u32::MAX),
                Width::FlagBit(_) | Width::MultiBool(_) => 1,
                Width::U64 | Width::Bytes => continue,
            },
            Wire::Conf4(..) | Wire::Conf6(..) => i32::MAX as u64,
            _ => continue,
        };
        for value in bounds(attr) {
            assert!(
                matches!(value, Value::Number(number) if number <= most),
                "{}",
                attr.name
            );
        }
    }
}

#[test]
fn a_row_lives_where_its_carrier_keeps_such_options() {
    for attr in table::all() {
        let fits = match attr.wire {
            Wire::None => true,
            Wire::Link(..) | Wire::Conf4(..) | Wire::Conf6(..) | Wire::AddrGenMode => attr.on == On::Link,
            Wire::Port(..) => matches!(attr.on, On::BridgePort | On::BondPort),
            Wire::Data(..) | Wire::DataIp { .. } | Wire::DataIps(_) => {
                !matches!(attr.on, On::Link | On::Address | On::BridgePort | On::BondPort)
            }
        };
        assert!(fits, "{} is on {:?} and lives at {:?}", attr.name, attr.on, attr.wire);
    }
}
