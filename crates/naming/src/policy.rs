//! Which of the names on offer a NIC gets.
//!
//! *Source*: systemd.link(5), `NamePolicy=` and `Name=`; udev(7), `NAME`; systemd-udevd.service(8), `net.ifnames=`.

use crate::facts::NicFacts;
use crate::link_file::{LinkFile, Policy};
use crate::predict::{NameSource, Prediction, legal};
use crate::rules::Ruled;
use crate::scheme::Scheme;

/// The name that a NIC gets at the next boot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChosenName {
    /// The name; `None` where the kernel's own stays, which depends on the order of drivers.
    pub name: Option<String>,
    /// Where it comes from.
    pub reason: String,
    /// What may make it another one, or was passed over; a sentence each.
    pub doubts: Vec<String>,
}

/// `NET_NAME_PREDICTABLE` of linux/netdevice.h: what /sys/class/net/IFACE/name_assign_type says.
const PREDICTABLE: &str = "2";
/// `NET_NAME_RENAMED`: a program has named it.
const RENAMED: &str = "4";

impl ChosenName {
    /// Whether it is another name than the NIC has now; `None` where that cannot be told: the kernel's name would stay, and
    /// it does not say who gave the one of now.
    pub fn changes(&self, nic: &NicFacts) -> Option<bool> {
        match &self.name {
            Some(name) => Some(name != nic.name()),
            None => nic.attribute("name_assign_type").map(|said| said == RENAMED),
        }
    }
}

impl Policy {
    /// What its name comes from; `keep` and `kernel` offer none.
    pub fn origin(self) -> Option<NameSource> {
        match self {
            Policy::Keep | Policy::Kernel => None,
            Policy::Database => Some(NameSource::Database),
            Policy::Onboard => Some(NameSource::Onboard),
            Policy::Slot => Some(NameSource::Slot),
            Policy::Path => Some(NameSource::Path),
            Policy::Mac => Some(NameSource::Mac),
        }
    }
}

/// The name that a NIC gets.
///
/// `file` is the .link file that it gets; `policies` says whether names are given by policy at all, which
/// `net.ifnames=0` turns off; under `scheme` the prediction was made.
///
/// *Shape*: at boot no program has named a NIC before, so that the policy `keep` keeps nothing.
pub fn choose(
    nic: &NicFacts,
    prediction: &Prediction,
    file: Option<&LinkFile>,
    policies: bool,
    ruled: &Ruled<'_>,
    scheme: &Scheme,
) -> ChosenName {
    let mut doubts: Vec<String> = ruled
        .perhaps
        .iter()
        .map(|(rule, condition)| format!("{} may name it: {condition}", rule.place()))
        .collect();
    if let Some(rule) = ruled.by {
        let place = rule.place();
        return match rule.given(scheme) {
            Ok(name) => {
                if name != rule.name {
                    doubts.push(format!("{place} says `{}`, of which udev makes {name}", rule.name));
                }
                ChosenName {
                    name: Some(name),
                    reason: format!("the rule at {place}"),
                    doubts,
                }
            }
            Err(why) => {
                doubts.push(format!("{place} gives `{}`, which udev refuses: {why}", rule.name));
                kernels(&format!("the name of the rule at {place} is refused"), doubts)
            }
        };
    }
    let Some(file) = file else {
        return kernels("no .link file is for it", doubts);
    };
    let asked = if policies { file.naming.policy.as_slice() } else { &[] };
    for policy in asked {
        if *policy == Policy::Kernel && nic.attribute("name_assign_type") == Some(PREDICTABLE) {
            return ChosenName {
                name: Some(nic.name().to_owned()),
                reason: "the kernel says that its name is predictable".to_owned(),
                doubts,
            };
        }
        let Some(candidate) = policy.origin().and_then(|origin| prediction.from_origin(origin)) else {
            continue;
        };
        match legal(&candidate.name) {
            Ok(()) => {
                return ChosenName {
                    name: Some(candidate.name.clone()),
                    reason: candidate.reason.clone(),
                    doubts,
                };
            }
            Err(why) => doubts.push(format!("{} is passed over: {why}", candidate.name)),
        }
    }
    match &file.naming.name {
        Some(name) => ChosenName {
            name: Some(name.clone()),
            reason: format!("Name= of {}", file.path.display()),
            doubts,
        },
        None if !policies => kernels("net.ifnames=0 is on the kernel command line", doubts),
        None => kernels("nothing names it", doubts),
    }
}

fn kernels(reason: &str, doubts: Vec<String>) -> ChosenName {
    ChosenName {
        name: None,
        reason: reason.to_owned(),
        doubts,
    }
}
