//! Scalar options: which differ, and in which request each goes.

use super::builder::Builder;
use super::{gone, mtu};
use crate::attr::{Attr, Change, On, Value, Wire};
use crate::attrs::bond;
use crate::desired::{Knob, WantLink};
use crate::name::IfName;
use crate::nla::Attrs;
use crate::op::Op;
use crate::snapshot::Link;
use crate::types::{Kind, Origin};
use std::borrow::Cow;

const MTU: &str = "mtu";

/// Options of one link that differ, by the request that sets them.
#[derive(Debug, Default)]
pub(super) struct Differing {
    /// What goes back before all else.
    pub(super) first: Attrs,
    pub(super) link: Attrs,
    pub(super) live: Attrs,
    pub(super) while_down: Attrs,
    pub(super) without_ports: Attrs,
    /// Options that need the link to be made again.
    pub(super) recreate: Vec<&'static Attr>,
    pub(super) conf: Vec<Op>,
    pub(super) origin: Option<Origin>,
}

impl Differing {
    /// Whether nothing differs.
    pub(super) fn is_empty(&self) -> bool {
        let Self {
            first,
            link,
            live,
            while_down,
            without_ports,
            recreate,
            conf,
            // Who asked first, for what differs.
            origin: _,
        } = self;
        let attrs = [first, link, live, while_down, without_ports];
        attrs.iter().all(|attrs| attrs.is_empty()) && recreate.is_empty() && conf.is_empty()
    }
}

/// A wanted value: said, or the default of an option that we set and that is no longer written.
pub(super) struct Target<'a> {
    pub(super) attr: &'static Attr,
    pub(super) value: Cow<'a, Value>,
    pub(super) origin: Origin,
    /// It is no longer written.
    pub(super) gone: bool,
}

/// The values that the link is to have: what is wanted, and what the options go back to that we set and that nobody wants
/// any longer.
pub(super) fn targets<'a>(builder: &Builder<'_>, want: &'a WantLink, link: &Link) -> Vec<Target<'a>> {
    let said = want.knobs.iter().map(|Knob { attr, value, origin }| Target {
        attr,
        value: Cow::Borrowed(value),
        origin: *origin,
        gone: false,
    });
    let back = dropped(builder, want)
        .filter(|attr| gone::is_taken(want, attr))
        .filter_map(|attr| back(builder, want, link, attr));
    let follows = || {
        let row = crate::table::find(MTU).filter(|_| !dropped(builder, want).any(|attr| attr.name == MTU))?;
        let mtu = mtu::derived(want, link, builder.now(), &Link::mtu)?;
        Some(Target {
            attr: row,
            value: Cow::Owned(Value::Number(u64::from(mtu))),
            origin: want.origin,
            gone: true,
        })
    };
    said.chain(back)
        .chain(follows())
        .chain(with_mode(builder, want, link))
        .collect()
}

/// The `miimon` that the kernel gave a bond with a mode of ours, where the mode goes: a new boot would give it none.
///
/// *Source*: `bond_option_mode_set` in drivers/net/bonding/bond_options.c.
fn with_mode<'a>(builder: &Builder<'_>, want: &WantLink, link: &Link) -> Option<Target<'a>> {
    let miimon = crate::table::find("bond-miimon").filter(|_| link.kind == Kind::Bond)?;
    let mode = crate::table::find("bond-mode")?;
    let needs_miimon =
        |value: Option<Value>| matches!(value, Some(Value::Number(mode)) if bond::WITHOUT_ARP.contains(&mode));
    let wanted = want.knob(mode.name).map(|knob| knob.value.clone());
    let goes = needs_miimon(mode.read(link)) && !needs_miimon(wanted.or_else(|| mode.default_value()));
    let ours = builder.owned.get(want.name)?.knobs.iter();
    let of_mode = ours.clone().any(|name| name == mode.name) && ours.clone().all(|name| name != miimon.name);
    let as_given = miimon.read(link) == Some(Value::Number(bond::DEFAULT_MIIMON.into()));
    if !(goes && of_mode && as_given && want.knob(miimon.name).is_none()) {
        return None;
    }
    Some(Target {
        attr: miimon,
        value: Cow::Owned(miimon.default_value()?),
        origin: want.origin,
        gone: true,
    })
}

