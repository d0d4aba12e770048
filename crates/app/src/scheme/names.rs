//! The names that another scheme would give.

use crate::link::{Host, Nic};
use cleat_model::snapshot::Snapshot;
use cleat_naming::link_file::{LinkFile, Machine, Policy};
use cleat_naming::{NicFacts, Origin, Prediction, Scheme, Udev, facts, legal, predict};
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
    let host = host(root);
    let renamed = host.nics.iter().filter_map(|nic| {
        let facts = facts::read(root, &nic.name).ok()?;
        renamed(&host, nic, &facts, &predict(&facts, scheme, udev))
    });
    renamed.collect()
}

/// The host with what only the kernel tells: permanent addresses, which .link files may ask for.
fn host(root: &Root) -> Host {
    let running = if root.is_real() { Host::running().ok() } else { None };
    running.unwrap_or_else(|| Host::of(root.clone(), Snapshot::default()))
}

fn renamed(host: &Host, nic: &Nic, facts: &NicFacts, prediction: &Prediction) -> Option<Renamed> {
    let winner = host.verdict(nic).winner?;
    let (then, reason) = chosen(winner, prediction, &host.machine);
    // Without a policy and a name the kernel's own name stays, whatever the scheme.
    let policies = !winner.naming.policy.is_empty() && host.machine.uses_name_policies();
    let given = facts.attribute("name_assign_type") == Some(RENAMED);
    let differs = then.as_ref().map_or(policies && given, |then| *then != nic.name);
    differs.then(|| Renamed {
        now: nic.name.clone(),
        then,
        reason,
    })
}

/// The name that a .link file makes of what is predicted, and where it comes from.
///
/// *Source*: systemd.link(5), `NamePolicy=`: the first policy that gives a name, then `Name=`.
fn chosen(file: &LinkFile, prediction: &Prediction, machine: &Machine) -> (Option<String>, String) {
    let policies = match machine.uses_name_policies() {
        true => file.naming.policy.as_slice(),
        false => &[],
    };
    let offered = policies
        .iter()
        .filter_map(|policy| prediction.from_origin(origin(*policy)?));
    let mut usable = offered.filter(|candidate| legal(&candidate.name).is_ok());
    if let Some(candidate) = usable.next() {
        return (Some(candidate.name.clone()), candidate.reason.clone());
    }
    match &file.naming.name {
        Some(name) => (Some(name.clone()), format!("Name= of {}", file.path.display())),
        None => (None, "nothing names it".to_owned()),
    }
}

/// `keep` and `kernel` give no name at boot: no NIC has been renamed by then.
fn origin(policy: Policy) -> Option<Origin> {
    match policy {
        Policy::Keep | Policy::Kernel => None,
        Policy::Database => Some(Origin::Database),
        Policy::Onboard => Some(Origin::Onboard),
        Policy::Slot => Some(Origin::Slot),
        Policy::Path => Some(Origin::Path),
        Policy::Mac => Some(Origin::Mac),
    }
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
