//! Options of bonds. Numbers: `IFLA_BOND_*` of linux/if_link.h; widths: `bond_policy` in drivers/net/bonding.

use crate::attr::{Alias, Attr, Change, Grammar, Need, On, ROW, Spread, Times, Unit, Width, Wire};

const MODE: u16 = 1;
const MIIMON: u16 = 3;
const UPDELAY: u16 = 4;
const DOWNDELAY: u16 = 5;
const USE_CARRIER: u16 = 6;
const ARP_INTERVAL: u16 = 7;
const ARP_IP_TARGET: u16 = 8;
const ARP_VALIDATE: u16 = 9;
const ARP_ALL_TARGETS: u16 = 10;
const PRIMARY_RESELECT: u16 = 12;
const FAIL_OVER_MAC: u16 = 13;
const XMIT_HASH_POLICY: u16 = 14;
const RESEND_IGMP: u16 = 15;
const NUM_PEER_NOTIF: u16 = 16;
const ALL_SLAVES_ACTIVE: u16 = 17;
const MIN_LINKS: u16 = 18;
const LP_INTERVAL: u16 = 19;
const PACKETS_PER_SLAVE: u16 = 20;
const AD_LACP_RATE: u16 = 21;
const AD_SELECT: u16 = 22;
const AD_ACTOR_SYS_PRIO: u16 = 24;
const AD_USER_PORT_KEY: u16 = 25;
const AD_ACTOR_SYSTEM: u16 = 26;
const TLB_DYNAMIC_LB: u16 = 27;
const PEER_NOTIF_DELAY: u16 = 28;

/// `IFLA_BOND_PRIMARY`, whose value is the index of a link.
pub const IFLA_BOND_PRIMARY: u16 = 11;
/// `IFLA_BOND_SLAVE_QUEUE_ID` in `IFLA_INFO_SLAVE_DATA`.
const SLAVE_QUEUE_ID: u16 = 5;

/// The seven modes: word and number.
pub const MODES: &[(&str, u64)] = &[
    ("balance-rr", 0),
    ("active-backup", 1),
    ("balance-xor", 2),
    ("broadcast", 3),
    ("802.3ad", 4),
    ("balance-tlb", 5),
    ("balance-alb", 6),
    ("0", 0),
    ("1", 1),
    ("2", 2),
    ("3", 3),
    ("4", 4),
    ("5", 5),
    ("6", 6),
];

const LACP_ONLY: &[Need] = &[in_modes(&[4])];
/// ARP monitoring cannot be had in 802.3ad, balance-tlb and balance-alb.
const ARP_MODES: Need = in_modes(&[0, 1, 2, 3]);

const fn in_modes(values: &'static [u64]) -> Need {
    Need::OneOf {
        attr: "bond-mode",
        values,
    }
}

const fn row(name: &'static str, number: u16, width: Width) -> Attr {
    Attr {
        name,
        on: On::Bond,
        wire: Wire::Data(number, width),
        source: "kernel documentation bonding",
        ..ROW
    }
}

