//! Port lists of bridges and bonds, members of VRFs, and who is whose master.

use super::Build;
use crate::decl::{Decl, Said};
use crate::desired::{LinkRef, Phase};
use crate::name::IfName;
use crate::pattern;
use crate::types::{Kind, Origin};
use cleat_diag::{Diagnostic, Spanned};
use regex_lite::Regex;

/// How the words of a port list are read.
enum Mode {
    Plain,
    Glob,
    Regex,
}

impl Build<'_> {
    /// Fills [`WantLink::ports`](crate::desired::WantLink::ports) and `master`.
    pub(super) fn ports(&mut self) {
        let written = self.written();
        for (name, decl) in &written {
            let kind = self.links[self.by_name[name]].kind.clone();
            let Some(list) = kind.row().port_list() else { continue };
            for said in decl.all(list) {
                for port in self.list(said, *name) {
                    self.add_port(port, *name, &kind);
                }
            }
        }
        for (name, decl) in written {
            self.member(name, decl, "bond-master", Kind::Bond);
            self.member(name, decl, "vrf", Kind::Vrf);
        }
    }

    /// The names of a port list, patterns expanded.
    fn list(&mut self, said: &Said, on: IfName) -> Vec<LinkRef> {
        let mut mode = Mode::Plain;
        let mut ports = Vec::new();
        for word in said.value.words() {
            match word.value.as_str() {
                "none" => {}
                "all" => ports.extend(self.every_nic(&word, on)),
                "glob" => mode = Mode::Glob,
                "regex" => mode = Mode::Regex,
                "noglob" | "noregex" => mode = Mode::Plain,
                text => match mode {
                    Mode::Plain => ports.extend(self.plain(&word, on)),
                    Mode::Glob => ports.extend(self.matching(&word, on, &|name| pattern::matches(text, name))),
                    Mode::Regex => match Regex::new(&format!("^(?:{text})$")) {
                        Ok(regex) => ports.extend(self.matching(&word, on, &|name| regex.is_match(name))),
                        Err(error) => self.found.push(
                            Diagnostic::error("bad-regex", format!("`{text}` is not a regular expression"))
                                .at(word.place, error.to_string().replace('\n', " "))
                                .on(on),
                        ),
                    },
                },
            }
        }
        ports
    }

    fn plain(&mut self, word: &Spanned<String>, on: IfName) -> Vec<LinkRef> {
        let names = cleat_eni::expand_range(&word.value).unwrap_or_else(|| vec![word.value.clone()]);
        let mut ports = Vec::new();
        for name in names {
            let word = Spanned::new(name, word.place);
            let origin = Origin::Said(word.place);
            ports.extend(self.name(&word, on).map(|name| LinkRef { name, origin }));
        }
        ports
    }

    /// Declared names and, where the kernel is known, links that are there. Not the bridge itself, not `lo`, and
    /// nothing that sits on the bridge.
    fn matching(&self, word: &Spanned<String>, on: IfName, wanted: &dyn Fn(&str) -> bool) -> Vec<LinkRef> {
        let real = self.facts.iter().flat_map(|facts| facts.links());
        let real = real.filter(|link| !link.is_loopback()).map(|link| link.name);
        let declared = self.links.iter().filter(|link| link.name.as_str() != "lo");
        let mut names: Vec<IfName> = declared.map(|link| link.name).chain(real).collect();
        names.sort();
        names.dedup();
        let above = format!("{on}.");
        names.retain(|name| *name != on && !name.as_str().starts_with(&above) && wanted(name.as_str()));
        let origin = Origin::Implied(word.place, "pattern");
        names.into_iter().map(|name| LinkRef { name, origin }).collect()
    }

    /// What `all` stands for: links with a name of an Ethernet NIC. Not those that are declared as something else.
    ///
    /// *Source*: bridge-utils-interfaces(5), `bridge_ports`: "eth.* em.* en.* p[0-9].*".
    fn every_nic(&self, word: &Spanned<String>, on: IfName) -> Vec<LinkRef> {
        let is_nic = |name: &str| {
            let numbered = name
                .strip_prefix('p')
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            numbered || ["eth", "em", "en"].iter().any(|start| name.starts_with(start))
        };
        let mut all = self.matching(word, on, &|name| is_nic(name) && super::vlan_name(name).is_none());
        all.retain(|port| self.link(port.name).is_none_or(|link| link.kind == Kind::Physical));
        all
    }

    fn add_port(&mut self, port: LinkRef, master: IfName, kind: &Kind) {
        if let Some(fault) = self.cannot_join(port, master, kind) {
            self.found.push(fault);
            return;
        }
        let before = self
            .masters
            .get(&port.name)
            .filter(|before| before.name == master)
            .copied();
        let Some(link) = self.link_mut(master) else { return };
        if let Some(before) = before {
            // A pattern may well match what is named.
            if let (Origin::Said(place), Origin::Said(first)) = (port.origin, before.origin) {
                let message = format!("`{}` is named twice as a port of `{master}`", port.name);
                self.found.push(
                    Diagnostic::warning("repeated-port", message)
                        .at(place, "already a port")
                        .note_at(first, "named first")
                        .on(master),
                );
            }
            return;
        }
        link.ports.push(port);
        let master = LinkRef {
            name: master,
            origin: port.origin,
        };
        self.masters.insert(port.name, master);
        if let Some(link) = self.link_mut(port.name) {
            link.master = Some(master);
        }
    }

    /// Why the link cannot be a port of that master.
    fn cannot_join(&self, port: LinkRef, master: IfName, kind: &Kind) -> Option<Diagnostic> {
        let place = port.origin.place()?;
        let name = port.name;
        let refused = |why: String| {
            Diagnostic::error("bad-port", format!("`{name}` cannot be a port of `{master}`"))
                .at(place, why)
                .on(master)
                .note("it is left out of the list")
        };
        if name.as_str() == "lo" {
            return Some(refused("it is the loopback link".to_owned()));
        }
        if *kind != Kind::Vrf && self.is_kind(name, kind) && name != master {
            return Some(refused(format!("the kernel takes no {kind} into a {kind}")));
        }
        let other = self.masters.get(&name).filter(|other| other.name != master)?;
        let message = format!("`{name}` cannot be a port of `{}` and `{master}`", other.name);
        let diagnostic = Diagnostic::error("port-in-two", message)
            .at(place, format!("left out of `{master}`"))
            .on(master)
            .help("remove it from one of them");
        Some(match other.origin.place() {
            Some(first) => diagnostic.note_at(first, format!("it is a port of `{}`", other.name)),
            None => diagnostic,
        })
    }

    /// `bond-master` and `vrf`, written under the member.
    fn member(&mut self, name: IfName, decl: &Decl, option: &str, kind: Kind) {
        let Some(said) = decl.last(option) else { return };
        let Some(master) = self.one_name(said, name) else {
            return;
        };
        let origin = master.origin;
        if kind == Kind::Bond {
            if !self.is_kind(master.name, &kind) {
                let message = format!("there is no bond `{}`", master.name);
                self.found.push(
                    Diagnostic::error("unknown-master", message)
                        .at(said.value.place, "has no stanza that makes it a bond")
                        .on(name)
                        .help(format!(
                            "add `iface {}` with `bond-slaves none` and a `bond-mode`",
                            master.name
                        )),
                );
                return;
            }
            let listed = self.masters.get(&name).is_some_and(|listed| listed.name == master.name);
            if !listed {
                self.add_port(LinkRef { name, origin }, master.name, &kind);
            }
            return;
        }
        let fault = self.no_vrf(name, said, master.name);
        if let Some(fault) = fault.or_else(|| self.cannot_join(LinkRef { name, origin }, master.name, &kind)) {
            self.found.push(fault);
            return;
        }
        if let Some(link) = self.link_mut(name) {
            link.master = Some(master);
            link.in_vrf = true;
        }
    }

    /// Why a link cannot be a member: what it names is not a VRF. One that the kernel has will do, and one that `pre-up`
    /// lines may make.
    fn no_vrf(&self, name: IfName, said: &Said, vrf: IfName) -> Option<Diagnostic> {
        let declared = self.link(vrf).filter(|_| self.decls.get(vrf).is_some());
        let why = match declared.map(|link| &link.kind) {
            Some(Kind::Vrf) => return None,
            Some(Kind::Physical) if self.has_pre_up(vrf) || self.is_vrf_now(vrf) => return None,
            Some(Kind::Physical) => format!("`{vrf}` has a stanza without `vrf-table`"),
            Some(kind) => format!("`{vrf}` is a {kind}"),
            None if self.facts.is_none() || self.is_vrf_now(vrf) => return None,
            None => format!("`{vrf}` has no stanza and is not on this machine"),
        };
        let message = format!("`{name}` cannot be a member of `{vrf}`: there is no VRF of that name");
        Some(
            Diagnostic::error("unknown-master", message)
                .at(said.value.place, why)
                .on(name)
                .help(format!("add `iface {vrf}` with `vrf-table auto`, or remove this line")),
        )
    }

    fn has_pre_up(&self, name: IfName) -> bool {
        let hooks = self.decls.get(name).into_iter().flat_map(|decl| &decl.hooks);
        hooks.into_iter().any(|hook| hook.phase == Phase::PreUp)
    }

    fn is_vrf_now(&self, name: IfName) -> bool {
        let found = self.facts.and_then(|facts| facts.get(name));
        found.is_some_and(|link| link.kind == Kind::Vrf)
    }
}
