//! `ifup`, and the second half of `ifreload`.

use super::builder::Builder;
use super::link::Made;
use super::{address, ethtool, kept, link, local_rule, members, moving, mtu, order, ports, repair, route};
use crate::desired::{Phase, WantLink};
use crate::hash::Set;
use crate::name::IfName;
use crate::op::Op;
use crate::types::Kind;

const HOOKS: [Phase; 3] = [Phase::PreUp, Phase::Up, Phase::PostUp];

pub(super) fn up(builder: &mut Builder<'_>) {
    let links = order::moving_first(builder, builder.to_bring_up());
    if builder.request.admin_only {
        for want in links.iter().filter(|want| want.up) {
            link::bring_up(builder, want.name, want.name, want.origin);
        }
        return;
    }
    mtu::lower(builder, &links);
    let all: Set<IfName> = links.iter().map(|want| want.name).collect();
    builder.expect_all(&links);
    moving::from_others(builder, &all);
    // Without hooks all links go together, so that each kind of step is one batch. A link with hooks comes alone, when
    // all before it are done: its commands may rely on that.
    let mut together: Vec<&WantLink> = Vec::new();
    let mut late: Vec<&WantLink> = Vec::new();
    for want in links {
        if builder.has_hooks(want.name, &HOOKS) {
            segment(builder, &std::mem::take(&mut together), &all, &mut late);
            segment(builder, &[want], &all, &mut late);
        } else {
            together.push(want);
        }
    }
    segment(builder, &together, &all, &mut late);
    for want in std::mem::take(&mut late) {
        finish(builder, &[want]);
    }
    moving::go(builder, true);
    for want in builder.desired.links().iter().filter(|want| all.contains(&want.name)) {
        // One that could not be made what it is to be has nothing of its stanza.
        if !builder.is_kept(want.name) {
            route::add(builder, want, true);
        }
    }
    repair::repair(builder);
}

/// Brings links up that go together, all with the same phase at a time.
fn segment<'a>(builder: &mut Builder<'a>, links: &[&'a WantLink], all: &Set<IfName>, late: &mut Vec<&'a WantLink>) {
    let made: Vec<(&WantLink, Made)> = links.iter().map(|want| (*want, link::make(builder, want))).collect();
    for (want, _) in made.iter().filter(|(_, made)| *made == Made::Differs) {
        link::set(builder, want);
    }
    let there: Vec<&WantLink> = made
        .into_iter()
        .filter(|(_, made)| *made != Made::No)
        .map(|(want, _)| want)
        .collect();
    there.iter().for_each(|want| ethtool::set(builder, want));
    for want in &there {
        local_rule::behind_vrfs(builder, want);
    }
    // A bond that is up tells its bridge of a carrier at once, and one that comes up with its ports up to a second later
    // (the kernel's linkwatch). So a bond that takes a port which carries the host is brought up where it belongs first.
    let (waiting, at_once): (Vec<&WantLink>, Vec<&WantLink>) =
        there.iter().partition(|want| order::takes_living_port(builder, want));
    join(builder, &at_once, all);
    for want in &waiting {
        link::bring_up(builder, want.name, want.name, want.origin);
    }
    join(builder, &waiting, all);
    // A port goes up when it is in its master, so that it never stands alone with an address of its own making; the
    // rest of what it has to do comes then too.
    let here: Set<IfName> = there.iter().map(|want| want.name).collect();
    let waits = |want: &WantLink| {
        let master = want.master.map(|master| master.name);
        master.is_some_and(|master| all.contains(&master) && !here.contains(&master))
    };
    let (later, now): (Vec<&'a WantLink>, Vec<&'a WantLink>) = there.into_iter().partition(|want| {
        waits(want)
            && want.master.is_some_and(|master| {
                builder
                    .link(want.name)
                    .is_some_and(|link| builder.master(link) != Some(master.name))
            })
    });
    let joined = |want: &&'a WantLink| want.master.is_some_and(|master| here.contains(&master.name));
    let (back, still): (Vec<&'a WantLink>, Vec<&'a WantLink>) = std::mem::take(late).into_iter().partition(joined);
    *late = still;
    late.extend(later);
    let ready: Vec<&'a WantLink> = back.into_iter().chain(now).collect();
    finish(builder, &ready);
}

