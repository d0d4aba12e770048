//! Options that are no longer written: what each goes back to, which is what a new boot would give the link.

use super::builder::Builder;
use super::mtu;
use crate::attr::{Attr, Gone, Need, On, Value};
use crate::desired::WantLink;
use crate::fake::bond_modes;
use crate::kinds::MacFrom;
use crate::name::IfName;
use crate::owned::OwnedLink;
use crate::snapshot::Link;
use crate::types::Kind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What the link is to have of an option that we set and that nobody wants any longer; `None`: it stays as it is.
pub(super) fn value(builder: &Builder<'_>, want: &WantLink, link: &Link, attr: &'static Attr) -> Option<Value> {
    match attr.gone() {
        Gone::Default if attr.name == "mtu" => match mtu::derived(want, link, builder.now(), &Link::mtu) {
            Some(mtu) => Some(Value::Number(u64::from(mtu))),
            None => mtu::usual(link, attr),
        },
        Gone::Default => attr.default_value(),
        Gone::Empty => empty(want, link, attr),
        Gone::Fresh => fresh(builder, want.name, attr),
        Gone::Own => own_mac(builder, link).map(Value::Mac),
        // In steps of their own.
        Gone::Before => None,
        Gone::Kept(_) => None,
    }
}

/// No address: of the family of the one that is there.
fn empty(want: &WantLink, link: &Link, attr: &Attr) -> Option<Value> {
    match attr.read(link)? {
        Value::Ips(_) => Some(Value::Ips(Vec::new())),
        Value::Ip(ip) => {
            let taken = want.knobs.iter().any(|knob| knob.attr.wire == attr.wire);
            let none = match ip {
                IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
                IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
            };
            (!taken).then_some(Value::Ip(none))
        }
        _ => None,
    }
}

/// What sysctl.d and the kernel give a new link of that name; of a NIC what it had before we set it, but where a setting
/// of the whole host goes to every link.
pub(super) fn fresh(builder: &Builder<'_>, name: IfName, attr: &'static Attr) -> Option<Value> {
    let given = builder.request.fresh.get(&(name, attr.name)).copied();
    let owned = builder.owned.get(name);
    let before = owned.and_then(|owned: &OwnedLink| owned.before.get(attr.name).copied());
    let value = match given {
        Some(fresh) if fresh.said || attr.follows_host() => Some(fresh.value),
        _ => before.or(given.map(|fresh| fresh.value)),
    };
    value.map(Value::Number)
}

/// The hardware address that the link has of itself: the permanent one of a NIC, that of the link below of a VLAN.
fn own_mac(builder: &Builder<'_>, link: &Link) -> Option<crate::name::Mac> {
    // A bond gives its ports the address.
    if link.port_kind == Some(Kind::Bond) {
        return None;
    }
    match link.kind.row().mac {
        MacFrom::Below => builder.now().by_index(link.below()?)?.mac(),
        MacFrom::Chance | MacFrom::Ports => link.perm_mac.filter(|_| link.kind == Kind::Physical),
    }
    .filter(crate::name::Mac::is_unicast_ether)
}

/// Whether the kernel takes the option's default on the link as it is wanted.
pub(super) fn is_taken(want: &WantLink, attr: &Attr) -> bool {
    if attr.on != On::Bond {
        return attr.needs.iter().all(|need| is_met(want, need));
    }
    bond_takes(attr, |option| {
        let row = crate::table::find(option)?;
        let value = want
            .knob(option)
            .map(|knob| knob.value.clone())
            .or_else(|| row.default_value());
        match value {
            Some(Value::Number(number)) => Some(number),
            _ => None,
        }
    })
}

/// Whether the kernel takes the option's default on the bond as it is now.
pub(super) fn is_taken_now(link: &Link, attr: &Attr) -> bool {
    attr.on == On::Bond
        && bond_takes(attr, |option| match crate::table::find(option)?.read(link) {
            Some(Value::Number(number)) => Some(number),
            _ => None,
        })
}

/// What a bond's driver asks of the mode, and of `miimon`, before it takes an option at its default.
fn bond_takes(attr: &Attr, number: impl Fn(&str) -> Option<u64>) -> bool {
    let mode = number("bond-mode").unwrap_or(0);
    let in_mode = match attr.wire.attrs() {
        [kept] => bond_modes(kept.number).contains(&mode),
        // `bond-primary`
        _ => [1, 5, 6].contains(&mode),
    };
    let delay = matches!(attr.name, "bond-updelay" | "bond-downdelay" | "bond-peer-notif-delay");
    in_mode && (!delay || number("bond-miimon").is_some_and(|miimon| miimon > 0))
}

/// Whether the kernel takes the option as the link is wanted. One that only has no effect there must go back all the same: it
/// would have its old value when what it needs comes back.
fn is_met(want: &WantLink, need: &Need) -> bool {
    let value = |option: &str| {
        let default = || crate::table::find(option)?.default_value();
        match want.knob(option).map(|knob| knob.value.clone()).or_else(default) {
            Some(Value::Number(number)) => Some(number),
            _ => None,
        }
    };
    match need {
        Need::OneOf {
            attr,
            values,
            refused: true,
        } => value(attr).is_none_or(|number| values.contains(&number)),
        Need::OneOf { .. } | Need::Set(_) | Need::Excludes(_) => true,
    }
}

/// Sets back what we set on a link whose stanza is gone and that stays: a NIC.
pub(super) fn reset(builder: &mut Builder<'_>, name: IfName, origin: crate::types::Origin) {
    let is_nic = builder
        .link(name)
        .is_some_and(|link| link.kind == Kind::Physical || !builder.owned.created(name));
    if is_nic && builder.owned.get(name).is_some_and(|owned| !owned.knobs.is_empty()) {
        let mut plain = WantLink::new(name, origin);
        plain.kind = Kind::Physical;
        super::link::set(builder, &plain);
        super::ethtool::set(builder, &plain);
    }
}
