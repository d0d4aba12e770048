//! Virtual routing and forwarding.

use super::{Drawn, KindRow, New, Ports, ROW, Told};
use crate::attrs::virtual_link::VRF_TABLE;
use crate::fake::{EINVAL, refuse};
use crate::kernel::KernelError;
use crate::types::Kind;

/// *Source*: `vrf_setup` (IPV6_MIN_MTU and IP6_MAX_MTU) and `vrf_newlink` in drivers/net/vrf.c.
pub(super) static ROWS: &[KindRow] = &[KindRow {
    own: Some(Kind::Vrf),
    word: "vrf",
    called: "a VRF",
    label: "VRF",
    drawn: Drawn::Vrf,
    module: "vrf",
    told_by: &[Told::By("vrf-table"), Told::As("link-type", "vrf")],
    ports: Some(Ports {
        listed: None,
        said: Some("vrf"),
        layer_2: false,
    }),
    fresh_mtu: 65575,
    sizes: (1280, 65575),
    detail: Some(("vrf-table", "table ")),
    identity: &[VRF_TABLE.number],
    refuses,
    ..ROW
}];

/// RT_TABLE_UNSPEC is not a table.
fn refuses(new: &New<'_>) -> Result<(), KernelError> {
    match new
        .data
        .get(VRF_TABLE.number)
        .and_then(|table| table.try_into().ok())
        .map(u32::from_ne_bytes)
    {
        None | Some(0) => Err(refuse(EINVAL, "Invalid VRF table id")),
        Some(_) => Ok(()),
    }
}
