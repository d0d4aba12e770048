//! Options of bonds. Numbers: `IFLA_BOND_*` of linux/if_link.h; widths: `bond_policy` in drivers/net/bonding.

use crate::attr::Shown::{List, Number, Text};
use crate::attr::{Alias, Attr, Change, Grammar, Need, On, ROW, Times, Unit, Wire, trial};
use crate::kernel_attr::Width::{U8, U16, U32};
use crate::kernel_attr::{Form, KernelAttr, Place};
use crate::types::Kind;

const BOND: Place = Place::data(&[Kind::Bond]);

pub(crate) const MODE: KernelAttr = BOND.words(
    1,
    "IFLA_BOND_MODE",
    "mode",
    U8,
    &[
        "balance-rr",
        "active-backup",
        "balance-xor",
        "broadcast",
        "802.3ad",
        "balance-tlb",
        "balance-alb",
    ],
);
pub(crate) const MIIMON: KernelAttr = BOND.number(3, "IFLA_BOND_MIIMON", "miimon", U32, 0);
pub(crate) const UPDELAY: KernelAttr = BOND.number(4, "IFLA_BOND_UPDELAY", "updelay", U32, 0);
pub(crate) const DOWNDELAY: KernelAttr = BOND.number(5, "IFLA_BOND_DOWNDELAY", "downdelay", U32, 0);
pub(crate) const USE_CARRIER: KernelAttr = BOND.number(6, "IFLA_BOND_USE_CARRIER", "use_carrier", U8, 1);
pub(crate) const ARP_INTERVAL: KernelAttr = BOND.number(7, "IFLA_BOND_ARP_INTERVAL", "arp_interval", U32, 0);
pub(crate) const ARP_IP_TARGET: KernelAttr = BOND.bytes(8, "IFLA_BOND_ARP_IP_TARGET", "arp_ip_target", Form::Ips);
pub(crate) const ARP_VALIDATE: KernelAttr = BOND.words(
    9,
    "IFLA_BOND_ARP_VALIDATE",
    "arp_validate",
    U32,
    &[
        "none",
        "active",
        "backup",
        "all",
        "filter",
        "filter_active",
        "filter_backup",
    ],
);
pub(crate) const ARP_ALL_TARGETS: KernelAttr =
    BOND.words(10, "IFLA_BOND_ARP_ALL_TARGETS", "arp_all_targets", U32, &["any", "all"]);
pub(crate) const PRIMARY_RESELECT: KernelAttr = BOND.words(
    12,
    "IFLA_BOND_PRIMARY_RESELECT",
    "primary_reselect",
    U8,
    &["always", "better", "failure"],
);
pub(crate) const FAIL_OVER_MAC: KernelAttr = BOND.words(
    13,
    "IFLA_BOND_FAIL_OVER_MAC",
    "fail_over_mac",
    U8,
    &["none", "active", "follow"],
);
pub(crate) const XMIT_HASH_POLICY: KernelAttr = BOND.words(
    14,
    "IFLA_BOND_XMIT_HASH_POLICY",
    "xmit_hash_policy",
    U8,
    &["layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"],
);
pub(crate) const RESEND_IGMP: KernelAttr = BOND.number(15, "IFLA_BOND_RESEND_IGMP", "resend_igmp", U32, 1);
pub(crate) const NUM_PEER_NOTIF: KernelAttr = BOND.number(16, "IFLA_BOND_NUM_PEER_NOTIF", "num_grat_arp", U8, 1);
pub(crate) const ALL_SLAVES_ACTIVE: KernelAttr =
    BOND.number(17, "IFLA_BOND_ALL_SLAVES_ACTIVE", "all_slaves_active", U8, 0);
pub(crate) const MIN_LINKS: KernelAttr = BOND.number(18, "IFLA_BOND_MIN_LINKS", "min_links", U32, 0);
pub(crate) const LP_INTERVAL: KernelAttr = BOND.number(19, "IFLA_BOND_LP_INTERVAL", "lp_interval", U32, 1);
pub(crate) const PACKETS_PER_SLAVE: KernelAttr =
    BOND.number(20, "IFLA_BOND_PACKETS_PER_SLAVE", "packets_per_slave", U32, 1);
