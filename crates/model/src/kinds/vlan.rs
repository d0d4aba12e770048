//! VLAN links.

use super::{Below, Drawn, KindRow, Lack, MacFrom, Mtu, New, ROW, Told};
use crate::attrs::vlan::{ID, PROTOCOL};
use crate::fake::{EEXIST, EINVAL, ENETDOWN, ERANGE, refuse};
use crate::kernel::KernelError;
use crate::types::Kind;

/// *Source*: `vlan_newlink` and `vlan_setup` in net/8021q.
pub(super) static ROWS: &[KindRow] = &[KindRow {
    own: Some(Kind::Vlan),
    word: "vlan",
    called: "a VLAN link",
    label: "VLAN",
    drawn: Drawn::Vlan,
    module: "8021q",
    devtype: true,
    told_by: &[
        Told::By("vlan-raw-device"),
        Told::By("vlan-id"),
        Told::As("link-type", "vlan"),
    ],
    below: Below::Link(Some("vlan-raw-device")),
    lacks: &[
        Lack {
            option: "vlan-raw-device",
            code: "vlan-without-device",
            text: "does not say which link it is on",
        },
        Lack {
            option: "vlan-id",
            code: "vlan-without-id",
            text: "does not say which VLAN it is",
        },
    ],
    mtu: Mtu::Below,
    mac: MacFrom::Below,
    detail: Some(("vlan-id", "id ")),
    identity: &[ID.number, PROTOCOL.number],
    twin: Some("another VLAN link with this parent and id"),
    refuses,
    ..ROW
}];

fn refuses(new: &New<'_>) -> Result<(), KernelError> {
    let below = new.below.ok_or_else(|| refuse(EINVAL, "link not specified"))?;
    let id = new
        .data
        .get(ID.number)
        .ok_or_else(|| refuse(EINVAL, "VLAN id not specified"))?;
    if u16::from_ne_bytes(id.try_into().unwrap_or_default()) >= 4095 {
        return Err(refuse(ERANGE, "Invalid VLAN id"));
    }
    let on_it: Vec<_> = new
        .others
        .iter()
        .filter(|other| other.parent == Some(below.index))
        .cloned()
        .collect();
    let on_it = New { others: &on_it, ..*new };
    if on_it.is_taken(&Kind::Vlan, &[(ID.number, &[]), (PROTOCOL.number, &[0x81, 0])]) {
        return Err(refuse(EEXIST, "VLAN device already exists"));
    }
    if new.mtu.is_some_and(|mtu| mtu > below.mtu()) {
        return Err(KernelError::errno(EINVAL));
    }
    if new.up && !below.is_up() {
        return Err(KernelError::errno(ENETDOWN));
    }
    Ok(())
}
