//! Options of VLAN links. Numbers: `IFLA_VLAN_*` of linux/if_link.h, `VLAN_FLAG_*` of linux/if_vlan.h.

use super::bridge::PROTOCOLS;
use crate::attr::Shown::{List, Nothing, Number, Text};
use crate::attr::{Alias, Attr, Change, Grammar, On, ROW, Wire, trial};
use crate::kernel_attr::Width::{self, U16, U16Be};
use crate::kernel_attr::Word::{self, Ip};
use crate::kernel_attr::{Form, Fresh, KernelAttr, Place};
use crate::types::Kind;

const VLAN: Place = Place::data(&[Kind::Vlan]);

/// The number of the VLAN.
pub const ID: KernelAttr = VLAN.number(1, "IFLA_VLAN_ID", "id", U16, 0).unset();
/// Its flags.
pub const FLAGS: KernelAttr = VLAN.attr(
    2,
    "IFLA_VLAN_FLAGS",
    Word::Bits(&[
        (REORDER_HDR, "reorder_hdr"),
        (GVRP, "gvrp"),
        (LOOSE_BINDING, "loose_binding"),
        (MVRP, "mvrp"),
        (BRIDGE_BINDING, "bridge_binding"),
    ]),
    Form::Bits(["off", "on"]),
    Width::Masked,
    Fresh::Masked(REORDER_HDR, u32::MAX),
);
/// The kind of its tag.
pub const PROTOCOL: KernelAttr = VLAN.attr(
    5,
    "IFLA_VLAN_PROTOCOL",
    Ip("protocol"),
    PROTOCOLS,
    U16Be,
    Fresh::Number(0x8100),
);

const REORDER_HDR: u32 = 0x1;
const GVRP: u32 = 0x2;
/// The link does not follow the one below it up and down.
pub const LOOSE_BINDING: u32 = 0x4;
const MVRP: u32 = 0x8;
const BRIDGE_BINDING: u32 = 0x10;

const fn flag(name: &'static str, bit: u32, default: &'static str) -> Attr {
    Attr {
        name,
        on: On::Vlan,
        value: Grammar::Bool,
        default: Some(default),
        wire: Wire::Bit(&FLAGS, bit),
        ..ROW
    }
}

/// The rows.
pub static ROWS: &[Attr] = &[
    Attr {
        name: "vlan-raw-device",
        decides: true,
        aliases: &[Alias {
            name: "vlan-link",
            origin: "cleat",
        }],
        on: On::Vlan,
        doc: "The link that the VLAN is on. A name like eno1.5 says it by itself.",
        example: "eno1",
        source: "vlan-interfaces(5); ifupdown-addons-interfaces(5) `vlan-raw-device`",
        ..ROW
    },
    Attr {
        name: "vlan-id",
        decides: true,
        on: On::Vlan,
        value: Grammar::Range { min: 1, max: 4094 },
        wire: Wire::Data(&[ID]),
        change: Change::Recreate,
        trials: &[trial("4094", "id", Number(4094))],
        doc: "Number of the VLAN. Names like eno1.5 and vlan5 say it by themselves.",
        example: "5",
        source: "ifupdown-addons-interfaces(5) `vlan-id`; IEEE 802.1Q (0 and 4095 are reserved)",
        ..ROW
    },
    Attr {
        name: "vlan-protocol",
        decides: true,
        on: On::Vlan,
        value: Grammar::Choice(&[
            ("802.1q", 0x8100),
            ("802.1ad", 0x88a8),
            ("802.1Q", 0x8100),
            ("802.1AD", 0x88a8),
        ]),
        default: Some("802.1q"),
        wire: Wire::Data(&[PROTOCOL]),
        change: Change::Recreate,
        trials: &[trial("802.1ad", "protocol", Text("802.1ad"))],
        doc: "Kind of tag; 802.1ad is the service tag of QinQ.",
        example: "802.1ad",
        source: "ifupdown-addons-interfaces(5) `vlan-protocol`; ip-link(8) `protocol`",
        ..ROW
    },
    Attr {
        trials: &[trial("on", "flags", List(&["REORDER_HDR", "BRIDGE_BINDING"]))],
        doc: "Whether the link has carrier only while a port of the bridge below it that is in this VLAN has.",
        example: "on",
        source: "ifupdown-addons-interfaces(5) `vlan-bridge-binding`; ip-link(8) `bridge_binding`",
        ..flag("vlan-bridge-binding", BRIDGE_BINDING, "off")
    },
    Attr {
        trials: &[trial("off", "flags", Nothing)],
        doc: "Whether the tag is taken off the frames that this host sees.",
        example: "on",
        source: "ip-link(8) `reorder_hdr`",
        ..flag("vlan-reorder-hdr", REORDER_HDR, "on")
    },
    Attr {
        trials: &[trial("on", "flags", List(&["REORDER_HDR", "GVRP"]))],
        doc: "Whether the VLAN is announced to the switch by GVRP.",
        example: "on",
        source: "ip-link(8) `gvrp`",
        ..flag("vlan-gvrp", GVRP, "off")
    },
    Attr {
        trials: &[trial("on", "flags", List(&["REORDER_HDR", "MVRP"]))],
        doc: "Whether the VLAN is announced to the switch by MVRP.",
        example: "on",
        source: "ip-link(8) `mvrp`",
        ..flag("vlan-mvrp", MVRP, "off")
    },
    Attr {
        trials: &[trial("on", "flags", List(&["REORDER_HDR", "LOOSE_BINDING"]))],
        doc: "Whether the link stays up when the link below goes down.",
        example: "on",
        source: "ip-link(8) `loose_binding`",
        ..flag("vlan-loose-binding", LOOSE_BINDING, "off")
    },
];
