//! Options of any link. Numbers: linux/if_link.h; `IPV4_DEVCONF_*` of linux/ip.h and `DEVCONF_*` of linux/ipv6.h
//! (positions in the dumped arrays).

use crate::attr::Shown::{Number, Text};
use crate::attr::{Alias, Attr, Grammar, On, ROW, Times, Unit, Wire, setting, trial};
use crate::kernel_attr::Width::U32;
use crate::kernel_attr::{Form, KernelAttr, Place};
use crate::snapshot::{IFLA_ADDRESS, IFLA_GROUP, IFLA_IFALIAS, IFLA_MTU, IFLA_TXQLEN};

const ADDRESS: KernelAttr = Place::LINK.bytes(IFLA_ADDRESS, "IFLA_ADDRESS", "address", Form::Mac);
const MTU: KernelAttr = Place::LINK.number(IFLA_MTU, "IFLA_MTU", "mtu", U32, 1500);
const IFALIAS: KernelAttr = Place::LINK.bytes(IFLA_IFALIAS, "IFLA_IFALIAS", "alias", Form::Text);

/// Attributes that no option sets.
pub static OTHERS: &[KernelAttr] = &[
    Place::LINK.number(IFLA_TXQLEN, "IFLA_TXQLEN", "txqueuelen", U32, 1000),
    Place::LINK.number(IFLA_GROUP, "IFLA_GROUP", "group", U32, 0).unset(),
];

const CONF4_FORWARDING: u16 = 0;
const CONF4_PROXY_ARP: u16 = 2;
const CONF4_ARP_ACCEPT: u16 = 20;

const CONF6_FORWARDING: u16 = 0;
const CONF6_ACCEPT_RA: u16 = 3;
const CONF6_AUTOCONF: u16 = 5;
const CONF6_DAD_TRANSMITS: u16 = 6;
const CONF6_USE_TEMPADDR: u16 = 10;
const CONF6_DISABLE_IPV6: u16 = 26;

const RA_WORDS: &[(&str, u64)] = &[
    ("0", 0),
    ("1", 1),
    ("2", 2),
    ("off", 0),
    ("on", 1),
    ("no", 0),
    ("yes", 1),
];