pub(crate) const AD_LACP_RATE: KernelAttr =
    BOND.words(21, "IFLA_BOND_AD_LACP_RATE", "lacp_rate", U8, &["slow", "fast"]);
pub(crate) const AD_SELECT: KernelAttr = BOND.words(
    22,
    "IFLA_BOND_AD_SELECT",
    "ad_select",
    U8,
    &["stable", "bandwidth", "count"],
);
pub(crate) const AD_ACTOR_SYS_PRIO: KernelAttr = BOND
    .number(24, "IFLA_BOND_AD_ACTOR_SYS_PRIO", "ad_actor_sys_prio", U16, 0)
    .unset();
pub(crate) const AD_USER_PORT_KEY: KernelAttr = BOND
    .number(25, "IFLA_BOND_AD_USER_PORT_KEY", "ad_user_port_key", U16, 0)
    .unset();
pub(crate) const AD_ACTOR_SYSTEM: KernelAttr =
    BOND.bytes(26, "IFLA_BOND_AD_ACTOR_SYSTEM", "ad_actor_system", Form::Mac);
pub(crate) const TLB_DYNAMIC_LB: KernelAttr = BOND.number(27, "IFLA_BOND_TLB_DYNAMIC_LB", "tlb_dynamic_lb", U8, 1);
pub(crate) const PEER_NOTIF_DELAY: KernelAttr =
    BOND.number(28, "IFLA_BOND_PEER_NOTIF_DELAY", "peer_notify_delay", U32, 0);
const MISSED_MAX: KernelAttr = BOND
    .number(30, "IFLA_BOND_MISSED_MAX", "arp_missed_max", U8, 2)
    .since(5, 17);
pub(crate) const AD_LACP_ACTIVE: KernelAttr = BOND
    .on_off(29, "IFLA_BOND_AD_LACP_ACTIVE", "lacp_active", 1)
    .since(5, 16);
pub(crate) const ACTIVE_SLAVE: KernelAttr = BOND.link(2, "IFLA_BOND_ACTIVE_SLAVE", "active_slave");
/// `IFLA_BOND_PRIMARY`, whose value is the index of a port.
pub const PRIMARY: KernelAttr = BOND.link(11, "IFLA_BOND_PRIMARY", "primary");

/// Attributes that no option sets by their number.
pub static OTHERS: &[KernelAttr] = &[ACTIVE_SLAVE, PRIMARY, AD_LACP_ACTIVE];

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

/// 802.3ad, balance-tlb and balance-alb, which cannot watch their links by ARP: the kernel gives them a `miimon`.
pub(crate) const WITHOUT_ARP: [u64; 3] = [4, 5, 6];
/// `BOND_DEFAULT_MIIMON` of drivers/net/bonding, in milliseconds.
pub(crate) const DEFAULT_MIIMON: u32 = 100;

/// ARP monitoring cannot be had in 802.3ad, balance-tlb and balance-alb.
const ARP_MODES: Need = only_in_modes(&[0, 1, 2, 3]);

/// It has an effect in these modes; the kernel keeps it in others.
const fn in_modes(values: &'static [u64]) -> Need {
    Need::OneOf {
        attr: "bond-mode",
        values,
        refused: false,
    }
}

/// It can be had in these modes; the kernel refuses it in others (`unsuppmodes` of `bond_opts`).
const fn only_in_modes(values: &'static [u64]) -> Need {
    Need::OneOf {
        attr: "bond-mode",
        values,
        refused: true,
    }
}

