//! The second way back: from the kernel as a run that was undone has left it to the one from before that run.
//!
//! What undoes each step is made on a simulated kernel before the first one. Where the kernel did something else (took
//! IPv6 from a link with a small MTU, refused a part of the undoing), this starts from what it has.

use super::same_entry;
use super::undo::{self, Back};
use crate::conf_names;
use crate::differs::{Difference, differences, matched};
use crate::fake::{FakeKernel, Piece, same_place};
use crate::hash::{Map, Set};
use crate::name::IfName;
use crate::nla::Attrs;
use crate::op::{Op, Plan};
use crate::snapshot::{Link, Snapshot};
use crate::types::{Address, Leg, Neighbour, Route};
use std::collections::{BTreeMap, BTreeSet};

/// The steps from `now` to `before`, for the links of which something was lost.
///
/// Only the differences that are `ours` to lead back: others may have come and gone meanwhile. Like `ip link set`,
/// `ip addr` and `ip route` by hand.
pub fn back(ours: &dyn Fn(&Difference) -> bool, before: &Snapshot, now: &Snapshot) -> Vec<Op> {
    let mut found = differences(before, now);
    found.retain(ours);
    let terms = Terms::of(before, now);
    let goal = goal(&found, before, &terms);
    let mut way = Back {
        kernel: FakeKernel::new(now.clone()),
        ops: Vec::new(),
        start: now,
        goal: &goal,
    };
    way.kernel.predict();
    way.kernel.number_past(terms.highest);
    for piece in goal.values().flatten() {
        rename(&mut way, piece);
        reorder(&mut way, piece);
    }
    way.walk();
    let mut ops = way.ops;
    let links: Set<IfName> = found.iter().map(|found| found.link).collect();
    let others = conf(before, now).into_iter().chain(rules(before, now));
    let others = others.chain(several(before, now));
    ops.extend(others.filter(|op| links.contains(&op.name())));
    let new: Vec<&Op> = found.iter().filter_map(|new| new.take_away.as_ref()).collect();
    let kept: Vec<bool> = (0..ops.len()).map(|at| may_be_done(&ops, at, &new)).collect();
    let mut kept = kept.into_iter();
    ops.retain(|_| kept.next().unwrap_or(false));
    ops
}

/// Whether it is something new that a step of the plan made.
pub fn is_ours(plan: &Plan, new: &Difference) -> bool {
    let Some(take_away) = &new.take_away else { return false };
    let made = |op: &Op| match (op, take_away) {
        (Op::CreateLink { name, peer, .. }, Op::DeleteLink { name: gone }) => name == gone || *peer == Some(*gone),
        (Op::AddAddress { name, address, .. }, Op::DelAddress { name: of, address: is }) => {
            name == of && address.same(is)
        }
        (Op::AddRoute { name, route, .. }, Op::DelRoute { name: of, route: is }) => name == of && same_place(route, is),
        (Op::AddFdb { name, fdb }, Op::DelFdb { name: of, fdb: is }) => name == of && same_entry(fdb, is),
        (Op::AddRule { rule, .. }, Op::DelRule { rule: is, .. }) => rule == is,
        (Op::AddVlans { name, .. } | Op::SetMaster { name, .. }, Op::DelVlans { name: of, .. }) => name == of,
        _ => false,
    };
    plan.ops().any(made)
}

/// Neighbours given by hand that are not there any more, each with the index that its link has now.
pub fn lost_neighbours(before: &Snapshot, now: &Snapshot) -> Vec<(u32, Neighbour)> {
    let of = |(was, is): (u32, u32)| {
        let there = now.neighbours(is);
        let lost = before.neighbours(was).iter().filter(|old| !there.contains(old));
        lost.map(move |old| (is, old.clone())).collect::<Vec<_>>()
    };
    let mut all: Vec<(u32, Neighbour)> = matched(before, now).into_iter().flat_map(of).collect();
    all.sort();
    all
}

