//! A kernel in memory that does what Linux does to links, addresses and routes, and refuses what Linux refuses.
//!
//! Two uses: tests run plans on it, failing wherever they like; and the plan itself is made by trying each step on it,
//! so that side effects (a VLAN that goes down with its parent, routes that vanish with a link) are known beforehand.

mod address;
mod bond;
mod bridge;
pub mod defaults;
mod ethtool;
mod link;
mod master;
mod route;
mod rule;
pub mod suite;

use crate::hash::Map;
use crate::kernel::{Kernel, KernelError, Query};
use crate::kernel_attr::{Nest, find};
use crate::name::{IfName, Mac};
use crate::nla::Attrs;
use crate::op::Op;
use crate::snapshot::{Link, Snapshot};
use crate::types::{Address, Fdb, Kind, Route, VlanRange};
use std::collections::BTreeMap;

pub(crate) use address::{IFA_F_PERMANENT, covers, excludes, network, scope6, takes_ipv6, vrf_table};
pub(crate) use bond::modes as bond_modes;
pub(crate) use route::{by_leg, kept_metric, same_place};

pub(crate) const EPERM: i32 = 1;
pub(crate) const ENOENT: i32 = 2;
pub(crate) const ESRCH: i32 = 3;
pub(crate) const EACCES: i32 = 13;
pub(crate) const EBUSY: i32 = 16;
pub(crate) const EEXIST: i32 = 17;
pub(crate) const ENODEV: i32 = 19;
pub(crate) const EINVAL: i32 = 22;
pub(crate) const ERANGE: i32 = 34;
pub(crate) const ENOTEMPTY: i32 = 39;
pub(crate) const ELOOP: i32 = 40;
pub(crate) const EOPNOTSUPP: i32 = 95;
pub(crate) const EADDRNOTAVAIL: i32 = 99;
pub(crate) const ENETDOWN: i32 = 100;
pub(crate) const ENETUNREACH: i32 = 101;
pub(crate) const EHOSTUNREACH: i32 = 113;

/// What one step answers.
pub(crate) type Answer = Result<(), KernelError>;

pub(crate) fn refuse(errno: i32, text: &str) -> KernelError {
    KernelError {
        errno,
        text: Some(text.to_owned()),
    }
}

/// All that a [`Snapshot`] knows of one link, at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// The link itself.
    pub link: Link,
    /// Its addresses.
    pub addresses: Vec<Address>,
    /// Its routes.
    pub routes: Vec<Route>,
    /// Its VLANs.
    pub vlans: Vec<VlanRange>,
    /// Its fixed forwarding entries.
    pub fdb: Vec<Fdb>,
}

impl Piece {
    /// What `snapshot` knows of the link of that index.
    pub fn of(snapshot: &Snapshot, index: u32) -> Option<Self> {
        Some(Self {
            link: snapshot.by_index(index)?.clone(),
            addresses: snapshot.addresses(index).to_vec(),
            routes: snapshot.routes(index).to_vec(),
            vlans: snapshot.vlans(index).to_vec(),
            fdb: snapshot.fdb(index).to_vec(),
        })
    }
}

/// What the kernel keeps of a link and does not tell.
#[derive(Clone, Debug, Default)]
struct Hidden {
    /// The MAC was set by somebody (`NET_ADDR_SET`): the bridge or bond no longer chooses it.
    mac_set: bool,
    /// The MTU was set by somebody: the bridge no longer follows its ports.
    mtu_set: bool,
    /// MAC and MTU from before it went into a bond.
    before_bond: Option<(Mac, u32)>,
}

/// The simulator. Cheap to make from a snapshot.
#[derive(Clone, Debug)]
pub struct FakeKernel {
    now: Snapshot,
    hidden: Map<u32, Hidden>,
    next_index: u32,
    /// Links changed by the last step, as they were before; `None`: it was not there.
    touched: BTreeMap<u32, Option<Piece>>,
    /// Routes over several links that the last step took ways from, as they were before it.
    several: Vec<Route>,
    performed: Vec<Op>,
    tried: usize,
    failures: Vec<(usize, KernelError)>,
    /// By link, those that stand on it; `None`: to be found out.
    standing: Option<Map<u32, Vec<u32>>>,
    /// Does what a step would do without looking for reasons to refuse it that cost a walk over all links.
    predicting: bool,
}

