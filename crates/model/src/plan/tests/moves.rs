//! What moves from one link to another, and what others left there. Second witness: ping over the change on Linux 6.18 and
//! 6.1 (an address that stays on a port cuts the host off), and ifupdown2 3.0, which flushes ports.

use super::*;
use crate::op::Op;
use crate::types::Route;
use cleat_diag::Severity;

/// Has an admin, a DHCP client or the initramfs do something.
pub(super) fn others(host: &mut Host, ops: Vec<Op>) {
    for op in ops {
        host.kernel.step(&op).expect("others may");
    }
}

pub(super) fn add(link: &str, text: &str) -> Op {
    Op::AddAddress {
        name: name(link),
        address: address(text),
        replace: false,
    }
}

pub(super) fn lease(link: &str, text: &str) -> Op {
    let mut address = address(text);
    (address.preferred, address.valid) = (Some(3600), Some(3600));
    Op::AddAddress {
        name: name(link),
        address,
        replace: false,
    }
}

pub(super) fn route(link: &str, to: &str, change: impl Fn(&mut Route)) -> Op {
    let net = address(to);
    let mut route = gateway(if net.ip.is_ipv4() { "192.0.2.9" } else { "2001:db8::9" });
    route.to = (net.ip, net.prefix);
    change(&mut route);
    Op::AddRoute {
        name: name(link),
        route,
        replace: false,
    }
}

pub(super) fn up(link: &str) -> Op {
    Op::SetUp {
        name: name(link),
        up: true,
    }
}

pub(super) fn nic() -> Desired {
    Desired::new(vec![
        link("eno1", Kind::Physical).addr("192.0.2.10/24").via("192.0.2.1"),
    ])
}

pub(super) fn bridge(address: &str) -> Desired {
    Desired::new(vec![
        link("eno1", Kind::Physical).in_master("vmbr0"),
        link("vmbr0", Kind::Bridge)
            .with_ports(&["eno1"])
            .addr(address)
            .via("192.0.2.1"),
    ])
}

/// Reloads; answers the steps and what was said.
pub(super) fn reload(host: &mut Host, desired: &Desired) -> (Vec<String>, Vec<String>) {
    let said = said(&host.plan(desired, &all(Verb::Reload, desired)));
    (host.reload(desired), said)
}

pub(super) fn routes(host: &Host, link: &str) -> Vec<String> {
    let now = host.kernel.now();
    let index = now.get(name(link)).expect("the link").index;
    let all = now.routes(index).iter().filter(|route| route.protocol != 2);
    all.map(Route::to_string).collect()
}

fn from_initramfs() -> Host {
    let mut host = Host::new(&["eno1"]);
    let default = Op::AddRoute {
        name: name("eno1"),
        route: gateway("192.0.2.1"),
        replace: false,
    };
    others(&mut host, vec![up("eno1"), add("eno1", "192.0.2.10/24"), default]);
    host
}

#[test]
fn the_address_that_the_initramfs_left_moves_to_the_bridge_at_boot() {
    let mut host = from_initramfs();
    let desired = bridge("192.0.2.10/24");
    let planned = host.plan(&desired, &all(Verb::Up, &desired));
    assert_eq!(
        said(&planned),
        ["info[address-moved]: 192.0.2.10/24 moves from eno1 to vmbr0"]
    );
    assert_eq!(
        host.up(&desired),
        [
            "ip link add vmbr0 type bridge",
            "ip link set eno1 master vmbr0",
            "ip link set vmbr0 up",
            "ip addr add 192.0.2.10/24 dev vmbr0",
            "ip route replace default via 192.0.2.1 dev vmbr0",
            "ip addr del 192.0.2.10/24 dev eno1",
        ]
    );
}

#[test]
fn another_address_than_the_bridge_gets_is_removed_from_the_port_once_the_bridge_has_its_own() {
    let mut host = from_initramfs();
    let desired = bridge("192.0.2.20/24");
    let planned = host.plan(&desired, &all(Verb::Up, &desired));
    assert_eq!(
        said(&planned),
        ["warning[address-removed]: 192.0.2.10/24 is removed from eno1, which is a port of vmbr0"]
    );
    let steps = host.up(&desired);
    assert_eq!(
        steps[steps.len() - 3..],
        [
            "ip addr add 192.0.2.20/24 dev vmbr0",
            "ip route replace default via 192.0.2.1 dev vmbr0",
            "ip addr del 192.0.2.10/24 dev eno1",
        ]
    );
}

