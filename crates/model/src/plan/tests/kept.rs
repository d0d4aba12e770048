//! Links that others hang on stay with all that they need, or nothing is done. Second witness: a host that was renamed by
//! half was cut off with its guests (ping, Linux 6.18).

use super::*;
use crate::op::Op;
use crate::snapshot::Snapshot;

fn named(bridge: &str) -> Desired {
    Desired::new(vec![
        link("eno1", Kind::Physical).in_master(bridge),
        link(bridge, Kind::Bridge)
            .set("bridge-vlan-aware", "yes")
            .with_ports(&["eno1"])
            .with_vlans(&[range(1, 1, true, true)])
            .addr("192.0.2.10/24")
            .via("192.0.2.1"),
    ])
}

fn with_guest() -> Host {
    let mut host = Host::new(&["eno1", "eno2"]);
    host.up(&named("vmbr0"));
    plug(&mut host, "tap100i0", "vmbr0");
    host
}

/// Asserts that a reload refuses to begin, and says why with these words and help.
fn refuses(host: &Host, desired: &Desired, message: &str, help: &str) {
    let planned = host.plan(desired, &all(Verb::Reload, desired));
    assert_eq!(said(&planned), [message]);
    let helps: Vec<&String> = planned.diagnostics.iter().flat_map(|found| &found.help).collect();
    assert_eq!(helps, [help]);
    assert!(planned.refused);
    assert_eq!(lines(&planned), [""; 0]);
}

#[test]
fn a_bridge_with_guests_is_not_renamed_by_half() {
    refuses(
        &with_guest(),
        &named("vmbr1"),
        "error[guests-in-the-way]: bridge vmbr0 must stay while it is in use by tap100i0; the file gives its port eno1 \
         to vmbr1, its address 192.0.2.10/24 to vmbr1, its route `default via 192.0.2.1` to vmbr1",
        "stop these guests first, or use `--force`, which moves them to vmbr1",
    );
}

#[test]
fn what_a_bridge_with_guests_needs_goes_to_no_other_link() {
    let host = with_guest();
    let alone = "stop these guests first, keep vmbr0 in the file, or use `--force`, which takes vmbr0 away from them";
    let nic = Desired::new(vec![link("eno1", Kind::Physical).addr("192.0.2.10/24")]);
    refuses(
        &host,
        &nic,
        "error[guests-in-the-way]: bridge vmbr0 must stay while it is in use by tap100i0; the file gives its port eno1, \
         for the address 192.0.2.10/24 to eno1, its address 192.0.2.10/24 to eno1",
        alone,
    );
    let other_address = Desired::new(vec![link("eno1", Kind::Physical).addr("192.0.2.20/24")]);
    refuses(
        &host,
        &other_address,
        "error[guests-in-the-way]: bridge vmbr0 must stay while it is in use by tap100i0; the file gives its port eno1, \
         for the address 192.0.2.20/24 to eno1",
        alone,
    );
    let bond = Desired::new(vec![
        link("eno1", Kind::Physical).in_master("bond0"),
        link("bond0", Kind::Bond).with_ports(&["eno1"]),
    ]);
    refuses(
        &host,
        &bond,
        "error[guests-in-the-way]: bridge vmbr0 must stay while it is in use by tap100i0; the file gives its port eno1 \
         to bond0",
        alone,
    );
    let vrf = Desired::new(vec![
        link("blue", Kind::Vrf).set("vrf-table", "10"),
        link("eno1", Kind::Physical).in_master("blue"),
    ]);
    refuses(
        &host,
        &vrf,
        "error[guests-in-the-way]: bridge vmbr0 must stay while it is in use by tap100i0; the file gives its port eno1 \
         to blue",
        alone,
    );
    let gateway = Desired::new(vec![link("eno2", Kind::Physical).addr("10.0.0.1/24").via("10.0.0.254")]);
    refuses(
        &host,
        &gateway,
        "error[guests-in-the-way]: bridge vmbr0 must stay while it is in use by tap100i0; the file gives its route \
         `default via 192.0.2.1` to eno2",
        alone,
    );
    let moved = Desired::new(vec![link("vmbr7", Kind::Bridge).addr("192.0.2.10/24")]);
    refuses(
        &host,
        &moved,
        "error[guests-in-the-way]: bridge vmbr0 must stay while it is in use by tap100i0; the file gives its address \
         192.0.2.10/24 to vmbr7",
        "stop these guests first, or use `--force`, which moves them to vmbr7",
    );
}

