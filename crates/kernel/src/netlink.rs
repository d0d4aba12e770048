//! The engine on the running kernel.

use crate::decode::{self, AF_INET, AF_INET6};
use crate::digest;
use crate::encode::{self, Work};
use crate::explain;
use crate::names::{Names, Resolver, all_links, one_link};
use crate::socket::{Found, Request, Socket};
use cleat_model::kernel::{Kernel, KernelError, Query};
use cleat_model::name::{IfName, Mac};
use cleat_model::op::Op;
use cleat_model::snapshot::{IFLA_IFALIAS, Link, Snapshot};
use cleat_model::types::{Fdb, Route, VlanRange};
use cleat_root::Root;
use netlink_packet_route::address::AddressMessage;
use netlink_packet_route::link::{LinkAttribute, LinkExtentMask, LinkMessage};
use netlink_packet_route::neighbour::NeighbourMessage;
use netlink_packet_route::route::RouteMessage;
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use nix::libc;
use std::collections::{BTreeSet, HashMap, HashSet};

/// The running kernel, in the network namespace of the thread that opened it.
pub struct Netlink {
    socket: Socket,
    names: Names,
    /// Whether snapshots are made a number of, too.
    digesting: bool,
    last_digest: Option<u64>,
}

impl std::fmt::Debug for Netlink {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Netlink")
            .field("requests", &self.requests())
            .finish_non_exhaustive()
    }
}

impl Netlink {
    /// Opens the kernel in the network namespace of the calling thread; to be used in that thread.
    ///
    /// # Errors
    /// The kernel has no rtnetlink socket for us.
    pub fn open() -> Result<Self, KernelError> {
        Ok(Self {
            socket: Socket::open()?,
            names: Names::default(),
            digesting: false,
            last_digest: None,
        })
    }

    /// How many netlink messages were sent so far, dumps and look-ups included.
    pub fn requests(&self) -> u64 {
        self.socket.requests()
    }

    /// From now on each snapshot is made a number of as it is read, see [`Netlink::last_digest`].
    pub fn keep_digest(&mut self) {
        self.digesting = true;
    }

    /// What [`Netlink::digest`] would have said when the last snapshot was taken; `None` where the kernel changed as it
    /// was read, or nobody asked with [`Netlink::keep_digest`].
    pub fn last_digest(&self) -> Option<u64> {
        self.last_digest
    }

    /// All that [`Kernel::snapshot`] would hold, as one number; what moves by itself (carrier, timers, duplicate address
    /// detection) left out. Two equal numbers for one query mean that a plan made from either is the same. `None` where
    /// the kernel changed as it was read.
    ///
    /// # Errors
    /// When a dump failed as a whole.
    pub fn digest(&mut self, query: Query) -> Result<Option<u64>, KernelError> {
        let links = self.socket.dump(&all_links(), |_, body| digest::link(body))?;
        let question = RouteNetlinkMessage::GetAddress(AddressMessage::default());
        let addresses = self.socket.dump(&question, |_, body| digest::address(body))?;
        if !links.earlier.is_empty() || !addresses.earlier.is_empty() {
            return Ok(None);
        }
        let mut all = vec![digest::of(&(links.last, addresses.last))];
        if query.routes {
            all.push(digest::of(&self.routes(AddressFamily::Inet, AF_INET)?));
            all.push(digest::of(&self.routes(AddressFamily::Inet6, AF_INET6)?));
        }
        if query.vlans {
            all.push(digest::of(&self.vlans()?));
        }
        if query.fdb {
            all.push(digest::of(&self.fdb()?));
        }
        Ok(Some(digest::of(&all)))
    }

    /// Performs steps in order, as many at once as can be, without a second try.
    fn run(&mut self, ops: &[Op], kernel_chooses: bool) -> Vec<Result<(), KernelError>> {
        let mut batch = Batch {
            answers: vec![Ok(()); ops.len()],
            ..Batch::default()
        };
        for (at, op) in ops.iter().enumerate() {
            // Not by the index that we chose: were it another link's, the step would be done to that one.
            if names_in(op).any(|name| batch.created.contains(&name)) {
                self.flush(&mut batch, ops);
            }
            if !matches!(op, Op::CreateLink { .. }) && names_in(op).any(|name| batch.failed.contains(&name)) {
                batch.answers[at] = Err(KernelError {
                    errno: libc::ENODEV,
                    text: Some("the link could not be made".to_owned()),
                });
                continue;
            }
            let mut work = self.translate(op, kernel_chooses);
            // It may be one that the kernel is only about to make.
            if matches!(&work, Err(error) if error.errno == libc::ENODEV) && !batch.requests.is_empty() {
                self.flush(&mut batch, ops);
                work = self.translate(op, kernel_chooses);
            }
            match work {
                Ok(Work::Requests(requests)) => {
                    batch.owners.extend(requests.iter().map(|_| at));
                    batch.requests.extend(requests);
                    batch.touched.insert(op.name());
                    if let Op::CreateLink { name, peer, .. } = op {
                        batch.created.extend([Some(*name), *peer].into_iter().flatten());
                    }
                }
                Ok(Work::Write(path, value)) => {
                    if batch.touched.contains(&op.name()) {
                        self.flush(&mut batch, ops);
                    }
                    batch.answers[at] = write(&path, value);
                }
                Err(error) => batch.answers[at] = Err(error),
            }
        }
        self.flush(&mut batch, ops);
        batch.answers
    }

