//! Options of bridge ports. Numbers: `IFLA_BRPORT_*` of linux/if_link.h; widths and limits: net/bridge/br_netlink.c,
//! net/bridge/br_private.h.

use crate::attr::Shown::{Bool, Number};
use crate::attr::{Alias, Attr, Grammar, On, ROW, Spread, Times, Wire, trial};
use crate::kernel_attr::Width::{U8, U16, U32};
use crate::kernel_attr::Word::{Bridge, Ip, Sysfs};
use crate::kernel_attr::{Form, Fresh, KernelAttr, Place};
use crate::types::Kind;

const PORT: Place = Place::port(&[Kind::Bridge]);

const PRIORITY: KernelAttr = PORT.number(2, "IFLA_BRPORT_PRIORITY", "priority", U16, 32);
const COST: KernelAttr = PORT.number(3, "IFLA_BRPORT_COST", "cost", U32, 100);
const MODE: KernelAttr = PORT.on_off(4, "IFLA_BRPORT_MODE", "hairpin", 0);
const GUARD: KernelAttr = PORT.on_off(5, "IFLA_BRPORT_GUARD", "guard", 0);
const FAST_LEAVE: KernelAttr = PORT.on_off(7, "IFLA_BRPORT_FAST_LEAVE", "fastleave", 0);
const LEARNING: KernelAttr = PORT.on_off(8, "IFLA_BRPORT_LEARNING", "learning", 1);
const UNICAST_FLOOD: KernelAttr = PORT.on_off(9, "IFLA_BRPORT_UNICAST_FLOOD", "flood", 1);
const MULTICAST_ROUTER: KernelAttr = PORT.number(25, "IFLA_BRPORT_MULTICAST_ROUTER", "mcast_router", U8, 1);
const MCAST_FLOOD: KernelAttr = PORT.on_off(27, "IFLA_BRPORT_MCAST_FLOOD", "mcast_flood", 1);
const MCAST_TO_UCAST: KernelAttr = PORT.on_off(28, "IFLA_BRPORT_MCAST_TO_UCAST", "mcast_to_unicast", 0);
const BCAST_FLOOD: KernelAttr = PORT.on_off(30, "IFLA_BRPORT_BCAST_FLOOD", "bcast_flood", 1);
const NEIGH_SUPPRESS: KernelAttr = PORT.on_off(32, "IFLA_BRPORT_NEIGH_SUPPRESS", "neigh_suppress", 0);
const ISOLATED: KernelAttr = PORT.on_off(33, "IFLA_BRPORT_ISOLATED", "isolated", 0);
const NEIGH_VLAN_SUPPRESS: KernelAttr = PORT
    .on_off(43, "IFLA_BRPORT_NEIGH_VLAN_SUPPRESS", "neigh_vlan_suppress", 0)
    .since(6, 4);
const MCAST_MAX_GROUPS: KernelAttr = PORT
    .attr(
        42,
        "IFLA_BRPORT_MCAST_MAX_GROUPS",
        Bridge("mcast_max_groups"),
        Form::Number,
        U32,
        Fresh::Number(0),
    )
    .since(6, 3);

/// Attributes that no option sets by their number.
pub static OTHERS: &[KernelAttr] = &[
    PORT.on_off(6, "IFLA_BRPORT_PROTECT", "root_block", 0),
    PORT.on_off(10, "IFLA_BRPORT_PROXYARP", "proxy_arp", 0),
    PORT.on_off(12, "IFLA_BRPORT_PROXYARP_WIFI", "proxy_arp_wifi", 0),
    PORT.on_off(29, "IFLA_BRPORT_VLAN_TUNNEL", "vlan_tunnel", 0),
    PORT.number(31, "IFLA_BRPORT_GROUP_FWD_MASK", "group_fwd_mask", U16, 0),
    PORT.attr(
        37,
        "IFLA_BRPORT_MCAST_EHT_HOSTS_LIMIT",
        Sysfs("multicast_eht_hosts_limit"),
        Form::Number,
        U32,
        Fresh::Unset,
    )
    .since(5, 12),
    PORT.on_off(39, "IFLA_BRPORT_LOCKED", "locked", 0).since(5, 18),
    PORT.attr(1, "IFLA_BRPORT_STATE", Ip("state"), Form::State, U8, Fresh::Number(0)),
];

const fn row(name: &'static str, attr: &'static KernelAttr) -> Attr {
    Attr {
        name,
        on: On::BridgePort,
        times: Times::Many,
        spread: Spread::List,
        wire: Wire::Port(attr),
        ..ROW
    }
}

const fn switch(name: &'static str, attr: &'static KernelAttr, default: &'static str) -> Attr {
    Attr {
        spread: Spread::ListOrAll,
        value: Grammar::Bool,
        default: Some(default),
        ..row(name, attr)
    }
}

