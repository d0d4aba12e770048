//! Options of bridges. Numbers: `IFLA_BR_*` of linux/if_link.h; widths and limits: net/bridge/br_netlink.c,
//! net/bridge/br_private_stp.h.

use crate::attr::Shown::{Number, Text};
use crate::attr::{Alias, Attr, Grammar, Need, On, ROW, Times, Unit, Wire, trial};
use crate::kernel_attr::Width::{self, U8, U16, U16Be, U32};
use crate::kernel_attr::Word::{self, Ip};
use crate::kernel_attr::{Form, Fresh, KernelAttr, Place};
use crate::types::Kind;

pub(super) const BRIDGE: Place = Place::data(&[Kind::Bridge]);

/// Kinds of VLAN tag, by ethertype.
pub(super) const PROTOCOLS: Form = Form::Named(&[(0x8100, "802.1Q"), (0x88a8, "802.1ad")]);

pub(crate) const FORWARD_DELAY: KernelAttr = BRIDGE.number(1, "IFLA_BR_FORWARD_DELAY", "forward_delay", U32, 1500);
const HELLO_TIME: KernelAttr = BRIDGE.number(2, "IFLA_BR_HELLO_TIME", "hello_time", U32, 200);
const MAX_AGE: KernelAttr = BRIDGE.number(3, "IFLA_BR_MAX_AGE", "max_age", U32, 2000);
const AGEING_TIME: KernelAttr = BRIDGE.number(4, "IFLA_BR_AGEING_TIME", "ageing_time", U32, 30000);
pub(crate) const STP_STATE: KernelAttr = BRIDGE.number(5, "IFLA_BR_STP_STATE", "stp_state", U32, 0);
const PRIORITY: KernelAttr = BRIDGE.number(6, "IFLA_BR_PRIORITY", "priority", U16, 32768);
/// Whether it looks at VLAN tags.
pub const VLAN_FILTERING: KernelAttr = BRIDGE.number(7, "IFLA_BR_VLAN_FILTERING", "vlan_filtering", U8, 0);
const VLAN_PROTOCOL: KernelAttr = BRIDGE.attr(
    8,
    "IFLA_BR_VLAN_PROTOCOL",
    Ip("vlan_protocol"),
    PROTOCOLS,
    U16Be,
    Fresh::Number(0x8100),
);
const VLAN_STATS_ENABLED: KernelAttr = BRIDGE.number(41, "IFLA_BR_VLAN_STATS_ENABLED", "vlan_stats_enabled", U8, 0);

pub(crate) const VLAN_DEFAULT_PVID: KernelAttr =
    BRIDGE.number(39, "IFLA_BR_VLAN_DEFAULT_PVID", "vlan_default_pvid", U16, 1);
pub(crate) const MULTI_BOOLOPT: KernelAttr = BRIDGE.attr(
    46,
    "IFLA_BR_MULTI_BOOLOPT",
    Word::Bits(&[
        (1, "no_linklocal_learn"),
        (2, "mcast_vlan_snooping"),
        (4, "mst_enabled"),
    ]),
    Form::Bits(["0", "1"]),
    Width::Masked,
    Fresh::Masked(0, 7),
);
const FDB_MAX_LEARNED: KernelAttr = BRIDGE
    .number(49, "IFLA_BR_FDB_MAX_LEARNED", "fdb_max_learned", U32, 0)
    .since(6, 7);