    /// Sends what is waiting and drops what was believed of the names of the steps that failed.
    fn flush(&mut self, batch: &mut Batch, ops: &[Op]) {
        let answers = self.socket.transact(&batch.requests);
        for (owner, answer) in batch.owners.drain(..).zip(answers) {
            let (Some(op), Some(place)) = (ops.get(owner), batch.answers.get_mut(owner)) else {
                continue;
            };
            if answer.is_err() {
                names_in(op).for_each(|name| self.names.forget(name));
                if let Op::CreateLink { name, peer, .. } = op {
                    batch.failed.extend([Some(*name), *peer].into_iter().flatten());
                }
            }
            if place.is_ok() {
                *place = answer;
            }
        }
        batch.requests.clear();
        batch.touched.clear();
        batch.created.clear();
    }

    fn translate(&mut self, op: &Op, kernel_chooses: bool) -> Result<Work, KernelError> {
        let mut links = Resolver {
            names: &mut self.names,
            socket: &mut self.socket,
            kernel_chooses,
        };
        let work = encode::work(op, &mut links)?;
        match op {
            Op::DeleteLink { name } => self.names.forget(*name),
            Op::RenameLink { from, to } => self.names.rename(*from, *to),
            _ => {}
        }
        Ok(work)
    }

    /// Makes a link whose index is the kernel's choice, or does a step again with indexes asked for anew.
    fn again(&mut self, op: &Op) -> Result<(), KernelError> {
        names_in(op).for_each(|name| self.names.forget(name));
        self.run(std::slice::from_ref(op), true).pop().unwrap_or(Ok(()))
    }

    /// The links, and a number for each of them where snapshots are made a number of and the kernel kept still.
    fn links(&mut self) -> Result<(Snapshot, Option<Vec<u64>>), KernelError> {
        let digesting = self.digesting;
        let read = |_, body: &[u8]| {
            let number = if digesting { digest::link(body) } else { None };
            Some((number, decode::link::link(body)?))
        };
        let found = self.socket.dump(&all_links(), read)?;
        let still = digesting && found.earlier.is_empty();
        let numbers = still.then(|| found.last.iter().filter_map(|(number, _)| *number).collect());
        let mut snapshot = Snapshot::new();
        for (_, link) in found.last {
            snapshot.insert(link);
        }
        // A link that only an earlier try saw is gone, or the kernel overlooked it as it changed: asked one by one.
        let doubtful: BTreeSet<u32> = found.earlier.iter().map(|(_, link)| link.index).collect();
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
        Ok((snapshot, numbers))
    }

