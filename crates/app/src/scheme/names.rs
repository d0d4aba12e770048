//! The names that another scheme would give.

use cleat_naming::link_file::{Device, LinkFile, LinkFiles, Machine, Policy};
use cleat_naming::{NicFacts, Origin, Prediction, Scheme, Udev, facts, legal, predict};
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
pub fn changes(root: &Root, scheme: &Scheme) -> Vec<Renamed> {
    let Some(udev) = Udev::installed(root) else {
        return Vec::new();
    };
    let files = LinkFiles::load(root);
    let machine = Machine::read(root);
    // Without sysfs there are no NICs to rename.
    let nics = facts::nics(root).unwrap_or_default();
    let hardware = nics.iter().filter(|nic| nic.is_hardware());
    let renamed = hardware.filter_map(|nic| renamed(root, nic, &predict(nic, scheme, udev), &files, &machine));
    renamed.collect()
}

fn renamed(
    root: &Root,
    nic: &NicFacts,
    prediction: &Prediction,
    files: &LinkFiles,
    machine: &Machine,
) -> Option<Renamed> {
    let now = nic.name();
    let winner = files.verdict(&Device::read(root, now), machine).winner?;
    let (then, reason) = chosen(winner, prediction, machine);
    // Without a policy and a name the kernel's own name stays, whatever the scheme.
    let policies = !winner.naming.policy.is_empty() && machine.uses_name_policies();
    let differs = then
        .as_deref()
        .map_or(policies && nic.attribute("name_assign_type") == Some("4"), |then| {
            then != now
        });
    differs.then(|| Renamed {
        now: now.to_owned(),
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