/// Whether an option differs, or is no longer written, that only a new link takes; cheaper than [`differing`], which knows
/// for sure.
pub(super) fn may_need_a_new_link(builder: &Builder<'_>, want: &WantLink, link: &Link) -> bool {
    let anew = |attr: &Attr| attr.change == Change::Recreate;
    let differs = |knob: &Knob| {
        !knob
            .attr
            .read(link)
            .is_some_and(|found| knob.attr.same(&knob.value, &found))
    };
    let mut said = want.knobs.iter().filter(|knob| anew(knob.attr));
    said.any(differs) || dropped(builder, want).any(anew)
}

/// Options that we set and that nobody wants any longer.
fn dropped<'a>(builder: &Builder<'a>, want: &WantLink) -> impl Iterator<Item = &'static Attr> + use<'a> {
    let ours = builder.owned.get(want.name).map_or(&[][..], |owned| &owned.knobs);
    let dropped: Vec<&'static Attr> = ours
        .iter()
        .filter(|name| want.knob(name).is_none())
        .filter_map(|name| crate::table::find(name))
        .collect();
    dropped.into_iter()
}

fn back<'a>(builder: &Builder<'_>, want: &WantLink, link: &Link, attr: &'static Attr) -> Option<Target<'a>> {
    Some(Target {
        attr,
        value: Cow::Owned(gone::value(builder, want, link, attr)?),
        origin: want.origin,
        gone: true,
    })
}

/// What must go back before anything else changes: once the bond has its new mode, or no `miimon`, the kernel no longer
/// takes it, and the old value would come back with the mode.
fn first(builder: &Builder<'_>, want: &WantLink, link: &Link) -> Attrs {
    let mut attrs = Attrs::new();
    for attr in dropped(builder, want).filter(|attr| attr.on == On::Bond) {
        if gone::is_taken(want, attr) || !gone::is_taken_now(link, attr) {
            continue;
        }
        let Some(target) = back(builder, want, link, attr) else {
            continue;
        };
        if !holds(&target, link) {
            attr.put(&want.kind, &target.value, &mut attrs);
        }
    }
    attrs
}

/// Whether the link has this value, as far as the kernel tells.
pub(super) fn holds(target: &Target, link: &Link) -> bool {
    let Target { attr, value, .. } = target;
    match attr.read(link) {
        Some(found) => attr.same(value, &found),
        // The kernel shows no address where there is none.
        None if is_no_address(value) => true,
        // Without IPv6 there is nothing to set; an option that this kernel does not know is at its default.
        None if matches!(attr.wire, Wire::Conf6(..)) && link.conf6.is_empty() => true,
        None => attr.default_value().is_some_and(|default| attr.same(value, &default)),
    }
}

fn is_no_address(value: &Value) -> bool {
    match value {
        Value::Ip(ip) => ip.is_unspecified(),
        Value::Ips(all) => all.is_empty(),
        _ => false,
    }
}

/// Whether a MAC that was only implied must stay as it is: bridge and bond keep theirs over a reload.
fn keeps_mac(target: &Target) -> bool {
    target.attr.name == "hwaddress" && !target.gone && !matches!(target.origin, Origin::Said(_))
}

