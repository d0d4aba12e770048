//! Links: made, made again, and set.

use super::builder::{Builder, Gone};
use super::knobs::{self, Differing};
use crate::attr::{Value, Wire};
use crate::attrs::bridge::{FORWARD_DELAY, STP_STATE, VLAN_FILTERING};
use crate::desired::{Knob, Phase, WantLink};
use crate::name::{IfName, Mac};
use crate::nla::Attrs;
use crate::op::{Op, Sysctl};
use crate::snapshot::{IFLA_ADDRESS, Link};
use crate::types::{Kind, Origin};
use cleat_diag::Diagnostic;

/// Whether the link is of another kind, or stands on another link, than is wanted.
pub(super) fn differs_in_kind(builder: &Builder<'_>, want: &WantLink, found: &Link) -> bool {
    if want.kind == Kind::Physical {
        return false;
    }
    let below = found
        .below()
        .and_then(|index| builder.now().by_index(index))
        .map(|link| link.name);
    let other_peer = want.kind == Kind::Veth
        && want.peer.is_some_and(|peer| {
            let end = found.parent.and_then(|index| builder.now().by_index(index));
            found.parent_netns.is_none() && end.is_some_and(|end| end.name != peer.name)
        });
    found.kind != want.kind || below != want.parent.map(|parent| parent.name) || other_peer
}

/// What [`make`] found or did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Made {
    /// It is not there, or is another thing of that name: nothing can be done for it.
    No,
    /// It is there, with all its settings.
    Set,
    /// It is there, and settings differ.
    Differs,
}

/// Makes the link where it is not there, makes it again where it must be, and runs `pre-up`.
pub(super) fn make(builder: &mut Builder<'_>, want: &WantLink) -> Made {
    let name = want.name;
    let Some(found) = builder.link(name) else {
        return make_missing(builder, want);
    };
    let differs = differs_in_kind(builder, want, found);
    let differing = knobs::differing(builder, want, found);
    if differs || !differing.recreate.is_empty() {
        let found = found.clone();
        if !may_go(builder, want, &found, &differing) {
            // It stays as it is with all that it has: the rest of its stanza is meant for the link that it is to become.
            builder.keep(name);
            return Made::No;
        }
        let what = match differing.recreate.first() {
            Some(attr) => format!("`{}` cannot be changed on a living link", attr.name),
            None => "it is of another kind or stands on another link than is wanted".to_owned(),
        };
        let flaps = Diagnostic::warning("interrupts", format!("{name} is deleted and made again: {what}"));
        builder.say(located(flaps, want, differing.origin.unwrap_or(want.origin)));
        builder.op(name, Op::DeleteLink { name }, differing.origin.unwrap_or(want.origin));
        return make_missing(builder, want);
    }
    // The other end of a veth pair came with the first.
    if builder.start.get(name).is_none() {
        let sysctls = sysctls(builder, want);
        set_sysctls(builder, name, sysctls);
    }
    builder.run_hook(name, Phase::PreUp);
    super::mtu::raise(builder, want);
    if differing.is_empty() { Made::Set } else { Made::Differs }
}

/// Whether a link may be deleted to be made again.
fn may_go(builder: &mut Builder<'_>, want: &WantLink, found: &Link, differing: &Differing) -> bool {
    let name = want.name;
    let origin = differing.origin.unwrap_or(want.origin);
    if found.kind == Kind::Physical {
        let fault = Diagnostic::error(
            "other-kind",
            format!("{name} is a physical link, not the {} that is wanted", want.kind),
        );
        builder.say(located(fault, want, origin).help("give the new link a name that is free"));
        return false;
    }
    if found.kind != want.kind && !builder.owned.created(name) && !builder.request.force {
        let fault = Diagnostic::error(
            "other-kind",
            format!(
                "{name} is there already: a {} that somebody else made, not the {} that is wanted",
                found.kind, want.kind
            ),
        );
        builder.say(located(fault, want, origin).help("delete it, or use `--force`"));
        return false;
    }
    if builder.request.verb == super::Verb::Reload && want.no_auto_down {
        let fault = Diagnostic::warning(
            "kept-up",
            format!("{name} would have to be rebuilt, but is not taken down"),
        );
        builder.say(located(fault, want, origin).help("`no-auto-down` holds it: use `ifdown` and `ifup`"));
        return false;
    }
    !is_in_use(builder, want, found, origin)
}

