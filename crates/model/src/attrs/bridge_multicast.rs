//! Multicast options of bridges. Numbers: `IFLA_BR_MCAST_*` of linux/if_link.h; widths: net/bridge/br_netlink.c. The
//! intervals are hundredths of a second in the kernel and seconds in the file.

use super::bridge::BRIDGE;
use crate::attr::Shown::Number;
use crate::attr::{Attr, Grammar, On, ROW, Unit, Wire, trial};
use crate::kernel_attr::KernelAttr;
use crate::kernel_attr::Width::{U8, U32, U64};

const ROUTER: KernelAttr = BRIDGE.number(22, "IFLA_BR_MCAST_ROUTER", "mcast_router", U8, 1);
const SNOOPING: KernelAttr = BRIDGE.number(23, "IFLA_BR_MCAST_SNOOPING", "mcast_snooping", U8, 1);
const QUERY_USE_IFADDR: KernelAttr =
    BRIDGE.number(24, "IFLA_BR_MCAST_QUERY_USE_IFADDR", "mcast_query_use_ifaddr", U8, 0);
const QUERIER: KernelAttr = BRIDGE.number(25, "IFLA_BR_MCAST_QUERIER", "mcast_querier", U8, 0);
const HASH_MAX: KernelAttr = BRIDGE.number(27, "IFLA_BR_MCAST_HASH_MAX", "mcast_hash_max", U32, 4096);
const LAST_MEMBER_CNT: KernelAttr =
    BRIDGE.number(28, "IFLA_BR_MCAST_LAST_MEMBER_CNT", "mcast_last_member_count", U32, 2);
const STARTUP_QUERY_CNT: KernelAttr = BRIDGE.number(
    29,
    "IFLA_BR_MCAST_STARTUP_QUERY_CNT",
    "mcast_startup_query_count",
    U32,
    2,
);
const LAST_MEMBER_INTVL: KernelAttr = BRIDGE.number(
    30,
    "IFLA_BR_MCAST_LAST_MEMBER_INTVL",
    "mcast_last_member_interval",
    U64,
    100,
);
const MEMBERSHIP_INTVL: KernelAttr = BRIDGE.number(
    31,
    "IFLA_BR_MCAST_MEMBERSHIP_INTVL",
    "mcast_membership_interval",
    U64,
    26000,
);
const QUERIER_INTVL: KernelAttr =
    BRIDGE.number(32, "IFLA_BR_MCAST_QUERIER_INTVL", "mcast_querier_interval", U64, 25500);
const QUERY_INTVL: KernelAttr = BRIDGE.number(33, "IFLA_BR_MCAST_QUERY_INTVL", "mcast_query_interval", U64, 12500);
const QUERY_RESPONSE_INTVL: KernelAttr = BRIDGE.number(
    34,
    "IFLA_BR_MCAST_QUERY_RESPONSE_INTVL",
    "mcast_query_response_interval",
    U64,
    1000,
);
const STARTUP_QUERY_INTVL: KernelAttr = BRIDGE.number(
    35,
    "IFLA_BR_MCAST_STARTUP_QUERY_INTVL",
    "mcast_startup_query_interval",
    U64,
    3125,
);
const STATS_ENABLED: KernelAttr = BRIDGE.number(42, "IFLA_BR_MCAST_STATS_ENABLED", "mcast_stats_enabled", U8, 0);
const IGMP_VERSION: KernelAttr = BRIDGE.number(43, "IFLA_BR_MCAST_IGMP_VERSION", "mcast_igmp_version", U8, 2);
const MLD_VERSION: KernelAttr = BRIDGE.number(44, "IFLA_BR_MCAST_MLD_VERSION", "mcast_mld_version", U8, 1);

const fn row(name: &'static str, attr: &'static KernelAttr) -> Attr {
    Attr {
        name,
        on: On::Bridge,
        wire: Wire::Data(std::slice::from_ref(attr)),
        source: "ip-link(8), BRIDGE Type Support",
        ..ROW
    }
}

const fn count(name: &'static str, attr: &'static KernelAttr, default: &'static str) -> Attr {
    Attr {
        value: Grammar::Range { min: 0, max: 255 },
        unit: Unit::Count,
        default: Some(default),
        ..row(name, attr)
    }
}

