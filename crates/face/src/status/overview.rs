//! Declared against real, as data: what the table and the JSON are made of.

use crate::links::{self, LinkState};
use cleat_diag::{Diagnostic, Sources};
use cleat_model::desired::{Desired, WantLink};
use cleat_model::drift;
use cleat_model::name::IfName;
use cleat_model::snapshot::{Link, Snapshot};
use cleat_model::types::{Address, Kind, Route};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// One declared interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: IfName,
    /// What it is: as declared, and where it is a NIC's name that something else bears, what bears it.
    pub kind: String,
    /// How the kernel has it.
    pub state: LinkState,
    /// Whether it is meant to come up by itself: of class auto, or needed by another.
    pub auto: bool,
    /// Its bridge, bond or VRF as the kernel has it.
    pub master: Option<IfName>,
    /// Its declared ports that are its ports.
    pub ports: Vec<IfName>,
    /// Ports that nobody declared: name, and the guest where the name tells it.
    pub foreign: Vec<(IfName, Option<links::Guest>)>,
    /// MTU in bytes as the kernel has it.
    pub mtu: Option<u32>,
    /// Addresses as the kernel has them, link-local ones and those of every `lo` left out.
    pub addresses: Vec<String>,
    /// Default gateways.
    pub gateways: Vec<String>,
    /// What differs: a sentence each, and where it is declared.
    pub differences: Vec<(String, Option<String>)>,
}

/// The whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// Declared interfaces in the order of dependency.
    pub entries: Vec<Entry>,
    /// Links that nobody declared and that are in no declared bridge.
    pub strangers: Vec<IfName>,
    /// Differences that belong to no interface.
    pub general: Vec<String>,
}

/// Scope of link-local addresses: `RT_SCOPE_LINK` of linux/rtnetlink.h.
const SCOPE_LINK: u8 = 253;

impl Overview {
    /// Compares; `differences` is what `verify` found.
    pub fn new(desired: &Desired, now: &Snapshot, differences: &[Diagnostic], sources: &Sources) -> Self {
        let names: BTreeSet<String> = desired.links().iter().map(|want| want.name.to_string()).collect();
        let of = |name: Option<&str>| -> Vec<(String, Option<String>)> {
            let mine = differences.iter().filter(|found| match name {
                Some(name) => found.iface.as_deref() == Some(name),
                None => found.iface.as_ref().is_none_or(|iface| !names.contains(iface)),
            });
            mine.map(|found| (found.message.clone(), place_text(found, sources)))
                .collect()
        };
        let entries: Vec<Entry> = desired
            .links()
            .iter()
            .map(|want| Entry {
                differences: of(Some(want.name.as_str())),
                ..entry(want, desired, now)
            })
            .collect();
        let in_bridges: BTreeSet<IfName> = entries
            .iter()
            .flat_map(|entry| &entry.foreign)
            .map(|(name, _)| *name)
            .collect();
        let strangers = now
            .links()
            .iter()
            .filter(|link| !link.is_loopback() && desired.get(link.name).is_none() && !in_bridges.contains(&link.name));
        Self {
            entries,
            strangers: strangers.map(|link| link.name).collect(),
            general: of(None).into_iter().map(|(text, _)| text).collect(),
        }
    }

    /// Interfaces that differ from what is declared.
    pub fn differing(&self) -> usize {
        self.entries
            .iter()
            .filter(|entry| !entry.differences.is_empty())
            .count()
    }

    /// The document of `--json`.
    ///
    /// *Shape*: `{"interfaces": [{"name", "kind", "state", "auto", "master", "ports", "foreign_ports": [{"name",
    /// "guest"}], "mtu", "addresses", "gateways", "differences": [{"text", "place"}]}], "undeclared": [name],
    /// "differing"}`; `state` is `up`, `no carrier`, `down` or `missing`; `place` is `path:line:column` or `null`.
    pub fn document(&self) -> Value {
        let Self {
            entries,
            strangers,
            general,
        } = self;
        let interfaces: Vec<Value> = entries.iter().map(document_of).collect();
        json!({
            "interfaces": interfaces,
            "undeclared": names(strangers),
            "differing": self.differing(),
            "general": general,
        })
    }
}

