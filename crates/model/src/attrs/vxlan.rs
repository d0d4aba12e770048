//! Options of VXLAN links. Numbers: `IFLA_VXLAN_*` of linux/if_link.h; what can change: `vxlan_nl2conf` in
//! drivers/net/vxlan.

use crate::attr::Shown::{Bool, Number, Text};
use crate::attr::{Alias, Attr, Change, Grammar, Need, On, ROW, Times, Unit, Wire, trial};
use crate::kernel_attr::Width::{U8, U16Be, U32};
use crate::kernel_attr::{Form, KernelAttr, Place};
use crate::types::Kind;

const VXLAN: Place = Place::data(&[Kind::Vxlan]);

/// The number of the virtual network.
pub const ID: KernelAttr = VXLAN.number(1, "IFLA_VXLAN_ID", "id", U32, 0).unset();
/// `IFLA_VXLAN_LINK`, whose value is the index of a link.
pub const LINK: KernelAttr = VXLAN.link(3, "IFLA_VXLAN_LINK", "dev");
/// The UDP port of the other ends.
pub const PORT: KernelAttr = VXLAN.number(15, "IFLA_VXLAN_PORT", "dstport", U16Be, 8472);
const GROUP: KernelAttr = VXLAN.bytes(2, "IFLA_VXLAN_GROUP", "remote", Form::Ip4);
pub(crate) const GROUP6: KernelAttr = VXLAN.bytes(16, "IFLA_VXLAN_GROUP6", "remote", Form::Ip6);
const LOCAL: KernelAttr = VXLAN.bytes(4, "IFLA_VXLAN_LOCAL", "local", Form::Ip4);
pub(crate) const LOCAL6: KernelAttr = VXLAN.bytes(17, "IFLA_VXLAN_LOCAL6", "local", Form::Ip6);
/// Those whose value is an address: the kernel shows none where it is zero.
pub const ADDRESSES: [u16; 4] = [GROUP.number, GROUP6.number, LOCAL.number, LOCAL6.number];
const TTL: KernelAttr = VXLAN.number(5, "IFLA_VXLAN_TTL", "ttl", U8, 0);
const TOS: KernelAttr = VXLAN.number(6, "IFLA_VXLAN_TOS", "tos", U8, 0);
const LEARNING: KernelAttr = VXLAN.switch(7, "IFLA_VXLAN_LEARNING", "learning", 1);
const AGEING: KernelAttr = VXLAN.number(8, "IFLA_VXLAN_AGEING", "ageing", U32, 300);
const UDP_CSUM: KernelAttr = VXLAN.switch(18, "IFLA_VXLAN_UDP_CSUM", "udpcsum", 1);
const LOCALBYPASS: KernelAttr = VXLAN.switch(31, "IFLA_VXLAN_LOCALBYPASS", "localbypass", 1).since(6, 5);

/// Attributes that no option sets by their number.
pub static OTHERS: &[KernelAttr] = &[
    VXLAN.number(9, "IFLA_VXLAN_LIMIT", "maxaddress", U32, 0),
    VXLAN.switch(11, "IFLA_VXLAN_PROXY", "proxy", 0),
    VXLAN.switch(12, "IFLA_VXLAN_RSC", "rsc", 0),
    VXLAN.switch(13, "IFLA_VXLAN_L2MISS", "l2miss", 0),
    VXLAN.switch(14, "IFLA_VXLAN_L3MISS", "l3miss", 0),
    VXLAN.switch(19, "IFLA_VXLAN_UDP_ZERO_CSUM6_TX", "udp6zerocsumtx", 0),
    VXLAN.switch(20, "IFLA_VXLAN_UDP_ZERO_CSUM6_RX", "udp6zerocsumrx", 0),
    LINK,
];

const fn row(name: &'static str) -> Attr {
    Attr {
        name,
        on: On::Vxlan,
        source: "ifupdown-addons-interfaces(5), vxlan; ip-link(8), VXLAN Type Support",
        ..ROW
    }
}

