//! Properties over random networks: what is planned and applied is reached, a second plan is empty, a failure anywhere
//! is put back, and what others made is never touched.

use super::*;
use crate::apply::{Ending, NoHooks, OnError, apply};
use crate::fake::{FakeKernel, defaults};
use crate::journal::NoJournal;
use crate::kernel::KernelError;
use crate::trial::*;
use crate::types::{Address, Kind, Route};
use proptest::prelude::*;
use std::collections::BTreeMap;

mod moves;

fn seed() -> impl Strategy<Value = Seed> {
    let few = |n: usize| 0..n;
    (
        proptest::collection::vec(any::<u8>(), few(3)),
        proptest::collection::vec((any::<u8>(), any::<u8>()), few(4)),
        proptest::collection::vec((any::<u8>(), any::<bool>(), any::<u8>()), few(4)),
        0u8..3,
        0u8..2,
        proptest::collection::vec(any::<u8>(), few(3)),
        proptest::collection::vec((any::<u8>(), any::<u8>()), few(6)),
        proptest::option::of(any::<u8>()),
        proptest::collection::vec((any::<u8>(), any::<u8>()), few(3)),
        proptest::collection::vec((any::<u8>(), any::<u8>()), few(4)),
        proptest::collection::vec((any::<u8>(), any::<u8>()), few(3)),
    )
        .prop_map(
            |(bonds, vlans, bridges, dummies, veths, vxlans, addresses, gateway, mtus, knobs, vrfs)| Seed {
                bonds,
                vlans,
                bridges,
                dummies,
                veths,
                vxlans,
                addresses,
                gateway,
                mtus,
                knobs,
                vrfs,
            },
        )
}

/// What others have on the host: a guest on each bridge, an address and a route by hand.
fn strangers(host: &mut Host) {
    let now = host.kernel.now_mut();
    let bridges: Vec<u32> = now
        .links()
        .iter()
        .filter(|link| link.kind == Kind::Bridge)
        .map(|link| link.index)
        .collect();
    for (at, bridge) in (0u32..).zip(bridges) {
        let index = 9000 + at;
        let mut tap = defaults::link(
            index,
            name(&format!("tap{at}i0")),
            Kind::Other("tun".into()),
            defaults::mac(index),
        );
        tap.flags |= 1;
        tap.master = Some(bridge);
        tap.port_kind = Some(Kind::Bridge);
        tap.port = defaults::bridge_port();
        now.insert(tap);
        now.vlans.insert(index, vec![range(7, 7, true, true)]);
    }
    let hand = [
        crate::op::Op::AddAddress {
            name: name("eno5"),
            address: address("172.16.0.1/24"),
            replace: false,
        },
        crate::op::Op::SetUp {
            name: name("eno5"),
            up: true,
        },
        crate::op::Op::AddRoute {
            name: name("eno5"),
            route: Route {
                to: ("192.0.2.0".parse().expect("ip"), 24),
                via: Some("172.16.0.9".parse().expect("ip")),
                ..gateway("172.16.0.9")
            },
            replace: false,
        },
    ];
    for op in hand {
        // What is a port of a bond cannot have a route: then there is none by hand.
        let _ = host.kernel.step(&op);
    }
}

/// Guests with all that they have, and with `nic` what is on eno5 by hand.
fn foreign(kernel: &FakeKernel, nic: bool) -> Vec<String> {
    let now = kernel.now();
    let mut all = Vec::new();
    for link in now.links().iter().filter(|link| link.name.as_str().starts_with("tap")) {
        let master = link
            .master
            .and_then(|index| now.by_index(index))
            .map(|master| master.name);
        all.push(format!(
            "{} {:?} {:?} {:?} {}",
            link.name,
            master,
            now.vlans(link.index),
            link.port,
            link.is_up()
        ));
    }
    if !nic {
        return all;
    }
    let eno5 = now.get(name("eno5")).expect("the NIC").index;
    all.extend(
        now.addresses(eno5)
            .iter()
            .filter(|old| old.ip.to_string() == "172.16.0.1")
            .map(Address::to_string),
    );
    all.extend(
        now.routes(eno5)
            .iter()
            .filter(|old| old.to.1 == 24 && old.via.is_some())
            // It goes into the table of a VRF with its link.
            .map(|old| {
                Route {
                    table: 254,
                    ..old.clone()
                }
                .to_string()
            }),
    );
    all
}

