//! Taking a snapshot: one dump per object kind, and where it is asked for a number of all that was read.

use crate::decode::{self, AF_INET, AF_INET6};
use crate::digest;
use crate::names::{all_links, one_link};
use crate::netlink::Netlink;
use crate::socket::Dumped;
use cleat_model::hash::Fold;
use cleat_model::kernel::{KernelError, Query};
use cleat_model::kernel_attr::Release;
use cleat_model::name::Mac;
use cleat_model::snapshot::{Link, Snapshot};
use cleat_model::types::{Address, Fdb, Rule, VlanRange};
use cleat_root::{Root, paths};
use netlink_packet_route::address::AddressMessage;
use netlink_packet_route::link::{LinkAttribute, LinkExtentMask, LinkMessage};
use netlink_packet_route::neighbour::NeighbourMessage;
use netlink_packet_route::route::RouteMessage;
use netlink_packet_route::rule::RuleMessage;
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use nix::libc;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, Hash, Hasher};

/// A snapshot with links and addresses; what a [`Query`] asks for is still to come.
pub(crate) struct Begun {
    snapshot: Snapshot,
    /// Of all that was read so far.
    numbers: Numbers,
}

impl Begun {
    /// One that is to be completed.
    pub(crate) fn of(snapshot: Snapshot) -> Self {
        let numbers = Numbers::default();
        Self { snapshot, numbers }
    }
}

/// What is to become one number, in parts that are read in any order; `None` where nobody asked for it, or the kernel changed
/// as it was read.
#[derive(Default)]
struct Numbers {
    links: Option<Fold>,
    addresses: Option<Fold>,
    rest: Option<Fold>,
}

impl Numbers {
    fn begun() -> Self {
        Self {
            links: Some(Fold::default()),
            addresses: Some(Fold::default()),
            rest: Some(Fold::default()),
        }
    }

    fn finish(self) -> Option<u64> {
        let mut all = Fold::default();
        for part in [self.links, self.addresses, self.rest] {
            part?.finish().hash(&mut all);
        }
        Some(all.finish())
    }
}

impl Netlink {
    /// Begins to read the kernel, in a thread: the next snapshot or digest is of the time from now on, and waits for
    /// nothing that has come until then.
    ///
    /// *Shape*: one thread, as dumps wait for each other in the kernel (its lock of all links): with two of them a
    /// reload over 1,000 links took a tenth longer on two processors, as they took that of the caller. Where the caller has
    /// nothing else to do ([`Netlink::digest`]) it reads the rest itself, which waits for no lock since Linux 6.10.
    ///
    /// # Errors
    /// The system has no socket or thread for us.
    pub(crate) fn read_ahead(&mut self) -> std::io::Result<()> {
        let routes = [AddressFamily::Inet, AddressFamily::Inet6].map(all_routes);
        let all = [all_links(), all_addresses()].into_iter().chain(routes);
        self.socket.ask_ahead(all.collect())
    }

    /// What [`Netlink::last_digest`] would say of a snapshot, without one: of the links nothing is kept.
    ///
    /// # Errors
    /// When a dump failed as a whole.
    pub(crate) fn digest(&mut self, query: &Query) -> Result<Option<u64>, KernelError> {
        let mut numbers = Numbers::begun();
        let links = self.socket.set_first_aside();
        if links.is_none() {
            self.links(&mut numbers.links, |_| None::<()>)?;
        }
        self.addresses(&mut numbers.addresses, |_, _| None::<()>)?;
        let snapshot = Snapshot::new();
        let mut numbers = self.complete_begun(Begun { snapshot, numbers }, query)?.numbers;
        // Links take the kernel longer than all the rest, which was read here meanwhile.
        if let Some(links) = links {
            self.socket.take_up(links);
            self.links(&mut numbers.links, |_| None::<()>)?;
        }
        self.last_digest = numbers.finish();
        Ok(self.last_digest)
    }

