//! The names that another scheme would give.

use crate::link::{Host, Nic};
use cleat_naming::policy::{Choice, choose};
use cleat_naming::rules::ruled;
use cleat_naming::{NicFacts, Prediction, Scheme, Udev, facts, predict};
use cleat_root::Root;

/// `NET_NAME_RENAMED` of linux/netdevice.h: what name_assign_type says of a link that a program has named.
const RENAMED: &str = "4";

/// A NIC whose name would be another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    /// Its name now.
    pub now: String,
    /// Its name then; `None` where the kernel's own would stay, which depends on the order of drivers.
    pub then: Option<String>,
    /// What the new name comes from.
    pub reason: String,
}

/// The NICs of this machine that would have another name after a boot with this scheme.
pub fn changes(root: &Root, scheme: &Scheme) -> Vec<Renamed> {
    let Some(udev) = Udev::installed(root) else {
        return Vec::new();
    };
    let host = Host::as_far_as_known(root);
    let renamed = host.nics.iter().filter_map(|nic| {
        let facts = facts::read(root, &nic.name).ok()?;
        renamed(&host, nic, &facts, &predict(&facts, scheme, udev))
    });
    renamed.collect()
}

fn renamed(host: &Host, nic: &Nic, facts: &NicFacts, prediction: &Prediction) -> Option<Renamed> {
    let winner = host.verdict(nic).winner?;
    let uses_policies = host.machine.uses_name_policies();
    let Choice { name: then, reason, .. } = choose(
        facts,
        prediction,
        Some(winner),
        uses_policies,
        &ruled(&host.rules, facts),
    );
    // Without a policy and a name the kernel's own name stays, whatever the scheme.
    let policies = !winner.naming.policy.is_empty() && uses_policies;
    let given = facts.attribute("name_assign_type") == Some(RENAMED);
    let differs = then.as_ref().map_or(policies && given, |then| *then != nic.name);
    differs.then(|| Renamed {
        now: nic.name.clone(),
        then,
        reason,
    })
}

/// The table: `enp1s2 -> ens2  (slot 2)`; empty where no name changes.
pub fn table(renamed: &[Renamed]) -> String {
    if renamed.is_empty() {
        return String::new();
    }
    let widest = renamed.iter().map(|nic| nic.now.len()).max().unwrap_or_default();
    let row = |Renamed { now, then, reason }: &Renamed| {
        let then = then.as_deref().unwrap_or("the kernel's name");
        format!("  {now:<widest$} -> {then}  ({reason})\n")
    };
    let rows: String = renamed.iter().map(row).collect();
    format!("names that change at the next boot:\n{rows}")
}
