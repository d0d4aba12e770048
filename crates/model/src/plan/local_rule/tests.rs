//! Second witness: `ip rule` after ifupdown2 3.0.0 with a VRF (1000 l3mdev, 32765 local, 32766 main, both families); that the
//! kernel has these rules and takes these steps is held by the test of the commands on a real kernel.

use crate::apply::{Ending, NoHooks, OnError, apply};
use crate::desired::Desired;
use crate::journal::{NoJournal, recover};
use crate::kernel::{Kernel, KernelError};
use crate::op::Op;
use crate::owned::Owned;
use crate::plan::Verb;
use crate::snapshot::Snapshot;
use crate::trial::*;
use crate::types::{Kind, Rule};

fn with_vrfs(names: &[&str]) -> Desired {
    let nic = link("eno1", Kind::Physical).addr("192.0.2.10/24");
    let vrfs = names
        .iter()
        .zip(1001..)
        .map(|(name, table)| link(name, Kind::Vrf).set("vrf-table", &table.to_string()));
    Desired::new(std::iter::once(nic).chain(vrfs).collect())
}

/// Priorities of the rules for table local, IPv4 and IPv6.
fn places(now: &Snapshot) -> [Vec<u32>; 2] {
    let of = |v6| {
        let rules = now.rules.iter().flatten();
        let local = rules.filter(|rule| rule.v6 == v6 && rule.table == Rule::LOCAL);
        local.map(|rule| rule.priority).collect()
    };
    [of(false), of(true)]
}

fn rule_lines(lines: &[String]) -> Vec<&str> {
    let rules = lines.iter().map(String::as_str);
    rules.filter(|line| line.contains(" rule ")).collect()
}

const BEHIND: [&str; 4] = [
    "ip rule add pref 32765 table local",
    "ip rule del pref 0 table local",
    "ip -6 rule add pref 32765 table local",
    "ip -6 rule del pref 0 table local",
];
const BACK: [&str; 4] = [
    "ip rule add pref 0 table local",
    "ip rule del pref 32765 table local",
    "ip -6 rule add pref 0 table local",
    "ip -6 rule del pref 32765 table local",
];

/// The lines in the order of one family, without the other.
fn of_family<'a>(lines: &[&'a str], v6: bool) -> Vec<&'a str> {
    let all = lines.iter().copied();
    all.filter(|line| line.starts_with("ip -6") == v6).collect()
}

fn assert_rules(lines: &[String], expected: &[&str]) {
    for v6 in [false, true] {
        assert_eq!(of_family(&rule_lines(lines), v6), of_family(expected, v6), "{lines:#?}");
    }
}

#[test]
fn the_rule_for_table_local_goes_behind_that_of_vrfs_and_comes_back_with_the_last_of_them() {
    let mut host = Host::new(&["eno1"]);
    host.up(&with_vrfs(&[]));
    assert_rules(&host.reload(&with_vrfs(&["blue", "red"])), &BEHIND);
    assert_eq!(places(host.kernel.now()), [[32765], [32765]]);
    assert_rules(&host.reload(&with_vrfs(&["blue"])), &[]);
    assert_rules(&host.reload(&with_vrfs(&[])), &BACK);
    assert_eq!(places(host.kernel.now()), [[0], [0]]);
    assert_eq!(host.owned.rules, []);
}

#[test]
fn a_rule_that_others_moved_is_as_wanted_and_stays_where_they_put_it() {
    let mut host = Host::new(&["eno1"]);
    for v6 in [false, true] {
        let late = Rule {
            priority: 32765,
            ..Rule::first(v6)
        };
        let name = name("lo");
        host.kernel.step(&Op::AddRule { name, rule: late }).expect("it is new");
        let first = Rule::first(v6);
        host.kernel
            .step(&Op::DelRule { name, rule: first })
            .expect("it is there");
    }
    assert_rules(&host.up(&with_vrfs(&["blue"])), &[]);
    assert_rules(&host.reload(&with_vrfs(&[])), &[]);
    assert_eq!(places(host.kernel.now()), [[32765], [32765]]);
}

#[test]
fn the_rule_stays_behind_while_others_have_a_vrf() {
    let mut host = Host::new(&["eno1"]);
    host.up(&with_vrfs(&["blue"]));
    let other = crate::fake::defaults::link(90, name("frr"), Kind::Vrf, crate::fake::defaults::mac(90));
    host.kernel.now_mut().insert(other);
    assert_rules(&host.reload(&with_vrfs(&[])), &[]);
    // With it gone the next reload moves the rule back, though no VRF of ours goes.
    host.kernel.now_mut().remove(90);
    assert_rules(&host.reload(&with_vrfs(&[])), &BACK);
}

#[test]
fn ifdown_of_the_last_vrf_moves_the_rule_back_and_ifup_behind_again() {
    let mut host = Host::new(&["eno1"]);
    let desired = with_vrfs(&["blue"]);
    host.up(&desired);
    assert_rules(&host.down(&desired, &["blue"]).0, &BACK);
    assert_rules(&host.up(&desired), &BEHIND);
}

