//! Multicast options of bridges. Numbers: `IFLA_BR_MCAST_*` of linux/if_link.h; widths: net/bridge/br_netlink.c. The
//! intervals are hundredths of a second in the kernel and seconds in the file.

use crate::attr::{Attr, Grammar, On, ROW, Unit, Width, Wire};

const ROUTER: u16 = 22;
const SNOOPING: u16 = 23;
const QUERY_USE_IFADDR: u16 = 24;
const QUERIER: u16 = 25;
const HASH_MAX: u16 = 27;
const LAST_MEMBER_CNT: u16 = 28;
const STARTUP_QUERY_CNT: u16 = 29;
const LAST_MEMBER_INTVL: u16 = 30;
const MEMBERSHIP_INTVL: u16 = 31;
const QUERIER_INTVL: u16 = 32;
const QUERY_INTVL: u16 = 33;
const QUERY_RESPONSE_INTVL: u16 = 34;
const STARTUP_QUERY_INTVL: u16 = 35;
const STATS_ENABLED: u16 = 42;
const IGMP_VERSION: u16 = 43;
const MLD_VERSION: u16 = 44;

const fn row(name: &'static str, number: u16, width: Width) -> Attr {
    Attr {
        name,
        on: On::Bridge,
        wire: Wire::Data(number, width),
        source: "ip-link(8), BRIDGE Type Support",
        ..ROW
    }
}

const fn count(name: &'static str, number: u16, default: &'static str) -> Attr {
    Attr {
        value: Grammar::Range { min: 0, max: 255 },
        unit: Unit::Count,
        default: Some(default),
        ..row(name, number, Width::U32)
    }
}

const fn interval(name: &'static str, number: u16, min: u64, default: &'static str) -> Attr {
    Attr {
        value: Grammar::Decimal { min, max: 65535 },
        unit: Unit::Seconds,
        default: Some(default),
        scale: 100,
        ..row(name, number, Width::U64)
    }
}

const fn switch(name: &'static str, number: u16, default: &'static str) -> Attr {
    Attr {
        value: Grammar::Bool,
        default: Some(default),
        ..row(name, number, Width::U8)
    }
}

/// The rows.
pub static ROWS: &[Attr] = &[
    Attr {
        doc: "Whether the bridge listens to IGMP and MLD and sends multicast only to ports that asked for it.",
        example: "yes",
        source: "ifupdown-addons-interfaces(5) `bridge-mcsnoop`; ip-link(8) `mcast_snooping`",
        ..switch("bridge-mcsnoop", SNOOPING, "yes")
    },
    Attr {
        doc: "Whether the bridge asks for multicast members itself.",
        example: "yes",
        source: "ifupdown-addons-interfaces(5) `bridge-mcquerier`; ip-link(8) `mcast_querier`",
        ..switch("bridge-mcquerier", QUERIER, "no")
    },
    Attr {
        doc: "Whether these queries come from the bridge's own IP address rather than 0.0.0.0.",
        example: "yes",
        source: "ifupdown-addons-interfaces(5) `bridge-mcqifaddr`; ip-link(8) `mcast_query_use_ifaddr`",
        ..switch("bridge-mcqifaddr", QUERY_USE_IFADDR, "no")
    },
    Attr {
        doc: "Whether IGMP and MLD packets are counted.",
        example: "on",
        source: "ifupdown-addons-interfaces(5) `bridge-mcstats`; ip-link(8) `mcast_stats_enabled`",
        ..switch("bridge-mcstats", STATS_ENABLED, "off")
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
        doc: "Whether the bridge itself counts as a multicast router: never, when one is heard behind it, or always (2).",
        example: "1",
        source: "ifupdown-addons-interfaces(5) `bridge-mcrouter`; ip-link(8) `mcast_router`",
        ..row("bridge-mcrouter", ROUTER, Width::U8)
    },
    Attr {
        value: Grammar::Range { min: 2, max: 3 },
        default: Some("2"),
        doc: "Version of the IGMP queries that the bridge sends.",
        example: "3",
        source: "ifupdown-addons-interfaces(5) `bridge-igmp-version`; ip-link(8) `mcast_igmp_version`",
        ..row("bridge-igmp-version", IGMP_VERSION, Width::U8)
    },
    Attr {
        value: Grammar::Range { min: 1, max: 2 },
        default: Some("1"),
        doc: "Version of the MLD queries that the bridge sends.",
        example: "2",
        source: "ifupdown-addons-interfaces(5) `bridge-mld-version`; ip-link(8) `mcast_mld_version`",
        ..row("bridge-mld-version", MLD_VERSION, Width::U8)
    },
    Attr {
        value: Grammar::Range { min: 1, max: 1 << 20 },
        unit: Unit::Count,
        default: Some("4096"),
        doc: "Most multicast groups that the bridge keeps.",
        example: "4096",
        source: "ip-link(8) `mcast_hash_max`; BR_MULTICAST_DEFAULT_HASH_MAX in net/bridge/br_private.h",
        ..row("bridge-hashmax", HASH_MAX, Width::U32)
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
        doc: "How many queries follow when a member leaves, before the group is given up.",
        example: "2",
        source: "ifupdown-addons-interfaces(5) `bridge-mclmc`; ip-link(8) `mcast_last_member_count`",
        ..count("bridge-mclmc", LAST_MEMBER_CNT, "2")
    },
    Attr {
        doc: "How many queries are sent at the start.",
        example: "2",
        source: "ifupdown-addons-interfaces(5) `bridge-mcsqc`; ip-link(8) `mcast_startup_query_count`",
        ..count("bridge-mcsqc", STARTUP_QUERY_CNT, "2")
    },
    Attr {
        doc: "Time between the queries when a member leaves.",
        example: "1",
        source: "ifupdown-addons-interfaces(5) `bridge-mclmi`; ip-link(8) `mcast_last_member_interval`",
        ..interval("bridge-mclmi", LAST_MEMBER_INTVL, 0, "1")
    },
    Attr {
        doc: "How long a member is kept after its last report.",
        example: "260",
        source: "ifupdown-addons-interfaces(5) `bridge-mcmi`; ip-link(8) `mcast_membership_interval`",
        ..interval("bridge-mcmi", MEMBERSHIP_INTVL, 0, "260")
    },
    Attr {
        doc: "How long another querier may be silent before the bridge asks itself.",
        example: "255",
        source: "ifupdown-addons-interfaces(5) `bridge-mcqpi`; ip-link(8) `mcast_querier_interval`",
        ..interval("bridge-mcqpi", QUERIER_INTVL, 0, "255")
    },
    Attr {
        doc: "Time between queries.",
        example: "125",
        source: "ifupdown-addons-interfaces(5) `bridge-mcqi`; ip-link(8) `mcast_query_interval`",
        ..interval("bridge-mcqi", QUERY_INTVL, 1, "125")
    },
    Attr {
        doc: "How long members may take to answer a query.",
        example: "10",
        source: "ifupdown-addons-interfaces(5) `bridge-mcqri`; ip-link(8) `mcast_query_response_interval`",
        ..interval("bridge-mcqri", QUERY_RESPONSE_INTVL, 0, "10")
    },
    Attr {
        doc: "Time between the queries at the start.",
        example: "31",
        source: "ifupdown-addons-interfaces(5) `bridge-mcsqi`; ip-link(8) `mcast_startup_query_interval`",
        ..interval("bridge-mcsqi", STARTUP_QUERY_INTVL, 1, "31.24")
    },
];
