//! MTUs, computed over the whole stack: a link without an `mtu` line has what a boot would give it over the link that it
//! stands on.

use super::builder::Builder;
use super::{gone, link};
use crate::attr::Value;
use crate::desired::WantLink;
use crate::hash::Map;
use crate::kinds::Mtu;
use crate::name::IfName;
use crate::nla::Attrs;
use crate::op::Op;
use crate::snapshot::{IFLA_MTU, Link, Snapshot};
use crate::types::{Kind, Origin};
use cleat_diag::Diagnostic;

const MTU: &str = "mtu";

/// The MTU that the kernel would give the link if it were made now; `None` where it stands on nothing that says so, where
/// an `mtu` line does, or where its own hook lines set it.
///
/// *Shape*: `below` is the MTU of a link that this one stands on, or has as a port.
///
/// *Source*: `vlan_newlink`, `macvlan_common_newlink`, `vxlan_config_apply` (50 bytes for the outer packet, 70 where that is
/// IPv6), `br_mtu_auto_adjust` (the smallest of the ports').
pub(crate) fn derived(want: &WantLink, link: &Link, now: &Snapshot, below: &dyn Fn(&Link) -> u32) -> Option<u32> {
    let by_hooks = want.hooks.iter().any(|hook| hook.command.value.contains(MTU));
    if want.knob(MTU).is_some() || want.kind != link.kind || link.port_kind == Some(Kind::Bond) || by_hooks {
        return None;
    }
    let lower = link.below().and_then(|index| now.by_index(index));
    match link.kind.row().mtu {
        // A VLAN on MACsec has room for its tag taken off.
        Mtu::Below => lower
            .filter(|parent| link.kind != Kind::Vlan || parent.kind.word() != "macsec")
            .map(below),
        Mtu::Inside(outer) => lower.map(|device| below(device).saturating_sub(outer(&link.data))),
        Mtu::OfPorts => now.ports(link.index).map(below).min(),
        Mtu::Own | Mtu::Others | Mtu::GivenToPorts => None,
    }
}

/// The MTU that the link is to have, and who asked: its own line, what it stands on, or what it goes back to.
fn wanted(builder: &Builder<'_>, want: &WantLink, link: &Link, below: &dyn Fn(&Link) -> u32) -> Option<(u32, Origin)> {
    let number = |value: &Value| match value {
        Value::Number(mtu) => u32::try_from(*mtu).ok(),
        _ => None,
    };
    if let Some(knob) = want.knob(MTU) {
        return Some((number(&knob.value)?, knob.origin));
    }
    if let Some(mtu) = derived(want, link, builder.now(), below) {
        return Some((mtu, want.origin));
    }
    let ours = builder.owned.get(want.name).is_some_and(|owned| owned.sets(MTU));
    let row = crate::table::find(MTU).filter(|_| ours)?;
    Some((number(&gone::value(builder, want, link, row)?)?, want.origin))
}

/// What a link without an `mtu` line goes back to, where it stands on nothing: what the kernel gives a new one.
pub(super) fn usual(link: &Link, row: &crate::attr::Attr) -> Option<Value> {
    if link.is_loopback() {
        // `loopback_setup`
        return Some(Value::Number(65536));
    }
    match matches!(link.kind, Kind::Physical | Kind::Other(_)) {
        true => row.default_value(),
        false => Some(Value::Number(u64::from(link.kind.row().fresh_mtu))),
    }
}

/// Lowers MTUs, upper links first, so that none is ever above the link that it stands on.
pub(super) fn lower(builder: &mut Builder<'_>, links: &[&WantLink]) {
    let mut future: Map<u32, u32> = Map::default();
    let mut lowered: Vec<(IfName, u32, Origin)> = Vec::new();
    for want in links {
        let Some(link) = builder.link(want.name) else { continue };
        let below = |lower: &Link| future.get(&lower.index).copied().unwrap_or_else(|| lower.mtu());
        let Some((mtu, origin)) = wanted(builder, want, link, &below) else {
            continue;
        };
        // The kernel lowers a bridge with its ports, and no longer does once we did.
        let follows = link.kind == Kind::Bridge && want.knob(MTU).is_none();
        if link.mtu() > mtu && !follows {
            lowered.push((want.name, mtu, origin));
        }
        let index = link.index;
        future.insert(index, mtu);
    }
    for (name, mtu, origin) in lowered.into_iter().rev() {
        if builder.link(name).is_some_and(|link| link.mtu() > mtu) {
            set(builder, name, mtu, origin);
        }
    }
}

/// Raises the MTU of a link that is there, before the links above it are made or raised.
pub(super) fn raise(builder: &mut Builder<'_>, want: &WantLink) {
    if want.kind != Kind::Bridge {
        adjust(builder, want, |now, wanted| now < wanted);
    }
}

/// Brings a link to the MTU of what it stands on, which may have changed as ports came and went.
pub(super) fn follow(builder: &mut Builder<'_>, want: &WantLink) {
    if want.knob(MTU).is_none() {
        adjust(builder, want, |now, wanted| now != wanted);
    }
}

fn adjust(builder: &mut Builder<'_>, want: &WantLink, differs: fn(u32, u32) -> bool) {
    let Some(link) = builder.link(want.name) else { return };
    if let Some((mtu, origin)) = wanted(builder, want, link, &Link::mtu)
        && differs(link.mtu(), mtu)
    {
        set(builder, want.name, mtu, origin);
    }
}

/// The links that the kernel lowers with one whose MTU a step sets. Their own MTUs go first, each in a request before: were
/// one of those refused, taking this step back would not raise them again.
pub(super) fn lowered_with(builder: &mut Builder<'_>, op: &Op) -> Vec<IfName> {
    let index = match op {
        Op::SetLink { name, link } if link.get(IFLA_MTU).is_some() => builder.link(*name).map(|link| link.index),
        _ => None,
    };
    index.map(|index| builder.hanging(index).1).unwrap_or_default()
}

/// Sets it, and names the links of others that change with it.
fn set(builder: &mut Builder<'_>, name: IfName, mtu: u32, origin: Origin) {
    let foreign = |builder: &Builder<'_>| -> Vec<(IfName, u32)> {
        let links = builder.now().links().iter();
        let others = links.filter(|link| builder.want(link.name).is_none() && !builder.owned.created(link.name));
        others.map(|link| (link.name, link.mtu())).collect()
    };
    let before = foreign(builder);
    let mut attrs = Attrs::new();
    attrs.push(IFLA_MTU, &mtu.to_ne_bytes());
    builder.op(name, Op::SetLink { name, link: attrs }, origin);
    let after = foreign(builder);
    let changed = after.iter().filter(|now| !before.contains(now));
    let list: Vec<String> = changed.map(|(name, mtu)| format!("{name} ({mtu})")).collect();
    if list.is_empty() {
        return;
    }
    let text = format!(
        "MTU {mtu} of {name} changes links that others made: {}",
        list.join(", ")
    );
    let notice = Diagnostic::warning("interrupts", text);
    if let Some(want) = builder.want(name) {
        builder.say(link::located(notice, want, origin));
    }
}
