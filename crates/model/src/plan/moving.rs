//! What leaves a link: it goes when it is where it belongs, not before.
//!
//! An address or a route that another link is to have is taken from the old link once the new one has it, and what others
//! left on a port once its master is up with its own. Until then it waits here.

use super::builder::{Builder, Gone};
use super::{address, follow, route};
use crate::desired::WantLink;
use crate::fake::{covers, scope6};
use crate::hash::Set;
use crate::name::IfName;
use crate::op::Op;
use crate::snapshot::Link;
use crate::types::{Address, Kind, Origin, Route};
use cleat_diag::Diagnostic;
use std::net::IpAddr;

/// Something that is to leave a link.
#[derive(Clone, Debug)]
pub(super) struct Leaving {
    link: IfName,
    what: What,
    /// The bridge or bond that the link is a port of, where that is why it goes.
    master: Option<IfName>,
    origin: Origin,
}

#[derive(Clone, Debug)]
enum What {
    Address(Address),
    Route(Route),
}

impl<'a> Builder<'a> {
    /// These links are asked for; each is coming until it is finished.
    pub(super) fn expect_all(&mut self, links: &[&'a WantLink]) {
        self.coming = links.to_vec();
    }

    /// Links that are asked for and not done yet.
    pub(super) fn coming(&self) -> impl Iterator<Item = &'a WantLink> {
        self.coming.iter().copied()
    }

    /// These links have their addresses and routes.
    pub(super) fn finished(&mut self, links: &[&WantLink]) {
        let done: Set<IfName> = links.iter().map(|want| want.name).collect();
        self.coming.retain(|want| !done.contains(&want.name));
    }

    /// Whether a link has all that is wanted of it, or was not asked for.
    pub(super) fn is_finished(&self, name: IfName) -> bool {
        !self.coming.iter().any(|want| want.name == name)
    }

    /// Whether the kernel would take a route on that link now.
    pub(super) fn takes_route(&mut self, name: IfName, route: &Route) -> bool {
        let Some(index) = self.link(name).map(|link| link.index) else {
            return false;
        };
        self.sim().check_route(index, route).is_ok()
    }
}

/// What we added to the link and nobody wants any longer is to leave it.
pub(super) fn purge(builder: &mut Builder<'_>, want: &WantLink) {
    let leaving = |what| Leaving {
        link: want.name,
        what,
        master: None,
        origin: want.origin,
    };
    let routes = route::unwanted(builder, want).into_iter().map(What::Route);
    let addresses = address::unwanted(builder, want).into_iter().map(What::Address);
    let all: Vec<Leaving> = routes.chain(addresses).map(leaving).collect();
    builder.leaving.extend(all);
}

/// What we added to links that are not asked for, and that one is to have that is, is to leave them: an address is not on
/// two links because one of them was not named.
pub(super) fn from_others(builder: &mut Builder<'_>, asked: &Set<IfName>) {
    let mut coming = builder.coming().peekable();
    if coming.peek().is_none() {
        return;
    }
    let wanted: Set<IpAddr> = coming
        .flat_map(|want| want.addresses.iter().map(|wanted| wanted.value.ip))
        .collect();
    let others = builder.owned.links.iter().filter(|(name, _)| !asked.contains(*name));
    let mut all = Vec::new();
    for (name, owned) in others {
        let said = builder.want(*name).map_or(&[][..], |want| &want.addresses);
        let is_said = |old: &Address| said.iter().any(|wanted| wanted.value.ip == old.ip);
        let moving = owned
            .addresses
            .iter()
            .filter(|old| wanted.contains(&old.ip) && !is_said(old));
        all.extend(moving.map(|old| Leaving {
            link: *name,
            what: What::Address(old.clone()),
            master: None,
            origin: Origin::Own("moved to another link"),
        }));
    }
    builder.leaving.extend(all);
}

