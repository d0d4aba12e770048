//! Settings of NICs: which differ, what those go back to that are no longer written, and what the driver does not have.

use super::builder::Builder;
use super::link::located;
use crate::attr::{Attr, Value};
use crate::desired::{Knob, WantLink};
use crate::ethtool::{AUTONEG, DUPLEX, Ethtool, Field, Form, Group, HW, SPEED, Seen, Set, matches};
use crate::op::Op;
use crate::owned::OwnedLink;
use crate::snapshot::Link;
use crate::types::Origin;
use cleat_diag::Diagnostic;
use std::collections::BTreeMap;

/// The steps of one NIC as they are collected, by group and so in the order in which they are taken.
type Steps = BTreeMap<Group, (Set, Origin)>;

/// Plans what differs. It is done before the link is up where it is down: a driver that must open the device again for it
/// then costs nothing.
pub(super) fn set(builder: &mut Builder<'_>, want: &WantLink) {
    let owned = builder.owned.get(want.name);
    let dropped: Vec<&'static Attr> = owned
        .map_or(&[][..], |owned| &owned.knobs)
        .iter()
        .filter(|name| want.knob(name).is_none())
        .filter_map(|name| crate::table::find(name))
        .filter(|attr| attr.field().is_some())
        .collect();
    let is_said = want.knobs.iter().any(|knob| knob.attr.field().is_some());
    if !is_said && dropped.is_empty() {
        return;
    }
    let Some(link) = builder.link(want.name).cloned() else {
        return;
    };
    let mut steps = Steps::new();
    if let Some(owned) = owned {
        dropped
            .iter()
            .for_each(|attr| put_back(attr, owned, want, &link, &mut steps));
    }
    for knob in &want.knobs {
        let (Some(field), Value::Number(value)) = (knob.attr.field(), &knob.value) else {
            continue;
        };
        put(builder, (knob, field, *value), want, &link, &mut steps);
    }
    leave_to_negotiation(&mut steps);
    for (group, (set, origin)) in steps {
        let set = match seen(&link, group) {
            Some(seen) => set.bound(seen),
            None => set,
        };
        if set.is_empty() {
            continue;
        }
        if let Some(why) = group.drops_carrier().filter(|_| link.is_up() && link.has_carrier()) {
            let text = format!("may drop the carrier of {} for seconds: {why}", want.name);
            builder.say(located(Diagnostic::warning("interrupts", text), want, origin));
        }
        builder.op(want.name, Op::Ethtool(set), origin);
    }
}

fn seen(link: &Link, group: Group) -> Option<&Seen> {
    link.ethtool.as_ref()?.seen(group)
}

/// Takes an option into the step of its group.
fn put(
    builder: &mut Builder<'_>,
    (knob, field, value): (&Knob, &'static Field, u64),
    want: &WantLink,
    link: &Link,
    steps: &mut Steps,
) {
    let new = || (Set::new(want.name, field.group), knob.origin);
    let Some(ethtool) = &link.ethtool else {
        // A link that is made by this plan: what it has is known once it is there.
        field.put(value, None, &mut steps.entry(field.group).or_insert_with(new).0);
        return;
    };
    if !ethtool.groups.contains_key(&field.group) {
        // The kernel does not show it without privileges.
        return;
    }
    let Some(seen) = ethtool.seen(field.group).filter(|seen| field.can(seen, value)) else {
        builder.say(lacks(ethtool, field, (knob, value), want));
        return;
    };
    let value = field.meant(seen, value);
    let is_features = field.group == Group::Features;
    if is_features && field.asked(seen) == Some(value) {
        return;
    }
    field.put(value, Some(seen), &mut steps.entry(field.group).or_insert_with(new).0);
}

/// What the driver does not have.
fn lacks(ethtool: &Ethtool, field: &Field, (knob, value): (&Knob, u64), want: &WantLink) -> Diagnostic {
    let name = want.name;
    let option = format!("{} {}", knob.attr.name, knob.attr.show(&knob.value));
    let is_known = |patterns: &[&str]| {
        let seen = ethtool.seen(field.group);
        let all = seen.and_then(|seen| seen.bits.get(&HW)).into_iter().flatten();
        all.into_iter().any(|(known, _)| matches(patterns, known))
    };
    if let Form::Features(patterns) = field.form
        && ethtool.groups.get(&field.group).is_some_and(Option::is_some)
        && !is_known(patterns)
    {
        let text = format!("`{option}` of {name} has no effect: this kernel has no such feature");
        return located(Diagnostic::info("no-nic-support", text), want, knob.origin);
    }
    let driver = match ethtool.driver.as_str() {
        "" => "its driver".to_owned(),
        driver => format!("its driver {driver}"),
    };
    let text = match (field.group, value) {
        (Group::Features, 0) => format!("`{option}` of {name} cannot be set: {driver} keeps it on"),
        _ => format!("`{option}` of {name} cannot be set: {driver} does not have it"),
    };
    located(Diagnostic::warning("no-nic-support", text), want, knob.origin).help("remove the line")
}

/// Takes an option that is no longer written into the step of its group, where it is known what was there before.
fn put_back(attr: &'static Attr, owned: &OwnedLink, want: &WantLink, link: &Link, steps: &mut Steps) {
    let Some(field) = attr.field() else { return };
    let Some(seen) = seen(link, field.group) else { return };
    let mut set = Set::new(want.name, field.group);
    field.put_back(attr.name, &owned.before, seen, &mut set);
    if set.is_empty() {
        return;
    }
    let (all, _) = steps
        .entry(field.group)
        .or_insert_with(|| (Set::new(want.name, field.group), want.origin));
    all.numbers.extend(set.numbers);
    for (number, bits) in set.bits {
        all.bits.entry(number).or_default().extend(bits);
    }
}

/// Where negotiation comes back, speed and duplex come of it.
fn leave_to_negotiation(steps: &mut Steps) {
    let modes = steps.get_mut(&Group::LinkModes);
    if let Some((set, _)) = modes.filter(|(set, _)| set.numbers.get(&AUTONEG) == Some(&1)) {
        set.numbers.retain(|number, _| ![SPEED, DUPLEX].contains(number));
    }
}

#[cfg(test)]
mod tests;
