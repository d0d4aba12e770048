//! Lower links before the links on them, and cycles.

use super::Build;
use crate::desired::{LinkRef, WantLink};
use crate::hash::{Map, Set};
use crate::name::IfName;
use crate::types::Kind;
use cleat_diag::Diagnostic;
use std::collections::VecDeque;

impl Build<'_> {
    /// Puts the links into dependency order, otherwise as in the file. Links of a cycle are reported and left out, and
    /// so are VLANs, VXLANs and macvlans that sit on something left out, and the other end of a pair; a port that is left
    /// out only leaves its list.
    pub(super) fn order(&mut self) {
        for cycle in self.cycles() {
            self.found.push(self.told(&cycle));
            self.retain(|link| !cycle.contains(&link.name));
        }
        self.drop_orphans();
        let mut placed: Set<IfName> = Set::default();
        let mut order: Vec<IfName> = Vec::with_capacity(self.links.len());
        for at in 0..self.links.len() {
            self.place(self.links[at].name, &mut placed, &mut order);
        }
        if order.iter().eq(self.links.iter().map(|link| &link.name)) {
            return;
        }
        let mut links: Vec<Option<WantLink>> = std::mem::take(&mut self.links).into_iter().map(Some).collect();
        let sorted = order.iter().filter_map(|name| links[self.by_name[name]].take());
        self.links = sorted.collect();
        self.index();
    }

    /// What must stand before the link.
    fn before(&self, link: &WantLink) -> Vec<IfName> {
        link.lower()
            .chain(&link.vrf())
            .chain(&link.ovs_bridge)
            .map(|lower| lower.name)
            .collect()
    }

    fn place(&self, name: IfName, placed: &mut Set<IfName>, order: &mut Vec<IfName>) {
        if self.link(name).is_some_and(|link| self.stands_alone(link)) {
            if placed.insert(name) {
                order.push(name);
            }
            return;
        }
        // A stack of its own: a thousand links may be stacked.
        let mut stack = vec![(name, false)];
        while let Some((name, ready)) = stack.pop() {
            if ready {
                order.push(name);
                continue;
            }
            let Some(link) = self.link(name).filter(|_| placed.insert(name)) else {
                continue;
            };
            stack.push((name, true));
            let lower = self.before(link);
            stack.extend(
                lower
                    .into_iter()
                    .rev()
                    .filter(|lower| !placed.contains(lower))
                    .map(|lower| (lower, false)),
            );
        }
    }

    /// Whether nothing must stand before it.
    fn stands_alone(&self, link: &WantLink) -> bool {
        link.parent.is_none() && link.ports.is_empty() && self.before(link).is_empty()
    }

    /// Each cycle once, its links in order. Found by following the links until one is met again.
    fn cycles(&self) -> Vec<Vec<IfName>> {
        let mut done: Set<IfName> = Set::default();
        let mut cycles = Vec::new();
        for link in self.links.iter().filter(|link| !self.stands_alone(link)) {
            let mut path: Vec<IfName> = Vec::new();
            let mut on_path: Map<IfName, usize> = Map::default();
            let mut stack: Vec<(IfName, bool)> = vec![(link.name, true)];
            while let Some((name, down)) = stack.pop() {
                if !down {
                    path.pop();
                    on_path.remove(&name);
                    done.insert(name);
                    continue;
                }
                if let Some(at) = on_path.get(&name) {
                    cycles.push(path[*at..].to_vec());
                    continue;
                }
                let Some(link) = self.link(name).filter(|_| !done.contains(&name)) else {
                    continue;
                };
                on_path.insert(name, path.len());
                path.push(name);
                stack.push((name, false));
                stack.extend(self.before(link).into_iter().map(|lower| (lower, true)));
            }
        }
        cycles
    }

    fn told(&self, cycle: &[IfName]) -> Diagnostic {
        let names: Vec<&str> = cycle.iter().chain(cycle.first()).map(IfName::as_str).collect();
        let around = names.join(" → ");
        let step = |at: usize| -> Option<LinkRef> {
            let (from, to) = (cycle[at], cycle[(at + 1) % cycle.len()]);
            let link = self.link(from)?;
            let mut lower = link.lower().chain(&link.master).chain(&link.ovs_bridge);
            lower.find(|lower| lower.name == to).copied()
        };
        let first = cycle.first().copied();
        let mut diagnostic = Diagnostic::error("dependency-cycle", format!("links need each other: {around}"));
        if let Some(place) = step(0).and_then(|lower| lower.origin.place()) {
            diagnostic = diagnostic.at(place, "left out with all links of the cycle");
        }
        for at in 1..cycle.len() {
            if let Some(place) = step(at).and_then(|lower| lower.origin.place()) {
                let (from, to) = (cycle[at], cycle[(at + 1) % cycle.len()]);
                diagnostic = diagnostic.note_at(place, format!("`{from}` needs `{to}`"));
            }
        }
        match first {
            Some(first) => diagnostic.on(first),
            None => diagnostic,
        }
        .help("take one of these lines away")
    }

    /// Links on something that was left out.
    fn drop_orphans(&mut self) {
        let mut above: Map<IfName, Vec<IfName>> = Map::default();
        for link in &self.links {
            if let Some((needed, _)) = needed(link) {
                above.entry(needed.name).or_default().push(link.name);
            }
        }
        let is_there = |name: &IfName| self.by_name.contains_key(name);
        let mut orphans: VecDeque<IfName> = VecDeque::new();
        for link in &self.links {
            orphans.extend(
                needed(link)
                    .filter(|(needed, _)| !is_there(&needed.name))
                    .map(|_| link.name),
            );
        }
        let mut gone: Set<IfName> = Set::default();
        while let Some(name) = orphans.pop_front() {
            // The ends of a pair need each other.
            if !gone.insert(name) {
                continue;
            }
            let Some(((needed, how), origin)) = self.link(name).and_then(|link| Some((needed(link)?, link.origin)))
            else {
                continue;
            };
            let message = format!("`{name}` {how} `{}`, which is left out", needed.name);
            let mut diagnostic = Diagnostic::error("needs-left-out", message).on(name);
            if let Some(place) = needed.origin.place().or(origin.place()) {
                diagnostic = diagnostic.at(place, "left out too");
            }
            self.found.push(diagnostic);
            orphans.extend(above.remove(&name).unwrap_or_default());
        }
        self.retain(|link| !gone.contains(&link.name));
        let known: Set<IfName> = self.by_name.keys().copied().collect();
        for link in &mut self.links {
            link.ports.retain(|port| known.contains(&port.name));
            link.master = link.master.filter(|master| known.contains(&master.name));
            link.in_vrf &= link.master.is_some();
            link.data_links.retain(|(_, other)| known.contains(&other.name));
        }
    }
}

/// The link without which this one cannot be made, and how it is bound to that link.
fn needed(link: &WantLink) -> Option<(LinkRef, &'static str)> {
    let other_end = link.peer.filter(|_| link.kind == Kind::Veth);
    let parent = link.parent.map(|parent| (parent, "sits on"));
    parent.or(other_end.map(|other| (other, "is the other end of")))
}