/// The rows.
pub static ROWS: &[Attr] = &[
    Attr {
        name: "mtu",
        on: On::Link,
        value: Grammar::Range { min: 68, max: 65536 },
        unit: Unit::Bytes,
        default: Some("1500"),
        wire: Wire::Link(&MTU),
        trials: &[trial("1400", "mtu", Number(1400))],
        doc: "Largest packet that the link carries. A port or a VLAN cannot carry more than the link below it. Without the \
              option a VLAN or macvlan link has that of the link below, a VXLAN link 50 bytes less (70 over IPv6), a bridge \
              the smallest of its ports', and the port of a bond that of the bond; a link whose own hook lines set it is left \
              alone.",
        example: "9000",
        source: "interfaces(5); ip-link(8) `mtu`; ETH_MIN_MTU in linux/if_ether.h",
        ..ROW
    },
    Attr {
        name: "hwaddress",
        aliases: &[Alias {
            name: "hw-mac-address",
            origin: "vlan",
        }],
        on: On::Link,
        value: Grammar::MacOrRandom,
        wire: Wire::Link(&ADDRESS),
        trials: &[trial("02:00:00:00:00:07", "address", Text("02:00:00:00:00:07"))],
        doc: "Hardware address of the link; `ether` before it is allowed. `random` is a locally administered one that is drawn \
              once and stays until the next boot: a link that has one keeps it.",
        example: "52:54:00:12:34:56",
        source: "interfaces(5) `hwaddress`; ip-link(8) `address`",
        ..ROW
    },
    Attr {
        name: "alias",
        aliases: &[Alias {
            name: "description",
            origin: "classic",
        }],
        on: On::Link,
        value: Grammar::Text { max: 255 },
        default: Some(""),
        wire: Wire::Link(&IFALIAS),
        trials: &[trial("uplink to rack 4", "ifalias", Text("uplink to rack 4"))],
        doc: "A description that the kernel keeps with the link.",
        example: "uplink to rack 4",
        source: "ifupdown-addons-interfaces(5); ip-link(8) `alias`; IFALIASZ in linux/if.h",
        ..ROW
    },
    Attr {
        name: "link-down",
        on: On::Link,
        value: Grammar::Bool,
        default: Some("no"),
        doc: "Keep the link administratively down: it is made and set up in every other way.",
        example: "yes",
        source: "ifupdown-addons-interfaces(5) `link-down`",
        ..ROW
    },
    Attr {
        name: "link-type",
        decides: true,
        on: On::Link,
        doc: "Kind of a link that no other option gives away: `dummy`, `veth` or `macvlan`; the words `bridge`, `bond`, \
              `vlan`, `vxlan` and `vrf` are allowed too.",
        example: "dummy",
        source: "ifupdown-addons-interfaces(5) `link-type`",
        ..ROW
    },
    Attr {
        name: "ip-forward",
        aliases: &[Alias {
            name: "forward-ipv4",
            origin: "ifupdown-ng",
        }],
        on: On::Link,
        value: Grammar::Bool,
        wire: Wire::Conf4(CONF4_FORWARDING, "forwarding"),
        trials: &[setting("on")],
        doc: "Whether IPv4 packets that come in here are routed on. Without the option the link has what \
              net.ipv4.ip_forward gives it.",
        example: "on",
        source: "ifupdown-addons-interfaces(5); kernel documentation ip-sysctl `forwarding`",
        ..ROW
    },
    Attr {
        name: "proxy-arp",
        aliases: &[Alias {
            name: "ip-proxy-arp",
            origin: "vlan",
        }],
        on: On::Link,
        value: Grammar::Bool,
        wire: Wire::Conf4(CONF4_PROXY_ARP, "proxy_arp"),
        trials: &[setting("on")],
        doc: "Whether the host answers ARP requests for addresses that it would route to another link.",
        example: "on",
        source: "kernel documentation ip-sysctl `proxy_arp`",
        ..ROW
    },
    Attr {
        name: "arp-accept",
        on: On::Link,
        value: Grammar::WordsOrRange {
            words: &[("off", 0), ("on", 1), ("no", 0), ("yes", 1)],
            min: 0,
            max: 2,
        },
        wire: Wire::Conf4(CONF4_ARP_ACCEPT, "arp_accept"),
        trials: &[setting("2")],
        doc: "Whether a gratuitous ARP of an unknown neighbour makes an entry: no, yes, or (2) only of one in a subnet of \
              this link.",
        example: "on",
        source: "ifupdown-addons-interfaces(5); kernel documentation ip-sysctl `arp_accept`",
        ..ROW
    },
    Attr {
        name: "ip6-forward",
        aliases: &[Alias {
            name: "forward-ipv6",
            origin: "ifupdown-ng",
        }],
        on: On::Link,
        value: Grammar::Bool,
        wire: Wire::Conf6(CONF6_FORWARDING, "forwarding"),
        trials: &[setting("on")],
        doc: "Whether the link behaves as one of an IPv6 router. Without the option the link has what \
              net.ipv6.conf.all.forwarding gives it.",
        example: "on",
        source: "ifupdown-addons-interfaces(5); kernel documentation ip-sysctl `conf/all/forwarding`",
        ..ROW
    },
    Attr {
        name: "disable-ipv6",
        aliases: &[Alias {
            name: "disable-ip6",
            origin: "ifupdown2",
        }],
        on: On::Link,
        value: Grammar::Bool,
        wire: Wire::Conf6(CONF6_DISABLE_IPV6, "disable_ipv6"),
        trials: &[setting("yes")],
        doc: "Switches IPv6 off on this link: its IPv6 addresses go, also the link-local one. A port of a bridge has it \
              switched off, unless its own stanza says anything of IPv6: the bridge has the addresses.",
        example: "yes",
        source: "ifupdown-addons-interfaces(5); kernel documentation ip-sysctl `disable_ipv6`",
        ..ROW
    },
    Attr {
        name: "accept-ra",
        on: On::Link,
        value: Grammar::Choice(RA_WORDS),
        wire: Wire::Conf6(CONF6_ACCEPT_RA, "accept_ra"),
        trials: &[setting("2")],
        doc: "Whether router advertisements are honoured: never, unless the link forwards (1), or always (2).",
        example: "2",
        source: "interfaces(5) `accept_ra`; kernel documentation ip-sysctl `accept_ra`",
        ..ROW
    },
    Attr {
        name: "autoconf",
        on: On::Link,
        value: Grammar::Bool,
        wire: Wire::Conf6(CONF6_AUTOCONF, "autoconf"),
        trials: &[setting("no")],
        doc: "Whether addresses are made from prefixes in router advertisements.",
        example: "0",
        source: "interfaces(5) `autoconf`; kernel documentation ip-sysctl `autoconf`",
        ..ROW
    },
    Attr {
        name: "privext",
        on: On::Link,
        value: Grammar::Choice(RA_WORDS),
        wire: Wire::Conf6(CONF6_USE_TEMPADDR, "use_tempaddr"),
        trials: &[setting("2")],
        doc: "Temporary (privacy) IPv6 addresses: none, made (1), or made and preferred (2).",
        example: "2",
        source: "interfaces(5) `privext`; kernel documentation ip-sysctl `use_tempaddr`",
        ..ROW
    },
    Attr {
        name: "dad-transmits",
        on: On::Link,
        value: Grammar::Range { min: 0, max: 255 },
        unit: Unit::Count,
        wire: Wire::Conf6(CONF6_DAD_TRANSMITS, "dad_transmits"),
        trials: &[setting("3")],
        doc: "How many neighbour solicitations look for a duplicate of a new IPv6 address; 0 skips the search.",
        example: "1",
        source: "kernel documentation ip-sysctl `dad_transmits`",
        ..ROW
    },
    Attr {
        name: "ipv6-addrgen",
        on: On::Link,
        value: Grammar::Choice(&[
            ("on", 0),
            ("off", 1),
            ("eui64", 0),
            ("none", 1),
            ("stable-privacy", 2),
            ("random", 3),
            ("yes", 0),
            ("no", 1),
        ]),
        wire: Wire::AddrGenMode,
        trials: &[
            trial("off", "inet6_addr_gen_mode", Text("none")),
            trial("random", "inet6_addr_gen_mode", Text("random")),
        ],
        doc: "Whether and how the kernel makes the IPv6 link-local address; `off` makes none.",
        example: "off",
        source: "ifupdown-addons-interfaces(5); ip-link(8) `addrgenmode`; IN6_ADDR_GEN_MODE in linux/if_link.h",
        ..ROW
    },
    Attr {
        name: "address-purge",
        on: On::Link,
        value: Grammar::Bool,
        default: Some("yes"),
        doc: "Whether addresses that this program set and that the file no longer names are removed. Addresses set by \
              others always stay.",
        example: "no",
        source: "ifupdown-addons-interfaces(5) `address-purge`",
        ..ROW
    },
    hook("pre-up", "Command before the link is up."),
    hook("up", "Command when the link is up and has its addresses and routes."),
    hook("post-up", "Command after all else is up."),
    hook("pre-down", "Command before anything is taken away."),
    hook("down", "Command while the addresses are still there."),
    hook("post-down", "Command after the link is down or gone."),
];

const fn hook(name: &'static str, doc: &'static str) -> Attr {
    Attr {
        name,
        times: Times::Many,
        doc,
        example: "echo \"$IFACE\"",
        source: "interfaces(5), IFACE OPTIONS",
        ..ROW
    }
}