#[test]
fn a_port_keeps_no_address_under_a_bond_in_a_bridge_and_loses_it_last() {
    let mut host = from_initramfs();
    let desired = Desired::new(vec![
        link("eno1", Kind::Physical).in_master("bond0"),
        link("bond0", Kind::Bond).with_ports(&["eno1"]).in_master("vmbr0"),
        link("vmbr0", Kind::Bridge)
            .with_ports(&["bond0"])
            .addr("192.0.2.20/24")
            .via("192.0.2.1")
            .hook(Phase::PreUp, "true"),
    ]);
    let steps = host.up(&desired);
    let at = |step: &str| {
        let found = steps.iter().position(|line| line == step);
        found.unwrap_or_else(|| panic!("{step} in {steps:?}"))
    };
    let removed = at("ip addr del 192.0.2.10/24 dev eno1");
    assert!(at("ip addr add 192.0.2.20/24 dev vmbr0") < removed, "{steps:?}");
    assert!(at("ip link set vmbr0 up") < removed, "{steps:?}");
}

#[test]
fn a_lease_and_an_address_by_hand_on_a_port_go_at_any_run() {
    for verb in [Verb::Up, Verb::Reload] {
        let mut host = Host::new(&["eno1"]);
        let desired = bridge("192.0.2.10/24");
        host.up(&desired);
        others(
            &mut host,
            vec![
                add("eno1", "198.51.100.7/24"),
                lease("eno1", "203.0.113.9/24"),
                add("eno1", "2001:db8::7/64"),
                add("eno1", "fe80::7/64"),
            ],
        );
        let planned = host.plan(&desired, &all(verb, &desired));
        assert_eq!(
            lines(&planned),
            [
                "ip addr del 198.51.100.7/24 dev eno1",
                "ip addr del 203.0.113.9/24 dev eno1",
                "ip addr del 2001:db8::7/64 dev eno1",
            ]
        );
        let faults = crate::verify::verify(&desired, host.kernel.now(), &[name("eno1")]);
        let texts: Vec<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
        assert_eq!(
            texts,
            [
                "eno1 is a port of vmbr0 and has the address 198.51.100.7/24",
                "eno1 is a port of vmbr0 and has the address 203.0.113.9/24",
                "eno1 is a port of vmbr0 and has the address 2001:db8::7/64",
            ]
        );
        assert!(faults.iter().all(|fault| fault.code == "stray-address"));
        host.reload(&desired);
    }
}

#[test]
fn what_the_stanza_of_a_port_asks_for_stays_and_so_does_all_with_address_purge_no() {
    let mut links = bridge("192.0.2.10/24").links().to_vec();
    links[0] = links[0].clone().addr("198.51.100.7/24");
    let said = Desired::new(links.clone());
    let mut host = Host::new(&["eno1"]);
    host.up(&said);
    others(&mut host, vec![add("eno1", "203.0.113.9/24")]);
    assert_eq!(host.reload(&said), ["ip addr del 203.0.113.9/24 dev eno1"]);
    others(&mut host, vec![add("eno1", "203.0.113.9/24")]);
    links[0].address_purge = false;
    assert_eq!(host.reload(&Desired::new(links)), [""; 0]);
}

// Witness: `dummy` in a VRF keeps its addresses (Documentation/networking/vrf.rst).
#[test]
fn a_member_of_a_vrf_and_a_port_of_others_keep_their_addresses() {
    let desired = Desired::new(vec![
        link("eno1", Kind::Physical).in_master("blue"),
        link("blue", Kind::Vrf).set("vrf-table", "10").with_ports(&["eno1"]),
        link("vmbr0", Kind::Bridge),
    ]);
    let mut host = Host::new(&["eno1"]);
    host.up(&desired);
    plug(&mut host, "tap100i0", "vmbr0");
    others(
        &mut host,
        vec![add("eno1", "198.51.100.7/24"), add("tap100i0", "203.0.113.9/24")],
    );
    assert_eq!(host.reload(&desired), [""; 0]);
}

