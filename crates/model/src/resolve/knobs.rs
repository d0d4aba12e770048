//! Scalar options: each to the link that carries it, lists by port spread over the ports.

use super::{Build, bad_value, set, set_number};
use crate::attr::{Attr, On, Spread, Value, Wire};
use crate::decl::{Method, Said};
use crate::desired::{Knob, LinkRef};
use crate::hash::Set;
use crate::name::{IfName, Mac};
use crate::table;
use crate::types::{Kind, Origin};
use cleat_diag::{Diagnostic, Spanned};

impl Build<'_> {
    pub(super) fn knobs(&mut self) {
        let written = self.written();
        // Under the bridge first: what a port's own stanza says holds.
        for ports in [false, true] {
            for (name, decl) in &written {
                for said in decl.options.iter().filter(|said| !said.overruled) {
                    let Some(row) = said.attr else { continue };
                    if (row.0.on == On::BridgePort && !self.is_kind(*name, &Kind::Bridge)) == ports {
                        self.knob(*name, said, row.0);
                    }
                }
            }
        }
        for (name, decl) in written {
            self.switches(name, decl);
        }
        self.tables();
        self.tunnel_ports();
    }

    fn knob(&mut self, name: IfName, said: &Said, attr: &'static Attr) {
        if let Some(fault) = self.misplaced(name, said, attr) {
            self.found.push(fault);
            return;
        }
        if attr.on == On::BridgePort && attr.spread != Spread::No && self.is_kind(name, &Kind::Bridge) {
            self.spread(name, said, attr);
            return;
        }
        let value = match &said.typed {
            Some(value) => value.clone(),
            None if attr.spread != Spread::No => match self.own_value(name, said, attr) {
                Some(value) => value,
                None => return,
            },
            None => return,
        };
        if attr.wire == Wire::None {
            return;
        }
        let origin = Origin::Said(said.place);
        let Some(link) = self.link_mut(name) else { return };
        let gathered = attr.gathers().then(|| link.knob(attr.name)).flatten();
        let value = match (gathered.map(|knob| &knob.value), value) {
            (Some(Value::Ips(before)), Value::Ips(more)) => Value::Ips(before.iter().copied().chain(more).collect()),
            (_, value) => value,
        };
        set(link, Knob { attr, value, origin });
    }

    /// A port option under the port itself, written as a list: `eno1=on`, where only its own entry counts.
    fn own_value(&mut self, name: IfName, said: &Said, attr: &'static Attr) -> Option<Value> {
        let own = self
            .pairs(name, said)
            .into_iter()
            .find(|(port, _)| port.value == name.as_str())?;
        self.typed(name, said, attr, &own.1)
    }

    /// A port option under the bridge.
    ///
    /// *Shape*: `eno1=4 eno2=8`; `eno1 4` as bridge-utils writes it; a bare value for all ports.
    fn spread(&mut self, bridge: IfName, said: &Said, attr: &'static Attr) {
        let ports: Vec<LinkRef> = self.link(bridge).map(|link| link.ports.clone()).unwrap_or_default();
        let words = said.value.words();
        let names: Set<&str> = ports.iter().map(|port| port.name.as_str()).collect();
        let is_port = |word: &Spanned<String>| names.contains(word.value.as_str());
        let pairs = match words.as_slice() {
            [one] if !one.value.contains('=') => {
                if attr.spread == Spread::List {
                    let accepts = format!("`port=value` under a bridge, such as `eno1={}`", attr.example);
                    self.found.push(bad_value(said, said.value.place, &accepts).on(bridge));
                    return;
                }
                let Some(value) = said.typed.clone().or_else(|| self.typed(bridge, said, attr, one)) else {
                    return;
                };
                for port in &ports {
                    self.set_port(port.name, attr, value.clone(), said.place);
                }
                return;
            }
            [port, value] if !port.value.contains('=') && is_port(port) => vec![(port.clone(), value.clone())],
            _ => self.pairs(bridge, said),
        };
        for (port, value) in pairs {
            if !is_port(&port) {
                let message = format!("`{}` is not a port of `{bridge}`", port.value);
                self.found.push(
                    Diagnostic::error("no-port", message)
                        .at(port.place, format!("`{}` has no effect on it", attr.name))
                        .on(bridge)
                        .help("name a port of `bridge-ports`"),
                );
                continue;
            }
            let Some(value) = self.typed(bridge, said, attr, &value) else {
                continue;
            };
            if let Ok(port) = port.value.parse() {
                self.set_port(port, attr, value, said.place);
            }
        }
    }

    /// The `port=value` words of an option; other words are reported.
    pub(super) fn pairs(&mut self, on: IfName, said: &Said) -> Vec<(Spanned<String>, Spanned<String>)> {
        let mut pairs = Vec::new();
        for word in said.value.words() {
            match word.value.split_once('=') {
                Some((port, value)) if !port.is_empty() => pairs.push((
                    Spanned::new(port.to_owned(), word.place),
                    Spanned::new(value.to_owned(), word.place),
                )),
                _ => {
                    let message = format!("`{}` cannot have `{}` in its list", said.key.value, word.value);
                    self.found.push(
                        Diagnostic::error("bad-value", message)
                            .at(word.place, "takes `port=value`")
                            .on(on),
                    );
                }
            }
        }
        pairs
    }

    fn typed(&mut self, on: IfName, said: &Said, attr: &Attr, word: &Spanned<String>) -> Option<Value> {
        match attr.parse(&word.value) {
            Ok(value) => Some(value),
            Err(accepts) => {
                let diagnostic = crate::decl::bad_value(&said.key.value, &word.value, word.place, &accepts);
                self.found.push(diagnostic.on(on));
                None
            }
        }
    }

    fn set_port(&mut self, port: IfName, attr: &'static Attr, value: Value, place: cleat_diag::Place) {
        if let Some(link) = self.link_mut(port) {
            let origin = Origin::Said(place);
            set(link, Knob { attr, value, origin });
        }
    }

    /// Options of the link that are not kernel attributes.
    fn switches(&mut self, name: IfName, decl: &crate::decl::Decl) {
        let number = |option: &str| match decl.last(option).and_then(|said| said.typed.as_ref()) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        };
        let down = number("link-down") == Some(1);
        let purge = number("address-purge") != Some(0);
        let bridge = self.is_kind(name, &Kind::Bridge);
        let mac = decl
            .last("bridge-hw")
            .filter(|_| bridge)
            .and_then(|said| Some((self.hardware(said)?, said.place)));
        let random = decl
            .last("bridge-hw")
            .filter(|said| bridge && said.value.text == "random");
        if let Some(said) = random {
            let told = Diagnostic::warning("no-effect", "`bridge-hw random` of ifupdown-ng has no effect here");
            let told = told.at(said.value.place, "the bridge has the address of its first port");
            self.found
                .push(told.on(name).help("write the hardware address that it is to have"));
        }
        let auto = decl.stanzas.iter().find(|stanza| stanza.method == Method::Auto);
        let Some(link) = self.link_mut(name) else { return };
        // Addresses from router advertisements, also where the host forwards (2).
        for (option, number) in [("accept-ra", 2), ("autoconf", 1)] {
            if let (Some(stanza), None) = (auto, link.knob(option)) {
                set_number(link, option, number, Origin::Implied(stanza.place, "inet6-auto"));
            }
        }
        link.up = !down;
        link.address_purge = purge;
        if let (Some((mac, place)), None, Some(attr)) = (mac, link.knob("hwaddress"), table::find("hwaddress")) {
            let (value, origin) = (Value::Mac(mac), Origin::Said(place));
            set(link, Knob { attr, value, origin });
        }
    }

    /// The hardware address that `bridge-hw` says, or that of the link that it names.
    fn hardware(&self, said: &Said) -> Option<Mac> {
        let text = said.value.text.as_str();
        text.parse().ok().or_else(|| self.facts?.find(text)?.mac())
    }

    /// Numbers for `vrf-table auto`: the one that the VRF has, or the first from 1001 on that nobody uses.
    fn tables(&mut self) {
        let Some(attr) = table::find("vrf-table") else { return };
        let said: Vec<u64> = self.links.iter().filter_map(|link| link.number("vrf-table")).collect();
        let real = self.facts.iter().flat_map(|facts| facts.links());
        let real: Vec<(IfName, u64)> = real
            .filter(|link| link.kind == Kind::Vrf)
            .filter_map(|link| match attr.read(link)? {
                Value::Number(number) => Some((link.name, number)),
                _ => None,
            })
            .collect();
        let mut next = 1001;
        for link in self.links.iter_mut().filter(|link| link.number("vrf-table") == Some(0)) {
            let now = real
                .iter()
                .find(|(name, _)| *name == link.name)
                .map(|(_, number)| *number);
            let number = now.unwrap_or_else(|| {
                while said.contains(&next) || real.iter().any(|(_, number)| *number == next) {
                    next += 1;
                }
                next += 1;
                next - 1
            });
            if let Some(knob) = link.knobs.iter_mut().find(|knob| knob.attr.name == "vrf-table") {
                knob.value = Value::Number(number);
            }
        }
    }

    /// The UDP port is always said: the kernel's own default is another than everybody's.
    fn tunnel_ports(&mut self) {
        let Some(attr) = table::find("vxlan-port") else { return };
        let Some(value) = attr.default_value() else { return };
        for link in self.links.iter_mut().filter(|link| link.kind == Kind::Vxlan) {
            if link.knob(attr.name).is_none() {
                let origin = Origin::Default(attr.name);
                set(
                    link,
                    Knob {
                        attr,
                        value: value.clone(),
                        origin,
                    },
                );
            }
        }
    }

    /// Why the option has no effect on that link.
    fn misplaced(&self, name: IfName, said: &Said, attr: &Attr) -> Option<Diagnostic> {
        let link = self.link(name)?;
        let is_port = |kind: &Kind| self.master_of_kind(name, kind).is_some();
        let bridge_like = matches!(attr.name, "bridge-vids" | "bridge-pvid" | "bridge-allow-untagged");
        let (fits, carrier) = match attr.on {
            On::Link | On::Nic | On::Address => (true, ""),
            On::Bridge if bridge_like => (
                link.kind == Kind::Bridge || is_port(&Kind::Bridge),
                "a bridge or a port of one",
            ),
            On::BridgePort if attr.name == "bridge-access" => (is_port(&Kind::Bridge), "a port of a bridge"),
            On::BridgePort => (
                link.kind == Kind::Bridge || is_port(&Kind::Bridge),
                "a bridge or a port of one",
            ),
            On::BondPort => (is_port(&Kind::Bond), "a port of a bond"),
            On::Bridge | On::Bond | On::Vlan | On::Vxlan | On::Veth | On::Macvlan | On::Vrf => {
                let kind = attr.on.kind()?;
                (link.kind == kind, kind.row().called)
            }
        };
        if fits {
            return None;
        }
        // `bond-master` itself was reported where the bond is missing.
        if attr.name == "bond-master" {
            return None;
        }
        let message = format!("`{}` has no effect on `{name}`", said.key.value);
        let label = format!("only for {carrier}");
        // ifenslave's files repeat options of the bond under each port; the bond's own hold.
        if attr.on == On::Bond && is_port(&Kind::Bond) {
            return Some(
                Diagnostic::warning("no-effect", message)
                    .at(said.key.place, label)
                    .on(name),
            );
        }
        let diagnostic = Diagnostic::warning("no-effect", message)
            .at(said.key.place, label)
            .on(name);
        Some(diagnostic.help("remove this line, or move it to the stanza that it is meant for"))
    }
}