/// What has no place on a port is to leave it: every address that its stanza does not ask for, whoever put it there.
/// Packets to it come in by the master, and its routes lead past it. Ports that others put into the bridge are theirs.
pub(super) fn clean_ports(builder: &mut Builder<'_>, want: &WantLink) {
    for port in want.ports.iter().map(|port| port.name).chain([want.name]) {
        let Some(master) = port_of(builder, port) else { continue };
        let origin = builder.want(port).map_or(want.origin, |want| want.origin);
        let strays: Vec<Leaving> = strays(builder, port)
            .into_iter()
            .map(|address| Leaving {
                link: port,
                what: What::Address(address),
                master: Some(master),
                origin,
            })
            .collect();
        builder.leaving.extend(strays);
    }
}

/// The bridge or bond that the link is a port of, where the file says so.
pub(super) fn port_of(builder: &Builder<'_>, port: IfName) -> Option<IfName> {
    let found = builder.link(port)?;
    let master = builder.now().by_index(found.master?)?;
    let wanted = builder
        .want(master.name)
        .is_some_and(|want| want.ports.iter().any(|wanted| wanted.name == port));
    let layer_2 = matches!(master.kind, Kind::Bridge | Kind::Bond);
    (wanted && layer_2).then_some(master.name)
}

/// Whether an address on that link has no place there.
pub(super) fn has_no_place(builder: &Builder<'_>, name: IfName, address: &Address) -> bool {
    let want = builder.want(name);
    let purges = want.is_none_or(|want| want.address_purge);
    let said = |is: &Address| want.is_some_and(|want| want.addresses.iter().any(|wanted| wanted.value.same(is)));
    purges && port_of(builder, name).is_some() && is_stray(address, said)
}

/// The addresses on a port that its stanza does not ask for.
fn strays(builder: &Builder<'_>, port: IfName) -> Vec<Address> {
    let Some(index) = builder.link(port).map(|link| link.index) else {
        return Vec::new();
    };
    let all = builder.now().addresses(index).iter();
    all.filter(|is| has_no_place(builder, port, is)).cloned().collect()
}

/// Whether an address has no place on a port; link-local ones are made by the kernel.
pub(crate) fn is_stray(is: &Address, said: impl Fn(&Address) -> bool) -> bool {
    let link_local = is.ip.is_ipv6() && scope6(is.ip).0 == 253;
    !link_local && !said(is)
}

/// Takes away what may go now. `last`: all links are done, nothing has to be waited for.
pub(super) fn go(builder: &mut Builder<'_>, last: bool) {
    let all = std::mem::take(&mut builder.leaving);
    let (ready, waiting): (Vec<Leaving>, Vec<Leaving>) = all
        .into_iter()
        .partition(|leaving| last || !is_waited_for(builder, leaving));
    builder.leaving = waiting;
    let mut links: Vec<IfName> = Vec::new();
    for leaving in &ready {
        if !links.contains(&leaving.link) {
            links.push(leaving.link);
        }
    }
    let before: Vec<(IfName, Vec<Route>)> = links
        .iter()
        .filter_map(|name| Some((*name, builder.now().routes(builder.link(*name)?.index).to_vec())))
        .collect();
    for leaving in &ready {
        take(builder, leaving);
    }
    for name in &links {
        follow::leave_port(builder, *name);
        follow::leave_subnet(builder, *name);
    }
    for name in &links {
        // Secondary addresses may go with their primary, and routes with the last address: add them again.
        if let Some(want) = builder.want(*name).filter(|_| builder.is_finished(*name)) {
            address::add(builder, want, true);
            route::add(builder, want, true);
        }
    }
    for (name, routes) in before {
        follow::lost(builder, name, &routes);
    }
}

