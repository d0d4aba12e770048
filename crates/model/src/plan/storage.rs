//! The host's own disks over the network: a reload that would end with them cut off is not begun.

use super::Storage;
use super::builder::Builder;
use crate::fake::network;
use crate::kinds::Mtu;
use crate::name::IfName;
use crate::snapshot::{Link, Snapshot};
use crate::types::Kind;
use cleat_diag::Diagnostic;
use std::net::IpAddr;

/// Refuses the plan where an address by which the host has disks leads to them now and would not at its end: a root file
/// system that is gone takes the host along.
pub(super) fn guard(builder: &mut Builder<'_>) {
    if builder.cuts_storage {
        return;
    }
    let cuts: Vec<(Option<IfName>, String)> = builder
        .request
        .storage
        .iter()
        .filter_map(|(ip, storage)| cut(builder.start, builder.now(), *ip, storage))
        .collect();
    for (link, text) in cuts {
        builder.cuts_storage = true;
        let fault = Diagnostic::error("storage-by-address", text);
        let fault = match link {
            Some(link) => fault.on(link),
            None => fault,
        };
        builder.say(fault.help("leave it as it is, move these disks away first, or use `--force`"));
    }
}

/// The link that is at fault, and what would be so; `None` where nothing is cut off that is not so already.
fn cut(before: &Snapshot, after: &Snapshot, ip: IpAddr, storage: &Storage) -> Option<(Option<IfName>, String)> {
    let service = storage.service;
    holder(before, ip).filter(|link| link.is_up() && leads_out(before, link, 0))?;
    let Some(link) = holder(after, ip) else {
        return Some((
            None,
            format!("{ip} would be on no link, and {service} goes over it now"),
        ));
    };
    let name = link.name;
    let what = match (link.is_up(), leads_out(after, link, 0)) {
        (false, _) => "be down",
        (true, false) => "lead nowhere",
        (true, true) => {
            let mut servers = storage.servers.iter();
            let lost = servers.find(|server| has_route(before, **server) && !has_route(after, **server))?;
            let text = format!("no route would lead to {lost}, and {service} goes there from {ip} now");
            return Some((Some(name), text));
        }
    };
    Some((
        Some(name),
        format!("{name} with {ip} would {what}, and {service} goes over it now"),
    ))
}

/// The link that answers to an address: of several that have the address, one that is not a port of a bridge or bond.
fn holder(now: &Snapshot, ip: IpAddr) -> Option<&Link> {
    let has = |link: &&Link| now.addresses(link.index).iter().any(|is| is.ip == ip);
    let mut all: Vec<&Link> = now.links().iter().filter(has).collect();
    all.sort_by_key(|link| (is_port(now, link), !link.is_up()));
    all.first().copied()
}

fn is_port(now: &Snapshot, link: &Link) -> bool {
    let master = link.master.and_then(|index| now.by_index(index));
    master.is_some_and(|master| master.kind.row().is_layer_2_master())
}

/// Whether packets get off the host by a link: a bridge or bond needs a port that is up and leads out, a VLAN what it stands
/// on. A guest's port leads to the guest alone.
fn leads_out(now: &Snapshot, link: &Link, depth: u8) -> bool {
    // A ring is not possible in the kernel; a stack is never that high.
    let below = |link: &Link| depth < 16 && link.is_up() && leads_out(now, link, depth + 1);
    let row = link.kind.row();
    match (&link.kind, row.mtu) {
        (Kind::Other(_), _) => false,
        (_, Mtu::Below) if link.parent_netns.is_none() => {
            let parent = link.below().and_then(|index| now.by_index(index));
            parent.is_some_and(below)
        }
        (..) => !row.is_layer_2_master() || now.ports(link.index).any(below),
    }
}

/// Whether a route leads to that host, in any table: which one a packet is looked up in is for rules to say.
fn has_route(now: &Snapshot, to: IpAddr) -> bool {
    let leads = |link: &Link| {
        let mut routes = now.routes(link.index).iter();
        link.is_up()
            && routes.any(|route| route.to.0.is_ipv4() == to.is_ipv4() && network(to, route.to.1) == route.to.0)
    };
    now.links().iter().any(leads)
}

#[cfg(test)]
mod tests;
