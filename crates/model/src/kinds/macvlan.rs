//! Macvlan links.

use super::{Below, Drawn, KindRow, Lack, Mtu, New, ROW, Told};
use crate::fake::{EBUSY, EINVAL};
use crate::kernel::KernelError;
use crate::types::Kind;

/// *Source*: `macvlan_common_newlink` in drivers/net/macvlan.c.
pub(super) static ROWS: &[KindRow] = &[KindRow {
    own: Some(Kind::Macvlan),
    word: "macvlan",
    called: "a macvlan link",
    label: "macvlan",
    drawn: Drawn::Vlan,
    module: "macvlan",
    told_by: &[
        Told::By("macvlan-raw-device"),
        Told::By("macvlan-mode"),
        Told::As("link-type", "macvlan"),
    ],
    below: Below::Link(Some("macvlan-raw-device")),
    lacks: &[Lack {
        option: "macvlan-raw-device",
        code: "macvlan-without-device",
        text: "does not say which link it is on",
    }],
    mtu: Mtu::Below,
    refuses,
    ..ROW
}];

fn refuses(new: &New<'_>) -> Result<(), KernelError> {
    let below = new.below.ok_or_else(|| KernelError::errno(EINVAL))?;
    match below
        .port_kind
        .as_ref()
        .is_some_and(|kind| kind.row().is_layer_2_master())
    {
        true => Err(KernelError::errno(EBUSY)),
        false => Ok(()),
    }
}
