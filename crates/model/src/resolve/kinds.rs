//! What each declared link is, and what it sits on.

use super::{Build, bad_value, set_number, vlan_name};
use crate::attr::Value;
use crate::decl::{Decl, Decls, Said};
use crate::desired::{LinkRef, Phase, WantLink};
use crate::hash::Map;
use crate::kinds::{self, Below, Told};
use crate::name::IfName;
use crate::types::{Kind, Origin};
use cleat_diag::{Diagnostic, Place};

const LINK_TYPE: &str = "link-type";

impl Build<'_> {
    /// One link per declared interface, with its kind, parent and peer.
    pub(super) fn declared(&mut self) {
        let ends = ends(self.decls);
        for decl in self.decls.iter() {
            let mut link = WantLink::new(decl.name, Origin::Said(decl.place));
            link.kind = self.kind(decl);
            link.classes = decl.classes.iter().map(|class| class.value.clone()).collect();
            link.no_auto_down = decl.no_auto_down;
            link.no_scripts = decl.no_scripts;
            link.hooks.clone_from(&decl.hooks);
            link.vars = decl.vars();
            link.declared = true;
            if self.is_whole(decl, &mut link, &ends) {
                self.advise(decl, &link.kind);
                self.insert(link);
            }
        }
    }

    fn kind(&mut self, decl: &Decl) -> Kind {
        let is_port = decl.last("bond-master").is_some();
        let mut kinds: Vec<(Kind, &Said)> = Vec::new();
        for row in kinds::all() {
            let kind = row.kind();
            let told = row.told_by.iter().filter_map(|told| match told {
                // ifenslave's way of writing repeats options of the bond under its ports.
                Told::By(_) if kind == Kind::Bond && is_port => None,
                Told::By(option) => decl.last(option),
                Told::As(option, value) => decl.last(option).filter(|said| said.value.text == *value),
            });
            // The type comes before all else.
            match told.max_by_key(|said| said.name() == LINK_TYPE) {
                Some(said) if said.name() == LINK_TYPE => kinds.insert(0, (kind, said)),
                Some(said) => kinds.push((kind, said)),
                None => {}
            }
        }
        if let Some(said) = decl.last(LINK_TYPE).filter(|said| !is_made(said)) {
            let words: Vec<String> = types().map(|word| format!("`{word}`")).collect();
            let accepts = match words.split_last() {
                Some((last, others)) => format!("{} or {last}", others.join(", ")),
                None => String::new(),
            };
            let mut fault = bad_value(said, said.value.place, &accepts);
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
            None if self.is_half_a_vxlan(decl) => Kind::Vxlan,
            None => Kind::Physical,
        }
    }

    /// Whether a stanza has options of a VXLAN and not the one that makes one, where nothing else brings the link.
    fn is_half_a_vxlan(&self, decl: &Decl) -> bool {
        let is_there = self.facts.is_some_and(|facts| facts.find(decl.name.as_str()).is_some());
        let is_hooked = decl.hooks.iter().any(|hook| hook.phase == Phase::PreUp);
        let of_vxlan = |said: &Said| said.name().starts_with("vxlan-");
        !is_there && !is_hooked && decl.options.iter().any(of_vxlan)
    }

    /// Reads what the link stands on, and whether all is written without which it cannot be made; what is not is reported.
    fn is_whole(&mut self, decl: &Decl, link: &mut WantLink, ends: &Ends<'_>) -> bool {
        let row = link.kind.row();
        let name = decl.name;
        if link.kind == Kind::Vlan {
            self.by_name_of_vlan(decl, link);
        }
        let named = row.below.option().and_then(|option| decl.last(option));
        let below = named.map(|said| self.one_name(said, name));
        match (row.below, below) {
            (_, Some(None)) => return false,
            (Below::Peer(option), None) => link.peer = named_as_peer(decl, option, ends),
            (Below::Peer(_), Some(peer)) => link.peer = peer,
            (Below::Nothing | Below::Link(_) | Below::Data(..), Some(below)) => link.parent = below,
            (Below::Nothing | Below::Link(_) | Below::Data(..), None) => {}
        }
        for lack in row.lacks {
            if Some(lack.option) == row.below.option() && (link.parent.is_some() || link.peer.is_some()) {
                continue;
            }
            match decl.last(lack.option) {
                // A wrong value is reported already.
                Some(said) if said.typed.is_none() => return false,
                Some(_) => continue,
                None => {}
            }
            if let Some(knob) = link.knob(lack.option) {
                match knob.value {
                    Value::Number(id) if link.kind == Kind::Vlan && !(1..=4094).contains(&id) => {
                        self.found.push(bad_vlan_id(id, decl.name_place).on(name));
                        return false;
                    }
                    _ => continue,
                }
            }
            self.found.push(
                Diagnostic::error(lack.code, format!("`{name}` {}", lack.text))
                    .at(decl.name_place, "left out")
                    .on(name)
                    .help(format!("add `{}`", lack.option)),
            );
            return false;
        }
        true
    }

    /// What the name of a VLAN link says of it, where no option does: `eno1.5`, `vlan5`.
    fn by_name_of_vlan(&mut self, decl: &Decl, link: &mut WantLink) {
        let name = decl.name;
        let by_name = vlan_name(name.as_str());
        let origin = Origin::Implied(decl.name_place, "vlan-name");
        let base = by_name.and_then(|(base, _)| IfName::new(base).ok());
        link.parent = base.map(|name| LinkRef { name, origin });
        let numbered = name.as_str().strip_prefix("vlan").and_then(|id| {
            let digits = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| id.parse().ok()).flatten()
        });
        if let (Some(id), None) = (numbered.or(by_name.map(|(_, id)| id)), decl.last("vlan-id")) {
            set_number(link, "vlan-id", id, origin);
        }
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

/// Of each option that names the other end of a pair, the first stanza that names a link by it.
type Ends<'a> = Map<(&'static str, &'a str), &'a Decl>;

fn ends(decls: &Decls) -> Ends<'_> {
    let mut ends = Ends::default();
    for row in kinds::all() {
        let Below::Peer(option) = row.below else { continue };
        for decl in decls.iter() {
            if let Some(said) = decl.last(option) {
                ends.entry((option, said.value.text.as_str())).or_insert(decl);
            }
        }
    }
    ends
}

/// The link that names this one as its other end.
fn named_as_peer(decl: &Decl, option: &'static str, ends: &Ends<'_>) -> Option<LinkRef> {
    let other = ends.get(&(option, decl.name.as_str()))?;
    Some(LinkRef {
        name: other.name,
        origin: Origin::Implied(other.name_place, "veth-peer"),
    })
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

/// The words that `link-type` takes.
fn types() -> impl Iterator<Item = &'static str> {
    let told = kinds::all().flat_map(|row| row.told_by);
    told.filter_map(|told| match told {
        Told::As(LINK_TYPE, value) => Some(*value),
        Told::As(..) | Told::By(_) => None,
    })
}

fn is_made(said: &Said) -> bool {
    types().any(|word| word == said.value.text)
}
