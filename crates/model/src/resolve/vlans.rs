//! VLANs in VLAN-aware bridges: of each port, and of the bridge itself.

use super::Build;
use super::kinds::bad_vlan_id;
use crate::decl::Said;
use crate::desired::{WantLink, WantVlans};
use crate::hash::Map;
use crate::name::IfName;
use crate::types::{Kind, Origin, VlanRange};
use cleat_diag::{Diagnostic, Place, Spanned};
use std::collections::BTreeSet;

/// The VLAN of untagged frames where none is said: the kernel's `vlan_default_pvid`.
const DEFAULT_PVID: u16 = 1;

/// What is said of the VLANs of a port or of all ports.
#[derive(Clone, Default)]
struct Table {
    vids: Option<(BTreeSet<u16>, Place)>,
    pvid: Option<(u16, Place)>,
    untagged: Option<(bool, Place)>,
}

impl Build<'_> {
    pub(super) fn vlans(&mut self) {
        let bridges = self.links.iter().filter(|link| link.kind == Kind::Bridge);
        for bridge in bridges.map(|link| link.name).collect::<Vec<_>>() {
            let ports: Vec<IfName> = match self.link(bridge) {
                Some(link) => link.ports.iter().map(|port| port.name).collect(),
                None => continue,
            };
            if self.link(bridge).and_then(|link| link.number("bridge-vlan-aware")) != Some(1) {
                self.unaware(bridge, bridge);
                ports.iter().for_each(|port| self.unaware(*port, bridge));
                continue;
            }
            let all = self.table(bridge);
            let lists = self.lists(bridge, &ports);
            for (port, list) in ports.iter().zip(lists) {
                let own = self.table(*port);
                let access = self.access(*port);
                let vlans = match access {
                    Some((vid, place)) => of(BTreeSet::new(), Some(vid), Some(Origin::Said(place))),
                    None => merged(&own, &list, &all),
                };
                if let Some(link) = self.link_mut(*port) {
                    link.vlans = Some(vlans);
                }
            }
            self.of_itself(bridge);
        }
    }

    /// The bridge itself is in the default VLAN and in those of the VLAN links on it.
    fn of_itself(&mut self, bridge: IfName) {
        // A service tag (802.1ad) passes a bridge that looks at 802.1Q tags as a frame without one.
        let tag = |link: &WantLink, option: &str| link.number(option).unwrap_or(0x8100);
        let own = self.link(bridge).map(|bridge| tag(bridge, "bridge-vlan-protocol"));
        let uppers = self.links.iter().filter(|link| {
            let on_it = link.parent.is_some_and(|parent| parent.name == bridge);
            link.kind == Kind::Vlan && on_it && Some(tag(link, "vlan-protocol")) == own
        });
        let vids: BTreeSet<u16> = uppers
            .filter_map(|link| u16::try_from(link.number("vlan-id")?).ok())
            .collect();
        if let Some(link) = self.link_mut(bridge) {
            let origin = link.knob("bridge-vlan-aware").map(|knob| knob.origin);
            let origin = origin.and_then(|origin| origin.place());
            let origin = origin.map(|place| Origin::Implied(place, "bridge-itself"));
            link.vlans = Some(of(vids, Some(DEFAULT_PVID), origin));
        }
    }

    /// What a stanza says with `bridge-vids`, `bridge-pvid` and `bridge-allow-untagged`.
    fn table(&mut self, name: IfName) -> Table {
        let mut table = Table::default();
        let Some(decl) = self.decls.get(name) else { return table };
        for said in decl.all("bridge-vids") {
            let vids = table.vids.get_or_insert_with(|| (BTreeSet::new(), said.place));
            for word in items(said) {
                self.range(said, &word, name, &mut vids.0);
            }
        }
        if let Some(said) = decl.last("bridge-pvid") {
            table.pvid = self.one_id(said, name).map(|id| (id, said.place));
        }
        if let Some(said) = decl.last("bridge-allow-untagged") {
            let allowed = said.typed.as_ref().map(|value| *value != crate::attr::Value::Number(0));
            table.untagged = allowed.map(|allowed| (allowed, said.place));
        }
        table
    }

    /// `bridge-access` of a port; with it `bridge-vids` and `bridge-pvid` have no effect.
    fn access(&mut self, port: IfName) -> Option<(u16, Place)> {
        let decl = self.decls.get(port)?;
        let said = decl.last("bridge-access")?;
        let id = self.one_id(said, port)?;
        for other in ["bridge-vids", "bridge-pvid"].iter().filter_map(|name| decl.last(name)) {
            self.found.push(
                Diagnostic::warning(
                    "no-effect",
                    format!("`{}` has no effect beside `bridge-access`", other.key.value),
                )
                .at(other.place, "an access port is in one VLAN")
                .note_at(said.place, "`bridge-access` is set")
                .on(port)
                .help("remove one of the lines"),
            );
        }
        Some((id, said.place))
    }

    /// `bridge-port-vids` and `bridge-port-pvids` of the bridge, by port.
    fn lists(&mut self, bridge: IfName, ports: &[IfName]) -> Vec<Table> {
        let mut tables = vec![Table::default(); ports.len()];
        let Some(decl) = self.decls.get(bridge) else {
            return tables;
        };
        let places: Map<&str, usize> = ports.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
        for said in decl.all("bridge-port-vids").chain(decl.all("bridge-port-pvids")) {
            for (port, value) in self.pairs(bridge, said) {
                let Some(at) = places.get(port.value.as_str()).copied() else {
                    self.found.push(
                        Diagnostic::error("no-port", format!("`{}` is not a port of `{bridge}`", port.value))
                            .at(port.place, "has no effect")
                            .on(bridge)
                            .help("name a port of `bridge-ports`"),
                    );
                    continue;
                };
                if said.name() == "bridge-port-pvids" {
                    tables[at].pvid = self.id(said, &value, bridge).map(|id| (id, said.place));
                    continue;
                }
                let vids = tables[at].vids.get_or_insert_with(|| (BTreeSet::new(), said.place));
                for item in value.value.split(',').filter(|item| !item.is_empty()) {
                    let word = Spanned::new(item.to_owned(), value.place);
                    self.range(said, &word, bridge, &mut vids.0);
                }
            }
        }
        tables
    }

    /// `5` or `2-4094`.
    fn range(&mut self, said: &Said, word: &Spanned<String>, on: IfName, into: &mut BTreeSet<u16>) {
        let Some((first, last)) = word.value.split_once('-') else {
            into.extend(self.id(said, word, on));
            return;
        };
        let end = |text: &str| Spanned::new(text.to_owned(), word.place);
        let (first, last) = (self.id(said, &end(first), on), self.id(said, &end(last), on));
        let (Some(first), Some(last)) = (first, last) else {
            return;
        };
        if first > last {
            self.found.push(
                Diagnostic::error("reversed-range", format!("`{}` ends before it begins", word.value))
                    .at(word.place, "left out")
                    .on(on)
                    .help(format!("write `{last}-{first}`")),
            );
            return;
        }
        into.extend(first..=last);
    }

    fn one_id(&mut self, said: &Said, on: IfName) -> Option<u16> {
        let word = Spanned::new(said.value.text.clone(), said.value.place);
        self.id(said, &word, on)
    }

    fn id(&mut self, said: &Said, word: &Spanned<String>, on: IfName) -> Option<u16> {
        let digits = !word.value.is_empty() && word.value.bytes().all(|byte| byte.is_ascii_digit());
        let number: Option<u64> = digits.then(|| word.value.parse().ok()).flatten();
        let fault = match number {
            Some(id @ 1..=4094) => return Some(id as u16),
            Some(id) => bad_vlan_id(id, word.place),
            None => {
                let place = if word.value.is_empty() {
                    said.key.place
                } else {
                    word.place
                };
                crate::decl::bad_value(&said.key.value, &word.value, place, "VLAN ids from 1 to 4094")
            }
        };
        self.found.push(fault.on(on));
        None
    }

    /// Options that need a VLAN-aware bridge, on one that is not.
    fn unaware(&mut self, name: IfName, bridge: IfName) {
        let Some(decl) = self.decls.get(name) else { return };
        let options = [
            "bridge-vids",
            "bridge-pvid",
            "bridge-access",
            "bridge-allow-untagged",
            "bridge-port-vids",
            "bridge-port-pvids",
        ];
        for said in options.iter().filter_map(|option| decl.last(option)) {
            self.found.push(
                Diagnostic::warning(
                    "no-effect",
                    format!("`{}` has no effect: `{bridge}` is not VLAN-aware", said.key.value),
                )
                .at(said.place, "needs `bridge-vlan-aware yes`")
                .on(name)
                .help(format!(
                    "remove this line, or write `bridge-vlan-aware yes` under `{bridge}`"
                )),
            );
        }
    }
}

