//! What is wanted against what is there, piece by piece.

use crate::attr::{On, Value, Wire};
use crate::desired::{Desired, Knob, WantLink};
use crate::fake::same_place;
use crate::name::IfName;
use crate::owned::Owned;
use crate::plan::{address_agrees, derived_mtu, is_stray, route_agrees, same_entry};
use crate::show::IFA_F_NOPREFIXROUTE;
use crate::snapshot::{Link, Snapshot};
use crate::table;
use crate::types::{Address, Kind, Origin, Rule, ScopeId};
use crate::vlans::VlanMap;
use cleat_diag::Diagnostic;

/// What [`CheckItem::name`] is for the rule of table local, which is of no option of its own.
const LOCAL_RULE: &str = "local rule";

/// One thing that is wanted of a link, and what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckItem {
    /// The option of interfaces(5) that asks for it: `address`, `bridge-ports`, `mtu`; `link` for the link itself and
    /// `up` for its state.
    pub name: &'static str,
    /// What is wanted, as in the file.
    pub wanted: String,
    /// What is there, in the same words; empty where nothing is.
    pub found: String,
    /// Whether that is it.
    pub ok: bool,
    /// Who asked.
    pub origin: Origin,
}

impl CheckItem {
    /// Whether it is an address that nobody declares on a port of a bridge or bond; nothing is wanted then.
    pub fn is_stray(&self) -> bool {
        self.name == "address" && self.wanted.is_empty()
    }
}

/// Puts items into the list: option, what is wanted, what is found, whether that is it, who asked.
fn adder(items: &mut Vec<CheckItem>) -> impl FnMut(&'static str, String, String, bool, Origin) {
    |name, wanted, found, ok, origin| {
        items.push(CheckItem {
            name,
            wanted,
            found,
            ok,
            origin,
        });
    }
}

/// Compares all that is wanted of one link with the kernel.
///
/// A link that is not there has one item, `link`.
pub fn check(want: &WantLink, now: &Snapshot) -> Vec<CheckItem> {
    let mut items = Vec::new();
    let mut item = adder(&mut items);
    let shown = |kind: &Kind| match want.kind == Kind::Physical {
        true => "present".to_owned(),
        false => kind.to_string(),
    };
    let kind = shown(&want.kind);
    let Some(link) = now.get(want.name) else {
        item("link", kind, String::new(), false, want.origin);
        drop(item);
        return items;
    };
    let same_kind = want.kind == Kind::Physical || want.kind == link.kind;
    item("link", kind, shown(&link.kind), same_kind, want.origin);
    let state = |up: bool| if up { "up" } else { "down" }.to_owned();
    item(
        "up",
        state(want.up),
        state(link.is_up()),
        want.up == link.is_up() || (link.is_up() && link.is_loopback()),
        want.origin,
    );
    let name_of = |index: Option<u32>| {
        let link = index.and_then(|index| now.by_index(index));
        link.map(|link| link.name.to_string()).unwrap_or_default()
    };
    if let Some(parent) = want.parent {
        let found = name_of(link.below());
        item(
            want.kind.row().below.option().unwrap_or("link"),
            parent.name.to_string(),
            found.clone(),
            found == parent.name.as_str(),
            parent.origin,
        );
    }
    if let Some(peer) = want.peer {
        let found = name_of(link.parent);
        let away = link.parent_netns.is_some();
        item(
            "veth-peer-name",
            peer.name.to_string(),
            found.clone(),
            away || found == peer.name.as_str(),
            peer.origin,
        );
    }
    if let Some(vrf) = want.vrf() {
        let found = name_of(link.master);
        let is = found == vrf.name.as_str();
        item("vrf", vrf.name.to_string(), found, is, vrf.origin);
    }
    let ports = want.kind.row().port_list().unwrap_or("bridge-ports");
    for port in &want.ports {
        let is = now.get(port.name).is_some_and(|port| port.master == Some(link.index));
        let found = if is { port.name.to_string() } else { String::new() };
        item(ports, port.name.to_string(), found, is, port.origin);
    }
    for (number, target) in &want.data_links {
        let index = link
            .data
            .get(*number)
            .and_then(|bytes| bytes.try_into().ok())
            .map(u32::from_ne_bytes);
        let found = name_of(index);
        item(
            "bond-primary",
            target.name.to_string(),
            found.clone(),
            found == target.name.as_str(),
            target.origin,
        );
    }
    drop(item);
    items.extend(want.knobs.iter().filter_map(|knob| check_knob(knob, link)));
    items.extend(check_mtu(want, link, now));
    items.extend(check_rules(want, now));
    check_net(want, link, now, &mut items);
    check_port(want, link, now, &mut items);
    items
}

