//! How `ip` and `bridge` spell the attributes of a link: word and value form by attribute number.
//!
//! *Source*: ip-link(8), bridge(8) and linux/if_link.h. Kept apart from the attribute table, whose names are those of
//! interfaces(5): the two check each other.

use crate::name::Mac;
use crate::nla;
use crate::types::Kind;
use cleat_diag::escaped;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which nest an attribute stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nest {
    /// `RTM_NEWLINK` itself.
    Link,
    /// `IFLA_INFO_DATA`.
    Data,
    /// `IFLA_INFO_SLAVE_DATA`.
    Port,
}

enum Form {
    Number,
    BigEndian,
    Word(&'static [&'static str]),
    Named(&'static [(u64, &'static str)]),
    Mac,
    Ip,
    Ips,
    Text,
    /// Value and mask, each bit with its word, printed `word on|off` or `word 1|0`.
    Bits(&'static [(u32, &'static str)], [&'static str; 2]),
    /// The word alone where set, with `no` before it where not.
    Switch,
}

const ON_OFF: [&str; 2] = ["off", "on"];
const ZERO_ONE: [&str; 2] = ["0", "1"];

const LINK: &[(u16, &str, Form)] = &[
    (1, "address", Form::Mac),
    (4, "mtu", Form::Number),
    (13, "txqueuelen", Form::Number),
    (20, "alias", Form::Text),
    (27, "group", Form::Number),
];

const PROTOCOLS: &[(u64, &str)] = &[(0x8100, "802.1Q"), (0x88a8, "802.1ad")];

const BRIDGE: &[(u16, &str, Form)] = &[
    (1, "forward_delay", Form::Number),
    (2, "hello_time", Form::Number),
    (3, "max_age", Form::Number),
    (4, "ageing_time", Form::Number),
    (5, "stp_state", Form::Number),
    (6, "priority", Form::Number),
    (7, "vlan_filtering", Form::Number),
    (8, "vlan_protocol", Form::Named(PROTOCOLS)),
    (9, "group_fwd_mask", Form::Number),
    (20, "group_address", Form::Mac),
    (22, "mcast_router", Form::Number),
    (23, "mcast_snooping", Form::Number),
    (24, "mcast_query_use_ifaddr", Form::Number),
    (25, "mcast_querier", Form::Number),
    (26, "mcast_hash_elasticity", Form::Number),
    (27, "mcast_hash_max", Form::Number),
    (28, "mcast_last_member_count", Form::Number),
    (29, "mcast_startup_query_count", Form::Number),
    (30, "mcast_last_member_interval", Form::Number),
    (31, "mcast_membership_interval", Form::Number),
    (32, "mcast_querier_interval", Form::Number),
    (33, "mcast_query_interval", Form::Number),
    (34, "mcast_query_response_interval", Form::Number),
    (35, "mcast_startup_query_interval", Form::Number),
    (36, "nf_call_iptables", Form::Number),
    (37, "nf_call_ip6tables", Form::Number),
    (38, "nf_call_arptables", Form::Number),
    (39, "vlan_default_pvid", Form::Number),
    (41, "vlan_stats_enabled", Form::Number),
    (42, "mcast_stats_enabled", Form::Number),
    (43, "mcast_igmp_version", Form::Number),
    (44, "mcast_mld_version", Form::Number),
    (45, "vlan_stats_per_port", Form::Number),
    (
        46,
        "",
        Form::Bits(
            &[
                (1, "no_linklocal_learn"),
                (2, "mcast_vlan_snooping"),
                (4, "mst_enabled"),
            ],
            ZERO_ONE,
        ),
    ),
];

const BRIDGE_PORT: &[(u16, &str, Form)] = &[
    (1, "state", Form::Number),
    (2, "priority", Form::Number),
    (3, "cost", Form::Number),
    (4, "hairpin", Form::Word(&ON_OFF)),
    (5, "guard", Form::Word(&ON_OFF)),
    (6, "root_block", Form::Word(&ON_OFF)),
    (7, "fastleave", Form::Word(&ON_OFF)),
    (8, "learning", Form::Word(&ON_OFF)),
    (9, "flood", Form::Word(&ON_OFF)),
    (10, "proxy_arp", Form::Word(&ON_OFF)),
    (12, "proxy_arp_wifi", Form::Word(&ON_OFF)),
    (25, "mcast_router", Form::Number),
    (27, "mcast_flood", Form::Word(&ON_OFF)),
    (28, "mcast_to_unicast", Form::Word(&ON_OFF)),
    (29, "vlan_tunnel", Form::Word(&ON_OFF)),
    (30, "bcast_flood", Form::Word(&ON_OFF)),
    (31, "group_fwd_mask", Form::Number),
    (32, "neigh_suppress", Form::Word(&ON_OFF)),
    (33, "isolated", Form::Word(&ON_OFF)),
    (37, "mcast_eht_hosts_limit", Form::Number),
    (39, "locked", Form::Word(&ON_OFF)),
];

