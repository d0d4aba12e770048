//! The same over hosts on which others left addresses and routes on NICs, with guests on bridges and macvlans on VLANs.

use super::*;
use crate::op::Op;
use std::collections::BTreeSet;

/// Puts addresses, a lease and routes on NICs, and a macvlan on each VLAN that is not a port and does not become one, as far
/// as the kernel lets others do so.
fn leave_things(host: &mut Host, wanted: &Desired, on: u8) {
    strangers(host);
    for at in (1..=4u8).filter(|at| on >> at & 1 == 1) {
        let nic = name(&format!("eno{at}"));
        let add = |text: &str, lease: Option<u32>| {
            let mut address = address(text);
            (address.preferred, address.valid) = (lease, lease);
            Op::AddAddress {
                name: nic,
                address,
                replace: false,
            }
        };
        let route = Route {
            to: (format!("198.51.{at}.0").parse().expect("ip"), 24),
            ..gateway(&format!("203.0.{at}.9"))
        };
        let ops = [
            add(&format!("203.0.{at}.1/24"), None),
            add(&format!("203.0.{at}.2/24"), Some(600)),
            add(&format!("2001:db8:{at}::1/64"), None),
            Op::AddRoute {
                name: nic,
                route,
                replace: false,
            },
        ];
        for op in ops {
            // A link that is down takes no route: then there is none.
            let _ = host.kernel.step(&op);
        }
    }
    let vlans: Vec<(u32, IfName)> = host
        .kernel
        .now()
        .links()
        .iter()
        .filter(|link| link.kind == Kind::Vlan && link.master.is_none() && on & 1 == 1)
        .filter(|link| wanted.get(link.name).is_none_or(|want| want.master.is_none()))
        .map(|link| (link.index, link.name))
        .collect();
    for (at, (parent, _)) in (0u32..).zip(vlans) {
        let index = 9500 + at;
        let mut guest = defaults::link(index, name(&format!("mv{at}")), Kind::Macvlan, defaults::mac(index));
        guest.parent = Some(parent);
        host.kernel.now_mut().insert(guest);
    }
    // The simulator finds out again who stands on whom.
    host.kernel = FakeKernel::new(host.kernel.now().clone());
}

/// Addresses by the links that have them.
fn holders(kernel: &FakeKernel) -> BTreeMap<IpAddr, BTreeSet<IfName>> {
    let now = kernel.now();
    let mut all: BTreeMap<_, BTreeSet<IfName>> = BTreeMap::new();
    for link in now.links() {
        for address in now.addresses(link.index) {
            all.entry(address.ip).or_default().insert(link.name);
        }
    }
    all
}

fn ports_of(kernel: &FakeKernel, bridge: IfName) -> Option<BTreeSet<IfName>> {
    let now = kernel.now();
    let index = now.get(bridge)?.index;
    Some(now.ports(index).map(|port| port.name).collect())
}

/// Gives all links other names, so that a change is one of names too.
fn renamed(desired: &Desired, yes: bool) -> Desired {
    let new = |old: IfName| match old.as_str().strip_prefix("vmbr") {
        Some(number) if yes => name(&format!("vmbr9{number}")),
        _ => old,
    };
    let links = desired.links().iter().cloned().map(|mut link| {
        link.name = new(link.name);
        for other in link.ports.iter_mut().chain(&mut link.master).chain(&mut link.parent) {
            other.name = new(other.name);
        }
        link
    });
    Desired::new(links.collect())
}

fn addressed(desired: &Desired, seed: &Seed) -> Desired {
    // Addresses by their number alone, so that a change moves them between links.
    let mut links = desired.links().to_vec();
    for (at, (on, host)) in seed.addresses.iter().enumerate() {
        let free: Vec<usize> = (0..links.len())
            .filter(|at| links[*at].master.is_none() && links[*at].name.as_str() != "lo")
            .collect();
        let on = free[usize::from(*on) % free.len()];
        links[on] = links[on].clone().addr(&format!("172.20.{at}.{}/24", host % 2 + 1));
    }
    Desired::new(links)
}

