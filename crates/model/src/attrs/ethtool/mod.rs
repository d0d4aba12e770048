//! Options of NICs: what ethtool(8) sets. Numbers: linux/ethtool_netlink.h.
//!
//! The names are those of ifupdown2 where it has one, else those that Debian's ethtool package reads; a stanza may have
//! either, and ifupdown-ng's.

pub mod coalesce;
pub mod offload;

use crate::attr::{Alias, Attr, Grammar, Need, On, ROW, Unit, Wire};
use crate::ethtool::{AUTONEG, DUPLEX, Field, Form, Group, MAX, SPEED};

pub(super) const ON_OFF: Grammar = Grammar::Choice(&[
    ("on", 1),
    ("off", 0),
    ("yes", 1),
    ("no", 0),
    ("1", 1),
    ("0", 0),
    ("true", 1),
    ("false", 0),
]);

/// A size or number, or the largest that the driver takes.
const UP_TO_MAX: Grammar = Grammar::WordsOrRange {
    words: &[("max", MAX as u64)],
    min: 0,
    max: i32::MAX as u64,
};

/// What a fixed speed needs; with negotiation on the NICs agree on it.
const FIXED: &[Need] = &[Need::OneOf {
    attr: "link-autoneg",
    values: &[0],
    refused: false,
}];

/// The name that the hook of Debian's ethtool package reads.
pub(super) const fn debian(name: &'static str) -> Alias {
    Alias {
        name,
        origin: "ethtool",
    }
}

/// The name that ifupdown-ng reads.
pub(super) const fn ng(name: &'static str) -> Alias {
    Alias {
        name,
        origin: "ifupdown-ng",
    }
}

pub(super) const fn number(group: Group, number: u16, header: &'static str, word: &'static str) -> Wire {
    field(group, number, header, word, Form::Number)
}

pub(super) const fn field(group: Group, number: u16, header: &'static str, word: &'static str, form: Form) -> Wire {
    Wire::Ethtool(Field {
        group,
        number,
        header,
        word,
        form,
    })
}

