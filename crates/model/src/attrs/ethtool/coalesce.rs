//! When a NIC interrupts the host: `ethtool -C`.

use super::{NIC, ON_OFF, ng, number};
use crate::attr::{Attr, Grammar};
use crate::ethtool::Group;

/// One row: the word of ethtool(8), its number and name in linux/ethtool_netlink.h, what it takes, what it does.
macro_rules! coalesce {
    ($word:literal, $number:literal, $header:literal, $value:expr, $example:literal, $doc:literal) => {
        Attr {
            name: concat!("hardware-irq-coalesce-", $word),
            aliases: &[ng(concat!("ethtool-coalesce-", $word))],
            value: $value,
            wire: number(Group::Coalesce, $number, concat!("ETHTOOL_A_COALESCE_", $header), $word),
            doc: $doc,
            example: $example,
            source: concat!("ethtool(8) `-C`, `", $word, "`"),
            ..NIC
        }
    };
}

const COUNT: Grammar = Grammar::Range {
    min: 0,
    max: u32::MAX as u64,
};

/// The rows.
pub static ROWS: &[Attr] = &[
    coalesce!(
        "rx-usecs",
        2,
        "RX_USECS",
        COUNT,
        "10",
        "Microseconds that the NIC waits after a received frame before it interrupts the host."
    ),
    coalesce!(
        "rx-frames",
        3,
        "RX_MAX_FRAMES",
        COUNT,
        "11",
        "Received frames after which the NIC interrupts the host without waiting longer."
    ),
    coalesce!(
        "rx-usecs-irq",
        4,
        "RX_USECS_IRQ",
        COUNT,
        "12",
        "As `hardware-irq-coalesce-rx-usecs`, while the host is handling an interrupt."
    ),
    coalesce!(
        "rx-frames-irq",
        5,
        "RX_MAX_FRAMES_IRQ",
        COUNT,
        "13",
        "As `hardware-irq-coalesce-rx-frames`, while the host is handling an interrupt."
    ),
    coalesce!(
        "tx-usecs",
        6,
        "TX_USECS",
        COUNT,
        "14",
        "Microseconds that the NIC waits after a sent frame before it interrupts the host."
    ),
    coalesce!(
        "tx-frames",
        7,
        "TX_MAX_FRAMES",
        COUNT,
        "15",
        "Sent frames after which the NIC interrupts the host without waiting longer."
    ),
    coalesce!(
        "tx-usecs-irq",
        8,
        "TX_USECS_IRQ",
        COUNT,
        "16",
        "As `hardware-irq-coalesce-tx-usecs`, while the host is handling an interrupt."
    ),
    coalesce!(
        "tx-frames-irq",
        9,
        "TX_MAX_FRAMES_IRQ",
        COUNT,
        "17",
        "As `hardware-irq-coalesce-tx-frames`, while the host is handling an interrupt."
    ),
    coalesce!(
        "stats-block-usecs",
        10,
        "STATS_BLOCK_USECS",
        COUNT,
        "18",
        "Microseconds between two copies of the NIC's counters to the host."
    ),
    coalesce!(
        "adaptive-rx",
        11,
        "USE_ADAPTIVE_RX",
        ON_OFF,
        "on",
        "Whether the driver chooses the times for received frames by the load."
    ),
    coalesce!(
        "adaptive-tx",
        12,
        "USE_ADAPTIVE_TX",
        ON_OFF,
        "on",
        "Whether the driver chooses the times for sent frames by the load."
    ),
    coalesce!(
        "pkt-rate-low",
        13,
        "PKT_RATE_LOW",
        COUNT,
        "21",
        "Frames a second below which the values for a low load hold."
    ),
    coalesce!(
        "rx-usecs-low",
        14,
        "RX_USECS_LOW",
        COUNT,
        "22",
        "As `hardware-irq-coalesce-rx-usecs`, at a low load."
    ),
    coalesce!(
        "rx-frames-low",
        15,
        "RX_MAX_FRAMES_LOW",
        COUNT,
        "23",
        "As `hardware-irq-coalesce-rx-frames`, at a low load."
    ),
    coalesce!(
        "tx-usecs-low",
        16,
        "TX_USECS_LOW",
        COUNT,
        "24",
        "As `hardware-irq-coalesce-tx-usecs`, at a low load."
    ),
    coalesce!(
        "tx-frames-low",
        17,
        "TX_MAX_FRAMES_LOW",
        COUNT,
        "25",
        "As `hardware-irq-coalesce-tx-frames`, at a low load."
    ),
    coalesce!(
        "pkt-rate-high",
        18,
        "PKT_RATE_HIGH",
        COUNT,
        "26",
        "Frames a second above which the values for a high load hold."
    ),
    coalesce!(
        "rx-usecs-high",
        19,
        "RX_USECS_HIGH",
        COUNT,
        "27",
        "As `hardware-irq-coalesce-rx-usecs`, at a high load."
    ),
    coalesce!(
        "rx-frames-high",
        20,
        "RX_MAX_FRAMES_HIGH",
        COUNT,
        "28",
        "As `hardware-irq-coalesce-rx-frames`, at a high load."
    ),
    coalesce!(
        "tx-usecs-high",
        21,
        "TX_USECS_HIGH",
        COUNT,
        "29",
        "As `hardware-irq-coalesce-tx-usecs`, at a high load."
    ),
    coalesce!(
        "tx-frames-high",
        22,
        "TX_MAX_FRAMES_HIGH",
        COUNT,
        "30",
        "As `hardware-irq-coalesce-tx-frames`, at a high load."
    ),
    coalesce!(
        "sample-interval",
        23,
        "RATE_SAMPLE_INTERVAL",
        COUNT,
        "31",
        "Seconds over which the driver measures the load."
    ),
];
