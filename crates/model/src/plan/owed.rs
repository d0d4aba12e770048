//! What a run that was killed had taken from others, and did not come to give back.
//!
//! The journal of that run says what went with each of its steps: the routes on a bridge that was deleted, the guests that
//! were its ports. What of it is nowhere now is given back where a link can carry it, and reported
//! where none can.

use super::builder::Builder;
use super::{Verb, follow, moving, ports, undo};
use crate::fake::{same_place, scope6};
use crate::name::IfName;
use crate::op::{Action, Op};
use crate::owned::Owned;
use crate::show::{IFA_F_NODAD, IFA_F_NOPREFIXROUTE};
use crate::snapshot::Snapshot;
use crate::types::{Address, Origin, Route};
use crate::vlans::VlanMap;
use cleat_diag::Diagnostic;

const WHY: Origin = Origin::Own("given back after a run that was killed");

/// What of others a step takes along: what undoes it, as far as it was there before the plan, and was not ours, which comes
/// back by the plan.
pub(super) fn theirs(undo: &[Action], start: &Snapshot, owned: &Owned) -> Vec<Op> {
    let is_ours = |op: &Op| {
        let Some(link) = owned.get(op.name()) else { return false };
        match op {
            Op::SetMaster { master, .. } => link.master == *master,
            Op::AddAddress { address, .. } => link.addresses.iter().any(|ours| ours.same(address)),
            Op::AddRoute { route, .. } => link.routes.iter().any(|ours| super::route_agrees(ours, route)),
            Op::AddVlans { .. } => !link.vlans.is_empty(),
            Op::AddFdb { fdb, .. } => link.fdb.iter().any(|ours| super::same_entry(ours, fdb)),
            _ => false,
        }
    };
    let was_there = |op: &Op| {
        let Some(link) = start.get(op.name()) else { return false };
        match op {
            Op::SetMaster { master, .. } => {
                let was = link.master.and_then(|index| start.by_index(index));
                was.map(|was| was.name) == *master
            }
            Op::AddAddress { address, .. } => start.addresses(link.index).iter().any(|was| was.same(address)),
            Op::AddRoute { route, .. } => {
                let mut single = start.routes(link.index).iter();
                let mut several = start.multipath.iter();
                single.any(|was| same_place(was, route) && was.via == route.via)
                    || several.any(|was| same_place(&was.route, route))
            }
            Op::AddVlans { .. } => !start.vlans(link.index).is_empty(),
            Op::AddFdb { fdb, .. } => start.fdb(link.index).iter().any(|was| super::same_entry(was, fdb)),
            _ => false,
        }
    };
    let ops = undo.iter().filter_map(|action| match action {
        Action::Kernel(op) => Some(op),
        Action::Hook(..) => None,
    });
    let all = ops.filter(|op| op.adds() && was_there(op) && !is_ours(op));
    all.cloned().collect()
}

/// Gives back what is owed. Like `ip route add` and its like by hand.
pub(super) fn give(builder: &mut Builder<'_>) {
    if builder.request.verb == Verb::Down || builder.request.admin_only {
        return;
    }
    for owed in &builder.owned.owed {
        match owed {
            Op::SetMaster { name, master } => master.iter().for_each(|master| port(builder, *name, *master)),
            Op::AddAddress { name, address, .. } => give_address(builder, *name, address),
            Op::AddRoute { name, route, .. } => give_route(builder, *name, route),
            Op::AddVlans { .. } | Op::AddFdb { .. } => entries(builder, owed),
            _ => {}
        }
    }
}

fn told(builder: &mut Builder<'_>, name: IfName, what: &str) {
    let text = format!("a run that was killed took {what} from {name}: it is given back");
    builder.say(Diagnostic::info("given-back", text).on(name));
}

fn lost(builder: &mut Builder<'_>, name: IfName, what: &str) {
    let text = format!("a run that was killed took {what} from {name}, which cannot have it now");
    let warning = Diagnostic::warning("lost-by-a-kill", text).on(name);
    builder.say(warning.help("add it again by hand where it is still wanted"));
}

fn port(builder: &mut Builder<'_>, name: IfName, master: IfName) {
    let is_free = builder.link(name).is_some_and(|link| link.master.is_none());
    // A port that the file names is where the file wants it.
    if !is_free || builder.want(name).is_some_and(|want| want.declared) {
        return;
    }
    let what = format!("the place as a port of {master}");
    match builder.link(master).is_some() {
        true => {
            ports::join(builder, name, name, master, WHY);
            told(builder, name, &what);
        }
        false => lost(builder, name, &what),
    }
}

fn give_address(builder: &mut Builder<'_>, name: IfName, address: &Address) {
    let mut all = builder.now().addresses.values().flatten();
    // The kernel makes a link-local address itself.
    let by_itself = !undo::lasts(address) || address.ip.is_ipv6() && scope6(address.ip).0 == 253;
    if by_itself || all.any(|is| is.ip == address.ip) || moving::has_no_place(builder, name, address) {
        return;
    }
    let what = address.to_string();
    if builder.link(name).is_none() {
        lost(builder, name, &what);
        return;
    }
    let mut address = address.clone();
    address.flags &= IFA_F_NODAD | IFA_F_NOPREFIXROUTE;
    let op = Op::AddAddress {
        name,
        address,
        replace: true,
    };
    builder.op(name, op, WHY);
    told(builder, name, &what);
}

fn give_route(builder: &mut Builder<'_>, name: IfName, route: &Route) {
    if !route.legs.is_empty() {
        give_several(builder, name, route);
        return;
    }
    let steps = builder.count();
    follow::restore(builder, name, route);
    if builder.count() > steps {
        told(builder, name, &format!("the route `{route}`"));
    }
}

/// A route over several links, where nothing else leads there now.
fn give_several(builder: &mut Builder<'_>, name: IfName, route: &Route) {
    let place = |is: &Route| same_place(is, route);
    let now = builder.now();
    if now.routes.values().flatten().any(place) || now.multipath.iter().any(|is| place(&is.route)) {
        return;
    }
    let what = format!("the route `{route}`");
    let op = Op::AddRoute {
        name,
        route: route.clone(),
        replace: true,
    };
    match builder.sim().clone().step(&op).is_ok() {
        true => {
            builder.op(name, op, WHY);
            told(builder, name, &what);
        }
        false => lost(builder, name, &what),
    }
}

/// VLANs and forwarding entries of a link that is there.
fn entries(builder: &mut Builder<'_>, owed: &Op) {
    let name = owed.name();
    let Some(index) = builder.link(name).map(|link| link.index) else {
        return;
    };
    let now = builder.now();
    let (op, what) = match owed {
        Op::AddVlans { on_self, ranges, .. } => {
            let missing = VlanMap::of(ranges).missing_in(&VlanMap::of(now.vlans(index)));
            let shown: Vec<String> = missing.iter().map(ToString::to_string).collect();
            let op = Op::AddVlans {
                name,
                on_self: *on_self,
                ranges: missing.clone(),
            };
            (
                (!missing.is_empty()).then_some(op),
                format!("VLAN {}", shown.join(", ")),
            )
        }
        Op::AddFdb { fdb, .. } => {
            let is_there = now.fdb(index).iter().any(|is| super::same_entry(is, fdb));
            let op = (!is_there).then(|| owed.clone());
            (op, format!("the forwarding entry {}", fdb.mac))
        }
        _ => return,
    };
    if let Some(op) = op {
        builder.op(name, op, WHY);
        told(builder, name, &what);
    }
}
