//! Routes.

use super::builder::{Builder, Gone};
use super::link::located;
use super::moving::port_of;
use crate::desired::{WantLink, Wanted};
use crate::fake::{kept_metric, same_place};
use crate::name::IfName;
use crate::op::Op;
use crate::types::Route;
use cleat_diag::Diagnostic;

/// `RTPROT_RA` of linux/rtnetlink.h: learned from a router advertisement.
pub(super) const RTPROT_RA: u8 = 9;

/// Whether a route that is there does what is wanted: same destination, table, metric and gateway. Protocol, scope and
/// the onlink flag are how it was put there, not what it does (ifupdown2 leaves `proto kernel onlink`).
pub(crate) fn agrees(want: &Route, have: &Route) -> bool {
    same_place(want, have) && want.via == have.via && (want.source.is_none() || want.source == have.source)
}

/// Adds what is missing. `again`: it may have gone with an address or not, so it must not matter if it is still there.
pub(super) fn add(builder: &mut Builder<'_>, want: &WantLink, again: bool) {
    let name = want.name;
    for wanted in &want.routes {
        let Some(link) = builder.link(name) else { return };
        let (index, up) = (link.index, link.is_up());
        if !up
            || builder
                .now()
                .routes(index)
                .iter()
                .any(|have| agrees(&wanted.value, have))
        {
            continue;
        }
        let Some(replace) = replaces(builder, want, wanted) else {
            continue;
        };
        let op = Op::AddRoute {
            name,
            route: wanted.value.clone(),
            replace: replace || again,
        };
        builder.op(name, op, wanted.origin);
    }
}

/// Whether the route takes the place of another (`Some(true)`), or finds its place free (`Some(false)`). `None`: the
/// place is taken by a route that is not ours.
fn replaces(builder: &mut Builder<'_>, want: &WantLink, wanted: &Wanted<Route>) -> Option<bool> {
    let route = &wanted.value;
    let there: Vec<(IfName, Route)> = builder
        .now()
        .links()
        .iter()
        .flat_map(|link| {
            builder
                .now()
                .routes(link.index)
                .iter()
                .map(|have| (link.name, have.clone()))
        })
        .filter(|(_, have)| same_place(have, route))
        .collect();
    let before = builder
        .start
        .get(want.name)
        .is_some_and(|link| builder.start.routes(link.index).iter().any(|have| agrees(route, have)));
    let foreign = there.iter().find(|(name, have)| {
        let ours = builder
            .owned
            .get(*name)
            .is_some_and(|owned| owned.routes.iter().any(|old| agrees(old, have)));
        let wanted_there = builder
            .want(*name)
            .is_some_and(|want| want.routes.iter().any(|wanted| agrees(&wanted.value, have)));
        // What others left on a link that is a port now goes from there.
        let on_port = port_of(builder, *name).is_some();
        !ours && !wanted_there && !on_port && have.protocol != RTPROT_RA
    });
    match foreign {
        Some((name, have)) if !builder.request.force => {
            let via = have.via.map(|via| format!(" via {via}")).unwrap_or_default();
            let fault = Diagnostic::error(
                "route-conflict",
                format!(
                    "the route `{route}` of {} is taken: somebody else put one{via} on {name}",
                    want.name
                ),
            );
            let fault = located(fault, want, wanted.origin);
            builder.say(fault.help("delete that route, give this one another `metric`, or use `--force`"));
            None
        }
        _ => Some(before || !there.is_empty()),
    }
}

/// What we added and nobody wants any longer.
pub(super) fn unwanted(builder: &Builder<'_>, want: &WantLink) -> Vec<Route> {
    let ours = builder.owned.get(want.name).map_or(&[][..], |owned| &owned.routes);
    let is_wanted = |old: &&Route| want.routes.iter().any(|wanted| agrees(&wanted.value, old));
    ours.iter().filter(|old| !is_wanted(old)).cloned().collect()
}

/// Deletes a route of ours, where it is still there.
pub(super) fn remove(builder: &mut Builder<'_>, name: IfName, old: &Route, origin: crate::types::Origin) {
    builder.gone(Gone::route(name, old));
    let Some(index) = builder.link(name).map(|link| link.index) else {
        return;
    };
    let have = builder
        .now()
        .routes(index)
        .iter()
        .find(|have| same_place(have, old) && have.via == old.via);
    if let Some(have) = have.cloned() {
        debug_assert_eq!(kept_metric(&have), kept_metric(old));
        builder.op(name, Op::DelRoute { name, route: have }, origin);
    }
}
