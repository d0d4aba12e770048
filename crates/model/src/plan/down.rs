//! `ifdown`, and the first half of `ifreload`.

use super::builder::{Builder, Gone};
use super::link::{bring_down, guests, located};
use super::{Verb, route};
use crate::desired::{Desired, Phase, WantLink};
use crate::fake::stood_on;
use crate::hash::Map;
use crate::name::IfName;
use crate::op::Op;
use crate::owned::{Owned, OwnedLink};
use crate::snapshot::{Link, Snapshot};
use crate::types::{Kind, Origin};
use cleat_diag::Diagnostic;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// `ifdown`: the interfaces asked for, and what was made only for them.
pub(super) fn down(builder: &mut Builder<'_>) {
    let mut names: BTreeSet<IfName> = builder.request.scope.iter().copied().collect();
    if builder.request.all {
        // What such a link stands on stays with it.
        for want in builder.desired.links().iter().filter(|want| want.no_auto_down) {
            names.remove(&want.name);
            for lower in builder.lowers(want) {
                names.remove(&lower);
            }
        }
    }
    if builder.request.admin_only {
        for name in uppers_first(builder, &names) {
            bring_down(builder, name, origin(builder, name));
        }
        return;
    }
    // A link without a stanza is made for the links above it, and goes with the last of them.
    for want in builder.desired.links().iter().rev().filter(|want| !want.declared) {
        let mut uppers = builder.desired.uppers(want.name).peekable();
        let made = builder.owned.created(want.name);
        if made && uppers.peek().is_some() && uppers.all(|upper| names.contains(&upper.name)) {
            names.insert(want.name);
        }
    }
    for name in uppers_first(builder, &names) {
        take_down(builder, name, &names);
    }
    super::repair::repair(builder);
}

/// `ifreload`: what we made or set up and nobody declares any longer.
pub(super) fn stale(builder: &mut Builder<'_>) {
    let mut names = stale_names(builder);
    for (old, _) in builder.renamed.clone() {
        // It goes when another has its place; what its commands do is done before.
        names.remove(&old);
        builder.run_hook(old, Phase::PreDown);
        builder.run_hook(old, Phase::Down);
    }
    let held = builder.owned.links.iter().filter(|(_, owned)| owned.no_auto_down);
    let held: Vec<IfName> = held
        .map(|(name, _)| *name)
        .filter(|name| builder.want(*name).is_none())
        .collect();
    for name in held {
        builder.keep(name);
    }
    let order = super::order::moving_last(builder, uppers_first(builder, &names));
    for name in order {
        // One that was taken down before holds no more than values that we set.
        if !builder.owned.get(name).is_some_and(OwnedLink::is_left_set) {
            take_down(builder, name, &names);
        }
        // What guests need stays as it is, settings and all.
        if !builder.is_kept(name) {
            super::gone::reset(builder, name, origin(builder, name));
        }
    }
    let links: Vec<&WantLink> = builder.desired.links().iter().collect();
    for want in links {
        super::up::leave(builder, want);
    }
}

/// Whether an interface was ours and is not declared any longer.
pub(super) fn is_stale(desired: &Desired, owned: &Owned, name: IfName) -> bool {
    owned.get(name).is_some_and(|owned| match desired.get(name) {
        None => !owned.no_auto_down,
        // A link that we made and that is now declared as one that must be there already: gone from the file.
        Some(want) => want.kind == Kind::Physical && owned.created.is_some(),
    })
}

/// The Open vSwitch bridge of a port, also of one that is gone from the file: its script finds no port without the bridge.
fn ovs_bridge(builder: &Builder<'_>, name: IfName) -> Option<IfName> {
    match builder.want(name) {
        Some(want) => want.ovs_bridge.map(|bridge| bridge.name),
        None => {
            let mut options = builder.owned.get(name)?.vars.options();
            let (_, bridge) = options.find(|(key, _)| *key == "ovs-bridge")?;
            IfName::new(bridge.trim()).ok()
        }
    }
}

/// What we made or set up and nobody declares any longer.
pub(super) fn stale_names(builder: &Builder<'_>) -> BTreeSet<IfName> {
    let names = builder.owned.links.keys().copied();
    names
        .filter(|name| is_stale(builder.desired, builder.owned, *name))
        .collect()
}

/// Deletes a bridge whose place another took.
pub(super) fn give_way(builder: &mut Builder<'_>, name: IfName) {
    if let Some(link) = builder.link(name).cloned() {
        delete(builder, &link, &BTreeSet::new(), origin(builder, name));
        builder.run_hook(name, Phase::PostDown);
    }
}

