//! Scalar options: which differ, and in which request each goes.

use super::builder::Builder;
use crate::attr::{Attr, Change, Need, On, Value, Wire};
use crate::desired::{Knob, WantLink};
use crate::name::IfName;
use crate::nla::Attrs;
use crate::op::Op;
use crate::snapshot::{IFLA_MTU, Link};
use crate::types::Origin;
use std::borrow::Cow;

const MTU: &str = "mtu";

/// Options of one link that differ, by the request that sets them.
#[derive(Debug, Default)]
pub(super) struct Differing {
    pub(super) link: Attrs,
    pub(super) live: Attrs,
    pub(super) while_down: Attrs,
    pub(super) without_ports: Attrs,
    /// Options that need the link to be made anew.
    pub(super) recreate: Vec<&'static Attr>,
    pub(super) conf: Vec<Op>,
    pub(super) origin: Option<Origin>,
}

impl Differing {
    /// Whether nothing differs.
    pub(super) fn is_empty(&self) -> bool {
        let Self {
            link,
            live,
            while_down,
            without_ports,
            recreate,
            conf,
            // Who asked first, for what differs.
            origin: _,
        } = self;
        let attrs = [link, live, while_down, without_ports];
        attrs.iter().all(|attrs| attrs.is_empty()) && recreate.is_empty() && conf.is_empty()
    }
}

/// A wanted value: said, or the default of an option that we set and that is no longer written.
pub(super) struct Target<'a> {
    pub(super) attr: &'static Attr,
    pub(super) value: Cow<'a, Value>,
    pub(super) origin: Origin,
}

/// The values that the link is to have: what is wanted, and the default of what we set and nobody wants any longer.
pub(super) fn targets<'a>(want: &'a WantLink, ours: &'a [String]) -> impl Iterator<Item = Target<'a>> {
    let said = want.knobs.iter().map(|Knob { attr, value, origin }| Target {
        attr,
        value: Cow::Borrowed(value),
        origin: *origin,
    });
    let dropped = ours
        .iter()
        .filter(|name| want.knob(name).is_none())
        .filter_map(|name| crate::table::find(name))
        .filter(|attr| attr.needs.iter().all(|need| is_met(want, need)))
        .filter_map(|attr| {
            Some(Target {
                attr,
                value: Cow::Owned(attr.default_value()?),
                origin: want.origin,
            })
        });
    said.chain(dropped)
}

/// Whether what is wanted of the link allows the option: the kernel refuses `lacp_rate` in a mode without LACP.
fn is_met(want: &WantLink, need: &Need) -> bool {
    let value = |option: &str| {
        let default = || crate::table::find(option)?.default_value();
        match want.knob(option).map(|knob| knob.value.clone()).or_else(default) {
            Some(Value::Number(number)) => Some(number),
            _ => None,
        }
    };
    match need {
        Need::OneOf { attr, values } => value(attr).is_none_or(|number| values.contains(&number)),
        Need::Set(attr) => match want.knob(attr).map(|knob| &knob.value) {
            Some(Value::Number(number)) => *number != 0,
            other => other.is_some(),
        },
        Need::Excludes(_) => true,
    }
}

/// Whether the link has this value, as far as the kernel tells.
pub(super) fn holds(target: &Target, link: &Link) -> bool {
    let Target { attr, value, .. } = target;
    match attr.read(link) {
        Some(found) => attr.same(value, &found),
        // Without IPv6 there is nothing to set; an option that this kernel does not know is at its default.
        None if matches!(attr.wire, Wire::Conf6(..)) && link.conf6.is_empty() => true,
        None => attr.default_value().is_some_and(|default| attr.same(value, &default)),
    }
}

/// Whether a MAC that was only implied must stay as it is: bridge and bond keep theirs over a reload.
fn keeps_mac(target: &Target) -> bool {
    target.attr.name == "hwaddress" && !matches!(target.origin, Origin::Said(_))
}

/// What differs on an existing link, ports' options aside. MTUs that are lowered are planned elsewhere, upper links
/// first, and so do not differ any longer here.
pub(super) fn differing(builder: &Builder<'_>, want: &WantLink, link: &Link) -> Differing {
    let ours = builder.owned.get(want.name).map_or(&[][..], |owned| &owned.knobs);
    let mut all = Differing::default();
    for target in targets(want, ours) {
        let Target { attr, value, origin } = &target;
        if matches!(attr.on, On::BridgePort | On::BondPort | On::Address) || keeps_mac(&target) || holds(&target, link)
        {
            continue;
        }
        let attrs = match (attr.wire, attr.change) {
            (Wire::None | Wire::Port(..), _) => continue,
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
        attr.put(value, attrs);
        all.origin.get_or_insert(*origin);
    }
    all
}

/// What a new link is made with: attributes of the link, of its kind, and settings that follow.
pub(super) fn initial(want: &WantLink) -> (Attrs, Attrs, Vec<Op>) {
    let (mut link, mut data, mut settings) = (Attrs::new(), Attrs::new(), Vec::new());
    for Knob { attr, value, .. } in &want.knobs {
        match (attr.on, attr.wire) {
            (On::BridgePort | On::BondPort | On::Address, _) => {}
            (_, Wire::Link(..)) => {
                // An empty text is what a new link has.
                if *value != Value::Text(String::new()) {
                    attr.put(value, &mut link);
                }
            }
            (_, Wire::Conf4(..) | Wire::Conf6(..) | Wire::AddrGenMode) => {
                settings.extend(conf(want.name, attr, value));
            }
            _ => {
                attr.put(value, &mut data);
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
    let ours = builder.owned.get(want.name).map_or(&[][..], |owned| &owned.knobs);
    let mut attrs = Attrs::new();
    let mut first = None;
    for target in targets(want, ours) {
        let fits = target.attr.on.kind().is_some() && target.attr.on.kind() == link.port_kind;
        if !fits || !matches!(target.attr.wire, Wire::Port(..)) || holds(&target, link) {
            continue;
        }
        target.attr.put(&target.value, &mut attrs);
        first.get_or_insert(target.origin);
    }
    (attrs, first)
}

/// The MTU that is wanted, where one is.
pub(super) fn mtu(builder: &Builder<'_>, want: &WantLink) -> Option<(u32, Origin)> {
    let ours = builder.owned.get(want.name).map_or(&[][..], |owned| &owned.knobs);
    if want.knob(MTU).is_none() && !ours.iter().any(|name| name == MTU) {
        return None;
    }
    let target = targets(want, ours).find(|target| matches!(target.attr.wire, Wire::Link(IFLA_MTU, _)))?;
    match *target.value {
        Value::Number(mtu) => Some((u32::try_from(mtu).ok()?, target.origin)),
        _ => None,
    }
}