#[test]
fn a_static_route_of_others_follows_its_subnet() {
    let vlan = Desired::new(vec![
        link("eno1", Kind::Physical),
        link("eno1.20", Kind::Vlan)
            .on("eno1")
            .set("vlan-id", "20")
            .addr("192.0.2.10/24")
            .via("192.0.2.1"),
    ]);
    let other = Desired::new(vec![
        link("eno1", Kind::Physical),
        link("eno2", Kind::Physical).addr("192.0.2.10/24").via("192.0.2.1"),
    ]);
    let bond = Desired::new(vec![
        link("eno1", Kind::Physical).in_master("bond0"),
        link("bond0", Kind::Bond)
            .with_ports(&["eno1"])
            .addr("192.0.2.10/24")
            .via("192.0.2.1"),
    ]);
    let cases = [
        (bridge("192.0.2.10/24"), "vmbr0"),
        (bridge("192.0.2.20/24"), "vmbr0"),
        (vlan, "eno1.20"),
        (other, "eno2"),
        (bond, "bond0"),
    ];
    for (desired, to) in cases {
        let mut host = Host::new(&["eno1", "eno2"]);
        host.up(&nic());
        let bird = route("eno1", "198.51.100.0/24", |route| {
            (route.protocol, route.metric) = (12, 32);
        });
        others(&mut host, vec![bird]);
        let (steps, said) = reload(&mut host, &desired);
        assert!(
            said.contains(&format!(
                "info[route-moved]: the route `198.51.100.0/24 via 192.0.2.9 metric 32` moves from eno1 to {to} with its \
                 subnet"
            )),
            "{said:?} {steps:?}"
        );
        assert_eq!(
            routes(&host, to),
            ["default via 192.0.2.1", "198.51.100.0/24 via 192.0.2.9 metric 32"],
            "{steps:?}"
        );
        assert_eq!(routes(&host, "eno1"), [""; 0]);
    }
}

#[test]
fn a_route_that_no_link_can_carry_goes_with_a_warning() {
    let mut host = Host::new(&["eno1"]);
    host.up(&nic());
    others(&mut host, vec![route("eno1", "198.51.100.0/24", |_| {})]);
    let (steps, said) = reload(&mut host, &Desired::new(vec![link("eno1", Kind::Physical)]));
    assert_eq!(
        steps,
        [
            "ip route del default via 192.0.2.1 dev eno1",
            "ip addr del 192.0.2.10/24 dev eno1"
        ]
    );
    assert_eq!(
        said,
        [
            "warning[route-lost]: the route `198.51.100.0/24 via 192.0.2.9` of eno1, which others made, goes: no link \
             reaches its gateway 192.0.2.9 any longer"
        ]
    );
}

#[test]
fn a_route_by_a_source_that_goes_is_told_and_one_by_a_source_that_moves_follows() {
    let by_source = |route: &mut Route| {
        route.via = None;
        route.source = Some("192.0.2.10".parse().expect("an address"));
    };
    let mut host = Host::new(&["eno1"]);
    host.up(&nic());
    others(&mut host, vec![route("eno1", "198.51.100.0/24", by_source)]);
    let renumbered = Desired::new(vec![
        link("eno1", Kind::Physical).addr("192.0.2.11/24").via("192.0.2.1"),
    ]);
    assert_eq!(
        reload(&mut host, &renumbered).1,
        [
            "warning[route-lost]: the route `198.51.100.0/24 src 192.0.2.10` of eno1, which others made, goes: its source \
             192.0.2.10 goes"
        ]
    );
    let mut host = Host::new(&["eno1"]);
    host.up(&nic());
    others(&mut host, vec![route("eno1", "198.51.100.0/24", by_source)]);
    reload(&mut host, &bridge("192.0.2.10/24"));
    assert_eq!(
        routes(&host, "vmbr0"),
        ["default via 192.0.2.1", "198.51.100.0/24 src 192.0.2.10"]
    );
}

// Witness: Linux keeps IPv6 routes when their address goes (`rt6_remove_prefsrc` alone is called).
#[test]
fn an_ipv6_route_does_not_stay_behind_on_a_port() {
    let with6 = |desired: Desired, at: usize| {
        let mut links = desired.links().to_vec();
        links[at] = links[at].clone().addr("2001:db8::10/64");
        Desired::new(links)
    };
    let mut host = Host::new(&["eno1"]);
    host.up(&with6(nic(), 0));
    others(&mut host, vec![route("eno1", "2001:db8:5::/48", |_| {})]);
    let (steps, _) = reload(&mut host, &with6(bridge("192.0.2.10/24"), 1));
    assert_eq!(routes(&host, "eno1"), [""; 0], "{steps:?}");
    assert!(
        routes(&host, "vmbr0").contains(&"2001:db8:5::/48 via 2001:db8::9 metric 1024".to_owned()),
        "{steps:?}"
    );
}

