//! What sysctl.d says of the links that a plan makes.
//!
//! systemd-sysctl ran before they were there, and udev's rule runs it for each one some time after it appeared: too late
//! for a link that is up by then, and on top of what its stanza says. So the plan itself writes these settings, between
//! making the link and setting it up.

use crate::{NewLinks, Settings};
use cleat_diag::Sources;
use cleat_model::name::IfName;
use cleat_model::op::{Op, Plan, Sysctl};
use cleat_model::types::Origin;
use cleat_root::Root;
use log::debug;
use std::collections::BTreeMap;

/// The settings of the links that the plan makes, with their lines; empty for a plan that makes none. The files are added
/// to `sources`; what is wrong in them is reported by `cleat-sysctl check`.
pub fn of_plan(root: &Root, plan: &Plan, sources: &mut Sources) -> BTreeMap<IfName, Vec<(Sysctl, Origin)>> {
    let made = plan.ops().filter_map(|op| match op {
        Op::CreateLink { name, peer, .. } => Some([Some(*name), *peer]),
        _ => None,
    });
    let made: Vec<IfName> = made.flatten().flatten().collect();
    if made.is_empty() {
        return BTreeMap::new();
    }
    let (settings, found) = Settings::load(root, sources);
    debug!("sysctl.d: {} files, {} faults", settings.files.len(), found.len());
    let mut links = NewLinks::new(root, &settings);
    let mut all = BTreeMap::new();
    for name in made {
        let wanted = links.of(name.as_str());
        let said = wanted.iter().flat_map(|wanted| {
            // Each pattern's value in turn, as systemd-sysctl writes them: where the last is refused, the one before stays.
            let before = wanted.before.iter().map(|(place, value)| (value, *place));
            before.chain([(&wanted.value, wanted.place)]).map(|(value, place)| {
                let setting = Sysctl {
                    key: wanted.key.as_str().to_owned(),
                    value: value.to_string(),
                    may_fail: wanted.may_fail,
                };
                (setting, Origin::Said(place))
            })
        });
        let said: Vec<_> = said.collect();
        if !said.is_empty() {
            all.insert(name, said);
        }
    }
    all
}
