//! The kernel's state as stanzas: what would have to be written to get it.

use super::entry::{Entry, Keys};
use cleat_model::attr::{Attr, On, Value, Wire};
use cleat_model::kinds::Told;
use cleat_model::snapshot::{Link, Snapshot};
use cleat_model::table;
use cleat_model::types::Kind;
use std::net::IpAddr;

/// `IFA_F_PERMANENT` of linux/if_addr.h: not from a router or a DHCP server.
const PERMANENT: u32 = 0x80;
/// The main routing table of linux/rtnetlink.h.
const MAIN: u32 = 254;

/// The stanza of a link.
///
/// *Shape*: its kind and what it stands on, its ports, every option of the table whose value is not the default, its
/// addresses and gateways. What the kernel or a router made by itself (fe80:: addresses, addresses with a lifetime)
/// is left out. Of a NIC's own settings those are shown that `declared` names: what a driver begins with is not known.
pub fn entry(link: &Link, snapshot: &Snapshot, declared: &[&str]) -> Entry {
    let mut entry = Entry {
        auto: true,
        ..Entry::new(link.name.to_string())
    };
    if link.is_loopback() {
        entry.family = Some("inet".to_owned());
        entry.method = Some("loopback".to_owned());
    }
    structure(link, snapshot, &mut entry.config);
    let is_asked = |attr: &&Attr| attr.on != On::Nic || declared.contains(&attr.name);
    for attr in table::all().filter(|attr| carried(attr, link)).filter(is_asked) {
        if let Some(value) = attr.read(link).filter(|value| worth_saying(attr, value, link)) {
            entry.config.push(attr.name, attr.show(&value));
        }
    }
    vlans(link, snapshot, &mut entry.config);
    for address in snapshot.addresses(link.index) {
        let own = address.flags & PERMANENT != 0 && !is_kernels(&address.ip);
        if own && !(link.is_loopback() && address.ip.is_loopback()) {
            entry
                .config
                .push("address", format!("{}/{}", address.ip, address.prefix));
        }
    }
    for route in snapshot.routes(link.index) {
        if let Some(via) = route.via.filter(|_| route.is_default() && route.table == MAIN) {
            entry.config.push("gateway", via.to_string());
        }
    }
    entry
}

/// Whether the option can be read from that link.
fn carried(attr: &Attr, link: &Link) -> bool {
    match attr.on {
        On::Address => false,
        On::Link | On::Nic => true,
        on @ (On::BridgePort | On::BondPort) => on.kind() == link.port_kind,
        on => on.kind() == Some(link.kind.clone()),
    }
}

fn worth_saying(attr: &Attr, value: &Value, link: &Link) -> bool {
    let differs = attr.default_value().map(|default| !attr.same(&default, value));
    match attr.wire {
        // The address that a NIC was made with, or that the kernel chose, is nobody's wish.
        Wire::Link(..) if attr.name == "hwaddress" => link.perm_mac.is_some() && link.perm_mac != link.mac(),
        // The loopback link has a size of its own, and so has a new link of some kinds.
        Wire::Link(..) if attr.name == "mtu" => {
            !link.is_loopback() && *value != Value::Number(link.kind.row().fresh_mtu.into())
        }
        Wire::Link(..) | Wire::Conf4(..) | Wire::Conf6(..) | Wire::AddrGenMode => differs.unwrap_or(false),
        _ => differs.unwrap_or(true),
    }
}

fn structure(link: &Link, snapshot: &Snapshot, config: &mut Keys<String>) {
    let name = |index: Option<u32>| {
        let found = index
            .filter(|_| link.parent_netns.is_none())
            .and_then(|index| snapshot.by_index(index));
        found.map(|link| link.name.to_string())
    };
    let mut say = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            config.push(key, value);
        }
    };
    let ports = || {
        let names: Vec<String> = snapshot.ports(link.index).map(|port| port.name.to_string()).collect();
        Some(if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(" ")
        })
    };
    let row = link.kind.row();
    let told = row.told_by.iter().find_map(|told| match told {
        // Where the peer of a pair is in another namespace, the type alone says what the link is.
        Told::As(option, value) if row.told_by.len() == 1 || link.kind == Kind::Veth => Some((*option, *value)),
        Told::As(..) | Told::By(_) => None,
    });
    if let Some((option, value)) = told {
        say(option, Some(value.to_owned()));
    }
    if let Some(list) = row.port_list() {
        say(list, ports());
    }
    if let Some(option) = row.below.option() {
        say(option, name(link.below().or(link.peer())));
    }
    if link.port_kind == Some(Kind::Vrf) {
        say(
            "vrf",
            snapshot
                .by_index(link.master.unwrap_or(0))
                .map(|vrf| vrf.name.to_string()),
        );
    }
}

fn vlans(link: &Link, snapshot: &Snapshot, config: &mut Keys<String>) {
    let ranges = snapshot.vlans(link.index);
    if let Some(range) = ranges.iter().find(|range| range.pvid).filter(|range| range.first != 1) {
        config.push("bridge-pvid", range.first.to_string());
    }
    let tagged = ranges.iter().filter(|range| !range.pvid && !range.untagged);
    let words: Vec<String> = tagged.map(ToString::to_string).collect();
    if !words.is_empty() {
        config.push("bridge-vids", words.join(" "));
    }
}

/// Link-local IPv6 addresses come by themselves.
fn is_kernels(ip: &IpAddr) -> bool {
    matches!(ip, IpAddr::V6(v6) if v6.is_unicast_link_local())
}
