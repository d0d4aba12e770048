//! Bridges.

use super::{Drawn, KindRow, MacFrom, Mtu, Ports, ROW, Told};
use crate::types::Kind;

/// *Source*: `br_mtu_auto_adjust` (the smallest MTU of the ports), `br_stp_recalculate_bridge_id` in net/bridge.
pub(super) static ROWS: &[KindRow] = &[KindRow {
    own: Some(Kind::Bridge),
    word: "bridge",
    called: "a bridge",
    label: "bridge",
    drawn: Drawn::Bridge,
    module: "bridge",
    devtype: true,
    told_by: &[Told::By("bridge-ports"), Told::As("link-type", "bridge")],
    ports: Some(Ports {
        listed: Some("bridge-ports"),
        said: None,
        layer_2: true,
    }),
    mtu: Mtu::OfPorts,
    mac: MacFrom::Ports,
    ..ROW
}];
