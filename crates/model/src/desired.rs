//! The whole wanted network, each piece with the line that asked for it.

use crate::attr::{Attr, Value};
use crate::hash::Map;
use crate::name::IfName;
use crate::snapshot::Snapshot;
use crate::types::{Address, Fdb, Kind, Origin, Route, VlanRange};
use cleat_diag::Spanned;
use std::collections::BTreeMap;

/// A scalar option with its value.
#[derive(Clone, Debug)]
pub struct Knob {
    /// The row.
    pub attr: &'static Attr,
    /// The value in the kernel's unit.
    pub value: Value,
    /// Who asked.
    pub origin: Origin,
}

/// Another link, named by this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkRef {
    /// Its name.
    pub name: IfName,
    /// Who named it.
    pub origin: Origin,
}

/// A thing with the line that asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted<T> {
    /// The thing.
    pub value: T,
    /// Who asked.
    pub origin: Origin,
}

/// When a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Link is there, not yet up (a bridge has no ports yet).
    PreUp,
    /// Link is up, addresses and routes are there (`up` and if-up.d).
    Up,
    /// After `Up`.
    PostUp,
    /// Before anything is taken away.
    PreDown,
    /// Addresses are still there.
    Down,
    /// Link is down or gone.
    PostDown,
}

impl Phase {
    /// All phases, in the order of an interface's life.
    pub const ALL: [Self; 6] = [
        Self::PreUp,
        Self::Up,
        Self::PostUp,
        Self::PreDown,
        Self::Down,
        Self::PostDown,
    ];
}

/// One hook line of a stanza.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// When.
    pub phase: Phase,
    /// The shell command as written.
    pub command: Spanned<String>,
}

/// What stanzas hand to hook scripts of one interface: METHOD, ADDRFAM and the IF_ variables.
///
/// *Shape*: one text, since it is copied and compared for every interface and taken apart only where a hook runs: for each
/// stanza a line `iface FAMILY METHOD` (or `iface METHOD`), then for each option, unknown ones included, a line `KEY VALUE`
/// with `-` for each `_` in the key.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct HookVars(String);

impl HookVars {
    const STANZA: &'static str = "iface ";

    /// Nothing yet, with room for so many bytes.
    pub fn with_room(bytes: usize) -> Self {
        Self(String::with_capacity(bytes))
    }

    /// Adds a stanza; `family` is `inet`, `inet6` or empty.
    pub fn add_stanza(&mut self, family: &str, method: &str) {
        let space = if family.is_empty() { "" } else { " " };
        for part in [Self::STANZA, family, space, method, "\n"] {
            self.0.push_str(part);
        }
    }

    /// Adds an option. Its value has no line end, since it is that of one line.
    pub fn add_option(&mut self, key: &str, value: &str) {
        for part in [key, " ", value, "\n"] {
            self.0.push_str(part);
        }
    }

    /// Family (or empty) and method of each stanza.
    pub fn stanzas(&self) -> impl Iterator<Item = (&str, &str)> {
        let stanzas = self.lines().filter_map(|line| line.strip_prefix(Self::STANZA));
        stanzas.map(|line| line.split_once(' ').unwrap_or(("", line)))
    }

    /// Key and value of each option, in the order written.
    pub fn options(&self) -> impl Iterator<Item = (&str, &str)> {
        let options = self.lines().filter(|line| !line.starts_with(Self::STANZA));
        options.filter_map(|line| line.split_once(' '))
    }

    /// The variable in which hooks get an option: `bridge-ports` as `IF_BRIDGE_PORTS`: upper case, everything but letters
    /// and digits as `_`.
    pub fn variable(key: &str) -> String {
        let plain = key.chars().map(|c| match c.is_ascii_alphanumeric() {
            true => c.to_ascii_uppercase(),
            false => '_',
        });
        format!("IF_{}", plain.collect::<String>())
    }

    /// Whether there is an option whose variable begins with one of these, and that scripts do: not one of a NIC that is
    /// done here.
    pub fn has_variable(&self, starts: &[&str]) -> bool {
        let is_done = |key: &str, value: &str| {
            let row = crate::table::find(key).filter(|row| row.field().is_some());
            row.is_some_and(|row| row.parse(value).is_ok())
        };
        self.options().any(|(key, value)| {
            let variable = Self::variable(key);
            starts.iter().any(|start| variable.starts_with(start)) && !is_done(key, value)
        })
    }