#[test]
fn an_address_stays_where_it_is_while_the_link_that_is_to_have_it_is_not_there() {
    let mut host = Host::new(&["eno1"]);
    host.up(&nic());
    let desired = Desired::new(vec![
        link("eno1", Kind::Physical),
        link("eno9", Kind::Physical).addr("192.0.2.10/24").via("192.0.2.1"),
    ]);
    let planned = host.plan(&desired, &all(Verb::Reload, &desired));
    assert_eq!(
        said(&planned),
        ["warning[address-stays]: 192.0.2.10/24 stays on eno1: eno9, which is to have it, is not there"]
    );
    assert!(!planned.plan.to_string().contains("ip addr del"), "{}", planned.plan);
}

/// Notes kernel steps and hooks in the order in which they come.
struct Recorder<'a>(&'a std::cell::RefCell<Vec<String>>);

impl crate::apply::Hooks for Recorder<'_> {
    fn run(&mut self, iface: IfName, phase: Phase, _run: &crate::op::HookRun) -> Vec<crate::apply::HookFault> {
        self.0.borrow_mut().push(format!("# {phase:?} of {iface}"));
        Vec::new()
    }
}

struct Watched<'a>(&'a mut crate::fake::FakeKernel, &'a std::cell::RefCell<Vec<String>>);

impl crate::kernel::Kernel for Watched<'_> {
    fn snapshot(&mut self, query: crate::kernel::Query) -> Result<Snapshot, crate::kernel::KernelError> {
        self.0.snapshot(query)
    }

    fn perform(&mut self, ops: &[Op]) -> Vec<Result<(), crate::kernel::KernelError>> {
        self.1.borrow_mut().extend(ops.iter().map(Op::to_string));
        self.0.perform(ops)
    }
}

/// A pair of its own with commands, declared before or behind the rest.
fn with_slow_pair(desired: Desired, first: bool) -> Desired {
    let mut links = desired.links().to_vec();
    let mut pair = link("pair", Kind::Veth)
        .addr("198.51.100.1/24")
        .hook(Phase::PreUp, "sleep 6")
        .hook(Phase::Up, "sleep 6");
    pair.peer = Some(link_ref("riap"));
    let mut riap = link("riap", Kind::Veth);
    riap.peer = Some(link_ref("pair"));
    let at = if first { 0 } else { links.len() };
    links.splice(at..at, [pair, riap]);
    Desired::new(links)
}

#[test]
fn what_moves_moves_in_one_go_and_as_the_plan_prints_it() {
    let hooked = |desired: Desired| {
        let mut links = desired.links().to_vec();
        let last = links.len() - 1;
        links[last] = links[last].clone().hook(Phase::PreUp, "a").hook(Phase::PostUp, "b");
        Desired::new(links)
    };
    let vlan = || {
        Desired::new(vec![
            link("eno1", Kind::Physical).in_master("vmbr0"),
            link("vmbr0", Kind::Bridge).with_ports(&["eno1"]),
            link("vmbr0.5", Kind::Vlan)
                .on("vmbr0")
                .set("vlan-id", "5")
                .addr("192.0.2.10/24")
                .via("192.0.2.1"),
        ])
    };
    let starts = [nic(), bridge("192.0.2.10/24"), vlan()];
    let goals = [
        nic(),
        bridge("192.0.2.10/24"),
        vlan(),
        hooked(nic()),
        hooked(bridge("192.0.2.10/24")),
        hooked(vlan()),
    ];
    for start in &starts {
        for goal in &goals {
            for (before, after) in [(false, true), (true, true), (true, false)] {
                for first in [false, true] {
                    let pair = |desired: &Desired, with: bool| match with {
                        true => with_slow_pair(desired.clone(), first),
                        false => desired.clone(),
                    };
                    moves_in_one_go(&pair(start, before), &pair(goal, after));
                }
            }
        }
    }
}

