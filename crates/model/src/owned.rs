//! What we made or set: the record by which we know what is ours to take away.

use crate::attr::{Gone, On, Value, Wire};
use crate::attrs::bond;
use crate::desired::{Desired, HookVars, Knob, Phase, WantLink};
use crate::hash::Set;
use crate::name::IfName;
use crate::op::Op;
use crate::plan::{route_agrees, same_entry};
use crate::snapshot::{IFLA_ADDRESS, Link, Snapshot};
use crate::types::{Address, Fdb, Kind, Origin, Route, Rule, VlanRange};
use crate::vlans::VlanMap;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

const HWADDRESS: &str = "hwaddress";
const MTU: &str = "mtu";
const PRIMARY: &str = "bond-primary";

/// What we did for one interface.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OwnedLink {
    /// We created the link, of that kind.
    pub created: Option<Kind>,
    /// We set it up.
    pub up: bool,
    /// It was marked to come up by itself when it was last brought up.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub auto: bool,
    /// We made it a port of this master.
    pub master: Option<IfName>,
    /// It was down when it became that port, and goes down again when it is one no longer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub raised: bool,
    /// Addresses that we added.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<Address>,
    /// Routes that we added.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Route>,
    /// VLANs that we added (of the port, or of the bridge itself).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vlans: Vec<VlanRange>,
    /// Forwarding entries that we added.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fdb: Vec<Fdb>,
    /// Options that we set and that are not at their default: name of the row.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub knobs: Vec<String>,
    /// What the link had of settings of the kernel before we set them, by name of the row: where they go back to. Of a
    /// link that we made nothing is known: it goes back to what new links have.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub before: BTreeMap<String, u64>,
    /// Hook lines of its stanza when it was brought up, so that it can be taken down after the stanza is gone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hooks: Vec<(Phase, String)>,
    /// What the scripts are told of its stanzas.
    #[serde(skip_serializing_if = "HookVars::is_empty")]
    pub vars: HookVars,
    /// `no-auto-down` held when it was brought up.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_auto_down: bool,
    /// `no-scripts` held when it was brought up.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_scripts: bool,
}

/// What we did, by interface.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Owned {
    /// By name. An interface is configured (`ifquery --state`) when it is in here with `up`.
    pub links: BTreeMap<IfName, OwnedLink>,
    /// Rules that we added: of no link, and there while a VRF is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// What a run that was killed took from others, by the steps that give it back: for the next run to do so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub owed: Vec<Op>,
}

impl Owned {
    /// The record of that name.
    pub fn get(&self, name: IfName) -> Option<&OwnedLink> {
        self.links.get(&name)
    }

    /// Whether we created the link of that name.
    pub fn created(&self, name: IfName) -> bool {
        self.get(name).is_some_and(|link| link.created.is_some())
    }
}

impl Owned {
    /// Takes a step that was done into the record.
    pub fn record(&mut self, op: &Op) {
        match op {
            Op::DeleteLink { name } => {
                self.links.remove(name);
                return;
            }
            Op::RenameLink { from, to } => {
                if let Some(link) = self.links.remove(from) {
                    self.links.insert(*to, link);
                }
                return;
            }
            // What the kernel has from the start is put back, and is not ours.
            Op::AddRule { rule, .. } if *rule == Rule::first(rule.v6) => return,
            Op::AddRule { rule, .. } => {
                self.rules.retain(|ours| ours != rule);
                self.rules.push(*rule);
                return;
            }
            Op::DelRule { rule, .. } => {
                self.rules.retain(|ours| ours != rule);
                return;
            }
            _ => {}
        }
        let link = self.links.entry(op.name()).or_default();
        match op {
            Op::CreateLink { kind, .. } => link.created = Some(kind.clone()),
            Op::SetMaster { master, .. } => link.master = *master,
            Op::AddAddress { address, .. } => {
                link.addresses.retain(|old| !old.same(address));
                link.addresses.push(address.clone());
            }
            Op::DelAddress { address, .. } => link.addresses.retain(|old| !old.same(address)),
            Op::AddRoute { route, .. } => {
                link.routes.retain(|old| !old.same(route));
                link.routes.push(route.clone());
            }
            Op::DelRoute { route, .. } => link.routes.retain(|old| !old.same(route)),
            Op::AddVlans { ranges, .. } => {
                let mut vlans = VlanMap::of(&link.vlans);
                ranges.iter().for_each(|range| vlans.add(*range));
                link.vlans = vlans.ranges();
            }
            Op::DelVlans { ranges, .. } => {
                let mut vlans = VlanMap::of(&link.vlans);
                ranges.iter().for_each(|range| vlans.remove(*range));
                link.vlans = vlans.ranges();
            }
            Op::AddFdb { fdb, .. } if !link.fdb.contains(fdb) => link.fdb.push(fdb.clone()),
            Op::DelFdb { fdb, .. } => link.fdb.retain(|old| old != fdb),
            _ => {}
        }
    }