const BOND: &[(u16, &str, Form)] = &[
    (
        1,
        "mode",
        Form::Word(&[
            "balance-rr",
            "active-backup",
            "balance-xor",
            "broadcast",
            "802.3ad",
            "balance-tlb",
            "balance-alb",
        ]),
    ),
    (2, "active_slave", Form::Number),
    (3, "miimon", Form::Number),
    (4, "updelay", Form::Number),
    (5, "downdelay", Form::Number),
    (6, "use_carrier", Form::Number),
    (7, "arp_interval", Form::Number),
    (8, "arp_ip_target", Form::Ips),
    (
        9,
        "arp_validate",
        Form::Word(&[
            "none",
            "active",
            "backup",
            "all",
            "filter",
            "filter_active",
            "filter_backup",
        ]),
    ),
    (10, "arp_all_targets", Form::Word(&["any", "all"])),
    (11, "primary", Form::Number),
    (12, "primary_reselect", Form::Word(&["always", "better", "failure"])),
    (13, "fail_over_mac", Form::Word(&["none", "active", "follow"])),
    (
        14,
        "xmit_hash_policy",
        Form::Word(&["layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"]),
    ),
    (15, "resend_igmp", Form::Number),
    (16, "num_grat_arp", Form::Number),
    (17, "all_slaves_active", Form::Number),
    (18, "min_links", Form::Number),
    (19, "lp_interval", Form::Number),
    (20, "packets_per_slave", Form::Number),
    (21, "lacp_rate", Form::Word(&["slow", "fast"])),
    (22, "ad_select", Form::Word(&["stable", "bandwidth", "count"])),
    (24, "ad_actor_sys_prio", Form::Number),
    (25, "ad_user_port_key", Form::Number),
    (26, "ad_actor_system", Form::Mac),
    (27, "tlb_dynamic_lb", Form::Number),
    (28, "peer_notify_delay", Form::Number),
    (29, "lacp_active", Form::Word(&ON_OFF)),
    (30, "missed_max", Form::Number),
];

const BOND_PORT: &[(u16, &str, Form)] = &[(5, "queue_id", Form::Number), (9, "prio", Form::Number)];

const VLAN: &[(u16, &str, Form)] = &[
    (1, "id", Form::Number),
    (
        2,
        "",
        Form::Bits(
            &[
                (1, "reorder_hdr"),
                (2, "gvrp"),
                (4, "loose_binding"),
                (8, "mvrp"),
                (16, "bridge_binding"),
            ],
            ON_OFF,
        ),
    ),
    (5, "protocol", Form::Named(PROTOCOLS)),
];

const VXLAN: &[(u16, &str, Form)] = &[
    (1, "id", Form::Number),
    (2, "remote", Form::Ip),
    (4, "local", Form::Ip),
    (5, "ttl", Form::Number),
    (6, "tos", Form::Number),
    (7, "learning", Form::Switch),
    (8, "ageing", Form::Number),
    (9, "maxaddress", Form::Number),
    (11, "proxy", Form::Switch),
    (12, "rsc", Form::Switch),
    (13, "l2miss", Form::Switch),
    (14, "l3miss", Form::Switch),
    (15, "dstport", Form::BigEndian),
    (16, "remote", Form::Ip),
    (17, "local", Form::Ip),
    (18, "udpcsum", Form::Switch),
    (19, "udp6zerocsumtx", Form::Switch),
    (20, "udp6zerocsumrx", Form::Switch),
];

const MACVLAN: &[(u16, &str, Form)] = &[
    (
        1,
        "mode",
        Form::Named(&[
            (1, "private"),
            (2, "vepa"),
            (4, "bridge"),
            (8, "passthru"),
            (16, "source"),
        ]),
    ),
    (2, "flags", Form::Number),
];

const VRF: &[(u16, &str, Form)] = &[(1, "table", Form::Number)];

fn table(nest: Nest, kind: &Kind) -> &'static [(u16, &'static str, Form)] {
    match (nest, kind) {
        (Nest::Link, _) => LINK,
        (Nest::Data, Kind::Bridge) => BRIDGE,
        (Nest::Port, Kind::Bridge) => BRIDGE_PORT,
        (Nest::Data, Kind::Bond) => BOND,
        (Nest::Port, Kind::Bond) => BOND_PORT,
        (Nest::Data, Kind::Vlan) => VLAN,
        (Nest::Data, Kind::Vxlan) => VXLAN,
        (Nest::Data, Kind::Macvlan) => MACVLAN,
        (Nest::Data, Kind::Vrf) => VRF,
        _ => &[],
    }
}

