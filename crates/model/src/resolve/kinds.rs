//! What each declared link is, and what it sits on.

use super::{Build, bad_value, set_number, vlan_name};
use crate::decl::{Decl, Said};
use crate::desired::{LinkRef, WantLink};
use crate::name::IfName;
use crate::types::{Kind, Origin};
use cleat_diag::{Diagnostic, Place};

/// Options that give the kind away.
const TELLING: &[(&str, Kind)] = &[
    ("bridge-ports", Kind::Bridge),
    ("bond-slaves", Kind::Bond),
    ("bond-mode", Kind::Bond),
    ("vxlan-id", Kind::Vxlan),
    ("vrf-table", Kind::Vrf),
    ("veth-peer-name", Kind::Veth),
    ("macvlan-raw-device", Kind::Macvlan),
    ("macvlan-mode", Kind::Macvlan),
    ("vlan-raw-device", Kind::Vlan),
    ("vlan-id", Kind::Vlan),
];

impl Build<'_> {
    /// One link per declared interface, with its kind, parent and peer.
    pub(super) fn declared(&mut self) {
        for decl in self.decls.iter() {
            let mut link = WantLink::new(decl.name, Origin::Said(decl.place));
            link.kind = self.kind(decl);
            link.classes = decl.classes.iter().map(|class| class.value.clone()).collect();
            link.no_auto_down = decl.no_auto_down;
            link.no_scripts = decl.no_scripts;
            link.hooks.clone_from(&decl.hooks);
            link.vars = decl.vars();
            link.declared = true;
            let whole = match link.kind {
                Kind::Vlan => self.vlan(decl, &mut link),
                Kind::Macvlan => self.macvlan(decl, &mut link),
                Kind::Vxlan => self.vxlan(decl, &mut link),
                Kind::Veth => self.veth(decl, &mut link),
                _ => true,
            };
            if whole {
                self.advise(decl, &link.kind);
                self.insert(link);
            }
        }
    }

    fn kind(&mut self, decl: &Decl) -> Kind {
        let mut kinds: Vec<(Kind, &Said)> = Vec::new();
        if let Some(said) = decl.last("link-type") {
            match said.value.text.as_str() {
                "dummy" => kinds.push((Kind::Dummy, said)),
                "veth" => kinds.push((Kind::Veth, said)),
                "macvlan" => kinds.push((Kind::Macvlan, said)),
                "bridge" => kinds.push((Kind::Bridge, said)),
                "bond" => kinds.push((Kind::Bond, said)),
                "vlan" => kinds.push((Kind::Vlan, said)),
                "vxlan" => kinds.push((Kind::Vxlan, said)),
                "vrf" => kinds.push((Kind::Vrf, said)),
                _ => {
                    let accepts = "`dummy`, `veth`, `macvlan`, `bridge`, `bond`, `vlan`, `vxlan` or `vrf`";
                    let mut fault = bad_value(said, said.value.place, accepts);
                    if !said.value.text.is_empty() {
                        let message = format!("`link-type {}` is not a kind that is made here", said.value.text);
                        fault = Diagnostic::warning("unknown-link-type", message)
                            .at(
                                said.value.place,
                                format!("made here: {accepts}; the link is left alone"),
                            )
                            .help("make it in a `pre-up` line");
                    }
                    self.found.push(fault.on(decl.name));
                }
            }
        }
        // ifenslave's way of writing repeats options of the bond under its ports.
        let is_port = decl.last("bond-master").is_some();
        for (option, kind) in TELLING {
            let said = decl.last(option).filter(|_| !(is_port && *kind == Kind::Bond));
            let known = kinds.iter().any(|(known, _)| known == kind);
            kinds.extend(said.filter(|_| !known).map(|said| (kind.clone(), said)));
        }
        if let [(first, one), (second, other), ..] = kinds.as_slice() {
            let message = format!("`{}` cannot be a {first} and a {second} at once", decl.name);
            self.found.push(
                Diagnostic::error("two-kinds", message)
                    .at(other.place, format!("makes it a {second}; left out"))
                    .note_at(one.place, format!("`{}` makes it a {first}", one.name()))
                    .on(decl.name)
                    .help("give each its own `iface` stanza"),
            );
        }
        match kinds.into_iter().next() {
            Some((kind, _)) => kind,
            None if vlan_name(decl.name.as_str()).is_some() => Kind::Vlan,
            None => Kind::Physical,
        }
    }

    fn vlan(&mut self, decl: &Decl, link: &mut WantLink) -> bool {
        let name = decl.name;
        let by_name = vlan_name(name.as_str());
        link.parent = match decl.last("vlan-raw-device") {
            Some(said) => self.one_name(said, name),
            None => by_name
                .and_then(|(base, _)| IfName::new(base).ok())
                .map(|base| LinkRef {
                    name: base,
                    origin: Origin::Implied(decl.name_place, "vlan-name"),
                }),
        };
        if link.parent.is_none() {
            if decl.last("vlan-raw-device").is_none() {
                self.found.push(without(
                    decl,
                    Diagnostic::error(
                        "vlan-without-device",
                        format!("`{}` does not say which link it is on", decl.name),
                    ),
                    "add `vlan-raw-device`",
                ));
            }
            return false;
        }
        if let Some(said) = decl.last("vlan-id") {
            // A wrong value is reported already.
            return said.typed.is_some();
        }
        let numbered = name.as_str().strip_prefix("vlan").and_then(|id| {
            let digits = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| id.parse().ok()).flatten()
        });
        match numbered.or(by_name.map(|(_, id)| id)) {
            Some(id @ 1..=4094) => {
                set_number(link, "vlan-id", id, Origin::Implied(decl.name_place, "vlan-name"));
                true
            }
            Some(id) => {
                self.found.push(bad_vlan_id(id, decl.name_place).on(name));
                false
            }
            None => {
                self.found.push(without(
                    decl,
                    Diagnostic::error(
                        "vlan-without-id",
                        format!("`{}` does not say which VLAN it is", decl.name),
                    ),
                    "add `vlan-id`",
                ));
                false
            }
        }
    }

    fn macvlan(&mut self, decl: &Decl, link: &mut WantLink) -> bool {
        let Some(said) = decl.last("macvlan-raw-device") else {
            self.found.push(without(
                decl,
                Diagnostic::error(
                    "macvlan-without-device",
                    format!("`{}` does not say which link it is on", decl.name),
                ),
                "add `macvlan-raw-device`",
            ));
            return false;
        };
        link.parent = self.one_name(said, decl.name);
        link.parent.is_some()
    }

    fn vxlan(&mut self, decl: &Decl, link: &mut WantLink) -> bool {
        if let Some(said) = decl.last("vxlan-physdev") {
            link.parent = self.one_name(said, decl.name);
        }
        match decl.last("vxlan-id") {
            Some(said) => said.typed.is_some(),
            None => {
                self.found.push(without(
                    decl,
                    Diagnostic::error(
                        "vxlan-without-id",
                        format!("`{}` does not say which network it is", decl.name),
                    ),
                    "add `vxlan-id`",
                ));
                false
            }
        }
    }

    fn veth(&mut self, decl: &Decl, link: &mut WantLink) -> bool {
        if let Some(said) = decl.last("veth-peer-name") {
            link.peer = self.one_name(said, decl.name);
            return link.peer.is_some();
        }
        // The other end may be the one that says it.
        let names_it = |other: &&Decl| {
            let said = other.last("veth-peer-name");
            said.is_some_and(|said| said.value.text == decl.name.as_str())
        };
        let other = self.decls.iter().find(names_it);
        link.peer = other.map(|other| LinkRef {
            name: other.name,
            origin: Origin::Implied(other.name_place, "veth-peer"),
        });
        if link.peer.is_none() {
            self.found.push(without(
                decl,
                Diagnostic::error(
                    "veth-without-peer",
                    format!("`{}` does not say what its other end is called", decl.name),
                ),
                "add `veth-peer-name`",
            ));
        }
        link.peer.is_some()
    }

    /// The spec's advice on names of bridges.
    ///
    /// *Source*: Proxmox VE Administration Guide, Naming Conventions: vmbr0 to vmbr4094, or any alphanumeric string of
    /// at most 10 characters that starts with a letter.
    fn advise(&mut self, decl: &Decl, kind: &Kind) {
        if *kind != Kind::Bridge {
            return;
        }
        let name = decl.name.as_str();
        let number = name.strip_prefix("vmbr").and_then(|number| number.parse::<u64>().ok());
        // Proxmox VE's own SDN makes longer ones.
        let text = if name.starts_with("vrfbr_") {
            return;
        } else if name.len() > 10 {
            "longer than 10 characters: names of guests' VLANs may not fit"
        } else if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            "does not start with a letter"
        } else if number.is_some_and(|number| number > 4094) {
            "numbers of bridges end at 4094"
        } else {
            return;
        };
        self.found.push(
            Diagnostic::warning(
                "bridge-name",
                format!("`{name}` is not as Proxmox VE advises to name bridges"),
            )
            .at(decl.name_place, text)
            .on(name)
            .help("choose one of vmbr0 to vmbr4094, or up to 10 letters and digits that start with a letter"),
        );
    }
}

/// `error[bad-vlan-id]`
pub(super) fn bad_vlan_id(id: u64, place: Place) -> Diagnostic {
    let reserved = matches!(id, 0 | 4095);
    let why = if reserved {
        "reserved by IEEE 802.1Q"
    } else {
        "past the last one"
    };
    Diagnostic::error("bad-vlan-id", format!("{id} is not a VLAN id"))
        .at(place, why)
        .help("choose one from 1 to 4094")
}

fn without(decl: &Decl, lacks: Diagnostic, help: &str) -> Diagnostic {
    lacks.at(decl.name_place, "left out").on(decl.name).help(help)
}
