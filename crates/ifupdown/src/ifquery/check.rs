//! `ifquery --check`: what is written against what is.

use super::entry::{Entry, Keys, Mark};
use super::spelling::{self, Judged};
use super::written;
use cleat_diag::Place;
use cleat_model::decl::Decl;
use cleat_model::desired::{Desired, WantLink};
use cleat_model::drift::{self, Leased};
use cleat_model::snapshot::Snapshot;
use cleat_model::verify::{CheckItem, check};
use std::collections::BTreeMap;

/// One interface, each of its options marked, and the whole.
///
/// *Shape*: an option passes when all that its line asks for is so (a line of a bridge or VRF can ask for something of
/// its ports); it fails when something is not, and then what the kernel has is shown in place of what is written. What asks
/// for nothing in the kernel (hook commands, options for scripts) is not marked. What is there and not written stands at the
/// end, under the option that would ask for it, and fails.
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
    // Of a list of which something is there, only that is shown.
    let mut absent: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
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
        let judged = match items.as_slice() {
            [] => spelling::judge(&line, want, &own, snapshot),
            items => Judged {
                mark: if items.iter().all(|item| item.ok) {
                    Mark::Pass
                } else {
                    Mark::Fail
                },
                found: words(items, line.key),
            },
        };
        let key = spelling::key(line.key);
        let is_list = spelling::is_one_list(key);
        if judged.mark == Mark::Fail && judged.found.is_empty() && is_list {
            absent.entry(key).or_default().push(line.value);
        }
        let shown = match judged.mark {
            // What is not there at all is named as it is written.
            Mark::Fail if judged.found.is_empty() && !is_list => line.value.to_owned(),
            Mark::Fail => judged.found,
            Mark::Pass => spelling::value(line.key, line.value, &judged.found),
            Mark::Unknown => line.value.to_owned(),
        };
        if judged.mark == Mark::Fail {
            status = Mark::Fail;
        }
        if is_list && entry.config.append(key, &shown) {
            marks.worsen(key, judged.mark);
            continue;
        }
        entry.config.push(key, shown);
        marks.push(key, judged.mark);
    }
    for (key, values) in absent {
        entry.config.fill(key, &values.join(" "));
    }
    let on_port = own.into_iter().filter(CheckItem::is_stray);
    for stray in on_port.chain(drift::strays(want, Leased::of(decl), desired, snapshot)) {
        entry.config.push(stray.name, stray.found);
        marks.push(stray.name, Mark::Fail);
        status = Mark::Fail;
    }
    entry.config_status = Some(marks);
    entry.status = Some(status);
    entry
}

/// What the kernel has of these: of what the option is about, where any is, and not of what follows from it.
fn words(items: &[&CheckItem], key: &str) -> String {
    let is_own = |item: &&&CheckItem| item.name == spelling::canonical(key);
    let any = items.iter().any(|item| is_own(&item));
    let found = items
        .iter()
        .filter(|item| !any || is_own(item))
        .map(|item| item.found.as_str());
    found.filter(|found| !found.is_empty()).collect::<Vec<_>>().join(" ")
}

fn asked_by(item: &CheckItem, line: Place) -> bool {
    item.origin.place().is_some_and(|place| written::within(place, line))
}
