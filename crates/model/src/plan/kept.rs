//! Links that others hang on: they stay with all that they stand on and all that they have, or nothing is done at all.

use super::builder::Builder;
use super::link::{guests, is_foreign_port, located};
use super::{Verb, down, link, ports};
use crate::desired::{Phase, WantLink};
use crate::fake::same_place;
use crate::kinds::Told;
use crate::name::IfName;
use crate::snapshot::Link;
use crate::types::{Kind, Origin};
use cleat_diag::Diagnostic;

/// Steps for guests say nothing of what is ours.
const GUESTS: Origin = Origin::Own("guests go with their bridge");

/// Whether a run that brings links up may begin. Errors are said where it must not:
///
/// - a reload, where a link that we made is still declared, but nothing in the file makes it any longer: a line was lost;
/// - where a link that left the file must stay for its guests, and others want what it needs;
/// - a reload, where a link that others use would have to be rebuilt.
///
/// With `force` both may go, and a bridge that takes the place of another gets its guests.
pub(super) fn may_begin(builder: &mut Builder<'_>) -> bool {
    let mut may = true;
    for name in down::stale_names(builder) {
        let Some(link) = builder.link(name).cloned() else {
            continue;
        };
        let made = builder.owned.get(name).and_then(|owned| owned.created.as_ref());
        if link.kind == Kind::Physical || made != Some(&link.kind) {
            continue;
        }
        if let Some(want) = builder.want(name) {
            let reload = builder.request.verb == Verb::Reload;
            may &= !reload || builder.request.force || is_made_by_hooks(want) || tell_unmade(builder, want, &link.kind);
            continue;
        }
        let guests = guests(builder, &link);
        if guests.is_empty() {
            continue;
        }
        let taken = taken(builder, &link);
        let heir = heir(&link, &taken);
        match (builder.request.force, heir) {
            (true, Some(heir)) if builder.request.verb == Verb::Reload => builder.renamed.push((name, heir)),
            (true, _) => {}
            (false, heir) => may &= taken.is_empty() || tell_taken(builder, &link, &guests, &taken, heir),
        }
    }
    may && (builder.request.verb != Verb::Reload || link::may_rebuild(builder))
}

/// Whether commands of the stanza, or Open vSwitch's scripts, may make the link.
fn is_made_by_hooks(want: &WantLink) -> bool {
    want.hooks.iter().any(|hook| hook.phase == Phase::PreUp) || want.vars.has_variable(&["IF_OVS_"])
}

fn tell_unmade(builder: &mut Builder<'_>, want: &WantLink, kind: &Kind) -> bool {
    let name = want.name;
    let option = kind.row().told_by.first().map_or("link-type", Told::option);
    let fault = Diagnostic::error(
        "no-longer-made",
        format!(
            "nothing in the file makes {name} any longer: it is a {kind} that was made before, and its stanza has no `{option}`"
        ),
    );
    let help = format!("write `{option}` again, take the link down with `ifdown {name}`, or let it go with `--force`");
    builder.say(located(fault, want, want.origin).help(help));
    false
}

/// What a link that must stay has, and another is to have.
struct Taken<'a> {
    what: String,
    by: &'a WantLink,
    origin: Origin,
    is_port: bool,
}

