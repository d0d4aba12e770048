//! Offloads: `ethtool -K`. Short names stand for several features of the kernel, which has names of its own for them.

use super::{NIC, ON_OFF, debian, field, ng};
use crate::attr::{Attr, Wire};
use crate::ethtool::{Form, Group, WANTED};

const fn features(word: &'static str, patterns: &'static [&'static str]) -> Wire {
    field(
        Group::Features,
        WANTED,
        "ETHTOOL_A_FEATURES_WANTED",
        word,
        Form::Features(patterns),
    )
}

/// One feature by the name that the kernel has for it, and that `ethtool -k` shows. A `_` in it is a `-` in the option.
macro_rules! feature {
    ($option:literal, $name:literal) => {
        Attr {
            name: $option,
            value: ON_OFF,
            wire: features($name, &[$name]),
            doc: concat!("The feature `", $name, "`."),
            example: "off",
            source: concat!("ethtool(8) `-K`, `", $name, "`"),
            ..NIC
        }
    };
}

/// The rows.
pub static ROWS: &[Attr] = &[
    Attr {
        name: "gro-offload",
        aliases: &[
            debian("offload-gro"),
            ng("ethtool-offload-gro"),
            debian("offload-rx-gro"),
        ],
        value: ON_OFF,
        wire: features("gro", &["rx-gro"]),
        doc: "Received packets of one connection go up as one (generic receive offload).",
        example: "off",
        source: "ethtool(8) `-K`, `gro`",
        ..NIC
    },
    Attr {
        name: "gso-offload",
        aliases: &[
            debian("offload-gso"),
            ng("ethtool-offload-gso"),
            debian("offload-tx-generic-segmentation"),
        ],
        value: ON_OFF,
        wire: features("gso", &["tx-generic-segmentation"]),
        doc: "Packets are cut to the MTU as late as possible (generic segmentation offload).",
        example: "off",
        source: "ethtool(8) `-K`, `gso`",
        ..NIC
    },
    Attr {
        name: "tso-offload",
        aliases: &[debian("offload-tso"), ng("ethtool-offload-tso")],
        value: ON_OFF,
        wire: features("tso", &["tx-tcp*-segmentation"]),
        doc: "The NIC cuts TCP packets to the MTU (TCP segmentation offload).",
        example: "off",
        source: "ethtool(8) `-K`, `tso`",
        ..NIC
    },
    Attr {
        name: "ufo-offload",
        aliases: &[
            debian("offload-ufo"),
            ng("ethtool-offload-ufo"),
            debian("offload-tx-udp-fragmentation"),
        ],
        value: ON_OFF,
        wire: features("ufo", &["tx-udp-fragmentation"]),
        doc: "The NIC cuts UDP packets to the MTU. Linux has no such feature since 4.14: the option does nothing.",
        example: "off",
        source: "ethtool(8) `-K`, `ufo`",
        ..NIC
    },
    Attr {
        name: "lro-offload",
        aliases: &[
            debian("offload-lro"),
            ng("ethtool-offload-lro"),
            debian("offload-rx-lro"),
        ],
        value: ON_OFF,
        wire: features("lro", &["rx-lro"]),
        doc: "The NIC joins received TCP packets (large receive offload). Not for a host that forwards or bridges.",
        example: "off",
        source: "ethtool(8) `-K`, `lro`",
        ..NIC
    },
    Attr {
        name: "rx-offload",
        aliases: &[
            debian("offload-rx"),
            ng("ethtool-offload-rx"),
            debian("offload-rx-checksum"),
        ],
        value: ON_OFF,
        wire: features("rx", &["rx-checksum"]),
        doc: "The NIC checks checksums of received packets.",
        example: "off",
        source: "ethtool(8) `-K`, `rx`",
        ..NIC
    },
    Attr {
        name: "tx-offload",
        aliases: &[debian("offload-tx"), ng("ethtool-offload-tx")],
        value: ON_OFF,
        wire: features("tx", &["tx-checksum-*"]),
        doc: "The NIC fills in checksums of sent packets.",
        example: "off",
        source: "ethtool(8) `-K`, `tx`",
        ..NIC
    },
    Attr {
        name: "rx-vlan-filter",
        aliases: &[debian("offload-rx-vlan-filter")],
        value: ON_OFF,
        wire: features("rx-vlan-filter", &["rx-vlan-filter"]),
        doc: "The NIC drops frames of VLANs that nobody asked for. Its table may be smaller than `bridge-vids 2-4094` needs: `off` then.",
        example: "off",
        source: "ethtool(8) `-K`, `rx-vlan-filter`",
        ..NIC
    },
    Attr {
        name: "offload-sg",
        aliases: &[ng("ethtool-offload-sg")],
        value: ON_OFF,
        wire: features("sg", &["tx-scatter-gather", "tx-scatter-gather-fraglist"]),
        doc: "The NIC collects a packet from several pieces of memory (scatter-gather).",
        example: "off",
        source: "ethtool(8) `-K`, `sg`",
        ..NIC
    },
    Attr {
        name: "offload-rxvlan",
        aliases: &[debian("offload-rx-vlan-hw-parse")],
        value: ON_OFF,
        wire: features("rxvlan", &["rx-vlan-hw-parse"]),
        doc: "The NIC takes the VLAN tag out of received frames.",
        example: "off",
        source: "ethtool(8) `-K`, `rxvlan`",
        ..NIC
    },
    Attr {
        name: "offload-txvlan",
        aliases: &[debian("offload-tx-vlan-hw-insert")],
        value: ON_OFF,
        wire: features("txvlan", &["tx-vlan-hw-insert"]),
        doc: "The NIC puts the VLAN tag into sent frames.",
        example: "off",
        source: "ethtool(8) `-K`, `txvlan`",
        ..NIC
    },
    Attr {
        name: "offload-ntuple",
        aliases: &[debian("offload-rx-ntuple-filter")],
        value: ON_OFF,
        wire: features("ntuple", &["rx-ntuple-filter"]),
        doc: "The NIC sorts received packets by rules.",
        example: "off",
        source: "ethtool(8) `-K`, `ntuple`",
        ..NIC
    },
    Attr {
        name: "offload-rxhash",
        aliases: &[debian("offload-rx-hashing")],
        value: ON_OFF,
        wire: features("rxhash", &["rx-hashing"]),
        doc: "The NIC gives received packets a hash.",
        example: "off",
        source: "ethtool(8) `-K`, `rxhash`",
        ..NIC
    },
    feature!("offload-tx-scatter-gather", "tx-scatter-gather"),
    feature!("offload-tx-scatter-gather-fraglist", "tx-scatter-gather-fraglist"),
    feature!("offload-tx-checksum-ipv4", "tx-checksum-ipv4"),
    feature!("offload-tx-checksum-ip-generic", "tx-checksum-ip-generic"),
    feature!("offload-tx-checksum-ipv6", "tx-checksum-ipv6"),
    feature!("offload-tx-checksum-fcoe-crc", "tx-checksum-fcoe-crc"),
    feature!("offload-tx-checksum-sctp", "tx-checksum-sctp"),
    feature!("offload-tx-tcp-segmentation", "tx-tcp-segmentation"),
    feature!("offload-tx-tcp-ecn-segmentation", "tx-tcp-ecn-segmentation"),
    feature!("offload-tx-tcp-mangleid-segmentation", "tx-tcp-mangleid-segmentation"),
    feature!("offload-tx-tcp-accecn-segmentation", "tx-tcp-accecn-segmentation"),
    feature!("offload-tx-tcp6-segmentation", "tx-tcp6-segmentation"),
    feature!("offload-highdma", "highdma"),
    feature!("offload-rx-gro-hw", "rx-gro-hw"),
    feature!("offload-rx-gro-list", "rx-gro-list"),
    feature!("offload-rx-udp-gro-forwarding", "rx-udp-gro-forwarding"),
    feature!("offload-tx-gso-robust", "tx-gso-robust"),
    feature!("offload-tx-gso-partial", "tx-gso-partial"),
    feature!("offload-tx-gso-list", "tx-gso-list"),
    feature!("offload-tx-fcoe-segmentation", "tx-fcoe-segmentation"),
    feature!("offload-tx-gre-segmentation", "tx-gre-segmentation"),
    feature!("offload-tx-gre-csum-segmentation", "tx-gre-csum-segmentation"),
    feature!("offload-tx-ipxip4-segmentation", "tx-ipxip4-segmentation"),
    feature!("offload-tx-ipxip6-segmentation", "tx-ipxip6-segmentation"),
    feature!("offload-tx-udp-tnl-segmentation", "tx-udp_tnl-segmentation"),
    feature!("offload-tx-udp-tnl-csum-segmentation", "tx-udp_tnl-csum-segmentation"),
    feature!(
        "offload-tx-tunnel-remcsum-segmentation",
        "tx-tunnel-remcsum-segmentation"
    ),
    feature!("offload-tx-sctp-segmentation", "tx-sctp-segmentation"),
    feature!("offload-tx-esp-segmentation", "tx-esp-segmentation"),
    feature!("offload-tx-udp-segmentation", "tx-udp-segmentation"),
    feature!("offload-tx-nocache-copy", "tx-nocache-copy"),
    feature!("offload-loopback", "loopback"),
    feature!("offload-rx-fcs", "rx-fcs"),
    feature!("offload-rx-all", "rx-all"),
    feature!("offload-tx-vlan-stag-hw-insert", "tx-vlan-stag-hw-insert"),
    feature!("offload-rx-vlan-stag-hw-parse", "rx-vlan-stag-hw-parse"),
    feature!("offload-rx-vlan-stag-filter", "rx-vlan-stag-filter"),
    feature!("offload-l2-fwd-offload", "l2-fwd-offload"),
    feature!("offload-hw-tc-offload", "hw-tc-offload"),
    feature!("offload-esp-hw-offload", "esp-hw-offload"),
    feature!("offload-esp-tx-csum-hw-offload", "esp-tx-csum-hw-offload"),
    feature!("offload-rx-udp-tunnel-port-offload", "rx-udp_tunnel-port-offload"),
    feature!("offload-tls-hw-tx-offload", "tls-hw-tx-offload"),
    feature!("offload-tls-hw-rx-offload", "tls-hw-rx-offload"),
    feature!("offload-tls-hw-record", "tls-hw-record"),
    feature!("offload-macsec-hw-offload", "macsec-hw-offload"),
    feature!("offload-hsr-tag-ins-offload", "hsr-tag-ins-offload"),
    feature!("offload-hsr-tag-rm-offload", "hsr-tag-rm-offload"),
    feature!("offload-hsr-fwd-offload", "hsr-fwd-offload"),
    feature!("offload-hsr-dup-offload", "hsr-dup-offload"),
];
