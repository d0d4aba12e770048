//! What an engine must be able to do.

use crate::announce::Moved;
use crate::ethtool::Group;
use crate::name::IfName;
use crate::op::Op;
use crate::snapshot::{Link, Snapshot};
use crate::types::Neighbour;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Which of the costlier dumps are wanted; links and addresses always are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    /// Routes.
    pub routes: bool,
    /// Bridge VLANs.
    pub vlans: bool,
    /// Fixed forwarding entries.
    pub fdb: bool,
    /// Rules of policy routing.
    pub rules: bool,
    /// Neighbours that were given by hand.
    pub neighbours: bool,
    /// Of these links what ethtool(8) shows: one question for each group.
    pub ethtool: BTreeMap<IfName, BTreeSet<Group>>,
}

impl Query {
    /// All dumps.
    pub const ALL: Self = Self {
        routes: true,
        vlans: true,
        fdb: true,
        rules: true,
        neighbours: true,
        ethtool: BTreeMap::new(),
    };

    /// All dumps, and of each link what the snapshot has of it.
    pub fn all_of(snapshot: &Snapshot) -> Self {
        let groups = |link: &Link| {
            let ethtool = link.ethtool.as_ref()?;
            Some((link.name, ethtool.groups.keys().copied().collect()))
        };
        Self {
            ethtool: snapshot.links().iter().filter_map(groups).collect(),
            ..Self::ALL
        }
    }

    /// What of [`Query::ALL`] this one leaves out.
    #[must_use]
    pub fn rest(&self) -> Self {
        Self {
            routes: !self.routes,
            vlans: !self.vlans,
            fdb: !self.fdb,
            rules: !self.rules,
            neighbours: !self.neighbours,
            // What was asked for is there.
            ethtool: BTreeMap::new(),
        }
    }
}

/// What the kernel refused, in its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelError {
    /// Positive errno; 0 where the fault is not the kernel's.
    pub errno: i32,
    /// Extended-ack text, or what else there is to say.
    pub text: Option<String>,
}

/// What [`KernelError::unanswered`] says beside its errno.
const UNANSWERED: &str = "netlink socket";

impl KernelError {
    /// The way to the kernel failed: nobody knows whether it did what was asked.
    pub fn unanswered(errno: i32) -> Self {
        Self {
            errno,
            text: Some(UNANSWERED.to_owned()),
        }
    }

    /// Whether it is [`KernelError::unanswered`].
    pub fn is_unanswered(&self) -> bool {
        self.text.as_deref() == Some(UNANSWERED)
    }

    /// An errno without a text.
    pub fn errno(errno: i32) -> Self {
        Self { errno, text: None }
    }

    /// A fault that has no errno.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            errno: 0,
            text: Some(text.into()),
        }
    }
}

impl fmt::Display for KernelError {
    /// `Device or resource busy: the kernel's text`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let os = std::io::Error::from_raw_os_error(self.errno).to_string();
        let os = os.split(" (os error").next().unwrap_or_default();
        match (&self.text, self.errno) {
            (Some(text), 0) => write!(out, "{text}"),
            (Some(text), _) => write!(out, "{os}: {text}"),
            (None, _) => write!(out, "{os}"),
        }
    }
}

impl std::error::Error for KernelError {}

/// An engine: netlink, the simulator, or a recorder.
pub trait Kernel {
    /// Reads the kernel: one dump per object kind.
    ///
    /// # Errors
    /// When a dump failed as a whole. What cannot be decoded in part is kept in part ([`crate::snapshot::Link::partial`]).
    fn snapshot(&mut self, query: Query) -> Result<Snapshot, KernelError>;

    /// Reads what a snapshot lacks, as `rest` says.
    ///
    /// # Errors
    /// As [`Kernel::snapshot`].
    fn complete(&mut self, snapshot: Snapshot, rest: Query) -> Result<Snapshot, KernelError> {
        let _ = (snapshot, rest);
        self.snapshot(Query::ALL)
    }

    /// Performs independent steps, in one go where that is possible; the answer at `i` belongs to `ops[i]`.
    /// A failing step does not keep the others from being tried.
    fn perform(&mut self, ops: &[Op]) -> Vec<Result<(), KernelError>>;

    /// Gives links neighbours by hand again, each with the index of its link: `ip neigh replace ... nud permanent`.
    ///
    /// # Errors
    /// The last refusal; the others are tried all the same. The simulator has none.
    fn restore_neighbours(&mut self, all: &[(u32, Neighbour)]) -> Result<(), KernelError> {
        let _ = all;
        Ok(())
    }

    /// Tells neighbours of addresses that they reach by another hardware address now.
    ///
    /// # Errors
    /// The last refusal; the others are told all the same. Nothing of the host depends on it. Where there are no
    /// neighbours (the simulator), there is nothing to do.
    fn announce(&mut self, moved: &[Moved]) -> Result<(), KernelError> {
        let _ = moved;
        Ok(())
    }
}