/// Addresses on a port of a bridge or bond that its stanza does not ask for: packets to them come in by the master.
fn check_port(want: &WantLink, link: &Link, now: &Snapshot, items: &mut Vec<CheckItem>) {
    let master = link.master.and_then(|index| now.by_index(index));
    let layer_2 = master.is_some_and(|master| {
        let wanted = want.master.is_some_and(|wanted| wanted.name == master.name);
        wanted && master.kind.row().is_layer_2_master()
    });
    if !layer_2 || !want.address_purge {
        return;
    }
    let mut item = adder(items);
    let said = |is: &Address| want.addresses.iter().any(|wanted| wanted.value.same(is));
    for stray in now.addresses(link.index).iter().filter(|is| is_stray(is, said)) {
        item("address", String::new(), stray.to_string(), false, want.origin);
    }
}

/// The MTU of a link without an `mtu` line, where it is not that of what the link stands on.
fn check_mtu(want: &WantLink, link: &Link, now: &Snapshot) -> Option<CheckItem> {
    let mtu = derived_mtu(want, link, now, &Link::mtu).filter(|mtu| *mtu != link.mtu())?;
    Some(CheckItem {
        name: "mtu",
        wanted: mtu.to_string(),
        found: link.mtu().to_string(),
        ok: false,
        origin: want.origin,
    })
}

/// The rule for the host's own addresses where it stands before that of VRFs ([`crate::plan`] moves it).
fn check_rules(want: &WantLink, now: &Snapshot) -> Option<CheckItem> {
    let first = [false, true].into_iter().filter(|v6| now.has_rule(Rule::first(*v6)));
    let first: Vec<&str> = first.map(|v6| if v6 { "IPv6" } else { "IPv4" }).collect();
    let knob = want.knobs.iter().find(|knob| knob.attr.name == "vrf-table");
    (want.kind == Kind::Vrf && !first.is_empty()).then(|| CheckItem {
        name: LOCAL_RULE,
        wanted: "behind VRFs".to_owned(),
        found: format!("first for {}", first.join(" and ")),
        ok: false,
        origin: knob.map_or(want.origin, |knob| knob.origin),
    })
}

fn check_knob(knob: &Knob, link: &Link) -> Option<CheckItem> {
    let Knob { attr, value, origin } = knob;
    let as_port = matches!(attr.on, On::BridgePort | On::BondPort);
    let no_port = as_port && link.port_kind != attr.on.kind();
    let chosen_mac = attr.name == "hwaddress" && !matches!(origin, Origin::Said(_));
    if matches!(attr.wire, Wire::None) || no_port || chosen_mac {
        return None;
    }
    // A port of a bond has the bond's address, and its own for when it leaves.
    let own = link.bond_port_mac().filter(|_| attr.name == "hwaddress");
    let found = own.map(Value::Mac).or_else(|| attr.read(link));
    let absent = matches!(attr.wire, Wire::Conf6(..)) && link.conf6.is_empty();
    // A driver that has no such thing was reported by the plan.
    if attr.field().is_some() && found.is_none() {
        return None;
    }
    let value = &*attr.meant(value, link);
    let default = attr.default_value();
    let ok = match (&found, default) {
        (Some(found), _) => attr.same(value, found),
        (None, Some(default)) => absent || attr.same(value, &default),
        (None, None) => absent,
    };
    Some(CheckItem {
        name: attr.name,
        wanted: attr.show(value),
        found: found.map(|found| attr.show(&found)).unwrap_or_default(),
        ok,
        origin: *origin,
    })
}