/// The rows.
pub static ROWS: &[Attr] = &[
    Attr {
        name: "bond-slaves",
        decides: true,
        aliases: &[
            Alias {
                name: "bond-ports",
                origin: "ifupdown2",
            },
            Alias {
                name: "bond-members",
                origin: "ifupdown-ng",
            },
            Alias {
                name: "slaves",
                origin: "ifenslave",
            },
        ],
        on: On::Bond,
        times: Times::Many,
        doc: "The links that are bundled, in order; `none` for a bond without any (links then name it by `bond-master`), \
              `all` for all Ethernet NICs.",
        example: "eno1 eno2",
        source: "ifupdown-addons-interfaces(5) `bond-slaves`; ifenslave's README.Debian",
        ..ROW
    },
    Attr {
        name: "bond-master",
        decides: true,
        on: On::BondPort,
        doc: "Makes this link a port of that bond, as if the bond's `bond-slaves` named it.",
        example: "bond0",
        source: "ifenslave's README.Debian",
        ..ROW
    },
    Attr {
        name: "bond-primary",
        on: On::Bond,
        needs: &[in_modes(&[1, 5, 6])],
        doc: "The port that is used whenever it is up; must be one of the ports. Of several names the first that is a port holds.",
        example: "eno1",
        source: "kernel documentation bonding `primary`",
        ..ROW
    },
    Attr {
        value: Grammar::Choice(MODES),
        default: Some("balance-rr"),
        change: Change::WithoutPorts,
        doc: "How the ports share the traffic.",
        example: "802.3ad",
        source: "kernel documentation bonding `mode`",
        decides: true,
        ..row("bond-mode", MODE, Width::U8)
    },
    Attr {
        value: Grammar::Range {
            min: 0,
            max: 2147483647,
        },
        unit: Unit::Millis,
        default: Some("0"),
        doc: "How often the link state of each port is looked at; 0 never. A bond without it and without ARP monitoring \
              does not notice a dead port.",
        example: "100",
        source: "kernel documentation bonding `miimon`",
        ..row("bond-miimon", MIIMON, Width::U32)
    },
    Attr {
        value: Grammar::Range {
            min: 0,
            max: 2147483647,
        },
        unit: Unit::Millis,
        default: Some("0"),
        needs: &[Need::Set("bond-miimon")],
        doc: "How long a port must be up before it is used; rounded down to a multiple of `bond-miimon`.",
        example: "200",
        source: "kernel documentation bonding `updelay`",
        ..row("bond-updelay", UPDELAY, Width::U32)
    },
    Attr {
        value: Grammar::Range {
            min: 0,
            max: 2147483647,
        },
        unit: Unit::Millis,
        default: Some("0"),
        needs: &[Need::Set("bond-miimon")],
        doc: "How long a port must be down before it is given up; rounded down to a multiple of `bond-miimon`.",
        example: "400",
        source: "kernel documentation bonding `downdelay`",
        ..row("bond-downdelay", DOWNDELAY, Width::U32)
    },
    Attr {
        value: Grammar::Bool,
        default: Some("yes"),
        doc: "Whether the driver's carrier state is trusted rather than MII registers. Kernels since 6.17 know only `yes`.",
        example: "yes",
        source: "kernel documentation bonding `use_carrier`",
        ..row("bond-use-carrier", USE_CARRIER, Width::U8)
    },
    Attr {
        value: Grammar::Range {
            min: 0,
            max: 2147483647,
        },
        unit: Unit::Millis,
        default: Some("0"),
        needs: &[ARP_MODES, Need::Excludes("bond-miimon")],
        doc: "How often the addresses of `bond-arp-ip-target` are asked for by ARP; 0 never.",
        example: "250",
        source: "kernel documentation bonding `arp_interval`",
        ..row("bond-arp-interval", ARP_INTERVAL, Width::U32)
    },
    Attr {
        name: "bond-arp-ip-target",
        times: Times::Many,
        on: On::Bond,
        value: Grammar::Ip4List { max: 16 },
        wire: Wire::DataIps(ARP_IP_TARGET),
        needs: &[Need::Set("bond-arp-interval")],
        doc: "Addresses that ARP monitoring asks for, up to 16.",
        example: "192.0.2.1",
        source: "kernel documentation bonding `arp_ip_target`; BOND_MAX_ARP_TARGETS",
        ..ROW
    },
    Attr {
        value: Grammar::Choice(&[
            ("none", 0),
            ("active", 1),
            ("backup", 2),
            ("all", 3),
            ("filter", 4),
            ("filter_active", 5),
            ("filter_backup", 6),
            ("0", 0),
            ("1", 1),
            ("2", 2),
            ("3", 3),
            ("4", 4),
            ("5", 5),
            ("6", 6),
        ]),
        default: Some("none"),
        needs: &[ARP_MODES, Need::Excludes("bond-miimon")],
        doc: "Which ports' ARP answers are checked to come from a target.",
        example: "active",
        source: "kernel documentation bonding `arp_validate`",
        ..row("bond-arp-validate", ARP_VALIDATE, Width::U32)
    },
    Attr {
        value: Grammar::Choice(&[("any", 0), ("all", 1), ("0", 0), ("1", 1)]),
        default: Some("any"),
        needs: &[in_modes(&[1])],
        doc: "Whether one answering ARP target is enough for a port to count as up, or all must answer.",
        example: "all",
        source: "kernel documentation bonding `arp_all_targets`",
        ..row("bond-arp-all-targets", ARP_ALL_TARGETS, Width::U32)
    },
    Attr {
        value: Grammar::Choice(&[
            ("always", 0),
            ("better", 1),
            ("failure", 2),
            ("0", 0),
            ("1", 1),
            ("2", 2),
        ]),
        default: Some("always"),
        needs: &[in_modes(&[1, 5, 6])],
        doc: "When the primary port is taken back: whenever it comes up, when it is faster, or when the active one fails.",
        example: "better",
        source: "kernel documentation bonding `primary_reselect`",
        ..row("bond-primary-reselect", PRIMARY_RESELECT, Width::U8)
    },
    Attr {
        value: Grammar::Choice(&[("none", 0), ("active", 1), ("follow", 2), ("0", 0), ("1", 1), ("2", 2)]),
        default: Some("none"),
        change: Change::WithoutPorts,
        needs: &[in_modes(&[1])],
        doc: "Whether all ports share one hardware address, or the bond takes that of the active port.",
        example: "active",
        source: "kernel documentation bonding `fail_over_mac`",
        ..row("bond-fail-over-mac", FAIL_OVER_MAC, Width::U8)
    },
    Attr {
        value: Grammar::Choice(&[
            ("layer2", 0),
            ("layer3+4", 1),
            ("layer2+3", 2),
            ("encap2+3", 3),
            ("encap3+4", 4),
            ("vlan+srcmac", 5),
            ("0", 0),
            ("1", 1),
            ("2", 2),
            ("3", 3),
            ("4", 4),
            ("5", 5),
        ]),
        default: Some("layer2"),
        needs: &[in_modes(&[2, 4, 5])],
        doc: "What a packet's port is chosen by.",
        example: "layer2+3",
        source: "kernel documentation bonding `xmit_hash_policy`",
        ..row("bond-xmit-hash-policy", XMIT_HASH_POLICY, Width::U8)
    },
    Attr {
        value: Grammar::Range { min: 0, max: 255 },
        unit: Unit::Count,
        default: Some("1"),
        needs: &[in_modes(&[0, 1, 5, 6])],
        doc: "How many IGMP reports are sent after a failover.",
        example: "2",
        source: "kernel documentation bonding `resend_igmp`",
        ..row("bond-resend-igmp", RESEND_IGMP, Width::U32)
    },
    Attr {
        aliases: &[
            Alias {
                name: "bond-num-unsol-na",
                origin: "ifupdown2",
            },
            Alias {
                name: "bond-num-peer-notif",
                origin: "kernel",
            },
        ],
        value: Grammar::Range { min: 0, max: 255 },
        unit: Unit::Count,
        default: Some("1"),
        needs: &[in_modes(&[1])],
        doc: "How many gratuitous ARPs and unsolicited neighbour advertisements are sent after a failover.",
        example: "3",
        source: "kernel documentation bonding `num_grat_arp`",
        ..row("bond-num-grat-arp", NUM_PEER_NOTIF, Width::U8)
    },
    Attr {
        aliases: &[Alias {
            name: "bond-peer-notify-delay",
            origin: "ifupdown-ng",
        }],
        value: Grammar::Range { min: 0, max: 300000 },
        unit: Unit::Millis,
        default: Some("0"),
        needs: &[Need::Set("bond-miimon")],
        doc: "Time between the notifications of `bond-num-grat-arp`; a multiple of `bond-miimon`, 0 is as long as that.",
        example: "200",
        source: "kernel documentation bonding `peer_notif_delay`",
        ..row("bond-peer-notif-delay", PEER_NOTIF_DELAY, Width::U32)
    },
    Attr {
        value: Grammar::Bool,
        default: Some("no"),
        doc: "Whether packets that come in on inactive ports are delivered.",
        example: "yes",
        source: "kernel documentation bonding `all_slaves_active`",
        ..row("bond-all-slaves-active", ALL_SLAVES_ACTIVE, Width::U8)
    },
    Attr {
        value: Grammar::Range {
            min: 0,
            max: 2147483647,
        },
        unit: Unit::Count,
        default: Some("0"),
        needs: LACP_ONLY,
        doc: "How many ports must be active for the bond to have carrier.",
        example: "1",
        source: "kernel documentation bonding `min_links`",
        ..row("bond-min-links", MIN_LINKS, Width::U32)
    },
    Attr {
        value: Grammar::Range {
            min: 1,
            max: 2147483647,
        },
        unit: Unit::Seconds,
        default: Some("1"),
        needs: &[in_modes(&[5, 6])],
        doc: "Time between learning packets to each port's switch.",
        example: "1",
        source: "kernel documentation bonding `lp_interval`",
        ..row("bond-lp-interval", LP_INTERVAL, Width::U32)
    },
    Attr {
        value: Grammar::Range { min: 0, max: 65535 },
        unit: Unit::Count,
        default: Some("1"),
        needs: &[in_modes(&[0])],
        doc: "Packets sent through one port before the next is taken; 0 chooses by chance.",
        example: "2",
        source: "kernel documentation bonding `packets_per_slave`",
        ..row("bond-packets-per-slave", PACKETS_PER_SLAVE, Width::U32)
    },
    Attr {
        value: Grammar::Choice(&[("slow", 0), ("fast", 1), ("0", 0), ("1", 1)]),
        default: Some("slow"),
        change: Change::WhileDown,
        needs: LACP_ONLY,
        doc: "How often the partner is asked to send LACP packets: every 30 seconds or every second.",
        example: "fast",
        source: "kernel documentation bonding `lacp_rate`",
        ..row("bond-lacp-rate", AD_LACP_RATE, Width::U8)
    },
    Attr {
        value: Grammar::Choice(&[
            ("stable", 0),
            ("bandwidth", 1),
            ("count", 2),
            ("0", 0),
            ("1", 1),
            ("2", 2),
        ]),
        default: Some("stable"),
        change: Change::WhileDown,
        needs: LACP_ONLY,
        doc: "By what the active aggregator is chosen.",
        example: "bandwidth",
        source: "kernel documentation bonding `ad_select`",
        ..row("bond-ad-select", AD_SELECT, Width::U8)
    },
    Attr {
        aliases: &[Alias {
            name: "bond-ad-sys-priority",
            origin: "ifupdown2",
        }],
        value: Grammar::Range { min: 1, max: 65535 },
        default: Some("65535"),
        needs: LACP_ONLY,
        doc: "System priority in LACP packets.",
        example: "100",
        source: "kernel documentation bonding `ad_actor_sys_prio`",
        ..row("bond-ad-actor-sys-prio", AD_ACTOR_SYS_PRIO, Width::U16)
    },
    Attr {
        value: Grammar::Range { min: 0, max: 1023 },
        default: Some("0"),
        change: Change::WhileDown,
        needs: LACP_ONLY,
        doc: "Upper ten bits of the port key in LACP packets.",
        example: "5",
        source: "kernel documentation bonding `ad_user_port_key`",
        ..row("bond-ad-user-port-key", AD_USER_PORT_KEY, Width::U16)
    },
    Attr {
        aliases: &[Alias {
            name: "bond-ad-sys-mac-addr",
            origin: "ifupdown2",
        }],
        value: Grammar::Mac,
        default: Some("00:00:00:00:00:00"),
        needs: LACP_ONLY,
        doc: "System address in LACP packets, where it is not the bond's own.",
        example: "00:de:ad:00:ca:fe",
        source: "kernel documentation bonding `ad_actor_system`",
        ..row("bond-ad-actor-system", AD_ACTOR_SYSTEM, Width::Bytes)
    },
    Attr {
        value: Grammar::Bool,
        default: Some("yes"),
        change: Change::WhileDown,
        needs: &[in_modes(&[5])],
        doc: "Whether flows are moved between ports by their load, or stay where the hash puts them.",
        example: "no",
        source: "kernel documentation bonding `tlb_dynamic_lb`",
        ..row("bond-tlb-dynamic-lb", TLB_DYNAMIC_LB, Width::U8)
    },
    Attr {
        name: "bond-queue-id",
        on: On::BondPort,
        spread: Spread::No,
        value: Grammar::Range { min: 0, max: 65535 },
        default: Some("0"),
        wire: Wire::Port(SLAVE_QUEUE_ID, Width::U16),
        doc: "Transmit queue that this port of a bond is for; 0 none. Written under the port.",
        example: "1",
        source: "kernel documentation bonding `queue_id`",
        ..ROW
    },
];