fn moves_in_one_go(start: &Desired, goal: &Desired) {
    let mut host = Host::new(&["eno1"]);
    host.up(start);
    let planned = host.plan(goal, &all(Verb::Reload, goal));
    let log = std::cell::RefCell::new(Vec::new());
    let mut hooks = Recorder(&log);
    let mut kernel = Watched(&mut host.kernel, &log);
    let outcome = crate::apply::apply(
        &planned.plan,
        &mut kernel,
        &mut hooks,
        &mut crate::journal::NoJournal,
        crate::apply::OnError::RollBack,
    );
    assert_eq!(outcome.diagnostics, [], "{}", planned.plan);
    let log = log.into_inner();
    let printed = lines(&planned);
    // Between two hooks kernel steps that wait for nothing go out together, whatever their order on the page.
    let parts = |all: &[String]| -> Vec<Vec<String>> {
        let mut parts: Vec<Vec<String>> = vec![Vec::new()];
        for line in all {
            match line.starts_with('#') {
                true => parts.push(Vec::new()),
                false => parts.last_mut().expect("a part").push(line.clone()),
            }
        }
        parts.iter_mut().for_each(|part| part.sort());
        parts
    };
    assert_eq!(parts(&log), parts(&printed), "{log:#?}");
    let breaks = |line: &String| {
        [
            "ip addr del 192.0.2.10",
            "ip route del default",
            "ip link del vmbr0",
            "ip link set eno1 master",
        ]
        .iter()
        .any(|word| line.starts_with(word))
    };
    let makes = |line: &String| {
        line.starts_with("ip addr add 192.0.2.10") || line.starts_with("ip route") && line.contains("default via")
    };
    let first = log.iter().position(breaks);
    let last = log.iter().rposition(|line| makes(line) || breaks(line));
    let (Some(first), Some(last)) = (first, last) else {
        return;
    };
    let between: Vec<&String> = log[first.min(last)..last]
        .iter()
        .filter(|line| line.starts_with('#') && line.contains("pair"))
        .collect();
    assert_eq!(between, [""; 0], "{log:#?}");
}

#[test]
fn a_notice_of_a_move_is_no_fault() {
    let host = from_initramfs();
    let desired = bridge("192.0.2.10/24");
    let planned = host.plan(&desired, &all(Verb::Up, &desired));
    assert!(planned.diagnostics.iter().all(|found| found.severity == Severity::Info));
}

#[test]
fn an_address_that_the_hosts_disks_are_behind_is_not_removed() {
    let host = from_initramfs();
    for verb in [Verb::Up, Verb::Reload] {
        let plan = |to: &str, force: bool| {
            let desired = bridge(to);
            let mut request = all(verb, &desired);
            request.storage.insert(
                "192.0.2.10".parse().expect("an address"),
                Storage {
                    service: "iSCSI",
                    servers: ["192.0.2.99".parse().expect("an address")].into(),
                },
            );
            request.force = force;
            host.plan(&desired, &request)
        };
        let planned = plan("192.0.2.20/24", false);
        assert_eq!(
            said(&planned),
            [
                "error[storage-by-address]: 192.0.2.10/24 would be removed from eno1, which is a port of vmbr0, and iSCSI \
                 goes over it now"
            ]
        );
        assert_eq!((planned.refused, lines(&planned)), (true, vec![]));
        // It may move, and go where that is asked for.
        for (to, force) in [("192.0.2.10/24", false), ("192.0.2.20/24", true)] {
            let planned = plan(to, force);
            let removal = "ip addr del 192.0.2.10/24 dev eno1".to_owned();
            assert!(
                !planned.refused && lines(&planned).contains(&removal),
                "{}",
                planned.plan
            );
        }
    }
}

#[test]
fn a_hook_that_hangs_holds_up_only_what_waits_for_it() {
    let mut host = Host::new(&["eno1"]);
    let steps = host.up(&with_slow_pair(bridge("192.0.2.10/24"), true));
    let at = |step: &str| {
        let found = steps.iter().position(|line| line.starts_with(step));
        found.unwrap_or_else(|| panic!("{step} in {steps:?}"))
    };
    let hook = at("# pre-up of pair");
    assert!(at("ip route add default via 192.0.2.1 dev vmbr0") < hook, "{steps:?}");
    assert!(hook < at("ip addr add 198.51.100.1/24 dev pair"), "{steps:?}");
}