fn check_net(want: &WantLink, link: &Link, now: &Snapshot, items: &mut Vec<CheckItem>) {
    let mut item = adder(items);
    for wanted in &want.addresses {
        let all = now.addresses(link.index);
        let there = all.iter().find(|is| is.same(&wanted.value));
        let ok = there.is_some_and(|is| address_agrees(&wanted.value, is));
        let (text, found) = match there {
            Some(is) if !ok => in_full(&wanted.value, is),
            Some(is) => (wanted.value.to_string(), is.to_string()),
            None => (wanted.value.to_string(), String::new()),
        };
        item("address", text, found, ok, wanted.origin);
    }
    // A link that is kept down has no routes.
    for wanted in want.routes.iter().filter(|_| want.up) {
        let all = now.routes(link.index);
        let ok = all.iter().any(|is| route_agrees(&wanted.value, is));
        let there = all.iter().find(|is| same_place(is, &wanted.value));
        let via = |route: &crate::types::Route| match route.via {
            Some(via) => via.to_string(),
            None => route.to_string(),
        };
        let found = match ok {
            true => via(&wanted.value),
            false => there.map(via).unwrap_or_default(),
        };
        item("gateway", via(&wanted.value), found, ok, wanted.origin);
    }
    if let Some(vlans) = &want.vlans {
        let wanted = VlanMap::of(&vlans.ranges);
        let is = VlanMap::of(now.vlans(link.index));
        let bridge = link.kind == Kind::Bridge;
        let ok = wanted.missing_in(&is).is_empty() && (bridge || is.beyond(&wanted).is_empty());
        let show = |map: &VlanMap| {
            map.ranges()
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        };
        item(
            "bridge-vids",
            show(&wanted),
            show(&is),
            ok,
            vlans.origin.unwrap_or(want.origin),
        );
    }
    for wanted in &want.fdb {
        let ok = now.fdb(link.index).iter().any(|is| same_entry(&wanted.value, is));
        let text = match wanted.value.dst {
            Some(dst) => dst.to_string(),
            None => wanted.value.mac.to_string(),
        };
        let found = if ok { text.clone() } else { String::new() };
        item("vxlan-remoteip", text, found, ok, wanted.origin);
    }
}

/// Two addresses that differ in more than themselves, each with what it has otherwise, in the words of ip-address(8).
fn in_full(want: &Address, have: &Address) -> (String, String) {
    let (mut wanted, mut found) = (want.to_string(), have.to_string());
    let mut differ = |word: &str, wants: Option<String>, has: Option<String>| {
        for (text, value) in [(&mut wanted, wants), (&mut found, has)] {
            *text += &match value {
                Some(value) => format!(" {word} {value}"),
                None => format!(" without {word}"),
            };
        }
    };
    if want.broadcast.is_some() && want.broadcast != have.broadcast {
        let text = |address: &Address| address.broadcast.map(|ip| ip.to_string());
        differ("broadcast", text(want), text(have));
    }
    if want.ip.is_ipv4() && want.scope != have.scope {
        differ("scope", Some(scope_word(want.scope)), Some(scope_word(have.scope)));
    }
    if want.label.is_some() && want.label != have.label {
        differ("label", want.label.clone(), have.label.clone());
    }
    if want.metric != have.metric {
        differ("metric", Some(want.metric.to_string()), Some(have.metric.to_string()));
    }
    if want.preferred != have.preferred {
        let text = |address: &Address| {
            let left = address.preferred.map(|seconds| format!("{seconds}sec"));
            Some(left.unwrap_or_else(|| "forever".to_owned()))
        };
        differ("preferred_lft", text(want), text(have));
    }
    if want.flags & IFA_F_NOPREFIXROUTE != have.flags & IFA_F_NOPREFIXROUTE {
        let text = |address: &Address| (address.flags & IFA_F_NOPREFIXROUTE != 0).then(String::new);
        differ("noprefixroute", text(want), text(have));
    }
    (wanted.trim_end().to_owned(), found.trim_end().to_owned())
}

/// *Source*: /etc/iproute2/rt_scopes.
fn scope_word(scope: ScopeId) -> String {
    match scope.0 {
        0 => "global".to_owned(),
        200 => "site".to_owned(),
        253 => "link".to_owned(),
        254 => "host".to_owned(),
        other => other.to_string(),
    }
}

/// What of `scope` is not as wanted, each pointing at the line that wants it.
pub fn verify(desired: &Desired, now: &Snapshot, scope: &[IfName]) -> Vec<Diagnostic> {
    let wanted = scope.iter().filter_map(|name| desired.get(*name));
    wanted.flat_map(|want| faults(want, now)).collect()
}