#[test]
fn a_bridge_with_guests_that_nobody_takes_anything_from_stays_whole_and_the_rest_is_done() {
    let mut host = with_guest();
    let desired = Desired::new(vec![
        link("eno1", Kind::Physical),
        link("eno2", Kind::Physical).addr("10.0.0.1/24"),
    ]);
    let planned = host.plan(&desired, &all(Verb::Reload, &desired));
    assert_eq!(
        said(&planned),
        ["error[bridge-has-guests]: bridge vmbr0 stays as it is: still in use by tap100i0"]
    );
    let steps = host.reload(&desired);
    assert_eq!(steps, ["ip link set eno2 up", "ip addr add 10.0.0.1/24 dev eno2"]);
    assert_eq!(host.master_of("eno1").as_deref(), Some("vmbr0"));
}

#[test]
fn with_force_the_guests_of_a_bridge_move_to_its_new_name_with_their_vlans_and_options() {
    let mut host = with_guest();
    let index = host.kernel.now().get(name("tap100i0")).expect("the guest").index;
    let now = host.kernel.now_mut();
    now.vlans.insert(index, vec![range(7, 7, true, true)]);
    let mut tap = now.by_index(index).expect("the guest").clone();
    const IFLA_BRPORT_ISOLATED: u16 = 33;
    tap.port.set(IFLA_BRPORT_ISOLATED, &[1]);
    now.insert(tap);
    let desired = named("vmbr1");
    let mut request = all(Verb::Reload, &desired);
    request.force = true;
    let (planned, outcome) = host.run(&desired, &request, crate::apply::OnError::RollBack);
    assert_eq!(
        (outcome.diagnostics, said(&planned)),
        (vec![], vec![]),
        "{}",
        planned.plan
    );
    assert_eq!(
        lines(&planned),
        [
            "ip link add vmbr1 type bridge vlan_filtering 1",
            "ip link set eno1 master vmbr1",
            "ip link set tap100i0 master vmbr1",
            "ip link set tap100i0 type bridge_slave isolated on",
            "bridge vlan add dev tap100i0 vid 7 pvid untagged",
            "bridge vlan del dev tap100i0 vid 1",
            "ip link set vmbr1 up",
            "ip addr add 192.0.2.10/24 dev vmbr1",
            "ip route replace default via 192.0.2.1 dev vmbr1",
            "ip link del vmbr0",
        ]
    );
    let now: &Snapshot = host.kernel.now();
    assert_eq!(host.master_of("tap100i0").as_deref(), Some("vmbr1"));
    assert_eq!(now.vlans(index), [range(7, 7, true, true)]);
    assert_eq!(host.reload(&desired), [""; 0]);
}

#[test]
fn a_vlan_with_a_macvlan_of_others_keeps_its_address() {
    let vlan = |on: &str| {
        link(&format!("{on}.5"), Kind::Vlan)
            .on(on)
            .set("vlan-id", "5")
            .addr("10.0.0.1/24")
    };
    let mut host = Host::new(&["eno1"]);
    host.up(&Desired::new(vec![link("eno1", Kind::Physical), vlan("eno1")]));
    let parent = host.kernel.now().get(name("eno1.5")).expect("the VLAN").index;
    let mut guest = defaults::link(90, name("mv0"), Kind::Macvlan, defaults::mac(90));
    guest.parent = Some(parent);
    host.kernel.now_mut().insert(guest);
    let desired = Desired::new(vec![
        link("eno1", Kind::Physical).in_master("vmbr0"),
        link("vmbr0", Kind::Bridge).with_ports(&["eno1"]),
        vlan("vmbr0"),
    ]);
    refuses(
        &host,
        &desired,
        "error[guests-in-the-way]: eno1.5 must stay while it is in use by mv0; the file gives its address 10.0.0.1/24 to \
         vmbr0.5",
        "stop these guests first, keep eno1.5 in the file, or use `--force`, which takes eno1.5 away from them",
    );
}