/// Whether others use a link that would have to be rebuilt; told where it is so.
fn is_in_use(builder: &mut Builder<'_>, want: &WantLink, found: &Link, origin: Origin) -> bool {
    let guests = guests(builder, found);
    if guests.is_empty() || builder.request.force {
        return false;
    }
    let list = guests.iter().map(|guest| guest.as_str()).collect::<Vec<_>>().join(", ");
    let text = format!("{} would have to be rebuilt, but is still in use by {list}", want.name);
    let fault = Diagnostic::error("link-has-guests", text);
    builder.say(located(fault, want, origin).help(
        "stop what uses it first, give the new link another name, or use `--force`, which rebuilds it without them",
    ));
    true
}

/// Whether a reload may rebuild each link that it has to: one that others use may not go, and with it as it was the rest of
/// the file would be done by half. What `no-auto-down` holds stays, with all that it stands on.
pub(super) fn may_rebuild(builder: &mut Builder<'_>) -> bool {
    let mut may = true;
    for want in builder.to_bring_up() {
        let Some(found) = builder.link(want.name).filter(|found| found.kind != Kind::Physical) else {
            continue;
        };
        let differs = differs_in_kind(builder, want, found);
        if !differs && !knobs::may_need_a_new_link(builder, want, found) {
            continue;
        }
        let differing = knobs::differing(builder, want, found);
        if !differs && differing.recreate.is_empty() {
            continue;
        }
        if want.no_auto_down {
            builder.keep(want.name);
            continue;
        }
        let found = found.clone();
        may &= !is_in_use(builder, want, &found, differing.origin.unwrap_or(want.origin));
    }
    may
}

/// Links that hang on this one and are none of ours: ports and links on top.
pub(super) fn guests(builder: &mut Builder<'_>, link: &Link) -> Vec<IfName> {
    let (ports, children) = builder.hanging(link.index);
    let is_foreign = |name: &IfName| {
        let port = builder.link(*name);
        port.is_some_and(|port| is_foreign_port(builder, link.name, port))
    };
    let is_unknown = |name: &IfName| {
        let ours = builder.owned.created(*name) && !builder.is_kept(*name);
        builder.want(*name).is_none() && !ours
    };
    let ports = ports.into_iter().filter(is_foreign);
    ports.chain(children.into_iter().filter(is_unknown)).collect()
}

/// Whether a port was put there by somebody else.
pub(super) fn is_foreign_port(builder: &Builder<'_>, master: IfName, port: &Link) -> bool {
    let wanted = builder
        .want(port.name)
        .is_some_and(|want| want.master.is_some_and(|wanted| wanted.name == master));
    let listed = builder
        .want(master)
        .is_some_and(|want| want.ports.iter().any(|wanted| wanted.name == port.name));
    let ours = builder
        .owned
        .get(port.name)
        .is_some_and(|owned| owned.master == Some(master));
    !wanted && !listed && !ours
}

fn make_missing(builder: &mut Builder<'_>, want: &WantLink) -> Made {
    let name = want.name;
    if want.kind == Kind::Physical {
        if !builder.has_hook(name, Phase::PreUp) {
            return Made::No;
        }
        // The hook may make it: go on as if it did.
        builder.run_hook(name, Phase::PreUp);
        builder.expect(name);
        return Made::Differs;
    }
    if want.parent.is_some_and(|parent| builder.link(parent.name).is_none()) {
        return Made::No;
    }
    let (mut link, data, settings) = knobs::initial(want);
    if want.kind == Kind::Bridge || want.kind == Kind::Bond {
        keep_mac(builder, name, &mut link);
    }
    let sysctls = sysctls(builder, want);
    let up = settings.is_empty() && sysctls.is_empty() && goes_up_at_once(builder, want);
    let op = Op::CreateLink {
        name,
        kind: want.kind.clone(),
        parent: want.parent.map(|parent| parent.name),
        peer: want.peer.map(|peer| peer.name),
        link,
        data,
        up,
    };
    builder.op(name, op, want.origin);
    set_sysctls(builder, name, sysctls);
    builder.run_hook(name, Phase::PreUp);
    for op in settings {
        builder.op(name, op, want.origin);
    }
    Made::Set
}

/// What sysctl.d says of a new link, as far as its own options say nothing.
fn sysctls(builder: &Builder<'_>, want: &WantLink) -> Vec<(Sysctl, Origin)> {
    let said = |setting: &Sysctl| {
        let conf = setting.conf();
        want.knobs.iter().any(|knob| match knob.attr.wire {
            Wire::Conf4(_, key) => conf == Some((false, key)),
            Wire::Conf6(_, key) => conf == Some((true, key)),
            Wire::AddrGenMode => conf == Some((true, "addr_gen_mode")),
            _ => false,
        })
    };
    let all = builder.request.sysctls.get(&want.name).into_iter().flatten();
    all.filter(|(setting, _)| !said(setting)).cloned().collect()
}

