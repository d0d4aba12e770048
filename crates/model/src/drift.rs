//! What is there and not declared, on links that are declared; and links of ours that stay though the file has them no
//! longer.
//!
//! Guests are not drift, and neither is what other programs do: leases, router advertisements, routes of routing daemons,
//! what the kernel makes itself, and what a hook line of the link names.

use crate::attr::Value;
use crate::attrs::{virtual_link, vlan};
use crate::decl::{Decl, Method};
use crate::desired::{Desired, WantLink};
use crate::fake::{IFA_F_PERMANENT, same_place};
use crate::name::IfName;
use crate::owned::Owned;
use crate::snapshot::{Link, Snapshot};
use crate::types::{Address, Kind, Origin, Route};
use crate::verify::CheckItem;
use crate::vlans::VlanMap;
use cleat_diag::Diagnostic;
use cleat_eni::Family;
use std::net::IpAddr;

/// `RTPROT_BOOT` and `RTPROT_STATIC` of linux/rtnetlink.h: set by hand or by a script. All others say who made them: the
/// kernel, a router, or a daemon.
const BY_HAND: [u8; 2] = [3, 4];
/// `RT_TABLE_MAIN`.
const MAIN: u32 = 254;

/// Families in which another program gives a link its addresses (`inet dhcp`, `inet6 auto`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leased {
    /// IPv4.
    pub v4: bool,
    /// IPv6.
    pub v6: bool,
}

impl Leased {
    /// By the methods of an interface's stanzas.
    pub fn of(decl: &Decl) -> Self {
        let mut leased = Self::default();
        for stanza in &decl.stanzas {
            if !matches!(stanza.method, Method::Dhcp | Method::Auto) {
                continue;
            }
            match stanza.family {
                Some(Family::Inet6) => leased.v6 = true,
                _ => leased.v4 = true,
            }
        }
        leased
    }

    fn has(self, ip: IpAddr) -> bool {
        match ip {
            IpAddr::V4(_) => self.v4,
            IpAddr::V6(_) => self.v6,
        }
    }
}

/// What a link has that its stanza does not say. `wanted` is empty in all items.
pub fn strays(want: &WantLink, leased: Leased, desired: &Desired, now: &Snapshot) -> Vec<CheckItem> {
    let Some(link) = now.get(want.name) else {
        return Vec::new();
    };
    let mut items = Vec::new();
    let mut stray = |name: &'static str, found: String| {
        items.push(CheckItem {
            name,
            wanted: String::new(),
            found,
            ok: false,
            origin: want.origin,
        });
    };
    for address in now.addresses(link.index) {
        if is_stray_address(want, leased, link, address) {
            stray("address", address.to_string());
        }
    }
    for route in now.routes(link.index) {
        if is_stray_route(want, leased, route, table_of(link, now)) {
            match (route.is_default(), route.via) {
                (true, Some(via)) => stray("gateway", via.to_string()),
                _ => stray("route", route.to_string()),
            }
        }
    }
    let ports = want.kind.row().port_list();
    for port in ports.into_iter().flat_map(|_| now.ports(link.index)) {
        if is_stray_port(want, desired, port) {
            stray(ports.unwrap_or_default(), port.name.to_string());
        }
    }
    if let Some(ranges) = stray_vlans(want, link, now) {
        stray("bridge-vids", ranges);
    }
    items
}

/// Whether a link is a port whose packets go to its master, so that an address on it answers nobody.
fn is_port(link: &Link) -> bool {
    link.master.is_some()
        && link
            .port_kind
            .as_ref()
            .is_some_and(|kind| kind.row().is_layer_2_master())
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_link_local(),
        IpAddr::V6(ip) => !ip.is_loopback() && !ip.is_unicast_link_local(),
    }
}

fn is_stray_address(want: &WantLink, leased: Leased, link: &Link, address: &Address) -> bool {
    let declared = want.addresses.iter().any(|wanted| wanted.value.same(address));
    if declared || !is_public(address.ip) || is_port(link) {
        return false;
    }
    let permanent = address.flags & IFA_F_PERMANENT != 0;
    let by_others = !permanent || leased.has(address.ip) || !want.address_purge || in_hooks(want, address.ip);
    !by_others
}

fn is_stray_route(want: &WantLink, leased: Leased, route: &Route, table: u32) -> bool {
    let declared = want.routes.iter().any(|wanted| same_place(&wanted.value, route));
    let by_hook = match route.is_default() {
        true => want.hooks.iter().any(|hook| {
            let command = &hook.command.value;
            command.contains("route") && (command.contains("default") || command.contains("/0"))
        }),
        false => in_hooks(want, route.to.0),
    };
    let of_lease = route.is_default() && leased.has(route.to.0);
    BY_HAND.contains(&route.protocol) && route.table == table && !declared && !by_hook && !of_lease
}