/// The word of an attribute whose value is the name of a link (`primary`, `active_slave`), or `attr N`.
pub(crate) fn word(nest: Nest, kind: &Kind, number: u16) -> String {
    table(nest, kind)
        .iter()
        .find(|(found, ..)| *found == number)
        .map_or_else(|| format!("attr {number}"), |(_, word, _)| (*word).to_owned())
}

/// Whether the attribute can be set by its number (not read-only, no index of a link, no state that ports find out
/// themselves).
pub(crate) fn settable(nest: Nest, kind: &Kind, number: u16) -> bool {
    let state = nest == Nest::Port && *kind == Kind::Bridge && number == 1;
    let index = nest == Nest::Data && *kind == Kind::Bond && matches!(number, 2 | 11);
    !state && !index && table(nest, kind).iter().any(|(found, ..)| *found == number)
}

/// One attribute as `ip` takes it, with a blank before it; `attr N HEX` where no word is known.
pub(crate) fn attribute(nest: Nest, kind: &Kind, number: u16, payload: &[u8]) -> String {
    let row = table(nest, kind).iter().find(|(found, ..)| *found == number);
    let shown = row.and_then(|(_, word, form)| value(word, form, payload));
    shown.unwrap_or_else(|| {
        let mut text = format!(" attr {number} ");
        for byte in payload {
            // Writing to a `String` cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    })
}

fn value(word: &str, form: &Form, payload: &[u8]) -> Option<String> {
    Some(match form {
        Form::Number => format!(" {word} {}", host(payload)?),
        Form::BigEndian => format!(" {word} {}", big(payload)),
        Form::Word(words) => format!(" {word} {}", words.get(usize::try_from(host(payload)?).ok()?)?),
        Form::Named(names) => {
            let number = big(payload);
            let number = if payload.len() == 2 { number } else { host(payload)? };
            let (_, name) = names.iter().find(|(found, _)| *found == number)?;
            format!(" {word} {name}")
        }
        Form::Mac => format!(" {word} {}", Mac::new(payload)?),
        Form::Ip => format!(" {word} {}", ip(payload)?),
        Form::Ips => {
            let all: Option<Vec<String>> = nla::iter(payload)
                .map(|(_, bytes)| ip(bytes).map(|ip| ip.to_string()))
                .collect();
            format!(" {word} {}", all?.join(","))
        }
        Form::Text => {
            let text = String::from_utf8_lossy(payload.strip_suffix(b"\0").unwrap_or(payload)).into_owned();
            format!(" {word} {}", quoted(&text))
        }
        Form::Bits(bits, words) => {
            let flags = host(payload.get(..4)?)?;
            let mask = host(payload.get(4..8)?)?;
            bits.iter()
                .filter(|(bit, _)| mask & u64::from(*bit) != 0)
                .map(|(bit, word)| format!(" {word} {}", words[usize::from(flags & u64::from(*bit) != 0)]))
                .collect()
        }
        Form::Switch => match host(payload)? {
            0 => format!(" no{word}"),
            _ => format!(" {word}"),
        },
    })
}

/// A text as the shell takes it. One that a terminal must not get is written out in `$'...'`, which bash and zsh read.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/@%+=,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    let literal = text.replace('\\', "\\\\").replace('\'', "\\'");
    match escaped(&literal) {
        Cow::Owned(shown) => format!("$'{shown}'"),
        Cow::Borrowed(_) => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

fn host(payload: &[u8]) -> Option<u64> {
    Some(match *payload {
        [a] => u64::from(a),
        [a, b] => u64::from(u16::from_ne_bytes([a, b])),
        [a, b, c, d] => u64::from(u32::from_ne_bytes([a, b, c, d])),
        _ => u64::from_ne_bytes(payload.try_into().ok()?),
    })
}

fn big(payload: &[u8]) -> u64 {
    payload.iter().take(8).fold(0, |all, byte| all << 8 | u64::from(*byte))
}

fn ip(payload: &[u8]) -> Option<IpAddr> {
    if let Ok(four) = <[u8; 4]>::try_from(payload) {
        return Some(Ipv4Addr::from(four).into());
    }
    <[u8; 16]>::try_from(payload).ok().map(|six| Ipv6Addr::from(six).into())
}
