//! Ports: in, out, their options and VLANs.

use super::builder::{Builder, Gone};
use super::{gone, knobs, link, undo};
use crate::attr::Value;
use crate::attrs::bond::PRIMARY;
use crate::desired::WantLink;
use crate::fake::takes_ipv6;
use crate::hash::Set;
use crate::kernel_attr::Nest;
use crate::name::IfName;
use crate::nla::Attrs;
use crate::op::Op;
use crate::owned::OwnedLink;
use crate::snapshot::{IFLA_ADDRESS, Link};
use crate::types::{Kind, Origin};
use crate::vlans::VlanMap;

/// Puts the wanted ports into a bridge, bond or VRF, and takes out those that we put there and nobody wants any longer.
pub(super) fn join_all(builder: &mut Builder<'_>, want: &WantLink, all: &Set<IfName>) {
    let name = want.name;
    let Some((index, kind)) = builder.link(name).map(|link| (link.index, &link.kind)) else {
        return;
    };
    if kind.row().ports.is_none() && !matches!(kind, Kind::Other(_)) {
        return;
    }
    keep_bond_mac(builder, want);
    let joining: Vec<(IfName, Origin)> = want
        .ports
        .iter()
        .filter(|port| builder.link(port.name).is_some_and(|link| link.master != Some(index)))
        .map(|port| (port.name, port.origin))
        .collect();
    let leaving: Vec<IfName> = builder
        .now()
        .ports(index)
        .map(|port| port.name)
        .filter(|port| !want.ports.iter().any(|wanted| wanted.name == *port))
        .filter(|port| match builder.want(*port).and_then(|want| want.master) {
            // It goes straight into its new master.
            Some(wanted) => wanted.name != name && !all.contains(&wanted.name),
            None => true,
        })
        .filter(|port| builder.owned.get(*port).is_some_and(|owned| owned.master == Some(name)))
        .collect();
    for (port, origin) in joining {
        join(builder, name, port, name, origin);
    }
    // Where the file does not say what it is, it does not say that it has no ports either.
    let said = want.kind != Kind::Physical;
    for port in leaving.into_iter().filter(|_| said) {
        builder.gone(Gone::Master(port));
        builder.op(
            name,
            Op::SetMaster {
                name: port,
                master: None,
            },
            want.origin,
        );
    }
}

/// Bridges that were made without a MAC choose it by their ports: where ports change, they keep the one that they have.
pub(super) fn pin_macs(builder: &mut Builder<'_>) {
    let links: Vec<&WantLink> = builder.desired.links().iter().collect();
    for want in links.into_iter().filter(|want| want.kind == Kind::Bridge) {
        let name = want.name;
        let said = want
            .knob("hwaddress")
            .is_some_and(|knob| matches!(knob.origin, Origin::Said(_)));
        let fixed = said || builder.owned.get(name).is_some_and(OwnedLink::has_fixed_mac);
        let Some(found) = builder.link(name).filter(|found| found.kind == Kind::Bridge && !fixed) else {
            continue;
        };
        let changes = |port: &Link| {
            let wanted = want.ports.iter().any(|wanted| wanted.name == port.name);
            let is = port.master == Some(found.index);
            wanted != is && (wanted || !link::is_foreign_port(builder, name, port))
        };
        let elsewhere = |port: &Link| {
            let wanted = builder.want(port.name).and_then(|want| want.master);
            port.master == Some(found.index) && wanted.is_some_and(|wanted| wanted.name != name)
        };
        let moves = builder
            .now()
            .links()
            .iter()
            .any(|port| changes(port) || elsewhere(port));
        let in_scope = builder.request.scope.contains(&name);
        if let (true, true, Some(mac)) = (moves, in_scope, found.mac()) {
            let mut link = Attrs::new();
            link.push(IFLA_ADDRESS, mac.bytes());
            builder.op(name, Op::SetLink { name, link }, want.origin);
        }
    }
}

/// A bond that lost all its ports has a random MAC, and takes that of the next one: it is given the one that it had before
/// the new ports come, since neighbours and switches know the host by it.
///
/// *Source*: `__bond_release_one` and `bond_enslave` in drivers/net/bonding/bond_main.c.
fn keep_bond_mac(builder: &mut Builder<'_>, want: &WantLink) {
    let name = want.name;
    let chosen = want
        .knob("hwaddress")
        .is_some_and(|knob| matches!(knob.origin, Origin::Said(_)));
    if want.kind != Kind::Bond || chosen || want.follows_active_port() {
        return;
    }
    let (Some(had), Some(is)) = (builder.start.get(name), builder.link(name)) else {
        return;
    };
    let empty = builder.now().ports(is.index).next().is_none();
    if let (true, true, Some(mac)) = (had.index == is.index && had.kind == Kind::Bond, empty, had.mac())
        && is.mac() != Some(mac)
    {
        let mut link = Attrs::new();
        link.push(IFLA_ADDRESS, mac.bytes());
        builder.op(name, Op::SetLink { name, link }, want.origin);
    }
}