/// What differs on an existing link, ports' options aside. MTUs that are lowered are planned elsewhere, upper links
/// first, and so do not differ any longer here.
pub(super) fn differing(builder: &Builder<'_>, want: &WantLink, link: &Link) -> Differing {
    let mut all = Differing {
        first: first(builder, want, link),
        ..Differing::default()
    };
    let anew = changes_mode(want, link);
    for target in targets(builder, want, link) {
        let Target {
            attr,
            value,
            origin,
            gone,
        } = &target;
        // A bond gives its ports its own address, and takes the one that they have when they join for theirs.
        if attr.name == "hwaddress" && link.port_kind == Some(Kind::Bond) {
            continue;
        }
        // What sleeps in another mode is not shown there.
        let asleep = anew && *gone && attr.read(link).is_none();
        if matches!(attr.on, On::BridgePort | On::BondPort | On::Address)
            || keeps_mac(&target)
            || (holds(&target, link) && !asleep)
        {
            continue;
        }
        // An option of a kind that the link is no longer said to have has no request that it could go in.
        if attr.on.kind().is_some_and(|kind| kind != want.kind) {
            continue;
        }
        let attrs = match (attr.wire, attr.change) {
            // Settings of NICs go in steps of their own.
            (Wire::None | Wire::Port(..) | Wire::Ethtool(_), _) => continue,
            (Wire::Conf4(..) | Wire::Conf6(..) | Wire::AddrGenMode, _) => {
                all.conf.extend(conf(want.name, attr, value));
                all.origin.get_or_insert(*origin);
                continue;
            }
            (Wire::Link(..), _) => &mut all.link,
            (_, Change::Live) => &mut all.live,
            (_, Change::WhileDown) => &mut all.while_down,
            (_, Change::WithoutPorts) => &mut all.without_ports,
            (_, Change::Recreate) => {
                all.recreate.push(attr);
                all.origin.get_or_insert(*origin);
                continue;
            }
        };
        attr.put(&want.kind, value, attrs);
        all.origin.get_or_insert(*origin);
    }
    all
}

/// Whether a bond gets another mode.
fn changes_mode(want: &WantLink, link: &Link) -> bool {
    let row = crate::table::find("bond-mode").filter(|_| want.kind == Kind::Bond);
    row.is_some_and(|row| {
        let wanted = want
            .knob(row.name)
            .map(|knob| knob.value.clone())
            .or_else(|| row.default_value());
        wanted != row.read(link)
    })
}

/// What a new link is made with: attributes of the link, of its kind, and settings that follow.
pub(super) fn initial(want: &WantLink) -> (Attrs, Attrs, Vec<Op>) {
    let (mut link, mut data, mut settings) = (Attrs::new(), Attrs::new(), Vec::new());
    for Knob { attr, value, .. } in &want.knobs {
        match (attr.on, attr.wire) {
            (On::BridgePort | On::BondPort | On::Address, _) | (_, Wire::Ethtool(_)) => {}
            (_, Wire::Link(..)) => {
                // An empty text is what a new link has.
                if *value != Value::Text(String::new()) {
                    attr.put(&want.kind, value, &mut link);
                }
            }
            (_, Wire::Conf4(..) | Wire::Conf6(..) | Wire::AddrGenMode) => {
                settings.extend(conf(want.name, attr, value));
            }
            _ => {
                attr.put(&want.kind, value, &mut data);
            }
        }
    }
    (link, data, settings)
}

fn conf(name: IfName, attr: &Attr, value: &Value) -> Option<Op> {
    let Value::Number(number) = value else { return None };
    let (v6, key) = match attr.wire {
        Wire::Conf4(_, key) => (false, key),
        Wire::Conf6(_, key) => (true, key),
        Wire::AddrGenMode => {
            let mode = u8::try_from(*number).ok()?;
            return Some(Op::SetAddrGenMode { name, mode });
        }
        _ => return None,
    };
    Some(Op::SetConf {
        name,
        v6,
        key: key.to_owned(),
        value: i64::try_from(*number).ok()?,
    })
}

/// Options that a port has in its master and that differ.
pub(super) fn port_differing(builder: &Builder<'_>, want: &WantLink, link: &Link) -> (Attrs, Option<Origin>) {
    let mut attrs = Attrs::new();
    let mut first = None;
    for target in targets(builder, want, link) {
        let fits = target.attr.on.kind().is_some() && target.attr.on.kind() == link.port_kind;
        if !fits || !matches!(target.attr.wire, Wire::Port(..)) || holds(&target, link) {
            continue;
        }
        target.attr.put(&want.kind, &target.value, &mut attrs);
        first.get_or_insert(target.origin);
    }
    (attrs, first)
}