/// What stands on a link, or has it as a port, comes before it.
fn uppers_first(builder: &Builder<'_>, names: &BTreeSet<IfName>) -> Vec<IfName> {
    let now = builder.now();
    let lowers = |name: &IfName| -> BTreeSet<IfName> {
        let wanted = builder.want(*name).into_iter().flat_map(WantLink::lower);
        let mut lowers: BTreeSet<IfName> = wanted.map(|lower| lower.name).collect();
        lowers.extend(ovs_bridge(builder, *name));
        if let Some(link) = now.get(*name) {
            let below = stood_on(link).filter_map(|index| now.by_index(index));
            let ends = below.flat_map(|lower| [Some(lower), peer(now, lower)]);
            lowers.extend(ends.flatten().map(|lower| lower.name));
        }
        lowers.retain(|lower| lower != name && names.contains(lower));
        lowers
    };
    let mut below: BTreeMap<IfName, BTreeSet<IfName>> = names.iter().map(|name| (*name, lowers(name))).collect();
    // Also over links that stay: each is asked for what is above it, so that not every master is asked for its ports.
    let standing = match names.is_empty() {
        true => Map::default(),
        false => standing_on(now),
    };
    for name in names {
        for upper in climb(builder, *name, &standing, |upper| names.contains(&upper)) {
            if let Some(lowers) = below.get_mut(&upper).filter(|_| upper != *name) {
                lowers.insert(*name);
            }
        }
    }
    let mut waiting: BTreeMap<IfName, usize> = names.iter().map(|name| (*name, 0)).collect();
    for lower in below.values().flatten() {
        *waiting.entry(*lower).or_default() += 1;
    }
    let mut ready: VecDeque<IfName> = names
        .iter()
        .copied()
        .filter(|name| waiting.get(name) == Some(&0))
        .collect();
    let mut done: Vec<IfName> = Vec::new();
    while let Some(name) = ready.pop_front() {
        done.push(name);
        for lower in below.get(&name).into_iter().flatten() {
            if let Some(left) = waiting.get_mut(lower) {
                *left -= 1;
                if *left == 0 {
                    ready.push_back(*lower);
                }
            }
        }
    }
    // A ring in the kernel is not possible; one between file and kernel may be: any order is as good.
    let ring: Vec<IfName> = names
        .iter()
        .copied()
        .filter(|name| waiting.get(name) != Some(&0))
        .collect();
    done.extend(ring);
    done
}

fn origin(builder: &Builder<'_>, name: IfName) -> Origin {
    builder
        .want(name)
        .map_or(Origin::Own("no longer declared"), |want| want.origin)
}

fn take_down(builder: &mut Builder<'_>, name: IfName, names: &BTreeSet<IfName>) {
    let why = origin(builder, name);
    let Some(link) = builder.link(name).cloned() else {
        return;
    };
    if carries_kept(builder, &link) {
        builder.keep(name);
        return;
    }
    let made = builder.owned.get(name).and_then(|owned| owned.created.clone());
    let made = made.or_else(|| {
        let declared = builder.want(name).map(|want| want.kind.clone());
        declared.filter(|_| builder.request.verb == Verb::Down)
    });
    let goes = link.kind != Kind::Physical && made.as_ref() == Some(&link.kind);
    if goes && refused(builder, &link, why) {
        return;
    }
    builder.run_hook(name, Phase::PreDown);
    builder.run_hook(name, Phase::Down);
    match goes {
        true => delete(builder, &link, names, why),
        false => clear(builder, &link, why),
    }
    builder.run_hook(name, Phase::PostDown);
}

/// Whether a link that stays for its guests stands on this one, or has it as a port, at whatever height: what carries it
/// stays too.
fn carries_kept(builder: &Builder<'_>, link: &Link) -> bool {
    if !builder.keeps_any() {
        return false;
    }
    builder.keeps_any()
        && !climb(builder, link.name, &standing_on(builder.now()), |upper| {
            builder.is_kept(upper)
        })
        .is_empty()
}

/// The links that stand on each, by index.
fn standing_on(now: &Snapshot) -> Map<u32, Vec<u32>> {
    let mut all: Map<u32, Vec<u32>> = Map::default();
    for link in now.links() {
        stood_on(link).for_each(|lower| all.entry(lower).or_default().push(link.index));
    }
    all
}

/// The links above one where `stops` says so, and not what is above those: what stands on it, its master, and all of that
/// of the other end of a veth pair, which goes with it. A master that is still declared has the ports that the file gives it.
fn climb(
    builder: &Builder<'_>,
    from: IfName,
    standing: &Map<u32, Vec<u32>>,
    stops: impl Fn(IfName) -> bool,
) -> BTreeSet<IfName> {
    let now = builder.now();
    let mut open: Vec<&Link> = now.get(from).into_iter().collect();
    let ends: Vec<IfName> = open
        .iter()
        .flat_map(|link| [Some(*link), peer(now, link)])
        .flatten()
        .map(|end| end.name)
        .collect();
    let (mut seen, mut found) = (BTreeSet::new(), BTreeSet::new());
    while let Some(link) = open.pop() {
        if !seen.insert(link.index) {
            continue;
        }
        if !ends.contains(&link.name) && stops(link.name) {
            found.insert(link.name);
            continue;
        }
        let master = link.master.and_then(|index| now.by_index(index));
        open.extend(master.filter(|master| stops(master.name) || builder.want(master.name).is_none()));
        open.extend(peer(now, link));
        let children = standing.get(&link.index).into_iter().flatten();
        open.extend(children.filter_map(|index| now.by_index(*index)));
    }
    found
}

