//! Options of VXLAN links. Numbers: `IFLA_VXLAN_*` of linux/if_link.h; what can change: `vxlan_nl2conf` in
//! drivers/net/vxlan.

use crate::attr::{Alias, Attr, Change, Grammar, Need, On, ROW, Times, Unit, Width, Wire};

/// `IFLA_VXLAN_ID`.
pub const IFLA_VXLAN_ID: u16 = 1;
/// `IFLA_VXLAN_LINK`, whose value is the index of a link.
pub const IFLA_VXLAN_LINK: u16 = 3;
const GROUP: u16 = 2;
const GROUP6: u16 = 16;
const LOCAL: u16 = 4;
const LOCAL6: u16 = 17;
/// Those whose value is an address: the kernel shows none where it is zero.
pub const ADDRESSES: [u16; 4] = [GROUP, GROUP6, LOCAL, LOCAL6];
const TTL: u16 = 5;
const TOS: u16 = 6;
const LEARNING: u16 = 7;
const AGEING: u16 = 8;
const PORT: u16 = 15;
const UDP_CSUM: u16 = 18;

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
        wire: Wire::Data(IFLA_VXLAN_ID, Width::U32),
        change: Change::Recreate,
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
        wire: Wire::DataIp { v4: LOCAL, v6: LOCAL6 },
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
        wire: Wire::DataIp { v4: GROUP, v6: GROUP6 },
        needs: &[Need::Excludes("vxlan-mcastgrp")],
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
        wire: Wire::DataIp { v4: GROUP, v6: GROUP6 },
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
        wire: Wire::Data(PORT, Width::U16Be),
        change: Change::Recreate,
        doc: "UDP port of the other ends. Where it is not written 4789 is set: the kernel's own default is 8472.",
        example: "4789",
        source: "ifupdown-addons-interfaces(5) `vxlan-port`; RFC 7348 section 5",
        decides: true,
        ..row("vxlan-port")
    },
    Attr {
        value: Grammar::Bool,
        default: Some("yes"),
        wire: Wire::Data(LEARNING, Width::U8),
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
        wire: Wire::Data(AGEING, Width::U32),
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
        wire: Wire::Data(TTL, Width::U8),
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
        wire: Wire::Data(TOS, Width::U8),
        doc: "Type of service of the outer packets; `inherit` takes that of the inner one.",
        example: "inherit",
        source: "ifupdown-addons-interfaces(5) `vxlan-tos`; ip-link(8) `tos`",
        ..row("vxlan-tos")
    },
    Attr {
        value: Grammar::Bool,
        default: Some("yes"),
        wire: Wire::Data(UDP_CSUM, Width::U8),
        change: Change::Recreate,
        doc: "Whether outer packets over IPv4 have a UDP checksum.",
        example: "yes",
        source: "ifupdown-addons-interfaces(5) `vxlan-udp-csum`; ip-link(8) `udpcsum`",
        ..row("vxlan-udp-csum")
    },
];
