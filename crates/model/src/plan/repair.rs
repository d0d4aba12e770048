//! What others had on a link that flapped is put back: their addresses, routes, ports and flags.

use super::Verb;
use super::builder::{Builder, Gone};
use super::{follow, link, moving, ports, undo};
use crate::fake::{IFA_F_PERMANENT, takes_ipv6};
use crate::name::IfName;
use crate::op::Op;
use crate::show::{IFA_F_NODAD, IFA_F_NOPREFIXROUTE};
use crate::snapshot::Link;
use crate::types::Origin;

const WHY: Origin = Origin::Own("put back what was lost on the way");

/// Compares each link that the plan changed with how it was, and puts back what was not taken away on purpose.
pub(super) fn repair(builder: &mut Builder<'_>) {
    let touched: Vec<IfName> = builder.touched().iter().copied().collect();
    let before: Vec<Link> = touched
        .iter()
        .filter(|name| !builder.is_gone(&Gone::Link(**name)))
        .filter_map(|name| builder.start.get(*name).cloned())
        .collect();
    for was in &before {
        rejoin(builder, was);
    }
    for was in before.iter().filter(|was| was.is_up()) {
        let stays_down = builder.is_gone(&Gone::Up(was.name)) || builder.want(was.name).is_some_and(|want| !want.up);
        if !stays_down {
            link::bring_up(builder, was.name, was.name, WHY);
        }
    }
    for was in &before {
        addresses(builder, was);
    }
    // Those of a link that went may have a link to go to as well.
    let reload = builder.request.verb == Verb::Reload;
    let went: Vec<Link> = touched
        .iter()
        .filter(|name| reload && builder.is_gone(&Gone::Link(**name)))
        .filter_map(|name| builder.start.get(*name).cloned())
        .collect();
    for was in before.iter().chain(&went) {
        routes(builder, was);
    }
}

fn rejoin(builder: &mut Builder<'_>, was: &Link) {
    let Some(index) = was.master else { return };
    let Some(master) = builder.start.by_index(index).map(|master| master.name) else {
        return;
    };
    let Some(is) = builder.link(was.name) else { return };
    if is.master.is_some() || builder.is_gone(&Gone::Master(was.name)) || builder.is_gone(&Gone::Link(master)) {
        return;
    }
    if builder.link(master).is_none_or(|link| link.kind.row().ports.is_none()) {
        return;
    }
    ports::join(builder, was.name, was.name, master, WHY);
    ports::as_before(builder, was.name, was, WHY);
}

fn addresses(builder: &mut Builder<'_>, was: &Link) {
    let name = was.name;
    for old in builder.start.addresses(was.index).to_vec() {
        let Some((index, ipv6)) = builder.link(name).map(|link| (link.index, takes_ipv6(link))) else {
            return;
        };
        // The address went with IPv6, which the file switches off or whose MTU it lowers: the kernel would refuse it.
        if old.ip.is_ipv6() && !ipv6 {
            continue;
        }
        let there = builder.now().addresses(index).iter().any(|is| is.same(&old));
        let skip = !undo::returns(&old, was)
            || old.flags & IFA_F_PERMANENT == 0
            || builder.is_gone(&Gone::address(name, &old))
            || moving::has_no_place(builder, name, &old);
        if there || skip {
            continue;
        }
        let mut address = old.clone();
        address.flags &= IFA_F_NODAD | IFA_F_NOPREFIXROUTE;
        builder.op(
            name,
            Op::AddAddress {
                name,
                address,
                replace: true,
            },
            WHY,
        );
    }
}

fn routes(builder: &mut Builder<'_>, was: &Link) {
    for old in builder.start.routes(was.index).to_vec() {
        follow::restore(builder, was.name, &old);
    }
}
