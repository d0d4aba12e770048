//! The host: an engine for each part, and waves of steps handed out among them.

use crate::ethtool::Ethtool;
use crate::neighbour::Neighbour;
use crate::netlink::Netlink;
use cleat_model::announce::Moved;
use cleat_model::engine::{Engine, Engines, Part, hand_out};
use cleat_model::hash::Fold;
use cleat_model::kernel::{Kernel, KernelError, Query};
use cleat_model::op::Op;
use cleat_model::snapshot::Snapshot;
use cleat_model::types::Neighbour as Fixed;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;

/// The running host, in the network namespace of the thread that opened it.
#[derive(Debug)]
pub struct Host {
    links: Netlink,
    /// Opened when it is needed: most hosts have no option of it.
    ethtool: Option<Ethtool>,
    last_digest: Option<u64>,
}

impl Host {
    /// Opens the host in the network namespace of the calling thread; to be used in that thread.
    ///
    /// # Errors
    /// The kernel has no rtnetlink socket for us.
    pub fn open() -> Result<Self, KernelError> {
        Ok(Self {
            links: Netlink::open()?,
            ethtool: None,
            last_digest: None,
        })
    }

    /// How many netlink messages were sent so far, dumps and look-ups included.
    pub fn requests(&self) -> u64 {
        self.links.requests() + self.ethtool.as_ref().map_or(0, Ethtool::requests)
    }

    /// Begins to read links, addresses and routes in a thread: the next snapshot or digest is of the time from now on.
    ///
    /// # Errors
    /// The system has no socket or thread for us.
    pub fn read_ahead(&mut self) -> std::io::Result<()> {
        self.links.read_ahead()
    }

    /// From now on each snapshot is made a number of as it is read, see [`Host::last_digest`].
    pub fn keep_digest(&mut self) {
        self.links.keep_digest();
    }

    /// All that the last snapshot was made from, as one number; what moves by itself (carrier, timers, duplicate address
    /// detection, what a speed was negotiated to) left out. Two equal numbers for one query mean that a plan made from
    /// either is the same. `None` where the kernel changed as it was read, or nobody asked with [`Host::keep_digest`].
    pub fn last_digest(&self) -> Option<u64> {
        self.last_digest
    }

    /// What [`Host::last_digest`] would say of a snapshot, without one: of the links nothing is kept.
    ///
    /// # Errors
    /// When a dump failed as a whole.
    pub fn digest(&mut self, query: &Query) -> Result<Option<u64>, KernelError> {
        let links = self.links.digest(query)?;
        if query.ethtool.is_empty() {
            return Ok(links);
        }
        let mut hasher = Fold::default();
        for (name, groups) in &query.ethtool {
            self.ethtool()?.read_one(*name, groups)?.hash_settings(&mut hasher);
        }
        Ok(links.map(|links| joined(links, hasher)))
    }

    /// Makes the kernel ask who has `address` on the link of that index, like `ip neigh add ADDRESS dev LINK use`.
    ///
    /// # Errors
    /// The link is gone, or we are not root.
    pub fn ask_neighbour(&mut self, index: u32, address: IpAddr) -> Result<(), KernelError> {
        self.links.ask_neighbour(index, address)
    }

    /// What the kernel knows of `address` on the link of that index, like `ip neigh get ADDRESS dev LINK`.
    ///
    /// # Errors
    /// The link is gone.
    pub fn neighbour(&mut self, index: u32, address: IpAddr) -> Result<Neighbour, KernelError> {
        self.links.neighbour(index, address)
    }

    fn ethtool(&mut self) -> Result<&mut Ethtool, KernelError> {
        let opened = match self.ethtool.take() {
            Some(opened) => opened,
            None => Ethtool::open()?,
        };
        Ok(self.ethtool.insert(opened))
    }

    /// Adds what the other parts have.
    fn complete_parts(&mut self, query: &Query, mut snapshot: Snapshot) -> Result<Snapshot, KernelError> {
        self.last_digest = self.links.last_digest();
        if query.ethtool.is_empty() {
            return Ok(snapshot);
        }
        // Without it the host has its network all the same; what is asked of it is reported where it is refused.
        if let Err(error) = self.ethtool().and_then(|ethtool| ethtool.read(query, &mut snapshot)) {
            log::warn!("cannot read the settings of NICs (ethtool): {error}");
        }
        if let Some(links) = self.last_digest {
            let mut hasher = Fold::default();
            for name in query.ethtool.keys() {
                let found = snapshot.get(*name).and_then(|link| link.ethtool.as_deref());
                found.cloned().unwrap_or_default().hash_settings(&mut hasher);
            }
            self.last_digest = Some(joined(links, hasher));
        }
        Ok(snapshot)
    }
}

fn joined(links: u64, settings: Fold) -> u64 {
    let mut all = Fold::default();
    (links, settings.finish()).hash(&mut all);
    all.finish()
}

impl Engines for Host {
    fn engine(&mut self, part: Part) -> Result<&mut dyn Engine, KernelError> {
        match part {
            Part::Link => Ok(&mut self.links),
            Part::Ethtool => Ok(self.ethtool()?),
        }
    }
}

impl Kernel for Host {
    fn snapshot(&mut self, query: Query) -> Result<Snapshot, KernelError> {
        let mut snapshot = Snapshot::new();
        self.links.read(&query, &mut snapshot)?;
        self.complete_parts(&query, snapshot)
    }

    fn complete(&mut self, snapshot: Snapshot, rest: Query) -> Result<Snapshot, KernelError> {
        let snapshot = self.links.complete(snapshot, &rest)?;
        self.complete_parts(&rest, snapshot)
    }

    fn perform(&mut self, ops: &[Op]) -> Vec<Result<(), KernelError>> {
        hand_out(self, ops)
    }

    fn restore_neighbours(&mut self, all: &[(u32, Fixed)]) -> Result<(), KernelError> {
        self.links.give_neighbours(all)
    }

    fn announce(&mut self, moved: &[Moved]) -> Result<(), KernelError> {
        self.links.tell_neighbours(moved)
    }
}
