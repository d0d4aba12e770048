//! MTUs of links that carry one another.

use super::Build;
use crate::attr::Wire;
use crate::desired::{Knob, WantLink};
use crate::kinds::Mtu;
use crate::name::IfName;
use crate::nla::Attrs;
use crate::types::{Kind, Origin};
use cleat_diag::{Diagnostic, Place};
use std::collections::HashMap;

/// What IPv6 asks of a link.
const IPV6_MIN: u64 = 1280;
/// What an Ethernet link has where nothing is said.
const ETHERNET: u64 = 1500;

impl Build<'_> {
    /// A VLAN or macvlan cannot carry more than the link below; a bond gives its MTU to its ports; a bridge whose ports
    /// carry less loses packets. Stands behind [`Build::order`]: lower links are judged first.
    pub(super) fn limits(&mut self) {
        for at in 0..self.links.len() {
            let link = &self.links[at];
            let Some((mtu, place)) = said(link) else { continue };
            let name = link.name;
            match link.kind.row().mtu {
                Mtu::Below => {
                    let Some(parent) = link.parent else { continue };
                    let (limit, limited) = self.mtu(parent.name);
                    if mtu > limit {
                        let fault = Diagnostic::error(
                            "mtu-above-parent",
                            format!("`{name}` cannot carry {mtu} bytes over `{}`", parent.name),
                        )
                        .at(place, format!("`{}` carries {limit}", parent.name))
                        .on(name)
                        .help(format!(
                            "write `mtu {mtu}` under `{}`, or a smaller one here",
                            parent.name
                        ));
                        self.found.push(noted(fault, parent.name, limited));
                        self.links[at].knobs.retain(|knob| knob.attr.name != "mtu");
                    }
                }
                Mtu::Inside(outer) => {
                    let Some(parent) = link.parent else { continue };
                    let (below, limited) = self.mtu(parent.name);
                    let outer = outer_bytes(link, outer);
                    if mtu > below.saturating_sub(outer) {
                        let fault = Diagnostic::error(
                            "mtu-above-parent",
                            format!("`{name}` cannot carry {mtu} bytes over `{}`", parent.name),
                        )
                        .at(
                            place,
                            format!(
                                "`{}` carries {below}, {outer} of them are for the outer packet",
                                parent.name
                            ),
                        )
                        .on(name)
                        .help(format!(
                            "write `mtu {}` under `{}`, or remove this line: the kernel takes what fits",
                            mtu + outer,
                            parent.name
                        ));
                        self.found.push(noted(fault, parent.name, limited));
                        self.links[at].knobs.retain(|knob| knob.attr.name != "mtu");
                    }
                }
                Mtu::GivenToPorts => {
                    for port in link.ports.clone() {
                        let other = self.link(port.name).and_then(said).filter(|(other, _)| *other != mtu);
                        let Some((other, there)) = other else { continue };
                        self.found.push(
                            Diagnostic::error(
                                "mtu-of-port",
                                format!("`{}` cannot have another MTU than its bond `{name}`", port.name),
                            )
                            .at(there, format!("{other}, the bond has {mtu}"))
                            .note_at(place, "the bond's is set")
                            .on(port.name)
                            .help("remove this line: the bond gives its MTU to its ports"),
                        );
                        if let Some(link) = self.link_mut(port.name) {
                            link.knobs.retain(|knob| knob.attr.name != "mtu");
                        }
                    }
                }
                Mtu::OfPorts => {
                    for port in link.ports.clone() {
                        let (limit, limited) = self.mtu(port.name);
                        if limit >= mtu {
                            continue;
                        }
                        let fault = Diagnostic::warning(
                            "mtu-above-port",
                            format!("`{name}` carries {mtu} bytes, its port `{}` only {limit}", port.name),
                        )
                        .at(place, "larger packets are lost there")
                        .on(name)
                        .help(format!("write `mtu {mtu}` under `{}` too", port.name));
                        self.found.push(noted(fault, port.name, limited));
                    }
                }
                Mtu::Own | Mtu::Others => {}
            }
        }
        self.ports_of_plain_bonds();
        self.smallest_for_ipv6();
    }

    /// A bond without an `mtu` line has 1500, and gives it to its ports when they join, whatever they had.
    fn ports_of_plain_bonds(&mut self) {
        let bonds = self
            .links
            .iter()
            .filter(|link| link.kind == Kind::Bond && said(link).is_none());
        let ports: Vec<(IfName, IfName)> = bonds
            .flat_map(|bond| bond.ports.iter().map(|port| (bond.name, port.name)))
            .collect();
        for (bond, port) in ports {
            let (mtu, _) = self.mtu(bond);
            let Some((own, place)) = self.link(port).and_then(said).filter(|(own, _)| *own != mtu) else {
                continue;
            };
            self.found.push(
                Diagnostic::warning(
                    "mtu-of-port",
                    format!("`{port}` cannot have another MTU than its bond `{bond}`"),
                )
                .at(place, format!("{own}, the bond has {mtu}"))
                .note(format!("`{bond}` has no `mtu` line"))
                .on(port)
                .help(format!(
                    "move this line to `{bond}`: the bond gives its MTU to its ports"
                )),
            );
            if let Some(link) = self.link_mut(port) {
                link.knobs.retain(|knob| knob.attr.name != "mtu");
            }
        }
    }

    /// The kernel takes IPv6 off a link whose MTU is below 1280, addresses and routes with it.
    ///
    /// *Source*: RFC 8200 section 5; `addrconf_notify` at `NETDEV_CHANGEMTU`.
    fn smallest_for_ipv6(&mut self) {
        // The links that have a line as theirs.
        let mut lines: HashMap<Place, Vec<usize>> = HashMap::new();
        for (at, link) in self.links.iter().enumerate() {
            if let Some(place) = link.knob("mtu").and_then(|knob| knob.origin.place()) {
                lines.entry(place).or_default().push(at);
            }
        }
        for at in 0..self.links.len() {
            let link = &self.links[at];
            let name = link.name;
            let (mtu, limited) = self.mtu(name);
            let address = link.addresses.iter().find(|wanted| wanted.value.ip.is_ipv6());
            let gateway = link.routes.iter().find(|wanted| wanted.value.to.0.is_ipv6());
            let origin = address
                .map(|wanted| wanted.origin)
                .or(gateway.map(|wanted| wanted.origin));
            let auto = link
                .knob("accept-ra")
                .filter(|knob| matches!(knob.origin, Origin::Implied(..)));
            let origin = origin.or(auto.map(|knob| knob.origin));
            let (Some(line), Some(place)) = (origin.and_then(|origin| origin.place()), limited) else {
                continue;
            };
            if mtu >= IPV6_MIN {
                continue;
            }
            let fault = Diagnostic::error(
                "mtu-below-ipv6",
                format!("`{name}` cannot have IPv6 with an MTU of {mtu}"),
            )
            .at(place, format!("left out: IPv6 needs {IPV6_MIN} bytes"))
            .note_at(line, "IPv6 is asked for")
            .on(name)
            .help(format!("write {IPV6_MIN} or more, or remove what asks for IPv6"));
            self.found.push(fault);
            for at in lines.remove(&place).unwrap_or_default() {
                self.links[at].knobs.retain(|knob| knob.attr.name != "mtu");
            }
        }
    }

    /// The MTU that a link will have, and where it is said.
    fn mtu(&self, name: IfName) -> (u64, Option<Place>) {
        let Some(link) = self.link(name) else {
            return (ETHERNET, None);
        };
        if let Some((mtu, place)) = said(link) {
            return (mtu, Some(place));
        }
        // What a bond has, its ports get.
        let bond = self
            .master_of_kind(name, &Kind::Bond)
            .and_then(|bond| said(self.link(bond)?));
        if let Some((mtu, place)) = bond {
            return (mtu, Some(place));
        }
        match (link.kind.row().mtu, link.parent) {
            (Mtu::Below, Some(parent)) => self.mtu(parent.name),
            (Mtu::Inside(outer), Some(parent)) => {
                let (below, place) = self.mtu(parent.name);
                (below.saturating_sub(outer_bytes(link, outer)), place)
            }
            // The smallest of its ports', as far as they say.
            (Mtu::OfPorts, _) => {
                let ports = link.ports.iter().map(|port| self.mtu(port.name));
                ports
                    .min_by_key(|(mtu, _)| *mtu)
                    .filter(|(mtu, _)| *mtu < u64::MAX)
                    .unwrap_or((ETHERNET, None))
            }
            // What the kernel gives them, or what guests bring: unknown here.
            (Mtu::Inside(_) | Mtu::Others, _) => (u64::MAX, None),
            (Mtu::Own | Mtu::GivenToPorts | Mtu::Below, _) => match self.facts.and_then(|facts| facts.get(name)) {
                Some(real) if link.kind == Kind::Physical => (ETHERNET.max(u64::from(real.mtu())), None),
                Some(_) | None => (ETHERNET, None),
            },
        }
    }
}

/// Bytes that the outer packet of the link needs, by what is written of it.
fn outer_bytes(link: &WantLink, outer: fn(&Attrs) -> u32) -> u64 {
    let mut data = Attrs::new();
    for Knob { attr, value, .. } in &link.knobs {
        if let Wire::Data(_) = attr.wire {
            attr.put(&link.kind, value, &mut data);
        }
    }
    u64::from(outer(&data))
}

fn said(link: &WantLink) -> Option<(u64, Place)> {
    Some((link.number("mtu")?, link.knob("mtu")?.origin.place()?))
}

fn noted(diagnostic: Diagnostic, name: IfName, limited: Option<Place>) -> Diagnostic {
    match limited {
        Some(place) => diagnostic.note_at(place, "that is set"),
        None => diagnostic.note(format!("`{name}` has no `mtu` line")),
    }
}
