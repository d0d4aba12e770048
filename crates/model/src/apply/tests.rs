//! What comes of a plan when steps fail. Second witness: style 2 of the error texts (step, like command, the kernel's own
//! words); the states are those of the simulator, which is held against real kernels.

use super::*;
use crate::desired::Desired;
use crate::fake::refuse;
use crate::journal::{JournalSink, NoJournal, Recovery, recover};
use crate::plan::Verb;
use crate::snapshot::Snapshot;
use crate::trial::{Host, SAID, Say, all, link, name};
use crate::types::Kind;

fn bridges() -> Desired {
    Desired::new(vec![
        link("eno1", Kind::Physical).in_master("vmbr0"),
        link("eno2", Kind::Physical).in_master("vmbr1"),
        link("vmbr0", Kind::Bridge)
            .with_ports(&["eno1"])
            .addr("10.0.0.1/24")
            .via("10.0.0.254"),
        link("vmbr1", Kind::Bridge).with_ports(&["eno2"]).addr("10.1.0.1/24"),
    ])
}

/// Severity, code, interface and message of each diagnostic.
fn told(outcome: &Outcome) -> Vec<String> {
    let all = outcome.diagnostics.iter();
    all.map(|found| {
        let iface = found
            .iface
            .as_deref()
            .map(|iface| format!("{iface}: "))
            .unwrap_or_default();
        format!("{}[{}]: {iface}{}", found.severity.word(), found.code, found.message)
    })
    .collect()
}

/// Fails the step whose like command this is.
fn failing(host: &mut Host, plan: &Plan, command: &str, error: KernelError) {
    let depths = plan.depths();
    let mut order: Vec<(usize, usize)> = depths.iter().enumerate().map(|(at, depth)| (*depth, at)).collect();
    order.sort();
    let kernel_steps = order
        .iter()
        .filter(|(_, at)| matches!(plan.steps[*at].action, Action::Kernel(_)));
    let at = kernel_steps
        .map(|(_, at)| plan.steps[*at].action.to_string())
        .position(|found| found == command);
    host.kernel.fail_at(at.expect("a step of the plan"), error);
}

/// What is said once the kernel was compared with how it was.
fn judged(plan: &Plan, before: &Snapshot, kernel: &mut dyn Kernel, mut outcome: Outcome) -> Outcome {
    let ours = of_plan(plan);
    let now = put_right(&ours, before, kernel, &mut |_, _| {}).expect("the simulator can be read");
    judge(&ours, (before, &[]), &now, &outcome.stuck.clone()).enter(&mut outcome);
    outcome
}

#[test]
fn at_boot_the_rest_goes_on_without_what_needs_the_failed_step() {
    let mut host = Host::new(&["eno1", "eno2"]);
    let planned = host.plan(&bridges(), &all(Verb::Up, &bridges()));
    failing(
        &mut host,
        &planned.plan,
        "ip link add vmbr0 type bridge",
        refuse(95, "Unknown device type"),
    );
    let outcome = apply(
        &planned.plan,
        &mut host.kernel,
        &mut NoHooks,
        &mut NoJournal,
        OnError::KeepGoing,
    );
    assert_eq!(outcome.ending, Ending::Partly);
    assert_eq!(
        told(&outcome),
        [
            "error[step-failed]: vmbr0: cannot create bridge vmbr0 (ip link add vmbr0 type bridge): Operation not \
             supported: Unknown device type",
            "warning[left-out]: vmbr0: 4 steps were left out because of what failed before, the first: ip link set eno1 \
             master vmbr0",
        ]
    );
    assert_eq!(
        outcome.diagnostics[0].label.as_ref().map(|label| label.place),
        SAID.place()
    );
    let now = host.kernel.now();
    assert!(now.get(name("vmbr0")).is_none());
    let other = now.get(name("vmbr1")).expect("the other bridge was made");
    assert!(other.is_up());
    assert_eq!(now.addresses(other.index).len(), 1);
}

