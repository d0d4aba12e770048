//! Options of ports of a bond. Numbers: `IFLA_BOND_SLAVE_*` of linux/if_link.h; widths: `bond_slave_policy` in
//! drivers/net/bonding.

use crate::attr::Shown::Number;
use crate::attr::{Attr, Grammar, On, ROW, Spread, Wire, trial};
use crate::kernel_attr::Width::{U16, U32};
use crate::kernel_attr::{KernelAttr, Place};
use crate::types::Kind;

const PORT: Place = Place::port(&[Kind::Bond]);

const QUEUE_ID: KernelAttr = PORT.number(5, "IFLA_BOND_SLAVE_QUEUE_ID", "queue_id", U16, 0);

/// Attributes that no option sets.
pub static OTHERS: &[KernelAttr] = &[PORT.number(9, "IFLA_BOND_SLAVE_PRIO", "prio", U32, 0).since(6, 0)];

/// The rows.
pub static ROWS: &[Attr] = &[
    Attr {
        name: "bond-master",
        decides: true,
        on: On::BondPort,
        doc: "Makes this link a port of that bond, as if the bond's `bond-slaves` named it.",
        example: "bond0",
        source: "ifenslave's README.Debian",
        ..ROW
    },
    Attr {
        name: "bond-queue-id",
        on: On::BondPort,
        spread: Spread::No,
        value: Grammar::Range { min: 0, max: 65535 },
        default: Some("0"),
        wire: Wire::Port(&QUEUE_ID),
        trials: &[trial("2", "queue_id", Number(2))],
        doc: "Transmit queue that this port of a bond is for; 0 none. Written under the port.",
        example: "1",
        source: "kernel documentation bonding `queue_id`",
        ..ROW
    },
];
