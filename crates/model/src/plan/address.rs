//! Addresses and forwarding entries.

use super::builder::{Builder, Gone};
use super::follow;
use crate::desired::{WantLink, Wanted};
use crate::fake::{IFA_F_PERMANENT, excludes, scope6};
use crate::op::Op;
use crate::show::{IFA_F_DEPRECATED, IFA_F_NODAD, IFA_F_NOPREFIXROUTE};
use crate::snapshot::Snapshot;
use crate::types::{Address, Route};

/// Whether an address that is there is what is wanted; what is not said is not compared.
pub(crate) fn agrees(want: &Address, have: &Address) -> bool {
    agrees_fixed(want, have) && want.metric == have.metric && lifetime(want, have)
}

/// What cannot be changed on an address that is there.
fn agrees_fixed(want: &Address, have: &Address) -> bool {
    let v6 = want.ip.is_ipv6();
    want.same(have)
        && (want.broadcast.is_none() || want.broadcast == have.broadcast)
        && (v6 || want.scope == have.scope)
        && (want.label.is_none() || want.label == have.label)
        && want.flags & IFA_F_NOPREFIXROUTE == have.flags & IFA_F_NOPREFIXROUTE
}

/// A lifetime that counts down is as wanted while it is not above it, and as long as it has not run out; the kernel shows
/// that by a flag. IPv4 addresses that are valid forever do not count down and show no preferred lifetime at all
/// (`inet_fill_ifaddr`): what they were given cannot be told from forever.
fn lifetime(want: &Address, have: &Address) -> bool {
    let over = have.flags & IFA_F_DEPRECATED != 0;
    let untold = have.ip.is_ipv4() && have.valid.is_none() && have.preferred.is_none();
    match (want.preferred, have.preferred) {
        (Some(0), left) => over || left == Some(0),
        (None, None) => !over,
        (Some(_), None) => untold && !over,
        (Some(want), Some(have)) => have > 0 && have <= want,
        (None, Some(_)) => false,
    }
}

/// Whether an address can be ours at all: the kernel makes link-local ones, and those of router advertisements and
/// leases are not permanent.
pub(crate) fn is_ours_to_judge(address: &Address) -> bool {
    let v6_local = address.ip.is_ipv6() && scope6(address.ip).0 == 253;
    address.flags & IFA_F_PERMANENT != 0 && !v6_local
}

/// What we added and nobody wants any longer.
pub(super) fn unwanted(builder: &Builder<'_>, want: &WantLink) -> Vec<Address> {
    if !want.address_purge {
        return Vec::new();
    }
    let ours = builder.owned.get(want.name).map_or(&[][..], |owned| &owned.addresses);
    let is_wanted = |old: &&Address| want.addresses.iter().any(|wanted| wanted.value.same(old));
    ours.iter().filter(|old| !is_wanted(old)).cloned().collect()
}

/// Adds what is missing. `again`: it may have gone with another address, or not, by settings that are not in the
/// snapshot (`net.ipv4.conf.all.promote_secondaries`), so it must not matter if it is still there.
pub(super) fn add(builder: &mut Builder<'_>, want: &WantLink, again: bool) {
    let name = want.name;
    let mut routes = Vec::new();
    for wanted in &want.addresses {
        let Some(index) = builder.link(name).map(|link| link.index) else {
            return;
        };
        let address = wanted.value.clone();
        routes.extend(make_room(builder, want, wanted));
        let have = builder.now().addresses(index).iter().find(|have| have.same(&address));
        let before = again
            || builder.start.get(name).is_some_and(|link| {
                builder
                    .start
                    .addresses(link.index)
                    .iter()
                    .any(|have| have.same(&address))
            });
        let replace = match have {
            Some(have) if agrees(&address, have) => continue,
            Some(have) if agrees_fixed(&address, have) => true,
            Some(_) => {
                let op = Op::DelAddress {
                    name,
                    address: address.clone(),
                };
                builder.op(name, op, wanted.origin);
                before
            }
            None => before,
        };
        let mut address = address;
        if is_in_use(builder.start, &address) {
            address.flags |= IFA_F_NODAD;
        }
        builder.op(name, Op::AddAddress { name, address, replace }, wanted.origin);
    }
    follow::lost(builder, name, &routes);
}

/// Takes away what the kernel does not keep beside a wanted address: the same one with another prefix length or peer.
/// Returns the routes that the link had until then.
fn make_room(builder: &mut Builder<'_>, want: &WantLink, wanted: &Wanted<Address>) -> Vec<Route> {
    let name = want.name;
    let Some(index) = builder.link(name).map(|link| link.index) else {
        return Vec::new();
    };
    let in_the_way = |have: &&Address| !have.same(&wanted.value) && excludes(have, &wanted.value);
    let Some(address) = builder.now().addresses(index).iter().find(in_the_way).cloned() else {
        return Vec::new();
    };
    let routes = builder.now().routes(index).to_vec();
    builder.gone(Gone::address(name, &address));
    builder.op(name, Op::DelAddress { name, address }, wanted.origin);
    routes
}

/// Whether the host uses that IPv6 address, on whatever link. Nobody else has it then, and duplicate address detection
/// would only keep the host from using it for a second or two.
fn is_in_use(start: &Snapshot, address: &Address) -> bool {
    let in_use = |have: &Address| have.ip == address.ip && have.is_in_use();
    address.ip.is_ipv6() && start.addresses.values().flatten().any(in_use)
}

/// Adds missing forwarding entries and takes away those that we added and nobody wants any longer.
pub(super) fn set_fdb(builder: &mut Builder<'_>, want: &WantLink) {
    let name = want.name;
    let Some(index) = builder.link(name).map(|link| link.index) else {
        return;
    };
    for wanted in &want.fdb {
        if !builder
            .now()
            .fdb(index)
            .iter()
            .any(|have| same_entry(have, &wanted.value))
        {
            let op = Op::AddFdb {
                name,
                fdb: wanted.value.clone(),
            };
            builder.op(name, op, wanted.origin);
        }
    }
    let ours = builder.owned.get(name).map_or(&[][..], |owned| &owned.fdb);
    for old in ours {
        let wanted = want.fdb.iter().any(|wanted| same_entry(&wanted.value, old));
        let there = builder.now().fdb(index).iter().any(|have| same_entry(have, old));
        if !wanted && there {
            builder.op(name, Op::DelFdb { name, fdb: old.clone() }, want.origin);
        }
    }
}

/// Whether both are one entry to the kernel: address, remote, VLAN and table.
pub(crate) fn same_entry(a: &crate::types::Fdb, b: &crate::types::Fdb) -> bool {
    a.mac == b.mac && a.dst == b.dst && a.vlan == b.vlan && a.on_self == b.on_self
}