/// Puts one port into its master.
pub(super) fn join(builder: &mut Builder<'_>, iface: IfName, port: IfName, master: IfName, origin: Origin) {
    let bond = builder.link(master).is_some_and(|link| link.kind == Kind::Bond);
    if bond && builder.is_up(port) {
        builder.op(iface, Op::SetUp { name: port, up: false }, origin);
    }
    let op = Op::SetMaster {
        name: port,
        master: Some(master),
    };
    builder.op(iface, op, origin);
}

/// Switches IPv6 on again on a port that leaves its bridge for good, where it was off for being a port.
pub(super) fn give_back_ipv6(builder: &mut Builder<'_>, iface: IfName, port: IfName, origin: Origin) {
    const OPTION: &str = "disable-ipv6";
    let ours = builder
        .owned
        .get(port)
        .is_some_and(|owned| owned.knobs.iter().any(|knob| knob == OPTION));
    let said = builder.want(port).and_then(|want| want.knob(OPTION));
    let by_user = said.is_some_and(|knob| matches!(knob.origin, Origin::Said(_)));
    let off = builder
        .link(port)
        .is_some_and(|link| !link.conf6.is_empty() && !takes_ipv6(link));
    let fresh = crate::table::find(OPTION).and_then(|attr| gone::fresh(builder, port, attr));
    let stays_off = fresh.is_some_and(|value| value != Value::Number(0));
    if ours && !by_user && !stays_off && off {
        let op = Op::SetConf {
            name: port,
            v6: true,
            key: "disable_ipv6".to_owned(),
            value: 0,
        };
        builder.op(iface, op, origin);
    }
}

/// Sets the options that a port has in its master.
pub(super) fn set(builder: &mut Builder<'_>, iface: IfName, port: IfName) {
    let (Some(want), Some(found)) = (builder.want(port), builder.link(port).cloned()) else {
        return;
    };
    let Some(kind) = found.port_kind.clone() else { return };
    let (data, origin) = knobs::port_differing(builder, want, &found);
    if !data.is_empty() {
        builder.op(
            iface,
            Op::SetPort { name: port, kind, data },
            origin.unwrap_or(want.origin),
        );
    }
}

/// Gives a port of others the options and VLANs that it had before it lost its master.
pub(super) fn as_before(builder: &mut Builder<'_>, iface: IfName, was: &Link, origin: Origin) {
    let name = was.name;
    let Some(is) = builder.link(name).cloned() else { return };
    if let (Some(kind), true) = (&was.port_kind, is.port_kind == was.port_kind) {
        let data = undo::differing(Nest::Port, kind, &was.port, &is.port);
        if !data.is_empty() {
            let kind = kind.clone();
            builder.op(iface, Op::SetPort { name, kind, data }, origin);
        }
    }
    let had = VlanMap::of(builder.start.vlans(was.index));
    let has = VlanMap::of(builder.now().vlans(is.index));
    let differ = (had.missing_in(&has), has.beyond(&had));
    change(builder, iface, name, false, differ, origin);
}

/// Brings the VLANs of a port to what is wanted, exactly: whoever declares a port says all its VLANs.
pub(super) fn port_vlans(builder: &mut Builder<'_>, iface: IfName, port: IfName) {
    let Some(want) = builder.want(port) else { return };
    let (Some(vlans), Some(found)) = (&want.vlans, builder.link(port)) else {
        return;
    };
    if found.port_kind != Some(Kind::Bridge) || found.kind == Kind::Bridge {
        return;
    }
    let has = VlanMap::of(builder.now().vlans(found.index));
    let wanted = VlanMap::of(&vlans.ranges);
    let origin = vlans.origin.unwrap_or(want.origin);
    change(
        builder,
        iface,
        port,
        false,
        (wanted.missing_in(&has), has.beyond(&wanted)),
        origin,
    );
}