/// The rows.
pub static ROWS: &[Attr] = &[
    Attr {
        name: "link-speed",
        aliases: &[ng("ethtool-link-speed")],
        value: Grammar::Range {
            min: 10,
            max: 1_600_000,
        },
        wire: number(Group::LinkModes, SPEED, "ETHTOOL_A_LINKMODES_SPEED", "speed"),
        needs: FIXED,
        doc: "Speed of the NIC in Mb/s, without negotiation: `link-autoneg off` is meant where nothing is written, and \
              `link-duplex full`. The link may lose its carrier for some seconds when it changes.",
        example: "1000",
        source: "ethtool(8) `-s`, `speed`",
        ..NIC
    },
    Attr {
        name: "link-duplex",
        aliases: &[ng("ethtool-link-duplex")],
        value: Grammar::Choice(&[("full", 1), ("half", 0)]),
        wire: number(Group::LinkModes, DUPLEX, "ETHTOOL_A_LINKMODES_DUPLEX", "duplex"),
        needs: FIXED,
        doc: "Whether the NIC sends and receives at the same time, without negotiation.",
        example: "full",
        source: "ethtool(8) `-s`, `duplex`",
        ..NIC
    },
    Attr {
        name: "link-autoneg",
        aliases: &[debian("ethernet-autoneg"), ng("ethtool-ethernet-autoneg")],
        value: ON_OFF,
        wire: number(Group::LinkModes, AUTONEG, "ETHTOOL_A_LINKMODES_AUTONEG", "autoneg"),
        doc: "Whether the NIC negotiates speed and duplex with the other end.",
        example: "on",
        source: "ethtool(8) `-s`, `autoneg`",
        ..NIC
    },
    Attr {
        name: "link-lanes",
        value: Grammar::Range { min: 1, max: 16 },
        wire: number(Group::LinkModes, 9, "ETHTOOL_A_LINKMODES_LANES", "lanes"),
        doc: "Number of lanes that the NIC uses at its speed.",
        example: "4",
        source: "ethtool(8) `-s`, `lanes`",
        ..NIC
    },
    Attr {
        name: "link-fec",
        aliases: &[ng("ethtool-link-fec")],
        value: Grammar::Choice(&[("auto", 0), ("off", 1), ("rs", 2), ("baser", 3), ("llrs", 4)]),
        wire: field(Group::Fec, 2, "ETHTOOL_A_FEC_MODES", "encoding", Form::Fec),
        doc: "Forward error correction of the NIC; both ends must have the same.",
        example: "rs",
        source: "ethtool(8) `--set-fec`",
        ..NIC
    },
    Attr {
        name: "ethernet-port",
        aliases: &[ng("ethtool-ethernet-port")],
        value: Grammar::Choice(&[("tp", 0), ("aui", 1), ("mii", 2), ("fibre", 3), ("bnc", 4)]),
        wire: number(Group::LinkInfo, 2, "ETHTOOL_A_LINKINFO_PORT", "port"),
        doc: "Connector of a NIC that has several.",
        example: "tp",
        source: "ethtool(8) `-s`, `port`",
        ..NIC
    },
    Attr {
        name: "eee",
        value: ON_OFF,
        wire: number(Group::Eee, 5, "ETHTOOL_A_EEE_ENABLED", "eee"),
        doc: "Energy-efficient Ethernet: the NIC sleeps between frames where both ends can. Some NICs lose frames by it.",
        example: "off",
        source: "ethtool(8) `--set-eee`, `eee`",
        ..NIC
    },
    Attr {
        name: "eee-tx-lpi",
        value: ON_OFF,
        wire: number(Group::Eee, 6, "ETHTOOL_A_EEE_TX_LPI_ENABLED", "tx-lpi"),
        doc: "Whether the NIC tells the other end that it sleeps.",
        example: "off",
        source: "ethtool(8) `--set-eee`, `tx-lpi`",
        ..NIC
    },
    Attr {
        name: "eee-tx-timer",
        value: Grammar::Range {
            min: 0,
            max: i32::MAX as u64,
        },
        wire: number(Group::Eee, 7, "ETHTOOL_A_EEE_TX_LPI_TIMER", "tx-timer"),
        doc: "Microseconds that the NIC stays awake after its last frame.",
        example: "20",
        source: "ethtool(8) `--set-eee`, `tx-timer`",
        ..NIC
    },
    Attr {
        name: "ethernet-pause-autoneg",
        aliases: &[ng("ethtool-pause-autoneg")],
        value: ON_OFF,
        wire: number(Group::Pause, 2, "ETHTOOL_A_PAUSE_AUTONEG", "autoneg"),
        doc: "Whether the NIC negotiates pause frames with the other end.",
        example: "off",
        source: "ethtool(8) `-A`, `autoneg`",
        ..NIC
    },
    Attr {
        name: "ethernet-pause-rx",
        aliases: &[ng("ethtool-pause-rx")],
        value: ON_OFF,
        wire: number(Group::Pause, 3, "ETHTOOL_A_PAUSE_RX", "rx"),
        doc: "Whether the NIC stops sending for a pause frame that it gets.",
        example: "off",
        source: "ethtool(8) `-A`, `rx`",
        ..NIC
    },
    Attr {
        name: "ethernet-pause-tx",
        aliases: &[ng("ethtool-pause-tx")],
        value: ON_OFF,
        wire: number(Group::Pause, 4, "ETHTOOL_A_PAUSE_TX", "tx"),
        doc: "Whether the NIC sends pause frames.",
        example: "off",
        source: "ethtool(8) `-A`, `tx`",
        ..NIC
    },
    Attr {
        name: "ring-rx",
        aliases: &[debian("hardware-dma-ring-rx"), ng("ethtool-dma-ring-rx")],
        value: UP_TO_MAX,
        wire: field(Group::Rings, 6, "ETHTOOL_A_RINGS_RX", "rx", Form::UpTo(2)),
        doc: "Number of received frames that the NIC keeps for the host, or `max`.",
        example: "4096",
        source: "ethtool(8) `-G`, `rx`",
        ..NIC
    },
    Attr {
        name: "ring-rx-mini",
        aliases: &[debian("hardware-dma-ring-rx-mini"), ng("ethtool-dma-ring-rx-mini")],
        value: UP_TO_MAX,
        wire: field(Group::Rings, 7, "ETHTOOL_A_RINGS_RX_MINI", "rx-mini", Form::UpTo(3)),
        doc: "The same for small frames, where the NIC has a ring of its own for them.",
        example: "128",
        source: "ethtool(8) `-G`, `rx-mini`",
        ..NIC
    },
    Attr {
        name: "ring-rx-jumbo",
        aliases: &[debian("hardware-dma-ring-rx-jumbo"), ng("ethtool-dma-ring-rx-jumbo")],
        value: UP_TO_MAX,
        wire: field(Group::Rings, 8, "ETHTOOL_A_RINGS_RX_JUMBO", "rx-jumbo", Form::UpTo(4)),
        doc: "The same for large frames, where the NIC has a ring of its own for them.",
        example: "max",
        source: "ethtool(8) `-G`, `rx-jumbo`",
        ..NIC
    },
    Attr {
        name: "ring-tx",
        aliases: &[debian("hardware-dma-ring-tx"), ng("ethtool-dma-ring-tx")],
        value: UP_TO_MAX,
        wire: field(Group::Rings, 9, "ETHTOOL_A_RINGS_TX", "tx", Form::UpTo(5)),
        doc: "Number of frames that wait in the NIC to be sent, or `max`.",
        example: "max",
        source: "ethtool(8) `-G`, `tx`",
        ..NIC
    },
    Attr {
        name: "channels-rx",
        value: UP_TO_MAX,
        wire: field(Group::Channels, 6, "ETHTOOL_A_CHANNELS_RX_COUNT", "rx", Form::UpTo(2)),
        doc: "Number of queues of the NIC that only receive, or `max`.",
        example: "4",
        source: "ethtool(8) `-L`, `rx`",
        ..NIC
    },
    Attr {
        name: "channels-tx",
        value: UP_TO_MAX,
        wire: field(Group::Channels, 7, "ETHTOOL_A_CHANNELS_TX_COUNT", "tx", Form::UpTo(3)),
        doc: "Number of queues of the NIC that only send, or `max`.",
        example: "4",
        source: "ethtool(8) `-L`, `tx`",
        ..NIC
    },
    Attr {
        name: "channels-other",
        value: UP_TO_MAX,
        wire: field(
            Group::Channels,
            8,
            "ETHTOOL_A_CHANNELS_OTHER_COUNT",
            "other",
            Form::UpTo(4),
        ),
        doc: "Number of interrupts of the NIC for other things than frames, or `max`.",
        example: "1",
        source: "ethtool(8) `-L`, `other`",
        ..NIC
    },
    Attr {
        name: "channels-combined",
        value: UP_TO_MAX,
        wire: field(
            Group::Channels,
            9,
            "ETHTOOL_A_CHANNELS_COMBINED_COUNT",
            "combined",
            Form::UpTo(5),
        ),
        doc: "Number of queues of the NIC that send and receive, or `max`.",
        example: "max",
        source: "ethtool(8) `-L`, `combined`",
        ..NIC
    },
    Attr {
        name: "ethernet-wol",
        aliases: &[ng("ethtool-ethernet-wol")],
        value: Grammar::Letters("pumbagsf"),
        wire: field(
            Group::Wol,
            2,
            "ETHTOOL_A_WOL_MODES",
            "wol",
            Form::Flags(&[
                "phy",
                "ucast",
                "mcast",
                "bcast",
                "arp",
                "magic",
                "magicsecure",
                "filter",
            ]),
        ),
        doc: "What wakes the host: `g` a magic packet, `p` the cable, `u`, `m`, `b` and `a` packets to the host, to a group, to \
              all, and ARP, `f` a filter; `d` nothing. A password (`s`) is not set.",
        example: "g",
        source: "ethtool(8) `-s`, `wol`",
        ..NIC
    },
    Attr {
        name: "driver-message-level",
        aliases: &[ng("ethtool-msglvl")],
        value: Grammar::Mask { max: 0x7fff },
        wire: field(
            Group::Debug,
            2,
            "ETHTOOL_A_DEBUG_MSGMASK",
            "msglvl",
            Form::Flags(&[
                "drv",
                "probe",
                "link",
                "timer",
                "ifdown",
                "ifup",
                "rx_err",
                "tx_err",
                "tx_queued",
                "intr",
                "tx_done",
                "rx_status",
                "pktdata",
                "hw",
                "wol",
            ]),
        ),
        doc: "What the NIC's driver logs, one bit for each sort of message.",
        example: "0x7",
        source: "ethtool(8) `-s`, `msglvl`; NETIF_MSG_* in linux/netdevice.h",
        ..NIC
    },
];

/// An option of a NIC.
pub(super) const NIC: Attr = Attr {
    on: On::Nic,
    unit: Unit::None,
    ..ROW
};