/// The other end of a veth pair, where it is in this network namespace.
fn peer<'a>(now: &'a Snapshot, link: &Link) -> Option<&'a Link> {
    let index = link
        .parent
        .filter(|_| link.kind == Kind::Veth && link.parent_netns.is_none())?;
    now.by_index(index)
}

/// A NIC that others made VLANs on stays up: their guests talk through it.
fn carries_guests(builder: &mut Builder<'_>, link: &Link, why: Origin) -> bool {
    let guests = guests(builder, link);
    if guests.is_empty() || builder.request.force {
        return false;
    }
    let list = guests.iter().map(|guest| guest.as_str()).collect::<Vec<_>>().join(", ");
    let fault = Diagnostic::error(
        "link-has-guests",
        format!("{} stays up: still in use by {list}", link.name),
    );
    let fault = match builder.want(link.name) {
        Some(want) => located(fault, want, why),
        None => fault.on(link.name),
    };
    builder.say(fault.help("take them away first, or use `--force`"));
    builder.gone(Gone::Link(link.name));
    true
}

/// Guests keep their bridge: one that others hang on is not deleted.
fn refused(builder: &mut Builder<'_>, link: &Link, why: Origin) -> bool {
    let guests = guests(builder, link);
    if guests.is_empty() || builder.request.force {
        return false;
    }
    let list = guests.iter().map(|guest| guest.as_str()).collect::<Vec<_>>().join(", ");
    let stays = format!("{} stays as it is: still in use by {list}", link.name);
    let fault = match link.kind == Kind::Bridge {
        true => Diagnostic::error("bridge-has-guests", format!("bridge {stays}")),
        false => Diagnostic::error("link-has-guests", stays),
    };
    let fault = match builder.want(link.name) {
        Some(want) => located(fault, want, why),
        None => fault.on(link.name),
    };
    builder.keep(link.name);
    builder.say(fault.help("stop these guests first, or use `--force` and plug them in again afterwards"));
    true
}

fn delete(builder: &mut Builder<'_>, link: &Link, names: &BTreeSet<IfName>, why: Origin) {
    let name = link.name;
    let (ports, children) = builder.hanging(link.index);
    builder.gone(Gone::Link(name));
    for child in children {
        builder.gone(Gone::Link(child));
    }
    builder.op(name, Op::DeleteLink { name }, why);
    for port in ports {
        super::ports::give_back_ipv6(builder, name, port, why);
        // A port that was up for this bridge alone goes down with it.
        let ours = builder.owned.get(port).is_some_and(|owned| owned.master == Some(name));
        let auto = builder
            .want(port)
            .is_some_and(|want| want.classes.iter().any(|class| class == "auto"));
        let stays = auto || names.contains(&port) || builder.request.verb == Verb::Reload;
        if ours && !stays && link.kind != Kind::Vrf && !is_used(builder, port) {
            builder.gone(Gone::Up(port));
            if builder.is_up(port) {
                builder.op(name, Op::SetUp { name: port, up: false }, why);
            }
        }
    }
}

/// Whether something stands on the link, or it has addresses of its own.
fn is_used(builder: &mut Builder<'_>, name: IfName) -> bool {
    let Some(index) = builder.link(name).map(|link| link.index) else {
        return false;
    };
    let (_, uppers) = builder.hanging(index);
    !uppers.is_empty() || builder.now().addresses(index).iter().any(super::is_ours_to_judge)
}

/// A link that stays: our routes and addresses go, then it is set down.
fn clear(builder: &mut Builder<'_>, link: &Link, why: Origin) {
    let name = link.name;
    let want = builder.want(name);
    let owned = builder.owned.get(name);
    let kept_routes = owned.map(|owned| owned.routes.clone()).unwrap_or_default();
    let kept_addresses = owned.map(|owned| owned.addresses.clone()).unwrap_or_default();
    let said_routes = want
        .into_iter()
        .flat_map(|want| want.routes.iter().map(|route| route.value.clone()));
    let said_addresses = want
        .into_iter()
        .flat_map(|want| want.addresses.iter().map(|wanted| wanted.value.clone()));
    for old in kept_routes.into_iter().chain(said_routes) {
        route::remove(builder, name, &old, why);
    }
    for old in kept_addresses.into_iter().chain(said_addresses) {
        builder.gone(Gone::address(name, &old));
        let there = builder.link(name).map(|link| builder.now().addresses(link.index));
        if there.is_some_and(|all| all.iter().any(|have| have.same(&old))) {
            builder.op(name, Op::DelAddress { name, address: old }, why);
        }
    }
    if want.is_none() {
        super::ports::give_back_ipv6(builder, name, name, why);
        let put = owned.and_then(|owned| owned.master);
        let is = builder.link(name).and_then(|link| builder.master(link));
        if put.is_some() && put == is {
            builder.gone(Gone::Master(name));
            builder.op(name, Op::SetMaster { name, master: None }, why);
        }
    }
    let ours_to_down = builder.request.verb == Verb::Down || owned.is_some_and(|owned| owned.up);
    if ours_to_down && !link.is_loopback() && !carries_guests(builder, link, why) {
        bring_down(builder, name, why);
        super::members::leave(builder, name, why);
    }
}
