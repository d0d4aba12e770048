//! Options of veth pairs, macvlan links and VRFs. Numbers: linux/if_link.h.

use crate::attr::{Alias, Attr, Change, Grammar, On, ROW, Width, Wire};

const MACVLAN_MODE: u16 = 1;
const VRF_TABLE: u16 = 1;

/// The rows.
pub static ROWS: &[Attr] = &[
    Attr {
        name: "veth-peer-name",
        decides: true,
        on: On::Veth,
        doc: "Name of the other end of the pair.",
        example: "pr_zone1",
        source: "ifupdown-addons-interfaces(5) `veth-peer-name`; ip-link(8), VETH Type Support",
        ..ROW
    },
    Attr {
        name: "macvlan-raw-device",
        decides: true,
        on: On::Macvlan,
        doc: "The link that a macvlan link sits on.",
        example: "eno1",
        source: "ip-link(8), MACVLAN Type Support",
        ..ROW
    },
    Attr {
        name: "macvlan-mode",
        on: On::Macvlan,
        value: Grammar::Choice(&[
            ("private", 1),
            ("vepa", 2),
            ("bridge", 4),
            ("passthru", 8),
            ("source", 16),
        ]),
        default: Some("vepa"),
        wire: Wire::Data(MACVLAN_MODE, Width::U32),
        doc: "How macvlan links on one link see each other.",
        example: "bridge",
        source: "ip-link(8) `mode`; enum macvlan_mode in linux/if_link.h",
        ..ROW
    },
    Attr {
        name: "vrf",
        decides: true,
        aliases: &[Alias {
            name: "vrf-member",
            origin: "ifupdown-ng",
        }],
        on: On::Link,
        doc: "The VRF that the link belongs to.",
        example: "blue",
        source: "ifupdown-addons-interfaces(5) `vrf`; ip-vrf(8)",
        ..ROW
    },
    Attr {
        name: "vrf-table",
        decides: true,
        on: On::Vrf,
        value: Grammar::WordsOrRange {
            words: &[("auto", 0)],
            min: 1,
            max: 4_294_967_295,
        },
        wire: Wire::Data(VRF_TABLE, Width::U32),
        change: Change::Recreate,
        doc: "Routing table of the VRF; `auto` takes the first free one from 1001 on.",
        example: "1001",
        source: "ifupdown-addons-interfaces(5) `vrf-table`; ip-link(8), VRF Type Support",
        ..ROW
    },
];