#[test]
fn a_link_of_ours_that_lost_the_line_that_makes_it_is_an_error_before_the_first_step() {
    let made: [(Vec<WantLink>, &str, &str); 4] = [
        (
            vec![
                link("eno1", Kind::Physical).in_master("vmbr0"),
                link("vmbr0", Kind::Bridge).set("bridge-fd", "0").with_ports(&["eno1"]),
            ],
            "bridge",
            "bridge-ports",
        ),
        (
            vec![
                link("eno1", Kind::Physical).in_master("bond0"),
                link("bond0", Kind::Bond).with_ports(&["eno1"]),
            ],
            "bond",
            "bond-slaves",
        ),
        (
            vec![
                link("eno1", Kind::Physical),
                link("mgmt", Kind::Vlan).on("eno1").set("vlan-id", "5"),
            ],
            "vlan",
            "vlan-raw-device",
        ),
        (vec![link("dummy0", Kind::Dummy)], "dummy", "link-type"),
    ];
    for (links, kind, option) in made {
        let mut host = Host::new(&["eno1"]);
        host.up(&Desired::new(links.clone()));
        let last = links.last().expect("a link").name;
        let lost = Desired::new(vec![
            link("eno1", Kind::Physical),
            link(last.as_str(), Kind::Physical).addr("192.0.2.10/24"),
        ]);
        refuses(
            &host,
            &lost,
            &format!(
                "error[no-longer-made]: nothing in the file makes {last} any longer: it is a {kind} that was made before, and \
                 its stanza has no `{option}`"
            ),
            &format!("write `{option}` again, take the link down with `ifdown {last}`, or let it go with `--force`"),
        );
        // At a boot, and by name, there is nothing to take away; no step speaks of options that it no longer has.
        let up = host.plan(&lost, &all(Verb::Up, &lost));
        let takes = |op: &Op| op.kind().is_some() || matches!(op, Op::SetMaster { .. });
        assert!(!up.plan.ops().any(takes), "{}", up.plan);
        let mut request = all(Verb::Reload, &lost);
        request.force = true;
        let forced = host.plan(&lost, &request);
        let goes = Op::DeleteLink { name: last };
        assert!(forced.plan.ops().any(|op| *op == goes), "{}", forced.plan);
    }
}

#[test]
fn a_link_that_commands_of_its_stanza_make_may_lose_its_kind() {
    let mut host = Host::new(&[]);
    host.up(&Desired::new(vec![link("dummy0", Kind::Dummy)]));
    let by_hook = link("dummy0", Kind::Physical).hook(Phase::PreUp, "ip link add dummy0 type dummy");
    let desired = Desired::new(vec![by_hook]);
    let planned = host.plan(&desired, &all(Verb::Reload, &desired));
    assert!(!planned.refused, "{:?}", said(&planned));
}

/// Deleting one end of a veth pair deletes the other, which may be a port of a bridge that stays.
#[test]
fn a_veth_pair_stays_whole_where_either_end_carries_what_stays() {
    for ends in [["va", "vz"], ["vz", "va"]] {
        let [inside, outside] = ends;
        let mut host = Host::new(&["eno1"]);
        let mut outer = link(outside, Kind::Veth);
        outer.peer = Some(link_ref(inside));
        let mut inner = link(inside, Kind::Veth).in_master("vmbr0");
        inner.peer = Some(link_ref(outside));
        let bridge = link("vmbr0", Kind::Bridge).with_ports(&[inside]);
        host.up(&Desired::new(vec![link("eno1", Kind::Physical), outer, inner, bridge]));
        plug(&mut host, "tap100i0", "vmbr0");
        let none = Desired::new(vec![link("eno1", Kind::Physical)]);
        let planned = host.plan(&none, &all(Verb::Reload, &none));
        assert_eq!(
            said(&planned),
            ["error[bridge-has-guests]: bridge vmbr0 stays as it is: still in use by tap100i0"]
        );
        assert_eq!(lines(&planned), [""; 0], "{inside} is the port");
    }
}

/// The same of a VLAN on the other end.
#[test]
fn a_veth_pair_stays_where_its_other_end_carries_a_vlan_that_stays() {
    let mut host = Host::new(&[]);
    let mut one = link("va", Kind::Veth);
    one.peer = Some(link_ref("vb"));
    let mut two = link("vb", Kind::Veth);
    two.peer = Some(link_ref("va"));
    let vlan = link("vb.5", Kind::Vlan).on("vb").set("vlan-id", "5").in_master("vmbr0");
    let bridge = link("vmbr0", Kind::Bridge).with_ports(&["vb.5"]);
    host.up(&Desired::new(vec![one, two, vlan, bridge]));
    plug(&mut host, "tap100i0", "vmbr0");
    let none = Desired::new(Vec::new());
    let planned = host.plan(&none, &all(Verb::Reload, &none));
    assert_eq!(lines(&planned), [""; 0]);
}