/// Whether a hook line of the link names an address: what the line does is declared by it.
fn in_hooks(want: &WantLink, ip: IpAddr) -> bool {
    let text = ip.to_string();
    want.hooks.iter().any(|hook| {
        let mut words = hook
            .command
            .value
            .split(|letter: char| letter.is_whitespace() || "/'\"=,;".contains(letter));
        words.any(|word| word == text)
    })
}

/// The routing table of a link: that of its VRF, or main.
pub fn table_of(link: &Link, now: &Snapshot) -> u32 {
    let master = link.master.and_then(|master| now.by_index(master));
    let vrf = [Some(link), master]
        .into_iter()
        .flatten()
        .find(|link| link.kind == Kind::Vrf);
    let table = vrf.and_then(|vrf| vrf.data.get(virtual_link::VRF_TABLE.number)?.try_into().ok());
    table.map_or(MAIN, u32::from_ne_bytes)
}

fn is_stray_port(want: &WantLink, desired: &Desired, port: &Link) -> bool {
    let listed = want.ports.iter().any(|wanted| wanted.name == port.name);
    let declared = desired.get(port.name);
    let wanted = declared.is_some_and(|port| port.master.is_some_and(|master| master.name == want.name));
    let condoned = want
        .knob("bridge-ports-condone-regex")
        .is_some_and(|knob| match &knob.value {
            Value::Text(pattern) => {
                regex_lite::Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(port.name.as_str()))
            }
            _ => false,
        });
    !listed && !wanted && !condoned && (declared.is_some() || !is_guests(port))
}

/// Whether a port that nobody declares is of a guest: a tap device, the end of a pair whose other end is elsewhere, or
/// one that bears the name which Proxmox VE or libvirt give it.
fn is_guests(port: &Link) -> bool {
    let numbered = |prefix: &str| {
        let rest = port.name.as_str().strip_prefix(prefix);
        rest.is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit()))
    };
    let named = ["tap", "veth", "fwpr", "fwln", "vnet"].into_iter().any(numbered);
    match port.kind {
        Kind::Physical | Kind::Bond | Kind::Vlan | Kind::Vxlan | Kind::Dummy | Kind::Row(_) => named,
        Kind::Veth => named || port.parent_netns.is_some(),
        Kind::Bridge | Kind::Macvlan | Kind::Vrf | Kind::Other(_) => true,
    }
}

/// VLANs that a bridge itself has beyond those wanted; those of VLANs that stand on it are theirs.
fn stray_vlans(want: &WantLink, link: &Link, now: &Snapshot) -> Option<String> {
    let wanted = want.vlans.as_ref().filter(|_| link.kind == Kind::Bridge)?;
    let beyond = VlanMap::of(now.vlans(link.index)).beyond(&VlanMap::of(&wanted.ranges));
    let mut beyond = VlanMap::of(&beyond);
    for child in now.links().iter().filter(|child| child.parent == Some(link.index)) {
        let id = child.data.get(vlan::ID.number).filter(|_| child.kind == Kind::Vlan);
        if let Some(id) = id.and_then(|id| id.try_into().ok()).map(u16::from_ne_bytes) {
            beyond.remove(crate::types::VlanRange {
                first: id,
                last: id,
                pvid: false,
                untagged: false,
            });
        }
    }
    let ranges: Vec<String> = beyond.ranges().iter().map(ToString::to_string).collect();
    (!ranges.is_empty()).then(|| ranges.join(", "))
}

/// What of `scope` is there and not declared; addresses on ports are faults of their own ([`crate::verify`]).
pub fn drift(
    desired: &Desired,
    now: &Snapshot,
    scope: &[IfName],
    leased: impl Fn(IfName) -> Leased,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for want in scope.iter().filter_map(|name| desired.get(*name)) {
        for item in strays(want, leased(want.name), desired, now) {
            let text = format!(
                "{} has `{} {}`, which is not declared",
                want.name, item.name, item.found
            );
            found.push(located(Diagnostic::warning("not-declared", text), want));
        }
    }
    found
}

fn located(told: Diagnostic, want: &WantLink) -> Diagnostic {
    let told = told.on(want.name);
    match want.origin.place() {
        Some(place) if matches!(want.origin, Origin::Said(_)) => told.at(place, ""),
        _ => told,
    }
}

/// Links that we made, that the file does not have any longer, and that are there all the same: guests held them back.
pub fn kept(desired: &Desired, owned: &Owned, now: &Snapshot) -> Vec<Diagnostic> {
    let ours = owned.links.iter().filter(|(_, link)| link.created.is_some());
    let is_kept = |name: &IfName| match desired.get(*name) {
        None => now.get(*name).is_some(),
        // Declared now as one that others make.
        Some(_) => false,
    };
    let names = ours.map(|(name, _)| *name).filter(|name| is_kept(name));
    names
        .map(|name| {
            let text = format!("{name} is not declared any longer, and still there");
            Diagnostic::warning("not-declared", text).on(name)
        })
        .collect()
}

#[cfg(test)]
mod tests;