#[test]
fn a_reload_that_fails_says_that_everything_was_put_back() {
    let mut host = Host::new(&["eno1", "eno2"]);
    let planned = host.plan(&bridges(), &all(Verb::Reload, &bridges()));
    failing(
        &mut host,
        &planned.plan,
        "ip link set eno2 master vmbr1",
        KernelError::errno(16),
    );
    let before = host.kernel.now().clone();
    let mut journal: Vec<u8> = Vec::new();
    let outcome = apply(
        &planned.plan,
        &mut host.kernel,
        &mut NoHooks,
        &mut journal,
        OnError::RollBack,
    );
    let outcome = judged(&planned.plan, &before, &mut host.kernel, outcome);
    assert_eq!(outcome.ending, Ending::PutBack);
    assert_eq!(
        told(&outcome),
        [
            "error[step-failed]: vmbr1: cannot add port eno2 to vmbr1 (ip link set eno2 master vmbr1): Device or \
             resource busy",
            "info[put-back]: everything was put back: the host is as it was before",
        ]
    );
    let names = |now: &Snapshot| {
        now.links()
            .iter()
            .map(|link| (link.name, link.flags))
            .collect::<Vec<_>>()
    };
    assert_eq!(names(host.kernel.now()), names(&before));
    // All is undone; the end is for whoever records what is ours.
    assert_eq!(recover(&journal), Some(Recovery::default()));
    journal.put(&crate::journal::end()).expect("memory takes all");
    assert_eq!(recover(&journal), None);
}

/// The way to the kernel fails after the kernel did it: socket errors say nothing of what was done.
#[test]
fn regress_a_step_without_an_answer_is_undone_with_the_rest() {
    let mut host = Host::new(&["eno1", "eno2"]);
    let planned = host.plan(&bridges(), &all(Verb::Up, &bridges()));
    let before: Vec<IfName> = host.kernel.now().links().iter().map(|link| link.name).collect();
    let mut journal: Vec<u8> = Vec::new();
    let mut kernel = Mute {
        kernel: &mut host.kernel,
        told: false,
    };
    let outcome = apply(
        &planned.plan,
        &mut kernel,
        &mut NoHooks,
        &mut journal,
        OnError::RollBack,
    );
    assert_eq!(outcome.ending, Ending::PutBack);
    assert_eq!(recover(&journal), Some(Recovery::default()));
    let after: Vec<IfName> = host.kernel.now().links().iter().map(|link| link.name).collect();
    assert_eq!(after, before);
}

/// A kernel that does all that is asked, and whose first answers are lost.
struct Mute<'a, K> {
    kernel: &'a mut K,
    told: bool,
}

impl<K: Kernel> Kernel for Mute<'_, K> {
    fn snapshot(&mut self, query: crate::kernel::Query) -> Result<Snapshot, KernelError> {
        self.kernel.snapshot(query)
    }

    fn perform(&mut self, ops: &[Op]) -> Vec<Result<(), KernelError>> {
        let answers = self.kernel.perform(ops);
        match std::mem::replace(&mut self.told, true) {
            true => answers,
            false => vec![Err(KernelError::unanswered(105)); ops.len()],
        }
    }
}

/// A kernel that refuses what looks like this command, whenever it is asked.
struct Refusing<'a> {
    kernel: &'a mut crate::fake::FakeKernel,
    command: &'static str,
}

impl Kernel for Refusing<'_> {
    fn snapshot(&mut self, query: crate::kernel::Query) -> Result<Snapshot, KernelError> {
        self.kernel.snapshot(query)
    }

    fn perform(&mut self, ops: &[Op]) -> Vec<Result<(), KernelError>> {
        let one = |op: &Op| match op.to_string() == self.command {
            true => vec![Err(KernelError::errno(16))],
            false => self.kernel.perform(std::slice::from_ref(op)),
        };
        ops.iter().flat_map(one).collect()
    }
}

/// vmbr0 had taken the MAC of its first port.
const MAC_BACK: &str = "ip link set vmbr0 address 02:00:00:00:00:04";

#[test]
fn what_was_refused_on_the_way_back_is_done_by_a_second_way() {
    let mut host = Host::new(&["eno1", "eno2"]);
    let planned = host.plan(&bridges(), &all(Verb::Reload, &bridges()));
    let before = host.kernel.now().clone();
    failing(
        &mut host,
        &planned.plan,
        "ip link set eno2 master vmbr1",
        KernelError::errno(16),
    );
    // The first step back is that of eno1, the last step done.
    let wave = planned
        .plan
        .ops()
        .take_while(|op| op.to_string() != "ip link set eno2 master vmbr1")
        .count();
    host.kernel.fail_at(wave + 1, KernelError::errno(16));
    let outcome = apply(
        &planned.plan,
        &mut host.kernel,
        &mut NoHooks,
        &mut NoJournal,
        OnError::RollBack,
    );
    assert_eq!(outcome.stuck, [format!("{MAC_BACK}: Device or resource busy")]);
    let outcome = judged(&planned.plan, &before, &mut host.kernel, outcome);
    assert_eq!(outcome.ending, Ending::PutBack);
    assert_eq!(
        told(&outcome).last().map(String::as_str),
        Some("info[put-back]: everything was put back: the host is as it was before")
    );
}

