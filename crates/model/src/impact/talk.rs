//! Conversations that go over what is interrupted.

use super::film::{Default as Family, Film};
use super::{Interruption, Sort, addresses, list};
use crate::fake::{covers, network};
use crate::types::{Address, Route};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Whose conversation it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The login that this command came in by.
    Session,
    /// Another login.
    Login,
    /// Any other program.
    Program,
}

/// A socket that talks, or waits, at one address of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Whose it is.
    pub role: Role,
    /// What has the socket, by name; `None` where that is not known.
    pub process: Option<String>,
    /// The process, where it has one.
    pub pid: Option<u32>,
    /// The host's own address.
    pub local: IpAddr,
    /// The other end; `None` for a socket that is bound and talks to many.
    pub peer: Option<IpAddr>,
}

/// `RT_TABLE_MAIN`.
const MAIN: u32 = 254;

/// What of the ways between the host and its peers a plan touches.
#[derive(Clone, Debug, Default)]
pub(super) struct Ways {
    /// What becomes of an address.
    by_ip: BTreeMap<IpAddr, String>,
    /// What becomes of the default route: of IPv4 or not.
    defaults: BTreeMap<bool, String>,
    routes: Vec<(Route, String)>,
    /// Subnets of the host: who lives there is not reached by the default route.
    near: Vec<Address>,
}

type Gateways<'a> = (&'a [(Option<Family>, Interruption)], &'a [(Route, Interruption)]);

impl Ways {
    pub(super) fn new(
        film: &Film<'_>,
        lost: &BTreeMap<IpAddr, Interruption>,
        carriers: &[Interruption],
        (gateways, routes): Gateways<'_>,
    ) -> Self {
        let mut by_ip: BTreeMap<IpAddr, String> = BTreeMap::new();
        for carrier in carriers {
            let link = carrier.link.and_then(|name| film.start.get(name));
            for address in link.into_iter().flat_map(|link| film.start.addresses(link.index)) {
                by_ip.insert(address.ip, carrier.text.clone());
            }
        }
        by_ip.extend(addresses::link_local(film));
        by_ip.extend(lost.iter().map(|(ip, found)| (*ip, found.text.clone())));
        let main = gateways.iter().filter_map(|(key, found)| {
            let (v4, table) = (*key)?;
            (table == MAIN).then(|| (v4, found.text.clone()))
        });
        let routes = routes.iter().filter(|(route, _)| route.table == MAIN);
        Self {
            by_ip,
            defaults: main.collect(),
            routes: routes
                .map(|(route, found)| (route.clone(), found.text.clone()))
                .collect(),
            near: film.start.addresses.values().flatten().cloned().collect(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_ip.is_empty() && self.defaults.is_empty() && self.routes.is_empty()
    }

    /// What becomes of a conversation.
    fn fate(&self, of: &Conversation) -> Option<&str> {
        // `SSH_CONNECTION` may name an address of another network namespace.
        if !self.near.iter().any(|address| address.ip == of.local) {
            return None;
        }
        if let Some(text) = self.by_ip.get(&of.local) {
            return Some(text);
        }
        let peer = of.peer?;
        if self.near.iter().any(|address| covers(address, peer)) {
            return None;
        }
        let within = |route: &Route| {
            route.to.0.is_ipv4() == peer.is_ipv4() && network(peer, route.to.1) == network(route.to.0, route.to.1)
        };
        let route = self.routes.iter().find(|(route, _)| within(route));
        let default = || self.defaults.get(&peer.is_ipv4());
        route.map(|(_, text)| text).or_else(default).map(String::as_str)
    }

    /// A sentence for each process and address whose conversations are touched.
    pub(super) fn touched(&self, conversations: &[Conversation]) -> Vec<Interruption> {
        type Key<'a> = (Role, Option<&'a str>, Option<u32>, IpAddr, &'a str);
        let mut groups: BTreeMap<Key<'_>, Vec<IpAddr>> = BTreeMap::new();
        for of in conversations {
            let Some(fate) = self.fate(of) else { continue };
            let key = (of.role, of.process.as_deref(), of.pid, of.local, fate);
            let peers = groups.entry(key).or_default();
            peers.extend(of.peer.filter(|peer| !peers.contains(peer)));
        }
        let told = |((role, process, pid, local, fate), peers): (Key<'_>, Vec<IpAddr>)| {
            let who = match (process, pid) {
                (Some(name), Some(pid)) => format!("{name} (pid {pid})"),
                (Some(name), None) => name.to_owned(),
                (None, _) => "a program that is not known".to_owned(),
            };
            let peers = list(peers.iter().map(IpAddr::to_string));
            let (sort, text) = match (role, peers.is_empty()) {
                (Role::Session, _) => (
                    Sort::Session,
                    format!("this session, from {peers}, comes in by {local}: {fate}"),
                ),
                (Role::Login, _) => (
                    Sort::Login,
                    format!("a login, from {peers} ({who}), comes in by {local}: {fate}"),
                ),
                (Role::Program, true) => (Sort::Connection, format!("{who} is bound to {local}: {fate}")),
                (Role::Program, false) => (Sort::Connection, format!("{who} talks by {local} to {peers}: {fate}")),
            };
            Interruption {
                sort,
                link: None,
                pid,
                text,
            }
        };
        groups.into_iter().map(told).collect()
    }
}