/// All of it. Only links that are asked for take anything.
fn taken<'a>(builder: &Builder<'a>, link: &Link) -> Vec<Taken<'a>> {
    let (desired, start) = (builder.desired, builder.start);
    let asked =
        |want: &&&WantLink| want.name != link.name && (!want.declared || builder.request.scope.contains(&want.name));
    let others: Vec<&WantLink> = desired
        .links()
        .iter()
        .collect::<Vec<_>>()
        .iter()
        .filter(asked)
        .copied()
        .collect();
    let mut all = Vec::new();
    for port in start.ports(link.index) {
        let listing = others
            .iter()
            .flat_map(|want| want.ports.iter().map(move |port| (*want, port)));
        if let Some((by, port)) = listing.into_iter().find(|(_, listed)| listed.name == port.name) {
            all.push(Taken {
                what: format!("its port {}", port.name),
                by,
                origin: port.origin,
                is_port: true,
            });
            continue;
        }
        let Some(own) = others.iter().find(|want| want.name == port.name).copied() else {
            continue;
        };
        // A member of a VRF says so itself.
        let master = own.master.filter(|master| master.name != link.name);
        if let Some(master) = master {
            all.push(Taken {
                what: format!("its port {}", port.name),
                by: builder.want(master.name).unwrap_or(own),
                origin: master.origin,
                is_port: false,
            });
        } else if let Some(wanted) = own.addresses.first() {
            all.push(Taken {
                what: format!("its port {}, for the address {}", port.name, wanted.value),
                by: own,
                origin: wanted.origin,
                is_port: false,
            });
        }
    }
    for address in start.addresses(link.index) {
        let wanting = others
            .iter()
            .flat_map(|want| want.addresses.iter().map(move |wanted| (*want, wanted)));
        if let Some((by, wanted)) = wanting.into_iter().find(|(_, wanted)| wanted.value.ip == address.ip) {
            all.push(Taken {
                what: format!("its address {address}"),
                by,
                origin: wanted.origin,
                is_port: false,
            });
        }
    }
    for route in start.routes(link.index) {
        let wanting = others
            .iter()
            .flat_map(|want| want.routes.iter().map(move |wanted| (*want, wanted)));
        if let Some((by, wanted)) = wanting.into_iter().find(|(_, wanted)| same_place(&wanted.value, route)) {
            all.push(Taken {
                what: format!("its route `{route}`"),
                by,
                origin: wanted.origin,
                is_port: false,
            });
        }
    }
    all
}

/// The bridge that takes the place of a bridge.
fn heir(link: &Link, taken: &[Taken<'_>]) -> Option<IfName> {
    let mut bridges = taken
        .iter()
        .filter(|taken| link.kind == Kind::Bridge && taken.by.kind == Kind::Bridge);
    let by_port = bridges.clone().find(|taken| taken.is_port);
    by_port.or_else(|| bridges.next()).map(|taken| taken.by.name)
}

fn tell_taken(
    builder: &mut Builder<'_>,
    link: &Link,
    guests: &[IfName],
    taken: &[Taken<'_>],
    heir: Option<IfName>,
) -> bool {
    let name = link.name;
    let list = guests.iter().map(|guest| guest.as_str()).collect::<Vec<_>>().join(", ");
    let parts: Vec<String> = taken
        .iter()
        .map(|taken| format!("{} to {}", taken.what, taken.by.name))
        .collect();
    let kind = if link.kind == Kind::Bridge { "bridge " } else { "" };
    let text = format!(
        "{kind}{name} must stay while it is in use by {list}; the file gives {}",
        parts.join(", ")
    );
    let fault = Diagnostic::error("guests-in-the-way", text);
    let fault = match taken.first() {
        Some(first) => located(fault, first.by, first.origin),
        None => fault.on(name),
    };
    let help = match heir {
        Some(heir) => format!("stop these guests first, or use `--force`, which moves them to {heir}"),
        None => format!(
            "stop these guests first, keep {name} in the file, or use `--force`, which takes {name} away from them"
        ),
    };
    builder.say(fault.help(help));
    false
}

/// Plugs the guests of a bridge that gives way into the one that takes its place, with their options and VLANs.
pub(super) fn plug_over(builder: &mut Builder<'_>, want: &WantLink) {
    let old: Vec<IfName> = builder
        .renamed
        .iter()
        .filter(|(_, new)| *new == want.name)
        .map(|(old, _)| *old)
        .collect();
    for name in old {
        let Some(link) = builder.link(name).cloned() else {
            continue;
        };
        for port in builder.hanging(link.index).0 {
            let foreign = builder
                .link(port)
                .is_some_and(|port| is_foreign_port(builder, name, port));
            let Some(was) = builder.start.get(port).filter(|_| foreign) else {
                continue;
            };
            ports::join(builder, want.name, port, want.name, GUESTS);
            ports::as_before(builder, want.name, was, GUESTS);
        }
    }
}

/// Takes away the bridges whose place these links took.
pub(super) fn give_way(builder: &mut Builder<'_>, links: &[&WantLink]) {
    let done = |new: IfName| links.iter().any(|want| want.name == new);
    let (old, left): (Vec<_>, Vec<_>) = std::mem::take(&mut builder.renamed)
        .into_iter()
        .partition(|(_, new)| done(*new));
    builder.renamed = left;
    for (name, _) in old {
        down::give_way(builder, name);
    }
}
