//! The names that another scheme would give.

use crate::link::host::Host;
use crate::link::nic::Nic;
use cleat_diag::escaped;
use cleat_naming::{Scheme, Udev};
use cleat_root::Root;

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
pub fn changes(root: &Root, scheme: &'static Scheme) -> Vec<Renamed> {
    let Some(udev) = Udev::installed(root) else {
        return Vec::new();
    };
    let host = Host::as_far_as_known(root);
    let renamed = host.nics.iter().filter_map(|nic| renamed(&host, nic, scheme, udev));
    renamed.collect()
}

fn renamed(host: &Host, nic: &Nic, scheme: &'static Scheme, udev: Udev) -> Option<Renamed> {
    let facts = host.facts_at_boot(nic)?;
    let winner = host.verdict(nic).winner?;
    let choice = host.choice(&facts, scheme, udev);
    // Without a policy and a name the kernel's own name stays, whatever the scheme.
    let policies = !winner.naming.policy.is_empty() && host.machine.uses_name_policies();
    let differs = choice.changes(&facts).unwrap_or(false) && (choice.name.is_some() || policies);
    differs.then(|| Renamed {
        now: nic.name.clone(),
        then: choice.name,
        reason: choice.reason,
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
        format!("{}\n", escaped(&format!("  {now:<widest$} -> {then}  ({reason})")))
    };
    let rows: String = renamed.iter().map(row).collect();
    format!("names that change at the next boot:\n{rows}")
}