    /// Takes in the rules that a run added and took away: nothing in the file speaks of them, so they are known by their
    /// steps, of which those that were done are given.
    #[must_use]
    pub fn with_rules<'a, 'b>(settled: Cow<'a, Self>, done: impl Iterator<Item = &'b Op>) -> Cow<'a, Self> {
        let mut all = settled;
        for op in done.filter(|op| matches!(op, Op::AddRule { .. } | Op::DelRule { .. })) {
            all.to_mut().record(op);
        }
        all
    }

    /// Takes the options that a step sets for ours: what left the file goes back at the next run. Only for runs that did not
    /// come to their end; else what is wanted says it. Hardware addresses are left out: bridges and bonds get theirs from a
    /// port, with no line for it.
    pub(crate) fn record_options(&mut self, op: &Op) {
        let is_set = |wire: Wire| match (op, wire) {
            (Op::SetLink { link, .. }, Wire::Link(attr)) => {
                attr.number != IFLA_ADDRESS && link.get(attr.number).is_some()
            }
            (Op::SetConf { v6: false, key, .. }, Wire::Conf4(_, row)) => key == row,
            (Op::SetConf { v6: true, key, .. }, Wire::Conf6(_, row)) => key == row,
            (Op::SetAddrGenMode { .. }, Wire::AddrGenMode) => true,
            (Op::Ethtool(set), Wire::Ethtool(field)) => field.is_in(set),
            _ => false,
        };
        for row in crate::table::all().filter(|row| is_set(row.wire)) {
            let link = self.links.entry(op.name()).or_default();
            if !link.knobs.iter().any(|knob| knob == row.name) {
                link.knobs.push(row.name.to_owned());
            }
        }
    }

    /// Keeps what the kernel had of settings that this run was the first to set, and which new ports were down; `old` is the record before the run, and
    /// `was` the kernel before it.
    #[must_use]
    pub fn remembering<'a>(settled: Cow<'a, Self>, old: &Self, was: &Snapshot) -> Cow<'a, Self> {
        let mut news: Vec<(IfName, String, u64)> = Vec::new();
        for (name, link) in &settled.links {
            let Some(found) = was.get(*name).filter(|_| link.created.is_none()) else {
                continue;
            };
            let before = old.get(*name);
            let new = |knob: &&String| !before.is_some_and(|before| before.knobs.contains(knob));
            for knob in link.knobs.iter().filter(new) {
                let Some(row) = crate::table::find(knob) else { continue };
                if let Some(field) = row.field() {
                    let seen = found.ethtool.as_ref().and_then(|ethtool| ethtool.seen(field.group));
                    let was = seen.map(|seen| field.before(row.name, seen)).unwrap_or_default();
                    news.extend(was.into_iter().map(|(what, value)| (*name, what, value)));
                    continue;
                }
                let is_setting = |wire| matches!(wire, Wire::Conf4(..) | Wire::Conf6(..) | Wire::AddrGenMode);
                let value = Some(row)
                    .filter(|row| is_setting(row.wire))
                    .and_then(|row| row.read(found));
                if let Some(Value::Number(value)) = value {
                    news.push((*name, knob.clone(), value));
                }
            }
        }
        let raised: Vec<IfName> = settled
            .links
            .iter()
            .filter(|(name, link)| {
                let before = old.get(**name);
                let is_new_port = link.master.is_some() && before.is_none_or(|before| before.master.is_none());
                let was_down = was.get(**name).is_some_and(|found| !found.is_up());
                is_new_port && was_down && link.created.is_none() && before.is_none_or(|before| !before.up)
            })
            .map(|(name, _)| *name)
            .collect();
        if news.is_empty() && raised.is_empty() {
            return settled;
        }
        let mut all = settled.into_owned();
        for (name, knob, value) in news {
            if let Some(link) = all.links.get_mut(&name) {
                // Two options may stand for one feature.
                link.before.entry(knob).or_insert(value);
            }
        }
        for name in raised {
            if let Some(link) = all.links.get_mut(&name) {
                link.raised = true;
            }
        }
        Cow::Owned(all)
    }

    /// Whether the link was set up for its master alone, and is declared without one now: nothing wants it up, unless it
    /// is asked for itself.
    pub fn lets_go(&self, desired: &Desired, name: IfName) -> bool {
        let raised = self.get(name).is_some_and(|link| link.raised);
        let free = desired.get(name).is_some_and(|want| want.master.is_none());
        raised && free && desired.uppers(name).next().is_none()
    }

    /// Takes a step into the record that was begun, and of which nobody knows whether it was done: what it adds may be
    /// there and is ours then; what it takes away may be there still, and stays ours.
    pub(crate) fn record_begun(&mut self, op: &Op) {
        match op {
            Op::RenameLink { from, to } => {
                if let Some(link) = self.links.get(from).cloned() {
                    self.links.entry(*to).or_insert(link);
                }
            }
            // A port that was ours under another master may be there still.
            Op::SetMaster { name, master: Some(_) } if self.get(*name).is_none_or(|link| link.master.is_none()) => {
                self.record(op);
            }
            Op::CreateLink { .. }
            | Op::AddAddress { .. }
            | Op::AddRoute { .. }
            | Op::AddVlans { .. }
            | Op::AddFdb { .. }
            | Op::AddRule { .. } => self.record(op),
            _ => {}
        }
    }

    /// The record after a run, from what the kernel has now: of what the interfaces in `scope` were wanted to have, all
    /// that is there is ours, whoever put it there first; of what was ours before, what is still there stays ours.
    ///
    /// *Shape*: `scope` are the interfaces that were brought up; those that were taken down are in `down`. Where the
    /// record stays as it is, it is this one.
    #[must_use]
    pub fn settle(&self, desired: &Desired, now: &Snapshot, up: &[IfName], down: &[IfName]) -> Cow<'_, Self> {
        let up: Set<IfName> = up.iter().copied().collect();
        let down: Set<IfName> = down.iter().copied().collect();
        let reached = |want: &&WantLink| is_reached(desired, want, &up);
        let settled = |name: IfName, old: Option<&OwnedLink>| {
            let mut link = old.cloned().unwrap_or_default();
            link.keep_what_is(name, now);
            if let Some(want) = desired.get(name).filter(reached) {
                link.claim(want, now, up.contains(&name));
            }
            // A link of our making that is still there was not taken down, nor a port of ours that is still up: it
            // stays configured.
            let is_up = now.get(name).is_some_and(Link::is_up);
            let is_down = down.contains(&name) && link.created.is_none() && !(link.master.is_some() && is_up);
            if is_down {
                link = link.left_set();
            }
            (now.get(name).is_some() && !link.is_empty()).then_some(link)
        };
        let new = desired.links().iter().filter(|want| self.get(want.name).is_none());
        let names = self
            .links
            .keys()
            .copied()
            .chain(new.filter(reached).map(|want| want.name));
        let changes: Vec<(IfName, Option<OwnedLink>)> = names
            .filter_map(|name| {
                let old = self.get(name);
                let link = settled(name, old);
                (link.as_ref() != old).then_some((name, link))
            })
            .collect();
        let left = |rule: &Rule| now.rules.is_none() || now.has_rule(*rule);
        if changes.is_empty() && self.rules.iter().all(left) && self.owed.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut all = self.clone();
        // Given back by now, or reported.
        all.owed.clear();
        all.rules.retain(left);
        for (name, link) in changes {
            match link {
                Some(link) => all.links.insert(name, link),
                None => all.links.remove(&name),
            };
        }
        Cow::Owned(all)
    }
}