    /// Whether there is neither.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys of the options whose values differ, in the order of both; `iface` where a stanza's family or method does.
    pub fn changed(&self, other: &Self) -> Vec<String> {
        if self == other {
            return Vec::new();
        }
        let values = |vars: &Self| {
            let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for (key, value) in vars.options() {
                all.entry(key.to_owned()).or_default().push(value.to_owned());
            }
            all
        };
        let (here, there) = (values(self), values(other));
        let mut changed: Vec<String> = Vec::new();
        if !self.stanzas().eq(other.stanzas()) {
            changed.push("iface".to_owned());
        }
        for (key, _) in self.options().chain(other.options()) {
            if here.get(key) != there.get(key) && !changed.iter().any(|known| known == key) {
                changed.push(key.to_owned());
            }
        }
        changed
    }

    fn lines(&self) -> impl Iterator<Item = &str> {
        self.0.split_terminator('\n')
    }
}

/// VLANs of a bridge port, or of the bridge itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WantVlans {
    /// Ranges, sorted, with one flag set each; none overlap.
    pub ranges: Vec<VlanRange>,
    /// Who asked.
    pub origin: Option<Origin>,
}

/// One wanted link.
#[derive(Clone, Debug)]
pub struct WantLink {
    /// Its name.
    pub name: IfName,
    /// Its stanza, or who implied it.
    pub origin: Origin,
    /// What it is; [`Kind::Physical`] must be there already (a NIC, `lo`, or made by somebody else).
    pub kind: Kind,
    /// Classes it is in (`auto`, `hotplug`, `ovs` …).
    pub classes: Vec<String>,
    /// Whether it is to be up (false: `link-down yes`).
    pub up: bool,
    /// `no-auto-down`: never taken down by `ifdown -a` or a reload.
    pub no_auto_down: bool,
    /// `no-scripts`.
    pub no_scripts: bool,
    /// Link below: VLAN raw device, VXLAN and macvlan device (`IFLA_LINK` or `IFLA_VXLAN_LINK`).
    pub parent: Option<LinkRef>,
    /// Other end of a veth pair.
    pub peer: Option<LinkRef>,
    /// Bridge, bond or VRF that it is a port of.
    pub master: Option<LinkRef>,
    /// Whether `master` is a VRF. Its members name it; it does not list them.
    pub in_vrf: bool,
    /// The Open vSwitch bridge that it is a port of: that one's hooks make it one.
    pub ovs_bridge: Option<LinkRef>,
    /// Its ports as written (patterns expanded), missing ones included.
    pub ports: Vec<LinkRef>,
    /// Port options by which a foreign link may stay a port (`bridge-ports-condone-regex`); foreign ports always stay.
    pub knobs: Vec<Knob>,
    /// Options whose value is another link by index: attribute number in `IFLA_INFO_DATA` (`IFLA_BOND_PRIMARY`).
    pub data_links: Vec<(u16, LinkRef)>,
    /// Addresses in the order written.
    pub addresses: Vec<Wanted<Address>>,
    /// Whether addresses that we set before and that are no longer written are removed (`address-purge`).
    pub address_purge: bool,
    /// Routes (gateways) in the order written.
    pub routes: Vec<Wanted<Route>>,
    /// VLANs in a VLAN-aware bridge: of the port, or of the bridge itself (`self`). `None`: none of our business.
    pub vlans: Option<WantVlans>,
    /// Forwarding entries (VXLAN remotes).
    pub fdb: Vec<Wanted<Fdb>>,
    /// Hook lines in the order written.
    pub hooks: Vec<Hook>,
    /// What scripts get.
    pub vars: HookVars,
    /// Whether it has a stanza (false: only named by another, such as `eno1.5` in `bridge-ports`).
    pub declared: bool,
}

