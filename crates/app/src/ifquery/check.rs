//! `ifquery --check`: what is written against what is.

use super::entry::{Entry, Keys, Mark};
use super::written;
use cleat_diag::Place;
use cleat_model::decl::Decl;
use cleat_model::desired::{Desired, WantLink};
use cleat_model::snapshot::Snapshot;
use cleat_model::verify::{CheckItem, check};

/// One interface, each of its options marked, and the whole.
///
/// *Shape*: an option passes when all that its line asks for is so (a line of a bridge or VRF can ask for something of
/// its ports); it fails when something is not, and then what the kernel has is shown in place of what is written. What asks
/// for nothing in the kernel (hook commands, options for scripts) is not marked.
pub fn entry(decl: &Decl, desired: &Desired, snapshot: &Snapshot) -> Entry {
    let mut entry = written::head(decl);
    let Some(want) = desired.get(decl.name) else {
        // Left out of the wanted network for an error in the file, which is reported.
        entry.config_status = Some(Keys::default());
        entry.status = Some(Mark::Fail);
        return entry;
    };
    let own = check(want, snapshot);
    let ports = want.ports.iter().filter_map(|port| desired.get(port.name));
    let is_member = |link: &&WantLink| link.vrf().is_some_and(|vrf| vrf.name == want.name);
    let members = desired.links().iter().filter(is_member);
    let of_ports: Vec<CheckItem> = ports.chain(members).flat_map(|port| check(port, snapshot)).collect();
    let mut status = Mark::Pass;
    let strays = of_ports.iter().filter(|item| item.is_stray());
    if own.iter().chain(strays).any(|item| !item.ok) {
        status = Mark::Fail;
    }
    let mut marks = Keys::default();
    if own.iter().any(|item| item.name == "link" && !item.ok) {
        entry.config_status = Some(marks);
        entry.status = Some(Mark::Fail);
        return entry;
    }
    for line in written::lines(decl) {
        let items: Vec<&CheckItem> = own
            .iter()
            .chain(&of_ports)
            .filter(|item| asked_by(item, line.place))
            .collect();
        let mark = match items.iter().all(|item| item.ok) {
            _ if items.is_empty() => Mark::Unknown,
            true => Mark::Pass,
            false => Mark::Fail,
        };
        let found: Vec<&str> = items
            .iter()
            .map(|item| item.found.as_str())
            .filter(|found| !found.is_empty())
            .collect();
        let shown = match mark {
            Mark::Fail => found.join(" "),
            Mark::Pass | Mark::Unknown => line.value.to_owned(),
        };
        if mark == Mark::Fail {
            status = Mark::Fail;
        }
        entry.config.push(line.key, shown);
        marks.push(line.key, mark);
    }
    entry.config_status = Some(marks);
    entry.status = Some(status);
    entry
}

fn asked_by(item: &CheckItem, line: Place) -> bool {
    item.origin.place().is_some_and(|place| written::within(place, line))
}
