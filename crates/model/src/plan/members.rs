//! Members of VRFs: in, and what moves with them.

use super::builder::{Builder, Gone};
use super::link::located;
use super::ports;
use crate::desired::{LinkRef, WantLink};
use crate::fake::{Piece, vrf_table};
use crate::name::IfName;
use crate::op::Op;
use crate::snapshot::{Link, Snapshot};
use crate::types::{Kind, Origin, Route};
use cleat_diag::Diagnostic;
use std::collections::BTreeMap;

/// `RT_TABLE_MAIN` of linux/rtnetlink.h.
const MAIN: u32 = 254;

/// Puts a link into its VRF (`ip link set NAME master VRF`), where that is there.
///
/// The kernel sets a member that is up down and up again (`cycle_netdev` in drivers/net/vrf.c): its IPv6 addresses and
/// all its routes go. The steps behind this one add what is wanted, [`super::repair`] what others had there.
pub(super) fn join(builder: &mut Builder<'_>, want: &WantLink, vrf: LinkRef) {
    let Some(upper) = builder.link(vrf.name).filter(|upper| upper.kind == Kind::Vrf) else {
        return;
    };
    let index = upper.index;
    let Some(found) = builder.link(want.name) else { return };
    if found.master == Some(index) {
        return;
    }
    if found.is_up() {
        let text = format!(
            "{} is set down and up by the kernel as it goes into {}",
            want.name, vrf.name
        );
        builder.say(located(Diagnostic::warning("interrupts", text), want, vrf.origin));
    }
    ports::join(builder, want.name, want.name, vrf.name, vrf.origin);
}

/// Takes a member out of its VRF as it is taken down (`ip link set NAME nomaster`): its own line put it there.
pub(super) fn leave(builder: &mut Builder<'_>, name: IfName, origin: Origin) {
    let vrf = builder.want(name).and_then(WantLink::vrf);
    let is = builder.link(name).and_then(|link| builder.master(link));
    if vrf.is_some_and(|vrf| is == Some(vrf.name)) {
        builder.gone(Gone::Master(name));
        builder.op(name, Op::SetMaster { name, master: None }, origin);
    }
}

/// The route as it is to be put back on a link that went into a VRF, out of one, or into another: one of the old table
/// belongs into the new one. `None`: a default route of a VRF, which must not become that of the host.
///
/// *Source*: the kernel's Documentation/networking/vrf.rst: routes of a device are dropped as it is enslaved, and are to
/// be added again in the table of the VRF.
pub(super) fn moved(route: &Route, (was, before): (&Link, &Snapshot), (is, now): (&Link, &Snapshot)) -> Option<Route> {
    let (old, new) = (vrf_table(was, before), vrf_table(is, now));
    if old == new || route.table != old.unwrap_or(MAIN) {
        return Some(route.clone());
    }
    let table = new.unwrap_or(MAIN);
    (new.is_some() || !route.is_default()).then(|| Route { table, ..route.clone() })
}

/// VLANs that went down and up again with the link that changed its master: what they are given in between is lost.
pub(super) fn cycled(builder: &mut Builder<'_>, op: &Op) -> Vec<IfName> {
    let Op::SetMaster { name, .. } = op else {
        return Vec::new();
    };
    let sim = builder.sim();
    let found = sim.touched().keys().filter_map(|index| sim.now().by_index(*index));
    let above = found.filter(|link| link.name != *name && link.kind == Kind::Vlan);
    above.map(|link| link.name).collect()
}

/// The masters that links had before a step. One that is deleted behind it waits for it, so that it is there again when
/// the step is taken back.
pub(super) fn left(builder: &Builder<'_>, touched: &BTreeMap<u32, Option<Piece>>) -> Vec<IfName> {
    let masters = touched.values().flatten().filter_map(|piece| piece.link.master);
    let found = masters.filter_map(|index| {
        let now = builder.now().by_index(index);
        now.or_else(|| builder.start.by_index(index))
    });
    found.map(|link| link.name).collect()
}

#[cfg(test)]
mod tests;
