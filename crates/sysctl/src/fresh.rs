//! What a new link of a name would have of the settings that options of interfaces(5) stand for: what a link goes back to
//! when the option is taken out of the file.

use crate::{NewLinks, Settings};
use cleat_diag::Sources;
use cleat_model::attr::Wire;
use cleat_model::desired::Desired;
use cleat_model::name::IfName;
use cleat_model::owned::Owned;
use cleat_model::plan::Fresh;
use cleat_model::table;
use cleat_root::Root;
use std::collections::BTreeMap;

/// The values of the settings that we set and that nobody wants any longer; empty where there are none, and then no file
/// is read.
///
/// What sysctl.d says of the link holds; else the kernel's own for new links, in `conf/default`.
pub fn of_gone(
    root: &Root,
    desired: &Desired,
    owned: &Owned,
    sources: &mut Sources,
) -> BTreeMap<(IfName, &'static str), Fresh> {
    let mut gone = Vec::new();
    for (name, link) in &owned.links {
        let want = desired.get(*name);
        for attr in link.knobs.iter().filter_map(|knob| table::find(knob)) {
            let wanted = want.is_some_and(|want| want.knob(attr.name).is_some());
            if let (false, Some(setting)) = (wanted, setting(attr.wire)) {
                gone.push((*name, attr.name, setting));
            }
        }
    }
    if gone.is_empty() {
        return BTreeMap::new();
    }
    let (settings, _) = Settings::load(root, sources);
    let mut links = NewLinks::new(root, &settings);
    let mut all = BTreeMap::new();
    for (name, option, (family, key)) in gone {
        let path = format!("net/{family}/conf/{name}/{key}");
        let said = links
            .of(name.as_str())
            .into_iter()
            .find(|wanted| wanted.key.as_str() == path);
        let said = said.and_then(|wanted| wanted.value.to_string().trim().parse().ok());
        let usual = || {
            let path = format!("/proc/sys/net/{family}/conf/default/{key}");
            let bytes = root.read(path).ok()?;
            String::from_utf8(bytes).ok()?.trim().parse().ok()
        };
        let fresh = match said {
            Some(value) => Some(Fresh { value, said: true }),
            None => usual().map(|value| Fresh { value, said: false }),
        };
        all.extend(fresh.map(|fresh| ((name, option), fresh)));
    }
    all
}

fn setting(wire: Wire) -> Option<(&'static str, &'static str)> {
    match wire {
        Wire::Conf4(_, key) => Some(("ipv4", key)),
        Wire::Conf6(_, key) => Some(("ipv6", key)),
        Wire::AddrGenMode => Some(("ipv6", "addr_gen_mode")),
        _ => None,
    }
}