fn document_of(entry: &Entry) -> Value {
    let Entry {
        name,
        kind,
        state,
        auto,
        master,
        ports,
        foreign,
        mtu,
        addresses,
        gateways,
        differences,
    } = entry;
    let foreign: Vec<Value> = foreign
        .iter()
        .map(|(name, guest)| json!({"name": name.as_str(), "guest": guest.map(|guest| guest.id)}))
        .collect();
    let differences: Vec<Value> = differences
        .iter()
        .map(|(text, place)| json!({"text": text, "place": place}))
        .collect();
    json!({
        "name": name.as_str(),
        "kind": kind,
        "state": state.word(),
        "auto": auto,
        "master": master.map(String::from),
        "ports": names(ports),
        "foreign_ports": foreign,
        "mtu": mtu,
        "addresses": addresses,
        "gateways": gateways,
        "differences": differences,
    })
}

fn names(names: &[IfName]) -> Vec<&str> {
    names.iter().map(IfName::as_str).collect()
}

fn place_text(found: &Diagnostic, sources: &Sources) -> Option<String> {
    let (path, at) = sources.locate(found.label.as_ref()?.place)?;
    Some(format!("{}:{}:{}", path.display(), at.line, at.column))
}

/// 127.0.0.1 and ::1 on `lo`, which are always there.
fn is_los_own(link: Option<&Link>, address: &Address) -> bool {
    address.ip.is_loopback() && link.is_some_and(Link::is_loopback)
}

/// Whether the host, or the VRF that the link is in, asks the table of a route without a rule for it.
fn is_asked(route: &Route, link: Option<&Link>, now: &Snapshot) -> bool {
    link.is_some_and(|link| drift::table_of(link, now) == route.table)
}

fn entry(want: &WantLink, desired: &Desired, now: &Snapshot) -> Entry {
    let link = now.get(want.name);
    let kind = match (&want.kind, link) {
        (Kind::Physical, Some(link)) if link.is_loopback() => "loopback",
        (Kind::Physical, Some(link)) if link.kind != Kind::Physical => link.kind.word(),
        (Kind::Physical, _) => "NIC",
        (kind, _) => kind.word(),
    };
    let index = link.map(|link| link.index);
    let addresses = index.map_or(&[][..], |index| now.addresses(index));
    let routes = index.map_or(&[][..], |index| now.routes(index));
    let is_in = |port: &IfName| {
        let master = now.get(*port).and_then(|link| link.master);
        master.is_some() && master == index
    };
    // A VRF has no list of its members: each of them names it.
    let members = desired.links().iter();
    let members =
        members.filter(|other| want.kind == Kind::Vrf && other.master.is_some_and(|vrf| vrf.name == want.name));
    let ports = want.ports.iter().map(|port| port.name);
    let ports = ports.chain(members.map(|member| member.name)).filter(is_in);
    let foreign = match want.kind == Kind::Bridge {
        true => links::foreign_ports(want.name, desired, now),
        false => Vec::new(),
    };
    Entry {
        name: want.name,
        kind: kind.to_owned(),
        state: link.map_or(LinkState::Missing, links::state),
        auto: desired.comes_up(want, now),
        master: link
            .and_then(|link| now.by_index(link.master?))
            .map(|master| master.name),
        ports: ports.collect(),
        foreign: foreign
            .iter()
            .map(|port| (port.name, links::guest(port.name)))
            .collect(),
        mtu: link.map(|link| link.mtu()),
        addresses: addresses
            .iter()
            .filter(|address| address.scope.0 != SCOPE_LINK && !is_los_own(link, address))
            .map(ToString::to_string)
            .collect(),
        gateways: routes
            .iter()
            .filter(|route| route.is_default() && is_asked(route, link, now))
            .filter_map(|route| Some(route.via?.to_string()))
            .collect(),
        differences: Vec::new(),
    }
}