#[test]
fn what_cannot_be_put_back_is_named_with_its_value() {
    let mut host = Host::new(&["eno1"]);
    let before = host.kernel.now().clone();
    let first = Desired::new(vec![
        link("eno1", Kind::Physical).addr("10.0.0.1/24").set("mtu", "1400"),
    ]);
    let planned = host.plan(&first, &all(Verb::Reload, &first));
    failing(
        &mut host,
        &planned.plan,
        "ip addr add 10.0.0.1/24 dev eno1",
        KernelError::errno(16),
    );
    let mut kernel = Refusing {
        kernel: &mut host.kernel,
        command: "ip link set eno1 mtu 1500",
    };
    let outcome = apply(
        &planned.plan,
        &mut kernel,
        &mut NoHooks,
        &mut NoJournal,
        OnError::RollBack,
    );
    let outcome = judged(&planned.plan, &before, &mut kernel, outcome);
    assert_eq!(outcome.ending, Ending::Stuck(1));
    assert_eq!(
        told(&outcome).last().map(String::as_str),
        Some("error[not-put-back]: eno1: not all was put back: eno1 has mtu 1400, not 1500")
    );
    let notes: Vec<&str> = outcome
        .diagnostics
        .last()
        .expect("one")
        .notes
        .iter()
        .map(|note| note.text.as_str())
        .collect();
    assert_eq!(
        notes,
        ["could not be undone: ip link set eno1 mtu 1500: Device or resource busy"]
    );
}

struct Broken;

impl Hooks for Broken {
    fn run(&mut self, _iface: IfName, phase: Phase, _run: &HookRun) -> Vec<HookFault> {
        let text = format!("{phase} command failed: exit code 1: `false`");
        vec![HookFault {
            text,
            place: SAID.place(),
        }]
    }
}

#[test]
fn a_failing_hook_is_a_warning_and_undoes_nothing() {
    let mut host = Host::new(&["eno1"]);
    let desired = Desired::new(vec![link("eno1", Kind::Physical).hook(Phase::PostUp, "false")]);
    let planned = host.plan(&desired, &all(Verb::Reload, &desired));
    let outcome = apply(
        &planned.plan,
        &mut host.kernel,
        &mut Broken,
        &mut NoJournal,
        OnError::RollBack,
    );
    assert_eq!(outcome.ending, Ending::Done);
    assert_eq!(
        told(&outcome),
        ["warning[hook-failed]: eno1: post-up command failed: exit code 1: `false`"]
    );
    assert!(host.kernel.now().get(name("eno1")).is_some_and(|link| link.is_up()));
}

/// A journal whose disk fills up, and then the machine dies.
struct Dying {
    lines: Vec<u8>,
    left: usize,
}

impl JournalSink for Dying {
    fn put(&mut self, line: &str) -> Result<(), String> {
        if self.left == 0 {
            return Err("no space left on device".to_owned());
        }
        self.left -= 1;
        self.lines.put(line)
    }
}

#[test]
fn what_a_crash_left_is_undone_from_the_journal() {
    let mut host = Host::new(&["eno1", "eno2"]);
    let before: Vec<IfName> = host.kernel.now().links().iter().map(|link| link.name).collect();
    let planned = host.plan(&bridges(), &all(Verb::Up, &bridges()));
    let mut journal = Dying {
        lines: Vec::new(),
        // Begin, and two waves begun and done.
        left: 5,
    };
    let outcome = apply(
        &planned.plan,
        &mut host.kernel,
        &mut NoHooks,
        &mut journal,
        OnError::KeepGoing,
    );
    assert_eq!(
        told(&outcome),
        [
            "warning[journal-unwritable]: cannot write the journal, a crash now could not be undone: no space left on device"
        ]
    );
    let left = recover(&journal.lines).expect("the journal has no end");
    assert_eq!(left.open, []);
    for op in left.undo() {
        host.kernel.step(&op).expect("what was done can be undone");
    }
    let after: Vec<IfName> = host.kernel.now().links().iter().map(|link| link.name).collect();
    assert_eq!(after, before);
}