/// A removal is done where it takes away what is new, or what another step brings again.
fn may_be_done(ops: &[Op], at: usize, new: &[&Op]) -> bool {
    let Some((op, later)) = ops.get(at).zip(ops.get(at + 1..)) else {
        return false;
    };
    let again = |found: &Op| match (op, found) {
        (
            Op::DelAddress { name, address },
            Op::AddAddress {
                name: to, address: new, ..
            },
        ) => name == to && address.same(new),
        (
            Op::DelRoute { name, route },
            Op::AddRoute {
                name: to, route: new, ..
            },
        ) => name == to && same_place(route, new),
        (Op::DelFdb { name, fdb }, Op::AddFdb { name: to, fdb: new }) => name == to && same_entry(fdb, new),
        _ => false,
    };
    let is_new = new.iter().any(|new| match (op, new) {
        (Op::DelVlans { name, .. }, Op::DelVlans { name: of, .. }) => name == of,
        _ => op == *new,
    });
    match op {
        Op::DelRule { .. } => is_new,
        Op::DelAddress { .. } | Op::DelRoute { .. } | Op::DelFdb { .. } => is_new || later.iter().any(again),
        Op::DelVlans { .. } | Op::DeleteLink { .. } => is_new,
        _ => true,
    }
}

/// What is to be, by index in `now`: links of which something was lost and those next to them, and nothing in place of
/// links that are new.
fn goal(found: &[Difference], before: &Snapshot, terms: &Terms) -> BTreeMap<u32, Option<Piece>> {
    let named = |name: IfName| before.get(name).map(|link| link.index);
    let lost: BTreeSet<u32> = found.iter().filter_map(|found| named(found.link)).collect();
    let stands_on = |link: &Link| [link.master, link.below(), link.peer()];
    let near = |link: &Link| {
        let on = stands_on(link).into_iter().flatten();
        lost.contains(&link.index) || on.into_iter().any(|index| lost.contains(&index))
    };
    let below = lost
        .iter()
        .filter_map(|index| before.by_index(*index))
        .flat_map(stands_on)
        .flatten();
    let mut all: BTreeSet<u32> = below.filter(|index| before.by_index(*index).is_some()).collect();
    all.extend(before.links().iter().filter(|link| near(link)).map(|link| link.index));
    let pieces = all.into_iter().filter_map(|index| Piece::of(before, index));
    let mut goal: BTreeMap<u32, Option<Piece>> = pieces
        .map(|piece| terms.piece(piece))
        .map(|piece| (piece.link.index, Some(piece)))
        .collect();
    let new = found
        .iter()
        .filter(|new| matches!(new.take_away, Some(Op::DeleteLink { .. })));
    goal.extend(new.filter_map(|new| Some((*terms.new.get(&new.link)?, None))));
    goal
}

/// Links by the indexes that they have now, or are to get.
struct Terms {
    indexes: Map<u32, u32>,
    /// Links of now, by name.
    new: Map<IfName, u32>,
    /// The highest index of all.
    highest: u32,
}

impl Terms {
    fn of(before: &Snapshot, now: &Snapshot) -> Self {
        let mut indexes = matched(before, now);
        let all = before.links().iter().chain(now.links());
        let mut highest = all.map(|link| link.index).max().unwrap_or(0);
        for link in before.links() {
            indexes.entry(link.index).or_insert_with(|| {
                highest += 1;
                highest
            });
        }
        Self {
            indexes,
            new: now.links().iter().map(|link| (link.name, link.index)).collect(),
            highest,
        }
    }

    fn index(&self, index: u32) -> u32 {
        self.indexes.get(&index).copied().unwrap_or(index)
    }

    fn piece(&self, mut piece: Piece) -> Piece {
        let numbers = piece.link.kind.row().links;
        let link = &mut piece.link;
        let data: Attrs = link
            .data
            .iter()
            .map(|(number, payload)| match <[u8; 4]>::try_from(payload) {
                Ok(bytes) if numbers.contains(&number) => {
                    let index = self.index(u32::from_ne_bytes(bytes));
                    (number, index.to_ne_bytes().to_vec())
                }
                _ => (number, payload.to_vec()),
            })
            .collect();
        link.data = data;
        link.index = self.index(link.index);
        link.master = link.master.map(|index| self.index(index));
        if link.parent_netns.is_none() {
            link.parent = link.parent.map(|index| self.index(index));
        }
        piece
    }
}