/// The words of a VLAN list: commas separate too.
fn items(said: &Said) -> Vec<Spanned<String>> {
    let mut items = Vec::new();
    let text = &said.value.text;
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (c == ',' || c.is_whitespace(), start) {
            (false, None) => start = Some(at),
            (true, Some(from)) => {
                items.push(Spanned::new(text[from..at].to_owned(), said.value.place_of(from..at)));
                start = None;
            }
            _ => {}
        }
    }
    items
}

/// What holds for a port: its own stanza before the bridge's lists before what the bridge says for all.
fn merged(own: &Table, list: &Table, all: &Table) -> WantVlans {
    let (vids, vids_place) = match own.vids.as_ref().or(list.vids.as_ref()).or(all.vids.as_ref()) {
        Some((vids, place)) => (vids.clone(), Some(*place)),
        None => (BTreeSet::new(), None),
    };
    let pvid = own.pvid.or(list.pvid).or(all.pvid);
    let untagged = own.untagged.or(all.untagged);
    let place = vids_place
        .or(pvid.map(|(_, place)| place))
        .or(untagged.map(|(_, place)| place));
    let origin = match place {
        Some(place) => Some(Origin::Said(place)),
        None => Some(Origin::Default("bridge-pvid")),
    };
    let takes_untagged = untagged.is_none_or(|(allowed, _)| allowed);
    let pvid = takes_untagged.then(|| pvid.map_or(DEFAULT_PVID, |(id, _)| id));
    of(vids, pvid, origin)
}

/// Ranges with one flag set each, sorted.
fn of(mut vids: BTreeSet<u16>, pvid: Option<u16>, origin: Option<Origin>) -> WantVlans {
    vids.extend(pvid);
    let mut ranges: Vec<VlanRange> = Vec::new();
    for vid in vids {
        let flag = pvid == Some(vid);
        match ranges.last_mut() {
            Some(range) if range.last + 1 == vid && !flag && !range.pvid => range.last = vid,
            _ => ranges.push(VlanRange {
                first: vid,
                last: vid,
                pvid: flag,
                untagged: flag,
            }),
        }
    }
    WantVlans { ranges, origin }
}