    /// Reads what every snapshot has.
    pub(crate) fn begin(&mut self) -> Result<Begun, KernelError> {
        let mut numbers = match self.digesting {
            true => Numbers::begun(),
            false => Numbers::default(),
        };
        let found = self.links(&mut numbers.links, decode::link::link)?;
        let mut snapshot = Snapshot::of(found.last);
        snapshot.release = release();
        // A link that only an earlier try saw is gone, or the kernel overlooked it as it changed: asked one by one.
        let doubtful: BTreeSet<u32> = found.earlier.iter().map(|link| link.index).collect();
        for index in doubtful {
            if snapshot.by_index(index).is_some() {
                continue;
            }
            match self.socket.ask(&one_link(index), decode::link::link) {
                Ok(link) => link.into_iter().for_each(|link| snapshot.insert(link)),
                Err(error) if error.errno == libc::ENODEV => {}
                Err(error) => return Err(error),
            }
        }
        self.names
            .replace(snapshot.links().iter().map(|link| (link.name, link.index)));
        let found = self.addresses(&mut numbers.addresses, |index, address| Some((index, address)))?;
        snapshot.addresses.reserve(found.last.len());
        for (index, mut address) in found.last {
            let link = snapshot.by_index(index);
            address.label = address
                .label
                .filter(|label| link.is_none_or(|link| link.name.as_str() != label));
            // Most links have one: a list grows by four at a time otherwise.
            let of_link = snapshot.addresses.entry(index);
            of_link.or_insert_with(|| Vec::with_capacity(1)).push(address);
        }
        Ok(Begun { snapshot, numbers })
    }

    /// Reads the rest of a snapshot, and makes its number.
    pub(crate) fn finish(&mut self, begun: Begun, query: &Query) -> Result<Snapshot, KernelError> {
        let Begun { snapshot, numbers } = self.complete_begun(begun, query)?;
        self.last_digest = numbers.finish();
        Ok(snapshot)
    }

    fn complete_begun(&mut self, begun: Begun, query: &Query) -> Result<Begun, KernelError> {
        let Begun {
            mut snapshot,
            mut numbers,
        } = begun;
        let digest = &mut numbers.rest;
        if query.routes {
            for (family, byte) in [(AddressFamily::Inet, AF_INET), (AddressFamily::Inet6, AF_INET6)] {
                let mut routes = Vec::new();
                for found in self.routes(family, byte)? {
                    match found {
                        decode::route::Found::One(out, route) => routes.push((out, route)),
                        decode::route::Found::Several(route) => snapshot.multipath.push(route),
                    }
                }
                note(digest, &routes);
                gather(&mut snapshot.routes, routes);
            }
        }
        if query.vlans {
            let vlans = self.vlans()?;
            note(digest, &vlans);
            for (index, ranges) in vlans {
                snapshot.vlans.entry(index).or_default().extend(ranges);
            }
        }
        if query.fdb {
            let mut entries = self.fdb()?;
            note(digest, &entries);
            // A bridge lists the addresses of its ports and its own: nobody made those entries.
            let own: HashSet<Mac> = snapshot.links().iter().filter_map(Link::mac).collect();
            entries.retain(|(_, entry)| entry.on_self || !own.contains(&entry.mac));
            gather(&mut snapshot.fdb, entries);
        }
        if query.rules {
            let mut rules = self.rules(AddressFamily::Inet, AF_INET)?;
            rules.extend(self.rules(AddressFamily::Inet6, AF_INET6)?);
            note(digest, &rules);
            snapshot.rules = Some(rules);
        }
        if query.neighbours {
            let neighbours = self.fixed_neighbours()?;
            note(digest, &neighbours);
            gather(&mut snapshot.neighbours, neighbours);
        }
        Ok(Begun { snapshot, numbers })
    }