/// Adds the wanted VLANs of the bridge itself; takes away only what we added or what came with a bridge that this plan
/// makes.
pub(super) fn self_vlans(builder: &mut Builder<'_>, want: &WantLink) {
    let Some(found) = builder.link(want.name).filter(|found| found.kind == Kind::Bridge) else {
        return;
    };
    let Some(vlans) = &want.vlans else {
        drop_self_vlans(builder, want);
        return;
    };
    let has = VlanMap::of(builder.now().vlans(found.index));
    let wanted = VlanMap::of(&vlans.ranges);
    let new = builder
        .start
        .get(want.name)
        .is_none_or(|before| before.index != found.index);
    let ours = builder.owned.get(want.name).map_or(&[][..], |owned| &owned.vlans);
    let beyond = match new {
        true => has.beyond(&wanted),
        false => VlanMap::of(ours).both(&has).beyond(&wanted),
    };
    let origin = vlans.origin.unwrap_or(want.origin);
    change(
        builder,
        want.name,
        want.name,
        true,
        (wanted.missing_in(&has), beyond),
        origin,
    );
}

/// A bridge that is not declared with VLANs any longer keeps none of those that we added; VLAN 1 comes with each bridge.
fn drop_self_vlans(builder: &mut Builder<'_>, want: &WantLink) {
    let (Some(owned), Some(found)) = (builder.owned.get(want.name), builder.link(want.name)) else {
        return;
    };
    let mut ours = VlanMap::of(&owned.vlans).both(&VlanMap::of(builder.now().vlans(found.index)));
    ours.remove(crate::types::VlanRange {
        first: 1,
        last: 1,
        pvid: true,
        untagged: true,
    });
    change(
        builder,
        want.name,
        want.name,
        true,
        (Vec::new(), ours.ranges()),
        want.origin,
    );
}

type Difference = (Vec<crate::types::VlanRange>, Vec<crate::types::VlanRange>);

fn change(
    builder: &mut Builder<'_>,
    iface: IfName,
    name: IfName,
    on_self: bool,
    (missing, beyond): Difference,
    origin: Origin,
) {
    if !missing.is_empty() {
        let op = Op::AddVlans {
            name,
            on_self,
            ranges: missing,
        };
        builder.op(iface, op, origin);
    }
    if !beyond.is_empty() {
        let op = Op::DelVlans {
            name,
            on_self,
            ranges: beyond,
        };
        builder.op(iface, op, origin);
    }
}

/// Sets options whose value is another link (`bond-primary`).
pub(super) fn data_links(builder: &mut Builder<'_>, want: &WantLink) {
    let Some(found) = builder.link(want.name) else { return };
    clear_primary(builder, want, &found.clone());
    let Some(found) = builder.link(want.name) else { return };
    let differs: Vec<(u16, IfName, Origin)> = want
        .data_links
        .iter()
        .filter_map(|(number, target)| {
            let index = builder.link(target.name)?.index;
            let holds = found.data.get(*number) == Some(&index.to_ne_bytes()[..]);
            (!holds).then_some((*number, target.name, target.origin))
        })
        .collect();
    let Some((_, _, origin)) = differs.first().copied() else {
        return;
    };
    let op = Op::SetData {
        name: want.name,
        kind: want.kind.clone(),
        data: Attrs::new(),
        links: differs
            .into_iter()
            .map(|(number, target, _)| (number, Some(target)))
            .collect(),
    };
    builder.op(want.name, op, origin);
}

/// Takes the primary port away that we chose and that is no longer written, before the bond loses the mode that has one:
/// it would come back with the mode.
pub(super) fn clear_primary(builder: &mut Builder<'_>, want: &WantLink, found: &Link) {
    let ours = builder.owned.get(want.name).is_some_and(OwnedLink::has_primary);
    let wanted = want.data_links.iter().any(|(number, _)| *number == PRIMARY.number);
    let is = found
        .data
        .get(PRIMARY.number)
        .is_some_and(|index| index.iter().any(|byte| *byte != 0));
    if want.kind == Kind::Bond && ours && !wanted && is {
        let op = Op::SetData {
            name: want.name,
            kind: Kind::Bond,
            data: Attrs::new(),
            links: vec![(PRIMARY.number, None)],
        };
        builder.op(want.name, op, want.origin);
    }
}

/// Sets the ports of a link up that are to be up.
pub(super) fn bring_up(builder: &mut Builder<'_>, want: &WantLink) {
    let Some(index) = builder.link(want.name).map(|link| link.index) else {
        return;
    };
    for port in &want.ports {
        let up = builder.want(port.name).is_none_or(|port| port.up);
        let is_port = builder.link(port.name).is_some_and(|link| link.master == Some(index));
        if up && is_port {
            link::bring_up(builder, want.name, port.name, port.origin);
        }
    }
}

#[cfg(test)]
mod tests;