fn put(planned: &Planned, kernel: &mut FakeKernel, on_error: OnError) -> crate::apply::Outcome {
    apply(&planned.plan, kernel, &mut NoHooks, &mut NoJournal, on_error)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn plan_then_apply_reaches_what_is_wanted_and_a_second_plan_is_empty(from in seed(), to in seed()) {
        let mut host = Host::new(&NICS);
        host.up(&network(&from));
        let wanted = network(&to);
        host.reload(&wanted);
        let faults = crate::verify::verify(&wanted, host.kernel.now(), &all(Verb::Up, &wanted).scope);
        prop_assert_eq!(faults, vec![]);
    }

    #[test]
    fn a_failure_at_any_step_of_a_reload_is_put_back(from in seed(), to in seed(), at in 0usize..60) {
        let mut host = Host::new(&NICS);
        host.up(&network(&from));
        let wanted = network(&to);
        let planned = host.plan(&wanted, &all(Verb::Reload, &wanted));
        let before = essence(&host.kernel);
        let steps = planned.plan.steps.len().max(1);
        host.kernel.fail_at(at % steps, KernelError::errno(12));
        let outcome = put(&planned, &mut host.kernel, OnError::RollBack);
        if outcome.ending != Ending::Done {
            prop_assert_eq!(outcome.ending, Ending::PutBack, "{:?}\n{}", outcome.diagnostics, planned.plan);
            prop_assert_eq!(differing(&before, &essence(&host.kernel)), "", "after undoing\n{}", planned.plan);
        }
    }

    #[test]
    fn what_others_made_is_not_touched_by_any_plan(from in seed(), to in seed(), down in any::<u16>()) {
        let mut host = Host::new(&NICS);
        let first = network(&from);
        host.up(&first);
        strangers(&mut host);
        let wanted = network(&to);
        // A port of a bridge or bond keeps no address, whoever put it there.
        let nic = wanted.get(name("eno5")).is_some_and(|nic| nic.master.is_none());
        let before = foreign(&host.kernel, nic);
        let planned = host.plan(&wanted, &all(Verb::Reload, &wanted));
        let outcome = put(&planned, &mut host.kernel, OnError::KeepGoing);
        prop_assert_eq!(outcome.diagnostics, vec![], "{}", planned.plan);
        prop_assert_eq!(foreign(&host.kernel, nic), before.clone(), "{}", planned.plan);
        let names: Vec<IfName> = first.links().iter().enumerate().filter(|(i, _)| down >> (i % 16) & 1 == 1)
            .map(|(_, link)| link.name).filter(|down| down.as_str() != "eno5").collect();
        host.owned = host.owned.settle(&wanted, host.kernel.now(), &all(Verb::Up, &wanted).scope, &[]).into_owned();
        let planned = host.plan(&wanted, &Request::new(Verb::Down, names));
        put(&planned, &mut host.kernel, OnError::KeepGoing);
        prop_assert_eq!(foreign(&host.kernel, nic), before, "{}", planned.plan);
    }

    #[test]
    fn what_was_brought_up_is_gone_after_it_is_taken_down(from in seed()) {
        let mut host = Host::new(&NICS);
        let before: Vec<String> = essence(&host.kernel).into_keys().collect();
        let wanted = network(&from);
        host.up(&wanted);
        let request = all(Verb::Down, &wanted);
        let (_, outcome) = host.run(&wanted, &request, OnError::KeepGoing);
        prop_assert_eq!(outcome.diagnostics, vec![]);
        prop_assert_eq!(essence(&host.kernel).into_keys().collect::<Vec<_>>(), before);
        let up: Vec<String> = host.kernel.now().links().iter().filter(|link| link.is_up() && !link.is_loopback())
            .map(|link| link.name.to_string()).collect();
        prop_assert_eq!(up, Vec::<String>::new());
        prop_assert_eq!(host.plan(&wanted, &request).plan.to_string(), "");
    }
}

/// Mode first, as it stands in a request, and the kernel would refuse `lacp_rate` in balance-rr.
#[test]
fn regress_a_bond_goes_back_to_a_mode_without_the_rate_that_it_was_given() {
    let from = Seed {
        bonds: vec![80],
        ..Seed::default()
    };
    let to = Seed {
        bonds: vec![64],
        vlans: vec![(156, 1)],
        bridges: vec![(67, true, 0)],
        veths: 1,
        vxlans: vec![1],
        addresses: vec![(153, 2)],
        knobs: vec![(12, 36), (177, 51)],
        ..Seed::default()
    };
    let mut host = Host::new(&NICS);
    host.up(&network(&from));
    let wanted = network(&to);
    let planned = host.plan(&wanted, &all(Verb::Reload, &wanted));
    let text = planned.plan.to_string();
    assert!(
        text.contains("type bond mode 802.3ad") && text.contains("lacp_rate fast"),
        "{text}"
    );
    let before = essence(&host.kernel);
    for at in 0..planned.plan.steps.len() {
        let mut kernel = host.kernel.clone();
        kernel.fail_at(at, KernelError::errno(12));
        let outcome = put(&planned, &mut kernel, OnError::RollBack);
        assert_eq!(outcome.ending, Ending::PutBack, "step {at}: {:?}", outcome.diagnostics);
        assert_eq!(differing(&before, &essence(&kernel)), "", "step {at} of\n{text}");
    }
}

/// The undo is made on a part of the network, where a port of a bridge that is left out names its index.
#[test]
fn regress_a_bond_that_was_deleted_comes_back_where_another_bridge_was_behind_it() {
    let from = Seed {
        bonds: vec![6],
        bridges: vec![(148, false, 0), (64, false, 0), (103, false, 0)],
        veths: 1,
        vxlans: vec![0, 0],
        ..Seed::default()
    };
    let to = Seed {
        bridges: vec![(0, false, 0)],
        ..Seed::default()
    };
    let mut host = Host::new(&NICS);
    host.up(&network(&from));
    let wanted = network(&to);
    let planned = host.plan(&wanted, &all(Verb::Reload, &wanted));
    let before = essence(&host.kernel);
    for at in 0..planned.plan.steps.len() {
        let mut kernel = host.kernel.clone();
        kernel.fail_at(at, KernelError::errno(12));
        let outcome = put(&planned, &mut kernel, OnError::RollBack);
        assert_eq!(outcome.ending, Ending::PutBack, "step {at} of\n{}", planned.plan);
        assert_eq!(
            differing(&before, &essence(&kernel)),
            "",
            "step {at} of\n{}",
            planned.plan
        );
    }
}