fn set_sysctls(builder: &mut Builder<'_>, name: IfName, settings: Vec<(Sysctl, Origin)>) {
    for (setting, origin) in settings {
        builder.op(name, Op::SetSysctl { name, setting }, origin);
    }
}

/// The hardware address that the file says.
fn chosen_mac(want: &WantLink) -> Option<Mac> {
    match want.knob("hwaddress") {
        Some(Knob {
            value: Value::Mac(mac),
            origin: Origin::Said(_),
            ..
        }) => Some(*mac),
        _ => None,
    }
}

/// A bridge or bond that is made again keeps the MAC that it had, where none is said.
fn keep_mac(builder: &Builder<'_>, name: IfName, link: &mut Attrs) {
    let said = builder
        .want(name)
        .and_then(|want| want.knob("hwaddress"))
        .is_some_and(|knob| matches!(knob.origin, Origin::Said(_)));
    let had = builder
        .start
        .get(name)
        .filter(|had| matches!(had.kind, Kind::Bridge | Kind::Bond));
    if let (false, Some(mac)) = (said, had.and_then(Link::mac)) {
        link.set(IFLA_ADDRESS, mac.bytes());
    }
}

fn goes_up_at_once(builder: &Builder<'_>, want: &WantLink) -> bool {
    let parent_is_up = want.kind != Kind::Vlan || want.parent.is_some_and(|parent| builder.is_up(parent.name));
    want.up
        && parent_is_up
        && want.master.is_none()
        && want.ports.is_empty()
        && want.vlans.is_none()
        && want.data_links.is_empty()
        && !builder.has_hook(want.name, Phase::PreUp)
}

/// Sets what differs on a link that was there before.
pub(super) fn set(builder: &mut Builder<'_>, want: &WantLink) {
    let name = want.name;
    let Some(found) = builder.link(name).cloned() else {
        return;
    };
    let differing = knobs::differing(builder, want, &found);
    let origin = differing.origin.unwrap_or(want.origin);
    if !differing.link.is_empty() {
        builder.op(
            name,
            Op::SetLink {
                name,
                link: differing.link.clone(),
            },
            origin,
        );
    }
    for op in &differing.conf {
        builder.op(name, op.clone(), origin);
    }
    let data = |data: &Attrs| Op::SetData {
        name,
        kind: want.kind.clone(),
        data: data.clone(),
        links: Vec::new(),
    };
    // A bond in another mode takes other options, and forgets some: all are said again, in one request.
    let anew = !differing.without_ports.is_empty();
    if anew {
        super::ports::clear_primary(builder, want, &found);
    }
    if !differing.first.is_empty() && !anew {
        builder.op(name, data(&differing.first), origin);
    }
    if !differing.live.is_empty() && !anew {
        tell_guests(builder, want, &found, &differing.live, origin);
        match spanning_tree_first(&differing.live).filter(|_| want.kind == Kind::Bridge) {
            Some((first, rest)) => {
                builder.op(name, data(&first), origin);
                builder.op(name, data(&rest), origin);
            }
            None => {
                builder.op(name, data(&differing.live), origin);
            }
        }
    }
    let has_ports = builder.now().ports(found.index).next().is_some();
    let mut held = match anew {
        true => knobs::initial(want).1,
        false => Attrs::new(),
    };
    let live = differing.live.iter().filter(|_| anew);
    for (number, payload) in live
        .chain(differing.while_down.iter())
        .chain(differing.without_ports.iter())
    {
        if held.get(number) != Some(payload) {
            held.set(number, payload);
        }
    }
    if held.is_empty() {
        return;
    }
    if builder.request.verb == super::Verb::Reload && want.no_auto_down && found.is_up() {
        let fault = Diagnostic::warning(
            "kept-up",
            format!("{name} has options that can only change while it is down"),
        );
        builder.say(located(fault, want, origin).help("`no-auto-down` holds it: use `ifdown` and `ifup`"));
        return;
    }
    if found.is_up() {
        let flaps = Diagnostic::warning("interrupts", format!("{name} is set down and up: an option needs that"));
        builder.say(located(flaps, want, origin));
        builder.op(name, Op::SetUp { name, up: false }, origin);
    }
    let releases = !differing.without_ports.is_empty() && has_ports;
    let mac = chosen_mac(want).or_else(|| builder.link(name)?.mac());
    if releases {
        let ports: Vec<IfName> = builder.now().ports(found.index).map(|port| port.name).collect();
        for port in ports {
            builder.op(
                name,
                Op::SetMaster {
                    name: port,
                    master: None,
                },
                origin,
            );
        }
    }
    if anew && !differing.first.is_empty() {
        builder.op(name, data(&differing.first), origin);
    }
    builder.op(name, data(&held), origin);
    // A bond takes a random MAC when its last port leaves it. With `fail_over_mac` the kernel says yes to another one and
    // does nothing, so its options come first.
    if let Some(mac) = mac.filter(|_| releases && !want.follows_active_port()) {
        let mut link = Attrs::new();
        link.push(IFLA_ADDRESS, mac.bytes());
        builder.op(name, Op::SetLink { name, link }, origin);
    }
    if found.is_up() {
        // Ports come back before it is up where it is a bond with its ports taken out; see `ports::join`.
        if differing.without_ports.is_empty() || !has_ports {
            builder.op(name, Op::SetUp { name, up: true }, origin);
        }
    }
}