/// The rows.
pub static ROWS: &[Attr] = &[
    Attr {
        aliases: &[Alias {
            name: "bridge-pathcost",
            origin: "bridge-utils",
        }],
        value: Grammar::Range { min: 1, max: 65535 },
        trials: &[trial("65535", "cost", Number(65535))],
        doc: "What the spanning tree counts for a path through the port; without it the kernel takes it from the speed.",
        example: "100",
        source: "bridge-utils-interfaces(5) `bridge_pathcost`; bridge(8) `cost`; BR_MAX_PATH_COST",
        ..row("bridge-pathcosts", &COST)
    },
    Attr {
        aliases: &[Alias {
            name: "bridge-portprio",
            origin: "bridge-utils",
        }],
        value: Grammar::Range { min: 0, max: 63 },
        default: Some("32"),
        trials: &[trial("63", "priority", Number(63))],
        doc: "Priority of the port among those of equal cost.",
        example: "16",
        source: "bridge-utils-interfaces(5) `bridge_portprio`; bridge(8) `priority`; BR_MAX_PORT_PRIO",
        ..row("bridge-portprios", &PRIORITY)
    },
    Attr {
        value: Grammar::Choice(&[
            ("disabled", 0),
            ("automatic", 1),
            ("enabled", 2),
            ("0", 0),
            ("1", 1),
            ("2", 2),
            ("auto", 1),
            ("no", 0),
            ("yes", 2),
        ]),
        default: Some("automatic"),
        trials: &[trial("enabled", "multicast_router", Number(2))],
        doc: "Whether a multicast router is taken to be behind the port: never, when one is heard, or always. For a VXLAN \
              port of a bridge with `bridge-mcsnoop` it is `enabled` where nothing is written.",
        example: "enabled",
        source: "ifupdown-addons-interfaces(5) `bridge-portmcrouter`; bridge(8) `mcast_router`",
        ..row("bridge-portmcrouter", &MULTICAST_ROUTER)
    },
    Attr {
        trials: &[trial("yes", "fastleave", Bool(true))],
        doc: "Whether a group is given up at once when a member behind the port leaves.",
        example: "yes",
        source: "ifupdown-addons-interfaces(5) `bridge-portmcfl`; bridge(8) `fastleave`",
        ..switch("bridge-portmcfl", &FAST_LEAVE, "no")
    },
    Attr {
        trials: &[trial("off", "learning", Bool(false))],
        doc: "Whether the port learns the addresses of what it receives.",
        example: "off",
        source: "ifupdown-addons-interfaces(5) `bridge-learning`; bridge(8) `learning`",
        ..switch("bridge-learning", &LEARNING, "on")
    },
    Attr {
        trials: &[trial("off", "flood", Bool(false))],
        doc: "Whether frames to unknown addresses go out of the port.",
        example: "off",
        source: "ifupdown-addons-interfaces(5) `bridge-unicast-flood`; bridge(8) `flood`",
        ..switch("bridge-unicast-flood", &UNICAST_FLOOD, "on")
    },
    Attr {
        trials: &[trial("off", "mcast_flood", Bool(false))],
        doc: "Whether multicast that nobody asked for goes out of the port.",
        example: "off",
        source: "ifupdown-addons-interfaces(5) `bridge-multicast-flood`; bridge(8) `mcast_flood`",
        ..switch("bridge-multicast-flood", &MCAST_FLOOD, "on")
    },
    Attr {
        trials: &[trial("off", "bcast_flood", Bool(false))],
        doc: "Whether broadcasts go out of the port.",
        example: "off",
        source: "ifupdown-addons-interfaces(5) `bridge-broadcast-flood`; bridge(8) `bcast_flood`",
        ..switch("bridge-broadcast-flood", &BCAST_FLOOD, "on")
    },
    Attr {
        trials: &[trial("on", "neigh_suppress", Bool(true))],
        doc: "Whether the bridge answers ARP requests and neighbour solicitations for what is behind the port, where it knows the answer.",
        example: "on",
        source: "ifupdown-addons-interfaces(5) `bridge-arp-nd-suppress`; bridge(8) `neigh_suppress`",
        ..switch("bridge-arp-nd-suppress", &NEIGH_SUPPRESS, "off")
    },
    Attr {
        aliases: &[Alias {
            name: "bridge-port-isolated",
            origin: "cleat",
        }],
        trials: &[trial("on", "isolated", Bool(true))],
        doc: "Whether the port is kept from all other isolated ports of the bridge.",
        example: "on",
        source: "bridge(8) `isolated`",
        ..switch("bridge-isolated", &ISOLATED, "off")
    },
    Attr {
        trials: &[trial("on", "hairpin", Bool(true))],
        doc: "Whether frames may leave by the port that they came in at.",
        example: "on",
        source: "bridge(8) `hairpin`",
        ..switch("bridge-hairpin", &MODE, "off")
    },
    Attr {
        trials: &[trial("on", "guard", Bool(true))],
        doc: "Whether the port is shut when it receives a spanning tree packet.",
        example: "on",
        source: "bridge(8) `guard`",
        ..switch("bridge-bpdu-guard", &GUARD, "off")
    },
    Attr {
        trials: &[trial("on", "mcast_to_unicast", Bool(true))],
        doc: "Whether multicast is sent as one unicast frame to each member behind the port.",
        example: "on",
        source: "bridge(8) `mcast_to_unicast`",
        ..switch("bridge-multicast-to-unicast", &MCAST_TO_UCAST, "off")
    },
    Attr {
        value: Grammar::Range {
            min: 0,
            max: 4_294_967_295,
        },
        default: Some("0"),
        trials: &[trial("64", "mcast_max_groups", Number(64))],
        doc: "Most multicast groups that may be joined behind the port, so that a guest cannot take all of `bridge-hashmax`; \
              0 is no limit.",
        example: "64",
        source: "bridge(8) `mcast_max_groups`",
        ..row("bridge-mcast-max-groups", &MCAST_MAX_GROUPS)
    },
    Attr {
        trials: &[trial("on", "neigh_vlan_suppress", Bool(true))],
        doc: "Whether `bridge-arp-nd-suppress` is for those VLANs of the port alone that hook lines name by `bridge vlan set`.",
        example: "on",
        source: "bridge(8) `neigh_vlan_suppress`",
        ..switch("bridge-neigh-vlan-suppress", &NEIGH_VLAN_SUPPRESS, "off")
    },
];