    fn routes(&mut self, family: AddressFamily, byte: u8) -> Result<Vec<(u32, Route)>, KernelError> {
        let mut question = RouteMessage::default();
        question.header.address_family = family;
        question.header.kind = decode::route::TYPE_UNICAST.into();
        let question = RouteNetlinkMessage::GetRoute(question);
        // A kernel without the family answers for all the others.
        let read = |_, body: &[u8]| {
            (body.first() == Some(&byte))
                .then(|| decode::route::route(body))
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

impl Kernel for Netlink {
    fn snapshot(&mut self, query: Query) -> Result<Snapshot, KernelError> {
        let (mut snapshot, links) = self.links()?;
        let question = RouteNetlinkMessage::GetAddress(AddressMessage::default());
        let digesting = links.is_some();
        let read = |_, body: &[u8]| {
            let number = if digesting { digest::address(body) } else { None };
            Some((number, decode::address::address(body)?))
        };
        let addresses = self.socket.dump(&question, read)?;
        let still = addresses.earlier.is_empty();
        let numbers: Vec<u64> = addresses.last.iter().filter_map(|(number, _)| *number).collect();
        let mut all = links.filter(|_| still).map(|links| vec![digest::of(&(links, numbers))]);
        for (_, (index, mut address)) in addresses.last {
            let link = snapshot.by_index(index);
            address.label = address
                .label
                .filter(|label| link.is_none_or(|link| link.name.as_str() != label));
            snapshot.addresses.entry(index).or_default().push(address);
        }
        if query.routes {
            for (family, byte) in [(AddressFamily::Inet, AF_INET), (AddressFamily::Inet6, AF_INET6)] {
                let routes = self.routes(family, byte)?;
                note(&mut all, &routes);
                gather(&mut snapshot.routes, routes);
            }
        }
        if query.vlans {
            let vlans = self.vlans()?;
            note(&mut all, &vlans);
            for (index, ranges) in vlans {
                snapshot.vlans.entry(index).or_default().extend(ranges);
            }
        }
        if query.fdb {
            let mut entries = self.fdb()?;
            note(&mut all, &entries);
            // A bridge lists the addresses of its ports and its own: those are no entries that anybody made.
            let own: HashSet<Mac> = snapshot.links().iter().filter_map(Link::mac).collect();
            entries.retain(|(_, entry)| entry.on_self || !own.contains(&entry.mac));
            gather(&mut snapshot.fdb, entries);
        }
        self.last_digest = all.map(|all| digest::of(&all));
        Ok(snapshot)
    }

    fn perform(&mut self, ops: &[Op]) -> Vec<Result<(), KernelError>> {
        let mut answers = self.run(ops, false);
        let mut lost = HashSet::new();
        for (op, answer) in ops.iter().zip(&mut answers) {
            let created = matches!(op, Op::CreateLink { .. });
            if let Err(error) = answer {
                // The index that we chose was taken meanwhile (or the name is: then it fails again), or the one that
                // we knew is nobody's now.
                let worthwhile = match error.errno {
                    libc::EEXIST | libc::EBUSY => created,
                    libc::ENODEV => !names_in(op).any(|name| lost.contains(&name)),
                    _ => false,
                };
                if worthwhile {
                    *answer = self.again(op);
                }
            }
            if answer.is_ok()
                && let Some(alias) = alias_at_creation(op)
            {
                *answer = self.run(&[alias], false).pop().unwrap_or(Ok(()));
            }
            if let Err(error) = answer {
                explain::explain(op, error);
                if created {
                    lost.insert(op.name());
                }
            }
        }
        answers
    }
}

/// All links that a step names.
fn names_in(op: &Op) -> impl Iterator<Item = IfName> {
    let (second, third, many): (_, _, &[(u16, Option<IfName>)]) = match op {
        Op::CreateLink { parent, peer, .. } => (*parent, *peer, &[]),
        Op::RenameLink { to, .. } => (Some(*to), None, &[]),
        Op::SetMaster { master, .. } => (*master, None, &[]),
        Op::SetData { links, .. } => (None, None, links),
        _ => (None, None, &[]),
    };
    [Some(op.name()), second, third]
        .into_iter()
        .chain(many.iter().map(|(_, name)| *name))
        .flatten()
}

/// The kernel takes `IFLA_IFALIAS` of a link that is there, and overlooks it in the request that makes one.
fn alias_at_creation(op: &Op) -> Option<Op> {
    let Op::CreateLink { name, link, .. } = op else {
        return None;
    };
    let alias = link.get(IFLA_IFALIAS)?;
    let link = [(IFLA_IFALIAS, alias.to_vec())].into_iter().collect();
    Some(Op::SetLink { name: *name, link })
}

/// Requests waiting to be sent, and the answers to all steps.
#[derive(Default)]
struct Batch {
    requests: Vec<Request>,
    /// The step that the request at the same place belongs to.
    owners: Vec<usize>,
    /// The links that the waiting requests are about.
    touched: HashSet<IfName>,
    /// The links that the waiting requests make.
    created: HashSet<IfName>,
    /// The links that could not be made.
    failed: HashSet<IfName>,
    answers: Vec<Result<(), KernelError>>,
}

/// Takes what was read into the number of a snapshot, where one is made.
fn note(all: &mut Option<Vec<u64>>, found: &impl std::hash::Hash) {
    if let Some(all) = all {
        all.push(digest::of(found));
    }
}

fn gather<T>(into: &mut HashMap<u32, Vec<T>>, found: Vec<(u32, T)>) {
    for (index, thing) in found {
        into.entry(index).or_default().push(thing);
    }
}

/// A kernel without IPv6 or bridges has none of their objects.
fn absent_is_empty<T>(found: Result<Found<T>, KernelError>) -> Result<Vec<T>, KernelError> {
    match found {
        Err(error) if matches!(error.errno, libc::EOPNOTSUPP | libc::EAFNOSUPPORT) => Ok(Vec::new()),
        found => found.map(|found| found.last),
    }
}

/// Writes a number below /proc/sys/net, which is that of the calling thread's network namespace.
fn write(path: &str, value: i64) -> Result<(), KernelError> {
    // No final newline: the forwarding knobs of kernel 6.1 take it but do not count it, which reads as a short write.
    let written = Root::real().write_in_place(path, value.to_string().as_bytes());
    written.map_err(|failure| KernelError {
        errno: failure.error.raw_os_error().unwrap_or_default(),
        text: Some(format!("cannot {} {}", failure.action, failure.path.display())),
    })
}
