//! In which order links are taken, and steps are done.
//!
//! Hooks are the slow part, and may hang. So what moves from one link to another is planned first, and no hook of an
//! interface that has nothing to do with it runs between the step that breaks and the step that makes.

use super::builder::Builder;
use crate::desired::WantLink;
use crate::fake::stood_on;
use crate::hash::Set;
use crate::name::IfName;
use crate::op::{Action, Op, Step, StepId};
use crate::snapshot::Link;
use crate::types::{Address, Kind};
use std::net::IpAddr;

/// Puts links that take something over from another link first, with all that they stand on and all that stands on them.
/// The order is otherwise as it was: lower links first.
pub(super) fn moving_first<'a>(builder: &Builder<'a>, links: Vec<&'a WantLink>) -> Vec<&'a WantLink> {
    let mut near: Set<IfName> = links
        .iter()
        .filter(|want| takes_over(builder, want))
        .map(|want| want.name)
        .collect();
    if near.is_empty() {
        return links;
    }
    for want in &links {
        if want.lower().any(|lower| near.contains(&lower.name)) {
            near.insert(want.name);
        }
    }
    for want in links.iter().rev() {
        if near.contains(&want.name) {
            near.extend(want.lower().chain(&want.peer).map(|lower| lower.name));
        }
    }
    let (first, rest): (Vec<&WantLink>, Vec<&WantLink>) = links.into_iter().partition(|want| near.contains(&want.name));
    first.into_iter().chain(rest).collect()
}

/// Whether a link gets an address that another has, or a port that another has or that has addresses.
fn takes_over(builder: &Builder<'_>, want: &WantLink) -> bool {
    let start = builder.start;
    let index = start.get(want.name).map(|link| link.index);
    let elsewhere = |ip: IpAddr| {
        let mut others = start.addresses.iter().filter(|(at, _)| Some(**at) != index);
        others.any(|(_, all)| all.iter().any(|is| is.ip == ip))
    };
    let has = |ip: IpAddr| index.is_some_and(|index| start.addresses(index).iter().any(|is| is.ip == ip));
    let mut addresses = want.addresses.iter().map(|wanted| wanted.value.ip);
    addresses.any(|ip| !has(ip) && elsewhere(ip)) || takes_port_in_use(builder, want)
}

/// Whether a link gets a port that another has or that has addresses.
fn takes_port_in_use(builder: &Builder<'_>, want: &WantLink) -> bool {
    let index = builder.start.get(want.name).map(|link| link.index);
    let in_use = |port: &Link| {
        let other = port.master.is_some() && port.master != index;
        other || port.master.is_none() && has_addresses(builder, port)
    };
    let mut ports = want.ports.iter().filter_map(|port| builder.start.get(port.name));
    ports.any(in_use)
}

/// Whether the link is a bond that is down, is to be up, and takes a port which something goes through now.
pub(super) fn takes_living_port(builder: &Builder<'_>, want: &WantLink) -> bool {
    want.kind == Kind::Bond && want.up && !builder.is_up(want.name) && takes_port_in_use(builder, want)
}

fn has_addresses(builder: &Builder<'_>, link: &Link) -> bool {
    let mut all = builder.now().addresses(link.index).iter();
    all.any(|is| super::is_stray(is, |_| false))
}

/// Puts links last from which something moves, and what they stand on: the links that it moves to come next.
pub(super) fn moving_last(builder: &Builder<'_>, names: Vec<IfName>) -> Vec<IfName> {
    let start = builder.start;
    let mut last: Set<IfName> = Set::default();
    for name in &names {
        let Some(link) = start.get(*name) else { continue };
        let is_wanted = |is: &Address| {
            let mut links = builder.desired.links().iter().filter(|want| want.name != *name);
            links.any(|want| want.addresses.iter().any(|wanted| wanted.value.ip == is.ip))
        };
        let gives_port = || {
            let mut ports = start.ports(link.index).filter_map(|port| builder.want(port.name));
            ports.any(|want| want.master.is_some() || !want.addresses.is_empty())
        };
        let below = |upper: &IfName| {
            let upper = start.get(*upper);
            upper.is_some_and(|upper| link.master == Some(upper.index) || stood_on(upper).any(|at| at == link.index))
        };
        if start.addresses(link.index).iter().any(is_wanted) || gives_port() || last.iter().any(below) {
            last.insert(*name);
        }
    }
    let (last, first): (Vec<IfName>, Vec<IfName>) = names.into_iter().partition(|name| last.contains(name));
    first.into_iter().chain(last).collect()
}

/// Whether a step may take something away that the host is reached by.
pub(super) fn breaks(builder: &Builder<'_>, op: &Op) -> bool {
    match op {
        Op::DelAddress { .. } | Op::DelRoute { .. } | Op::DeleteLink { .. } | Op::SetUp { up: false, .. } => true,
        Op::SetMaster { name, .. } => builder
            .link(*name)
            .is_some_and(|link| link.master.is_some() || has_addresses(builder, link)),
        _ => false,
    }
}

/// The steps as they are to be done: hooks one by one, each when nothing else can be done before it.
///
/// So whatever hangs holds up only what waits for it, and the order in which steps are shown is that in which they are
/// done: those between two hooks before the one and after the other.
pub(super) fn hooks_late(steps: Vec<Step>) -> Vec<Step> {
    let is_hook = |step: &Step| matches!(step.action, Action::Hook(..));
    if !steps.iter().any(is_hook) {
        return steps;
    }
    let mut waiting: Vec<usize> = vec![0; steps.len()];
    let mut waiters: Vec<Vec<usize>> = vec![Vec::new(); steps.len()];
    for (at, step) in steps.iter().enumerate() {
        for before in step.after.iter().chain(&step.needs) {
            waiters[before.0 as usize].push(at);
            waiting[at] += 1;
        }
    }
    let mut ready: Vec<usize> = (0..steps.len()).filter(|at| waiting[*at] == 0).collect();
    let mut hooks = std::collections::BTreeSet::new();
    let mut order: Vec<usize> = Vec::with_capacity(steps.len());
    let mut begin = 0;
    loop {
        while let Some(at) = ready.pop() {
            if is_hook(&steps[at]) {
                hooks.insert(at);
                continue;
            }
            order.push(at);
            release(at, &waiters, &mut waiting, &mut ready);
        }
        // Between two hooks the steps stay in the order in which they were planned.
        order[begin..].sort_unstable();
        let Some(hook) = hooks.pop_first() else { break };
        order.push(hook);
        begin = order.len();
        release(hook, &waiters, &mut waiting, &mut ready);
    }
    renumber(steps, &order)
}

fn release(done: usize, waiters: &[Vec<usize>], waiting: &mut [usize], ready: &mut Vec<usize>) {
    for waiter in &waiters[done] {
        waiting[*waiter] -= 1;
        if waiting[*waiter] == 0 {
            ready.push(*waiter);
        }
    }
}

/// The steps in that order, each with its place as its name.
fn renumber(steps: Vec<Step>, order: &[usize]) -> Vec<Step> {
    let mut place: Vec<StepId> = vec![StepId(0); steps.len()];
    for (new, old) in (0u32..).zip(order) {
        place[*old] = StepId(new);
    }
    let mut steps: Vec<Step> = steps
        .into_iter()
        .map(|mut step| {
            step.id = place[step.id.0 as usize];
            for before in step.after.iter_mut().chain(&mut step.needs) {
                *before = place[before.0 as usize];
            }
            step
        })
        .collect();
    steps.sort_by_key(|step| step.id);
    steps
}