fn judge(host: &mut Host, wanted: &Desired, request: &Request) -> Result<(), TestCaseError> {
    let before = holders(&host.kernel);
    let planned = host.plan(wanted, request);
    let text = planned.plan.to_string();
    for op in planned.plan.ops() {
        prop_assert_ne!(op.kind(), Some(&Kind::Physical), "{}", text);
    }
    let bridges: Vec<IfName> = host
        .kernel
        .now()
        .links()
        .iter()
        .filter(|link| link.kind == Kind::Bridge && wanted.get(link.name).is_none())
        .map(|link| link.name)
        .collect();
    let ports: Vec<_> = bridges.iter().map(|bridge| ports_of(&host.kernel, *bridge)).collect();
    if planned.refused {
        prop_assert_eq!(text, "");
        let first = planned.diagnostics.first().map(|found| found.code);
        prop_assert!(matches!(first, Some("guests-in-the-way")), "{:?}", said(&planned));
        return Ok(());
    }
    let (_, outcome) = host.run(wanted, request, OnError::RollBack);
    prop_assert_eq!(outcome.diagnostics, vec![], "{}", text);
    let again = host.plan(wanted, request);
    prop_assert_eq!(again.plan.to_string(), "", "after\n{}", text);
    let declared = |ip, link: &IfName| {
        let want = wanted.get(*link);
        want.is_some_and(|want| want.addresses.iter().any(|wanted| wanted.value.ip == ip))
    };
    for (ip, links) in holders(&host.kernel) {
        let known = |link: &&IfName| !declared(ip, link) && before.get(&ip).is_none_or(|had| had.len() < 2);
        let strays: Vec<&IfName> = links.iter().filter(known).collect();
        let local = ip.is_ipv6() && crate::fake::scope6(ip).0 == 253;
        prop_assert!(
            local || links.len() < 2 || strays.is_empty(),
            "{} on {:?} after\n{}",
            ip,
            links,
            text
        );
    }
    for (bridge, ports) in bridges.iter().zip(ports) {
        let now = ports_of(&host.kernel, *bridge);
        prop_assert!(
            now.is_none() || now == ports,
            "{bridge}: {ports:?}, now {now:?} after\n{text}"
        );
    }
    let faults = crate::verify::verify(wanted, host.kernel.now(), &request.scope);
    let strays: Vec<_> = faults.iter().filter(|fault| fault.code == "stray-address").collect();
    prop_assert!(strays.is_empty(), "{strays:?} after\n{text}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_others_left_moves_or_goes_and_what_guests_need_stays(
        from in seed(), to in seed(), on in any::<u8>(), rename in any::<bool>(), force in any::<bool>(),
    ) {
        let mut host = Host::new(&NICS);
        host.up(&addressed(&network(&from), &from));
        let wanted = renamed(&addressed(&network(&to), &to), rename);
        leave_things(&mut host, &wanted, on);
        let mut request = all(Verb::Reload, &wanted);
        request.force = force;
        judge(&mut host, &wanted, &request)?;
    }

    #[test]
    fn a_change_of_names_alone_is_done_whole_or_not_at_all(from in seed(), on in any::<u8>(), force in any::<bool>()) {
        let mut host = Host::new(&NICS);
        let first = addressed(&network(&from), &from);
        host.up(&first);
        let wanted = renamed(&first, true);
        leave_things(&mut host, &wanted, on);
        let mut request = all(Verb::Reload, &wanted);
        request.force = force;
        judge(&mut host, &wanted, &request)?;
    }

    #[test]
    fn a_failure_at_any_step_is_put_back_where_others_left_things(
        from in seed(), to in seed(), on in any::<u8>(), rename in any::<bool>(), at in 0usize..60,
    ) {
        let mut host = Host::new(&NICS);
        host.up(&addressed(&network(&from), &from));
        let wanted = renamed(&addressed(&network(&to), &to), rename);
        leave_things(&mut host, &wanted, on);
        let mut request = all(Verb::Reload, &wanted);
        request.force = true;
        let planned = host.plan(&wanted, &request);
        let before = essence(&host.kernel);
        let steps = planned.plan.steps.len().max(1);
        host.kernel.fail_at(at % steps, KernelError::errno(12));
        let outcome = put(&planned, &mut host.kernel, OnError::RollBack);
        if outcome.ending != Ending::Done {
            prop_assert_eq!(outcome.ending, Ending::PutBack, "{:?}\n{}", outcome.diagnostics, planned.plan);
            prop_assert_eq!(differing(&before, &essence(&host.kernel)), "", "after undoing\n{}", planned.plan);
        }
    }
}