/// Options of a bridge in two requests, where one of them switches the spanning tree protocol off: within one the kernel
/// takes the forward delay first, and refuses one below 2 seconds while the protocol is on.
///
/// *Source*: the order of `br_changelink` in net/bridge/br_netlink.c.
pub(super) fn spanning_tree_first(data: &Attrs) -> Option<(Attrs, Attrs)> {
    let off = data
        .get(STP_STATE.number)
        .is_some_and(|state| state.iter().all(|byte| *byte == 0));
    if !off || data.get(FORWARD_DELAY.number).is_none() {
        return None;
    }
    let attrs = data.iter().map(|(number, payload)| (number, payload.to_vec()));
    let (first, rest): (Vec<_>, Vec<_>) = attrs.partition(|(number, _)| *number == STP_STATE.number);
    Some((first.into_iter().collect(), rest.into_iter().collect()))
}

/// Says what guests on a bridge notice of a change.
fn tell_guests(builder: &mut Builder<'_>, want: &WantLink, found: &Link, changed: &Attrs, origin: Origin) {
    if want.kind != Kind::Bridge || changed.get(VLAN_FILTERING.number).is_none() {
        return;
    }
    let guests = guests(builder, found);
    if guests.is_empty() {
        return;
    }
    let list = guests.iter().map(|guest| guest.as_str()).collect::<Vec<_>>().join(", ");
    let notice = Diagnostic::warning(
        "interrupts",
        format!("VLAN filtering of {} changes while guests are on it: {list}", want.name),
    );
    builder.say(
        located(notice, want, origin)
            .help("they keep the VLANs that they were plugged with until they are plugged again"),
    );
}

/// Sets a link up, and before it what it stands on.
pub(super) fn bring_up(builder: &mut Builder<'_>, iface: IfName, name: IfName, origin: Origin) {
    let Some(link) = builder.link(name).filter(|link| !link.is_up()).cloned() else {
        return;
    };
    if link.kind == Kind::Vlan {
        let parent = link.parent.filter(|_| link.parent_netns.is_none());
        let parent = parent
            .and_then(|index| builder.now().by_index(index))
            .map(|parent| parent.name);
        let kept_down = |parent: IfName| builder.want(parent).is_some_and(|want| !want.up);
        if let Some(parent) = parent.filter(|parent| !kept_down(*parent)) {
            bring_up(builder, parent, parent, origin);
        }
    }
    builder.op(iface, Op::SetUp { name, up: true }, origin);
}

/// Sets a link down because that is asked.
pub(super) fn bring_down(builder: &mut Builder<'_>, name: IfName, origin: Origin) {
    builder.gone(Gone::Up(name));
    if builder
        .link(name)
        .is_some_and(|link| link.is_up() && !link.is_loopback())
    {
        builder.op(name, Op::SetUp { name, up: false }, origin);
    }
}

/// Points a diagnostic at the line that it comes from.
pub(super) fn located(diagnostic: Diagnostic, want: &WantLink, origin: Origin) -> Diagnostic {
    let diagnostic = diagnostic.on(want.name);
    match origin.place().or(want.origin.place()) {
        Some(place) => diagnostic.at(place, ""),
        None => diagnostic,
    }
}
