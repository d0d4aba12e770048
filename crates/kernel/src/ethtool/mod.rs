//! The engine of the settings of NICs: ethtool netlink.

mod generic;
mod message;

use cleat_model::engine::{Answer, Engine, Part};
use cleat_model::ethtool::{self as model, ACTIVE, Group, Set, WANTED};
use cleat_model::kernel::{KernelError, Query};
use cleat_model::name::IfName;
use cleat_model::op::Op;
use cleat_model::snapshot::Snapshot;
use cleat_root::{Root, paths};
use generic::Generic;
use nix::libc;
use std::collections::BTreeSet;

/// Name and version of the family.
const FAMILY: (&str, u8) = ("ethtool", 1);

/// Ethtool netlink, in the network namespace of the thread that opened it.
#[derive(Debug)]
pub(crate) struct Ethtool {
    socket: Generic,
}

impl Ethtool {
    /// Opens it.
    ///
    /// *Errors*: the kernel has no ethtool netlink (before 5.6, or built without it).
    pub(crate) fn open() -> Result<Self, KernelError> {
        let (name, version) = FAMILY;
        Ok(Self {
            socket: Generic::open(name, version)?,
        })
    }

    /// How many messages were sent so far.
    pub(crate) fn requests(&self) -> u64 {
        self.socket.requests()
    }

    /// What the link of that name has of these groups; nothing where there is no such link.
    pub(crate) fn read_one(&mut self, name: IfName, groups: &BTreeSet<Group>) -> Result<model::Ethtool, KernelError> {
        let mut found = model::Ethtool {
            driver: driver(name),
            ..model::Ethtool::default()
        };
        for group in groups {
            match self.ask(name, *group) {
                Ok(seen) => found.groups.insert(*group, Some(seen)),
                Err(error) if error.errno == libc::EOPNOTSUPP => found.groups.insert(*group, None),
                Err(error) if error.errno == libc::ENODEV => break,
                // Wake on LAN may hold a password: only root is told.
                Err(error) if error.errno == libc::EPERM => continue,
                Err(error) => return Err(error),
            };
        }
        Ok(found)
    }

    fn ask(&mut self, name: IfName, group: Group) -> Result<model::Seen, KernelError> {
        let answers = self.socket.ask(group.get(), &message::question(name))?;
        let seen = answers.first().map(|answer| message::seen(group, answer));
        seen.ok_or_else(|| KernelError::text("the kernel gave no answer"))
    }

    /// Sends one step. What the driver does not do although the kernel takes the request is an error, too.
    fn set(&mut self, set: &Set) -> Answer {
        let bound = match set.is_open() {
            true => set.bound(&self.ask(set.name, set.group)?),
            false => set.clone(),
        };
        if bound.is_empty() {
            return Ok(());
        }
        let answers = self.socket.ask(set.group.get() + 1, &message::request(&bound))?;
        let Some(answer) = answers.first().filter(|_| set.group == Group::Features) else {
            return Ok(());
        };
        let reply = message::seen(Group::Features, answer);
        let changed = reply
            .bits
            .get(&ACTIVE)
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str());
        log::debug!(
            "{}: features that changed: {}",
            set.name,
            changed.collect::<Vec<_>>().join(" ")
        );
        let kept = reply
            .bits
            .get(&WANTED)
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str());
        match kept.collect::<Vec<_>>().as_slice() {
            [] => Ok(()),
            kept => Err(KernelError::text(model::kept_text(kept))),
        }
    }
}

impl Engine for Ethtool {
    fn part(&self) -> Part {
        Part::Ethtool
    }

    fn read(&mut self, query: &Query, snapshot: &mut Snapshot) -> Result<(), KernelError> {
        for (name, groups) in &query.ethtool {
            let Some(index) = snapshot.get(*name).map(|link| link.index) else {
                continue;
            };
            let found = self.read_one(*name, groups)?;
            if let Some(link) = snapshot.by_index_mut(index) {
                link.ethtool = Some(Box::new(found));
            }
        }
        Ok(())
    }

    fn perform(&mut self, ops: &[&Op]) -> Vec<Answer> {
        let answer = |op: &&Op| match op {
            Op::Ethtool(set) => self.set(set).map_err(|error| explained(set, error)),
            other => Err(KernelError::text(format!("{other} is not a step of ethtool netlink"))),
        };
        ops.iter().map(answer).collect()
    }
}

/// Says which driver refused.
fn explained(set: &Set, error: KernelError) -> KernelError {
    let driver = driver(set.name);
    match (error.errno, &error.text, driver.as_str()) {
        (_, _, "") => error,
        (libc::EOPNOTSUPP, None, driver) => KernelError {
            text: Some(format!("the driver {driver} does not have it")),
            ..error
        },
        (_, Some(text), driver) if !error.is_unanswered() => KernelError {
            text: Some(format!("{text} (driver {driver})")),
            ..error
        },
        _ => error,
    }
}

/// The name of the driver of a NIC; empty where it has none.
fn driver(name: IfName) -> String {
    let link = std::path::Path::new(paths::SYS_CLASS_NET)
        .join(name.as_str())
        .join("device/driver");
    let target = Root::real().read_link(link).ok();
    let driver = target.as_deref().and_then(|target| target.file_name());
    driver
        .map(|driver| driver.to_string_lossy().into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