impl FakeKernel {
    /// A kernel in that state.
    pub fn new(now: Snapshot) -> Self {
        // Where `now` is a part of a whole, its links name others that are left out: a new one must not take their place.
        let named = |link: &Link| [Some(link.index), link.master, link.parent];
        let highest = now.links().iter().flat_map(named).flatten().max();
        let next_index = highest.unwrap_or(0) + 1;
        Self {
            now,
            hidden: Map::default(),
            next_index,
            touched: BTreeMap::new(),
            several: Vec::new(),
            performed: Vec::new(),
            tried: 0,
            failures: Vec::new(),
            standing: None,
            predicting: false,
        }
    }

    /// A fresh machine: `lo` (down, as in a new network namespace) and NICs of these names.
    pub fn machine(nics: &[&str]) -> Self {
        let mut now = Snapshot::new();
        now.insert(defaults::loopback());
        for (at, nic) in (2u32..).zip(nics) {
            if let Ok(name) = IfName::new(nic) {
                now.insert(defaults::nic(at, name));
            }
        }
        now.rules = Some(rule::of_a_new_kernel());
        Self::new(now)
    }

    /// Gives new links no index up to this one, and so none of the MACs that links of these indexes had by chance.
    pub(crate) fn number_past(&mut self, index: u32) {
        self.next_index = self.next_index.max(index + 1);
    }

    /// Takes steps to be possible where finding out would cost a walk over all links.
    pub(crate) fn predict(&mut self) {
        self.predicting = true;
    }

    /// Takes it as known that somebody set the MAC or the MTU of this link.
    pub(crate) fn assume_set(&mut self, index: u32, mac: bool, mtu: bool) {
        let hidden = self.hidden(index);
        hidden.mac_set = mac;
        hidden.mtu_set = mtu;
    }

    /// Those of the attributes that a kernel of its release knows: it passes over others in silence.
    fn known(&self, nest: Nest, kind: &Kind, attrs: &Attrs) -> Attrs {
        let is_known = |number: u16| match (self.now.release, find(nest, kind, number)) {
            (Some(release), Some(attr)) => attr.since <= release,
            (None, _) | (_, None) => true,
        };
        attrs
            .iter()
            .filter(|(number, _)| is_known(*number))
            .map(|(number, payload)| (number, payload.to_vec()))
            .collect()
    }

    /// The state now.
    pub fn now(&self) -> &Snapshot {
        &self.now
    }

    /// The state now, to be changed behind everybody's back.
    pub fn now_mut(&mut self) -> &mut Snapshot {
        self.standing = None;
        &mut self.now
    }

    /// Makes the `at`-th step from now on (0 is the next) fail with this error.
    pub fn fail_at(&mut self, at: usize, error: KernelError) {
        self.failures.push((self.tried + at, error));
    }

    /// The steps that were performed, in order, without those that were refused.
    pub fn performed(&self) -> &[Op] {
        &self.performed
    }

    /// Links that the last step changed, as they were before it; `None`: they were not there.
    pub fn touched(&self) -> &BTreeMap<u32, Option<Piece>> {
        &self.touched
    }

    /// Routes over several links that the last step took ways from, as they were before it.
    pub(crate) fn several(&self) -> &[Route] {
        &self.several
    }

    /// Takes one step.
    ///
    /// # Errors
    /// What Linux would answer. Nothing is changed then, but for options of a bond that stood before the refused one.
    pub fn step(&mut self, op: &Op) -> Answer {
        self.touched.clear();
        let at = self.tried;
        self.tried += 1;
        if let Some((_, error)) = self.failures.iter().find(|(when, _)| *when == at) {
            return Err(error.clone());
        }
        self.dispatch(op)?;
        self.prune_several();
        self.performed.push(op.clone());
        Ok(())
    }

