//! From what is written to the whole wanted network: kinds, implied links, ports, VLANs, addresses, routes, and the
//! rules between options. Never fails: what is wrong is reported and left out, and nothing else.

mod addresses;
mod drawn;
mod implied;
mod kinds;
mod knobs;
mod limits;
mod macs;
mod newer;
mod order;
mod ovs;
mod parents_down;
mod port_defaults;
mod ports;
mod refusals;
mod routes;
mod rules;
mod vlans;

use crate::decl::{Decl, Decls};
use crate::desired::{Desired, Knob, LinkRef, WantLink};
use crate::hash::Map;
use crate::name::IfName;
use crate::snapshot::Snapshot;
use crate::table;
use crate::types::{Kind, Origin};
use cleat_diag::{Diagnostic, Place, Spanned};

/// Builds the wanted network.
///
/// *Shape*: `facts` is the kernel as it is; without it only the file is judged: nothing can be missing, patterns in port
/// lists match declared names alone, and no hardware address is chosen.
///
/// Ports of bridges and bonds stand in [`WantLink::ports`] of the bridge and as [`WantLink::master`] of the port; members
/// of a VRF have it as `master` only, and come behind it in the order.
pub fn resolve(decls: &Decls, facts: Option<&Snapshot>) -> (Desired, Vec<Diagnostic>) {
    let mut build = Build {
        decls,
        facts,
        links: Vec::with_capacity(decls.len()),
        by_name: Map::with_capacity_and_hasher(decls.len(), Default::default()),
        masters: Map::default(),
        found: Vec::new(),
    };
    build.declared();
    build.ports();
    build.implied();
    build.knobs();
    build.rules();
    build.vlans();
    build.addresses();
    build.port_defaults();
    build.routes();
    build.ovs();
    build.order();
    build.drawn();
    build.refusals();
    build.parents_down();
    build.limits();
    build.macs();
    build.newer();
    let Build {
        links, by_name, found, ..
    } = build;
    (Desired::indexed(links, by_name), found)
}

/// The network while it is built.
struct Build<'a> {
    decls: &'a Decls,
    facts: Option<&'a Snapshot>,
    links: Vec<WantLink>,
    by_name: Map<IfName, usize>,
    /// Port to the bridge or bond that lists it, with or without a link of its own yet.
    masters: Map<IfName, LinkRef>,
    found: Vec<Diagnostic>,
}

impl<'a> Build<'a> {
    fn link(&self, name: IfName) -> Option<&WantLink> {
        self.by_name.get(&name).map(|at| &self.links[*at])
    }

    fn link_mut(&mut self, name: IfName) -> Option<&mut WantLink> {
        self.by_name.get(&name).map(|at| &mut self.links[*at])
    }

    fn insert(&mut self, link: WantLink) {
        self.by_name.insert(link.name, self.links.len());
        self.links.push(link);
    }

    /// Keeps the links that `keep` says.
    fn retain(&mut self, keep: impl Fn(&WantLink) -> bool) {
        self.links.retain(keep);
        self.index();
    }

    /// Finds the links again after they were moved.
    fn index(&mut self) {
        let names = self.links.iter().enumerate().map(|(at, link)| (link.name, at));
        self.by_name = names.collect();
    }

    /// Each declared link that is still there, with what is written of it.
    fn written(&self) -> Vec<(IfName, &'a Decl)> {
        let names = self.links.iter().map(|link| link.name);
        names.filter_map(|name| Some((name, self.decls.get(name)?))).collect()
    }

    fn is_kind(&self, name: IfName, kind: &Kind) -> bool {
        self.link(name).is_some_and(|link| link.kind == *kind)
    }

    /// Master of a link, where it is of that kind.
    fn master_of_kind(&self, name: IfName, kind: &Kind) -> Option<IfName> {
        let master = self.link(name)?.master?.name;
        self.is_kind(master, kind).then_some(master)
    }

    /// A word as the name of a link; what the kernel would refuse is reported.
    fn name(&mut self, word: &Spanned<String>, on: IfName) -> Option<IfName> {
        match IfName::new(&word.value) {
            Ok(name) => Some(name),
            Err(error) => {
                let message = format!("`{}` cannot be an interface name", word.value);
                self.found.push(
                    Diagnostic::error("bad-name", message)
                        .at(word.place, error.to_string())
                        .on(on),
                );
                None
            }
        }
    }

    /// The one name that an option holds.
    fn one_name(&mut self, said: &crate::decl::Said, on: IfName) -> Option<LinkRef> {
        let words = said.value.words();
        let [word] = words.as_slice() else {
            let accepts = "the name of one interface";
            let place = if words.is_empty() {
                said.key.place
            } else {
                said.value.place
            };
            self.found.push(bad_value(said, place, accepts).on(on));
            return None;
        };
        let name = self.name(word, on)?;
        let origin = Origin::Said(word.place);
        Some(LinkRef { name, origin })
    }
}

/// `error[bad-value]` for an option that is structure.
fn bad_value(said: &crate::decl::Said, place: Place, accepts: &str) -> Diagnostic {
    crate::decl::bad_value(&said.key.value, &said.value.text, place, accepts)
}

/// Sets an option, in place of what it was set to before.
fn set(link: &mut WantLink, knob: Knob) {
    match link.knobs.iter_mut().find(|old| old.attr.name == knob.attr.name) {
        Some(old) => *old = knob,
        None => link.knobs.push(knob),
    }
}

/// Sets the option of that name to a number.
fn set_number(link: &mut WantLink, name: &str, number: u64, origin: Origin) {
    if let Some(attr) = table::find(name) {
        let value = crate::attr::Value::Number(number);
        set(link, Knob { attr, value, origin });
    }
}

/// Base and VLAN id of a name like eno1.5 or eno1.5.10; the id is as written, in range or not.
fn vlan_name(name: &str) -> Option<(&str, u64)> {
    let (base, id) = name.rsplit_once('.')?;
    let digits = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    (digits && !base.is_empty())
        .then(|| Some((base, id.parse().ok()?)))
        .flatten()
}

#[cfg(test)]
mod tests;