#[test]
fn there_is_a_rule_for_table_local_at_each_step_and_after_a_failure_at_any() {
    let mut host = Host::new(&["eno1"]);
    host.up(&with_vrfs(&[]));
    for wanted in [with_vrfs(&["blue"]), with_vrfs(&[])] {
        let planned = host.plan(&wanted, &all(Verb::Reload, &wanted));
        let before = places(host.kernel.now());
        for at in 0..planned.plan.steps.len() {
            let mut kernel = host.kernel.clone();
            for op in planned.plan.ops().take(at + 1) {
                kernel.step(op).expect("the plan can be done");
                assert!(places(kernel.now()).iter().all(|places| !places.is_empty()), "{op}");
            }
            let mut kernel = host.kernel.clone();
            let is_rule = matches!(
                planned.plan.ops().nth(at),
                Some(Op::AddRule { .. } | Op::DelRule { .. })
            );
            kernel.fail_at(at, KernelError::errno(12));
            let outcome = apply(
                &planned.plan,
                &mut kernel,
                &mut NoHooks,
                &mut NoJournal,
                OnError::RollBack,
            );
            assert!(places(kernel.now()).iter().all(|places| !places.is_empty()));
            // A rule that is refused is reported and undoes nothing.
            let ending = if is_rule { Ending::Done } else { Ending::PutBack };
            assert_eq!(outcome.ending, ending, "step {at} of\n{}", planned.plan);
            if !is_rule {
                assert_eq!(places(kernel.now()), before, "step {at}");
            }
        }
        host.reload(&wanted);
    }
}

#[test]
fn a_kernel_that_takes_no_rule_costs_a_warning_and_the_first_one_stays() {
    let host = Host::new(&["eno1"]);
    let wanted = with_vrfs(&["blue"]);
    let planned = host.plan(&wanted, &all(Verb::Reload, &wanted));
    let mut refusing = Refusing(host.kernel.clone());
    let outcome = apply(
        &planned.plan,
        &mut refusing,
        &mut NoHooks,
        &mut NoJournal,
        OnError::RollBack,
    );
    let told: Vec<&str> = outcome.diagnostics.iter().map(|found| found.message.as_str()).collect();
    assert_eq!(
        told,
        [
            "cannot add the rule `pref 32765 table local` (ip rule add pref 32765 table local): Operation not supported",
            "cannot add the rule `pref 32765 table local` (ip -6 rule add pref 32765 table local): Operation not supported",
            "2 steps were left out because of what failed before, the first: ip rule del pref 0 table local",
        ]
    );
    assert!(
        outcome
            .diagnostics
            .iter()
            .all(|found| found.severity.word() == "warning")
    );
    assert_eq!(places(refusing.0.now()), [[0], [0]]);
    assert!(
        refusing
            .0
            .now()
            .get(name("blue"))
            .is_some_and(crate::snapshot::Link::is_up)
    );
}

/// A kernel that refuses each new rule.
struct Refusing(crate::fake::FakeKernel);

impl Kernel for Refusing {
    fn snapshot(&mut self, query: crate::kernel::Query) -> Result<Snapshot, KernelError> {
        self.0.snapshot(query)
    }

    fn perform(&mut self, ops: &[Op]) -> Vec<Result<(), KernelError>> {
        let one = |op: &Op| match op {
            Op::AddRule { .. } => Err(KernelError::errno(95)),
            op => self.0.step(op),
        };
        ops.iter().map(one).collect()
    }
}

#[test]
fn a_run_that_was_killed_between_the_two_steps_is_finished_or_taken_back_by_the_next() {
    let mut host = Host::new(&["eno1"]);
    let wanted = with_vrfs(&["blue"]);
    let planned = host.plan(&wanted, &all(Verb::Up, &wanted));
    let first_delete = planned.plan.ops().position(|op| matches!(op, Op::DelRule { .. }));
    // Killed with all before the first deletion done, and that one begun.
    let (mut journal, mut kernel) = (Vec::<u8>::new(), host.kernel.clone());
    kernel.fail_at(first_delete.expect("one goes"), KernelError::unanswered(4));
    apply(
        &planned.plan,
        &mut kernel,
        &mut NoHooks,
        &mut journal,
        OnError::KeepGoing,
    );
    let mut owned = Owned::default();
    recover(&journal).expect("it did not end").adopt(&mut owned);
    assert!(!owned.rules.is_empty());
    host.kernel = crate::fake::FakeKernel::new(kernel.now().clone());
    host.owned = owned;
    let mut other = Host::new(&["eno1"]);
    (other.kernel, other.owned) = (host.kernel.clone(), host.owned.clone());
    host.up(&wanted);
    assert_eq!(places(host.kernel.now()), [[32765], [32765]]);
    other.reload(&with_vrfs(&[]));
    assert_eq!(places(other.kernel.now()), [[0], [0]]);
}

#[test]
fn the_place_of_the_rule_is_part_of_what_is_checked_of_a_vrf() {
    let mut host = Host::new(&["eno1"]);
    let wanted = with_vrfs(&["blue"]);
    host.up(&wanted);
    let judged = |host: &Host| -> Vec<String> {
        let faults = crate::verify::verify(&wanted, host.kernel.now(), &all(Verb::Up, &wanted).scope);
        let line =
            |found: &cleat_diag::Diagnostic| format!("{}[{}]: {}", found.severity.word(), found.code, found.message);
        faults.iter().map(line).collect()
    };
    assert_eq!(judged(&host), [""; 0]);
    let rule = Rule::first(true);
    host.kernel
        .step(&Op::AddRule {
            name: name("blue"),
            rule,
        })
        .expect("it is new");
    assert_eq!(
        judged(&host),
        [
            "warning[local-rule]: the rule for table local is first for IPv6: packets in blue for an address of the host are \
             taken by the host"
        ]
    );
    // Where rules were not read, nothing is said of them.
    host.kernel.now_mut().rules = None;
    assert_eq!(judged(&host), [""; 0]);
}