/// Boots with one link and whatever steps it takes; answers what was told, and the like commands of what was done.
fn boots(wanted: Vec<crate::desired::WantLink>, nics: &[&str]) -> (Host, Vec<String>, Ending) {
    let desired = Desired::new(wanted);
    let mut host = Host::new(nics);
    let (_, outcome) = host.run(&desired, &all(Verb::Up, &desired), OnError::KeepGoing);
    (host, told(&outcome), outcome.ending)
}

// The kernel's own refusals of these values: tests/boundaries.
#[test]
fn a_bond_that_the_kernel_refuses_as_written_is_made_without_what_it_refuses() {
    let bond = link("bond0", Kind::Bond)
        .with_ports(&["eno1"])
        .set("bond-mode", "active-backup")
        .set("bond-miimon", "100")
        .set("bond-arp-validate", "all")
        .set("hwaddress", "01:00:00:00:00:01")
        .set("mtu", "9000")
        .addr("10.0.0.1/24");
    let port = link("eno1", Kind::Physical).in_master("bond0");
    let (host, told, ending) = boots(vec![port, bond], &["eno1"]);
    assert_eq!(
        told,
        [
            "error[option-refused]: bond0: cannot set `hwaddress 01:00:00:00:00:01` of bond0 (ip link set bond0 address \
             01:00:00:00:00:01): Cannot assign requested address",
            "error[option-refused]: bond0: cannot set `bond-arp-validate all` of bond0 (ip link set bond0 type bond \
             arp_validate all): Invalid argument: ARP validating cannot be used with MII monitoring",
        ]
    );
    assert_eq!(ending, Ending::Partly);
    let bond = host.kernel.now().get(name("bond0")).expect("it was made");
    assert_eq!(host.kernel.now().addresses(bond.index).len(), 1);
    assert_eq!(host.master_of("eno1").as_deref(), Some("bond0"));
    assert_eq!(bond.mtu(), 9000);
    let row = crate::table::find("bond-miimon").expect("a row");
    assert_eq!(row.read(bond), Some(crate::attr::Value::Number(100)));
}

#[test]
fn a_vlan_whose_mtu_does_not_fit_over_its_nic_is_made_with_one_that_does() {
    let vlan = link("eno1.5", Kind::Vlan)
        .on("eno1")
        .set("vlan-id", "5")
        .set("mtu", "9000")
        .addr("10.0.0.1/24");
    let (host, told, _) = boots(vec![link("eno1", Kind::Physical), vlan], &["eno1"]);
    assert_eq!(
        told,
        [
            "error[option-refused]: eno1.5: cannot set `mtu 9000` of eno1.5 (ip link set eno1.5 mtu 9000): Numerical \
             result out of range",
        ]
    );
    let vlan = host.kernel.now().get(name("eno1.5")).expect("it was made");
    assert_eq!(vlan.mtu(), 1500);
    assert!(vlan.is_up());
    assert_eq!(host.kernel.now().addresses(vlan.index).len(), 1);
}

#[test]
fn a_refused_address_of_a_nic_does_not_cost_its_alias() {
    let nic = link("eno1", Kind::Physical)
        .set("hwaddress", "01:00:00:00:00:01")
        .set("alias", "uplink");
    let (host, told, _) = boots(vec![nic], &["eno1"]);
    assert_eq!(
        told,
        [
            "error[option-refused]: eno1: cannot set `hwaddress 01:00:00:00:00:01` of eno1 (ip link set eno1 address \
             01:00:00:00:00:01): Cannot assign requested address",
        ]
    );
    let nic = host.kernel.now().get(name("eno1")).expect("the NIC");
    assert_eq!(nic.alias().as_deref(), Some("uplink"));
}

#[test]
fn an_option_that_a_reload_is_refused_puts_everything_back() {
    let desired = Desired::new(vec![
        link("vmbr0", Kind::Bridge)
            .set("mtu", "1400")
            .set("hwaddress", "01:00:00:00:00:01"),
    ]);
    let mut host = Host::new(&[]);
    let (_, outcome) = host.run(&desired, &all(Verb::Reload, &desired), OnError::RollBack);
    assert_eq!(
        told(&outcome),
        [
            "error[step-failed]: vmbr0: cannot create bridge vmbr0 (ip link add vmbr0 mtu 1400 address \
             01:00:00:00:00:01 up type bridge): Cannot assign requested address",
        ]
    );
    assert_eq!(outcome.ending, Ending::PutBack);
    assert!(host.kernel.now().get(name("vmbr0")).is_none());
}