/// Attributes that no option sets by their number.
pub static OTHERS: &[KernelAttr] = &[
    BRIDGE.number(9, "IFLA_BR_GROUP_FWD_MASK", "group_fwd_mask", U16, 0),
    BRIDGE.bytes(20, "IFLA_BR_GROUP_ADDR", "group_address", Form::Mac),
    BRIDGE.number(26, "IFLA_BR_MCAST_HASH_ELASTICITY", "mcast_hash_elasticity", U32, 16),
    BRIDGE.number(36, "IFLA_BR_NF_CALL_IPTABLES", "nf_call_iptables", U8, 0),
    BRIDGE.number(37, "IFLA_BR_NF_CALL_IP6TABLES", "nf_call_ip6tables", U8, 0),
    BRIDGE.number(38, "IFLA_BR_NF_CALL_ARPTABLES", "nf_call_arptables", U8, 0),
    VLAN_DEFAULT_PVID,
    BRIDGE.number(45, "IFLA_BR_VLAN_STATS_PER_PORT", "vlan_stats_per_port", U8, 0),
    MULTI_BOOLOPT,
];

/// The kernel's clock for bridges: hundredths of a second (USER_HZ).
const CENTISECONDS: u64 = 100;

const AWARE: &[Need] = &[Need::Set("bridge-vlan-aware")];

const fn row(name: &'static str, attr: &'static KernelAttr) -> Attr {
    Attr {
        name,
        on: On::Bridge,
        wire: Wire::Data(std::slice::from_ref(attr)),
        source: "ip-link(8), BRIDGE Type Support",
        ..ROW
    }
}

/// A row that is only for look-up: structure, or known and without effect.
const fn word(name: &'static str) -> Attr {
    Attr {
        name,
        on: On::Bridge,
        source: "ifupdown-addons-interfaces(5), bridge",
        ..ROW
    }
}