/// Links, addresses, gateways and memberships of `scope` that are wanted and not there `now`, each pointing at the line
/// that wants it: those that were there `before`, or that are new. What was ours and missing before is not among them, and
/// neither is what is there in another form.
pub fn lost(
    desired: &Desired,
    (before, now): (&Snapshot, &Snapshot),
    owned: &Owned,
    scope: &[IfName],
) -> Vec<Diagnostic> {
    const VITAL: [&str; 6] = ["link", "address", "gateway", "bridge-ports", "bond-slaves", "vrf"];
    let wanted = scope.iter().filter_map(|name| desired.get(*name));
    let of = |want: &WantLink| -> Vec<Diagnostic> {
        let missing = |item: &CheckItem| !item.ok && item.found.is_empty() && VITAL.contains(&item.name);
        let mut items: Vec<CheckItem> = check(want, now).into_iter().filter(missing).collect();
        if items.is_empty() {
            return Vec::new();
        }
        let was = check(want, before);
        let same = |item: &CheckItem, was: &CheckItem| was.name == item.name && was.wanted == item.wanted;
        items.retain(|item| {
            !item.is_stray()
                && was
                    .iter()
                    .all(|was| was.ok || !same(item, was) || !is_ours(want, item, owned))
        });
        items.iter().map(|item| fault(want, item)).collect()
    };
    wanted.flat_map(of).collect()
}

/// Whether what an item asks for was made by us before.
fn is_ours(want: &WantLink, item: &CheckItem, owned: &Owned) -> bool {
    let Some(ours) = owned.get(want.name) else { return false };
    let is = |text: String| text == item.wanted;
    match item.name {
        "address" => ours.addresses.iter().any(|address| is(address.to_string())),
        "gateway" => ours
            .routes
            .iter()
            .any(|route| route.via.is_some_and(|via| is(via.to_string()))),
        "vrf" => ours.master.is_some_and(|master| is(master.to_string())),
        "link" => ours.created.is_some(),
        _ => IfName::new(&item.wanted).is_ok_and(|port| {
            let port = owned.get(port).and_then(|port| port.master);
            port == Some(want.name)
        }),
    }
}

/// The links of `scope` that are not there at all, each pointing at the line that wants it.
pub fn missing(desired: &Desired, now: &Snapshot, scope: &[IfName]) -> Vec<Diagnostic> {
    let gone: Vec<IfName> = scope.iter().copied().filter(|name| now.get(*name).is_none()).collect();
    verify(desired, now, &gone)
}

/// Addresses on ports of bridges and bonds that nobody declares there, as [`verify`] tells them.
pub fn addresses_on_ports(desired: &Desired, now: &Snapshot) -> Vec<Diagnostic> {
    let of = |want: &WantLink| -> Vec<Diagnostic> {
        let items = check(want, now).into_iter().filter(CheckItem::is_stray);
        items.map(|item| fault(want, &item)).collect()
    };
    desired.links().iter().flat_map(of).collect()
}

fn faults(want: &WantLink, now: &Snapshot) -> Vec<Diagnostic> {
    let items = check(want, now).into_iter().filter(|item| !item.ok);
    items.map(|item| fault(want, &item)).collect()
}

fn fault(want: &WantLink, item: &CheckItem) -> Diagnostic {
    let name = want.name;
    let master = want.master.map(|master| master.name);
    let diagnostic = match (item.name, item.found.as_str()) {
        (_, found) if item.is_stray() => {
            let of = master.map(|master| format!(" of {master}")).unwrap_or_default();
            Diagnostic::error(
                "stray-address",
                format!("{name} is a port{of} and has the address {found}"),
            )
            .help("`ifreload -a` takes it away; the address of a host is on its bridge or bond")
        }
        (LOCAL_RULE, found) => Diagnostic::warning(
            "local-rule",
            format!("the rule for table local is {found}: packets in {name} for an address of the host are taken by the host"),
        )
        .help(format!("`ifup {name}` or `ifreload -a` moves it behind VRFs")),
        ("link", "") => Diagnostic::error("not-there", format!("{name} is not there")),
        ("link", found) => Diagnostic::error(
            "other-kind",
            format!("{name} is of kind {found}, wanted is {}", item.wanted),
        ),
        ("up", found) => Diagnostic::error("not-as-wanted", format!("{name} is {found}, wanted is {}", item.wanted)),
        // The host has its network without it.
        (option, found) if table::find(option).is_some_and(|row| row.field().is_some()) => Diagnostic::warning(
            "nic-differs",
            format!("{name} has `{option} {found}`, wanted is `{}`", item.wanted),
        ),
        (option, "") => Diagnostic::error("not-as-wanted", format!("{name} has no `{option} {}`", item.wanted)),
        (option, found) => Diagnostic::error(
            "not-as-wanted",
            format!("{name} has `{option} {found}`, wanted is `{}`", item.wanted),
        ),
    }
    .on(name);
    match item.origin.place().or(want.origin.place()) {
        Some(place) => diagnostic.at(place, ""),
        None => diagnostic,
    }
}