    /// Dumps the links; the digest is none any longer where the kernel changed meanwhile.
    fn links<T>(
        &mut self,
        digest: &mut Option<Fold>,
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Dumped<T>, KernelError> {
        let found = self.socket.dump(&all_links(), |_, body| {
            if let Some(digest) = digest {
                digest::link(body, digest);
            }
            read(body)
        })?;
        digest.take_if(|_| !found.at_once);
        Ok(found)
    }

    /// The same of addresses.
    fn addresses<T>(
        &mut self,
        digest: &mut Option<Fold>,
        read: impl Fn(u32, Address) -> Option<T>,
    ) -> Result<Dumped<T>, KernelError> {
        let found = self.socket.dump(&all_addresses(), |_, body| {
            let (index, address) = decode::address::address(body)?;
            if let Some(digest) = digest {
                digest::address(index, &address, digest);
            }
            read(index, address)
        })?;
        digest.take_if(|_| !found.at_once);
        Ok(found)
    }

    fn routes(&mut self, family: AddressFamily, byte: u8) -> Result<Vec<decode::route::Found>, KernelError> {
        // A kernel without the family answers for all the others.
        let read = |_, body: &[u8]| {
            (body.first() == Some(&byte))
                .then(|| decode::route::route(body))
                .flatten()
        };
        absent_is_empty(self.socket.dump(&all_routes(family), read))
    }

    fn rules(&mut self, family: AddressFamily, byte: u8) -> Result<Vec<Rule>, KernelError> {
        let mut question = RuleMessage::default();
        question.header.family = family;
        let question = RouteNetlinkMessage::GetRule(question);
        // As with routes: a kernel without the family answers for all the others.
        let read = |_, body: &[u8]| {
            (body.first() == Some(&byte))
                .then(|| decode::rule::rule(body))
                .flatten()
        };
        absent_is_empty(self.socket.dump(&question, read))
    }

    fn vlans(&mut self) -> Result<Vec<(u32, Vec<VlanRange>)>, KernelError> {
        let mut question = LinkMessage::default();
        question.header.interface_family = AddressFamily::Bridge;
        question.attributes = vec![LinkAttribute::ExtMask(vec![LinkExtentMask::BrvlanCompressed])];
        let question = RouteNetlinkMessage::GetLink(question);
        absent_is_empty(self.socket.dump(&question, |_, body| decode::vlan::vlans(body)))
    }

    fn fdb(&mut self) -> Result<Vec<(u32, Fdb)>, KernelError> {
        let mut question = NeighbourMessage::default();
        question.header.family = AddressFamily::Bridge;
        let question = RouteNetlinkMessage::GetNeighbour(question);
        absent_is_empty(self.socket.dump(&question, |_, body| decode::fdb::fdb(body)))
    }
}

fn all_addresses() -> RouteNetlinkMessage {
    RouteNetlinkMessage::GetAddress(AddressMessage::default())
}

fn all_routes(family: AddressFamily) -> RouteNetlinkMessage {
    let mut question = RouteMessage::default();
    question.header.address_family = family;
    question.header.kind = decode::route::TYPE_UNICAST.into();
    RouteNetlinkMessage::GetRoute(question)
}

/// The release of the running kernel.
fn release() -> Option<Release> {
    Release::of(&Root::real().read_text(paths::PROC_OSRELEASE).ok()?)
}

/// Takes what was read into the digest of a snapshot, where one is made.
fn note(digest: &mut Option<Fold>, found: &impl Hash) {
    if let Some(digest) = digest {
        found.hash(digest);
    }
}

fn gather<T, S: BuildHasher>(into: &mut HashMap<u32, Vec<T>, S>, found: Vec<(u32, T)>) {
    for (index, thing) in found {
        into.entry(index).or_default().push(thing);
    }
}

/// A kernel without IPv6 or bridges has none of their objects.
fn absent_is_empty<T>(found: Result<Dumped<T>, KernelError>) -> Result<Vec<T>, KernelError> {
    match found {
        Err(error) if matches!(error.errno, libc::EOPNOTSUPP | libc::EAFNOSUPPORT) => Ok(Vec::new()),
        found => found.map(|found| found.last),
    }
}
