//! Bonds.

use super::{Drawn, KindRow, MacFrom, Mtu, Ports, ROW, Told};
use crate::attrs::bond::{ACTIVE_SLAVE, PRIMARY};
use crate::types::Kind;

/// *Source*: drivers/net/bonding/bond_main.c.
pub(super) static ROWS: &[KindRow] = &[KindRow {
    own: Some(Kind::Bond),
    word: "bond",
    called: "a bond",
    label: "bond",
    drawn: Drawn::Bond,
    module: "bonding",
    devtype: true,
    told_by: &[
        Told::By("bond-slaves"),
        Told::By("bond-mode"),
        Told::As("link-type", "bond"),
    ],
    ports: Some(Ports {
        listed: Some("bond-slaves"),
        said: Some("bond-master"),
        layer_2: true,
    }),
    mtu: Mtu::GivenToPorts,
    mac: MacFrom::Ports,
    detail: Some(("bond-mode", "")),
    links: &[ACTIVE_SLAVE.number, PRIMARY.number],
    ..ROW
}];
