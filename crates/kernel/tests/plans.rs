//! Plans on a real kernel: random networks come up, change, fail half way and are put back, and go.
//!
//! Second witness: the kernel itself, read again after each run by `verify` and compared line by line.

#![allow(clippy::expect_used)]

use cleat_kernel::Host as Machine;
use cleat_model::apply::{Ending, NoHooks, OnError, Outcome, apply};
use cleat_model::desired::Desired;
use cleat_model::fake::suite::state;
use cleat_model::journal::NoJournal;
use cleat_model::kernel::{Kernel, KernelError, Query};
use cleat_model::name::IfName;
use cleat_model::op::Op;
use cleat_model::owned::Owned;
use cleat_model::plan::{Request, Verb, plan};
use cleat_model::snapshot::Snapshot;
use cleat_model::trial::{NICS, Seed, all, network};
use cleat_model::verify::verify;
use std::collections::BTreeSet;

/// An engine that refuses one step.
struct Failing<'a> {
    inner: &'a mut Machine,
    left: usize,
}

impl Kernel for Failing<'_> {
    fn snapshot(&mut self, query: Query) -> Result<Snapshot, KernelError> {
        self.inner.snapshot(query)
    }

    fn perform(&mut self, ops: &[Op]) -> Vec<Result<(), KernelError>> {
        let mut answers = Vec::new();
        for op in ops {
            let fails = self.left == 0;
            self.left = self.left.wrapping_sub(1);
            answers.push(match fails {
                true => Err(KernelError::errno(12)),
                false => self.inner.perform(std::slice::from_ref(op)).pop().expect("one answer"),
            });
        }
        answers
    }
}

struct Host {
    kernel: Machine,
    owned: Owned,
}

impl Host {
    /// Five NICs: one end of a pair each, the other end up, with MACs that are compared.
    fn new() -> Self {
        for (at, nic) in NICS.iter().enumerate() {
            cleat_netns::run(&format!(
                "ip link add {nic} address 0a:be:ef:00:01:0{at} type veth peer name x{at}"
            ));
            cleat_netns::run(&format!("ip link set x{at} up"));
        }
        Self {
            kernel: Machine::open().expect("a room has rtnetlink"),
            owned: Owned::default(),
        }
    }

    fn now(&mut self) -> Snapshot {
        self.kernel.snapshot(Query::ALL).expect("the kernel can be read")
    }

    fn run(&mut self, desired: &Desired, request: &Request, what: &str) -> Outcome {
        let planned = plan(desired, &self.now(), &self.owned, request);
        let outcome = apply(
            &planned.plan,
            &mut self.kernel,
            &mut NoHooks,
            &mut NoJournal,
            OnError::KeepGoing,
        );
        assert_eq!(outcome.diagnostics, [], "{what}:\n{}", planned.plan);
        let (up, down): (&[IfName], &[IfName]) = match request.verb {
            Verb::Down => (&[], &request.scope),
            Verb::Up | Verb::Reload => (&request.scope, &[]),
        };
        let now = self.now();
        self.owned = self.owned.settle(desired, &now, up, down).into_owned();
        let second = plan(desired, &now, &self.owned, request);
        assert_eq!(
            second.plan.to_string(),
            "",
            "{what}: a second time, after\n{}",
            planned.plan
        );
        outcome
    }
}

fn words(before: &BTreeSet<String>, after: &BTreeSet<String>) -> String {
    let gone = before.difference(after).map(|line| format!("- {line}\n"));
    let come = after.difference(before).map(|line| format!("+ {line}\n"));
    gone.chain(come).collect()
}

fn life(numbers: &[u64]) {
    for number in numbers.iter().copied() {
        let (first, second) = (network(&Seed::of(2 * number)), network(&Seed::of(2 * number + 1)));
        let mut host = Host::new();
        let fresh: BTreeSet<IfName> = host.now().links().iter().map(|link| link.name).collect();
        host.run(&first, &all(Verb::Up, &first), &format!("seed {number} up"));
        let scope = all(Verb::Up, &first).scope;
        assert_eq!(verify(&first, &host.now(), &scope), [], "seed {number}");

        let reload = all(Verb::Reload, &second);
        let before = host.now();
        let planned = plan(&second, &before, &host.owned, &reload);
        let steps = planned.plan.ops().count();
        for at in [steps / 3, steps * 2 / 3, steps.saturating_sub(1)] {
            let mut failing = Failing {
                inner: &mut host.kernel,
                left: at,
            };
            let outcome = apply(
                &planned.plan,
                &mut failing,
                &mut NoHooks,
                &mut NoJournal,
                OnError::RollBack,
            );
            if steps > 0 {
                let told = format!("seed {number}, step {at}: {:?}\n{}", outcome.diagnostics, planned.plan);
                assert_eq!(outcome.ending, Ending::PutBack, "{told}");
                assert_eq!(words(&state(&before), &state(&host.now())), "", "{told}");
            }
        }
        // Links that were made again have new indexes.
        host.kernel = Machine::open().expect("a room has rtnetlink");
        host.run(&second, &reload, &format!("seed {number} reload"));
        assert_eq!(verify(&second, &host.now(), &reload.scope), [], "seed {number}");
        host.run(&second, &all(Verb::Down, &second), &format!("seed {number} down"));
        let left: BTreeSet<IfName> = host.now().links().iter().map(|link| link.name).collect();
        assert_eq!(left, fresh, "seed {number}");
        for nic in NICS {
            cleat_netns::run(&format!("ip link del {nic}"));
        }
        cleat_netns::run("ip link set lo down");
        cleat_netns::run("ip addr flush dev lo");
    }
}

macro_rules! lives {
    ($($test:ident: $numbers:expr;)*) => {$(
        #[test]
        fn $test() {
            let _room = cleat_netns::enter!(Bond, Vlan, VlanFiltering, Dummy, Veth, Vxlan, Inet6);
            life(&$numbers);
        }
    )*};
}

lives! {
    networks_come_up_change_are_put_back_and_go: [2, 7, 14, 17];
}
