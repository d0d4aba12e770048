//! VXLAN links.

use super::{Below, Drawn, KindRow, Lack, Mtu, New, ROW, Told};
use crate::attrs::vxlan::{ADDRESSES, GROUP6, ID, LINK, LOCAL6, PORT};
use crate::fake::{EEXIST, EINVAL, ERANGE, refuse};
use crate::kernel::KernelError;
use crate::nla::Attrs;
use crate::types::Kind;

/// *Source*: `vxlan_config_apply` and `vxlan_dev_configure` in drivers/net/vxlan.
pub(super) static ROWS: &[KindRow] = &[KindRow {
    own: Some(Kind::Vxlan),
    word: "vxlan",
    called: "a VXLAN link",
    label: "vxlan",
    drawn: Drawn::Tunnel,
    module: "vxlan",
    devtype: true,
    told_by: &[Told::By("vxlan-id"), Told::As("link-type", "vxlan")],
    below: Below::Data(LINK.number, "vxlan-physdev"),
    lacks: &[Lack {
        option: "vxlan-id",
        code: "vxlan-without-id",
        text: "does not say which network it is",
    }],
    mtu: Mtu::Inside(outer),
    detail: Some(("vxlan-id", "vni ")),
    identity: &[ID.number],
    addresses: &ADDRESSES,
    links: &[LINK.number],
    twin: Some("another VXLAN link with this id and port"),
    refuses,
    ..ROW
}];

/// Bytes of the outer packet: Ethernet, IP, UDP and VXLAN headers.
///
/// *Source*: `VXLAN_HEADROOM` and `VXLAN6_HEADROOM` of net/vxlan.h.
fn outer(data: &Attrs) -> u32 {
    let is_ipv6 = [GROUP6, LOCAL6].iter().any(|attr| data.get(attr.number).is_some());
    if is_ipv6 { 70 } else { 50 }
}

fn refuses(new: &New<'_>) -> Result<(), KernelError> {
    let id = new.data.get(ID.number).ok_or_else(|| KernelError::errno(EINVAL))?;
    if id.try_into().is_ok_and(|id| u32::from_ne_bytes(id) >= 1 << 24) {
        return Err(KernelError::errno(ERANGE));
    }
    // The kernel's own port is 8472.
    match new.is_taken(&Kind::Vxlan, &[(ID.number, &[]), (PORT.number, &8472u16.to_be_bytes())]) {
        true => Err(refuse(EEXIST, "A VXLAN device with the specified VNI already exists")),
        false => Ok(()),
    }
}