fn rename(way: &mut Back<'_>, was: &Piece) {
    let is = way.kernel.now().by_index(was.link.index).map(|link| link.name);
    if let Some(from) = is.filter(|name| *name != was.link.name) {
        way.take(Op::RenameLink {
            from,
            to: was.link.name,
        });
    }
}

/// Addresses that come in another order are taken away, for the walk to add them in the old one: by it the host chooses the one
/// that it speaks from.
fn reorder(way: &mut Back<'_>, was: &Piece) {
    for v4 in [true, false] {
        // In the order of adding: the kernel has the newest IPv6 address of a scope first.
        let in_turn = |all: &[Address]| -> Vec<Address> {
            let all = all
                .iter()
                .filter(|address| address.ip.is_ipv4() == v4 && undo::returns(address, &was.link));
            match v4 {
                true => all.cloned().collect(),
                false => all.rev().cloned().collect(),
            }
        };
        let (old, new) = (
            in_turn(&was.addresses),
            in_turn(way.kernel.now().addresses(was.link.index)),
        );
        let known = |all: &[Address], address: &Address| all.iter().any(|other| other.same(address));
        let kept: Vec<Address> = new.into_iter().filter(|is| known(&old, is)).collect();
        let same = old.iter().zip(&kept).take_while(|(old, is)| old.same(is)).count();
        // Secondary ones first, so that none is promoted meanwhile.
        for address in kept.into_iter().skip(same).rev() {
            way.take(Op::DelAddress {
                name: was.link.name,
                address,
            });
        }
    }
}

/// Routes over several links that are not as they were, whole.
fn several(before: &Snapshot, now: &Snapshot) -> Vec<Op> {
    let all = matched(before, now);
    let lost = before.multipath.iter().filter(|old| {
        let legs = old.legs.iter().map(|leg| Some(leg.over(all.get(&leg.link).copied()?)));
        let legs: Option<Vec<Leg<u32>>> = legs.collect();
        !now.multipath
            .iter()
            .any(|is| is.route == old.route && legs.as_ref() == Some(&is.legs))
    });
    let named: Vec<Route> = lost.filter_map(|old| old.named(before)).collect();
    undo::several(&named)
}

/// Rules without a selector; those of others that are new are sorted out as all else that is taken away.
fn rules(before: &Snapshot, now: &Snapshot) -> Vec<Op> {
    let (Some(old), Some(new)) = (&before.rules, &now.rules) else {
        return Vec::new();
    };
    let Some(name) = now.links().iter().find(|link| link.is_loopback()).map(|link| link.name) else {
        return Vec::new();
    };
    let lost = old.iter().filter(|rule| !new.contains(rule));
    let lost = lost.map(|rule| Op::AddRule { name, rule: *rule });
    let beyond = new.iter().filter(|rule| !old.contains(rule));
    lost.chain(beyond.map(|rule| Op::DelRule { name, rule: *rule }))
        .collect()
}

/// Settings below net.ipv4.conf and net.ipv6.conf, of the rows of our own and of others alike.
fn conf(before: &Snapshot, now: &Snapshot) -> Vec<Op> {
    let mut ops = Vec::new();
    let all = matched(before, now);
    for was in before.links() {
        let Some(is) = all.get(&was.index).and_then(|index| now.by_index(*index)) else {
            continue;
        };
        let v4 = conf_names::differing(false, &was.conf4, &is.conf4);
        let v6 = conf_names::differing(true, &was.conf6, &is.conf6);
        ops.extend(
            v4.into_iter()
                .chain(v6)
                .filter(|conf| conf.writable)
                .map(|conf| Op::SetConf {
                    name: was.name,
                    v6: conf.v6,
                    key: conf.key,
                    value: conf.was,
                }),
        );
    }
    ops
}