/// The rows.
pub static ROWS: &[Attr] = &[
    Attr {
        value: Grammar::Range {
            min: 1,
            max: 16_777_215,
        },
        wire: Wire::Data(&[ID]),
        change: Change::Recreate,
        trials: &[trial("16777215", "id", Number(16_777_215))],
        doc: "Number of the virtual network (VNI).",
        example: "1000",
        source: "ifupdown-addons-interfaces(5) `vxlan-id`; RFC 7348 section 5",
        decides: true,
        ..row("vxlan-id")
    },
    Attr {
        aliases: &[Alias {
            name: "vxlan-local-ip",
            origin: "ifupdown-ng",
        }],
        value: Grammar::Ip,
        wire: Wire::Data(&[LOCAL, LOCAL6]),
        trials: &[
            trial("192.0.2.1", "local", Text("192.0.2.1")),
            trial("2001:db8::1", "local6", Text("2001:db8::1")),
        ],
        doc: "Source address of the outer packets.",
        example: "192.0.2.1",
        source: "ifupdown-addons-interfaces(5) `vxlan-local-tunnelip`; ip-link(8) `local`",
        decides: true,
        ..row("vxlan-local-tunnelip")
    },
    Attr {
        aliases: &[Alias {
            name: "vxlan-svcnodeip6",
            origin: "ifupdown2",
        }],
        value: Grammar::Ip,
        wire: Wire::Data(&[GROUP, GROUP6]),
        needs: &[Need::Excludes("vxlan-mcastgrp")],
        trials: &[trial("192.0.2.100", "remote", Text("192.0.2.100"))],
        doc: "Address that frames with an unknown destination go to: a replicating service node.",
        example: "192.0.2.100",
        source: "ifupdown-addons-interfaces(5) `vxlan-svcnodeip`; ip-link(8) `remote`",
        decides: true,
        ..row("vxlan-svcnodeip")
    },
    Attr {
        aliases: &[
            Alias {
                name: "vxlan-remote-group",
                origin: "ifupdown-ng",
            },
            Alias {
                name: "vxlan-mcastgrp6",
                origin: "ifupdown2",
            },
        ],
        value: Grammar::Ip,
        wire: Wire::Data(&[GROUP, GROUP6]),
        trials: &[trial("239.1.1.100", "group", Text("239.1.1.100"))],
        doc: "Multicast group that frames with an unknown destination go to; needs `vxlan-physdev`.",
        example: "239.1.1.100",
        source: "ifupdown-addons-interfaces(5) `vxlan-mcastgrp`; ip-link(8) `group`",
        decides: true,
        ..row("vxlan-mcastgrp")
    },
    Attr {
        aliases: &[
            Alias {
                name: "vxlan-remote-ip",
                origin: "ifupdown-ng",
            },
            Alias {
                name: "vxlan-peer-ips",
                origin: "ifupdown-ng",
            },
        ],
        times: Times::Many,
        doc: "Addresses that frames with an unknown destination are sent to, one copy each; several on a line or on several lines.",
        example: "192.0.2.2",
        source: "ifupdown-addons-interfaces(5) `vxlan-remoteip`; bridge(8) `fdb append … dst`",
        decides: true,
        ..row("vxlan-remoteip")
    },
    Attr {
        aliases: &[Alias {
            name: "vxlan-dstport",
            origin: "ifupdown-ng",
        }],
        value: Grammar::Range { min: 1, max: 65535 },
        default: Some("4789"),
        wire: Wire::Data(&[PORT]),
        change: Change::Recreate,
        trials: &[trial("4790", "port", Number(4790))],
        doc: "UDP port of the other ends. Where it is not written 4789 is set: the kernel's own default is 8472.",
        example: "4789",
        source: "ifupdown-addons-interfaces(5) `vxlan-port`; RFC 7348 section 5",
        decides: true,
        ..row("vxlan-port")
    },
    Attr {
        value: Grammar::Bool,
        default: Some("yes"),
        wire: Wire::Data(&[LEARNING]),
        trials: &[trial("no", "learning", Bool(false))],
        doc: "Whether the other end of an address is learned from what comes in; without it as `bridge-learning` of the \
              port says.",
        example: "no",
        source: "ifupdown-addons-interfaces(5) `vxlan-learning`; ip-link(8) `learning`",
        ..row("vxlan-learning")
    },
    Attr {
        value: Grammar::Range {
            min: 1,
            max: 4_294_967_295,
        },
        unit: Unit::Seconds,
        default: Some("300"),
        wire: Wire::Data(&[AGEING]),
        trials: &[trial("77", "ageing", Number(77))],
        doc: "How long a learned end is kept after its last packet.",
        example: "300",
        source: "ifupdown-addons-interfaces(5) `vxlan-ageing`; ip-link(8) `ageing`",
        ..row("vxlan-ageing")
    },
    Attr {
        doc: "The link that the outer packets leave by.",
        example: "eno1",
        source: "ifupdown-addons-interfaces(5) `vxlan-physdev`; ip-link(8) `dev`",
        decides: true,
        ..row("vxlan-physdev")
    },
    Attr {
        value: Grammar::WordsOrRange {
            words: &[("auto", 0)],
            min: 0,
            max: 255,
        },
        default: Some("auto"),
        wire: Wire::Data(&[TTL]),
        trials: &[trial("64", "ttl", Number(64))],
        doc: "Hop limit of the outer packets; 0 (or `auto`) leaves it to the kernel.",
        example: "64",
        source: "ifupdown-addons-interfaces(5) `vxlan-ttl`; ip-link(8) `ttl`",
        ..row("vxlan-ttl")
    },
    Attr {
        value: Grammar::WordsOrRange {
            words: &[("inherit", 1)],
            min: 0,
            max: 255,
        },
        default: Some("0"),
        wire: Wire::Data(&[TOS]),
        trials: &[trial("inherit", "tos", Text("0x1")), trial("16", "tos", Text("0x10"))],
        doc: "Type of service of the outer packets; `inherit` takes that of the inner one.",
        example: "inherit",
        source: "ifupdown-addons-interfaces(5) `vxlan-tos`; ip-link(8) `tos`",
        ..row("vxlan-tos")
    },
    Attr {
        value: Grammar::Bool,
        default: Some("yes"),
        wire: Wire::Data(&[UDP_CSUM]),
        change: Change::Recreate,
        trials: &[trial("yes", "udp_csum", Bool(true))],
        doc: "Whether outer packets over IPv4 have a UDP checksum.",
        example: "yes",
        source: "ifupdown-addons-interfaces(5) `vxlan-udp-csum`; ip-link(8) `udpcsum`",
        ..row("vxlan-udp-csum")
    },
    Attr {
        value: Grammar::Bool,
        default: Some("yes"),
        wire: Wire::Data(&[LOCALBYPASS]),
        trials: &[trial("no", "localbypass", Bool(false))],
        doc: "Whether packets for an address of this host go straight to the VXLAN link that is there for them, and are \
              dropped where there is none; `no` hands them to the IP stack, for a program that listens on the port.",
        example: "no",
        source: "ip-link(8) `localbypass`",
        ..row("vxlan-localbypass")
    },
];