/// An option of a bond that we set, that is no longer wanted, and that the mode it has now does not let us set back: it
/// would come back with its mode.
fn asleep_in(name: &str, link: &Link) -> Option<&'static str> {
    let row = crate::table::find(name).filter(|row| row.on == On::Bond)?;
    let default = row.default_value()?;
    let is_back = row.read(link).is_some_and(|found| row.same(&default, &found));
    (!is_back).then_some(row.name)
}

/// Whether the link was brought up itself, or as part of one that was.
fn is_reached(desired: &Desired, want: &WantLink, up: &Set<IfName>) -> bool {
    let port = want.master.is_some_and(|master| up.contains(&master.name));
    let below = !want.declared && desired.uppers(want.name).any(|upper| is_reached(desired, upper, up));
    up.contains(&want.name) || port || below
}

impl OwnedLink {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether we gave it its MAC.
    pub fn has_fixed_mac(&self) -> bool {
        self.knobs.iter().any(|name| name == HWADDRESS)
    }

    /// Whether we set the option of that name.
    pub fn sets(&self, option: &str) -> bool {
        self.knobs.iter().any(|name| name == option)
    }

    /// Whether we chose the primary port of the bond.
    pub fn has_primary(&self) -> bool {
        self.knobs.iter().any(|name| name == PRIMARY)
    }