impl WantLink {
    /// A physical link of that name with nothing asked of it but to be up.
    pub fn new(name: IfName, origin: Origin) -> Self {
        Self {
            name,
            origin,
            kind: Kind::Physical,
            classes: Vec::new(),
            up: true,
            no_auto_down: false,
            no_scripts: false,
            parent: None,
            peer: None,
            master: None,
            in_vrf: false,
            ovs_bridge: None,
            ports: Vec::new(),
            knobs: Vec::new(),
            data_links: Vec::new(),
            addresses: Vec::new(),
            address_purge: true,
            routes: Vec::new(),
            vlans: None,
            fdb: Vec::new(),
            hooks: Vec::new(),
            vars: HookVars::default(),
            declared: false,
        }
    }

    /// The value of the option of that name.
    pub fn knob(&self, name: &str) -> Option<&Knob> {
        self.knobs.iter().find(|knob| knob.attr.name == name)
    }

    /// The number of the option of that name.
    pub fn number(&self, name: &str) -> Option<u64> {
        match self.knob(name)?.value {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Whether it is a bond that has the MAC of its active port (`fail_over_mac`).
    pub fn follows_active_port(&self) -> bool {
        self.number("bond-fail-over-mac").is_some_and(|policy| policy != 0)
    }

    /// The VRF that it is a member of.
    pub fn vrf(&self) -> Option<LinkRef> {
        self.master.filter(|_| self.in_vrf)
    }

    /// The links that must be there before it: parent, ports, peer excluded.
    pub fn lower(&self) -> impl Iterator<Item = &LinkRef> {
        self.parent.iter().chain(&self.ports)
    }
}

/// The wanted network.
///
/// *Shape*: `links` is in dependency order: whatever a link names as parent or port stands before it.
#[derive(Clone, Debug, Default)]
pub struct Desired {
    links: Vec<WantLink>,
    by_name: Map<IfName, usize>,
}

impl Desired {
    /// Takes links that are already in dependency order; of two with one name the first holds.
    pub fn new(links: Vec<WantLink>) -> Self {
        let mut all = Self::default();
        for link in links {
            if !all.by_name.contains_key(&link.name) {
                all.by_name.insert(link.name, all.links.len());
                all.links.push(link);
            }
        }
        all
    }

    /// Takes links in dependency order, each name once, with the place of each.
    pub(crate) fn indexed(links: Vec<WantLink>, by_name: Map<IfName, usize>) -> Self {
        debug_assert!(
            links
                .iter()
                .enumerate()
                .all(|(at, link)| by_name.get(&link.name) == Some(&at))
        );
        Self { links, by_name }
    }

    /// All links, lower ones first.
    pub fn links(&self) -> &[WantLink] {
        &self.links
    }

    /// The link of that name.
    pub fn get(&self, name: IfName) -> Option<&WantLink> {
        self.by_name.get(&name).map(|at| &self.links[*at])
    }

    /// Whether a link comes up without being asked for by name: it is `auto`, or `allow-hotplug` and plugged in, or such a
    /// one stands on it.
    pub fn comes_up(&self, want: &WantLink, now: &Snapshot) -> bool {
        let is_in = |class: &str| want.classes.iter().any(|of| of == class);
        let with_master = || {
            let master = want.master.as_ref();
            master.is_some_and(|master| self.get(master.name).is_none_or(|upper| self.comes_up(upper, now)))
        };
        is_in("auto")
            || is_in("hotplug") && self.is_plugged_in(want, now)
            || with_master()
            || self.uppers(want.name).any(|upper| self.comes_up(upper, now))
    }

    /// Whether it, or a NIC below it, is there: cleat-up@.service brings it up then. Another one is not missed.
    fn is_plugged_in(&self, want: &WantLink, now: &Snapshot) -> bool {
        let below = |name| match self.get(name) {
            Some(lower) => self.is_plugged_in(lower, now),
            None => now.get(name).is_some(),
        };
        now.get(want.name).is_some() || want.lower().any(|lower| below(lower.name))
    }

    /// Links that name `name` as parent or port.
    pub fn uppers(&self, name: IfName) -> impl Iterator<Item = &WantLink> {
        self.links
            .iter()
            .filter(move |link| link.lower().any(|lower| lower.name == name))
    }
}
