//! What the spec's configurations resolve to, and what is said of wrong ones.

mod examples;
mod faults;
mod members;
mod port_defaults;
mod properties;
mod refusals;
mod shapes;
mod words;

use crate::desired::{Desired, WantLink};
use crate::snapshot::Snapshot;
use crate::testing::{Read, read, told};

/// Resolves a text; every diagnostic told.
fn resolve(text: &str, facts: Option<&Snapshot>) -> (Desired, String) {
    let Read {
        decls,
        sources,
        mut found,
    } = read(text);
    let (desired, more) = super::resolve(&decls, facts);
    found.extend(more);
    (desired, told(&found, &sources))
}

/// Resolves a text in which nothing is wrong.
fn clean(text: &str, facts: Option<&Snapshot>) -> Desired {
    let (desired, found) = resolve(text, facts);
    assert_eq!(found, "");
    desired
}

fn names(desired: &Desired) -> Vec<&str> {
    desired.links().iter().map(|link| link.name.as_str()).collect()
}

fn get<'a>(desired: &'a Desired, name: &str) -> &'a WantLink {
    desired
        .get(name.parse().unwrap())
        .unwrap_or_else(|| panic!("{name} is not wanted"))
}

/// The options of a link as `name value`, in order.
fn knobs(link: &WantLink) -> Vec<String> {
    let shown = link
        .knobs
        .iter()
        .map(|knob| format!("{} {}", knob.attr.name, knob.attr.show(&knob.value)));
    shown.collect()
}

fn ports(link: &WantLink) -> Vec<&str> {
    link.ports.iter().map(|port| port.name.as_str()).collect()
}

fn vlans(link: &WantLink) -> Vec<String> {
    let vlans = link.vlans.as_ref().expect("no VLANs are wanted");
    vlans.ranges.iter().map(ToString::to_string).collect()
}

fn addresses(link: &WantLink) -> Vec<String> {
    link.addresses.iter().map(|address| address.value.to_string()).collect()
}

fn routes(link: &WantLink) -> Vec<String> {
    link.routes.iter().map(|route| route.value.to_string()).collect()
}