    /// What stays of a link that was taken down and is there still, as a NIC is: the options that we set keep their values
    /// meanwhile, and go back later as if it had stayed up.
    fn left_set(self) -> Self {
        Self {
            knobs: self.knobs,
            before: self.before,
            ..Self::default()
        }
    }

    /// Whether nothing of it is ours but options that we set: it was taken down.
    pub fn is_left_set(&self) -> bool {
        !self.knobs.is_empty() && *self == self.clone().left_set()
    }

    fn keep_what_is(&mut self, name: IfName, now: &Snapshot) {
        let Some(link) = now.get(name) else { return };
        if self.created.as_ref().is_some_and(|kind| *kind != link.kind) {
            self.created = None;
        }
        let master = link
            .master
            .and_then(|index| now.by_index(index))
            .map(|master| master.name);
        self.master = self.master.filter(|ours| Some(*ours) == master);
        if self.raised && self.master.is_none() {
            // It was let go: a later reload must not take it for one that is to be up.
            self.raised = false;
            self.up &= link.is_up();
        }
        let addresses = now.addresses(link.index);
        self.addresses.retain(|ours| addresses.iter().any(|is| is.same(ours)));
        let routes = now.routes(link.index);
        self.routes
            .retain(|ours| routes.iter().any(|is| route_agrees(ours, is)));
        if !self.vlans.is_empty() {
            self.vlans = VlanMap::of(&self.vlans)
                .both(&VlanMap::of(now.vlans(link.index)))
                .ranges();
        }
        let fdb = now.fdb(link.index);
        self.fdb.retain(|ours| fdb.iter().any(|is| same_entry(ours, is)));
    }

