//! Second witness: linux/if_link.h of Debian 12 (6.1) has none of these constants, and tests/attributes.rs sets each on an
//! older and on a newer kernel.

use crate::attr::{Attr, Need, On};
use crate::desired::Desired;
use crate::kernel_attr::{OLD, Release};
use crate::resolve::resolve;
use crate::snapshot::Snapshot;
use crate::table;
use crate::testing::{read, told};
use crate::trial::{Host, name};
use std::collections::BTreeMap;

/// Rows that came with a release of the kernel that somebody may still run an older one of.
fn newer() -> impl Iterator<Item = (&'static Attr, Release)> {
    let since = |row: &Attr| row.wire.attrs().iter().map(|attr| attr.since).max();
    table::all().filter_map(move |row| Some((row, since(row).filter(|since| *since > OLD)?)))
}

/// The option's line, and those that it needs.
fn lines(row: &Attr, value: &str, all: &mut BTreeMap<&'static str, String>) {
    for need in row.needs {
        match need {
            Need::OneOf { attr, values, .. } => {
                all.insert(attr, values[0].to_string());
            }
            Need::Set(other) => {
                let other = table::find(other).expect("a row");
                lines(other, other.example, all);
            }
            Need::Excludes(_) => {}
        }
    }
    all.insert(row.name, value.to_owned());
}

/// A stanza that the option stands in, and the links that it needs.
fn file(row: &Attr) -> String {
    let mut all = BTreeMap::new();
    lines(row, row.example, &mut all);
    let lines: String = all
        .iter()
        .map(|(option, value)| format!("\t{option} {value}\n"))
        .collect();
    match row.on {
        On::Bridge => format!("auto t0\niface t0\n\tbridge-ports eno1\n{lines}"),
        On::BridgePort => format!("auto t0 eno1\niface t0\n\tbridge-ports eno1\niface eno1\n{lines}"),
        On::Bond => format!("auto t0\niface t0\n\tbond-slaves eno1\n{lines}"),
        On::BondPort => format!("auto t0 eno1\niface t0\n\tbond-slaves eno1\niface eno1\n{lines}"),
        On::Vlan => format!("auto t0\niface t0\n\tvlan-raw-device eno1\n\tvlan-id 5\n{lines}"),
        On::Vxlan => format!("auto t0\niface t0\n\tvxlan-id 5\n\tvxlan-physdev eno1\n{lines}"),
        On::Link | On::Nic | On::Veth | On::Macvlan | On::Vrf | On::Address => {
            panic!("{}: no file for its carrier", row.name)
        }
    }
}

fn wanted(text: &str, facts: &Snapshot) -> (Desired, String) {
    let read = read(text);
    let (desired, found) = resolve(&read.decls, Some(facts));
    let of_release: Vec<_> = found.into_iter().filter(|found| found.code == "newer-kernel").collect();
    (desired, told(&of_release, &read.sources))
}

#[test]
fn an_option_that_the_kernel_is_too_old_for_is_left_out_at_boot_and_a_second_run_does_nothing() {
    assert!(newer().count() >= 5);
    for (row, since) in newer() {
        let text = file(row);
        let mut host = Host::new(&["eno1"]);
        host.kernel.now_mut().release = Some(Release(since.0, since.1 - 1));
        for _ in ["boot", "again"] {
            let (desired, told) = wanted(&text, host.kernel.now());
            assert!(
                told.contains(&format!("does not have `{}`: it came with Linux {since}", row.name)),
                "{}: {told}",
                row.name
            );
            // It asserts that nothing fails, and that a second plan is empty.
            let steps = host.up(&desired);
            let word = row.wire.attrs()[0].name();
            assert!(!steps.iter().any(|step| step.contains(word)), "{steps:?}");
            assert!(host.kernel.now().get(name("t0")).is_some(), "{}", row.name);
        }
    }
}

#[test]
fn a_kernel_that_is_new_enough_is_given_it() {
    for (row, since) in newer() {
        let text = file(row);
        let mut host = Host::new(&["eno1"]);
        host.kernel.now_mut().release = Some(since);
        let (desired, told) = wanted(&text, host.kernel.now());
        assert_eq!(told, "", "{}", row.name);
        host.up(&desired);
        let (desired, _) = wanted(&text, host.kernel.now());
        let carrier = if matches!(row.on, On::BridgePort | On::BondPort) {
            "eno1"
        } else {
            "t0"
        };
        let link = host.kernel.now().get(name(carrier)).expect("the link is there");
        let knob = desired.get(name(carrier)).and_then(|link| link.knob(row.name));
        assert_eq!(row.read(link).as_ref(), knob.map(|knob| &knob.value), "{}", row.name);
    }
}

/// Debian's 6.1.187 has `coupled_control` of 6.9: stable releases take some attributes over.
#[test]
fn an_older_kernel_that_shows_the_attribute_has_it() {
    for (row, since) in newer() {
        let text = file(row);
        let mut host = Host::new(&["eno1"]);
        host.up(&wanted(&text, host.kernel.now()).0);
        host.kernel.now_mut().release = Some(Release(since.0, since.1 - 1));
        assert_eq!(wanted(&text, host.kernel.now()).1, "", "{}", row.name);
    }
}