/// The rows.
pub static ROWS: &[Attr] = &[
    Attr {
        times: Times::Many,
        doc: "The ports, in order; `none` for a bridge without any. `glob PATTERN` and `regex PATTERN` stand for the \
              links that match, `all` for all Ethernet NICs (`eth*`, `em*`, `en*`, `p` and a digit).",
        example: "eno1 eno2",
        source: "ifupdown-addons-interfaces(5) `bridge-ports`; bridge-utils-interfaces(5) `bridge_ports`",
        decides: true,
        ..word("bridge-ports")
    },
    Attr {
        value: Grammar::Bool,
        default: Some("no"),
        trials: &[trial("on", "stp_state", Number(1))],
        doc: "Whether the kernel speaks the spanning tree protocol.",
        example: "off",
        source: "bridge-utils-interfaces(5) `bridge_stp`; ip-link(8) `stp_state`",
        ..row("bridge-stp", &STP_STATE)
    },
    Attr {
        value: Grammar::Range { min: 0, max: 65535 },
        default: Some("32768"),
        trials: &[trial("4096", "priority", Number(4096))],
        doc: "Priority in the election of the spanning tree's root; the lowest wins.",
        example: "16384",
        source: "bridge-utils-interfaces(5) `bridge_bridgeprio`; ip-link(8) `priority`",
        ..row("bridge-bridgeprio", &PRIORITY)
    },
    Attr {
        value: Grammar::Decimal { min: 0, max: 255 },
        unit: Unit::Seconds,
        default: Some("15"),
        scale: CENTISECONDS,
        trials: &[
            trial("2.5", "forward_delay", Number(250)),
            trial("0", "forward_delay", Number(0)),
            trial("15", "forward_delay", Number(1500)),
        ],
        doc: "Forward delay: how long a port listens and then learns before it forwards. With `bridge-stp on` the kernel \
              takes 2 to 30.",
        example: "0",
        source: "bridge-utils-interfaces(5) `bridge_fd`; ip-link(8) `forward_delay`",
        ..row("bridge-fd", &FORWARD_DELAY)
    },
    Attr {
        value: Grammar::Decimal { min: 1, max: 10 },
        unit: Unit::Seconds,
        default: Some("2"),
        scale: CENTISECONDS,
        trials: &[trial("1.5", "hello_time", Number(150))],
        doc: "Time between the hello packets of the spanning tree's root.",
        example: "2",
        source: "bridge-utils-interfaces(5) `bridge_hello`; BR_MIN_HELLO_TIME",
        ..row("bridge-hello", &HELLO_TIME)
    },
    Attr {
        value: Grammar::Decimal { min: 6, max: 40 },
        unit: Unit::Seconds,
        default: Some("20"),
        scale: CENTISECONDS,
        trials: &[trial("6", "max_age", Number(600))],
        doc: "How long the spanning tree's root may be silent before it is given up.",
        example: "20",
        source: "bridge-utils-interfaces(5) `bridge_maxage`; BR_MIN_MAX_AGE",
        ..row("bridge-maxage", &MAX_AGE)
    },
    Attr {
        value: Grammar::Decimal { min: 0, max: 1_000_000 },
        unit: Unit::Seconds,
        default: Some("300"),
        scale: CENTISECONDS,
        trials: &[trial("1000000", "ageing_time", Number(100_000_000))],
        doc: "How long a learned address is kept after its last packet; 0 forgets at once.",
        example: "300",
        source: "bridge-utils-interfaces(5) `bridge_ageing`; IEEE 802.1Q table 8-6",
        ..row("bridge-ageing", &AGEING_TIME)
    },
    Attr {
        value: Grammar::Range {
            min: 0,
            max: 4_294_967_295,
        },
        unit: Unit::Count,
        default: Some("0"),
        trials: &[trial("10000", "fdb_max_learned", Number(10_000))],
        doc: "Most addresses that the bridge learns, so that a guest that invents them cannot fill the memory of the host; \
              0 is no limit. Above it frames to unknown addresses go out of all ports.",
        example: "10000",
        source: "ip-link(8) `fdb_max_learned`",
        ..row("bridge-fdb-max-learned", &FDB_MAX_LEARNED)
    },
    Attr {
        doc: "Gives the bridge this hardware address, or that of the named link. `hwaddress` is the newer spelling.",
        example: "eno1",
        source: "bridge-utils-interfaces(5) `bridge_hw`",
        ..word("bridge-hw")
    },
    Attr {
        value: Grammar::Bool,
        default: Some("no"),
        trials: &[trial("yes", "vlan_filtering", Number(1))],
        doc: "Whether the bridge looks at VLAN tags: ports then have lists of VLANs (`bridge-vids`, `bridge-pvid`).",
        example: "yes",
        source: "ifupdown-addons-interfaces(5) `bridge-vlan-aware`; ip-link(8) `vlan_filtering`",
        decides: true,
        ..row("bridge-vlan-aware", &VLAN_FILTERING)
    },
    Attr {
        value: Grammar::Choice(&[
            ("802.1q", 0x8100),
            ("802.1ad", 0x88a8),
            ("802.1Q", 0x8100),
            ("802.1AD", 0x88a8),
        ]),
        default: Some("802.1q"),
        needs: AWARE,
        trials: &[trial("802.1ad", "vlan_protocol", Text("802.1ad"))],
        doc: "Kind of VLAN tag that the bridge looks at; 802.1ad is the service tag of QinQ.",
        example: "802.1ad",
        source: "ifupdown-addons-interfaces(5) `bridge-vlan-protocol`; ip-link(8) `vlan_protocol`",
        decides: true,
        ..row("bridge-vlan-protocol", &VLAN_PROTOCOL)
    },
    Attr {
        value: Grammar::Bool,
        default: Some("off"),
        needs: AWARE,
        trials: &[trial("on", "vlan_stats_enabled", Number(1))],
        doc: "Whether packets are counted for each VLAN.",
        example: "on",
        source: "ifupdown-addons-interfaces(5) `bridge-vlan-stats`; ip-link(8) `vlan_stats_enabled`",
        ..row("bridge-vlan-stats", &VLAN_STATS_ENABLED)
    },
    Attr {
        aliases: &[Alias {
            name: "bridge-trunk",
            origin: "ifupdown2",
        }],
        times: Times::Many,
        doc: "VLANs of a port; under the bridge, of all its ports that name none. Ranges are written 2-4094.",
        example: "2-4094",
        source: "ifupdown-addons-interfaces(5) `bridge-vids`",
        decides: true,
        ..word("bridge-vids")
    },
    Attr {
        default: Some("1"),
        doc: "VLAN of untagged frames at a port; under the bridge, at all its ports that name none.",
        example: "1",
        source: "ifupdown-addons-interfaces(5) `bridge-pvid`",
        decides: true,
        ..word("bridge-pvid")
    },
    Attr {
        on: On::BridgePort,
        doc: "Makes the port an access port: it has this VLAN alone, untagged.",
        example: "10",
        source: "ifupdown-addons-interfaces(5) `bridge-access`",
        decides: true,
        ..word("bridge-access")
    },
    Attr {
        value: Grammar::Bool,
        default: Some("yes"),
        doc: "Whether a port takes untagged frames; `no` gives it no VLAN for them.",
        example: "no",
        source: "ifupdown-addons-interfaces(5) `bridge-allow-untagged`",
        ..word("bridge-allow-untagged")
    },
    Attr {
        times: Times::Many,
        doc: "VLANs by port, written under the bridge.",
        example: "bond0=1-1000,1010-1020",
        source: "ifupdown-addons-interfaces(5) `bridge-port-vids`",
        decides: true,
        ..word("bridge-port-vids")
    },
    Attr {
        times: Times::Many,
        doc: "VLAN of untagged frames by port, written under the bridge.",
        example: "bond0=100 bond1=200",
        source: "ifupdown-addons-interfaces(5) `bridge-port-pvids`",
        decides: true,
        ..word("bridge-port-pvids")
    },
    Attr {
        value: Grammar::Bool,
        default: Some("no"),
        doc: "Read by Proxmox VE when it plugs a guest in: the guest's port then learns no addresses and gets fixed \
              entries. Ports named in the file are not changed by it.",
        example: "1",
        source: "Proxmox VE Administration Guide, Network Configuration",
        ..word("bridge-disable-mac-learning")
    },
    Attr {
        times: Times::Many,
        value: Grammar::Text { max: 1000 },
        doc: "Ports that match stay in the bridge though the file does not name them. Here all such ports stay.",
        example: "^(tap|veth|fwpr)",
        source: "ifupdown-addons-interfaces(5) `bridge-ports-condone-regex`",
        ..word("bridge-ports-condone-regex")
    },
    Attr {
        value: Grammar::Text { max: 1000 },
        doc: "How many seconds to wait for the ports, or for those named behind the number, to be there. Accepted and without \
              effect: all NICs that the file names are waited for, as long as `--wait` and `device-wait` say.",
        example: "10 eno1",
        source: "bridge-utils-interfaces(5) `bridge_waitport`",
        ..word("bridge-waitport")
    },
    Attr {
        value: Grammar::Decimal { min: 0, max: 255 },
        unit: Unit::Seconds,
        doc: "How long to wait at most for the ports to forward; 0 does not wait. Accepted, never waited for: with \
              `bridge-fd 0` ports forward at once.",
        example: "0",
        source: "bridge-utils-interfaces(5) `bridge_maxwait`",
        ..word("bridge-maxwait")
    },
    Attr {
        value: Grammar::Decimal { min: 0, max: 255 },
        unit: Unit::Seconds,
        doc: "Time between clean-ups of learned addresses. Accepted and without effect: the kernel sees to it since 4.11.",
        example: "4",
        source: "bridge-utils-interfaces(5) `bridge_gcint`; net/bridge/br_fdb.c",
        ..word("bridge-gcint")
    },
    Attr {
        value: Grammar::Text { max: 15 },
        doc: "Accepted and without effect, for files written for Cumulus Linux, where a dummy port keeps a bridge up.",
        example: "yes",
        source: "ifupdown-addons-interfaces(5) `bridge-always-up`",
        ..word("bridge-always-up")
    },
];