    fn claim(&mut self, want: &WantLink, now: &Snapshot, whole: bool) {
        let Some(link) = now.get(want.name) else { return };
        if want.kind != Kind::Physical && link.kind == want.kind {
            self.created = Some(want.kind.clone());
        }
        let master = link
            .master
            .and_then(|index| now.by_index(index))
            .map(|master| master.name);
        if let Some(wanted) = want.master.filter(|wanted| Some(wanted.name) == master) {
            self.master = Some(wanted.name);
        }
        if let Some(vlans) = &want.vlans {
            let is = VlanMap::of(now.vlans(link.index));
            let mut ours = VlanMap::of(&self.vlans);
            let wanted = VlanMap::of(&vlans.ranges).both(&is).ranges();
            wanted.into_iter().for_each(|range| ours.add(range));
            self.vlans = ours.ranges();
        }
        let is_set = |knob: &&Knob| match (knob.attr.gone(), knob.attr.default_value()) {
            (Gone::Kept(_), _) => false,
            (Gone::Own, _) => matches!(knob.origin, Origin::Said(_)),
            (_, default) => default.is_none_or(|default| default != knob.value),
        };
        let set = want.knobs.iter().filter(is_set).map(|knob| knob.attr.name);
        // The MAC of a bridge or bond is chosen once: that it was set is kept, so that ports no longer change it.
        let fixed = self.has_fixed_mac() || want.knob(HWADDRESS).is_some();
        let keeps =
            fixed && matches!(want.kind, Kind::Bridge | Kind::Bond) && !set.clone().any(|name| name == HWADDRESS);
        let primary = want
            .data_links
            .iter()
            .any(|(number, _)| *number == bond::PRIMARY.number);
        let asleep = self.knobs.iter().filter(|name| want.knob(name).is_none());
        let asleep: Vec<&'static str> = asleep.filter_map(|name| asleep_in(name, link)).collect();
        // A bridge whose MTU was set once no longer follows its ports.
        let own_mtu = want.kind == Kind::Bridge && (self.sets(MTU) || want.knob(MTU).is_some());
        let own_mtu = own_mtu && !set.clone().any(|name| name == MTU);
        let names = set
            .chain(own_mtu.then_some(MTU))
            .chain(keeps.then_some(HWADDRESS))
            .chain(primary.then_some(PRIMARY))
            .chain(asleep);
        if !names.clone().eq(self.knobs.iter().map(String::as_str)) {
            self.knobs = names.map(str::to_owned).collect();
        }
        let knobs = &self.knobs;
        let has_feature = |name: &str| {
            let mut fields = knobs.iter().filter_map(|knob| crate::table::find(knob)?.field());
            fields.any(|field| field.has_feature(name))
        };
        self.before.retain(|name, _| knobs.contains(name) || has_feature(name));
        if !whole {
            return;
        }
        for wanted in &want.addresses {
            let is = now.addresses(link.index).iter().any(|is| is.same(&wanted.value));
            if is && !self.addresses.iter().any(|ours| ours.same(&wanted.value)) {
                self.addresses.push(wanted.value.clone());
            }
        }
        for wanted in &want.routes {
            let is = now.routes(link.index).iter().any(|is| route_agrees(&wanted.value, is));
            if is && !self.routes.iter().any(|ours| route_agrees(&wanted.value, ours)) {
                self.routes.push(wanted.value.clone());
            }
        }
        for wanted in &want.fdb {
            let is = now.fdb(link.index).iter().any(|is| same_entry(&wanted.value, is));
            if is && !self.fdb.iter().any(|ours| same_entry(&wanted.value, ours)) {
                self.fdb.push(wanted.value.clone());
            }
        }
        self.up = true;
        self.auto = want.classes.iter().any(|class| class == "auto" || class == "hotplug");
        self.hooks = want
            .hooks
            .iter()
            .map(|hook| (hook.phase, hook.command.value.clone()))
            .collect();
        self.vars.clone_from(&want.vars);
        self.no_scripts = want.no_scripts;
        self.no_auto_down = want.no_auto_down;
    }
}