const fn interval(name: &'static str, attr: &'static KernelAttr, min: u64, default: &'static str) -> Attr {
    Attr {
        value: Grammar::Decimal { min, max: 65535 },
        unit: Unit::Seconds,
        default: Some(default),
        scale: 100,
        ..row(name, attr)
    }
}

const fn switch(name: &'static str, attr: &'static KernelAttr, default: &'static str) -> Attr {
    Attr {
        value: Grammar::Bool,
        default: Some(default),
        ..row(name, attr)
    }
}

/// The rows.
pub static ROWS: &[Attr] = &[
    Attr {
        trials: &[trial("no", "mcast_snooping", Number(0))],
        doc: "Whether the bridge listens to IGMP and MLD and sends multicast only to ports that asked for it.",
        example: "yes",
        source: "ifupdown-addons-interfaces(5) `bridge-mcsnoop`; ip-link(8) `mcast_snooping`",
        ..switch("bridge-mcsnoop", &SNOOPING, "yes")
    },
    Attr {
        trials: &[trial("yes", "mcast_querier", Number(1))],
        doc: "Whether the bridge asks for multicast members itself.",
        example: "yes",
        source: "ifupdown-addons-interfaces(5) `bridge-mcquerier`; ip-link(8) `mcast_querier`",
        ..switch("bridge-mcquerier", &QUERIER, "no")
    },
    Attr {
        trials: &[trial("yes", "mcast_query_use_ifaddr", Number(1))],
        doc: "Whether these queries come from the bridge's own IP address rather than 0.0.0.0.",
        example: "yes",
        source: "ifupdown-addons-interfaces(5) `bridge-mcqifaddr`; ip-link(8) `mcast_query_use_ifaddr`",
        ..switch("bridge-mcqifaddr", &QUERY_USE_IFADDR, "no")
    },
    Attr {
        trials: &[trial("on", "mcast_stats_enabled", Number(1))],
        doc: "Whether IGMP and MLD packets are counted.",
        example: "on",
        source: "ifupdown-addons-interfaces(5) `bridge-mcstats`; ip-link(8) `mcast_stats_enabled`",
        ..switch("bridge-mcstats", &STATS_ENABLED, "off")
    },
    Attr {
        value: Grammar::Choice(&[
            ("no", 0),
            ("yes", 1),
            ("2", 2),
            ("0", 0),
            ("1", 1),
            ("off", 0),
            ("on", 1),
        ]),
        default: Some("yes"),
        trials: &[trial("2", "mcast_router", Number(2))],
        doc: "Whether the bridge itself counts as a multicast router: never, when one is heard behind it, or always (2).",
        example: "1",
        source: "ifupdown-addons-interfaces(5) `bridge-mcrouter`; ip-link(8) `mcast_router`",
        ..row("bridge-mcrouter", &ROUTER)
    },
    Attr {
        value: Grammar::Range { min: 2, max: 3 },
        default: Some("2"),
        trials: &[trial("3", "mcast_igmp_version", Number(3))],
        doc: "Version of the IGMP queries that the bridge sends.",
        example: "3",
        source: "ifupdown-addons-interfaces(5) `bridge-igmp-version`; ip-link(8) `mcast_igmp_version`",
        ..row("bridge-igmp-version", &IGMP_VERSION)
    },
    Attr {
        value: Grammar::Range { min: 1, max: 2 },
        default: Some("1"),
        trials: &[trial("2", "mcast_mld_version", Number(2))],
        doc: "Version of the MLD queries that the bridge sends.",
        example: "2",
        source: "ifupdown-addons-interfaces(5) `bridge-mld-version`; ip-link(8) `mcast_mld_version`",
        ..row("bridge-mld-version", &MLD_VERSION)
    },
    Attr {
        value: Grammar::Range { min: 1, max: 1 << 20 },
        unit: Unit::Count,
        default: Some("4096"),
        trials: &[trial("512", "mcast_hash_max", Number(512))],
        doc: "Most multicast groups that the bridge keeps.",
        example: "4096",
        source: "ip-link(8) `mcast_hash_max`; BR_MULTICAST_DEFAULT_HASH_MAX in net/bridge/br_private.h",
        ..row("bridge-hashmax", &HASH_MAX)
    },
    Attr {
        name: "bridge-hashel",
        on: On::Bridge,
        value: Grammar::Range { min: 0, max: 65535 },
        doc: "Accepted and without effect: the kernel has had no such limit since 4.21.",
        example: "16",
        source: "ip-link(8) `mcast_hash_elasticity`; net/bridge/br_netlink.c",
        ..ROW
    },
    Attr {
        name: "bridge-mcqv4src",
        on: On::Bridge,
        value: Grammar::Text { max: 1000 },
        doc: "Accepted and without effect: source address of queries by VLAN, known to Cumulus Linux only.",
        example: "100=172.16.100.1",
        source: "ifupdown-addons-interfaces(5) `bridge-mcqv4src`",
        ..ROW
    },
    Attr {
        trials: &[trial("3", "mcast_last_member_cnt", Number(3))],
        doc: "How many queries follow when a member leaves, before the group is given up.",
        example: "2",
        source: "ifupdown-addons-interfaces(5) `bridge-mclmc`; ip-link(8) `mcast_last_member_count`",
        ..count("bridge-mclmc", &LAST_MEMBER_CNT, "2")
    },
    Attr {
        trials: &[trial("4", "mcast_startup_query_cnt", Number(4))],
        doc: "How many queries are sent at the start.",
        example: "2",
        source: "ifupdown-addons-interfaces(5) `bridge-mcsqc`; ip-link(8) `mcast_startup_query_count`",
        ..count("bridge-mcsqc", &STARTUP_QUERY_CNT, "2")
    },
    Attr {
        trials: &[trial("2", "mcast_last_member_intvl", Number(200))],
        doc: "Time between the queries when a member leaves.",
        example: "1",
        source: "ifupdown-addons-interfaces(5) `bridge-mclmi`; ip-link(8) `mcast_last_member_interval`",
        ..interval("bridge-mclmi", &LAST_MEMBER_INTVL, 0, "1")
    },
    Attr {
        trials: &[trial("130", "mcast_membership_intvl", Number(13000))],
        doc: "How long a member is kept after its last report.",
        example: "260",
        source: "ifupdown-addons-interfaces(5) `bridge-mcmi`; ip-link(8) `mcast_membership_interval`",
        ..interval("bridge-mcmi", &MEMBERSHIP_INTVL, 0, "260")
    },
    Attr {
        trials: &[trial("100", "mcast_querier_intvl", Number(10000))],
        doc: "How long another querier may be silent before the bridge asks itself.",
        example: "255",
        source: "ifupdown-addons-interfaces(5) `bridge-mcqpi`; ip-link(8) `mcast_querier_interval`",
        ..interval("bridge-mcqpi", &QUERIER_INTVL, 0, "255")
    },
    Attr {
        trials: &[trial("60", "mcast_query_intvl", Number(6000))],
        doc: "Time between queries.",
        example: "125",
        source: "ifupdown-addons-interfaces(5) `bridge-mcqi`; ip-link(8) `mcast_query_interval`",
        ..interval("bridge-mcqi", &QUERY_INTVL, 1, "125")
    },
    Attr {
        trials: &[trial("5", "mcast_query_response_intvl", Number(500))],
        doc: "How long members may take to answer a query.",
        example: "10",
        source: "ifupdown-addons-interfaces(5) `bridge-mcqri`; ip-link(8) `mcast_query_response_interval`",
        ..interval("bridge-mcqri", &QUERY_RESPONSE_INTVL, 0, "10")
    },
    Attr {
        trials: &[trial("15", "mcast_startup_query_intvl", Number(1500))],
        doc: "Time between the queries at the start.",
        example: "31",
        source: "ifupdown-addons-interfaces(5) `bridge-mcsqi`; ip-link(8) `mcast_startup_query_interval`",
        ..interval("bridge-mcsqi", &STARTUP_QUERY_INTVL, 1, "31.24")
    },
];
