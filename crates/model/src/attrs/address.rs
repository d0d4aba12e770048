//! Options of addresses and gateways. All are structure: `resolve` builds addresses and routes of them.

use crate::attr::{Alias, Attr, On, ROW, Times};

/// The rows.
pub static ROWS: &[Attr] = &[
    Attr {
        name: "address",
        decides: true,
        on: On::Address,
        times: Times::Many,
        doc: "An IPv4 or IPv6 address, with its prefix length. Options of addresses (`netmask`, `broadcast`, \
              `pointopoint`, `scope`, `preferred-lifetime`) hold for the address line before them.",
        example: "192.0.2.10/24",
        source: "interfaces(5) `address`",
        ..ROW
    },
    Attr {
        name: "netmask",
        decides: true,
        on: On::Address,
        times: Times::Many,
        doc: "Mask of the address before it, where that has no prefix length: dotted, or as a length.",
        example: "255.255.255.0",
        source: "interfaces(5) `netmask`",
        ..ROW
    },
    Attr {
        name: "broadcast",
        on: On::Address,
        times: Times::Many,
        doc: "IPv4 broadcast address of the address before it; `+` sets the host bits, `-` clears them.",
        example: "192.0.2.255",
        source: "interfaces(5) `broadcast`; ip-address(8)",
        ..ROW
    },
    Attr {
        name: "pointopoint",
        decides: true,
        aliases: &[
            Alias {
                name: "pointtopoint",
                origin: "ifupdown-ng",
            },
            Alias {
                name: "point-to-point",
                origin: "ifupdown-ng",
            },
        ],
        on: On::Address,
        times: Times::Many,
        doc: "Address of the other end of a point-to-point link, for the address before it. Only that address is on the \
              link (/32 or /128), whatever the prefix length of the own one; `192.0.2.1/30` makes it a subnet.",
        example: "192.0.2.1",
        source: "interfaces(5) `pointopoint`; ip-address(8) `peer`",
        ..ROW
    },
    Attr {
        name: "scope",
        on: On::Address,
        times: Times::Many,
        doc: "Where the address before it is valid: `global` (also `universe`), `site`, `link`, `host`, or a number \
              from 0 to 254.",
        example: "link",
        source: "interfaces(5) `scope`; rt_scope_t in linux/rtnetlink.h",
        ..ROW
    },
    Attr {
        name: "preferred-lifetime",
        on: On::Address,
        times: Times::Many,
        doc: "Seconds that the address before it is preferred as a source; 0 never, `forever` always.",
        example: "0",
        source: "interfaces(5) `preferred-lifetime`; ip-address(8) `preferred_lft`",
        ..ROW
    },
    Attr {
        name: "gateway",
        decides: true,
        on: On::Address,
        times: Times::Many,
        doc: "Gateway of a default route. One outside every subnet of the link is taken to be on the link (`onlink`).",
        example: "192.0.2.1",
        source: "interfaces(5) `gateway`",
        ..ROW
    },
    Attr {
        name: "metric",
        on: On::Address,
        doc: "Metric of the default routes of this interface; the lower one is taken.",
        example: "100",
        source: "interfaces(5) `metric`",
        ..ROW
    },
];
