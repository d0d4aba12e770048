//! Who would notice a plan: the simulator runs it step by step, and what is lost on the way or at its end is named.
//!
//! Pure: who talks to whom is given from outside ([`Conversation`]), and added with [`Impact::talk`] where the plan
//! touches an address or a way out at all, so that nobody looks for sockets in vain.

mod addresses;
mod carrier;
mod film;
mod flaps;
mod guests;
mod routes;
mod several;
mod talk;
#[cfg(test)]
mod tests;
mod vlans;

pub use flaps::Flap;
pub use guests::Guests;
pub use talk::{Conversation, Role};

use crate::desired::Desired;
use crate::name::IfName;
use crate::op::Plan;
use crate::owned::Owned;
use crate::snapshot::Snapshot;
use film::Film;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// What sort of thing is interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// The login that the command came in by.
    Session,
    /// Another login.
    Login,
    /// An established connection, or a socket that is bound to an address.
    Connection,
    /// An address goes, moves, or cannot be reached for a moment.
    Address,
    /// A default route goes, moves, or has a gateway that lies in no subnet.
    Gateway,
    /// Another route goes or moves.
    Route,
    /// A link goes down, is deleted or has no carrier any longer.
    Carrier,
    /// Guests lose their bridge or their way out.
    Guests,
    /// A VLAN is lost.
    Vlan,
    /// An MTU is below what a guest sends.
    Mtu,
    /// A hardware address changes that peers know.
    Mac,
}

impl Sort {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Sort::Session => "session",
            Sort::Login => "login",
            Sort::Connection => "connection",
            Sort::Address => "address",
            Sort::Gateway => "gateway",
            Sort::Route => "route",
            Sort::Carrier => "carrier",
            Sort::Guests => "guests",
            Sort::Vlan => "vlan",
            Sort::Mtu => "mtu",
            Sort::Mac => "mac",
        }
    }
}

/// One thing that somebody would notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interruption {
    /// Its sort.
    pub sort: Sort,
    /// The link that it is about, as it is called now.
    pub link: Option<IfName>,
    /// The process that has the socket, where it is about one.
    pub pid: Option<u32>,
    /// A sentence without its full stop.
    pub text: String,
}

impl Interruption {
    fn new(sort: Sort, link: IfName, text: impl Into<String>) -> Self {
        Self {
            sort,
            link: Some(link),
            pid: None,
            text: text.into(),
        }
    }
}

/// What a plan does to those who use the network.
#[derive(Clone, Debug, Default)]
pub struct Impact {
    /// Links that are up now and go down or away, by the names that they have now.
    pub flaps: BTreeMap<IfName, Flap>,
    /// What the host, its peers and those who are logged in would notice.
    pub host: Vec<Interruption>,
    /// Bridges with guests that the plan touches, and what the guests would notice.
    pub guests: Vec<Guests>,
    /// Interfaces for which hooks run; what these do is not known.
    pub hooks: Vec<IfName>,
    ways: talk::Ways,
}

impl Impact {
    /// Runs the plan on the simulator and says who would notice, conversations left out.
    pub fn of(desired: &Desired, owned: &Owned, now: &Snapshot, plan: &Plan) -> Self {
        let hooked: BTreeSet<IfName> = plan.hooks().map(|(name, _)| name).collect();
        let hooks = plan.ifaces().into_iter().filter(|name| hooked.contains(name)).collect();
        if plan.ops().next().is_none() {
            return Self {
                hooks,
                ..Self::default()
            };
        }
        let film = Film::run(desired, owned, now, plan);
        let flaps = flaps::flaps(&film);
        let mut host = Vec::new();
        for (name, flap) in &flaps {
            if flaps::is_noticed(&film, *name) {
                host.push(Interruption::new(
                    Sort::Carrier,
                    *name,
                    format!("{name} {}", flap.text()),
                ));
            }
        }
        host.extend(carrier::hanging(&film, &flaps));
        host.extend(carrier::unsteady(&film));
        host.extend(guests::lowered(&film));
        let lost = addresses::lost(&film, &flaps);
        host.extend(lost.values().cloned());
        let carriers = carrier::lost(&film);
        host.extend(carriers.iter().cloned());
        let gateways = routes::gateways(&film);
        host.extend(gateways.iter().map(|(_, found)| found.clone()));
        let routes = routes::others(&film);
        host.extend(routes.iter().map(|(_, found)| found.clone()));
        host.extend(several::lost(&film, &flaps));
        host.extend(addresses::macs(&film));
        let guests = guests::guests(&film, &flaps);
        let ways = talk::Ways::new(&film, &lost, &carriers, (&gateways, &routes));
        Self {
            flaps,
            host,
            guests,
            hooks,
            ways,
        }
    }

    /// Whether conversations can be touched at all.
    pub fn may_cut_conversations(&self) -> bool {
        !self.ways.is_empty()
    }

    /// Adds the conversations that the plan touches, those of people first.
    pub fn talk(&mut self, conversations: &[Conversation]) {
        let mut found = self.ways.touched(conversations);
        found.append(&mut self.host);
        found.sort_by_key(|found| match found.sort {
            sort @ (Sort::Session | Sort::Login | Sort::Connection) => sort,
            _ => Sort::Address,
        });
        self.host = found;
    }

    /// Everything that somebody would notice.
    pub fn all(&self) -> impl Iterator<Item = &Interruption> {
        self.host
            .iter()
            .chain(self.guests.iter().flat_map(|guests| &guests.notice))
    }

    /// Whether anybody would notice the plan, as far as that is known.
    pub fn interrupts(&self) -> bool {
        self.all().next().is_some()
    }
}

/// Whether an address is one that others reach the host by: neither loopback nor link-local.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_link_local() && !ip.is_unspecified(),
        IpAddr::V6(ip) => !ip.is_loopback() && !ip.is_unspecified() && ip.segments()[0] & 0xffc0 != 0xfe80,
    }
}

/// `a`, `a and b`, `a, b and 3 more`.
fn list(names: impl IntoIterator<Item = String>) -> String {
    const SHOWN: usize = 6;
    let mut names: Vec<String> = names.into_iter().collect();
    let more = names.len().saturating_sub(SHOWN);
    if more > 0 {
        names.truncate(SHOWN);
        return format!("{} and {more} more", names.join(", "));
    }
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}