const fn row(name: &'static str, attr: &'static KernelAttr) -> Attr {
    Attr {
        name,
        on: On::Bond,
        wire: Wire::Data(std::slice::from_ref(attr)),
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
        trials: &[
            trial("balance-rr", "mode", Text("balance-rr")),
            trial("1", "mode", Text("active-backup")),
            trial("balance-xor", "mode", Text("balance-xor")),
            trial("broadcast", "mode", Text("broadcast")),
            trial("802.3ad", "mode", Text("802.3ad")),
            trial("balance-tlb", "mode", Text("balance-tlb")),
            trial("6", "mode", Text("balance-alb")),
        ],
        doc: "How the ports share the traffic.",
        example: "802.3ad",
        source: "kernel documentation bonding `mode`",
        decides: true,
        ..row("bond-mode", &MODE)
    },
    Attr {
        value: Grammar::Range {
            min: 0,
            max: 2147483647,
        },
        unit: Unit::Millis,
        default: Some("0"),
        trials: &[trial("250", "miimon", Number(250))],
        doc: "How often the link state of each port is looked at; 0 never. A bond without it and without ARP monitoring \
              does not notice a dead port.",
        example: "100",
        source: "kernel documentation bonding `miimon`",
        ..row("bond-miimon", &MIIMON)
    },
    Attr {
        value: Grammar::Range {
            min: 0,
            max: 2147483647,
        },
        unit: Unit::Millis,
        default: Some("0"),
        needs: &[Need::Set("bond-miimon")],
        trials: &[trial("500", "updelay", Number(500))],
        doc: "How long a port must be up before it is used; rounded down to a multiple of `bond-miimon`.",
        example: "200",
        source: "kernel documentation bonding `updelay`",
        ..row("bond-updelay", &UPDELAY)
    },
    Attr {
        value: Grammar::Range {
            min: 0,
            max: 2147483647,
        },
        unit: Unit::Millis,
        default: Some("0"),
        needs: &[Need::Set("bond-miimon")],
        trials: &[trial("300", "downdelay", Number(300))],
        doc: "How long a port must be down before it is given up; rounded down to a multiple of `bond-miimon`.",
        example: "400",
        source: "kernel documentation bonding `downdelay`",
        ..row("bond-downdelay", &DOWNDELAY)
    },
    Attr {
        value: Grammar::Bool,
        default: Some("yes"),
        trials: &[trial("yes", "use_carrier", Number(1))],
        doc: "Whether the driver's carrier state is trusted rather than MII registers. Kernels since 6.17 know only `yes`.",
        example: "yes",
        source: "kernel documentation bonding `use_carrier`",
        ..row("bond-use-carrier", &USE_CARRIER)
    },
    Attr {
        value: Grammar::Range {
            min: 0,
            max: 2147483647,
        },
        unit: Unit::Millis,
        default: Some("0"),
        needs: &[ARP_MODES, Need::Excludes("bond-miimon")],
        trials: &[trial("250", "arp_interval", Number(250))],
        doc: "How often the addresses of `bond-arp-ip-target` are asked for by ARP; 0 never.",
        example: "250",
        source: "kernel documentation bonding `arp_interval`",
        ..row("bond-arp-interval", &ARP_INTERVAL)
    },
    Attr {
        name: "bond-arp-ip-target",
        times: Times::Many,
        on: On::Bond,
        value: Grammar::Ip4List { max: 16 },
        wire: Wire::Data(&[ARP_IP_TARGET]),
        needs: &[Need::Set("bond-arp-interval")],
        trials: &[trial(
            "192.0.2.1 192.0.2.2",
            "arp_ip_target",
            List(&["192.0.2.1", "192.0.2.2"]),
        )],
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
        trials: &[trial("backup", "arp_validate", Text("backup"))],
        doc: "Which ports' ARP answers are checked to come from a target.",
        example: "active",
        source: "kernel documentation bonding `arp_validate`",
        ..row("bond-arp-validate", &ARP_VALIDATE)
    },
    Attr {
        value: Grammar::Choice(&[("any", 0), ("all", 1), ("0", 0), ("1", 1)]),
        default: Some("any"),
        needs: &[in_modes(&[1])],
        trials: &[trial("all", "arp_all_targets", Text("all"))],
        doc: "Whether one answering ARP target is enough for a port to count as up, or all must answer.",
        example: "all",
        source: "kernel documentation bonding `arp_all_targets`",
        ..row("bond-arp-all-targets", &ARP_ALL_TARGETS)
    },
    Attr {
        value: Grammar::Range { min: 1, max: 255 },
        unit: Unit::Count,
        default: Some("2"),
        needs: &[ARP_MODES, Need::Set("bond-arp-interval")],
        trials: &[trial("5", "arp_missed_max", Number(5))],
        doc: "How many times in a row the targets may stay silent before a port counts as down; once more for a port \
              that is not in use.",
        example: "3",
        source: "kernel documentation bonding `arp_missed_max`",
        ..row("bond-arp-missed-max", &MISSED_MAX)
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
        trials: &[trial("failure", "primary_reselect", Text("failure"))],
        doc: "When the primary port is taken back: whenever it comes up, when it is faster, or when the active one fails.",
        example: "better",
        source: "kernel documentation bonding `primary_reselect`",
        ..row("bond-primary-reselect", &PRIMARY_RESELECT)
    },
    Attr {
        value: Grammar::Choice(&[("none", 0), ("active", 1), ("follow", 2), ("0", 0), ("1", 1), ("2", 2)]),
        default: Some("none"),
        change: Change::WithoutPorts,
        needs: &[in_modes(&[1])],
        trials: &[trial("follow", "fail_over_mac", Text("follow"))],
        doc: "Whether all ports share one hardware address, or the bond takes that of the active port.",
        example: "active",
        source: "kernel documentation bonding `fail_over_mac`",
        ..row("bond-fail-over-mac", &FAIL_OVER_MAC)
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
        trials: &[
            trial("layer3+4", "xmit_hash_policy", Text("layer3+4")),
            trial("layer2+3", "xmit_hash_policy", Text("layer2+3")),
            trial("vlan+srcmac", "xmit_hash_policy", Text("vlan+srcmac")),
        ],
        doc: "What a packet's port is chosen by.",
        example: "layer2+3",
        source: "kernel documentation bonding `xmit_hash_policy`",
        ..row("bond-xmit-hash-policy", &XMIT_HASH_POLICY)
    },
    Attr {
        value: Grammar::Range { min: 0, max: 255 },
        unit: Unit::Count,
        default: Some("1"),
        needs: &[in_modes(&[0, 1, 5, 6])],
        trials: &[trial("7", "resend_igmp", Number(7))],
        doc: "How many IGMP reports are sent after a failover.",
        example: "2",
        source: "kernel documentation bonding `resend_igmp`",
        ..row("bond-resend-igmp", &RESEND_IGMP)
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
        trials: &[trial("3", "num_peer_notif", Number(3))],
        doc: "How many gratuitous ARPs and unsolicited neighbour advertisements are sent after a failover.",
        example: "3",
        source: "kernel documentation bonding `num_grat_arp`",
        ..row("bond-num-grat-arp", &NUM_PEER_NOTIF)
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
        trials: &[trial("200", "peer_notify_delay", Number(200))],
        doc: "Time between the notifications of `bond-num-grat-arp`; a multiple of `bond-miimon`, 0 is as long as that.",
        example: "200",
        source: "kernel documentation bonding `peer_notif_delay`",
        ..row("bond-peer-notif-delay", &PEER_NOTIF_DELAY)
    },
    Attr {
        value: Grammar::Bool,
        default: Some("no"),
        trials: &[trial("yes", "all_slaves_active", Number(1))],
        doc: "Whether packets that come in on inactive ports are delivered.",
        example: "yes",
        source: "kernel documentation bonding `all_slaves_active`",
        ..row("bond-all-slaves-active", &ALL_SLAVES_ACTIVE)
    },
    Attr {
        value: Grammar::Range {
            min: 0,
            max: 2147483647,
        },
        unit: Unit::Count,
        default: Some("0"),
        needs: &[in_modes(&[4])],
        trials: &[trial("2", "min_links", Number(2))],
        doc: "How many ports must be active for the bond to have carrier.",
        example: "1",
        source: "kernel documentation bonding `min_links`",
        ..row("bond-min-links", &MIN_LINKS)
    },
    Attr {
        value: Grammar::Range {
            min: 1,
            max: 2147483647,
        },
        unit: Unit::Seconds,
        default: Some("1"),
        needs: &[in_modes(&[5, 6])],
        trials: &[trial("5", "lp_interval", Number(5))],
        doc: "Time between learning packets to each port's switch.",
        example: "1",
        source: "kernel documentation bonding `lp_interval`",
        ..row("bond-lp-interval", &LP_INTERVAL)
    },
    Attr {
        value: Grammar::Range { min: 0, max: 65535 },
        unit: Unit::Count,
        default: Some("1"),
        needs: &[only_in_modes(&[0])],
        trials: &[trial("9", "packets_per_slave", Number(9))],
        doc: "Packets sent through one port before the next is taken; 0 chooses by chance.",
        example: "2",
        source: "kernel documentation bonding `packets_per_slave`",
        ..row("bond-packets-per-slave", &PACKETS_PER_SLAVE)
    },
    Attr {
        value: Grammar::Choice(&[("slow", 0), ("fast", 1), ("0", 0), ("1", 1)]),
        default: Some("slow"),
        change: Change::WhileDown,
        needs: &[only_in_modes(&[4])],
        trials: &[trial("fast", "ad_lacp_rate", Text("fast"))],
        doc: "How often the partner is asked to send LACP packets: every 30 seconds or every second.",
        example: "fast",
        source: "kernel documentation bonding `lacp_rate`",
        ..row("bond-lacp-rate", &AD_LACP_RATE)
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
        needs: &[in_modes(&[4])],
        trials: &[trial("count", "ad_select", Text("count"))],
        doc: "By what the active aggregator is chosen.",
        example: "bandwidth",
        source: "kernel documentation bonding `ad_select`",
        ..row("bond-ad-select", &AD_SELECT)
    },
    Attr {
        aliases: &[Alias {
            name: "bond-ad-sys-priority",
            origin: "ifupdown2",
        }],
        value: Grammar::Range { min: 1, max: 65535 },
        default: Some("65535"),
        needs: &[only_in_modes(&[4])],
        trials: &[trial("100", "ad_actor_sys_prio", Number(100))],
        doc: "System priority in LACP packets.",
        example: "100",
        source: "kernel documentation bonding `ad_actor_sys_prio`",
        ..row("bond-ad-actor-sys-prio", &AD_ACTOR_SYS_PRIO)
    },
    Attr {
        value: Grammar::Range { min: 0, max: 1023 },
        default: Some("0"),
        change: Change::WhileDown,
        needs: &[only_in_modes(&[4])],
        trials: &[trial("5", "ad_user_port_key", Number(5))],
        doc: "Upper ten bits of the port key in LACP packets.",
        example: "5",
        source: "kernel documentation bonding `ad_user_port_key`",
        ..row("bond-ad-user-port-key", &AD_USER_PORT_KEY)
    },
    Attr {
        aliases: &[Alias {
            name: "bond-ad-sys-mac-addr",
            origin: "ifupdown2",
        }],
        value: Grammar::Mac,
        default: Some("00:00:00:00:00:00"),
        needs: &[only_in_modes(&[4])],
        trials: &[trial("02:00:00:00:00:09", "ad_actor_system", Text("02:00:00:00:00:09"))],
        doc: "System address in LACP packets, where it is not the bond's own.",
        example: "00:de:ad:00:ca:fe",
        source: "kernel documentation bonding `ad_actor_system`",
        ..row("bond-ad-actor-system", &AD_ACTOR_SYSTEM)
    },
    Attr {
        value: Grammar::Bool,
        default: Some("yes"),
        change: Change::WhileDown,
        needs: &[in_modes(&[5])],
        trials: &[trial("no", "tlb_dynamic_lb", Number(0))],
        doc: "Whether flows are moved between ports by their load, or stay where the hash puts them.",
        example: "no",
        source: "kernel documentation bonding `tlb_dynamic_lb`",
        ..row("bond-tlb-dynamic-lb", &TLB_DYNAMIC_LB)
    },
];