/// A VLAN with an address and a container's macvlan, on a NIC.
fn with_macvlan(id: &str, address: &str) -> (Host, Desired) {
    let wanted = |id: &str, address: &str| {
        Desired::new(vec![
            link("eno1", Kind::Physical),
            link("mgmt", Kind::Vlan).on("eno1").set("vlan-id", id).addr(address),
            link("eno2", Kind::Physical).addr("10.0.0.1/24"),
        ])
    };
    let mut host = Host::new(&["eno1", "eno2"]);
    host.up(&wanted("5", "192.0.2.10/24"));
    let parent = host.kernel.now().get(name("mgmt")).expect("the VLAN").index;
    let mut guest = defaults::link(700, name("mv0"), Kind::Macvlan, defaults::mac(700));
    guest.parent = Some(parent);
    host.kernel.now_mut().insert(guest);
    host.kernel = crate::fake::FakeKernel::new(host.kernel.now().clone());
    (host, wanted(id, address))
}

#[test]
fn a_link_that_others_use_is_not_rebuilt_and_nothing_of_the_file_is_done() {
    let (host, wanted) = with_macvlan("6", "192.0.2.20/24");
    refuses(
        &host,
        &wanted,
        "error[link-has-guests]: mgmt would have to be rebuilt, but is still in use by mv0",
        "stop what uses it first, give the new link another name, or use `--force`, which rebuilds it without them",
    );
    let mut request = all(Verb::Reload, &wanted);
    request.force = true;
    let forced = host.plan(&wanted, &request);
    assert!(
        lines(&forced).contains(&"ip link del mgmt".to_owned()),
        "{}",
        forced.plan
    );
    // What can change on a living link does.
    let (mut host, wanted) = with_macvlan("5", "192.0.2.20/24");
    assert_eq!(
        host.reload(&wanted),
        [
            "ip addr add 192.0.2.20/24 dev mgmt",
            "ip addr del 192.0.2.10/24 dev mgmt",
            "ip addr replace 192.0.2.20/24 dev mgmt"
        ]
    );
}

#[test]
fn ifup_leaves_a_link_that_others_use_as_it_is_with_all_it_has_and_does_the_rest() {
    let (host, wanted) = with_macvlan("6", "192.0.2.20/24");
    let mut links = wanted.links().to_vec();
    links[2] = links[2].clone().addr("10.0.0.2/24");
    let wanted = Desired::new(links);
    let planned = host.plan(&wanted, &all(Verb::Up, &wanted));
    assert_eq!(
        said(&planned),
        ["error[link-has-guests]: mgmt would have to be rebuilt, but is still in use by mv0"]
    );
    assert_eq!(lines(&planned), ["ip addr add 10.0.0.2/24 dev eno2"]);
}

#[test]
fn a_link_that_no_auto_down_holds_stays_as_it_is_with_what_it_stands_on() {
    let mut host = Host::new(&["eno1", "eno2"]);
    let wanted = |parent: &str, id: &str, address: &str| {
        let mut vlan = link("mgmt", Kind::Vlan).on(parent).set("vlan-id", id).addr(address);
        vlan.no_auto_down = true;
        let dummy = link("dum", Kind::Dummy);
        let mut links = vec![link("eno1", Kind::Physical), link("eno2", Kind::Physical)];
        links.extend((parent == "dum").then_some(dummy));
        links.push(vlan);
        Desired::new(links)
    };
    host.up(&wanted("dum", "5", "192.0.2.10/24"));
    let changed = wanted("eno1", "6", "192.0.2.20/24");
    let planned = host.plan(&changed, &all(Verb::Reload, &changed));
    assert_eq!(
        said(&planned),
        ["warning[kept-up]: mgmt would have to be rebuilt, but is not taken down"]
    );
    assert_eq!(lines(&planned), [""; 0]);
}

/// A VLAN that is declared as something else meanwhile carries the bridge that stays, and so does the NIC below it.
#[test]
fn a_nic_that_carries_what_stays_over_a_link_of_the_file_is_not_set_down() {
    let mut host = Host::new(&["eno1"]);
    host.up(&Desired::new(vec![
        link("eno1", Kind::Physical),
        link("eno1.5", Kind::Vlan)
            .on("eno1")
            .set("vlan-id", "5")
            .in_master("vmbr0"),
        link("vmbr0", Kind::Bridge).with_ports(&["eno1.5"]),
    ]));
    plug(&mut host, "tap100i0", "vmbr0");
    let other = Desired::new(vec![link("eno1.5", Kind::Bridge)]);
    let mut request = all(Verb::Reload, &other);
    request.scope.clear();
    let planned = host.plan(&other, &request);
    assert_eq!(
        said(&planned),
        ["error[bridge-has-guests]: bridge vmbr0 stays as it is: still in use by tap100i0"]
    );
    assert_eq!(lines(&planned), [""; 0]);
}
