//! Many links at once.

use super::*;
use cleat_model::types::Address;
use cleat_netns as netns;
use nix::sched::{CloneFlags, unshare};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

#[test]
fn two_hundred_links_with_addresses_are_made_in_two_calls() {
    let _room = netns::enter!(Vxlan);
    let mut kernel = open();
    let create: Vec<Op> = (0..200u32)
        .map(|at| Op::CreateLink {
            name: name(&format!("vx{at}")),
            kind: Kind::Vxlan,
            parent: None,
            peer: None,
            link: Attrs::new(),
            data: attrs(&[(1, &(at + 1).to_ne_bytes()), (15, &4789u16.to_be_bytes())]),
            up: false,
        })
        .collect();
    done(&mut kernel, &create);
    let before = kernel.requests();
    let rest: Vec<Op> = (0..200u8)
        .flat_map(|at| {
            let text = format!("vx{at}");
            let address = Address::plain([10, 7, at, 1].into(), 24);
            let add = Op::AddAddress {
                name: name(&text),
                address,
                replace: false,
            };
            [up(&text), add]
        })
        .collect();
    done(&mut kernel, &rest);
    // One message for each step: no index had to be asked for.
    assert_eq!(kernel.requests() - before, 400);
    let shown = netns::ip_json(&["addr"]);
    let with: Vec<&Value> = shown
        .as_array()
        .expect("a list")
        .iter()
        .filter(|link| link["ifname"].as_str().is_some_and(|name| name.starts_with("vx")))
        .collect();
    assert_eq!(with.len(), 200);
    for link in with {
        let index: u8 = link["ifname"].as_str().expect("a name")[2..].parse().expect("a number");
        assert_eq!(link["addr_info"][0]["local"], format!("10.7.{index}.1"));
    }
    let snapshot = read(&mut kernel);
    assert_eq!(
        snapshot.links().iter().filter(|link| link.kind == Kind::Vxlan).count(),
        200
    );
    assert_eq!(
        snapshot.addresses.values().flatten().count(),
        netns::run("ip -o addr").lines().count()
    );
}

#[test]
fn a_thousand_failures_are_each_told_of_the_right_step() {
    let _room = netns::enter!(Veth);
    let mut kernel = open();
    done(&mut kernel, &[veth("a", "b")]);
    // Every third MTU is one that the kernel refuses.
    let ops: Vec<Op> = (0..1500u32)
        .map(|at| {
            let mtu = if at % 3 == 2 { 1_000_000 } else { 1400 + at % 100 };
            Op::SetLink {
                name: name("a"),
                link: attrs(&[(cleat_model::snapshot::IFLA_MTU, &mtu.to_ne_bytes())]),
            }
        })
        .collect();
    let answers = kernel.perform(&ops);
    for (at, answer) in answers.iter().enumerate() {
        assert_eq!(answer.is_err(), at % 3 == 2, "step {at}: {answer:?}");
    }
    assert_eq!(ip_link("a")["mtu"], 1400 + 1498 % 100);
}

#[test]
fn links_that_stay_are_in_every_snapshot_while_others_come_and_go() {
    let _room = netns::enter!(Vxlan);
    let vxlan = |text: &str, id: u32| Op::CreateLink {
        name: name(text),
        kind: Kind::Vxlan,
        parent: None,
        peer: None,
        link: Attrs::new(),
        data: attrs(&[(1, &id.to_ne_bytes()), (15, &4789u16.to_be_bytes())]),
        up: false,
    };
    let mut kernel = open();
    let stay: Vec<Op> = (0..150).map(|at| vxlan(&format!("stay{at}"), at + 1)).collect();
    done(&mut kernel, &stay);
    let over = AtomicBool::new(false);
    let changes = AtomicU32::new(0);
    // A thread is born into the room of the one that starts it.
    thread::scope(|scope| {
        scope.spawn(|| {
            // Nobody can leave a room while sharing the working directory with a thread that is not quite gone (setns(2)).
            unshare(CloneFlags::CLONE_FS).expect("a directory of its own");
            let mut other = open();
            while !over.load(Ordering::Relaxed) {
                let gone = Op::DeleteLink { name: name("goes") };
                done(&mut other, &[vxlan("goes", 9999)]);
                done(&mut other, &[gone]);
                changes.fetch_add(1, Ordering::Relaxed);
            }
        });
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            while changes.load(Ordering::Relaxed) < 20 {
                let snapshot = read(&mut kernel);
                for op in &stay {
                    link(&snapshot, op.name().as_str());
                }
            }
        }));
        over.store(true, Ordering::Relaxed);
        outcome.expect("all links that stay are in every snapshot");
    });
}