/// Puts ports into these links, or these links into their masters, with the options and VLANs that they have there.
fn join(builder: &mut Builder<'_>, links: &[&WantLink], all: &Set<IfName>) {
    for want in links {
        ports::join_all(builder, want, all);
        match want.vrf() {
            Some(vrf) => members::join(builder, want, vrf),
            None => rejoin(builder, want, all),
        }
        kept::plug_over(builder, want);
    }
    for want in links {
        ports::self_vlans(builder, want);
        for port in &want.ports {
            ports::set(builder, want.name, port.name);
            ports::port_vlans(builder, want.name, port.name);
        }
        ports::data_links(builder, want);
        // A bridge follows the MTU of its ports until its own is set, which counts only once it has them.
        match want.kind == Kind::Bridge {
            true => link::set(builder, want),
            false => mtu::follow(builder, want),
        }
    }
}

/// The second half: up, addresses, routes, hooks.
fn finish<'a>(builder: &mut Builder<'a>, links: &[&'a WantLink]) {
    for want in links {
        ports::bring_up(builder, want);
        match want.up {
            true => link::bring_up(builder, want.name, want.name, want.origin),
            false => link::bring_down(builder, want.name, want.origin),
        }
    }
    for want in links {
        address::add(builder, want, false);
        address::set_fdb(builder, want);
    }
    for want in links {
        route::add(builder, want, false);
    }
    kept::give_way(builder, links);
    builder.finished(links);
    for want in links {
        moving::purge(builder, want);
        moving::clean_ports(builder, want);
    }
    moving::go(builder, false);
    for want in links {
        builder.run_hook(want.name, Phase::Up);
        builder.run_hook(want.name, Phase::PostUp);
    }
}

/// A port that is brought up without its master goes into it, where that is there: a NIC that appears late.
fn rejoin(builder: &mut Builder<'_>, want: &WantLink, all: &Set<IfName>) {
    let Some(master) = want.master.filter(|master| !all.contains(&master.name)) else {
        return;
    };
    let (Some(port), Some(upper)) = (builder.link(want.name).cloned(), builder.link(master.name)) else {
        return;
    };
    if upper.kind == Kind::Physical {
        return;
    }
    if port.master != Some(upper.index) {
        ports::join(builder, want.name, want.name, master.name, master.origin);
    }
    ports::set(builder, want.name, want.name);
    ports::port_vlans(builder, want.name, want.name);
    let primary = builder
        .want(master.name)
        .filter(|upper| upper.data_links.iter().any(|(_, to)| to.name == want.name));
    if let Some(upper) = primary {
        ports::data_links(builder, upper);
    }
}

/// Takes a port out of a master that it does not belong into any longer: it was ours to put there.
pub(super) fn leave(builder: &mut Builder<'_>, want: &WantLink) {
    let Some(found) = builder.link(want.name) else { return };
    let owned = builder.owned.get(want.name);
    let ours = owned.and_then(|owned| owned.master);
    let master = builder.master(found);
    if want.master.is_some() || ours.is_none() || master.is_some() && master != ours {
        return;
    }
    if let Some(master) = master {
        if builder.is_kept(master) {
            return;
        }
        builder.gone(super::builder::Gone::Master(want.name));
        let op = Op::SetMaster {
            name: want.name,
            master: None,
        };
        builder.op(want.name, op, want.origin);
    }
    // It was set up for its master alone, which may be gone by now, and nothing else wants it up.
    if builder.owned.lets_go(builder.desired, want.name) && !builder.request.scope.contains(&want.name) {
        link::bring_down(builder, want.name, want.origin);
    }
}
