//! Options of bridge ports. Numbers: `IFLA_BRPORT_*` of linux/if_link.h; widths and limits: net/bridge/br_netlink.c,
//! net/bridge/br_private.h.

use crate::attr::{Alias, Attr, Grammar, On, ROW, Spread, Times, Width, Wire};

const PRIORITY: u16 = 2;
const COST: u16 = 3;
const MODE: u16 = 4;
const GUARD: u16 = 5;
const FAST_LEAVE: u16 = 7;
const LEARNING: u16 = 8;
const UNICAST_FLOOD: u16 = 9;
const MULTICAST_ROUTER: u16 = 25;
const MCAST_FLOOD: u16 = 27;
const MCAST_TO_UCAST: u16 = 28;
const BCAST_FLOOD: u16 = 30;
const NEIGH_SUPPRESS: u16 = 32;
const ISOLATED: u16 = 33;

const fn row(name: &'static str, number: u16, width: Width) -> Attr {
    Attr {
        name,
        on: On::BridgePort,
        times: Times::Many,
        spread: Spread::List,
        wire: Wire::Port(number, width),
        ..ROW
    }
}

const fn switch(name: &'static str, number: u16, default: &'static str) -> Attr {
    Attr {
        spread: Spread::ListOrAll,
        value: Grammar::Bool,
        default: Some(default),
        ..row(name, number, Width::U8)
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
        doc: "What the spanning tree counts for a path through the port; without it the kernel takes it from the speed.",
        example: "100",
        source: "bridge-utils-interfaces(5) `bridge_pathcost`; bridge(8) `cost`; BR_MAX_PATH_COST",
        ..row("bridge-pathcosts", COST, Width::U32)
    },
    Attr {
        aliases: &[Alias {
            name: "bridge-portprio",
            origin: "bridge-utils",
        }],
        value: Grammar::Range { min: 0, max: 63 },
        default: Some("32"),
        doc: "Priority of the port among those of equal cost.",
        example: "16",
        source: "bridge-utils-interfaces(5) `bridge_portprio`; bridge(8) `priority`; BR_MAX_PORT_PRIO",
        ..row("bridge-portprios", PRIORITY, Width::U16)
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
        doc: "Whether a multicast router is taken to be behind the port: never, when one is heard, or always. For a VXLAN \
              port of a bridge with `bridge-mcsnoop` it is `enabled` where nothing is written.",
        example: "enabled",
        source: "ifupdown-addons-interfaces(5) `bridge-portmcrouter`; bridge(8) `mcast_router`",
        ..row("bridge-portmcrouter", MULTICAST_ROUTER, Width::U8)
    },
    Attr {
        doc: "Whether a group is given up at once when a member behind the port leaves.",
        example: "yes",
        source: "ifupdown-addons-interfaces(5) `bridge-portmcfl`; bridge(8) `fastleave`",
        ..switch("bridge-portmcfl", FAST_LEAVE, "no")
    },
    Attr {
        doc: "Whether the port learns the addresses of what it receives.",
        example: "off",
        source: "ifupdown-addons-interfaces(5) `bridge-learning`; bridge(8) `learning`",
        ..switch("bridge-learning", LEARNING, "on")
    },
    Attr {
        doc: "Whether frames to unknown addresses go out of the port.",
        example: "off",
        source: "ifupdown-addons-interfaces(5) `bridge-unicast-flood`; bridge(8) `flood`",
        ..switch("bridge-unicast-flood", UNICAST_FLOOD, "on")
    },
    Attr {
        doc: "Whether multicast that nobody asked for goes out of the port.",
        example: "off",
        source: "ifupdown-addons-interfaces(5) `bridge-multicast-flood`; bridge(8) `mcast_flood`",
        ..switch("bridge-multicast-flood", MCAST_FLOOD, "on")
    },
    Attr {
        doc: "Whether broadcasts go out of the port.",
        example: "off",
        source: "ifupdown-addons-interfaces(5) `bridge-broadcast-flood`; bridge(8) `bcast_flood`",
        ..switch("bridge-broadcast-flood", BCAST_FLOOD, "on")
    },
    Attr {
        doc: "Whether the bridge answers ARP requests and neighbour solicitations for what is behind the port, where it knows the answer.",
        example: "on",
        source: "ifupdown-addons-interfaces(5) `bridge-arp-nd-suppress`; bridge(8) `neigh_suppress`",
        ..switch("bridge-arp-nd-suppress", NEIGH_SUPPRESS, "off")
    },
    Attr {
        aliases: &[Alias {
            name: "bridge-port-isolated",
            origin: "cleat",
        }],
        doc: "Whether the port is kept from all other isolated ports of the bridge.",
        example: "on",
        source: "bridge(8) `isolated`",
        ..switch("bridge-isolated", ISOLATED, "off")
    },
    Attr {
        doc: "Whether frames may leave by the port that they came in at.",
        example: "on",
        source: "bridge(8) `hairpin`",
        ..switch("bridge-hairpin", MODE, "off")
    },
    Attr {
        doc: "Whether the port is shut when it receives a spanning tree packet.",
        example: "on",
        source: "bridge(8) `guard`",
        ..switch("bridge-bpdu-guard", GUARD, "off")
    },
    Attr {
        doc: "Whether multicast is sent as one unicast frame to each member behind the port.",
        example: "on",
        source: "bridge(8) `mcast_to_unicast`",
        ..switch("bridge-multicast-to-unicast", MCAST_TO_UCAST, "off")
    },
];