    fn dispatch(&mut self, op: &Op) -> Answer {
        match op {
            Op::CreateLink { .. } => self.create(op),
            Op::DeleteLink { name } => self.delete(*name),
            Op::RenameLink { from, to } => self.rename(*from, *to),
            Op::SetLink { name, link } => self.set_link(*name, link),
            Op::SetData {
                name,
                kind,
                data,
                links,
            } => self.set_data(*name, kind, data, links),
            Op::SetPort { name, kind, data } => self.set_port(*name, kind, data),
            Op::SetMaster { name, master } => self.set_master(*name, *master),
            Op::SetUp { name, up } => {
                let index = self.index(*name)?;
                self.set_up(index, *up)
            }
            Op::AddVlans { name, on_self, ranges } => self.vlans(*name, *on_self, ranges, true),
            Op::DelVlans { name, on_self, ranges } => self.vlans(*name, *on_self, ranges, false),
            Op::AddAddress { name, address, replace } => self.add_address(*name, address, *replace),
            Op::DelAddress { name, address } => self.del_address(*name, address),
            Op::AddRoute { name, route, replace } => self.add_route(*name, route, *replace),
            Op::DelRoute { name, route } => self.del_route(*name, route),
            Op::AddFdb { name, fdb } => self.add_fdb(*name, fdb),
            Op::DelFdb { name, fdb } => self.del_fdb(*name, fdb),
            Op::AddRule { rule, .. } => self.add_rule(*rule),
            Op::DelRule { rule, .. } => self.del_rule(*rule),
            Op::SetConf { name, v6, key, value } => self.set_conf(*name, *v6, key, *value),
            Op::SetSysctl { name, setting } => self.set_sysctl(*name, setting),
            Op::SetAddrGenMode { name, mode } => {
                let index = self.index(*name)?;
                self.change(index, |link| link.addr_gen_mode = Some(*mode));
                Ok(())
            }
            Op::Ethtool(set) => self.set_ethtool(set),
        }
    }

    fn index(&self, name: IfName) -> Result<u32, KernelError> {
        match self.now.get(name) {
            Some(link) => Ok(link.index),
            None => Err(KernelError::errno(ENODEV)),
        }
    }

    fn link(&self, index: u32) -> Result<&Link, KernelError> {
        self.now.by_index(index).ok_or_else(|| KernelError::errno(ENODEV))
    }

    /// Keeps how the link was before this step.
    fn touch(&mut self, index: u32) {
        if !self.touched.contains_key(&index) {
            self.touched.insert(index, Piece::of(&self.now, index));
        }
    }

    fn change(&mut self, index: u32, change: impl FnOnce(&mut Link)) {
        self.touch(index);
        if let Some(link) = self.now.by_index_mut(index) {
            change(link);
        }
    }

    fn hidden(&mut self, index: u32) -> &mut Hidden {
        self.hidden.entry(index).or_default()
    }

    /// Links that stand on this one and live and die with it (VLANs, macvlans, VXLANs).
    fn children(&mut self, index: u32) -> Vec<u32> {
        let now = &self.now;
        let standing = self.standing.get_or_insert_with(|| {
            let mut standing: Map<u32, Vec<u32>> = Map::default();
            for link in now.links() {
                for below in stood_on(link) {
                    standing.entry(below).or_default().push(link.index);
                }
            }
            standing
        });
        standing.get(&index).cloned().unwrap_or_default()
    }

    /// The ports of a link, and the links that stand on it.
    pub(crate) fn hanging(&mut self, index: u32) -> (Vec<u32>, Vec<u32>) {
        (self.port_indexes(index), self.children(index))
    }

    /// Takes a new link into the order of who stands on whom.
    fn stands(&mut self, link: &Link) {
        if let Some(standing) = &mut self.standing {
            for below in stood_on(link) {
                standing.entry(below).or_default().push(link.index);
            }
        }
    }

    fn falls(&mut self, link: &Link) {
        if let Some(standing) = &mut self.standing {
            standing.remove(&link.index);
            for below in stood_on(link) {
                standing.entry(below).or_default().retain(|index| *index != link.index);
            }
        }
    }

    fn port_indexes(&self, master: u32) -> Vec<u32> {
        let has_ports = |link: &Link| link.kind.row().ports.is_some();
        if !self.now.by_index(master).is_some_and(has_ports) {
            return Vec::new();
        }
        self.now.ports(master).map(|port| port.index).collect()
    }
}

/// Whether the link is a VLAN, macvlan or the like on the link of that index (the other end of a veth pair is none).
pub(crate) fn stands_on(link: &Link, index: u32) -> bool {
    stood_on(link).any(|below| below == index)
}

/// The links that this one stands on.
pub(crate) fn stood_on(link: &Link) -> impl Iterator<Item = u32> + use<> {
    link.below().into_iter()
}

impl Kernel for FakeKernel {
    fn snapshot(&mut self, query: Query) -> Result<Snapshot, KernelError> {
        let mut now = self.now.clone();
        if !query.routes {
            now.routes.clear();
        }
        if !query.vlans {
            now.vlans.clear();
        }
        if !query.fdb {
            now.fdb.clear();
        }
        if !query.rules {
            now.rules = None;
        }
        Ok(now)
    }

    fn perform(&mut self, ops: &[Op]) -> Vec<Answer> {
        ops.iter().map(|op| self.step(op)).collect()
    }
}

#[cfg(test)]
mod tests;
