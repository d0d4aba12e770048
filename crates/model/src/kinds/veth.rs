//! Pairs of Ethernet links.

use super::{Below, KindRow, Lack, Mtu, ROW, Told};
use crate::types::Kind;

/// *Source*: drivers/net/veth.c.
pub(super) static ROWS: &[KindRow] = &[KindRow {
    own: Some(Kind::Veth),
    word: "veth",
    called: "a veth pair",
    label: "veth",
    module: "veth",
    told_by: &[Told::By("veth-peer-name"), Told::As("link-type", "veth")],
    below: Below::Peer("veth-peer-name"),
    lacks: &[Lack {
        option: "veth-peer-name",
        code: "veth-without-peer",
        text: "does not say what its other end is called",
    }],
    mtu: Mtu::Others,
    ..ROW
}];
