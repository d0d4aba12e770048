//! The engine of links, addresses, routes and all else that rtnetlink has.

use crate::encode::{self, Work};
use crate::explain;
use crate::names::{Names, Resolver};
use crate::read::Begun;
use crate::socket::{Request, Socket, is_of_the_moment};
use cleat_model::engine::{Engine, Part};
use cleat_model::hash::Set;
use cleat_model::kernel::{KernelError, Query};
use cleat_model::name::IfName;
use cleat_model::op::Op;
use cleat_model::snapshot::{IFLA_IFALIAS, Snapshot};
use cleat_model::types::Leg;
use cleat_root::Root;
use nix::libc;

/// How often a step is asked for whose answer is lost.
const TRIES: u32 = 8;

/// Rtnetlink, in the network namespace of the thread that opened it.
pub(crate) struct Netlink {
    pub(crate) socket: Socket,
    pub(crate) names: Names,
    /// Whether snapshots are made a number of, too.
    pub(crate) digesting: bool,
    pub(crate) last_digest: Option<u64>,
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
    /// *Errors*: the kernel has no rtnetlink socket for us.
    pub(crate) fn open() -> Result<Self, KernelError> {
        Ok(Self {
            socket: Socket::open()?,
            names: Names::default(),
            digesting: false,
            last_digest: None,
        })
    }

    pub(crate) fn socket_mut(&mut self) -> &mut Socket {
        &mut self.socket
    }

    /// How many netlink messages were sent so far, dumps and look-ups included.
    pub(crate) fn requests(&self) -> u64 {
        self.socket.requests()
    }

    /// From now on each snapshot is made a number of as it is read, see [`Netlink::last_digest`].
    pub(crate) fn keep_digest(&mut self) {
        self.digesting = true;
    }

    /// All that the last snapshot was made from, as one number; what moves by itself (carrier, timers, duplicate address
    /// detection) left out. Two equal numbers for one query mean that a plan made from either is the same. `None` where
    /// the kernel changed as it was read, or nobody asked with [`Netlink::keep_digest`].
    pub(crate) fn last_digest(&self) -> Option<u64> {
        self.last_digest
    }

    /// Reads what a snapshot lacks, as `rest` says.
    ///
    /// *Errors*: a dump failed as a whole.
    pub(crate) fn complete(&mut self, snapshot: Snapshot, rest: &Query) -> Result<Snapshot, KernelError> {
        self.finish(Begun::of(snapshot), rest)
    }

    /// Performs steps in order, as many at once as can be, without a second try.
    fn run(&mut self, ops: &[&Op], kernel_chooses: bool) -> Vec<Result<(), KernelError>> {
        let mut batch = Batch {
            answers: vec![Ok(()); ops.len()],
            ..Batch::default()
        };
        for (at, op) in ops.iter().copied().enumerate() {
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
                    batch.answers[at] = write(&path, &value);
                }
                Err(error) => batch.answers[at] = Err(error),
            }
        }
        self.flush(&mut batch, ops);
        batch.answers
    }

    /// Sends what is waiting and drops what was believed of the names of the steps that failed.
    fn flush(&mut self, batch: &mut Batch, ops: &[&Op]) {
        let answers = self.socket.transact(&batch.requests);
        for (owner, answer) in batch.owners.drain(..).zip(answers) {
            let (Some(op), Some(place)) = (ops.get(owner).copied(), batch.answers.get_mut(owner)) else {
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

    /// Does the steps again whose answer was lost: the kernel may have done them, and then says that it is so.
    fn ask_unanswered(&mut self, ops: &[&Op], answers: &mut [Result<(), KernelError>]) {
        for (op, answer) in ops.iter().copied().zip(answers) {
            for attempt in 1..TRIES {
                if !answer.as_ref().is_err_and(is_of_the_moment) {
                    break;
                }
                if self.socket.renew(attempt).is_err() {
                    continue;
                }
                *answer = self.again(op);
                if answer.as_ref().is_err_and(|error| was_done(op, error)) {
                    *answer = Ok(());
                }
            }
        }
    }

    /// Makes a link whose index is the kernel's choice, or does a step again with indexes asked for again.
    fn again(&mut self, op: &Op) -> Result<(), KernelError> {
        names_in(op).for_each(|name| self.names.forget(name));
        self.run(&[op], true).pop().unwrap_or(Ok(()))
    }
}

impl Engine for Netlink {
    fn part(&self) -> Part {
        Part::Link
    }

    fn read(&mut self, query: &Query, snapshot: &mut Snapshot) -> Result<(), KernelError> {
        let begun = self.begin()?;
        *snapshot = self.finish(begun, query)?;
        Ok(())
    }

    fn perform(&mut self, ops: &[&Op]) -> Vec<Result<(), KernelError>> {
        let mut answers = self.run(ops, false);
        self.ask_unanswered(ops, &mut answers);
        let mut lost = Set::default();
        for (op, answer) in ops.iter().copied().zip(&mut answers) {
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
                *answer = self.run(&[&alias], false).pop().unwrap_or(Ok(()));
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

/// Whether the kernel's answer to a step that is asked for again says that it did it the first time.
fn was_done(op: &Op, error: &KernelError) -> bool {
    use libc::{EADDRNOTAVAIL, EEXIST, ENODEV, ENOENT, ESRCH};
    match op {
        Op::CreateLink { .. }
        | Op::AddAddress { .. }
        | Op::AddRoute { .. }
        | Op::AddFdb { .. }
        | Op::AddRule { .. } => error.errno == EEXIST,
        Op::DeleteLink { .. } => error.errno == ENODEV,
        Op::DelAddress { .. } => error.errno == EADDRNOTAVAIL,
        Op::DelRoute { .. } => error.errno == ESRCH,
        Op::DelFdb { .. } | Op::DelRule { .. } => error.errno == ENOENT,
        _ => false,
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
    let legs: &[Leg] = match op {
        Op::AddRoute { route, .. } => &route.legs,
        _ => &[],
    };
    [Some(op.name()), second, third]
        .into_iter()
        .chain(legs.iter().map(|leg| Some(leg.link)))
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
    touched: Set<IfName>,
    /// The links that the waiting requests make.
    created: Set<IfName>,
    /// The links that could not be made.
    failed: Set<IfName>,
    answers: Vec<Result<(), KernelError>>,
}

/// Writes a value below /proc/sys/net, which is that of the calling thread's network namespace.
fn write(path: &str, value: &str) -> Result<(), KernelError> {
    // No final newline: the forwarding knobs of kernel 6.1 take it but do not count it, which reads as a short write.
    let written = Root::real().write_in_place(path, value.as_bytes());
    written.map_err(|failure| KernelError {
        errno: failure.error.raw_os_error().unwrap_or_default(),
        text: Some(format!("cannot {} {}", failure.action, failure.path.display())),
    })
}
