//! Options of veth pairs, macvlan links and VRFs. Numbers: linux/if_link.h.

use crate::attr::Shown::{Number, Text};
use crate::attr::{Alias, Attr, Change, Grammar, On, ROW, Wire, trial};
use crate::kernel_attr::Width::{U16, U32};
use crate::kernel_attr::Word::Ip;
use crate::kernel_attr::{Form, Fresh, KernelAttr, Place};
use crate::types::Kind;

const MACVLAN: Place = Place::data(&[Kind::Macvlan]);

const MACVLAN_MODE: KernelAttr = MACVLAN.attr(
    1,
    "IFLA_MACVLAN_MODE",
    Ip("mode"),
    Form::Named(&[
        (1, "private"),
        (2, "vepa"),
        (4, "bridge"),
        (8, "passthru"),
        (16, "source"),
    ]),
    U32,
    Fresh::Number(2),
);
/// The routing table of a VRF.
pub const VRF_TABLE: KernelAttr = Place::data(&[Kind::Vrf])
    .number(1, "IFLA_VRF_TABLE", "table", U32, 0)
    .unset();

/// Attributes that no option sets.
pub static OTHERS: &[KernelAttr] = &[MACVLAN.attr(
    2,
    "IFLA_MACVLAN_FLAGS",
    Ip("flag"),
    Form::Named(&[(0, "null"), (1, "nopromisc"), (2, "nodst")]),
    U16,
    Fresh::Number(0),
)];

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
        wire: Wire::Data(&[MACVLAN_MODE]),
        trials: &[
            trial("bridge", "mode", Text("bridge")),
            trial("private", "mode", Text("private")),
            trial("source", "mode", Text("source")),
        ],
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
        wire: Wire::Data(&[VRF_TABLE]),
        change: Change::Recreate,
        trials: &[trial("1001", "table", Number(1001))],
        doc: "Routing table of the VRF; `auto` takes the first free one from 1001 on.",
        example: "1001",
        source: "ifupdown-addons-interfaces(5) `vrf-table`; ip-link(8), VRF Type Support",
        ..ROW
    },
];
