//! VLANs on their way out of a filtering bridge, id by id.

use super::film::Film;
use super::list;
use crate::attr::Value;
use crate::attrs::vlan;
use crate::snapshot::{Link, Snapshot};
use crate::table;
use crate::types::{Kind, VlanRange};
use std::collections::{BTreeMap, BTreeSet};

/// Flags of an id on a port: untagged, PVID.
type Flags = (bool, bool);
type Ids = BTreeMap<u16, Flags>;

/// Whether a bridge filters by VLAN.
pub(super) fn filters(bridge: &Link) -> bool {
    let read = table::find("bridge-vlan-aware").and_then(|row| row.read(bridge));
    matches!(read, Some(Value::Number(on)) if on != 0)
}

/// The ids that go with those ports of a bridge that are not guests, before and after.
pub(super) struct Out<'a> {
    film: &'a Film<'a>,
    start: &'a Link,
    before: BTreeMap<u16, BTreeSet<Flags>>,
    after: BTreeMap<u16, BTreeSet<Flags>>,
}

impl<'a> Out<'a> {
    /// `None` where the bridge does not filter at both ends of the plan.
    pub(super) fn of(film: &'a Film<'a>, bridge: &'a Link) -> Option<Self> {
        let after = film.later(bridge)?;
        (filters(bridge) && filters(after)).then(|| Self {
            film,
            start: bridge,
            before: out(film, film.start, bridge),
            after: out(film, &film.end, after),
        })
    }

    /// What a port, or the bridge itself, loses: a sentence each, without saying whose.
    ///
    /// *Shape*: `only` are the ids that count; `None` is all of them.
    pub(super) fn lost(&self, before: &Link, after: &Link, only: Option<u16>) -> Vec<String> {
        let counts = |id: &u16| only.is_none_or(|only| *id == only);
        let had = ids(self.film.start, before.index);
        let has = ids(&self.film.end, after.index);
        let own: BTreeSet<u16> = had
            .iter()
            .filter(|(id, flags)| counts(id) && has.get(*id) != Some(*flags))
            .map(|(id, _)| *id)
            .collect();
        let is_out = |id: &u16| {
            let had = self.before.get(id);
            let has = self.after.get(id);
            had.is_none_or(|had| has.is_some_and(|has| had.is_subset(has)))
        };
        let out: BTreeSet<u16> = had
            .keys()
            .filter(|id| counts(id) && !own.contains(*id) && !is_out(id))
            .copied()
            .collect();
        let mut lost = Vec::new();
        if !own.is_empty() {
            lost.push(format!("{} changes or goes on the port itself", text(&own)));
        }
        if !out.is_empty() {
            let ports = self.film.start.ports(self.start.index);
            let carried = |port: &&Link| {
                let ids = ids(self.film.start, port.index);
                !self.film.is_guest(port) && out.iter().any(|id| ids.contains_key(id))
            };
            let ports = list(ports.filter(carried).map(|port| port.name.to_string()));
            lost.push(format!("{} is no longer the same on {ports}", text(&out)));
        }
        lost
    }
}

/// What the VLAN of one of the host's own links loses, where it stands on a filtering bridge.
pub(super) fn of_host(film: &Film<'_>, link: &Link) -> Option<String> {
    let (bridge, id) = match link.kind {
        Kind::Vlan => {
            let id = link
                .data
                .get(vlan::ID.number)?
                .try_into()
                .ok()
                .map(u16::from_ne_bytes)?;
            (film.start.by_index(link.parent?)?, id)
        }
        Kind::Bridge => {
            let pvid = ids(film.start, link.index).into_iter().find(|(_, (_, pvid))| *pvid)?;
            (link, pvid.0)
        }
        Kind::Physical
        | Kind::Bond
        | Kind::Vxlan
        | Kind::Veth
        | Kind::Dummy
        | Kind::Macvlan
        | Kind::Vrf
        | Kind::Row(_)
        | Kind::Other(_) => return None,
    };
    if bridge.kind != Kind::Bridge {
        return None;
    }
    let after = film.later(bridge)?;
    let lost = Out::of(film, bridge)?.lost(bridge, after, Some(id));
    let lost = lost.first()?;
    Some(lost.replace("the port itself", bridge.name.as_str()))
}

fn out(film: &Film<'_>, now: &Snapshot, bridge: &Link) -> BTreeMap<u16, BTreeSet<Flags>> {
    let mut out: BTreeMap<u16, BTreeSet<Flags>> = BTreeMap::new();
    for port in now.ports(bridge.index).filter(|port| !film.is_guest(port)) {
        for (id, flags) in ids(now, port.index) {
            out.entry(id).or_default().insert(flags);
        }
    }
    out
}

fn ids(now: &Snapshot, index: u32) -> Ids {
    let each = |range: &VlanRange| {
        let flags = (range.untagged, range.pvid);
        (range.first..=range.last).map(move |id| (id, flags))
    };
    now.vlans(index).iter().flat_map(each).collect()
}

/// `VLAN 20`, `VLANs 2-19 and 21-4094`.
fn text(ids: &BTreeSet<u16>) -> String {
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for id in ids {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *id => *last = *id,
            _ => ranges.push((*id, *id)),
        }
    }
    let word = if ids.len() == 1 { "VLAN" } else { "each of VLANs" };
    let ranges = ranges.into_iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    });
    format!("{word} {}", list(ranges))
}