/// Whether a link that has still to come is to have it, or to take its place.
fn is_waited_for(builder: &Builder<'_>, leaving: &Leaving) -> bool {
    let mut coming = builder.coming().filter(|want| want.name != leaving.link);
    match &leaving.what {
        What::Route(route) => coming.any(|want| {
            let mut routes = want.routes.iter().map(|wanted| &wanted.value);
            routes.any(|wanted| wanted.to == route.to && wanted.table == route.table)
        }),
        What::Address(address) => {
            let above = masters(builder, leaving.link);
            coming.any(|want| {
                let mut addresses = want.addresses.iter().map(|wanted| &wanted.value);
                let near = |wanted: &Address| covers(address, wanted.ip) || covers(wanted, address.ip);
                addresses.any(near) || leaving.master.is_some() && above.contains(&want.name)
            })
        }
    }
}

/// The master of a link, and so on.
pub(super) fn masters(builder: &Builder<'_>, name: IfName) -> Vec<IfName> {
    let mut all = Vec::new();
    let mut at = builder.link(name);
    while let Some(master) = at.and_then(|link: &Link| builder.master(link)) {
        if all.contains(&master) {
            break;
        }
        all.push(master);
        at = builder.link(master);
    }
    all
}

fn take(builder: &mut Builder<'_>, leaving: &Leaving) {
    let name = leaving.link;
    let address = match &leaving.what {
        What::Route(old) => {
            route::remove(builder, name, old, leaving.origin);
            return;
        }
        What::Address(address) => address,
    };
    if let Some(absent) = is_to_have(builder, name, address) {
        let text = format!("{address} stays on {name}: {absent}, which is to have it, is not there");
        builder.say(Diagnostic::warning("address-stays", text).on(name));
        return;
    }
    builder.gone(Gone::address(name, address));
    let there = builder.link(name).map(|link| builder.now().addresses(link.index));
    if !there.is_some_and(|all| all.iter().any(|have| have.same(address))) {
        return;
    }
    if let Some(master) = leaving.master {
        tell(builder, name, address, master);
    }
    let op = Op::DelAddress {
        name,
        address: address.clone(),
    };
    builder.op(name, op, leaving.origin);
}

/// A link that is asked for, is to have this address, and is not there, where no other has it meanwhile.
fn is_to_have(builder: &Builder<'_>, name: IfName, address: &Address) -> Option<IfName> {
    let scope = builder.request.scope.iter().filter(|other| **other != name);
    let mut wanting = scope
        .filter_map(|other| builder.want(*other))
        .filter(|want| want.addresses.iter().any(|wanted| wanted.value.ip == address.ip));
    let first = wanting.next()?;
    let is_there = |want: &WantLink| builder.link(want.name).is_some();
    (!is_there(first) && !wanting.any(is_there)).then_some(first.name)
}

/// Says where an address that others left on a port went. Where it goes while the host's disks are behind it, that is an
/// error, and nothing is done.
fn tell(builder: &mut Builder<'_>, port: IfName, address: &Address, master: IfName) {
    let owned = builder.owned.get(port);
    if owned.is_some_and(|owned| owned.addresses.iter().any(|ours| ours.same(address))) {
        return;
    }
    let holds = |link: &&Link| {
        let mut all = builder.now().addresses(link.index).iter();
        link.name != port && all.any(|is| is.ip == address.ip)
    };
    let to = builder.now().links().iter().find(holds).map(|link| link.name);
    let storage = builder.request.storage.get(&address.ip).map(|storage| storage.service);
    if let (None, Some(service), false) = (to, storage, builder.request.force) {
        builder.cuts_storage = true;
        let text = format!(
            "{address} would be removed from {port}, which is a port of {master}, and {service} goes over it now"
        );
        let fault = Diagnostic::error("storage-by-address", text).on(port);
        builder.say(fault.help(format!("give {master} this address, or use `--force`")));
        return;
    }
    let notice = match to {
        Some(to) => Diagnostic::info("address-moved", format!("{address} moves from {port} to {to}")),
        None => Diagnostic::warning(
            "address-removed",
            format!("{address} is removed from {port}, which is a port of {master}"),
        ),
    };
    builder.say(notice.on(port));
}
