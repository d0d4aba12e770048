//! Links that are not made here: NICs, and kinds that have no row.

use super::{Below, KindRow, ROW};
use crate::types::Kind;

/// No `IFLA_INFO_KIND`.
pub(super) static PHYSICAL: KindRow = KindRow {
    own: Some(Kind::Physical),
    called: "a NIC",
    label: "NIC",
    // A port of a switch chip has the link to its processor there.
    below: Below::Link(None),
    // Of the drivers that say nothing.
    sizes: (68, 65536),
    ..ROW
};

/// A kind of the kernel's that nothing here makes.
pub(super) static OTHER: KindRow = KindRow {
    called: "a link of another kind",
    below: Below::Link(None),
    sizes: (0, u64::MAX),
    ..ROW
};
